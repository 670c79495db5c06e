"""wax demo: what it shows is what its processes did, nothing of it stays, and the picture in the documents is its own."""
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree as xml

from peers import WAX, Folder, wax

ROOT = pathlib.Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
HEXADECIMAL = re.compile(r"^(?: {15}|  on the wire  )((?:[0-9a-f]{2} ){1,16})", re.M)


def play(*words, given=""):
    """All acts are some sixty processes: more time than other commands get."""
    return subprocess.run([WAX, "demo", *map(str, words)], input=given, capture_output=True, text=True, timeout=180, check=True)


def act(level):
    shown = play("--level", level).stdout
    return shown[shown.index(f"\n{level}  "):]


def left():
    return {path for folder in ("/dev/shm", "/tmp") for path in pathlib.Path(folder).glob("wax-demo.*")}


def wire(shown):
    """The bytes of the dump."""
    return bytes.fromhex("".join(HEXADECIMAL.findall(shown)))


def pieces(path):
    """Rows of a picture, without what is another in each run."""
    rows = {}
    for text in xml.parse(path).getroot().iter(f"{SVG}text"):
        if text.get("class") != "bytes":
            rows.setdefault(int(text.get("y")), []).append((int(text.get("x")), text.get("class"), text.text))
    return [sorted(row) for _, row in sorted(rows.items())]


class Demo(unittest.TestCase):
    def test_without_protection_everybody_reads_and_forges(self):
        shown = act("L0")
        self.assertIn(b"home/occupancy", wire(shown))
        self.assertIn(b"somebody is home", wire(shown))
        self.assertIn("an eavesdropper reads the topic, the text\n", shown)
        self.assertIn("the heating goes off", shown)
        self.assertIn("the thermostat takes it", shown)
        self.assertNotIn("refused", shown)

    def test_a_password_in_clear_lets_in_who_saw_it(self):
        shown = act("L1")
        self.assertRegex(shown, r"CONNECT: user sensor, password [a-z2-9]{12}\n")
        self.assertIn("an eavesdropper reads the password, the topic, the text\n", shown)
        self.assertIn("who has that password sends there", shown)
        self.assertIn("the heating goes off", shown)

    def test_what_is_sealed_is_neither_read_nor_forged(self):
        shown = act("L2")
        self.assertNotIn(b"somebody", wire(shown))
        self.assertIn("an eavesdropper reads the password, the topic\n", shown)
        self.assertIn("its operator reads the topic\n", shown)
        self.assertIn("refused: it is not sealed", shown)
        self.assertIn("refused: it came already", shown)
        self.assertIn("the heating stays on", shown)
        self.assertNotIn("the thermostat takes it", shown)

    def test_tls_ends_at_the_broker(self):
        shown = act("L3")
        self.assertEqual(wire(shown)[:3], b"\x17\x03\x03")
        self.assertIn("an eavesdropper reads nothing\n", shown)
        self.assertIn("its operator reads the topic, the text\n", shown)
        self.assertIn("who runs the broker sends there", shown)
        self.assertIn("the heating goes off", shown)

    def test_under_seal_and_tls_nobody_reads_and_the_attack_is_refused_by_name(self):
        shown = act("L4")
        self.assertIn("an eavesdropper reads nothing\n", shown)
        self.assertIn("its operator reads nothing\n", shown)
        self.assertNotIn("home/occupancy", shown.split("its operator")[0].split("on the wire")[1])
        self.assertIn("refused: it is not sealed", shown)
        self.assertIn("refused: it came already", shown)
        self.assertIn("the heating stays on", shown)
        self.assertIn("refused: signature", shown)
        self.assertIn("signed by its vendor: the thermostat runs version 7", shown)

    def test_two_runs_do_not_show_the_same_bytes(self):
        """Nothing of it is a recording."""
        self.assertNotEqual(wire(act("L3")), wire(act("L3")))

    def test_all_of_it_and_the_picture_in_the_documents(self):
        folder = Folder()
        self.addCleanup(folder.close)
        picture = folder.path / "demo.svg"
        before = left()
        shown = play("--svg", picture).stdout
        rows = [re.sub(" {2,}", "|", line) for line in shown.splitlines()[-5:]]
        self.assertEqual(rows, ["L0|nothing|text|text|goes off|taken",
                                "L1|password|login and text|text|goes off|taken",
                                "L2|sealed, without TLS|login and topic|topic|stays on|refused",
                                "L3|TLS|nothing|text|goes off|taken",
                                "L4|TLS, sealed and blinded|nothing|nothing|stays on|refused"])
        self.assertEqual(pieces(picture), pieces(ROOT / "docs/demo.svg"), "make it again: wax demo --svg docs/demo.svg")
        self.assertNotIn("\033", shown)
        self.assertEqual(left(), before)

    def test_colours_on_a_terminal_alone(self):
        words = [WAX, "demo", "--level", "L0"]
        self.assertNotIn("\033", play("--level", "L0").stdout)
        for more, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | more
            near, far = os.openpty()
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=far, env=environment)
            os.close(far)
            seen = b""
            try:
                while (got := os.read(near, 65536)):
                    seen += got
            except OSError:
                pass  # the terminal has no other end any more
            os.close(near)
            self.assertEqual(process.wait(60), 0)
            self.assertEqual(b"\033[" in seen, is_coloured)

    def test_a_signal_ends_it_and_removes_all(self):
        before = left()
        process = subprocess.Popen([WAX, "demo"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in process.stdout:
            if line.startswith(b"  sensor"):
                break
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.assertTrue(children)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        self.assertEqual(process.wait(60), 1)
        process.stdout.close()
        self.assertEqual(left(), before)
        deadline = time.monotonic() + 30
        while any(pathlib.Path(f"/proc/{child}/exe").exists() for child in children):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_it_waits_between_acts_if_asked_to(self):
        shown = play("--pause", "-l", "l0", "-l", "L1", given="\n")
        self.assertEqual(shown.stderr.count("Enter goes on"), 1)
        self.assertEqual(re.findall(r"^L\d", shown.stdout, re.M), ["L0", "L1"])

    def test_wrong_words_are_told(self):
        self.assertIn("write L0, L1, L2, L3 or L4", wax("demo", "--level", "L5", code=1).err)
        self.assertIn("'now' is no option", wax("demo", "now", code=1).err)
        self.assertIn("No such file", wax("demo", "--level", "L0", "--svg", "/nonexistent/x.svg", code=1).err)

    def test_the_manual_page_is_its_help(self):
        self.assertEqual(wax("demo", "--man").out, (ROOT / "docs/man/wax-demo.1").read_text(),
                         "make it again: wax demo --man > docs/man/wax-demo.1")


if __name__ == "__main__":
    unittest.main()
