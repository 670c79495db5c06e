"""TLS as devices meet it: names, protocols, small records."""
import contextlib
import os
import socket
import subprocess
import threading
import unittest

import foreign
from mqtt_raw import connect, disconnect, publish, subscribe
from tls_case import KEY, TlsCase


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
    """Passes bytes on, and notes how large the records are that the server sends, those of the handshake too."""

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
                if rest[0] in (22, 23):
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
