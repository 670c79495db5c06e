"""A store is looked into, checked and mended when its broker has ended: `wax ctl store`."""
import base64
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import unittest

from mqtt_raw import CONNACK, PUBACK, SUBACK, Client, connect, publish, subscribe
from running import WAX, Broker

TOOL = os.path.abspath(WAX)
CONFIG = ("listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/store\n")
EXPIRY = [("session_expiry", 0xFFFFFFFF)]


def store(verb, folder, *words, code=0):
    done = subprocess.run([TOOL, "ctl", "store", verb, str(folder), *words], capture_output=True, text=True, timeout=60)
    if done.returncode != code:
        raise AssertionError(f"wax ctl store {verb} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Store(unittest.TestCase):
    """One store, with a session that is away, its subscription, what waits for it, and a retained message."""

    def setUp(self):
        self.broker = Broker(CONFIG, workers=1)
        self.folder = pathlib.Path(self.broker.path("store"))
        self.fill()

    def tearDown(self):
        self.assertIsNone(self.broker.stop())

    def fill(self):
        sleeper = Client(self.broker.port, 5)
        sleeper.send(connect("sleeper", clean=False, props=EXPIRY))
        sleeper.expect(CONNACK)
        sleeper.send(subscribe([("home/#", 1)]))
        sleeper.expect(SUBACK)
        sleeper.close()
        sender = Client(self.broker.port, 5)
        sender.send(connect("sender"))
        sender.expect(CONNACK)
        for number, retain in ((1, False), (2, True)):
            sender.send(publish(f"home/{number}", b"the payload \x00\xff", 1, packet_id=number, retain=retain))
            sender.expect(PUBACK)
        sender.close()

    def records(self):
        return [json.loads(line) for line in store("export", self.folder).splitlines()]

    def of_kind(self, kind):
        return [record for record in self.records() if record["kind"] == kind]

    def damage(self, sql):
        with sqlite3.connect(self.folder / "wax.db") as database:
            database.execute(sql)
        database.close()

    def test_export(self):
        self.broker.halt()
        self.assertEqual([record["id"] for record in self.of_kind("session")], ["sleeper"])
        number = self.of_kind("session")[0]["session"]
        subscription, = self.of_kind("subscription")
        self.assertEqual((subscription["session"], subscription["filter"], subscription["qos"]), (number, "home/#", 1))
        queued = self.of_kind("queued")
        messages = {record["message"]: record for record in self.of_kind("message")}
        self.assertEqual([messages[row["message"]]["topic"] for row in queued], ["home/1", "home/2"])
        for message in messages.values():
            self.assertEqual(base64.b64decode(message["payload"]), b"the payload \x00\xff")
            self.assertEqual(message["payload_size"], 14)
        retained, = self.of_kind("retained")
        self.assertEqual(retained["topic"], "home/2")
        self.assertEqual(messages[retained["message"]]["topic"], "home/2")
        self.assertFalse([record for record in self.records() if "not_understood_bytes" in record])

    def test_dump(self):
        self.broker.halt()
        text = store("dump", self.folder)
        self.assertRegex(text, r'(?m)^session session=\d+ id="sleeper" ')
        self.assertRegex(text, r'(?m)^subscription session=\d+ filter="home/#" qos=1 ')
        self.assertNotIn("payload=", text)
        self.assertIn("payload=", store("dump", self.folder, "--payload"))
        self.assertEqual(store("dump", self.folder, "--json").count('"kind"'), len(text.splitlines()))

    def test_check(self):
        self.broker.halt()
        for place in (self.folder, self.folder / "wax.db"):
            text = store("check", place)
            self.assertIn("all of it is sound", text)
            self.assertRegex(text, r"session +1\n")
            self.assertRegex(text, r"queued +2\n")
        here = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, here)
        self.assertIn("all of it is sound", store("check", "wax.db"))
        self.assertIn("nothing to repair", store("repair", "."))

    def test_repair(self):
        self.broker.halt()
        self.damage("UPDATE messages SET value=x'00' WHERE key=(SELECT min(key) FROM messages)")
        text = store("check", self.folder, code=1)
        self.assertIn("do not verify", text)
        self.assertIn("wax ctl store repair", text)
        text = store("repair", self.folder)
        aside = re.search(r"as (\S+wax\.db\.damaged-\d{8}-\d{6})", text)
        self.assertTrue(os.path.exists(aside.group(1)), text)
        self.assertIn("all of it is sound", store("check", self.folder))
        self.assertEqual(len(self.of_kind("queued")), 1)
        self.assertEqual(len(self.of_kind("session")), 1)
        self.broker.start()  # a broker goes on with it
        self.broker.halt()
        self.assertEqual([record["topic"] for record in self.of_kind("retained")], ["home/2"])

    def test_a_sealed_store_needs_its_key(self):
        with tempfile.TemporaryDirectory() as folder:
            key = pathlib.Path(folder, "key")
            key.write_text("01" * 32)
            key.chmod(0o600)
            self.broker.halt()
            for name in os.listdir(self.folder):
                (self.folder / name).unlink()
            self.broker.write("wax.conf", self.broker.read("wax.conf") + f"persistence_key_file {key}\n")
            self.broker.start()
            self.fill()
            self.broker.halt()
            self.assertIn("--key-file", store("check", self.folder, code=1))
            self.assertIn("all of it is sound", store("check", self.folder, "--key-file", str(key)))
            self.assertIn("sleeper", store("dump", self.folder, "--key-file", str(key)))
            self.assertNotIn(b"sleeper", (self.folder / "wax.db").read_bytes())
            key.write_text("02" * 32)
            self.assertIn("another key", store("repair", self.folder, "--key-file", str(key), code=1))

    def test_a_store_in_use_is_left_alone(self):
        for verb in ("check", "repair", "dump", "export"):
            self.assertIn("in use", store(verb, self.folder, code=1))

    def test_where_there_is_none_none_is_made(self):
        with tempfile.TemporaryDirectory() as folder:
            for verb in ("check", "repair", "dump", "export"):
                self.assertIn("there is no store", store(verb, folder, code=1))
                self.assertIn("there is no store", store(verb, folder + "/none", code=1))
            self.assertEqual(os.listdir(folder), [])
            other = pathlib.Path(folder, "mosquitto.db")
            other.write_text("something")
            self.assertIn("wax.db", store("check", other, code=1))


if __name__ == "__main__":
    unittest.main()
