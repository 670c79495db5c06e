"""What a restart leaves as it was: sessions, their subscriptions, and their time. Each of it with a restart that is
asked for and with SIGKILL, and with as many workers as before or others."""
import signal
import time
import unittest

from lasting import KEPT, NEVER, OPEN, in_all_ways


class Kept:
    """Sessions."""

    CONFIG = KEPT + "per_listener_settings true\n" + OPEN + "listener {port2} 127.0.0.1\nallow_anonymous true\nmount_point m/2/\n"

    # Sessions.

    def test_sessions_of_both_versions(self):
        for version in (4, 5):
            self.leave(self.durable(f"{self.name}-{version}", version))
        one = self.durable("of-3.1", 3)
        one.subscribe((self.topic(), 1))
        self.leave(one)
        self.leave(self.durable(f"{self.name}-away", expiry=NEVER))
        here = self.durable(f"{self.name}-here")
        self.leave(self.client(f"{self.name}-short", version=5))
        self.again()
        here.close()
        for version in (4, 5):
            self.back(f"{self.name}-{version}", version)
        self.client().publish(self.topic(), b"x", 1)
        self.assertEqual(self.durable("of-3.1", 3).payloads(1), [b"x"])  # where CONNACK does not say whether it is there
        self.back(f"{self.name}-away")
        self.back(f"{self.name}-here")
        self.back(f"{self.name}-short", present=False)

    def test_session_belongs_to_its_owner(self):
        self.leave(self.durable("owned", user="ann", password="x"))
        self.leave(self.durable("nobodys"))
        self.again()
        self.durable("owned", user="bob", password="x", reason=0x87)
        self.durable("owned", reason=0x87)
        self.durable("nobodys", user="", password="x", reason=0x87)
        self.back("owned", user="ann", password="x")
        self.back("nobodys")

    def test_clean_start_forgets_all(self):
        one = self.durable("forgotten")
        one.subscribe((self.topic(), 1))
        self.leave(one)
        self.client().publish(self.topic(), b"queued", 1)
        self.client("forgotten", clean=True, props={"session_expiry": 300}).close()
        self.again()
        one = self.back("forgotten")
        self.client().publish(self.topic(), b"x", 1)
        self.take_nothing(one)

    def test_session_that_is_not_to_last_any_more(self):
        one = self.durable("brief")
        one.subscribe((self.topic(), 1))
        one.disconnect(0, {"session_expiry": 0})
        two = self.durable("brief-2")
        two.subscribe((self.topic(), 1))
        self.leave(two)
        two = self.client("brief-2", clean=False)
        self.assertEqual(two.connack.session_present, 1)
        self.settle()
        self.again()
        two.close()
        sessions = [self.back("brief", present=False), self.back("brief-2", present=False)]
        self.client().publish(self.topic(), b"x", 1)
        for each in sessions:
            self.take_nothing(each, each.id)

    def test_session_that_was_taken_over(self):
        one = self.durable("taken")
        one.subscribe((self.topic(), 1))
        two = self.durable("taken")
        one.end()
        two.subscribe((self.topic("2"), 1))
        self.again()
        two.close()
        three = self.back("taken")
        publisher = self.client()
        publisher.publish(self.topic(), b"1", 1)
        publisher.publish(self.topic("2"), b"2", 1)
        self.assertEqual({each for each in three.payloads(2)}, {b"1", b"2"})

    # Subscriptions.

    def test_subscriptions_with_their_options(self):
        one = self.durable("options")
        one.subscribe((self.topic("qos0"), 0), (self.topic("qos1"), 1), (self.topic("qos2"), 2))
        one.subscribe((self.topic("local"), 1 | 4))
        one.subscribe((self.topic("flag"), 1 | 8))
        one.subscribe((self.topic("number/#"), 1), props={"subscription_id": 268435455})
        one.subscribe((self.topic("number/+"), 2), props={"subscription_id": 7})
        self.leave(one)
        self.again()
        one, other = self.back("options"), self.client()
        one.publish(self.topic("local"), b"own", 1)
        other.publish(self.topic("local"), b"others", 1)
        self.assertEqual(one.message().payload, b"others")
        for qos in range(3):
            other.publish(self.topic(f"qos{qos}"), b"x", 2)
            self.assertEqual(one.message().qos, qos)
        other.publish(self.topic("flag"), b"x", 1, retain=True)
        self.assertTrue(one.message().retain)
        other.publish(self.topic("qos1"), b"x", 1, retain=True)
        self.assertFalse(one.message().retain)
        other.publish(self.topic("number/1"), b"x", 2)
        got = one.message()
        self.assertEqual((sorted(got.all("subscription_id")), got.qos), ([7, 268435455], 2))

    def test_subscriptions_that_were_replaced_and_ended(self):
        one = self.durable("changed")
        one.subscribe((self.topic("a"), 0), (self.topic("b"), 1), (self.topic("c"), 1))
        one.subscribe((self.topic("a"), 2))
        self.assertEqual(one.unsubscribe(self.topic("b"), self.topic("none")).reasons, b"\0\x11")
        self.again()
        one.close()
        one, other = self.back("changed"), self.client()
        for name in "abc":
            other.publish(self.topic(name), name.encode(), 2)
        got = [one.message() for _ in range(2)]
        self.assertEqual([(each.payload, each.qos) for each in got], [(b"a", 2), (b"c", 1)])
        self.take_nothing(one)

    def test_shared_groups(self):
        members = [self.durable(f"member-{i}") for i in range(2)]
        for each in members:
            each.subscribe((f"$share/all/{self.topic()}", 1))
        members[0].subscribe((f"$share/left/{self.topic()}", 1))
        members[0].unsubscribe(f"$share/left/{self.topic()}")
        self.again()
        members = [self.back(f"member-{i}") for i in range(2)]
        other = self.client()
        for number in range(10):
            other.publish(self.topic(), b"%d" % number, 1)
        got = [members[i].payloads(5) for i in range(2)]
        self.assertEqual(sorted(got[0] + got[1]), [b"%d" % number for number in range(10)])
        for each in members:
            self.take_nothing(each, each.id)

    def test_group_whose_members_are_away(self):
        one = self.durable("lonely")
        one.subscribe((f"$share/g/{self.topic()}", 2))
        self.leave(one)
        other = self.client()
        other.publish(self.topic(), b"before", 2)
        self.again()
        other = self.client()
        other.publish(self.topic(), b"after", 2)
        one = self.back("lonely")
        self.assertEqual(one.payloads(2), [b"before", b"after"])
        self.take_nothing(one)

    def test_mount_points(self):
        one = self.durable("mounted", port=self.broker.port2)
        one.subscribe((self.topic(), 1), (f"$share/g/{self.topic('shared')}", 1))
        self.leave(one)
        other = self.client()
        other.publish("m/2/" + self.topic(), b"before", 1)
        other.publish(self.topic(), b"elsewhere", 1)
        self.again()
        other = self.client()
        other.publish("m/2/" + self.topic("shared"), b"after", 1)
        one = self.back("mounted", port=self.broker.port2)
        got = [one.message() for _ in range(2)]
        self.assertEqual([(each.topic, each.payload) for each in got],
                         [(self.topic(), b"before"), (self.topic("shared"), b"after")])
        self.leave(one)
        self.back("mounted", present=False)  # its subscriptions mean other topics there

    # Time.

    def test_expiry_goes_on(self):
        self.leave(self.durable("ends", expiry=2))
        left = time.monotonic()
        stays = self.durable("stays", expiry=2)
        self.again()
        began = time.monotonic()
        stays.close()
        expiries = self.broker.log().count("session_expired client=ends")
        self.assertEqual(expiries, 0 if began - left < 2 else expiries)
        self.broker.wait_for_log("session_expired client=ends")
        self.assertGreaterEqual(time.monotonic() - left, 1.9)
        self.broker.wait_for_log("session_expired client=stays")
        self.assertGreaterEqual(time.monotonic() - left, 1.9)  # it was connected: its time begins with the restart
        self.settle()
        self.again()
        self.back("ends", present=False)
        self.back("stays", present=False)

    def test_expiry_while_there_is_no_broker(self):
        self.leave(self.durable("gone", expiry=1))
        self.leave(self.durable("there", expiry=NEVER))
        self.again(between=lambda: time.sleep(1.2))
        self.broker.wait_for_log("session_expired client=gone")
        self.back("gone", present=False)
        self.back("there")

    # Promises.

    def test_what_was_promised_is_there_at_once(self):
        """No time lies between an answer and the end."""
        for number in range(8):
            topic, other = self.topic(str(number)), self.client()
            one = self.durable(f"promise-{number}")
            if number % 4 > 0:
                one.subscribe((topic, 1))
            if number % 4 == 2:
                one.unsubscribe(topic)
            if number % 4 == 3:
                other.publish(topic, b"safe", 1, retain=True)
            self.again(signal.SIGKILL)
            one.close()
            one, other = self.back(f"promise-{number}"), self.client()
            if number % 4 == 3:
                self.assertEqual(one.message().payload, b"safe")
                reader = self.client()
                reader.subscribe(topic)
                self.assertEqual(reader.message().payload, b"safe")
            other.publish(topic, b"x", 1)
            if number % 4 in (1, 3):
                self.assertEqual(one.message().payload, b"x")
            self.take_nothing(one, str(number))


globals().update(in_all_ways(Kept, __name__))

if __name__ == "__main__":
    unittest.main()
