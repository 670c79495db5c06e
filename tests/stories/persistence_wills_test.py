"""The Wills of connections that a crash of the broker ends: of sessions that end with them, too. [MQTT-3.1.2-8]"""
import subprocess
import unittest

from lasting import KEPT, NEVER, OPEN, LastingCase, end, in_all_ways
from running import WAX


class Kept:
    """Wills of sessions that end with their connection."""

    CONFIG = KEPT + OPEN

    def watch(self):
        one = self.durable(f"{self.name}-watch", expiry=NEVER)
        one.subscribe((self.topic("#"), 2))
        return one

    def will(self, payload, **more):
        return {"topic": self.topic("will"), "payload": payload, "qos": 1, **more}

    def take(self, *payloads):
        """What came, once, and nothing else: now, and after one restart more."""
        watcher = self.back(f"{self.name}-watch")
        self.assertEqual(sorted(watcher.message().payload for _ in payloads), sorted(payloads))
        self.take_nothing(watcher)
        self.settle(watcher)
        self.again()
        self.take_nothing(self.back(f"{self.name}-watch"))

    def test_those_who_were_there(self):
        self.watch()
        self.client("five", will=self.will(b"5", qos=2))
        self.client("four", 4, will=self.will(b"4"))
        self.client("late", will=self.will(b"late", props={"will_delay": 1000}))  # its session does not wait
        self.settle()
        self.again()
        self.take(b"5", b"4", b"late")

    def test_what_is_retained(self):
        self.client("kept", will=self.will(b"offline", retain=True))
        self.settle()
        self.again()
        reader = self.client()
        reader.subscribe(self.topic("will"))
        self.assertEqual(reader.message().payload, b"offline")

    def test_who_has_gone_before(self):
        """Politely, without a word, or because somebody took the client id."""
        watcher = self.watch()
        self.leave(self.client("polite", will=self.will(b"never")))
        self.client("rude", will=self.will(b"once")).close()
        self.assertEqual(watcher.message().payload, b"once")
        first = self.client("taken", will=self.will(b"first"))
        self.client("taken")
        self.assertEqual(watcher.message().payload, b"first")
        first.close()
        self.settle(watcher)
        self.settle()
        self.again()
        self.take()

    def test_who_comes_back_has_no_session(self):
        self.watch()
        one = self.client("again", will=self.will(b"first"))
        one.subscribe((self.topic("to-it"), 1))
        self.settle()
        self.again()
        one.close()
        one = self.client("again", clean=False, will=self.will(b"second"))
        self.assertEqual(one.connack.session_present, 0)
        self.client().publish(self.topic("to-it"), b"x", 1)
        self.assertTrue(one.is_silent())
        one.disconnect()
        self.take(b"first", b"x")

    def test_nothing_of_it_stays(self):
        self.client("trace", will=self.will(b"gone"))
        self.settle()
        self.again()
        self.settle()
        end(self.broker, self.HOW)
        shown = subprocess.run([WAX, "ctl", "store", "dump", self.broker.path("store"), "--json"], stdout=subprocess.PIPE,
                               check=True).stdout
        self.broker.start()
        self.assertNotIn(b'"trace"', shown)
        self.assertNotIn(self.topic("will").encode(), shown)


globals().update(in_all_ways(Kept, __name__))

if __name__ == "__main__":
    unittest.main()
