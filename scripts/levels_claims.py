"""What of docs/levels.md is concluded from figures: how two measurements agree, where the CPU goes, what the articles claim."""
import json
import pathlib
import re
import subprocess

from tables import head, percent, row

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPEEDS = ("sha256", "chacha20-poly1305", "aes-256-gcm")
SPEED_BYTES = 8192  # a chunk
NEAR = 0.10
# Without the processor's instructions for AES and for GHASH, as most devices are.
NO_AES = {"OPENSSL_ia32cap": "~0x200000200000000"}
NO_AES_WORDS = ("--levels", "L2cbc,L2-suite3,L3-tls1.3-cert", "--sizes", "160000", "--counts", "10000", "--rounds", "5")


# ---- Beside the measurement itself ----

def read_speeds(folder):
    """Bytes a second of one core, by `openssl speed`; measured unless the folder has them."""
    path = folder / "speed.json"
    if not path.exists():
        speeds = {}
        for name in SPEEDS:
            said = subprocess.run(["openssl", "speed", "-mr", "-bytes", str(SPEED_BYTES), "-seconds", "3", "-evp", name],
                                  capture_output=True, text=True, check=True).stdout
            speeds[name] = float(re.search(r"^\+F:\d+:[^:]+:([\d.]+)", said, re.MULTILINE)[1])
        path.write_text(json.dumps(speeds, indent=1) + "\n")
    return json.loads(path.read_text())


def measure_more(bench, folder):
    """Once more as it was, and without AES in hardware; `bench` runs wax bench levels."""
    bench(folder / "again")
    bench(folder / "no-aes", *NO_AES_WORDS, **NO_AES)
    (folder / "speed.json").unlink(missing_ok=True)
    read_speeds(folder)


def cells_of(path, count=None):
    whole = json.loads(path.read_text())
    return {(cell["level"], cell["size"], cell["count"]): cell for cell in whole["cells"]
            if not cell["is_refused"] and (count is None or cell["count"] == count)}


# ---- Two measurements ----

def agreement(figures, _):
    """As `wax bench levels --beside` has it."""
    beside = figures.folder / "again/levels.json"
    if not beside.exists():
        return "It was measured once only.\n"
    one, other = cells_of(figures.folder / "levels.json"), cells_of(beside)
    text = head("ratio to L0", "cells", "half of them within", "9 of 10 within", "the worst", f"beyond {NEAR * 100:.0f} %")
    for name, metric in (("time", "time_ratio"), ("CPU of the client", "client_cpu_ratio"), ("CPU of both", "cpu_ratio")):
        far = sorted(max(one[key][metric], other[key][metric]) / min(one[key][metric], other[key][metric]) - 1
                     for key in one.keys() & other.keys() if key[0] != "L0" and one[key][metric] > 0 and other[key][metric] > 0)
        text += row(name, len(far), f"{far[len(far) // 2] * 100:.1f} %", f"{far[len(far) * 9 // 10] * 100:.1f} %", f"{far[-1] * 100:.0f} %",
                    sum(value > NEAR for value in far))
    return text


# ---- Where the CPU goes ----

def arithmetic(speeds, level):
    """Nanoseconds that a byte takes in the sender's ciphers: the hedge's hash, sealing, TLS."""
    is_sealed, has_tls = level.startswith(("L2", "L4")), level.startswith(("L3", "L4"))
    return (1e9 / speeds["sha256"] if is_sealed else 0, 1e9 / speeds["chacha20-poly1305"] if is_sealed else 0,
            1e9 / speeds["aes-256-gcm"] if has_tls else 0)


def accounts(figures, _):
    speeds = read_speeds(figures.folder)
    text = head("ns for each 1000 bytes", "", "client", "as at L0", "SHA-256", "ChaCha20-Poly1305", "AES-GCM", "the rest", "broker", "as at L0",
                "AES-GCM", "the rest")
    for size in (size for size in (8000, 160000) if size in figures.sizes):
        base = figures.cells["L0", size]
        for level in ("L0", "L2-suite1", "L3-tls1.3-cert", "L4-suite1"):
            cell = figures.cells[level, size]
            parts = [base["client_cpu_us"] / size * 1e6, *(part * 1e3 for part in arithmetic(speeds, level))]
            client, broker, broker_base = (value / size * 1e6 for value in (cell["client_cpu_us"], cell["broker_cpu_us"], base["broker_cpu_us"]))
            opened = parts[3]
            text += row(f"`{level}`", f"{size} B", f"{client:.0f}", *(f"{part:.0f}" if part else "" for part in parts), f"{client - sum(parts):.0f}",
                        f"{broker:.0f}", f"{broker_base:.0f}", f"{opened:.0f}" if opened else "", f"{broker - broker_base - opened:.0f}")
    return text


def bounds(figures, _):
    """The least overhead there can be: L0, or L3, and the ciphers of suite 1 by themselves."""
    speeds = read_speeds(figures.folder)
    sizes = [size for size in figures.sizes if size >= 8000]
    hash_ns, seal_ns, _ = arithmetic(speeds, "L2-suite1")
    text = head("CPU of both, of the ciphers alone", *(f"{size} B" for size in sizes))
    for name, base, cost in (("L2-suite1 over L0", "L0", hash_ns + seal_ns), ("the same without the hash", "L0", seal_ns),
                             ("L4-suite1 over L3-tls1.3-cert", "L3-tls1.3-cert", hash_ns + seal_ns),
                             ("the same without the hash", "L3-tls1.3-cert", seal_ns)):
        both = {size: (figures.cells[base, size]["client_cpu_us"] + figures.cells[base, size]["broker_cpu_us"]) * 1e3 for size in sizes}
        text += row(name, *(percent(1 + cost * size / both[size]) for size in sizes))
    gigabytes = {name: f"{speeds[name] / 1e9:.1f}" for name in SPEEDS}
    return text + (f"\nOne core hashes {gigabytes['sha256']} GB a second (SHA-256), seals {gigabytes['chacha20-poly1305']} "
                   f"(ChaCha20-Poly1305) and encrypts {gigabytes['aes-256-gcm']} (AES-256-GCM), by `openssl speed` on {SPEED_BYTES} bytes: "
                   f"{hash_ns + seal_ns:.2f} ns for each byte of a sealed message.\n")


# ---- Claims ----

def footprint(program, column):
    """A figure of the tables of docs/footprint.md."""
    page = (ROOT / "docs/footprint.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith(f"| {program} |"))
    return float(line.split(" | ")[column].strip("| *").replace(",", ""))


def kilo(number):
    return f"{number / 1000:.1f}"


def span(values, form):
    low, high = form(min(values)), form(max(values))
    return low if low == high else f"{low} to {high}"


def handshakes(figures):
    wire = {level: each["wire_out_bytes"] + each["wire_in_bytes"] for (level, resumed), each in figures.connections.items() if not resumed}
    return (f"on the wire {kilo(wire['L3-tls1.2-cert'])} kB (TLS 1.2) and {kilo(wire['L3-tls1.3-cert'])} kB (1.3) with the broker's certificate, "
            f"{span([wire['L3-tls1.2-mutual'], wire['L3-tls1.3-mutual']], kilo)} kB with both; certificates of one P-256 CA, as `wax pki` makes them")


def resumption(figures):
    def part(level):
        full, resumed = (figures.connections[level, is_resumed] for is_resumed in (False, True))
        return (1 - (resumed["client_cpu_us"] + resumed["broker_cpu_us"]) / (full["client_cpu_us"] + full["broker_cpu_us"])) * 100

    full, resumed = (figures.connections["L3-tls1.3-cert", is_resumed]["wire_in_bytes"] for is_resumed in (False, True))
    return (f"of both ends' CPU it saves {part('L3-tls1.2-cert'):.0f} % with TLS 1.2, and {part('L3-tls1.3-cert'):.0f} % with 1.3, since keys are "
            f"exchanged anew; of the bytes from the broker {(1 - resumed / full) * 100:.0f} %")


def hardware(figures):
    path = figures.folder / "no-aes/levels.json"
    if not path.exists():
        return "not measured"
    without = {cell["level"]: cell for cell in json.loads(path.read_text())["cells"]}
    words = []
    factors = []
    for level, name in (("L3-tls1.3-cert", "L3"), ("L2cbc", "L2cbc"), ("L2-suite3", "L2-suite3")):
        slow, fast = without[level]["client_cpu_us"] / 1000, figures.cells[level, 160000]["client_cpu_us"] / 1000
        factors.append(slow / fast)
        words.append(f"{slow:.1f} ms instead of {fast:.2f} at {name}")
    return (f"with the AES instructions of this host switched off (`OPENSSL_ia32cap={NO_AES['OPENSSL_ia32cap']}`), 160,000 bytes take the client "
            f"{', '.join(words)}: {span(factors, lambda factor: f'{factor:.1f}')} times as much")


def round_trips(figures):
    trips = {key: f"{each['round_trips']:.0f}" for key, each in figures.connections.items()}
    return (f"{trips['L3-tls1.3-cert', False]} instead of {trips['L3-tls1.2-cert', False]}, counted at the socket, MQTT's own included; resumed "
            f"it is {trips['L3-tls1.3-cert', True]} and {trips['L3-tls1.2-cert', True]}")


def small_messages(figures, limited):
    sealed, tls = figures.cells["L2-suite1", 64], figures.cells["L3-tls1.3-cert", 64]
    heap = [limited.cells[level, limited.sizes[0]]["heap_peak_bytes"] / 1024 for level in ("L2-suite1", "L3-tls1.3-cert")]
    return (f"64 bytes: L2-suite1 takes {sealed['time_ratio']:.2f} times as long as L0, L3-tls1.3-cert {tls['time_ratio']:.2f} times; no handshake, "
            f"and {heap[0]:.0f} KiB of heap instead of {heap[1]:.0f}")


def claims(figures, limited):
    micro = [footprint(f"`micro`, {name}", 1) for name in ("MQTT 3.1.1, publishes at QoS 0", "MQTT 3.1.1, everything", "all versions, everything")]
    sessions = [each["session_bytes"] for (_, resumed), each in figures.connections.items() if resumed]
    rows = (
        ("an MQTT client takes 3.6 kB (wolfMQTT, 2015)",
         f"{kilo(micro[0])} kB of flash for a QoS 0 publisher, {kilo(micro[1])} for all of MQTT 3.1.1, {kilo(micro[2])} with MQTT 5 "
         "(`docs/footprint.md`); today's wolfMQTT 7.2 kB by the same method", "holds for `micro`"),
        ("a TLS handshake alone can take as much as that", handshakes(figures), "of that order; with RSA and intermediate CAs more"),
        ("TLS adds 20 to 30 kB with hardware acceleration",
         "Cortex-M4, no hardware: 14.4 kB of Mbed TLS and 2.7 of filter with a key in common; 40.8 and 3.3 with certificates",
         "17 kB is possible without hardware, but without certificates; with them it is 44"),
        ("resumption makes up for the cost of connections", resumption(figures) + "; on a Cortex-M4 87,100,000 instructions become 570,000",
         "true, and on small devices it decides: the gain is in the signatures that are not verified"),
        ("hardware acceleration shrinks the penalty", hardware(figures), "true; who has no AES in hardware takes suite 1"),
        ("TLS 1.3 saves a round trip", round_trips(figures), "true of full handshakes"),
        ("tickets let the server keep no state",
         "a broker that has made 800 full handshakes has 14.6 MB resident, after 256 it has 14.6 as well; sessions are resumed by a ticket that "
         "the client keeps", f"true: what is kept is on the client's side, {span(sessions, kilo)} kB"),
        ("L2 is the faster one for small messages at a high rate", small_messages(figures, limited),
         "where connections are short; else it is memory that speaks for it"),
        ("L2 needs twice the message in RAM", "L2cbc does; a stream needs one chunk, whatever the message", "true of the way, not of the level"),
    )
    return head("claim", "figure", "verdict") + "".join(row(*each) for each in rows)


TABLES = {table.__name__: table for table in (agreement, accounts, bounds, claims)}
