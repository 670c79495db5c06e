#!/usr/bin/env python3
"""Messages per second of the broker's CPU for pairs of clients, beside Debian's mosquitto, in one run.

The brokers take turns, so that what else the machine does hits both; the figure of a row is the median of the rounds.
The broker has one processor and the load another. `scripts/bench` builds what this needs and calls it.
"""
import argparse
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WINDOWS = {0: 32, 1: 16}

COMMON = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
max_inflight_messages 100
persistence false
sys_interval 0
connection_messages false
log_type error
"""
SETTINGS = {
    "mosquitto": COMMON,
    "wax": COMMON + "workers 1\n",
    "wax, all workers": COMMON,
}


def need(command):
    path = shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        sys.exit(f"bench: {command} is missing; `scripts/setup test` installs it")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    def __init__(self, name, program, home, is_pinned):
        self.name, self.port = name, free_port()
        self.config = home / f"{self.port}.conf"
        self.config.write_text(SETTINGS[name].format(port=self.port))
        words = [*(["taskset", "-c", "0"] if is_pinned else []), *program, "-c", str(self.config)]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, cwd=home)
        for _ in range(200):
            time.sleep(0.02)
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                continue
        sys.exit(f"bench: {name} does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Row:
    """The rounds of one broker at one QoS and one window."""

    def __init__(self, name, qos, window):
        self.name, self.qos, self.window, self.rounds = name, qos, window, []

    def add(self, load, broker, options, *more):
        words = ["taskset", "-c", "1", load, broker.port, broker.process.pid, options.pairs, self.qos, self.window,
                 options.seconds, *more]
        done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=True, timeout=120)
        self.rounds.append([int(number) for number in done.stdout.split()])

    def per_cpu(self):
        return statistics.median(messages / spent * 1e9 for messages, _, spent in self.rounds)

    def per_second(self):
        return statistics.median(messages / elapsed * 1e9 for messages, elapsed, _ in self.rounds)

    def spread(self):
        values = [messages / spent for messages, _, spent in self.rounds]
        return (max(values) - min(values)) / statistics.median(values) * 100


def compile_load(home):
    load = home / "pairs"
    subprocess.run([need("cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", ROOT / "tests/bench/pairs.c", "-o", load],
                   check=True)
    return load


def measure(load, brokers, rounds, options):
    rows = {(broker.name, qos, WINDOWS[qos]): Row(broker.name, qos, WINDOWS[qos]) for qos in WINDOWS for broker in brokers}
    for _ in range(rounds):
        for qos in WINDOWS:
            for broker in brokers:
                rows[broker.name, qos, WINDOWS[qos]].add(load, broker, options)
    return rows


def show(rows):
    print(f"{'broker':<18} {'QoS':>3} {'window':>6} {'messages/CPU-s':>15} {'messages/s':>11} {'spread':>7} {'to mosquitto':>13}")
    for (name, qos, window), row in rows.items():
        ratio = row.per_cpu() / rows["mosquitto", qos, window].per_cpu()
        print(f"{name:<18} {qos:>3} {window:>6} {row.per_cpu():>15,.0f} {row.per_second():>11,.0f} {row.spread():>6.1f}%"
              f" {ratio:>12.2f}x")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long, each time (2)")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of a publisher and a subscriber (100)")
    parser.add_argument("--wax", default=os.environ.get("WAX") or str(ROOT / "build/release/wax"), help="the program")
    options = parser.parse_args()
    need("taskset")
    if os.cpu_count() < 2:
        sys.exit("bench: one processor is for the broker and one for the load; this machine has one")
    home = pathlib.Path(tempfile.mkdtemp(prefix="wax-bench-"))
    brokers = []
    try:
        load = compile_load(home)
        programs = {"mosquitto": [need("mosquitto")], "wax": [options.wax, "broker"],
                    "wax, all workers": [options.wax, "broker"]}
        for name, program in programs.items():
            brokers.append(Broker(name, program, home, name != "wax, all workers"))
        version = subprocess.run([need("mosquitto"), "-h"], capture_output=True, text=True).stdout.splitlines()[0]
        print(f"{options.pairs} pairs, 64 bytes, MQTT 3.1.1, TCP_NODELAY; broker on CPU 0, load on CPU 1, `all workers` on any;")
        print(f"{options.rounds} rounds of {options.seconds} s in turns, medians; {version}. Both read:\n")
        print("  " + COMMON.format(port="PORT").replace("\n", "\n  ").rstrip() + "\n  workers 1   (wax only)\n")
        show(measure(load, brokers, options.rounds, options))
    finally:
        for broker in brokers:
            broker.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
