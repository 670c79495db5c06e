"""wax proxy: programs that know nothing of sealing speak through it; brokers carry what they cannot read."""
import os
import unittest

import paho.mqtt.client as paho

from peers import WAX, Server, free_port, run, wax
from sealed_tools_test import BOTH, STATE, STREAM, Device, group
from sealing_proxy import Program, Proxy, Raw, Way, until


class Delivery(Way):
    def test_every_broker_carries_what_two_programs_say(self):
        for broker in self.ports:
            kinds = [0, 1] if broker == "nats" else [0, 1, 2]  # Debian's nats-server does not speak QoS 2
            with self.subTest(broker=broker):
                sender = self.proxy(self.device("sender", broker, group(BOTH, 1)), broker)
                reader = self.proxy(self.device("reader", broker, group(BOTH, 2)), broker)
                observer = self.program(self.ports[broker], "observer")
                observer.subscribe("home/#", 0)
                for version in (paho.MQTTv311, paho.MQTTv5) if broker != "nats" else (paho.MQTTv311,):
                    receives = self.program(reader.port, f"receives-{version}", version=version)
                    receives.subscribe("home/#", 2)
                    sends = self.program(sender.port, f"sends-{version}", version=version)
                    for qos in kinds:
                        sends.publish("home/kitchen", f"secret {qos}", qos)
                    self.assertEqual(receives.got(len(kinds)), [("home/kitchen", f"secret {qos}") for qos in kinds])
                    self.assertEqual([message.qos for message in receives.came], kinds)
                    receives.close()
                until(lambda: len(observer.came) >= len(kinds))
                self.assertTrue(all(b"secret" not in message.payload for message in observer.came))

    def test_mosquittos_tools(self):
        proxy = self.proxy(self.device("both", "mosquitto", group(BOTH, 1, class_=STATE)), "mosquitto")
        run("mosquitto_pub", "-p", proxy.port, "-t", "home/tools/door", "-m", "shut", "-r", "-q", 1)
        for version in ("311", "5"):
            shown = run("mosquitto_sub", "-p", proxy.port, "-V", version, "-t", "home/tools/#", "-C", 1, "-W", 20, "-F", "%t %p %r")
            self.assertEqual(shown.out, "home/tools/door shut 1\n")

    def test_two_programs_behind_one_proxy_both_receive(self):
        for class_ in (STATE, STREAM):
            with self.subTest(class_=class_):
                proxy = self.proxy(self.device(f"both{class_}", "wax", group(BOTH, 1, class_=class_)), "wax")
                readers = [self.program(proxy.port, f"reader-{number}") for number in range(3)]
                for reader in readers:
                    reader.subscribe("home/#")
                self.program(proxy.port, "sender").publish("home/door", "shut")
                for reader in readers:
                    self.assertEqual(reader.got(1), [("home/door", "shut")])
                proxy.stop()

    def test_what_was_not_acknowledged_comes_again(self):
        """A program that dies before it acknowledges gets the message from the broker again; one that did, does not."""
        broker = "mosquitto"
        proxy = self.proxy(self.device("both", broker, group(BOTH, 1)), broker)
        with Raw(proxy.port, "forgetful") as raw:
            raw.subscribe("home/again", 1)
            sender = self.program(proxy.port, "sender")
            sender.publish("home/again", "open")
            self.assertIn(b"open", raw.packet())
        with Raw(proxy.port, "forgetful") as raw:
            again = raw.packet()
            self.assertIn(b"open", again)
            self.assertEqual(again[0] & 8, 8)
            raw.acknowledge(again)
            sender.publish("home/again", "shut")
            self.assertIn(b"shut", raw.packet())
        self.assertNotIn("came already", proxy.log.read_text())

    def test_properties_travel_sealed(self):
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties
        proxy = self.proxy(self.device("both", "wax", group(BOTH, 1)), "wax")
        observer, reader, sender = (self.program(port, version=paho.MQTTv5) for port in (self.ports["wax"], proxy.port, proxy.port))
        for program in (observer, reader):
            program.subscribe("home/#")
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType, properties.ResponseTopic, properties.UserProperty = "text/plain", "home/answer", ("unit", "celsius")
        sender.publish("home/kitchen", "21", properties=properties)
        reader.got(1)
        seen = reader.came[0].properties
        self.assertEqual((seen.ContentType, seen.ResponseTopic, seen.UserProperty), ("text/plain", "home/answer", [("unit", "celsius")]))
        until(lambda: observer.came)
        self.assertEqual(observer.came[0].properties.json(), {})

    def test_a_will_is_sealed(self):
        device = self.device("both", "mosquitto", group(BOTH, 1, class_=STATE))
        proxy = self.proxy(device, "mosquitto")
        reader = self.program(proxy.port, "reader")
        reader.subscribe("home/#")
        observer = self.program(self.ports["mosquitto"])
        observer.subscribe("home/#")
        mortal = Program(proxy.port, "mortal")
        mortal.client.will_set("home/mortal", "gone", 1, True)
        mortal.connect().publish("home/mortal", "here")
        reader.got(1)
        mortal.close(says_goodbye=False)
        self.assertEqual(reader.got(2), [("home/mortal", "here"), ("home/mortal", "gone")])
        until(lambda: len(observer.came) == 2)
        self.assertTrue(all(b"gone" not in message.payload for message in observer.came))
        mortal = Program(proxy.port, "mortal")
        mortal.client.will_set("home/mortal", "gone again", 1)
        mortal.connect().close()
        self.program(proxy.port).publish("home/mortal", "marker")
        self.assertEqual(reader.got(3)[2], ("home/mortal", "marker"))

    def test_blinded_topics(self):
        blinding = {1: b"b" * 32, 2: 1, 3: 1}
        for broker in ("wax", "mosquitto"):
            with self.subTest(broker=broker):
                proxy = self.proxy(self.device("both", broker, group(BOTH, 1), blinding=blinding), broker)
                observer = self.program(self.ports[broker])
                observer.subscribe("+/+/+")
                reader = self.program(proxy.port)
                self.assertEqual(reader.subscribe("home/+/temp"), [1])
                self.program(proxy.port).publish("home/kitchen/temp", "21.5")
                self.assertEqual(reader.got(1), [("home/kitchen/temp", "21.5")])
                until(lambda: any(not message.topic.startswith("wax/") for message in observer.came))
                seen = [message.topic for message in observer.came if not message.topic.startswith("wax/")]
                self.assertRegex(seen[0], r"^[\w-]{12}/[\w-]{12}/[\w-]{12}$")
                reader.client.unsubscribe("home/+/temp")

    def test_large_messages(self):
        proxy = self.proxy(self.device("both", "mosquitto", group(BOTH, 1)), "mosquitto")
        reader, sender = self.program(proxy.port), self.program(proxy.port)
        reader.subscribe("home/#")
        for number, size in enumerate((0, 100000, 500000), 1):
            sender.publish("home/film", "x" * size)
            topic, text = reader.got(number)[-1]
            self.assertEqual((topic, len(text)), ("home/film", size))
        with Raw(proxy.port, "greedy") as raw:
            raw.send(b"\x30" + bytes([0x80 | 0x7f, 0x80 | 0x7f, 0x7f]))
            self.assertEqual(raw.packet(), b"")
        proxy.says("connection_ends")

    def test_the_way_to_the_broker(self):
        """TLS, and a login for programs that have none."""
        users, pki, port = self.folder.path / "users", self.folder.path / "pki", free_port()
        for words in (("ca",), ("server", "localhost")):
            wax("pki", *words, "--dir", pki)
        wax("passwd", "-c", "-b", users, "gateway", "secret")
        config = self.folder.write("tls.conf", f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {users}\n"
                                               f"certfile {pki}/localhost.crt\nkeyfile {pki}/localhost.key\n"
                                               + ("user root\n" if os.geteuid() == 0 else ""))
        self.addCleanup(Server(self.folder, [WAX, "broker", "-c", config], [port]).close)
        way = ("-h", "localhost", "--cafile", pki / "ca.crt", "-u", "gateway", "-P", "secret")
        device = Device(self.folder, "gateway")
        path = self.folder.path / "mailbox"
        path.write_bytes(device.mailbox(1, [group(BOTH, 1)]))
        wax("pub", "-p", port, *way, "-t", "wax/k/gateway", "-r", "-q", 1, "-f", path)
        proxy = Proxy(self, device, port, *way)
        reader = self.program(proxy.port)
        reader.subscribe("home/#")
        self.program(proxy.port).publish("home/door", "open")
        self.assertEqual(reader.got(1), [("home/door", "open")])
        stranger = Program(proxy.port)
        stranger.client.username_pw_set("gateway", "wrong")
        self.addCleanup(stranger.close)
        self.assertIn(stranger.connect().codes[0], (4, 5))
        proxy.stop()
        proxy = Proxy(self, device, port, *way[:2], *way[4:])
        stranger = Program(proxy.port)
        self.addCleanup(stranger.close)
        self.assertNotEqual(stranger.connect().codes[0], 0)


if __name__ == "__main__":
    unittest.main()
