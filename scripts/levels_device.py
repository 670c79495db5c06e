"""What each level costs on the Cortex-M4 that QEMU emulates: runs the images of ports/cortex-m/levels against a broker, and has
the figures. What an image publishes is received by a subscriber and opened here by an implementation of its own
(tests/seal/sealed): figures of messages that nobody can read would be worth nothing.

scripts/levels.py --device is the command for it.
"""
import collections
import contextlib
import hashlib
import json
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import footprint

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/seal"), str(ROOT / "tests/stories")]
IMAGES = ROOT / "build/board/ports/cortex-m/levels"
RELAY = ROOT / "tests/stories/relay.py"
PATIENCE_S = 120
TOPIC = "plant/level"
MESSAGES = 28  # that an image publishes: ports/cortex-m/levels
KEY = "00112233445566778899aabbccddeeff"
NAMESPACE = b"houseone"

Level = collections.namedtuple("Level", "name image door suite text")

LEVELS = (
    Level("L0", "level_tcp", "open", 0, "nothing is protected"),
    Level("L1", "level_tcp", "login", 0, "user name and password, in clear"),
    Level("L2cbc", "level_cbc", "open", 0, "AES-128-CBC of whole messages: the reference"),
    Level("L2-suite1", "level_suite1", "open", 1, "sealed, ChaCha20-Poly1305"),
    Level("L2-suite2", "level_suite2", "open", 2, "sealed, Ascon"),
    Level("L2-suite3", "level_suite3", "open", 3, "sealed, AES-128-CCM"),
    Level("L3-tls1.2-psk", "level_key", "psk", 0, "TLS 1.2, a key in common"),
    Level("L3-tls1.2-cert", "level_certificate", "tls", 0, "TLS 1.2, the broker's certificate"),
    Level("L3-tls1.2-mutual", "level_certificate", "mutual", 0, "TLS 1.2, certificates on both sides"),
    Level("L4-psk-suite1", "level_key_suite1", "psk", 1, "TLS 1.2 by a key in common, and sealed, ChaCha20-Poly1305"),
    Level("L4-psk-suite2", "level_key_suite2", "psk", 2, "TLS 1.2 by a key in common, and sealed, Ascon"),
    Level("L4-cert-suite1", "level_certificate_suite1", "tls", 1, "TLS 1.2 by certificate, and sealed, ChaCha20-Poly1305"),
    Level("L4-cert-suite2", "level_certificate_suite2", "tls", 2, "TLS 1.2 by certificate, and sealed, Ascon"),
)

DOORS = {
    "open": "allow_anonymous true\n",
    "login": "allow_anonymous false\npassword_file {home}/passwords\n",
    "psk": "allow_anonymous true\npsk_hint levels\npsk_file {home}/keys\n",
    "tls": "allow_anonymous true\ncertfile {home}/server.crt\nkeyfile {home}/server.key\n",
    "mutual": "allow_anonymous true\ncertfile {home}/server.crt\nkeyfile {home}/server.key\ncafile {home}/ca.crt\nrequire_certificate true\n",
}


class Failed(Exception):
    """Why there are no figures."""


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=900, check=False, **more)
    if done.returncode != 0:
        raise Failed(f"{words[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def build():
    run(ROOT / "scripts/setup-device")
    run("cmake", "--preset", "board", *(["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []), cwd=ROOT)
    run("cmake", "--build", "--preset", "board", "-j", 2, "--target", *sorted({level.image for level in LEVELS}), cwd=ROOT)


# ---- The broker, and who reads ----

class Broker:
    """One listener for each door, and another end that reads what comes."""

    def __init__(self, wax, home):
        from ports import free_port

        self.wax, self.home, self.processes = wax, home, []
        self.ports = {door: free_port() for door in DOORS}
        self.equip()
        lines = "".join(f"listener {port} 127.0.0.1\n{DOORS[door]}" for door, port in self.ports.items())
        (home / "broker.conf").write_text("user root\nper_listener_settings true\nset_tcp_nodelay true\nsys_interval 0\nworkers 1\n"
                                          f"log_type all\n{lines}".replace("{home}", str(home)))
        with (home / "log").open("wb") as log:
            self.processes.append(subprocess.Popen([wax, "broker", "-c", home / "broker.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        for port in self.ports.values():
            self.wait_for_port(port)

    def equip(self):
        for words in (("ca",), ("server", "localhost", "127.0.0.1", "--name", "server"), ("client", "board")):
            run(self.wax, "pki", *words, "--dir", self.home)
        run(self.wax, "passwd", "-b", "-c", self.home / "passwords", "sensor", "throw-away")
        (self.home / "keys").write_text(f"board:{KEY}\n")
        (self.home / "keys").chmod(0o600)
        for name, kind in (("ca.crt", "ca.der"), ("board.crt", "board.der")):
            run("openssl", "x509", "-in", self.home / name, "-outform", "der", "-out", self.home / kind)
        run("openssl", "pkey", "-in", self.home / "board.key", "-outform", "der", "-out", self.home / "board.key.der")

    def log(self):
        return (self.home / "log").read_text(errors="replace")

    def wait_for_log(self, words):
        end = time.monotonic() + PATIENCE_S
        while words not in self.log():
            if time.monotonic() > end or self.processes[0].poll() is not None:
                raise Failed(f"the broker never says {words!r}:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    def wait_for_port(self, port):
        end = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                return
            if time.monotonic() > end or self.processes[0].poll() is not None:
                raise Failed(f"the broker does not start:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    def read(self, name):
        """Begins to read what one image will publish."""
        reader = subprocess.Popen([self.wax, "sub", "-h", "127.0.0.1", "-p", str(self.ports["open"]), "-q", "1", "-i", f"reader-{name}",
                                   "-t", TOPIC, "-F", "%x", "-C", str(MESSAGES), "-W", str(PATIENCE_S)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.processes.append(reader)
        self.wait_for_log(f"subscribed client=reader-{name} ")
        return reader

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=PATIENCE_S)
            if process.stdout:
                process.stdout.close()


# ---- What an image finds in its flash, and whether what it published is right ----

def group_of(suite):
    """The group in which the device writes, and its mailbox."""
    from sealed import box, cbor, keys
    from sealed.group import CLASS_SECRET, Group

    id_, secret = b"group--1", keys.class_secret(suite, b"e" * 32, b"group--1", 1, keys.STREAM)
    psk = hashlib.sha256(b"board").digest()
    row = {1: id_, 2: suite, 3: keys.STREAM, 4: 16, 5: 2, 6: ["plant/#"], 7: 1, 8: 1, 9: 8,
           10: [[1, 1, keys.sender_secret(suite, secret, id_, 1, 1)]], 12: [1, 100]}
    content = {1: 1, 2: 0, 3: "board", 4: [row], 5: {1: b"\4" + bytes(64), 2: b"\4" + bytes(64)}}
    mailbox = box.seal(box.Peer(suite, NAMESPACE, psk=psk), box.Outside(0, 1, "wax/k/board"), cbor.write(content))
    return Group(id_, suite, keys.STREAM, 16, {1: (CLASS_SECRET, secret)}), psk, mailbox


def furnish(level, broker, flash):
    """Writes the files that stand for the device's flash. Gives what its messages are opened with."""
    (flash / "psk.bin").write_bytes(bytes.fromhex(KEY))
    shutil.copy(broker.home / "ca.der", flash)
    if level.door == "mutual":
        shutil.copy(broker.home / "board.der", flash)
        shutil.copy(broker.home / "board.key.der", flash)
    if level.door == "login":
        (flash / "user").write_text("sensor")
        (flash / "password").write_text("throw-away")
    if not level.suite:
        return None
    group, psk, mailbox = group_of(level.suite)
    (flash / "seal.bin").write_bytes(psk)
    (flash / "mailbox").write_bytes(mailbox)
    return group


def uncover(level, group, payload):
    if level.suite:
        from sealed import message

        return message.unseal(group, TOPIC, message.locate(group, payload)).payload
    if level.name == "L2cbc":
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        block = bytes([1]) + bytes(15)
        opener = Cipher(algorithms.AES(block), modes.CBC(block)).decryptor()
        plain = opener.update(payload) + opener.finalize()
        return plain[:-plain[-1]]
    return payload


def judge(level, group, payloads, sizes):
    """Fails unless message number n has the bytes n, n + 1, ... under its cover, and nothing else came."""
    if len(payloads) != len(sizes):
        raise Failed(f"{level.name}: {len(payloads)} messages came, not {len(sizes)}")
    for number, (payload, size) in enumerate(zip(payloads, sizes), 1):
        wanted = bytes((number + i) % 256 for i in range(size))
        if uncover(level, group, payload) != wanted or (payload == wanted) != (level.suite == 0 and level.name != "L2cbc"):
            raise Failed(f"{level.name}: message {number} is not what the device meant")


# ---- One image ----

def boot(level, broker, flash):
    network = (f"user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:1883-cmd:{sys.executable} {RELAY} {broker.ports[level.door]}")
    done = subprocess.run(["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none",
                           "-semihosting-config", "enable=on,target=native", "-icount", "shift=5,sleep=off", "-netdev", network,
                           "-net", "nic,model=lan9118,netdev=net", "-kernel", IMAGES / f"{level.image}.elf"], cwd=flash,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        raise Failed(f"{level.name}: the image ended with {done.returncode}:\n{done.stdout}\n{broker.log()[-2000:]}")
    return done.stdout


def parse(said):
    """What an image printed: figures of its own, and lists of connections and messages."""
    whole = {"connections": [], "messages": []}
    here = whole
    for name, number in re.findall(r"(?m)^(\w+) (\d+)$", said):
        if name in ("connection", "message"):
            here = {"size": int(number)} if name == "message" else {}
            whole[f"{name}s"].append(here)
        elif name == "session":
            whole["connections"][-1][name] = int(number)
        elif name in ("stack", "heap"):
            whole[name] = int(number)
        else:
            here[name] = int(number)
    return whole


def instructions(ticks):
    """To three figures: the rest differs with how the program lies in memory."""
    return int(float(f"{ticks * footprint.PER_TICK:.3g}"))


WIRE = ("bytes_out", "bytes_in", "frames_out", "frames_in", "frame_bytes_out", "frame_bytes_in")


def reduce_messages(messages):
    """One row for each size and QoS, of medians."""
    rows = {}
    for message in messages:
        rows.setdefault((message["size"], message["qos"]), []).append(message)
    return [{"size": size, "qos": qos,
             "instructions": instructions(statistics.median(each["pack_ticks"] + each["ticks"] for each in same)),
             "cover_instructions": instructions(statistics.median(each["pack_ticks"] for each in same)),
             **{name: int(statistics.median_low(each[name] for each in same)) for name in WIRE}}
            for (size, qos), same in sorted(rows.items())]


def reduce_connection(connection):
    return {"instructions": instructions(connection["ticks"]), "session_bytes": connection["session"], **{name: connection[name] for name in WIRE}}


# Whose static memory a message or a connection takes; what else there is stands for flash, or belongs to the network.
KEEPERS = ("level_sealed.c.obj", "level_cbc.c.obj", "tls_mbedtls.c.obj")


# Of crypto, what an image compiles for itself: CRYPTO_BY_MBEDTLS of ports/cortex-m/CMakeLists.txt.
DOOR = {f"{name}.c.obj" for name in ("mbedtls", "cipher", "hash", "p256", "seal", "secret")}


def part_of(file):
    if file.startswith("libmbedtls_"):
        return "library"
    return "wax" if file.startswith(("libroom_", "libmbed_", "libpublisher")) or file in DOOR else "rest"


def sizes_of(image):
    """Flash by part, and static memory of what protects."""
    sums = collections.Counter()
    for path, section, size in footprint.sections_of(IMAGES / f"{image}.map"):
        file = pathlib.Path(path).name
        if section.startswith((".text", ".rodata", ".data", ".ARM.exidx")):
            sums[f"flash_{part_of(file)}"] += size
        if section.startswith((".data", ".bss", "COMMON")) and (part_of(file) != "rest" or file in KEEPERS):
            sums["static"] += size
    return {"flash_wax_bytes": sums["flash_wax"], "flash_library_bytes": sums["flash_library"], "flash_rest_bytes": sums["flash_rest"],
            "static_bytes": sums["static"]}


def measure_level(level, broker):
    flash = pathlib.Path(tempfile.mkdtemp(prefix="flash-", dir=broker.home))
    group = furnish(level, broker, flash)
    reader = broker.read(level.name)
    whole = parse(boot(level, broker, flash))
    payloads = [bytes.fromhex(line) for line in reader.communicate(timeout=PATIENCE_S)[0].split()]
    judge(level, group, payloads, [message["size"] for message in whole["messages"]])
    full, resumed, _ = (reduce_connection(each) for each in whole["connections"])
    return {"level": level.name, "text": level.text, "image": level.image, **sizes_of(level.image),
            "heap_peak_bytes": whole["heap"], "stack_peak_bytes": whole["stack"], "open_instructions": instructions(whole["open_ticks"]),
            "connect": full, "resumed": resumed if full["session_bytes"] else None, "messages": reduce_messages(whole["messages"])}


def measure(wax, names=None):
    """Figures of the levels with these names, or all; the images are built."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="wax-levels-"))
    broker = None
    try:
        broker = Broker(wax, home)
        rows = [measure_level(level, broker) for level in LEVELS if names is None or level.name in names]
    finally:
        if broker:
            broker.stop()
        shutil.rmtree(home)
    return {"format": 1, "device": "Cortex-M4 (QEMU mps2-an386), MQTT 3.1.1, lwIP, Mbed TLS 2.28, -Os",
            "command": "scripts/levels.py --device", "levels": rows}


def write(figures, path):
    path.write_text(json.dumps(figures, indent=1) + "\n")
