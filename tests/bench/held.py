#!/usr/bin/env python3
"""Memory for what a broker holds beside connections: per retained message, subscription and session whose client is away; and
how it grows with retained messages of 1 KiB that are on the disk as well. Beside Debian's mosquitto, in one run.

The figure is what resident memory (pages of files left out) has grown by, divided by the number of things.
`scripts/bench held` builds what this needs and calls it.
"""
import argparse
import os
import pathlib
import resource
import shutil
import sys
import tempfile

import durable
import pairs
from durable import Client

PERSISTENT = {"mosquitto": durable.ON_DISK, "wax": durable.ON_DISK, "wax, 16 MiB": durable.ON_DISK + "retained_memory_limit 16777216\n"}
SUBSCRIBERS = 1000
WARM_UP = 20


def publish(port, first, count, size):
    client = Client(port, "keeper", is_clean=True)
    client.publish([f"site/{number % 100}/value/{number}" for number in range(first, first + count)], retain=True, size=size)
    client.leave()


def retained(broker, count):
    """64 bytes, of as many topics; every hundredth has a level of its own above it."""
    publish(broker.port, 0, WARM_UP, 64)
    before = broker.memory()
    publish(broker.port, WARM_UP, count, 64)
    return (broker.memory() - before) * 1024 / count


def subscriptions(broker, count):
    """Of 1,000 clients that stay, each with a filter of its own."""
    clients = [Client(broker.port, f"subscriber-{number}", is_clean=True) for number in range(SUBSCRIBERS)]
    for number, client in enumerate(clients[:WARM_UP]):
        client.subscribe(f"first/{number}")
    before = broker.memory()
    for number in range(count):
        clients[number % SUBSCRIBERS].subscribe(f"site/{number % 100}/value/{number}")
    grown = (broker.memory() - before) * 1024 / count
    for client in clients:
        client.leave()
    return grown


def sessions(broker, count):
    """Each has one subscription; its client has gone."""
    def make(first, last):
        for number in range(first, last):
            client = Client(broker.port, f"absent-{number}")
            client.subscribe(f"site/{number % 100}/for/{number}")
            client.leave()

    make(0, count // 4)  # what the store takes for itself is taken then
    before = broker.memory()
    make(count // 4, count // 4 + count)
    return (broker.memory() - before) * 1024 / count


STEPS = (("retained message", durable.MEMORY_ONLY, retained), ("subscription", durable.MEMORY_ONLY, subscriptions),
         ("session, in memory", durable.MEMORY_ONLY, sessions), ("session, on disk too", durable.ON_DISK, sessions))


def start(name, kind, home, options):
    program = [pairs.need("mosquitto")] if kind == "mosquitto" else [options.wax, "broker"]
    return durable.Broker(name, program, home, is_pinned=False)


def per_thing(home, options):
    print(f"{options.count:,} of each; bytes of memory for one\n")
    print(f"{'broker':<14}" + "".join(f"{what:>22}" for what, _, _ in STEPS))
    for name in options.brokers.split(","):
        figures = []
        for _, kept, measure in STEPS:
            durable.BROKERS[name] = kept
            broker = start(name, name, home, options)  # a new one, so that no step finds memory of the step before
            try:
                figures.append(measure(broker, options.count))
            finally:
                broker.stop()
        print(f"{name:<14}" + "".join(f"{figure:>22,.0f}" for figure in figures), flush=True)


def ceiling(home, options):
    print("\nretained messages of 1 KiB, on the disk as well: memory, and after a start with them, in KiB\n")
    steps = [options.count * part // 4 for part in (1, 2, 3, 4)]
    print(f"{'broker':<14}" + "".join(f"{step:>12,}" for step in steps) + f"{'started':>12}{'in ms':>8}")
    for name, kept in PERSISTENT.items():
        durable.BROKERS[name] = kept
        broker = start(name, name.split(",", maxsplit=1)[0], home, options)
        line, done = f"{name:<14}", 0
        for step in steps:
            publish(broker.port, done, step - done, 1024)
            line, done = line + f"{broker.memory():>12,}", step
        broker.stop()
        took = broker.start()
        print(line + f"{broker.memory():>12,}{took * 1000:>8,.0f}", flush=True)
        broker.stop()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench held", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=100_000, help="how many there are of each (100000)")
    parser.add_argument("--brokers", default="mosquitto,wax", help="which (mosquitto,wax)")
    parser.add_argument("--only", choices=["each", "ceiling"], help="one of the two tables")
    parser.add_argument("--wax", default=os.environ.get("WAX") or str(pairs.ROOT / "build/release/wax"), help="the program")
    parser.add_argument("--folder", default=str(pairs.ROOT / "build"), help="where on the disk")
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    home = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
    try:
        if options.only != "ceiling":
            per_thing(home, options)
        if options.only != "each":
            ceiling(home, options)
    except OSError as fault:
        sys.exit(f"bench: {fault}")
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
