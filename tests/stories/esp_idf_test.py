"""The component and the example of ports/esp-idf as a program of this machine, over a stand-in of ours for ESP-IDF (tests/esp-idf):
sealed from end to end, but without TLS, which is ESP-IDF's own. Neither ESP-IDF nor an ESP32 was in reach."""
import re
import signal
import subprocess
import unittest

import foreign
import sealed_tools_test
from mqtt_raw import CONNACK, Client, connect

ROOT = foreign.ROOT
PORT = ROOT / "ports/esp-idf"
EXAMPLE = PORT / "examples/sensor/main/main.c"
STAND_IN = ROOT / "tests/esp-idf"
SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def sources():
    """Those that the component names."""
    text = (PORT / "CMakeLists.txt").read_text()
    patterns = re.findall(r"\$\{WAX\}/(\S+\.c)", text)
    return [path for pattern in patterns for path in sorted((ROOT / "src").glob(pattern))] + [PORT / "wax_esp_tls.c"]


def build(folder, **settings):
    """As ESP-IDF does: the component is an archive, of which the linker takes what is called."""
    includes = [f"-I{folder}", f"-I{STAND_IN}", f"-I{PORT}", f"-I{ROOT}/src"]
    for header in re.findall(r"#include <([\w/]+\.h)>", EXAMPLE.read_text() + (PORT / "wax_esp_tls.h").read_text()):
        if header not in ("stdalign.h", "stdio.h"):
            (folder / header).parent.mkdir(exist_ok=True)
            (folder / header).write_text('#include "stand_in.h"\n')
    for room in {path.parent for path in sources()}:
        objects = folder / "objects" / room.name
        objects.mkdir(parents=True)
        foreign.run("gcc", "-std=gnu11", *SANITIZED, *includes, '-DWAX_VERSION_TEXT="0"', "-c",
                    *(path for path in sources() if path.parent == room), cwd=objects, timeout=120)
        foreign.run("ar", "qc", folder / "libwax.a", *sorted(objects.glob("*.o")))  # files of two rooms may have one name
    foreign.run("ranlib", folder / "libwax.a")
    foreign.run("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", *SANITIZED, *includes,
                *(f"-D{name}={value}" for name, value in settings.items()), EXAMPLE, STAND_IN / "stand_in.c", folder / "libwax.a",
                "-o", folder / "sensor")
    return folder / "sensor"


class EspIdf(foreign.Story):
    def run_sensor(self, sensor, log):
        with log.open("wb") as said:
            process = subprocess.Popen([*foreign.still_addresses(), sensor], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                       cwd=self.home)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_reading_is_sealed_from_end_to_end(self):
        broker = self.open_broker("log_type all\nworkers 1\n")
        folder = self.home / "build"
        folder.mkdir()
        sensor = build(folder, BROKER_HOST='"127.0.0.1"', BROKER_PORT=broker.port, PERIOD_MS=200)
        devices = {name: sealed_tools_test.Device(self, name) for name in ("esp32", "reader")}
        for name, role in (("esp32", sealed_tools_test.WRITES), ("reader", sealed_tools_test.READS)):
            number = 1 if role == sealed_tools_test.WRITES else 0
            (self.home / "mail").write_bytes(devices[name].mailbox(1, [sealed_tools_test.group(role, number, filters=("plant/#",))]))
            foreign.run(foreign.WAX, "pub", "-h", "127.0.0.1", "-p", broker.port, "-q", 1, "-t", f"wax/k/{name}", "-r",
                        "-f", self.home / "mail")
        (self.home / "psk").write_bytes(devices["esp32"].psk)
        observer = Client(broker.port, 5)
        self.addCleanup(observer.close)
        observer.send(connect("observer", version=5))
        observer.expect(CONNACK)
        observer.subscribe("plant/reading")
        for start in (1, 2):  # the second goes on with what the first wrote down
            with self.subTest(start=start):
                reading = self.start(foreign.WAX, "sub", "-h", "127.0.0.1", "-p", broker.port, "-q", 1, "--seal",
                                     devices["reader"].keys, "-i", "reader-id", "-t", "plant/reading", "-C", 3, "-W", 25)
                broker.wait_for_log("subscribed client=reader-id filter=plant/reading", start)
                log = self.home / f"sensor-{start}.log"
                process = self.run_sensor(sensor, log)
                said = [int(line) for line in self.finish(reading).split()]
                self.assertEqual(said, list(range(said[0], said[0] + 3)), log.read_text())
                foreign.wait_until(lambda: "delivered" in log.read_text(), f"an acknowledgement: {log.read_text()}")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(), -signal.SIGTERM, log.read_text())
        self.assertGreater(len(observer.message().payload), 20)  # an envelope, not a number


if __name__ == "__main__":
    unittest.main()
