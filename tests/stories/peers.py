"""Foreign peers for stories: Debian's mosquitto and nats-server on free ports of this host.

Everything that is started is stopped by its process id, and lives in a folder of its own.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from ports import free_port

WAX = os.environ.get("WAX", "wax")
PATIENCE_S = 60


def has(*programs):
    return all(shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")
               for program in programs)


def path_of(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin") or program


class Result:
    """What a command said, and its exit code."""

    def __init__(self, words, done):
        self.words, self.code = words, done.returncode
        self.out, self.err = done.stdout, done.stderr

    def __repr__(self):
        return f"{' '.join(self.words)} -> {self.code}\n{self.out!r}\n{self.err!r}"


def run(*words, code=0, given=None, text=True, **more):
    """Runs a command; fails unless it exits with `code` (None: whatever)."""
    words = [str(word) for word in words]
    where = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    result = Result(words, subprocess.run(words, capture_output=True, text=text, timeout=PATIENCE_S,
                                          **where, **more))
    if code is not None and result.code != code:
        raise AssertionError(f"exit code {result.code}, not {code}: {result!r}")
    return result


def wax(*words, **more):
    return run(WAX, *words, **more)


def stop(process):
    """Ends one process that was started here, and gathers what it said."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
    for stream in (process.stdout, process.stderr, process.stdin):
        if stream is not None:
            stream.close()
    process.wait()


def start(*words, **more):
    """Starts a command in the background."""
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                            stdout=more.pop("stdout", subprocess.PIPE),
                            stderr=more.pop("stderr", subprocess.PIPE), **more)


def wait_for_port(port, process):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


class Folder:
    """A folder that goes away with the story."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="wax-story-"))

    def write(self, name, text):
        (self.path / name).write_text(text)
        return self.path / name

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Server:
    """A server that runs until close()."""

    def __init__(self, folder, words, ports, **more):
        self.log = folder.path / "server.log"
        with open(self.log, "ab") as log:
            self.process = start(*words, stdout=log, stderr=log, **more)
        try:
            for port in ports:
                wait_for_port(port, self.process)
        except AssertionError as fault:
            self.close()
            raise AssertionError(f"{fault}\n{self.log.read_text()}") from None

    def close(self):
        stop(self.process)


def mosquitto(folder, lines, ports, **more):
    """Starts mosquitto with these lines of configuration."""
    if os.geteuid() == 0:
        lines = "user root\n" + lines
    config = folder.write(f"mosquitto-{ports[0]}.conf", lines)
    return Server(folder, [path_of("mosquitto"), "-c", config], ports, **more)


def nats(folder, port, more=""):
    """Starts nats-server with MQTT on `port`."""
    config = folder.write(f"nats-{port}.conf", f"""
server_name: story
listen: "127.0.0.1:{free_port()}"
jetstream {{ store_dir: "{folder.path}/nats-{port}" }}
mqtt {{ listen: "127.0.0.1:{port}" }}
{more}
""")
    return Server(folder, [path_of("nats-server"), "-c", config], [port])


def wax_broker(folder, lines, ports, **more):
    """Starts our own broker with these lines of configuration."""
    config = folder.write(f"wax-{ports[0]}.conf", lines)
    return Server(folder, [WAX, "broker", "-c", config], ports, **more)


def open_broker(kind, folder, port):
    """Starts a broker, `wax`, `mosquitto` or `nats`, that lets anybody in."""
    if kind == "nats":
        return nats(folder, port)
    begin = {"wax": wax_broker, "mosquitto": mosquitto}[kind]
    return begin(folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port])


class Listening:
    """A server of the story's own on a free port, which talks to each peer on a thread: talk() is for others to write."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer = self.server.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.greet, args=(peer,), daemon=True).start()

    def greet(self, peer):
        with peer:
            try:
                self.talk(peer)
            except OSError:
                pass

    def close(self):
        self.server.close()


class Story(unittest.TestCase):
    """A test case with a folder, and servers that all its stories share."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """For stories to override: starts what they need."""

    @classmethod
    def serve(cls, server):
        cls.addClassCleanup(server.close)
        return server

    def background(self, *words, **more):
        process = start(*words, **more)
        self.addCleanup(stop, process)
        return process


class OpenBrokers(Story):
    """Stories over brokers that are not to be trusted: one of each kind."""
    KINDS = "wax", "mosquitto", "nats"

    @classmethod
    def prepare(cls):
        cls.ports = {kind: free_port() for kind in cls.KINDS}
        for kind, port in cls.ports.items():
            cls.serve(open_broker(kind, cls.folder, port))
