"""What the stories of foreign clients share: a broker on free ports, certificates, and commands that must be there."""
import contextlib
import datetime
import functools
import ipaddress
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Lines for every listener with TLS: the stories must hold with them, too.
TLS_MORE = os.environ.get("WAX_TLS_MORE", "")
WAX = os.environ.get("WAX") or str(ROOT / "build/dev/wax")
PATIENCE_S = 60


def need(command):
    """The path of a command that the tests cannot do without."""
    path = shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"{command} is missing; `scripts/setup test` installs it")
    return path


def environment():
    """Without what the user's own machine says to the clients, whose settings are in ~/.config."""
    return {**os.environ, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def run(command, *words, code=0, timeout=PATIENCE_S, **more):
    """Runs a command; gives all it says. `code` is one exit code, several, or None for any."""
    if not {"stdin", "input"} & more.keys():
        more["stdin"] = subprocess.DEVNULL
    done = subprocess.run([need(str(command)), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, env=more.pop("env", environment()), **more)
    said = done.stdout.decode(errors="replace")
    if code is not None and done.returncode not in (code if isinstance(code, (tuple, set)) else (code,)):
        raise AssertionError(f"{command} {' '.join(map(str, words))} gave {done.returncode}, not {code}:\n{said}")
    return said


def wait_until(claim, what, patience_s=PATIENCE_S):
    """Asks until the claim holds, and gives its value."""
    end = time.monotonic() + patience_s
    while True:
        value = claim()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience_s} s in vain for {what}")
        time.sleep(0.02)


@functools.cache
def still_addresses():
    """What to put before a sanitized program: some kernels spread addresses wider than it expects."""
    still = ["setarch", os.uname().machine, "-R"]
    if shutil.which("setarch") and subprocess.run([*still, "true"], capture_output=True).returncode == 0:
        return still
    return []


class Broker:
    """A `wax broker` of our own. What it says goes to the file `log_path`."""

    def __init__(self, home, config=None, ports=(), options=()):
        self.home, self.ports, self.options = pathlib.Path(home), list(ports), [str(word) for word in options]
        self.log_path = self.home / f"broker-{free_port()}.log"
        if config is not None:
            path = self.home / f"broker-{self.ports[0] if self.ports else 0}.conf"
            path.write_text(config)
            self.options += ["-c", str(path)]
        self.process = None
        self.start()

    @property
    def port(self):
        return self.ports[0]

    def start(self):
        if not os.access(WAX, os.X_OK):
            raise RuntimeError(f"{WAX} is missing; `cmake --preset dev && cmake --build --preset dev` makes it")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen([*still_addresses(), WAX, "broker", *self.options], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.home)
        for port in self.ports:
            wait_until(lambda: self.answers(port), f"port {port}; the broker said:\n{self.log()}")

    def answers(self, port):
        if self.process.poll() is not None:
            raise AssertionError(f"the broker ended with {self.process.returncode}:\n{self.log()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
        return False

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_for_log(self, text, count=1):
        wait_until(lambda: self.log().count(text) >= count, f"{text!r} in the log")

    def reload(self):
        count = self.log().count(" reloaded")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log(" reloaded", count + 1)

    def stop(self):
        """Ends it as the system does, and fails unless it ends well."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.terminate()
        try:
            code = process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the broker does not end:\n{self.log()}") from None
        if code != 0 or "Sanitizer" in self.log() or "runtime error" in self.log():
            raise AssertionError(f"the broker ended with {code}:\n{self.log()[-8000:]}")


class Story(unittest.TestCase):
    """A test with a folder and brokers of its own."""

    maxDiff = 4000

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="wax-story-"))
        self.addCleanup(shutil.rmtree, self.home)

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def broker(self, config="", ports=None, **more):
        """Starts a broker; {port} in the configuration becomes a free port, and so does {port2}."""
        if ports is None:
            ports = [free_port() for name in ("{port}", "{port2}", "{port3}") if name in config]
        names = {f"port{n + 1 if n else ''}": port for n, port in enumerate(ports)}
        for name, port in {**names, "home": self.home}.items():
            config = config.replace("{%s}" % name, str(port))
        started = Broker(self.home, config, ports, **more)
        self.addCleanup(started.stop)
        return started

    def open_broker(self, more=""):
        """A broker that lets everybody of this machine in."""
        return self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nsys_interval 1\n" + more)

    def start(self, command, *words, **more):
        """Starts a command of which `finish` gives the words, or which is killed when the test ends."""
        process = subprocess.Popen([need(str(command)), *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(), **more)
        self.addCleanup(self.reap, process)
        return process

    @staticmethod
    def reap(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()

    def finish(self, process, code=0):
        said = process.communicate(timeout=PATIENCE_S)[0].decode(errors="replace")
        self.assertEqual(process.returncode, code, said)
        return said


class Pki:
    """Certificates of every kind a client or broker may meet, made anew for each run of the tests."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.keys, self.certificates, self.serial = {}, {}, 1000
        self.make_ca("ca")
        self.make_ca("stranger")
        self.make("server", names=["localhost"], addresses=["127.0.0.1"])
        self.make("elsewhere", names=["elsewhere.example"])
        self.make("expired", names=["localhost"], addresses=["127.0.0.1"], days=-1)
        self.make("alice")
        self.make("revoked")
        self.make("past", days=-1)
        self.make("foreigner", by="stranger")
        self.write_crl("empty.pem")
        self.write_crl("crl.pem", "revoked")

    def __getattr__(self, name):
        """alice_key is the path of alice's key, ca_crt that of the CA's certificate."""
        stem, _, kind = name.rpartition("_")
        if kind not in ("key", "crt"):
            raise AttributeError(name)
        return self.folder / f"{stem}.{kind}"

    def make_ca(self, name):
        self.make(name, by=name, is_ca=True)

    def make(self, name, by="ca", names=(), addresses=(), days=30, is_ca=False, seconds=0, path_length=None, usage=None):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        self.keys[name] = ec.generate_private_key(ec.SECP256R1())
        self.serial += 1
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Stories"),
                             x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = self.certificates[by].subject if by in self.certificates else subject
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(self.serial)
                   .public_key(self.keys[name].public_key())
                   .not_valid_before(now - datetime.timedelta(days=60))
                   .not_valid_after(now + datetime.timedelta(days=days, seconds=seconds))
                   .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length), critical=True))
        if usage is not None:
            usages = {"server": x509.ExtendedKeyUsageOID.SERVER_AUTH, "client": x509.ExtendedKeyUsageOID.CLIENT_AUTH}
            builder = builder.add_extension(x509.ExtendedKeyUsage([usages[usage]]), critical=False)
        if names or addresses:
            alternatives = [x509.DNSName(text) for text in names]
            alternatives += [x509.IPAddress(ipaddress.ip_address(text)) for text in addresses]
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        self.certificates[name] = builder.sign(self.keys[by], hashes.SHA256())
        (self.folder / f"{name}.crt").write_bytes(
            self.certificates[name].public_bytes(serialization.Encoding.PEM))
        (self.folder / f"{name}.key").write_bytes(self.keys[name].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def write_crl(self, file, *names, days=30):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        now = datetime.datetime.utcnow()
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.certificates["ca"].subject)
                   .last_update(now - datetime.timedelta(days=20)).next_update(now + datetime.timedelta(days=days)))
        for name in names:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(self.certificates[name].serial_number)
                .revocation_date(now - datetime.timedelta(days=1)).build())
        crl = builder.sign(self.keys["ca"], hashes.SHA256())
        (self.folder / file).write_bytes(crl.public_bytes(serialization.Encoding.PEM))

    def client(self, name, ca="ca"):
        """The options of Mosquitto's clients for a certificate."""
        return ["--cafile", self.folder / f"{ca}.crt", "--cert", self.folder / f"{name}.crt",
                "--key", self.folder / f"{name}.key"]

    def listener(self, server="server", more=""):
        """The lines of a configuration with one TLS listener."""
        return (f"user root\nlistener {{port}} 127.0.0.1\nallow_anonymous true\n"
                f"certfile {self.folder}/{server}.crt\nkeyfile {self.folder}/{server}.key\n{TLS_MORE}\n{more}\n")


class TlsStory(Story):
    """A story whose class has certificates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="wax-pki-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.pki = Pki(folder)

    def mutual(self, more=""):
        """A broker that lets in who has a certificate of the CA."""
        folder = self.pki.folder
        return self.broker(self.pki.listener(more=f"cafile {folder}/ca.crt\nrequire_certificate true\n{more}"))
