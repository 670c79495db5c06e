"""What waits for a member of a shared group goes to another member when its session ends: after a restart, and when it waits
on the disk alone, too."""
import signal
import subprocess
import unittest

from lasting import KEPT, NEVER, OPEN, LastingCase, end
from mqtt_raw import PUBACK, PUBCOMP, PUBREC, PUBREL, acknowledge, publish
from running import WAX

FEW = 5


class LeftBehind(LastingCase):
    MANY = 600  # of which 16 stay in memory for who is away, and 256 are handed on at once
    CONFIG = KEPT + "max_queued_messages 0\ncontrol_socket {folder}/control\n" + OPEN

    def leave_waiting(self, count, qos):
        """A member who is away has all of it."""
        first = self.durable(f"{self.name}-first", expiry=NEVER)
        first.subscribe((f"$share/{self.name}/{self.topic()}/+", qos))
        first.subscribe((self.topic("own"), qos))  # of no group: nobody else's
        self.leave(first)
        writer = self.client(version=4)
        wanted = [b"%d" % number for number in range(count)]
        writer.send(*(publish(f"{self.topic()}/{number}", payload, qos, packet_id=number + 1, version=4)
                      for number, payload in enumerate(wanted)))
        for number in range(count):
            self.assertEqual(writer.expect(PUBACK if qos == 1 else PUBREC).packet_id, number + 1)
        if qos == 2:
            writer.send(*(acknowledge(PUBREL, number + 1) for number in range(count)))
            for _ in range(count):
                writer.expect(PUBCOMP)
        writer.publish(self.topic("own"), b"own", qos)
        return wanted

    def join(self, qos):
        other = self.durable(f"{self.name}-other", expiry=NEVER)
        other.subscribe((f"$share/{self.name}/{self.topic()}/+", qos))
        return other

    def end_first(self):
        words = WAX, "ctl", "--socket", self.broker.path("control"), "session", "delete", f"{self.name}-first"
        subprocess.run(words, check=True)

    def take(self, other, wanted):
        """All of it, in its order, and nothing else."""
        self.assertEqual([other.message().payload for _ in wanted], wanted)
        self.take_nothing(other)
        other.disconnect(0, {"session_expiry": 0})

    def test_without_a_restart(self):
        for qos in (1, 2):
            with self.subTest(qos=qos):
                wanted = self.leave_waiting(self.MANY, qos)
                other = self.join(qos)
                self.end_first()
                self.take(other, wanted)

    def test_after_a_restart(self):
        for count, qos in ((FEW, 1), (FEW, 2), (self.MANY, 1), (self.MANY, 2)):
            with self.subTest(count=count, qos=qos):
                wanted = self.leave_waiting(count, qos)
                self.again()
                other = self.join(qos)
                self.end_first()
                self.take(other, wanted)

    def test_by_a_clean_start(self):
        wanted = self.leave_waiting(self.MANY, 1)
        self.again()
        other = self.join(1)
        self.client(f"{self.name}-first").disconnect()
        self.take(other, wanted)

    def test_what_was_sent_and_not_answered(self):
        """At QoS 1 it goes to another, at QoS 2 to nobody. [MQTT-4.8.2-5]"""
        for qos, seen in ((1, 0), (2, 1)):
            with self.subTest(qos=qos):
                wanted = self.leave_waiting(self.MANY, qos)
                first = self.back(f"{self.name}-first", props={"receive_maximum": 1})
                self.assertEqual(first.message(answer=False).payload, wanted[0])
                self.settle(first)
                first.close()
                self.again()
                other = self.join(qos)
                self.end_first()
                self.assertEqual(sorted(int(other.message().payload) for _ in wanted[seen:]), list(range(seen, self.MANY)))
                self.take_nothing(other)
                other.disconnect(0, {"session_expiry": 0})

    def test_killed_in_the_midst_of_it(self):
        """What was handed on is not handed on again, and the rest is."""
        for turn in range(3):
            wanted = self.leave_waiting(self.MANY, 2)
            other = self.join(2)
            self.leave(other)
            self.end_first()
            self.again()
            other = self.back(f"{self.name}-other")
            got = [other.message().payload for _ in wanted]
            self.assertEqual(sorted(got, key=int), wanted)
            self.take_nothing(other)
            other.disconnect(0, {"session_expiry": 0})

    def test_nothing_of_it_stays(self):
        """When nobody is left the rows go, and so do their messages."""
        self.leave_waiting(self.MANY, 1)
        self.end_first()
        self.settle()
        self.again()
        self.settle()
        end(self.broker, signal.SIGTERM)
        shown = subprocess.run([WAX, "ctl", "store", "dump", self.broker.path("store"), "--json"], stdout=subprocess.PIPE,
                               check=True).stdout
        self.broker.start()
        self.assertNotIn(self.topic().encode(), shown)
        self.assertNotIn(b"estate", shown)


class LeftBehindOfThree(LeftBehind):
    THREADS = 3


class LeftBehindByAGoodEnd(LeftBehind):
    MANY = 50
    HOW = signal.SIGTERM
    THREADS_AFTER = 2


if __name__ == "__main__":
    unittest.main()
