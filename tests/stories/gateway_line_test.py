"""wax gateway on a serial line, over TLS, and with what is sealed. The line is a pair of terminals, by socat."""
import random
import unittest

import foreign
import peers
import sn_raw as sn
from mqtt_raw import Client
from ports import free_port
from running import BrokerCase
from sealed_tools_test import READS, WRITES, Device, group
from sn_case import Gateway, GatewayCase, terminals, until


@unittest.skipUnless(peers.has("socat"), "no socat")
class SerialLine(GatewayCase, BrokerCase):
    THREADS = 1

    def broker_port(self):
        return self.broker.port

    def folder_of_its_own(self):
        folder = peers.Folder()
        self.addCleanup(folder.close)
        return folder.path

    def line(self, *words):
        """A gateway, and a device at the other end of its line."""
        paths = self.enterContext(terminals(self.folder_of_its_own()))
        gateway = self.gateway("--serial", paths[0], *words, by_udp=False)
        device = sn.Client(sn.Line(paths[1]), self.name)
        self.addCleanup(device.close)
        return gateway, device

    def test_a_device_at_the_end_of_a_line(self):
        gateway, device = self.line()
        device.connect()
        topic = f"{self.name}/t"
        device.subscribe(topic, qos=2)
        number = device.register(topic)
        for qos in (0, 1, 2):
            for payload in (b"", b"\x7e\x7d\x5e\x5d\x00", bytes(range(256)) * 5, b"\x7e" * 1400):
                device.publish(number, payload, qos)
                self.assertEqual(device.message()[:3], (topic, payload, qos))
        device.sleep(600)
        device.publish(number, b"in its sleep", 1)
        device.wake()
        until(lambda: device.messages or device.wake(), "the message")
        device.disconnect()

    def test_noise_on_the_line_ends_nothing(self):
        gateway, device = self.line()
        chance = random.Random(11)
        device.connect()
        number = device.register(f"{self.name}/t")
        device.subscribe(f"{self.name}/t", qos=1)
        for round_ in range(30):
            good = sn.frame(sn.packet(sn.PUBLISH, b"\x00" + sn.u16(number) + b"\x00\x00broken"))
            at = chance.randrange(3, len(good) - 1)
            if round_ % 3 == 0:
                device.way.write(good[:at])  # the rest is lost
            elif round_ % 3 == 1:
                device.way.write(good[:at] + bytes([good[at] ^ (1 << chance.randrange(8))]) + good[at + 1:])
            else:
                device.way.write(bytes(chance.randrange(256) for _ in range(chance.randrange(3000))))
            device.way.write(b"\x7e")
            device.publish(number, b"%d" % round_, 1)
            self.assertEqual(device.message().payload, b"%d" % round_)

    def test_a_line_that_ends_is_opened_again(self):
        folder = self.folder_of_its_own()
        with terminals(folder) as paths:
            gateway = self.gateway("--serial", paths[0], by_udp=False)
            device = sn.Client(sn.Line(paths[1]), self.name).connect()
            device.close()
        gateway.wait_for_log("line_ended")
        with terminals(folder) as paths:
            gateway.wait_for_log("line_open", 2)
            device = sn.Client(sn.Line(paths[1]), self.name).connect()
            device.ping()
            device.close()

    def test_many_messages_for_a_slow_line(self):
        gateway, device = self.line()
        sender = Client(self.broker.port, 5)
        self.addCleanup(sender.close)
        sender.connect()
        device.connect()
        device.subscribe(f"{self.name}/t", qos=1)
        for number in range(50):
            sender.publish(f"{self.name}/t", b"%03d" % number + bytes(1200), 1)
        for number in range(50):
            self.assertEqual(device.message().payload[:3], b"%03d" % number)


class OverTls(GatewayCase, foreign.TlsStory):
    def setUp(self):
        super().setUp()
        self.name = self.id().rsplit(".", 1)[-1]

    def broker_port(self):
        return self.port

    def test_each_device_has_a_connection_by_tls(self):
        broker = self.mutual()
        self.port = broker.port
        pki = self.pki
        gateway = self.gateway("--cafile", pki.ca_crt, "--cert", pki.alice_crt, "--key", pki.alice_key)
        sender, reader = self.device(gateway), self.device(gateway)
        reader.subscribe(f"{self.name}/t", qos=1)
        number = sender.register(f"{self.name}/t")
        for size in (0, 1, 1400):
            sender.publish(number, bytes(size), 1)
            self.assertEqual(reader.message().payload, bytes(size))
        sender.disconnect()

    def test_a_broker_that_is_not_trusted_is_not_told_anything(self):
        broker = self.mutual()
        self.port = broker.port
        gateway = self.gateway("--cafile", self.pki.stranger_crt)
        self.stranger(gateway).connect(code=sn.CONGESTION)
        gateway.wait_for_log("device_ended")


class Sealed(GatewayCase, peers.Story):
    """An envelope passes byte by byte: what a device without TLS sends, only members open."""

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[-1]

    @classmethod
    def prepare(cls):
        cls.port = free_port()
        config = cls.folder.write("wax.conf", f"user root\nlistener {cls.port} 127.0.0.1\nallow_anonymous true\nworkers 1\n")
        cls.serve(peers.Server(cls.folder, [peers.WAX, "broker", "-c", config], [cls.port]))

    def broker_port(self):
        return self.port

    def deliver(self, device, *groups):
        path = self.folder.path / "mailbox"
        path.write_bytes(device.mailbox(1, list(groups)))
        peers.wax("pub", "-p", self.port, "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)

    def test_envelopes_pass_unchanged(self):
        sensor, reader = Device(self.folder, "sensor"), Device(self.folder, "reader")
        self.deliver(sensor, group(WRITES, 1))
        self.deliver(reader, group(READS))
        gateway = self.gateway()
        device, far = self.device(gateway), Client(self.port, 5)
        self.addCleanup(far.close)
        far.connect("far")
        far.subscribe(("home/#", 1))
        peers.wax("pub", "-p", self.port, "-q", 1, "--seal", sensor.keys, "-t", "home/kitchen", "-m", "21.5")
        envelope = far.message().payload
        self.assertNotIn(b"21.5", envelope)
        sub = ("sub", "-p", self.port, "-c", "-i", "reader-id", "-q", 1, "--seal", reader.keys, "-W", 20, "-t", "home/#")
        peers.wax(*sub, "-E")
        device.publish(device.register("home/kitchen"), envelope, 1)  # from a device, by the gateway
        self.assertEqual(far.message().payload, envelope)
        self.assertEqual(peers.wax(*sub, "-C", 1, "-v").out, "home/kitchen 21.5\n")
        device.subscribe("home/#", qos=1)  # and to a device
        far.publish("home/kitchen", envelope, 1)
        self.assertEqual(device.message()[:2], ("home/kitchen", envelope))
        self.assertNotIn("21.5", gateway.log())


class Options(unittest.TestCase):
    def test_wrong_options_are_explained(self):
        folder = peers.Folder()
        self.addCleanup(folder.close)
        bad = {
            "id": "x plant", "none": "1", "zero": "0 plant", "large": "65535 plant", "wild": "1 plant/+", "twice": "1 a\n1 b",
        }
        for name, text in bad.items():
            folder.write(name, text + "\n")
        rows = (*((("--predefined", folder.path / name), "line " + str(text.count("\n") + 1)) for name, text in bad.items()),
                (("--predefined", folder.path / "missing"), "missing"), (("--devices", folder.path / "missing"), "missing"),
                (("--listen", "1884"), "write HOST:PORT"), (("--listen", "127.0.0.1:0"), "write HOST:PORT"),
                (("--serial", folder.path / "id"), "terminal"), (("--baud", "12345", "--serial", "/dev/null"), "57600"),
                (("-V", "31"), "write 5 or 311"), (("--devices-max", "0"), "from 1 to 10000"), (("-i", "x" * 65), "at most 64"),
                (("--advertise", "225.1.1.1"), "ADDRESS:PORT"), (("--quack",), "there is no option"))
        for words, said in rows:
            with self.subTest(words=words):
                where = () if "--listen" in words else ("--listen", f"127.0.0.1:{free_port()}")
                self.assertIn(said, peers.wax("gateway", *where, *words, code=1).err)

    def test_it_tells_where_it_is(self):
        watcher = sn.Datagrams(free_port())
        self.addCleanup(watcher.close)
        here = watcher.socket.getsockname()[1]
        watcher.socket.close()
        watcher.socket = sn.socket.socket(sn.socket.AF_INET, sn.socket.SOCK_DGRAM)
        watcher.socket.bind(("127.0.0.1", here))
        gateway = Gateway("--gateway-id", 7, "--advertise", f"127.0.0.1:{here}", "--advertise-every", 1)
        self.addCleanup(lambda: self.assertIsNone(gateway.stop()))
        for _ in range(2):
            self.assertEqual(sn.parse(watcher.receive(30)), (sn.ADVERTISE, b"\x07\x00\x01"))


if __name__ == "__main__":
    unittest.main()
