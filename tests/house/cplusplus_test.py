"""Every door that a device or a program links behind opens to C++, and what it declares is C there."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import amalgamate  # noqa: E402
import tidy  # noqa: E402

STRICT = ("-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only")
ARM = ("arm-none-eabi-g++", "-mcpu=cortex-m0plus", "-mthumb", "-ffreestanding")
AVR = ("avr-g++", "-mmcu=atmega2560")
COMPILERS = [(compiler, *more, f"-std=c++{year}") for compiler, *more in (("g++",), ("clang++",), ARM) for year in (11, 17)]
COMPILERS += [(*AVR, "-std=c++11")]
# A room of TLS needs its library, which the first two have.
LIBRARIES = {"mbed": (), "wolf": ("-isystem", f"{ROOT}/build/device/wolfssl", f"-I{ROOT}/tests/backends/wolfssl",
                                  "-DWOLFSSL_USER_SETTINGS")}

# A client whose other end is in memory: the first bytes are CONNECT of MQTT 5 with its client id.
PROGRAM = """
#include "wax.h"
#include <cstdio>
#include <cstring>

int main()
{
    static uint8_t rooms[3][128], inboxes[2][128], got[128];
    static wax_flow slots[2];
    wax_client_config config = wax_client_config();
    wax_client client;
    wax_client_event event;
    wax_loopback here, there;
    size_t size = 0;
    const uint8_t key[16] = {};
    const bool is_same = wax_hash(reinterpret_cast<const uint64_t *>(rooms), WAX_TEXT("a")) ==
                         wax_hash(reinterpret_cast<const uint64_t *>(rooms), wax_bytes_of("a", 1));

    config.version = WAX_VERSION_5;
    config.client_id = WAX_TEXT("c++");
    config.receive_room = rooms[0];
    config.send_room = rooms[1];
    config.queue_room = rooms[2];
    config.receive_size = config.send_size = config.queue_size = sizeof rooms[0];
    config.outgoing_slots = &slots[0];
    config.incoming_slots = &slots[1];
    config.outgoing_count = config.incoming_count = 1;
    wax_loopback_open(&here, &there, inboxes[0], inboxes[1], sizeof inboxes[0]);
    if (!is_same || wax_secret_equals(key, key, sizeof key) == false ||
        wax_client_open(&client, &config, 1, 0) != WAX_OK || !wax_client_poll(&client, 0, &event) ||
        event.type != WAX_CLIENT_WANTS_CONNECTION || wax_client_attach(&client, &here.transport, 0) != WAX_OK) {
        return 1;
    }
    (void)wax_client_poll(&client, 0, &event);
    if (wax_transport_receive(&there.transport, got, sizeof got, &size) != WAX_OK) {
        return 2;
    }
    return got[0] == 0x10 && std::memcmp(got + size - 3, "c++", 3) == 0 && std::puts(wax_status_text(WAX_OK)) > 0 ? 0 : 3;
}
"""


def doors():
    house, _ = tidy.read_house(ROOT)
    return [room for room, (_, kind) in house.items() if kind == "pure" or room in ("crypto", *LIBRARIES)]


class CPlusPlus(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compile(self, command, rooms):
        (self.folder / "doors.cpp").write_text("".join(f'#include "{room}/{room}.h"\n' for room in rooms))
        libraries = [word for room in rooms for word in LIBRARIES.get(room, ())]
        ran = subprocess.run([*command, *STRICT, f"-I{ROOT}/src", *libraries, "doors.cpp"], cwd=self.folder,
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_each_door_opens_alone(self):
        subprocess.run([ROOT / "scripts/setup-device"], check=True, stdout=subprocess.DEVNULL)
        for room in doors():
            with self.subTest(room=room):
                self.compile(COMPILERS[0], [room])

    def test_all_doors_open_to_every_compiler(self):
        rooms = [room for room in doors() if room not in LIBRARIES]
        for command in COMPILERS:
            with self.subTest(compiler=" ".join(command)):
                self.compile(command, rooms)

    def test_what_a_door_declares_is_c(self):
        for room in doors():
            with self.subTest(room=room):
                source = tidy.Source(ROOT, ROOT / "src" / room / f"{room}.h")
                begin, end = (source.lines.index(word) for word in ("WAX_C_BEGIN", "WAX_C_END"))
                self.assertLess(max(number for number, *_ in tidy.includes_of(source)), begin + 1)
                declared = [item.line for item in source.items if item.is_declaration]
                self.assertLess(begin + 1, min(declared))
                self.assertLess(max(declared), end + 1)

    def test_a_program_in_cplusplus_talks_by_the_library(self):
        rooms = amalgamate.ROOMS
        (self.folder / "wax.h").write_text(amalgamate.join_header(rooms))
        (self.folder / "wax.c").write_text(amalgamate.join_source(rooms)[0])
        (self.folder / "program.cpp").write_text(PROGRAM)
        subprocess.run(["gcc", "-std=c11", "-c", "wax.c"], cwd=self.folder, check=True)
        for compiler in "g++", "clang++":
            for year in (11, 17):
                with self.subTest(compiler=compiler, year=year):
                    subprocess.run([compiler, f"-std=c++{year}", *STRICT[:-1], "program.cpp", "wax.o", "-o", "program"],
                                   cwd=self.folder, check=True)
                    ran = subprocess.run([self.folder / "program"], capture_output=True, text=True)
                    self.assertEqual(ran.returncode, 0, ran.stdout)


if __name__ == "__main__":
    unittest.main()
