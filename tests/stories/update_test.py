"""wax update from the vendor's desk to the device, over brokers that know nothing of it."""
import hashlib
import os
import pty
import shutil
import subprocess

import firmware
from peers import WAX, wax
from update_case import VENDOR, Updates

CUT = 9


class Way(Updates):
    def test_a_device_takes_what_is_pushed_before_and_after_it_came(self):
        for broker in self.ports:
            with self.subTest(broker=broker):
                seventh, eighth = self.sign(7), self.sign(8)
                flash = self.make(f"pump-{broker}")
                self.push(seventh, broker=broker)
                self.assertIn("confirmed: version 7", self.live(flash, "--until", 7, broker=broker).err)
                self.assert_holds(flash, seventh)
                process = self.spawn(flash, "--until", 8, broker=broker)
                self.push(eighth, broker=broker)
                self.assertEqual(process.wait(60), 0)
                self.assert_holds(flash, eighth)

    def test_half_a_megabyte(self):
        image = self.sign(7, size=512 * 1024)
        flash = self.make("pump-1", 6, "--slot-size", 512 * 1024)
        self.push(image)
        self.live(flash, "--until", 7)
        self.assert_holds(flash, image)

    def test_power_goes_at_every_operation_of_the_flash(self):
        image = self.sign(7)
        fresh = self.make()
        self.push(image)
        operation, done = 0, None
        while done != 0:
            operation += 1
            flash = self.at / f"cut-{operation}"
            shutil.copy(fresh, flash)
            done = wax(*self.words(flash, "-W", 25, "--until", 7, "--cut", operation), code=None).code
            self.assertIn(done, (0, CUT))
            again = self.live(flash, "--until", 7)
            self.assertRegex(again.err, "boots: version [67], ")
            self.assert_holds(flash, image)
        self.assertGreater(operation, 20)

    def test_an_image_that_does_not_work_is_left_and_not_taken_again(self):
        self.push(self.sign(7))
        flash = self.make()
        shown = self.live(flash, "--until", 7, "--never-confirm", code=1)
        self.assertEqual(shown.err.count("boots: version 7, trial"), 3)
        self.assertIn("boots: version 6, idle", shown.err.split("trial")[-1])
        self.assertIn("refused: failed-before", self.live(flash, "--until", 7, code=1).err)
        self.assertEqual(self.status()["pump-1"][1:3], ["6", "idle"])
        self.push(self.sign(8))
        self.live(flash, "--until", 8)

    def test_what_was_taken_back_is_not_there_any_more(self):
        image = self.sign(7)
        self.push(image)
        self.push(image, "--remove")
        shown = wax("sub", "-p", self.ports["wax"], "-t", f"{self.prefix}/#", "-W", 1, "-v", code=27)
        self.assertEqual(shown.out, "")

    def test_a_terminal_sees_how_far_it_is(self):
        image = self.sign(7, size=200000)
        primary, secondary = pty.openpty()
        words = ["update", "push", image, "--trust", self.trust, *self.broker()]
        done = subprocess.run([WAX, *map(str, words)], stderr=secondary, stdout=subprocess.DEVNULL, check=False, timeout=60)
        os.close(secondary)
        self.assertEqual(done.returncode, 0)
        seen = os.read(primary, 1 << 20).decode()
        os.close(primary)
        self.assertRegex(seen, r"publishing \[#{30}\] 100 % \(49 of 49\)")

    def test_mistakes_are_told_in_words(self):
        image = self.sign(7)
        other = self.image(8)
        for words, said in (
                ((), "what is to be done"), (("shove",), "there is no `wax update shove`"),
                (("push", image, *self.broker()), "--trust FILE"),
                (("push", other, "--manifest", f"{image}.manifest", "--trust", self.trust, *self.broker()), "is not the image"),
                (("push", image, "--trust", self.key, *self.broker()), "no key on the curve P-256"),
                (("push", image, "--trust", self.trust, "--percent", "50,20", *self.broker()), "numbers that grow"),
                (("sign", image, "--vendor-key", self.key, *VENDOR), "--number N"),
                (("sign", image, "--vendor-key", self.key, *VENDOR, "--number", 7, "--minimum", 7), "below --number"),
                (("sign", image, "--vendor-key", self.key, *VENDOR, "--number", 7, "--chunk-size", 1000), "power of two"),
                (("key", self.key), "is there already"),
                (("device", self.at / "none", "--trust", self.trust, *VENDOR), "--factory"),
                (("status", "--prefix", "a/+"), "without + and #")):
            with self.subTest(words=words):
                shown = wax("update", *words, code=1)
                self.assertIn(said, shown.err)


class SecondImplementation(Updates):
    """docs/update.md read by somebody else."""

    def test_what_wax_signs_it_verifies(self):
        image = self.sign(7, "--minimum", 3, "--label", "2.1.0", "--chunk-size", 512, size=9000)
        content = image.read_bytes()
        said = firmware.verify((self.at / "v7.bin.manifest").read_bytes(), firmware.read_public(self.trust))
        self.assertEqual(said, {"vendor": "acme", "class": "pump", "version": 7, "minimum": 3, "size": 9000, "chunk_size": 512,
                                "digest": hashlib.sha256(content).digest(), "label": "2.1.0",
                                "root": firmware.root_of(firmware.cut(content, 512))})
        broken = bytearray((self.at / "v7.bin.manifest").read_bytes())
        broken[60] ^= 1
        with self.assertRaises(ValueError):
            firmware.verify(bytes(broken), firmware.read_public(self.trust))

    def test_what_wax_publishes_is_what_the_page_says(self):
        image = self.sign(7, "--chunk-size", 512, size=9000)
        self.push(image)
        shown = wax("sub", "-p", self.ports["wax"], "-t", f"{self.prefix}/u/pump/7/+", "-W", 20, "-C", 18, "-F", "%t %x")
        messages = dict(line.split(" ") for line in shown.out.splitlines())
        wanted = firmware.chunk_messages(image.read_bytes(), 512)
        self.assertEqual(messages, {f"{self.prefix}/u/pump/7/{index}": message.hex() for index, message in enumerate(wanted)})

    def test_what_it_signs_and_publishes_a_device_takes(self):
        image, flash = self.image(7, 9000), self.make()
        content = image.read_bytes()
        pairs = firmware.describe(content, "acme", "pump", 7, 6, 1024, "zwei")
        for index, message in enumerate(firmware.chunk_messages(content, 1024)):
            self.publish(f"pump/7/{index}", message)
        self.publish("pump/manifest", firmware.sign(pairs, firmware.read_key(self.key)))
        self.live(flash, "--until", 7)
        self.assert_holds(flash, image)

    def test_flash_is_as_the_page_says(self):
        self.sign(6)
        flash = self.make().read_bytes()
        _, _, _, sector, slot, log, _ = flash[:512].split(b"\n")[0].split(b" ")
        slot, log, sector = int(slot), int(log), int(sector)
        logs, states = 512 + 2 * slot, 512 + 2 * slot + 2 * log
        manifest = (self.at / "v6.bin.manifest").read_bytes()
        head, record = firmware.log_head(0, manifest), firmware.state_record()
        self.assertEqual(flash[512:512 + 20000], (self.at / "v6.bin").read_bytes())
        self.assertEqual(flash[logs:logs + len(head)], head)
        self.assertEqual(flash[states + sector:states + sector + len(record)], record)
