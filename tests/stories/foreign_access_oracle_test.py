"""Random ACL files, asked the same questions in both brokers: Debian's mosquitto says what they mean.

Where Wax differs it allows less: STRICTER lists where. Topics that begin with $ are left out: Mosquitto 2.0.11 cuts off
who publishes to them.
"""
import collections
import contextlib
import random
import unittest

from foreign_dynsec_test import BothBrokers
from mqtt_raw import Client
from passwords import line

LEVELS = ("a", "b", "u0", "c1")
USERS = ("u0", "u1", "a", "b c")
TOPICS = [*LEVELS, *(f"{one}/{two}" for one in LEVELS for two in LEVELS), "a/b/u0", "a/u1/b", "b c/a", "/a", "a/"]
Who = collections.namedtuple("Who", "user client_id")
EVERYBODY = [Who(user, client_id) for user in (*USERS, None) for client_id in ("c0", "c1")]

# Where Mosquitto says yes and Wax means to say no: what a name with a / puts into a pattern reaches into another's topics.
STRICTER = [
    ("pattern readwrite own/%c/#", Who("u0", "c1/x"), "own/c1/x/t"),
    ("pattern readwrite own/%u/#", Who("u0/x", "c0"), "own/u0/x/t"),
]


def any_filter(chance, names=()):
    levels = [chance.choice((*LEVELS, *names, "+")) for _ in range(chance.randint(1, 3))]
    return "/".join([*levels[:2], "#"] if chance.random() < 0.35 else levels)


def any_access(chance):
    return chance.choice(("", "read ", "write ", "readwrite ", "deny "))


def any_file(chance):
    out = [f"topic {any_access(chance)}{any_filter(chance)}" for _ in range(chance.randint(0, 3))]
    for user in chance.sample(USERS, chance.randint(1, len(USERS))):
        out += [f"user {user}"]
        out += [f"topic {any_access(chance)}{any_filter(chance)}" for _ in range(chance.randint(1, 4))]
    out += [f"pattern {any_access(chance)}{any_filter(chance, ('%u', '%c', '%u'))}" for _ in range(chance.randint(0, 4))]
    return "\n".join([*out, "user sender", "topic readwrite #", ""])


class Oracle(BothBrokers):
    CONFIG = ("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npassword_file {home}/passwords\n"
              "acl_file {home}/rules\nmax_queued_messages 0\n")
    ROUNDS = 12

    def come(self, who):
        client = Client(self.port)
        more = {} if who.user is None else {"user": who.user, "password": "p"}
        self.addCleanup(client.close)
        return client if client.connect(who.client_id, **more).reason == 0 else None

    def what_is_allowed(self):
        """Each thing that somebody may do: who, which, and with which topic."""
        allowed = set()
        for who in EVERYBODY:
            client = self.come(who)
            for topic in TOPICS:
                if client.publish(topic, b"m", 1) != 0x87:
                    allowed.add((who, "write", topic))
                else:  # Mosquitto 2.0.11 cuts off who publishes again after a refusal
                    client.close()
                    client = self.come(who)
            client.subscribe("#")
            client.aside.clear()
            sender = self.come(Who("sender", "sender"))
            for topic in TOPICS:
                sender.publish(topic, b"m")
            sender.ping()
            sender.disconnect()
            client.ping()  # one thread each: the answer comes behind the messages
            allowed |= {(who, "read", message.topic) for message in client.aside}
            client.aside.clear()
            client.disconnect()
        return allowed

    @contextlib.contextmanager
    def served(self):
        broker = self.wax("workers 1\nacl_subscribe_check false\n")
        yield
        broker.stop()

    def both(self, rules, ask):
        """What both brokers answer under an ACL file: Mosquitto's first."""
        self.write("passwords", "".join(line(user, "p") for user in (*USERS, "u0/x", "sender")))
        self.write("rules", rules)
        for name in ("passwords", "rules"):
            (self.home / name).chmod(0o600)
        answers = []
        for serve in (self.mosquitto, self.served):
            with serve():
                answers.append(ask())
        return answers

    def test_both_brokers_agree(self):
        for seed in range(self.ROUNDS):
            rules = any_file(random.Random(seed))
            theirs, ours = self.both(rules, self.what_is_allowed)
            with self.subTest(seed=seed):
                self.assertTrue(theirs)
                self.assertEqual(sorted(ours - theirs, key=str), [], f"Wax allows more than Mosquitto, by the file:\n{rules}")
                self.assertEqual(sorted(theirs - ours, key=str), [], f"Wax allows less than Mosquitto, by the file:\n{rules}")

    def test_where_wax_is_stricter(self):
        for rules, who, topic in STRICTER:
            def ask(who=who, topic=topic):
                client = self.come(who)
                return client is not None and client.publish(topic, b"m", 1) != 0x87

            with self.subTest(rules):
                self.assertEqual(self.both(rules + "\n", ask), [True, False])


if __name__ == "__main__":
    unittest.main()
