"""Every way of a message to a client, under every kind of rule: none delivers what the live way denies.

Two tables: WORLDS are kinds of rules, each written so that `reader` may read open/# and not secret/#, and `mute` may
write open/# and not secret/#, while `writer` may write and `all` may read everything. The ways are the tests of
Reading, Writing and Losing; each runs in each world. Payloads say what they are: open, secret, lost.
"""
import functools
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import foreign
from dynsec_test import CONTROL, Housed, acl, house, role, user
from foreign import WAX, run
from mqtt_raw import publish, subscribe
from passwords import line
from running import PLAIN, Broker, BrokerCase

NAMES = ("reader", "mute", "writer", "all", "admin")
OPEN, SECRET, LOST = "open/reader/x", "secret/reader/x", "open/reader/lost/x"
ALL_LOST = "open/reader/lost/#"
BOTH = (("secret", SECRET), ("open", OPEN))
LISTENER = "control_socket {folder}/control\nlistener {port} 127.0.0.1\nmax_topic_alias 10\n"
FILE = "acl_file {folder}/rules\npassword_file {folder}/passwords\n" + LISTENER
DYNSEC = "dynamic_security_file {folder}/house/d.json\n" + LISTENER
OTHERS = "user writer\ntopic readwrite #\nuser all\ntopic readwrite #\n"
MUTE = "user mute\ntopic readwrite open/#\n"


def rules(text, lost):
    """An ACL file, and the same when `reader` may not read LOST any more, nor `mute` write it."""
    return text + OTHERS + MUTE, lost + OTHERS + MUTE + f"topic deny {ALL_LOST}\n"


# Each: what the file says; and what it says after the right to LOST is gone.
FILES = {
    "User": rules("user reader\ntopic read open/#\n", "user reader\ntopic read open/#\ntopic deny open/reader/lost/#\n"),
    "UserDeny": rules("user reader\ntopic read #\ntopic deny secret/#\n",
                      "user reader\ntopic read #\ntopic deny secret/#\ntopic deny open/+/lost/#\n"),
    "Pattern": rules("pattern read open/%u/#\n", "pattern read open/%u/#\npattern deny open/%u/lost/#\n"),
    "PatternDeny": rules("pattern read #\npattern deny secret/%u/#\n",
                         "pattern read #\npattern deny secret/%u/#\npattern deny +/%u/lost/#\n"),
    "Anonymous": rules("topic read open/#\n", "topic read open/#\ntopic deny open/reader/lost/#\n"),
    "DefaultDeny": rules("user reader\ntopic read open/reader/x\ntopic read open/reader/lost/#\ntopic read open/reader/end\n",
                         "user reader\ntopic read open/reader/x\ntopic read open/reader/end\n"),
}
ALL = role("all", acl("publishClientSend", "#"), acl("publishClientReceive", "#"), acl("subscribePattern", "#"))
MUTE_ROLE = role("mute", acl("publishClientSend", "open/#"), acl("subscribePattern", "#"))
EVERYBODY = [user("writer", "all"), user("all", "all"), user("mute", "mute"), user("reader", "reader")]


def roles(*reader, **more):
    return house(EVERYBODY, [MUTE_ROLE, role("reader", acl("subscribePattern", "#"), *reader)], **more).replace(
        json.dumps(role("all", acl("publishClientSend", "#"), acl("subscribePattern", "#"))), json.dumps(ALL))


ALLOW_ALL = {"publishClientSend": False, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
HOUSES = {
    "Roles": roles(acl("publishClientReceive", "open/#"),
                   defaultACLAccess={**ALLOW_ALL, "publishClientReceive": False}),
    "RolesDeny": roles(acl("publishClientReceive", "secret/#", False), defaultACLAccess=ALLOW_ALL),
}


@functools.cache
def kept_by_mosquitto(name):
    """The file of a Mosquitto that let everybody do everything: a session of `name`, its queue, and what is retained."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="wax-story-"))
    unittest.addModuleCleanup(shutil.rmtree, home)
    port = foreign.free_port()
    config = home / "mosquitto.conf"
    config.write_text(f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {home}/\n")
    broker = subprocess.Popen([foreign.need("mosquitto"), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        foreign.wait_until(lambda: run("mosquitto_pub", "-p", port, "-t", "x", "-n", code=None) == "", "Mosquitto")
        who = ["-u", name] if name else []
        run("mosquitto_sub", "-p", port, "-i", "kept", *who, "-V", "5", "-c", "-x", 1000, "-q", 1, "-t", "#", "-E")
        for payload, topic in BOTH:
            run("mosquitto_pub", "-p", port, "-i", "w", "-u", "writer", "-t", topic, "-m", payload, "-q", 1, "-r")
    finally:
        broker.terminate()
        broker.wait(foreign.PATIENCE_S)
    return home / "mosquitto.db"


class World(BrokerCase):
    """How to be who in one kind of rules."""

    THREADS = 2
    READER = {"user": "reader", "password": "p"}

    def one(self, name, client_id=None, **more):
        who = self.READER if name == "reader" else {"user": name, "password": "p"}
        return self.client(client_id, **who, **more)

    def stay(self, name, client_id, **more):
        who = self.READER if name == "reader" else {"user": name, "password": "p"}
        return self.durable(client_id, **who, **more)

    def setUp(self):
        super().setUp()
        self.writer = self.one("writer")
        self.addCleanup(self.forget)

    def forget(self, *topics):
        """Nothing retained stays for the next test."""
        clerk = self.one("writer", f"clerk-{self.name}")
        for topic in topics or (OPEN, SECRET, LOST):
            clerk.publish(topic, b"", 1, retain=True)
        clerk.disconnect()

    def write_both(self, qos=1, names=BOTH, **more):
        for payload, topic in names:
            self.writer.publish(topic, payload.encode(), qos, **more)

    def got(self, client):
        """What the client gets until the end, which the writer says now."""
        for _ in range(4):
            client.ping()  # each takes a turn of the worker, and each turn goes on with what is retained
        self.count += 1
        end, got = f"end {self.name} {self.count}", []
        self.writer.publish("open/reader/end", end, 1)
        while not got or got[-1] != end:
            got.append(client.message().payload[:200].decode())
        self.assertTrue(client.is_silent(0.05))
        return [each.split("\0")[0] for each in got if not each.startswith("end ")]

    def lines(self, *words):
        done = subprocess.run([WAX, "ctl", "--socket", self.broker.path("control"), *map(str, words)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class FileWorld(World):
    CONFIG = FILE

    def lose(self, is_lost=True):
        self.broker.write("rules", FILES[self.KIND][is_lost])
        self.broker.reload()

    def regain(self):
        self.lose(False)

    @staticmethod
    def after_the_change(client):
        return client


class DynsecWorld(World):
    CONFIG = DYNSEC

    @classmethod
    def setUpClass(cls):
        cls.broker = Housed(cls.CONFIG, {}, cls.THREADS, HOUSES[cls.KIND])

    def order(self, command, **more):
        admin = self.one("admin", f"admin-{self.name}")
        admin.subscribe(CONTROL + "/response")
        admin.publish(CONTROL, json.dumps({"commands": [{"command": command, **more}]}).encode(), 1)
        answer = json.loads(admin.message().payload)["responses"][0]
        self.assertNotIn("error", answer)
        admin.close()

    def lose(self):
        for name, kind in (("reader", "publishClientReceive"), ("mute", "publishClientSend")):
            self.order("addRoleACL", rolename=name, acltype=kind, topic=ALL_LOST, allow=False, priority=9)
        self.writer.close()
        self.writer = self.one("writer")

    def after_the_change(self, client):
        """Those whose roles change are sent away."""
        client.close()
        self.broker.wait_for_log(f"client_disconnected client={client.id} ")
        return self.stay("reader", client.id, expiry=0)

    def regain(self):
        for name, kind in (("reader", "publishClientReceive"), ("mute", "publishClientSend")):
            self.order("removeRoleACL", rolename=name, acltype=kind, topic=ALL_LOST)


class Reading:
    """Ways to one who may read the open and not the secret."""

    def test_live(self):
        for version in (4, 5):
            for qos in (0, 1, 2):
                reader = self.one("reader", version=version)
                reader.subscribe(("#", qos))
                self.write_both(qos)
                self.assertEqual(self.got(reader), ["open"])
                reader.disconnect()

    def test_retained(self):
        self.write_both(retain=True)
        for options in (0, 1, 2, 0x08):
            reader = self.one("reader")
            reader.subscribe(("#", options))
            self.assertEqual(set(self.got(reader)), {"open"})  # twice, if it crosses its live letter between workers
            reader.disconnect()

    def test_retained_while_it_is_live(self):
        """Retain As Published."""
        reader = self.one("reader")
        reader.subscribe(("#", 0x09))
        self.write_both(retain=True)
        self.assertEqual(self.got(reader), ["open"])

    def test_queued(self):
        for qos in (1, 2):
            self.stay("reader", "queued").close()
            reader = self.stay("reader", "queued")
            reader.subscribe(("#", qos))
            reader.close()
            self.broker.wait_for_log("client_disconnected client=queued ", 2 * qos)
            self.write_both(qos)
            reader = self.stay("reader", "queued", expiry=0)
            self.assertEqual(reader.connack.session_present, 1)
            self.assertEqual(self.got(reader), ["open"])
            reader.disconnect()

    def test_queued_behind_what_is_in_flight(self):
        reader = self.one("reader", props={"receive_maximum": 1})
        reader.subscribe(("#", 2))
        self.write_both(names=(("open", OPEN), *BOTH, *BOTH))
        self.assertEqual(self.got(reader), ["open"] * 3)

    def test_shared(self):
        members = [self.one("reader") for _ in range(3)]
        for each in members:
            each.subscribe(("$share/g/#", 1))
        for _ in range(6):
            self.write_both()
        got = []
        while len(got) < 6:
            for each in members:
                got += self.now(each)
        self.assertEqual(got, ["open"] * 6)
        for each in members:
            self.assertTrue(each.is_silent(0.05))

    @staticmethod
    def now(client):
        try:
            return [client.message(0.05).payload.decode()]
        except TimeoutError:
            return []

    def test_wills(self):
        """A Will of one who may write both, by each way that a Will takes."""
        reader = self.one("reader")
        reader.subscribe(("#", 1))
        for payload, topic in BOTH:
            for retain in (False, True):
                will = {"topic": topic, "payload": payload, "qos": 1, "retain": retain}
                name = f"will-{payload}-{retain}"
                self.one("writer", name, will=will).close()
                self.broker.wait_for_log(f"client_disconnected client={name} ")
                self.one("writer", name, version=4, will=will)
                self.one("writer", name).disconnect()  # it takes over
        self.assertEqual(self.got(reader), ["open"] * 4)
        late = self.one("reader")
        late.subscribe("#")
        self.assertEqual(self.got(late), ["open"])

    def test_delayed_wills(self):
        """By their delay, by the end of the session, and by a clean start."""
        reader = self.one("reader")
        reader.subscribe(("#", 1))
        for payload, topic in BOTH:
            will = {"topic": topic, "payload": payload, "qos": 1}
            rows = (("delay", 1, 60), ("end", 60, 1), ("clean", 60, 60))
            for name, delay, expiry in rows:
                self.stay("writer", f"{name}-{payload}", expiry=expiry, will={**will, "props": {"will_delay": delay}}).close()
                self.broker.wait_for_log(f"client_disconnected client={name}-{payload} ")
            self.one("writer", f"clean-{payload}").disconnect()
        self.assertEqual([reader.message().payload for _ in range(3)], [b"open"] * 3)
        self.assertEqual(self.got(reader), [])

    def test_topic_aliases(self):
        """The publisher's and the broker's: an alias that meant the open means the secret."""
        reader = self.one("reader", props={"topic_alias_maximum": 5})
        reader.subscribe(("#", 1))
        for payload, topic in (("open", OPEN), ("secret", SECRET), ("open", OPEN)):
            self.writer.send(publish(topic, payload, props={"topic_alias": 1}),
                             publish("", payload, props={"topic_alias": 1}))
        self.assertEqual(self.got(reader), ["open"] * 4)

    def test_requests(self):
        """A response topic gives no right to the response."""
        reader = self.one("reader")
        reader.subscribe((SECRET, 1), ("#", 1))
        for payload, topic in BOTH:
            self.writer.publish(topic, payload, 1, props={"correlation_data": b"1", "response_topic": SECRET})
        self.assertEqual(self.got(reader), ["open"])

    def test_overlapping_subscriptions(self):
        reader = self.one("reader")
        reader.subscribe(("#", 0), ("open/#", 1), ("secret/#", 1), (SECRET, 2), ("+/reader/x", 2), ("$share/h/+/reader/x", 1))
        self.write_both(2)
        self.assertEqual(self.got(reader), ["open"] * 2)  # its own, and its group's

    def test_what_mosquitto_kept(self):
        """A session and retained messages brought from a broker that allowed everything."""
        self.lines("import", self.database)
        late = self.one("reader")
        late.subscribe("#")
        self.assertEqual(self.got(late), ["open"])
        late.disconnect()
        reader = self.stay("reader", "kept", expiry=0)
        self.assertEqual(reader.connack.session_present, 1)
        self.assertEqual(sorted(set(self.got(reader))), ["open"])
        self.write_both()
        self.assertEqual(self.got(reader), ["open"])
        reader.disconnect()

    def test_bridges(self):
        """What a bridge takes to another broker, and what it brings from there, under the rights of its local user."""
        far = Broker(PLAIN)
        before = self.broker.read("wax.conf")
        try:
            lines = "".join(f"connection {name}\naddress 127.0.0.1:{far.port}\nlocal_username {name}\nnotifications false\n"
                            f"topic {topic}\n" for name, topic in (("reader", "+/reader/# out 1"), ("mute", "+/mute/# in 1")))
            self.broker.write("wax.conf", before + lines)
            self.broker.reload()
            for name in ("reader", "mute"):
                self.broker.wait_for_log(f"bridge_connected connection={name} ")
            there, watcher = self.client(port=far.port), self.one("all")
            there.subscribe(("#", 1))
            watcher.subscribe(("+/mute/#", 1))
            if self.READER:  # without a name only its `topic` lines bind a bridge
                self.write_both()
                self.assertEqual(self.got(there), ["open"])
            for payload in ("secret", "open"):
                there.publish(f"{payload}/mute/x", payload, 1)
            self.assertEqual(watcher.message().payload, b"open")
            self.assertTrue(watcher.is_silent(0.1))
        finally:
            self.broker.write("wax.conf", before)
            self.broker.reload()
            self.assertIsNone(far.stop())

    @property
    def database(self):
        return kept_by_mosquitto(self.READER.get("user"))


class Writing:
    """Ways from one who may write the open and not the secret."""

    def watch(self):
        watcher = self.one("all")
        watcher.subscribe(("open/#", 2), ("secret/#", 2))
        return watcher

    def test_write(self):
        watcher = self.watch()
        for version in (3, 4, 5):
            mute = self.one("mute", version=version)
            for qos in (0, 1, 2):
                for retain in (False, True):
                    for payload, topic in BOTH:
                        mute.publish(topic, payload, qos, retain=retain)
            mute.ping()
            self.assertEqual(self.got(watcher), ["open"] * 6)
        late = self.watch()
        self.assertEqual(self.got(late), ["open"])

    def test_write_to_forget_what_is_retained(self):
        self.write_both(retain=True)
        mute = self.one("mute")
        for qos in (0, 1, 2):
            mute.publish(SECRET, b"", qos, retain=True)
        mute.ping()
        late = self.watch()
        self.assertEqual(sorted(self.got(late)), ["open", "secret"])

    def test_write_by_topic_aliases(self):
        watcher, mute = self.watch(), self.one("mute")
        for payload, topic in (("open", OPEN), ("secret", SECRET), ("open", OPEN)):
            mute.send(publish(topic, payload, props={"topic_alias": 1}), publish("", payload, props={"topic_alias": 1}))
        mute.ping()
        self.assertEqual(self.got(watcher), ["open"] * 4)

    def test_write_by_wills(self):
        watcher = self.watch()
        for payload, topic in BOTH:
            for retain in (False, True):
                will = {"topic": topic, "payload": payload, "qos": 1, "retain": retain}
                name = f"mute-{payload}-{retain}"
                self.one("mute", name, will=will).close()
                self.broker.wait_for_log(f"client_disconnected client={name} ")
                self.one("mute", name, version=4, will=will)
                self.one("mute", name).disconnect()
        self.assertEqual(self.got(watcher), ["open"] * 4)
        late = self.watch()
        self.assertEqual(self.got(late), ["open"])

    def test_write_by_delayed_wills(self):
        watcher = self.watch()
        for payload, topic in BOTH:
            for name, delay, expiry in (("mute-delay", 1, 60), ("mute-end", 60, 1)):
                self.stay("mute", f"{name}-{payload}", expiry=expiry,
                          will={"topic": topic, "payload": payload, "qos": 1, "props": {"will_delay": delay}}).close()
                self.broker.wait_for_log(f"client_disconnected client={name}-{payload} ")
        self.assertEqual([watcher.message().payload for _ in range(2)], [b"open"] * 2)
        for name in ("delay", "end"):
            self.broker.wait_for_log(f"will_refused client=mute-{name}-secret ")
        self.assertEqual(self.got(watcher), [])

    def test_write_to_system_topics(self):
        """$SYS, $CONTROL and $share are nobody's to write."""
        watcher = self.one("all")
        watcher.subscribe("$SYS/broker/x", "$CONTROL/#", "$share/x")
        for topic in ("$SYS/broker/x", "$CONTROL/x", "$share/x", "$share/g/x"):
            self.writer.publish(topic, b"secret", 1)
            self.one("writer", f"sys{len(topic)}", will={"topic": topic, "payload": "secret"}).close()
            self.broker.wait_for_log(f"client_disconnected client=sys{len(topic)} ")
        watcher.subscribe("open/reader/end")
        self.assertEqual(self.got(watcher), [])


class Losing:
    """A right that goes while a message is on its way."""

    ROWS = (("lost", LOST), ("open", OPEN))

    def take_away(self):
        self.addCleanup(self.regain)
        self.lose()

    def test_lost_in_the_queue(self):
        for qos in (1, 2):
            reader = self.stay("reader", f"q{qos}")
            reader.subscribe(("#", qos))
            reader.close()
            self.broker.wait_for_log(f"client_disconnected client=q{qos} ")
        self.write_both(2, self.ROWS)
        self.take_away()
        for qos in (1, 2):
            reader = self.stay("reader", f"q{qos}", expiry=0)
            self.assertEqual(reader.connack.session_present, 1)
            self.assertEqual(self.got(reader), ["open"])

    def test_lost_in_flight(self):
        reader = self.stay("reader", "flight")
        reader.subscribe(("#", 1))
        self.write_both(1, self.ROWS)
        self.assertEqual([reader.message(answer=False).payload for _ in range(2)], [b"lost", b"open"])
        reader.close()
        self.take_away()
        reader = self.stay("reader", "flight", expiry=0)
        self.assertEqual(self.got(reader), ["open"])

    def test_lost_in_a_walk_over_what_is_retained(self):
        """Thirty megabytes, of which the socket holds some; the rest is judged when its turn comes."""
        count = 30
        topics = [f"{LOST}/{each}" for each in range(count)]
        self.addCleanup(self.forget, *topics)
        for each in topics:
            self.writer.publish(each, b"lost" + bytes(1000000), 1, retain=True)
        reader = self.stay("reader", "walk")
        reader.send(subscribe([("open/#", 1)], 1))
        reader.expect(9)
        first = reader.message()
        self.assertEqual(first.payload[:4], b"lost")
        self.take_away()
        reader = self.after_the_change(reader)
        self.assertLess(len(self.got(reader)), count // 2)
        reader.disconnect()

    def test_lost_by_the_author_of_what_is_retained(self):
        """check_retain_source: for new subscriptions, and for one whose messages wait."""
        mute = self.one("mute", "author")
        for payload, topic in self.ROWS:
            mute.publish(topic, payload, 1, retain=True)
        waits = self.stay("all", "waits", props={"receive_maximum": 1})
        self.write_both(names=(("open", OPEN + "/first"),))
        waits.subscribe((OPEN + "/first", 1))
        self.writer.publish(OPEN + "/first", b"open", 1)
        first = waits.message(answer=False)
        waits.subscribe((LOST, 1), (OPEN, 1))
        waits.ping()
        self.take_away()
        late = self.one("all")
        late.subscribe("open/#")
        self.assertEqual(self.got(late), ["open"])
        self.assertEqual(first.payload, b"open")
        waits.close()
        waits = self.stay("all", "waits", expiry=0)
        waits.subscribe("open/reader/end")
        self.assertNotIn("lost", self.got(waits))

    def test_lost_before_a_will(self):
        watcher = self.one("all")
        watcher.subscribe(("open/#", 1))
        for payload, topic in self.ROWS:
            self.stay("mute", f"waits-{payload}", expiry=600,
                      will={"topic": topic, "payload": payload, "props": {"will_delay": 500}}).close()
            self.broker.wait_for_log(f"client_disconnected client=waits-{payload} ")
        self.take_away()
        for payload, _ in self.ROWS:
            self.one("mute", f"waits-{payload}").disconnect()  # a clean start ends the session, and so the delay
        self.broker.wait_for_log("will_refused client=waits-lost ")
        self.assertEqual(self.got(watcher), ["open"])


def world(kind):
    base = FileWorld if kind in FILES else DynsecWorld
    more = {"KIND": kind, "__module__": __name__}
    if kind == "Anonymous":
        more.update(READER={}, CONFIG="allow_anonymous true\n" + FILE)
    if kind in FILES:
        more["FILES"] = {"rules": FILES[kind][0], "passwords": "".join(line(name, "p") for name in NAMES)}
    return type(kind, (Reading, Writing, Losing, base), more)


ELSEWHERE = ("Anonymous", "DefaultDeny")  # in paths_default_test.py; HOUSES are in paths_dynsec_test.py
globals().update({kind: world(kind) for kind in FILES if kind not in ELSEWHERE})

if __name__ == "__main__":
    unittest.main()
