"""wax pub, sub, rr and doctor against mosquitto and NATS, beside mosquitto's own tools."""
import json
import os
import pathlib
import re
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import (WAX, Story, free_port, has, mosquitto, nats, path_of, run, stop,  # noqa: E402
                   wax)

ROOT = pathlib.Path(__file__).parent.parent.parent


def tool(maker, name):
    """The words that start a tool of ours or of mosquitto's."""
    return [WAX, name] if maker == "wax" else [f"mosquitto_{name}"]


class Listener:
    """A wax sub or mosquitto_sub that has its subscriptions."""

    def __init__(self, story, port, *options, maker="wax"):
        self.story, self.port = story, port
        topic = options[options.index("-t") + 1].rstrip("#").rstrip("/")
        self.process = story.background(*tool(maker, "sub"), "-p", port, *options, "-t", f"{topic}-go/#",
                                        "-W", 20)
        self.ready(f"{topic}-go/x")

    def ready(self, topic):
        """Says something until the first of it arrives: then the subscriptions are in force."""
        self.heard = b""
        os.set_blocking(self.process.stdout.fileno(), False)
        until = time.monotonic() + 15
        while not self.heard and time.monotonic() < until:
            run("mosquitto_pub", "-p", self.port, "-t", topic, "-m", "GO", code=None)
            time.sleep(0.1)
            self.heard += self.process.stdout.read() or b""
        self.heard = b""

    def hear(self, count=1, wait_s=10):
        """What is shown until there are so many bytes."""
        until = time.monotonic() + wait_s
        while len(self.heard) < count and time.monotonic() < until:
            self.heard += self.process.stdout.read() or b""
            time.sleep(0.02)
        heard, self.heard = self.heard, b""
        return b"".join(line for line in heard.splitlines(True) if b"GO" not in line)

    def close(self):
        stop(self.process)


@unittest.skipUnless(has("mosquitto", "mosquitto_pub"), "no mosquitto")
class Plain(Story):
    @classmethod
    def prepare(cls):
        cls.port = free_port()
        cls.broker = cls.serve(mosquitto(
            cls.folder, f"listener {cls.port} 127.0.0.1\nallow_anonymous true\n", [cls.port]))

    def pub(self, *words, **more):
        return wax("pub", "-p", self.port, *words, **more)

    def sub(self, *words, **more):
        return wax("sub", "-p", self.port, *words, **more)

    def test_messages_arrive_at_every_qos_and_version(self):
        for version in "31", "311", "5":
            for qos in 0, 1, 2:
                with self.subTest(version=version, qos=qos):
                    topic = f"m/{version}/{qos}"
                    ear = Listener(self, self.port, "-t", topic, "-q", qos, "-V", version, "-F", "%q %p")
                    self.pub("-t", topic, "-m", "hello", "-q", qos, "-V", version)
                    self.assertEqual(ear.hear(8), f"{qos} hello\n".encode())
                    ear.close()

    def test_theirs_hear_ours(self):
        ear = Listener(self, self.port, "-t", "theirs", "-q", "2", maker="mosquitto")
        self.pub("-t", "theirs", "-l", "-q", "2", given="one\n\ntwo\nthree")
        self.assertEqual(ear.hear(14), b"one\ntwo\nthree\n")

    def test_a_retained_message_stays_until_removed(self):
        self.pub("-t", "kept", "-m", "x", "-r")
        self.assertEqual(self.sub("-t", "kept", "-C", 1, "-W", 5, "-F", "%r%p").out, "1x\n")
        self.assertEqual(self.sub("-t", "kept", "-R", "-W", 1, code=27).out, "")
        self.sub("-t", "kept", "--remove-retained", "-C", 1, "-W", 5)
        self.assertEqual(self.sub("-t", "kept", "-W", 1, code=27).out, "")

    def test_retained_only_ends_at_the_first_other_message(self):
        self.pub("-t", "only/a", "-m", "old", "-r")
        ear = self.background(WAX, "sub", "-p", self.port, "-t", "only/#", "--retained-only", "-W", 20)
        while ear.poll() is None:
            self.pub("-t", "only/b", "-m", "new")
            time.sleep(0.1)
        self.assertEqual((ear.returncode, ear.stdout.read()), (0, b"old\n"))

    def test_a_will_is_published_for_the_lost(self):
        ear = Listener(self, self.port, "-t", "will")
        lost = self.background(WAX, "sub", "-p", self.port, "-t", "lost", "--will-topic", "will", "--will-payload",
                               "gone", "--will-qos", 1, "-d")
        while b"Subscribed" not in lost.stdout.readline():
            pass
        lost.kill()
        self.assertEqual(ear.hear(5), b"gone\n")

    def test_a_good_bye_is_no_loss(self):
        ear = Listener(self, self.port, "-t", "bye")
        self.sub("-t", "x", "-E", "--will-topic", "bye", "--will-payload", "gone")
        self.assertEqual(ear.hear(1, 0.5), b"")

    def test_a_session_is_kept_and_nothing_comes_twice(self):
        for version in "311", "5":
            for qos in 1, 2:
                with self.subTest(version=version, qos=qos):
                    options = ["-i", f"keeper{version}{qos}", "-c", "-V", version, "-q", qos, "-t", f"keep/{version}"]
                    self.sub(*options, "-E")
                    for text in "abc":
                        self.pub("-t", f"keep/{version}", "-m", text, "-q", qos)
                    self.assertEqual(self.sub(*options, "-C", 2, "-W", 5).out, "a\nb\n")
                    # QoS 1 may come again by right, but an acknowledged message must not.
                    self.assertEqual(self.sub(*options, "-C", 1, "-W", 5).out, "c\n")
                    self.assertEqual(self.sub(*options, "-W", 1, code=27).out, "")

    def test_unsubscribing_from_a_session(self):
        options = ["-i", "leaver", "-c", "-q", 1]
        self.sub(*options, "-t", "leave/a", "-t", "leave/b", "-E")
        self.sub(*options, "-U", "leave/a", "-E")
        for name in "ab":
            self.pub("-t", f"leave/{name}", "-m", name, "-q", 1)
        self.assertEqual(self.sub(*options, "-t", "leave/b", "-C", 1, "-W", 5).out, "b\n")

    def test_large_messages_go_both_ways(self):
        body = os.urandom(20_000_000)
        path = self.folder.path / "large"
        path.write_bytes(body)
        for qos in 0, 1, 2:
            with self.subTest(qos=qos):
                topic = f"large/{qos}"
                self.pub("-t", topic, "-f", path, "-q", qos, "-r")
                result = self.sub("-t", topic, "-q", qos, "-C", 1, "-N", "-W", 20, text=False)
                self.assertTrue(result.out == body)
        result = self.sub("-t", "large/0", "-C", 1, "-F", "%l", "-W", 20)
        self.assertEqual(result.out, "20000000\n")
        self.pub("-t", "large/0", "-s", "-r", given=body, text=False)

    def test_repeating(self):
        ear = Listener(self, self.port, "-t", "again")
        start_s = time.monotonic()
        self.pub("-t", "again", "-m", "x", "--repeat", 3, "--repeat-delay", "0.2")
        self.assertGreater(time.monotonic() - start_s, 0.35)
        self.assertEqual(ear.hear(6), b"x\nx\nx\n")

    def test_many_lines_arrive_in_order(self):
        lines = "".join(f"line {number}\n" for number in range(900))
        for qos in 0, 1, 2:
            ear = Listener(self, self.port, "-t", f"many/{qos}", "-q", qos)
            self.pub("-t", f"many/{qos}", "-l", "-q", qos, given=lines)
            self.assertEqual(ear.hear(len(lines)).decode(), lines)
            ear.close()

    def test_filters_and_counts(self):
        ear = self.background(WAX, "sub", "-p", self.port, "-t", "f/#", "-T", "f/no/#", "-v", "-C", 2, "-W", 20)
        while ear.poll() is None:
            run("mosquitto_pub", "-p", self.port, "-t", "f/no/x", "-m", "never")
            run("mosquitto_pub", "-p", self.port, "-t", "f/yes", "-m", "always")
        self.assertEqual(ear.stdout.read(), b"f/yes always\nf/yes always\n")

    def test_a_url_says_it_all(self):
        self.pub("-t", "url/a%20b", "-m", "x", "-r")
        self.assertEqual(wax("sub", "-L", f"mqtt://joe:se%40cret@127.0.0.1:{self.port}/url/a%20b", "-C", 1, "-W",
                             5).out, "x\n")

    def test_ipv4_and_unix_sockets(self):
        port, path = free_port(), self.folder.path / "sock"
        self.addCleanup(mosquitto(self.folder, f"listener {port} 127.0.0.1\nlistener 0 {path}\n"
                                               "allow_anonymous true\n", [port]).close)
        wax("pub", "--unix", path, "-t", "u", "-m", "x", "-r")
        self.assertEqual(wax("sub", "-p", port, "-h", "127.0.0.1", "-A", "127.0.0.1", "-t", "u", "-C", 1, "-W",
                             5).out, "x\n")

    def test_options_come_from_files(self):
        config = self.folder.path / "config"
        config.mkdir()
        (config / "mosquitto_sub").write_text(f"# defaults\n\n-p {self.port}\n-W 1\n-F >%p <\n")
        home = dict(os.environ, XDG_CONFIG_HOME=str(config))
        self.pub("-t", "file", "-m", "a b", "-r")
        self.assertEqual(wax("sub", "-t", "file", "-C", 1, env=home).out, ">a b <\n")
        (config / "wax_sub").write_text(f"-p {self.port}\n-W 1\n-t file\n")
        self.assertEqual(wax("sub", "-C", 1, env=home).out, "a b\n")
        own = self.folder.write("own", f"-p {self.port}\n-t file\n-C 1\n-F own %p\n")
        for word in "-o", "--config":
            self.assertEqual(wax("sub", word, own, env=home).out, "own a b\n")
        own.write_text("-p 1\n--nonsense 2\n")
        said = wax("sub", "-o", own, code=1).err
        self.assertIn("--nonsense", said)
        self.assertIn("own, line 2", said)

    def test_no_list_of_processes_shows_the_password(self):
        ear = self.background(WAX, "sub", "-p", self.port, "-t", "x", "-u", "joe", "-P", "xyzzy", "-d")
        ear.stdout.readline()
        self.assertNotIn(b"xyzzy", pathlib.Path(f"/proc/{ear.pid}/cmdline").read_bytes())

    def test_requests_are_answered(self):
        for version in "5", "311":
            answerer = Listener(self, self.port, "-t", f"ask/{version}", "-V", version, "-F", "%p|%R")
            asker = self.background(WAX, "rr", "-p", self.port, "-V", version, "-t", f"ask/{version}", "-e",
                                    f"answer/{version}", "-m", "how?", "-W", 10, "-q", 1)
            heard = answerer.hear(5)
            self.assertEqual(heard, f"how?|{'answer/5' if version == '5' else ''}\n".encode())
            run("mosquitto_pub", "-p", self.port, "-t", f"answer/{version}", "-m", "so")
            self.assertEqual((asker.wait(10), asker.stdout.read()), (0, b"so\n"))
            answerer.close()
        self.assertEqual(wax("rr", "-p", self.port, "-t", "a", "-e", "b", "-m", "c", "-W", 1, code=27).out, "")

    def test_a_subscriber_comes_back_by_itself(self):
        port = free_port()
        lines = f"listener {port} 127.0.0.1\nallow_anonymous true\n"
        broker = mosquitto(self.folder, lines, [port])
        ear = Listener(self, port, "-t", "back")
        broker.close()
        broker = mosquitto(self.folder, lines, [port])
        self.addCleanup(broker.close)
        ear.ready("back-go/x")
        run("mosquitto_pub", "-p", port, "-t", "back", "-m", "again")
        self.assertEqual(ear.hear(6), b"again\n")

    def test_signals_end_a_subscriber_well(self):
        for number in 2, 15:
            ear = Listener(self, self.port, "-t", f"signal/{number}")
            ear.process.send_signal(number)
            self.assertEqual(ear.process.wait(5), 0)

    def test_properties(self):
        ear = Listener(self, self.port, "-t", "props", "-V", 5, "-F", "%C|%D|%E|%F|%P|%R|%p")
        self.pub("-t", "props", "-m", "x", "-D", "PUBLISH", "content-type", "text/plain", "-D", "publish",
                 "correlation-data", "cd", "-D", "publish", "message-expiry-interval", 60, "-D", "publish",
                 "payload-format-indicator", 1, "-D", "publish", "user-property", "k", "v", "-D", "publish",
                 "response-topic", "r/t")
        self.assertEqual(ear.hear(10), b"text/plain|cd|60|1|k:v|r/t|x\n")
        for words in (["publish", "reason-string", "x"], ["publish", "content-type"], ["nowhere", "content-type", "x"],
                      ["publish", "topic-alias", "70000"], ["connect", "content-type", "x"]):
            self.pub("-t", "props", "-m", "x", "-D", *words, code=1)
        self.assertIn("-V 5", self.pub("-t", "p", "-m", "x", "-D", "publish", "content-type", "x", "-V", 311, code=1).err)


@unittest.skipUnless(has("mosquitto", "mosquitto_pub"), "no mosquitto")
class Formats(Story):
    """What -F shows is what mosquitto_sub shows."""

    FORMATS = ("%t %p %q %r %l %m", "%x %X", "%20t|%-20t|%.3t|%10.3t|%-10.3t|", "%5l|%-5l|%05l|%03m|%5m",
               "%3p|%30p|%-30p|%8x|%-08X|%9x|", "%C|%30C|%-30C|%.2C|", "%D|%E|%12E|%012E|%-12E|%F|%05F", "%P|%R|%20R|%.1R|%S|%5S|%A",
               "a\\tb\\nc\\\\d\\ae\\ef\\vg\\rh\\0i", "%% @@ @Y-@m", "%j", "%J")

    @classmethod
    def prepare(cls):
        cls.port = free_port()
        cls.serve(mosquitto(cls.folder, f"listener {cls.port} 127.0.0.1\nallow_anonymous true\n", [cls.port]))
        run("mosquitto_pub", "-p", cls.port, "-t", "shape/one", "-m", '{"a":[1,2],"b":"c d"}', "-q", 2, "-r", "-V", 5,
            "-D", "publish", "content-type", "application/json", "-D", "publish", "correlation-data", "data", "-D",
            "publish", "message-expiry-interval", 500000, "-D", "publish", "user-property", "k", "v", "-D", "publish",
            "user-property", "k", "w", "-D", "publish", "payload-format-indicator", 1, "-D", "publish",
            "response-topic", "r/t")
        run("mosquitto_pub", "-p", cls.port, "-t", "shape/bare", "-m", "plain text", "-q", 1, "-r")

    def both(self, *words):
        outs = []
        for maker in "mosquitto", "wax":
            out = run(*tool(maker, "sub"), "-p", self.port, "-C", 1, "-W", 5, "-q", 2, *words, text=False).out
            out = re.sub(rb'"tst":(\t?)"[-0-9T:.]{26}Z', rb'"tst":\1"', out)
            outs.append(re.sub(rb"500000|4999[0-9]{2}", b"EXPIRY", out))  # a second may pass between the two
        self.assertEqual(outs[1], outs[0])

    def test_every_conversion(self):
        for version in "5", "311":
            for topic in "shape/one", "shape/bare":
                for form in self.FORMATS:
                    if topic == "shape/bare" and form == "%J":
                        continue
                    with self.subTest(version=version, topic=topic, form=form):
                        self.both("-V", version, "-t", topic, "-F", form)

    def test_plain_and_verbose(self):
        for words in ([], ["-v"], ["-N"], ["-v", "-N"], ["-F", "%j", "--pretty"], ["-F", "%J", "--pretty", "-V", "5"]):
            with self.subTest(words=words):
                self.both("-t", "shape/one", *words)

    def test_a_subscription_has_its_identifier(self):
        self.both("-V", 5, "-t", "shape/one", "-F", "%S|%05S|%j", "-D", "subscribe", "subscription-identifier", 7)

    def test_a_width_of_hex_shows_all_that_fits(self):
        # Mosquitto shows half of a payload that is shorter than the width.
        out = wax("sub", "-p", self.port, "-t", "shape/bare", "-C", 1, "-F", "%24x|%024X|%-24x|").out
        self.assertEqual(out, "    706c61696e2074657874|0000706C61696E2074657874|706c61696e2074657874    |\n")

    def test_time(self):
        out = wax("sub", "-p", self.port, "-t", "shape/one", "-C", 1, "-F", "%U @s @N %I").out.split()
        self.assertEqual(out[0], f"{out[1]}.{out[2]}")
        self.assertAlmostEqual(float(out[0]), time.time(), delta=30)
        self.assertRegex(out[3], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$")

    def test_what_is_no_text_is_json_all_the_same(self):
        for payload, shown in ((b"\xff\x00a", [255, 0, 97]), (b'q"\n\0', 'q"\n\0'), ("ä".encode(), "ä")):
            run("mosquitto_pub", "-p", self.port, "-t", "odd", "-s", "-r", given=payload, text=False)
            out = wax("sub", "-p", self.port, "-t", "odd", "-C", 1, "-W", 5, "-F", "%j").out
            self.assertEqual(json.loads(out)["payload"], shown)
        result = wax("sub", "-p", self.port, "-t", "shape/bare", "-C", 1, "-W", 5, "-F", "%J")
        self.assertIn("not JSON", result.err)

    def test_binary_numbers(self):
        run("mosquitto_pub", "-p", self.port, "-t", "number", "-s", "-r", given=struct.pack("=d", 2.5), text=False)
        self.assertEqual(wax("sub", "-p", self.port, "-t", "number", "-C", 1, "-F", "%.2d|%09.3d|%f|").out, "2.50|00002.500||\n")
        run("mosquitto_pub", "-p", self.port, "-t", "number", "-s", "-r", given=struct.pack("=f", 2.5), text=False)
        self.assertEqual(wax("sub", "-p", self.port, "-t", "number", "-C", 1, "-F", "%.1f|%-6.1f|%d|").out, "2.5|2.5   ||\n")


@unittest.skipUnless(has("mosquitto", "mosquitto_pub", "openssl"), "no mosquitto")
class Guarded(Story):
    """TLS, passwords and rights: what fails, fails as with mosquitto's tools, but says why."""

    @classmethod
    def prepare(cls):
        folder = cls.folder.path
        for words in (["ca"], ["server", "localhost"], ["server", "--name", "other", "other.example"], ["client", "pump"],
                      ["server", "--name", "old", "--from", "2020-01-01", "--until", "2021-01-01", "localhost"]):
            run(WAX, "pki", *words, "--dir", folder / "pki")
        run(WAX, "pki", "ca", "--dir", folder / "strange", "--name", "Stranger")
        run("mosquitto_passwd", "-c", "-b", folder / "passwords", "ann", "secret")
        cls.folder.write("acl", "user ann\ntopic read only/read\ntopic write only/write\n").chmod(0o600)
        names = "tls13", "other", "old", "mutual", "password", "plain"
        cls.ports = {name: free_port() for name in names}
        lines = "per_listener_settings true\n"
        for name, port in cls.ports.items():
            lines += f"listener {port} 127.0.0.1\nallow_anonymous {'false' if name == 'password' else 'true'}\n"
            if name not in ("password", "plain"):
                cert = folder / "pki" / {"other": "other", "old": "old"}.get(name, "localhost")
                lines += f"certfile {cert}.crt\nkeyfile {cert}.key\n"
        lines = lines.replace(f"listener {cls.ports['mutual']} 127.0.0.1\n",
                              f"listener {cls.ports['mutual']} 127.0.0.1\ncafile {folder}/pki/ca.crt\nrequire_certificate true\n")
        lines = lines.replace(f"listener {cls.ports['password']} 127.0.0.1\n",
                              f"listener {cls.ports['password']} 127.0.0.1\npassword_file {folder}/passwords\nacl_file {folder}/acl\n")
        cls.serve(mosquitto(cls.folder, lines, list(cls.ports.values())))
        # Mosquitto itself has no option for the newest version.
        cls.ports["tls12"] = free_port()
        old = cls.folder.write("old.cnf", "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n"
                                          "[tls]\nMaxProtocol = TLSv1.2\n")
        cls.serve(mosquitto(cls.folder, f"listener {cls.ports['tls12']} 127.0.0.1\nallow_anonymous true\n"
                                        f"certfile {folder}/pki/localhost.crt\nkeyfile {folder}/pki/localhost.key\n",
                            [cls.ports["tls12"]], env=dict(os.environ, OPENSSL_CONF=str(old))))
        cls.ca = ["--cafile", folder / "pki/ca.crt"]
        cls.pump = ["--cert", folder / "pki/pump.crt", "--key", folder / "pki/pump.key"]

    def at(self, name, *more):
        return ["-h", "localhost", "-p", self.ports[name], *more]

    def check(self, said, *options, codes=None):
        """All three tools fail as mosquitto's do, and say this."""
        for name, own in (("pub", ["-m", "x"]), ("sub", ["-W", 3]), ("rr", ["-m", "x", "-e", "y", "-W", 3])):
            with self.subTest(tool=name):
                theirs = run(f"mosquitto_{name}", *options, "-t", "only/write", *own, code=None)
                ours = wax(name, *options, "-t", "only/write", *own, code=None)
                # What mosquitto's tools exit with when TLS fails (1, 7 or 8) depends on when they see it.
                self.assertIn(ours.code, codes or [theirs.code], ours)
                self.assertNotEqual(theirs.code, 0)
                self.assertRegex(ours.err, said)
                if codes != [1]:
                    self.assertEqual(wax(name, *options, "-t", "only/write", *own, "--quiet", code=None).err, "")

    def test_tls_works(self):
        for name in "tls13", "tls12":
            for version in "31", "311", "5":
                wax("pub", *self.at(name, *self.ca), "-t", "t", "-m", "x", "-q", 2, "-V", version)
        for version, port, code in (("tlsv1.3", "tls13", 0), ("tlsv1.2", "tls13", 0), ("tlsv1.2", "tls12", 0), ("tlsv1.3", "tls12", 8)):
            wax("pub", *self.at(port, *self.ca), "-t", "t", "-m", "x", "--tls-version", version, code=code)
        self.assertIn("TLSv1.2", wax("doctor", *self.at("tls12", *self.ca)).out)
        self.assertIn("TLSv1.3", wax("doctor", *self.at("tls13", *self.ca)).out)
        wax("pub", *self.at("mutual", *self.ca, *self.pump), "-t", "t", "-m", "x")
        wax("pub", *self.at("other", *self.ca), "-t", "t", "-m", "x", "--insecure")
        body = os.urandom(3_000_000)
        for name in "tls13", "tls12":
            wax("pub", *self.at(name, *self.ca), "-t", "t", "-s", "-r", "-q", 1, given=body, text=False)
            out = wax("sub", *self.at(name, *self.ca), "-t", "t", "-C", 1, "-N", text=False).out
            self.assertTrue(out == body)

    def test_strange_authority(self):
        self.check("signed by CA .*which is not in", *self.at("tls13", "--cafile", self.folder.path / "strange/ca.crt"), codes=[8])
        # --insecure is about the name alone.
        self.check("signed by CA", *self.at("tls13", "--cafile", self.folder.path / "strange/ca.crt"), "--insecure", codes=[8])

    def test_wrong_name(self):
        self.check("is for other.example but you asked for localhost", *self.at("other", *self.ca), codes=[8])

    def test_expired(self):
        self.check("expired on 2021-01-01", *self.at("old", *self.ca), codes=[8])

    def test_a_certificate_is_required(self):
        self.check("requires a client certificate", *self.at("mutual", *self.ca), codes=[8])

    def test_plain_and_tls_mixed_up(self):
        self.check(r"TLS failed.*is this a port for plain MQTT\?", *self.at("plain", *self.ca), codes=[8])
        self.check(r"is this a port for plain MQTT, or for TLS\?", *self.at("tls13"), codes=[7])

    def test_files_that_cannot_be_used(self):
        self.check("ca.key holds no certificate", *self.at("tls13", "--cafile", self.folder.path / "pki/ca.key"), codes=[1])
        self.check("does not belong", *self.at("tls13", *self.ca, *self.pump[:3], self.folder.path / "pki/old.key"), codes=[1])
        self.check("No such file", *self.at("tls13", "--cafile", self.folder.path / "none"), codes=[1])

    def test_nobody_there(self):
        self.check("Connection refused.*wax doctor", "-p", free_port())
        self.check("cannot find the address", "-h", "nowhere.invalid")

    def test_wrong_password(self):
        for version, code in (("311", 5), ("5", 135)):
            self.check("(?i)not authorised", *self.at("password"), "-V", version, codes=[code])
            self.check("(?i)not authorised", *self.at("password", "-u", "ann", "-P", "wrong"), "-V", version, codes=[code])
        wax("pub", *self.at("password", "-u", "ann", "-P", "secret"), "-t", "t", "-m", "x")

    def test_publishing_without_the_right(self):
        words = [*self.at("password", "-u", "ann", "-P", "secret"), "-V", 5, "-q", 1, "-t", "secret", "-m", "x"]
        self.assertEqual(run("mosquitto_pub", *words).code, 0)
        self.assertIn("not pass it on: not authorized", wax("pub", *words).err)

    def doctor(self, *words, code=1):
        return wax("doctor", *words, code=code).out

    def test_the_doctor_knows(self):
        for said, words in (("port .*refused\n.*next:.*nothing listens", ["-p", free_port()]),
                            ("name .*has no address\n?", ["-h", "nowhere.invalid"]),
                            ("this port speaks TLS", self.at("tls13")),
                            ("speaks MQTT without TLS", self.at("plain", *self.ca)),
                            ("not in cafile.*\n.*next:.*wax pki show", self.at("tls13", "--cafile", self.folder.path / "strange/ca.crt")),
                            ("is for other.example but you asked for localhost", self.at("other", *self.ca)),
                            ("expired on 2021-01-01", self.at("old", *self.ca)),
                            ("FAIL.*requires a client certificate", self.at("mutual", *self.ca)),
                            ("FAIL +files.*does not belong", self.at("mutual", *self.ca, *self.pump[:3], self.folder.path / "pki/old.key")),
                            ("FAIL +mqtt.*not authorised", self.at("password", "-u", "ann", "-P", "x")),
                            ("FAIL +publish +x: not authorized\n.*--acl", self.at("password", "-u", "ann", "-P", "secret", "-t", "x", "--publish")),
                            ("did not come back", self.at("password", "-u", "ann", "-P", "secret", "-t", "only/write", "--publish"))):
            with self.subTest(words=words):
                self.assertRegex(self.doctor(*words), said)

    def test_the_doctor_finds_nothing(self):
        out = self.doctor(*self.at("mutual", *self.ca, *self.pump), "-t", "t", "--publish", code=0)
        self.assertNotIn("FAIL", out)
        self.assertIn("TLSv1.3", out)
        self.assertIn("the message came back", out)

    def test_the_doctor_reads_rights(self):
        acl = ["--acl", self.folder.path / "acl", "-u", "ann"]
        out = self.doctor(*acl, "-t", "only/read")
        self.assertRegex(out, "ok +read .*acl line 2: topic read only/read\n")
        self.assertRegex(out, "FAIL +write .*no line of .*\n.*below `user ann`: topic write only/read\n")


@unittest.skipUnless(has("mosquitto_pub"), "no mosquitto")
class Options(Story):
    def test_what_is_wrong_is_wrong_for_both(self):
        port = ["-p", free_port()]
        for name, words in (("pub", []), ("pub", ["-t", "a"]), ("pub", ["-m", "a"]), ("pub", ["-t", "a/#", "-m", "x"]),
                            ("pub", ["-t", "a", "-m", "x", "-n"]), ("pub", ["-t", "a", "-m", "x", "-q", "3"]),
                            ("pub", ["-t", "a", "-m", "x", "-p", "70000"]), ("pub", ["-t", "a", "-m", "x", "-p"]),
                            ("pub", ["-t", "a", "-m", "x", "-V", "6"]), ("pub", ["-t", "a", "-m", "x", "-k", "x"]),
                            ("pub", ["-t", "a", "-m", "x", "-c"]), ("pub", ["-t", "a", "-m", "x", "-i", "a", "-I", "b"]),
                            ("pub", ["-t", "a", "-m", "x", "-P", "b"]), ("pub", ["-t", "a", "-m", "x", "--will-payload", "b"]),
                            ("pub", ["-t", "a", "-m", "x", "--cert", "b"]), ("pub", ["-t", "a", "-f", "/nowhere/x"]),
                            ("pub", ["-t", "a", "-m", "x", "--nonsense"]), ("pub", ["-t", "a", "-m", "x", "-L", "http://x/y"]),
                            ("sub", []), ("sub", ["-t", "a#"]), ("sub", ["-t", "a", "-W", "x"]), ("sub", ["-t", "a", "-C", "0"]),
                            ("sub", ["-t", "a", "-T", "#/a"]), ("sub", ["-t", "a", "--random-filter", "200"]),
                            *(("sub", ["-t", "a", "-F", form]) for form in ("%", "x%Z", "%-", "%10", "\\", "\\q", "%t@")),
                            ("rr", ["-t", "a", "-m", "x"]), ("rr", ["-t", "a", "-e", "b"])):
            with self.subTest(tool=name, words=words):
                self.assertEqual(run(f"mosquitto_{name}", *port, *words, code=None).code, 1)
                result = wax(name, *port, *words, code=1)
                self.assertEqual(len(result.err.splitlines()), 1, result)
                self.assertTrue(result.err.startswith(f"wax {name}: "), result)

    def test_what_is_not_there_yet_says_so(self):
        for words in (["--mptcp"],):
            self.assertIn("not in this version", wax("pub", "-t", "a", "-m", "x", *words, code=1).err)

    def test_what_is_misspelt_is_corrected(self):
        for words, said in ((["--hots", "x"], "did you mean --host\\?"), (["-topic", "a"], "did you mean --topic\\?"),
                            (["--nonsense"], "there is no option --nonsense; see"), (["-t", "a", "hello"], "'hello' stands alone")):
            self.assertRegex(wax("pub", *words, code=1).err, said)

    def test_what_is_not_wanted_says_what_to_do_instead(self):
        for words in (["--tls-engine", "x"], ["--tls-engine-kpass-sha1", "x"], ["--keyform", "engine"]):
            self.assertRegex(wax("pub", "-t", "a", "-m", "x", *words, code=1).err, "OpenSSL gives up engines; .* --key")

    def test_refused_subscriptions(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def refuse():
            for _ in range(2):
                with server.accept()[0] as peer:
                    peer.recv(1000)
                    peer.send(b"\x20\x02\0\0")
                    peer.send(b"\x90\x03" + peer.recv(1000)[2:4] + b"\x80")
                    peer.recv(1000)

        thread = threading.Thread(target=refuse)
        thread.start()
        port = server.getsockname()[1]
        # A script that goes on after a subscription nobody granted would wait for ever.
        self.assertIn("refuses the subscription a", wax("sub", "-p", port, "-t", "a", "-E", code=128).err)
        self.assertIn("refuses the subscription b", wax("rr", "-p", port, "-V", 311, "-t", "a", "-e", "b", "-m", "x", code=128).err)
        thread.join()

    def test_the_program_has_many_names(self):
        for name, text in (("mosquitto_sub", "wax sub"), ("wax_pub", "wax pub"), ("wax-doctor", "wax doctor")):
            link = self.folder.path / name
            link.symlink_to(pathlib.Path(WAX).resolve())
            self.assertIn(f"Usage: {text}", run(link, "--help").out)

    def test_help(self):
        self.assertIn("wax help TOOL", wax("--help").out)
        for name in "pub", "sub", "rr", "doctor", "pki", "passwd", "init":
            self.assertIn(f"wax {name}", wax("help", name).out)
        self.assertRegex(wax("--version").out, r"^wax \d+\.\d+\.\d+\n$")
        self.assertIn("did you mean `wax sub`", wax("subb", code=1).err)
        self.assertIn("see `wax --help`", wax("teleport", code=1).err)
        self.assertIn("Usage", wax(code=1).err)

    def test_the_manual_pages_are_of_this_version(self):
        for name in "pub", "sub", "rr", "doctor":
            page = (ROOT / "docs/man" / f"wax-{name}.1").read_text()
            self.assertEqual(page, wax(name, "--man").out, f"run: wax {name} --man > docs/man/wax-{name}.1")


@unittest.skipUnless(has("nats-server", "mosquitto_pub"), "no nats-server")
class Nats(Story):
    """A broker that is no relative of mosquitto; MQTT 3.1.1 alone."""

    @classmethod
    def prepare(cls):
        cls.port = free_port()
        cls.serve(nats(cls.folder, cls.port))

    def test_messages_arrive(self):
        for qos in 0, 1:
            ear = Listener(self, self.port, "-t", f"n/{qos}", "-q", qos)
            wax("pub", "-p", self.port, "-t", f"n/{qos}", "-m", "hello", "-q", qos)
            self.assertEqual(ear.hear(6), b"hello\n")
            ear.close()

    def test_a_session_is_kept(self):
        options = ["-p", self.port, "-i", "keeper", "-c", "-q", 1, "-t", "keep"]
        wax("sub", *options, "-E")
        wax("pub", "-p", self.port, "-t", "keep", "-l", "-q", 1, given="a\nb\n")
        self.assertEqual(wax("sub", *options, "-C", 2, "-W", 10).out, "a\nb\n")

    def test_retained(self):
        wax("pub", "-p", self.port, "-t", "kept", "-m", "x", "-r", "-q", 1)
        self.assertEqual(wax("sub", "-p", self.port, "-t", "kept", "-C", 1, "-W", 10, "-F", "%r%p").out, "1x\n")

    def test_the_doctor_finds_the_version(self):
        out = wax("doctor", "-p", self.port, "-t", "x", "--publish").out
        self.assertIn("connected with MQTT 3.1.1", out)


if __name__ == "__main__":
    unittest.main()
