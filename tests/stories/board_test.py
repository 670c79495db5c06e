"""The images of ports/cortex-m, on the Cortex-M4 board that QEMU emulates: no image knows that it is not the real thing, and
none reaches anything but the broker."""
import fcntl
import pathlib
import re
import sys
import unittest

import foreign
import sealed_tools_test
from mqtt_raw import CONNACK, Client, connect

sys.path.insert(0, str(foreign.ROOT / "scripts"))
import images

RELAY = pathlib.Path(__file__).with_name("relay.py")
IMAGES = foreign.ROOT / "build/board/ports/cortex-m"


def setUpModule():
    """Builds the images; the files of tests that want them take turns."""
    (foreign.ROOT / "build").mkdir(exist_ok=True)
    with (foreign.ROOT / "build/board.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        foreign.run(foreign.ROOT / "scripts/setup-device", timeout=600, env=None)
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if foreign.shutil.which("ccache") else []
        foreign.run("cmake", "--preset", "board", *launcher, timeout=300, env=None, cwd=foreign.ROOT)
        foreign.run("cmake", "--build", "--preset", "board", "-j", 2, timeout=900, env=None, cwd=foreign.ROOT)


class BoardStory(foreign.TlsStory):
    def boot(self, image, broker, *words):
        """Starts the board. It reads and writes files in the story's folder, and 10.0.2.100:1883 is the broker to it."""
        network = (f"user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:1883-cmd:{sys.executable} {RELAY} {broker.port}")
        board = self.start("qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none",
                           "-semihosting-config", "enable=on,target=native", "-netdev", network,
                           "-net", "nic,model=lan9118,netdev=net", *words, "-kernel", IMAGES / f"{image}.elf", cwd=self.home)
        board.image = image
        return board

    def finish(self, process, code=0):
        """What a board says of its memory stays below the gates of its image."""
        said = super().finish(process, code)
        if hasattr(process, "image"):
            for what, size in re.findall(r"(?m)^(heap|stack): (\d+)$", said):
                self.assertEqual(images.breaches(process.image, {what: int(size)}), [])
        return said

    def tool(self, tool, broker, *words):
        """Through the listener that has no TLS, the last one."""
        return foreign.run(foreign.WAX, tool, "-h", "127.0.0.1", "-p", broker.ports[-1], "-q", 1, *words)

    def observer(self, broker, topic):
        client = Client(broker.port, 5)
        self.addCleanup(client.close)
        client.send(connect("observer", version=5))
        client.expect(CONNACK)
        client.subscribe(topic)
        return client


class Sizes(unittest.TestCase):
    def test_no_image_is_larger_than_its_gate(self):
        maps = sorted(IMAGES.glob("*.map"))
        self.assertEqual({path.stem for path in maps}, set(images.gates()))
        self.assertEqual([line for path in maps for line in images.breaches(path.stem, images.measure(path))], [])


class Tcp(BoardStory):
    def test_a_reading_goes_out_and_a_command_comes_in(self):
        broker = self.open_broker("log_type all\n")
        observer = self.observer(broker, "plant/reading")
        board = self.boot("sensor_tcp", broker)
        self.assertEqual(observer.message().payload, b"21.5 C")
        observer.publish("plant/command", b"blink")
        observer.publish("plant/command", b"stop")
        said = self.finish(board)
        self.assertIn("told something else\ntold to stop\n", said)
        broker.wait_for_log("client_disconnected client=board")
        self.assertRegex(broker.log(), "client_disconnected client=board .*said good-bye")

    def test_an_image_that_fails_says_so(self):
        """An exit status that is always 0 would be no verdict."""
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous false\n")
        said = self.finish(self.boot("sensor_tcp", broker), code=2)
        self.assertIn("not authorized", said.lower())


class TlsByMbed(BoardStory):
    """Each image connects twice, the second time by what it saved of the first."""

    LIBRARY = ""
    KEY = "00112233445566778899aabbccddeeff"

    def key_broker(self, key=KEY):
        self.write("psk", f"board:{key}\n").chmod(0o600)
        (self.home / "psk.bin").write_bytes(bytes.fromhex(self.KEY))
        return self.started("psk_hint wax\npsk_file {home}/psk\n")

    def started(self, lines):
        broker = self.broker(f"user root\nlog_type all\nsys_interval 1\nsys_anonymous true\nper_listener_settings true\nlistener {{port}} 127.0.0.1\nallow_anonymous true\n{lines}"
                             "listener {port2} 127.0.0.1\nallow_anonymous true\n")
        # Each connection is told to stop as soon as it subscribes.
        self.tool("pub", broker, "-t", "plant/command", "-m", "stop", "-r")
        return broker

    def certificate_broker(self, server="server", more="", own=None, ca="ca"):
        folder = self.pki.folder
        for name, kind in ((f"{ca}.crt", "ca.der"), *(((f"{own}.crt", "board.der"),) if own else ())):
            foreign.run("openssl", "x509", "-in", folder / name, "-outform", "der", "-out", self.home / kind)
        if own:
            foreign.run("openssl", "pkey", "-in", folder / f"{own}.key", "-outform", "der", "-out", self.home / "board.key.der")
        return self.started(f"certfile {folder}/{server}.crt\nkeyfile {folder}/{server}.key\n{more}")

    def assert_resumed(self, image, broker, words):
        said = self.finish(self.boot(image, broker))
        self.assertEqual(said.count("told to stop"), 2, said)
        broker.wait_for_log("client_disconnected client=board", 2)
        lines = [line for line in broker.log().splitlines() if "client_connected client=board" in line]
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, words)
        foreign.wait_until(lambda: self.tool("sub", broker, "-t", "$SYS/broker/tls/resumed/count", "-C", 1) == "1\n",
                           "the broker to count a session that went on")

    def test_a_key_in_common(self):
        self.assert_resumed("sensor_key" + self.LIBRARY, self.key_broker(), "tls=TLSv1.2")

    def test_another_key(self):
        broker = self.key_broker("ff" * 16)
        said = self.finish(self.boot("sensor_key" + self.LIBRARY, broker), code=2)
        self.assertIn("the server has another pre-shared key for our identity", said)
        broker.wait_for_log("the client's pre-shared key is not the one in psk_file")

    def test_a_certificate(self):
        self.assert_resumed("sensor_certificate" + self.LIBRARY, self.certificate_broker(), "tls=TLSv1.2")

    def test_certificates_of_both(self):
        broker = self.certificate_broker(own="alice", more=f"cafile {self.pki.folder}/ca.crt\nrequire_certificate true\n"
                                                           "use_identity_as_username true\n")
        self.assert_resumed("sensor_certificate" + self.LIBRARY, broker, "user=alice .*tls=TLSv1.2")

    def test_whom_the_board_does_not_trust(self):
        for server, ca, words in (("elsewhere", "ca", "another name"), ("server", "stranger", "no CA that this device trusts")):
            with self.subTest(server=server, ca=ca):
                broker = self.certificate_broker(server, ca=ca)
                self.assertIn(words, self.finish(self.boot("sensor_certificate" + self.LIBRARY, broker), code=2))
                self.assertNotIn("client_connected client=board", broker.log())


class TlsByWolf(TlsByMbed):
    LIBRARY = "_wolfssl"


class SealedStory(BoardStory):
    """The reader and who commands are of the tools; who gives out keys is an implementation of its own."""

    def equip(self, broker, name, role, sender=0):
        device = sealed_tools_test.Device(self, name)
        self.write("mail", "").write_bytes(device.mailbox(1, [sealed_tools_test.group(role, sender, filters=("plant/#",))]))
        self.tool("pub", broker, "-t", f"wax/k/{name}", "-r", "-f", self.home / "mail")
        return device


class Sealed(SealedStory):
    def test_a_reading_goes_out_and_a_command_comes_in(self):
        broker = self.open_broker("log_type all\nworkers 1\n")
        board = self.equip(broker, "board", sealed_tools_test.BOTH, 1)
        (self.home / "psk.bin").write_bytes(board.psk)
        reader = self.equip(broker, "reader", sealed_tools_test.READS)
        chief = self.equip(broker, "chief", sealed_tools_test.BOTH, 2)
        observer = self.observer(broker, "plant/reading")
        for start in (1, 2):
            with self.subTest(start=start):
                reading = self.start(foreign.WAX, "sub", "-h", "127.0.0.1", "-p", broker.port, "-q", 1, "--seal", reader.keys, "-i", "reader-id",
                                     "-t", "plant/reading", "-C", 1, "-W", 25)
                broker.wait_for_log("subscribed client=reader-id filter=plant/reading", start)
                image = self.boot("sensor_sealed", broker)
                self.assertEqual(self.finish(reading), "21.5 C\n")
                self.assertNotIn(b"21.5", observer.message().payload)
                self.tool("pub", broker, "-t", "plant/command", "-m", "stop")
                self.tool("pub", broker, "-t", "plant/command", "-m", "stop", "--seal", chief.keys)
                self.assertIn("told what nobody with keys said\ntold to stop\n", self.finish(image))


if __name__ == "__main__":
    unittest.main()
