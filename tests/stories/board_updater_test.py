"""A firmware update of 512 KiB over the network: `wax update push`, a broker, and a Cortex-M4 with 16 KB for all its buffers. Power goes in
the middle of what the device does, and the emulator's process with it; the flash alone stays."""
import board_test
import board_updater_case
import foreign
from board_updater_case import CHUNK, IMAGE, RAM_KB, UpdaterStory, image

setUpModule = board_test.setUpModule

UNIT = board_updater_case.SECTOR // CHUNK  # chunks that are lost at most
PER_UNIT = UNIT + 2  # erasure, chunks, mark


class Whole(UpdaterStory):
    def take_update(self, broker, size=IMAGE):
        observer = self.watch(broker)
        board = self.power_on(broker)
        self.wait_for(observer, lambda status: status["state"] == "idle" and status["version"] == 6)
        self.push(broker, content=image(7, size))
        for state in ("receiving", "checking", "trial"):
            self.wait_for(observer, lambda status: status["state"] == state)
        status = self.wait_for(observer, lambda status: status["state"] == "idle")
        self.assertEqual(status, {"vendor": "acme", "class": "pump", "version": 7, "state": "idle"})
        said = self.finish(board)
        self.assertEqual(self.slot(1)[:size], image(7, size))
        self.assertEqual(self.slot(0), image(6))
        self.assertEqual(self.status(broker)["board"], ["pump", "7", "idle"])
        self.assertIn(f"chunks: {size // CHUNK}\n", said)
        return said

    def assert_small(self, said):
        """All buffers, the network's, those of TLS and what verifying takes."""
        self.assertLessEqual(self.number(said, "buffers:") + self.number(said, "heap:"), RAM_KB * 1024)

    def tls_broker(self, lines):
        """The board comes through TLS, the operator through the other listener."""
        return self.broker("user root\nlog_type all\nper_listener_settings true\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
                           f"{lines}listener {{port2}} 127.0.0.1\nallow_anonymous true\n")


class ByTcp(Whole):
    def test_half_a_megabyte(self):
        self.assert_small(self.take_update(self.open_broker("log_type all\n")))


class ByKey(Whole):
    IMAGE = "updater_key"

    def test_half_a_megabyte(self):
        self.write("psk", f"board:{board_test.TlsByMbed.KEY}\n").chmod(0o600)
        (self.home / "psk.bin").write_bytes(bytes.fromhex(board_test.TlsByMbed.KEY))
        broker = self.tls_broker(f"psk_hint wax\npsk_file {self.home}/psk\n")
        self.assert_small(self.take_update(broker))
        self.assertRegex(broker.log(), "client_connected client=board .*tls=TLSv1.2")


class ByCertificate(Whole):
    IMAGE = "updater_certificate"

    def test_a_small_image(self):
        folder = self.pki.folder
        foreign.run("openssl", "x509", "-in", folder / "ca.crt", "-outform", "der", "-out", self.home / "ca.der")
        broker = self.tls_broker(f"certfile {folder}/server.crt\nkeyfile {folder}/server.key\n")
        self.take_update(broker, 16 * CHUNK)
        self.assertRegex(broker.log(), "client_connected client=board .*tls=TLSv1.2")


class Broker(UpdaterStory):
    def test_it_goes_away_and_comes_back(self):
        broker = self.open_broker("log_type all\n")
        self.push(broker)
        observer = self.watch(broker)
        board = self.power_on(broker)
        self.wait_for(observer, lambda status: status.get("done", 0) >= 100)
        broker.stop()
        broker.start()  # it knows nothing of before
        self.push(broker)
        self.wait_for(self.watch(broker), lambda status: status["state"] == "idle" and status["version"] == 7)
        said = self.finish(board)
        self.assertEqual(said.count("boots\n"), 2)
        self.assertEqual(said.count("receiving\n"), 1)
        self.assertIn(f"chunks: {IMAGE // CHUNK}\n", said)  # none was taken twice
        self.assertEqual(self.slot(1), image(7))


class Power(UpdaterStory):
    def asked(self, broker):
        """The chunks that the device asked the broker for, in this order."""
        prefix = "filter=wax/u/pump/7/"
        return [int(line.split(prefix)[1].split()[0]) for line in broker.log().splitlines()
                if " subscribed client=board " in line and prefix in line]

    def power_goes(self, broker, cut):
        """A life of the device up to an operation of the flash; gives where it went on."""
        board = self.power_on(broker, cut=cut)
        said = self.read_until(board, "power goes")
        self.pull_plug(board)
        self.assertIn("boots", said)
        return self.number(said, "goes on at chunk:")

    def test_power_goes_at_writes_of_the_flash(self):
        """In the records, in the log, in erasures, chunks and marks; each time it boots what was signed, and goes on where it was."""
        broker = self.open_broker("log_type all\n")
        self.push(broker)
        begin = 4  # erasure and write of the record, then of the log
        for cut in (1, 2, 3, 4):
            with self.subTest(cut=cut):
                self.assertEqual(self.power_goes(broker, cut), 0)
                self.assertEqual(self.slot(0), image(6))
        units = 0
        for done, part, first in ((40, 0, begin), (30, 1, 0), (30, UNIT + 1, 0)):
            with self.subTest(units=units + done, part=part):
                before = len(self.asked(broker))
                self.assertEqual(self.power_goes(broker, first + done * PER_UNIT + part + 1), units * UNIT)
                asked = self.asked(broker)[before:]
                self.assertEqual(min(asked), units * UNIT)
                # A mark that was begun counts.
                units += done + (1 if part == UNIT + 1 else 0)
        self.go_on(broker, units)

    def go_on(self, broker, units):
        left = IMAGE // CHUNK // UNIT - units
        before = len(self.asked(broker))
        self.assertEqual(self.power_goes(broker, left * PER_UNIT + 1), units * UNIT)  # in the record that it is to be tried
        self.assertEqual(sorted(set(self.asked(broker)[before:])), list(range(units * UNIT, IMAGE // CHUNK)))
        before = len(self.asked(broker))
        self.assertEqual(self.power_goes(broker, 4), 0)  # in the record that it is confirmed, after a restart
        self.assertEqual(self.asked(broker)[before:], [])
        said = self.finish(self.power_on(broker))
        self.assertIn("trial\nversion: 7\n", said)
        self.assertEqual(self.slot(1), image(7))

    def test_power_goes_at_any_moment(self):
        """The emulator's process is killed as it is; nothing in the image knows of it."""
        broker = self.open_broker("log_type all\n")
        self.push(broker)
        observer = self.watch(broker)
        at = 0
        for share in (0.2, 0.5, 0.8):
            board = self.power_on(broker)
            self.wait_for(observer, lambda status: status.get("done", 0) >= share * IMAGE // CHUNK)
            self.pull_plug(board)
            went_on = self.number(board.stdout.read().decode(), "goes on at chunk:")
            self.assertGreaterEqual(went_on, at)
            at = int(share * IMAGE / CHUNK) - UNIT
        said = self.finish(self.power_on(broker))
        self.assertGreaterEqual(self.number(said.split("trial")[0], "goes on at chunk:"), at)
        self.assertEqual(self.slot(1), image(7))
        # Each loss of power costs a unit that was not whole, and what was asked for and did not come.
        self.assertLessEqual(len(self.asked(broker)), IMAGE // CHUNK + 3 * 2 * UNIT)


if __name__ == "__main__":
    import unittest
    unittest.main()
