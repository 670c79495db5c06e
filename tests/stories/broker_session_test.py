"""Sessions: how they begin, are taken over, wait, go on and end; and the Wills they leave."""
import time
import unittest

from mqtt_raw import (CONNACK, PUBACK, PUBLISH, PUBREC, PUBREL, SUBACK, acknowledge, connect, disconnect, publish,
                      subscribe)
from running import PLAIN, BrokerCase

VERSIONS = (3, 4, 5)


class Sessions(BrokerCase):
    def test_clean_start_forgets(self):
        """[MQTT-3.1.2-4] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.2-6 in 3.1.1]"""
        for version in VERSIONS:
            with self.subTest(version=version):
                name = f"{self.name}{version}"
                one = self.durable(name, version)
                self.assertEqual(one.connack.session_present, 0)
                one.subscribe((name, 1))
                one.disconnect()
                publisher = self.client()
                publisher.publish(name, b"kept", 1)
                two = self.durable(name, version)
                self.assertEqual(two.connack.session_present, 0 if version == 3 else 1)  # 3.1 has no such flag
                self.assertEqual(two.message().payload, b"kept")
                two.disconnect()
                publisher.publish(name, b"forgotten", 1)
                three = self.client(name, version)
                self.assertEqual(three.connack.session_present, 0)
                self.assert_only(three, publisher, [])

    def test_session_ends_with_its_connection(self):
        """Session Expiry Interval 0, or none. [MQTT-3.1.2-23]"""
        one = self.client("brief", clean=False)
        one.subscribe(("brief", 1))
        one.disconnect()
        self.assertEqual(self.client("brief", clean=False).connack.session_present, 0)

    def test_session_expires(self):
        """[MQTT-3.1.2-23] [MQTT-4.1.0-2]"""
        one = self.durable("expires", expiry=1)
        one.subscribe(("expires", 1))
        one.close()
        self.assertEqual(self.durable("expires", expiry=1).connack.session_present, 1)
        time.sleep(1.5)
        two = self.durable("expires", expiry=1)  # connected it does not expire; this takes the first over
        self.assertEqual(two.connack.session_present, 1)
        two.close()
        time.sleep(1.5)
        self.assertEqual(self.durable("expires", expiry=1).connack.session_present, 0)

    def test_disconnect_changes_the_expiry(self):
        one = self.durable("changes", expiry=300)
        one.disconnect(0, {"session_expiry": 0})
        two = self.durable("changes", expiry=1)
        self.assertEqual(two.connack.session_present, 0)
        two.disconnect(0, {"session_expiry": 300})
        time.sleep(1.4)
        self.assertEqual(self.durable("changes").connack.session_present, 1)

    def test_taking_over(self):
        """[MQTT-3.1.4-3] [MQTT-3.1.4-2 in 3.1.1]"""
        for version in VERSIONS:
            with self.subTest(version=version):
                old = self.durable("over", version)
                old.subscribe((self.topic(), 1))
                new = self.durable("over", version)
                told = old.end()
                self.assertEqual(told.reason if version == 5 else told, 0x8E if version == 5 else None)
                new.publish(self.topic(), b"x", 1)
                self.assertEqual(new.message().payload, b"x")
                new.ping()  # by then the acknowledgement has come, and the next one is sent nothing again

    def test_taking_over_many_times(self):
        """Every one is told, and the last remains. From the eleventh on a newcomer would wait: ops_test tells of that."""
        for name in ("often", "again", "and again"):
            clients = [self.durable(name) for _ in range(10)]
            for each in clients[:-1]:
                self.assertEqual(each.end().reason, 0x8E)
            clients[-1].ping()

    def test_assigned_client_id(self):
        """[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]"""
        one, two = self.client(""), self.client("")
        ids = {one.connack.prop("assigned_client_id"), two.connack.prop("assigned_client_id")}
        self.assertEqual(len(ids), 2)
        self.assertTrue(all(each.startswith("auto-") for each in ids))
        self.assertIsNone(self.client("named").connack.prop("assigned_client_id"))
        again = self.client(one.connack.prop("assigned_client_id"))
        self.assertEqual(one.end().reason, 0x8E)
        again.ping()

    def test_no_client_id_in_mqtt_3(self):
        """[MQTT-3.1.3-7 in 3.1.1] [MQTT-3.1.3-8 in 3.1.1]"""
        self.client("", 4)
        self.client("", 4, clean=False, reason=2)
        self.client("", 3, reason=2)

    def test_packets_behind_connect(self):
        """What is sent before CONNACK came is dealt with, in order. [MQTT-3.1.4-5]"""
        for number in range(20):  # of many ids some belong to another worker
            client = self.raw()
            client.send(connect(f"behind{number}"), subscribe([("behind/#", 1)]),
                        *[publish(f"behind/{number}", bytes([i]), 1, packet_id=i + 1) for i in range(5)])
            self.assertEqual(client.expect(CONNACK).reason, 0)
            client.expect(SUBACK)
            self.assertEqual([client.expect(PUBACK).packet_id for _ in range(5)], [1, 2, 3, 4, 5])
            self.assertEqual(client.payloads(5), [bytes([i]) for i in range(5)])
            client.send(disconnect())
            client.end()

    def test_disconnect_behind_connect(self):
        client = self.raw()
        client.send(connect("quick"), publish(self.topic(), b"x", 0), disconnect())
        self.assertEqual(client.end().kind, CONNACK)

    def test_unsubscribing(self):
        """[MQTT-3.10.4-1] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6]"""
        client, publisher = self.client(), self.client()
        client.subscribe(self.topic("a"), self.topic("b"))
        got = client.unsubscribe(self.topic("a"), self.topic("never"), self.topic("b"))
        self.assertEqual(got.reasons, bytes([0, 0x11, 0]))
        publisher.publish(self.topic("a"), b"x")
        publisher.publish(self.topic("b"), b"x")
        self.assert_only(client, publisher, [])
        old = self.client(version=4)
        self.assertEqual(old.unsubscribe("never").reasons, b"")


class Redelivery(BrokerCase):
    def test_unacknowledged_messages_come_again_in_order(self):
        """[MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.6.0-1]"""
        for version in (4, 5):
            for qos in (1, 2):
                with self.subTest(version=version, qos=qos):
                    name = f"again{version}{qos}"
                    one = self.durable(name, version)
                    one.subscribe((name, qos))
                    publisher = self.client()
                    for number in range(12):
                        publisher.publish(name, bytes([number]), qos)
                    first = [one.expect(PUBLISH) for _ in range(12)]
                    self.assertFalse(any(each.duplicate for each in first))
                    one.close()
                    two = self.durable(name, version)
                    again = [two.message() for _ in range(12)]
                    self.assertTrue(all(each.duplicate for each in again))
                    self.assertEqual([each.payload for each in again], [bytes([i]) for i in range(12)])
                    self.assertEqual([each.packet_id for each in again], [each.packet_id for each in first])
                    two.disconnect()
                    self.durable(name, version).ping()

    def test_nothing_comes_again_on_the_same_connection(self):
        """[MQTT-4.4.0-1]"""
        client = self.client()
        client.subscribe((self.topic(), 1))
        client.publish(self.topic(), b"x", 1)
        self.assertFalse(client.message(answer=False).duplicate)
        self.assertTrue(client.is_silent(1.2))

    def test_after_pubrec_only_pubrel_comes_again(self):
        """[MQTT-4.3.3-6] [MQTT-4.4.0-1]"""
        one = self.durable("released")
        one.subscribe((self.topic(), 2))
        self.client().publish(self.topic(), b"x", 2)
        got = one.message(answer=False)
        one.send(acknowledge(PUBREC, got.packet_id))
        self.assertEqual(one.expect(PUBREL).packet_id, got.packet_id)
        one.close()
        two = self.durable("released")
        self.assertEqual(two.expect(PUBREL).packet_id, got.packet_id)
        two.send(acknowledge(7, got.packet_id))
        two.disconnect()
        self.durable("released").ping()

    def test_qos_2_is_published_once(self):
        """The same PUBLISH again, on the same connection and on the next. [MQTT-4.3.3-10] [MQTT-4.3.3-12]"""
        reader = self.client()
        reader.subscribe((self.topic(), 2))
        one = self.durable("once")
        for again in (False, True):
            one.send(publish(self.topic(), b"x", 2, packet_id=7, duplicate=again))
            self.assertEqual(one.expect(PUBREC).packet_id, 7)
        one.close()
        two = self.durable("once")
        two.send(publish(self.topic(), b"x", 2, packet_id=7, duplicate=True))
        self.assertEqual(two.expect(PUBREC).packet_id, 7)
        two.send(acknowledge(PUBREL, 7))
        self.assertEqual(two.expect(7).packet_id, 7)
        self.assert_only(reader, two, [b"x"])
        two.send(publish(self.topic(), b"y", 2, packet_id=7))  # a new message under the old id
        two.expect(PUBREC)
        self.assertEqual(reader.message().payload, b"y")

    def test_what_waits_comes_after_what_comes_again(self):
        """[MQTT-4.6.0-1]"""
        one = self.durable("behind", props={"receive_maximum": 3})
        one.subscribe((self.topic(), 1))
        publisher = self.client()
        for number in range(10):
            publisher.publish(self.topic(), bytes([number]), 1)
        self.assertEqual([one.message(answer=False).payload[0] for _ in range(3)], [0, 1, 2])
        self.assertTrue(one.is_silent())
        one.close()
        publisher.publish(self.topic(), bytes([10]), 1)
        two = self.durable("behind", props={"receive_maximum": 2})
        self.assertEqual([each[0] for each in two.payloads(11)], list(range(11)))

    def test_too_large_for_the_next_connection(self):
        """What came once and fits no more is given up; what is behind it comes. [MQTT-3.1.2-25]"""
        for qos in (1, 2):
            with self.subTest(qos=qos):
                name = f"shrinks{qos}"
                one = self.durable(name)
                one.subscribe((name, qos))
                publisher = self.client()
                for payload in (b"large" * 100, b"small"):
                    publisher.publish(name, payload, qos)
                    one.message(answer=False)
                one.close()
                two = self.durable(name, props={"maximum_packet_size": 200, "receive_maximum": 1})
                if qos == 2:
                    two.send(acknowledge(7, two.expect(PUBREL).packet_id))
                self.assertEqual(two.message().payload, b"small")
                publisher.publish(name, b"next", qos)
                self.assertEqual(two.message().payload, b"next")


class Queues(BrokerCase):
    # A publisher's acknowledgement must say that the queue has the message: between workers it may still be on its way.
    THREADS = 1
    CONFIG = ("max_inflight_messages 2\nmax_queued_messages 5\nmax_queued_bytes 2000\nqueue_qos0_messages true\n"
              + PLAIN)

    def test_queue_is_limited_in_messages(self):
        client = self.durable("count")
        client.subscribe((self.topic(), 1))
        client.close()
        publisher = self.client()
        for number in range(9):
            publisher.publish(self.topic(), bytes([number]), 1)
        client = self.durable("count")
        self.assertEqual([client.message().payload[0] for _ in range(5)], [0, 1, 2, 3, 4])
        self.assert_only(client, publisher, [])

    def test_queue_is_limited_in_bytes(self):
        client = self.durable("bytes")
        client.subscribe((self.topic(), 1))
        client.close()
        publisher = self.client()
        for number in range(3):
            publisher.publish(self.topic(), bytes([number]) * 900, 1)
        publisher.publish(self.topic(), b"s", 1)
        client = self.durable("bytes")
        self.assertEqual([client.message().payload[0] for _ in range(3)], [0, 1, ord("s")])

    def test_qos_0_waits_where_that_is_wished(self):
        client = self.durable("nought")
        client.subscribe((self.topic(), 0))
        client.close()
        self.client().publish(self.topic(), b"x", 1)
        got = self.durable("nought").message()
        self.assertEqual((got.payload, got.qos), (b"x", 0))

    def test_retained_messages_beyond_the_queue(self):
        """More of them than may wait all come: the broker goes on as the client acknowledges."""
        publisher = self.client()
        for number in range(40):
            publisher.publish(self.topic(f"{number}"), b"r", 1, retain=True)
        for qos in (0, 1, 2):
            client = self.client()
            client.subscribe((self.topic("+"), qos))
            self.assertEqual(len({client.message().topic for _ in range(40)}), 40)

    def test_nothing_more_after_unsubscribe(self):
        """[MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-3]: what a subscription began ends with it."""
        publisher = self.client()
        for number in range(40):
            publisher.publish(self.topic(f"{number}"), b"r", 1, retain=True)
        reader = self.client()
        reader.subscribe((self.topic("+"), 1))
        reader.unsubscribe(self.topic("+"))
        reader.subscribe((self.topic("last/#"), 1))
        publisher.publish(self.topic("last/one"), b"last", 0)
        got = []
        with self.assertRaises(TimeoutError):
            while True:
                got.append(reader.message(0.4).payload)
        self.assertIn(b"last", got)
        self.assertLess(len(got), 10)  # those in flight, those that waited, and the last

    def test_expired_messages_leave_the_queue(self):
        """[MQTT-3.3.2-5]"""
        client = self.durable("late")
        client.subscribe((self.topic(), 1))
        client.close()
        publisher = self.client()
        publisher.publish(self.topic(), b"late", 1, props={"message_expiry": 1})
        publisher.publish(self.topic(), b"in time", 1, props={"message_expiry": 100})
        time.sleep(1.3)
        got = self.durable("late").message()
        self.assertEqual(got.payload, b"in time")
        self.assertIn(got.prop("message_expiry"), (98, 99))  # [MQTT-3.3.2-6]


class Wills(BrokerCase):
    def setUp(self):
        super().setUp()
        self.watcher = self.client()
        self.watcher.subscribe((self.topic(), 2))

    def will(self, payload=b"gone", **more):
        return {"topic": self.topic(), "payload": payload, "qos": 1, **more}

    def assert_no_will(self):
        self.assert_only(self.watcher, self.client(), [])

    def test_will_is_published(self):
        """[MQTT-3.1.2-8] [MQTT-3.1.2-14] [MQTT-3.1.3-10]"""
        for version in VERSIONS:
            props = {"content_type": "c", "user_property": [("b", "1"), ("a", "2")], "response_topic": "r",
                     "correlation_data": b"\0d", "payload_format": 1, "message_expiry": 50}
            self.client(version=version, will=self.will(props=props)).close()
            got = self.watcher.message()
            self.assertEqual((got.payload, got.qos, got.retain), (b"gone", 1, False))
            if version == 5:
                self.assertEqual(got.all("user_property"), [("b", "1"), ("a", "2")])
                self.assertEqual((got.prop("content_type"), got.prop("response_topic")), ("c", "r"))
                self.assertEqual((got.prop("correlation_data"), got.prop("payload_format")), (b"\0d", 1))
                self.assertEqual(got.prop("message_expiry"), 50)

    def test_disconnect_discards_it(self):
        """[MQTT-3.14.4-3] [MQTT-3.1.2-10]"""
        for version in VERSIONS:
            self.client(version=version, will=self.will()).disconnect()
        self.assert_no_will()

    def test_disconnect_for_another_reason_than_0_publishes_it(self):
        """[MQTT-3.1.2-8]: 0x04 asks for it; of the others only 0x00 is a normal end."""
        for reason in (0x04, 0x80, 0x81, 0x83, 0x93):
            with self.subTest(reason=hex(reason)):
                self.client(will=self.will(bytes([reason]))).disconnect(reason)
                self.assertEqual(self.watcher.message().payload, bytes([reason]))

    def test_retained_will(self):
        """[MQTT-3.1.2-15]"""
        self.client(will=self.will(retain=True)).close()
        self.watcher.message()
        late = self.client()
        late.subscribe(self.topic())
        got = late.message()
        self.assertEqual((got.payload, got.retain), (b"gone", True))

    def test_delayed_will(self):
        """[MQTT-3.1.3-9]"""
        started = time.monotonic()
        self.durable("delayed", will=self.will(props={"will_delay": 1})).close()
        self.assertEqual(self.watcher.message().payload, b"gone")
        self.assertGreater(time.monotonic() - started, 0.9)

    def test_delayed_will_is_cancelled_by_the_client(self):
        """[MQTT-3.1.3-9]"""
        self.durable("back", will=self.will(props={"will_delay": 1})).close()
        self.durable("back")
        time.sleep(1.4)
        self.assert_no_will()

    def test_delayed_will_does_not_outlive_its_session(self):
        """[MQTT-3.1.2-8]: the session's end publishes it."""
        self.durable("short", expiry=1, will=self.will(props={"will_delay": 60})).close()
        self.assertEqual(self.watcher.message(3).payload, b"gone")
        self.durable("clean", will=self.will(b"clean", props={"will_delay": 60})).close()
        self.client("clean")
        self.assertEqual(self.watcher.message(3).payload, b"clean")

    def test_taking_over_publishes_the_will(self):
        self.durable("taken", will=self.will())
        self.durable("taken")
        self.assertEqual(self.watcher.message().payload, b"gone")

    def test_protocol_error_publishes_the_will(self):
        """[MQTT-3.1.2-8]"""
        self.client(will=self.will()).send(b"\0\0")
        self.assertEqual(self.watcher.message().payload, b"gone")

    def test_silence_publishes_the_will(self):
        """Half as long again as the keep alive. [MQTT-3.1.2-22] [MQTT-3.1.2-24 in 3.1.1]"""
        clients = {version: self.client(version=version, keep_alive=1, will=self.will()) for version in VERSIONS}
        started = time.monotonic()
        for _ in clients:
            self.assertEqual(self.watcher.message().payload, b"gone")
            self.assertTrue(1.2 < time.monotonic() - started < 3)
        self.assertEqual(clients[5].end().reason, 0x8D)
        self.assertIsNone(clients[4].end())

    def test_pings_keep_alive(self):
        """[MQTT-3.12.4-1]"""
        client = self.client(keep_alive=1, will=self.will())
        for _ in range(5):
            time.sleep(0.5)
            client.ping()
        client.disconnect()
        self.assert_no_will()


class KeepAlive(BrokerCase):
    CONFIG = "max_keepalive 1\n" + PLAIN

    def test_server_keep_alive(self):
        """[MQTT-3.1.2-21]: the broker's own time is told, and holds."""
        for wanted in (0, 60):
            client = self.client(keep_alive=wanted)
            self.assertEqual(client.connack.prop("server_keep_alive"), 1)
            started = time.monotonic()
            self.assertEqual(client.end().reason, 0x8D)
            self.assertTrue(1.2 < time.monotonic() - started < 3)
        self.assertIsNone(self.client(keep_alive=1).connack.prop("server_keep_alive"))

    def test_older_clients_cannot_be_told(self):
        self.client(version=4, keep_alive=60, reason=2)
        self.client(version=4, keep_alive=0, reason=2)
        self.client(version=4, keep_alive=1).ping()


if __name__ == "__main__":
    unittest.main()
