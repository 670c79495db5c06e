"""A device that does not verify does not compile, or does not link; and one that does is small."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Bytes of code of the room for Cortex-M0+, without the library that computes.
FLASH_MAX = 8000

DEVICE = """
#include "update/update.h"
static const uint8_t anchor[WAX_P256_PUBLIC_SIZE] = {4};
static wax_update device;
int open_device(const wax_update_config *config);
int open_device(const wax_update_config *config) {
    (void)anchor;
    return wax_update_open(&device, config, %s) == WAX_OK && wax_update_offer(&device, WAX_TEXT("")) == WAX_OK;
}
"""


class Update(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def compile(self, arguments, compiler="gcc"):
        source = self.folder / "device.c"
        source.write_text(DEVICE % arguments)
        return subprocess.run([compiler, "-std=c11", "-Wall", "-Werror", f"-I{ROOT / 'src'}", "-c", source, "-o", self.folder / "device.o"],
                              capture_output=True, text=True, check=False)

    def test_a_device_without_an_anchor_does_not_compile(self):
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler=compiler):
                self.assertEqual(self.compile("anchor, 1", compiler).returncode, 0)
                self.assertIn("too few arguments", self.compile("1", compiler).stderr)
                self.assertIn("nonnull", self.compile("0, 1", compiler).stderr)

    def test_a_device_without_verification_does_not_link(self):
        """What computes everything but signatures is not enough."""
        other = self.folder / "other.c"
        other.write_text('#include "crypto/crypto.h"\n'
                         "wax_status wax_crypto_sha256(const wax_bytes *p, size_t c, uint8_t d[static 32]) { (void)p; (void)c; d[0] = 0; return WAX_OK; }\n"
                         "int open_device(const void *config);\nint main(void) { return open_device(0); }\n")
        self.assertEqual(self.compile("anchor, 1").returncode, 0)
        sources = [*(ROOT / "src/update").glob("*.c"), ROOT / "src/keys/cose.c", *(ROOT / "src/cbor").glob("*.c"), *(ROOT / "src/base").glob("*.c")]
        made = subprocess.run(["gcc", "-std=c11", "-ffunction-sections", "-Wl,--gc-sections", f"-I{ROOT / 'src'}", *sources, other,
                               self.folder / "device.o", "-o", self.folder / "device"], capture_output=True, text=True, check=False)
        self.assertNotEqual(made.returncode, 0)
        missing = set(re.findall(r"undefined reference to `(\w+)'", made.stderr))
        self.assertEqual(missing, {"wax_crypto_p256_verify_parts"})

    def test_no_switch_leaves_anything_out(self):
        for path in (ROOT / "src/update").iterdir():
            conditions = re.findall(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*", path.read_text(), re.M)
            self.assertEqual(len(conditions), 1 if path.suffix == ".h" else 0, path)

    @unittest.skipUnless(shutil.which("arm-none-eabi-gcc"), "there is no compiler for Cortex-M")
    def test_the_room_is_small(self):
        size = 0
        for source in (ROOT / "src/update").glob("*.c"):
            made = self.folder / f"{source.stem}.o"
            subprocess.run(["arm-none-eabi-gcc", "-std=c11", "-Os", "-mcpu=cortex-m0plus", "-mthumb", "-ffreestanding", f"-I{ROOT / 'src'}",
                            "-c", source, "-o", made], check=True)
            words = subprocess.run(["arm-none-eabi-size", made], capture_output=True, text=True, check=True).stdout.splitlines()[1]
            text, data, bss = map(int, re.findall(r"\d+", words)[:3])
            self.assertEqual(data + bss, 0, source)
            size += text
        self.assertLessEqual(size, FLASH_MAX)


if __name__ == "__main__":
    unittest.main()
