"""What wax bench says of a broker that breaks its promises, and of words that make no sense."""
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from bench_test import bench
from peers import free_port
from running import WAX, Broker

HERE = pathlib.Path(__file__).parent


class Faults(unittest.TestCase):
    def start(self, fault):
        port = free_port()
        process = subprocess.Popen([sys.executable, str(HERE / "faulty_broker.py"), str(port), fault], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return port, process

    def measure(self, fault, *words, code=2, patience="4"):
        """What `wax bench` says, and how often the fault was made."""
        port, process = self.start(fault)
        Broker.wait_for(_Waiting(process), port)
        row, = bench("pairs", "-p", port, "--publishers", 3, "--seconds", "0.5", "--warm-up", "0", "--patience", patience, "--json",
                     *words, code=code)
        process.terminate()
        return row, int(process.stdout.read())

    def test_a_broker_without_faults_has_none(self):
        for qos in (0, 1):
            row, count = self.measure("none", "-q", qos, code=0)
            self.assertEqual((row["lost"], row["received"], count), (0, row["sent"], 0))
            self.assertGreater(row["received"], 50)

    def test_faults_are_counted_exactly(self):
        for fault, name in (("drop", "lost"), ("repeat", "twice"), ("swap", "out_of_order"), ("change", "changed")):
            with self.subTest(fault=fault):
                row, count = self.measure(fault)
                self.assertGreater(count, 0)
                self.assertEqual(row[name], count, row)
                others = [row[other] for other in ("lost", "twice", "out_of_order", "changed", "refused")
                          if other != name and (fault, other) != ("change", "lost")]
                self.assertFalse(any(others), row)

    def test_a_broker_that_does_not_acknowledge(self):
        row, _ = self.measure("silent", "-q", 1, "--seconds", 60, code=1, patience="1")
        self.assertIn("nothing moves", row["fault"])

    def test_a_pause_counts_for_every_message_that_was_due_in_it(self):
        """No coordinated omission: a hundred messages were due before the pause, and hundreds in it."""
        row, _ = self.measure("pause", "--rate", 400, "--seconds", 2, code=0)
        self.assertGreaterEqual(row["latency_us"]["max"], 400000)
        self.assertGreaterEqual(row["latency_us"]["p90"], 100000, row)

    def test_a_broker_that_refuses_or_leaves(self):
        row, _ = self.measure("refuse", code=1)
        self.assertIn("refuses a connection", row["fault"])
        row, _ = self.measure("leave", code=1)
        self.assertIn("closed a connection", row["fault"])

    def test_what_makes_no_sense_is_said(self):
        for words, text in ((("pears",), "did you mean pairs?"), ((), "which scenario?"),
                            (("pairs", "--size", 3), "from 16 to"), (("pairs", "--with", "nanomq"), "{port}"),
                            (("pairs", "--with", "wax", "--with", "mosquitto"), "compare"),
                            (("pairs", "--with", "wax", "--pid", 1), "--pid"), (("pairs", "--tls"), "--with"),
                            (("pairs", "--with", "false {port}"), "does not start"),
                            (("pairs", "--windows", 3), "did you mean --window?")):
            with self.subTest(words=words):
                self.assertIn(text, bench(*words, code=1).stderr)
        row, = bench("pairs", "-h", "127.0.0.1", "-p", free_port(), "--json", code=1)
        self.assertNotEqual(row["fault"], "")


class Interrupted(unittest.TestCase):
    def test_what_was_started_is_stopped_and_removed(self):
        process = subprocess.Popen([WAX, "bench", "compare", "pairs", "--publishers", "2", "--seconds", "100", "--with",
                                    f"{WAX} broker -p {{port}}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        child, words = self.wait_for_child(process.pid)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 1)
        self.assertIn("stopped", process.stdout.read())
        self.assertFalse(pathlib.Path(f"/proc/{child}").exists())
        self.assertFalse(pathlib.Path(words[-1]).parent.exists())

    @staticmethod
    def wait_for_child(pid):
        """The broker that was started, and its words, the last of which is its configuration."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                words = pathlib.Path(f"/proc/{child}/cmdline").read_text().split("\0")[:-1]
                if words and words[-1].endswith("broker.conf"):
                    return child, words
            time.sleep(0.02)
        raise AssertionError("no broker is started")


class _Waiting:
    """What Broker.wait_for() asks of a broker."""

    def __init__(self, process):
        self.process = process

    @staticmethod
    def log():
        return "(it keeps none)"


if __name__ == "__main__":
    unittest.main()
