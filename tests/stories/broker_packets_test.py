"""What a client must not send ends its own connection, with the right word, and disturbs nobody."""
import time
import unittest

import mqtt_raw as mqtt
from mqtt_raw import (AUTH, CONNACK, CONNECT, DISCONNECT, PINGREQ, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL,
                      SUBACK, SUBSCRIBE, UNSUBACK, UNSUBSCRIBE, acknowledge, connect, packet, properties, publish,
                      subscribe, text)
from running import BrokerCase

MALFORMED, PROTOCOL, UNSUPPORTED, BAD_ID, BAD_METHOD = 0x81, 0x82, 0x84, 0x85, 0x8C
TOO_LARGE, TOO_MANY, BAD_ALIAS, BAD_TOPIC = 0x95, 0x93, 0x94, 0x90
ONE = b"\0\1"  # a packet id
SURROGATE, OVERLONG = b"\xed\xa0\x80", b"\xc0\x80"


def props(*pairs):
    return properties(list(pairs))


def with_props(encoded, topic="t", payload=b""):
    return packet(PUBLISH, text(topic) + encoded + payload)


def asks(body, flags=2, before=b"\0\1\0", kind=SUBSCRIBE):
    return packet(kind, before + body, flags)


# What is sent, whether MQTT 5 alone knows it, and the reason of the DISCONNECT that MQTT 5 gets.
# MQTT 3 has no such packet: its connection just ends [MQTT-4.8.0-1 in 3.1.1]. [MQTT-4.13.1-1]
BOTH, ONLY_5 = (3, 4, 5), (5,)
WRONG = [
    ("a type that is reserved", BOTH, b"\0\0", MALFORMED),
    ("a Remaining Length of five bytes [MQTT-1.5.5-1]", BOTH, b"\x30\x80\x80\x80\x80\x01", MALFORMED),
    ("a second CONNECT [MQTT-3.1.0-2]", BOTH, None, PROTOCOL),
    ("CONNACK from a client", ONLY_5, packet(CONNACK, b"\0\0\0"), PROTOCOL),
    ("CONNACK from a client of MQTT 3", (3, 4), packet(CONNACK, b"\0\0"), PROTOCOL),
    ("SUBACK from a client", BOTH, packet(SUBACK, ONE + b"\0\0"), PROTOCOL),
    ("UNSUBACK from a client", BOTH, packet(UNSUBACK, ONE + b"\0\0"), PROTOCOL),
    ("PINGRESP from a client", BOTH, packet(PINGRESP), PROTOCOL),
    ("AUTH where CONNECT named no method [MQTT-4.12.0-7]", ONLY_5, packet(AUTH), PROTOCOL),
    ("type 15 in MQTT 3", (3, 4), packet(AUTH), MALFORMED),

    ("flags of PUBACK", BOTH, packet(PUBACK, ONE, 1), MALFORMED),
    ("flags of PUBREC", BOTH, packet(PUBREC, ONE, 2), MALFORMED),
    ("flags of PUBREL [MQTT-3.6.1-1]", BOTH, packet(PUBREL, ONE, 0), MALFORMED),
    ("flags of PUBCOMP", BOTH, packet(PUBCOMP, ONE, 8), MALFORMED),
    ("flags of SUBSCRIBE [MQTT-3.8.1-1]", ONLY_5, asks(text("t") + b"\0", 0), MALFORMED),
    ("flags of UNSUBSCRIBE [MQTT-3.10.1-1]", ONLY_5, asks(text("t"), 0, kind=UNSUBSCRIBE), MALFORMED),
    ("flags of PINGREQ", BOTH, packet(PINGREQ, b"", 1), MALFORMED),
    ("flags of DISCONNECT [MQTT-3.14.1-1]", BOTH, packet(DISCONNECT, b"", 1), MALFORMED),
    ("flags of AUTH [MQTT-3.15.1-1]", ONLY_5, packet(AUTH, b"", 1), MALFORMED),
    ("PINGREQ with a body", BOTH, packet(PINGREQ, b"x"), MALFORMED),

    ("QoS 3 [MQTT-3.3.1-4]", BOTH, packet(PUBLISH, text("t") + ONE + b"\0", 6), MALFORMED),
    ("DUP at QoS 0 [MQTT-3.3.1-2]", BOTH, packet(PUBLISH, text("t") + b"\0", 8), MALFORMED),
    ("packet id 0 [MQTT-2.2.1-3]", BOTH, packet(PUBLISH, text("t") + b"\0\0\0", 2), PROTOCOL),
    ("PUBLISH without its packet id", BOTH, packet(PUBLISH, text("t"), 2), MALFORMED),
    ("PUBLISH without a topic", BOTH, packet(PUBLISH), MALFORMED),
    ("a topic longer than the packet", BOTH, packet(PUBLISH, b"\0\x09t"), MALFORMED),
    ("a topic with a surrogate [MQTT-1.5.4-1]", BOTH, packet(PUBLISH, text(SURROGATE) + b"\0"), MALFORMED),
    ("a topic with NUL [MQTT-1.5.4-2]", BOTH, packet(PUBLISH, text(b"a\0b") + b"\0"), MALFORMED),
    ("a topic in overlong UTF-8", BOTH, packet(PUBLISH, text(OVERLONG) + b"\0"), MALFORMED),
    ("a topic with + [MQTT-3.3.2-2]", BOTH, packet(PUBLISH, text("a/+") + b"\0"), {MALFORMED, BAD_TOPIC}),
    ("a topic with # [MQTT-3.3.2-2]", BOTH, packet(PUBLISH, text("#") + b"\0"), {MALFORMED, BAD_TOPIC}),
    ("neither topic nor alias", ONLY_5, with_props(props(), ""), PROTOCOL),
    ("an empty topic [MQTT-4.7.3-1 in 3.1.1]", (3, 4), packet(PUBLISH, text("")), PROTOCOL),
    ("alias 0 [MQTT-3.3.2-8]", ONLY_5, with_props(props(("topic_alias", 0))), BAD_ALIAS),
    ("an alias beyond what was announced [MQTT-3.3.2-9]", ONLY_5, with_props(props(("topic_alias", 11))), BAD_ALIAS),
    ("an alias that nobody made", ONLY_5, with_props(props(("topic_alias", 3)), ""), PROTOCOL),
    ("two aliases", ONLY_5, with_props(props(("topic_alias", 1), ("topic_alias", 2))), PROTOCOL),
    ("a subscription id from a client [MQTT-3.3.4-6]", ONLY_5, with_props(props(("subscription_id", 1))), PROTOCOL),
    ("a property nobody knows", ONLY_5, with_props(b"\2\x77\0"), MALFORMED),
    ("a property of CONNECT in PUBLISH", ONLY_5, with_props(props(("session_expiry", 1))), {MALFORMED, PROTOCOL}),
    ("a payload format of 2", ONLY_5, with_props(props(("payload_format", 2))), PROTOCOL),
    ("properties longer than the packet", ONLY_5, with_props(b"\x20\1\0"), MALFORMED),
    ("a property that is cut short", ONLY_5, with_props(b"\2\2\0"), MALFORMED),
    ("a response topic with wildcards [MQTT-3.3.2-14]", ONLY_5, with_props(props(("response_topic", "a/#"))), PROTOCOL),
    ("a user property in bad UTF-8", ONLY_5, with_props(props(("user_property", (b"\xff", b"")))), MALFORMED),

    ("PUBACK without a packet id", BOTH, packet(PUBACK, b"\0"), MALFORMED),
    ("PUBACK with a reason that is none", ONLY_5, packet(PUBACK, ONE + b"\2"), {MALFORMED, PROTOCOL}),
    ("PUBREL of MQTT 3 with more than an id", (3, 4), packet(PUBREL, ONE + b"\0", 2), MALFORMED),

    ("SUBSCRIBE without filters [MQTT-3.8.3-2]", ONLY_5, asks(b""), PROTOCOL),
    ("SUBSCRIBE without filters [MQTT-3.8.3-3 in 3.1.1]", (3, 4), asks(b"", before=ONE), PROTOCOL),
    ("SUBSCRIBE with packet id 0", ONLY_5, asks(text("t") + b"\0", before=b"\0\0\0"), PROTOCOL),
    ("an empty filter [MQTT-4.7.3-1]", ONLY_5, asks(text("") + b"\0"), PROTOCOL),
    ("an empty filter", (3, 4), asks(text("") + b"\0", before=ONE), PROTOCOL),
    ("a filter without options", ONLY_5, asks(text("t")), MALFORMED),
    ("a filter in bad UTF-8 [MQTT-3.8.3-1]", ONLY_5, asks(text(b"\xff") + b"\0"), MALFORMED),
    ("a filter with NUL", ONLY_5, asks(text(b"\0") + b"\0"), MALFORMED),
    ("a subscription at QoS 3", ONLY_5, asks(text("t") + b"\3"), PROTOCOL),
    ("a subscription at QoS 3 [MQTT-3.8.3-4 in 3.1.1]", (3, 4), asks(text("t") + b"\3", before=ONE), MALFORMED),
    ("retain handling 3", ONLY_5, asks(text("t") + b"\x30"), PROTOCOL),
    ("reserved options [MQTT-3.8.3-5]", ONLY_5, asks(text("t") + b"\x40"), MALFORMED),
    ("No Local of MQTT 3", (3, 4), asks(text("t") + b"\4", before=ONE), MALFORMED),
    ("No Local in a shared group [MQTT-3.8.3-4]", ONLY_5, asks(text("$share/g/t") + b"\4"), PROTOCOL),
    ("subscription id 0", ONLY_5, asks(text("t") + b"\0", before=ONE + b"\2\x0b\0"), PROTOCOL),
    ("two subscription ids", ONLY_5, asks(text("t") + b"\0", before=ONE + b"\4\x0b\1\x0b\2"), PROTOCOL),
    ("UNSUBSCRIBE without filters [MQTT-3.10.3-2]", ONLY_5, asks(b"", kind=UNSUBSCRIBE), PROTOCOL),
    ("UNSUBSCRIBE with packet id 0", ONLY_5, asks(text("t"), 2, b"\0\0\0", UNSUBSCRIBE), PROTOCOL),
    ("UNSUBSCRIBE in bad UTF-8 [MQTT-3.10.3-1]", ONLY_5, asks(text(b"\xff"), kind=UNSUBSCRIBE), MALFORMED),

    ("DISCONNECT with a reason that is none", ONLY_5, packet(DISCONNECT, b"\2"), {MALFORMED, PROTOCOL}),
    ("DISCONNECT that gives a session a life it never had", ONLY_5,
     packet(DISCONNECT, b"\0" + props(("session_expiry", 5))), PROTOCOL),
    ("a packet beyond Maximum Packet Size [MQTT-3.2.2-15]", BOTH, packet(PUBLISH, b"\0\1t" + b"\0" * 9000), TOO_LARGE),
    ("the mere head of a packet that is too large", BOTH, b"\x30\xff\xff\xff\x7f", TOO_LARGE),
]

WILL = {"topic": "t", "payload": b"w"}
# CONNECT as first packet: what comes back is a CONNACK with this code, or, for None, nothing.
REFUSED = [
    ("a version that is none", 4, connect("x", 4, level=9), 1),
    ("MQTT 5 in a name of MQTT 3.1", 4, connect("x", 3, name="MQIsdp", level=5), {1, None}),
    ("an unknown protocol [MQTT-3.1.2-1 in 3.1.1]", 4, connect("x", 4, name="HTTP"), {1, None}),
    ("the reserved flag [MQTT-3.1.2-3]", 5, connect("x", 5, flags=3), MALFORMED),
    ("the reserved flag [MQTT-3.1.2-3 in 3.1.1]", 4, connect("x", 4, flags=3), None),
    ("a will's QoS without a will [MQTT-3.1.2-11]", 5, connect("x", 5, flags=8 | 2), MALFORMED),
    ("a will's RETAIN without a will [MQTT-3.1.2-13]", 5, connect("x", 5, flags=0x20 | 2), MALFORMED),
    ("a will of QoS 3 [MQTT-3.1.2-12]", 5, connect("x", 5, will={**WILL, "qos": 3}), MALFORMED),
    ("a will of QoS 3 [MQTT-3.1.2-14 in 3.1.1]", 4, connect("x", 4, will={**WILL, "qos": 3}), None),
    ("a will without its topic", 5, connect("x", 5, flags=6), MALFORMED),
    ("a will's topic with wildcards", 5, connect("x", 5, will={"topic": "a/#"}), {MALFORMED, BAD_TOPIC, PROTOCOL}),
    ("a will's topic in bad UTF-8 [MQTT-3.1.3-11]", 5, connect("x", 5, will={"topic": b"\xff"}), MALFORMED),
    ("a password without a user [MQTT-3.1.2-22 in 3.1.1]", 4, connect("x", 4, password="p"), None),
    ("a user flag without a user", 4, connect("x", 4, flags=0x82), None),
    ("flags of CONNECT", 5, b"\x11" + connect("x", 5)[1:], None),
    ("a client id in bad UTF-8 [MQTT-3.1.3-4]", 5, connect(b"\xff", 5), {MALFORMED, BAD_ID}),
    ("a client id in bad UTF-8 [MQTT-1.5.3-1 in 3.1.1]", 4, connect(b"\xed\xa0\x80", 4), None),
    ("no id and no clean session [MQTT-3.1.3-8 in 3.1.1]", 4, connect("", 4, clean=False), 2),
    ("no id in MQTT 3.1", 3, connect("", 3), 2),
    ("something behind the payload", 5, packet(CONNECT, connect("x", 5)[2:] + b"x"), MALFORMED),
    ("two Receive Maximums", 5, connect("x", 5, props=[("receive_maximum", [1, 2])]), PROTOCOL),
    ("Receive Maximum 0", 5, connect("x", 5, props=[("receive_maximum", 0)]), PROTOCOL),
    ("Maximum Packet Size 0", 5, connect("x", 5, props=[("maximum_packet_size", 0)]), PROTOCOL),
    ("a method the broker has not [MQTT-4.12.0-1]", 5, connect("x", 5, props=[("authentication_method", "m")]),
     BAD_METHOD),
    ("data without a method", 5, connect("x", 5, props=[("authentication_data", b"d")]), PROTOCOL),
    ("PUBLISH before CONNECT [MQTT-3.1.0-1]", 5, publish("t", b"x"), None),
    ("SUBSCRIBE before CONNECT", 5, subscribe([("t", 0)]), None),
    ("UNSUBSCRIBE before CONNECT", 5, mqtt.unsubscribe(["t"]), None),
    ("PUBACK before CONNECT", 5, acknowledge(PUBACK, 1), None),
    ("PUBREL before CONNECT", 5, acknowledge(PUBREL, 1), None),
    ("PINGREQ before CONNECT", 5, packet(PINGREQ), None),
    ("DISCONNECT before CONNECT", 5, packet(DISCONNECT), None),
    ("AUTH before CONNECT", 5, packet(AUTH), None),
    ("HTTP", 5, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
    ("TLS", 5, bytes.fromhex("1603010200010001fc0303"), None),
    ("a CONNECT that announces 200 MB", 5, b"\x10\x80\xd6\xaf\x5f\0\4MQTT\5\2\0\0", None),
]


class Packets(BrokerCase):
    CONFIG = "max_packet_size 8192\nmax_inflight_messages 5\nlistener {port} 127.0.0.1\nallow_anonymous true\n"

    def setUp(self):
        super().setUp()
        self.bystander = self.client("bystander")
        self.bystander.subscribe(("bystander", 1))
        self.publisher = self.client("publisher", 4)

    def assert_undisturbed(self):
        self.publisher.publish("bystander", b"on", 1)
        self.assertEqual(self.bystander.message().payload, b"on")

    def assert_told(self, told, kind, reason):
        """That the last packet was of this kind and gave one of the reasons; None: there was none."""
        reasons = reason if isinstance(reason, set) else {reason}
        if told is None:
            self.assertIn(None, reasons, "the connection ended without a word")
        else:
            self.assertEqual(told.kind, kind)
            self.assertIn(told.reason, reasons, told)

    def test_what_is_wrong_ends_its_connection_alone(self):
        for name, versions, sent, reason in WRONG:
            for version in versions:
                with self.subTest(name, version=version):
                    client = self.client("wrong", version)
                    client.send(connect("wrong", version) if sent is None else sent)
                    self.assert_told(client.end(), DISCONNECT, reason if version == 5 else None)
                    self.assert_undisturbed()

    def test_what_is_wrong_before_connect_ends_it(self):
        for name, version, sent, reason in REFUSED:
            with self.subTest(name):
                client = self.raw(version)
                client.send(sent)
                self.assert_told(client.end(), CONNACK, reason)
                self.assert_undisturbed()

    def test_one_packet_too_many_in_flight(self):
        """[MQTT-3.3.4-8]: 0x93"""
        client = self.client()
        self.assertEqual(client.connack.prop("receive_maximum"), 5)
        for packet_id in range(1, 6):
            client.send(publish("t", b"", 2, packet_id=packet_id))
        self.assertEqual([client.expect(PUBREC).packet_id for _ in range(5)], [1, 2, 3, 4, 5])
        client.send(publish("t", b"", 2, packet_id=5, duplicate=True))  # the same again is none too many
        client.expect(PUBREC)
        client.send(publish("t", b"", 2, packet_id=6))
        self.assert_told(client.end(), DISCONNECT, TOO_MANY)
        self.assert_undisturbed()

    def test_older_clients_were_told_no_receive_maximum(self):
        client = self.client(version=4)
        for packet_id in range(1, 300):
            client.send(publish("t", b"", 2, packet_id=packet_id, version=4))
        self.assertEqual([client.expect(PUBREC).packet_id for _ in range(299)], list(range(1, 300)))

    def test_filters_that_cannot_be_are_refused_in_suback(self):
        for version, refused in ((5, 0x8F), (4, 0x80)):
            for wrong in ("a/#/b", "a#", "a+/b", "a/b+", "$share/g", "$share//t", "$share/+/t", "$share/g/"):
                with self.subTest(wrong, version=version):
                    client = self.client("filters", version)
                    got = client.subscribe("good", wrong, "good too")
                    self.assertEqual(got.reasons, bytes([0, refused, 0]))  # [MQTT-3.8.4-6]
                    client.disconnect()

    def test_acknowledgements_of_nothing_do_no_harm(self):
        for version in (4, 5):
            client = self.client(version=version)
            client.send(acknowledge(PUBACK, 9), acknowledge(PUBREC, 9), acknowledge(PUBCOMP, 9), acknowledge(PUBREL, 9))
            if version == 5:  # 0x92: packet id not found
                self.assertEqual((client.expect(PUBREL).reason, client.expect(PUBCOMP).reason), (0x92, 0x92))
            else:  # MQTT 3 has no word for it: the exchange just ends
                self.assertEqual((client.expect(PUBREL).packet_id, client.expect(PUBCOMP).packet_id), (9, 9))
            client.ping()

    def test_packets_byte_by_byte(self):
        """[MQTT-4.2.0-1 in 3.1.1]"""
        client = self.raw()
        for byte in connect("slow") + subscribe([("slow", 1)]) + publish("slow", b"x", 1, packet_id=3):
            client.send(bytes([byte]))
        self.assertEqual(client.expect(CONNACK).reason, 0)
        client.expect(SUBACK)
        self.assertEqual(client.message().payload, b"x")
        self.assertEqual(client.expect(PUBACK).packet_id, 3)


class Connecting(BrokerCase):
    """What a stranger can make the broker hold, and for how long."""

    CONFIG = "connect_timeout 1\nconnect_size_max 3000\nlistener {port} 127.0.0.1\nallow_anonymous true\n"

    def assert_cut_in_time(self, client):
        started = time.monotonic()
        self.assertIsNone(client.end())
        self.assertTrue(0.5 < time.monotonic() - started < 4, time.monotonic() - started)

    def test_who_says_nothing_is_cut(self):
        self.assert_cut_in_time(self.raw())

    def test_who_says_connect_too_slowly_is_cut(self):
        client, sent = self.raw(), connect("x" * 2000)
        with self.assertRaises((ConnectionResetError, BrokenPipeError, TimeoutError)):
            for byte in sent:
                client.send(bytes([byte]))
                time.sleep(0.02)
                self.assertLess(len(sent), 9000)

    def test_connect_is_bounded(self):
        """What is announced is never held: it is cut as soon as its head is there."""
        before = self.broker.memory_kb()
        clients = [self.raw() for _ in range(30)]
        for client in clients:
            client.send(b"\x10\x80\xd6\xaf\x5f")
        for client in clients:
            self.assertIsNone(client.end(1))
        for size, told in ((2900, 0), (3001, None)):
            client = self.raw()
            client.send(connect("x" * (size - 16)))
            got = client.receive()
            self.assertEqual(got if got is None else got.reason, told)
        self.assertLess(self.broker.memory_kb() - before, 20000)

    def test_what_follows_connect_may_be_larger(self):
        client = self.raw()
        client.send(connect("larger"), subscribe([("larger", 0)]), publish("larger", b"x" * 300000))
        self.assertEqual(client.expect(CONNACK).reason, 0)
        client.expect(SUBACK)
        self.assertEqual(len(client.message().payload), 300000)

    def test_many_who_connect_halfway(self):
        """Half a CONNECT each; the others connect and are served meanwhile."""
        half = [self.raw() for _ in range(100)]
        for client in half:
            client.send(connect("half")[:9])
        client = self.client()
        client.subscribe(self.topic())
        client.publish(self.topic(), b"x", 1)
        self.assertEqual(client.message().payload, b"x")
        for each in half:
            self.assertIsNone(each.end(5))

    def test_keep_alive_begins_with_connack(self):
        """[MQTT-3.1.2-22]: who keeps its time is not cut by connect_timeout."""
        client = self.client(keep_alive=0)
        time.sleep(1.3)
        client.ping()


if __name__ == "__main__":
    unittest.main()
