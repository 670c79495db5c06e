"""wax import: what Debian's mosquitto kept on disk, read and given to a broker of ours."""
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mqtt_raw import PUBREC, PUBREL, Client, acknowledge, publish  # noqa: E402
from peers import PATIENCE_S, WAX, Story, free_port, has, mosquitto, run, wax  # noqa: E402
from running import Broker  # noqa: E402

LARGE = b"x" * 300000
PROPS = {"payload_format": 1, "content_type": "text/plain", "response_topic": "answers/here",
         "correlation_data": b"\x00\xff\x01", "message_expiry": 5000, "user_property": [("a", "1"), ("a", "2")]}


def wait_for(claim, what):
    until = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


@unittest.skipUnless(has("mosquitto", "mosquitto_sub"), "no mosquitto")
class Kept(Story):
    """What mosquitto wrote after it was given one of everything."""

    @classmethod
    def prepare(cls):
        port = free_port()
        home = cls.folder.path / "kept"
        home.mkdir()
        server = mosquitto(cls.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                           f"persistence_location {home}/\nautosave_interval 0\n", [port])
        try:
            cls.fill(port)
            server.process.send_signal(signal.SIGUSR1)
            wait_for((home / "mosquitto.db").exists, "a first database")
            shutil.copy(home / "mosquitto.db", cls.folder.path / "running.db")
        finally:
            server.close()
        cls.database = home / "mosquitto.db"
        cls.found = json.loads(wax("import", cls.database, "--dry-run", "--json").out)
        cls.sessions = {row["client-id"]: row for row in cls.found["sessions"]}

    @classmethod
    def client(cls, port, client_id, version=5, **more):
        client = Client(port, version)
        assert client.connect(client_id, clean=not client_id, **more).reason == 0
        return client

    @classmethod
    def fill(cls, port):
        cls.fill_retained(port)
        cls.fill_sessions(port)

    @classmethod
    def fill_retained(cls, port):
        client = cls.client(port, "", user="ann")
        client.publish("r/none", b"zero", 0, retain=True)
        client.publish("r/once", "mötley".encode(), 1, retain=True)
        client.publish("r/exactly", b"two", 2, retain=True, props=PROPS)
        client.publish("r/binary", bytes(range(256)), 1, retain=True)
        client.publish("r/large", LARGE, 1, retain=True)
        client.publish("r/removed", b"soon gone", 1, retain=True)
        client.publish("r/removed", b"", 1, retain=True)
        client.publish("r/short", b"gone", 1, retain=True, props={"message_expiry": 1})
        client.disconnect()

    @classmethod
    def fill_sessions(cls, port):
        old = cls.client(port, "old", 4)
        old.subscribe(("q/#", 1), ("w/+", 0))
        old.close()
        bob = cls.client(port, "bob-5", user="bob", props={"session_expiry": 3600, "receive_maximum": 1})
        bob.subscribe(("q/#", 0x0c | 2), props={"subscription_id": 42})  # No Local, Retain As Published
        bob.subscribe(("s/#", 1))
        ever = cls.client(port, "ever", props={"session_expiry": 0xffffffff})
        ever.subscribe(("nothing", 2))
        done = cls.client(port, "done", props={"session_expiry": 3600})
        done.subscribe(("d", 2))
        say = cls.client(port, "say", props={"session_expiry": 60})
        say.publish("q/1", b"first", 1)
        say.publish("q/2", b"second", 2, props={"user_property": ("k", "v")})
        say.publish("q/3", b"third", 1)
        say.publish("s/1", b"shared", 1)
        say.publish("d", b"taken", 2)
        say.send(publish("q/never", b"not released", 2, packet_id=999))
        say.expect(PUBREC)
        done.send(acknowledge(PUBREC, done.message(answer=False).packet_id))
        done.expect(PUBREL)
        assert bob.message(answer=False).payload == b"first"
        for client in (bob, ever, done, say):
            client.close()


class Look(Kept):
    def test_what_was_retained_is_in_the_file(self):
        self.assertEqual(self.found["version"], 6)
        self.assertTrue(self.found["was-shut-down"] and self.found["is-whole"])
        found = {row["topic"]: row for row in self.found["retained"]}
        self.assertEqual(set(found) - {"r/short"}, {"r/none", "r/once", "r/exactly", "r/binary", "r/large"})
        self.assertEqual([found[f"r/{name}"]["qos"] for name in ("none", "once", "exactly")], [0, 1, 2])
        self.assertEqual(found["r/once"]["payload"], "mötley")
        self.assertEqual(found["r/binary"]["payload"], list(range(256)))
        self.assertEqual(found["r/large"]["payload"], LARGE.decode())
        self.assertEqual(found["r/once"]["source-username"], "ann")
        properties = found["r/exactly"]["properties"]
        self.assertEqual(properties["content-type"], "text/plain")
        self.assertEqual(properties["response-topic"], "answers/here")
        self.assertEqual(properties["correlation-data"], [0, 255, 1])
        self.assertNotIn("message-expiry-interval", properties)
        self.assertLessEqual(abs(found["r/exactly"]["expires"] - time.time() - 5000), 600)

    def test_sessions_are_in_the_file_with_what_is_theirs(self):
        self.assertEqual(set(self.sessions), {"old", "bob-5", "ever", "done", "say"})
        owners = {name: row["username"] for name, row in self.sessions.items() if row["is-owner-known"]}
        self.assertLessEqual({"old": "", "bob-5": "bob", "ever": "", "say": ""}.items(), owners.items())
        old, bob = self.sessions["old"], self.sessions["bob-5"]
        self.assertEqual((old["session-expiry"], old["username"]), (0xffffffff, ""))
        self.assertEqual({(row["filter"], row["qos"]) for row in old["subscriptions"]}, {("q/#", 1), ("w/+", 0)})
        self.assertEqual((bob["session-expiry"], bob["username"]), (3600, "bob"))
        rows = {row["filter"]: row for row in bob["subscriptions"]}
        self.assertEqual(rows["q/#"], {"filter": "q/#", "qos": 2, "no-local": True, "retain-as-published": True,
                                       "identifier": 42})
        self.assertEqual(rows["s/#"], {"filter": "s/#", "qos": 1, "no-local": False,
                                                "retain-as-published": False, "identifier": 0})
        self.assertEqual(self.sessions["ever"]["session-expiry"], 0xffffffff)

    def test_queued_messages_are_in_the_file_in_their_order(self):
        def queue_of(name):
            return [(row["payload"], row["qos"]) for row in self.sessions[name]["queued"]]

        self.assertEqual(queue_of("old"), [("first", 1), ("second", 1), ("third", 1)])
        self.assertEqual(sorted(queue_of("bob-5")),
                         [("first", 1), ("second", 2), ("shared", 1), ("third", 1)])
        self.assertEqual([row for row in queue_of("bob-5") if row[0] != "shared"],
                         [("first", 1), ("second", 2), ("third", 1)])
        self.assertEqual(queue_of("done") + queue_of("say") + queue_of("ever"), [])
        told = wax("import", self.database, "--dry-run").out
        self.assertRegex(told, r"1 messages at QoS 2 that their senders have not released")
        self.assertRegex(told, r"1 messages at QoS 2 that their clients have already")

    def test_a_running_broker_writes_the_same(self):
        found = json.loads(wax("import", self.folder.path / "running.db", "--dry-run", "--json").out)
        self.assertFalse(found["was-shut-down"])
        self.assertEqual({row["topic"] for row in found["retained"]} | {"r/short"},
                         {row["topic"] for row in self.found["retained"]} | {"r/short"})

    def test_everything_is_listed_for_people(self):
        told = wax("import", self.database, "--dry-run", "-v").out
        for words in ("5 sessions", "7 queued messages", "retained r/exactly  QoS 2, 3 bytes, expires in",
                      "session bob-5  of bob  expires in", "subscribed to q/#  QoS 2, no local, retain as "
                      "published, identifier 42", "  queued q/3  QoS 1, 5 bytes"):
            self.assertIn(words, told)


class TakeOver(Kept):
    """Into a broker of our own, one for each story."""

    def start(self, config="listener {port} 127.0.0.1\nallow_anonymous true\n", files=None):
        broker = Broker(config, files, 1)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        return broker

    def test_retained_messages_reach_a_subscriber(self):
        broker = self.start()
        told = wax("import", self.database, "-p", broker.port)
        self.assertRegex(told.out, r"5 of \d retained messages were taken over")
        self.assertIn("5 sessions with 6 subscriptions stay behind; --sessions makes them", told.out)
        self.assertIn("7 queued messages of 2 sessions stay behind:\n  4 of 'bob-5'\n  3 of 'old'\n", told.out)
        heard = run("mosquitto_sub", "-p", broker.port, "-t", "r/#", "-q", 2, "-V", 5, "-C", 5, "-W", 20,
                    "-F", "%t %q %r %l %C %R %P").out.splitlines()
        self.assertEqual({line.rstrip() for line in heard},
                         {"r/none 1 1 4", "r/once 1 1 7", "r/exactly 2 1 3 text/plain answers/here a:1 a:2",
                          "r/binary 1 1 256", "r/large 1 1 300000"})
        expiry = run("mosquitto_sub", "-p", broker.port, "-t", "r/exactly", "-V", 5, "-C", 1, "-W", 20,
                     "-F", "%E %x").out.split()
        self.assertTrue(4000 < int(expiry[0]) <= 5000, expiry)
        self.assertEqual(expiry[1], b"two".hex())
        again = wax("import", self.database, "-p", broker.port)
        self.assertRegex(again.out, r"5 of \d retained messages were taken over")

    def test_a_terminal_shows_how_far_it_is(self):
        broker = self.start()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        done = subprocess.run([WAX, "import", str(self.database), "-p", str(broker.port)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=theirs, timeout=PATIENCE_S)
        os.close(theirs)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(os.read(ours, 65536), rb"^\r\[\.{30}\] 0 of \d retained messages")

    def test_only_sessions_of_this_user_are_made(self):
        broker = self.start()
        told = wax("import", self.database, "-p", broker.port, "-u", "bob", "--sessions")
        # Of "done", which has no user, Mosquitto 2.0.11 writes that it is bob's; that is not believed.
        self.assertIn("1 of 5 sessions were taken over, with 2 subscriptions; 4 belong to other users, or "
                      "the file does not tell", told.out)
        speaker = self.client(broker.port, "")
        self.addCleanup(speaker.close)
        speaker.publish("q/later", b"hello", 2, retain=True)
        bob = Client(broker.port)
        self.addCleanup(bob.close)
        self.assertTrue(bob.connect("bob-5", clean=False, user="bob", props={"session_expiry": 9}).session_present)
        got = bob.message()
        self.assertEqual((got.payload, got.qos, got.prop("subscription_id")), (b"hello", 2, 42))
        self.assertTrue(got.retain, "Retain As Published was kept")
        old = Client(broker.port, 4)
        self.addCleanup(old.close)
        self.assertFalse(old.connect("old", clean=False).session_present)

    def test_all_sessions_are_made_where_any_user_may_have_them(self):
        broker = self.start("session_owner any\nlistener {port} 127.0.0.1\nallow_anonymous true\n")
        told = wax("import", self.database, "-p", broker.port, "--no-retained", "--sessions", "--any-owner")
        self.assertNotIn("retained messages were taken over", told.out)
        self.assertIn("5 of 5 sessions were taken over, with 6 subscriptions", told.out)
        for name, user, version in ("bob-5", "bob", 5), ("old", None, 4), ("ever", None, 5):
            with self.subTest(name=name):
                client = Client(broker.port, version)
                self.addCleanup(client.close)
                self.assertTrue(client.connect(name, clean=False, user=user).session_present)

    def test_what_the_broker_refuses_is_told(self):
        broker = self.start("listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {folder}/acl\n",
                            {"acl": "topic readwrite r/once\ntopic read q/#\n"})
        told = wax("import", self.database, "-p", broker.port, "--sessions", code=1)
        self.assertRegex(told.out, r"1 of \d retained messages were taken over")
        self.assertIn("wax import: the retained message of 'r/large' was not taken over: this user may not publish "
                      "there (-u, -P; see the broker's ACL)\n", told.err)
        self.assertIn("the session of 'ever' was not taken over: the broker refused some of its subscriptions\n",
                      told.err)

    def test_without_a_broker_nothing_is_taken_over(self):
        told = wax("import", self.database, "-p", free_port(), code=1)
        self.assertIn("is a broker running there?", told.err)
        self.assertRegex(told.out, r"0 of \d retained messages were taken over")

    def test_a_damaged_file_is_taken_over_on_demand(self):
        broker = self.start()
        whole = self.database.read_bytes()
        cut = self.folder.path / "cut.db"
        cut.write_bytes(whole[:-20])  # a chunk that says what is retained has 16 bytes
        told = wax("import", cut, "-p", broker.port, code=1)
        self.assertIn(f"{cut}, byte {len(whole) - 32}: a chunk is longer than what is left of the file", told.err)
        self.assertIn("nothing was taken over; --dry-run shows what stands before the damage, --force takes it",
                      told.err)
        shown = wax("import", cut, "--dry-run", "--json", code=1)
        found = json.loads(shown.out)
        self.assertFalse(found["is-whole"])
        self.assertEqual(len(found["retained"]), len(self.found["retained"]) - 2)
        told = wax("import", cut, "-p", broker.port, "--force", code=1)
        self.assertRegex(told.out, rf"\d of {len(found['retained'])} retained messages were taken over")

    def test_what_is_no_database_is_told(self):
        other = self.folder.write("other", "listener 1883\n")
        future = self.folder.path / "future.db"
        future.write_bytes(self.database.read_bytes()[:19] + b"\0\0\0\x07")
        for words, said in (((other, "--dry-run"), "byte 0: this is not a database of Mosquitto"),
                            ((future, "--dry-run"), "byte 19: only versions 3 to 6 of the format are known"),
                            ((self.folder.path / "nowhere", "--dry-run"), "nowhere"),
                            ((), "give the file: wax import"),
                            ((other, "-v"), "-v and --json go with --dry-run"),
                            ((other, "--any-owner"), "--any-owner goes with --sessions"),
                            ((other, other), "there is no option")):
            with self.subTest(words=words):
                self.assertIn(said, wax("import", *words, code=1).err)


if __name__ == "__main__":
    unittest.main()
