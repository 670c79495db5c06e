#!/usr/bin/env python3
"""What wrong passwords do to those who are connected, beside Debian's mosquitto, in one run.

Two connected clients play QoS 1 ping-pong, one message at a time. Then a hundred others log in with wrong passwords, all at
once and again as soon as they are refused, at the most expensive hash that both brokers read: PBKDF2 with 600,000
iterations. The figure is the 99th percentile of the round trips before and during that, as the median of the rounds. The
broker, its hashing included, has one processor and its clients another. `scripts/bench-login` builds what this needs.
"""
import argparse
import asyncio
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "stories"), str(ROOT / "tests" / "bench")]

from mqtt_raw import CONNACK, Client, acknowledge, connect, publish  # noqa: E402
from pairs import free_port, need  # noqa: E402
from passwords import line  # noqa: E402

CROWD = 100
ITERATIONS = 600000
COMMON = """\
user root
listener {port} 127.0.0.1
password_file {home}/passwords
set_tcp_nodelay true
sys_interval 0
connection_messages false
log_type error
"""
# The crowd is all of one machine: wax would send it away unheard, and the hashes are what is measured.
SETTINGS = {"mosquitto": COMMON, "wax": COMMON + "workers 1\nauth_backoff_after 0\n"}


class Ping:
    """Two clients and the time a message takes from one to the other and its acknowledgement back."""

    def __init__(self, port):
        self.one, self.two = (Client(port, 4, 120) for _ in range(2))
        for name, client in (("one", self.one), ("two", self.two)):
            client.send(connect(name, 4, user="good", password="good", keep_alive=0))
            assert client.expect(CONNACK, 120).reason == 0
        self.two.subscribe(("ping", 1))
        self.last = 0

    def once(self):
        self.last = self.last % 60000 + 1
        start = time.perf_counter()
        self.one.send(publish("ping", b"x" * 64, 1, packet_id=self.last, version=4))
        self.two.message(120)
        self.one.receive(120)
        return time.perf_counter() - start

    def rounds(self, seconds):
        end = time.perf_counter() + seconds
        got = []
        while time.perf_counter() < end:
            got.append(self.once())
        return got


async def guess(port, stop, counts):
    while not stop.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(connect(f"guess{counts['tries']}", 4, user="slow", password="wrong"))
            counts["tries"] += 1
            answer = await reader.read(4)
            counts["answers"] += len(answer) == 4
            writer.close()
        except OSError:
            await asyncio.sleep(0.1)


def crowd(port, stop, counts):
    async def all_of_them():
        await asyncio.wait([asyncio.create_task(guess(port, stop, counts)) for _ in range(CROWD)], timeout=None)

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(all_of_them())
    finally:
        loop.close()


def p99_ms(times):
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))] * 1000


def connected(port):
    for _ in range(200):
        try:
            return Ping(port)
        except OSError:
            time.sleep(0.05)
    sys.exit("bench-login: the broker does not answer")


def measure(name, program, seconds):
    """Round trips before and during, and how many passwords were refused meanwhile."""
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        pathlib.Path(home, "passwords").write_text(line("good", "good", count=1000) + line("slow", "good", count=ITERATIONS))
        config = pathlib.Path(home, "broker.conf")
        config.write_text(SETTINGS[name].format(port=port, home=home))
        process = subprocess.Popen([need("taskset"), "-c", "0", *program, "-c", str(config)], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            ping = connected(port)
            ping.rounds(0.5)
            before = ping.rounds(seconds)
            # A process of its own: Python's threads would wait for each other, and be measured.
            guesser = subprocess.Popen([sys.executable, __file__, "--guess", str(port), str(seconds + 2)],
                                       stdout=subprocess.PIPE, text=True)
            time.sleep(1)
            during = ping.rounds(seconds)
            refused = int(guesser.communicate()[0])
        finally:
            process.kill()
            process.wait()
    return before, during, refused


def attack(port, seconds):
    stop, counts = threading.Event(), {"tries": 0, "answers": 0}
    worker = threading.Thread(target=crowd, args=(port, stop, counts), daemon=True)
    worker.start()
    time.sleep(seconds)
    print(counts["answers"], flush=True)
    os._exit(0)


def show(name, rounds):
    before, during = (statistics.median(p99_ms(each[part]) for each in rounds) for part in (0, 1))
    trips, refused = sum(len(each[1]) for each in rounds), sum(each[2] for each in rounds)
    print(f"{name:<12}{before:>12.2f} ms{during:>12.2f} ms{during / before:>10.1f}x{trips:>14}{refused:>9}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-login", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often wax is measured (5); mosquitto once")
    parser.add_argument("--seconds", type=float, default=5, help="how long, each time (5)")
    parser.add_argument("--wax", default=os.environ.get("WAX") or str(ROOT / "build/release/wax"), help="the program")
    parser.add_argument("--guess", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.cpu_count() < 2:
        sys.exit("bench-login: one processor is for the broker and one for its clients; this machine has one")
    os.sched_setaffinity(0, {1})
    if options.guess:
        attack(int(options.guess[0]), float(options.guess[1]))
    print(f"{CROWD} wrong passwords at once, PBKDF2 with {ITERATIONS} iterations; 99th percentile of QoS 1 round trips")
    print(f"{'broker':<12}{'before':>15}{'during':>15}{'ratio':>11}{'round trips':>14}{'refused':>9}")
    show("wax", [measure("wax", [options.wax, "broker"], options.seconds) for _ in range(options.rounds)])
    show("mosquitto", [measure("mosquitto", [need("mosquitto")], options.seconds)])


if __name__ == "__main__":
    main()
