"""The images of ports/cortex-m, on the Cortex-M4 board that QEMU emulates: no image knows that it is not the real thing, and
none reaches anything but the broker."""
import pathlib
import sys

import foreign
from mqtt_raw import CONNACK, Client, connect

RELAY = pathlib.Path(__file__).with_name("relay.py")
IMAGES = foreign.ROOT / "build/board/ports/cortex-m"


def setUpModule():
    foreign.run(foreign.ROOT / "scripts/setup-device", timeout=600, env=None)
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if foreign.shutil.which("ccache") else []
    foreign.run("cmake", "--preset", "board", *launcher, timeout=300, env=None, cwd=foreign.ROOT)
    foreign.run("cmake", "--build", "--preset", "board", "-j", 2, timeout=900, env=None, cwd=foreign.ROOT)


class BoardStory(foreign.TlsStory):
    def boot(self, image, broker, *words):
        """Starts the board. It reads and writes files in the story's folder, and 10.0.2.100:1883 is the broker to it."""
        network = (f"user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:1883-cmd:{sys.executable} {RELAY} {broker.port}")
        return self.start("qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none",
                          "-semihosting-config", "enable=on,target=native", "-netdev", network,
                          "-net", "nic,model=lan9118,netdev=net", *words, "-kernel", IMAGES / f"{image}.elf", cwd=self.home)

    def observer(self, broker, topic):
        client = Client(broker.port, 5)
        self.addCleanup(client.close)
        client.send(connect("observer", version=5))
        client.expect(CONNACK)
        client.subscribe(topic)
        return client


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


if __name__ == "__main__":
    import unittest
    unittest.main()
