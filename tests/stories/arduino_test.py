"""The example of ports/arduino against the broker: as a program of this machine, whose network are sockets, and as an image for an
Arduino Mega, by Arduino's own compiler and core, in an emulator of its processor whose network is a serial line. No board ran it."""
import re
import tempfile
import unittest

import arduino
import foreign
from mqtt_raw import Client

README = (foreign.ROOT / "ports/arduino/README.md").read_text()


class Arduino(foreign.Story):
    def setUp(self):
        super().setUp()
        self.library = arduino.make_library(self.home)

    def peer(self, broker):
        client = Client(broker.port, 4)
        self.addCleanup(client.close)
        client.connect("peer")
        client.subscribe(("home/room/light", 1))
        return client

    def assert_readings(self, peer, count=3):
        """So many, each once, and none is left out."""
        numbers = [int(peer.message(timeout=30).payload) for _ in range(count)]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + count)))

    def test_a_sketch_tells_listens_and_comes_back(self):
        broker = self.open_broker("workers 1\n")
        sketch = arduino.build_for_host(self.library, "Sensor", self.home, BROKER_HOST="127.0.0.1", BROKER_PORT=broker.port,
                                        PERIOD_MS=100)
        peer = self.peer(broker)
        log = self.home / "sketch.log"
        with log.open("wb") as said:
            process = arduino.subprocess.Popen([sketch], stdin=arduino.subprocess.DEVNULL, stdout=said, stderr=said)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assert_readings(peer)
        for word in ("on", "off"):
            peer.publish("home/room/lamp", word.encode(), 1)
            foreign.wait_until(lambda: f"the lamp is {word}\n" in log.read_text(), f"the lamp {word}: {log.read_text()}")
        broker.stop()
        broker.start()
        peer = self.peer(broker)
        self.assert_readings(peer)
        self.assertEqual(log.read_text().count("connected\n"), 2)
        self.assertIsNone(process.poll(), log.read_text())

    def test_an_image_for_a_board_talks_to_the_broker(self):
        broker = self.open_broker("workers 1\n")
        image, *_ = arduino.build_for_board(self.library, "Sensor", "mega", self.home, PERIOD_MS=200)
        peer = self.peer(broker)
        log = self.home / "board.log"
        with log.open("wb") as said:
            process = arduino.subprocess.Popen([arduino.build_emulator(self.home), image, arduino.BOARDS["mega"][0], str(broker.port)],
                                               stdin=arduino.subprocess.DEVNULL, stdout=said, stderr=said)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for _ in range(3):
            self.assertRegex(peer.message(timeout=60).payload, rb"^[0-9]+$")
        peer.publish("home/room/lamp", b"on", 1)
        foreign.wait_until(lambda: "the lamp is on" in log.read_text(errors="replace"), f"the lamp: {log.read_text(errors='replace')}")
        foreign.wait_until(lambda: log.read_text(errors="replace").count("delivered ") > 3, "acknowledgements")


class Sizes(unittest.TestCase):
    def test_the_readme_tells_the_sizes(self):
        """In its table: a row `| board | flash | memory |`. Nothing is larger, nor much smaller, and all of it fits the board."""
        with tempfile.TemporaryDirectory() as folder:
            library = arduino.make_library(folder)
            for board, (*_, flash_max, memory_max) in arduino.BOARDS.items():
                with self.subTest(board=board):
                    _, flash, memory = arduino.build_for_board(library, "Sensor", board, folder)
                    row = re.search(rf"(?m)^\| {board} \| ([0-9,]+) \| ([0-9,]+) \|$", README)
                    for size, told, slack in zip((flash, memory), row.groups(), (500, 200)):
                        self.assertIn(int(told.replace(",", "")) - size, range(slack), f"{size} bytes")
                    self.assertLess(flash, flash_max)
                    self.assertLess(memory, memory_max)


if __name__ == "__main__":
    unittest.main()
