#!/usr/bin/env python3
"""What each level costs, in the tables of docs/levels.md.

    scripts/levels.py [--write] [--minutes N] [--from FOLDER]
    scripts/levels.py --device [--write] [--from FILE]

Builds the preset `release`, measures with `wax bench levels` into build/levels (as it is, within 160 KB of heap, as it is once more,
and without AES in hardware: 20 minutes) and shows the tables; --write puts them into the page. --from takes the figures that a
folder has - levels.json and limited.json; again/levels.json, no-aes/levels.json and speed.json where they are - and measures nothing
else. Figures are as good as the machine is quiet: the page says how much the rounds differ.

--device measures on the Cortex-M4 that QEMU emulates instead, in a minute on any machine; with --write also into
docs/levels-device.json, which `wax bench levels --device` and `wax bench advise --device` read, and the drawing beside it.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import levels_claims
import levels_device
import levels_device_tables as device_tables
from tables import head, percent, row

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/levels.md"
OUT = ROOT / "build/levels"
WAX = ROOT / "build/release/wax"
LIMITED = ("--memory-limit", "160K", "--levels", "L1,L2cbc,L2,L3,L4", "--sizes", "8000,16000,32000,80000,160000", "--counts", "100",
           "--rounds", "1")
DEVICE = ROOT / "docs/levels-device.json"
TABLE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
SEED = {"L2cbc": ("+200 %", "+300 %"), "L3-tls1.2-cert": ("+200 %", "+150 %")}
SHOWN = ("L1", "L2cbc", "L2-suite1", "L2-suite2", "L2-suite3", "L3-tls1.2-cert", "L3-tls1.2-mutual", "L3-tls1.2-psk",
         "L3-tls1.3-cert", "L3-tls1.3-mutual", "L3-tls1.3-psk", "L4-suite1", "L4-suite2", "L4-suite3", "L4-psk-suite1",
         "L4-psk-suite2", "L4-psk-suite3")


class Figures:
    """The cells of the greatest count, and connections."""

    def __init__(self, path):
        self.folder = path.parent
        self.whole = json.loads(path.read_text())
        self.count = max(cell["count"] for cell in self.whole["cells"])
        self.cells = {(cell["level"], cell["size"]): cell for cell in self.whole["cells"] if cell["count"] == self.count}
        self.connections = {(each["level"], each["is_resumed"]): each for each in self.whole["connections"]}
        self.sizes = sorted({cell["size"] for cell in self.whole["cells"]})


def machine(figures, _):
    whole = figures.whole
    busy = whole["is_noisy"] or whole["load"] > 0.5
    return (f"{whole['machine']}; {whole['when']}; {whole['rounds']} rounds in {whole['seconds']} s; rounds differ by up to "
            f"{whole['noise'] * 100:.1f} % in 9 of 10 ratios.\n"
            + (f"**Taken on a busy machine** (load {whole['load']:.1f} before it began"
               + (", too noisy to conclude by the tool's own measure" if whole["is_noisy"] else "")
               + "): take the ratios for what they are about, not for their second digit.\n" if busy else ""))


def overheads(figures, _):
    sizes = [size for size in (64, 8000, 32000, 160000) if size in figures.sizes]
    text = head("level", *(f"time, {size} B" for size in sizes), *(f"CPU of both, {size} B" for size in sizes), "the course's: small", "large")
    for level in SHOWN:
        cells = [figures.cells[level, size] for size in sizes]
        text += row(f"`{level}`", *(percent(cell["time_ratio"]) for cell in cells), *(percent(cell["cpu_ratio"]) for cell in cells),
                    *SEED.get(level, ("", "")))
    return text


def goals(figures, _):
    sizes = [size for size in figures.sizes if size >= 8000]
    text = head("", *(f"{size} B" for size in sizes), "goal")
    for name, level, metric, wanted in (("L2-suite1 over L0, CPU of both", "L2-suite1", "cpu_ratio", "+15 %"),
                                        ("L2-suite1 over L0, CPU of the client", "L2-suite1", "client_cpu_ratio", ""),
                                        ("L4-suite1 over L3-tls1.3-cert, CPU of both", "L4-suite1", "cpu_ratio_over_l3", "+15 %"),
                                        ("L4-suite2 over L3-tls1.3-cert, CPU of both", "L4-suite2", "cpu_ratio_over_l3", ""),
                                        ("L4-suite3 over L3-tls1.3-cert, CPU of both", "L4-suite3", "cpu_ratio_over_l3", "")):
        text += row(name, *(percent(figures.cells[level, size][metric]) for size in sizes), wanted)
    return text


def linear(figures, _):
    """What the client's CPU takes beyond L0 for each 1000 bytes."""
    sizes = [size for size in figures.sizes if size >= 8000]
    text = head("ns of the client's CPU beyond L0 for each 1000 bytes", *(f"{size} B" for size in sizes))
    for level in ("L2cbc", "L2-suite1", "L2-suite2", "L2-suite3", "L3-tls1.3-cert", "L4-suite1"):
        text += row(f"`{level}`", *(f"{(figures.cells[level, size]['client_cpu_us'] - figures.cells['L0', size]['client_cpu_us']) / size * 1e6:.0f}"
                                    for size in sizes))
    return text


def wire(figures, _):
    sizes = figures.sizes
    text = head("level", *(f"{size} B" for size in sizes))
    for level in ("L0", *SHOWN):
        text += row(f"`{level}`", *(f"{figures.cells[level, size]['wire_out_bytes'] - size:.0f}" for size in sizes))
    return text


def connections(figures, _):
    text = head("level", "", "ms", "CPU of the client, us", "of the broker, us", "bytes out", "in", "round trips", "session kept, bytes")
    for (level, is_resumed), each in figures.connections.items():
        if not level.startswith(("L2", "L4")):
            text += row(f"`{level}`", "resumed" if is_resumed else "full", f"{each['setup_us'] / 1000:.2f}",
                        *(f"{each[name]:.0f}" for name in ("client_cpu_us", "broker_cpu_us", "wire_out_bytes", "wire_in_bytes", "round_trips")),
                        f"{each['session_bytes']:.0f}" if is_resumed else "")
    return text


def memory(figures, limited):
    sizes = limited.sizes
    text = head("level", *(f"{size} B" for size in sizes), "stack", "OpenSSL's own tables beside it")
    for level in ("L0", *SHOWN):
        cells = [limited.cells[level, size] for size in sizes]
        text += row(f"`{level}`", *("**cannot send**" if cell["is_refused"] else f"{cell['heap_peak_bytes'] / 1024:.1f}" for cell in cells),
                    f"{max(cell['stack_peak_bytes'] for cell in cells):.0f}",
                    f"{figures.cells[level, figures.sizes[0]]['heap_library_bytes'] / 1024:.0f} KiB")
    return text


TABLES = {table.__name__: table for table in (machine, overheads, goals, linear, wire, connections, memory)} | levels_claims.TABLES


def bench(out, minutes, *words, **environment):
    out.mkdir(parents=True, exist_ok=True)
    subprocess.run([WAX, "bench", "levels", "--out", out, "--minutes", str(minutes), *words], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent", **environment})


def measure(minutes):
    for words in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "--target", "wax"]):
        subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    bench(OUT, minutes)
    bench(OUT / "limited", minutes, *LIMITED)
    shutil.copy(OUT / "limited/levels.json", OUT / "limited.json")
    levels_claims.measure_more(lambda out, *words, **environment: bench(out, minutes, *words, **environment), OUT)
    return OUT


def measure_device():
    for words in (["cmake", "--preset", "dev"], ["cmake", "--build", "--preset", "dev", "--target", "wax"]):
        subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    levels_device.build()
    return levels_device.measure(os.environ.get("WAX") or str(ROOT / "build/dev/wax"))


def tell(tables, is_written):
    """Shows tables, or puts them into the page."""
    if not is_written:
        for name, table in tables.items():
            print(f"\n{name}\n\n{table}", end="")
        return
    page = PAGE.read_text()
    missing = set(tables) - {found[1] for found in TABLE.findall(page)}
    if missing:
        sys.exit(f"levels: {PAGE} has no place for {', '.join(sorted(missing))}")
    PAGE.write_text(TABLE.sub(lambda found: found[1] + tables[found[2]] + found[3] if found[2] in tables else found[0], page))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="into docs/levels.md")
    parser.add_argument("--minutes", type=int, default=8)
    parser.add_argument("--device", action="store_true", help="on the emulated board")
    parser.add_argument("--from", dest="source", type=pathlib.Path, help="figures that were measured before")
    choice = parser.parse_args()
    if choice.device:
        figures = json.loads(choice.source.read_text()) if choice.source else measure_device()
        device = device_tables.Device(figures)
        tell({name: table(device) for name, table in device_tables.TABLES.items()}, choice.write)
        if choice.write:
            levels_device.write(figures, DEVICE)
            device_tables.draw(device, DEVICE.with_suffix(".svg"))
        return 0
    folder = choice.source or measure(choice.minutes)
    figures, limited = Figures(folder / "levels.json"), Figures(folder / "limited.json")
    tell({name: table(figures, limited) for name, table in TABLES.items()}, choice.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
