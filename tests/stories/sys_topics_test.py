"""$SYS: every topic that Mosquitto has, with the value that the same work gives there.

tests/conformance/sys.tsv has the topics; docs/sys-topics.md is made from it: `sys_topics_test.py --write`."""
import itertools
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import unittest

import foreign
from mqtt_raw import DISCONNECT, PINGREQ, PINGRESP, PUBLISH, Client, packet
from running import BrokerCase

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests/conformance/sys.tsv"
PAGE = ROOT / "docs/sys-topics.md"
PREFIX = "$SYS/broker/"
PATIENCE_S = 40

CONFIG = "sys_interval 1\nlog_type all\nlog_dest stderr\nlog_dest topic\nallow_anonymous true\n"

HEAD = """# The topics of $SYS

What `wax broker` publishes of itself below `$SYS/broker/`, every `sys_interval` seconds, retained, as Mosquitto does. Made from
tests/conformance/sys.tsv by a test that does the same work with Debian's Mosquitto and with Wax and compares names and values.

Unlike with Mosquitto, clients without a user name may not read them: see `sys_anonymous`.

| topic | Mosquitto | meaning |
|---|---|---|
"""

DIFFERENCES = """
## Deliberate differences

| topic | with Wax |
|---|---|
"""


def rows():
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [(line.split("\t") + [""] * 5)[:6] for line in lines]


def spread(topic):
    """The topics that a pattern with {a,b} stands for."""
    parts = re.split(r"\{([^}]*)\}", topic)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(each) for each in itertools.product(*choices)]


def page():
    said = [f"| `{topic}` | {'Wax only' if since == 'wax' else since} | {meaning} |" for topic, since, _, _, meaning, _ in rows()]
    unlike = [f"| `{topic}` | {difference} |" for topic, *_, difference in rows() if difference]
    return HEAD + "\n".join(said) + "\n" + DIFFERENCES + "\n".join(unlike) + "\n"


class Work:
    """The same conversations with any broker, seen by a client that reads $SYS from the beginning."""

    def __init__(self, port):
        self.port, self.received, self.clients = port, 0, []
        self.watcher = self.client("watcher")
        self.watcher.subscribe(f"{PREFIX}#")
        self.topics = {}
        self.talk()

    def client(self, client_id, **more):
        client = Client(self.port, 4)
        send = client.send

        def counted(*packets):
            self.received += sum(map(len, packets))
            send(*packets)

        client.send = counted
        client.connect(client_id, **more)
        self.clients.append(client)
        return client

    @staticmethod
    def leave(client):
        client.send(packet(DISCONNECT, b""))
        while client.receive() is not None:
            pass

    def talk(self):
        keeper = self.client("keeper", clean=False)
        keeper.subscribe(("w/#", 1), "$share/group/s/#")
        self.leave(keeper)
        busy = self.client("busy")
        busy.subscribe("x/y")
        busy.publish("x/y", b"zz")
        busy.expect(PUBLISH)
        busy.publish("w/1", b"12345", 1)
        busy.publish("w/2", b"1234567", 2)
        busy.publish("r/1", b"abc", 1, retain=True)
        busy.send(packet(PINGREQ, b""))
        busy.expect(PINGRESP)
        busy.subscribe("gone")
        busy.unsubscribe("gone")
        self.leave(self.client("briefly"))

    def read(self):
        """Takes what has come in of $SYS."""
        try:
            message = self.watcher.receive(1)
        except socket.timeout:
            return
        self.topics[message.topic.removeprefix(PREFIX)] = message.payload.decode()

    def wrong(self, column):
        """The rows whose values are not those of the table, and what they are."""
        retained = len([topic for topic in self.topics if not topic.startswith("log/")]) + 1
        numbers = {"received": self.received, "retained": retained, "stored": retained + 2}
        found = {}
        for row in rows():
            wanted = re.sub(r"\{(\w+)\}", lambda name: str(numbers[name[1]]), row[column])
            for topic in spread(row[0]) if wanted else ():
                if re.fullmatch(wanted, self.topics.get(topic, "")) is None:
                    found[topic] = (self.topics.get(topic), wanted)
        return found

    def settle(self, column):
        """Reads until the values are right, or for as long as anybody would wait."""
        end = time.monotonic() + PATIENCE_S
        while self.wrong(column) and time.monotonic() < end:
            self.read()
        return self.wrong(column)

    def close(self):
        for client in self.clients:
            client.close()


class Beside(BrokerCase):
    CONFIG = CONFIG + "sys_anonymous true\nlistener {port} 127.0.0.1\n"

    def mosquitto(self):
        """The port of Debian's broker."""
        port, path = foreign.free_port(), self.broker.path("mosquitto.conf")
        with open(path, "w") as out:
            out.write(CONFIG + f"listener {port} 127.0.0.1\n")
        other = subprocess.Popen([foreign.need("mosquitto"), "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.broker.wait_for(port)
        return port

    def work(self, port):
        work = Work(port)
        self.addCleanup(work.close)
        return work

    def test_the_same_work_gives_the_same_values(self):
        theirs, ours = self.work(self.mosquitto()), self.work(self.broker.port)
        self.assertEqual(theirs.settle(2), {}, "with Mosquitto")
        self.assertEqual(ours.settle(3), {}, "with Wax")
        known = {topic: row for row in rows() for topic in spread(row[0])}
        self.assertEqual(set(theirs.topics) - set(known), set(), "topics of Mosquitto that the table lacks")
        self.assertEqual(set(ours.topics) - set(known), set(), "topics of Wax that the table lacks")
        self.assertGreater(len(set(theirs.topics) & set(ours.topics)), 50)

    def test_a_difference_is_told_where_there_is_one(self):
        """And only there."""
        for topic, since, theirs, ours, _, difference in rows():
            if since == "2.0" and theirs != ours:
                self.assertTrue(difference, topic)
        self.assertEqual(PAGE.read_text(), page(), "make it again: tests/stories/sys_topics_test.py --write")


class Values(BrokerCase):
    CONFIG = ("sys_interval 1\nsys_anonymous true\nmax_queued_messages 1\nmax_inflight_messages 1\nallow_anonymous true\n"
              "listener {port} 127.0.0.1\n")
    THREADS = 1

    def watch(self, topic):
        watcher = self.client()
        watcher.subscribe(PREFIX + topic)
        return watcher

    def wait_for(self, watcher, claim):
        """The first value of which the claim holds."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            value = int(watcher.message().payload)
            if claim(value):
                return value
        raise AssertionError("the value never comes")

    def test_bytes_of_retained_messages_come_and_go(self):
        watcher, size = self.watch("store/messages/bytes"), 100000
        client = self.client()
        self.wait_for(watcher, lambda value: value < size)
        client.publish("kept", bytes(size), 1, retain=True)
        self.wait_for(watcher, lambda value: size < value < 2 * size)
        client.publish("kept", bytes(2 * size), 1, retain=True)
        self.wait_for(watcher, lambda value: 2 * size < value < 3 * size)
        client.publish("kept", b"", 1, retain=True)
        self.wait_for(watcher, lambda value: value < size)

    def test_what_no_queue_has_room_for_is_counted(self):
        sleeper = self.durable("sleeper")
        sleeper.subscribe(("t", 1))
        sleeper.close()
        watcher, client = self.watch("publish/messages/dropped"), self.client()
        for _ in range(5):
            client.publish("t", b"x", 1)
        self.assertIn(self.wait_for(watcher, lambda value: value > 0), (3, 4))

    def test_sessions_that_end_while_their_client_is_away_are_counted(self):
        watcher = self.watch("clients/expired")
        self.durable("brief", expiry=1).close()
        self.wait_for(watcher, lambda value: value == 1)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page())
    else:
        unittest.main()
