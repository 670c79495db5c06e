"""Nothing that was acknowledged is lost: the broker is killed at random instants and started again, while clients with
ledgers of their own publish and subscribe. CRASH_KILLS says how often, CRASH_SEED repeats a run."""
import collections
import os
import random
import socket
import threading
import time
import unittest

from mqtt_raw import (CONNACK, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, SUBACK, Client, acknowledge, connect, publish,
                      subscribe)
from running import Broker

KILLS = int(os.environ.get("CRASH_KILLS", "20"))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
CONFIG = ("listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/store\n"
          "max_queued_messages 0\nmax_inflight_messages 64\nlog_type error\nlog_type warning\nlog_type notice\n")
EXPIRY = [("session_expiry", 0xFFFFFFFF)]


class Peer(threading.Thread):
    """A client that keeps its session over connections; `faults` says what the broker did wrong."""

    def __init__(self, case, client_id, version):
        super().__init__(daemon=True)
        self.case, self.client_id, self.version = case, client_id, version
        self.client, self.has_session, self.faults, self.is_over = None, False, [], False

    def run(self):
        while not self.is_over:
            try:
                self.client = Client(self.case.broker.port, self.version)
                self.client.send(connect(self.client_id, version=self.version, clean=False,
                                         props=EXPIRY if self.version == 5 else ()))
                answer = self.client.expect(CONNACK)
                if self.has_session and not answer.session_present:
                    self.faults.append("the session is gone")
                self.has_session = True
                self.begin()
                while not self.is_over:
                    self.turn()
            except (AssertionError, OSError):
                time.sleep(0.01)  # the broker is gone, or not there yet
            finally:
                if self.client is not None:
                    self.client.close()

    def begin(self):
        """The connection is open."""

    def turn(self):
        try:
            packet = self.client.read(0.05)
        except socket.timeout:
            return
        assert packet is not None
        self.take(packet)


class Publisher(Peer):
    """Publishes numbers in order, at most `window` of them unacknowledged."""

    def __init__(self, case, name, version, qos, window=16, retain=False):
        super().__init__(case, f"pub-{name}", version)
        self.name, self.qos, self.window, self.retain = name, qos, window, retain
        self.under_way = collections.OrderedDict()  # packet id: [number, whether PUBREC came]
        self.number, self.packet_id, self.acknowledged, self.is_stopping = 0, 0, [], False

    def packet(self, packet_id, number, again):
        return publish(f"crash/{self.name}", b"%d" % number, self.qos, packet_id=packet_id, retain=self.retain,
                       duplicate=again, version=self.version)

    def begin(self):
        for packet_id, (number, is_received) in self.under_way.items():
            self.client.send(acknowledge(PUBREL, packet_id) if is_received else self.packet(packet_id, number, True))
        self.fill()

    def fill(self):
        while len(self.under_way) < self.window and not self.is_stopping:
            self.number += 1
            self.packet_id = self.packet_id % 65535 + 1
            self.under_way[self.packet_id] = [self.number, False]
            self.client.send(self.packet(self.packet_id, self.number, False))

    def take(self, packet):
        if packet.kind == PUBREC:
            self.under_way[packet.packet_id][1] = True
            self.client.send(acknowledge(PUBREL, packet.packet_id))
        elif packet.kind in (PUBACK, PUBCOMP):
            number = self.under_way.pop(packet.packet_id)[0]
            self.acknowledged.append(number)
        if packet.reason >= 0x80 and packet.kind != PUBCOMP:  # a PUBREL again, after a PUBCOMP that did not arrive
            self.faults.append(f"refused: {packet}")
        self.fill()

    def is_done(self):
        return self.is_stopping and not self.under_way


class Subscriber(Peer):
    """Subscribes once, and writes down what it gets; QoS 2 once for each packet id."""

    def __init__(self, case, client_id, version, qos, filters):
        super().__init__(case, client_id, version)
        self.qos, self.filters, self.granted = qos, filters, False
        self.got, self.held = collections.defaultdict(list), set()

    def begin(self):
        if not self.granted:
            self.client.send(subscribe([(each, self.qos) for each in self.filters], 1, self.version))

    def take(self, packet):
        if packet.kind == SUBACK:
            self.granted = True
        elif packet.kind == PUBLISH:
            if packet.qos < 2 or packet.packet_id not in self.held:
                self.got[packet.topic.split("/")[1]].append(int(packet.payload))
            if packet.qos == 2:
                self.held.add(packet.packet_id)
            self.client.send(acknowledge(PUBREC if packet.qos == 2 else PUBACK, packet.packet_id))
        elif packet.kind == PUBREL:
            self.held.discard(packet.packet_id)
            self.client.send(acknowledge(PUBCOMP, packet.packet_id))


class Asker(Peer):
    """Subscribes to one filter after the other; `granted` are those that the broker has confirmed."""

    def __init__(self, case, client_id, version):
        super().__init__(case, client_id, version)
        self.asked, self.granted, self.got = 0, [], set()

    def begin(self):
        self.ask()

    def ask(self):
        self.asked += 1
        self.client.send(subscribe([(f"asked/{self.asked}", 1)], self.asked % 65535 + 1, self.version))

    def take(self, packet):
        if packet.kind == SUBACK:
            self.granted.append(self.asked)
            if self.asked < 2000:
                self.ask()
        elif packet.kind == PUBLISH:
            self.got.add(int(packet.topic.split("/")[1]))
            self.client.send(acknowledge(PUBACK, packet.packet_id))


class Crash(unittest.TestCase):
    WORKERS = 2
    KILLS = KILLS
    MORE = ""

    def setUp(self):
        self.broker = Broker(CONFIG + self.MORE, workers=self.WORKERS)
        self.publishers = [Publisher(self, "one", 5, 1), Publisher(self, "two", 4, 2), Publisher(self, "three", 5, 2),
                           Publisher(self, "four", 4, 1, window=1), Publisher(self, "kept", 5, 1, retain=True)]
        topics = [f"crash/{each.name}" for each in self.publishers]
        self.subscribers = [Subscriber(self, "sub-a", 5, 2, topics), Subscriber(self, "sub-b", 4, 1, topics),
                            Subscriber(self, "sub-c", 4, 2, ["crash/two"])]
        self.members = [Subscriber(self, f"member-{i}", 5, 1, ["$share/all/crash/one", "$share/all/crash/two"]) for i in range(2)]
        self.asker = Asker(self, "asker", 5)

    def peers(self):
        return self.publishers + self.subscribers + self.members + [self.asker]

    def tearDown(self):
        for each in self.peers():
            each.is_over = True
        for each in self.peers():
            if each.is_alive():
                each.join(20)
        fault = self.broker.stop()
        self.assertIsNone(fault)

    def wait(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"{what} (CRASH_SEED={SEED})\n{self.state()}\n{self.broker.log()[-600:]}")
            time.sleep(0.01)

    def state(self):
        lines = [f"{each.client_id}: {len(each.acknowledged)} of {each.number}, under way {list(each.under_way.items())[:4]}"
                 for each in self.publishers]
        return "\n".join(lines + [f"{each.client_id}: { {key: len(got) for key, got in each.got.items()} }" for each in self.subscribers])

    def kill_and_start(self):
        self.broker.process.kill()
        self.broker.process.wait()
        self.broker.errors.close()
        self.broker.start()

    def kill_all_along(self):
        chance = random.Random(SEED)
        for _ in range(self.KILLS):
            time.sleep(chance.choice((0.01, 0.05, 0.2, 0.4)) * chance.random() + 0.01)
            self.kill_and_start()

    def readers(self, name):
        return self.subscribers if name == "two" else self.subscribers[:2]

    def has_all(self, publisher):
        name, wanted = publisher.name, set(publisher.acknowledged)
        is_shared = name in ("one", "two")
        shared = set(self.members[0].got[name]) | set(self.members[1].got[name])
        return all(wanted <= set(each.got[name]) for each in self.readers(name)) and (not is_shared or wanted <= shared)

    def check_publisher(self, publisher):
        name, wanted = publisher.name, set(publisher.acknowledged)
        for each in self.readers(name):
            got = each.got[name]
            self.assertEqual(wanted - set(got), set(), f"{each.client_id} lost messages of {name} (CRASH_SEED={SEED})")
            firsts = list(dict.fromkeys(got))
            self.assertEqual(firsts, sorted(firsts), f"{each.client_id} got {name} out of order (CRASH_SEED={SEED})")
            if publisher.qos == 2 and each.qos == 2:
                self.assertEqual(len(got), len(firsts), f"{each.client_id} got messages of {name} twice (CRASH_SEED={SEED})")
        if name in ("one", "two"):
            got = set(self.members[0].got[name]) | set(self.members[1].got[name])
            self.assertEqual(wanted - got, set(), f"the shared group lost messages of {name} (CRASH_SEED={SEED})")

    def check_retained(self):
        client = Client(self.broker.port)
        client.connect("reader")
        client.subscribe(("crash/kept", 1))
        self.assertGreaterEqual(int(client.message().payload), max(self.publishers[4].acknowledged))
        client.close()

    def check_subscriptions(self):
        client = Client(self.broker.port)
        client.connect("prober")
        for number in self.asker.granted:
            client.publish(f"asked/{number}", b"", 1)
        client.close()
        wanted = set(self.asker.granted)
        self.wait(lambda: wanted <= self.asker.got, f"subscriptions are lost: {sorted(wanted - self.asker.got)[:10]}")

    def test_kills(self):
        for each in self.subscribers + self.members + [self.asker]:
            each.start()
        self.wait(lambda: all(each.granted for each in self.subscribers + self.members), "nobody is subscribed")
        for each in self.publishers:
            each.start()
        self.kill_all_along()
        for each in self.publishers:
            each.is_stopping = True
        self.wait(lambda: all(each.is_done() for each in self.publishers), "publishers still wait for acknowledgements")
        self.kill_and_start()
        self.wait(lambda: all(self.has_all(each) for each in self.publishers), "messages are lost")
        for each in self.publishers:
            self.check_publisher(each)
        self.check_retained()
        self.check_subscriptions()
        self.assertEqual([fault for each in self.peers() for fault in each.faults], [], f"CRASH_SEED={SEED}")
        print(f"{self.KILLS} kills, {sum(len(each.acknowledged) for each in self.publishers)} messages acknowledged", end=" ", flush=True)


class CrashOnDisk(Crash):
    """What is retained is on disk alone."""

    KILLS = (KILLS + 3) // 4
    MORE = "retained_memory_limit 1\n"


if __name__ == "__main__":
    unittest.main()
