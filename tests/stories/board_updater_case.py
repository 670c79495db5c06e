"""The images `updater_*` of ports/cortex-m: a device on an emulated Cortex-M4 whose flash is a file of this machine, with an image of
512 KiB that runs. The factory is the second implementation of docs/update.md; vendor and operator are `wax update`."""
import hashlib
import json
import threading

import board_test
import firmware
import foreign
from mqtt_raw import CONNACK, Client, connect

SECTOR, IMAGE, CHUNK, MEMORY = 4096, 512 * 1024, 1024, 16 << 20
LOGS = 2 * IMAGE
STATES = LOGS + 2 * SECTOR
TOPIC = "wax/u/board/status"
RAM_KB = 16


def image(version, size=IMAGE):
    return hashlib.shake_128(f"version {version}".encode()).digest(size)


class UpdaterStory(board_test.BoardStory):
    IMAGE = "updater_tcp"

    def setUp(self):
        super().setUp()
        self.key = self.home / "vendor.key"
        self.trust = self.home / "vendor.key.pub"
        foreign.run(foreign.WAX, "update", "key", self.key)
        self.secret = firmware.read_key(self.key)
        (self.home / "anchor.bin").write_bytes(firmware.point(self.secret.public_key()))
        self.equip(6)

    # --- The device ---

    def equip(self, version):
        """Flash as it leaves the factory."""
        content = image(version)
        manifest = firmware.sign(firmware.describe(content, "acme", "pump", version, chunk_size=CHUNK), self.secret)
        flash = bytearray(b"\xff" * (STATES + 2 * SECTOR))
        for at, what in ((0, content), (LOGS, firmware.log_head(0, manifest)),
                         (STATES + SECTOR, firmware.state_record(versions=(version, 0), highest=version))):
            flash[at:at + len(what)] = what
        self.flash = self.home / "flash"
        self.flash.write_bytes(flash)
        with self.flash.open("r+b") as file:
            file.truncate(MEMORY)

    def slot(self, number):
        with self.flash.open("rb") as file:
            file.seek(number * IMAGE)
            return file.read(IMAGE)

    def power_on(self, broker, until=7, cut=0, words=()):
        (self.home / "until").write_text(f"{until}")
        (self.home / "cut").write_text(f"{cut}")
        return self.boot(self.IMAGE, broker, "-object", f"memory-backend-file,id=flash,size={MEMORY},mem-path={self.flash},share=on",
                         "-machine", "memory-backend=flash", *words)

    def read_until(self, board, line):
        """What the board says up to a line; a board that never says it is ended."""
        said = []
        timer = threading.Timer(4 * foreign.PATIENCE_S, board.kill)
        timer.start()
        for raw in board.stdout:
            said.append(raw.decode(errors="replace").rstrip("\n"))
            if said[-1] == line:
                timer.cancel()
                return said
        raise AssertionError(f"the board never said {line}:\n" + "\n".join(said))

    @staticmethod
    def pull_plug(board):
        """Ends it as a loss of power does: nothing of it runs on, whatever it was about to do."""
        board.kill()
        board.wait()

    @staticmethod
    def number(said, what):
        """The last figure that the board printed behind these words."""
        lines = said if isinstance(said, list) else said.splitlines()
        return int([line for line in lines if line.startswith(f"{what} ")][-1].split()[-1])

    # --- Operator and onlooker ---

    def push(self, broker, version=7, content=None, *words):
        path = self.home / f"v{version}.bin"
        path.write_bytes(image(version) if content is None else content)
        foreign.run(foreign.WAX, "update", "sign", path, "--vendor-key", self.key, "--vendor", "acme", "--class", "pump", "--number",
                    version, "--chunk-size", CHUNK)
        foreign.run(foreign.WAX, "update", "push", path, "--trust", self.trust, "-h", "127.0.0.1", "-p", broker.ports[-1], *words)

    def status(self, broker):
        said = foreign.run(foreign.WAX, "update", "status", "-h", "127.0.0.1", "-p", broker.ports[-1], "--settle", 0.5)
        return {line.split()[0]: line.split()[1:] for line in said.splitlines()[1:]}

    def watch(self, broker):
        client = Client(broker.ports[-1], 5)
        self.addCleanup(client.close)
        client.send(connect("observer", version=5))
        client.expect(CONNACK)
        client.subscribe(TOPIC)
        return client

    def wait_for(self, client, claim):
        """The first status of which the claim holds."""
        while True:
            status = json.loads(client.message(timeout=foreign.PATIENCE_S).payload)
            if claim(status):
                return status
