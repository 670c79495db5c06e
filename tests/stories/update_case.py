"""Vendor, operator and device of the stories about wax update. None of them uses TLS: what protects an image is its signature."""
import hashlib
import pathlib

from peers import WAX, Server, Story, free_port, mosquitto, wax

VENDOR = ["--vendor", "acme", "--class", "pump"]


class Updates(Story):
    @classmethod
    def prepare(cls):
        cls.ports = {name: free_port() for name in ("wax", "mosquitto")}
        port = cls.ports["wax"]
        config = cls.folder.write("wax.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        cls.serve(Server(cls.folder, [WAX, "broker", "-c", config], [port]))
        port = cls.ports["mosquitto"]
        cls.serve(mosquitto(cls.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port]))
        cls.home = pathlib.Path(cls.folder.path)
        cls.key = cls.home / "vendor.key"
        cls.trust = cls.home / "vendor.key.pub"
        wax("update", "key", cls.key)

    def setUp(self):
        self.prefix = self._testMethodName
        self.at = self.home / self.prefix
        self.at.mkdir()

    # --- The vendor ---

    def image(self, version, size=20000):
        path = self.at / f"v{version}.bin"
        path.write_bytes(hashlib.shake_128(f"{self.prefix} {version}".encode()).digest(size))
        return path

    def sign(self, version, *words, size=20000, code=0):
        path = self.image(version, size)
        wax("update", "sign", path, "--vendor-key", self.key, *VENDOR, "--number", version, *words, code=code)
        return path

    # --- The operator ---

    def broker(self, broker="wax"):
        return ["-h", "127.0.0.1", "-p", self.ports[broker], "--prefix", self.prefix]

    def push(self, path, *words, broker="wax", **more):
        return wax("update", "push", path, "--trust", self.trust, *self.broker(broker), *words, **more)

    def status(self, *words):
        lines = wax("update", "status", *self.broker(), "--settle", 0.5, *words).out.splitlines()
        return {line.split()[0]: line.split()[1:] for line in lines[1:]}

    def publish(self, topic, payload, broker="wax"):
        """What a stranger may do."""
        path = self.at / "stranger"
        path.write_bytes(payload)
        wax("pub", "-p", self.ports[broker], "-t", f"{self.prefix}/u/{topic}", "-r", "-q", 1, "-f", path)

    # --- The device ---

    def make(self, name="pump-1", version=6, *words):
        path = self.at / f"v{version}.bin"
        path = path if path.exists() else self.sign(version)
        flash = self.at / name
        wax("update", "device", flash, "--factory", path, "--trust", self.trust, *VENDOR, "--slot-size", 32768, *words)
        return flash

    def words(self, flash, *words, broker="wax"):
        return ["update", "device", flash, "--trust", self.trust, *VENDOR, "--device", flash.name, *self.broker(broker), *words]

    def live(self, flash, *words, code=0, broker="wax"):
        return wax(*self.words(flash, "-W", 25, *words, broker=broker), code=code)

    def spawn(self, flash, *words, broker="wax"):
        return self.background(WAX, *self.words(flash, *words, broker=broker))

    def assert_holds(self, flash, image):
        self.assertIn(image.read_bytes(), flash.read_bytes())
