"""A broker that runs for a class of tests.

WAX is the path of the wax binary, build/dev/wax without it. WORKERS overrides how many threads
carry connections; without it each class has its own number.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from mqtt_raw import CONNACK, PATIENCE_S, Client, connect
from ports import free_ports

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WAX = os.path.abspath(os.environ.get("WAX", str(ROOT / "build" / "dev" / "wax")))


class Broker:
    """`config` may name {port}, {port2}, {port3} and {folder}; `files` are written into the folder. PREFIX stands before
    the command: a program that ends in being the broker."""

    PREFIX, ENVIRONMENT = (), {}

    def __init__(self, config, files=None, workers=2):
        self.folder = tempfile.mkdtemp(prefix="wax-story-")
        self.port, self.port2, self.port3 = self.ports = free_ports(3)
        for name, content in (files or {}).items():
            self.write(name, content)
        self.write("wax.conf", self.head(workers) + self.fill(config))
        self.start()

    def start(self):
        """Starts the process, at first or after halt()."""
        self.errors = open(os.path.join(self.folder, "stderr"), "a+b")
        # What a sanitizer keeps of freed memory must not count as the broker's.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
        self.process = subprocess.Popen([*self.PREFIX, WAX, "broker", "-c", self.path("wax.conf")],
                                        env={**os.environ, "ASAN_OPTIONS": options, **self.ENVIRONMENT}, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        for port in self.ports:
            if f"listener {port}" in self.read("wax.conf"):
                self.wait_for(port)

    @staticmethod
    def head(workers):
        return f"user root\nsys_interval 0\nlog_type all\nworkers {os.environ.get('WORKERS', workers)}\n"

    def fill(self, config):
        return config.format(port=self.port, port2=self.port2, port3=self.port3, folder=self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "w") as out:
            out.write(content)
        os.chmod(self.path(name), 0o600)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def wait_for(self, port):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the broker does not start:\n" + self.log())

    def log(self):
        with open(self.path("stderr"), errors="replace") as file:
            return file.read()

    def wait_for_log(self, words, count=1):
        deadline = time.monotonic() + PATIENCE_S
        while self.log().count(words) < count:
            assert time.monotonic() < deadline, f"the log never says {words}:\n{self.log()[-3000:]}"
            time.sleep(0.02)

    def reload(self, words="reloaded"):
        """Reads the configuration anew and waits until the log says so."""
        count = self.log().count(words)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log(words, count + 1)

    def memory_kb(self):
        """How much memory the process holds now."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def busy_s(self):
        """How long the process has run on a processor."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def halt(self):
        """Ends the process; gives its exit code."""
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.errors.close()
        return code

    def stop(self):
        """Ends the broker; gives what is wrong with how it ended, or nothing."""
        code = self.halt() if self.process.poll() is None else self.process.returncode
        self.errors.close()
        log = self.log()
        shutil.rmtree(self.folder)
        faults = [word for word in ("Sanitizer", "runtime error:", "assertion") if word in log]
        return f"exit code {code}, {faults}:\n{log[-8000:]}" if code != 0 or faults else None


PLAIN = "listener {port} 127.0.0.1\nallow_anonymous true\n"


class BrokerCase(unittest.TestCase):
    """One broker for all tests of a class, which use topics and client ids of their own."""

    CONFIG = PLAIN
    FILES = {}
    THREADS = 2

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.CONFIG, cls.FILES, cls.THREADS)

    @classmethod
    def tearDownClass(cls):
        fault = cls.broker.stop()
        if fault is not None:
            raise AssertionError(fault)

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[-1]
        self.count = 0

    def topic(self, rest="t"):
        return f"{self.name}/{rest}"

    def raw(self, version=5, port=None):
        """A socket that has said nothing yet."""
        client = Client(port or self.broker.port, version)
        self.addCleanup(client.close)
        return client

    def client(self, client_id=None, version=5, port=None, reason=0, **more):
        """A client whose CONNACK has come, and says `reason`; it is in `client.connack`."""
        self.count += 1
        client = self.raw(version, port)
        client.id = f"{self.name}-{self.count}" if client_id is None else client_id
        client.send(connect(client.id, version=version, **more))
        client.connack = client.expect(CONNACK)
        self.assertEqual(client.connack.reason, reason)
        return client

    def durable(self, client_id, version=5, expiry=300, **more):
        """A client whose session outlives its connections."""
        if version == 5:
            more["props"] = {"session_expiry": expiry, **dict(more.get("props", ()))}
        return self.client(client_id, version, clean=False, **more)

    def assert_only(self, client, publisher, expected, topic="only"):
        """What `client` gets up to a last message of `publisher` is what is expected."""
        mark = f"{self.name}/{topic}/{time.monotonic_ns()}"
        client.subscribe(mark)
        publisher.publish(mark, b"mark")
        got = []
        while not got or got[-1] != b"mark":
            got.append(client.message().payload)
        self.assertEqual(got[:-1], expected)
