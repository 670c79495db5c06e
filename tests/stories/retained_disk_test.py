"""Retained messages beyond `retained_memory_limit` are on disk alone: whoever subscribes gets them all the same, each as it is
at that time, and memory does not grow with them."""
import collections
import contextlib
import http.client
import json
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

from lasting import KEPT, LastingCase, wait_until
from mqtt_raw import PUBACK, PUBLISH, SUBACK, acknowledge, publish, subscribe
from running import WAX, BrokerCase

LIMIT = 20000
SYS = 30000  # what the broker tells of itself is never on disk
SPILLED, TAKEN = "wax_messages_retained_spilled", "wax_messages_retained_memory_bytes"
CONFIG = ("listener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\nsys_anonymous true\nlog_type error\nlog_type warning\n"
          "log_type notice\ncontrol_socket {folder}/control\nlistener {port2} 127.0.0.1\nprotocol http_api\nmax_queued_messages 0\n" + f"retained_memory_limit {LIMIT}\n")


class RetainedCase(BrokerCase):
    CONFIG = CONFIG + KEPT

    def retain(self, topics, payload, client=None):
        """Publishes them, some at a time; `payload` is made of the topic."""
        publisher = client or self.client()
        topics = list(topics)
        for start in range(0, len(topics), 100):
            some = topics[start:start + 100]
            publisher.send(*(publish(topic, payload(topic), 1, retain=True, packet_id=number)
                             for number, topic in enumerate(some, 1)))
            for _ in some:
                self.assertEqual(publisher.expect(PUBACK, 60).reason, 0)
        if client is None:
            publisher.close()

    def take(self, client, count, qos=0):
        """So many retained messages: {topic: payload}."""
        got = {}
        for _ in range(count):
            message = client.expect(PUBLISH, 60)
            self.assertTrue(message.retain)
            self.assertNotIn(message.topic, got)
            got[message.topic] = message.payload
            if message.qos:
                client.send(acknowledge(PUBACK, message.packet_id))
        return got

    def figure(self, topic):
        """A number of the broker, as it is now."""
        host = http.client.HTTPConnection("127.0.0.1", self.broker.port2, timeout=30)
        host.request("GET", "/metrics")
        text = host.getresponse().read().decode()
        host.close()
        return int(re.search(rf"(?m)^{topic} (\d+)$", text)[1])

    def ctl(self, *words):
        shown = subprocess.run([WAX, "ctl", "--socket", self.broker.path("control"), *words], capture_output=True, text=True,
                               timeout=60, check=True)
        return shown.stdout

    def fill_memory(self):
        """From here on what is retained anew goes to the disk alone."""
        self.retain([f"memory/{number}" for number in range(300)], lambda topic: b"m" * 200)
        self.assertGreater(self.figure(SPILLED), 100)


def named(topic):
    """A payload that tells which topic it is of."""
    return topic.encode() + b" " * 200


class RetainedOnDisk(RetainedCase):
    def setUp(self):
        super().setUp()
        self.fill_memory()

    def test_wildcard_over_many(self):
        topics = [self.topic(f"{number % 50}/{number}") for number in range(3000)]
        self.retain(topics, named)
        for qos in (0, 1):
            client = self.client()
            client.subscribe((self.topic("#"), qos))
            self.assertEqual(self.take(client, len(topics)), {topic: named(topic) for topic in topics})
            self.assertTrue(client.is_silent())
        client = self.client()
        client.subscribe(self.topic("7/+"))
        self.assertEqual(len(self.take(client, 60)), 60)
        self.assertTrue(client.is_silent())

    def test_many_filters_at_once(self):
        topics = [self.topic(str(number)) for number in range(400)]
        self.retain(topics, named)
        client = self.client()
        client.send(*(subscribe([(each, 1) for each in topics[start:start + 40]], start + 1) for start in range(0, 400, 40)))
        for _ in range(10):
            client.expect(SUBACK)
        self.assertEqual(self.take(client, 400), {topic: named(topic) for topic in topics})
        self.assertTrue(client.is_silent())

    def test_what_else_is_known_of_a_message(self):
        """Identifier of the subscription, properties, QoS, and what is left of its time."""
        publisher = self.client()
        publisher.publish(self.topic(), b"rich", 2, retain=True,
                          props=[("message_expiry", 1000), ("content_type", "text/x"), ("user_property", ("a", "b"))])
        client = self.client()
        client.subscribe((self.topic(), 2), props={"subscription_id": 77})
        got = client.message()
        self.assertEqual((got.payload, got.qos, got.retain, got.prop("subscription_id")), (b"rich", 2, True, 77))
        self.assertEqual((got.prop("content_type"), got.all("user_property")), ("text/x", [("a", "b")]))
        self.assertTrue(900 < got.prop("message_expiry") <= 1000)

    def test_expiry(self):
        publisher = self.client()
        publisher.publish(self.topic("brief"), b"brief", 1, retain=True, props={"message_expiry": 1})
        publisher.publish(self.topic("long"), b"long", 1, retain=True, props={"message_expiry": 1000})
        time.sleep(1.2)
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertEqual(client.message().payload, b"long")
        self.assertTrue(client.is_silent())
        wait_until(lambda: "brief" not in self.ctl("retained", "list", self.topic("#")), "it is forgotten when it is met")

    def test_replaced_and_deleted(self):
        topics = [self.topic(str(number)) for number in range(300)]
        self.retain(topics, named)
        self.retain(topics[:100], lambda topic: b"new")
        self.retain(topics[100:200], lambda topic: b"")
        client = self.client()
        client.subscribe(self.topic("#"))
        expected = {topic: b"new" for topic in topics[:100]} | {topic: named(topic) for topic in topics[200:]}
        self.assertEqual(self.take(client, 200), expected)
        self.assertTrue(client.is_silent())

    def test_figures(self):
        before, size = self.figure(SPILLED), self.figure(SPILLED + "_bytes")
        topics = [self.topic(str(number)) for number in range(500)]
        self.retain(topics, named)
        self.assertEqual(self.figure(SPILLED), before + 500)
        self.assertEqual(self.figure(SPILLED + "_bytes"), size + sum(len(named(topic)) for topic in topics))
        self.assertLessEqual(self.figure(TAKEN), LIMIT + SYS)
        client = self.client()
        client.subscribe("$SYS/broker/retained messages/spilled/count")
        wait_until(lambda: int(client.message().payload) == before + 500, "$SYS tells it, too")
        self.retain(topics[:1], lambda topic: b"small")
        # What is left of the memory may be enough for one that is smaller.
        left = size + sum(len(named(topic)) for topic in topics[1:])
        self.assertIn((self.figure(SPILLED), self.figure(SPILLED + "_bytes")), [(before + 500, left + 5), (before + 499, left)])
        self.retain(topics, lambda topic: b"")
        self.assertEqual((self.figure(SPILLED), self.figure(SPILLED + "_bytes")), (before, size))

    def test_large_ones(self):
        """More than what is read at once, each of them and all together."""
        topics = [self.topic(f"{number:02d}") for number in range(30)]
        self.retain(topics, lambda topic: topic.encode() * (5000 if int(topic[-2:]) % 3 else 1))
        client = self.client()
        client.subscribe((self.topic("#"), 1))
        got = self.take(client, 30)
        self.assertEqual({topic: len(payload) for topic, payload in got.items()},
                         {topic: len(topic) * (5000 if int(topic[-2:]) % 3 else 1) for topic in topics})

    def test_administrator(self):
        topics = [self.topic(str(number)) for number in range(600)]
        self.retain(topics, named)
        rows = [json.loads(line) for line in self.ctl("retained", "list", self.topic("#"), "--json").splitlines()]
        self.assertEqual({row["topic"]: row["size"] for row in rows}, {topic: len(named(topic)) for topic in topics})
        self.assertTrue(all(row["client"].startswith(self.name) and row["qos"] == 1 for row in rows))
        self.assertIn("600 deleted", self.ctl("retained", "delete", self.topic("#"), "--yes"))
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertTrue(client.is_silent())

    def test_unsubscribed_in_the_middle(self):
        self.retain([self.topic(str(number)) for number in range(1000)], named)
        client = self.client()
        for _ in range(20):
            client.subscribe(self.topic("#"))
            client.unsubscribe(self.topic("#"))
            client.aside.clear()
        self.assertTrue(client.is_silent())

    def test_gone_in_the_middle(self):
        """A session whose client goes gets the rest when it is back, and what it had not acknowledged again."""
        topics = [self.topic(str(number)) for number in range(1000)]
        self.retain(topics, named)
        client = self.durable(self.name)
        client.subscribe((self.topic("#"), 1))
        got = {}
        while len(got) < len(topics):
            message = client.expect(PUBLISH, 60)
            got[message.topic] = message.payload
            client.send(acknowledge(PUBACK, message.packet_id))
            if len(got) % 40 == 0:
                client.disconnect()
                client = self.durable(self.name)
        self.assertEqual(got, {topic: named(topic) for topic in topics})

    def test_memory_does_not_grow(self):
        def fill(first, last):
            self.retain([self.topic(str(number)) for number in range(first, last)], lambda topic: b"x" * 2000)

        fill(0, 5000)  # what the store and the sanitizer take for themselves is taken then
        before = self.broker.memory_kb()
        fill(5000, 15000)
        self.assertLess(self.broker.memory_kb() - before, 10000 * 2000 / 1024 / 2, "what is retained is in memory")


class Replaced(RetainedCase):
    """What is retained changes while it is being read: nobody gets an old message after a newer one of the same topic, and in
    the end everybody has the last."""

    TOPICS = 200
    ROUNDS = 25

    def publish_all(self, faults):
        try:
            publisher = self.client("publisher")
            for number in range(1, self.ROUNDS + 1):
                self.retain([f"hot/{topic}" for topic in range(self.TOPICS)], lambda _: b"%d" % number, publisher)
        except (AssertionError, OSError) as fault:
            faults.append(fault)

    def follow(self, client, last):
        """Until all topics are at the last message."""
        seen = collections.Counter()
        deadline = time.monotonic() + 60
        while len(seen) < self.TOPICS or min(seen.values()) < last:
            self.assertLess(time.monotonic(), deadline, f"{len(seen)} topics, at least {min(seen.values(), default=0)}")
            got = client.expect(PUBLISH, 60)
            self.assertGreaterEqual(int(got.payload), seen[got.topic], f"{got.topic} is older than what came before")
            seen[got.topic] = int(got.payload)
            if got.qos:
                client.send(acknowledge(PUBACK, got.packet_id))

    def test_replaced_while_read(self):
        self.fill_memory()
        self.retain([f"hot/{topic}" for topic in range(self.TOPICS)], lambda _: b"0")
        faults = []
        publisher = threading.Thread(target=self.publish_all, args=(faults,))
        publisher.start()
        clients = []
        while publisher.is_alive():
            clients.append(self.client())
            clients[-1].send(subscribe([("hot/#", len(clients) % 2)]))
            try:
                clients[-1].expect(SUBACK)
            except socket.timeout:
                self.fail("no SUBACK")
            if len(clients) < 40:
                publisher.join(0.02)
            else:
                publisher.join()
        publisher.join()
        self.assertEqual(faults, [])
        for client in clients:
            self.follow(client, self.ROUNDS)
            client.subscribe(("end", 1))
            self.retain(["end"], lambda _: b"%d" % self.ROUNDS)
            while client.message().topic != "end":
                pass


class Lasting(LastingCase, RetainedCase):
    """Over the end of the process, by kill -9."""

    CONFIG = KEPT + CONFIG

    def test_start(self):
        self.fill_memory()
        topics = [self.topic(str(number)) for number in range(2000)]
        self.retain(topics, named)
        self.retain(topics[:500], lambda topic: b"")
        self.retain(topics[500:600], lambda topic: b"new")
        self.again()
        self.assertIn("retained=", self.broker.log())
        self.assertLessEqual(self.figure(TAKEN), LIMIT + SYS)
        self.assertGreater(self.figure(SPILLED), 1000)
        for _ in range(2):
            client = self.client()
            client.subscribe((self.topic("#"), 1))
            expected = {topic: named(topic) for topic in topics[600:]} | {topic: b"new" for topic in topics[500:600]}
            self.assertEqual(self.take(client, 1500), expected)
            self.assertTrue(client.is_silent())
            self.again()

    def test_another_limit(self):
        """What is in memory is what finds room there, at the start and when the configuration is read again."""
        topics = [self.topic(str(number)) for number in range(300)]
        self.fill_memory()
        self.retain(topics, named)
        self.broker.write("wax.conf", self.broker.read("wax.conf").replace(f"limit {LIMIT}", "limit 0"))
        self.broker.reload()
        self.retain(topics, named)
        self.assertLess(self.figure(SPILLED), 300)  # those of fill_memory()
        self.again()
        self.assertEqual(self.figure(SPILLED), 0)
        self.broker.write("wax.conf", self.broker.read("wax.conf").replace("limit 0", f"limit {LIMIT}"))
        self.broker.reload()
        wait_until(lambda: self.figure(SPILLED) > 300, "they leave memory")
        self.assertLessEqual(self.figure(TAKEN), LIMIT + SYS)
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertEqual(self.take(client, 300), {topic: named(topic) for topic in topics})
        self.again()
        self.assertGreater(self.figure(SPILLED), 300)
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertEqual(self.take(client, 300), {topic: named(topic) for topic in topics})


    def test_damaged(self):
        """A message that cannot be read is told in the log; all others are delivered."""
        def damage():
            with contextlib.closing(sqlite3.connect(self.broker.path("store/wax.db"), isolation_level=None)) as database:
                number = database.execute("SELECT link FROM retained WHERE key=?", (topics[7].encode(),)).fetchone()[0]
                database.execute("UPDATE messages SET value=zeroblob(100) WHERE key=?", (number,))

        self.fill_memory()
        topics = [self.topic(str(number)) for number in range(50)]
        self.retain(topics, named)
        self.again(signal.SIGTERM, damage)
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertEqual(self.take(client, 49), {topic: named(topic) for topic in topics if topic != topics[7]})
        self.broker.wait_for_log(f"retained_unread topic={topics[7]}")
        self.retain(topics[7:8], named)
        client = self.client()
        client.subscribe(topics[7])
        self.assertEqual(client.message().payload, named(topics[7]))


class MemoryShort(RetainedCase):
    """When `memory_limit` is reached, what is retained leaves memory, whatever its own limit is."""

    CONFIG = CONFIG.replace(f"limit {LIMIT}", "limit 0") + KEPT

    def test_memory_limit(self):
        topics = [self.topic(str(number)) for number in range(2000)]
        self.retain(topics, named)
        self.assertEqual(self.figure(SPILLED), 0)
        whole = self.broker.read("wax.conf")
        self.broker.write("wax.conf", whole + "memory_limit 1000000\n")
        self.broker.reload()
        self.broker.wait_for_log("memory_short")
        wait_until(lambda: self.figure(SPILLED) >= 2000, "what is retained leaves memory")
        self.assertLess(self.figure(TAKEN), SYS + 65536)
        self.broker.write("wax.conf", whole)
        self.broker.reload()
        self.broker.wait_for_log("memory_enough")
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertEqual(self.take(client, 2000), {topic: named(topic) for topic in topics})


class NothingKept(RetainedCase):
    """Without a store all of it stays in memory."""

    CONFIG = CONFIG + "persistence false\n"

    def test_all_in_memory(self):
        topics = [self.topic(str(number)) for number in range(500)]
        self.retain(topics, named)
        self.assertEqual(self.figure(SPILLED), 0)
        client = self.client()
        client.subscribe(self.topic("#"))
        self.assertEqual(self.take(client, 500), {topic: named(topic) for topic in topics})
        self.assertGreater(self.figure(TAKEN), 500 * 200)
        listed = self.ctl("retained", "list", self.topic("#"), "--json").splitlines()
        self.assertEqual(len(listed), 500)


if __name__ == "__main__":
    unittest.main()
