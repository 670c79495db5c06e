"""Topics on which nothing goes but envelopes of sealed MQTT, and what their headers tell an operator who has no key."""
import random
import unittest
import urllib.request

import bridge_test
import ctl_test
import sealed_tools_test
from mqtt_raw import CONNACK, PUBREC, PUBREL, PUBCOMP, acknowledge, connect, publish
from peers import Story, free_port, wax, wax_broker
from running import PLAIN, WAX, Broker, BrokerCase

REFUSED = 0x99
RULES = "sealed_only plant/+/state plant/alarm\nsealed_only meters/#\nsealed_only floor/+/#\n"
CONFIG = "control_socket {folder}/control\n" + RULES + PLAIN + """listener {port2} 127.0.0.1
mount_point floor/1/
allow_anonymous true
listener {port3} 127.0.0.1
protocol http_api
"""


def number(value):
    """A value of the header, in its shortest form: its half of the configuration byte, and the bytes that follow."""
    data = b"" if value < 8 else value.to_bytes((value.bit_length() + 7) // 8, "big")
    return (value if value < 8 else 8 | len(data) - 1), data


def envelope(sender=1, epoch=1, position=0, kind=0, text=b"text"):
    """What is right for whoever has no key."""
    key, key_data = number(sender << 8 | epoch % 256)
    place, place_data = number(position)
    body = text.ljust(8, b".") + bytes(81 if kind == 1 else 25)
    head = b"\0\0\4\0" + bytes(4) if kind == 2 else b""
    return bytes([0xF8 | kind, key << 4 | place]) + key_data + place_data + head + body


MAILBOX = b"\xfb\x02" + bytes(12 + 25)
STATUS = b"\xfc\x10" + bytes(8 + 82)
JUNK = [b"", b"21.5", b'{"t":21}', b"\xf8", b"\xf8\x00" + bytes(40), envelope()[:-26], envelope(kind=5),
        b"\xf8\xa8\x00\x01\x00\x09" + bytes(40), b"\xf8\x9c\x01\x01\x01\x00\x00\x00\x00" + bytes(40), b"\xfb\x04" + bytes(60)]


class SealedOnly(BrokerCase):
    CONFIG = CONFIG
    THREADS = 1

    def reader(self, *filters, **more):
        reader = self.client(**more)
        reader.subscribe(*[(each, 2) for each in filters])
        return reader

    def test_envelopes_pass_and_nothing_else_does(self):
        for version in (5, 4, 3):
            with self.subTest(version=version):
                reader = self.reader("meters/#", version=version)
                writer = self.client(version=version)
                passed = [envelope(position=i, sender=version) for i in range(3)] + [
                    envelope(kind=kind, position=9, sender=version) for kind in (1, 2)] + [MAILBOX, STATUS]
                for i, each in enumerate(passed):
                    self.assertIn(writer.publish("meters/a", each, i % 3), (None, 0))
                for i, each in enumerate(JUNK):
                    said = REFUSED if version == 5 else 0  # MQTT 3 has no reasons: acknowledged, and dropped
                    self.assertEqual(writer.publish("meters/a", each, i % 3), (None, said, said)[i % 3], each)
                self.assert_only(reader, writer, passed)

    def test_other_topics_are_left_alone(self):
        reader = self.reader("plant/#", "metersx")
        writer = self.client()
        for topic in ("plant/1/other", "plant/alarm/1", "plant/1/2/state", "metersx"):
            self.assertEqual(writer.publish(topic, b"plain", 1), 0)
        for topic in ("plant/1/state", "plant/alarm"):
            self.assertEqual(writer.publish(topic, b"plain", 1), REFUSED)
        self.assert_only(reader, writer, [b"plain"] * 4)

    def test_a_refused_exchange_of_qos_2_is_over(self):
        writer = self.client()
        writer.send(publish("meters/q", b"plain", 2, packet_id=7))
        self.assertEqual(writer.expect(PUBREC).reason, REFUSED)
        writer.send(publish("meters/q", envelope(text=b"q"), 2, packet_id=7))
        self.assertEqual(writer.expect(PUBREC).reason, 0)
        writer.send(acknowledge(PUBREL, 7))
        self.assertEqual(writer.expect(PUBCOMP).reason, 0)

    def test_a_retained_message_is_not_deleted_by_an_empty_one(self):
        writer = self.client()
        kept = envelope(text=b"kept")
        self.assertIn(writer.publish("meters/kept", kept, 1, retain=True), (0, 0x10))
        self.assertEqual(writer.publish("meters/kept", b"", 1, retain=True), REFUSED)
        self.assertEqual(self.reader("meters/kept").message().payload, kept)
        ctl_test.ctl(self.broker, "retained", "delete", "meters/kept", "--yes")
        self.assert_only(self.reader("meters/kept"), writer, [], topic="other")

    def test_a_plain_will_is_refused_at_connect(self):
        for version, reason in ((5, REFUSED), (4, 5), (3, 5)):
            with self.subTest(version=version):
                raw = self.raw(version)
                raw.send(connect("will", version=version, will={"topic": "meters/w", "payload": b"gone"}))
                self.assertEqual(raw.expect(CONNACK).reason, reason)
        self.client(will={"topic": "elsewhere", "payload": b"gone"})
        last = envelope(position=4095, text=b"gone")
        reader = self.reader("meters/w")
        self.client(will={"topic": "meters/w", "payload": last, "qos": 1}).close()
        self.assertEqual(reader.message().payload, last)

    def test_mount_points_count(self):
        writer = self.client(port=self.broker.port2)
        self.assertEqual(writer.publish("t", b"plain", 1), REFUSED)
        self.assertIn(writer.publish("t", envelope(), 1), (0, 0x10))
        raw = self.raw(port=self.broker.port2)
        raw.send(connect("mounted", will={"topic": "t", "payload": b"gone"}))
        self.assertEqual(raw.expect(CONNACK).reason, REFUSED)

    def test_forged_junk_is_refused_and_harms_nobody(self):
        chance = random.Random(7)
        reader = self.reader("meters/junk")
        writer = self.client()
        for _ in range(2000):
            size = chance.choice((0, 1, 2, 9, 30, 200))
            junk = bytes([chance.choice((0xF8, 0xF9, 0xFA, 0xFB, 0xFC)), chance.getrandbits(8)]) + chance.randbytes(size)
            writer.publish("meters/junk", junk[:size])
        writer.ping()
        whole = envelope(sender=77, text=b"last")
        self.assertIn(writer.publish("meters/junk", whole, 1), (0, 0x10))
        while reader.message().payload != whole:
            pass

    def test_a_bridge_brings_nothing_else_either(self):
        far = Broker(PLAIN)
        self.addCleanup(lambda: self.assertIsNone(far.stop()))
        near = Broker(f"{RULES}{PLAIN}connection b\naddress 127.0.0.1:{far.port}\nrestart_timeout 1\n"
                      "topic meters/# in 1\ntopic free/# in 1\n", workers=1)
        self.addCleanup(lambda: self.assertIsNone(near.stop()))
        near.wait_for_log("bridge_connected")
        reader = self.client(port=near.port)
        reader.subscribe("meters/#", "free/#")
        writer = self.client(port=far.port)
        bridge_test.Bridges.until_across(self, writer, "free/mark", reader, b"first")
        whole = envelope(text=b"far")
        for topic, payload in (("meters/b", b"plain"), ("meters/b", whole), ("free/mark", b"last")):
            writer.publish(topic, payload, 1)
        got = []
        while not got or got[-1] != b"last":
            got.append(reader.message().payload)
        self.assertEqual([each for each in got if each != b"first"], [whole, b"last"])
        near.wait_for_log("topic=meters/b reason=payload format not valid")


class Figures(BrokerCase):
    """A broker of its own for each test: the figures are of all that it did."""

    def start(self, config=CONFIG, workers=1):
        broker = Broker("sys_interval 1\n" + config, workers=workers)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        return broker

    def sealed(self, broker):
        return {(row["rule"], row["sender"]): row for row in ctl_test.lines(broker, "sealed")}

    def metrics(self, broker):
        with urllib.request.urlopen(f"http://127.0.0.1:{broker.port3}/metrics", timeout=10) as answer:
            page = answer.read().decode()
        found = dict(line.rsplit(" ", 1) for line in page.splitlines() if line[0] != "#")
        return {name[len("wax_sealed_"):-len("_total")]: int(value) for name, value in found.items()
                if name.startswith("wax_sealed_")}

    def send(self, broker, client_id, *sent, topic="meters/a"):
        client = self.client(client_id, port=broker.port)
        for row in sent:
            self.assertIn(client.publish(topic, envelope(**row), 1), (0, 0x10))
        return client

    def test_senders_are_told_apart(self):
        broker = self.start(workers=2)
        self.send(broker, "fine", *[dict(sender=1, position=i) for i in range(8)])
        self.send(broker, "lossy", *[dict(sender=2, position=i) for i in (0, 5, 6, 3)])
        self.send(broker, "again", *[dict(sender=3, position=i) for i in (4095, 4096, 4096)])
        self.send(broker, "twin-a", *[dict(sender=4, position=i, text=b"a") for i in range(3)])
        self.send(broker, "twin-b", *[dict(sender=4, position=i, text=b"b") for i in range(3)])
        self.send(broker, "new", dict(sender=5, epoch=256), dict(sender=5, epoch=257))
        self.send(broker, "late", dict(sender=6, epoch=255), dict(sender=6, epoch=257), dict(sender=6, epoch=255))
        self.send(broker, "other", dict(sender=1, position=900), topic="plant/alarm")
        self.send(broker, "other", dict(sender=1, position=901), topic="plant/3/state")
        plain = self.client("plain", port=broker.port)
        self.assertEqual(plain.publish("meters/a", b"plain", 1), REFUSED)
        plain.publish("meters/a", MAILBOX, 1)
        rows = self.sealed(broker)
        names = ("messages", "gaps", "late", "duplicates", "conflicts", "old", "behind", "lag", "client")
        wanted = {
            ("meters/#", 1): (8, 0, 0, 0, 0, 0, 0, 0, "fine"),
            ("meters/#", 2): (4, 4, 1, 0, 0, 0, 0, 0, "lossy"),
            ("meters/#", 3): (3, 0, 0, 1, 0, 0, 0, 0, "again"),
            ("meters/#", 4): (6, 0, 0, 0, 3, 0, 0, 0, "twin-b"),
            ("meters/#", 5): (2, 0, 0, 0, 0, 0, 1, 0, "new"),
            ("meters/#", 6): (3, 0, 0, 0, 0, 1, 2, 2, "late"),
            ("plant/+/state plant/alarm", 1): (2, 0, 0, 0, 0, 0, 0, 0, "other"),
        }
        self.assertEqual({key: tuple(row[name] for name in names) for key, row in rows.items()}, wanted)
        totals = {name: sum(row[i] for row in wanted.values()) for i, name in enumerate(names[:7])}
        totals["received"] = totals.pop("messages")
        self.assertEqual(self.metrics(broker), {**totals, "refused": 1, "untracked": 0})
        shown = ctl_test.ctl(broker, "sealed")
        self.assertIn("CONFLICTS", shown)
        self.assertRegex(shown, r"meters/#\s+4  twin-b\s+6\s+0\s+0\s+0\s+3\s")
        self.assertIn("7 senders", shown)

    def test_sys_tells_the_sums(self):
        broker = self.start()
        reader = self.client("sys", port=broker.port, user="ann")
        reader.subscribe("$SYS/broker/sealed/#")
        sender = self.send(broker, "lossy", dict(position=0), dict(position=9), dict(position=9))
        sender.publish("meters/a", b"plain")
        sender.ping()
        told, wanted = {}, {"messages/refused": 1, "messages/received": 3, "gaps": 8, "late": 0, "duplicates": 1,
                            "conflicts": 0, "old": 0, "behind": 0, "untracked": 0}
        while told != wanted:
            message = reader.message(30)
            told[message.topic.removeprefix("$SYS/broker/sealed/")] = int(message.payload)

    def test_a_reload_adds_a_rule(self):
        broker = self.start("control_socket {folder}/control\nsealed_only meters/#\n" + PLAIN)
        will = {"topic": "later", "payload": b"gone"}
        client = self.client("before", port=broker.port, will=will)
        self.assertIn(client.publish("later", b"plain", 1), (0, 0x10))
        self.send(broker, "s", dict(position=0))
        broker.reload()
        self.send(broker, "s", dict(position=1))
        self.assertEqual(self.sealed(broker)["meters/#", 1]["messages"], 2)
        broker.write("wax.conf", broker.read("wax.conf").replace("sealed_only meters/#", "sealed_only meters/#\nsealed_only later"))
        broker.reload()
        self.assertEqual(client.publish("later", b"plain", 1), REFUSED)
        client.close()
        broker.wait_for_log("will_refused client=before topic=later reason=payload format not valid")
        self.assertEqual(self.sealed(broker), {})
        broker.write("wax.conf", broker.read("wax.conf").replace("sealed_only", "#sealed_only"))
        broker.reload()
        self.assertIn(self.client(port=broker.port).publish("later", b"plain", 1), (0, 0x10))
        self.assertIn("no line of the configuration is `sealed_only", ctl_test.ctl(broker, "sealed", code=1))

    def test_more_senders_than_the_table_holds_are_counted(self):
        broker = self.start()
        count = 17000
        client = self.client("many", port=broker.port)
        for first in range(1, count, 1000):
            client.send(*[publish("meters/a", envelope(sender=first + i)) for i in range(1000)])
            client.ping()
        client.ping()
        kept, totals = len(ctl_test.lines(broker, "sealed")), self.metrics(broker)
        self.assertLessEqual(kept, 16384)
        self.assertEqual(kept, totals["received"])
        self.assertEqual(totals["received"] + totals["untracked"], count)

    def test_wrong_rules_are_told(self):
        broker = self.start(PLAIN)
        good = broker.read("wax.conf")
        for rule, words in (("a/#/b", "this is no topic filter"), ("a b/+c", "this is no topic filter"),
                            ("$SYS/#", "topics that begin with $ are the broker's own"),
                            ("\nsealed_only ".join(str(i) for i in range(65)), "there are more than 64 lines"),
                            (" ".join(str(i) for i in range(257)), "there are more than 256 filters")):
            with self.subTest(rule=rule[:20]):
                broker.write("wax.conf", good + f"sealed_only {rule}\n")
                broker.reload(words)
        self.assertIn(f"wax.conf:{good.count(chr(10)) + 1}: sealed_only a/#/b", broker.log())
        self.assertIn(self.client(port=broker.port).publish("a/b", b"plain", 1), (0, 0x10))


class Members(Story):
    """What members really seal passes, with all that goes with it."""

    @classmethod
    def prepare(cls):
        cls.ports = {"wax": free_port()}
        config = f"listener {cls.ports['wax']} 127.0.0.1\nallow_anonymous true\nsealed_only home/#\nsealed_only wax/k/+ wax/s/+\n"
        cls.serve(wax_broker(cls.folder, config, list(cls.ports.values())))

    device, deliver, pub, sub = (getattr(sealed_tools_test.Brokers, name) for name in ("device", "deliver", "pub", "sub"))

    def test_members_talk_and_others_do_not(self):
        sensor, reader = self.device("sensor"), self.device("reader")
        self.deliver("wax", sensor, 1, sealed_tools_test.group(sealed_tools_test.WRITES, 5))
        self.deliver("wax", reader, 1, sealed_tools_test.group(sealed_tools_test.READS))
        self.sub("wax", reader, "-t", "home/#", "-E")
        plain = wax("pub", "-p", self.ports["wax"], "-q", 1, "-V", 5, "-t", "home/kitchen", "-m", "20.0", code=None)
        self.assertIn("payload format not valid", plain.out + plain.err)
        self.pub("wax", sensor, "-t", "home/kitchen", "-m", "21.5")
        self.assertEqual(self.sub("wax", reader, "-t", "home/#", "-C", 1).out, "21.5\n")


if __name__ == "__main__":
    unittest.main()
