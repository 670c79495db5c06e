"""What one client does to the others when it asks for too much: nothing."""
import threading
import time
import unittest

from lasting import wait_until
from mqtt_raw import DISCONNECT, PUBREC, SUBACK, connect, packet, publish, subscribe, unsubscribe
from running import PLAIN, BrokerCase


class Queue(BrokerCase):
    CONFIG = "max_queued_bytes 100000\n" + PLAIN

    def test_everything_of_a_message_counts(self):
        """User properties and subscription identifiers fill memory as payloads do."""
        away, publisher = self.durable("away"), self.client()
        away.subscribe((self.topic("#"), 1))
        away.disconnect()
        for number in range(30):
            publisher.publish(self.topic(str(number)), b"", 1, props={"user_property": [("k", "v" * 10000)]})
        away = self.durable("away", expiry=0)
        publisher.publish(self.topic("end"), b"end", 1)
        got = 0
        while away.message().payload != b"end":
            got += 1
        self.assertTrue(1 <= got < 10, got)


class OneWorker(BrokerCase):
    THREADS = 1

    def test_a_packet_that_begins_each_of_its_subscriptions_again(self):
        """Ten thousand walks over what is retained, and then each anew, many times: others are served meanwhile."""
        self.client().publish(self.topic("kept"), b"x", 1, retain=True)
        greedy, other = self.client(), self.client()
        filters = [(f"{index}", 0) for index in range(9000)]
        greedy.send(subscribe(filters + filters * 20))
        for _ in range(20):
            time.sleep(0.05)
            other.ping()  # within ten seconds
        self.assertEqual(len(greedy.expect(SUBACK, 60).reasons), 9000 * 21)
        greedy.send(unsubscribe([each for each, _ in filters] * 2))
        self.assertEqual(greedy.expect(11, 60).reasons, b"\0" * 9000 + b"\x11" * 9000)
        self.client().publish(self.topic("kept"), b"", 1, retain=True)


    def test_a_flood_starves_no_quiet_client(self):
        """Each gets one read in a turn: whoever says little is heard while another says all it can."""
        flooder, taker, quiet, other = (self.client() for _ in range(4))
        taker.subscribe((self.topic("flood"), 0))
        other.subscribe((self.topic("quiet"), 1))
        flood, drained = publish(self.topic("flood"), b"f" * 200) * 1000, threading.Event()
        counts = {"sent": 0, "received": 0}

        def pour():
            flooder.socket.settimeout(30)
            while not drained.is_set():
                flooder.socket.sendall(flood)
                counts["sent"] += 1

        def drain():
            taker.socket.settimeout(30)
            while not drained.is_set():
                counts["received"] += len(taker.socket.recv(1 << 20))

        threads = [threading.Thread(target=each) for each in (pour, drain)]
        for each in threads:
            each.start()
        try:
            for number in range(20):
                before = counts["sent"]
                quiet.publish(self.topic("quiet"), b"%d" % number, 1)
                self.assertEqual(other.message().payload, b"%d" % number)
                wait_until(lambda sent=before: counts["sent"] > sent + 5, "the flood has dried up")
        finally:
            drained.set()
            for each in threads:
                each.join()
        self.assertGreater(counts["received"], len(flood))


class Pressure(BrokerCase):
    def test_large_retained_messages_all_come(self):
        """A subscription gets every one, however slowly it reads; none is dropped for want of room."""
        publisher = self.client()
        for index in range(30):
            publisher.publish(self.topic(str(index)), bytes([index]) * 1000000, 1, retain=True)
        for qos in (0, 1):
            reader = self.client()
            reader.subscribe((self.topic("#"), qos))
            time.sleep(0.3)
            seen = {reader.message().payload[0] for _ in range(30)}
            self.assertEqual(seen, set(range(30)))
            reader.close()
        for index in range(30):
            publisher.publish(self.topic(str(index)), b"", 0, retain=True)

    def test_many_groups_leave_none_out(self):
        """[MQTT-4.8.2-3]: one who joins hundreds of groups takes nothing away from another."""
        first, greedy, last, publisher = self.client(), self.client(), self.client(), self.client()
        first.subscribe(f"$share/first/{self.topic()}")
        greedy.send(subscribe([(f"$share/g{each}/{self.topic()}", 0) for each in range(300)]))
        last.subscribe(f"$share/last/{self.topic()}")
        publisher.publish(self.topic(), b"to all", 1)
        for fair in (first, last):  # wherever their groups stand among the others
            self.assertEqual(fair.message().payload, b"to all")

    def test_many_identifiers_all_come(self):
        """[MQTT-3.3.4-3] [MQTT-3.3.4-4]"""
        reader, publisher = self.client(), self.client()
        filters = ["/".join(part) for part in
                   ((a, b, c, d, e, f, g) for a in (self.name, "+") for b in "x+" for c in "x+" for d in "x+"
                    for e in "x+" for f in "x+" for g in "x+")]
        for index, each in enumerate(filters):
            reader.subscribe(each, props={"subscription_id": index + 1})
        publisher.publish(f"{self.name}/x/x/x/x/x/x", b"x")
        self.assertEqual(sorted(reader.message().all("subscription_id")), list(range(1, len(filters) + 1)))

    def test_refused_subscriptions_do_not_fill_the_log(self):
        greedy = self.client()
        before = self.broker.log().count("subscribe_refused")
        greedy.send(*(subscribe([(f"{self.name}/#/{index}", 0)], index + 1) for index in range(300)))
        for _ in range(300):
            greedy.expect(SUBACK)
        self.assertLess(self.broker.log().count("subscribe_refused") - before, 100)

    def test_pings_that_nobody_reads(self):
        """Their answers do not fill memory: who does not read is not read from."""
        deaf = self.raw()
        deaf.send(connect(self.name))
        before = self.broker.memory_kb()
        deaf.socket.settimeout(1)
        try:
            for _ in range(400):
                deaf.socket.sendall(packet(12) * 50000)
        except OSError:
            pass
        self.assertLess(self.broker.memory_kb() - before, 20000)
        self.client().ping()

    def test_a_packet_of_refusals_is_one_line(self):
        before = len(self.broker.log())
        noisy = self.client()
        noisy.send(subscribe([("#bad", 0)] * 5000))
        noisy.expect(SUBACK)
        self.assertLess(len(self.broker.log()) - before, 3000)


class Refused(BrokerCase):
    CONFIG = PLAIN + "retain_available false\nclientid_prefixes dev-\n"

    def test_a_refused_exchange_does_not_hold_its_id(self):
        """[MQTT-4.3.3-9]: the next message under the id is a new one."""
        reader = self.client("dev-reader")
        reader.subscribe((self.topic(), 2))
        sender = self.durable("dev-sender")
        sender.send(publish(self.topic(), b"kept", 2, retain=True, packet_id=1))
        self.assertEqual(sender.expect(DISCONNECT).reason, 0x9A)
        sender = self.durable("dev-sender")
        sender.send(publish(self.topic(), b"good", 2, packet_id=1))
        self.assertEqual(sender.expect(PUBREC).reason, 0)
        self.assertEqual(reader.message().payload, b"good")

    def test_a_prefix_holds_for_assigned_ids_too(self):
        self.client("", reason=0x85)
        self.client("other", reason=0x85)
        self.client("dev-1")


class Strangers(BrokerCase):
    def test_the_brokers_own_topics_are_not_theirs(self):
        stranger = self.client()
        self.assertEqual(stranger.subscribe("$SYS/#").reasons, bytes([0x87]))


if __name__ == "__main__":
    unittest.main()
