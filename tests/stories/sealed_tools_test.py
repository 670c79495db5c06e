"""wax pub and wax sub under seal: keys come in mailboxes that a second implementation writes, and go through brokers that
cannot read."""
import hashlib
import pathlib
import sys
import unittest

from peers import WAX, Server, Story, free_port, mosquitto, nats, wax  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "seal"))
from sealed import box, cbor, keys  # noqa: E402

NAMESPACE = b"houseone"
READS, WRITES, BOTH = 1, 2, 3
STATE, STREAM = 0, 1
PROFILES = {"chacha20": 1, "ascon": 2, "ccm": 3}


class Device:
    def __init__(self, folder, name, profile="ascon"):
        self.name, self.profile = name, profile
        self.psk = hashlib.sha256(name.encode()).digest()
        self.keys = folder.write(f"{name}.keys", f"namespace {NAMESPACE.hex()}\nprefix wax\ndevice {name}\n"
                                                 f"profile {profile}\npsk {self.psk.hex()}\n")

    def mailbox(self, version, groups, blinding=None):
        content = {1: version, 2: 0, 3: self.name, 4: groups, 5: {1: b"\4" + bytes(64), 2: b"\4" + bytes(64)}}
        if blinding:
            content[7] = blinding
        peer = box.Peer(PROFILES[self.profile], NAMESPACE, psk=self.psk)
        return box.seal(peer, box.Outside(0, version, f"wax/k/{self.name}"), cbor.write(content))


def group(role, sender=0, *, filters=("home/#",), suite=2, class_=STREAM, epoch=1, secret=b"e" * 32, id_=b"group--1"):
    what = 0
    if role == WRITES:
        what, secret = 1, keys.sender_secret(suite, keys.class_secret(suite, secret, id_, epoch, class_), id_, epoch, sender)
    row = {1: id_, 2: suite, 3: class_, 4: 16, 5: role, 6: list(filters), 7: sender, 8: epoch, 9: 8,
           10: [[epoch, what, secret]], 12: [1, 100]}
    if not sender:
        del row[7]
    return row


class Brokers(Story):
    """Any broker will do: ours, Debian's mosquitto, nats-server."""

    @classmethod
    def prepare(cls):
        cls.ports = {name: free_port() for name in ("wax", "mosquitto", "nats")}
        port = cls.ports["wax"]
        config = cls.folder.write("wax.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        cls.serve(Server(cls.folder, [WAX, "broker", "-c", config], [port]))
        port = cls.ports["mosquitto"]
        cls.serve(mosquitto(cls.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port]))
        cls.serve(nats(cls.folder, cls.ports["nats"]))

    def setUp(self):
        self.sensor, self.reader = (self.device(name) for name in ("sensor", "reader"))

    def device(self, name, profile="ascon"):
        return Device(self.folder, f"{name}-{self._testMethodName}", profile)

    def deliver(self, broker, device, version, *groups, blinding=None):
        """What the authority does: a retained message."""
        path = self.folder.path / "mailbox"
        path.write_bytes(device.mailbox(version, list(groups), blinding))
        wax("pub", "-p", self.ports[broker], "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)

    def pub(self, broker, device, *words, **more):
        return wax("pub", "-p", self.ports[broker], "-q", 1, "--seal", device.keys, *words, **more)

    def sub(self, broker, device, *words, **more):
        return wax("sub", "-p", self.ports[broker], "-c", "-i", f"{device.name}-id", "-q", 1, "--seal", device.keys, "-W", 20,
                   *words, **more)

    def test_every_broker_carries_it(self):
        for broker in self.ports:
            with self.subTest(broker=broker):
                sensor, reader = self.device(f"sensor-{broker}"), self.device(f"reader-{broker}")
                self.deliver(broker, sensor, 1, group(WRITES, 1))
                self.deliver(broker, reader, 1, group(READS))
                self.sub(broker, reader, "-t", "home/#", "-E")
                self.pub(broker, sensor, "-t", "home/kitchen", "-m", "21.5")
                self.assertEqual(self.sub(broker, reader, "-t", "home/#", "-C", 1, "-v").out, "home/kitchen 21.5\n")


if __name__ == "__main__":
    unittest.main()
