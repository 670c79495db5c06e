"""wax bench levels: every level is measured, within the memory of a device too, and nothing stays behind."""
import json
import pathlib
import signal
import subprocess
import tempfile
import unittest

import foreign
from running import WAX

SMALL = ("--sizes", "16,9000", "--counts", "20", "--rounds", "1", "--minutes", "5")


def bench(*words, code=0, **more):
    done = subprocess.run([WAX, "bench", *map(str, words)], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, env={**foreign.environment(), **more})
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
    return done


def measure(*words):
    """The figures: cells by level and size, connections by level and whether they resume a session."""
    whole = json.loads(bench("levels", "--json", *words).stdout)
    whole["cell"] = {(cell["level"], cell["size"]): cell for cell in whole["cells"]}
    whole["connection"] = {(each["level"], each["is_resumed"]): each for each in whole["connections"]}
    return whole


def children(pid):
    """All processes below one, as they are now."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def folders():
    return set(pathlib.Path(tempfile.gettempdir()).glob("wax-bench-*"))


class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.figures = measure(*SMALL)

    def test_every_level_is_measured(self):
        cells = self.figures["cell"]
        self.assertEqual(len(cells), 18 * 2)
        for name, cell in cells.items():
            with self.subTest(cell=name):
                self.assertFalse(cell["is_refused"])
                self.assertGreater(cell["time_us"], 0)
                self.assertGreater(cell["client_cpu_us"], 0)
                self.assertGreater(cell["heap_peak_bytes"], 1000)
                self.assertGreater(cell["stack_peak_bytes"], 500)
                self.assertLessEqual(cell["latency_p50_us"], cell["latency_p99_us"])

    def assert_about(self, value, wanted):
        """Within the byte or two by which numbers in front of an envelope grow."""
        self.assertTrue(abs(value - wanted) <= 2, (value, wanted))

    def test_bytes_on_the_wire_are_those_of_the_format(self):
        """A PUBLISH is what it is; an envelope adds 30 bytes, TLS 1.3 22 to each record, CBC fills its block."""
        cells = self.figures["cell"]
        for size in (16, 9000):
            plain = cells["L0", size]["wire_out_bytes"]
            self.assertTrue(size + 20 < plain < size + 40, plain)
            self.assertEqual(cells["L1", size]["wire_out_bytes"], plain)
            self.assertEqual(cells["L2cbc", size]["wire_out_bytes"], plain + 16 - size % 16)
            for level in ("L2-suite1", "L2-suite2", "L2-suite3", "L3-tls1.2-cert", "L3-tls1.3-mutual", "L4-suite1"):
                self.assertGreater(cells[level, size]["wire_out_bytes"], plain, level)
        small = cells["L0", 16]["wire_out_bytes"]
        self.assertEqual(cells["L3-tls1.3-cert", 16]["wire_out_bytes"], small + 22)
        for suite in (1, 2, 3):
            self.assert_about(cells[f"L2-suite{suite}", 16]["wire_out_bytes"], small + 30)
            for level in (f"L4-suite{suite}", f"L4-psk-suite{suite}"):
                self.assert_about(cells[level, 16]["wire_out_bytes"], small + 30 + 22)

    def test_tls_1_3_saves_a_round_trip_and_sessions_are_resumed(self):
        trips = {name: each["round_trips"] for name, each in self.figures["connection"].items()}
        self.assertEqual(trips["L0", False], 1)
        self.assertEqual(trips["L3-tls1.2-cert", False], 3)
        self.assertEqual(trips["L3-tls1.2-cert", True], 2)
        self.assertEqual(trips["L3-tls1.3-cert", False], 2)
        for level in {level for level, _ in trips if level.startswith("L3")}:
            self.assertIn((level, True), trips)
            self.assertGreater(self.figures["connection"][level, True]["session_bytes"], 100)
        full, resumed = (self.figures["connection"]["L3-tls1.3-mutual", is_resumed] for is_resumed in (False, True))
        self.assertLess(resumed["wire_in_bytes"], full["wire_in_bytes"] / 2)

    def test_a_key_in_common_needs_no_certificates(self):
        """Neither its own nor the system's CAs are in memory, which would be more than all the rest."""
        heap = {level: cell["heap_peak_bytes"] for (level, size), cell in self.figures["cell"].items() if size == 16}
        for version in ("L3-tls1.2", "L3-tls1.3"):
            self.assertLess(heap[f"{version}-psk"], heap[f"{version}-mutual"])

    def test_what_is_larger_than_a_chunk_is_a_stream(self):
        """9000 bytes in chunks of 8192 are two chunks, each with a hedge and a tag, behind one head."""
        cells = self.figures["cell"]
        extra = cells["L2-suite1", 9000]["wire_out_bytes"] - cells["L0", 9000]["wire_out_bytes"]
        self.assertTrue(2 * 24 < extra < 2 * 24 + 20, extra)


class Memory(unittest.TestCase):
    def test_streams_need_no_more_than_a_chunk(self):
        """As on the device of the course: 160 KB of heap send 160 KB sealed, and the whole message's second buffer does not."""
        figures = measure("--memory-limit", "160K", "--levels", "L2cbc,L2,L3-tls1.3,L4", "--sizes", "32000,80000,160000",
                          "--counts", "5", "--rounds", "1")
        cells = figures["cell"]
        self.assertEqual({name for name, cell in cells.items() if cell["is_refused"]},
                         {("L2cbc", 80000), ("L2cbc", 160000)})
        self.assertEqual({level for level, size in cells if size == 160000 and level.startswith("L4")},
                         {f"L4-{way}suite{suite}" for way in ("", "psk-") for suite in (1, 2, 3)})
        for name, cell in cells.items():
            self.assertLessEqual(cell["heap_peak_bytes"], 160 * 1024, name)
        self.assertLess(cells["L2-suite2", 160000]["heap_peak_bytes"], 32 * 1024)

    def test_nothing_fits_into_a_kilobyte(self):
        said = bench("levels", "--memory-limit", "1K", "--levels", "L3-tls1.3-cert", "--sizes", "64", "--counts", "5",
                     "--rounds", "1").stdout
        self.assertIn("cannot send 64 bytes", said)


class BadInput(unittest.TestCase):
    def test_what_cannot_be_is_said(self):
        for words, said in ((("levels", "--with", "/nowhere/wax"), "No such file"),
                            (("levels", "--levels", "L5"), "no level 'L5'"),
                            (("levels", "--sizes", "0"), "no number from 1"),
                            (("levels", "--rounds", "99", "--minutes", "1"), "do not fit in 1 minutes"),
                            (("levels", "more"), "nothing else to say"),
                            (("levels", "--out", "/proc/nowhere", *SMALL, "--levels", "L1"), "cannot make the folder")):
            with self.subTest(words=words):
                self.assertIn(said, bench(*words, code=1).stderr)

    def test_a_program_that_is_no_broker(self):
        self.assertIn("does not start", bench("levels", "--with", "/bin/true", *SMALL, code=1).stderr)
        self.assertIn("starts this by itself", bench("levels-client", code=1).stderr)

    def test_an_end_by_a_signal_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([WAX, "bench", "levels", "--minutes", "20"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=foreign.environment())
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.kill)
            below = foreign.wait_until(lambda: len(children(process.pid)) > 1 and children(process.pid), "broker and client")
            homes = {folder for pid in below for folder in folders() if str(folder) in command_of(pid)}
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=30), 1)
            self.assertIn(b"stopped; nothing was written", process.stderr.read())
            foreign.wait_until(lambda: not any(is_there(pid) for pid in below), "the end of all children")
            self.assertEqual([home for home in homes if home.exists()], [])

    def test_killed_it_takes_its_children_along(self):
        process = subprocess.Popen([WAX, "bench", "levels", "--minutes", "20"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=foreign.environment())
        below = foreign.wait_until(lambda: len(children(process.pid)) > 1 and children(process.pid), "broker and client")
        process.kill()
        process.wait()
        foreign.wait_until(lambda: not any(is_there(pid) for pid in below), "the end of all children")


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_there(pid):
    """Whether it runs; a zombie of somebody else does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
