"""What each level costs on the emulated Cortex-M4: the images are measured as docs/levels.md has it, and the tools read the figures.
No figure here depends on the time that anything takes: instructions are counted, and waiting is not among them."""
import json
import sys
import unittest

import board_test
import foreign
from levels_test import bench

sys.path.insert(0, str(foreign.ROOT / "scripts"))
import levels_device  # noqa: E402
import levels_device_tables  # noqa: E402

SHIPPED = foreign.ROOT / "docs/levels-device.json"
L0, L2, L3, L4 = "L0", "L2-suite2", "L3-tls1.2-psk", "L4-psk-suite2"
RECORD = 21  # TLS 1.2 with ChaCha20-Poly1305: a head of 5 bytes, a tag of 16 [RFC 7905, 2]
RECORD_MAX = 1024  # of the images with a key in common


def setUpModule():
    board_test.setUpModule()


class Images(unittest.TestCase):
    """measure() fails by itself unless all that an image publishes comes to a subscriber, and opens to what was meant."""

    @classmethod
    def setUpClass(cls):
        cls.figures = levels_device.measure(foreign.WAX, {L0, L2, L3, L4})
        cls.device = levels_device_tables.Device(cls.figures)
        cls.kinds = [(message["size"], message["qos"]) for message in cls.device.levels[L0]["messages"]]

    def added(self, level, kind):
        """Bytes that a level adds to a PUBLISH."""
        return self.device.message(level, *kind)["bytes_out"] - self.device.message(L0, *kind)["bytes_out"]

    def test_every_size_is_measured(self):
        self.assertEqual(self.kinds, [(16, 0), (64, 0), (64, 1), (256, 0), (1000, 0), (8000, 0)])
        for name, level in self.device.levels.items():
            with self.subTest(level=name):
                self.assertEqual(len(level["messages"]), len(self.kinds))
                self.assertTrue(all(message["frames_out"] > 0 for message in level["messages"]))

    def test_an_envelope_is_as_long_as_the_format_says(self):
        """Two bytes of head, two of the sender and the epoch, hedge 8, flags 1, tag 16; from position 8 on a byte for that."""
        for kind in self.kinds:
            self.assertEqual(self.added(L2, kind), 29 if kind in ((16, 0), (64, 0)) else 30, kind)

    def test_records_are_as_long_as_TLS_says(self):
        for level, below in ((L3, L0), (L4, L2)):
            for kind in self.kinds:
                whole = self.device.message(below, *kind)["bytes_out"]
                records = -(-whole // RECORD_MAX)
                self.assertEqual(self.added(level, kind), self.added(below, kind) + RECORD * records, (level, kind))

    def test_protection_takes_instructions(self):
        for kind in self.kinds:
            plain, sealed, inside, both = (self.device.message(level, *kind)["instructions"] for level in (L0, L2, L3, L4))
            self.assertLess(plain, min(sealed, inside))
            self.assertGreater(both, max(sealed, inside))
            self.assertLess(both, 2 * (sealed + inside))
        for level in self.device.levels:
            of = [self.device.message(level, size)["instructions"] for size in self.device.sizes]
            self.assertEqual(of, sorted(of), level)

    def test_a_handshake_is_paid_once_and_a_ticket_takes_less(self):
        open_, inside = self.device.levels[L0], self.device.levels[L3]
        self.assertEqual(open_["connect"]["bytes_out"], 19)  # CONNECT of MQTT 3.1.1, client id `board`
        self.assertIsNone(open_["resumed"])
        self.assertGreater(inside["connect"]["instructions"], 10 * open_["connect"]["instructions"])
        self.assertLess(inside["resumed"]["instructions"], inside["connect"]["instructions"])
        self.assertLess(inside["resumed"]["bytes_in"], inside["connect"]["bytes_in"])
        self.assertEqual(self.device.levels[L2]["connect"]["bytes_out"], 19)

    def test_flash_and_memory_are_those_of_what_is_linked(self):
        flash = {name: level["flash_wax_bytes"] + level["flash_library_bytes"] for name, level in self.device.levels.items()}
        self.assertLess(flash[L0], 4000)
        self.assertLess(flash[L2], 12000)
        self.assertEqual([self.device.levels[name]["flash_library_bytes"] > 0 for name in (L0, L2, L3, L4)], [False, False, True, True])
        self.assertLess(max(flash[L2], flash[L3]), flash[L4])
        self.assertEqual([self.device.levels[name]["heap_peak_bytes"] > 0 for name in (L0, L2, L3, L4)], [False, False, True, True])
        self.assertLess(max(level["stack_peak_bytes"] for level in self.device.levels.values()), 8192)


class Judge(unittest.TestCase):
    """A measurement whose check passes everything would be worth nothing."""

    def test_what_is_not_what_was_meant_is_no_figure(self):
        plain, sealed = (next(level for level in levels_device.LEVELS if level.name == name) for name in (L0, L2))
        good = bytes([1, 2, 3, 4])
        levels_device.judge(plain, None, [good], [4])
        for payloads, sizes in (([good[:3]], [4]), ([good, good], [4, 4]), ([], [4]), ([good[::-1]], [4])):
            with self.assertRaises(levels_device.Failed):
                levels_device.judge(plain, None, payloads, sizes)
        group = levels_device.group_of(sealed.suite)[0]
        with self.assertRaises(Exception):
            levels_device.judge(sealed, group, [good], [4])


class Tools(foreign.Story):
    def test_the_page_says_what_the_shipped_figures_say(self):
        device = levels_device_tables.Device(json.loads(SHIPPED.read_text()))
        page = (foreign.ROOT / "docs/levels.md").read_text()
        self.assertEqual(set(device.levels), {level.name for level in levels_device.LEVELS})
        for name, table in levels_device_tables.TABLES.items():
            self.assertIn(f"<!-- figures: {name} -->\n{table(device)}<!-- end -->\n", page)

    def test_advice_and_page_have_the_device_in_them(self):
        figures = self.home / "figures.json"
        figures.write_text(bench("levels", "--json", "--levels", "L2,L3-tls1.3-cert", "--sizes", "64", "--counts", "5", "--rounds", "1").stdout)
        shipped = levels_device_tables.Device(json.loads(SHIPPED.read_text()))

        def advise(*words, code=0):
            done = bench("advise", "--from", figures, "--device", SHIPPED, *words, code=code)
            return done.stdout if code == 0 else done.stderr

        said = advise("--against", "broker", "--connects", "each", "--every", 3600, "--flash", "16K")
        self.assertIn("Take L2-suite2", said)
        level, message = shipped.levels[L2], shipped.message(L2, 64)
        flash = level["flash_wax_bytes"] + level["flash_library_bytes"]
        self.assertIn(f"{flash} bytes of flash", said)
        self.assertIn(f"{message['bytes_out']} bytes to the broker", said)
        self.assertIn("a day: ", said)
        self.assertIn("no level protects", advise("--against", "broker", "--flash", flash - 1, code=1))
        said = advise("--against", "wire", "--connects", "each")
        self.assertIn("by the ticket of the one before", said)
        bench("levels", "--from", figures, "--device", SHIPPED, "--out", self.home / "out")
        page = (self.home / "out/levels.html").read_text()
        self.assertIn('<h2 id="device">', page)
        self.assertIn("<td>L4-cert-suite2, by ticket</td>", page)
        self.assertNotIn('<h2 id="device">', self.page_without(figures))

    def page_without(self, figures):
        bench("levels", "--from", figures, "--out", self.home / "bare")
        return (self.home / "bare/levels.html").read_text()

    def test_figures_that_are_none_are_refused(self):
        whole = json.loads(SHIPPED.read_text())
        level = whole["levels"][0]
        late = {**level, "messages": [message for message in level["messages"] if message["qos"] == 1]}
        falling = {**level, "messages": level["messages"][::-1]}
        for name, content in (("none", {}), ("list", [1]), ("old", {**whole, "format": 7}), ("nothing", {**whole, "levels": []}),
                              ("many", {**whole, "levels": [level] * 33}), ("nameless", {**whole, "levels": [{}]}),
                              ("late", {**whole, "levels": [late]}), ("falling", {**whole, "levels": [falling]}), ("silent", {**whole, "levels": [{**level, "messages": []}]}),
                              ("crowded", {**whole, "levels": [{**level, "messages": level["messages"][:1] * 17}]}), ("text", "levels")):
            with self.subTest(name=name):
                path = self.write(f"{name}.json", json.dumps(content))
                self.assertIn(f"{name}.json", bench("advise", "--device", path, "--against", "wire", code=1).stderr)
        self.assertIn("missing.json", bench("advise", "--device", self.home / "missing.json", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
