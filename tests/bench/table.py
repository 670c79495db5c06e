#!/usr/bin/env python3
"""Wax beside Debian's mosquitto, row by row: what each delivers per second of its CPU, and what else a broker is judged by.

Each row is a call of `wax bench compare`, which gives the broker one processor and the load another and measures the brokers
in turns, round after round; a figure is the median of the rounds. `scripts/bench table` builds what this needs and calls it.
docs/performance.md tells what came out, and of what machine.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pairs

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PER_CPU, LATENCY = "messages per CPU-second", "us, 99 % within"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    words: str
    unit: str = PER_CPU


ROWS = (
    Row("fan-in", "100 publishers to 1, QoS 0", "fan-in"),
    Row("fan-out", "1 publisher to 1000, QoS 0", "fan-out"),
    Row("wildcards", "10 publishers to 20 by wildcards, QoS 0", "wildcards"),
    Row("pairs-0", "100 pairs, QoS 0, window 32", "pairs"),
    Row("pairs-1", "100 pairs, QoS 1, window 16", "pairs -q 1"),
    Row("pairs-2", "100 pairs, QoS 2, window 16", "pairs -q 2"),
    Row("pairs-4k", "100 pairs, QoS 1, 4 KiB, window 16", "pairs -q 1 --size 4096"),
    Row("pairs-tls", "100 pairs, QoS 1, TLS 1.3, window 16", "pairs -q 1 --tls"),
    Row("single-0", "100 pairs, QoS 0, window 1", "pairs --window 1"),
    Row("single-1", "100 pairs, QoS 1, window 1", "pairs -q 1 --window 1"),
    Row("single-tls", "100 pairs, QoS 1, TLS 1.3, window 1", "pairs -q 1 --window 1 --tls"),
    Row("filters", "100,000 filters, one matches, QoS 0", "filters"),
    Row("shared", "a group of 20 shares what 10 publish, QoS 1", "share -q 1"),
    Row("retained", "100,000 retained messages to a new `#`", "retained"),
    Row("connects", "plain connections", "connects", "connections per CPU-second"),
    Row("handshakes", "TLS 1.3 handshakes, full", "connects --tls", "connections per CPU-second"),
    Row("resumptions", "TLS 1.3 handshakes, resumed", "resumes --tls", "connections per CPU-second"),
    Row("latency", "100 pairs, QoS 1, 10,000 messages per second", "pairs -q 1 --rate 10000", LATENCY),
)
# What a broker does for each message that comes alone; and whether a second worker is as good as the first.
CALLS = Row("calls", "100 pairs, QoS 0, window 1", "pairs --window 1", "system calls per message")
WORKERS = Row("workers", "two workers for one, 100 pairs, QoS 1, window 16", "pairs -q 1")
ALL = (*ROWS, CALLS, WORKERS)

COMMON = "allow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 100\nsys_interval 0\nlog_type error\n"


class Progress:
    """One line on a terminal that says what is being measured."""

    def __init__(self, count):
        self.count, self.done, self.began = count, 0, time.monotonic()

    def tell(self, row):
        if sys.stderr.isatty():
            spent = time.monotonic() - self.began
            left = f", about {spent / self.done * (self.count - self.done):.0f} s left" if self.done else ""
            print(f"\r\x1b[K{self.done + 1}/{self.count} {row.title}{left}", end="", file=sys.stderr, flush=True)
        self.done += 1

    def end(self):
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


FAULTS = ("lost", "twice", "out_of_order", "changed", "refused")


def run(words):
    """The JSON objects of `wax bench`; says which runs were not good, and leaves out what such a broker did."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    failed = {}
    for line in lines:
        faults = [f"{name} {line[name]}" for name in FAULTS if line.get(name)]
        if line.get("fault") or faults:
            failed[line.get("broker", "")] = line.get("fault") or ", ".join(faults)
    if done.returncode != 0:
        for name, words_of_it in (failed or {"": done.stderr.strip()}).items():
            print(f"\nbench: `{' '.join(words[1:])}` {name}: {words_of_it}", file=sys.stderr)
    return [line for line in lines if line.get("broker", "") not in failed]


def compare(options, row, brokers):
    """Medians by broker, and how far the rounds lie apart in percent of the median."""
    words = [options.wax, "bench", "compare", *row.words.split(), "--rounds", str(options.rounds), "--seconds",
             str(options.seconds), "--json"]
    for broker in brokers:
        words += ["--with", broker]
    lines = run(words)
    result = {}
    for line in lines:
        if "median_of" in line and line["value"] > 0:
            result[line["broker"]] = {"value": line["value"]}
    for name, entry in result.items():
        rounds = [value_of(row, line) for line in lines if line.get("round") and line["broker"] == name]
        entry["rounds"] = rounds
        entry["spread"] = round((max(rounds) - min(rounds)) / entry["value"] * 100)
    return result


def value_of(row, line):
    return line["latency_us"]["p99"] if row.unit == LATENCY else line["per_cpu_s"]


# --- System calls ---


def start(words, port):
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(500):
        time.sleep(0.02)
        if process.poll() is not None:
            break
        try:
            pairs.socket.create_connection(("127.0.0.1", port)).close()
            return process
        except OSError:
            continue
    sys.exit(f"bench: `{' '.join(words)}` does not start")


def child_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def count_calls(options, program, home):
    """System calls of a broker under strace, per message that it delivered; its start and its end are among them."""
    port = pairs.free_port()
    config, report = home / f"{port}.conf", home / f"{port}.calls"
    config.write_text(f"user root\nlistener {port} 127.0.0.1\nset_tcp_nodelay true\n" + COMMON)
    process = start([pairs.need("strace"), "-f", "-c", "-o", str(report), *program, "-c", str(config)], port)
    lines = run([options.wax, "bench", *CALLS.words.split(), "-h", "127.0.0.1", "-p", str(port), "--seconds", "4", "--json"])
    os.kill(child_of(process.pid), signal.SIGTERM)
    process.wait(timeout=30)
    calls = 0
    for line in report.read_text().splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[-1] == "total":
            calls = int(fields[3])
    return calls / lines[0]["received"] if lines and lines[0]["received"] else 0


def measure_calls(options, home):
    programs = {"wax": [options.wax, "broker"], "mosquitto": [pairs.need("mosquitto")]}
    return {name: {"value": round(count_calls(options, program, home), 2)} for name, program in programs.items()}


# --- Workers ---


def measure_workers(options, home):
    """The same broker with one worker and with two, each free to run on both processors that the load leaves it."""
    brokers = []
    for workers in (1, 2):
        config = home / f"workers-{workers}.conf"
        config.write_text(f"{'user root' if os.geteuid() == 0 else ''}\nworkers {workers}\nset_tcp_nodelay true\n" + COMMON)
        script = home / f"workers-{workers}"
        script.write_text(f"#!/bin/sh\nexec taskset -c 0-{os.cpu_count() - 1} {options.wax} broker -c {config} -p $1\n")
        script.chmod(0o755)
        brokers.append(f"{script} {{port}}")
    result = compare(options, WORKERS, brokers)
    one, two = (result.get(f"workers-{workers}") for workers in (1, 2))
    return {"wax": two, "one worker": one} if one and two else {}


# --- The report ---


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 1e4:
        return f"{value / 1e3:.1f} k"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def ratio(row, entry, base):
    """How many times as good as the base: more of what is wanted, less of what is not."""
    if not entry or not base or not entry["value"] or not base["value"]:
        return "-"
    is_less_better = row in (CALLS,) or row.unit == LATENCY
    times = base["value"] / entry["value"] if is_less_better else entry["value"] / base["value"]
    return f"{2 * times if row is WORKERS else times:.2f}"  # two have twice the CPU


def show(results, others):
    head = ["", "unit", "Wax", "mosquitto", "times", *[cell for name in others for cell in (name, f"{name} / Wax")], "spread"]
    print("| " + " | ".join(head) + " |\n|" + "|".join(["---", "---", *["---:"] * (len(head) - 2)]) + "|")
    for row in ALL:
        result = results.get(row.name)
        if not result:
            continue
        wax, base = result.get("wax"), result.get("mosquitto", result.get("one worker"))
        cells = [row.title, row.unit, number(wax["value"]) if wax else "failed",
                 (number(base["value"]) if base else "-") + (" (one worker)" if row is WORKERS else ""), ratio(row, wax, base)]
        for name in others:
            entry = result.get(name)
            cells += [number(entry["value"]), ratio(row, entry, wax)] if entry else ["-", "-"]
        cells.append(f"{wax['spread']} %" if wax and "spread" in wax else "-")
        print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench table", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each broker is measured for each row (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long, each time (2)")
    parser.add_argument("--only", metavar="ROW", action="append", choices=[row.name for row in ALL],
                        help="this row alone; may be repeated: " + ", ".join(row.name for row in ALL))
    parser.add_argument("--with", dest="brokers", metavar="BROKER", action="append", default=[],
                        help="measure this one, too: a command, as for `wax bench`; its name is the program's")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured here")
    parser.add_argument("--wax", default=os.environ.get("WAX") or str(ROOT / "build/release/wax"), help="the program")
    options = parser.parse_args()
    rows = [row for row in ALL if not options.only or row.name in options.only]
    results = {}
    progress = Progress(len(rows))
    home = pathlib.Path(tempfile.mkdtemp(prefix="wax-bench-"))
    try:
        for row in rows:
            progress.tell(row)
            if row is CALLS:
                results[row.name] = measure_calls(options, home)
            elif row is WORKERS:
                results[row.name] = measure_workers(options, home)
            else:
                results[row.name] = compare(options, row, options.brokers)
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    finally:
        progress.end()
        shutil.rmtree(home)
    show(results, [pathlib.Path(broker.split()[0]).name for broker in options.brokers])


if __name__ == "__main__":
    main()
