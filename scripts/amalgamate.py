#!/usr/bin/env python3
"""amalgamate: joins libwax into one header and one source file, for those who drop it into a tree.

    scripts/amalgamate.py [--compile] [--out FOLDER]

Writes wax.h, the doors of the library's rooms, and wax.c, all their sources, to build/amalgamation/.
Names that two files each keep private are told apart: <room>_<file>_<name>.
"""
import argparse
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import tidy

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("base", "wire", "transport", "session", "client", "micro")

INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"][^\n]*\n')
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
ENUM = re.compile(r"\benum\b\s*\w*\s*\{([^}]*)\}")
TAG = re.compile(r"\b(?:struct|union|enum)\s+(\w+)\s*\{")
TYPE_BODY = re.compile(r"\b(?:struct|union)\b\s*\w*\s*\{")
TOKEN = re.compile(r"(->|\.)?(\s*)\b([A-Za-z_]\w*)")

COMPILERS = (
    ["cc", "-std=c11", "-O2"],
    ["arm-none-eabi-gcc", "-std=c11", "-Os", "-mcpu=cortex-m0plus", "-mthumb", "-ffreestanding"],
)


def version():
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"project\(wax VERSION ([0-9.]+)", text).group(1)


def door_of(room):
    return ROOT / "src" / room / f"{room}.h"


def private_names(source):
    """(ordinary names, tags) that a file defines for itself alone."""
    names, tags = set(), set(TAG.findall(source.code))
    for item in source.items:
        if item.is_static:
            last = re.search(r"(\w+)\s*(?:\[[^\]]*\])?\s*;$", item.head)
            name = item.name or (last.group(1) if last else None)
            names.update({name} - {None})
        if item.is_type and item.head.rstrip().endswith(";"):
            names.update(re.findall(r"(\w+)\s*;$", item.head.rstrip()))
    for body in ENUM.findall(source.code):
        names.update(re.findall(r"(?:^|,)\s*(\w+)", body))
    return names, tags


def type_bodies(code):
    """[(start, end)] of the bodies of structs and unions."""
    bodies = []
    for found in TYPE_BODY.finditer(code):
        depth, at = 1, found.end()
        while depth and at < len(code):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
        bodies.append((found.end(), at))
    return bodies


def renamed(source, names, tags, prefix):
    """The file's text with its colliding private names told apart. Members keep theirs."""
    # Directives count here (a macro may use a private name); comments and texts do not.
    code, bodies, parts, done = source.without_literals, type_bodies(source.code), [], 0
    for found in TOKEN.finditer(code):
        member, _, name = found.groups()
        at = found.start(3)
        before = code[:at].rstrip()[-8:]
        is_tag = re.search(r"\b(?:struct|union|enum)$", before) is not None
        if member or name not in (tags if is_tag else names):
            continue
        follows = code[found.end():found.end() + 1]
        if not is_tag and not name.isupper() and follows in (";", "[", ",", ":") and \
                any(start <= at < end for start, end in bodies):
            continue
        parts += [source.text[done:at], f"{prefix}_{name}"]
        done = found.end()
    return "".join(parts) + source.text[done:]


def system_includes(text, known):
    """The text without its includes; headers of the system are put into `known`."""
    for found in INCLUDE.finditer(text):
        if found.group(1) == "<" and found.group(2) not in known:
            known.append(found.group(2))
    return INCLUDE.sub("", text)


def join_header(rooms):
    known, texts = [], []
    for room in rooms:
        texts.append(system_includes(door_of(room).read_text(), known).strip())
    lines = [f"/* libwax {version()}: the doors of {', '.join(rooms)} in one file. Generated; see",
             " * scripts/amalgamate.py. SPDX-License-Identifier: Apache-2.0 */",
             "#ifndef WAX_H", "#define WAX_H", "", *(f"#include <{name}>" for name in known), ""]
    return "\n".join(lines) + "\n" + "\n\n".join(texts) + "\n\n#endif\n"


def collisions_among(files):
    """The names and tags that more than one file keeps private."""
    homes, tag_homes = {}, {}
    for source in files:
        names, tags = private_names(source)
        for name in names:
            homes.setdefault(name, []).append(source)
        for tag in tags:
            tag_homes.setdefault(tag, []).append(source)
    return ({name for name, home in homes.items() if len(home) > 1},
            {tag for tag, home in tag_homes.items() if len(home) > 1})


class Joiner:
    """Writes source files one after the other, each private header once, where it is first wanted."""

    def __init__(self, files):
        self.names, self.tags = collisions_among(files)
        self.by_name = {f"{file.path.parent.name}/{file.path.name}": file for file in files}
        self.known, self.parts, self.done = [], [], set()

    def add(self, source):
        place = f"{source.path.parent.name}/{source.path.name}"
        if place in self.done:
            return
        self.done.add(place)
        for found in INCLUDE.finditer(source.text):
            wanted = self.by_name.get(found.group(2))
            if found.group(1) == '"' and wanted is not None:
                self.add(wanted)
        names, tags = private_names(source)
        prefix = f"{source.path.parent.name}_{source.path.stem}"
        text = renamed(source, names & self.names, tags & self.tags, prefix)
        text = system_includes(text, self.known).strip()
        undone = "".join(f"#undef {name}\n" for name in dict.fromkeys(MACRO.findall(source.text)))
        undone = undone if source.path.suffix == ".c" else ""
        self.parts.append(f"/* ---- {place} ---- */\n{text}\n{undone}")


def join_source(rooms):
    files = [tidy.Source(ROOT, path) for room in rooms
             for path in sorted((ROOT / "src" / room).glob("*.[ch]")) if path != door_of(room)]
    joiner = Joiner(files)
    for source in files:
        if source.path.suffix == ".c":
            joiner.add(source)
    lines = ["/* libwax in one file. Generated; see scripts/amalgamate.py. SPDX-License-Identifier: Apache-2.0 */",
             '#include "wax.h"', "", *(f"#include <{name}>" for name in joiner.known), "",
             "#ifndef WAX_VERSION_TEXT", f'#define WAX_VERSION_TEXT "{version()}"', "#endif", ""]
    return "\n".join(lines) + "\n" + "\n".join(joiner.parts), len(files)


def compile_in(folder):
    for command in COMPILERS:
        subprocess.run([*command, "-Wall", "-Wextra", "-Werror", "-c", "wax.c", "-o", f"wax-{command[0]}.o"],
                       cwd=folder, check=True)


def main():
    parser = argparse.ArgumentParser(description="Joins libwax into wax.h and wax.c.")
    parser.add_argument("--compile", action="store_true", help="compile both, for this machine and Cortex-M0+")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/amalgamation")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rooms = [room for room in ROOMS if door_of(room).exists()]
    source, count = join_source(rooms)
    (options.out / "wax.h").write_text(join_header(rooms))
    (options.out / "wax.c").write_text(source)
    if options.compile:
        compile_in(options.out)
    print(f"{len(rooms)} doors and {count} files, {source.count(chr(10))} lines")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failed:
        sys.exit(f"amalgamate: {failed.cmd[0]} does not accept wax.c")
