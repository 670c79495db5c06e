"""Bridges between brokers of our own, and to a broker that the test plays itself."""
import socket
import tempfile
import shutil
import unittest

import foreign
import mqtt_raw
import passwords
from mqtt_raw import CONNACK, CONNECT, PUBACK, PUBLISH, PUBREC, PUBREL, PUBCOMP, SUBACK, SUBSCRIBE
from running import PLAIN, Broker, BrokerCase, free_ports


class Played(mqtt_raw.Client):
    """The other broker's end of a bridge's connection: the test says what it answers."""

    def __init__(self, accepted):
        self.version, self.socket, self.received, self.last_id = 5, accepted, b"", 0
        self.aside = mqtt_raw.collections.deque()

    def greeting(self):
        """The CONNECT, as bytes."""
        got = self.read_bytes()
        assert got[0] >> 4 == CONNECT, got
        self.version = got[1:].split(b"MQTT", 1)[1][0] & 0x7F
        return got

    def read_bytes(self):
        self.socket.settimeout(20)
        assert self.fill(2), "the bridge closed"
        size, head = self.received[1], 2
        if size > 127:
            assert self.fill(3)
            size, head = size % 128 + 128 * self.received[2], 3
        assert self.fill(head + size)
        got, self.received = self.received[:head + size], self.received[head + size:]
        return got

    def accept(self, present=False, props=()):
        properties = mqtt_raw.properties(props) if self.version == 5 else b""
        self.send(mqtt_raw.packet(CONNACK, bytes([present, 0]) + properties))

    def messages(self, count):
        return [self.expect(PUBLISH, 20) for _ in range(count)]


class Far:
    """Plays the other broker."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(30)
        self.port = self.socket.getsockname()[1]
        self.bridges = []

    def bridge(self):
        self.bridges.append(Played(self.socket.accept()[0]))
        return self.bridges[-1]

    def close(self):
        for each in [*self.bridges, self.socket]:
            each.close()


class Bridges(BrokerCase):
    """Our broker is `near`; `broker`, which the class shares, is the other one."""

    def near(self, lines, more="", files=None, workers=2, to=None, name="b"):
        """A broker with a bridge; `lines` may name {far}, the other one's port."""
        port = to or self.broker.port
        block = f"connection {name}\naddress 127.0.0.1:{port}\nrestart_timeout 1\nremote_clientid {self.name}\n"
        broker = Broker(more + PLAIN + block + lines.replace("{far}", str(port)), files, workers)
        self.addCleanup(self.assert_ends_well, broker)
        return broker

    def assert_ends_well(self, broker):
        self.assertIsNone(broker.stop())

    def open(self, *arguments, **more):
        broker = self.near(*arguments, **more)
        broker.wait_for_log("bridge_connected")
        return broker

    def at(self, broker, *filters, version=5):
        """A subscriber at a broker."""
        client = self.client(version=version, port=broker.port)
        for each in filters:
            client.subscribe(each)
        return client

    def far(self):
        far = Far()
        self.addCleanup(far.close)
        return far

    def until_across(self, publisher, topic, subscriber, mark):
        """Publishes until it is seen at the other side, where a subscription may be on its way."""
        for _ in range(100):
            publisher.publish(topic, mark, qos=1)
            try:
                while subscriber.message(0.3).payload != mark:
                    pass
                return
            except socket.timeout:
                pass
        raise AssertionError("nothing crosses")


class Crossing(Bridges):
    def cross(self, lines):
        near = self.open(f"topic # both 2 near/ {self.name}/\n{lines}")
        here, there = self.at(near, ("near/#", 2)), self.at(self.broker, (f"{self.name}/#", 2))
        self.until_across(there, f"{self.name}/first", here, b"first")
        while there.message().payload != b"first":
            pass
        for qos in 0, 1, 2:
            with self.subTest(qos=qos):
                here.publish("near/up", b"up%d" % qos, qos=qos)
                got = here.message(), there.message()
                self.assertEqual([(each.topic, each.payload, each.qos) for each in got],
                                 [("near/up", b"up%d" % qos, qos), (f"{self.name}/up", b"up%d" % qos, qos)])
                there.publish(f"{self.name}/down", b"down%d" % qos, qos=qos)
                got = there.message(), here.message()
                self.assertEqual([(each.topic, each.payload, each.qos) for each in got],
                                 [(f"{self.name}/down", b"down%d" % qos, qos), ("near/down", b"down%d" % qos, qos)])
        return near, here, there

    def test_messages_cross_both_ways_at_every_qos(self):
        near, _, _ = self.cross("")
        self.assertIn("version=5", near.log())

    def test_messages_cross_with_mqtt_3(self):
        for version in "mqttv311", "mqttv31":
            with self.subTest(version=version):
                self.cross(f"bridge_protocol_version {version}\n")

    def test_nothing_comes_back(self):
        for lines in "", "bridge_protocol_version mqttv311\n":
            with self.subTest(lines=lines):
                near, here, there = self.cross(lines)
                for client, topic in (here, "near/x"), (there, f"{self.name}/x"):
                    client.publish(topic, b"once", qos=1)
                    client.publish(topic, b"last", qos=1)
                for client in here, there:
                    self.assertEqual(sorted(client.payloads(4)), [b"last", b"last", b"once", b"once"])
                    client.is_silent()

    def test_what_no_line_names_stays(self):
        near = self.open(f"topic {self.name}/out/# out 1\ntopic {self.name}/in/# in 1\n")
        here, there = self.at(near, "#"), self.at(self.broker, f"{self.name}/#")
        self.until_across(there, f"{self.name}/in/first", here, b"first")
        here.publish(f"{self.name}/other", b"stays", qos=1)
        here.publish(f"{self.name}/in/a", b"stays", qos=1)
        there.publish(f"{self.name}/out/a", b"stays", qos=1)
        self.until_across(here, f"{self.name}/out/last", there, b"last")
        seen = []
        there.publish(f"{self.name}/in/last", b"last", qos=1)
        while not seen or seen[-1] != (f"{self.name}/in/last", b"last"):
            got = here.message()
            seen.append((got.topic, got.payload))
        self.assertNotIn((f"{self.name}/out/a", b"stays"), seen)

    def test_retained_messages_cross_as_retained_ones(self):
        there = self.at(self.broker)
        there.publish(f"{self.name}/there/kept", b"there", qos=1, retain=True)
        near = self.open(f"topic # in 1 here/ {self.name}/there/\ntopic # out 1 mine/ {self.name}/here/\n"
                         f"topic bare out 1\nbridge_outgoing_retain true\n")
        here = self.at(near, "here/#")
        self.assertEqual(here.message().payload, b"there")
        here.publish("mine/kept", b"here", qos=1, retain=True)
        watch = self.at(self.broker, f"{self.name}/here/#")
        self.assertEqual(watch.message().payload, b"here")
        again = self.at(self.broker, f"{self.name}/here/#").message()
        self.assertEqual((again.payload, again.retain), (b"here", True))
        again = self.at(near, "here/#").message()
        self.assertEqual((again.payload, again.retain), (b"there", True))

    def test_what_was_retained_before_crosses_when_the_bridge_comes(self):
        near = Broker(PLAIN)
        self.addCleanup(self.assert_ends_well, near)
        self.at(near).publish("kept/a", b"old", qos=1, retain=True)
        near.write("wax.conf", near.read("wax.conf") + f"connection late\naddress 127.0.0.1:{self.broker.port}\n"
                   f"remote_clientid {self.name}\ntopic # out 1 kept/ {self.name}/\n")
        near.reload()
        near.wait_for_log("bridge_connected")
        got = self.at(self.broker, f"{self.name}/a").message()
        self.assertEqual((got.payload, got.retain), (b"old", True))

    def test_retain_may_be_taken_off(self):
        near = self.open(f"topic # out 1 mine/ {self.name}/\nbridge_outgoing_retain false\n")
        watch = self.at(self.broker, (f"{self.name}/#", 1 | 8))
        self.at(near).publish("mine/a", b"plain", qos=1, retain=True)
        got = watch.message()
        self.assertEqual((got.payload, got.retain), (b"plain", False))

    def test_properties_cross(self):
        near = self.open(f"topic # out 1 mine/ {self.name}/\n")
        watch = self.at(self.broker, f"{self.name}/#")
        self.at(near).publish("mine/a", b"x", qos=1, props={"content_type": "text", "user_property": ("a", "b"),
                                                            "message_expiry": 1000})
        got = watch.message()
        self.assertEqual((got.prop("content_type"), got.all("user_property")), ("text", [("a", "b")]))
        self.assertLessEqual(got.prop("message_expiry"), 1000)


class Accounting(Bridges):
    """The test plays the other broker and counts."""

    def played(self, lines, **more):
        far = self.far()
        near = self.near("notifications false\n" + lines, to=far.port, **more)
        return far, near, far.bridge()

    def test_what_was_not_acknowledged_is_sent_again(self):
        far, near, bridge = self.played("topic a out 2\nbridge_attempt_unsubscribe false\n")
        bridge.greeting()
        bridge.accept()
        publisher = self.at(near)
        for number in range(5):
            publisher.publish("a", b"%d" % number, qos=2 if number % 2 else 1)
        first = bridge.messages(5)
        bridge.send(mqtt_raw.acknowledge(PUBACK, first[0].packet_id))
        bridge.send(mqtt_raw.acknowledge(PUBREC, first[1].packet_id))
        self.assertEqual(bridge.expect(PUBREL).packet_id, first[1].packet_id)
        bridge.close()
        for number in range(5, 8):
            publisher.publish("a", b"%d" % number, qos=1)
        bridge = far.bridge()
        bridge.greeting()
        bridge.accept(present=True)
        got = []
        while len(got) < 7:  # a PUBREL and six messages
            got.append(bridge.receive(20))
        self.assertEqual([each.packet_id for each in got if each.kind == PUBREL], [first[1].packet_id])
        again = [each for each in got if each.kind == PUBLISH]
        self.assertEqual([each.payload for each in again], [b"2", b"3", b"4", b"5", b"6", b"7"])
        self.assertEqual([each.packet_id for each in again[:3]], [each.packet_id for each in first[2:]])

    def test_a_lost_session_loses_no_message(self):
        far, near, bridge = self.played("topic a out 2\n")
        bridge.greeting()
        bridge.accept()
        publisher = self.at(near)
        for number in range(30):
            publisher.publish("a", b"%d" % number, qos=number % 2 + 1)
        self.assertEqual(len(bridge.messages(20)), 20)
        bridge.close()
        bridge = far.bridge()
        bridge.greeting()
        bridge.accept(present=False)
        got = [bridge.message(20).payload for _ in range(30)]
        self.assertEqual(got, [b"%d" % number for number in range(30)])

    def test_the_receive_maximum_is_kept(self):
        _, near, bridge = self.played("topic a out 1\n")
        bridge.greeting()
        bridge.accept(props={"receive_maximum": 2})
        publisher = self.at(near)
        for number in range(6):
            publisher.publish("a", b"%d" % number, qos=1)
        got = bridge.messages(2)
        bridge.is_silent()
        bridge.send(mqtt_raw.acknowledge(PUBACK, got[0].packet_id))
        self.assertEqual(bridge.expect(PUBLISH).payload, b"2")
        bridge.is_silent()

    def test_the_maximum_qos_and_packet_size_are_kept(self):
        _, near, bridge = self.played("topic a out 2\nbridge_max_packet_size 200\n")
        bridge.greeting()
        bridge.accept(props={"maximum_qos": 1})
        publisher = self.at(near)
        publisher.publish("a", b"x" * 300, qos=2)
        publisher.publish("a", b"small", qos=2)
        got = bridge.message(20)
        self.assertEqual((got.payload, got.qos), (b"small", 1))

    def test_an_old_broker_is_met_with_an_old_version(self):
        refusals = {"a code of MQTT 3": b"\x20\x02\x00\x01", "a code of MQTT 5": b"\x20\x03\x00\x84\x00", "nothing": b""}
        for name, refusal in refusals.items():
            with self.subTest(name):
                far, near, bridge = self.played("topic a both 1\n")
                self.assertIn(b"\x00\x04MQTT\x05", bridge.greeting())
                bridge.send(refusal)
                bridge.close()
                bridge = far.bridge()
                self.assertIn(b"\x00\x04MQTT\x84", bridge.greeting())
                bridge.send(b"\x20\x02\x00\x01" if refusal else b"")
                bridge.close()
                bridge = far.bridge()
                self.assertIn(b"\x00\x04MQTT\x04", bridge.greeting())
                bridge.accept()
                near.wait_for_log("bridge_connected")
                bridge.close()
                bridge = far.bridge()
                known = b"MQTT\x04" if refusal else b"MQTT\x05"
                self.assertIn(known, bridge.greeting())
                bridge.close()

    def test_a_version_that_is_asked_for_is_spoken(self):
        for lines, wanted in (("bridge_protocol_version mqttv50\n", b"MQTT\x05"),
                              ("bridge_protocol_version mqttv311\n", b"MQTT\x84"),
                              ("bridge_protocol_version mqttv311\ntry_private false\n", b"MQTT\x04")):
            with self.subTest(lines=lines):
                _, _, bridge = self.played("topic a both 1\n" + lines)
                self.assertIn(wanted, bridge.greeting())
                bridge.close()

    def test_subscriptions_say_no_local_and_ask_as_published(self):
        _, _, bridge = self.played("topic a/# in 1\ntopic b both 2 x/ y/\n"
                                   "bridge_attempt_unsubscribe false\n")
        bridge.greeting()
        bridge.accept()
        asked = [bridge.read_bytes() for _ in range(2)]
        self.assertTrue(asked[0].endswith(b"\x00\x03a/#\x0d"), asked)
        self.assertTrue(asked[1].endswith(b"\x00\x03y/b\x0e"), asked)

    def test_what_only_goes_out_is_unsubscribed(self):
        _, _, bridge = self.played("topic a out 1 x/ y/\n")
        bridge.greeting()
        bridge.accept(present=True)
        self.assertTrue(bridge.read_bytes().endswith(b"\x00\x03y/a"))

    def test_what_no_line_lets_in_is_refused(self):
        _, near, bridge = self.played("topic a/# in 1\n")
        bridge.greeting()
        bridge.accept()
        bridge.read_bytes()  # SUBSCRIBE
        watch = self.at(near, "#")
        bridge.send(mqtt_raw.publish("b", b"strange", 1, packet_id=7, version=5))
        bridge.send(mqtt_raw.publish("$SYS/broker/version", b"strange", 1, packet_id=8, version=5))
        bridge.send(mqtt_raw.publish("a/x", b"known", 1, packet_id=9, version=5))
        answers = {}
        while len(answers) < 3:
            got = bridge.receive(20)
            if got.kind == PUBACK:
                answers[got.packet_id] = got.reason
        self.assertEqual(answers, {7: 0x90, 8: 0x90, 9: 0 if watch else None})
        self.assertEqual(watch.message().payload, b"known")

    def test_a_silent_broker_is_given_up(self):
        far, near, bridge = self.played("topic a out 1\nkeepalive_interval 5\n", more="connect_timeout 1\n")
        bridge.greeting()
        near.wait_for_log("bridge_failed")
        bridge.close()
        bridge = far.bridge()
        bridge.greeting()
        bridge.accept()
        near.wait_for_log("bridge_connected")
        bridge.close()
        near.wait_for_log("bridge_lost")


class Lives(Bridges):
    def test_a_wrong_password_is_told_and_tried_again(self):
        far = Broker("listener {port} 127.0.0.1\npassword_file {folder}/users\n", {"users": passwords.line("up", "right")})
        self.addCleanup(self.assert_ends_well, far)
        near = self.near("topic a out 1\nremote_username up\nremote_password wrong\n", to=far.port)
        near.wait_for_log("bridge_failed connection=b", 2)
        self.assertIn("reason=bad user name or password", near.log())
        self.assertNotIn("wrong", near.log().replace("wrong user", ""))
        near.write("wax.conf", near.read("wax.conf").replace("password wrong", "password right"))
        near.reload()
        near.wait_for_log("bridge_connected")

    def test_notifications(self):
        far_state = self.at(self.broker, f"{self.name}/state")
        near = self.near(f"topic a out 1\nnotification_topic {self.name}/state\n")
        near_state = self.at(near, f"{self.name}/state")
        self.assertEqual(far_state.message().payload, b"1")
        while near_state.message().payload != b"1":
            pass
        late = self.at(self.broker, f"{self.name}/state").message()
        self.assertEqual((late.payload, late.retain), (b"1", True))
        near.write("wax.conf", near.read("wax.conf").split("connection b")[0])
        near.reload()
        near.wait_for_log("bridge_removed connection=b")
        self.assertEqual(far_state.message().payload, b"0")
        said = near_state.message().payload
        while said == b"1":  # what was published then and what is retained may both have come
            said = near_state.message().payload
        self.assertEqual(said, b"0")

    def test_the_usual_topic_of_notifications(self):
        rules = {"acl": "topic read $SYS/#\ntopic write $SYS/broker/connection/+/state\n"}
        far = Broker("acl_file {folder}/acl\n" + PLAIN, rules)
        self.addCleanup(self.assert_ends_well, far)
        state = self.at(far, f"$SYS/broker/connection/{self.name}/state")
        near = self.near("topic a out 1\n", to=far.port)
        self.assertEqual(state.message().payload, b"1")
        self.assertEqual(near.halt(), 0)
        self.assertEqual(state.message().payload, b"0")

    def test_notifications_may_stay_here(self):
        far = self.far()
        near = self.near("topic a out 1\nnotifications_local_only true\nnotification_topic state\n", to=far.port)
        bridge = far.bridge()
        self.assertNotIn(b"state", bridge.greeting())
        bridge.accept()
        self.assertEqual(self.at(near, "state").message().retain, True)

    def test_a_bridge_comes_changes_and_goes_with_a_reload(self):
        near = Broker(PLAIN)
        self.addCleanup(self.assert_ends_well, near)
        plain = near.read("wax.conf")
        block = (f"connection b\naddress 127.0.0.1:{self.broker.port}\nrestart_timeout 1\nremote_clientid {self.name}\n"
                 "bridge_reload_type immediate\n")
        here, there = self.at(near), self.at(self.broker, f"{self.name}/#")
        near.write("wax.conf", plain + block + f"topic # out 1 one/ {self.name}/\n")
        near.reload()
        near.wait_for_log("bridge_connected")
        here.publish("one/a", b"first", qos=1)
        self.assertEqual(there.message().payload, b"first")
        near.write("wax.conf", plain + block + f"topic # out 1 two/ {self.name}/\n")
        near.reload()
        near.wait_for_log("bridge_connected", 2)
        here.publish("one/a", b"no longer", qos=1)
        here.publish("two/a", b"second", qos=1)
        self.assertEqual(there.message().payload, b"second")
        near.reload()
        here.publish("two/a", b"third", qos=1)
        self.assertEqual(there.message().payload, b"third")
        self.assertEqual(near.log().count("bridge_connected"), 2)
        near.write("wax.conf", plain)
        near.reload()
        near.wait_for_log("bridge_removed")
        self.broker.wait_for_log(f"client_disconnected client={self.name} ", 2)

    def test_a_subscription_that_a_reload_takes_out_ends(self):
        near = self.open(f"bridge_reload_type immediate\ntopic {self.name}/old in 1\ntopic {self.name}/new in 1\n")
        here, there = self.at(near, "#"), self.at(self.broker)
        self.until_across(there, f"{self.name}/old", here, b"old")
        near.write("wax.conf", near.read("wax.conf").replace(f"topic {self.name}/old in 1\n", ""))
        near.reload()
        near.wait_for_log("bridge_connected", 2)
        self.broker.wait_for_log(f"unsubscribed client={self.name} filter={self.name}/old")

    def test_a_lazy_bridge_waits_until_enough_wait(self):
        near = self.near(f"topic # out 0 mine/ {self.name}/\nstart_type lazy\nthreshold 3\nidle_timeout 1\n")
        watch, here = self.at(self.broker, f"{self.name}/#"), self.at(near)
        here.publish("mine/a", b"1")
        here.publish("mine/a", b"2", qos=1)
        self.assertNotIn("bridge_connected", near.log())
        here.publish("mine/a", b"3", qos=1)
        self.assertEqual(watch.payloads(3), [b"1", b"2", b"3"])
        near.wait_for_log("bridge_lost")
        for number in b"4", b"5", b"6":
            here.publish("mine/a", number, qos=1)
        self.assertEqual(watch.payloads(3), [b"4", b"5", b"6"])

    def test_once_is_once(self):
        far = self.far()
        near = self.near("topic a out 1\nstart_type once\nbridge_protocol_version mqttv50\n", to=far.port)
        bridge = far.bridge()
        bridge.greeting()
        bridge.accept()
        near.wait_for_log("bridge_connected")
        bridge.close()
        near.wait_for_log("bridge_lost")
        self.assertIn("next=never", near.log())

    def test_the_next_address_is_tried_and_the_first_preferred(self):
        (dead,) = free_ports(1)
        near = self.near("topic a out 1\n", to=f"{dead} 127.0.0.1:{self.broker.port}")
        near.wait_for_log("bridge_failed")
        near.wait_for_log("bridge_connected")
        with socket.create_server(("127.0.0.1", dead)) as first:
            first.settimeout(30)
            first.accept()[0].close()  # the look whether it is there
            bridge = Played(first.accept()[0])
            bridge.greeting()
            bridge.accept()
            near.wait_for_log("bridge_returns")
            near.wait_for_log("bridge_connected", 2)
            bridge.close()

    def test_nobody_takes_the_bridges_session(self):
        near = self.open("topic a out 1\nlocal_clientid mine\n")
        self.client("mine", port=near.port, reason=0x85)
        self.client("mine", version=4, port=near.port, reason=2)


class Rights(Bridges):
    def test_a_bridge_without_a_user_is_bound_by_its_lines(self):
        near = self.open(f"topic # both 1 t/ {self.name}/\n", more="acl_file {folder}/acl\n",
                         files={"acl": "topic read t/in\ntopic write t/out\n"})
        here, there = self.at(near, "t/in"), self.at(self.broker, f"{self.name}/#")
        self.until_across(there, f"{self.name}/in", here, b"in")
        here.publish("t/out", b"out", qos=1)
        while there.message().payload != b"out":
            pass
        there.publish(f"{self.name}/in", b"kept", qos=1, retain=True)
        self.assertEqual(here.message().payload, b"kept")
        self.assertEqual(self.at(near, "t/in").message().payload, b"kept")

    def test_a_bridge_with_a_user_is_judged_as_that_user(self):
        rules = "topic readwrite #\nuser link\ntopic read t/yes/#\ntopic write t/come/#\n"
        near = self.open(f"topic # both 1 t/ {self.name}/\nlocal_username link\n", more="acl_file {folder}/acl\n",
                         files={"acl": rules})
        here, there = self.at(near, "#"), self.at(self.broker, f"{self.name}/#")
        self.until_across(there, f"{self.name}/come/first", here, b"first")
        here.publish("t/no/a", b"denied", qos=1)
        here.publish("t/yes/a", b"allowed", qos=1)
        while True:
            got = there.message()
            self.assertNotEqual(got.payload, b"denied")
            if got.payload == b"allowed":
                break
        there.publish(f"{self.name}/go/a", b"refused", qos=1)
        there.publish(f"{self.name}/come/a", b"taken", qos=1)
        while True:
            got = here.message()
            self.assertNotEqual(got.payload, b"refused")
            if got.payload == b"taken":
                break


class Sealed(Bridges):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="wax-pki-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.pki = foreign.Pki(folder)

    def tls(self, server):
        folder = self.pki.folder
        far = Broker("listener {port} 127.0.0.1\nallow_anonymous true\n"
                     f"certfile {folder}/{server}.crt\nkeyfile {folder}/{server}.key\n"
                     f"cafile {folder}/ca.crt\nrequire_certificate true\n")
        self.addCleanup(self.assert_ends_well, far)
        return far

    def lines(self):
        folder = self.pki.folder
        return (f"topic # both 1\nbridge_cafile {folder}/ca.crt\nbridge_certfile {folder}/alice.crt\n"
                f"bridge_keyfile {folder}/alice.key\n")

    def test_a_bridge_speaks_tls(self):
        far = self.tls("server")
        near = self.open(self.lines(), to=far.port)
        self.assertIn("tls=TLSv1.3", near.log())
        far.wait_for_log(f"client_connected client={self.name} ")

    def test_an_expired_certificate_is_told(self):
        far = self.tls("server")
        near = self.near(self.lines().replace("alice", "past"), to=far.port)
        near.wait_for_log("connection b: bridge_certfile has expired")
        near.wait_for_log("bridge_failed")

    def test_a_bridge_shares_a_key(self):
        key = "00112233445566778899aabbccddeeff"
        far = Broker("listener {port} 127.0.0.1\nallow_anonymous true\npsk_hint h\npsk_file {folder}/keys\n",
                     {"keys": f"link:{key}\n"})
        self.addCleanup(self.assert_ends_well, far)
        near = self.near(f"topic # both 1\nbridge_identity link\nbridge_psk {key[:-1]}0\n", to=far.port)
        near.wait_for_log("bridge_failed")
        near.write("wax.conf", near.read("wax.conf").replace(f"{key[:-1]}0", key))
        near.reload()
        near.wait_for_log("bridge_connected")
        self.assertIn("tls=TLSv1.3", near.log())
        self.assertNotIn(key[:-1], near.log())

    def test_a_wrong_name_is_not_trusted(self):
        far = self.tls("elsewhere")
        near = self.near(self.lines(), to=far.port)
        near.wait_for_log("bridge_failed")
        self.assertIn("elsewhere.example", near.log())
        near.write("wax.conf", near.read("wax.conf") + "bridge_insecure true\n")
        near.reload()
        near.wait_for_log("the other broker's name is not checked")
        near.wait_for_log("bridge_connected")


if __name__ == "__main__":
    unittest.main()
