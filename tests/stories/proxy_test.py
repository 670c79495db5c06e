"""Behind a proxy: who the peer is stands in the PROXY header, by hand and by Debian's haproxy."""
import contextlib
import os
import socket
import ssl
import struct
import unittest

import foreign
import peers
import scram
from mqtt_raw import CONNACK, Client, connect
from passwords import line
from running import BrokerCase
from web_raw import WebClient

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def second(values=b"", command=0x21, family=0x11, addresses=None):
    """A header of version 2, of a peer at 192.0.2.7:40112."""
    if addresses is None:
        addresses = socket.inet_aton("192.0.2.7") + socket.inet_aton("10.0.0.1") + struct.pack(">HH", 40112, 8883)
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(addresses + values)) + addresses + values


def value(kind, content):
    return bytes([kind]) + struct.pack(">H", len(content)) + content


def tls(client=7, verify=0, name=b"alice"):
    return value(0x20, bytes([client]) + struct.pack(">I", verify) + value(0x21, b"TLSv1.3") + (value(0x22, name) if name else b""))


FIRST = b"PROXY TCP4 192.0.2.7 10.0.0.1 40112 8883\r\n"


class ProxyHeaders(BrokerCase):
    CONFIG = """listener {port} 127.0.0.1
enable_proxy_protocol 1
allow_anonymous true
connect_timeout 2
listener {port2} 127.0.0.1
enable_proxy_protocol 2
listener {port3} 127.0.0.1
enable_proxy_protocol 2
proxy_protocol_v2_require_tls true
require_certificate true
use_identity_as_username true
"""

    def begin(self, port, *bytes_of_header):
        client = self.raw(port=port)
        for part in bytes_of_header:
            client.socket.sendall(part)
        return client

    def refused(self, port, header, words):
        count = self.broker.log().count(words)
        client = self.begin(port)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.send(header, connect(self.name))
        self.assertIsNone(client.receive())
        self.broker.wait_for_log(words, count + 1)

    def test_the_peer_is_who_the_header_says(self):
        rows = ((self.broker.port, FIRST, "192.0.2.7:40112"),
                (self.broker.port, b"PROXY TCP6 2001:db8::7 ::1 40112 8883\r\n", "[2001:db8::7]:40112"),
                (self.broker.port2, second(), "192.0.2.7:40112"),
                (self.broker.port2, second(family=0x31, addresses=b"a" * 216), "local"))
        for number, (port, header, peer) in enumerate(rows):
            with self.subTest(peer=peer, number=number):
                client = self.begin(port, header)
                client.connect(f"{self.name}-{number}")
                self.broker.wait_for_log(f"client_connected client={self.name}-{number} user= peer={peer} ")
                client.subscribe(f"{self.name}/{number}")
                client.publish(f"{self.name}/{number}", b"hello", 1)
                self.assertEqual(client.message().payload, b"hello")

    def test_a_header_may_come_byte_by_byte_and_with_connect(self):
        client = self.begin(self.broker.port, *(FIRST[n:n + 1] for n in range(len(FIRST))))
        client.connect(f"{self.name}-1")
        both = self.begin(self.broker.port2, second() + connect(f"{self.name}-2"))
        both.expect(CONNACK)

    def test_a_proxy_that_speaks_for_itself_is_the_peer(self):
        rows = ((self.broker.port, b"PROXY UNKNOWN\r\n"), (self.broker.port2, second(command=0x20)),
                (self.broker.port2, second(command=0x20, family=0, addresses=b"")))
        for number, (port, header) in enumerate(rows):
            client = self.begin(port, header)
            client.connect(f"{self.name}-{number}")
            self.broker.wait_for_log(f"client_connected client={self.name}-{number} user= peer=127.0.0.1:")

    def test_a_connection_without_a_header_is_refused(self):
        self.refused(self.broker.port, b"", "does not begin with a PROXY header of version 1")
        self.refused(self.broker.port2, b"", "does not begin with a PROXY header of version 2")
        self.refused(self.broker.port, second(), "does not begin with a PROXY header of version 1")
        self.refused(self.broker.port2, FIRST, "does not begin with a PROXY header of version 2")
        self.refused(self.broker.port2, SIGNATURE + b"\x21\x11\xff\xff" + b"a" * 3000, "more than 552 bytes")

    def test_a_header_has_a_time_limit(self):
        for header in (b"", FIRST[:-1], second()[:-1]):
            with self.subTest(header=header):
                client = self.begin(self.broker.port if header == FIRST[:-1] else self.broker.port2, header)
                self.assertIsNone(client.receive(timeout=30))

    def test_a_name_is_taken_from_a_good_certificate_only(self):
        client = self.begin(self.broker.port3, second(tls()))
        client.connect(f"{self.name}-1")
        self.broker.wait_for_log(f"client_connected client={self.name}-1 user=alice peer=192.0.2.7:40112")
        rows = ((tls(verify=10), 0x87), (tls(client=1), 0x87), (tls(name=b""), 0x86), (tls(name=b"al\0ce"), 0x86))
        for values, reason in rows:
            with self.subTest(values=values):
                client = self.begin(self.broker.port3, second(values))
                client.send(connect(f"{self.name}-2"))
                self.assertEqual(client.expect(CONNACK).reason, reason)

    def test_tls_is_required_where_it_is_said(self):
        self.refused(self.broker.port3, second(), "does not say that the client came to it by TLS")
        self.refused(self.broker.port3, second(tls(client=6)), "does not say that the client came to it by TLS")


class ProxiedLogins(BrokerCase):
    CONFIG = """auth_backoff_after 3
auth_backoff_max 3600
listener {port} 127.0.0.1
enable_proxy_protocol 1
listener {port2} 127.0.0.1
enable_proxy_protocol 2
require_certificate true
password_file {folder}/passwords
"""
    FILES = {"passwords": line("ann", "a") + scram.line("bob", "b")}

    def login(self, address, password):
        client = self.raw(port=self.broker.port2)
        header = second(tls(), addresses=socket.inet_aton(address) * 2 + struct.pack(">HH", 40112, 8883))
        client.send(header, connect(f"{self.name}-{address}", user="ann", password=password))
        return client.expect(CONNACK, 30).reason

    def test_who_guesses_is_who_the_header_says(self):
        reasons = [self.login("192.0.2.7", "wrong") for _ in range(20)]
        self.assertEqual({0x86, 0x89}, set(reasons))
        self.broker.wait_for_log("auth_failed addr=192.0.2.7 port=40112 ")
        self.assertEqual(self.login("192.0.2.7", "a"), 0x89)
        self.assertEqual(self.login("192.0.2.8", "a"), 0)

    def test_a_proof_of_the_password_is_no_certificate(self):
        for values, allowed in ((tls(), True), (tls(client=1), False), (tls(verify=10), False)):
            with self.subTest(values=values):
                client = self.raw(port=self.broker.port2)
                client.send(second(values, addresses=socket.inet_aton("192.0.2.9") * 2 + b"\x9c\xb0\x22\xb3"))
                talk = scram.Conversation("bob", "b")
                scram.hello(client, self.name, talk.first())
                if allowed:
                    reason, props = scram.taken_apart(client.receive())
                    self.assertEqual(reason, scram.CONTINUE)
                    client.send(scram.auth(scram.CONTINUE, talk.final(props["authentication_data"].decode())))
                self.assertEqual(client.expect(CONNACK).reason, 0 if allowed else 0x87)


class BehindHaproxy(foreign.TlsStory):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.pki.folder
        pair = (folder / "server.crt").read_bytes() + (folder / "server.key").read_bytes()
        (folder / "server.pem").write_bytes(pair)
        os.chmod(folder / "server.pem", 0o600)

    def haproxy(self, lines):
        """Starts haproxy; every `bind PORT` of the lines is waited for."""
        text = f"global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n{lines}\n"
        config = self.write("haproxy.cfg", text)
        process = self.start(peers.path_of("haproxy"), "-f", config, "-db")
        ports = [int(word.rsplit(":", 1)[1]) for line in lines.split("\n") if " bind " in line for word in line.split() if ":" in word][:9]
        for port in ports:
            foreign.wait_until(lambda: self.answers(port, process), f"haproxy on port {port}")

    def answers(self, port, process):
        self.assertIsNone(process.poll(), "haproxy ended")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def talk(self, client, client_id):
        self.addCleanup(client.close)
        client.connect(client_id)
        client.subscribe(client_id)
        client.publish(client_id, b"x" * 200000, 1)
        self.assertEqual(client.message().payload, b"x" * 200000)
        return client.socket.getsockname()[1]

    def test_version_1_and_2_tell_the_peer(self):
        front = [foreign.free_port() for _ in range(2)]
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nenable_proxy_protocol 1\nallow_anonymous true\n"
                             "listener {port2} 127.0.0.1\nenable_proxy_protocol 2\n")
        self.haproxy(f"listen one\n  bind 127.0.0.1:{front[0]}\n  server wax 127.0.0.1:{broker.ports[0]} send-proxy\n"
                     f"listen two\n  bind 127.0.0.1:{front[1]}\n  server wax 127.0.0.1:{broker.ports[1]} send-proxy-v2 check\n")
        for number, port in enumerate(front):
            with self.subTest(version=number + 1):
                own = self.talk(Client(port), f"v{number + 1}")
                broker.wait_for_log(f"client_connected client=v{number + 1} user= peer=127.0.0.1:{own} ")

    def test_haproxy_does_tls_and_names_the_user(self):
        front = foreign.free_port()
        folder = self.pki.folder
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nenable_proxy_protocol 2\nproxy_protocol_v2_require_tls true\n"
                             "use_identity_as_username true\n")
        self.haproxy(f"listen tls\n  bind 127.0.0.1:{front} ssl crt {folder}/server.pem ca-file {folder}/ca.crt verify optional\n"
                     f"  server wax 127.0.0.1:{broker.port} send-proxy-v2-ssl-cn\n")
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        nobody = Client(front)
        self.addCleanup(nobody.close)
        nobody.socket = context.wrap_socket(nobody.socket, server_hostname="localhost")
        nobody.send(connect("nobody"))
        self.assertEqual(nobody.expect(CONNACK).reason, 0x86)
        context.load_cert_chain(folder / "alice.crt", folder / "alice.key")
        alice = Client(front)
        alice.socket = context.wrap_socket(alice.socket, server_hostname="localhost")
        own = self.talk(alice, "who")
        broker.wait_for_log(f"client_connected client=who user=alice peer=127.0.0.1:{own} ")

    def test_websocket_and_tls_pass_through(self):
        front = foreign.free_port()
        broker = self.broker(self.pki.listener(more="protocol websockets\nenable_proxy_protocol 2\n"))
        self.haproxy(f"listen pass\n  bind 127.0.0.1:{front}\n  server wax 127.0.0.1:{broker.port} send-proxy-v2\n")
        context = ssl.create_default_context(cafile=str(self.pki.folder / "ca.crt"))
        own = self.talk(WebClient(front, context=context), "all")
        broker.wait_for_log(f"client_connected client=all user= peer=127.0.0.1:{own} ")
        self.assertIn("tls=TLSv1.3", broker.log())


if __name__ == "__main__":
    unittest.main()
