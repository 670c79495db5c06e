"""wax ctl and the control socket: looking into a running broker."""
import json
import os
import pathlib
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from mqtt_raw import DISCONNECT
from running import PLAIN, WAX, Broker, BrokerCase


def ctl(broker, *words, code=0):
    done = subprocess.run([WAX, "ctl", "--socket", broker.path("control"), *map(str, words)], capture_output=True,
                          text=True, timeout=60)
    if done.returncode != code:
        raise AssertionError(f"wax ctl {words} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def lines(broker, *words):
    return [json.loads(line) for line in ctl(broker, *words, "--json").splitlines()]


def wait_until(claim):
    deadline = time.monotonic() + 30
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


ACL = "topic read free/#\nuser ann\ntopic readwrite home/#\ntopic deny home/safe\npattern read own/%c/#\n"


class Ctl(BrokerCase):
    CONFIG = "control_socket {folder}/control\n" + PLAIN

    def test_status(self):
        client = self.client()
        status, = lines(self.broker, "status")
        self.assertEqual((status["pid"], len(status["workers"])), (self.broker.process.pid, 2))
        self.assertGreaterEqual(status["connected"], 1)
        self.assertIn("clients connected", ctl(self.broker, "status"))
        client.close()

    def test_clients_and_sessions(self):
        self.durable(self.topic("away"), user="bob", password="b").close()
        here = self.client(self.topic("here"), 4)
        here.publish("any", b"12345", 1)
        wait_until(lambda: not next(each for each in lines(self.broker, "sessions")
                                    if each["id"] == self.topic("away"))["connected"])
        sessions = {each["id"]: each for each in lines(self.broker, "sessions")}
        clients = {each["id"]: each for each in lines(self.broker, "clients")}
        self.assertNotIn(self.topic("away"), clients)
        self.assertEqual(sessions[self.topic("away")]["user"], "bob")
        self.assertLessEqual(sessions[self.topic("away")]["expires_in_s"], 300)
        shown = clients[self.topic("here")]
        self.assertEqual((shown["version"], shown["messages_in"]), ("3.1.1", 1))
        self.assertGreater(shown["bytes_in"], 20)
        self.assertRegex(shown["address"], r"127\.0\.0\.1:\d+")
        self.assertLess(abs(shown["since"] - time.time()), 120)
        for verb in ("clients", "sessions"):
            self.assertIn(self.topic("here"), ctl(self.broker, verb))

    def test_all_of_many_sessions_are_told_once(self):
        crowd = [self.client(self.topic(number)) for number in range(700)]
        told = [each["id"] for each in lines(self.broker, "sessions") if each["id"].startswith(self.topic(""))]
        self.assertEqual((len(told), set(told)), (700, {each.id for each in crowd}))

    def test_one_client_with_its_subscriptions(self):
        client = self.client(self.topic("one"))
        filters = [self.topic(f"f/{number}/+") for number in range(1100)]
        for start in range(0, 1100, 100):
            client.subscribe(*[(each, 1) for each in filters[start:start + 100]])
        client.subscribe(("$share/g/" + self.topic("shared"), 2))
        head, *rest = lines(self.broker, "client", client.id)
        self.assertEqual(head["subscriptions"], 1101)
        self.assertEqual([each["filter"] for each in rest if "share" not in each], filters)
        self.assertEqual([(each["filter"], each["share"], each["qos"]) for each in rest if "share" in each],
                         [(self.topic("shared"), "g", 2)])
        self.assertIn(filters[-1], ctl(self.broker, "client", client.id))
        self.assertIn("no session", ctl(self.broker, "client", "nobody at all", code=1))

    def test_names_of_strangers_stay_text(self):
        name = self.topic('\x1b[31m"=% \n{"end":"ok"}')
        self.client(name)
        self.assertEqual(lines(self.broker, "client", name)[0]["id"], name)
        self.assertNotIn("\x1b", ctl(self.broker, "clients"))

    def test_top_shows_the_slowest(self):
        slow = self.durable(self.topic("slow"))
        slow.subscribe((self.topic("t"), 1))
        slow.close()
        publisher = self.client()
        for _ in range(5):
            publisher.publish(self.topic("t"), b"x" * 1000, 1)
        wait_until(lambda: lines(self.broker, "client", slow.id)[0]["queued"] == 5)
        shown = ctl(self.broker, "top")
        self.assertIn(slow.id, shown.split("Largest queues:")[1].split("Most messages:")[0])

    def test_kick(self):
        client = self.client(self.topic("kicked"), will={"topic": self.topic("will"), "payload": b"gone"})
        witness = self.client()
        witness.subscribe(self.topic("will"))
        ctl(self.broker, "kick", client.id, "--reason", "too loud, sorry")
        told = client.expect(DISCONNECT)
        self.assertEqual((told.reason, dict(told.props)["reason_string"]), (0x98, "too loud, sorry"))
        self.assertEqual(witness.message().payload, b"gone")
        self.broker.wait_for_log(f"client_kicked client={client.id} reason=too loud, sorry")
        wait_until(lambda: "no session" in ctl_either(self.broker, "kick", client.id))

    def test_session_delete(self):
        for is_here in (False, True):
            client = self.durable(self.topic("deleted"))
            client.subscribe(self.topic("x"))
            if not is_here:
                client.close()
            ctl(self.broker, "session", "delete", client.id)
            wait_until(lambda: "no session" in ctl_either(self.broker, "client", client.id))
            again = self.durable(client.id)
            self.assertEqual(again.connack.session_present, 0)
            ctl(self.broker, "session", "delete", client.id)
            wait_until(lambda: "no session" in ctl_either(self.broker, "client", client.id))

    def test_retained(self):
        publisher = self.client(user="ann", password="")
        for number in range(600):
            publisher.publish(self.topic(f"r/{number}"), b"1234567", 1, retain=True)
        listed = lines(self.broker, "retained", "list", self.topic("r/#"))
        self.assertEqual({each["topic"] for each in listed}, {self.topic(f"r/{number}") for number in range(600)})
        self.assertEqual({(each["size"], each["user"], each["client"]) for each in listed}, {(7, "ann", publisher.id)})
        self.assertEqual(len(lines(self.broker, "retained", "list", self.topic("r/#"), "--limit", 5)), 5)
        self.assertEqual(lines(self.broker, "retained", "list", self.topic("r/#"), "--older-than", "1h"), [])
        self.assertIn("--dry-run", ctl(self.broker, "retained", "delete", self.topic("r/#"), code=1))
        self.assertIn("600 would be deleted",
                      ctl(self.broker, "retained", "delete", self.topic("r/#"), "--dry-run"))
        self.assertIn("1 deleted", ctl(self.broker, "retained", "delete", self.topic("r/7"), "--yes"))
        self.assertEqual(len(lines(self.broker, "retained", "list", self.topic("r/#"))), 599)
        self.assertIn("none", ctl(self.broker, "retained", "list", "a/#/b", code=1))

    def test_trace(self):
        client, other = self.client(self.topic("traced"), user="tina", password=""), self.client()
        tracers = [self.trace(client.id, "--payload"), self.trace("--user", "tina")]
        client.subscribe((self.topic("t"), 1))
        other.publish(self.topic("t"), b"hello\n", 1)
        client.message()
        client.ping()
        for tracer in tracers:
            told = [json.loads(tracer.stdout.readline()) for _ in range(3)]
            self.assertEqual([(each["packet"], each["direction"]) for each in told],
                             [("SUBSCRIBE", "in"), ("SUBACK", "out"), ("PUBLISH", "out")])
            self.assertEqual((told[2]["topic"], told[2]["qos"], told[2]["payload_size"]), (self.topic("t"), 1, 6))
            self.assertEqual(told[2].get("payload"), "hello\n" if tracer is tracers[0] else None)
        tracers[0].kill()
        client.ping()
        again = self.trace(client.id)
        self.client(client.id, user="tina", password="")
        packets = [json.loads(again.stdout.readline()) for _ in range(3)]
        self.assertEqual({each["packet"] for each in packets}, {"CONNECT", "DISCONNECT", "CONNACK"})

    def trace(self, *words):
        tracer = subprocess.Popen([WAX, "ctl", "--socket", self.broker.path("control"), "trace", "--json", *words],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(tracer.stdout.close)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        self.assertEqual(json.loads(tracer.stdout.readline()), {"trace": "on"})
        return tracer

    def test_log_level(self):
        ctl(self.broker, "log", "level", "error,warning")
        quiet = self.client(self.topic("quiet"))
        ctl(self.broker, "log", "level", "all")
        self.client(self.topic("loud"))
        self.broker.wait_for_log(f"client_connected client={self.topic('loud')}")
        self.assertNotIn(f"client_connected client={quiet.id}", self.broker.log())
        self.assertIn("log_type", ctl(self.broker, "log", "level", "everything", code=1))

    def test_only_root_and_its_own_account(self):
        path = self.broker.path("control")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        os.chmod(self.broker.folder, 0o711)
        os.chmod(path, 0o666)
        try:
            asked = subprocess.run(["/usr/bin/python3", "-c", "import os, socket, sys\nos.setuid(65534)\n"
                                    "s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                                    "try:\n    s.sendall(b'status\\n')\n    got = s.recv(100)\n"
                                    "except OSError:\n    got = b''\nprint(len(got))", path],
                                   capture_output=True, text=True, timeout=60)
        finally:
            os.chmod(path, 0o600)
        self.assertEqual(asked.stdout, "0\n", asked.stderr)
        self.broker.wait_for_log("control_refused")

    def test_nonsense_disturbs_nobody(self):
        for request in (b"\n", b"no such\n", b"client id=%zz\n", b"status " + b"a=1 " * 20 + b"\n", b"client\n",
                        b"retained-list filter=%ff\n", b"kick id=\n", b"\0\0\0\n", b"x" * 3000000,
                        b"status body=999999999999999999\n"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(30)
                peer.connect(self.broker.path("control"))
                try:
                    peer.sendall(request)
                    peer.shutdown(socket.SHUT_WR)
                    got = b""
                    while piece := peer.recv(65536):
                        got += piece
                except OSError:
                    continue
                self.assertNotIn(b'"end":"ok"', got, request)
        self.assertEqual(len(lines(self.broker, "status")), 1)

    def test_who_does_not_read_holds_nobody_up(self):
        for number in range(100):
            self.client(self.topic(f"{number}/" + "x" * 8000))
        deaf = socket.socket(socket.AF_UNIX)
        self.addCleanup(deaf.close)
        deaf.connect(self.broker.path("control"))
        deaf.sendall(b"sessions\n" * 30)
        self.client().ping()
        self.assertGreaterEqual(len(lines(self.broker, "clients")), 100)


def ctl_either(broker, *words):
    done = subprocess.run([WAX, "ctl", "--socket", broker.path("control"), *words], capture_output=True, text=True,
                          timeout=60)
    return done.stdout + done.stderr


class Rules(BrokerCase):
    CONFIG = "control_socket {folder}/control\nacl_file {folder}/acl\n" + PLAIN
    FILES = {"acl": ACL}

    def test_acl_explain(self):
        for words, code, said in (
                (("--user", "ann", "write", "home/door"), 0, "acl line 3: topic readwrite home/#"),
                (("--user", "ann", "read", "home/safe"), 1, "acl line 4: topic deny home/safe"),
                (("--user", "ann", "--client-id", "c", "read", "own/c/x"), 0, "acl line 5: pattern read own/%c/#"),
                (("--user", "ann", "write", "free/x"), 1, "no line of"),
                (("read", "free/x"), 0, "acl line 1: topic read free/#"),
                (("subscribe", "free/#"), 0, "may subscribe free/#"),
                (("subscribe", "home/#"), 1, "may not subscribe home/#"),
                (("--user", "a#", "read", "x"), 1, "refuses this user name")):
            with self.subTest(words=words):
                self.assertIn(said, ctl(self.broker, "acl", "explain", *words, code=code))
        self.assertIn("none of read", ctl(self.broker, "acl", "explain", "eat", "x", code=1))
        self.assertIn("no topic", ctl(self.broker, "acl", "explain", "read", "x/#", code=1))

    def test_reload_says_what_is_wrong(self):
        self.broker.write("acl", "topic red x\n")
        self.assertIn("acl:1: error:", ctl(self.broker, "reload", code=1))
        self.assertIn("acl line 1: topic read free/#", ctl(self.broker, "acl", "explain", "read", "free/x"))
        self.broker.write("acl", ACL)
        self.assertIn("reloaded", ctl(self.broker, "reload"))


class Place(unittest.TestCase):
    def run_broker(self, config):
        broker = Broker(config)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        return broker

    def test_the_configuration_names_the_socket(self):
        broker = self.run_broker("control_socket {folder}/here\n" + PLAIN)
        done = subprocess.run([WAX, "ctl", "-c", broker.path("wax.conf"), "status"], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_off(self):
        broker = self.run_broker("control_socket off\n" + PLAIN)
        self.assertNotIn("control_socket path=", broker.log())

    def test_nobody_there(self):
        done = subprocess.run([WAX, "ctl", "--socket", "/nonexistent/control", "status"], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does the broker run?", done.stderr)

    def test_a_path_that_cannot_be_had(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, "wax.conf")
            config.write_text("listener 0 " + folder + "/mqtt\ncontrol_socket " + folder + "/no/such/folder\n")
            done = subprocess.run([WAX, "broker", "-c", str(config)], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn("control_socket_failed", done.stderr)


if __name__ == "__main__":
    unittest.main()
