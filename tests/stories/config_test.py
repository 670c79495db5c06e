"""Configurations as mosquitto's users have them: they start, serve, and log what their readers expect."""
import os
import pathlib
import pwd
import re
import signal
import time
import unittest

import foreign

DEBIAN = pathlib.Path("/etc/mosquitto/mosquitto.conf")


class Configured(foreign.TlsStory):
    def publish(self, broker, *words, code=0, topic="a", host="localhost", port=None):
        return foreign.run("mosquitto_pub", "-h", host, "-p", port or broker.port, "-t", topic, "-m", "m", *words, code=code)

    def serves(self, broker, *words, port=None):
        """A message makes the round trip."""
        words = ("-h", "localhost", "-p", port or broker.port, "-t", "kept", *words)
        foreign.run("mosquitto_pub", *words, "-q", 1, "-r", "-m", "round trip")
        self.assertEqual(foreign.run("mosquitto_sub", *words, "-C", 1), "round trip\n")

    def passwords(self, *users):
        path = self.home / "passwd"
        for user in users:
            foreign.run("mosquitto_passwd", "-b", *(() if path.exists() else ("-c",)), path, user, f"{user}'s")
        path.chmod(0o600)

    @staticmethod
    def login(user):
        return ("-u", user, "-P", f"{user}'s")

    def check_log(self, text, stamp):
        """Each line has its time, its kind, and something to say."""
        lines = text.splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, rf"^{stamp} (error|warning|notice|info|debug) \S")


class AsInstalled(Configured):
    def is_nobodys_root(self, broker):
        """Without a word about it, the broker is somebody who may do little."""
        accounts = [each.pw_name for each in pwd.getpwall()]
        expected = pwd.getpwnam("wax" if "wax" in accounts else "mosquitto").pw_uid if os.geteuid() == 0 else os.geteuid()
        self.assertEqual(os.stat(f"/proc/{broker.process.pid}").st_uid, expected)

    def test_debians_own_file(self):
        if not DEBIAN.exists():
            raise RuntimeError(f"{DEBIAN} is missing; `scripts/setup test` installs mosquitto")
        text = DEBIAN.read_text()
        for old, new in (("/run/mosquitto/", f"{self.home}/run/"), ("/var/lib/mosquitto/", f"{self.home}/lib/"),
                         ("/var/log/mosquitto/", f"{self.home}/log/"), ("/etc/mosquitto/conf.d", f"{self.home}/conf.d")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        for name in ("run", "lib", "log", "conf.d"):
            (self.home / name).mkdir()
            (self.home / name).chmod(0o777)
        self.home.chmod(0o755)
        port = foreign.free_port()
        path = self.write("mosquitto.conf", text)
        broker = foreign.Broker(self.home, None, [port], ["-p", port, "-c", path])
        self.addCleanup(broker.stop)
        self.serves(broker)
        self.is_nobodys_root(broker)
        self.assertEqual((self.home / "run/mosquitto.pid").read_text().strip(), str(broker.process.pid))
        log = self.home / "log/mosquitto.log"
        self.check_log(log.read_text(), r"\d{10}:")
        self.assertIn("client_connected", log.read_text())
        self.assertEqual(log.stat().st_mode & 0o007, 0, "strangers may read the log")
        broker.stop()
        self.assertFalse((self.home / "run/mosquitto.pid").exists())
        self.assertIn("stopping", log.read_text())

    def test_debians_own_file_reaches_only_this_machine(self):
        port = foreign.free_port()
        text = re.sub(r"(?m)^(pid_file|log_dest|include_dir|persistence_location) .*$", "", DEBIAN.read_text())
        broker = foreign.Broker(self.home, None, [port], ["-p", port, "-c", self.write("mosquitto.conf", text)])
        self.addCleanup(broker.stop)
        said = foreign.run("ss", "-Hltn", f"sport = :{port}")
        self.assertTrue(said)
        for line in said.splitlines():
            self.assertRegex(line, r"(127\.0\.0\.1|\[::1\]):")


class FromTutorials(Configured):
    def test_passwords_and_no_strangers(self):
        self.passwords("kitchen", "garden")
        broker = self.broker("""
# Secure my broker!
user root
allow_anonymous false
password_file {home}/passwd

listener {port}
""")
        self.serves(broker, *self.login("kitchen"))
        self.serves(broker, *self.login("garden"))
        self.publish(broker, code=5)
        self.publish(broker, "-u", "kitchen", "-P", "x", code=(4, 5))
        self.assertEqual(broker.log().count("auth_failed"), 2)

    def test_two_listeners_one_for_tls(self):
        self.passwords("phone")
        broker = self.broker(f"""
user root
password_file {{home}}/passwd
allow_anonymous false
# inside
listener {{port}} localhost
# outside
listener {{port2}}
cafile {self.pki.ca_crt}
certfile {self.pki.server_crt}
keyfile {self.pki.server_key}
""")
        inside, outside = broker.ports
        self.serves(broker, *self.login("phone"))
        self.serves(broker, *self.login("phone"), "--cafile", self.pki.ca_crt, port=outside)
        self.publish(broker, code=5)
        self.publish(broker, "--cafile", self.pki.ca_crt, port=outside, code=5)
        self.assertRegex(broker.log(), rf"port={inside} tls=no anonymous=denied")
        self.assertRegex(broker.log(), rf"port={outside} tls=yes anonymous=denied")

    def test_settings_of_each_listener(self):
        self.passwords("outsider")
        broker = self.broker("""
user root
per_listener_settings true

listener {port} 127.0.0.1
allow_anonymous true

listener {port2} 127.0.0.1
allow_anonymous false
password_file {home}/passwd
""")
        trusted, strict = broker.ports
        self.publish(broker, port=trusted)
        self.publish(broker, port=strict, code=5)
        self.publish(broker, *self.login("outsider"), port=strict)

    def test_who_may_do_what(self):
        self.passwords("sensor", "reader")
        self.write("acl", "# strangers\ntopic read news/#\n\nuser sensor\ntopic write house/sensor/#\n\n"
                          "user reader\ntopic read house/#\ntopic deny house/secret\n\npattern readwrite clients/%c/#\n")
        broker = self.broker("""
user root
listener {port} 127.0.0.1
allow_anonymous false
password_file {home}/passwd
acl_file {home}/acl
log_type all
""")
        reader = self.start("mosquitto_sub", "-p", broker.port, *self.login("reader"), "-t", "house/#", "-t", "news/#", "-C", 1, "-v")
        # What stands above the first `user` line is for strangers only, as with mosquitto.
        broker.wait_for_log("subscribed client")
        broker.wait_for_log("filter=news/#")
        self.publish(broker, *self.login("sensor"), topic="news/x")
        self.publish(broker, *self.login("sensor"), topic="house/secret")
        self.publish(broker, *self.login("sensor"), topic="house/sensor/1")
        self.assertEqual(self.finish(reader), "house/sensor/1 m\n")

    def test_a_folder_of_parts(self):
        self.passwords("user1")
        folder = self.home / "conf.d"
        folder.mkdir()
        port = foreign.free_port()
        self.write("conf.d/10-listener.conf", f"listener {port} 127.0.0.1\n")
        self.write("conf.d/20-access.conf", "allow_anonymous false\npassword_file %s/passwd\n" % self.home)
        self.write("conf.d/README", "this is not a configuration\n")
        broker = self.broker("user root\ninclude_dir {home}/conf.d\n", ports=[port])
        self.serves(broker, *self.login("user1"))
        self.publish(broker, code=5)

    def test_an_address_to_bind(self):
        broker = self.broker("user root\nbind_address 127.0.0.1\nport {port}\nallow_anonymous true\n")
        self.serves(broker)
        self.assertIn(f"address=127.0.0.1 port={broker.port}", broker.log())

    def test_times_that_people_can_read(self):
        broker = self.broker("""
user root
listener {port} 127.0.0.1
allow_anonymous true
log_dest file {home}/mosquitto.log
log_timestamp true
log_timestamp_format %Y-%m-%dT%H:%M:%S
log_type error
log_type warning
log_type notice
log_type information
connection_messages true
""")
        self.publish(broker)
        log = self.home / "mosquitto.log"
        foreign.wait_until(lambda: "client_disconnected" in log.read_text(), "the log")
        self.check_log(log.read_text(), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d:")
        self.assertIn(time.strftime("%Y-%m-%d"), log.read_text())

    def test_a_log_as_messages(self):
        self.passwords("keeper")
        broker = self.broker("""
user root
listener {port} 127.0.0.1
allow_anonymous true
password_file {home}/passwd
log_dest stderr
log_dest topic
log_type all
""")
        listening = self.start("mosquitto_sub", "-p", broker.port, *self.login("keeper"), "-t", "$SYS/broker/log/N",
                               "-v", "-i", "listening")
        broker.wait_for_log("subscribed client=listening")
        self.publish(broker, "-i", "noticed")
        for said in iter(listening.stdout.readline, b""):
            if b"client=noticed" in said:  # the first lines may be of the listener itself
                break
        self.assertRegex(said.decode(), r"^\$SYS/broker/log/N .*client_connected client=noticed")

    def test_a_log_rotated_by_others(self):
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nlog_dest file {home}/log\n")
        os.rename(self.home / "log", self.home / "log.1")
        broker.process.send_signal(signal.SIGHUP)
        foreign.wait_until((self.home / "log").exists, "a new log")
        self.publish(broker, "-i", "afterwards")
        foreign.wait_until(lambda: "client=afterwards" in (self.home / "log").read_text(), "the log")
        self.assertNotIn("client=afterwards", (self.home / "log.1").read_text())

    def test_certificates_instead_of_passwords(self):
        broker = self.broker(f"""
user root
listener {{port}}
cafile {self.pki.ca_crt}
certfile {self.pki.server_crt}
keyfile {self.pki.server_key}
crlfile {self.pki.folder}/crl.pem
require_certificate true
use_identity_as_username true
tls_version tlsv1.2
""")
        self.serves(broker, *self.pki.client("alice"))
        self.publish(broker, *self.pki.client("revoked"), code=(1, 7, 8))

    def test_what_holds_is_explained(self):
        """By name of option alone a user sees what a line of Debian's file, or of a tutorial, comes to."""
        self.passwords("phone")
        path = self.write("explained.conf", f"""per_listener_settings true
listener 1883 127.0.0.1
allow_anonymous true
listener 8883
certfile {self.pki.server_crt}
keyfile {self.pki.server_key}
password_file {self.home}/passwd
""")
        said = foreign.run(foreign.WAX, "broker", "--explain", "-c", path)
        self.assertIn("the broker starts with this configuration", said)
        plain, secured = re.split(rf"(?m)^# \S+explained\.conf:\d\nlistener ", said)[1:]
        self.assertRegex(plain, r"^1883 127\.0\.0\.1\n")
        self.assertRegex(plain, r"# \S+explained\.conf:3\nallow_anonymous true\n")
        self.assertNotIn("password_file", plain)
        self.assertRegex(secured, r"^8883\n")
        self.assertRegex(secured, rf"# \S+explained\.conf:7\npassword_file {self.home}/passwd\n")
        self.assertIn("\nallow_anonymous false\n", secured)
        again = self.write("again.conf", said[said.index("# All settings"):])
        self.assertIn("the broker starts", foreign.run(foreign.WAX, "broker", "--test-config", "-c", again))
        self.assertIn("# because no listener is written\nlistener 1883 127.0.0.1\n",
                      foreign.run(foreign.WAX, "broker", "--explain"))

    def test_each_old_way_of_the_readme_is_an_option(self):
        """Whoever wants Mosquitto's way back finds a switch that the broker takes and a test turns."""
        table = re.findall(r"^\| .* \| .* \| (.*) \|$", (foreign.ROOT / "README.md").read_text(), re.M)
        switches = [each for row in table for each in re.findall(r"`(\w+ \w+)`", row)]
        self.assertGreater(len(switches), 4)
        tests = "".join(path.read_text() for path in (foreign.ROOT / "tests").glob("*/*_test.*") if path.name != "config_test.py")
        for switch in switches:
            above = "connection far\naddress localhost\ntopic # out\n" if switch.startswith("bridge_") else ""
            path = self.write("old.conf", f"user root\n{above}{switch}\n")
            self.assertIn("the broker starts", foreign.run(foreign.WAX, "broker", "--test-config", "-c", path))
            self.assertIn(switch, tests)

    def test_what_old_pages_write_is_answered_in_words(self):
        rows = (
            # the lines of the page, whether the broker starts, what it says
            ("tls_version tlsv1", False, "TLS before 1.2 is broken"),
            ("protocol http_api\nhttp_dir /usr/share/www", True, "Wax serves no files"),
            ("auth_plugin /usr/lib/auth.so", False, "Wax loads no code"),
            ("connection uplink\ntopic # out", False, "this connection has no address"),
            ("allow_anonymous yes", False, "allow_anonymous"),
            ("password_file /nonexistent/passwd", False, "/nonexistent/passwd"),
            ("alow_anonymous true", False, "allow_anonymous"),
            ("autosave_interval 1800\npersistence_file mosquitto.db", True, "has no effect"),
        )
        for lines, starts, words in rows:
            with self.subTest(lines=lines):
                path = self.write("old.conf", f"user root\nlistener {foreign.free_port()} 127.0.0.1\n{lines}\n")
                said = foreign.run(foreign.WAX, "broker", "--test-config", "-c", path, code=0 if starts else None)
                self.assertIn(words, said)
                self.assertRegex(said, r"old\.conf:\d+: ")
                if not starts:
                    foreign.run(foreign.WAX, "broker", "-c", path, code=1, timeout=10)


if __name__ == "__main__":
    unittest.main()
