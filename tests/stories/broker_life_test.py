"""The broker as a process: under noise, at its limits, while it reloads, and when it ends."""
import random
import resource
import signal
import socket
import threading
import time
import unittest

import mqtt_raw as mqtt
from mqtt_raw import CONNACK, PINGRESP, acknowledge, connect, packet, publish, subscribe
from passwords import line
from running import PLAIN, Broker, BrokerCase


def comes_to_rest(broker):
    """Whether there is a second in which it computes next to nothing: who turns in a circle has none."""
    for _ in range(20):
        before = broker.busy_s()
        time.sleep(1)
        if broker.busy_s() - before < 0.15:
            return True
    return False


class Noise(BrokerCase):
    def noise(self, source, version):
        """Packets that are nearly right."""
        bits = [publish("noise", b"x" * source.randrange(40), source.randrange(3), version=version,
                        packet_id=source.randrange(1, 9)),
                subscribe([("noise/#", source.randrange(3)), ("$share/g/noise", 1)], 3, version),
                mqtt.unsubscribe(["noise/#"], 4, version), packet(12), connect("noise", version),
                *[acknowledge(kind, source.randrange(1, 9)) for kind in (4, 5, 6, 7)], mqtt.disconnect()]
        source.shuffle(bits)
        out = bytearray(b"".join(bits[:source.randrange(1, 6)]))
        for _ in range(source.choice((0, 1, 1, 3))):
            out[source.randrange(len(out))] = source.randrange(256)
        return bytes(out[:source.choice((len(out), len(out), source.randrange(1, len(out) + 1)))])

    def test_noise_disturbs_nobody(self):
        bystander, publisher = self.client(), self.client(version=4)
        bystander.subscribe(("bystander", 1))
        for seed in range(400):
            source = random.Random(seed)
            version = source.choice((3, 4, 5))
            with self.subTest(seed=seed), socket.create_connection(("127.0.0.1", self.broker.port)) as noisy:
                noisy.sendall(connect("noise", version, clean=seed % 3 == 0) if seed % 8 else b"")
                try:
                    for _ in range(3):
                        noisy.sendall(self.noise(source, version))
                except OSError:
                    pass
                if seed % 10 == 0:
                    publisher.publish("bystander", b"on", 1)
                    self.assertEqual(bystander.message().payload, b"on")


class Rest(BrokerCase):
    CONFIG = "max_queued_messages 4\nmax_inflight_messages 2\nconnect_timeout 100\n" + PLAIN

    def test_waiting_costs_nothing(self):
        """Whatever a client makes the broker wait for, it waits asleep."""
        publisher = self.client()
        for number in range(30):
            publisher.publish(self.topic(f"retained/{number}"), b"r" * 1000, 1, retain=True)
        self.raw().send(connect("half")[:7])
        self.durable("away").close()
        unanswered = self.client()
        unanswered.subscribe((self.topic("retained/#"), 1))
        deaf = self.client()
        deaf.subscribe((self.topic("flood"), 0), (self.topic("flood"), 1))
        for _ in range(40):
            publisher.publish(self.topic("flood"), b"f" * 300000, 1)
        ended = self.raw()
        ended.send(b"GET / HTTP/1.1\r\n")
        self.assertTrue(comes_to_rest(self.broker))
        publisher.ping()


class Descriptors(unittest.TestCase):
    def test_when_there_are_no_more(self):
        """Who is connected is served; who comes then waits or is refused; afterwards all is well."""
        broker, crowd = Broker(PLAIN, workers=2), []
        resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (60, 60))  # it would raise a soft limit
        try:
            first = mqtt.Client(broker.port)
            first.connect("first")
            crowd = [socket.create_connection(("127.0.0.1", broker.port)) for _ in range(100)]
            first.ping()
            self.assertTrue(comes_to_rest(broker))
            first.ping()
            for each in crowd:
                each.close()
            crowd = []
            broker.wait_for_log("accept_failed")
            for index in range(20):
                late = mqtt.Client(broker.port)
                self.assertEqual(late.connect(f"late{index}").reason, 0)
                late.close()
            first.close()
        finally:
            for each in crowd:
                each.close()
            self.assertIsNone(broker.stop())


class Logins(BrokerCase):
    CONFIG = "password_file {folder}/passwords\nlistener {port} 127.0.0.1\n"
    FILES = {"passwords": line("a", "a")}
    THREADS = 4

    def test_talking_while_the_password_is_judged(self):
        """What comes in the very moment in which the connection moves to another worker."""
        for turn in range(30):
            clients = [self.raw() for _ in range(20)]
            for index, client in enumerate(clients):
                client.send(connect(f"talks{turn}-{index}", user="a", password="a"))
            for _ in range(12):
                for client in clients:
                    client.send(packet(12))
            for client in clients:
                self.assertEqual(client.expect(CONNACK).reason, 0)
                for _ in range(12):
                    client.expect(PINGRESP)
                client.close()


class Reloading(BrokerCase):
    CONFIG = ("allow_anonymous true\npassword_file {folder}/passwords\nacl_file {folder}/rules\n"
              "log_dest stderr\nlog_dest topic\nlog_dest file {folder}/log\nlog_timestamp_format %H:%M\n"
              "listener {port} 127.0.0.1\n")
    FILES = {"passwords": line("a", "a"), "rules": "topic readwrite #\nuser a\ntopic readwrite #\n"}
    THREADS = 4

    def test_reloading_under_load(self):
        """Clients come, publish and go while everything is read anew, again and again."""
        ends, faults = threading.Event(), []

        def load(index):
            try:
                turn = 0
                while not ends.is_set():
                    turn += 1
                    client = self.client(f"load{index}-{turn % 7}", clean=turn % 2 == 0, user="a", password="a",
                                         will={"topic": "load/will", "retain": turn % 5 == 0},
                                         props={"session_expiry": turn % 3})
                    client.subscribe(("load/#", 1), ("$share/g/load/+", 1))
                    client.publish("load/x", b"x", 2, retain=turn % 2 == 0)
                    client.close()
            except (AssertionError, OSError) as fault:
                faults.append(fault)

        threads = [threading.Thread(target=load, args=(index,)) for index in range(3)]
        for each in threads:
            each.start()
        config = self.broker.read("wax.conf")
        for turn in range(12):
            self.broker.write("wax.conf", config.replace("%H:%M", "%H:%M" if turn % 2 else "%Y-%m-%dT%H:%M:%S"))
            self.broker.process.send_signal(signal.SIGRTMIN)
            self.broker.reload()
        ends.set()
        for each in threads:
            each.join()
        self.assertEqual(faults, [])
        self.assertIn("reloaded", self.broker.read("log"))


class Ending(unittest.TestCase):
    def start(self, workers=2):
        return Broker(PLAIN, workers=workers)

    def test_clients_are_told(self):
        """0x8B, also where a sanitizer counts what is left in memory."""
        for workers in (1, 3):
            broker = self.start(workers)
            clients = [mqtt.Client(broker.port, version) for version in (4, 5) for _ in range(5)]
            for index, client in enumerate(clients):
                client.connect(f"c{index}", clean=False, will={"topic": "t", "retain": True},
                               props={"session_expiry": 100} if client.version == 5 else ())
                client.subscribe(("#", 2), ("$share/g/#", 1))
                client.send(publish("t", b"x", 2, True, 1, client.version))
            half = mqtt.Client(broker.port)
            half.send(connect("half")[:9])
            fault = broker.stop()
            for client in clients:
                told = client.end()
                if client.version == 5:
                    self.assertEqual(told.reason, 0x8B)
            half.close()
            self.assertIsNone(fault)

    def test_ending_in_full_flight(self):
        """Messages, arrivals and answers are on their way between the workers."""
        broker = self.start(4)
        ends = threading.Event()

        def load(index):
            turn = 0
            while not ends.is_set():
                turn += 1
                try:
                    client = mqtt.Client(broker.port)
                    client.send(connect(f"{index}-{turn}", props={"session_expiry": 5}),
                                subscribe([("#", 2), ("$share/g/#", 1)]),
                                *[publish(f"t/{turn}", b"x" * 5000, turn % 3, True, 7)] * 3)
                    client.read(1)
                    client.close()
                except (OSError, AssertionError):
                    pass

        threads = [threading.Thread(target=load, args=(index,)) for index in range(4)]
        for each in threads:
            each.start()
        time.sleep(0.7)
        fault = broker.stop()
        ends.set()
        for each in threads:
            each.join()
        self.assertIsNone(fault)


class EndingLogins(unittest.TestCase):
    def test_passwords_that_are_still_judged(self):
        """The broker does not wait for them, and keeps nothing of them."""
        broker = Broker("password_file {folder}/passwords\nlistener {port} 127.0.0.1\n",
                        {"passwords": line("a", "a", count=200000)})
        clients = [mqtt.Client(broker.port) for _ in range(60)]
        for index, client in enumerate(clients):
            client.send(connect(f"c{index}", user="a", password="a"), publish("t", b"x", 1))
        clients.pop().close()
        time.sleep(0.2)
        started = time.monotonic()
        self.assertIsNone(broker.stop())
        self.assertLess(time.monotonic() - started, 10)
        for client in clients:
            client.close()


if __name__ == "__main__":
    unittest.main()
