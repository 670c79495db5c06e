"""wax bench: every scenario against Wax and Debian's mosquitto."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from peers import has, path_of
from running import WAX, Broker

HERE = pathlib.Path(__file__).parent
SHORT = ("--seconds", "0.2", "--warm-up", "0.1", "--patience", "20", "--json")
SMALL = {
    "pairs": ("--publishers", "5"),
    "fan-in": ("--publishers", "5"),
    "fan-out": ("--subscribers", "20"),
    "wildcards": (),
    "filters": ("--items", "450", "--publishers", "2"),
    "share": ("--publishers", "4", "-q", "1"),
    "retained": ("--items", "500"),
    "connects": ("--subscribers", "4"),
    "idle": ("--subscribers", "30"),
}
BROKERS = ["wax"] + (["mosquitto"] if has("mosquitto") else [])


def bench(*words, code=0):
    """The JSON objects that `wax bench` writes."""
    done = subprocess.run([WAX, "bench", *map(str, words)], capture_output=True, text=True, timeout=120)
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()] if "--json" in words else done


class Scenarios(unittest.TestCase):
    def assert_whole(self, row):
        """Every message came once, and the figures are there."""
        self.assertEqual([row[name] for name in ("lost", "twice", "out_of_order", "changed", "refused", "fault")],
                         [0, 0, 0, 0, 0, ""], row)
        self.assertEqual(row["received"], row["expected"], row)
        self.assertGreater(row["resident"], 100000)
        if row["scenario"] not in ("connects", "resumes", "idle"):
            self.assertGreaterEqual(row["received"], row["count"])
            self.assertGreater(row["received"], 0)

    def test_every_scenario_with_every_broker(self):
        for name in BROKERS:
            for scenario, more in SMALL.items():
                with self.subTest(broker=name, scenario=scenario):
                    row, = bench(scenario, "--with", name, *more, *SHORT)
                    self.assertEqual((row["scenario"], row["broker"]), (scenario, name))
                    self.assert_whole(row)

    def test_deliveries_are_publishers_times_subscribers(self):
        for scenario, times in (("pairs", 1), ("fan-in", 3), ("fan-out", 4), ("wildcards", 5), ("share", 6)):
            row, = bench(scenario, "--with", "wax", "--publishers", 2, "--subscribers", times, *SHORT)
            self.assertEqual(row["expected"], row["sent"] * (1 if scenario == "share" else times), scenario)
            self.assert_whole(row)

    def test_a_run_waits_for_every_member_of_a_group(self):
        """Who has the last message does not end it. One run of six did without waiting: twenty are enough to see it."""
        for _ in range(20):
            row, = bench("share", "--with", "wax", "--publishers", 2, "--subscribers", 6, *SHORT)
            self.assert_whole(row)

    def test_every_quality_of_service_in_both_versions(self):
        for name in BROKERS:
            for qos in (0, 1, 2):
                for version in ("311", "5"):
                    with self.subTest(broker=name, qos=qos, version=version):
                        row, = bench("pairs", "--with", name, "--publishers", 3, "-q", qos, "-V", version, "--size", 300,
                                     *SHORT)
                        self.assertEqual((row["qos"], row["mqtt"], row["size"]), (qos, int(version[0].replace("3", "4")), 300))
                        self.assert_whole(row)
                        self.assertLessEqual(row["latency_us"]["p50"], row["latency_us"]["max"])

    def test_items_are_prepared_and_counted(self):
        for qos in (0, 1, 2):
            for scenario in ("filters", "retained"):
                row, = bench(scenario, "--with", "wax", "-q", qos, *SMALL[scenario], *SHORT)
                self.assertEqual(row["setup"]["count"], int(SMALL[scenario][1]), row)
                self.assert_whole(row)

    def test_a_rate_is_a_timetable(self):
        row, = bench("pairs", "--with", "wax", "--publishers", 4, "-q", 1, "--rate", 500, *SHORT)
        self.assert_whole(row)
        # Not more than the timetable has up to when the sending ended, which is late on a busy machine.
        self.assertLessEqual(row["count"], 500 * (row["elapsed_us"] / 1e6 + 0.5) + 50)
        self.assertGreater(row["latency_us"]["max"], 0)

    def test_tls_and_resumed_sessions_and_websocket(self):
        for name in BROKERS:
            with self.subTest(broker=name):
                self.assert_whole(bench("pairs", "--with", name, "--tls", "--publishers", 3, "-q", 1, *SHORT)[0])
                full, = bench("connects", "--with", name, "--tls", "--subscribers", 3, *SHORT)
                self.assertEqual((full["resumed"], full["tls"], full["fault"]), (0, True, ""))
                resumed, = bench("resumes", "--with", name, "--tls", "--subscribers", 3, *SHORT)
                self.assertGreater(resumed["resumed"], 0)
        for more in ((), ("--tls",)):
            web, = bench("pairs", "--with", "wax", "--ws", "--publishers", 3, *more, *SHORT)
            self.assert_whole(web)
            self.assertTrue(web["websocket"])

    def test_a_broker_that_runs_already(self):
        broker = Broker("listener {port} 127.0.0.1\nallow_anonymous true\n")
        try:
            row, = bench("pairs", "-p", broker.port, "--pid", broker.process.pid, "--publishers", 2, *SHORT)
            self.assert_whole(row)
            without, = bench("pairs", "-L", f"mqtt://127.0.0.1:{broker.port}", "--publishers", 2, *SHORT)
            self.assertEqual((without["cpu_ns"], without["lost"]), (0, 0))
        finally:
            self.assertIsNone(broker.stop())

    @unittest.skipUnless(has("mosquitto"), "no mosquitto")
    def test_compare_takes_turns_and_tells_ratios(self):
        own = f"exec {path_of('mosquitto')} -p {{port}}"
        rows = bench("compare", "pairs", "fan-in", "--publishers", 3, "--rounds", 2, "--with", own.removeprefix("exec "), *SHORT)
        runs = [row for row in rows if "scenario" in row]
        self.assertEqual([row["broker"] for row in runs], ["wax", "mosquitto", "mosquitto"] * 4)
        self.assertEqual([row["scenario"] for row in runs], (["pairs"] * 3 + ["fan-in"] * 3) * 2)
        self.assertEqual([row["round"] for row in runs], [1] * 6 + [2] * 6)
        medians = [row for row in rows if "median_of" in row]
        self.assertEqual(len(medians), 6)
        for row in medians:
            values = sorted(run["per_cpu_s"] for run in runs if run["scenario"] == row["median_of"])
            self.assertTrue(values[0] <= row["value"] <= values[-1], row)
        self.assertEqual(medians[1]["percent"], 100)

    def test_the_table(self):
        done = bench("pairs", "filters", "--with", "wax", "--publishers", 2, "--items", 150, *SHORT[:-1])
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 4, done.stdout)
        self.assertTrue(lines[1].startswith("pairs      wax") and lines[1].endswith("none"), done.stdout)
        self.assertIn("150   filters placed", lines[3])

    @unittest.skipUnless(has("gnuplot"), "no gnuplot")
    def test_plots(self):
        folder = tempfile.mkdtemp(prefix="wax-story-")
        self.addCleanup(shutil.rmtree, folder)
        for words in (("pairs", "--with", "wax"), ("compare", "pairs", "idle", "--rounds", 1)):
            place = os.path.join(folder, f"{len(words)}.svg")
            bench(*words, "--publishers", 2, "--subscribers", 2, "--plot", place, *SHORT)
            self.assertIn("<svg", pathlib.Path(place).read_text()[:400])


class Page(unittest.TestCase):
    def test_the_manual_is_the_table_of_options(self):
        printed = subprocess.run([WAX, "bench", "--man"], check=True, capture_output=True, text=True).stdout
        kept = (HERE.parent.parent / "docs/man/wax-bench.1").read_text()
        self.assertEqual(kept, printed, "make it again: wax bench --man > docs/man/wax-bench.1")


if __name__ == "__main__":
    unittest.main()
