#!/usr/bin/env python3
"""footprint: what a program that uses libwax takes on a Cortex-M: flash, memory, stack.

    scripts/footprint.py [--write] [--functions PROFILE]
    scripts/footprint.py --instructions [--write]

Builds the programs of tests/size/ with the library's rooms, reads the linker's maps and compares with
tests/size/gates.tsv. The table of docs/footprint.md must say the same; --write makes it so.
--functions lists what one profile's bytes are. --instructions runs ports/cortex-m/counts.c on an emulated
Cortex-M4 and says how many instructions things take, against COUNTED's goals, which are told and not enforced.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import amalgamate

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/footprint"
PROGRAMS = ROOT / "tests/size"
PAGE = ROOT / "docs/footprint.md"
BEGIN, END = "<!-- table: scripts/footprint.py --write -->", "<!-- end of the table -->"

COMPILER = "arm-none-eabi-gcc"
COMMON = ["-std=c11", "-mthumb", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections"]
LINK = ["--specs=nano.specs", "--specs=nosys.specs", "-nostartfiles", "-Wl,-e,main", "-Wl,--gc-sections"]

MQTT_3 = ["-DWAX_MQTT5=0", "-DSIZE_VERSION=WAX_VERSION_3_1_1"]
MQTT_5 = ["-DSIZE_VERSION=WAX_VERSION_5"]

# name, program, options, what it is
PROFILES = (
    ("micro-3-publish", "micro_publish.c", [*MQTT_3, "-DSIZE_TAKE=wax_micro_take_little"], "`micro`, MQTT 3.1.1, publishes at QoS 0"),
    ("micro-3", "micro_full.c", MQTT_3, "`micro`, MQTT 3.1.1, everything"),
    ("sealed-3-publish", "sealed_sensor.c", [*MQTT_3, "-DWAX_SEAL_EXTRAS=0", "-DWAX_HEDGE_KEY_SIZE=40", "-DSIZE_TAKE=wax_micro_take_little"],
     "`micro`, MQTT 3.1.1, publishes at QoS 0, sealed with Ascon"),
    ("micro-5-publish", "micro_publish.c", [*MQTT_5, "-DSIZE_TAKE=wax_micro_take_answers"], "`micro`, MQTT 5, publishes at QoS 0"),
    ("micro-5", "micro_full.c", MQTT_5, "`micro`, all versions, everything"),
    ("client-3", "client_full.c", [*MQTT_3, "-DWAX_SERVER=0"], "`client`, MQTT 3.1.1"),
    ("client-5", "client_full.c", [*MQTT_5, "-DWAX_SERVER=0"], "`client`, all versions"),
)

COUNTS_BEGIN, COUNTS_END = "<!-- table: scripts/footprint.py --instructions --write -->", "<!-- end of the counts -->"
COUNTERS = ROOT / "build/board/ports/cortex-m"
FORMS = ("counts", "counts_fast")
# A tick of the board's clock is 40 ns, and the emulator takes 2^5 ns for each instruction.
PER_TICK = 40 / 32

# name, what it is, goal (0: none), which is the fast form's
COUNTED = (
    ("ascon-64", "sealing 64 bytes with Ascon", 15000),
    ("ascon-1024", "sealing 1,024 bytes with Ascon", 0),
    ("chacha-64", "sealing 64 bytes with ChaCha20-Poly1305 (Mbed TLS)", 25000),
    ("chacha-1024", "sealing 1,024 bytes with ChaCha20-Poly1305 (Mbed TLS)", 0),
    ("connect", "`micro`, MQTT 3.1.1: CONNECT and CONNACK", 0),
    ("publish-0", "PUBLISH of 64 bytes at QoS 0", 0),
    ("publish-1", "PUBLISH of 64 bytes at QoS 1, and PUBACK", 0),
    ("manifest", "verifying the manifest of an update (ES256, Mbed TLS)", 0),
)

# What computes, and the files that it is made of.
COMPUTING = (
    ("flash of Ascon", r"room_ascon|/ascon/(fast/)?permutation\.c"),
    ("flash of ChaCha20-Poly1305 and HMAC-SHA-256 (Mbed TLS)", r"\((chacha20|chachapoly|poly1305|sha256)\.c|/mbed/hmac\.c"),
)

SECTION = re.compile(r"^ (\.[\w.$-]+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$")
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')

# Rooms that some programs want besides those of the library in one file.
SEALED_ROOMS = ("ascon", "cbor", "seal", "keys")

# Who calls by pointer, and whom.
POINTERS = (
    ("keys/letter_open|letter_open$", "psk_open"),
    ("seal/(box|schedule)|wax_derive|schedule_hedge|wax_box_seal|wax_box_open", ".*suite_ascon.c:(derive|prepare|compute_hash|seal_text|open_text)"),
    ("seal/message|wax_sealer_seal", "sealer_take"),
    ("micro/take", "judge_(all|answer)"),
    ("wax_micro_take", "judge_(all|answer)"),
    ("micro/poll|wax_micro_poll", "wax_micro_take_(all|answers|little)"),
    ("session/send|wax_session", "wax_publish_write_(head|start)"),
)

Figures = collections.namedtuple("Figures", "flash data libc context stack functions")


def run(*command, is_joined=False):
    """What a command prints; with `is_joined` also what it prints as errors."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"footprint: {command[0]} ended with {done.returncode}\n{done.stderr}")
    return done.stdout + (done.stderr if is_joined else "")


def sections_of(map_path):
    """[(path of the object file, section, size)] of all that was linked."""
    found, wrapped = [], None
    text = map_path.read_text().split("Linker script and memory map")[1]
    for line in text.splitlines():
        if re.fullmatch(r" \.[\w.$-]+", line):
            wrapped = line.strip()  # a long name has its figures on the next line
            continue
        match = SECTION.match(line)
        if match:
            found.append((match.group(3), match.group(1) or wrapped or "", int(match.group(2), 16)))
        wrapped = None
    return found


def stack_of(folder, program, linked):
    """The deepest chain of calls, by the compiler's own figures; libc and the transport are not in it."""
    size, calls = {}, collections.defaultdict(set)
    for path in folder.glob("*.ci"):
        text = path.read_text()
        for title, label in NODE.findall(text):
            own = re.search(r"(\d+) bytes \((\w+)", label)
            if own:
                size[title] = int(own.group(1))
        for caller, called in EDGE.findall(text):
            calls[caller].add(called)

    def targets(caller):
        """What a call by pointer may reach, of what is linked."""
        names = next((names for where, names in POINTERS if re.search(where, caller)), "$^")
        return [title for title in size if re.search(rf"(^|:)({names})$", title) and title.split(":")[-1] in linked]

    def depth(name, above):
        if name in above:
            raise SystemExit(f"footprint: {name} calls itself")
        below = [one for called in calls[name] for one in (targets(name) if called == "__indirect_call" else [called])]
        return size.get(name, 0) + max((depth(one, above | {name}) for one in below), default=0)

    # The program's own part is not the library's: what it calls is.
    entries = {called for caller in calls if caller == "main" or program in caller for called in calls[caller]}
    return max((depth(one, frozenset()) for one in entries if one.startswith("wax_")), default=0)


def objects_of(folder, sources, options, name):
    for source in sources:
        run(COMPILER, *COMMON, *options, "-c", source, "-o", folder / f"{name}_{source.parent.name}_{source.stem}.o")


def measure(profile, cpu, in_one_file):
    name, program, options, _ = profile
    folder = BUILD / f"{name}-{cpu}{'-one' if in_one_file else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    options = [*options, f"-mcpu={cpu}"]
    includes = ["-Isrc", "-Itests/size"]
    if in_one_file:
        run(sys.executable, "-B", "scripts/amalgamate.py", "--out", folder)
        objects_of(folder, [folder / "wax.c"], options, "LIB")
    else:
        rooms = amalgamate.ROOMS + (SEALED_ROOMS if name.startswith("sealed") else ())
        sources = [path for room in rooms for path in sorted((ROOT / "src" / room).glob("*.c"))]
        objects_of(folder, sources, [*options, *includes, "-fcallgraph-info=su"], "LIB")
    objects_of(folder, [PROGRAMS / program], [*options, *includes, "-fno-inline", "-fcallgraph-info=su"], "APP")
    objects_of(folder, [PROGRAMS / "platform.c"], [*options, *includes], "APP")
    elf = folder / "program.elf"
    run(COMPILER, f"-mcpu={cpu}", "-mthumb", "-Os", *LINK, f"-Wl,-Map,{folder}/map", *sorted(folder.glob("*.o")), "-o", elf)
    sums, functions = collections.Counter(), collections.Counter()
    for path, section, size in sections_of(folder / "map"):
        file = pathlib.Path(path).name
        kind = "lib" if file.startswith("LIB_") else "app" if file.startswith("APP_") else "libc"
        if section.startswith((".text", ".rodata")):
            sums[kind, "flash"] += size
        elif section.startswith(".data"):
            sums[kind, "flash"] += size
            sums[kind, "data"] += size
        elif section.startswith((".bss", "COMMON")):
            sums[kind, "data"] += size
        if kind == "lib" and section.startswith((".text", ".rodata", ".data")):
            functions[f"{section} ({file.removeprefix('LIB_')})"] += size
    symbols = run("arm-none-eabi-nm", "-S", elf)
    context = re.search(r"^\w+ (\w+) b context$", symbols, re.M)
    return Figures(sums["lib", "flash"], sums["lib", "data"], sums["libc", "flash"], int(context.group(1), 16),
                   0 if in_one_file else stack_of(folder, program, {section.split(" ")[0].split(".")[-1] for section in functions}), functions)


def gates():
    rows = [line.split("\t") for line in (PROGRAMS / "gates.tsv").read_text().splitlines() if not line.startswith("#")]
    return {row[0]: tuple(int(cell) for cell in row[1:]) for row in rows}


def table_of(all_figures):
    lines = ["| program | flash | in one file | Cortex-M0+ | of libc beside it | client struct | stack | static RAM |",
             "|---|---|---|---|---|---|---|---|"]
    for name, _, _, what in PROFILES:
        plain, joined, small = (all_figures[name, kind] for kind in ("m4", "one", "m0"))
        lines.append(f"| {what} | **{plain.flash}** | {joined.flash if joined else '-'} | {small.flash} | {plain.libc} | {plain.context} | "
                     f"{plain.stack} | {plain.data} |")
    return "\n".join(lines)


def breaches(all_figures):
    """[what is larger than its gate]."""
    found, limits = [], gates()
    for name, *_ in PROFILES:
        plain, joined = all_figures[name, "m4"], all_figures[name, "one"]
        measured = (plain.flash, joined.flash if joined else 0, plain.context, plain.stack, plain.data)
        for what, size, limit in zip(("flash", "flash in one file", "client struct", "stack", "static RAM"), measured,
                                     limits[name]):
            if size > limit:
                found.append(f"{name}: {what} is {size} bytes, more than {limit}")
    return found


def ticks_of(form):
    """{name: ticks} as an image of the board says them."""
    said = run("qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none", "-nic", "none",
               "-semihosting-config", "enable=on,target=native", "-icount", "shift=5,sleep=off", "-kernel", COUNTERS / f"{form}.elf",
               is_joined=True)
    ticks = {name: int(count) for name, count in re.findall(r"(?m)^([\w-]+) (\d+)$", said)}
    missing = [name for name, *_ in COUNTED if name not in ticks]
    if missing:
        raise SystemExit(f"footprint: the board says nothing of {', '.join(missing)}:\n{said}")
    return ticks


def computing_flash(form, files):
    return sum(size for file, section, size in sections_of(COUNTERS / f"{form}.map")
               if re.search(files, file) and section.startswith((".text", ".rodata", ".data")))


def instruction_table():
    run("scripts/setup-device")
    run("cmake", "--preset", "board")
    run("cmake", "--build", "--preset", "board", "-j", 2, "--target", *FORMS)
    ticks = [ticks_of(form) for form in FORMS]
    lines = ["| what | small | fast | goal |", "|---|---|---|---|"]
    for name, what, goal in COUNTED:
        # The last figures differ with how the program lies in memory.
        counts = [float(f"{of[name] * PER_TICK:.3g}") for of in ticks]
        told = "-" if not goal else f"{goal:,}" + (": missed" if counts[-1] > goal else "")
        lines.append(f"| {what} | {counts[0]:,.0f} | {counts[1]:,.0f} | {told} |")
    for what, files in COMPUTING:
        lines.append(f"| {what} | {' | '.join(f'{computing_flash(form, files):,}' for form in FORMS)} | - |")
    return "\n".join(lines)


def page_differs(begin, end, table, is_written):
    """Puts a table into the page, or says whether another stands there."""
    before, rest = PAGE.read_text().split(begin)
    old, after = rest.split(end)
    if is_written:
        PAGE.write_text(f"{before}{begin}\n{table}\n{end}{after}")
    return not is_written and old.strip() != table


def count_instructions(is_written):
    table = instruction_table()
    print(table)
    if is_written:
        page_differs(COUNTS_BEGIN, COUNTS_END, table, True)
    return 0


def main():
    parser = argparse.ArgumentParser(description="Measures what libwax takes on a Cortex-M.")
    parser.add_argument("--write", action="store_true", help="write the table of docs/footprint.md")
    parser.add_argument("--functions", metavar="PROFILE", choices=[row[0] for row in PROFILES],
                        help="list what the bytes of one profile are")
    parser.add_argument("--instructions", action="store_true", help="count instructions on an emulated board instead")
    options = parser.parse_args()
    if options.instructions:
        return count_instructions(options.write)
    if options.functions:
        profile = next(row for row in PROFILES if row[0] == options.functions)
        for section, size in measure(profile, "cortex-m4", False).functions.most_common():
            print(f"{size:6} {section}")
        return 0
    figures = {}
    for profile in PROFILES:
        figures[profile[0], "m4"] = measure(profile, "cortex-m4", False)
        figures[profile[0], "one"] = None if profile[0].startswith("sealed") else measure(profile, "cortex-m4", True)
        figures[profile[0], "m0"] = measure(profile, "cortex-m0plus", False)
    table = table_of(figures)
    print(table)
    wrong = breaches(figures)
    if page_differs(BEGIN, END, table, options.write):
        wrong.append("docs/footprint.md tells other figures: scripts/footprint.py --write")
    for line in wrong:
        print(f"footprint: {line}")
    if not wrong:
        listed = ", ".join(f"{name} {figures[name, 'm4'].flash}" for name, *_ in PROFILES)
        print(f"flash on Cortex-M4: {listed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
