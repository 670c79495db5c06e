"""The store as a file: where it is and where there is none, who may have it, and what happens when it is damaged; and what
else must outlive the process: rights that changed, bridges, dynamic security, what was taken over from mosquitto."""
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

import mqtt_raw
import peers
from bridge_mosquitto_test import Mosquitto
from dynsec_test import CONTROL, house
from lasting import KEPT, NEVER, OPEN, LastingCase, end, set_workers, wait_until
from running import WAX, Broker, free_ports


class StoreCase(unittest.TestCase):
    """Brokers of a test's own."""

    def broker(self, config=KEPT + OPEN, files=None, workers=2):
        broker = Broker(config, files, workers)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        return broker

    def client(self, broker, client_id="", expiry=None, version=5, **more):
        client = mqtt_raw.Client(broker.port, version)
        self.addCleanup(client.close)
        if expiry is not None and version == 5:
            more["props"] = {"session_expiry": expiry}
        answer = client.connect(client_id, clean=expiry is None, **more)
        self.assertEqual(answer.reason, 0)
        client.present = bool(answer.session_present)
        return client

    def start(self, broker):
        """Starts the broker, and waits until it has read its store."""
        count = broker.log().count("started version")
        broker.start()
        broker.wait_for_log("started version", count + 1)

    def fill(self, broker, count=30):
        """A session with a queue, and retained messages."""
        one, other = self.client(broker, "filled", NEVER), self.client(broker)
        one.subscribe(("fill/#", 1))
        one.disconnect()
        for number in range(count):
            other.publish(f"fill/{number}", b"%d" % number * 100, 1, retain=number % 2 == 0)
        other.close()

    def fails(self, config, *words, env=None):
        """A broker that does not start, and what it says."""
        folder = tempfile.mkdtemp(prefix="wax-story-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "wax.conf")
        pathlib.Path(path).write_text("user root\nlog_type all\n" + config)
        os.chmod(path, 0o600)
        done = subprocess.run([WAX, "broker", "-c", path], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              env={**os.environ, **(env or {})})
        self.assertNotEqual(done.returncode, 0)
        for each in words:
            self.assertIn(each, done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        return done.stderr


class Places(StoreCase):
    def test_without_persistence_there_is_no_file(self):
        broker = self.broker("persistence false\npersistence_location {folder}/store\n" + OPEN)
        self.fill(broker)
        self.assertIn("persistence_off reason=`persistence false`", broker.log())
        end(broker, signal.SIGTERM)
        broker.start()
        self.assertFalse(self.client(broker, "filled", NEVER).present)
        found = {each.name for each in pathlib.Path(broker.folder).rglob("*")}
        self.assertLessEqual(found, {"stderr", "wax.conf", "store", "control"})
        self.assertFalse([each for each in found if "wax.db" in each])

    def test_auto_with_a_place(self):
        broker = self.broker("persistence_location {folder}/store\n" + OPEN)
        self.fill(broker)
        end(broker, signal.SIGKILL)
        broker.start()
        self.assertTrue(self.client(broker, "filled", NEVER).present)

    def test_auto_without_a_place(self):
        if os.access("/var/lib/wax", os.W_OK):
            self.skipTest("this machine has /var/lib/wax")
        broker = self.broker("control_socket off\n" + OPEN)
        self.fill(broker)
        self.assertIn("persistence_off reason=there is no place for it: write `persistence_location FOLDER`", broker.log())
        end(broker, signal.SIGTERM)
        broker.start()
        self.assertFalse(self.client(broker, "filled", NEVER).present)

    def test_files_are_the_owners_alone(self):
        broker = self.broker()
        self.fill(broker)
        store = pathlib.Path(broker.path("store"))
        self.assertEqual(stat.S_IMODE(store.stat().st_mode), 0o700)
        files = [each for each in store.iterdir() if each.is_file()]
        self.assertIn("wax.db", [each.name for each in files])
        for each in files:
            self.assertEqual(stat.S_IMODE(each.stat().st_mode), 0o600, each.name)

    def test_two_brokers_on_one_folder(self):
        broker = self.broker()
        self.fails(f"listener {free_ports(1)[0]} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {broker.path('store')}\n",
                   "store_failed", "is in use", "another broker has it")
        self.fill(broker)
        end(broker, signal.SIGKILL)
        broker.start()
        self.assertTrue(self.client(broker, "filled", NEVER).present)

    def test_place_that_cannot_be_written(self):
        port = free_ports(1)[0]
        lines = f"listener {port} 127.0.0.1\nallow_anonymous true\ncontrol_socket off\npersistence true\npersistence_location "
        self.fails(lines + "/proc/wax\n", "store_failed", "cannot make the folder /proc/wax")
        self.fails(lines + "/dev/null\n", "store_failed", "/dev/null is not a folder")
        folder = tempfile.mkdtemp(prefix="wax-story-")
        self.addCleanup(shutil.rmtree, folder)
        os.mkdir(os.path.join(folder, "wax.db"))
        self.fails(lines + folder + "\n", "store_failed")


class Damage(StoreCase):
    CONFIG = KEPT + "persistence_damage quarantine\n" + OPEN

    def damaged(self, broker, change):
        """Damages the file while there is no broker; gives its folder."""
        end(broker, signal.SIGTERM)
        path = pathlib.Path(broker.path("store/wax.db"))
        path.write_bytes(change(path.read_bytes()))
        return path.parent

    def check_goes_on(self, broker, folder, whole):
        """The broker works, says so, and has not thrown the old file away."""
        self.assertIn("store_damaged", broker.log())
        aside = [each for each in folder.iterdir() if ".damaged-" in each.name]
        self.assertTrue(aside)
        self.fill(broker, 2)
        end(broker, signal.SIGKILL)
        self.start(broker)
        self.assertTrue(self.client(broker, "filled", NEVER).present)
        self.assertEqual(broker.log().count("store_damaged"), 1, whole)

    def test_truncated(self):
        broker = self.broker(self.CONFIG)
        self.fill(broker)
        folder = self.damaged(broker, lambda whole: whole[:len(whole) // 2])
        self.start(broker)
        self.check_goes_on(broker, folder, "truncated")

    def test_emptied(self):
        broker = self.broker(self.CONFIG)
        self.fill(broker)
        folder = self.damaged(broker, lambda whole: b"")
        self.start(broker)
        self.check_goes_on(broker, folder, "emptied")

    def test_something_else(self):
        broker = self.broker(self.CONFIG)
        self.fill(broker)
        folder = self.damaged(broker, lambda whole: os.urandom(len(whole)))
        self.start(broker)
        self.check_goes_on(broker, folder, "something else")

    def test_one_page(self):
        """A page is overwritten: what stands elsewhere is saved, by a broker that finds it while it runs, too."""
        broker = self.broker(self.CONFIG)
        self.fill(broker, 200)
        before = len(broker.log())
        self.damaged(broker, lambda whole: whole[:-4096] + b"\xff" * 4096)
        self.start(broker)
        self.assertRegex(broker.log(), "store_left_out|store_damaged")
        loaded = re.search(r"store_loaded sessions=(\d+) messages=(\d+) retained=(\d+)", broker.log()[before:])
        self.assertGreater(sum(map(int, loaded.groups())), 50)
        one = self.client(broker)
        wait_until(lambda: one.publish("fill/7", b"again", 1) == 0, "it does not go on")
        self.assertIn("store_damaged", broker.log())
        self.assertFalse(os.path.exists(broker.path("store/wax.db.suspect")))
        end(broker, signal.SIGKILL)
        self.start(broker)
        self.fill(broker, 10)
        one = self.client(broker, "filled", NEVER)
        got = []
        while len(got) < 10 or got[-10:] != [f"fill/{number}" for number in range(10)]:
            got.append(one.message().topic)

    def test_value(self):
        """A byte within a message: that message is gone, the rest is there, and the log says so."""
        broker = self.broker(self.CONFIG)
        self.fill(broker)
        self.damaged(broker, lambda whole: whole.replace(b"7" * 100, b"8" + b"7" * 99))
        self.start(broker)
        one = self.client(broker, "filled", NEVER)
        self.assertTrue(one.present)
        got = {one.message().topic for _ in range(29)}
        self.assertEqual(got, {f"fill/{number}" for number in range(30) if number != 7})
        self.assertRegex(broker.log(), "store_left_out|store_damaged")

    def test_fail_by_choice(self):
        broker = self.broker(KEPT + "persistence_damage fail\n" + OPEN)
        self.fill(broker)
        store = broker.path("store")
        whole = pathlib.Path(store, "wax.db").read_bytes
        self.damaged(broker, lambda content: content[:5000])
        before = whole()
        said = self.fails(f"listener {broker.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_damage fail\n"
                          f"persistence_location {store}\n", "store_failed", f"wax ctl store repair {store}")
        self.assertNotIn("store_damaged", said)
        self.assertEqual(whole(), before)
        broker.write("wax.conf", broker.read("wax.conf").replace("persistence_damage fail", "persistence_damage quarantine"))
        self.start(broker)
        self.assertIn("store_damaged", broker.log())


class Rights(LastingCase):
    """What was queued goes to nobody who may not have it any more."""

    CONFIG = KEPT + "acl_file {folder}/acl\nallow_anonymous true\nsys_anonymous true\nlistener {port} 127.0.0.1\nsys_interval 1\n"
    FILES = {"acl": "topic readwrite #\ntopic read $SYS/#\n"}

    def test_rules_that_changed(self):
        one = self.durable("judged")
        one.subscribe((self.topic("#"), 2))
        got = one
        other = self.client()
        other.publish(self.topic("under-way"), b"1", 2)
        got.expect(mqtt_raw.PUBLISH)
        one.close()
        self.broker.wait_for_log("client_disconnected client=judged")
        for name in ("secret", "open", "secret", "kept"):
            self.assertEqual(other.publish(self.topic(name), name.encode(), 1, retain=name == "kept"), 0)
        self.again(between=lambda: self.broker.write("acl", f"topic readwrite #\ntopic read $SYS/#\ntopic deny {self.topic('secret')}\ntopic deny {self.topic('under-way')}\n"))
        one = self.back("judged")
        first = one.read(10)
        if first.kind == mqtt_raw.PUBREL:  # at QoS 2 the client may remember the id
            one.send(mqtt_raw.acknowledge(mqtt_raw.PUBCOMP, first.packet_id))
            first = None
        got = ([first] if first is not None else []) + [one.message() for _ in range(1 if first is not None else 2)]
        self.assertEqual([each.payload for each in got], [b"open", b"kept"])
        self.take_nothing(one)

    def test_what_the_broker_says_of_itself_is_not_kept(self):
        one = self.client()
        one.subscribe("$SYS/broker/uptime")
        one.message()
        self.again()
        one = self.client("late")
        said = self.broker.read("stderr")
        self.assertNotIn("store_left_out", said)
        database = pathlib.Path(self.broker.path("store/wax.db")).read_bytes()
        log = pathlib.Path(self.broker.path("store/wax.db-wal"))
        self.assertNotIn(b"$SYS/broker", database + (log.read_bytes() if log.exists() else b""))


class Qos0(LastingCase):
    CONFIG = KEPT + "queue_qos0_messages true\n" + OPEN
    HOW = signal.SIGTERM

    def test_qos_0_waits_where_that_is_wished(self):
        one = self.durable("patient")
        one.subscribe((self.topic(), 0), (self.topic("1"), 1))
        self.leave(one)
        other = self.client()
        other.publish(self.topic(), b"0", 0)
        other.publish(self.topic("1"), b"1", 1)
        other.publish(self.topic("1"), b"2", 0)
        other.ping()
        self.settle()
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.again(how)
        one = self.back("patient")
        got = [one.message() for _ in range(3)]
        self.assertEqual([(each.payload, each.qos) for each in got], [(b"0", 0), (b"1", 1), (b"2", 0)])
        self.settle(one)
        self.again()
        one.close()
        self.take_nothing(self.back("patient"))


class LongestExpiry(LastingCase):
    """persistent_client_expiration goes on over a restart, for those who cannot say how long."""

    CONFIG = KEPT + "persistent_client_expiration 2s\n" + OPEN

    def test_it_goes_on(self):
        one = self.durable("of-4", 4)
        self.leave(one)
        left = time.monotonic()
        self.again()
        self.broker.wait_for_log("session_expired client=of-4")
        self.assertGreaterEqual(time.monotonic() - left, 1.9)
        self.settle()
        self.again()
        self.back("of-4", 4, present=False)


class DynamicSecurity(StoreCase):
    """What was answered is on the disk; its file is another than the store."""

    def test_it_is_there_after_the_answer(self):
        broker = self.broker("plugin /nowhere/mosquitto_dynamic_security.so\nplugin_opt_config_file {folder}/house/d.json\n"
                             "listener {port} 127.0.0.1\n" + KEPT)
        for number in range(5):
            admin = self.client(broker, user="admin", password="p")
            admin.subscribe((CONTROL + "/response", 1))
            admin.publish(CONTROL, json.dumps({"commands": [{"command": "createRole", "rolename": f"r{number}"}]}), 1)
            self.assertNotIn("error", admin.message().payload.decode())
            end(broker, signal.SIGKILL)
            names = {each["rolename"] for each in json.loads(pathlib.Path(broker.path("house/d.json")).read_text())["roles"]}
            self.assertLessEqual({f"r{each}" for each in range(number + 1)}, names)
            broker.start()

    def broker(self, config=KEPT + OPEN, files=None, workers=2):
        original = Broker.start

        def start(broker):
            folder = pathlib.Path(broker.path("house"))
            if not folder.exists():
                folder.mkdir(mode=0o700)
                broker.write("house/d.json", house())
            original(broker)
        Broker.start = start
        try:
            return super().broker(config, files, workers)
        finally:
            Broker.start = original


@unittest.skipUnless(peers.has("mosquitto"), "no mosquitto")
class Bridge(StoreCase):
    """What waits for another broker waits through our own end."""

    def test_queue_of_a_bridge(self):
        folder = peers.Folder()
        self.addCleanup(folder.close)
        server = Mosquitto(folder)
        self.addCleanup(lambda: server.server.close())
        reader = mqtt_raw.Client(server.port, 4)
        reader.connect("reader", clean=False)
        reader.subscribe(("over/#", 2))
        reader.close()
        lines = (f"connection there\naddress 127.0.0.1:{server.port}\ntopic over/# out 2\ncleansession false\n"
                 "restart_timeout 1\nremote_clientid remote\nlocal_clientid local\nnotifications false\n")
        broker = self.broker(KEPT + OPEN + "max_queued_messages 0\n" + lines)
        broker.wait_for_log("bridge_connected")
        server.halt()
        one = self.client(broker)
        for number in range(50):
            self.assertEqual(one.publish(f"over/{number}", b"%d" % number, 1 + number % 2), 0)
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            end(broker, how)
            set_workers(broker, 1 if how == signal.SIGTERM else 3)
            broker.start()
        config = broker.read("wax.conf")
        self.without_the_bridge(broker, config.replace(lines, ""))
        broker.write("wax.conf", config)
        broker.start()
        server.start()
        reader = mqtt_raw.Client(server.port, 4, 30)
        self.addCleanup(reader.close)
        reader.connect("reader", clean=False)
        got = [int(reader.message(30).payload) for _ in range(50)]
        for qos in (1, 2):  # mosquitto gives QoS 2 on when its exchange is over, and so later
            self.assertEqual([number for number in got if number % 2 == qos - 1], list(range(qos - 1, 50, 2)))
        one = self.client(broker, "beside", NEVER)
        self.assertEqual(one.payloads(20), [b"beside %d" % number for number in range(20)])

    def without_the_bridge(self, broker, config):
        """Somebody tries without it: what waits stays as it is, and mixes with nothing that comes now."""
        end(broker, signal.SIGTERM)
        broker.write("wax.conf", config)
        broker.start()
        beside, other = self.client(broker, "beside", NEVER), self.client(broker)
        beside.subscribe(("beside", 1))
        beside.disconnect()
        for number in range(20):
            other.publish("beside", b"beside %d" % number, 1)
        end(broker, signal.SIGKILL)


@unittest.skipUnless(peers.has("mosquitto"), "no mosquitto")
class Import(StoreCase):
    def test_what_was_taken_over_is_kept(self):
        folder = peers.Folder()
        self.addCleanup(folder.close)
        server = Mosquitto(folder)
        one = mqtt_raw.Client(server.port, 4)
        one.connect("moves", clean=False)
        one.subscribe(("moves/#", 1))
        one.disconnect()
        one = mqtt_raw.Client(server.port, 4)
        one.connect("")
        for number in range(50):
            one.publish(f"moves/{number}", b"%d" % number, 1, retain=number % 5 == 0)
        one.close()
        server.halt()
        database = f"{folder.path}/m{server.port}/mosquitto.db"
        broker = self.broker("control_socket {folder}/control\n" + KEPT + OPEN)
        done = subprocess.run([WAX, "ctl", "--socket", broker.path("control"), "import", database, "--user", ""], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for number in range(8):  # `wax ctl` does not wait for the disk, but these wait for what came before
            self.client(broker, f"settle-{number}", NEVER).subscribe("settled")
        end(broker, signal.SIGKILL)
        broker.start()
        one = self.client(broker, "moves", NEVER, 4)
        self.assertTrue(one.present)
        self.assertEqual(one.payloads(50), [b"%d" % number for number in range(50)])
        reader = self.client(broker)
        reader.subscribe("moves/#")
        self.assertEqual(len({reader.message().topic for _ in range(10)}), 10)


if __name__ == "__main__":
    unittest.main()
