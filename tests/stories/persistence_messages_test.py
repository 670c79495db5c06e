"""What a restart leaves as it was: queues, exchanges that are under way, retained messages and Wills. Each of it with a
restart that is asked for and with SIGKILL, and with as many workers as before or others."""
import time
import unittest

from lasting import KEPT, NEVER, OPEN, in_all_ways
from mqtt_raw import PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, acknowledge, publish

PROPS = [("payload_format", 1), ("content_type", "text/plain"), ("response_topic", "answers/here"),
         ("correlation_data", b"\x00\xff\x01"), ("user_property", ("a", "1")), ("user_property", ("a", "2"))]


class Kept:
    """Messages."""

    CONFIG = KEPT + "max_inflight_messages 20\n" + OPEN

    # Queues.

    def test_queued_messages_with_all_they_carry(self):
        one = self.durable("queue")
        one.subscribe((self.topic("#"), 2), props={"subscription_id": 9})
        one.subscribe((self.topic("flag"), 2 | 8), props={"subscription_id": 10})
        self.leave(one)
        other = self.client()
        other.publish(self.topic(), b"0", 0)
        other.publish(self.topic(), b"1", 1, props=PROPS)
        other.publish(self.topic("flag"), b"", 2, retain=True)
        other.publish(self.topic("ends"), b"3", 2, props={"message_expiry": 1000})
        other.publish(self.topic("over"), b"4", 2, props={"message_expiry": 1})
        other.publish(self.topic("large"), bytes(300000), 1)
        self.again(between=lambda: time.sleep(1.2))
        one = self.back("queue", props={"receive_maximum": 1})
        got = [one.message() for _ in range(4)]
        self.assertEqual([(each.topic.split("/")[1], each.qos, each.retain, each.duplicate) for each in got],
                         [("t", 1, False, False), ("flag", 2, True, False), ("ends", 2, False, False), ("large", 1, False, False)])
        self.assertEqual([each for each in got[0].props if each[0] != "subscription_id"], PROPS)
        self.assertEqual([sorted(each.all("subscription_id")) for each in got], [[9], [9, 10], [9], [9]])
        self.assertTrue(900 < got[2].prop("message_expiry") < 1000, got[2].props)
        self.assertEqual(got[3].payload, bytes(300000))
        self.take_nothing(one)

    def test_what_was_taken_does_not_come_again(self):
        one = self.durable("taken-away")
        one.subscribe((self.topic(), 2))
        self.leave(one)
        other = self.client()
        for number in range(20):
            other.publish(self.topic(), b"%d" % number, 1 + number % 2)
        one = self.back("taken-away", props={"receive_maximum": 1})
        self.assertEqual(one.payloads(7), [b"%d" % number for number in range(7)])
        self.settle(one)
        self.leave(one)
        self.again()
        one = self.back("taken-away")
        self.assertEqual(one.payloads(13), [b"%d" % number for number in range(7, 20)])
        self.settle(one)
        self.again()
        one.close()
        self.take_nothing(self.back("taken-away"))

    def test_one_message_for_many_sessions(self):
        for number in range(20):
            one = self.durable(f"many-{number}")
            one.subscribe((self.topic(), 1 + number % 2))
            self.leave(one)
        self.client().publish(self.topic(), b"for all", 2)
        self.again()
        self.again()
        for number in range(20):
            one = self.back(f"many-{number}")
            self.assertEqual(one.payloads(1), [b"for all"])
            self.leave(one)

    # Exchanges.

    def test_what_is_under_way_comes_again(self):
        one = self.durable("under-way")
        one.subscribe((self.topic(), 2))
        other = self.client()
        for number in range(6):
            other.publish(self.topic(), b"%d" % number, 1 if number < 3 else 2)
        got = [one.expect(PUBLISH) for _ in range(6)]
        one.send(acknowledge(PUBACK, got[1].packet_id), acknowledge(PUBREC, got[4].packet_id))
        self.assertEqual(one.expect(PUBREL).packet_id, got[4].packet_id)  # which says that both are written down
        self.again()
        one.close()
        one = self.back("under-way")
        again = [one.read(10) for _ in range(5)]
        self.assertEqual([each.kind for each in again], [PUBLISH] * 3 + [PUBREL] + [PUBLISH])
        self.assertEqual([each.packet_id for each in again], [got[i].packet_id for i in (0, 2, 3, 4, 5)])
        self.assertTrue(all(each.duplicate for each in again if each.kind == PUBLISH))
        self.assertEqual([each.payload for each in again if each.kind == PUBLISH], [b"0", b"2", b"3", b"5"])
        one.send(*(acknowledge(PUBACK, again[i].packet_id) for i in (0, 1)))
        one.send(*(acknowledge(PUBREC, again[i].packet_id) for i in (2, 4)))
        one.send(acknowledge(PUBCOMP, again[3].packet_id))
        released = [one.expect(PUBREL).packet_id for _ in range(2)]
        self.assertEqual(released, [again[2].packet_id, again[4].packet_id])
        one.send(*(acknowledge(PUBCOMP, each) for each in released))
        self.settle(one)
        self.again()
        one.close()
        self.take_nothing(self.back("under-way"))

    def test_what_waits_behind_what_is_under_way(self):
        one = self.durable("behind", props={"receive_maximum": 2})
        one.subscribe((self.topic(), 1))
        other = self.client()
        for number in range(5):
            other.publish(self.topic(), b"%d" % number, 1)
        got = [one.expect(PUBLISH) for _ in range(2)]
        self.again()
        one.close()
        other = self.client()
        other.publish(self.topic(), b"5", 1)
        one = self.back("behind")
        again = [one.message() for _ in range(6)]
        self.assertEqual([each.payload for each in again], [b"%d" % number for number in range(6)])
        self.assertEqual([each.packet_id for each in again[:2]], [each.packet_id for each in got])
        self.assertEqual([each.duplicate for each in again], [True] * 2 + [False] * 4)
        self.assertEqual(len({each.packet_id for each in again}), 6)

    def test_qos_2_that_came_in_is_delivered_once(self):
        reader = self.durable("reader-once")
        reader.subscribe((self.topic(), 2))
        one = self.durable("once")
        packets = [publish(self.topic(), b"%d" % number, 2, packet_id=7 + 64 * number) for number in range(3)]
        for number, packet in enumerate(packets):
            one.send(packet)
            self.assertEqual(one.expect(PUBREC).packet_id, 7 + 64 * number)
        one.send(acknowledge(PUBREL, 7))
        one.expect(PUBCOMP)
        self.again()
        one.close(), reader.close()
        one = self.back("once")
        one.send(publish(self.topic(), b"1", 2, packet_id=71, duplicate=True))
        self.assertEqual(one.expect(PUBREC).reason, 0)
        for packet_id in (71, 135, 7):
            one.send(acknowledge(PUBREL, packet_id))
            self.assertEqual(one.expect(PUBCOMP).reason, 0x92 if packet_id == 7 else 0)
        one.publish(self.topic(), b"3", 2)
        reader = self.back("reader-once")
        self.assertEqual(reader.payloads(4), [b"0", b"1", b"2", b"3"])
        self.take_nothing(reader)

    # Retained.

    def test_retained(self):
        one = self.client()
        one.publish(self.topic("qos0"), b"0", 0, retain=True)
        one.publish(self.topic("set"), b"1", 1, retain=True, props=PROPS)
        one.publish(self.topic("replaced"), b"old", 1, retain=True)
        one.publish(self.topic("replaced"), b"new", 2, retain=True)
        one.publish(self.topic("cleared"), b"x", 1, retain=True)
        one.publish(self.topic("cleared"), b"", 1, retain=True)
        one.publish(self.topic("short"), b"x", 1, retain=True, props={"message_expiry": 1})
        one.publish(self.topic("long"), b"x", 1, retain=True, props={"message_expiry": 1000})
        one.publish(self.topic("not"), b"x", 1)
        for _ in range(2):
            self.again(between=lambda: time.sleep(0.6))
        reader = self.client()
        reader.subscribe((self.topic("#"), 2))
        got = {}
        while len(got) < 4:
            each = reader.message()
            got[each.topic.split("/")[1]] = each
        self.assertEqual({name: (each.payload, each.qos, each.retain) for name, each in got.items()},
                         {"qos0": (b"0", 0, True), "set": (b"1", 1, True), "replaced": (b"new", 2, True), "long": (b"x", 1, True)})
        self.assertEqual(got["set"].props, PROPS)
        self.assertTrue(900 < got["long"].prop("message_expiry") < 1000)
        self.assertEqual(len(reader.aside), 0)
        reader.ping()
        self.assertEqual(len(reader.aside), 0)

    # Wills.

    def watcher(self):
        one = self.durable(f"{self.name}-watch", expiry=NEVER)
        one.subscribe((self.topic("#"), 2))
        return one

    def will(self, payload, delay, **more):
        return {"topic": self.topic("will"), "payload": payload, "qos": 1, "props": {"will_delay": delay}, **more}

    def test_will_of_one_who_is_away(self):
        self.watcher()
        self.durable("away", expiry=1000, will=self.will(b"late", 2, retain=True)).close()
        self.broker.wait_for_log("client_disconnected client=away")
        self.again()
        watcher = self.back(f"{self.name}-watch")
        self.assertEqual(watcher.message(20).payload, b"late")
        self.settle(watcher)
        self.again()
        watcher = self.back(f"{self.name}-watch")
        self.back("away").close()
        self.take_nothing(watcher)
        reader = self.client()
        reader.subscribe(self.topic("will"))
        self.assertEqual(reader.message().payload, b"late")

    def test_no_will_of_one_who_comes_back(self):
        self.watcher()
        self.durable("returns", expiry=1000, will=self.will(b"never", 2)).close()
        self.broker.wait_for_log("client_disconnected client=returns")
        self.again()
        one = self.back("returns")
        ends = time.monotonic() + 2.5
        while time.monotonic() < ends:
            one.ping()
            time.sleep(0.1)
        self.again()
        one.close()
        self.take_nothing(self.back(f"{self.name}-watch"))

    def test_no_will_of_one_who_said_good_bye(self):
        self.watcher()
        self.leave(self.durable("polite", will=self.will(b"never", 0)))
        self.settle()
        self.again()
        self.take_nothing(self.back(f"{self.name}-watch"))

    def test_will_of_one_who_was_there(self):
        self.watcher()
        one = self.durable("there", will=self.will(b"gone", 1))
        two = self.durable("there-4", version=4, will=self.will(b"gone-4", 0))
        self.again()
        one.close(), two.close()
        watcher = self.back(f"{self.name}-watch")
        self.assertEqual(sorted(watcher.message(20).payload for _ in range(2)), [b"gone", b"gone-4"])
        self.take_nothing(watcher)
        self.settle(watcher)
        self.again()
        self.take_nothing(self.back(f"{self.name}-watch"))


globals().update(in_all_ways(Kept, __name__))

if __name__ == "__main__":
    unittest.main()
