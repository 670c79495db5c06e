"""TLS as devices meet it: pre-shared keys, revoked and renewed certificates, sessions that are resumed, small records."""
import contextlib
import os
import socket
import subprocess
import threading
import time
import unittest

import foreign
from mqtt_raw import connect, disconnect, publish, subscribe

KEY, OTHER = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"


def replace(path, text):
    """Puts a file in the place of another, as certbot and editors do."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(text if isinstance(text, bytes) else text.encode())
    fresh.chmod(0o600)
    fresh.rename(path)


class TlsCase(foreign.TlsStory):
    def s_client(self, broker, *words, stdin=b"", code=None, port=None):
        """What `openssl s_client` says of one connection; it ends when its input does."""
        return foreign.run("openssl", "s_client", "-connect", f"127.0.0.1:{port or broker.port}", *words, input=stdin,
                           code=code)

    def psk(self, *lines, name="psk"):
        path = self.home / name
        replace(path, "".join(line + "\n" for line in lines))
        return path

    def psk_broker(self, more="", first=f"pump:{KEY}"):
        self.psk("# devices", first)
        return self.broker("user root\nlistener {port} 127.0.0.1\npsk_hint wax\npsk_file {home}/psk\n" + more)

    def pub(self, broker, *words, code=0, tool="wax", port=None):
        tool = (foreign.WAX, "pub") if tool == "wax" else ("mosquitto_pub",)
        return foreign.run(*tool, "-h", "127.0.0.1", "-p", port or broker.port, "-t", "a", "-m", "m", *words, code=code)

    def sys(self, broker, topic):
        """What the broker tells under $SYS."""
        return foreign.run("mosquitto_sub", "-h", "127.0.0.1", "-p", broker.ports[-1], "-u", "reader",
                           "-t", f"$SYS/broker/{topic}", "-C", 1, "-W", 20).strip()


class PreSharedKeys(TlsCase):
    VERSIONS = (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3"))

    def test_a_key_is_a_user(self):
        broker = self.psk_broker("use_identity_as_username true\n")
        for option, version in self.VERSIONS:
            said = self.s_client(broker, "-psk", KEY, "-psk_identity", "pump", option, stdin=connect(f"of{option}", version=4))
            self.assertRegex(said, rf"{version}, Cipher is (ECDHE-PSK-|TLS_AES_128_GCM_SHA256)")
            broker.wait_for_log(f"client=of{option} user=pump")
            self.assertRegex(broker.log(), rf"client=of{option} user=pump .* tls={version}")
        for tool in ("wax", "mosquitto"):
            self.pub(broker, "--psk", KEY, "--psk-identity", "pump", "-i", tool, "-u", "somebody", tool=tool)
            self.assertIn(f"client={tool} user=pump", broker.log())

    def test_a_cipher_with_forward_secrecy_comes_first(self):
        broker = self.psk_broker("allow_anonymous true\n")
        for offered, chosen in (("PSK-AES128-GCM-SHA256:DHE-PSK-AES128-GCM-SHA256", "DHE-PSK-AES128-GCM-SHA256"),
                                ("PSK-AES128-CCM8", "PSK-AES128-CCM8"), ("PSK-AES256-CBC-SHA", "PSK-AES256-CBC-SHA")):
            said = self.s_client(broker, "-psk", KEY, "-psk_identity", "pump", "-tls1_2", "-cipher", offered)
            self.assertIn(f"Cipher is {chosen}\n", said)
        said = self.s_client(broker, "-psk", KEY, "-psk_identity", "pump", "-tls1_2", "-cipher", "PSK-NULL-SHA256:@SECLEVEL=0")
        self.assertIn("handshake failure", said)

    def test_without_that_option_a_user_still_logs_in(self):
        foreign.run("mosquitto_passwd", "-b", "-c", self.home / "passwd", "anna", "secret")
        broker = self.psk_broker("password_file {home}/passwd\n")
        key = ("--psk", KEY, "--psk-identity", "pump")
        self.pub(broker, *key, code=5)
        self.pub(broker, *key, "-u", "anna", "-P", "wrong", code=(4, 5))
        self.pub(broker, *key, "-u", "anna", "-P", "secret")
        self.assertIn("user=anna", broker.log())

    def test_who_has_no_key_is_told_why(self):
        broker = self.psk_broker("allow_anonymous true\n")
        self.assertIn("the server has another pre-shared key",
                      self.pub(broker, "--psk", OTHER, "--psk-identity", "pump", code=8))
        broker.wait_for_log("reason=the client's pre-shared key is not the one in psk_file")
        self.assertIn("does not know our pre-shared key", self.pub(broker, "--psk", KEY, "--psk-identity", "valve", code=8))
        broker.wait_for_log("the identity 'valve', which is not in psk_file")
        self.pub(broker, "--cafile", self.pki.ca_crt, code=8)
        self.assertNotIn("client_connected", broker.log())
        self.assertNotIn(KEY, broker.log())

    def test_a_listener_with_certificate_and_keys(self):
        self.psk(f"pump:{KEY}")
        broker = self.broker(self.pki.listener(more="psk_hint x\npsk_file {home}/psk\nuse_identity_as_username true\n"
                                               f"cafile {self.pki.ca_crt}\nrequire_certificate true"))
        self.pub(broker, "--psk", KEY, "--psk-identity", "pump", "-i", "by-key")
        self.pub(broker, *self.pki.client("alice"), "-i", "by-certificate", "-h", "localhost")
        self.assertIn("client=by-key user=pump", broker.log())
        self.assertIn("client=by-certificate user=alice", broker.log())
        self.pub(broker, "--cafile", self.pki.ca_crt, "-h", "localhost", code=8)
        broker.wait_for_log("the client sent no certificate")
        said = self.pub(broker, "--psk", KEY, "--psk-identity", "valve", code=8)
        self.assertIn("does not know our pre-shared key 'valve'", said)
        # To name a key is not to have it: with a cipher of another hash it is not used at all.
        self.s_client(broker, "-psk", OTHER, "-psk_identity", "pump", "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384",
                      stdin=connect("thief", version=4))
        self.assertNotIn("client=thief", broker.log())

    def test_keys_come_and_go(self):
        broker = self.psk_broker("use_identity_as_username true\n")
        self.pub(broker, "--psk", KEY, "--psk-identity", "pump")
        self.psk(f"pump:{OTHER}", f"valve:{KEY}")
        broker.wait_for_log(" reloaded")
        self.pub(broker, "--psk", KEY, "--psk-identity", "pump", code=8)
        self.pub(broker, "--psk", OTHER, "--psk-identity", "pump")
        self.pub(broker, "--psk", KEY, "--psk-identity", "valve")
        self.psk(f"pump:{OTHER}", "valve")
        broker.wait_for_log("psk:2: there is no ':' between an identity and its key")
        broker.wait_for_log("reload_failed")
        self.pub(broker, "--psk", KEY, "--psk-identity", "valve")

    def test_our_client_and_debians_broker(self):
        port = foreign.free_port()
        self.psk(f"pump:{KEY}")
        config = self.write("m.conf", f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npsk_hint x\n"
                            f"psk_file {self.home}/psk\n")
        self.start("mosquitto", "-c", config)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        foreign.wait_until(listens, "mosquitto")
        at = ("-h", "127.0.0.1", "-p", port, "--psk", KEY, "--psk-identity", "pump")
        foreign.run(foreign.WAX, "pub", *at, "-t", "a", "-m", "hello", "-r", "-q", 1)
        self.assertEqual(foreign.run(foreign.WAX, "sub", *at, "-t", "a", "-C", 1), "hello\n")
        said = foreign.run(foreign.WAX, "pub", *at, "-t", "a", "-m", "x", "--psk", OTHER, code=8)
        self.assertIn("the server has another pre-shared key for our identity", said)

    def test_options_of_the_tools_that_do_not_fit(self):
        for words, text in ((["--psk", KEY], "belong together"), (["--psk-identity", "a"], "belong together"),
                            (["--psk", "0g", "--psk-identity", "a"], "hexadecimal"),
                            (["--psk", KEY, "--psk-identity", "a", "--cafile", "x"], "leave --cafile")):
            said = foreign.run(foreign.WAX, "pub", "-t", "a", "-m", "m", *words, code=1)
            self.assertIn(text, said)
            self.assertNotIn(KEY, said)


class WhatIsWrong(TlsCase):
    """--test-config finds it before anybody else does."""

    ROWS = (
        ("a key that is no hexadecimal", "pump:xy" + KEY, "", "psk:1: error: the key holds something other"),
        ("a short key", "pump:0011", "", "psk:1: error: the key is shorter than 16 bytes"),
        ("an odd key", f"pump:{KEY}0", "", "psk:1: error: the key has an odd number"),
        ("no colon", f"# a\npump {KEY}", "", "psk:2: error: there is no ':'"),
        ("an identity twice", f"a:{KEY}\nb:{KEY}\na:{OTHER}", "", "psk:3: error: the identity is there twice: delete the line "
                                                                  "that is not meant (see line 1)"),
        ("no key at all", "# none", "", "psk: warning: there is no key in this file"),
        ("a short key that is allowed", "pump:0011", "psk_allow_short true", "warning: short keys can be guessed"),
        ("a key of another certificate", "", "certfile {crt}\nkeyfile {alice}", "does not belong to certfile"),
        ("a list that is none", "", "certfile {crt}\nkeyfile {key}\ncafile {ca}\ncrlfile {crt}", "holds no revocation list"),
        ("a list of a stranger", "", "certfile {crt}\nkeyfile {key}\ncafile {stranger}\ncrlfile {crl}",
         "is not of a CA in cafile"),
        ("a name's file that is none", "", "certfile {crt}\nkeyfile {key}\nsni_certificate a.example {key} {key}",
         "holds no certificate; it holds a private key"),
        ("a name's file that is not there", "", "certfile {crt}\nkeyfile {key}\nsni_certificate a.example /none {key}",
         "sni_certificate: cannot read /none: No such file"),
        ("a key of another name", "", "certfile {crt}\nkeyfile {key}\nsni_certificate a.example {crt} {alice}",
         "does not belong to certfile"),
        ("a weak cipher", "", "certfile {crt}\nkeyfile {key}\nciphers ECDHE-RSA-NULL-SHA:@SECLEVEL=0", "is too weak"),
        ("a certificate alone", "", "certfile {crt}", "certfile needs its private key"),
        ("authorities alone", "", "cafile {ca}", "so it would speak plain"),
        ("a list alone", "", "crlfile {crl}", "so it would speak plain"),
        ("a demand alone", "", "require_certificate true", "so it would speak plain"),
        ("a version alone", "", "tls_version tlsv1.3", "so it would speak plain"),
        ("a size alone", "", "tls_record_size_max 1024", "so it would speak plain"),
    )

    def test_it_is_said(self):
        names = {"crt": self.pki.server_crt, "key": self.pki.server_key, "ca": self.pki.ca_crt, "alice": self.pki.alice_key,
                 "stranger": self.pki.stranger_crt, "crl": self.pki.folder / "crl.pem"}
        for name, keys, lines, words in self.ROWS:
            with self.subTest(name):
                text = "user root\nlistener 18883 127.0.0.1\nallow_anonymous true\n" + lines.format(**names) + "\n"
                if keys:
                    text += f"psk_hint x\npsk_file {self.psk(*keys.splitlines())}\n"
                said = foreign.run(foreign.WAX, "broker", "--test-config", "-c", self.write("wax.conf", text),
                                   code=0 if "warning" in words else 1)
                self.assertIn(words, said)


class Revoked(TlsCase):
    def test_a_revoked_client_is_refused_from_the_reload_on(self):
        folder = self.pki.folder
        self.pki.write_crl("live.pem")
        broker = self.mutual(f"crlfile {folder}/live.pem")
        self.pub(broker, *self.pki.client("revoked"), "-h", "localhost")
        self.pki.write_crl("next.pem", "revoked")
        (folder / "next.pem").rename(folder / "live.pem")
        broker.wait_for_log(f"file_changed path={folder}/live.pem")
        broker.wait_for_log(" reloaded")
        self.pub(broker, *self.pki.client("revoked"), "-h", "localhost", code=8)
        broker.wait_for_log("reason=the client's certificate was revoked by CA")
        self.pub(broker, *self.pki.client("alice"), "-h", "localhost")

    def test_a_stale_list_is_told_at_start_and_to_each_client(self):
        self.pki.write_crl("stale.pem", days=-2)
        broker = self.mutual(f"crlfile {self.pki.folder}/stale.pem")
        broker.wait_for_log("stale.pem is out of date since 20")
        self.pub(broker, *self.pki.client("alice"), "-h", "localhost", code=8)
        broker.wait_for_log("stale.pem is out of date; write it anew")

    def test_dates_may_be_ignored_and_lists_not(self):
        broker = self.mutual(f"disable_client_cert_date_checks true\ncrlfile {self.pki.folder}/crl.pem")
        broker.wait_for_log("clients get in with certificates that have expired")
        self.pub(broker, *self.pki.client("past"), "-h", "localhost")
        self.pub(broker, *self.pki.client("revoked"), "-h", "localhost", code=8)


class Resumed(TlsCase):
    def visit(self, broker, version, resumes=None):
        """Connects as alice, perhaps with the ticket of before; gives whether the session was resumed."""
        ticket = self.home / "ticket"
        words = ["-sess_in", ticket] if resumes else []
        process = subprocess.Popen(
            [foreign.need("openssl"), "s_client", "-connect", f"127.0.0.1:{broker.port}", version, "-sess_out", str(ticket),
             "-cert", str(self.pki.alice_crt), "-key", str(self.pki.alice_key), *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.reap, process)
        process.stdin.write(connect("alice", version=4))
        process.stdin.flush()
        said = b""
        while b"\x20\x02\0\0" not in said:  # CONNACK; the ticket comes before it
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            said += piece
        process.stdin.close()
        said += process.stdout.read()
        process.wait()
        self.assertRegex(said, rb"\n(New|Reused), TLS", said)
        return b"\nReused, TLS" in said

    def test_a_session_goes_on_after_a_reload_but_not_past_new_rules(self):
        folder = self.pki.folder
        self.pki.write_crl("rules.pem")
        broker = self.broker(self.pki.listener(more=f"cafile {folder}/ca.crt\nrequire_certificate true\nwatch_files false\n"
                                               f"crlfile {folder}/rules.pem\nsys_interval 1\n"
                                               "listener {port2} 127.0.0.1"))
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                self.assertFalse(self.visit(broker, version))
                self.assertTrue(self.visit(broker, version, True))
                broker.reload()
                self.assertTrue(self.visit(broker, version, True))
                self.pki.write_crl("rules.pem", "revoked" if version == "-tls1_2" else "past")
                broker.reload()
                self.assertFalse(self.visit(broker, version, True))
        foreign.wait_until(lambda: self.sys(broker, "tls/resumed/count") == "4", "the count of resumed sessions")
        self.assertGreaterEqual(int(self.sys(broker, "tls/handshakes/count")), 4)

    def test_another_listener_does_not_take_the_ticket(self):
        folder = self.pki.folder
        pair = f"certfile {folder}/server.crt\nkeyfile {folder}/server.key\n"
        broker = self.broker(f"user root\nallow_anonymous true\nlistener {{port}} 127.0.0.1\n{pair}"
                             f"listener {{port2}} 127.0.0.1\n{pair}cafile {folder}/ca.crt\nrequire_certificate true\n"
                             "use_identity_as_username true\n")
        open_port, closed_port = broker.ports
        ticket = self.home / "ticket"
        self.s_client(broker, "-tls1_2", "-sess_out", ticket, port=open_port)
        said = self.s_client(broker, "-tls1_2", "-sess_in", ticket, port=closed_port)
        self.assertIn("handshake failure", said)
        broker.wait_for_log("the client sent no certificate")


class Names(TlsCase):
    def test_each_name_has_its_certificate(self):
        folder = self.pki.folder
        for name in ("one", "wild"):
            self.pki.make(name, names=[f"{name}.example"])
        broker = self.broker(self.pki.listener(
            more=f"sni_certificate one.example {folder}/one.crt {folder}/one.key\n"
                 f"sni_certificate *.wild.example {folder}/wild.crt {folder}/wild.key\n"))
        for asked, shown in (("one.example", "one"), ("ONE.example", "one"), ("a.wild.example", "wild"),
                             ("a.b.wild.example", "server"), ("wild.example", "server"), ("other.example", "server")):
            for version in ("-tls1_2", "-tls1_3"):
                said = self.s_client(broker, "-servername", asked, version)
                self.assertRegex(said, rf"subject=.*CN = {shown}\n")
        self.assertRegex(self.s_client(broker, "-noservername"), r"subject=.*CN = server\n")
        # A new certificate for one name is seen without a signal.
        self.pki.make("one", names=["one.example"], days=20)
        broker.wait_for_log(" reloaded")
        text = foreign.run("openssl", "x509", "-in", folder / "one.crt", "-noout", "-serial").strip().split("=")[1]
        shown = foreign.run("openssl", "x509", "-noout", "-serial", input=self.s_client(
            broker, "-servername", "one.example").encode())
        self.assertIn(text, shown)

    def test_mqtt_is_chosen_when_offered(self):
        broker = self.broker(self.pki.listener())
        self.assertIn("ALPN protocol: mqtt\n", self.s_client(broker, "-alpn", "h2,mqtt"))
        self.assertIn("No ALPN negotiated", self.s_client(broker, "-alpn", "something"))


class Relay:
    """Passes bytes on, and notes how large the records are that the server sends once it encrypts."""

    def __init__(self, port):
        self.target, self.sizes = port, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client = self.server.accept()[0]
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            up = threading.Thread(target=self.pump, args=(client, server), daemon=True)
            up.start()
            self.pump(server, client, note=True)
            up.join()

    def pump(self, one, other, note=False):
        rest = b""
        for piece in iter(lambda: one.recv(65536), b""):
            rest += piece if note else b""
            while len(rest) >= 5 and len(rest) >= 5 + int.from_bytes(rest[3:5], "big"):
                size = int.from_bytes(rest[3:5], "big")
                if rest[0] == 23:
                    self.sizes.append(size)
                rest = rest[5 + size:]
            with contextlib.suppress(OSError):  # the other side may have left already
                other.sendall(piece)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def close(self):
        self.server.close()
        self.thread.join(30)


class SmallRecords(TlsCase):
    OVERHEAD = 128

    def echo(self, port, *words):
        """A device sends itself 50,000 bytes; gives what came, and the sizes of the records."""
        relay = Relay(port)
        process = subprocess.Popen([foreign.need("openssl"), "s_client", "-quiet", "-connect", f"127.0.0.1:{relay.port}",
                                    *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(self.reap, process)
        message = b"<" + bytes(range(256)) * 195 + b">"
        process.stdin.write(connect("device", version=4) + subscribe([("d/#", 0)], version=4)
                            + publish("d/x", message, version=4))
        process.stdin.flush()
        came = b""
        while message not in came:
            piece = os.read(process.stdout.fileno(), 65536)
            self.assertTrue(piece, "the connection ended early")
            came += piece
        process.stdin.write(disconnect())
        process.stdin.close()
        process.wait(30)
        relay.close()
        self.assertTrue(relay.sizes)
        return max(relay.sizes)

    def test_what_the_device_asks_for(self):
        broker = self.broker(self.pki.listener())
        for version in ("-tls1_2", "-tls1_3"):
            self.assertGreater(self.echo(broker.port, version), 8192)
            for size in (512, 1024, 4096):
                self.assertLessEqual(self.echo(broker.port, version, "-maxfraglen", size), size + self.OVERHEAD)

    def test_what_the_listener_is_told(self):
        broker = self.broker(self.pki.listener(more="tls_record_size_max 600"))
        for version in ("-tls1_2", "-tls1_3"):
            self.assertLessEqual(self.echo(broker.port, version), 600 + self.OVERHEAD)

    def test_with_a_key(self):
        broker = self.psk_broker("allow_anonymous true\n")
        for version in ("-tls1_2", "-tls1_3"):
            size = self.echo(broker.port, version, "-maxfraglen", 512, "-psk", KEY, "-psk_identity", "pump")
            self.assertLessEqual(size, 512 + self.OVERHEAD)


class Watched(TlsCase):
    def serial(self, broker):
        return foreign.run("openssl", "x509", "-noout", "-serial", input=self.s_client(broker).encode())

    def copy(self, name, into="live"):
        """A pair under a name of its own, each file put in place by a rename."""
        replace(self.home / f"{into}.key", (self.pki.folder / f"{name}.key").read_text())
        replace(self.home / f"{into}.crt", (self.pki.folder / f"{name}.crt").read_text())

    def watching(self, more=""):
        self.copy("server")
        return self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\ncertfile {home}/live.crt\n"
                           "keyfile {home}/live.key\n" + more)

    def test_a_renewed_certificate_is_shown_and_nobody_is_dropped(self):
        broker = self.watching()
        before = self.serial(broker)
        words = ("-h", "localhost", "-p", broker.port, "--cafile", self.pki.ca_crt)
        there = self.start("mosquitto_sub", *words, "-t", "a", "-C", 1)
        broker.wait_for_log("client_connected")
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        self.copy("renewed")
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

        def was_published():
            foreign.run("mosquitto_pub", *words, "-t", "a", "-m", "still here")
            return there.poll() is not None

        foreign.wait_until(was_published, "the message")
        self.assertEqual(self.finish(there), "still here\n")
        self.assertNotIn("reload_failed", broker.log())

    def test_half_a_change_keeps_the_old_pair(self):
        broker = self.watching()
        before = self.serial(broker)
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        replace(self.home / "live.crt", self.pki.renewed_crt.read_text())
        broker.wait_for_log("does not belong to certfile")
        broker.wait_for_log("reload_failed reason=the configuration is not good: the old one holds")
        self.assertEqual(self.serial(broker), before)
        replace(self.home / "live.key", self.pki.renewed_key.read_text())
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

    def test_a_link_that_is_turned(self):
        """As Kubernetes puts secrets in place: the files are links through a link to a folder."""
        for name in ("first", "second"):
            (self.home / name).mkdir()
        self.copy("server", "first/live")
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        self.copy("renewed", "second/live")
        (self.home / "data").symlink_to("first")
        for kind in ("crt", "key"):
            (self.home / f"live.{kind}").symlink_to(f"data/live.{kind}")
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\ncertfile {home}/live.crt\n"
                             "keyfile {home}/live.key\n")
        before = self.serial(broker)
        (self.home / "data.new").symlink_to("second")
        (self.home / "data.new").rename(self.home / "data")
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

    def test_passwords_and_rules_are_watched(self):
        foreign.run("mosquitto_passwd", "-b", "-c", self.home / "passwd", "anna", "secret")
        broker = self.broker("user root\nlistener {port} 127.0.0.1\npassword_file {home}/passwd\n")
        login = ("-u", "ben", "-P", "secret")
        self.pub(broker, *login, code=(4, 5))
        foreign.run("mosquitto_passwd", "-b", self.home / "passwd", "ben", "secret")
        broker.wait_for_log(" reloaded")
        self.pub(broker, *login)

    def test_a_signal_reads_it_once(self):
        """A file that was changed before SIGHUP makes no second reload, and without the option there is none."""
        broker = self.watching()
        self.copy("server")
        broker.reload()
        replace(self.home / "live.crt", "nothing")
        broker.wait_for_log("reload_failed")
        self.assertEqual(broker.log().count(" reloaded"), 1)
        broker = self.watching("watch_files false\n")
        replace(self.home / "live.crt", "nothing")
        time.sleep(2.5)
        self.assertNotIn("reload_failed", broker.log())


class Expiring(TlsCase):
    def test_the_end_is_published_and_told_in_time(self):
        self.pki.make("ending", names=["localhost"], addresses=["127.0.0.1"], days=1, seconds=5)
        broker = self.broker(self.pki.listener("ending", more="sys_interval 1\nlistener {port2} 127.0.0.1"))
        text = foreign.run("openssl", "x509", "-in", self.pki.ending_crt, "-noout", "-enddate").strip().split("=")[1]
        end = foreign.run("date", "-d", text, "+%s").strip()
        self.assertEqual(self.sys(broker, f"tls/{broker.port}/certificate/expires"), end)
        self.assertIn("our certificate expires in 1 days", broker.log())
        broker.wait_for_log(f"certificate_expires port={broker.port} days=1")
        self.assertEqual(broker.log().count("certificate_expires"), 1)


class KeyLog(TlsCase):
    def test_secrets_are_written_with_a_warning(self):
        broker = self.broker(self.pki.listener())
        path = self.home / "keys"
        said = self.pub(broker, "-h", "localhost", "--cafile", self.pki.ca_crt, "--tls-keylog", path)
        self.assertIn("WARNING", said)
        self.assertRegex(path.read_text(), r"CLIENT_TRAFFIC_SECRET_0 \w{64} \w+\n")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
