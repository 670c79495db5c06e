"""SCRAM-SHA-256: the password is proved, not sent."""
import subprocess
import unittest

import passwords
from mqtt_raw import AUTH, CONNACK, publish
from running import WAX, BrokerCase
from scram import AGAIN, CONTINUE, METHOD, Conversation, auth, hello, line, taken_apart

PROTOCOL, BAD_LOGIN, DENIED, BAD_METHOD, BUSY = 0x82, 0x86, 0x87, 0x8C, 0x89
LISTENER = "password_file {folder}/passwords\nlistener {port} 127.0.0.1\n"


class ScramCase(BrokerCase):
    CONFIG = LISTENER
    FILES = {"passwords": line("ann", "pencil") + line("a=b,c", "ü") + line("bob", "b", 5000)
             + passwords.line("old", "o")}

    def challenge(self, talk, client=None, client_id=None, **more):
        """CONNECT and the broker's first answer."""
        client = client or self.raw()
        self.count += 1
        hello(client, client_id or f"{self.name}-{self.count}", talk.first(), **more)
        got = client.receive()
        if got.kind == CONNACK:
            return client, got
        reason, props = taken_apart(got)
        self.assertEqual((reason, props["authentication_method"]), (CONTINUE, METHOD))
        return client, props["authentication_data"].decode()

    def enter(self, user="ann", password="pencil", **more):
        talk = Conversation(user, password)
        client, challenge = self.challenge(talk, **more)
        client.send(auth(CONTINUE, talk.final(challenge)))
        client.connack = client.expect(CONNACK)
        if client.connack.reason == 0:
            props = dict(client.connack.props)
            self.assertEqual(props["authentication_method"], METHOD)
            self.assertTrue(talk.is_server(props["authentication_data"].decode()))
        return client


class Connecting(ScramCase):
    def test_who_knows_the_password_comes_in(self):
        """[MQTT-4.12.0-2] [MQTT-4.12.0-3] [MQTT-4.12.0-5]"""
        for user, password in (("ann", "pencil"), ("a=b,c", "ü"), ("bob", "b")):
            with self.subTest(user):
                client = self.enter(user, password)
                self.assertEqual(client.connack.reason, 0)
                client.ping()

    def test_a_name_in_connect_must_be_the_same(self):
        self.assertEqual(self.enter(user="ann", client_id="x").connack.reason, 0)
        talk = Conversation("ann", "pencil")
        _, challenge = self.challenge(talk, user="ann", password="is not looked at")
        self.assertIsInstance(challenge, str)
        _, got = self.challenge(talk, user="bob")
        self.assertEqual(got.reason, DENIED)

    def test_who_does_not_know_it_is_refused(self):
        """[MQTT-4.12.0-4]"""
        for user, password in (("ann", "wrong"), ("nobody", "pencil"), ("old", "o")):
            with self.subTest(user):
                client = self.enter(user, password)
                self.assertEqual(client.connack.reason, DENIED)
                self.assertIsNone(client.end())
        self.broker.wait_for_log("user=nobody reason=bad_proof")

    def test_strangers_cannot_be_told_apart(self):
        seen = []
        for _ in range(2):
            talk = Conversation("stranger", "x")
            _, challenge = self.challenge(talk)
            talk.final(challenge)
            seen.append((talk.salt, talk.count))
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(len(seen[0][0]), 16)
        other = Conversation("stranger2", "x")
        other.final(self.challenge(other)[1])
        self.assertNotEqual(other.salt, seen[0][0])

    def test_other_methods_are_unknown(self):
        """[MQTT-4.12.0-1]"""
        for method in ("SCRAM-SHA-1", "PLAIN", "SCRAM-SHA-256-PLUS", "scram-sha-256"):
            client = self.raw()
            hello(client, "x", "n,,n=ann,r=x", method)
            self.assertEqual(client.expect(CONNACK).reason, BAD_METHOD)

    def test_messages_that_are_none(self):
        for data in (None, "", "n=ann,r=x", "n,,n=ann", "p=tls-unique,,n=ann,r=x", "n,,m=x,n=ann,r=x", b"\xff" * 2000):
            with self.subTest(data):
                client = self.raw()
                hello(client, "x", data)
                self.assertEqual(client.expect(CONNACK).reason, DENIED)
        for final in (None, "", "c=biws,r=other,p=AAAA", "x" * 3000):
            with self.subTest(final):
                client, _ = self.challenge(Conversation("ann", "pencil"))
                client.send(auth(CONTINUE, final))
                self.assertEqual(client.expect(CONNACK).reason, DENIED)

    def test_a_proof_is_good_once(self):
        talk = Conversation("ann", "pencil")
        client, challenge = self.challenge(talk)
        final = talk.final(challenge)
        client.send(auth(CONTINUE, final))
        self.assertEqual(client.expect(CONNACK).reason, 0)
        again, _ = self.challenge(talk)  # the same first message, another challenge
        again.send(auth(CONTINUE, final))
        self.assertEqual(again.expect(CONNACK).reason, DENIED)

    def test_nothing_but_auth_may_come_meanwhile(self):
        """[MQTT-3.1.2-30]"""
        client, _ = self.challenge(Conversation("ann", "pencil"))
        client.send(publish("t", b"x"))
        self.assertEqual(client.expect(CONNACK).reason, PROTOCOL)

    def test_another_method_or_none_in_auth(self):
        """[MQTT-4.12.0-5]"""
        for method in ("SCRAM-SHA-1", None):
            talk = Conversation("ann", "pencil")
            client, challenge = self.challenge(talk)
            client.send(auth(CONTINUE, talk.final(challenge), method))
            self.assertEqual(client.expect(CONNACK).reason, PROTOCOL)

    def test_auth_in_pieces(self):
        talk = Conversation("ann", "pencil")
        client, challenge = self.challenge(talk)
        whole = auth(CONTINUE, talk.final(challenge))
        for index in range(len(whole)):
            client.send(whole[index:index + 1])
        self.assertEqual(client.expect(CONNACK).reason, 0)

    def test_auth_without_a_method_in_connect(self):
        """[MQTT-4.12.0-6] [MQTT-4.12.0-7]"""
        client = self.client(user="old", password="o")
        client.send(auth(AGAIN, "n,,n=old,r=x"))
        self.assertEqual(client.end().reason, PROTOCOL)

    def test_who_leaves_in_the_middle(self):
        for _ in range(20):
            client, _ = self.challenge(Conversation("ann", "pencil"))
            client.close()
        self.assertEqual(self.enter().connack.reason, 0)

    def test_the_same_file_serves_those_who_send_passwords(self):
        self.client(user="ann", password="pencil").ping()
        self.client(version=4, user="ann", password="pencil").ping()
        self.client(user="ann", password="wrong", reason=BAD_LOGIN)

    def test_what_wax_passwd_writes(self):
        path = self.broker.path("passwords")
        subprocess.run([WAX, "passwd", "-b", "-H", "scram-sha-256", "-I", "4096", path, "new", "n"], check=True)
        self.broker.reload()
        self.assertEqual(self.enter("new", "n").connack.reason, 0)
        self.client(user="new", password="n").ping()
        low = subprocess.run([WAX, "passwd", "-b", "-H", "scram-sha-256", "-I", "4095", path, "new", "n"], capture_output=True)
        self.assertEqual(low.returncode, 1)
        self.assertIn(b"4096", low.stderr)

    def test_sessions_are_the_users(self):
        """By whatever way the user came in."""
        one = self.durable("device", user="ann", password="pencil")
        one.subscribe((self.topic(), 1))
        one.disconnect()
        writer = self.client(user="bob", password="b")
        writer.publish(self.topic(), b"kept", 1)
        talk = Conversation("bob", "b")
        other, challenge = self.challenge(talk, client_id="device", clean=False)
        other.send(auth(CONTINUE, talk.final(challenge)))
        self.assertEqual(other.expect(CONNACK).reason, DENIED)
        talk = Conversation("ann", "pencil")
        again, challenge = self.challenge(talk, client_id="device", clean=False)
        again.send(auth(CONTINUE, talk.final(challenge)))
        self.assertEqual(again.expect(CONNACK).session_present, 1)
        self.assertEqual(again.message().payload, b"kept")


class Again(ScramCase):
    def again(self, client, user="ann", password="pencil"):
        talk = Conversation(user, password)
        client.send(auth(AGAIN, talk.first()))
        got = client.receive()
        if got.kind != AUTH:
            return talk, got
        reason, props = taken_apart(got)
        self.assertEqual(reason, CONTINUE)
        return talk, props["authentication_data"].decode()

    def test_a_connection_proves_itself_anew(self):
        """[MQTT-4.12.1-1]"""
        client = self.enter()
        for _ in range(3):
            talk, challenge = self.again(client)
            client.ping()  # life goes on meanwhile
            client.send(auth(CONTINUE, talk.final(challenge)))
            reason, props = taken_apart(client.receive())
            self.assertEqual((reason, props["authentication_method"]), (0, METHOD))
            self.assertTrue(talk.is_server(props["authentication_data"].decode()))
            client.ping()

    def test_who_fails_is_sent_away(self):
        """[MQTT-4.12.1-2]"""
        client = self.enter()
        talk, challenge = self.again(client, password="wrong")
        client.send(auth(CONTINUE, talk.final(challenge)))
        self.assertEqual(client.end().reason, DENIED)

    def test_nobody_becomes_another(self):
        client = self.enter()
        _, got = self.again(client, "bob", "b")
        self.assertEqual(got.reason, DENIED)

    def test_another_method(self):
        """[MQTT-4.12.1-1]"""
        client = self.enter()
        client.send(auth(AGAIN, "n,,n=ann,r=x", "PLAIN"))
        self.assertEqual(client.end().reason, PROTOCOL)

    def test_an_answer_nobody_asked_for(self):
        client = self.enter()
        client.send(auth(CONTINUE, "c=biws,r=x,p=AAAA"))
        self.assertEqual(client.end().reason, PROTOCOL)

    def test_a_reload_takes_the_password_away(self):
        before = self.broker.read("passwords")
        client, other = self.enter(), self.enter("bob", "b")
        self.broker.write("passwords", line("ann", "new") + line("bob", "b", 5000))
        self.broker.reload()
        self.assertEqual(client.end().reason, DENIED)
        other.ping()
        self.broker.write("passwords", before)
        self.broker.reload()


class Without(BrokerCase):
    CONFIG = "allow_anonymous true\nlistener {port} 127.0.0.1\n"

    def test_no_password_file_no_method(self):
        client = self.raw()
        hello(client, "x", "n,,n=ann,r=x")
        self.assertEqual(client.expect(CONNACK).reason, BAD_METHOD)


class SlowedDown(ScramCase):
    CONFIG = "auth_backoff_local true\nauth_backoff_after 2\nauth_backoff_max 3600\n" + LISTENER

    def test_who_guesses_is_sent_away(self):
        reasons = [self.enter("ann", "wrong").connack.reason for _ in range(3)]
        self.assertEqual(reasons, [DENIED] * 3)
        talk = Conversation("ann", "wrong")
        for _ in range(12):  # a pause may pass on a slow machine, but longer ones follow
            client, challenge = self.challenge(talk)
            if not isinstance(challenge, str):
                self.assertEqual(challenge.reason, BUSY)
                return
            client.send(auth(CONTINUE, talk.final(challenge)))
            client.expect(CONNACK)
        self.fail("nobody was sent away")


if __name__ == "__main__":
    unittest.main()
