"""tidy finds each kind of fault where it is seeded, and nothing in a house that is in order."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "scripts/tidy.py"

TABLE = """# A house

```rooms
# room  stands on   kind
base    -           pure
wire    base        pure
os      base        hosted
tls     base os     foreign
broker  base os     hosted
```
"""

# A house in order; a test puts one fault into it.
ORDER = {
    "ARCHITECTURE.md": TABLE,
    "src/base/base.h": "#include <stdint.h>\n\n/* Adds. [MQTT-1.5.5-1] */\nint wax_add(int a);\n",
    "src/base/add.c": '#include "base/base.h"\n\nint wax_add(int a)\n{\n    return a;\n}\n',
    "src/wire/wire.h": '#include "base/base.h"\n\n/* Reads, and writes. */\nint wax_read(int a);\n'
                       "int wax_write(int a);\n",
    "src/wire/read.c": '#include "wire/wire.h"\n\nint wax_read(int a)\n{\n    return wax_add(a);\n}\n',
    "src/wire/write.c": '#include "wire/wire.h"\n\nint wax_write(int a)\n{\n    return wax_read(a);\n}\n',
    "src/os/os.h": '#include "base/base.h"\n',
    "src/os/clock.c": '#include "os/os.h"\n\n#include <time.h>\n\nlong now(void)\n{\n    return time(0);\n}\n',
    "src/tls/tls.h": '#include "base/base.h"\n',
    "src/tls/openssl.c": '#include "tls/tls.h"\n\n#include <openssl/ssl.h>\n#include <openssl/x509.h>\n',
    "tests/unit/base_add_test.c": "/* [MQTT-1.5.5-1] */\n",
    "scripts/run": "#!/bin/sh\n",
}


def body(*lines):
    return "int wax_one(int a)\n{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


# Each row: what is wrong, the file, its text ("+" adds to what stands there), where and what tidy says.
FAULTS = [
    ("a room that stands on one below it in the table", "ARCHITECTURE.md",
     TABLE.replace("base    -   ", "base    wire"), "ARCHITECTURE.md:5: base stands on wire"),
    ("a kind that is none", "ARCHITECTURE.md",
     TABLE.replace("hosted", "rented"), "ARCHITECTURE.md:7: rented is no kind of room"),
    ("a folder that is no room", "src/attic/a.c", "int a;\n", "src/attic/a.c:1: attic is no room"),
    ("an include upwards", "src/base/up.c", '#include "wire/wire.h"\n', "src/base/up.c:1: base may not include wire"),
    ("an include past the door", "src/wire/in.c", '#include "base/list.h"\n', 'src/wire/in.c:1: base/list.h is not a door'),
    ("an include of no room", "src/wire/in.c", '#include "base.h"\n', 'src/wire/in.c:1: "base.h" is no file of a room'),
    ("stdio in a pure room", "src/wire/in.c", "#include <stdio.h>\n", "src/wire/in.c:1: wire is pure: it may not include stdio.h"),
    ("a library in a hosted room", "src/os/json.c", "#include <jansson.h>\n", "src/os/json.c:1: os is hosted, not foreign"),
    ("two libraries in a file", "src/tls/two.c", "#include <openssl/ssl.h>\n#include <argon2.h>\n",
     "src/tls/two.c:2: argon2.h is a second library in one file, beside openssl"),
    ("a function of 61 lines", "src/wire/long.c", body(*["a++;"] * 60), "src/wire/long.c:1: 61 lines in wax_one"),
    ("a file of 601 lines", "src/wire/long.c", "\n" * 601, "src/wire/long.c:1: 601 lines in a file"),
    ("a port's file of 601 lines", "ports/board/long.c", "\n" * 601, "ports/board/long.c:1: 601 lines in a file"),
    ("a test of 601 lines", "tests/unit/long_test.c", "\n" * 601, "tests/unit/long_test.c:1: 601 lines in a file"),
    ("a script of 601 lines", "scripts/long.py", "\n" * 601, "scripts/long.py:1: 601 lines in a file"),
    ("two files that call each other", "src/wire/read.c", '+\nint wax_more(int a)\n{\n    return wax_write(a);\n}\n',
     "src/wire/read.c:10: files in a circle: read uses wax_write (write); write uses wax_read (read)"),
    ("a header and a file in a circle", "src/wire/write.h", '#include "wire/read.h"\n',
     "src/wire/read.h:1: files in a circle", {"src/wire/read.h": '#include "wire/write.h"\n'}),
    ("an object that closes a circle", "src/wire/read.c", "+\nconst int wax_seven = 7;\nint *p = &wax_eight;\n",
     "src/wire/read.c:9: files in a circle", {"src/wire/write.c": "const int wax_eight = 8;\nint *q = &wax_seven;\n"}),
    ("a statement that no test shows", "src/wire/in.c", "/* [MQTT-3.3.1-4] */\n", "src/wire/in.c:1: [MQTT-3.3.1-4] is cited, but no test"),
    ("a 3.1.1 statement that tests show only for 5.0", "src/wire/in.c", "/* [MQTT-1.5.5-1 in 3.1.1] */\n",
     "src/wire/in.c:1: [MQTT-1.5.5-1 in 3.1.1] is cited, but no test"),
    ("a statement without brackets", "src/wire/in.c", "/* see MQTT-1.5.5-1 */\n", "src/wire/in.c:1: MQTT-1.5.5-1 is not cited as"),
    ("a statement that does not exist", "src/wire/in.c", "/* [MQTT-9.9.9-9] */\n", "src/wire/in.c:1: MQTT 5.0 has no statement",
     {"tests/conformance/mqtt-5.0.tsv": "MQTT-1.5.5-1\tmust\tboth\n"}),
    ("#if in a function", "src/os/in.c", body()[:-2] + "#ifdef X\n    return 1;\n#endif\n    return a;\n}\n",
     "src/os/in.c:3: #if inside wax_one"),
    ("clang-format off without a table", "src/os/in.c", "/* clang-format off */\nint a;\n/* clang-format on */\n",
     "src/os/in.c:1: clang-format off is not followed by a table"),
    ("clang-format off for ever", "src/os/in.c", "/* clang-format off */\nstatic const int a[] = {1};\n",
     "src/os/in.c:1: clang-format off without an on"),
    ("a door's function without a comment", "src/os/os.h", "+\nint wax_now(void);\n", "src/os/os.h:3: wax_now has no comment"),
    ("a group that ends at a blank line", "src/os/os.h", "+\n/* One. */\nint wax_one(void);\n\nint wax_two(void);\n",
     "src/os/os.h:6: wax_two has no comment"),
    ("a comment that belongs to the line before", "src/os/os.h", "+\nint wax_one; /* One. */\nint wax_two(void);\n",
     "src/os/os.h:4: wax_two has no comment"),
    ("a body in a header", "src/os/os.h", "+\n/* One. */\nstatic inline int wax_one(void)\n{\n    return 1;\n}\n",
     "src/os/os.h:4: wax_one has its body in a header"),
    ("goto in a pure room", "src/wire/in.c", body("goto fail;", "fail: return a;"), "src/wire/in.c:3: goto in a pure room"),
    ("goto elsewhere than to fail", "src/os/in.c", body("goto out;", "out: return a;"), "src/os/in.c:3: goto out"),
    ("blanks at the end", "src/os/os.h", "+ \n", "src/os/os.h:2: blanks at the end"),
    ("a tab", "src/os/os.h", "+\tint a;\n", "src/os/os.h:2: a tab"),
    ("a path of one machine", "scripts/run", "+cd /" + "work/here\n", "scripts/run:2: a path of one machine"),
    ("a last line that does not end", "scripts/run", "+exit", "scripts/run:2: the last line does not end"),
]

# What nobody calls anywhere, and where else a call is banned or allowed.
CALLS = [(name, "os", True) for name in ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol",
                                         "gets", "rand", "srand", "alloca")]
CALLS += [(name, room, room == "wire") for name in ("malloc", "calloc", "realloc", "free") for room in ("wire", "tls")]
CALLS += [(name, room, room == "broker") for name in ("wax_session_publish", "wax_session_begin", "wax_publish_write_start",
                                                     "client_hold", "client_queue") for room in ("wire", "broker")]
CALLS += [(name, room, room != "os") for name in ("time", "clock_gettime") for room in ("wire", "tls", "os")]

# What looks like a fault and is none.
INNOCENT = [
    ("a field called as a function", "src/wire/in.c", body("return a.free(1) + self->kind->time(2);")),
    ("a banned name in a comment or a text", "src/wire/in.c", body('/* strcpy(a) */', 'return f("strcpy(a)");')),
    ("a delivery in its one place", "src/broker/deliver.c", body("return wax_session_publish(a) + client_queue(a);")),
    ("the queue itself", "src/broker/client.c", "int client_queue(int a)\n{\n    return a;\n}\n"),
    ("a function of 60 lines", "src/wire/long.c", body(*["a++;"] * 59)),
    ("goto fail in a hosted room", "src/os/in.c", body("goto fail;", "fail:", "return a;")),
    ("a table that is not formatted", "src/wire/in.c",
     "/* clang-format off */\nstatic const int a[] = {\n    1,\n};\n/* clang-format on */\n"),
    ("a table of macros that is not formatted", "src/wire/in.c",
     "/* clang-format off */\n#define ONE   (1)\n#define SEVEN (7)\n/* clang-format on */\nint a;\n"),
    ("#if around a whole function", "src/os/in.c", "#ifdef X\n" + body("return a;") + "#endif\n"),
    ("two private functions of one name", "src/wire/read.c",
     "+\nstatic int wax_write(int a)\n{\n    return a;\n}\n\nint wax_both(int a)\n{\n    return wax_write(a);\n}\n"),
    ("a type of functions in a door", "src/os/os.h", "+\ntypedef void wax_visit(int a);\n"),
    ("a struct with functions in a door", "src/os/os.h", "+\nstruct wax_kind {\n    int (*read)(int a);\n};\n"),
    ("a comment of many lines", "src/os/os.h", "+\n/* One,\n * two. */\nint wax_one(void) __attribute__((pure));\n"),
]


def tidy_says(change, more=None):
    """The lines that tidy prints for the house with a change, and how it ends."""
    with tempfile.TemporaryDirectory() as folder:
        house = dict(ORDER)
        house.update(more or {})
        for path, text in change.items():
            house[path] = house.get(path, "") + text[1:] if text.startswith("+") else text
        for path, text in house.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        pathlib.Path(folder, "scripts/run").chmod(0o755)
        ran = subprocess.run([sys.executable, TIDY, folder], capture_output=True, text=True)
        assert not ran.stderr, ran.stderr
        return ran.stdout.splitlines(), ran.returncode


class Tidy(unittest.TestCase):
    def test_a_house_in_order_has_no_faults(self):
        self.assertEqual(tidy_says({}), (["tidy: 5 rooms, 1 statements, 0 faults"], 0))

    def test_each_fault_is_found_in_its_place(self):
        for name, path, text, said, *more in FAULTS:
            with self.subTest(name):
                lines, code = tidy_says({path: text}, *more)
                self.assertEqual(code, 1, lines)
                self.assertTrue(any(line.startswith(said) for line in lines), (said, lines))
                self.assertEqual(lines[-1].split(", ")[-1], f"{len(lines) - 1} faults")

    def test_banned_calls_name_what_to_call_instead(self):
        for name, room, is_banned in CALLS:
            with self.subTest(f"{name} in {room}"):
                lines, code = tidy_says({f"src/{room}/in.c": body(f"return {name} (a);")})
                said = [line for line in lines if line.startswith(f"src/{room}/in.c:3: calls {name}; use ")]
                self.assertEqual((len(said), code), (1, 1) if is_banned else (0, 0), lines)

    def test_what_only_looks_like_a_fault_is_none(self):
        for name, path, text in INNOCENT:
            with self.subTest(name):
                lines, code = tidy_says({path: text})
                self.assertEqual((len(lines), code), (1, 0), lines)


if __name__ == "__main__":
    unittest.main()
