"""The module and the sample of ports/zephyr as a program of this machine, over a stand-in of ours for Zephyr (tests/zephyr), but without
TLS, which is Zephyr's own. Neither Zephyr nor a board for it was in reach."""
import subprocess
import unittest

import foreign
from mqtt_raw import Client

PORT = foreign.ROOT / "ports/zephyr"
ROOMS = ("base", "wire", "transport", "session", "client")
SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


class Zephyr(foreign.Story):
    def build(self, **settings):
        sources = [path for room in ROOMS for path in sorted((foreign.ROOT / "src" / room).glob("*.c"))]
        sensor = self.home / "sensor"
        foreign.run("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", *SANITIZED, '-DWAX_VERSION_TEXT="0"',
                    f"-I{foreign.ROOT}/tests/zephyr", f"-I{PORT}", f"-I{foreign.ROOT}/src",
                    *(f"-D{name}={value}" for name, value in settings.items()), *sources, PORT / "wax_zephyr.c",
                    PORT / "samples/sensor/src/main.c", foreign.ROOT / "tests/zephyr/stand_in.c", "-o", sensor, timeout=120)
        return sensor

    def peer(self, broker):
        client = Client(broker.port, 4)
        self.addCleanup(client.close)
        client.connect("peer")
        client.subscribe(("plant/reading", 1))
        return client

    def assert_readings(self, peer, after):
        numbers = [int(peer.message(timeout=30).payload) for _ in range(3)]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))
        self.assertGreaterEqual(numbers[0], after)  # what was not acknowledged is told again
        return numbers[-1]

    def test_readings_go_on_when_the_broker_is_back(self):
        broker = self.open_broker("workers 1\n")
        sensor, log = self.build(BROKER_HOST='"127.0.0.1"', BROKER_PORT=f'"{broker.port}"', PERIOD_MS=200), self.home / "sensor.log"
        peer = self.peer(broker)
        with log.open("wb") as said:
            process = subprocess.Popen([*foreign.still_addresses(), sensor], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        last = self.assert_readings(peer, 0)
        broker.stop()
        broker.start()
        self.assert_readings(self.peer(broker), last)
        self.assertIn("the connection ends: ", log.read_text())
        self.assertIsNone(process.poll(), log.read_text())


if __name__ == "__main__":
    unittest.main()
