"""The image of ports/cortex-m0, on the Cortex-M0 board that QEMU emulates: a sensor with a serial line and nothing else, through
`wax gateway` to a broker, sealed from end to end."""
import unittest

import foreign
import sealed_tools_test
from mqtt_raw import CONNACK, Client, connect
from sn_case import GatewayCase, terminals

IMAGE = foreign.ROOT / "build/small-board/ports/cortex-m0/sensor_serial.elf"


def setUpModule():
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if foreign.shutil.which("ccache") else []
    foreign.run("cmake", "--preset", "small-board", *launcher, timeout=300, env=None, cwd=foreign.ROOT)
    foreign.run("cmake", "--build", "--preset", "small-board", "-j", 2, "--target", IMAGE.stem, timeout=300, env=None,
                cwd=foreign.ROOT)


class Serial(GatewayCase, foreign.Story):
    def setUp(self):
        super().setUp()
        self.started = self.open_broker("log_type all\nworkers 1\n")

    def broker_port(self):
        return self.started.port

    def boot(self, terminal):
        return self.start("qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none",
                          "-chardev", f"serial,id=line,path={terminal}", "-serial", "chardev:line",
                          "-semihosting-config", "enable=on,target=native", "-nic", "none", "-kernel", IMAGE, cwd=self.home)

    def equip(self, name, role, sender=0):
        device = sealed_tools_test.Device(self, name)
        mailbox = device.mailbox(1, [sealed_tools_test.group(role, sender, filters=("plant/#",))])
        self.write("mail", "").write_bytes(mailbox)
        foreign.run(foreign.WAX, "pub", "-h", "127.0.0.1", "-p", self.started.port, "-q", 1, "-t", f"wax/k/{name}", "-r",
                    "-f", self.home / "mail")
        return device

    def line(self):
        paths = self.enterContext(terminals(self.home))
        return self.gateway("--serial", paths[0], by_udp=False), paths[1]

    def test_a_reading_is_sealed_from_end_to_end(self):
        board = self.equip("board", sealed_tools_test.WRITES, 1)
        reader = self.equip("reader", sealed_tools_test.READS)
        (self.home / "psk.bin").write_bytes(board.psk)
        observer = Client(self.started.port, 5)
        self.addCleanup(observer.close)
        observer.send(connect("observer", version=5))
        observer.expect(CONNACK)
        observer.subscribe("plant/reading")
        gateway, terminal = self.line()
        for start in (1, 2):  # the second goes on with what the first wrote down
            with self.subTest(start=start):
                reading = self.start(foreign.WAX, "sub", "-h", "127.0.0.1", "-p", self.started.port, "-q", 1, "--seal", reader.keys,
                                     "-i", "reader-id", "-t", "plant/reading", "-C", 1, "-W", 25)
                self.started.wait_for_log("subscribed client=reader-id filter=plant/reading", start)
                said = self.finish(self.boot(terminal))
                self.assertEqual([line for line in said.splitlines() if line and "stack" not in line],
                                 ["connected", "has keys", "subscribed", "delivered", "alive", "good-bye"])
                self.assertEqual(self.finish(reading), "21.5 C\n")
                self.assertNotIn(b"21.5", observer.message().payload)
        self.started.wait_for_log("client_disconnected client=board", 2)
        self.assertNotIn("21.5", gateway.log())

    def test_without_its_key_it_ends_with_a_verdict(self):
        gateway, terminal = self.line()
        self.assertIn("there is no key", self.finish(self.boot(terminal), code=3))


if __name__ == "__main__":
    unittest.main()
