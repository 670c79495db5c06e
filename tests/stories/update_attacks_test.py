"""Attacks on wax update, which are those that wolfMQTT's example of a firmware update falls to; none of them meets TLS."""
import os
import time

from cryptography.hazmat.primitives.asymmetric import ec

import firmware
from update_case import Updates


class Attacks(Updates):
    """Who may publish whatever he likes, and has no key of the vendor."""

    def setUp(self):
        super().setUp()
        self.flash = self.make()
        self.stranger = ec.generate_private_key(ec.SECP256R1())
        self.content = self.image(7, 9000).read_bytes()

    def offer(self, pairs, key=None):
        self.publish("pump/manifest", firmware.sign(pairs, key or firmware.read_key(self.key)))

    def assert_refused(self, why):
        before = self.flash.read_bytes()
        self.assertIn(f"a manifest was refused: {why}", self.live(self.flash, "--until", 7, code=1).err)
        self.assertEqual(self.flash.read_bytes(), before)
        self.assertEqual(self.status()["pump-1"], ["pump", "6", "idle", "refused:", why])

    def describe(self, version=7, **more):
        return firmware.describe(self.content, **{"vendor": "acme", "class_name": "pump", "version": version, **more})

    def test_a_foreign_key(self):
        self.offer(self.describe(), self.stranger)
        self.assert_refused("signature")

    def test_a_swapped_header(self):
        good = firmware.sign(self.describe(), firmware.read_key(self.key))
        other = firmware.sign(self.describe(9), firmware.read_key(self.key))
        self.publish("pump/manifest", other[:-64] + good[-64:])
        self.assert_refused("signature")

    def test_an_old_version(self):
        self.offer(self.describe(5))
        self.assert_refused("version")

    def test_a_wrong_class(self):
        self.offer(self.describe(class_name="valve"))
        self.assert_refused("class")

    def test_a_huge_length(self):
        pairs = self.describe()
        pairs[5] = 65536 * 4096
        self.offer(pairs)
        self.assert_refused("size")

    def test_garbage(self):
        self.publish("pump/manifest", os.urandom(300))
        self.assert_refused("malformed")

    def bad_chunks_then_good(self, bad):
        """Chunks that are bad get no device further; it goes on when the good ones are there."""
        messages = firmware.chunk_messages(self.content, 1024)
        for index in range(len(messages)):
            self.publish(f"pump/7/{index}", bad(index, messages))
        self.offer(self.describe(chunk_size=1024))
        process = self.spawn(self.flash, "--until", 7)
        self.wait_for_status("receiving")
        for index, message in enumerate(messages):
            self.publish(f"pump/7/{index}", message)
        self.assertEqual(process.wait(60), 0)
        self.assert_holds(self.flash, self.at / "v7.bin")

    def wait_for_status(self, state):
        deadline = time.monotonic() + 30
        while self.status().get("pump-1", ["", "", ""])[2] != state:
            self.assertLess(time.monotonic(), deadline)

    def test_interleaved_chunks(self):
        other = firmware.chunk_messages(self.at.joinpath("v6.bin").read_bytes(), 1024)
        self.bad_chunks_then_good(lambda index, messages: other[index] if index % 2 else messages[index])

    def test_a_truncated_image(self):
        self.bad_chunks_then_good(lambda index, messages: messages[index] if index < 5 else messages[index][:-1])

    def test_chunks_of_a_huge_length(self):
        self.bad_chunks_then_good(lambda index, messages: messages[index] + bytes(100000))
