"""Who may come in, and who may do what."""
import os
import subprocess
import tempfile
import time
import unittest

from mqtt_raw import DISCONNECT, PUBREL, Client, connect, publish
from passwords import line
from running import PLAIN, WAX, Broker, BrokerCase, free_ports

LISTENER = "listener {port} 127.0.0.1\n"
BAD_LOGIN, DENIED = 0x86, 0x87


class Passwords(BrokerCase):
    CONFIG = "password_file {folder}/passwords\n" + LISTENER
    FILES = {"passwords": line("new", "n") + line("old", "ö", "sha512") + "# a remark\n" + line("empty", "")}

    def test_every_form(self):
        """[MQTT-3.1.4-2] [MQTT-3.1.4-3 in 3.1.1]"""
        for user, password in (("new", "n"), ("old", "ö"), ("empty", "")):
            for version, refused in ((3, 4), (4, 4), (5, BAD_LOGIN)):
                with self.subTest(user, version=version):
                    self.client(version=version, user=user, password=password).ping()
                    self.client(version=version, user=user, password="wrong", reason=refused).end()
                    self.client(version=version, user="nobody", password=password, reason=refused).end()

    def test_what_wax_passwd_writes(self):
        path = self.broker.path("made")
        for user, form in (("one", []), ("two", ["-H", "sha512-pbkdf2", "-I", "1000"]), ("three", ["-H", "sha512"])):
            made = [] if os.path.exists(path) else ["-c"]
            done = subprocess.run([WAX, "passwd", "-b", *form, *made, path, user, "p" + user], capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        before = self.broker.read("passwords")
        self.broker.write("passwords", self.broker.read("made"))
        self.broker.reload()
        for user in ("one", "two", "three"):
            self.client(user=user, password="p" + user).ping()
            self.client(user=user, password="p", reason=BAD_LOGIN)
        self.broker.write("passwords", before)
        self.broker.reload()

    def test_nobody_comes_in_without_a_name(self):
        self.client(reason=DENIED)
        self.client(version=4, reason=5)

    def test_a_name_without_a_password(self):
        self.client(user="new", reason=BAD_LOGIN)
        self.client(user="new", version=4, reason=4)

    def test_a_password_without_a_name(self):
        """MQTT 5 allows it; nobody's it is."""
        self.client(password="n", reason=DENIED)

    def test_logins_do_not_hold_others_up(self):
        inside = self.client(user="new", password="n")
        crowd = [self.raw() for _ in range(60)]
        for index, each in enumerate(crowd):
            each.send(connect(f"crowd{index}", user="new", password="n" if index % 2 else "wrong"))
        started = time.monotonic()
        inside.ping()
        self.assertLess(time.monotonic() - started, 2)
        for index, each in enumerate(crowd):
            self.assertEqual(each.receive().reason, 0 if index % 2 else BAD_LOGIN)

    def test_who_leaves_while_the_password_is_judged(self):
        for index in range(50):
            client = self.raw()
            client.send(connect("hasty", user="new", password="n"))
            client.close()
        self.client("patient", user="new", password="n").ping()

    def test_reload(self):
        before = self.broker.read("passwords")
        self.client(user="added", password="a", reason=BAD_LOGIN)
        self.broker.write("passwords", before + line("added", "a"))
        self.broker.reload()
        self.client(user="added", password="a").ping()
        for broken in (before + "broken line\n", before + "x:$9$none\n", before + before):
            self.broker.write("passwords", broken)
            self.broker.reload("reload_failed")
            self.client(user="added", password="a").ping()  # the old one holds
        os.unlink(self.broker.path("passwords"))
        self.broker.reload("reload_failed")
        self.client(user="added", password="a").ping()
        self.broker.write("passwords", before)
        self.broker.reload()
        self.client(user="added", password="a", reason=BAD_LOGIN)


RULES = """
topic read open/#
topic public
user ann
topic readwrite ann/#
topic deny ann/secret/#
topic write drop/ann
topic read news/+
topic read $SYS/broker/uptime
topic both/granted
user bob
topic write ann/inbox
topic readwrite news/#
topic read with space/#
pattern readwrite own/%u/#
pattern read id/%c/#
pattern deny both/#
"""


class Rules(BrokerCase):
    CONFIG = ("allow_anonymous true\npassword_file {folder}/passwords\nacl_file {folder}/rules\n"
              "queue_qos0_messages true\n" + LISTENER)
    FILES = {"passwords": line("ann", "p") + line("bob", "p"), "rules": RULES}

    def setUp(self):
        super().setUp()
        self.addCleanup(self.restore)

    def restore(self):
        if self.broker.read("rules") != RULES:
            self.change(RULES)

    def change(self, rules):
        self.broker.write("rules", rules)
        self.broker.reload()

    def named(self, user, client_id=None, version=5, **more):
        return self.client(client_id, version, user=user, password="p", **more)

    def test_who_may_publish(self):
        rows = [("ann", "ann/x", True), ("ann", "ann/secret/x", False), ("ann", "drop/ann", True),
                ("ann", "news/x", False), ("ann", "open/x", False), ("ann", "public", False),
                ("ann", "own/ann/x", True), ("ann", "own/bob/x", False), ("ann", "id/x/y", False),
                ("ann", "both/granted", True), ("ann", "both/other", False),
                ("ann", "$SYS/broker/uptime", False), ("bob", "news/a/b", True), ("bob", "ann/inbox", True),
                ("bob", "ann/x", False), (None, "public", True), (None, "open/x", False), (None, "ann/x", False),
                (None, "own//x", False)]
        for user, topic, allowed in rows:
            with self.subTest(user=user, topic=topic):
                client = self.named(user) if user else self.client()
                for qos in (1, 2):
                    self.assertEqual(client.publish(topic, b"x", qos), 0 if allowed else DENIED)
                client.ping()

    def test_denied_in_mqtt_3_is_acknowledged_and_dropped(self):
        """[MQTT-3.3.5-2 in 3.1.1]"""
        reader = self.named("ann")
        reader.subscribe(("ann/#", 2))
        for version in (3, 4):
            bob = self.named("bob", version=version)
            for qos in (0, 1, 2):
                bob.publish("ann/x", b"denied", qos)
            bob.publish("ann/inbox", b"allowed", 2)
            self.assertEqual(reader.message().payload, b"allowed")

    def test_subscribe_is_refused_where_nothing_could_come(self):
        rows = [("ann", "ann/#", True), ("ann", "ann/secret/x", False), ("ann", "news/+", True),
                ("ann", "drop/ann", False),
                ("ann", "#", True), ("ann", "other/#", False), ("ann", "own/ann/#", True), ("ann", "own/bob/#", False),
                ("bob", "with space/x", True), ("bob", "ann/#", False), ("ann", "$share/g/ann/x", True),
                ("ann", "$share/g/other", False)]
        for version, refused in ((5, DENIED), (4, 0x80)):
            for user, topic, allowed in rows:
                with self.subTest(user=user, topic=topic, version=version):
                    got = self.named(user, version=version).subscribe((topic, 1))
                    self.assertEqual(got.reasons[0], 1 if allowed else refused)

    def test_live_messages(self):
        ann, bob, stranger = self.named("ann"), self.named("bob"), self.client()
        for each in (ann, bob, stranger):
            each.subscribe("#")
        bob.publish("news/a", b"1", 1)
        bob.publish("news/a/b", b"2", 1)
        bob.publish("own/bob/x", b"3", 1)
        ann.publish("drop/ann", b"4", 1)
        stranger.publish("public", b"5", 1)
        bob.publish("news/a", b"end", 1)
        stranger.publish("public", b"end", 1)
        for client, wanted in ((ann, [b"1", b"end"]), (bob, [b"1", b"2", b"3", b"end"]), (stranger, [b"5", b"end"])):
            self.assertEqual(client.payloads(len(wanted)), wanted)

    def test_client_id_in_a_pattern(self):
        """%c is who reads; nobody may write there, so that a change of rules brings the message."""
        self.change(RULES + "pattern write id/#\n")
        self.named("ann").publish("id/reader/x", b"r", 1, retain=True)
        for name, wanted in (("reader", 1), ("other", 0)):
            client = self.client(name)
            client.subscribe("id/#" if wanted else "id/+/x")
            self.assertEqual(client.message().payload if wanted else client.is_silent(), b"r" if wanted else True)
        self.named("ann").publish("id/reader/x", b"", 1, retain=True)

    def test_retained_messages(self):
        self.named("bob").publish("own/bob/r", b"r", 1, retain=True)
        self.named("ann").publish("ann/r", b"r", 1, retain=True)
        for user, wanted in (("ann", "ann/r"), ("bob", "own/bob/r")):
            client = self.named(user)
            client.subscribe("#")
            self.assertEqual(client.message().topic, wanted)
            self.assertTrue(client.is_silent())
        self.named("bob").publish("own/bob/r", b"", 1, retain=True)
        self.named("ann").publish("ann/r", b"", 1, retain=True)

    def test_whose_author_lost_the_right(self):
        """check_retain_source"""
        bob = self.named("bob")
        bob.publish("news/r", b"r", 1, retain=True)
        self.change(RULES.replace("topic readwrite news/#", "topic read news/#"))
        ann = self.named("ann")
        ann.subscribe("news/+")
        self.assertTrue(ann.is_silent())
        self.change(RULES)
        ann.subscribe("news/+")
        self.assertEqual(ann.message().payload, b"r")
        bob.publish("news/r", b"", 1, retain=True)

    def test_queued_messages(self):
        """The rules of the moment when they leave hold."""
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                name = f"queued{qos}"
                ann = self.named("ann", name, clean=False, props={"session_expiry": 100})
                ann.subscribe(("#", qos))
                ann.close()
                time.sleep(0.1)
                bob = self.named("bob")
                for topic in ("news/a", "ann/inbox", "own/bob/x", "news/b"):
                    bob.publish(topic, topic, 2)
                self.change(RULES.replace("topic read news/+", "topic read news/b"))
                ann = self.named("ann", name, clean=False, props={"session_expiry": 0})
                self.assertEqual(ann.payloads(2), [b"ann/inbox", b"news/b"])
                ann.disconnect()
                self.change(RULES)

    def test_messages_in_flight(self):
        """What was sent already is not sent again to who may read it no more. [MQTT-4.3.3-4]"""
        for qos in (1, 2):
            with self.subTest(qos=qos):
                name = f"flight{qos}"
                ann = self.named("ann", name, clean=False, props={"session_expiry": 100})
                ann.subscribe(("news/+", qos))
                bob = self.named("bob")
                for topic in ("news/a", "news/b"):
                    bob.publish(topic, topic, 2)
                    ann.message(answer=False)
                ann.close()
                self.change(RULES.replace("topic read news/+", "topic read news/b"))
                ann = self.named("ann", name, clean=False, props={"session_expiry": 0})
                if qos == 2:  # she may have it and remember its id: PUBREL clears that away
                    ann.expect(PUBREL)
                self.assertEqual(ann.payloads(1), [b"news/b"])
                self.assertTrue(ann.is_silent())
                ann.disconnect()
                self.change(RULES)

    def test_wills(self):
        watcher = self.named("ann")
        watcher.subscribe("#")
        for topic, wanted in (("ann/x", False), ("ann/inbox", True)):
            self.named("bob", will={"topic": topic, "payload": topic}).close()
            if wanted:
                self.assertEqual(watcher.message().topic, topic)
            else:
                self.assertTrue(watcher.is_silent())

    def test_rules_change_for_who_is_connected(self):
        ann, bob = self.named("ann"), self.named("bob")
        ann.subscribe("news/+")
        self.change(RULES.replace("topic read news/+", "topic deny news/+").replace("topic write ann/inbox", ""))
        bob.publish("news/a", b"hidden", 1)
        self.assertEqual(bob.publish("ann/inbox", b"x", 1), DENIED)
        self.assertTrue(ann.is_silent())
        self.change(RULES)
        bob.publish("news/a", b"seen", 1)
        self.assertEqual(ann.message().payload, b"seen")

    def test_broken_rules_change_nothing(self):
        bob = self.named("bob")
        for broken in ("topic sometimes a\n", "topic read a/#/b\n", "user\n", "nonsense\n"):
            with self.subTest(broken):
                self.broker.write("rules", broken)
                self.broker.reload("reload_failed")
                self.assertEqual(bob.publish("news/a", b"x", 1), 0)
                self.assertEqual(bob.publish("ann/x", b"x", 1), DENIED)

    def test_empty_rules_deny_all(self):
        self.change("")
        for client in (self.named("bob"), self.client()):
            self.assertEqual(client.publish("public", b"x", 1), DENIED)
            self.assertEqual(client.subscribe("#").reasons[0], DENIED)

    def test_names_with_wildcards_are_refused(self):
        for client_id in ("a+", "#", "a/b"):
            self.client(client_id, reason=0x85)
            self.client(client_id, 4, reason=2)


class Unchecked(BrokerCase):
    CONFIG = ("allow_anonymous true\nacl_subscribe_check false\ncheck_retain_source false\nacl_file {folder}/rules\n"
              + LISTENER)
    FILES = {"rules": "topic write a\ntopic readwrite r\n"}

    def test_every_subscription_is_accepted(self):
        for version in (4, 5):
            client = self.client(version=version)
            self.assertEqual(client.subscribe("a", "never").reasons, b"\0\0")
            client.publish("a", b"x", 1)
            self.assertTrue(client.is_silent())

    def test_the_author_of_what_is_retained_does_not_matter(self):
        self.client().publish("r", b"x", 1, retain=True)
        self.broker.write("rules", "topic read r\n")
        self.broker.reload()
        late = self.client()
        late.subscribe("r")
        self.assertEqual(late.message().payload, b"x")


class Listeners(BrokerCase):
    """Three of them, each with its own rules."""

    CONFIG = ("per_listener_settings true\n"
              "listener {port} 127.0.0.1\nallow_anonymous true\nmax_connections 3\nmax_qos 1\n"
              "listener {port2} 127.0.0.1\npassword_file {folder}/passwords\nuse_username_as_clientid true\n"
              "listener {port3} 127.0.0.1\nallow_anonymous true\nmount_point site/a long one/\n")
    FILES = {"passwords": line("ann", "p") + line("bob", "p")}

    def test_settings_are_the_listeners_own(self):
        self.client(port=self.broker.port).disconnect()
        self.client(port=self.broker.port2, reason=DENIED)
        self.client(port=self.broker.port3).disconnect()

    def test_max_connections(self):
        clients = [self.client(port=self.broker.port) for _ in range(3)]
        self.assertIsNone(self.raw(port=self.broker.port).end())
        self.client(port=self.broker.port3).disconnect()
        clients[0].disconnect()
        self.wait_for_room()
        self.client(port=self.broker.port).ping()

    def wait_for_room(self):
        for _ in range(100):
            client = self.raw(port=self.broker.port)
            client.send(connect("room"))
            if client.receive() is not None:
                client.disconnect()
                return
            time.sleep(0.05)
        self.fail("there is no room")

    def test_max_qos(self):
        """[MQTT-3.2.2-9] [MQTT-3.2.2-10] [MQTT-3.2.2-11] [MQTT-3.2.2-12]"""
        self.wait_for_room()
        client = self.client()
        self.assertEqual(client.connack.prop("maximum_qos"), 1)
        self.assertEqual(client.subscribe((self.topic(), 2)).reasons, b"\1")
        client.send(publish(self.topic(), b"x", 2))
        self.assertEqual(client.end().reason, 0x9B)
        self.client(will={"topic": "w", "qos": 2}, reason=0x9B)

    def test_user_name_is_client_id(self):
        one = self.client("any", port=self.broker.port2, user="ann", password="p")
        two = self.client("other", port=self.broker.port2, user="ann", password="p")
        self.assertEqual(one.end().reason, 0x8E)
        three = self.client("any", port=self.broker.port2, user="bob", password="p")
        two.ping(), three.ping()

    def test_assigned_user_name(self):
        """[MQTT-3.2.2-16]"""
        got = self.client("", port=self.broker.port2, user="ann", password="p")
        self.assertEqual(got.connack.prop("assigned_client_id"), "ann")

    def test_mount_point(self):
        self.wait_for_room()
        inside, outside = self.client(port=self.broker.port3), self.client()
        inside.subscribe("#")
        outside.subscribe("site/#")
        inside.publish("t", b"in", 1, retain=True)
        self.assertEqual(inside.message().topic, "t")
        self.assertEqual(outside.message().topic, "site/a long one/t")
        outside.publish("t", b"hidden", 1)
        outside.publish("site/a long one/u", b"seen", 1)
        self.assertEqual(inside.message().topic, "u")
        late = self.client(port=self.broker.port3)
        late.subscribe("t", f"$share/g/{self.name}")
        self.assertEqual(late.message().topic, "t")
        outside.publish(f"site/a long one/{self.name}", b"s", 1)
        self.assertEqual(late.message().topic, self.name)
        self.client(port=self.broker.port3, will={"topic": "will"}).close()
        self.assertEqual(inside.message().topic, self.name)
        self.assertEqual(inside.message().topic, "will")
        inside.publish("t", b"", 1, retain=True)

    def test_a_session_does_not_cross_mount_points(self):
        """Its subscriptions are to topics that the other side has not."""
        self.wait_for_room()
        one = self.durable("crosses")
        one.subscribe(("u", 1))
        one.close()
        time.sleep(0.1)
        publisher = self.client()
        publisher.publish("u", b"x", 1)
        two = self.durable("crosses", port=self.broker.port3)
        self.assertEqual(two.connack.session_present, 0)
        publisher.publish("u", b"x", 1)
        self.assertTrue(two.is_silent())

    def test_another_mount_point_is_another_listener(self):
        """Whoever is there must come again: its subscriptions meant other topics."""
        self.wait_for_room()
        client = self.client(port=self.broker.port3)
        before = self.broker.read("wax.conf")
        self.broker.write("wax.conf", before.replace("site/a long one/", "elsewhere/"))
        self.broker.reload()
        self.assertEqual(client.expect(DISCONNECT).reason, 0x98)
        again = self.client(port=self.broker.port3)
        again.subscribe("u")
        self.client().publish("elsewhere/u", b"x", 1)
        self.assertEqual(again.message().topic, "u")
        again.close()
        self.broker.write("wax.conf", before)
        self.broker.reload()


class Owners(BrokerCase):
    CONFIG = ("allow_anonymous true\npassword_file {folder}/passwords\nacl_file {folder}/rules\n" + LISTENER)
    FILES = {"passwords": line("ann", "p") + line("bob", "p"),
             "rules": "topic own/anonymous\npattern readwrite own/%u/#\n"}

    def ann(self, **more):
        return self.durable("device", user="ann", password="p", **more)

    def test_a_session_is_its_makers(self):
        one = self.ann()
        for clean in (False, True):
            self.client("device", clean=clean, user="bob", password="p", reason=DENIED)
            self.client("device", clean=clean, reason=DENIED)
            self.client("device", 4, clean=clean, reason=5)
        one.ping()
        one.disconnect()
        self.client("device", user="bob", password="p", reason=DENIED)
        self.assertEqual(self.ann(expiry=0).connack.session_present, 1)


class AnyOwner(Owners):
    THREADS = 1  # what was acknowledged has been judged by then
    CONFIG = "session_owner any\n" + Owners.CONFIG

    def test_a_session_is_its_makers(self):
        """Here it is whoever's who takes it over - with that one's rights, and not the maker's."""
        one = self.ann()
        one.subscribe(("own/ann/#", 1))
        writer = self.client(user="ann", password="p")
        writer.publish("own/ann/x", b"in flight", 1)
        one.message(answer=False)
        two = self.durable("device", user="bob", password="p")
        self.assertEqual((one.end().reason, two.connack.session_present), (0x8E, 1))
        self.assertEqual(two.publish("own/ann/x", b"x", 1), DENIED)
        self.assertEqual(two.publish("own/bob/x", b"x", 1), 0)
        self.assertEqual(two.subscribe("own/ann/x").reasons[0], DENIED)
        writer.publish("own/ann/x", b"secret", 1)
        self.assertTrue(two.is_silent())
        two.disconnect()
        writer.publish("own/ann/x", b"waits", 1)
        three = self.ann(expiry=0)
        self.assertTrue(three.is_silent())
        writer.publish("own/ann/x", b"mine again", 1)
        self.assertEqual(three.message().payload, b"mine again")


class Limits(BrokerCase):
    CONFIG = ("global_max_clients 4\nclientid_prefixes ok-\nretain_available false\ntopic_levels_max 5\n"
              "subscriptions_max 3\nmessage_size_limit 100\n"
              "allow_zero_length_clientid false\n" + PLAIN + "accept_protocol_versions 4,5\n")

    def ok(self, **more):
        return self.client(f"ok-{self.name}", **more)

    def test_versions(self):
        self.client("ok-3", 3, reason=1)

    def test_client_ids(self):
        self.client("other", reason=0x85)
        self.client("other", 4, reason=2)
        self.client("", reason=0x85)
        self.client("", 4, reason=2)

    def test_retained(self):
        """[MQTT-3.2.2-13] [MQTT-3.2.2-14]"""
        client = self.ok()
        self.assertEqual(client.connack.prop("retain_available"), 0)
        client.send(publish("t", b"x", retain=True))
        self.assertEqual(client.end().reason, 0x9A)
        self.ok(will={"topic": "t", "retain": True}, reason=0x9A)

    def test_levels(self):
        client = self.ok()
        self.assertEqual(client.publish("1/2/3/4/5", b"", 1), 0)
        self.assertEqual(client.publish("1/2/3/4/5/6", b"", 1), 0x90)
        self.assertEqual(client.subscribe("1/2/3/4/5", "1/2/3/4/5/6", "/" * 60000).reasons, b"\0\x97\x97")

    def test_subscriptions(self):
        client = self.ok()
        self.assertEqual(client.subscribe("a", "b", "$share/g/c", "d").reasons, b"\0\0\0\x97")
        client.unsubscribe("a")
        self.assertEqual(client.subscribe("d").reasons, b"\0")
        self.assertEqual(client.subscribe("d").reasons, b"\0")  # in place of the same one

    def test_payloads(self):
        client = self.ok()
        self.assertEqual(client.publish("t", b"x" * 101, 1), 0x83)
        self.assertEqual(client.publish("t", b"x" * 100, 2), 0)
        self.assertEqual(self.ok(version=4).publish("t", b"x" * 101, 2), 0)

    def test_sessions(self):
        kept = [self.durable(f"ok-{index}", expiry=1) for index in range(4)]
        self.client("ok-5", reason=0x97)
        self.client("ok-5", 4, reason=3)
        self.durable("ok-0", expiry=1).ping()
        for each in kept[1:]:
            each.disconnect()
        time.sleep(1.5)
        self.client("ok-5").ping()


class Configurations(unittest.TestCase):
    """What is wrong is said with its file and line, and nothing is started."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def run_broker(self, config, *options):
        path = os.path.join(self.folder, "wax.conf")
        with open(path, "w") as out:
            out.write(config.format(folder=self.folder, port=free_ports(1)[0]))
        return subprocess.run([WAX, "broker", "-c", path, *options], capture_output=True, text=True, timeout=30)

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(content)
        os.chmod(path, 0o600)

    def test_what_is_wrong(self):
        self.write("passwords", line("a", "b") + "broken\n")
        self.write("rules", "user a\ntopic sometimes x\n")
        rows = [("a bad option", LISTENER + "alow_anonymous true\n", "wax.conf:2"),
                ("a bad value", "max_qos 7\n" + LISTENER, "wax.conf:1"),
                ("a missing file", LISTENER + "\npassword_file {folder}/none\n", "none"),
                ("a broken password line", LISTENER + "password_file {folder}/passwords\n", "passwords:2"),
                ("a broken rule", LISTENER + "acl_file {folder}/rules\n", "rules:2"),
                ("a certificate that is none", LISTENER + "certfile {folder}/rules\nkeyfile {folder}/rules\n", "rules"),
                ("a certificate without a key", LISTENER + "certfile {folder}/rules\n", "wax.conf:2")]
        for name, config, place in rows:
            for options in ((), ("--test-config",)):
                with self.subTest(name, options=options):
                    done = self.run_broker(config, *options)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn(place, done.stderr)
                    self.assertNotIn("listening", done.stderr)

    def test_what_is_right(self):
        done = self.run_broker(LISTENER + "allow_anonymous true\n", "--test-config")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_no_file(self):
        done = subprocess.run([WAX, "broker", "-c", os.path.join(self.folder, "none")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("none", done.stderr)

    def test_a_port_that_is_taken(self):
        broker = Broker(PLAIN)
        done = self.run_broker(f"listener {broker.port} 127.0.0.1\n")
        self.assertIsNone(broker.stop())
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(broker.port), done.stderr)

    def test_who_is_let_in_without_a_word_about_it(self):
        """A written listener lets nobody in; without one this machine alone reaches the broker."""
        broker = Broker(LISTENER)
        try:
            for version, refused in ((5, DENIED), (4, 5)):
                client = Client(broker.port, version)
                self.addCleanup(client.close)
                self.assertEqual(client.connect("x").reason, refused)
        finally:
            self.assertIsNone(broker.stop())


if __name__ == "__main__":
    unittest.main()
