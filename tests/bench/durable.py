#!/usr/bin/env python3
"""What it costs that acknowledged messages are safe on the disk, beside Debian's mosquitto, in one run.

Mosquitto keeps its state in memory and saves a snapshot now and then, without waiting for the disk; Wax acknowledges when the
disk has it. Both write to the same filesystem. The brokers take turns; figures are medians of the rounds.
`scripts/bench durable` builds what this needs and calls it.
"""
import argparse
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import pairs

MEMORY_ONLY = "persistence false\n"
ON_DISK = "persistence true\npersistence_location {folder}/\n"
CONFIG = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 100
sys_interval 0
connection_messages false
log_type error
"""
BROKERS = {
    "mosquitto": ON_DISK,
    "wax": ON_DISK + "workers 1\n",
    "wax, all workers": ON_DISK,
    "wax, in memory": MEMORY_ONLY + "workers 1\n",
}
WINDOWS = (1, 16)
RETAINED, SESSIONS, QUEUED, ABSENT = 100_000, 10_000, 1_000_000, 100


class Broker(pairs.Broker):
    """A broker with a folder of its own that start() finds as stop() left it."""

    def __init__(self, name, program, home, is_pinned=True):
        self.name, self.port = name, pairs.free_port()
        self.folder = home / str(self.port)
        self.folder.mkdir()
        self.config = home / f"{self.port}.conf"
        self.config.write_text((CONFIG + BROKERS[name]).format(port=self.port, folder=self.folder))
        self.words = [*(["taskset", "-c", "0"] if is_pinned else []), *program, "-c", str(self.config)]
        self.start()

    def start(self):
        """Returns after how many seconds a client was accepted."""
        began = time.monotonic()
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, cwd=self.folder)
        try:
            while time.monotonic() < began + 120 and self.process.poll() is None:
                try:
                    Client(self.port, "probe", is_clean=True).leave()
                    return time.monotonic() - began
                except OSError:
                    time.sleep(0.002)
            sys.exit(f"bench: {self.name} does not start")
        except SystemExit:  # nobody has this broker yet
            self.stop()
            raise

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=300)

    def memory(self):
        """KiB that are the process's own: pages of files do not count, which the system may take back."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("RssAnon:")[1].split()[0])

    def disk(self):
        return sum(path.stat().st_size for path in self.folder.iterdir()) // 1024


class Client:
    def __init__(self, port, name, is_clean=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b"\0\4MQTT\4" + bytes([2 if is_clean else 0]) + b"\0\0" + self.text(name)
        self.socket.sendall(b"\x10" + bytes([len(body)]) + body)
        self.read(4)

    @staticmethod
    def text(text):
        return struct.pack("!H", len(text)) + text.encode()

    def read(self, size):
        while size > 0:
            part = self.socket.recv(size)
            if not part:
                raise ConnectionError("the broker has closed the connection")
            size -= len(part)

    def subscribe(self, topic, qos=1):
        body = b"\0\1" + self.text(topic) + bytes([qos])
        self.socket.sendall(b"\x82" + bytes([len(body)]) + body)
        self.read(5)

    def publish(self, topics, retain=False, size=64):
        """All of them, at QoS 1, 500 under way at once."""
        first = bytes([0x33 if retain else 0x32])
        for start in range(0, len(topics), 500):
            some = topics[start:start + 500]
            out = b""
            for number, topic in enumerate(some, 1):
                body = self.text(topic) + struct.pack("!H", number) + b"x" * size
                length = [len(body)] if len(body) < 128 else [len(body) % 128 + 128, len(body) // 128]
                out += first + bytes(length) + body
            self.socket.sendall(out)
            self.read(4 * len(some))

    def leave(self):
        self.socket.sendall(b"\xe0\0")
        self.socket.close()


def throughput(load, brokers, options):
    rows = {(name, qos, window): pairs.Row(name, qos, window) for qos in (1, 2) for window in WINDOWS for name in brokers}
    for _ in range(options.rounds):
        for (name, _, _), row in rows.items():
            row.add(load, brokers[name], options, "durable")
    print(f"{options.pairs} pairs, sessions that outlive their connections at both ends, 64 bytes;\n"
          f"{options.rounds} rounds of {options.seconds} s in turns, medians\n")
    pairs.show(rows)


def start_time(brokers, options):
    """All of it is put there once; then each is stopped and started, in turns."""
    retained, sessions = RETAINED // options.part, SESSIONS // options.part
    times = {name: [] for name in brokers}
    for broker in brokers.values():
        client = Client(broker.port, "keeper", is_clean=True)
        client.publish([f"kept/{number % 100}/{number}" for number in range(retained)], retain=True)
        client.leave()
        for number in range(sessions):
            client = Client(broker.port, f"absent-{number}")
            client.subscribe(f"for/{number}")
            client.leave()
    for _ in range(options.rounds):
        for name, broker in brokers.items():
            broker.stop()
            times[name].append(broker.start())
    print(f"\nStart with {retained:,} retained messages and {sessions:,} sessions with a subscription each, until a client is let in:\n")
    print(f"{'broker':<18} {'ms':>8} {'to mosquitto':>13}")
    for name, all_times in times.items():
        ratio = statistics.median(all_times) / statistics.median(times["mosquitto"])
        print(f"{name:<18} {statistics.median(all_times) * 1000:>8,.0f} {ratio:>12.2f}x")


def queue_memory(brokers, options):
    count = QUEUED // options.part
    print(f"\n{count:,} messages that wait for {ABSENT} clients that are away, 64 bytes each:\n")
    print(f"{'broker':<18} {'messages':>10} {'memory':>12} {'file':>12} {'messages/s':>11}")
    for name, broker in brokers.items():
        for number in range(ABSENT):
            client = Client(broker.port, f"away-{number}")
            client.subscribe(f"away/{number}")
            client.leave()
        client = Client(broker.port, "sender", is_clean=True)
        before = broker.memory()
        for done in range(1, 3):
            began = time.monotonic()
            client.publish([f"away/{number % ABSENT}" for number in range(count // 2)])
            rate = count // 2 / (time.monotonic() - began)
            print(f"{name:<18} {done * count // 2:>10,} {broker.memory() - before:>8,} KiB {broker.disk():>8,} KiB {rate:>11,.0f}")
        client.leave()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench durable", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long, each time (2)")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of a publisher and a subscriber (100)")
    parser.add_argument("--part", type=int, default=1, help="a tenth of the sessions and messages with 10 (1)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 s, and a tenth")
    parser.add_argument("--only", choices=["throughput", "start", "memory"], help="one of the three")
    parser.add_argument("--wax", default=os.environ.get("WAX") or str(pairs.ROOT / "build/release/wax"), help="the program")
    parser.add_argument("--folder", default=str(pairs.ROOT / "build"), help="where on the disk")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.part = 3, 1.0, 10
    pairs.need("taskset")
    if os.cpu_count() < 2:
        sys.exit("bench: one processor is for the broker and one for the load; this machine has one")
    # So that what stands in `finally` is done: no broker outlives this.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    home = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
    steps = {"throughput": tuple(BROKERS), "start": ("mosquitto", "wax"), "memory": ("mosquitto", "wax", "wax, in memory")}
    brokers = {}
    try:
        load = pairs.compile_load(home)
        for step, names in steps.items():
            if options.only not in (None, step):
                continue
            for name in names:
                program = [pairs.need("mosquitto")] if name == "mosquitto" else [options.wax, "broker"]
                brokers[name] = Broker(name, program, home, name != "wax, all workers")
            if step == "throughput":
                throughput(load, brokers, options)
            else:
                (start_time if step == "start" else queue_memory)(brokers, options)
            while brokers:
                brokers.popitem()[1].stop()
    finally:
        for broker in brokers.values():
            broker.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
