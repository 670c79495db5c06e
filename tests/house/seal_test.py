"""Sealing has no branch and no address that depends on a secret or on the text, and a sensor that seals stays small."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("seal", "ascon", "base")
# With Ascon alone nothing else is asked for.
LEFT_OUT = {"suite_hmac.c", "suite_chacha.c", "suite_ccm.c", "sign.c", "verify.c", "blind_hmac.c", "blind.c", "json.c"}
# The suites of a library want that, and what stands between.
LIBRARY_LEFT_OUT = {"json.c", "verify.c", "sign.c", "blind.c", "blind_hmac.c", "blind_ascon.c", "argon2.c"}
SOURCES = [path for room in ROOMS for path in sorted((ROOT / "src" / room).glob("*.c")) if path.name not in LEFT_OUT]
LIBRARY_SOURCES = [path for room in (*ROOMS, "hpke", "crypto") for path in sorted((ROOT / "src" / room).glob("*.c"))
                   if path.name not in LIBRARY_LEFT_OUT]

# A member, from its mailbox on.
MEMBER_SOURCES = LIBRARY_SOURCES + [path for room in ("cbor", "keys", "member", "client", "session", "wire", "transport")
                                    for path in sorted((ROOT / "src" / room).glob("*.c"))] + [ROOT / "src/seal/blind.c", ROOT / "src/seal/blind_ascon.c"]

# Bytes of flash of a sensor that seals with Ascon, C library and all; and of memory beside its buffers.
FLASH_MAX, MEMORY_MAX = 6000, 256

SENSOR = """
#include "seal/seal.h"
static wax_status load(wax_seal_store *s, const uint8_t *g, wax_seal_window *w) { (void)s; (void)g; (void)w; return WAX_NOT_FOUND; }
static wax_status save(wax_seal_store *s, const uint8_t *g, const wax_seal_window *w) { (void)s; (void)g; (void)w; return WAX_OK; }
static wax_seal_store store = {load, save};
static wax_seal_group group;
static wax_sealer sealer;
void sensor(uint8_t *buffer, uint8_t *room);
uint8_t *volatile buffers;
void sensor(uint8_t *buffer, uint8_t *room) {
    wax_bytes envelope;
    const wax_seal_grant grant = {.epoch = 1, .secret = buffer};
    const wax_seal_message message = {.topic = WAX_TEXT("home/kitchen/temp")};
    const wax_seal_buffer b = {buffer, 128, 24, 4};
    group.suite = &wax_suite_ascon;
    group.tag_size = 16;
    sealer = (wax_sealer){.group = &group, .store = &store, .room = {room, 64}, .sender = 3};
    if (wax_sealer_start(&sealer, &grant) == WAX_OK && wax_sealer_seal(&sealer, &message, &b, &envelope) == WAX_OK)
        buffers = buffer;
}
void _start(void);
void _start(void) { sensor(buffers, buffers); }
"""


class Seal(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    @unittest.skipUnless(shutil.which("valgrind") and pathlib.Path("/usr/include/valgrind/memcheck.h").exists(),
                         "there is no valgrind")
    def test_no_branch_and_no_address_depends_on_a_secret_or_a_text(self):
        watched = ["valgrind", "--quiet", "--error-exitcode=9"]
        for level in ("-O0", "-O2", "-Os"):
            made = self.folder / f"secrets{level}"
            subprocess.run(["cc", "-std=c11", "-g", level, "-ffunction-sections", "-Wl,--gc-sections", f"-I{ROOT / 'src'}",
                            *map(str, SOURCES), str(ROOT / "tests/independent/seal_secrets.c"), "-o", str(made)], check=True)
            ran = subprocess.run([*watched, str(made)], capture_output=True, text=True)
            self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)
            self.assertEqual(subprocess.run([*watched, str(made), "leak"], capture_output=True).returncode, 9)

    @unittest.skipUnless(shutil.which("valgrind") and pathlib.Path("/usr/include/valgrind/memcheck.h").exists(),
                         "there is no valgrind")
    def test_nor_in_the_suites_of_a_library(self):
        """But for the verdict on the tag, which OpenSSL branches on."""
        watched = ["valgrind", "--quiet", "--error-exitcode=9", f"--suppressions={ROOT / 'tests/independent/seal_secrets.supp'}"]
        for suite, tag in (("wax_suite_chacha", 16), ("wax_suite_ccm", 16), ("wax_suite_ccm", 8)):
            made = self.folder / f"{suite}-{tag}"
            subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-g", "-O2", "-ffunction-sections", "-Wl,--gc-sections", f"-I{ROOT / 'src'}",
                            f"-DSUITE={suite}", f"-DSECRETS_TAG={tag}", *map(str, LIBRARY_SOURCES),
                            str(ROOT / "tests/independent/seal_secrets.c"), "-lcrypto", "-o", str(made)], check=True)
            ran = subprocess.run([*watched, str(made)], capture_output=True, text=True)
            self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)
            self.assertEqual(subprocess.run([*watched, str(made), "leak"], capture_output=True).returncode, 9)

    @unittest.skipUnless(shutil.which("valgrind") and pathlib.Path("/usr/include/valgrind/memcheck.h").exists(),
                         "there is no valgrind")
    def test_nor_in_a_member_from_its_mailbox_on(self):
        watched = ["valgrind", "--quiet", "--error-exitcode=9"]
        for level in ("-O0", "-O2"):
            made = self.folder / f"member{level}"
            subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-g", level, "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections",
                            f"-I{ROOT / 'src'}", *map(str, MEMBER_SOURCES), str(ROOT / "tests/independent/member_secrets.c"), "-lcrypto",
                            "-o", str(made)], check=True)
            ran = subprocess.run([*watched, str(made)], capture_output=True, text=True)
            self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)
            self.assertEqual(subprocess.run([*watched, str(made), "leak"], capture_output=True).returncode, 9)

    @unittest.skipUnless(shutil.which("arm-none-eabi-gcc"), "there is no compiler for Cortex-M")
    def test_a_sensor_that_seals_is_small(self):
        source, made = self.folder / "sensor.c", self.folder / "sensor"
        source.write_text(SENSOR)
        subprocess.run(["arm-none-eabi-gcc", "-std=c11", "-Os", "-mcpu=cortex-m0plus", "-mthumb", "-ffreestanding", "-nostartfiles",
                        "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "--specs=nano.specs", f"-I{ROOT / 'src'}",
                        *map(str, SOURCES), str(source), "-o", str(made)], check=True)
        words = subprocess.run(["arm-none-eabi-size", str(made)], capture_output=True, text=True, check=True).stdout.splitlines()[1]
        text, data, bss = map(int, re.findall(r"\d+", words)[:3])
        self.assertLessEqual(text + data, FLASH_MAX)
        self.assertLessEqual(data + bss, MEMORY_MAX)
        names = subprocess.run(["arm-none-eabi-nm", str(made)], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("wax_opener", names)
        self.assertNotIn("wax_crypto", names)


if __name__ == "__main__":
    unittest.main()
