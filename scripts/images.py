#!/usr/bin/env python3
"""images: what the images of ports/cortex-m take of their board, by whose code it is.

    scripts/images.py

Reads the linker's maps of the images that are built, and fails when one is larger than its gate in
tests/size/board.tsv. The stories that build them do so, and compare heap and stack, which an image prints
when it has run, with the same rows.
"""
import collections
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import footprint

MAPS = footprint.ROOT / "build/board/ports/cortex-m"
GATES = footprint.PROGRAMS / "board.tsv"
COLUMNS = ("flash", "wax", "library", "ram", "heap", "stack")

# Whose a file is; the first that fits counts, and what is left is the board's: lwIP, libc, drivers, the program.
OWNERS = (
    ("library", r"/?lib(mbedtls|wolfssl)_\w+\.a\("),
    ("wax", r"/?lib(room|mbed|wolf)_\w+\.a\(|/src/(\w+/)+\w+\.c\.obj$"),
    ("rest", ""),
)
FLASH = (".vectors", ".text", ".rodata", ".data")
RAM = (".data", ".bss", "COMMON")


def measure(path):
    """Bytes by column, and "rest"."""
    sums = collections.Counter()
    for file, section, size in footprint.sections_of(path):
        owner = next(owner for owner, names in OWNERS if re.search(names, file))
        if section.startswith(FLASH):
            sums["flash"] += size
            sums[owner] += size
        if section.startswith(RAM):
            sums["ram"] += size
    return sums


def gates():
    """{image: {column: bytes}}."""
    rows = [line.split("\t") for line in GATES.read_text().splitlines() if line and not line.startswith("#")]
    return {row[0]: dict(zip(COLUMNS, map(int, row[1:]))) for row in rows}


def breaches(name, measured):
    """What of `measured` is larger than its gate, in words."""
    limits = gates().get(name)
    if limits is None:
        return [f"{name} has no row in {GATES.relative_to(footprint.ROOT)}"]
    return [f"{name}: {column} is {size} bytes, more than {limits[column]}"
            for column, size in measured.items() if size > limits.get(column, size)]


def main():
    wrong = []
    for path in sorted(MAPS.glob("*.map")):
        sums = measure(path)
        wrong += breaches(path.stem, sums)
        print(f"{path.stem:28}", *(f"{what} {sums[what]:6}" for what in ("flash", "wax", "library", "rest", "ram")))
    for line in wrong:
        print(f"images: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
