"""The file of dynamic security over kills: whole at any moment, with all that was answered. CRASH_KILLS says how often the
broker is killed, CRASH_SEED repeats a run."""
import json
import os
import random
import time
import unittest

from dynsec_test import CONTROL, LISTENER, PLUGIN, Housed, house
from mqtt_raw import Client

KILLS = int(os.environ.get("CRASH_KILLS", "15"))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)


class Kills(unittest.TestCase):
    def setUp(self):
        self.broker = Housed(PLUGIN + LISTENER + "persistence false\n", {}, 2, house())
        self.addCleanup(lambda: self.assertIsNone(self.broker.stop()))
        self.asked, self.answered = 0, 0

    def users(self):
        """Those in the file, which is whole, or this fails."""
        found = json.loads(self.broker.read("house/d.json"))
        self.assertEqual([each["rolename"] for each in found["roles"] if each["rolename"] == "admin"], ["admin"])
        return {each["username"] for each in found["clients"]} - {"admin"}

    def open(self):
        client = Client(self.broker.port)
        self.addCleanup(client.close)
        self.assertEqual(client.connect(user="admin", password="p").reason, 0)
        client.subscribe(CONTROL + "/response")
        return client

    def ask(self, client, count):
        """Some commands at once."""
        for _ in range(count):
            self.asked += 1
            client.publish(CONTROL, json.dumps({"commands": [{"command": "createRole", "rolename": f"r{self.asked}"},
                                                             {"command": "createClient", "username": f"u{self.asked}",
                                                              "roles": [{"rolename": f"r{self.asked}"}]}]}).encode())

    def take(self, client, until):
        """Answers as they come, in the order of the commands."""
        while time.monotonic() < until:
            try:
                answers = json.loads(client.message(max(until - time.monotonic(), 0.001)).payload)["responses"]
            except (TimeoutError, OSError, AssertionError):
                return
            for each in answers:
                self.assertNotIn("error", each)
                self.answered += each["command"] == "createClient"

    def test_kills(self):
        chance = random.Random(SEED)
        for _ in range(KILLS):
            client = self.open()
            first, self.answered = self.asked, 0
            before = self.users()
            self.ask(client, 20)
            self.take(client, time.monotonic() + chance.random() * 0.4)
            self.broker.process.kill()
            self.broker.process.wait()
            self.broker.errors.close()
            there = self.users()
            self.assertLessEqual(before, there, f"CRASH_SEED={SEED}")
            new = sorted(int(each[1:]) for each in there - before)
            self.assertEqual(new, list(range(first + 1, first + 1 + len(new))), f"CRASH_SEED={SEED}")
            self.assertGreaterEqual(len(new), self.answered, f"answered and not there (CRASH_SEED={SEED})")
            self.broker.start()
        self.assertGreater(len(self.users()), 0)


if __name__ == "__main__":
    unittest.main()
