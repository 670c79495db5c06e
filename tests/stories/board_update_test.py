"""The image `update` of ports/cortex-m: power goes at each operation of the flash of an emulated Cortex-M4, which each time boots a
whole image and comes to the end. What it verifies was signed by an implementation of its own."""
import re

from cryptography.hazmat.primitives.asymmetric import ec

import board_test
import firmware
import foreign

setUpModule = board_test.setUpModule


class Power(board_test.BoardStory):
    def equip(self, sign_by=None):
        key = ec.generate_private_key(ec.SECP256R1())
        (self.home / "anchor.bin").write_bytes(firmware.point(key.public_key()))
        for version, size in ((6, 2500), (7, 3500)):
            image = bytes((version * 31 + i * i) % 251 for i in range(size))
            (self.home / f"v{version}.bin").write_bytes(image)
            by = key if version == 6 else sign_by or key
            (self.home / f"v{version}.bin.manifest").write_bytes(firmware.sign(firmware.describe(image, "acme", "pump", version, 0, 1024), by))
        for index, message in enumerate(firmware.chunk_messages(image, 1024)):
            (self.home / f"chunk-{index:02}").write_bytes(message)

    def power_on(self):
        board = self.start("qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none",
                           "-semihosting-config", "enable=on,target=native", "-net", "none", "-kernel",
                           board_test.IMAGES / "update.elf", cwd=self.home)
        board.image = "update"
        return board

    def test_every_operation_of_the_flash_is_cut_once(self):
        self.equip()
        board = self.power_on()
        said = board.communicate(timeout=240)[0].decode()
        self.assertEqual(board.returncode, 0, said)
        cuts, resets = (int(re.search(rf"{word}: (\d+)", said).group(1)) for word in ("cuts", "resets"))
        # an erasure and a write for each record, those of the log, and erasure, write and mark for each of 4 chunks
        self.assertGreaterEqual(cuts, 3 * 4 + 2 * 4)
        self.assertGreaterEqual(resets, 2 * cuts)

    def test_what_a_stranger_signed_does_not_get_in(self):
        self.equip(ec.generate_private_key(ec.SECP256R1()))
        said = self.finish(self.power_on(), code=2)
        self.assertIn("resets: 0", said)


if __name__ == "__main__":
    import unittest
    unittest.main()
