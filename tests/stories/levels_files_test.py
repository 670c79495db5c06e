"""wax bench levels and advise: files, drawings and the page, as a browser shows them; advice from the figures."""
import base64
import csv
import fcntl
import json
import os
import pty
import select
import subprocess
import termios
import unittest
import xml.etree.ElementTree

import browsing
import foreign
from levels_test import bench


class Files(foreign.Story):
    def measure(self):
        bench("levels", "--out", self.home / "out", "--levels", "L2cbc,L2-suite1,L3-tls1.3-cert", "--sizes", "16,64,9000",
              "--counts", "10,40", "--rounds", "2")
        return self.home / "out"

    def test_the_folder_has_everything_and_a_browser_shows_it(self):
        out = self.measure()
        figures = json.loads((out / "levels.json").read_text())
        with (out / "levels.csv").open() as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), len(figures["cells"]))
        self.assertEqual({row["level"] for row in rows}, {"L0", "L2cbc", "L2-suite1", "L3-tls1.3-cert"})
        drawings = sorted(out.glob("*.svg"))
        self.assertEqual(len(drawings), 6)
        for drawing in drawings:
            self.assertTrue(xml.etree.ElementTree.parse(drawing).getroot().tag.endswith("svg"))
        self.browse(out, drawings, figures["command"])
        self.draw_again(out)
        self.compare(out, figures)

    def browse(self, out, drawings, command):
        session = browsing.session(self, logs={"browser": "ALL", "performance": "ALL"})
        ask = browsing.ask
        ask(f"{session}/url", {"url": (out / "levels.html").as_uri()})
        seen = ask(f"{session}/execute/sync", {"script": "return [document.querySelectorAll('svg').length, document.body.innerText]", "args": []})
        self.assertEqual(seen[0], 6)
        self.assertIn(command, seen[1])
        self.assertIn("Messages of 9000 bytes", seen[1])
        self.assertEqual(ask(f"{session}/se/log", {"type": "browser"}), [])
        events = [json.loads(entry["message"])["message"] for entry in ask(f"{session}/se/log", {"type": "performance"})]
        asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        self.assertEqual([url for url in asked if not url.startswith(("file:", "data:", "chrome:"))], [])
        for drawing in drawings:
            ask(f"{session}/url", {"url": drawing.as_uri()})
            picture = base64.b64decode(ask(f"{session}/screenshot"))
            (out / f"{drawing.stem}.png").write_bytes(picture)
            self.assertTrue(picture.startswith(b"\x89PNG"))
            words = ask(f"{session}/execute/sync", {"script": "return document.documentElement.textContent", "args": []})
            self.assertIn("bytes", words, drawing)
            self.assertGreater(len(picture), 10000, drawing)

    def draw_again(self, out):
        """From the figures alone, without measuring."""
        again = self.home / "again"
        bench("levels", "--from", out / "levels.json", "--out", again, "--quiet")
        self.assertEqual((again / "levels.csv").read_text(), (out / "levels.csv").read_text())
        self.assertEqual({path.name for path in again.iterdir()}, {path.name for path in out.iterdir() if path.suffix != ".png"})

    def compare(self, out, figures):
        """With itself, and with figures of which one ratio is another and one cell is missing."""
        beside = ("levels", "--from", out / "levels.json", "--beside")
        same = bench(*beside, out / "levels.json").stdout
        self.assertIn("They agree", same)
        self.assertNotIn("Messages of", same)
        cells = [cell for cell in figures["cells"] if cell["level"] == "L2cbc" and cell["size"] == 64]
        figures["cells"].remove(cells[0])
        cells[1]["time_ratio"] *= 1.5
        other = self.write("other.json", json.dumps(figures))
        said = bench(*beside, other).stdout
        self.assertRegex(said, r"They do not agree: of \d+ ratios, 1 differ by more than 10 %")
        self.assertRegex(said, r"50\.0 %  time over L0, L2cbc, 64 bytes, 40 messages: ")
        figures["cells"] = [cell for cell in figures["cells"] if cell["level"] == "L0"]
        self.assertIn("no level but L0", bench(*beside, self.write("none.json", json.dumps(figures)), code=1).stderr)
        self.assertIn("--beside /nowhere.json", bench(*beside, "/nowhere.json", code=1).stderr)

    def test_advice_comes_from_figures(self):
        figures = self.home / "figures.json"
        figures.write_text(bench("levels", "--json", "--levels", "L1,L2,L3-tls1.2-psk,L3-tls1.3-cert,L4", "--sizes", "64", "--counts", "10",
                                 "--rounds", "1").stdout)

        def advise(*words, code=0):
            done = bench("advise", "--from", figures, *words, code=code)
            return done.stdout.split(":")[0].removeprefix("Take ") if code == 0 else done.stderr

        self.assertEqual(advise("--against", "nobody"), "L0")
        self.assertEqual(advise("--against", "strangers", "--flash", "8K"), "L1")
        self.assertEqual(advise("--against", "wire"), "L3-tls1.3-cert")
        self.assertEqual(advise("--against", "wire", "--ram", "8K"), "L3-tls1.2-psk")
        self.assertEqual(advise("--against", "broker", "--flash", "12K", "--ram", "2K"), "L2-suite2")
        self.assertIn(advise("--against", "wire,broker"), ("L4-suite1", "L4-suite2", "L4-suite3"))
        self.assertIn("no level protects", advise("--against", "wire,broker", "--ram", "4K", code=1))
        whole = bench("advise", "--from", figures, "--against", "names", "--connects", "each", "--every", "3600", "--battery").stdout
        for words in ("24 messages and 24 connections, resumed", "blind the topics", "keep the session", "battery"):
            self.assertIn(words, whole)
        self.assertIn("nobody", advise("--against", "everybody", code=1))
        self.assertIn("stay, or each", advise("--connects", "often", code=1))

    def test_a_terminal_is_asked(self):
        figures = self.home / "figures.json"
        figures.write_text(bench("levels", "--json", "--levels", "L1,L4-suite1", "--sizes", "64", "--counts", "10", "--rounds", "1").stdout)
        for answers, said in (((b"64\n", b"\n", b"\n", b"1M\n", b"", b"wire\n"), "Take L3-tls1.3-cert"),
                              ((b"64\n", b"\n", b"\n", b"1M\n", b"\n", b"nobody\n"), "Take L0"),
                              ((b"64\n", b"never\n"), "write seconds"), ((b"\x03",), "")):
            with self.subTest(answers=answers):
                self.assertIn(said, self.talk([answer or b"\n" for answer in answers], "--from", figures))

    def talk(self, answers, *words):
        """What `wax bench advise` says on a terminal where these are the answers; \x03 is an interrupt."""
        main, end = pty.openpty()
        process = subprocess.Popen([foreign.WAX, "bench", "advise", *map(str, words)], stdin=end, stdout=end, stderr=end,
                                   env=foreign.environment(), start_new_session=True,
                                   preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(end)
        self.addCleanup(process.kill)
        said = b""
        while select.select([main], [], [], foreign.PATIENCE_S)[0]:
            try:
                said += os.read(main, 4096)
            except OSError:
                break  # the terminal has nobody any more
            if said.endswith(b"] ") and answers:
                os.write(main, answers.pop(0))
        os.close(main)
        process.wait(timeout=foreign.PATIENCE_S)
        return said.decode()

    def test_figures_that_are_none_are_refused(self):
        for name, content in (("none.json", "{}"), ("broken.json", "{"), ("list.json", "[1]"),
                              ("old.json", '{"format": 7, "cells": []}'), ("strange.json", '{"format": 1, "cells": [{"level": 5}, 3]}')):
            path = self.write(name, content)
            self.assertIn(name, bench("advise", "--from", path, code=1).stderr)
        self.assertIn("missing.json", bench("advise", "--from", self.home / "missing.json", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
