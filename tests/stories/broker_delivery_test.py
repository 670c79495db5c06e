"""Which message reaches whom, how often, and in what form."""
import collections
import socket
import threading
import time
import unittest

from mqtt_raw import DISCONNECT, PUBACK, acknowledge, packet, publish
from running import PLAIN, BrokerCase

RETAIN_AS_PUBLISHED, NO_LOCAL, ONLY_IF_NEW, NEVER = 8, 4, 0x10, 0x20


class Delivery(BrokerCase):
    def test_every_qos_to_every_qos_and_version(self):
        """The lower of the two. [MQTT-3.8.4-8] [MQTT-3.8.4-6 in 3.1.1] [MQTT-3.8.4-7]"""
        readers = []
        for version in (3, 4, 5):
            for qos in (0, 1, 2):
                reader = self.client(version=version)
                self.assertEqual(reader.subscribe((self.topic("+"), qos)).reasons, bytes([qos]))
                readers.append((reader, qos))
        for version in (3, 4, 5):
            publisher = self.client(version=version)
            for sent in (0, 1, 2):
                publisher.publish(self.topic(str(version)), bytes([sent]), sent)
                for reader, qos in readers:
                    got = reader.message()
                    self.assertEqual((got.payload[0], got.qos, got.retain), (sent, min(sent, qos), False))

    def test_properties_go_on_unaltered_and_in_order(self):
        """[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]"""
        reader, old, publisher = self.client(), self.client(version=4), self.client()
        sent = [("user_property", ("z", "1")), ("content_type", "text/x"), ("user_property", ("a", "2")),
                ("response_topic", "answer/here"), ("user_property", ("z", "1")), ("correlation_data", b"\0\xff"),
                ("payload_format", 1), ("user_property", ("", ""))]
        for retain in (False, True):
            for each in (reader, old):
                each.subscribe((self.topic(), 1))
            publisher.publish(self.topic(), "grün", 1, retain=retain, props=sent)
            got = reader.message()
            self.assertEqual(got.props, sent)
            self.assertEqual(old.message().payload, "grün".encode())
        late = self.client()
        late.subscribe(self.topic())
        self.assertEqual(late.message().props, sent)

    def test_message_expiry_is_counted_down(self):
        """[MQTT-3.3.2-6]"""
        reader, publisher = self.client(), self.client()
        reader.subscribe(self.topic())
        publisher.publish(self.topic(), b"x", 1, retain=True, props={"message_expiry": 100})
        self.assertIn(reader.message().prop("message_expiry"), (99, 100))
        time.sleep(1.2)
        reader.subscribe(self.topic())
        self.assertIn(reader.message().prop("message_expiry"), (98, 99))

    def test_no_local(self):
        """[MQTT-3.8.3-3]"""
        one, two = self.client(), self.client()
        one.subscribe((self.topic(), NO_LOCAL))
        one.publish(self.topic(), b"own", 1)
        two.publish(self.topic(), b"other", 1)
        self.assert_only(one, two, [b"other"])

    def test_overlapping_subscriptions_give_one_message(self):
        """The highest QoS and all identifiers. [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4]"""
        reader, publisher = self.client(), self.client()
        reader.subscribe((self.topic("#"), 0), props={"subscription_id": 1})
        reader.subscribe((self.topic("+/b"), 2), props={"subscription_id": 268435455})
        reader.subscribe((self.topic("a/b"), 1))
        publisher.publish(self.topic("a/b"), b"x", 2)
        got = reader.message()
        self.assertEqual(got.qos, 2)
        self.assertEqual(sorted(got.all("subscription_id")), [1, 268435455])
        reader.subscribe((self.topic("#"), 0))  # in place of the first, without an identifier [MQTT-3.8.4-3]
        publisher.publish(self.topic("a/b"), b"y", 0)
        self.assertEqual(reader.message().all("subscription_id"), [268435455])
        self.assert_only(reader, publisher, [])

    def test_many_filters_in_one_packet(self):
        """[MQTT-3.8.4-5] [MQTT-3.8.4-6]"""
        client = self.client()
        filters = [(self.topic(str(number)), number % 3) for number in range(500)]
        self.assertEqual(client.subscribe(*filters).reasons, bytes(number % 3 for number in range(500)))
        client.publish(self.topic("499"), b"x")
        self.assertEqual(client.message().topic, self.topic("499"))
        self.assertEqual(client.unsubscribe(*[name for name, _ in filters]).reasons, bytes(500))

    def test_wildcards_do_not_match_dollar_topics(self):
        """[MQTT-4.7.2-1] [MQTT-4.7.1-1] [MQTT-4.7.1-2]"""
        client, publisher = self.client(), self.client()
        client.subscribe(("#", NEVER), ("+/dollar", NEVER), ("$own/#", NEVER))
        publisher.publish("$own/dollar", b"once", 1)
        publisher.publish("other/dollar", b"other", 1)
        got = [client.message(), client.message()]
        self.assertEqual([each.payload for each in got], [b"once", b"other"])
        client.unsubscribe("#")

    def test_topics_differ_in_case_slash_and_space(self):
        """[MQTT-4.7.3-4]"""
        names = ["A", "a", "/a", "a/", " a", "a//b", "a/b", "\ufeffa", "ä"]
        client = self.client()
        for name in names:
            client.subscribe(self.topic(name))
        for name in names:
            client.publish(self.topic(name), name)
            self.assertEqual(client.message().payload.decode(), name)
        self.assert_only(client, client, [])

    def test_order_of_one_publisher(self):
        """[MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT-4.6.0-2] [MQTT-4.6.0-3]"""
        readers = [self.client(version=version) for version in (3, 4, 5) for _ in range(3)]
        for reader in readers:
            reader.subscribe((self.topic(), 2))
        publisher = self.client()
        for qos in (1, 2):
            for start in range(0, 200, 20):
                publisher.send(*[publish(self.topic(), b"%d" % number, qos, packet_id=number + 1)
                                 for number in range(start, start + 20)])
                got = [publisher.read(10) for _ in range(20)]
                self.assertEqual([each.packet_id for each in got], list(range(start + 1, start + 21)))
                for each in got if qos == 2 else []:
                    publisher.send(acknowledge(6, each.packet_id))
                    publisher.expect(7)
            for reader in readers:
                self.assertEqual([int(reader.message().payload) for _ in range(200)], list(range(200)))

    def test_large_payloads(self):
        readers = [self.client(version=version) for version in (4, 5, 5)]
        for qos, reader in enumerate(readers):
            reader.subscribe((self.topic(), qos))
        publisher = self.client(version=4)
        for size in (65535, 65536, 1000000, 127, 128, 0):
            payload = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
            publisher.publish(self.topic(), payload, 2)
            for reader in readers:
                self.assertTrue(reader.message().payload == payload, size)

    def test_client_limits_the_packet_size(self):
        """What is larger is dropped, and as good as sent. [MQTT-3.1.2-24] [MQTT-3.1.2-25]"""
        for qos in (0, 1, 2):
            reader = self.client(props={"maximum_packet_size": 100})
            reader.subscribe((self.topic(), qos))
            publisher = self.client()
            for size in (200, 10, 300, 20):
                publisher.publish(self.topic(), b"x" * size, 2)
            self.assertEqual([len(each) for each in reader.payloads(2)], [10, 20])

    def test_client_limits_what_is_in_flight(self):
        """[MQTT-3.3.4-7] [MQTT-4.9.0-2] [MQTT-4.9.0-3]"""
        reader, publisher = self.client(props={"receive_maximum": 2}), self.client()
        reader.subscribe((self.topic(), 2))
        for number in range(6):
            publisher.publish(self.topic(), bytes([number]), 1 + number % 2)
        first = [reader.message(answer=False) for _ in range(2)]
        self.assertTrue(reader.is_silent())
        publisher.publish(self.topic(), b"QoS 0 is not counted", 0)
        self.assertEqual(reader.message().qos, 0)
        reader.send(acknowledge(PUBACK, first[0].packet_id))
        self.assertEqual(reader.message(answer=False).payload, bytes([2]))
        self.assertTrue(reader.is_silent())

    def test_aliases_of_the_client(self):
        """[MQTT-3.3.2-7] [MQTT-3.3.2-12]"""
        reader, publisher = self.client(), self.client()
        reader.subscribe(self.topic("#"))
        one, two = self.topic("one"), self.topic("two")
        for topic, alias, payload in ((one, 1, b"a"), ("", 1, b"b"), (two, 10, b"c"), ("", 1, b"d"), ("", 10, b"e"),
                                      (two, 1, b"f"), ("", 1, b"g")):
            publisher.publish(topic, payload, 1, props={"topic_alias": alias})
        got = [reader.message() for _ in range(7)]
        self.assertEqual([each.topic for each in got], [one, one, two, one, two, two, two])
        self.assertFalse(any(each.prop("topic_alias") for each in got))
        publisher.disconnect()
        again = self.client(publisher.id)  # an alias is one connection's
        again.send(publish("", b"x", props={"topic_alias": 1}))
        self.assertEqual(again.end().reason, 0x82)

    def read_aliases(self, reader, count):
        """Topics as the reader understands them."""
        known, topics = {}, []
        for _ in range(count):
            got = reader.message()
            alias = got.prop("topic_alias")
            if got.topic and alias:
                known[alias] = got.topic
            topics.append(got.topic or known[alias])
        return topics, known

    def test_aliases_of_the_broker(self):
        """[MQTT-3.1.2-26] [MQTT-3.1.2-27]"""
        for qos in (0, 1):
            reader, publisher = self.client(props={"topic_alias_maximum": 2}), self.client()
            reader.subscribe((self.topic("#"), qos))
            names = [self.topic(each) for each in ("a", "b", "c", "a", "c", "b", "a")]
            for name in names:
                publisher.publish(name, b"x", 1)
            topics, known = self.read_aliases(reader, len(names))
            self.assertEqual(topics, names)
            self.assertEqual(set(known), {1, 2})

    def test_an_alias_whose_message_was_not_sent_is_unknown(self):
        """[MQTT-3.3.2-12]: neither what must wait nor what is too large teaches the client an alias."""
        reader = self.client(props={"topic_alias_maximum": 9, "receive_maximum": 1, "maximum_packet_size": 200})
        reader.subscribe((self.topic("#"), 1))
        publisher = self.client()
        names = [self.topic(each) for each in "abcabc"]
        for name in names:
            publisher.publish(name, b"x", 1)
        publisher.publish(self.topic("large"), b"x" * 500, 1)
        publisher.publish(self.topic("large"), b"x", 1)
        self.assertEqual(self.read_aliases(reader, 7)[0], names + [self.topic("large")])

    def test_a_slow_reader_starves_nobody(self):
        """70,000 messages at QoS 0 to a client that does not read; and memory stays bounded."""
        slow, reader, publisher = self.client(), self.client(), self.client(version=4)
        slow.subscribe(self.topic())
        reader.subscribe(self.topic("quick"))
        before = self.broker.memory_kb()
        flood = publish(self.topic(), b"f" * 500, version=4) * 1000
        for _ in range(70):
            publisher.send(flood)
            publisher.publish(self.topic("quick"), b"q", 1)
            self.assertEqual(reader.message(5).payload, b"q")
        self.assertLess(self.broker.memory_kb() - before, 120000)  # 35 MB were sent; a sanitizer keeps more
        slow.received = b""
        publisher.publish(self.topic(), b"last", 1)
        got = 0
        try:
            while slow.receive(1) is not None:
                got += 1
        except socket.timeout:
            pass
        self.assertTrue(5000 < got < 70001, got)
        publisher.publish(self.topic(), b"again", 1)
        self.assertEqual(slow.message().payload, b"again")

    def test_clients_that_come_and_go_under_load(self):
        """Threads that connect, subscribe, publish and break off; the broker serves on."""
        faults = []

        def bustle(index):
            try:
                for turn in range(25):
                    client = self.client(f"bustle{(index + turn) % 5}", 5 if turn % 2 else 4, clean=turn % 3 == 0)
                    client.send(publish(self.topic(f"{index}"), b"b", 0, version=client.version))
                    client.subscribe((self.topic("#"), turn % 3), (f"$share/g/{self.topic('#')}", 1))
                    client.send(publish(self.topic("x"), b"b", 1, retain=turn % 2 == 0, version=client.version))
                    if turn % 2:
                        client.send(packet(DISCONNECT))
                    client.close()
            except (AssertionError, OSError) as fault:
                # Another thread took the client id over; anything else is a fault.
                if not isinstance(fault, OSError) and "ended" not in str(fault) and "0x8e" not in str(fault):
                    faults.append(fault)

        threads = [threading.Thread(target=bustle, args=(index,)) for index in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(faults, [])
        self.client().publish(self.topic("x"), b"", 1, retain=True)


class Retained(BrokerCase):
    def setUp(self):
        super().setUp()
        self.publisher = self.client()

    def retain(self, payload, rest="t", **more):
        self.assertEqual(self.publisher.publish(self.topic(rest), payload, more.pop("qos", 1), retain=True, **more), 0)

    def test_new_subscriptions_get_the_last_one(self):
        """[MQTT-3.3.1-5] [MQTT-3.3.1-9] [MQTT-3.3.1-6 in 3.1.1] [MQTT-3.3.1-8 in 3.1.1]"""
        self.retain(b"old")
        self.retain(b"new", qos=2)
        for version in (3, 4, 5):
            for _ in range(2):  # the second time, too: retain handling is 0
                reader = self.client(version=version)
                reader.subscribe((self.topic(), 1))
                got = reader.message()
                self.assertEqual((got.payload, got.retain, got.qos), (b"new", True, 1))

    def test_empty_payload_forgets(self):
        """And is not kept itself. [MQTT-3.3.1-6] [MQTT-3.3.1-7]"""
        live = self.client()
        live.subscribe(self.topic())
        self.retain(b"x")
        self.retain(b"")
        self.assertEqual([live.message().payload, live.message().payload], [b"x", b""])
        self.assert_only(self.client(), self.publisher, [])
        late = self.client()
        late.subscribe(self.topic())
        self.assert_only(late, self.publisher, [])

    def test_without_the_flag_nothing_is_kept(self):
        """[MQTT-3.3.1-8]"""
        self.retain(b"kept")
        self.publisher.publish(self.topic(), b"passing", 1)
        self.publisher.publish(self.topic(), b"", 1)
        late = self.client()
        late.subscribe(self.topic())
        self.assertEqual(late.message().payload, b"kept")

    def test_retain_handling(self):
        """[MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]"""
        self.retain(b"r")
        reader = self.client()
        reader.subscribe((self.topic(), ONLY_IF_NEW))
        self.assertEqual(reader.message().payload, b"r")
        for options in (ONLY_IF_NEW, NEVER):
            reader.subscribe((self.topic(), options))
            self.assert_only(reader, self.publisher, [], topic=f"{options}/only")
        reader.subscribe((self.topic(), 0))
        self.assertEqual(reader.message().payload, b"r")
        never = self.client()
        never.subscribe((self.topic(), NEVER))
        self.assert_only(never, self.publisher, [])

    def test_retain_as_published(self):
        """[MQTT-3.3.1-12] [MQTT-3.3.1-13]"""
        plain, published = self.client(), self.client()
        plain.subscribe(self.topic())
        published.subscribe((self.topic(), RETAIN_AS_PUBLISHED))
        self.retain(b"x")
        self.publisher.publish(self.topic(), b"y", 1)
        self.assertEqual([plain.message().retain for _ in range(2)], [False, False])
        self.assertEqual([published.message().retain for _ in range(2)], [True, False])

    def test_shared_subscriptions_get_none(self):
        self.retain(b"x")
        reader = self.client()
        reader.subscribe(f"$share/{self.name}/{self.topic()}")
        self.assert_only(reader, self.publisher, [])

    def test_expired_ones_are_gone(self):
        """[MQTT-3.3.2-5]"""
        self.retain(b"x", props={"message_expiry": 1})
        time.sleep(1.2)
        late = self.client()
        late.subscribe(self.topic())
        self.assert_only(late, self.publisher, [])

    def test_many(self):
        """Five thousand come, each once, through every kind of wildcard."""
        for start in range(0, 5000, 20):
            numbers = range(start, start + 20)
            self.publisher.send(*[publish(self.topic(f"{each % 50}/{each}"), b"%d" % each, 1, True, each % 20 + 1)
                                  for each in numbers])
            for _ in range(20):
                self.publisher.expect(PUBACK)
        reader = self.client(version=4)
        reader.subscribe((self.topic("#"), 0))
        self.assertEqual(sorted(int(reader.message().payload) for _ in range(5000)), list(range(5000)))
        reader = self.client()
        reader.subscribe((self.topic("7/+"), 2), props={"subscription_id": 5})
        got = [reader.message() for _ in range(100)]
        self.assertEqual({int(each.payload) % 50 for each in got}, {7})
        self.assertEqual({each.prop("subscription_id") for each in got}, {5})


    def test_the_same_filter_ten_thousand_times(self):
        """One packet makes the broker begin again, and not do everything ten thousand times."""
        for number in range(300):
            self.retain(b"r", str(number))
        reader = self.client()
        started = time.monotonic()
        self.assertEqual(len(reader.subscribe(*[(self.topic("+"), 0)] * 10000).reasons), 10000)
        self.publisher.ping()
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(len({reader.message().topic for _ in range(300)}), 300)
        self.assert_only(reader, self.publisher, [], topic="two/levels")


class Duplicates(BrokerCase):
    CONFIG = "allow_duplicate_messages true\n" + PLAIN

    def test_one_message_for_each_subscription(self):
        """[MQTT-3.3.4-5]"""
        reader, publisher = self.client(), self.client()
        reader.subscribe((self.topic("#"), 0), props={"subscription_id": 1})
        reader.subscribe((self.topic(), 2), props={"subscription_id": 2})
        publisher.publish(self.topic(), b"x", 1)
        got = [reader.message() for _ in range(2)]
        self.assertEqual(sorted((each.qos, each.all("subscription_id")[0]) for each in got), [(0, 1), (1, 2)])
        self.assertEqual({len(each.all("subscription_id")) for each in got}, {1})


class Shared(BrokerCase):
    THREADS = 4

    def group(self, count, qos=1, **more):
        members = [self.client(f"{self.name}-member{index}", **more) for index in range(count)]
        for each in members:
            each.subscribe((f"$share/{self.name}/{self.topic('#')}", qos))
        return members

    def drain(self, members):
        """What each member got, until all are silent."""
        got = collections.defaultdict(list)
        for index, each in enumerate(members):
            try:
                while True:
                    got[index].append(each.message(0.4).payload)
            except socket.timeout:
                pass
        return got

    def test_each_message_once_and_all_take_part(self):
        """[MQTT-4.8.2-4]"""
        for qos in (0, 1, 2):
            members = self.group(4, qos)
            alone = self.client()
            alone.subscribe((self.topic("#"), qos))
            publishers = [self.client(version=version) for version in (3, 4, 5)]
            for number in range(60):
                publishers[number % 3].publish(self.topic(str(number % 7)), b"%d" % number, qos)
            got = self.drain(members)
            self.assertEqual(sorted(int(each) for some in got.values() for each in some), list(range(60)))
            self.assertTrue(all(10 <= len(some) <= 20 for some in got.values()), got)
            self.assertEqual(sorted(int(each) for each in alone.payloads(60)), list(range(60)))
            for each in members:
                each.disconnect()

    def test_groups_are_apart(self):
        publisher, one, two = self.client(), self.client(), self.client()
        one.subscribe(f"$share/one/{self.topic()}")
        two.subscribe(f"$share/two/{self.topic()}")
        publisher.publish(self.topic(), b"x", 1)
        self.assertEqual((one.message().payload, two.message().payload), (b"x", b"x"))

    def test_members_who_are_away_get_nothing_while_others_are_there(self):
        """[MQTT-4.8.2-5]"""
        members = [self.durable(f"{self.name}{index}") for index in range(3)]
        for each in members:
            each.subscribe((f"$share/{self.name}/{self.topic('#')}", 1))
        members[0].close()
        members[1].disconnect()
        time.sleep(0.2)
        publisher = self.client()
        for number in range(10):
            publisher.publish(self.topic(), b"%d" % number, 1)
        self.assertEqual([int(each) for each in members[2].payloads(10)], list(range(10)))
        members[2].close()
        time.sleep(0.2)
        publisher.publish(self.topic(), b"waits", 1)  # all are away: it waits for one of them
        got = self.drain([self.durable(f"{self.name}{index}") for index in range(3)])
        self.assertEqual([each for some in got.values() for each in some], [b"waits"])

    def test_leaving_a_group(self):
        members, publisher = self.group(2), self.client()
        self.assertEqual(members[0].unsubscribe(f"$share/{self.name}/{self.topic('#')}").reasons, b"\0")
        for number in range(6):
            publisher.publish(self.topic(), b"%d" % number, 1)
        self.assertEqual(len(members[1].payloads(6)), 6)
        self.assert_only(members[0], publisher, [])


class SysTopics(BrokerCase):
    CONFIG = "sys_interval 1\npassword_file {folder}/passwords\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
    FILES = {"passwords": ""}

    @classmethod
    def setUpClass(cls):
        from passwords import line
        cls.FILES = {"passwords": line("admin", "a")}
        super().setUpClass()

    def test_who_may_read_them(self):
        admin = self.client(user="admin", password="a")
        admin.subscribe("$SYS/broker/#")
        wanted = {"$SYS/broker/" + name for name in ("version", "uptime", "clients/connected", "messages/received",
                                                     "retained messages/count", "heap/current")}
        for _ in range(120):
            wanted.discard(admin.message().topic)
        self.assertEqual(wanted, set())
        stranger = self.client()
        stranger.subscribe("$SYS/#")
        self.assertTrue(stranger.is_silent(1.5))

    def test_nobody_writes_them(self):
        admin = self.client(user="admin", password="a")
        self.assertEqual(admin.publish("$SYS/broker/version", b"mine", 1, retain=True), 0x87)

    def test_wildcards_leave_them_out(self):
        """[MQTT-4.7.2-1]"""
        admin = self.client(user="admin", password="a")
        admin.subscribe("#", "+/broker/uptime")
        self.assertTrue(admin.is_silent(1.5))


if __name__ == "__main__":
    unittest.main()
