"""A reload takes the whole of a new configuration, listeners too, or nothing of it."""
import socket
import unittest

from mqtt_raw import DISCONNECT, connect
from running import BrokerCase

BASE = "allow_anonymous true\nlistener {port} 127.0.0.1\n"
SECOND = "listener {port2} 127.0.0.1\n"


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Listeners(BrokerCase):
    CONFIG = BASE

    def take(self, config, words="reloaded"):
        self.broker.write("wax.conf", self.broker.head(2) + self.broker.fill(config))
        self.broker.reload(words)

    def tearDown(self):
        self.take(BASE)

    def wait_until_closed(self, port):
        while is_open(port):
            pass

    def test_a_listener_comes_and_goes(self):
        stays = self.client("stays")
        self.assertFalse(is_open(self.broker.port2))
        self.take(BASE + SECOND)
        guest = self.client("guest", port=self.broker.port2)
        guest.subscribe("both/ways")
        stays.publish("both/ways", b"hello", 1)
        self.assertEqual(guest.message().payload, b"hello")
        self.take(BASE)
        self.assertEqual(guest.expect(DISCONNECT).reason, 0x98)
        self.wait_until_closed(self.broker.port2)
        stays.subscribe("mine")
        stays.publish("mine", b"still here", 1)
        self.assertEqual(stays.message().payload, b"still here")

    def test_many_times(self):
        """A listener that comes back is the one that it was, so that numbers do not run out."""
        for _ in range(6):
            self.take(BASE + SECOND)
            self.client(port=self.broker.port2).close()
            self.take(BASE)
            self.wait_until_closed(self.broker.port2)

    def test_the_order_of_lines_does_not_matter(self):
        self.take(BASE + SECOND)
        first, second = self.client(), self.client(port=self.broker.port2)
        self.take(SECOND + "mount_point there/\n" + BASE.replace("allow_anonymous true\n", "") + "allow_anonymous true\n")
        self.assertEqual(second.expect(DISCONNECT).reason, 0x98)  # it is another with a mount point
        inside = self.client(port=self.broker.port2)
        inside.subscribe("t")
        first.publish("there/t", b"mounted", 1)
        self.assertEqual(inside.message().topic, "t")

    def test_what_holds_for_a_listener_changes(self):
        self.take(BASE + "max_qos 0\n")
        client = self.client()
        self.assertEqual(dict(client.connack.props).get("maximum_qos"), 0)
        self.take(BASE + "max_connections 1\n")
        with socket.socket() as second:
            second.connect(("127.0.0.1", self.broker.port))
            second.settimeout(10)
            self.assertEqual(second.recv(1), b"")

    def test_a_port_that_somebody_has_changes_nothing(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.broker.port3))
            other.listen()
            client = self.client()
            self.take(BASE + SECOND + "listener {port3} 127.0.0.1\n", "reload_failed")
            self.assertFalse(is_open(self.broker.port2))
            self.assertIn(f"port {self.broker.port3}", self.broker.log())
            client.subscribe("goes/on")
            client.publish("goes/on", b"x", 1)
            self.assertEqual(client.message().payload, b"x")

    def test_a_broken_line_changes_nothing_and_is_named(self):
        self.take(BASE + SECOND + "max_qos three\n", "reload_failed")
        self.assertFalse(is_open(self.broker.port2))
        self.assertRegex(self.broker.log(), r"wax\.conf:\d+: .*max_qos")

    def test_a_unix_socket_comes_and_goes(self):
        path = self.broker.path("wax.sock")
        self.take(BASE + f"listener 0 {path}\n")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(path)
            client.sendall(connect("by-path"))
            self.assertEqual(client.recv(1)[0] >> 4, 2)
        self.take(BASE)

    def test_a_session_outlives_its_listener(self):
        """What waits for it comes through another one."""
        self.take(BASE + SECOND)
        mover = self.durable("mover", port=self.broker.port2)
        mover.subscribe(("moved", 1))
        mover.close()
        self.take(BASE)
        self.client().publish("moved", b"waits", 1)
        again = self.durable("mover")
        self.assertEqual(again.message().payload, b"waits")


class Memory(BrokerCase):
    CONFIG = BASE

    def limit(self, size):
        self.broker.write("wax.conf", self.broker.head(2) + self.broker.fill(BASE + f"memory_limit {size}\n"))
        self.broker.reload()

    def test_messages_are_refused_when_it_is_short(self):
        """What was taken before is kept, and a higher limit lets more in."""
        sleeper = self.durable("sleeper")
        sleeper.subscribe((self.topic(), 1))
        sleeper.close()
        publisher = self.client()
        self.limit(self.broker.memory_kb() * 1024 + 20_000_000)
        taken = 0
        while publisher.publish(self.topic(), bytes(1_000_000), 1) == 0:
            taken += 1
            self.assertLess(taken, 300)
        self.assertGreater(taken, 5)
        self.broker.wait_for_log("memory_short")
        self.limit(0)
        self.broker.wait_for_log("memory_enough")
        self.assertEqual(publisher.publish(self.topic(), b"after", 1), 0)
        sleeper = self.durable("sleeper")
        waiting = [sleeper.message().payload for _ in range(taken + 1)]
        self.assertEqual(waiting[-1], b"after")


if __name__ == "__main__":
    unittest.main()
