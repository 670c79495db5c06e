"""Debian's Paho for Python as a client of the broker."""
import itertools
import queue
import ssl
import time
import unittest

import foreign

try:
    import paho.mqtt.client as paho
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.subscribeoptions import SubscribeOptions
except ImportError as error:
    raise RuntimeError("python3-paho-mqtt is missing; `scripts/setup test` installs it") from error

VERSIONS = {"3.1": paho.MQTTv31, "3.1.1": paho.MQTTv311, "5": paho.MQTTv5}


def properties(packet_type, **values):
    made = Properties(packet_type)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Client:
    """A Paho client whose callbacks end in queues, so that a test reads top to bottom."""

    def __init__(self, story, broker, version="3.1.1", name="", clean=True, **more):
        self.is_five = version == "5"
        session = {} if self.is_five else {"clean_session": clean}
        self.paho = paho.Client(client_id=name, protocol=VERSIONS[version], **session)
        self.events = {kind: queue.Queue() for kind in ("connect", "message", "subscribe", "publish", "disconnect")}
        self.paho.on_connect = lambda client, user, flags, code, *rest: self.tell("connect", (flags["session present"], code, *rest))
        self.paho.on_message = lambda client, user, message: self.tell("message", message)
        self.paho.on_subscribe = lambda client, user, number, granted, *rest: self.tell("subscribe", granted)
        self.paho.on_publish = lambda client, user, number: self.tell("publish", number)
        self.paho.on_disconnect = lambda client, user, code, *rest: self.tell("disconnect", code)
        self.clean, self.broker, self.story = clean, broker, story
        self.expiry = more.pop("expiry", None)
        for set_up in more.pop("before", ()):
            set_up(self.paho)
        story.addCleanup(self.close)

    def tell(self, kind, what):
        self.events[kind].put(what)

    def wait(self, kind):
        try:
            return self.events[kind].get(timeout=foreign.PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"no {kind} came; the broker says:\n{self.broker.log()[-4000:]}") from None

    def connect(self, host="localhost"):
        more = {}
        if self.is_five:
            more["clean_start"] = self.clean
            if self.expiry is not None:
                more["properties"] = properties(PacketTypes.CONNECT, SessionExpiryInterval=self.expiry)
        self.paho.connect(host, self.broker.port, **more)
        self.paho.loop_start()
        return self.wait("connect")

    def subscribe(self, topic, qos=0, **more):
        code, _ = self.paho.subscribe(topic, qos, **more)
        self.story.assertEqual(code, 0)
        return [int(getattr(granted, "value", granted)) for granted in self.wait("subscribe")]

    def publish(self, topic, payload, qos=0, **more):
        """Publishes, and waits until the last acknowledgement."""
        self.paho.publish(topic, payload, qos, **more)
        return self.wait("publish")

    def receive(self):
        message = self.wait("message")
        return message.topic, message.qos, message.payload.decode()

    def break_off(self):
        """As when the cable is pulled: no DISCONNECT."""
        self.paho.loop_stop(force=True)
        self.paho._sock_close()

    def disconnect(self):
        self.paho.disconnect()
        self.wait("disconnect")
        self.paho.loop_stop()

    def close(self):
        self.paho.loop_stop(force=True)
        self.paho._sock_close()


class Plain(foreign.Story):
    def setUp(self):
        super().setUp()
        self.running = self.open_broker()

    def client(self, *words, **more):
        made = Client(self, self.running, *words, **more)
        made.answer = made.connect()
        return made

    def test_every_version_and_qos_arrives(self):
        for sender, receiver, qos in itertools.product(VERSIONS, VERSIONS, (0, 1, 2)):
            with self.subTest(sender=sender, receiver=receiver, qos=qos):
                subscriber, publisher = self.client(receiver), self.client(sender)
                self.assertEqual(subscriber.subscribe("room/+", qos), [qos])
                for n in range(5):
                    publisher.publish("room/a", f"m{n}", qos)
                self.assertEqual([subscriber.receive() for _ in range(5)], [("room/a", qos, f"m{n}") for n in range(5)])
                publisher.disconnect()
                subscriber.disconnect()

    def test_many_in_flight_keep_their_order(self):
        for version, qos in itertools.product(("3.1.1", "5"), (1, 2)):
            with self.subTest(version=version, qos=qos):
                subscriber, publisher = self.client(version), self.client(version)
                subscriber.subscribe("many", qos)
                for n in range(500):
                    publisher.paho.publish("many", str(n), qos)
                self.assertEqual([int(subscriber.receive()[2]) for _ in range(500)], list(range(500)))

    def test_retained_messages_wait(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.client(version)
                client.publish("kept", "stays", 1, retain=True)
                client.subscribe("kept", 1)
                message = client.wait("message")
                self.assertEqual((message.payload, message.retain), (b"stays", True))
                client.publish("kept", None, 1, retain=True)
                self.assertEqual(client.receive()[2], "")
                client.disconnect()

    def test_wills_are_published(self):
        witness = self.client()
        witness.subscribe("wills", 2)
        for version in VERSIONS:
            with self.subTest(version=version):
                dying = self.client(version, before=[lambda client: client.will_set("wills", f"of {version}", 2)])
                dying.break_off()
                self.assertEqual(witness.receive(), ("wills", 2, f"of {version}"))

    def test_a_delayed_will_waits_and_a_return_takes_it_back(self):
        delay = properties(PacketTypes.WILLMESSAGE, WillDelayInterval=1)
        will = [lambda client: client.will_set("wills", "late", 1, properties=delay)]
        witness = self.client("5")
        witness.subscribe("wills", 1)
        dying = self.client("5", "mortal", clean=False, expiry=60, before=will)
        dying.break_off()
        back = self.client("5", "mortal", clean=False, expiry=60, before=will)
        self.assertEqual(back.answer[0], 1)
        time.sleep(1.5)
        self.assertTrue(witness.events["message"].empty())
        began = time.monotonic()
        back.break_off()
        self.assertEqual(witness.receive()[2], "late")
        self.assertGreater(time.monotonic() - began, 0.9)

    def test_sessions_resume(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                words = dict(clean=False, expiry=600)
                first = self.client(version, f"durable-{version}", **words)
                first.subscribe("missed", 2)
                first.disconnect()
                publisher = self.client()
                for n in range(40):
                    publisher.publish("missed", str(n), 1 + n % 2)
                again = self.client(version, f"durable-{version}", **words)
                self.assertEqual(again.answer[0], 0 if version == "3.1" else 1)
                got = [again.receive() for _ in range(40)]
                for qos in (1, 2):
                    self.assertEqual([int(text) for _, got_qos, text in got if got_qos == qos], list(range(qos - 1, 40, 2)))
                again.disconnect()
                self.client(version, f"durable-{version}").disconnect()

    def test_what_was_in_flight_is_sent_again(self):
        for version in ("3.1.1", "5"):
            with self.subTest(version=version):
                words = dict(clean=False, expiry=600)
                first = self.client(version, f"cut-{version}", **words)
                first.subscribe("cut", 1)
                # Nothing is read any more, so that nothing is acknowledged.
                first.break_off()
                self.client().publish("cut", "kept", 1)
                again = self.client(version, f"cut-{version}", **words)
                self.assertEqual(again.receive(), ("cut", 1, "kept"))
                again.disconnect()

    def test_properties_of_five_arrive(self):
        subscriber, publisher = self.client("5"), self.client("5")
        subscriber.subscribe("p", 1)
        sent = properties(PacketTypes.PUBLISH, ContentType="text/plain", ResponseTopic="answers", CorrelationData=b"\0c",
                          PayloadFormatIndicator=1, MessageExpiryInterval=100)
        sent.UserProperty = [("b", "2"), ("a", "1"), ("a", "1")]
        publisher.publish("p", "x", 1, properties=sent)
        got = subscriber.wait("message").properties
        self.assertEqual((got.ContentType, got.ResponseTopic, got.CorrelationData, got.PayloadFormatIndicator),
                         ("text/plain", "answers", b"\0c", 1))
        self.assertEqual(got.UserProperty, [("b", "2"), ("a", "1"), ("a", "1")])
        self.assertLessEqual(got.MessageExpiryInterval, 100)

    def test_an_expired_message_is_not_delivered(self):
        words = dict(clean=False, expiry=600)
        late = self.client("5", "late", **words)
        late.subscribe("brief", 1)
        late.disconnect()
        publisher = self.client("5")
        publisher.publish("brief", "gone", 1, properties=properties(PacketTypes.PUBLISH, MessageExpiryInterval=1))
        publisher.publish("brief", "there", 1)
        time.sleep(2.1)
        self.assertEqual(self.client("5", "late", **words).receive()[2], "there")

    def test_options_of_a_subscription_hold(self):
        client = self.client("5")
        client.publish("kept", "old", 1, retain=True)
        topics = [("own", SubscribeOptions(qos=1, noLocal=True)),
                  ("kept", SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=2))]
        client.subscribe(topics, None, properties=properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=7))
        client.publish("own", "to myself", 1)
        client.publish("kept", "new", 1, retain=True)
        message = client.wait("message")
        self.assertEqual((message.payload, message.retain, message.properties.SubscriptionIdentifier), (b"new", True, [7]))

    def test_topic_aliases_stand_for_topics(self):
        subscriber, publisher = self.client("5"), self.client("5")
        subscriber.subscribe("long/topic", 1)
        self.assertGreaterEqual(publisher.answer[2].TopicAliasMaximum, 1)
        alias = properties(PacketTypes.PUBLISH, TopicAlias=1)
        for topic in ("long/topic", ""):
            publisher.publish(topic, "x", 1, properties=alias)
            self.assertEqual(subscriber.receive()[0], "long/topic")


class Secured(foreign.TlsStory):
    def connect(self, broker, version, certificate=None, ca=None, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3,
                host="localhost"):
        context = ssl.create_default_context(cafile=str(ca or self.pki.ca_crt))
        context.minimum_version, context.maximum_version = minimum, maximum
        if certificate:
            context.load_cert_chain(str(self.pki.folder / f"{certificate}.crt"), str(self.pki.folder / f"{certificate}.key"))
        client = Client(self, broker, version, before=[lambda client: client.tls_set_context(context)])
        client.answer = client.connect(host)
        return client

    def test_messages_pass_through_tls(self):
        broker = self.broker(self.pki.listener())
        for version, tls, qos in itertools.product(VERSIONS, (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), (0, 1, 2)):
            with self.subTest(version=version, tls=tls, qos=qos):
                client = self.connect(broker, version, minimum=tls, maximum=tls)
                client.subscribe("a", qos)
                client.publish("a", "x" * 100000, qos)
                self.assertEqual(client.receive(), ("a", qos, "x" * 100000))
                client.disconnect()

    def test_certificates_name_users(self):
        broker = self.mutual("use_identity_as_username true")
        self.connect(broker, "5", "alice").disconnect()
        broker.wait_for_log("user=alice ")

    def test_the_client_sees_whom_not_to_trust(self):
        rows = (("server", self.pki.stranger_crt, "localhost"), ("expired", None, "localhost"), ("elsewhere", None, "localhost"))
        for server, ca, host in rows:
            with self.subTest(server=server):
                broker = self.broker(self.pki.listener(server))
                with self.assertRaises(ssl.SSLCertVerificationError):
                    self.connect(broker, "3.1.1", ca=ca, host=host)


if __name__ == "__main__":
    unittest.main()
