"""What ports/ hands to build systems that are not here: its lists are those of the library, and what it makes compiles."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import amalgamate  # noqa: E402


# With Ascon and a key in common, sealing takes these rooms, and of crypto base64.c.
SEALING = ("ascon", "hpke", "cbor", "seal", "keys", "member")


class Ports(unittest.TestCase):
    def test_components_have_the_rooms_of_the_library(self):
        for port in "esp-idf", "zephyr":
            with self.subTest(port=port):
                text = (ROOT / "ports" / port / "CMakeLists.txt").read_text()
                rooms = re.findall(r"\$\{WAX\}/(\w+)/\*\.c", text)
                self.assertEqual(tuple(rooms), amalgamate.ROOMS + SEALING)
                for room in rooms:
                    self.assertTrue(list((ROOT / "src" / room).glob("*.c")), room)

    def test_the_arduino_library_is_made_and_compiles(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / "ports/arduino/make-library", folder], check=True)
            source = pathlib.Path(folder, "src/wax.c")
            subprocess.run(["gcc", "-std=c11", "-fsyntax-only", source], check=True)
            version = re.search(r"(?m)^version=(.*)$", pathlib.Path(folder, "library.properties").read_text()).group(1)
            self.assertEqual(version, amalgamate.version())


if __name__ == "__main__":
    unittest.main()
