"""A device with a pre-shared key and Ascon takes its keys with what it has: no curve, no SHA-256, nothing of the authority."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Bytes of flash of a device that opens mailboxes and writes statuses with Ascon, C library and all; and of memory beside its buffer.
FLASH_MAX, MEMORY_MAX = 11000, 256

# As a linker sees it that takes only what is asked for.
SOURCES = [ROOT / "src" / name for name in """
    base/bytes.c base/reader.c base/utf8.c base/writer.c ascon/aead.c ascon/hash.c ascon/permutation.c cbor/read.c cbor/write.c
    seal/box.c seal/suite_ascon.c keys/checks.c keys/fields_read.c keys/fields_write.c keys/letter.c keys/letter_open.c
    keys/letter_seal.c keys/mailbox.c keys/mailbox_open.c keys/profile_ascon.c keys/profile_psk.c keys/status.c
    keys/status_seal.c keys/walk.c""".split()]

DEVICE = """
#include "keys/keys.h"
static wax_status keep(wax_keys_mark *m, uint32_t g, uint64_t v) { (void)m; (void)g; (void)v; return WAX_OK; }
uint8_t *volatile buffers;
volatile int taken;
void device(uint8_t *buffer, size_t size);
void device(uint8_t *buffer, size_t size) {
    const wax_keys_ends ends = {.profile = &wax_keys_ascon, .name_space = buffer, .topic = WAX_TEXT("wax/k/lamp"), .psk = buffer};
    const wax_keys_status status = {.count = 1, .boot_nonce = buffer};
    wax_keys_mark mark = {.keep = keep};
    wax_writer out = wax_writer_over(buffer, size);
    wax_keys_mailbox mailbox;
    wax_keys_group group;
    wax_keys_epoch epoch;
    taken = wax_keys_mailbox_open(&mailbox, &mark, &ends, buffer, size);
    while (wax_keys_next_group(&mailbox.groups, &group)) {
        taken += wax_keys_may_send(&group.senders, 3);
        while (wax_keys_next_epoch(&group.epochs, &epoch)) {
            taken += epoch.secret[0];
        }
    }
    taken += wax_keys_status_seal(&out, &ends, &status);
}
void _start(void);
void _start(void) { device(buffers, 1024); }
"""


class Keys(unittest.TestCase):
    @unittest.skipUnless(shutil.which("arm-none-eabi-gcc"), "there is no compiler for Cortex-M")
    def test_a_device_that_takes_its_keys_is_small(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        source, made = folder / "device.c", folder / "device"
        source.write_text(DEVICE)
        subprocess.run(["arm-none-eabi-gcc", "-std=c11", "-Os", "-mcpu=cortex-m0plus", "-mthumb", "-ffreestanding", "-nostartfiles",
                        "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "--specs=nano.specs", f"-I{ROOT / 'src'}",
                        *map(str, SOURCES), str(source), "-o", str(made)], check=True)
        words = subprocess.run(["arm-none-eabi-size", str(made)], capture_output=True, text=True, check=True).stdout.splitlines()[1]
        text, data, bss = map(int, re.findall(r"\d+", words)[:3])
        self.assertLessEqual(text + data, FLASH_MAX)
        self.assertLessEqual(data + bss, MEMORY_MAX)
        names = subprocess.run(["arm-none-eabi-nm", str(made)], capture_output=True, text=True, check=True).stdout
        for strange in ("wax_crypto", "wax_hpke", "wax_hkdf", "wax_keys_mailbox_seal", "wax_keys_sign"):
            self.assertNotIn(strange, names)


if __name__ == "__main__":
    unittest.main()
