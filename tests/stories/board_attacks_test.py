"""Attacks on a firmware update, over the network, on an emulated Cortex-M4: whoever may publish whatever he likes, and has no key of the
vendor, gets nothing into the flash; and who builds a device for TLS has no device that speaks without."""
import board_test
import firmware
import foreign
from board_updater_case import CHUNK, MEMORY, UpdaterStory, image
from cryptography.hazmat.primitives.asymmetric import ec
from peers import Listening

setUpModule = board_test.setUpModule

SMALL = 20 * CHUNK - 100


class Attacks(UpdaterStory):
    def setUp(self):
        super().setUp()
        self.broker = self.open_broker("log_type all\n")
        self.observer = self.watch(self.broker)
        self.stranger = ec.generate_private_key(ec.SECP256R1())
        self.content = image(7, SMALL)
        self.good = image(8, SMALL)

    def describe(self, version=7, **more):
        return firmware.describe(self.content, **{"vendor": "acme", "class_name": "pump", "version": version, "chunk_size": CHUNK, **more})

    def offer(self, message):
        self.observer.publish("wax/u/pump/manifest", message, 1, retain=True)

    def huge(self):
        pairs = self.describe()
        pairs[5] = 65536 * CHUNK
        return pairs

    def swapped(self):
        good, other = (firmware.sign(self.describe(version), self.secret) for version in (7, 9))
        return other[:-64] + good[-64:]

    def test_manifests_that_are_refused(self):
        """The device stays as it is, to the byte, and takes what the vendor offers after all that."""
        board = self.power_on(self.broker, until=8)
        self.wait_for(self.observer, lambda status: status["state"] == "idle")
        before = self.flash.read_bytes()
        for name, message, why in (
                ("a foreign key", firmware.sign(self.describe(), self.stranger), "signature"),
                ("an old version", firmware.sign(self.describe(5), self.secret), "version"),
                ("a swapped header", self.swapped(), "signature"),
                ("a wrong class", firmware.sign(self.describe(class_name="valve"), self.secret), "class"),
                ("a huge length", firmware.sign(self.huge(), self.secret), "size"),
                ("a chunk larger than the room", firmware.sign(self.describe(chunk_size=2 * CHUNK), self.secret), "size"),
                ("garbage", bytes(range(256)), "malformed")):
            with self.subTest(name):
                self.offer(message)
                status = self.wait_for(self.observer, lambda status: True)
                self.assertEqual((status["version"], status["state"], status["refused"]), (6, "idle", why))
                self.assertEqual(self.flash.read_bytes(), before)
        self.push(self.broker, 8, self.good)
        self.wait_for(self.observer, lambda status: status["state"] == "idle" and status["version"] == 8)
        self.finish(board)
        self.assertEqual(self.slot(1)[:SMALL], self.good)

    def chunk(self, index, message):
        self.observer.publish(f"wax/u/pump/7/{index}", message, 1, retain=True)

    def test_chunks_that_are_refused(self):
        """Of another image, cut short, too long: none gets into the flash, and none gets the device further."""
        messages = firmware.chunk_messages(self.content, CHUNK)
        other = firmware.chunk_messages(self.good, CHUNK)
        bad = {3: other[3], 5: messages[5][:-1], 7: messages[7] + bytes(100000), 9: messages[8], 11: b"x"}
        for index, message in enumerate(messages):
            self.chunk(index, bad.get(index, message))
        self.offer(firmware.sign(self.describe(), self.secret))
        board = self.power_on(self.broker)
        for index in bad:
            # Where it stands still is seen at the broker: it has asked for a few behind the bad one, and for no more.
            self.broker.wait_for_log(f"filter=wax/u/pump/7/{index + 3} ")
            self.assertEqual(self.slot(1)[index * CHUNK:(index + 1) * CHUNK].strip(b"\xff"), b"")
            self.chunk(index, messages[index])
        self.wait_for(self.observer, lambda status: status["state"] == "idle" and status["version"] == 7)
        said = self.finish(board)
        self.assertGreaterEqual(said.count("a chunk was refused"), 4, said)
        self.assertEqual(self.slot(1)[:SMALL], self.content)

    def test_an_image_that_lacks_its_end(self):
        """What is not whole is not booted, however often the device starts."""
        messages = firmware.chunk_messages(self.content, CHUNK)
        for index, message in enumerate(messages[:-1]):
            self.chunk(index, message)
        self.offer(firmware.sign(self.describe(), self.secret))
        for start in range(2):
            board = self.power_on(self.broker)
            self.wait_for(self.observer, lambda status: status.get("done", 0) == len(messages) - 1 or start > 0)
            self.broker.wait_for_log(f"filter=wax/u/pump/7/{len(messages) - 1} ", start + 1)
            self.pull_plug(board)
            self.assertIn("version: 6\n", board.stdout.read().decode().split("connected")[0])
        self.chunk(len(messages) - 1, messages[-1])
        self.finish(self.power_on(self.broker))
        self.assertEqual(self.slot(1)[:SMALL], self.content)


class Pretender(Listening):
    """Says in clear what a broker says behind a handshake."""

    def talk(self, peer):
        self.heard = peer.recv(65536)
        peer.sendall(b"\x20\x03\x00\x00\x00")
        while peer.recv(65536):
            pass


class WithoutTls(UpdaterStory):
    """A device that was built for TLS."""

    IMAGE = "updater_key"

    def setUp(self):
        super().setUp()
        (self.home / "psk.bin").write_bytes(bytes.fromhex(board_test.TlsByMbed.KEY))

    def assert_stays(self, broker):
        before = self.flash.read_bytes()
        said = self.finish(self.power_on(broker), code=2)
        self.assertNotIn("connected", said)
        self.assertEqual(self.flash.read_bytes(), before)
        self.assertEqual(len(before), MEMORY)
        return said

    def test_a_broker_that_speaks_none(self):
        broker = self.open_broker("log_type all\n")
        self.push(broker)
        self.assert_stays(broker)
        self.assertNotIn("client_connected client=board", broker.log())

    def test_a_pretender_that_speaks_none(self):
        pretender = Pretender()
        self.addCleanup(pretender.close)
        said = self.assert_stays(pretender)
        self.assertEqual(pretender.heard[:2], b"\x16\x03")  # a handshake, and nothing of MQTT
        self.assertIn("TLS", said)


if __name__ == "__main__":
    import unittest
    unittest.main()
