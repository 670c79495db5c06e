"""wax update under seal: who carries the image does not see it, and what is not sealed is not even looked at."""
import firmware
from peers import wax
from sealed_tools_test import BOTH, STATE, Device, group
from update_case import Updates


class Sealed(Updates):
    def setUp(self):
        super().setUp()
        self.operator, self.pump = (Device(self.folder, f"{name}-{self.prefix}") for name in ("operator", "pump"))
        filters = (f"{self.prefix}/u/#",)
        for number, device in enumerate((self.operator, self.pump), 1):
            path = self.at / "mailbox"
            path.write_bytes(device.mailbox(1, [group(BOTH, number, filters=filters, class_=STATE)]))
            wax("pub", "-p", self.ports["wax"], "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)

    def test_a_device_with_keys_takes_it_and_the_broker_does_not_see_it(self):
        image, flash = self.sign(7), self.make()
        self.push(image, "--seal", self.operator.keys)
        seen = wax("sub", "-p", self.ports["wax"], "-t", f"{self.prefix}/#", "-W", 1, code=27, text=False).out
        self.assertGreater(len(seen), 20000)
        for part in (b"acme", image.read_bytes()[5000:5032], (self.at / "v7.bin.manifest").read_bytes()[-64:]):
            self.assertNotIn(part, seen)
        self.live(flash, "--until", 7, "--seal", self.pump.keys)
        self.assert_holds(flash, image)
        self.assertEqual(self.status("--seal", self.operator.keys)["pump-1"][1:3], ["7", "idle"])
        self.assertEqual(self.status(), {})

    def test_what_is_signed_and_not_sealed_is_not_taken(self):
        image, flash = self.sign(7), self.make()
        self.push(image)
        shown = self.live(flash, "--until", 7, "--seal", self.pump.keys, "-W", 3, code=27)
        self.assertIn(f"refused a message on {self.prefix}/u/pump/manifest", shown.err)
        self.assertNotIn("boots: version 7", shown.err)

    def test_what_is_sealed_and_not_signed_by_the_vendor_is_not_taken(self):
        """A member of the group is no vendor."""
        image, flash = self.sign(7), self.make()
        pairs = firmware.describe(image.read_bytes(), "acme", "pump", 7)
        other = firmware.ec.generate_private_key(firmware.ec.SECP256R1())
        forged = self.at / "forged"
        forged.write_bytes(firmware.sign(pairs, other))
        wax("pub", "-p", self.ports["wax"], "-q", 1, "-r", "--seal", self.operator.keys, "-t", f"{self.prefix}/u/pump/manifest", "-f", forged)
        shown = self.live(flash, "--until", 7, "--seal", self.pump.keys, code=1)
        self.assertIn("a manifest was refused: signature", shown.err)
