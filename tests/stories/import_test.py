"""What Debian's Mosquitto has kept, brought into a running broker."""
import json
import subprocess
import unittest

import foreign
from foreign import WAX, free_port, run, wait_until


class Import(foreign.Story):
    def mosquitto(self):
        """Lets Mosquitto keep two sessions, what waits for them, and retained messages; gives its file."""
        port = free_port()
        config = self.write("mosquitto.conf", f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
                            f"persistence true\npersistence_location {self.home}/\n")
        broker = subprocess.Popen([foreign.need("mosquitto"), "-c", str(config)], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(broker.wait)
        self.addCleanup(broker.kill)
        wait_until(lambda: run("mosquitto_pub", "-p", port, "-t", "x", "-n", code=None) == "", "Mosquitto")
        at = ["-p", port]
        run("mosquitto_sub", *at, "-i", "five", "-u", "bob", "-V", "5", "-c", "-x", 1000, "-q", 2, "-t", "a/#",
            "-t", "b/+", "-E")
        run("mosquitto_sub", *at, "-i", "four", "-V", "311", "-c", "-q", 1, "-t", "c/#", "-E")
        for number in range(3):
            run("mosquitto_pub", *at, "-i", "sender", "-u", "ann", "-t", f"a/{number}", "-m", f"queued {number}", "-q", 1)
        run("mosquitto_pub", *at, "-t", "c/x", "-m", "for four", "-q", 2)
        run("mosquitto_pub", *at, "-V", "5", "-t", "kept/long", "-m", "retained", "-q", 2, "-r", "-u", "ann",
            "-D", "publish", "content-type", "text/plain", "-D", "publish", "message-expiry-interval", 5000)
        run("mosquitto_pub", *at, "-t", "kept/plain", "-m", "x" * 3000, "-r")
        broker.terminate()
        broker.wait(foreign.PATIENCE_S)
        return self.home / "mosquitto.db"

    def ctl(self, *words, code=0):
        return run(WAX, "ctl", "--socket", self.home / "control", *words, code=code)

    def test_sessions_queues_and_retained_messages(self):
        path = self.mosquitto()
        broker = self.open_broker(f"control_socket {self.home}/control\n")
        dry = [json.loads(line) for line in self.ctl("import", path, "--dry-run", "--json").splitlines()]
        self.assertEqual(dry.pop(), {"sessions": 2, "subscriptions": 3, "queued": 4, "retained": 2, "failed": 0})
        self.assertEqual({(each["what"], each.get("topic")) for each in dry if each["what"] == "subscription"},
                         {("subscription", "a/#"), ("subscription", "b/+"), ("subscription", "c/#")})
        self.assertIn("0 sessions", self.ctl("sessions"))
        self.assertIn("read 2 sessions, 3 subscriptions, 4 queued and 2 retained", self.ctl("import", path))

        five, *filters = [json.loads(line) for line in self.ctl("client", "five", "--json").splitlines()]
        self.assertEqual((five["user"], five["queued"], five["connected"]), ("bob", 3, False))
        self.assertLessEqual(five["expires_in_s"], 1000)
        self.assertEqual({(each["filter"], each.get("share"), each["qos"]) for each in filters},
                         {("a/#", None, 2), ("b/+", None, 2)})
        self.assertNotIn("user", json.loads(self.ctl("client", "four", "--json").splitlines()[0]))
        said = run("mosquitto_sub", "-p", broker.port, "-i", "five", "-u", "bob", "-V", "5", "-c", "-x", 1000, "-q", 2,
                   "-t", "a/#", "-C", 3, "-v", "-W", 20)
        self.assertEqual(said, "a/0 queued 0\na/1 queued 1\na/2 queued 2\n")
        said = run("mosquitto_sub", "-p", broker.port, "-i", "four", "-c", "-q", 1, "-t", "c/#", "-C", 1, "-F", "%q %p",
                   "-W", 20)
        self.assertEqual(said, "1 for four\n")
        said = run("mosquitto_sub", "-p", broker.port, "-V", "5", "-t", "kept/#", "-C", 2, "-F", "%t %l %C %E", "-W", 20)
        plain, long = sorted(said.splitlines(), reverse=True)
        self.assertEqual(plain.split(), ["kept/plain", "3000"])
        self.assertEqual(long.split()[:3], ["kept/long", "8", "text/plain"])
        self.assertLessEqual(int(long.split()[3]), 5000)
        kept = {each["topic"]: each for each in map(json.loads, self.ctl("retained", "list", "kept/#", "--json").splitlines())}
        self.assertEqual(kept["kept/long"]["user"], "ann")

        said = self.ctl("import", path, code=1)
        self.assertIn("there is a session of this client id already", said)

    def test_what_is_no_database(self):
        self.open_broker(f"control_socket {self.home}/control\n")
        for content in (b"", b"nonsense" * 10, b"\0\xb5\0mosquitto db" + b"\0\0\0\0" + b"\0\0\0\6" + b"\0\0\0\2\0\0\7\0x"):
            path = self.home / "file"
            path.write_bytes(content)
            self.assertIn("this is no mosquitto.db, or it is damaged", self.ctl("import", path, code=1))
        path.write_bytes(b"\0\xb5\0mosquitto db" + b"\0\0\0\0" + b"\0\0\0\7")
        self.assertIn("version 7", self.ctl("import", path, code=1))


if __name__ == "__main__":
    unittest.main()
