"""An authority in a folder, and whoever lives there."""
import re
import signal
import time

from peers import WAX, OpenBrokers, start, stop, wax

PATIENCE_S = 60


def until(holds, what):
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"it did not come to pass: {what() if callable(what) else what}")
        time.sleep(0.05)


class House:
    """Its prefix is its name, since several may share a broker."""

    def __init__(self, case, name, port):
        self.case, self.port, self.prefix = case, port, name
        self.home = case.folder.path / name
        self.home.mkdir()
        self.folder = self.home / "authority"
        self.process = None

    def keys(self, *words, **more):
        return wax("keys", "--dir", self.folder, *words, cwd=self.home, **more)

    def found(self, *words):
        return wax("keys", "init", self.folder, "--prefix", self.prefix, *words, cwd=self.home)

    def start(self):
        self.log = open(self.home / "log", "ab")
        self.process = start(WAX, "authority", self.folder, "-p", self.port, "-d", stdout=self.log, stderr=self.log)
        self.case.addCleanup(self.end)
        until((self.folder / "socket").exists, "the socket")
        return self

    def said(self):
        return (self.home / "log").read_text()

    def end(self):
        if self.process is not None:
            stop(self.process)
            self.log.close()
            self.process = None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        self.process = None

    def device(self, name, group=None, role=None):
        """Enrols it by a key that is made for it."""
        self.keys("enrol", name, "--psk")
        if group:
            self.keys("grant", name, group, role)
        return self

    def status(self):
        return self.keys("status").out

    def settled(self):
        """All that was decided is at the broker; who answers has published what was decided before."""
        self.status()
        until(lambda: "the broker has all" in self.said().rsplit(f"publishes {self.prefix}/", 1)[-1], "the broker has all")

    def pub(self, name, topic, text, **more):
        return wax("pub", "-p", self.port, "-q", 1, "--seal", self.home / f"{name}.keys", "-t", topic, "-m", text, **more)

    def sub(self, name, *words, **more):
        return wax("sub", "-p", self.port, "-c", "-i", f"{name}-{self.home.name}", "-q", 1, "--seal",
                   self.home / f"{name}.keys", "-W", 20, *words, **more)

    def subscribe(self, name, topic="home/#"):
        self.sub(name, "-t", topic, "-E")

    def read(self, name, count, topic="home/#"):
        return self.sub(name, "-t", topic, "-C", count).out.splitlines()

    def holds(self, name, epoch):
        return re.search(rf"^  {name} in home: .*holds epoch {epoch}\b", self.status(), re.M)

    def acknowledged(self, name, epoch):
        until(lambda: self.holds(name, epoch), f"{name} has epoch {epoch}")


class HouseStory(OpenBrokers):
    def house(self, broker="wax", *words, group=True):
        """Each has a prefix of its own, since they share a broker."""
        house = House(self, f"{self._testMethodName}-{broker}", self.ports[broker])
        house.found(*words)
        if group:
            house.keys("group", "add", "home", "-f", "home/#")
        return house
