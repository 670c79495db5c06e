"""What holds for wax gateway with every broker. The devices are written from the specification, in sn_raw.py."""
import os
import random
import shutil
import tempfile

import sn_raw as sn
from mqtt_raw import Client
from sn_case import GatewayCase

PREDEFINED = "# known beforehand\n1 plant/reading\n 7\tplant/other \n"


class Talk(GatewayCase):
    """What holds with every broker."""

    def mqtt(self, client_id=None):
        """A client of the broker itself, by MQTT 3.1.1."""
        self.count = getattr(self, "count", 0) + 1
        client = Client(self.broker_port(), 4)
        self.addCleanup(client.close)
        client.connect(client_id or f"{self.name}-mqtt-{self.count}")
        return client

    def assert_message(self, client, expected):
        got = client.message(timeout=30)
        self.assertEqual((got.topic, got.payload), expected)

    def file(self, text):
        folder = tempfile.mkdtemp(prefix="wax-story-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "file")
        with open(path, "w") as out:
            out.write(text)
        return path

    def test_messages_of_every_qos_go_both_ways(self):
        gateway = self.gateway()
        sender, reader = self.device(gateway), self.device(gateway)
        topic = f"{self.name}/t"
        reader.subscribe(topic, qos=2)
        number = sender.register(topic)
        self.assertEqual(sender.register(topic), number, "a topic has one id")
        for qos in (0, 1, 2):
            for payload in (b"", b"\x00\xff\x7e\x7d\x01", bytes(range(256)) * 5):
                sender.publish(number, payload, qos)
                got = reader.message()
                self.assertEqual((got.topic, got.payload, got.qos, got.retain, got.duplicate), (topic, payload, qos, False, False))
        reader.unsubscribe(topic)
        sender.publish(number, b"unheard", 1)
        reader.ping()
        self.assertFalse(reader.messages)

    def test_wildcards_tell_each_topic_once(self):
        gateway = self.gateway()
        sender, reader = self.mqtt(), self.device(gateway)
        self.assertEqual(reader.subscribe(f"{self.name}/+/#", qos=1), 0)
        for round_ in range(3):
            for place in ("a", "b"):
                sender.publish(f"{self.name}/{place}/x", f"{round_}".encode(), 1)
                got = reader.message()
                self.assertEqual((got.topic, got.payload), (f"{self.name}/{place}/x", f"{round_}".encode()))
        self.assertEqual(len(reader.topics), 2)

    def test_topics_that_need_no_name(self):
        gateway = self.gateway("--predefined", self.file(PREDEFINED))
        sender, reader = self.device(gateway), self.device(gateway)
        reader.subscribe(1, qos=1, kind=sn.PREDEFINED)
        reader.subscribe("xy", qos=1, kind=sn.SHORT)
        sender.publish(1, b"one", 1, kind=sn.PREDEFINED)
        got = reader.message()
        self.assertEqual((got.kind, got.id, got.payload), (sn.PREDEFINED, 1, b"one"))
        sender.publish("xy", b"two", 1, kind=sn.SHORT)
        got = reader.message()
        self.assertEqual((got.kind, got.topic, got.payload), (sn.SHORT, "xy", b"two"))
        for topic, kind in ((9, sn.PREDEFINED), (9, sn.NAME), ("+x", sn.SHORT), ("#z", sn.SHORT)):
            sender.publish(topic, b"x", 1, kind=kind, code=sn.INVALID_TOPIC)
            sender.publish(topic, b"x", 2, kind=kind, code=sn.INVALID_TOPIC)
        sender.subscribe(9, kind=sn.PREDEFINED, code=sn.INVALID_TOPIC)
        sender.subscribe("a/#/b", code=sn.INVALID_TOPIC)
        sender.register("a/+", code=sn.INVALID_TOPIC)

    def test_messages_wait_for_a_device_that_sleeps(self):
        gateway = self.gateway()
        sender, sleeper = self.mqtt(), self.device(gateway)
        topic = f"{self.name}/t"
        sleeper.subscribe(topic, qos=2)
        mark = self.mqtt()
        sleeper.sleep(600)
        for qos in (0, 1, 2, 1):
            sender.publish(topic, b"%d" % qos, qos)
        del mark
        got = []
        while len(got) < 4:  # the broker may not have sent all when the first is asked for
            sleeper.wake()
            while sleeper.messages:
                got.append(sleeper.messages.popleft().payload)
        self.assertEqual(got, [b"0", b"1", b"2", b"1"])
        sleeper.wake()
        self.assertFalse(sleeper.messages)
        sleeper.sleep(600)
        sender.publish(topic, b"awake", 1)
        sleeper.connect(clean=False)
        self.assertEqual(sleeper.message().payload, b"awake")
        sleeper.ping()

    def test_what_waits_for_a_sleeper_is_bounded_and_qos_1_is_not_lost(self):
        gateway = self.gateway()
        sender, sleeper = self.mqtt(), self.device(gateway)
        topic = f"{self.name}/t"
        sleeper.subscribe(topic, qos=1)
        sleeper.sleep(600)
        for number in range(60):
            sender.publish(topic, b"%03d" % number + bytes(1000), 1)
        for number in range(60):
            sender.publish(topic, b"zero" + bytes(1000), 0)
        got = []
        while b"059" not in got:
            sleeper.wake()
            while sleeper.messages:
                payload = sleeper.messages.popleft().payload
                self.assertEqual(len(payload), 1003 if payload[:4] != b"zero" else 1004)
                got.append(payload[:3])
        self.assertEqual([one for one in got if one != b"zer"], [b"%03d" % number for number in range(60)])

    def test_a_lost_device_has_its_will(self):
        gateway = self.gateway()
        watcher = self.mqtt()
        watcher.subscribe((f"{self.name}/will", 1))
        self.device(gateway, duration=1, will=(f"{self.name}/will", b"lost", 1, False))
        got = watcher.message(timeout=30)
        self.assertEqual((got.payload, got.qos), (b"lost", 1))
        gateway.wait_for_log("nothing was heard of the device for too long")
        sleeper = self.device(gateway, will=(f"{self.name}/will", b"overslept", 0, False))
        sleeper.sleep(1)
        self.assertEqual(watcher.message(timeout=30).payload, b"overslept")
        sleeper.send(sn.PINGREQ, sleeper.id)
        sleeper.expect(sn.DISCONNECT)

    def test_a_device_that_leaves_has_no_will(self):
        gateway = self.gateway()
        watcher = self.mqtt()
        watcher.subscribe((f"{self.name}/#", 1))
        leaver = self.device(gateway, will=(f"{self.name}/will", b"lost", 1, False))
        number = leaver.register(f"{self.name}/last")
        leaver.disconnect()
        gateway.wait_for_log("device_ended")
        other = self.device(gateway)
        other.publish(other.register(f"{self.name}/last"), b"last", 1)
        self.assertEqual(watcher.message().payload, b"last")
        leaver.publish(number, b"gone")
        leaver.expect(sn.DISCONNECT)

    def test_sessions_that_are_not_clean_wait(self):
        gateway = self.gateway()
        sender = self.mqtt()
        keeper = self.device(gateway, clean=False)
        topic = f"{self.name}/t"
        keeper.subscribe(topic, qos=1)
        keeper.disconnect()
        gateway.wait_for_log("device_ended")
        sender.publish(topic, b"meanwhile", 1)
        keeper.topics.clear()
        keeper.connect(clean=False)
        self.assertEqual(keeper.message().payload, b"meanwhile")
        keeper.disconnect()
        gateway.wait_for_log("device_ended", 2)
        keeper.connect(clean=True)
        sender.publish(topic, b"unheard", 1)
        keeper.ping()
        keeper.publish(keeper.register(f"{self.name}/mark"), b"", 1)
        self.assertFalse(keeper.messages)

    def test_retained_messages_are_kept_by_the_broker(self):
        gateway = self.gateway()
        sender, reader = self.device(gateway), self.device(gateway)
        sender.publish(sender.register(f"{self.name}/t"), b"kept", 1, retain=True)
        reader.subscribe(f"{self.name}/#", qos=1)
        got = reader.message()
        self.assertEqual((got.payload, got.retain), (b"kept", True))

    def test_a_device_that_does_not_answer_is_told_again_and_given_up(self):
        gateway = self.gateway("--retry", 1, "--retries", 2)
        sender, deaf = self.mqtt(), self.device(gateway)
        topic = f"{self.name}/t"
        deaf.subscribe(topic, qos=1)
        deaf.answers = False
        sender.publish(topic, b"hear!", 1)
        got = [deaf.message() for _ in range(3)]
        self.assertEqual([one.duplicate for one in got], [False, True, True])
        self.assertEqual({one.message_id for one in got}, {got[0].message_id})
        deaf.expect(sn.DISCONNECT)
        gateway.wait_for_log("the device does not answer")

    def test_a_topic_that_a_device_forgot_is_told_again(self):
        gateway = self.gateway()
        sender, reader = self.mqtt(), self.device(gateway)
        topic = f"{self.name}/t"
        reader.subscribe(topic, qos=1)
        reader.topics.clear()
        sender.publish(topic, b"what is it?", 1)
        self.assertIsNone(reader.message().topic)
        self.assertEqual(reader.message()[:2], (topic, b"what is it?"))

    def test_packets_that_come_twice_are_messages_once(self):
        gateway = self.gateway()
        watcher, sender = self.mqtt(), self.device(gateway)
        watcher.subscribe((f"{self.name}/#", 2))
        number = sender.register(f"{self.name}/t")
        for message_id in (100, 101):
            head = sn.u16(number) + sn.u16(message_id)
            for bits in (sn.flags(qos=2), sn.flags(qos=2, duplicate=True), sn.flags(qos=2)):
                sender.send(sn.PUBLISH, bytes([bits]) + head + b"once")
            sender.skip_to(sn.PUBREC, sn.u16(message_id))
            sender.send(sn.PUBREL, sn.u16(message_id))
            sender.send(sn.PUBREL, sn.u16(message_id))
            sender.skip_to(sn.PUBCOMP, sn.u16(message_id))
            for bits in (sn.flags(qos=2), sn.flags(qos=2, duplicate=True)):  # long ago, by a slow way
                sender.send(sn.PUBLISH, bytes([bits]) + head + b"once")
                sender.skip_to(sn.PUBREC, sn.u16(message_id))
            self.assertEqual(watcher.message().payload, b"once")
        other = self.mqtt()
        other.publish(f"{self.name}/mark", b"mark", 1)
        self.assertEqual(watcher.message().payload, b"mark")

    def test_messages_of_qos_less_than_0(self):
        gateway = self.gateway("--connectionless", "--predefined", self.file(PREDEFINED), "-i", f"own-{self.name}")
        gateway.wait_for_log("device_connected")
        watcher, stranger = self.mqtt(), self.stranger(gateway)
        watcher.subscribe(("plant/#", 0))
        watcher.subscribe(("qq", 0))
        stranger.publish(1, b"predefined", -1, kind=sn.PREDEFINED)
        self.assert_message(watcher, ("plant/reading", b"predefined"))
        stranger.publish("qq", b"short", -1, kind=sn.SHORT)
        self.assert_message(watcher, ("qq", b"short"))
        stranger.publish(99, b"nobody knows", -1, kind=sn.PREDEFINED)
        stranger.publish(1, b"no name", -1)
        stranger.connect()
        stranger.publish(7, b"connected", -1, kind=sn.PREDEFINED)
        self.assert_message(watcher, ("plant/other", b"connected"))

    def test_without_leave_nobody_publishes_unconnected(self):
        gateway = self.gateway("--predefined", self.file(PREDEFINED))
        watcher, stranger = self.mqtt(), self.stranger(gateway)
        watcher.subscribe(("plant/#", 0))
        stranger.publish(1, b"secretly", -1, kind=sn.PREDEFINED)
        stranger.connect()
        stranger.publish(7, b"openly", 1, kind=sn.PREDEFINED)
        self.assert_message(watcher, ("plant/other", b"openly"))

    def test_strangers_get_no_more_than_they_send(self):
        gateway = self.gateway("--gateway-id", 9)
        stranger = self.stranger(gateway)
        stranger.send(sn.SEARCHGW, b"\x01")
        self.assertEqual(stranger.expect(sn.GWINFO), b"\x09")
        for kind, body in ((sn.PUBLISH, b"\x00\x00\x01\x00\x00x"), (sn.SUBSCRIBE, b"\x00\x00\x01a"), (sn.REGISTER, b"\x00\x00\x00\x01a"),
                           (sn.UNSUBSCRIBE, b"\x00\x00\x01a"), (sn.PINGREQ, b"x")):
            stranger.send(kind, body)
            self.assertEqual(stranger.expect(sn.DISCONNECT), b"")
        for kind in (sn.DISCONNECT, sn.ADVERTISE, sn.GWINFO, sn.PINGRESP):  # no answer: gateways would talk for ever
            stranger.send(kind, b"\x01\x00\x01" if kind == sn.ADVERTISE else b"\x01" if kind == sn.GWINFO else b"")
        stranger.send(sn.CONNECT, b"\x04\x02\x00\x10" + stranger.id)
        self.assertEqual(stranger.expect(sn.CONNACK), bytes([sn.NOT_SUPPORTED]))
        stranger.send(sn.CONNECT, b"\x04\x01\x00\x10")
        self.assertEqual(stranger.expect(sn.CONNACK), bytes([sn.NOT_SUPPORTED]))

    def test_there_is_an_end_to_devices(self):
        gateway = self.gateway("--devices-max", 2)
        first = self.device(gateway)
        self.device(gateway)
        self.stranger(gateway).connect(code=sn.CONGESTION)
        first.disconnect()
        gateway.wait_for_log("device_ended")
        self.device(gateway)

    def test_only_devices_that_are_listed(self):
        gateway = self.gateway("--devices", self.file("# two\nfriend\nother\n"))
        self.device(gateway, "friend")
        stranger = self.stranger(gateway, "stranger").connect(code=sn.NOT_SUPPORTED)
        gateway.wait_for_log("it is not in the file of --devices")
        stranger.send(sn.PINGREQ)
        stranger.expect(sn.DISCONNECT)

    def test_a_device_may_come_back_at_once(self):
        gateway = self.gateway()
        sender, device = self.mqtt(), self.device(gateway)
        topic = f"{self.name}/t"
        device.subscribe(topic, qos=1)
        device.connect(clean=False)  # a restart without good-bye: the session goes on
        device.topics.clear()
        sender.publish(topic, b"again", 1)
        self.assertEqual(device.message()[:2], (topic, b"again"))
        device.connect(clean=True)  # and ends
        sender.publish(topic, b"unheard", 1)
        device.publish(device.register(f"{self.name}/mark"), b"", 1)
        self.assertFalse(device.messages)

    def test_noise_ends_nothing(self):
        gateway = self.gateway()
        device, noisy = self.device(gateway), self.stranger(gateway)
        device.subscribe(f"{self.name}/t", qos=1)
        chance = random.Random(7)
        for round_ in range(500):
            size = chance.randrange(1, 40)
            noise = bytes(chance.randrange(256) for _ in range(size))
            noisy.way.send(noise)
            noisy.way.send(bytes([size + 1]) + noise)
            if round_ % 50 == 0:
                device.ping()  # so that the noise is taken, and not lost
        for size in (1472, 1473, 9000, 60000):
            noisy.way.send(sn.packet(sn.PUBLISH, bytes(size - 4)))
        device.ping()
        device.publish(device.register(f"{self.name}/t"), b"still here", 1)
        self.assertEqual(device.message().payload, b"still here")
