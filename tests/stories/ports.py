"""Ports that nobody else takes: each process of the tests has a range of its own, below those that the system hands out."""
import fcntl
import itertools
import os
import pathlib
import socket
import tempfile

FIRST, RANGES, SIZE = 10000, 100, 200


class Range:
    """One range, held as long as this process lives."""

    def __init__(self):
        folder = pathlib.Path(tempfile.gettempdir()) / f"wax-ports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        for number in range(RANGES):
            hold = os.open(folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)  # open until the process ends
            try:
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(hold)
                continue
            first = FIRST + number * SIZE
            self.ports = itertools.cycle(range(first, first + SIZE))
            return
        raise RuntimeError("all ranges of ports are taken")

    def next(self):
        for is_lenient in (False, True):
            for port in itertools.islice(self.ports, SIZE):
                if is_free(port, is_lenient):
                    return port
        raise RuntimeError("no port of the range is free")


def is_free(port, is_lenient):
    """Lenient: connections that have ended may still stand on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, is_lenient)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


held = []


def free_port():
    """A port that nobody listens on now, and that no other process of the tests will be given."""
    if not held:
        held.append(Range())
    return held[0].next()


def free_ports(count):
    return [free_port() for _ in range(count)]
