"""What the stories of wax gateway share: a gateway, devices, and terminals that are tied together."""
import contextlib
import os
import signal
import subprocess
import tempfile
import time

import sn_raw
from ports import free_port
from running import WAX

PATIENCE_S = 60


def until(claim, what):
    end = time.monotonic() + PATIENCE_S
    while not claim():
        if time.monotonic() > end:
            raise AssertionError(f"{what} does not happen")
        time.sleep(0.02)


class Gateway:
    """`wax gateway` on a free port, unless the words say another way."""

    def __init__(self, *words, by_udp=True):
        self.port = free_port()
        where = ("--listen", f"127.0.0.1:{self.port}") if by_udp else ()
        self.errors = tempfile.TemporaryFile("w+b")
        self.process = subprocess.Popen([WAX, "gateway", *where, *(str(word) for word in words)], stdin=subprocess.DEVNULL,
                                        stdout=self.errors, stderr=self.errors)
        try:
            self.wait_for_log("gateway_started" if by_udp else "line_open")
        except AssertionError:
            self.stop()
            raise

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def wait_for_log(self, words, count=1):
        end = time.monotonic() + PATIENCE_S
        while self.log().count(words) < count:
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"the gateway never says {words}:\n{self.log()}")
            time.sleep(0.02)

    def stop(self):
        """Ends it; gives what is wrong with how it ended, or nothing."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        log = self.log()
        self.errors.close()
        faults = [word for word in ("Sanitizer", "runtime error:", "assertion") if word in log]
        return f"exit code {code}, {faults}:\n{log[-8000:]}" if code != 0 or faults else None


class GatewayCase:
    """Mixed into a test case that says broker_port(); OPTIONS are the gateway's."""

    OPTIONS = ()

    def gateway(self, *words, by_udp=True):
        gateway = Gateway("-h", "127.0.0.1", "-p", self.broker_port(), *self.OPTIONS, *words, by_udp=by_udp)
        self.addCleanup(self.end, gateway)
        return gateway

    def end(self, gateway):
        fault = gateway.stop()
        if fault is not None:
            raise AssertionError(fault)

    def stranger(self, gateway, name=None):
        """A device that has said nothing yet."""
        self.device_count = getattr(self, "device_count", 0) + 1
        device = sn_raw.Client(sn_raw.Datagrams(gateway.port), name or f"{self.name}-{self.device_count}")
        self.addCleanup(device.close)
        return device

    def device(self, gateway, name=None, **more):
        return self.stranger(gateway, name).connect(**more)


@contextlib.contextmanager
def terminals(folder):
    """Two terminals, of which each gets what is written to the other, by socat."""
    paths = [os.path.join(folder, name) for name in ("gateway-end", "device-end")]
    process = subprocess.Popen(["socat", *(f"pty,raw,echo=0,link={path}" for path in paths)], stdin=subprocess.DEVNULL)
    try:
        until(lambda: all(os.path.exists(path) for path in paths), "a pair of terminals")
        yield paths
    finally:
        process.terminate()
        process.wait()
