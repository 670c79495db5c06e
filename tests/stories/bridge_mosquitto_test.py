"""Bridges between our broker and Debian's mosquitto, made by either, through restarts of either."""
import signal
import socket
import subprocess
import unittest

import mqtt_raw
import peers
from mqtt_raw import CONNACK
from running import PLAIN, Broker

COUNT = 200
KEY = "00112233445566778899aabbccddeeff"


class Mosquitto:
    """Debian's broker, which can be stopped and started again and keeps its state."""

    def __init__(self, folder, lines=""):
        self.folder, self.port = folder, peers.free_port()
        (self.folder.path / f"m{self.port}").mkdir()
        self.lines = (f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\nlog_type all\n"
                      f"max_queued_messages 0\npersistence_location {self.folder.path}/m{self.port}/\n{lines}")
        self.start()

    def start(self):
        self.server = peers.mosquitto(self.folder, self.lines, [self.port])

    def halt(self):
        self.server.process.send_signal(signal.SIGTERM)
        self.server.process.wait(30)
        self.server.close()

    def wait_for_log(self, words):
        for _ in range(500):
            if words in self.server.log.read_text():
                return
            try:
                self.server.process.wait(0.02)
            except subprocess.TimeoutExpired:
                pass
        raise AssertionError(self.server.log.read_text())


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = peers.Folder()
        self.addCleanup(self.folder.close)

    def mosquitto(self, lines=""):
        server = Mosquitto(self.folder, lines)
        self.addCleanup(lambda: server.server.close())
        return server

    def wax(self, lines, workers=2):
        broker = Broker("max_queued_messages 0\n" + PLAIN + lines, workers=workers)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        return broker

    def client(self, broker, *filters, client_id="", version=4, clean=True):
        client = mqtt_raw.Client(broker.port, version, 20)
        self.addCleanup(client.close)
        client.send(mqtt_raw.connect(client_id, version=version, clean=clean))
        client.connack = client.expect(CONNACK)
        self.assertEqual(client.connack.reason, 0)
        if filters:
            client.subscribe(*filters)
        return client

    def until_across(self, publisher, topic, subscriber):
        """Publishes until it is seen at the other side, where a subscription may be on its way."""
        for number in range(100):
            publisher.publish(topic, b"mark%d" % number, qos=1)
            try:
                while subscriber.message(0.3).payload != b"mark%d" % number:
                    pass
                return
            except socket.timeout:
                pass
        raise AssertionError("nothing crosses")

    def publish_through_a_halt(self, mosquitto):
        """Publishes the numbers at mosquitto, which restarts in the middle of them."""
        for numbers in range(COUNT // 2), range(COUNT // 2, COUNT):
            publisher = self.client(mosquitto)
            for number in numbers:
                publisher.publish("n", b"%d" % number, qos=number % 2 + 1)
            if numbers[0] == 0:
                mosquitto.halt()
                mosquitto.start()

    def gather(self, client):
        """The numbers that come, until none of them is missing."""
        got = []
        while len(set(got)) < COUNT:
            payload = client.message(30).payload
            got += [] if payload.startswith(b"mark") else [int(payload)]
        return got

    def cross(self, wax, mosquitto):
        """The topics here/# of ours are there/# of mosquitto's."""
        here, there = self.client(wax, ("here/#", 2)), self.client(mosquitto, ("there/#", 2))
        self.until_across(there, "there/first", here)
        self.until_across(here, "here/first", there)
        here.publish("here/settle", b"settle", qos=1)
        for client in here, there:
            while client.message(20).payload != b"settle":
                pass
        for qos in 0, 1, 2:
            for one, other, topic, name in (here, there, "here/a", "there/a"), (there, here, "there/a", "here/a"):
                with self.subTest(qos=qos, topic=topic):
                    one.publish(topic, b"x", qos=qos)
                    got = [client.message(20) for client in (one, other)]
                    self.assertEqual([(each.topic, each.qos) for each in got], [(topic, qos), (name, qos)])
        here.publish("here/last", b"last", qos=1)
        for client in here, there:
            self.assertEqual(client.message(20).payload, b"last")
        there.publish("there/kept", b"kept", qos=1, retain=True)
        self.assertEqual(here.message(20).payload, b"kept")
        got = self.client(wax, "here/kept").message(20)
        self.assertEqual((got.payload, got.retain), (b"kept", True))


class Ours(Case):
    """The bridge is ours."""

    def block(self, mosquitto, lines, name="b"):
        return f"connection {name}\naddress 127.0.0.1:{mosquitto.port}\nrestart_timeout 1\n{lines}"

    def test_messages_cross_with_each_version(self):
        for version in "auto", "mqttv31", "mqttv311", "mqttv50":
            with self.subTest(version=version):
                mosquitto = self.mosquitto()
                wax = self.wax(self.block(mosquitto, f"topic # both 2 here/ there/\nbridge_protocol_version {version}\n"))
                self.cross(wax, mosquitto)

    def test_mosquitto_restarts_and_nothing_acknowledged_is_lost(self):
        mosquitto = self.mosquitto()
        wax = self.wax(self.block(mosquitto, "topic # out 2\n"), workers=1)
        wax.wait_for_log("bridge_connected")
        self.client(mosquitto, ("#", 2), client_id="keeper", clean=False).close()
        publisher = self.client(wax)
        for number in range(COUNT):
            if number == COUNT // 4:
                mosquitto.halt()
            if number == COUNT // 2:
                mosquitto.start()
            publisher.publish("n", b"%d" % number, qos=number % 2 + 1)
        numbers = self.gather(self.client(mosquitto, client_id="keeper", clean=False))
        odd = [number for number in numbers if number % 2]
        self.assertEqual(len(odd), len(set(odd)), "a QoS 2 message came twice")

    def test_ours_restarts_and_what_mosquitto_acknowledged_is_not_lost(self):
        mosquitto = self.mosquitto()
        wax = self.wax(self.block(mosquitto, "topic # out 2 q/ back/\n", "out") +
                       self.block(mosquitto, "topic # in 2 q/ forth/\n", "in"), workers=1)
        wax.wait_for_log("bridge_connected", 2)
        keeper = self.client(mosquitto, ("back/#", 2))
        publisher = self.client(mosquitto)
        self.until_across(publisher, "forth/first", keeper)
        self.assertEqual(wax.halt(), 0)
        for number in range(COUNT):
            publisher.publish("forth/n", b"%d" % number, qos=number % 2 + 1)
        wax.start()
        self.gather(keeper)

    def test_mosquitto_restarts_and_what_it_acknowledged_arrives(self):
        mosquitto = self.mosquitto()
        wax = self.wax(self.block(mosquitto, "topic # in 2\n"), workers=1)
        keeper = self.client(wax, ("n", 2))
        self.until_across(self.client(mosquitto), "n", keeper)
        self.publish_through_a_halt(mosquitto)
        self.gather(keeper)

    def test_a_key_is_shared_with_mosquitto(self):
        self.folder.write("keys", f"link:{KEY}\n")
        mosquitto = self.mosquitto(f"psk_hint h\npsk_file {self.folder.path}/keys\n")
        wax = self.wax(self.block(mosquitto, f"topic # both 1\nbridge_identity link\nbridge_psk {KEY}\n"))
        wax.wait_for_log("bridge_connected")
        self.assertIn("tls=TLSv1.", wax.log())

    def test_notifications_reach_mosquitto(self):
        mosquitto = self.mosquitto()
        state = self.client(mosquitto, "$SYS/broker/connection/up/state")
        wax = self.wax(self.block(mosquitto, "topic # out\nremote_clientid up\n"))
        self.assertEqual(state.message(20).payload, b"1")
        wax.halt()
        self.assertEqual(state.message(20).payload, b"0")


class Theirs(Case):
    """The bridge is mosquitto's."""

    def block(self, wax, lines):
        return f"connection b\naddress 127.0.0.1:{wax.port}\nrestart_timeout 1\ncleansession false\n{lines}"

    def test_messages_cross_with_each_version(self):
        for version in "mqttv31", "mqttv311", "mqttv50":
            with self.subTest(version=version):
                wax = self.wax("")
                lines = f"topic # both 2 there/ here/\nbridge_protocol_version {version}\n"
                mosquitto = self.mosquitto(self.block(wax, lines))
                self.cross(wax, mosquitto)

    def test_a_key_is_shared_with_ours(self):
        wax = Broker(PLAIN + "listener {port2} 127.0.0.1\nallow_anonymous true\npsk_hint h\npsk_file {folder}/keys\n",
                     {"keys": f"link:{KEY}\n"})
        self.addCleanup(lambda: self.assertIsNone(wax.stop()))
        block = self.block(wax, f"topic # both 1 there/ here/\nbridge_identity link\nbridge_psk {KEY}\n")
        mosquitto = self.mosquitto(block.replace(str(wax.port), str(wax.port2)))
        self.until_across(self.client(mosquitto), "there/a", self.client(wax, "here/#"))

    def test_mosquitto_restarts_and_what_ours_acknowledged_is_not_lost(self):
        wax = self.wax("", workers=1)
        mosquitto = self.mosquitto(self.block(wax, "topic # in 2\nremote_clientid theirs\n"))
        wax.wait_for_log("subscribed client=theirs")
        self.client(mosquitto, ("#", 2), client_id="keeper", clean=False).close()
        publisher = self.client(wax)
        for number in range(COUNT):
            if number == COUNT // 4:
                mosquitto.halt()
            if number == COUNT // 2:
                mosquitto.start()
            publisher.publish("n", b"%d" % number, qos=number % 2 + 1)
        self.gather(self.client(mosquitto, client_id="keeper", clean=False))

    def test_mosquitto_restarts_and_what_it_acknowledged_arrives(self):
        wax = self.wax("", workers=1)
        mosquitto = self.mosquitto(self.block(wax, "topic # out 2\nremote_clientid theirs\n"))
        keeper = self.client(wax, ("n", 2))
        self.until_across(self.client(mosquitto), "n", keeper)
        self.publish_through_a_halt(mosquitto)
        self.gather(keeper)

    def test_ours_restarts_and_what_mosquitto_acknowledged_arrives(self):
        wax = self.wax("", workers=1)
        mosquitto = self.mosquitto(self.block(wax, "topic # out 2\nremote_clientid theirs\n"))
        publisher = self.client(mosquitto)
        self.until_across(publisher, "n/first", self.client(wax, ("#", 2)))
        self.assertEqual(wax.halt(), 0)
        for number in range(COUNT):
            publisher.publish(f"n/{number}", b"%d" % number, qos=number % 2 + 1, retain=True)
        wax.start()  # what is retained is there whenever the keeper comes
        self.gather(self.client(wax, ("n/#", 2)))

    def test_ours_restarts_and_the_bridge_comes_back(self):
        wax = self.wax("", workers=1)
        mosquitto = self.mosquitto(self.block(wax, "topic # in 2\nremote_clientid theirs\n"))
        wax.wait_for_log("subscribed client=theirs")
        keeper = self.client(mosquitto, ("n", 2))
        self.assertEqual(wax.halt(), 0)
        wax.start()
        wax.wait_for_log("subscribed client=theirs", 2)
        publisher = self.client(wax)
        for number in range(COUNT):
            publisher.publish("n", b"%d" % number, qos=number % 2 + 1)
        self.gather(keeper)


if __name__ == "__main__":
    unittest.main()
