"""libwax, once installed, serves a program that finds it by CMake and one that finds it by pkg-config."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = """#include <wax.h>

#include <stdio.h>

int main(void)
{
    uint8_t room[4];
    wax_writer out = wax_writer_over(room, sizeof(room));

    wax_write_varint(&out, 321);
    wax_reader in = wax_reader_over(wax_writer_bytes(&out));
    printf("%s %u\\n", wax_status_text(WAX_OK), (unsigned)wax_read_varint(&in));
    return out.status == WAX_OK && in.status == WAX_OK ? 0 : 1;
}
"""

LISTS = """cmake_minimum_required(VERSION 3.21)
project(consumer LANGUAGES C)
set(CMAKE_C_STANDARD 11)
find_package(wax 0.1 REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE wax::wax)
"""


def run(*command, **more):
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.place = pathlib.Path(cls.folder.name)
        cls.prefix = cls.place / "prefix"
        build = cls.place / "build"
        run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DWAX_HOSTED=OFF",
            "-DWAX_PACKAGE=ON", "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON")
        run("cmake", "--build", build, "--target", "all")
        run("cmake", "--install", build, "--prefix", cls.prefix)
        (cls.place / "consumer.c").write_text(PROGRAM)
        (cls.place / "CMakeLists.txt").write_text(LISTS)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def judge(self, program):
        self.assertTrue(run(program).endswith(" 321\n"))

    def test_a_program_finds_it_by_cmake(self):
        run("cmake", "-S", self.place, "-B", self.place / "by-cmake", "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", self.place / "by-cmake")
        self.judge(self.place / "by-cmake/consumer")

    def test_a_program_finds_it_by_pkg_config_wherever_the_prefix_moves(self):
        moved = self.place / "moved"
        run("cp", "-r", self.prefix, moved)
        folders = [str(path.parent) for path in moved.rglob("wax.pc")]
        found = {**os.environ, "PKG_CONFIG_PATH": ":".join(folders)}
        flags = run("pkg-config", "--cflags", "--libs", "wax", env=found).split()
        self.assertIn(f"-I{moved}/include", [os.path.normpath(flag) for flag in flags])
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", self.place / "consumer.c", *flags, "-o",
            self.place / "by-pkg-config")
        self.judge(self.place / "by-pkg-config")

    def test_the_header_is_the_only_one_and_needs_no_other(self):
        headers = [path.name for path in self.prefix.rglob("*.h")]
        self.assertEqual(headers, ["wax.h"])
        self.assertNotIn('#include "', next(self.prefix.rglob("wax.h")).read_text())


if __name__ == "__main__":
    unittest.main()
