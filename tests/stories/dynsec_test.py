"""Dynamic security: users, groups and roles that change while the broker runs."""
import base64
import hashlib
import json
import os
import shutil
import unittest

from mqtt_raw import connect
from running import Broker, BrokerCase

CONTROL = "$CONTROL/dynamic-security/v1"
BAD_LOGIN, DENIED, KICKED = 0x86, 0x87, 0x98
PLUGIN = "plugin /nowhere/mosquitto_dynamic_security.so\nplugin_opt_config_file {folder}/house/d.json\n"
LISTENER = "listener {port} 127.0.0.1\n"


def stored(password, count=1000):
    """A password as Mosquitto's file has it; a quick one, since tests log in often."""
    salt = hashlib.sha256(password.encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, count)
    return {"password": base64.b64encode(digest).decode(), "salt": base64.b64encode(salt).decode(), "iterations": count}


def acl(kind, topic, allow=True, priority=0):
    return {"acltype": kind, "topic": topic, "allow": allow, "priority": priority}


def user(name, *roles, **more):
    return {"username": name, "roles": [{"rolename": role} for role in roles], **stored("p"), **more}


def role(name, *acls):
    return {"rolename": name, "acls": list(acls)}


def group(name, roles=(), clients=()):
    return {"groupname": name, "roles": [{"rolename": each} for each in roles],
            "clients": [{"username": each} for each in clients]}


ADMIN = role("admin", acl("publishClientSend", "$CONTROL/dynamic-security/#"),
             acl("publishClientReceive", "$CONTROL/dynamic-security/#"),
             acl("subscribePattern", "$CONTROL/dynamic-security/#"))
ALL = role("all", acl("publishClientSend", "#"), acl("subscribePattern", "#"))


def house(clients=(), roles=(), groups=(), **more):
    return json.dumps({"clients": [user("admin", "admin"), *clients], "roles": [ADMIN, ALL, *roles],
                       "groups": list(groups), **more})


class DynsecCase(BrokerCase):
    """One broker with a house of its own."""

    CONFIG = PLUGIN + LISTENER
    HOUSE = house()

    @classmethod
    def setUpClass(cls):
        cls.broker = Housed(cls.CONFIG, cls.FILES, cls.THREADS, cls.HOUSE)

    def admin(self):
        client = self.client(user="admin", password="p")
        self.assertEqual(list(client.subscribe(CONTROL + "/response").reasons), [0])
        return client

    def order(self, *commands, admin=None):
        """Sends commands; gives their answers."""
        admin = admin or self.admin()
        admin.publish(CONTROL, json.dumps({"commands": list(commands)}).encode(), qos=1)
        return json.loads(admin.message().payload)["responses"]

    def done(self, command, admin=None, **more):
        """One command that succeeds."""
        answer = self.order({"command": command, **more}, admin=admin)[0]
        self.assertNotIn("error", answer)
        return answer.get("data")

    def file(self):
        return json.loads(self.broker.read("house/d.json"))


class Housed(Broker):
    """A broker whose file stands in a folder of its own."""

    def __init__(self, config, files, workers, text):
        self.text = text
        super().__init__(config, files, workers)

    def fill(self, config):
        os.mkdir(self.path("house"), 0o700)
        self.write("house/d.json", self.text)
        return super().fill(config)


class Orders(DynsecCase):
    HOUSE = house([user("u", "all"), user("off", "all", disabled=True), user("tied", "all", clientid="only")])

    def test_an_answer_means_that_it_holds_everywhere(self):
        """Whoever waits for the answer can connect at once, wherever the client id leads."""
        admin = self.admin()
        for number in range(12):
            name = f"new-{number}"
            self.done("createClient", admin, username=name, password=name, roles=[{"rolename": "all"}])
            client = self.client(f"holds-{number}", user=name, password=name)
            self.assertEqual(list(client.subscribe(self.topic(name)).reasons), [0])
            self.assertEqual(client.publish(self.topic(name), b"m", qos=1), 0)
            client.message()

    def test_many_administrators_at_once(self):
        """All who may read answers read those of all, as with Mosquitto."""
        admins = [self.admin() for _ in range(4)]
        watcher = self.admin()
        for number, admin in enumerate(admins):
            for turn in range(10):
                command = {"command": "createRole", "rolename": f"r-{number}-{turn}", "correlationData": f"{number}-{turn}"}
                admin.publish(CONTROL, json.dumps({"commands": [command]}).encode(), qos=1)
        marks = set()
        while len(marks) < 40:
            answer = json.loads(watcher.message().payload)["responses"][0]
            self.assertNotIn("error", answer)
            marks.add(answer.get("correlationData"))
        names = {each["rolename"] for each in self.file()["roles"]}
        self.assertLessEqual({f"r-{number}-{turn}" for number in range(4) for turn in range(10)}, names)

    def test_the_file_is_the_owners_alone(self):
        self.done("createRole", rolename=self.name)
        self.assertEqual(os.stat(self.broker.path("house/d.json")).st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.broker.path("house")), ["d.json"])
        self.assertIn(self.name, [each["rolename"] for each in self.file()["roles"]])

    def test_what_cannot_be_saved_is_told_and_holds(self):
        self.done("createClient", username=self.name, password="x", roles=[{"rolename": "all"}])
        inside = self.client(user=self.name, password="x")
        kept = self.broker.read("house/d.json")
        shutil.rmtree(self.broker.path("house"))
        answer = self.order({"command": "disableClient", "username": self.name})[0]
        self.assertIn("could not be saved", answer["error"])
        self.assertEqual(inside.end().reason, KICKED)
        self.client(user=self.name, password="x", reason=DENIED)
        os.mkdir(self.broker.path("house"), 0o700)
        self.broker.write("house/d.json", kept)
        self.done("createRole", rolename=self.name)
        self.assertTrue([each for each in self.file()["clients"] if each["username"] == self.name][0]["disabled"])

    def test_secrets_stay_inside(self):
        self.done("createClient", username=self.name, password="very-secret")
        said = json.dumps(self.order({"command": "getClient", "username": self.name},
                                     {"command": "listClients", "verbose": True}))
        for word in ("very-secret", "salt", "iterations", '"password"'):
            self.assertNotIn(word, said)
        self.assertNotIn("very-secret", self.broker.log())
        self.assertNotIn("very-secret", self.broker.read("house/d.json"))

    def test_who_may_come_in(self):
        for version, denied, bad in ((5, DENIED, BAD_LOGIN), (4, 5, 4)):
            with self.subTest(version=version):
                self.client(version=version, user="u", password="p").ping()
                self.client(version=version, user="u", password="wrong", reason=bad)
                self.client(version=version, user="nobody", password="p", reason=bad)
                self.client(version=version, user="off", password="p", reason=denied)
                self.client(version=version, user="tied", password="p", reason=denied)
                self.client("only", version=version, user="tied", password="p").ping()
                self.client(version=version, reason=denied)

    def test_only_a_role_gives_orders(self):
        """Not even who may publish everything: "#" spares "$CONTROL"."""
        client = self.client(user="u", password="p")
        for topic in (CONTROL, CONTROL + "/response", "$CONTROL/dynamic-security", "$CONTROL/x"):
            self.assertEqual(client.publish(topic, b'{"commands":[]}', qos=1), DENIED)
        self.assertEqual(list(client.subscribe(CONTROL + "/response", "$CONTROL/#").reasons), [DENIED, DENIED])

    def test_nobody_forges_an_answer(self):
        admin, other = self.admin(), self.admin()
        self.assertEqual(admin.publish(CONTROL + "/response", b"forged", qos=1), DENIED)
        self.assertEqual(admin.publish("$CONTROL/dynamic-security/else", b"forged", qos=1), DENIED)
        will = dict(topic=CONTROL + "/response", payload=b"forged")
        left = self.client(user="admin", password="p", will=will)
        left.close()
        self.broker.wait_for_log(f"client_disconnected client={left.id}")
        self.done("listRoles", admin)
        self.assertNotEqual(other.message().payload, b"forged")

    def test_orders_are_not_messages(self):
        self.done("addRoleACL", rolename="admin", acltype="subscribeLiteral", topic=CONTROL, allow=True)
        listener = self.admin()
        self.assertEqual(list(listener.subscribe(CONTROL).reasons), [0])
        self.done("listRoles")
        self.assertEqual(listener.message().topic, CONTROL + "/response")

    def test_what_is_no_order_is_answered(self):
        admin = self.admin()
        for payload, words in ((b"\xff\x00", "not valid JSON"), (b"[" * 5000, "not valid JSON"), (b"{}", "Invalid/missing commands"),
                               (b"", "not valid JSON")):
            admin.publish(CONTROL, payload, qos=1)
            self.assertIn(words, admin.message().payload.decode())

    def test_a_reload_leaves_it_alone(self):
        self.done("createRole", rolename=self.name)
        self.broker.reload()
        self.assertIn(self.name, self.done("listRoles")["roles"])
        config = self.broker.read("wax.conf")
        self.broker.write("other.json", self.HOUSE)
        self.broker.write("wax.conf", config.replace("house/d.json", "other.json"))
        self.broker.reload("reload_failed")
        self.assertIn("restart the broker", self.broker.log())
        self.broker.write("wax.conf", config)
        self.broker.reload()
        self.client(user="u", password="p").ping()


class Kicks(DynsecCase):
    """Who stands otherwise than before is sent away, as by Mosquitto, and can do nothing meanwhile."""

    HOUSE = house([user(name, "mine", clientid="") for name in ("a", "b", "c", "d", "e", "f")],
                  [role("mine", acl("publishClientSend", "#"), acl("subscribePattern", "#")), role("next")],
                  [group("g", ["next"], ["f"])])

    def test_by_command(self):
        commands = (
            ("a", dict(command="disableClient", username="a")),
            ("b", dict(command="deleteClient", username="b")),
            ("c", dict(command="setClientPassword", username="c", password="other")),
            ("d", dict(command="setClientId", username="d", clientid="bound")),
            ("e", dict(command="addClientRole", username="e", rolename="next")),
            ("f", dict(command="addRoleACL", rolename="next", acltype="publishClientSend", topic="x", allow=True)),
        )
        stays = self.admin()
        for name, command in commands:
            with self.subTest(command["command"]):
                inside = self.client(user=name, password="p")
                self.assertNotIn("error", self.order(command)[0])
                self.assertEqual(inside.end().reason, KICKED)
        self.client(user="c", password="other").ping()
        self.client(user="c", password="p", reason=BAD_LOGIN)
        stays.ping()

    def test_an_administrator_reads_the_answer_first(self):
        admin = self.admin()
        self.done("addRoleACL", admin, rolename="admin", acltype="publishClientSend", topic="y", allow=True)
        self.assertEqual(admin.end().reason, KICKED)

    def test_a_login_that_was_under_way(self):
        """A password that was found right under the old table does not open the door under the new one."""
        for turn in range(8):
            name = f"{self.name}-{turn}"
            self.done("createClient", username=name, password="p", roles=[{"rolename": "mine"}])
            admin = self.admin()
            raw = self.raw()
            raw.send(connect(name, user=name, password="p"))
            command = {"commands": [{"command": "deleteClient", "username": name}]}
            admin.publish(CONTROL, json.dumps(command).encode(), qos=1)
            admin.message()
            got = raw.receive()
            if got is not None and got.reason == 0:
                got = raw.end()
                self.assertEqual(got.reason, KICKED)


class Paths(DynsecCase):
    """No path delivers what the live one denies, whatever worker publisher and subscriber are on."""

    HOUSE = house([user("pub", "all"), user("sub", "reader")],
                  [role("reader", acl("subscribePattern", "#"), acl("publishClientReceive", "+/secret/#", False),
                        acl("publishClientSend", "+/mark")), role("writer", acl("publishClientSend", "#"))])

    def pair(self, count=6):
        """A publisher, and subscribers that both workers own."""
        publisher = self.client(user="pub", password="p")
        return publisher, [self.client(user="sub", password="p") for _ in range(count)]

    def assert_open_alone(self, publisher, subscribers, expected=(b"open",)):
        for each in subscribers:
            self.assertEqual(list(each.subscribe(self.topic("mark")).reasons), [0])
        publisher.publish(self.topic("mark"), b"mark", qos=1)
        for each in subscribers:
            got = [each.message().payload]
            while got[-1] != b"mark":
                got.append(each.message().payload)
            if expected is None:  # a live message may still have been on its way to the subscriber's worker
                self.assertLessEqual(set(got[:-1]), {b"open"})
            else:
                self.assertEqual(got[:-1], list(expected))

    def test_live(self):
        publisher, subscribers = self.pair()
        for each in subscribers:
            self.assertEqual(list(each.subscribe((self.topic("#"), 1)).reasons), [1])
        for qos in (0, 1):
            publisher.publish(self.topic("secret/t"), b"secret", qos=qos)
        publisher.publish(self.topic("t"), b"open", qos=1)
        publisher.publish(self.topic("mark"), b"mark", qos=1)
        for each in subscribers:
            self.assertEqual(each.payloads(2), [b"open", b"mark"])

    def test_retained(self):
        publisher, subscribers = self.pair()
        publisher.publish(self.topic("secret/t"), b"secret", qos=1, retain=True)
        publisher.publish(self.topic("t"), b"open", qos=1, retain=True)
        for each in subscribers:
            each.subscribe(self.topic("#"))
            self.assertEqual(each.message().payload, b"open")
            each.unsubscribe(self.topic("#"))
        self.assert_open_alone(publisher, subscribers, None)

    def test_queued(self):
        publisher = self.client(user="pub", password="p")
        names = [f"durable-{self.name}-{each}" for each in range(6)]
        for name in names:
            client = self.durable(name, user="sub", password="p")
            client.subscribe((self.topic("#"), 1))
            client.disconnect()
        publisher.publish(self.topic("secret/t"), b"secret", qos=1)
        publisher.publish(self.topic("t"), b"open", qos=1)
        publisher.publish(self.topic("end"), b"end", qos=1)
        for name in names:
            client = self.durable(name, user="sub", password="p")
            self.assertEqual(client.payloads(2), [b"open", b"end"])

    def test_queued_and_forbidden_since(self):
        """What waits is judged again when it goes out."""
        self.done("createRole", rolename=self.name, acls=[acl("subscribePattern", "#")])
        self.done("createClient", username=self.name, password="p", roles=[{"rolename": self.name}])
        publisher = self.client(user="pub", password="p")
        names = [f"durable-{self.name}-{each}" for each in range(6)]
        for name in names:
            client = self.durable(name, user=self.name, password="p")
            client.subscribe((self.topic("#"), 1))
            client.disconnect()
        publisher.publish(self.topic("later/t"), b"secret", qos=1)
        publisher.publish(self.topic("t"), b"open", qos=1)
        self.done("addRoleACL", rolename=self.name, acltype="publishClientReceive", topic="+/later/#", allow=False)
        for name in names:
            self.assertEqual(self.durable(name, user=self.name, password="p").message().payload, b"open")

    def test_shared(self):
        publisher, subscribers = self.pair()
        for each in subscribers:
            self.assertEqual(list(each.subscribe((f"$share/g/{self.topic('secret/#')}", 1)).reasons), [1])
        for _ in range(12):
            publisher.publish(self.topic("secret/t"), b"secret", qos=1)
        self.assert_open_alone(publisher, subscribers, ())

    def test_wills(self):
        publisher, subscribers = self.pair()
        for each in subscribers:
            each.subscribe(self.topic("#"))
        for rest, payload in (("secret/t", b"secret"), ("t", b"open")):
            leaving = self.client(user="pub", password="p", will=dict(topic=self.topic(rest), payload=payload))
            leaving.close()
            self.broker.wait_for_log(f"client_disconnected client={leaving.id}")
        for each in subscribers:
            self.assertEqual(each.message().payload, b"open")

    def test_a_will_that_its_author_may_not_send(self):
        publisher, subscribers = self.pair(2)
        for each in subscribers:
            each.subscribe(self.topic("#"))
        leaving = self.client(user="sub", password="p", will=dict(topic=self.topic("t"), payload=b"not allowed"))
        leaving.close()
        self.broker.wait_for_log(f"will_refused client={leaving.id}")
        publisher.publish(self.topic("t"), b"open", qos=1)
        for each in subscribers:
            self.assertEqual(each.message().payload, b"open")

    def test_a_will_of_somebody_who_is_sent_away(self):
        self.done("createClient", username=self.name, password="p", roles=[{"rolename": "writer"}])
        publisher, subscribers = self.pair(2)
        for each in subscribers:
            each.subscribe(self.topic("#"))
        leaving = self.client(user=self.name, password="p", will=dict(topic=self.topic("t"), payload=b"last word"))
        self.done("deleteClient", username=self.name)
        self.assertEqual(leaving.end().reason, KICKED)
        self.broker.wait_for_log(f"will_refused client={leaving.id}")
        publisher.publish(self.topic("t"), b"open", qos=1)
        for each in subscribers:
            self.assertEqual(each.message().payload, b"open")

    def test_retained_by_somebody_who_is_gone(self):
        """check_retain_source: who may not write any more is not read any more."""
        self.done("createClient", username=self.name, password="p", roles=[{"rolename": "writer"}])
        self.client(user=self.name, password="p").publish(self.topic("t"), b"old", qos=1, retain=True)
        reader = self.client(user="sub", password="p")
        reader.subscribe(self.topic("t"))
        self.assertEqual(reader.message().payload, b"old")
        self.done("deleteClient", username=self.name)
        publisher, subscribers = self.pair()
        for each in subscribers:
            each.subscribe(self.topic("t"))
        self.assert_open_alone(publisher, subscribers, ())


class Withdrawn(DynsecCase):
    """A right to subscribe that is withdrawn ends the subscription: in a session that goes on, too."""

    HOUSE = house([user("pub", "all")])

    def make(self, *acls):
        self.done("createRole", rolename=self.name, acls=list(acls))
        self.done("createClient", username=self.name, password="p", roles=[{"rolename": self.name}])
        return [f"durable-{self.name}-{each}" for each in range(6)]

    def resume(self, name):
        client = self.durable(name, user=self.name, password="p")
        self.assertTrue(client.connack.session_present)
        return client

    def test_of_sessions_that_go_on(self):
        for kind in ("", "$share/g/"):
            with self.subTest(kind):
                self.name = f"withdrawn{len(kind)}"
                names = self.make(acl("subscribePattern", f"{self.name}/a/#"), acl("subscribePattern", f"{self.name}/b"))
                for number, name in enumerate(names):
                    client = self.durable(name, user=self.name, password="p")
                    wanted = [(f"{kind}{self.name}/a/#", 1), (f"{self.name}/b", 1)]
                    self.assertEqual(list(client.subscribe(*wanted).reasons), [1, 1])
                    if number % 2:
                        client.disconnect()
                self.done("removeRoleACL", rolename=self.name, acltype="subscribePattern", topic=f"{self.name}/a/#")
                publisher = self.client(user="pub", password="p")
                publisher.publish(f"{self.name}/a/t", b"secret", qos=1)
                publisher.publish(f"{self.name}/b", b"open", qos=1)
                for name in names:
                    self.assertEqual(self.resume(name).message().payload, b"open")

    def test_by_default(self):
        """Nobody is sent away for a default, as by Mosquitto; the subscription ends all the same."""
        names = self.make()
        self.done("setDefaultACLAccess", acls=[{"acltype": "subscribe", "allow": True}])
        clients = [self.client(name, user=self.name, password="p") for name in names]
        for each in clients:
            self.assertEqual(list(each.subscribe(self.topic("t")).reasons), [0])
        self.done("setDefaultACLAccess", acls=[{"acltype": "subscribe", "allow": False}])
        publisher = self.client(user="pub", password="p")
        publisher.publish(self.topic("t"), b"secret", qos=1)
        self.done("setDefaultACLAccess", acls=[{"acltype": "subscribe", "allow": True}])
        for each in clients:
            each.subscribe(self.topic("mark"))
        publisher.publish(self.topic("mark"), b"mark", qos=1)
        for each in clients:
            self.assertEqual(each.message().payload, b"mark")
        self.done("setDefaultACLAccess", acls=[{"acltype": "subscribe", "allow": False}])

    def test_unsubscribing_may_be_forbidden(self):
        self.make(acl("subscribePattern", "#"), acl("unsubscribeLiteral", f"{self.name}/t", False))
        client = self.client(user=self.name, password="p")
        client.subscribe(self.topic("t"), self.topic("s"))
        self.assertEqual(list(client.unsubscribe(self.topic("t"), self.topic("s")).reasons), [DENIED, 0])
        self.client(user="pub", password="p").publish(self.topic("t"), b"still", qos=1)
        self.assertEqual(client.message().payload, b"still")


class Names(DynsecCase):
    HOUSE = house([user("u", "own")], [role("own", acl("publishClientSend", "d/%c/#"), acl("subscribePattern", "u/%u/#")),
                                       role("open", acl("publishClientSend", "open/#"), acl("subscribePattern", "open/#"))],
                  [group("guests", ["open"])], anonymousGroup="guests")
    CONFIG = PLUGIN + "allow_anonymous true\n" + LISTENER

    def test_placeholders(self):
        client = self.client("it", user="u", password="p")
        self.assertEqual(client.publish("d/it/x", b"", qos=1), 0x00)
        self.assertEqual(client.publish("d/other/x", b"", qos=1), DENIED)
        self.assertEqual(list(client.subscribe("u/u/#", "u/v/#", "u/+/#", "u/#").reasons), [0, DENIED, DENIED, DENIED])

    def test_a_name_that_reaches_further_does_not_come_in(self):
        self.client("it/more", user="u", password="p", reason=0x85)

    def test_the_anonymous(self):
        client = self.client()
        self.assertEqual(client.publish("open/t", b"", qos=1), 0)
        self.assertEqual(client.publish("d/t", b"", qos=1), DENIED)
        self.assertEqual(list(client.subscribe("open/#", "#").reasons), [0, DENIED])
        self.client(user="nobody", password="x", reason=BAD_LOGIN)
        self.client(user="nobody", reason=BAD_LOGIN)
        self.assertEqual(self.done("getAnonymousGroup"), {"group": {"groupname": "guests"}})
        self.done("createGroup", groupname="nothing")
        self.done("setAnonymousGroup", groupname="nothing")
        self.assertEqual(client.end().reason, KICKED)
        self.assertEqual(self.client().publish("open/t", b"", qos=1), DENIED)
        self.assertIn("forbidden", self.order({"command": "deleteGroup", "groupname": "nothing"})[0]["error"])
        self.done("setAnonymousGroup", groupname="guests")


class BesideFiles(DynsecCase):
    """A password file and an ACL file beside it: whoever it does not know is theirs; else both must allow."""

    from passwords import line
    FILES = {"passwords": line("filed", "f") + line("u", "not this one"),
             "acl": "user filed\ntopic a/#\nuser u\ntopic a/#\nuser admin\ntopic $CONTROL/#\n"}
    CONFIG = PLUGIN + "password_file {folder}/passwords\nacl_file {folder}/acl\n" + LISTENER
    HOUSE = house([user("u", "all")])

    def test_both(self):
        known = self.client(user="u", password="p")
        self.assertEqual([known.publish(topic, b"", qos=1) for topic in ("a/t", "b/t")], [0, DENIED])
        self.client(user="u", password="not this one", reason=BAD_LOGIN)
        filed = self.client(user="filed", password="f")
        self.assertEqual([filed.publish(topic, b"", qos=1) for topic in ("a/t", "b/t")], [0, DENIED])
        self.assertEqual(list(filed.subscribe("a/#").reasons), [0])
        self.client(user="nobody", password="p", reason=BAD_LOGIN)
        self.done("listRoles")


if __name__ == "__main__":
    unittest.main()
