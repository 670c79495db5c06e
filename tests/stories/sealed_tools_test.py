"""wax pub and wax sub under seal: keys come in mailboxes that a second implementation writes, and go through brokers that
cannot read."""
import hashlib
import os
import pathlib
import sys
import time
import unittest

from peers import WAX, OpenBrokers, wax  # noqa: E402

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


class Brokers(OpenBrokers):
    """Any broker will do: ours, Debian's mosquitto, nats-server."""

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

    def observe(self, broker, *words, name=None):
        """What somebody without keys sees, from the first call on."""
        return wax("sub", "-p", self.ports[broker], "-c", "-i", f"observer-{name or self._testMethodName}", "-q", 1, "-W", 20, *words,
                   text=False).out

    def test_every_broker_carries_it(self):
        for broker in self.ports:
            with self.subTest(broker=broker):
                sensor, reader = self.device(f"sensor-{broker}"), self.device(f"reader-{broker}")
                self.deliver(broker, sensor, 1, group(WRITES, 1))
                self.deliver(broker, reader, 1, group(READS))
                self.sub(broker, reader, "-t", "home/#", "-E")
                self.pub(broker, sensor, "-t", "home/kitchen", "-m", "21.5")
                self.assertEqual(self.sub(broker, reader, "-t", "home/#", "-C", 1, "-v").out, "home/kitchen 21.5\n")

    def test_what_is_not_sealed_is_not_shown(self):
        self.deliver("wax", self.reader, 1, group(READS))
        self.sub("wax", self.reader, "-t", "home/#", "-t", "news", "-E")
        wax("pub", "-p", self.ports["wax"], "-q", 1, "-t", "home/kitchen", "-m", "forged")
        wax("pub", "-p", self.ports["wax"], "-q", 1, "-t", "news", "-m", "of no group")
        shown = self.sub("wax", self.reader, "-t", "home/#", "-t", "news", "-C", 1)
        self.assertEqual(shown.out, "of no group\n")
        self.assertRegex(shown.err, "refused a message on home/kitchen: .*")

    def test_a_replay_is_refused(self):
        self.deliver("wax", self.sensor, 1, group(WRITES, 1))
        self.deliver("wax", self.reader, 1, group(READS))
        self.sub("wax", self.reader, "-t", "home/#", "-E")
        self.observe("wax", "-t", "home/#", "-E")
        self.pub("wax", self.sensor, "-t", "home/door", "-m", "open")
        envelope = self.observe("wax", "-t", "home/#", "-N", "-C", 1)
        self.assertNotIn(b"open", envelope)
        path = self.folder.path / "envelope"
        path.write_bytes(envelope)
        for topic in ("home/door", "home/window"):
            wax("pub", "-p", self.ports["wax"], "-q", 1, "-t", topic, "-f", path)
        self.pub("wax", self.sensor, "-t", "home/door", "-m", "shut")
        shown = self.sub("wax", self.reader, "-t", "home/#", "-C", 2)
        self.assertEqual(shown.out, "open\nshut\n")
        self.assertEqual(shown.err.count("refused a message on home/door"), 1)
        self.assertEqual(shown.err.count("refused a message on home/window"), 1)

    def test_nobody_without_keys_sends(self):
        said = self.pub("wax", self.sensor, "-t", "home/kitchen", "-m", "21.5", code=1)
        self.assertIn("no mailbox", said.err)
        self.assertIn("Nothing was sent", said.err)
        self.deliver("wax", self.sensor, 1, group(READS))
        self.assertIn("granted `write`", self.pub("wax", self.sensor, "-t", "home/kitchen", "-m", "1", code=1).err)
        self.deliver("wax", self.sensor, 2, group(WRITES, 1))
        self.assertIn("no group", self.pub("wax", self.sensor, "-t", "garden", "-m", "1", code=1).err)

    def test_an_old_mailbox_is_refused(self):
        self.deliver("wax", self.reader, 7, group(READS))
        self.sub("wax", self.reader, "-t", "home/#", "-E")
        self.deliver("wax", self.reader, 3, group(BOTH, 1))
        self.assertIn("turns back the clock", self.sub("wax", self.reader, "-t", "home/#", "-E").err)

    def test_keys_that_come_late_open_what_waited(self):
        """A message of an epoch that the reader does not know yet waits for the mailbox of the same connection."""
        for device, role in ((self.sensor, (WRITES, 1)), (self.reader, (READS,))):
            self.deliver("mosquitto", device, 1, group(*role))
        self.sub("mosquitto", self.reader, "-t", "home/#", "-E")
        self.deliver("mosquitto", self.sensor, 2, group(WRITES, 1, epoch=2, secret=b"f" * 32))
        self.pub("mosquitto", self.sensor, "-t", "home/kitchen", "-m", "of the second epoch")
        self.deliver("mosquitto", self.reader, 2, group(READS, epoch=2, secret=b"f" * 32))
        shown = self.sub("mosquitto", self.reader, "-t", "home/#", "-C", 1)
        self.assertEqual((shown.out, shown.err), ("of the second epoch\n", ""))

    def test_blinded_topics(self):
        """The broker sees tokens; wildcards work, and the reader learns the names."""
        for variant, hash_ in ((1, 1), (1, 2), (2, 1)):
            with self.subTest(variant=variant, hash=hash_):
                blinding = {1: b"b" * 32, 2: variant, 3: hash_}
                if variant == 2:
                    blinding[4] = ["home/+/temp"]
                sensor, reader = self.device(f"s{variant}{hash_}"), self.device(f"r{variant}{hash_}")
                self.deliver("mosquitto", sensor, 1, group(WRITES, 1, filters=["home/+/temp"]), blinding=blinding)
                self.deliver("mosquitto", reader, 1, group(READS, filters=["home/+/temp"]), blinding=blinding)
                self.sub("mosquitto", reader, "-t", "home/+/temp", "-E")
                self.observe("mosquitto", "-t", "+/+/+", "-E", name=sensor.name)
                self.pub("mosquitto", sensor, "-t", "home/kitchen/temp", "-m", "21.5")
                seen = self.observe("mosquitto", "-t", "+/+/+", "-T", "wax/#", "-F", "%t", "-C", 1, name=sensor.name)
                self.assertRegex(seen.decode(), r"^[\w-]{12}/[\w-]{12}/[\w-]{12}\n$")
                shown = self.sub("mosquitto", reader, "-t", "home/+/temp", "-C", 1, "-v")
                self.assertEqual(shown.out, "home/kitchen/temp 21.5\n")

    def test_the_suites(self):
        for suite, profile in ((1, "chacha20"), (2, "ccm"), (3, "ascon")):
            with self.subTest(suite=suite):
                sensor, reader = self.device(f"s{suite}", profile), self.device(f"r{suite}", profile)
                self.deliver("wax", sensor, 1, group(WRITES, 5, suite=suite))
                self.deliver("wax", reader, 1, group(READS, suite=suite))
                self.sub("wax", reader, "-t", "home/#", "-E")
                self.pub("wax", sensor, "-t", "home/kitchen", "-m", "21.5")
                self.assertEqual(self.sub("wax", reader, "-t", "home/#", "-C", 1).out, "21.5\n")

    def test_files(self):
        for device, role in ((self.sensor, (WRITES, 1)), (self.reader, (READS,))):
            self.deliver("wax", device, 1, group(*role))
            self.sub("wax", device, "-t", "home/#", "-E")
        for size in (0, 1, 65534, 65535, 65536, 200000):
            with self.subTest(size=size):
                plain = os.urandom(size)
                sealed = wax("seal", "--as", self.sensor.keys, "-t", "home/film", given=plain, text=False).out
                self.assertTrue(size < 16 or plain[:16] not in sealed)
                opened = wax("open", "--as", self.reader.keys, "-t", "home/film", given=sealed, text=False)
                self.assertEqual(opened.out, plain)
        for fault, broken in (("end is missing", sealed[:-1]), ("end is missing", sealed[:70000]), ("", sealed[:99] + b"!" + sealed[100:]),
                              ("behind its end", sealed + b"x"), ("no sealed file", b"hello, world")):
            with self.subTest(fault=fault):
                path = self.folder.path / "out"
                failed = wax("open", "--as", self.reader.keys, "-t", "home/film", "-o", path, given=broken, text=False, code=1)
                self.assertIn(fault, failed.err.decode())
                self.assertFalse(path.exists())
        wax("open", "--as", self.reader.keys, "-t", "home/other", given=sealed, text=False, code=1)

    def test_one_identity_is_one_process(self):
        self.deliver("wax", self.reader, 1, group(READS))
        running = self.background(WAX, "sub", "-p", self.ports["wax"], "--seal", self.reader.keys, "-t", "home/#")
        lock = pathlib.Path(f"{self.reader.keys}.state/mailbox")
        while not lock.exists():
            time.sleep(0.02)
        self.assertIn("another process", wax("sub", "-p", self.ports["wax"], "--seal", self.reader.keys, "-t", "a", code=1).err)
        self.assertIsNone(running.poll())

    def test_files_of_identity_say_what_is_wrong(self):
        good = self.reader.keys.read_text()
        for text, words in ((good.replace("device", "devcie"), "line 3: there is no `devcie`"), (good.replace("psk", "psk 0"), "line 5: behind `psk`"),
                            (good.replace("profile ascon", "profile rot13"), "chacha20, ascon"), ("", "`namespace`"), (good.rsplit("\npsk")[0], "`psk`")):
            with self.subTest(words=words):
                path = self.folder.write("broken.keys", text)
                self.assertIn(words, wax("sub", "--seal", path, "-t", "a", code=1).err)


if __name__ == "__main__":
    unittest.main()
