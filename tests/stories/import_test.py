"""wax ctl import: what Debian's mosquitto kept on disk, read and brought into a running broker."""
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


class Found:
    """What --json says, line by line."""

    def __init__(self, lines):
        rows = [json.loads(line) for line in lines.splitlines()]
        self.file, self.sum = rows[0], rows[-1]
        self.retained = {row["topic"]: row for row in rows if row["what"] == "retained"}
        self.sessions = {row["id"]: row for row in rows if row["what"] == "session"}
        self.left_out = {row["what"]: row["count"] for row in self.sum["left_out"]}


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
        cls.found = Found(wax("ctl", "import", cls.database, "--dry-run", "--json").out)
        over_at = cls.found.retained.get("r/short", {"expires_at": 0})["expires_at"]
        wait_for(lambda: time.time() > over_at, "the end of what lives for a second")

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
        two = cls.client(port, "two", props={"session_expiry": 3600, "receive_maximum": 1})
        two.subscribe(("two/#", 2))
        done = cls.client(port, "done", props={"session_expiry": 3600})
        done.subscribe(("d", 2))
        say = cls.client(port, "say", props={"session_expiry": 600})
        say.publish("q/1", b"first", 1)
        say.publish("q/2", b"second", 2, props={"user_property": ("k", "v")})
        say.publish("q/3", b"third", 1)
        say.publish("s/1", b"shared", 1)
        say.publish("d", b"taken", 2)
        say.publish("two/1", b"under way", 2)
        say.publish("two/2", b"waits", 2)
        say.send(publish("q/never", b"not released", 2, packet_id=999))
        say.expect(PUBREC)
        done.send(acknowledge(PUBREC, done.message(answer=False).packet_id))
        done.expect(PUBREL)
        cls.under_way = {"bob-5": bob.message(answer=False), "two": two.message(answer=False)}
        assert cls.under_way["bob-5"].payload == b"first" and cls.under_way["two"].payload == b"under way"
        for client in (bob, ever, two, done, say):
            client.close()


class Look(Kept):
    """Without a broker."""

    def test_what_was_retained_is_in_the_file(self):
        self.assertEqual(self.found.file, {"what": "file", "version": 6, "was_shut_down": True, "is_whole": True})
        found = self.found.retained
        self.assertEqual(set(found) - {"r/short"}, {"r/none", "r/once", "r/exactly", "r/binary", "r/large"})
        self.assertEqual([found[f"r/{name}"]["qos"] for name in ("none", "once", "exactly")], [0, 1, 2])
        self.assertEqual(found["r/once"]["payload"], "mötley")
        self.assertEqual(found["r/binary"]["payload"], list(range(256)))
        self.assertEqual(found["r/large"]["payload"], LARGE.decode())
        self.assertEqual(found["r/once"]["user"], "ann")
        properties = found["r/exactly"]["properties"]
        self.assertEqual(properties["content-type"], "text/plain")
        self.assertEqual(properties["response-topic"], "answers/here")
        self.assertEqual(properties["correlation-data"], [0, 255, 1])
        self.assertNotIn("message-expiry-interval", properties)
        self.assertLessEqual(abs(found["r/exactly"]["expires_at"] - time.time() - 5000), 600)

    def test_sessions_are_in_the_file_with_what_is_theirs(self):
        sessions = self.found.sessions
        self.assertEqual(set(sessions), {"old", "bob-5", "ever", "two", "done", "say"})
        # None: Mosquitto 2.0.11 writes of some who have no user that they are bob's; that is not believed.
        owners = {name: row["user"] for name, row in sessions.items() if row["user"] is not None}
        self.assertEqual(owners, {name: "bob" if name == "bob-5" else "" for name in owners})
        self.assertLessEqual({"old", "bob-5"}, set(owners))
        self.assertEqual(self.found.sum["sessions"], len(owners))
        old, bob = sessions["old"], sessions["bob-5"]
        self.assertEqual(old["expiry_s"], 0xffffffff)
        self.assertEqual({(row["filter"], row["qos"]) for row in old["subscriptions"]}, {("q/#", 1), ("w/+", 0)})
        self.assertEqual(bob["expiry_s"], 3600)
        rows = {row["filter"]: row for row in bob["subscriptions"]}
        self.assertEqual(rows["q/#"], {"filter": "q/#", "qos": 2, "no_local": True, "retain_as_published": True,
                                       "retain_handling": 0, "identifier": 42})
        self.assertEqual(rows["s/#"], {"filter": "s/#", "qos": 1, "no_local": False, "retain_as_published": False,
                                       "retain_handling": 0})
        self.assertEqual(sessions["ever"]["expiry_s"], 0xffffffff)

    def test_queued_messages_are_in_the_file_in_their_order(self):
        def queue_of(name):
            return [(row["payload"], row["qos"]) for row in self.found.sessions[name]["queued"]]

        self.assertEqual(queue_of("old"), [("first", 1), ("second", 1), ("third", 1)])
        self.assertEqual(sorted(queue_of("bob-5")),
                         [("first", 1), ("second", 2), ("shared", 1), ("third", 1)])
        self.assertEqual([row for row in queue_of("bob-5") if row[0] != "shared"],
                         [("first", 1), ("second", 2), ("third", 1)])
        self.assertEqual(queue_of("two"), [("under way", 2), ("waits", 2)])
        self.assertEqual(queue_of("done") + queue_of("say") + queue_of("ever"), [])
        self.assertEqual(self.found.left_out["messages at QoS 2 that their senders have not released"], 1)
        self.assertEqual(self.found.left_out["messages at QoS 2 that their clients have already"], 1)

    def test_a_running_broker_writes_the_same(self):
        found = Found(wax("ctl", "import", self.folder.path / "running.db", "--dry-run", "--json", code=None).out)
        self.assertFalse(found.file["was_shut_down"])
        self.assertEqual(set(found.retained) | {"r/short"}, set(self.found.retained) | {"r/short"})

    def test_everything_is_listed_for_people(self):
        told = wax("ctl", "import", self.database, "--dry-run", "--user", "").out
        for words in ("written at the broker's end", "retained r/exactly  QoS 2, 3 bytes, expires in",
                      "session bob-5  of bob, expires in", "subscribed to q/#  QoS 2, no local, retain as "
                      "published, identifier 42", "  queued q/3  QoS 1, 5 bytes", "would be taken over:\n"
                      "       6 sessions\n       7 subscriptions\n       9 queued messages\n", "left out:\n",
                      "1 messages at QoS 2 that their senders have not released"):
            self.assertIn(words, told)

    def test_older_files_do_not_tell_users(self):
        for version in 3, 4:
            path = pathlib.Path(__file__).parent.parent / f"fuzz/corpus/import_mosquitto_fuzz/version-{version}"
            found = Found(wax("ctl", "import", path, "--dry-run", "--json").out)
            self.assertEqual(found.file["version"], version)
            self.assertEqual({row["user"] for row in found.sessions.values()}, {None})
            found = Found(wax("ctl", "import", path, "--dry-run", "--json", "--user", "ann").out)
            self.assertEqual({row["user"] for row in found.sessions.values()}, {"ann"})
            self.assertEqual(found.sum["sessions"], len(found.sessions))

    def test_what_is_no_database_is_told(self):
        other = self.folder.write("other", "listener 1883\n")
        future = self.folder.path / "future.db"
        future.write_bytes(self.database.read_bytes()[:19] + b"\0\0\0\x07")
        empty = self.folder.write("empty", "")
        damaged = self.folder.path / "damaged"
        damaged.write_bytes(b"\0\xb5\0mosquitto db" + b"\0\0\0\0" + b"\0\0\0\6" + b"\0\0\0\2\0\0\7\0x")
        for path, said in ((other, "byte 0: this is not a database of Mosquitto"),
                           (future, "byte 19: only versions 3 to 6 of the format are known"),
                           (empty, "byte 0: the file is cut off in its first 23 bytes"),
                           (damaged, "byte 23: a chunk is longer than what is left of the file"),
                           (self.folder.path / "nowhere", "nowhere")):
            with self.subTest(path=path):
                self.assertIn(said, wax("ctl", "import", path, "--dry-run", code=1).err)
        self.assertIn("Usage: wax ctl import FILE", wax("ctl", "import", "--dry-run", code=1).err)


class TakeOver(Kept):
    """Into a broker of our own, one for each story."""

    def start(self, config="listener {port} 127.0.0.1\nallow_anonymous true\n", files=None):
        self.broker = Broker(config + "control_socket {folder}/control\n", files, 1)
        self.addCleanup(lambda: self.assertIsNone(self.broker.stop()))
        return self.broker

    def ctl(self, *words, **more):
        return wax("ctl", "--socket", self.broker.path("control"), *words, **more)

    def ask(self, *words):
        return [json.loads(line) for line in self.ctl(*words, "--json").out.splitlines()]

    def back(self, name, version=5, **more):
        """The client comes back."""
        client = Client(self.broker.port, version)
        self.addCleanup(client.close)
        self.assertTrue(client.connect(name, clean=False, **more).session_present, name)
        return client

    def test_clients_come_back_and_get_exactly_what_waited(self):
        self.start()
        told = self.ctl("import", self.database, "--user", "")
        self.assertTrue(told.out.startswith("taken over:\n       6 sessions\n       7 subscriptions\n"
                                            "       9 queued messages\n       5 retained messages\n"), told.out)
        self.assertEqual(told.err, "")
        bob = self.back("bob-5", user="bob", props={"session_expiry": 9})
        got = [bob.message() for _ in range(4)]
        self.assertEqual(sorted((each.payload, each.qos) for each in got),
                         [(b"first", 1), (b"second", 2), (b"shared", 1), (b"third", 1)])
        self.assertEqual([each.payload for each in got if each.payload != b"shared"], [b"first", b"second", b"third"])
        self.assertEqual((got[0].packet_id, got[0].duplicate), (self.under_way["bob-5"].packet_id, True))
        for each in got:
            self.assertEqual(each.all("subscription_id"), [42] if each.topic.startswith("q") else [])
            self.assertEqual(each.all("user_property"), [("k", "v")] if each.payload == b"second" else [])
        two = self.back("two", props={"session_expiry": 9, "receive_maximum": 1})
        got = [two.message(), two.message()]
        self.assertEqual([(each.payload, each.qos, each.duplicate) for each in got],
                         [(b"under way", 2, True), (b"waits", 2, False)])
        self.assertEqual(got[0].packet_id, self.under_way["two"].packet_id)
        old = self.back("old", 4)
        self.assertEqual([(each.payload, each.qos) for each in (old.message(), old.message(), old.message())],
                         [(b"first", 1), (b"second", 1), (b"third", 1)])
        for name in "ever", "done", "say":
            self.assertTrue(self.back(name).is_silent())
        for client in bob, two, old:
            self.assertTrue(client.is_silent())
        speaker = Client(self.broker.port)
        self.addCleanup(speaker.close)
        speaker.connect()
        speaker.publish("q/later", b"hello", 2, retain=True)
        later = bob.message()
        self.assertEqual((later.payload, later.qos, later.prop("subscription_id")), (b"hello", 2, 42))
        self.assertTrue(later.retain, "Retain As Published was kept")

    def test_sessions_go_to_their_users_alone(self):
        self.start("listener {port} 127.0.0.1\nallow_anonymous true\npersistent_client_expiration 1d\n")
        self.ctl("import", self.database, "--user", "")
        bob, *filters = self.ask("client", "bob-5")
        self.assertEqual((bob["user"], bob["queued"], bob["connected"]), ("bob", 3, False))
        self.assertLessEqual(bob["expires_in_s"], 3600)
        self.assertEqual({(row["filter"], row["qos"], row.get("identifier"), row["no_local"]) for row in filters},
                         {("q/#", 2, 42, True), ("s/#", 1, None, False)})
        old = self.ask("client", "old")[0]
        self.assertNotIn("user", old)
        self.assertLessEqual(old["expires_in_s"], 86400)
        thief = Client(self.broker.port)
        self.addCleanup(thief.close)
        self.assertGreaterEqual(thief.connect("bob-5", clean=False, user="eve").reason, 0x80)

    def test_retained_messages_reach_a_subscriber(self):
        self.start()
        self.ctl("import", self.database, "--user", "")
        heard = run("mosquitto_sub", "-p", self.broker.port, "-t", "r/#", "-q", 2, "-V", 5, "-C", 5, "-W", 20,
                    "-F", "%t %q %r %l %C %R %P").out.splitlines()
        self.assertEqual({line.rstrip() for line in heard},
                         {"r/none 0 1 4", "r/once 1 1 7", "r/exactly 2 1 3 text/plain answers/here a:1 a:2",
                          "r/binary 1 1 256", "r/large 1 1 300000"})
        expiry = run("mosquitto_sub", "-p", self.broker.port, "-t", "r/exactly", "-V", 5, "-C", 1, "-W", 20,
                     "-F", "%E %x").out.split()
        self.assertTrue(4000 < int(expiry[0]) <= 5000, expiry)
        self.assertEqual(expiry[1], b"two".hex())
        kept = {row["topic"]: row for row in self.ask("retained", "list", "r/#")}
        self.assertEqual(kept["r/once"]["user"], "ann")

    def test_what_is_there_stays_unless_it_is_to_be_replaced(self):
        self.start()
        mine = Client(self.broker.port)
        mine.connect("ever", clean=False, props={"session_expiry": 3600})
        mine.subscribe(("mine", 1), ("r/#", 1))
        mine.publish("r/once", b"newer", 1, retain=True)
        self.assertEqual(mine.message().payload, b"newer")
        words = "import", self.database, "--user", ""
        told = self.ctl(*words, code=1)
        self.assertIn("wax ctl import: the session 'ever' was not taken over: there is a session of this client id "
                      "already\n", told.err)
        self.assertIn("the retained message 'r/once' was not taken over: the topic has a retained message already\n",
                      told.err)
        for line in ("       5 sessions\n", "       4 retained messages\n",
                     "       1 sessions: there is a session of this client id already\n",
                     "       1 retained messages: the topic has a retained message already\n",
                     "       1 subscriptions of these sessions\n"):
            self.assertIn(line, told.out)
        self.assertEqual([row["filter"] for row in self.ask("client", "ever")[1:]], ["mine", "r/#"])
        self.assertIn("0 sessions\n       0 subscriptions\n       0 queued messages\n       0 retained messages\n",
                      self.ctl(*words, code=1).out)
        self.assertEqual(self.ask("client", "bob-5")[0]["queued"], 3)

        told = self.ctl(*words, "--replace", code=1)
        self.assertIn("the client of this id is connected: its session stays", told.err)
        self.assertTrue(mine.is_silent(), "what is retained goes to nobody who is here already")
        mine.close()
        wait_for(lambda: not self.ask("client", "ever")[0]["connected"], "the end of the connection")
        told = self.ctl(*words, "--replace")
        self.assertIn("       6 sessions\n       7 subscriptions\n       9 queued messages\n       5 retained messages\n",
                      told.out)
        self.assertEqual([row["filter"] for row in self.ask("client", "ever")[1:]], ["nothing"])
        self.assertEqual(self.ask("client", "ever")[0]["queued"], 0)

    def test_unknown_users_are_asked_for(self):
        self.start()
        known = self.found.sum["sessions"]
        told = self.ctl("import", self.database, "--json", code=None)
        found = json.loads(told.out)
        self.assertEqual(found["sessions"], known)
        self.assertEqual(sum(row["count"] for row in found["left_out"] if "--user USER says whose" in row["what"]),
                         6 - known)
        self.assertEqual(told.code, 0 if known == 6 else 1)

    def test_a_terminal_shows_how_far_it_is(self):
        self.start()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        done = subprocess.run([WAX, "ctl", "--socket", self.broker.path("control"), "import", str(self.database),
                               "--user", ""], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                              timeout=PATIENCE_S)
        os.close(theirs)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(os.read(ours, 65536), rb"^\r\[[#.]{30}\] 1 of \d+")

    def test_what_the_broker_refuses_is_told(self):
        self.start("listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 1\nretained_max 2\n")
        told = self.ctl("import", self.database, "--user", "", code=1)
        self.assertIn("       2 retained messages\n", told.out)
        self.assertIn("retained messages: there are as many retained messages as retained_max allows\n", told.out)
        self.assertIn("queued messages: the client's queue is full: max_queued_messages, max_queued_bytes\n", told.out)
        self.assertEqual(self.ask("client", "old")[0]["queued"], 1)

    def test_without_a_broker_nothing_is_taken_over(self):
        told = wax("ctl", "--socket", self.folder.path / "none", "import", self.database, code=1)
        self.assertIn("cannot reach a broker at", told.err)
        self.assertEqual(told.out, "")

    def test_a_damaged_file_is_taken_over_on_demand(self):
        self.start()
        whole = self.database.read_bytes()
        cut = self.folder.path / "cut.db"
        cut.write_bytes(whole[:-20])  # a chunk that says what is retained has 16 bytes
        told = self.ctl("import", cut, code=1)
        self.assertIn(f"{cut}, byte {len(whole) - 32}: a chunk is longer than what is left of the file", told.err)
        self.assertIn("nothing was taken over; --dry-run shows what stands before the damage, --force takes it",
                      told.err)
        self.assertIn("0 sessions", self.ctl("sessions").out)
        found = Found(wax("ctl", "import", cut, "--dry-run", "--json", code=1).out)
        self.assertFalse(found.file["is_whole"])
        self.assertEqual(len(found.retained), len(self.found.retained) - 2)
        told = self.ctl("import", cut, "--force", "--user", "", code=1)
        self.assertIn("       6 sessions\n", told.out)
        self.assertEqual({row["topic"] for row in self.ask("retained", "list", "r/#")} | {"r/short"},
                         set(found.retained) | {"r/short"})


if __name__ == "__main__":
    unittest.main()
