"""wax gateway, with devices whose every packet is made and read by Scapy: MQTT-SN as others understood it. What Scapy takes from
the gateway it must give back byte for byte; where Scapy itself is wrong, tests/house/sn_scapy_test.py says how."""
import collections
import logging
import time
import unittest

import sn_raw
from mqtt_raw import Client
from running import BrokerCase
from sn_case import PATIENCE_S, GatewayCase

logging.getLogger("scapy").setLevel(logging.CRITICAL)
from scapy.contrib import mqttsn as scapy  # noqa: E402

BARE_DISCONNECT = b"\x02\x18"  # Scapy's has two bytes too many
KINDS = {"name": scapy.TID_NORMAL, "predefined": scapy.TID_PREDEF, "short": scapy.TID_SHORT}


class Device:
    """A device that answers at once. What comes is kept in `messages`: (topic, payload, QoS)."""

    def __init__(self, port, name):
        self.way, self.name = sn_raw.Datagrams(port), name.encode()
        self.messages, self.topics, self.last_id = collections.deque(), {}, 0

    def say(self, kind, **fields):
        self.way.send(bytes(scapy.MQTTSN() / kind(**fields)))

    def next_id(self):
        self.last_id += 1
        return self.last_id

    def take(self):
        """The next packet of the gateway: one datagram, and nothing but one packet."""
        data = self.way.receive(PATIENCE_S)
        assert data is not None, "nothing comes"
        packet = scapy.MQTTSN(data)
        assert bytes(packet) == data, f"Scapy reads {data.hex()} as {packet!r}"
        return packet

    def hear(self, kind):
        """The body of the next packet of a kind; what comes before it is answered."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            packet = self.take()
            if packet.type == kind:
                return packet.payload
            self.answer(packet)
        raise AssertionError(f"{scapy.PACKET_TYPE[kind]} does not come")

    def answer(self, packet):
        body = packet.payload
        if packet.type == scapy.REGISTER:
            self.topics[body.tid] = body.topic_name.decode()
            self.say(scapy.MQTTSNRegack, tid=body.tid, mid=body.mid, return_code=scapy.ACCEPTED)
        elif packet.type == scapy.PUBREL:
            self.say(scapy.MQTTSNPubcomp, mid=body.mid)
        elif packet.type == scapy.PUBLISH:
            self.keep(body)
        else:
            raise AssertionError(f"unexpected: {packet!r}")

    def keep(self, body):
        topic = {scapy.TID_NORMAL: self.topics.get(body.tid), scapy.TID_PREDEF: body.tid,
                 scapy.TID_SHORT: body.tid.to_bytes(2, "big").decode(errors="replace")}[body.tid_type]
        self.messages.append((topic, bytes(body.data), body.qos))
        if body.qos == 1:
            self.say(scapy.MQTTSNPuback, tid=body.tid, mid=body.mid, return_code=scapy.ACCEPTED)
        elif body.qos == 2:
            self.say(scapy.MQTTSNPubrec, mid=body.mid)

    def message(self):
        while not self.messages:
            self.answer(self.take())
        return self.messages.popleft()

    def connect(self, clean=1, duration=600, will=None):
        self.say(scapy.MQTTSNConnect, cleansess=clean, will=int(will is not None), duration=duration, client_id=self.name)
        if will is not None:
            topic, text, qos = will
            self.hear(scapy.WILLTOPICREQ)
            self.say(scapy.MQTTSNWillTopic, qos=qos, will_topic=topic.encode())
            self.hear(scapy.WILLMSGREQ)
            self.say(scapy.MQTTSNWillMsg, will_msg=text)
        assert self.hear(scapy.CONNACK).return_code == scapy.ACCEPTED
        return self

    def register(self, topic):
        number = self.next_id()
        self.say(scapy.MQTTSNRegister, mid=number, topic_name=topic.encode())
        body = self.hear(scapy.REGACK)
        assert (body.mid, body.return_code) == (number, scapy.ACCEPTED)
        return body.tid

    def publish(self, topic, payload, qos=0, kind="name", code=scapy.ACCEPTED):
        number = self.next_id() if qos in (1, 2) else 0
        self.say(scapy.MQTTSNPublish, qos=qos, tid_type=KINDS[kind], tid=topic, mid=number, data=payload)
        if qos == 1 or (qos == 2 and code != scapy.ACCEPTED):
            body = self.hear(scapy.PUBACK)
            assert (body.tid, body.mid, body.return_code) == (topic, number, code)
        elif qos == 2:
            assert self.hear(scapy.PUBREC).mid == number
            self.say(scapy.MQTTSNPubrel, mid=number)
            assert self.hear(scapy.PUBCOMP).mid == number

    def ask(self, layer, qos, kind, topic):
        number = self.next_id()
        field = {"name": "topic_name", "predefined": "tid", "short": "short_topic"}[kind]
        self.say(layer, qos=qos, tid_type=KINDS[kind], mid=number, **{field: topic if kind == "predefined" else topic.encode()})
        return number

    def subscribe(self, topic, qos=0, kind="name"):
        number = self.ask(scapy.MQTTSNSubscribe, qos, kind, topic)
        body = self.hear(scapy.SUBACK)
        assert (body.mid, body.return_code, body.qos) == (number, scapy.ACCEPTED, qos)
        if kind == "name" and body.tid != 0:
            self.topics[body.tid] = topic

    def unsubscribe(self, topic, kind="name"):
        number = self.ask(scapy.MQTTSNUnsubscribe, 0, kind, topic)
        assert self.hear(scapy.UNSUBACK).mid == number

    def sleep(self, duration):
        self.say(scapy.MQTTSNDisconnect, duration=duration)
        self.hear(scapy.DISCONNECT)

    def wake(self):
        self.say(scapy.MQTTSNPingReq, client_id=self.name)
        self.hear(scapy.PINGRESP)


class WithScapy(GatewayCase, BrokerCase):
    THREADS = 1

    def broker_port(self):
        return self.broker.port

    def setUp(self):
        super().setUp()
        self.broker.write("predefined", "1 plant/reading\n7 plant/other\n")
        self.predefined = self.broker.path("predefined")

    def scapy(self, gateway, name="scapy"):
        device = Device(gateway.port, f"{self.name}-{name}")
        self.addCleanup(device.way.close)
        return device

    def mqtt(self, *filters):
        client = Client(self.broker.port, 4)
        self.addCleanup(client.close)
        client.connect(f"{self.name}-mqtt")
        if filters:
            client.subscribe(*((one, 2) for one in filters))
        return client

    def assert_got(self, client, *expected):
        got = client.message(timeout=PATIENCE_S)
        self.assertEqual((got.topic, got.payload, got.qos), expected)

    def test_a_gateway_is_found(self):
        device = self.scapy(self.gateway("--gateway-id", 9))
        device.say(scapy.MQTTSNSearchGW, radius=1)
        self.assertEqual(device.hear(scapy.GWINFO).gw_id, 9)

    def test_messages_of_every_qos_and_size_go_to_the_broker(self):
        device, watcher = self.scapy(self.gateway()).connect(), self.mqtt(f"{self.name}/t")
        number = device.register(f"{self.name}/t")
        for qos in (0, 1, 2):
            for size in (0, 1, 248, 249, 1400):
                device.publish(number, bytes(size), qos)
                self.assert_got(watcher, f"{self.name}/t", bytes(size), qos)
        for qos in (1, 2):
            device.publish(number + 1, b"nowhere", qos, code=scapy.REJ_TID)

    def test_messages_of_every_qos_and_size_come_from_the_broker(self):
        device, sender = self.scapy(self.gateway()).connect(), self.mqtt()
        device.subscribe(f"{self.name}/t", 2)
        device.subscribe(f"{self.name}/+/x", 2)  # its topics are told by REGISTER
        for topic in (f"{self.name}/t", f"{self.name}/1/x", f"{self.name}/2/x"):
            for qos in (0, 1, 2):
                for size in (0, 1, 248, 249, 1400):
                    sender.publish(topic, bytes(size), qos)
                    self.assertEqual(device.message(), (topic, bytes(size), qos))
        device.unsubscribe(f"{self.name}/t")
        sender.publish(f"{self.name}/t", b"unheard", 1)
        sender.publish(f"{self.name}/1/x", b"heard", 1)
        self.assertEqual(device.message(), (f"{self.name}/1/x", b"heard", 1))

    def test_topics_without_names(self):
        gateway = self.gateway("--predefined", self.predefined)
        device, other = self.scapy(gateway).connect(), self.mqtt("plant/#", "ab")
        for topic, kind, name in ((1, "predefined", "plant/reading"), ("ab", "short", "ab")):
            number = topic if kind == "predefined" else int.from_bytes(topic.encode(), "big")
            device.publish(number, b"up", 1, kind)
            self.assert_got(other, name, b"up", 1)
            device.subscribe(topic, 1, kind)
            other.publish(name, b"down", 1)
            self.assertEqual(device.message(), (topic, b"down", 1))
            self.assert_got(other, name, b"down", 1)
            device.unsubscribe(topic, kind)

    def test_messages_without_a_connection(self):
        gateway = self.gateway("--connectionless", "--predefined", self.predefined, "-i", "own")
        gateway.wait_for_log("device_connected")
        device, watcher = self.scapy(gateway), self.mqtt("plant/#", "ab")
        device.publish(7, b"one", scapy.QOS_NEG1, "predefined")
        self.assert_got(watcher, "plant/other", b"one", 0)
        device.publish(int.from_bytes(b"ab", "big"), b"two", scapy.QOS_NEG1, "short")
        self.assert_got(watcher, "ab", b"two", 0)

    def test_a_device_sleeps(self):
        device, sender = self.scapy(self.gateway()).connect(), self.mqtt()
        device.subscribe(f"{self.name}/t", 2)
        device.sleep(600)
        for qos in (0, 1, 2):
            sender.publish(f"{self.name}/t", b"%d" % qos, qos)
        while len(device.messages) < 3:  # the broker may not have sent all when the first is asked for
            device.wake()
        self.assertEqual([payload for _, payload, _ in device.messages], [b"0", b"1", b"2"])

    def test_a_will_is_told_changed_and_published(self):
        gateway = self.gateway()
        watcher = self.mqtt(f"{self.name}/#")
        device = self.scapy(gateway).connect(will=(f"{self.name}/a", b"first", 1))
        device.say(scapy.MQTTSNWillTopicUpd, qos=2, will_topic=f"{self.name}/b".encode())
        self.assertEqual(device.hear(scapy.WILLTOPICRESP).return_code, scapy.ACCEPTED)
        device.say(scapy.MQTTSNWillMsgUpd, will_msg=b"second")
        self.assertEqual(device.hear(scapy.WILLMSGRESP).return_code, scapy.ACCEPTED)
        device.connect(clean=0, duration=1)
        self.assert_got(watcher, f"{self.name}/b", b"second", 2)

    def test_a_device_leaves(self):
        gateway = self.gateway()
        watcher = self.mqtt(f"{self.name}/#")
        device = self.scapy(gateway).connect(will=(f"{self.name}/a", b"never", 1))
        device.way.send(BARE_DISCONNECT)
        device.hear(scapy.DISCONNECT)
        gateway.wait_for_log("device_ended")
        watcher.publish(f"{self.name}/mark", b"mark", 1)
        self.assert_got(watcher, f"{self.name}/mark", b"mark", 1)


if __name__ == "__main__":
    unittest.main()
