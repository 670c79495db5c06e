"""A bridge over a network that fails: connections are cut in the middle of packets, and every message is accounted for."""
import random
import selectors
import socket
import threading
import unittest

from bridge_test import Bridges

COUNT = 300
SEED = 20240611


class Wire:
    """Carries connections to a port, and cuts each after so many bytes of both sides."""

    def __init__(self, port, lives):
        self.port_behind, self.lives, self.cuts = port, lives, 0
        self.entrance = socket.create_server(("127.0.0.1", 0))
        self.port = self.entrance.getsockname()[1]
        self.is_closed = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_closed:
            try:
                near = self.entrance.accept()[0]
            except OSError:
                return
            life = next(self.lives, None)
            with near, socket.create_connection(("127.0.0.1", self.port_behind)) as far:
                self.carry(near, far, life)

    def carry(self, near, far, life):
        other = {near: far, far: near}
        with selectors.DefaultSelector() as ready:
            for each in other:
                ready.register(each, selectors.EVENT_READ)
            while not self.is_closed:
                for key, _ in ready.select(0.1):
                    try:
                        piece = key.fileobj.recv(4096)
                        whole = len(piece)
                        piece = piece if life is None else piece[:life]
                        other[key.fileobj].sendall(piece)
                    except OSError:
                        return
                    if whole == 0:
                        return
                    life = None if life is None else life - len(piece)
                    if life == 0:
                        self.cuts += 1
                        return

    def close(self):
        self.is_closed = True
        self.entrance.shutdown(socket.SHUT_RDWR)
        self.entrance.close()
        self.thread.join(20)


class Loss(Bridges):
    THREADS = 1

    def wire(self, lives):
        wire = Wire(self.broker.port, iter(lives))
        self.addCleanup(wire.close)
        return wire

    def gather(self, client, until):
        got = []
        while not got or got[-1] != until:
            got.append(client.message(30).payload)
        return got[:-1]

    def account(self, got):
        """QoS 1 arrives at least once, QoS 2 exactly once, and each for itself in order."""
        numbers = [int(each) for each in got]
        self.assertEqual(sorted(set(numbers)), list(range(COUNT)))
        exact = [number for number in numbers if number % 2]
        self.assertEqual(exact, sorted(set(exact)))

    def through(self, wire, version):
        near = self.near(f"topic # both 2 near/ {self.name}/\nbridge_protocol_version {version}\n", to=wire.port, workers=1,
                         more="max_queued_messages 0\n")
        here, there = self.at(near, ("near/down", 2)), self.at(self.broker, (f"{self.name}/up", 2))
        self.broker.wait_for_log(f"subscribed client={self.name} ")
        for number in range(COUNT):
            here.publish("near/up", b"%d" % number, qos=1 + number % 2)
            there.publish(f"{self.name}/down", b"%d" % number, qos=1 + number % 2)
        here.publish("near/up", b"end", qos=1)
        there.publish(f"{self.name}/down", b"end", qos=1)
        self.account(self.gather(there, b"end"))
        self.account(self.gather(here, b"end"))
        return near

    def cut(self, version):
        dice = random.Random(SEED)
        wire = self.wire([2000] + [dice.randrange(200, 6000) for _ in range(6)])
        self.through(wire, version)
        self.assertGreaterEqual(wire.cuts, 5)

    def test_every_message_crosses_a_wire_that_is_cut(self):
        self.cut("mqttv50")

    def test_every_message_crosses_a_wire_that_is_cut_with_mqtt_3(self):
        self.cut("mqttv311")


if __name__ == "__main__":
    unittest.main()
