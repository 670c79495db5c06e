"""Two files may keep the same name to themselves; joined into one file, each still means its own."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import amalgamate

DOOR = """#ifndef WAX_BASE_H
#define WAX_BASE_H
#include <stddef.h>
struct kind {
    int (*find)(int);
};
int wax_one(void);
int wax_two(void);
#endif
"""

# The name `find` is a function, a member, a text and a comment; `row` a tag and a variable.
FILE = """#include "base/base.h"

#include "base/inner.h"

#define VALUE {value}

enum {{ LEAST = {value} }};

struct row {{
    int find, rows[LEAST];
}};

static int find(int number)
{{
    struct row row = {{.find = number}};
    return row.find + VALUE + LEAST; /* find */
}}

static const struct kind kind = {{.find = find}};

int wax_{name}(void)
{{
    return kind.find("find"[0] - 'f') + wax_inner;
}}
"""

PROGRAM = """#include "wax.h"
int main(void) { return wax_one() == 2 + 7 && wax_two() == 4 + 7 ? 0 : 1; }
"""


class Amalgamate(unittest.TestCase):
    def test_private_names_of_two_files_stay_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            room = pathlib.Path(folder, "src/base")
            room.mkdir(parents=True)
            (room / "base.h").write_text(DOOR)
            (room / "inner.h").write_text("enum { wax_inner = 7 };\n")
            (room / "one.c").write_text(FILE.format(name="one", value=1))
            (room / "two.c").write_text(FILE.format(name="two", value=2))
            pathlib.Path(folder, "CMakeLists.txt").write_text("project(wax VERSION 1.2.3)\n")
            pathlib.Path(folder, "main.c").write_text(PROGRAM)
            amalgamate.ROOT = pathlib.Path(folder)
            source, count = amalgamate.join_source(["base"])
            pathlib.Path(folder, "wax.c").write_text(source)
            pathlib.Path(folder, "wax.h").write_text(amalgamate.join_header(["base"]))
            subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "main.c", "wax.c", "-o", "main"],
                           cwd=folder, check=True)
            self.assertEqual(count, 3)
            self.assertEqual(subprocess.run([f"{folder}/main"]).returncode, 0)
            self.assertIn("/* find */", source)


if __name__ == "__main__":
    unittest.main()
