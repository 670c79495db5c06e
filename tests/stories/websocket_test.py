"""MQTT over WebSocket: over TCP, TLS and a Unix socket, by hand, by the tools, and by Paho."""
import ssl
import socket
import struct
import threading
import unittest

import foreign
import peers
import paho.mqtt.client as paho
from mqtt_raw import PINGREQ, PINGRESP, connect, disconnect, packet
from running import Broker, BrokerCase
from web_raw import BINARY, CLOSE, PING, PONG, TEXT, WebClient, frame, read_head, request


class WebSocketCase(BrokerCase):
    CONFIG = """listener {port} 127.0.0.1
protocol websockets
allow_anonymous true
max_packet_size 20000000
connect_timeout 2
listener 0 {folder}/socket
protocol websockets
listener {port2} 127.0.0.1
protocol websockets
websockets_origin https://a.example
websockets_origin http://b.example:8080
listener {port3} 127.0.0.1
"""

    def web(self, **more):
        client = WebClient(more.pop("port", self.broker.port), **more)
        self.addCleanup(client.close)
        return client

    def open(self, client_id=None, **more):
        client = self.web(**more)
        self.assertTrue(client.is_proven, client.head)
        self.count += 1
        client.connect(client_id or f"{self.name}-{self.count}")
        return client

    def answer(self, ask, port=None):
        with socket.create_connection(("127.0.0.1", port or self.broker.port), timeout=10) as connection:
            connection.sendall(ask)
            answer = b""
            while True:
                more = connection.recv(4096)
                if not more:
                    return answer.decode()
                answer += more

    def test_messages_go_both_ways(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                one, two = self.open(), self.open()
                one.subscribe((self.topic(str(qos)), qos))
                two.publish(self.topic(str(qos)), b"hello", qos)
                self.assertEqual(one.message().payload, b"hello")
                one.disconnect()

    def test_messages_pass_between_websocket_and_plain(self):
        web, plain = self.open(), self.client(port=self.broker.port3)
        web.subscribe(self.topic("a"))
        plain.subscribe(self.topic("b"))
        plain.publish(self.topic("a"), b"to the web", 1)
        web.publish(self.topic("b"), b"from the web", 1)
        self.assertEqual(web.message().payload, b"to the web")
        self.assertEqual(plain.message().payload, b"from the web")

    def test_packets_span_frames_and_share_them(self):
        """[MQTT-6.0.0-2]"""
        slow = self.open(step=1)
        slow.subscribe(self.topic())
        slow.publish(self.topic(), b"in single bytes", 1)
        self.assertEqual(slow.message().payload, b"in single bytes")
        ping = packet(PINGREQ)
        slow.socket.sendall(frame(BINARY, ping + ping + ping[:1]) + frame(BINARY, ping[1:]))
        for _ in range(3):
            slow.expect(PINGRESP)

    def test_large_messages_go_both_ways(self):
        one, two = self.open(), self.open(step=100000)
        payload = bytes(range(256)) * 40000
        one.subscribe((self.topic(), 1))
        two.publish(self.topic(), payload, 1)
        self.assertEqual(one.message(timeout=60).payload, payload)

    def test_a_slow_reader_gets_everything_and_is_answered(self):
        reader, writer = self.open(), self.open()
        reader.subscribe((self.topic(), 1))
        payload = bytes(1 << 20)
        for _ in range(19):
            self.assertEqual(writer.publish(self.topic(), payload, 1), 0)
            reader.socket.sendall(frame(PING, b"still there"))
        for _ in range(19):
            self.assertEqual(len(reader.message(timeout=60).payload), len(payload))
        reader.ping()
        self.assertTrue(reader.control and all(got == (PONG, b"still there") for got in reader.control))

    def test_a_unix_socket_serves(self):
        one = self.open(path=self.broker.path("socket"))
        one.subscribe(self.topic())
        one.publish(self.topic(), b"x", 1)
        self.assertEqual(one.message().payload, b"x")

    def test_pings_of_websocket_are_answered(self):
        client = self.open()
        client.socket.sendall(frame(PING, b"are you there"))
        client.ping()
        self.assertEqual(client.control, [(PONG, b"are you there")])

    def test_text_frames_end_the_connection(self):
        """[MQTT-6.0.0-1]"""
        client = self.open()
        client.socket.sendall(frame(TEXT, packet(PINGREQ)))
        opcode, payload = client.frame()
        self.assertEqual((opcode, struct.unpack(">H", payload[:2])[0]), (CLOSE, 1003))
        self.assertIn(b"binary", payload)
        self.assertIsNone(client.frame())
        self.broker.wait_for_log("reason=MQTT needs binary frames, and a text frame came")

    def test_unmasked_frames_end_the_connection(self):
        client = self.open()
        client.socket.sendall(frame(BINARY, packet(PINGREQ), mask=None))
        opcode, payload = client.frame()
        self.assertEqual((opcode, struct.unpack(">H", payload[:2])[0]), (CLOSE, 1002))
        self.assertIsNone(client.frame())

    def test_mqtt_before_the_handshake_is_answered_in_words(self):
        answer = self.answer(connect("x"))
        self.assertTrue(answer.startswith("HTTP/1.1 400 ") or answer == "", answer)
        answer = self.answer(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(answer.startswith("HTTP/1.1 426 "), answer)
        self.assertIn("\r\nUpgrade: websocket\r\n", answer)
        self.assertIn("this is an MQTT broker", answer)

    def test_the_subprotocol_is_mqtt(self):
        """[MQTT-6.0.0-3] [MQTT-6.0.0-4]"""
        client = self.open()
        self.assertIn("\r\nSec-WebSocket-Protocol: mqtt\r\n", client.head)
        older = self.web(ask=request(protocol="mqttv3.1"))
        self.assertIn("\r\nSec-WebSocket-Protocol: mqttv3.1\r\n", older.head)
        self.assertTrue(self.answer(request(protocol="chat")).startswith("HTTP/1.1 400 "))
        self.assertTrue(self.answer(request(protocol=None)).startswith("HTTP/1.1 400 "))

    def test_origins_are_checked(self):
        rows = (("https://a.example", 101), ("HTTPS://A.EXAMPLE", 101), ("http://b.example:8080", 101),
                ("http://b.example", 403), ("https://a.example.evil", 403), (None, 403), ("null", 403))
        for origin, code in rows:
            with self.subTest(origin=origin):
                with socket.create_connection(("127.0.0.1", self.broker.port2), timeout=10) as connection:
                    connection.sendall(request(origin=origin))
                    self.assertIn(f"HTTP/1.1 {code} ", read_head(connection))
        self.assertTrue(self.web(ask=request(origin="https://anybody.example")).head.startswith("HTTP/1.1 101 "))

    def test_a_handshake_has_a_time_limit(self):
        for words in (b"", b"GET /mqtt HTTP/1.1\r\n", request()):
            with self.subTest(words=words[:10]):
                with socket.create_connection(("127.0.0.1", self.broker.port), timeout=30) as connection:
                    connection.sendall(words)
                    while connection.recv(4096):
                        pass

    def test_heads_have_a_limit(self):
        answer = self.answer(request(padding="x" * 8100))
        self.assertTrue(answer.startswith("HTTP/1.1 431 "), answer)
        self.assertIn("8192", answer)

    def test_a_will_is_published_when_the_page_goes(self):
        witness = self.client(port=self.broker.port3)
        witness.subscribe(self.topic("will"))
        page = self.web()
        page.connect(f"{self.name}-page", will={"topic": self.topic("will"), "payload": b"gone"})
        page.socket.sendall(frame(CLOSE, b"\x03\xe9"))
        self.assertEqual(page.frame(), (CLOSE, b"\x03\xe9"))
        self.assertEqual(witness.message().payload, b"gone")

    def test_a_disconnect_is_no_death(self):
        witness = self.client(port=self.broker.port3)
        witness.subscribe(self.topic("#"))
        page = self.web()
        page.connect(f"{self.name}-page", will={"topic": self.topic("will"), "payload": b"gone"})
        page.send(disconnect())
        self.assert_only(witness, self.client(port=self.broker.port3), [])

    def test_refused_handshakes_do_not_flood_the_log(self):
        before = self.broker.log().count("notice connection_ended")
        for _ in range(200):
            self.assertTrue(self.answer(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith("HTTP/1.1 426 "))
        self.assertLess(self.broker.log().count("notice connection_ended") - before, 150)

    def test_the_tools_speak_it(self):
        for version in ("311", "5"):
            with self.subTest(version=version):
                sub = peers.start(peers.WAX, "sub", "-V", version, "-L", f"ws://127.0.0.1:{self.broker.port}/{self.topic()}",
                                  "-C", "1", "-q", "1", "-i", f"{self.name}-{version}")
                self.addCleanup(peers.stop, sub)
                self.broker.wait_for_log(f"subscribed client={self.name}-{version}")
                peers.wax("pub", "-d", "-V", version, "--ws", "-h", "127.0.0.1", "-p", self.broker.port, "-t", self.topic(), "-m", "hello", "-q", "1")
                self.assertEqual(sub.communicate(timeout=30)[0], b"hello\n")
        answer = peers.wax("pub", "-L", f"ws://127.0.0.1:{self.broker.port3}/a", "-m", "x", code=None)
        self.assertNotEqual(answer.code, 0)
        answer = peers.wax("pub", "--ws", "--unix", self.broker.path("socket"), "-t", self.topic(), "-m", "x", "-q", "1")

    def test_the_tools_say_why_not(self):
        said = peers.wax("pub", "-L", f"ws://127.0.0.1:{self.broker.port2}/a", "-m", "x", code=None)
        self.assertNotEqual(said.code, 0)
        self.assertIn("(403)", said.err)

    def test_paho_speaks_it(self):
        for version in (paho.MQTTv311, paho.MQTTv5):
            with self.subTest(version=version):
                self.assertEqual(talk_with_paho(self.broker.port, self.topic(), version), b"x" * 300000)

    def test_a_broker_that_stops_says_good_bye(self):
        broker = Broker("listener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n")
        client = WebClient(broker.port)
        client.connect("last")
        fault = broker.stop()
        self.assertIsNone(fault)
        client.end()
        self.assertIn((CLOSE, b"\x03\xe8"), client.control)


def talk_with_paho(port, topic, version, secure=None):
    """What Paho gets of its own message."""
    got, done = [], threading.Event()
    client = paho.Client(transport="websockets", protocol=version)
    if secure:
        client.tls_set(ca_certs=str(secure))
    client.on_connect = lambda *_: client.subscribe(topic, 2)
    client.on_subscribe = lambda *_: client.publish(topic, b"x" * 300000, 2)
    client.on_message = lambda _, __, message: (got.append(message.payload), done.set())
    client.connect("localhost", port)
    client.loop_start()
    try:
        assert done.wait(30), "Paho got nothing"
    finally:
        client.disconnect()
        client.loop_stop()
    return got[0]


class SecureWebSocket(foreign.TlsStory):
    def test_wss_serves(self):
        broker = self.broker(self.pki.listener(more="protocol websockets\n"))
        context = ssl.create_default_context(cafile=str(self.pki.folder / "ca.crt"))
        client = WebClient(broker.port, context=context)
        self.addCleanup(client.close)
        client.connect("wss")
        client.subscribe("a")
        client.publish("a", b"x" * 500000, 1)
        self.assertEqual(client.message().payload, b"x" * 500000)
        broker.wait_for_log("client_connected client=wss")
        self.assertIn("tls=TLSv1.3", broker.log())

    def test_a_certificate_names_the_user(self):
        broker = self.mutual("protocol websockets\nuse_identity_as_username true\n")
        context = ssl.create_default_context(cafile=str(self.pki.folder / "ca.crt"))
        context.load_cert_chain(self.pki.folder / "alice.crt", self.pki.folder / "alice.key")
        client = WebClient(broker.port, context=context)
        self.addCleanup(client.close)
        client.connect("who")
        broker.wait_for_log("client_connected client=who user=alice ")

    def test_paho_and_the_tools_speak_wss(self):
        broker = self.broker(self.pki.listener(more="protocol websockets\nlog_type all\n"))
        ca = self.pki.folder / "ca.crt"
        self.assertEqual(talk_with_paho(broker.port, "p", paho.MQTTv311, ca), b"x" * 300000)
        sub = peers.start(foreign.WAX, "sub", "-L", f"wss://localhost:{broker.port}/t", "--cafile", ca, "-C", "1", "-i", "sub")
        self.addCleanup(peers.stop, sub)
        broker.wait_for_log("subscribed client=sub")
        peers.run(foreign.WAX, "pub", "--ws", "-p", broker.port, "-t", "t", "--cafile", ca, "-m", "hi", "-q", "1")
        self.assertEqual(sub.communicate(timeout=30)[0], b"hi\n")
        wrong = peers.run(foreign.WAX, "pub", "--ws", "-p", broker.port, "-t", "t", "--cafile",
                          self.pki.folder / "stranger.crt", "-m", "hi", code=8)
        self.assertIn("TLS failed", wrong.err)

    def test_a_listener_with_a_certificate_never_speaks_plain(self):
        broker = self.broker(self.pki.listener(more="protocol websockets\n"))
        with socket.create_connection(("127.0.0.1", broker.port), timeout=10) as connection:
            connection.sendall(request())
            got = b""
            try:
                while more := connection.recv(4096):
                    got += more
            except ConnectionResetError:
                pass
            self.assertNotIn(b"HTTP", got)


if __name__ == "__main__":
    unittest.main()
