"""Queues of sessions that are kept stay on disk beyond their beginning: memory does not grow with them, and all comes back
in its order."""
import json
import subprocess
import unittest

from mqtt_raw import PUBACK, PUBLISH, Client, acknowledge, publish
from running import WAX, BrokerCase

COUNT = 12000
PAYLOAD = 2000


class Spill(BrokerCase):
    CONFIG = ("listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/store\n"
              "max_queued_messages 0\nlog_type error\ncontrol_socket {folder}/control\n")

    def away(self, client_id, *filters):
        client = self.durable(client_id)
        client.subscribe(*filters)
        client.close()

    def fill(self, topic, first, last, qos=1):
        """Publishes numbers, some at a time."""
        publisher = self.client()
        waiting = 0
        for number in range(first, last):
            publisher.send(publish(topic, b"%06d" % number + bytes(PAYLOAD), qos, packet_id=number % 65535 + 1))
            waiting += 1
            while waiting >= 50 or (waiting and number == last - 1):
                self.assertEqual(publisher.expect(PUBACK, 60).reason, 0)
                waiting -= 1
        publisher.close()

    def take(self, client, first, last):
        for number in range(first, last):
            got = client.expect(PUBLISH, 30)
            self.assertEqual(int(got.payload[:6]), number)
            if got.qos:
                client.send(acknowledge(PUBACK, got.packet_id))

    def test_memory_does_not_grow_with_the_queue(self):
        self.away("idle", ("much/#", 1))
        self.fill("much/one", 0, COUNT // 3)  # what the store and the sanitizer take for themselves is taken then
        before = self.broker.memory_kb()
        self.fill("much/one", COUNT // 3, COUNT)
        grown = self.broker.memory_kb() - before
        self.assertLess(grown, COUNT * 2 // 3 * PAYLOAD / 1024 / 2, "the queue is in memory")
        client = self.durable("idle")
        self.assertTrue(client.connack.session_present)
        self.take(client, 0, COUNT)
        self.assertTrue(client.is_silent())

    def test_a_queue_that_is_on_disk_alone(self):
        """A message larger than what an absent client's queue may take of memory."""
        self.away("large", ("large/#", 1))
        publisher = self.client()
        self.assertEqual(publisher.publish("large/one", bytes(200000), 1), 0)
        shown = subprocess.run([WAX, "ctl", "--socket", self.broker.path("control"), "sessions", "--json"],
                               capture_output=True, text=True, timeout=60, check=True)
        rows = [json.loads(line) for line in shown.stdout.splitlines()]
        self.assertEqual([each["queued"] for each in rows if each["id"] == "large"], [1])
        client = self.durable("large")
        self.assertEqual(len(client.message().payload), 200000)
        self.assertTrue(client.is_silent())

    def test_order_while_more_comes(self):
        """What comes while the queue is being read stands behind it."""
        self.away("busy", ("order/#", 1))
        self.fill("order/one", 0, 600)
        client = self.durable("busy")
        self.fill("order/one", 600, 1500)
        self.take(client, 0, 1500)
        self.assertTrue(client.is_silent())

    def test_back_and_forth(self):
        """A client that comes and goes in the middle of its queue misses nothing, and gets nothing twice that it acknowledged."""
        self.away("fickle", ("fickle/#", 1))
        self.fill("fickle/one", 0, 1000)
        expected = 0
        while expected < 1000:
            client = self.durable("fickle")
            for _ in range(170):
                if expected == 1000:
                    break
                got = client.expect(PUBLISH, 30)
                self.assertEqual(int(got.payload[:6]), expected)
                client.send(acknowledge(PUBACK, got.packet_id))
                expected += 1
            client.ping()
            client.close()

    def test_through_a_restart(self):
        self.away("patient", ("patient/#", 1))
        self.fill("patient/one", 0, 700)
        self.broker.process.kill()
        self.broker.process.wait()
        self.broker.errors.close()
        self.broker.start()
        self.fill("patient/one", 700, 900)
        client = self.durable("patient")
        self.take(client, 0, 900)
        self.assertTrue(client.is_silent())

    def test_a_session_that_ends_leaves_nothing(self):
        self.away("gone", ("gone/#", 1))
        self.fill("gone/one", 0, 700)
        self.client("gone").close()  # a clean start
        client = self.durable("gone")
        self.assertFalse(client.connack.session_present)
        client.subscribe(("gone/#", 1))
        self.fill("gone/one", 0, 3)
        self.take(client, 0, 3)
        self.assertTrue(client.is_silent())

    def test_limits_count_what_is_on_disk(self):
        whole = self.broker.read("wax.conf")
        self.broker.write("wax.conf", whole.replace("max_queued_messages 0", "max_queued_messages 100"))
        self.broker.reload()
        self.away("limited", ("limited/#", 1))
        self.fill("limited/one", 0, 150)
        client = self.durable("limited")
        self.take(client, 0, 100)
        self.assertTrue(client.is_silent())
        self.broker.write("wax.conf", whole)
        self.broker.reload()


if __name__ == "__main__":
    unittest.main()
