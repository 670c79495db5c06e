"""Random houses of dynamic security, asked the same questions in both brokers: Debian's mosquitto says what is right.

Left out is what Wax means to do otherwise (decision 0010): filters that begin with $, shared subscriptions, %c and %u."""
import contextlib
import json
import random
import unittest

from dynsec_test import acl, stored
from foreign_dynsec_test import BothBrokers
from mqtt_raw import Client

LEVELS = ("a", "b", "c")
KINDS = ("publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern", "unsubscribeLiteral", "unsubscribePattern")
RIGHTS = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")
USERS = [f"u{number}" for number in range(10)]


def any_topic(chance):
    return "/".join(chance.choice(LEVELS) for _ in range(chance.randint(1, 3)))


def any_filter(chance):
    levels = [chance.choice((*LEVELS, "+")) for _ in range(chance.randint(1, 3))]
    return "/".join([*levels, "#"] if chance.random() < 0.3 else levels) if chance.random() < 0.95 else "#"


def any_role(chance, name):
    acls = {(each["acltype"], each["topic"]): each
            for each in (acl(chance.choice(KINDS), any_filter(chance), chance.random() < 0.6, chance.randint(-1, 2))
                         for _ in range(chance.randint(0, 8)))}
    return {"rolename": name, "acls": list(acls.values())}


def any_links(chance, key, names):
    return [{key: name, "priority": chance.randint(-1, 2)} for name in chance.sample(names, chance.randint(0, 3))]


def any_house(chance):
    roles = [f"r{number}" for number in range(6)]
    groups = [f"g{number}" for number in range(4)]
    return {"defaultACLAccess": {right: chance.random() < 0.5 for right in RIGHTS},
            "clients": [{"username": name, "roles": any_links(chance, "rolename", roles), **stored("p")} for name in USERS],
            "groups": [{"groupname": name, "roles": any_links(chance, "rolename", roles),
                        "clients": any_links(chance, "username", USERS)} for name in groups],
            "roles": [any_role(chance, name) for name in roles]}


class Oracle(BothBrokers):
    def ask(self, questions):
        """Which questions are answered with a refusal."""
        answers = {}
        for name, topics, filters in questions:
            client = Client(self.port)
            self.assertEqual(client.connect(name, user=name, password="p").reason, 0)
            for topic in topics:
                answers[name, "send", topic] = client.publish(topic, b"m", qos=1) == 0x87
            for kind, codes in (("subscribe", client.subscribe(*filters).reasons), ("unsubscribe", client.unsubscribe(*filters).reasons)):
                answers.update({(name, kind, each): code == 0x87 for each, code in zip(filters, codes)})
            client.disconnect()
        return answers

    def receive(self):
        """What those who may subscribe to everything are sent."""
        got = {}
        for name in USERS:
            reader = Client(self.port)
            self.assertEqual(reader.connect("reader", user=name, password="p").reason, 0)
            if reader.subscribe("#").reasons[0] == 0x87:
                reader.disconnect()
                continue
            sender = Client(self.port)
            sender.connect("sender", user="sender", password="p")
            topics = [f"{one}/{two}" for one in LEVELS for two in LEVELS] + list(LEVELS)
            for topic in topics:
                self.assertIn(sender.publish(topic, b"m", qos=1), (0, 16))
            sender.disconnect()
            reader.ping()  # one thread each: the answer comes behind the messages
            got[name] = [message.topic for message in reader.aside]
            reader.aside.clear()
            reader.disconnect()
        return got

    def test_both_brokers_agree(self):
        rounds = 25
        for seed in range(rounds):
            chance = random.Random(seed)
            house = any_house(chance)
            house["clients"].append({"username": "sender", "roles": [{"rolename": "sends"}], **stored("p")})
            house["roles"].append({"rolename": "sends", "acls": [acl("publishClientSend", "#")]})
            text = json.dumps(house)
            questions = [(name, [any_topic(chance) for _ in range(12)], [any_filter(chance) for _ in range(12)]) for name in USERS]
            said = []
            for serve in (self.mosquitto, self.served):
                self.write("d.json", text)
                (self.home / "d.json").chmod(0o600)
                with serve():
                    said.append((self.ask(questions), self.receive()))
            (theirs, sent_by_them), (ours, sent_by_us) = said
            differ = {question: theirs[question] for question in theirs if theirs[question] != ours[question]}
            with self.subTest(seed=seed):
                self.assertEqual(differ, {}, f"Mosquitto's refusals where we differ, of the house:\n{text}")
                self.assertEqual(sent_by_us, sent_by_them, text)

    @contextlib.contextmanager
    def served(self):
        broker = self.wax("workers 1\n")
        yield
        broker.stop()


if __name__ == "__main__":
    unittest.main()
