"""Shared subscriptions whose members cannot all have each message: it goes to one who can, and to one only."""
import collections
import socket
import time
import unittest

from mqtt_raw import PUBREC, acknowledge
from passwords import line
from running import BrokerCase

RULES = """
user writer
topic write jobs/#
user reader
topic read jobs/#
user blind
topic read jobs/never
"""


class Members(BrokerCase):
    """One broker whose members are `reader`, who may read the jobs, or `blind`, who may only subscribe."""

    CONFIG = ("password_file {folder}/passwords\nacl_file {folder}/rules\n"
              "listener {port} 127.0.0.1\n")
    FILES = {"passwords": "".join(line(name, "p") for name in ("writer", "reader", "blind")), "rules": RULES}
    THREADS = 4

    def setUp(self):
        super().setUp()
        self.writer = self.client(user="writer", password="p")
        self.sent = 0

    def join(self, user, qos=1, name=None, expiry=0, **more):
        props = {"session_expiry": expiry, **more.pop("props", {})}
        member = self.client(name, user=user, password="p", clean=False, props=props, **more)
        if not member.connack.session_present:
            self.assertEqual(member.subscribe((f"$share/{self.name}/jobs/#", qos)).reasons, bytes([qos]))
        return member

    def publish(self, count, qos=1):
        """Numbered messages; gives their payloads."""
        payloads = [b"%s %d" % (self.name.encode(), self.sent + each) for each in range(count)]
        self.sent += count
        for each in payloads:
            self.assertIn(self.writer.publish(f"jobs/{self.name}", each, qos), (0, None))
        return payloads

    def drain(self, members, count, answer=True):
        """What each got, until all have `count` together and then nothing more."""
        got = collections.defaultdict(list)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and sum(map(len, got.values())) < count:
            self.take(members, got, answer)
        self.take(members, got, answer, 0.1)
        return got

    @staticmethod
    def take(members, got, answer, patience=0.02):
        for index, each in enumerate(members):
            try:
                while True:
                    got[index].append(each.message(patience, answer).payload)
            except socket.timeout:
                pass

    def assert_all(self, got, wanted):
        """Each message once."""
        self.assertEqual(sorted(each for some in got.values() for each in some), sorted(wanted))

    def leave(self, members):
        for each in members:
            each.disconnect()


class Rights(Members):
    def test_what_one_may_not_read_goes_to_one_who_may(self):
        for qos in (0, 1, 2):
            for readers in (1, 3):
                with self.subTest(qos=qos, readers=readers):
                    members = [self.join("reader", qos) for _ in range(readers)] + [self.join("blind", qos) for _ in range(9)]
                    wanted = self.publish(40, qos)
                    got = self.drain(members, 40)
                    self.assert_all({index: some for index, some in got.items() if index < readers}, wanted)
                    self.assertEqual([some for index, some in got.items() if index >= readers and some], [])
                    self.assertTrue(all(got[index] for index in range(readers)), "somebody has no share")
                    self.leave(members)

    def test_nobody_may(self):
        members = [self.join("blind") for _ in range(8)]
        self.publish(20)
        self.assert_all(self.drain(members, 0), [])
        reader = self.join("reader")
        wanted = self.publish(20)
        self.assert_all(self.drain([*members, reader], 20), wanted)
        self.leave([*members, reader])

    def test_who_is_away_and_may_comes_before_who_is_there_and_may_not(self):
        away = self.join("reader", name="away", expiry=60)
        away.disconnect()
        members = [self.join("blind") for _ in range(5)]
        wanted = self.publish(5)
        self.assert_all(self.drain(members, 0), [])
        away = self.join("reader", name="away")
        self.assertEqual(away.connack.session_present, 1)
        self.assert_all(self.drain([away], 5), wanted)
        self.leave([*members, away])

    def test_rules_that_change_while_it_waits(self):
        """A queue's messages go to another of the group when their member loses the right."""
        slow = self.join("reader", props={"receive_maximum": 1})
        wanted = self.publish(5)
        first = slow.message(answer=False)
        self.broker.write("passwords", self.broker.read("passwords") + line("other", "p"))
        self.broker.write("rules", RULES.replace("user reader", "user other"))
        self.broker.reload()
        others = [self.join("other") for _ in range(3)]
        slow.send(acknowledge(4, first.packet_id))
        self.assert_all(self.drain(others, 4), wanted[1:])
        self.assertTrue(slow.is_silent())
        self.broker.write("rules", RULES)
        self.broker.reload()
        self.leave([slow, *others])


class FullQueues(Members):
    THREADS = 1  # what was acknowledged is in a queue or dropped by then
    CONFIG = "max_queued_messages 5\n" + Members.CONFIG

    def test_a_full_queue(self):
        """[MQTT-4.8.2-3]: three who are away have room for five each; what is beyond is dropped."""
        for each in range(3):
            self.join("reader", name=f"full{each}", expiry=60).disconnect()
        wanted = self.publish(17)
        members = [self.join("reader", name=f"full{each}") for each in range(3)]
        got = self.drain(members, 15)
        self.assertEqual(sorted(map(len, got.values())), [5, 5, 5])
        self.assert_all(got, wanted[:15])
        self.leave(members)


class Room(Members):
    CONFIG = "max_queued_messages 5\n" + Members.CONFIG

    def test_a_full_queue_of_one_who_is_there(self):
        busy = self.join("reader", props={"receive_maximum": 1})
        self.publish(6)
        quick = [self.join("reader") for _ in range(2)]
        wanted = self.publish(30)
        self.assert_all(self.drain(quick, 30), wanted)
        self.leave([busy, *quick])

    def test_what_is_too_large_for_one(self):
        """[MQTT-3.1.2-25]"""
        small = [self.join("reader", props={"maximum_packet_size": 100}) for _ in range(4)]
        large = self.join("reader")
        for each in range(20):
            self.writer.publish(f"jobs/{self.name}", b"%03d" % each + bytes(200), 1)
        self.assertEqual(sorted(int(each[:3]) for each in self.drain([*small, large], 20)[4]), list(range(20)))
        self.leave([*small, large])


class Ends(Members):
    """A member ends with messages that it has not had."""

    def end_with(self, qos, end):
        """Publishes to a member who answers nothing, which then ends; gives what it saw and what others got."""
        first = self.join("reader", qos, f"{self.name}{qos}", 60, props={"receive_maximum": 2})
        wanted = self.publish(5, qos)
        seen = [first.message(answer=False) for _ in range(2)]
        others = [self.join("reader", qos) for _ in range(3)]
        if qos == 2:  # the exchange of one is past the point where the client answers for it
            first.send(acknowledge(PUBREC, seen[0].packet_id))
        end(first)
        got = self.drain(others, 5 if qos == 1 else 3)
        self.assert_all(got, wanted if qos == 1 else wanted[2:])
        self.leave(others)

    def test_with_its_session(self):
        """At QoS 2 what was begun to be sent is not for others. [MQTT-4.8.2-5]"""
        for qos in (1, 2):
            with self.subTest(qos=qos):
                self.end_with(qos, lambda member: member.disconnect(0, {"session_expiry": 0}))

    def test_by_a_clean_start(self):
        def end(member):
            member.close()
            self.client(member.id, user="reader", password="p").disconnect()

        self.end_with(1, end)
        self.end_with(2, end)

    def test_its_session_stays(self):
        """Then they are its own, and come when it is back. [MQTT-4.8.2-4]"""
        member = self.join("reader", 2, name="stays", expiry=60, props={"receive_maximum": 2})
        wanted = self.publish(5, 2)
        for _ in range(2):
            member.message(answer=False)
        member.close()
        other = self.join("reader", 2)
        self.assertTrue(other.is_silent())
        member = self.join("reader", 2, name="stays")
        self.assert_all(self.drain([member], 5), wanted)
        self.leave([member, other])

    def test_all_together(self):
        """Members come and go while messages do: each arrives, and at QoS 2 once."""
        for qos in (1, 2):
            with self.subTest(qos=qos):
                steady = [self.join("reader", qos), *(self.join("blind", qos) for _ in range(3))]
                got, wanted = collections.defaultdict(list), []
                for turn in range(15):
                    guest = self.join("reader", qos, props={"receive_maximum": 1})
                    wanted += self.publish(4, qos)
                    self.take(steady, got, True)
                    guest.close()
                got_now = self.drain(steady, len(wanted) - sum(map(len, got.values())) - (15 if qos == 2 else 0))
                arrived = [each for some in (*got.values(), *got_now.values()) for each in some]
                self.assertLessEqual(set(arrived), set(wanted))
                self.assertEqual(len(arrived), len(set(arrived)))
                missing = set(wanted) - set(arrived)
                self.assertLessEqual(len(missing), 0 if qos == 1 else 15)  # those that a guest had begun to take
                self.leave(steady)


if __name__ == "__main__":
    unittest.main()
