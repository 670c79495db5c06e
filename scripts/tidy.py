#!/usr/bin/env python3
"""tidy: the rules of the house that no compiler sees. Prints what breaks them; exits 1 if any does.

    scripts/tidy.py [ROOT]

Reads the table of rooms in ROOT/ARCHITECTURE.md. Each fault is a line `file:line: fault`.
"""
import os
import pathlib
import re
import sys

LINES_PER_FUNCTION, LINES_PER_FILE = 60, 600

PURE_HEADERS = {"stdbool.h", "stddef.h", "stdint.h", "string.h"}

# Headers of C and of the operating system; any other one belongs to a third-party library.
SYSTEM_HEADERS = {name + ".h" for name in """
    assert ctype errno fenv float inttypes limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar
    wctype
    aio byteswap dirent dlfcn endian err execinfo fcntl features fnmatch ftw getopt glob grp ifaddrs
    langinfo libgen malloc netdb paths poll pthread pwd regex sched search semaphore shadow spawn
    strings sysexits syslog termios ucontext unistd utime wordexp
    """.split()}
SYSTEM_FOLDERS = ("sys", "net", "netinet", "arpa", "linux", "asm", "bits")

# Calls that nobody makes, each with what to call in its place.
BANNED = {
    "strcpy": "memcpy with the size that was checked, or wax_write_bytes",
    "strcat": "wax_write_bytes",
    "strncpy": "memcpy with the size that was checked",
    "strncat": "wax_write_bytes",
    "sprintf": "snprintf, and look at its result",
    "vsprintf": "vsnprintf, and look at its result",
    "strtok": "strcspn and strspn, or a wax_reader",
    "atoi": "strtol with its end pointer, or a wax_reader",
    "atol": "strtol with its end pointer, or a wax_reader",
    "gets": "getline",
    "rand": "the caller's source of randomness",
    "srand": "the caller's source of randomness",
    "alloca": "room that the caller gives",
}
BANNED_WHERE_PURE = dict.fromkeys(
    ("malloc", "calloc", "realloc", "free"), "room that the caller gives, or a wax_memory")
BANNED_OUTSIDE_OS = dict.fromkeys(
    ("time", "clock_gettime"), "the time as an argument; only os/ reads clocks")

# Calls that put a message on its way to a client, each with the files of the broker that may make
# them. There is one way out, which judges every message: deliver_or_not() and may_deliver().
DELIVERY = "src/broker/deliver.c"
ONE_WAY_OUT = {
    "wax_session_publish": {DELIVERY, "src/broker/bridge_talk.c"},  # a bridge's own state
    "wax_session_publish_start": {DELIVERY},
    "wax_session_begin": {DELIVERY},
    "wax_publish_write": {DELIVERY},
    "wax_publish_write_head": {DELIVERY},
    "wax_publish_write_start": {DELIVERY},
    "client_hold": {DELIVERY, "src/broker/control_import.c"},  # judged when it is sent again
    "client_queue": {DELIVERY, "src/broker/control_import.c"},  # judged when it leaves the queue
    "client_unpop": {DELIVERY, "src/broker/client.c"},  # likewise
}

TEXT_SUFFIXES = {".c", ".h", ".cpp", ".ino", ".py", ".cmake", ".md", ".json", ".txt", ".yml", ".yaml", ".toml",
                 ".conf", ".js", ".html", ".css", ".service"}
SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__", "corpus"}

BRACKETED = r"\[MQTT-([0-9]+(?:\.[0-9]+)+-[0-9]+)((?:[\s*#]+)in[\s*#]+3\.1\.1)?\]"
STATEMENT = re.compile(BRACKETED)
LOOSE_STATEMENT = re.compile(r"MQTT-[0-9]+(?:\.[0-9]+)+-[0-9]+")
INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')
LITERAL = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.M)
# What a door opens and closes with, for C++; see base.h.
FRAME = re.compile(r"^WAX_C_(?:BEGIN|END)$", re.M)
CONDITIONAL = re.compile(r"\s*#\s*(?:if|ifdef|ifndef|elif|else)\b")
CALLED = re.compile(r"(?:->|\.)\s*\w+|\b(\w+)\s*\(")
WORD = re.compile(r"(?:->|\.)\s*\w+|\b([A-Za-z_]\w*)")
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)", re.S)
# A folder that exists on the machine of one developer. Written so that it does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|farm|root|home/[a-z][a-z0-9]*|tmp/bash_jobs)/")


def blank(match):
    """As many lines as before, and nothing in them."""
    return re.sub(r"[^\n]", " ", match.group(0))


class Item:
    """Something at the top level of a C file: a function, a declaration, an object, a type."""

    def __init__(self, source, start, end, body):
        self.start, self.end = start, end
        self.body = body
        self.head = source.code[start:body if body is not None else end]
        self.line, self.last_line = source.line_of(start), source.line_of(end - 1)
        plain = ATTRIBUTE.sub(" ", self.head).rstrip("; \n{")
        self.is_static = re.match(r"\s*(?:static|inline)\b", plain) is not None
        self.is_type = re.match(r"\s*typedef\b", plain) is not None
        called = re.search(r"\b(\w+)\s*\(", plain)
        is_callable = called is not None and "=" not in plain and not self.is_type
        # A pointer to a function is an object: void (*name)(...).
        is_callable = is_callable and not re.search(r"\w\s*\(\s*\*\s*\w+\s*(?:\[.*?\])?\s*\)\s*\(", plain)
        self.is_function = is_callable and body is not None
        self.is_declaration = is_callable and body is None
        self.name = called.group(1) if is_callable else None
        if not is_callable and "=" in plain:
            named = re.search(r"(\w+)\s*(?:\[[^=]*\])?\s*=", plain)
            self.name = named.group(1) if named else None


class Source:
    """A C file: its text, the same without comments, literals and directives, and its items."""

    def __init__(self, root, path):
        self.path, self.place = path, path.relative_to(root)
        self.text = path.read_text(errors="replace")
        self.lines = self.text.split("\n")
        self.without_literals = LITERAL.sub(blank, self.text)
        self.code = FRAME.sub(blank, DIRECTIVE.sub(blank, self.without_literals))
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.items = list(self.split())

    def line_of(self, offset):
        low, high = 0, len(self.starts) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if self.starts[middle] <= offset:
                low = middle
            else:
                high = middle
        return low + 1

    def skip_blanks(self, offset):
        found = re.compile(r"\S").search(self.code, offset)
        return found.start() if found else len(self.code)

    def split(self):
        depth, start, body = 0, self.skip_blanks(0), None
        for mark in re.finditer(r"[{};]", self.code):
            if mark.group() == "{":
                depth += 1
                if depth == 1:
                    body = mark.start() if body is None else body
            elif mark.group() == "}":
                depth -= 1
                is_function = body is not None and self.ends_head(start, body)
                if depth == 0 and is_function:
                    yield Item(self, start, mark.end(), body)
                    start, body = self.skip_blanks(mark.end()), None
            elif depth == 0:
                yield Item(self, start, mark.end(), body)
                start, body = self.skip_blanks(mark.end()), None

    def ends_head(self, start, body):
        head = ATTRIBUTE.sub(" ", self.code[start:body]).rstrip()
        return head.endswith(")") and "=" not in head


def read_house(root):
    """{room: (rooms it stands on, kind)} from the table in ARCHITECTURE.md, ground floor first."""
    text = (root / "ARCHITECTURE.md").read_text()
    table = re.search(r"```rooms\n(.*?)```", text, re.S)
    if table is None:
        sys.exit("ARCHITECTURE.md: has no table of rooms; it stands between ```rooms and ```")
    house, faults = {}, []
    first = text[:table.start(1)].count("\n") + 1
    for number, line in enumerate(table.group(1).splitlines(), first):
        if not line.strip() or line.startswith("#"):
            continue
        room, *below, kind = line.split()
        below = set(below) - {"-"}
        for other in sorted(below - set(house)):
            faults.append((number, f"{room} stands on {other}, which is not above it in the table"))
        if kind not in ("pure", "hosted", "foreign"):
            faults.append((number, f"{kind} is no kind of room: pure, hosted or foreign"))
        house[room] = (below, kind)
    return house, [f"ARCHITECTURE.md:{number}: {fault}" for number, fault in faults]


def library_of(name):
    """The third-party library whose header `name` is, or None."""
    folder = name.partition("/")[0]
    if name in SYSTEM_HEADERS or ("/" in name and folder in SYSTEM_FOLDERS):
        return None
    return folder.removesuffix(".h")


def includes_of(source):
    for number, line in enumerate(source.lines, 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def include_faults(source, room, house):
    below, kind = house[room]
    library = None
    for number, is_quoted, name in includes_of(source):
        other, slash, file = name.partition("/")
        if is_quoted and slash and other == room:
            continue
        if is_quoted and other in house and slash:
            if other not in below:
                yield number, f"{room} may not include {other}: ARCHITECTURE.md does not let it"
            if file != f"{other}.h":
                yield number, f'{name} is not a door; "{other}/{other}.h" is'
        elif is_quoted:
            yield number, f'"{name}" is no file of a room; write "room/file.h"'
        elif kind == "pure" and name not in PURE_HEADERS:
            yield number, f"{room} is pure: it may not include {name}"
        elif library_of(name) and kind == "hosted":
            yield number, f"{room} is hosted, not foreign: it may not include {name}"
        elif library_of(name):
            if library not in (None, library_of(name)):
                yield number, f"{name} is a second library in one file, beside {library}"
            library = library or library_of(name)


def size_faults(source):
    if len(source.lines) - 1 > LINES_PER_FILE:
        yield 1, f"{len(source.lines) - 1} lines in a file; {LINES_PER_FILE} at most"
    for item in source.items:
        if item.is_function:
            lines = item.last_line - source.line_of(item.body)
            if lines > LINES_PER_FUNCTION:
                yield item.line, f"{lines} lines in {item.name}; {LINES_PER_FUNCTION} at most"


def banned_faults(source, banned):
    own = {item.name for item in source.items if item.is_function or item.is_declaration} & ONE_WAY_OUT.keys()
    for found in CALLED.finditer(source.without_literals):
        if found.group(1) in banned and found.group(1) not in own:
            name = found.group(1)
            yield source.line_of(found.start(1)), f"calls {name}; use {banned[name]}"


def jump_faults(source, kind):
    for found in re.finditer(r"\bgoto\s+(\w+)", source.code):
        if kind == "pure":
            yield source.line_of(found.start()), "goto in a pure room; return early instead"
        elif found.group(1) != "fail":
            yield source.line_of(found.start()), f"goto {found.group(1)}; the one label is `fail`"


def branch_faults(source):
    functions = [item for item in source.items if item.is_function]
    for item in functions:
        for number in range(item.line, item.last_line + 1):
            if CONDITIONAL.match(source.lines[number - 1]):
                yield number, f"#if inside {item.name}; a feature is a file of its own"


def format_faults(source):
    """Columns set by hand are for tables: constant data, or macros of one line each."""
    is_off = 0
    for number, line in enumerate(source.lines, 1):
        if "clang-format off" in line:
            is_off = number
            rest = source.starts[number]
            end = source.text.find("clang-format on", rest)
            if source.code[rest:end].strip(" \n/*") and \
                    not re.match(r"\s*(?:static\s+)?const\b", source.code[rest:]):
                yield number, "clang-format off is not followed by a table (static const ...)"
        elif "clang-format on" in line:
            is_off = 0
    if is_off:
        yield is_off, "clang-format off without an on"


def has_own_comment(gap):
    """Whether the text between two items ends with a comment that stands on lines of its own."""
    return re.search(r"(?:^|\n)[ \t]*(?:/\*|//)[^\n]*(?:\n(?!\s*\n)[^\n]*)*$", gap.rstrip(" ")) and \
        re.search(r"(?:\*/|//[^\n]*)[ \t]*\n[ \t]*$", gap)


def door_faults(source):
    """Each declaration, or each group of them without blank lines, follows a comment."""
    end, is_explained = 0, False
    for item in source.items:
        gap = source.text[end:item.start]
        end = item.end
        if not item.is_declaration:
            is_explained = False
            continue
        is_continued = is_explained and not re.search(r"\n[ \t]*\n", gap)
        # What follows the first line break is between the items; before it is the end of a line.
        is_explained = is_continued or bool(has_own_comment(gap[max(gap.find("\n"), 0):]))
        if not is_explained:
            yield item.line, f"{item.name} has no comment right before it"


def header_faults(source):
    for item in source.items:
        if item.is_function:
            yield item.line, f"{item.name} has its body in a header; bodies stand in .c files"


def source_faults(source, house, room):
    """All that can be said about one file of src/."""
    kind = house[room][1]
    banned = dict(BANNED)
    if kind == "pure":
        banned.update(BANNED_WHERE_PURE)
    if room != "os":
        banned.update(BANNED_OUTSIDE_OS)
    if room == "broker":
        banned.update({name: f"deliver(): {DELIVERY} is the one place where a message goes to a client"
                       for name, files in ONE_WAY_OUT.items() if str(source.place) not in files})
    yield from include_faults(source, room, house)
    yield from size_faults(source)
    yield from banned_faults(source, banned)
    yield from jump_faults(source, kind)
    yield from branch_faults(source)
    yield from format_faults(source)
    if source.path.suffix == ".h":
        yield from header_faults(source)
    if source.path.name == f"{room}.h":
        yield from door_faults(source)


def test_faults(source):
    yield from size_faults(source)
    yield from banned_faults(source, BANNED)
    yield from format_faults(source)


def port_faults(source):
    """A port speaks with its hardware and with the libraries it is for; the rest is as everywhere."""
    yield from test_faults(source)
    yield from branch_faults(source)
    if source.path.suffix == ".h":
        yield from header_faults(source)
        yield from door_faults(source)


def arrows_between(sources, room):
    """{unit: {unit: (place, line, why)}} for the files of one room; x.c and x.h are one unit."""
    homes, arrows = {}, {}
    for source in sources:
        arrows.setdefault(source.path.stem, {})
        if source.path.suffix == ".c":
            for item in source.items:
                if item.name and not item.is_static and not item.is_declaration:
                    homes.setdefault(item.name, set()).add(source.path.stem)
    for source in sources:
        unit = source.path.stem
        for number, is_quoted, name in includes_of(source):
            other, _, file = name.partition("/")
            stem = file.removesuffix(".h")
            if is_quoted and other == room and stem not in (unit, room):
                arrows[unit].setdefault(stem, (source.place, number, f"includes {name}"))
        if source.path.suffix != ".c":
            continue
        own = {item.name for item in source.items if item.is_static}
        for found in WORD.finditer(source.code):
            name = found.group(1)
            home = homes.get(name, ())
            if len(home) == 1 and unit not in home and name not in own:
                arrows[unit].setdefault(min(home), (source.place, source.line_of(found.start(1)),
                                                    f"uses {name}"))
    return arrows


def circle_faults(arrows):
    """A fault per circle that a walk in depth meets."""
    done, faults = set(), []

    def walk(unit, way):
        if unit in way:
            circle = way[way.index(unit):] + [unit]
            place, line, _ = arrows[circle[0]][circle[1]]
            steps = [f"{one} {arrows[one][other][2]} ({other})"
                     for one, other in zip(circle, circle[1:])]
            faults.append(f"{place}:{line}: files in a circle: {'; '.join(steps)}")
            return
        if unit in done:
            return
        for other in sorted(arrows.get(unit, ())):
            walk(other, way + [unit])
        done.add(unit)

    for unit in sorted(arrows):
        walk(unit, [])
    return faults


def statements_in(text):
    """[(id, offset)] of the statements that a text cites, in one spelling each."""
    return [(f"[MQTT-{found.group(1)}{' in 3.1.1' if found.group(2) else ''}]", found.start())
            for found in STATEMENT.finditer(text)]


def known_statements(root):
    """The ids that MQTT 5.0 has, or nothing when the project holds no list."""
    path = root / "tests/conformance/mqtt-5.0.tsv"
    if not path.exists():
        return set()
    return {f"[{line.split()[0]}]" for line in path.read_text().splitlines()
            if line.startswith("MQTT-")}


def statement_faults(root, sources, tests):
    """Faults of citing, and how many statements src/ cites."""
    cited, shown, faults, known = {}, set(), [], known_statements(root)
    for source in sources:
        exact = {offset + 1 for _, offset in statements_in(source.text)}
        for statement, offset in statements_in(source.text):
            cited.setdefault(statement, (source.place, source.line_of(offset)))
        for found in LOOSE_STATEMENT.finditer(source.text):
            if found.start() not in exact:
                faults.append(f"{source.place}:{source.line_of(found.start())}: "
                              f"{found.group()} is not cited as [{found.group()}]")
    for path in tests:
        shown.update(statement for statement, _ in statements_in(path.read_text(errors="replace")))
    for statement, (place, line) in sorted(cited.items()):
        if known and "in 3.1.1" not in statement and statement not in known:
            faults.append(f"{place}:{line}: MQTT 5.0 has no statement {statement}")
        elif statement not in shown:
            faults.append(f"{place}:{line}: {statement} is cited, but no test shows it")
    return faults, len(cited)


def text_faults(root, path):
    place, text = path.relative_to(root), path.read_text(errors="replace")
    lines = text.split("\n")
    if path.suffix == ".py" and len(lines) - 1 > LINES_PER_FILE:
        yield f"{place}:1: {len(lines) - 1} lines in a file; {LINES_PER_FILE} at most"
    for number, line in enumerate(lines, 1):
        if line[-1:] in (" ", "\t", "\r"):
            yield f"{place}:{number}: blanks at the end of the line"
        if "\t" in line:
            yield f"{place}:{number}: a tab; this house uses blanks"
        if MACHINE_PATH.search(line):
            yield f"{place}:{number}: a path of one machine: {MACHINE_PATH.search(line).group()}"
    if text and not text.endswith("\n"):
        yield f"{place}:{len(lines)}: the last line does not end"


def texts_of(root):
    """All files that people write, by path."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            if path.suffix in TEXT_SUFFIXES or (not path.suffix and os.access(path, os.X_OK)):
                yield path


def house_faults(root):
    house, faults = read_house(root)
    sources, tests, rooms = [], [], {}
    for path in texts_of(root):
        faults += text_faults(root, path)
        place = path.relative_to(root)
        is_c, top = path.suffix in (".c", ".h"), place.parts[0]
        if top == "tests" and place.parts[1] not in ("conformance", "house"):
            tests.append(path)
        if top == "tests" and is_c:
            source = Source(root, path)
            faults += [f"{place}:{number}: {fault}" for number, fault in test_faults(source)]
        if top == "ports" and is_c:
            source = Source(root, path)
            faults += [f"{place}:{number}: {fault}" for number, fault in port_faults(source)]
        if top == "src" and is_c:
            room = place.parts[1]
            if room not in house:
                faults.append(f"{place}:1: {room} is no room of ARCHITECTURE.md")
                continue
            source = Source(root, path)
            sources.append(source)
            rooms.setdefault(room, []).append(source)
            faults += [f"{place}:{number}: {fault}"
                       for number, fault in source_faults(source, house, room)]
    for room, files in rooms.items():
        faults += circle_faults(arrows_between(files, room))
    more, statements = statement_faults(root, sources, tests)
    return faults + more, len(house), statements


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    faults, rooms, statements = house_faults(root.resolve())
    for fault in faults:
        print(fault)
    print(f"tidy: {rooms} rooms, {statements} statements, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
