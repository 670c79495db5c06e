"""What TLS does not let in, how long it waits, and what both sides read about it."""
import contextlib
import socket
import subprocess
import time
import unittest

import foreign
from mqtt_raw import connect
from tls_case import TlsCase

HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the beginning of a ClientHello of 512 bytes


class Refused(TlsCase):
    def test_old_versions_are_not_spoken(self):
        broker = self.broker(self.pki.listener())
        for count, version in enumerate(("-tls1", "-tls1_1"), 1):
            said = self.s_client(broker, version, "-cipher", "DEFAULT:@SECLEVEL=0")
            self.assertIn("alert protocol version", said)
            broker.wait_for_log("reason=the peer offers only versions of TLS that are too old here", count)
        self.assertRegex(broker.log(), r"connection_ended peer=127\.0\.0\.1:\d+ reason=the peer offers only versions")

    def test_nobody_renegotiates(self):
        broker = self.broker(self.pki.listener())
        process = subprocess.Popen([foreign.need("openssl"), "s_client", "-connect", f"127.0.0.1:{broker.port}", "-tls1_2"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.reap, process)
        self.addCleanup(process.stdin.close)
        process.stdin.write(b"R\n")
        process.stdin.flush()
        said = process.stdout.read()  # it ends by itself
        self.assertIn(b"RENEGOTIATING", said)
        self.assertIn(b"no renegotiation", said)
        broker.wait_for_log("the peer broke off with a handshake failure: it wants to renegotiate")
        self.pub(broker, "-h", "localhost", "--cafile", self.pki.ca_crt)

    def certificates(self):
        """Clients' certificates that do not hold: files, what the broker logs, what the tool says."""
        chain = [self.pki.ca_crt]
        by = "ca"
        for number in range(12):
            self.pki.make(f"ca{number}", by=by, is_ca=True)
            by = f"ca{number}"
            chain.insert(0, self.pki.folder / f"{by}.crt")
        self.pki.make("below", by=by)
        self.pki.make("narrow", is_ca=True, path_length=0)
        self.pki.make("lower", by="narrow", is_ca=True)
        self.pki.make("leaf", by="lower")
        self.pki.make("serving", usage="server")
        self.with_chain("below", chain)
        self.with_chain("leaf", [self.pki.lower_crt, self.pki.narrow_crt])
        return (
            ("below", "the chain is too long: at most 10 CAs", "rejected"),
            ("leaf", "may not have so many CAs below it (pathlen)", "rejected"),
            ("serving", "is not made for this use; a server needs the extended key usage serverAuth, a client clientAuth",
             "unsupported certificate"),
            ("revoked", "the client's certificate was revoked by CA", "certificate revoked"),
            ("past", "the client's certificate expired on", "certificate expired"),
            ("foreigner", "which is not in cafile", "unknown ca"),
        )

    def with_chain(self, name, chain):
        path = self.pki.folder / f"{name}.crt"
        path.write_bytes(path.read_bytes() + b"".join(each.read_bytes() for each in chain))

    def test_certificates_that_do_not_hold(self):
        rows = self.certificates()
        lists = self.pki.folder / "lists.pem"
        self.pki.write_crl("lists.pem", "revoked")
        free = self.mutual("listener_allow_anonymous true\n")
        listed = self.mutual(f"crlfile {lists}\n")
        for name, logged, said in rows:
            for version in ("tlsv1.2", "tlsv1.3"):
                with self.subTest(name=name, version=version):
                    broker = listed if name == "revoked" else free
                    known = broker.log().count(logged)
                    words = ("-h", "localhost", *self.pki.client(name), "--tls-version", version)
                    self.assertIn(said, self.pub(broker, *words, code=8))
                    broker.wait_for_log(logged, known + 1)
                    line = next(line for line in broker.log().splitlines() if logged in line)
                    self.assertRegex(line, r"connection_ended peer=127\.0\.0\.1:\d+ reason=")
        for broker in (free, listed):
            self.assertNotIn("client_connected", broker.log())
            self.pub(broker, "-h", "localhost", *self.pki.client("alice"))

    def test_too_many_certificates(self):
        broker = self.mutual()
        path = self.home / "many.pem"
        path.write_bytes(self.pki.alice_crt.read_bytes() + self.pki.ca_crt.read_bytes() * 200)
        self.s_client(broker, "-cert", self.pki.alice_crt, "-key", self.pki.alice_key, "-cert_chain", path,
                      stdin=connect("many", version=4))
        broker.wait_for_log("the peer sent more certificates than 64 KiB hold")

    def test_what_both_sides_say(self):
        ca = ("-h", "localhost", "--cafile", self.pki.ca_crt)
        rows = (
            # the server's certificate, the tool's options, what it says, its exit code, what the broker logs
            ("server", ("-h", "localhost", "--cafile", self.pki.stranger_crt), "is signed by CA", 8, "unknown ca"),
            ("expired", ca, "the server's certificate expired on", 8, "certificate expired"),
            ("elsewhere", ca, "is for elsewhere.example but you asked for localhost", 8, "rejected our certificate"),
            ("server", (), "is this a port for plain MQTT, or for TLS?", 7, "the peer does not speak TLS"),
            (None, ca, "is this a port for plain MQTT?", 8, ""),
        )
        for server, words, said, code, logged in rows:
            with self.subTest(said=said):
                broker = self.open_broker() if server is None else self.broker(self.pki.listener(server))
                self.assertIn(said, self.pub(broker, *words, code=code))
                if logged:
                    broker.wait_for_log(logged)
                broker.stop()


class Slow(TlsCase):
    TOLD = "the client did not end its TLS handshake within connect_timeout"

    def setUp(self):
        super().setUp()
        self.slow = self.patient(1)

    def patient(self, seconds):
        return self.broker(f"connect_timeout {seconds}\n" + self.pki.listener())

    def attach(self, sent=b""):
        connection = socket.create_connection(("127.0.0.1", self.slow.port), timeout=30)
        self.addCleanup(connection.close)
        connection.sendall(sent)
        return connection

    def test_who_does_not_shake_hands_is_cut(self):
        for sent in (b"", HELLO[:3], HELLO):
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(self.attach(sent).recv(100), b"")
        self.slow.wait_for_log(self.TOLD, 3)

    def test_a_byte_now_and_then_does_not_help(self):
        connection = self.attach(HELLO)
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            for _ in range(500):
                connection.sendall(b"x")
                time.sleep(0.1)
        self.slow.wait_for_log(self.TOLD)

    def test_who_says_nothing_after_the_handshake_is_cut(self):
        self.slow = self.patient(5)
        process = subprocess.Popen([foreign.need("openssl"), "s_client", "-connect", f"127.0.0.1:{self.slow.port}"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.reap, process)
        self.addCleanup(process.stdin.close)
        self.assertIn(b"Cipher is TLS_", process.stdout.read())
        self.slow.wait_for_log("reason=maximum connect time reached")

    def test_others_are_served_meanwhile(self):
        self.slow = self.patient(8)
        waiting = [self.attach(HELLO) for _ in range(100)]
        self.pub(self.slow, "-h", "localhost", "--cafile", self.pki.ca_crt)
        for connection in waiting:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(connection.recv(100), b"")
        self.slow.wait_for_log(self.TOLD)


if __name__ == "__main__":
    unittest.main()
