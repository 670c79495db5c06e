"""How the store is opened: where it is, whose it is, under which key it is sealed, and what is said of it."""
import json
import os
import pathlib
import pwd
import resource
import subprocess
import unittest
import unittest.mock

from mqtt_raw import CONNACK, PUBACK, Client, connect, publish
from running import WAX, Broker

CONFIG = ("listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/store\n"
          "control_socket {folder}/control\n")
KEY, OTHER_KEY = "0f1e2d3c4b5a6978" * 4, "ab" * 32
SECRET = b"the safe opens at half past nine"


class Case(unittest.TestCase):
    def begin(self, config=CONFIG, files=None, env=None, prepare=None):
        """A broker; `prepare` gets its folder before the start."""
        case = self

        class Prepared(Broker):
            def start(self):
                if prepare is not None:
                    prepare(pathlib.Path(self.folder))
                with unittest.mock.patch.dict(os.environ, env or {}):
                    super().start()

        broker = Prepared(config, files)
        case.addCleanup(lambda: case.assertIsNone(broker.stop()))
        return broker

    def retain(self, broker, payload=SECRET, topic="kept"):
        client = Client(broker.port)
        self.addCleanup(client.close)
        client.send(connect("keeper"))
        client.expect(CONNACK)
        client.send(publish(topic, payload, 1, packet_id=1, retain=True))
        client.expect(PUBACK)

    def refused(self, broker, env=None):
        """What the log says of a start that fails."""
        ran = subprocess.run([WAX, "broker", "-c", broker.path("wax.conf")], capture_output=True, text=True, timeout=60,
                             env={**os.environ, **(env or {})})
        self.assertEqual(ran.returncode, 1, ran.stderr)
        return ran.stderr

    def status(self, broker):
        ran = subprocess.run([WAX, "ctl", "--socket", broker.path("control"), "status", "--json"], capture_output=True,
                             text=True, timeout=60, check=True)
        return json.loads(ran.stdout.splitlines()[0])

    @staticmethod
    def stored(broker):
        return b"".join(path.read_bytes() for path in pathlib.Path(broker.path("store")).iterdir())


class Keys(Case):
    def test_without_a_key_values_are_plain(self):
        broker = self.begin()
        self.retain(broker)
        self.assertIn(SECRET, self.stored(broker))

    def test_a_key_seals_values_and_not_topics(self):
        broker = self.begin(CONFIG + "persistence_key_file {folder}/key\n", {"key": KEY + "\n"})
        self.retain(broker)
        self.assertNotIn(SECRET, self.stored(broker))
        self.assertIn(b"kept", self.stored(broker))

    def test_the_same_key_comes_from_a_file_a_credential_or_the_environment(self):
        broker = self.begin(CONFIG, {"wax.key": KEY}, {"CREDENTIALS_DIRECTORY": "/nowhere", "WAX_STORE_KEY": KEY})
        self.retain(broker)
        self.assertNotIn(KEY.encode(), pathlib.Path(f"/proc/{broker.process.pid}/environ").read_bytes())
        for env in ({}, {"WAX_STORE_KEY": OTHER_KEY}, {"CREDENTIALS_DIRECTORY": broker.folder, "WAX_STORE_KEY": KEY}):
            broker.halt()
            if "CREDENTIALS_DIRECTORY" in env:
                broker.write("wax.key", OTHER_KEY)
            self.assertIn("store_failed", self.refused(broker, env))
            broker.write("wax.key", KEY)
            with unittest.mock.patch.dict(os.environ, {"CREDENTIALS_DIRECTORY": broker.folder, "WAX_STORE_KEY": OTHER_KEY}):
                Broker.start(broker)
        broker.halt()
        broker.write("raw.key", "")
        pathlib.Path(broker.path("raw.key")).write_bytes(bytes.fromhex(KEY))
        broker.write("wax.conf", broker.read("wax.conf") + f"persistence_key_file {broker.folder}/raw.key\n")
        with unittest.mock.patch.dict(os.environ, {"CREDENTIALS_DIRECTORY": broker.folder, "WAX_STORE_KEY": OTHER_KEY}):
            broker.write("wax.key", OTHER_KEY)
            Broker.start(broker)

    def test_what_is_no_key_is_named(self):
        broker = self.begin()
        broker.halt()
        self.assertRegex(self.refused(broker, {"WAX_STORE_KEY": "swordfish"}), r"\$WAX_STORE_KEY: it is not 64 hex")
        self.assertNotIn("swordfish", self.refused(broker, {"WAX_STORE_KEY": "swordfish"}))
        Broker.start(broker)


class Places(Case):
    def test_mosquittos_database_is_pointed_at_once(self):
        def prepare(folder):
            (folder / "store").mkdir(mode=0o700, exist_ok=True)
            (folder / "store/mosquitto.db").touch()

        broker = self.begin(prepare=prepare)
        self.assertIn(f"`wax ctl import {broker.folder}/store/mosquitto.db`", broker.log())
        broker.halt()
        broker.start()
        self.assertEqual(broker.log().count("store_hint"), 1)

    def test_the_folder_is_for_the_broker_only(self):
        broker = self.begin(CONFIG.replace("control_socket {folder}/control\n", "").replace("persistence true", "persistence false"))
        store = pathlib.Path(broker.path("store"))
        self.assertFalse(store.exists() and store.stat().st_mode & 0o077)
        other = self.begin()
        self.assertEqual(pathlib.Path(other.path("store")).stat().st_mode & 0o777, 0o700)

    @unittest.skipUnless(os.geteuid() == 0, "only root changes to another account")
    def test_root_gives_the_folder_to_the_account_it_changes_to(self):
        def prepare(folder):
            folder.chmod(0o755)
            config = folder / "wax.conf"
            config.write_text(config.read_text().replace("user root", "user nobody"))

        broker = self.begin(prepare=prepare)
        self.retain(broker)
        uid = pwd.getpwnam("nobody").pw_uid
        store = pathlib.Path(broker.path("store"))
        self.assertEqual({path.stat().st_uid for path in [store, *store.iterdir()]}, {uid})
        self.assertEqual(os.stat(f"/proc/{broker.process.pid}").st_uid, uid)
        broker.halt()
        os.chown(store, 0, 0)
        self.assertRegex(self.refused(broker), r"store_failed path=\S+/store reason=nobody may not .* run `chown -R nobody /")
        os.chown(store, uid, -1)
        broker.start()


class Flow(Case):
    def test_whoever_sends_ahead_of_the_disk_is_read_on(self):
        """Nothing else wakes the worker: what it has left unread it must remember by itself."""
        broker = self.begin()
        client = Client(broker.port)
        self.addCleanup(client.close)
        client.send(connect("hasty"))
        client.expect(CONNACK)
        client.send(b"".join(publish(f"hasty/{number}", b"x" * 64, 1, packet_id=number, retain=True)
                             for number in range(1, 5001)))
        for number in range(1, 5001):
            self.assertEqual(client.expect(PUBACK).packet_id, number)


class Figures(Case):
    def test_status_tells_of_the_store(self):
        broker = self.begin()
        self.retain(broker)
        status = self.status(broker)
        self.assertEqual([status["store"], status["store_place"], status["store_state"]],
                         ["sqlite", broker.path("store"), "good"])
        self.assertGreater(status["store_commits"], 0)
        self.assertGreater(status["store_bytes"] + status["store_log_bytes"], 0)

    def test_status_tells_that_there_is_none(self):
        status = self.status(self.begin(CONFIG.replace("persistence true", "persistence false")))
        self.assertEqual(status["store"], "memory")
        self.assertNotIn("store_place", status)

    def test_the_log_says_when_the_disk_takes_no_more_and_when_it_does_again(self):
        broker = self.begin()
        self.retain(broker)  # whatever the start has written is safe by now
        pid = broker.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
        client = Client(broker.port)
        self.addCleanup(client.close)
        client.send(connect("other"))
        client.expect(CONNACK)
        client.send(publish("large", b"x" * 100000, 1, packet_id=1, retain=True))
        broker.wait_for_log("store_stalled reason=disk_")
        status = self.status(broker)
        self.assertRegex(status["store_state"], "disk (full|failed)")
        self.assertGreater(status["store_waiting_bytes"], 100000)
        self.assertTrue(status["store_fault"])
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        client.expect(PUBACK)
        broker.wait_for_log("store_recovered")
        self.assertEqual(broker.log().count("store_stalled"), 1)
        self.assertEqual(self.status(broker)["store_state"], "good")


if __name__ == "__main__":
    unittest.main()
