"""wax proxy: programs that know nothing of sealing speak through it; brokers carry what they cannot read."""
import os
import socket
import time

import paho.mqtt.client as paho

from peers import WAX, PATIENCE_S, Server, Story, free_port, has, mosquitto, nats, run, stop, wax
from sealed_tools_test import BOTH, READS, STATE, STREAM, WRITES, Device, group  # noqa: F401
import unittest


def until(claim, what="it"):
    end = time.monotonic() + PATIENCE_S
    while not claim():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen")
        time.sleep(0.02)


class Program:
    """A client by Paho."""

    def __init__(self, port, id_="", version=paho.MQTTv311, clean=True, **more):
        words = {} if not hasattr(paho, "CallbackAPIVersion") else {"callback_api_version": paho.CallbackAPIVersion.VERSION1}
        if version == paho.MQTTv5:
            self.client = paho.Client(client_id=id_, protocol=version, **words)
            more.setdefault("clean_start", clean)
        else:
            self.client = paho.Client(client_id=id_, protocol=version, clean_session=clean or not id_, **words)
        self.version, self.port, self.more = version, port, more
        self.came, self.sent, self.granted, self.codes, self.gone = [], {}, [], [], []
        self.client.on_message = lambda client, data, message: self.came.append(message)
        self.client.on_connect = lambda client, data, flags, code, *rest: self.codes.append(code if isinstance(code, int) else code.value)
        self.client.on_publish = lambda client, data, id_, *rest: self.sent.setdefault(id_, rest)
        self.client.on_subscribe = lambda client, data, id_, granted, *rest: self.granted.append([getattr(code, "value", code) for code in granted])
        self.client.on_disconnect = lambda client, data, code, *rest: self.gone.append(code)

    def connect(self):
        before = len(self.codes)
        self.client.connect("127.0.0.1", self.port, **self.more)
        self.client.loop_start()
        until(lambda: len(self.codes) > before, "CONNACK")
        return self

    def subscribe(self, filter_, qos=1):
        before = len(self.granted)
        self.client.subscribe(filter_, qos)
        until(lambda: len(self.granted) > before, "SUBACK")
        return self.granted[-1]

    def publish(self, topic, payload, qos=1, retain=False, properties=None):
        info = self.client.publish(topic, payload, qos, retain, **({"properties": properties} if properties else {}))
        if qos:
            until(lambda: info.mid in self.sent or self.gone, "the acknowledgement")
        return info.mid

    def got(self, count):
        until(lambda: len(self.came) >= count, f"message {count}; there are {self.texts()}")
        return self.texts()

    def texts(self):
        return [(message.topic, message.payload.decode()) for message in self.came]

    def close(self, says_goodbye=True):
        if says_goodbye:
            self.client.disconnect()
        else:
            self.client._sock_close()  # as if it had crashed
        self.client.loop_stop()


class Proxy:
    def __init__(self, story, device, upstream, *words, wait=True):
        self.port, self.story = free_port(), story
        self.log = story.folder.path / f"proxy-{self.port}.log"
        self.words = [WAX, "proxy", "--seal", device.keys, "--listen", f"127.0.0.1:{self.port}", "-p", upstream, *words]
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = self.story.background(*self.words, stdout=log, stderr=log)
        until(self.is_up, "the proxy's start")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def says(self, words):
        until(lambda: words in self.log.read_text(), f"{words!r} in the log")

    def stop(self):
        stop(self.process)
        return self.process.returncode


class Way(Story):
    BROKER = "mosquitto"

    @classmethod
    def prepare(cls):
        cls.ports = {name: free_port() for name in ("wax", "mosquitto", "nats")}
        port = cls.ports["wax"]
        config = cls.folder.write("wax.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        cls.serve(Server(cls.folder, [WAX, "broker", "-c", config], [port]))
        port = cls.ports["mosquitto"]
        cls.serve(mosquitto(cls.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port]))
        if has("nats-server"):
            cls.serve(nats(cls.folder, cls.ports["nats"]))

    def device(self, name, broker, *groups, version=1, blinding=None):
        device = Device(self.folder, f"{name}-{self._testMethodName}-{broker}")
        self.deliver(broker, device, version, *groups, blinding=blinding)
        return device

    def deliver(self, broker, device, version, *groups, blinding=None):
        path = self.folder.path / "mailbox"
        path.write_bytes(device.mailbox(version, list(groups), blinding))
        wax("pub", "-p", self.ports[broker], "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)

    def proxy(self, device, broker, *words):
        return Proxy(self, device, self.ports[broker], *words)

    def program(self, port, *words, **more):
        program = Program(port, *words, **more).connect()
        self.addCleanup(program.close)
        return program


class Delivery(Way):
    def test_every_broker_carries_what_two_programs_say(self):
        for broker in self.ports:
            if broker == "nats" and not has("nats-server"):
                continue
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
        for size in (0, 100000, 500000):
            text = "x" * size
            sender.publish("home/film", text)
            self.assertEqual(reader.got(len(reader.came) if reader.came and reader.texts()[-1][1] == text else len(reader.came) + 1)[-1], ("home/film", text))
        with Raw(proxy.port, "greedy") as raw:
            raw.send(b"\x30" + bytes([0x80 | 0x7f, 0x80 | 0x7f, 0x7f]))
            self.assertEqual(raw.packet(), b"")
        proxy.says("connection_ends")


class Raw:
    """A program by hand, MQTT 3.1.1 with a session that stays."""

    def __init__(self, port, id_):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        body = b"\0\4MQTT\4\0\0\0" + len(id_).to_bytes(2, "big") + id_.encode()
        self.send(bytes([0x10, len(body)]) + body)
        assert self.packet()[0] == 0x20

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                break
            data += piece
        return data

    def packet(self):
        head = self.take(2)
        return head if len(head) < 2 else head + self.take(head[1])

    def subscribe(self, filter_, qos):
        body = b"\0\1" + len(filter_).to_bytes(2, "big") + filter_.encode() + bytes([qos])
        self.send(bytes([0x82, len(body)]) + body)
        assert self.packet()[0] == 0x90

    def acknowledge(self, publish):
        at = 4 + int.from_bytes(publish[2:4], "big")
        self.send(b"\x40\2" + publish[at:at + 2])


class Refusals(Way):
    def test_what_belongs_to_no_group_does_not_leave(self):
        proxy = self.proxy(self.device("both", "wax", group(BOTH, 1)), "wax")
        observer = self.program(self.ports["wax"])
        observer.subscribe("#")
        new = self.program(proxy.port, version=paho.MQTTv5)
        for qos in (1, 2):
            new.publish("garden", "secret", qos)
        self.assertEqual(new.gone, [])
        proxy.says("message_refused")
        new.publish("garden", "secret", 0)
        until(lambda: new.gone, "the end")
        for qos in range(3):
            old = self.program(proxy.port)
            old.publish("garden", "secret", qos)
            until(lambda: old.gone, "the end")
            old.close()
        self.program(proxy.port).publish("home/marker", "x")
        until(lambda: any(message.topic == "home/marker" for message in observer.came))
        self.assertNotIn("garden", [message.topic for message in observer.came])

    def test_a_will_for_no_group_is_refused(self):
        proxy = self.proxy(self.device("both", "wax", group(BOTH, 1)), "wax")
        for topic in ("garden", "home/stream"):
            program = Program(proxy.port)
            program.client.will_set(topic, "secret")
            self.addCleanup(program.close)
            self.assertEqual(program.connect().codes[0], 5)

    def test_clear_lets_through_what_belongs_to_no_group(self):
        proxy = self.proxy(self.device("both", "wax", group(BOTH, 1)), "wax", "--clear")
        plain = self.program(self.ports["wax"])
        plain.subscribe("garden/#")
        program = self.program(proxy.port, version=paho.MQTTv5)
        program.subscribe("garden/#")
        program.publish("garden/gate", "open")
        self.assertEqual(plain.got(1), [("garden/gate", "open")])
        plain.publish("garden/gate", "shut")
        self.assertEqual(program.got(2), [("garden/gate", "open"), ("garden/gate", "shut")])
        before = len(proxy.log.read_text())
        program.publish("wax/s/other", "forged")
        until(lambda: "message_refused" in proxy.log.read_text()[before:])

    def test_what_is_forged_or_came_already_does_not_reach_the_program(self):
        for qos in range(3):
            with self.subTest(qos=qos):
                device = self.device(f"both{qos}", "mosquitto", group(BOTH, 1))
                proxy = self.proxy(device, "mosquitto")
                attacker = self.program(self.ports["mosquitto"])
                attacker.subscribe("home/#", qos)
                victim = self.program(proxy.port, f"victim-{qos}", version=paho.MQTTv5)
                victim.subscribe("home/#", qos)
                victim.subscribe("news", qos)
                sender = self.program(proxy.port)
                sender.publish("home/door", "open", 1)
                until(lambda: attacker.came)
                envelope = attacker.came[0].payload
                attacker.publish("home/door", envelope, qos)
                attacker.publish("home/window", envelope, qos)
                attacker.publish("home/door", b"forged", qos)
                attacker.publish("home/door", envelope[:-1] + bytes([envelope[-1] ^ 1]), qos)
                attacker.publish("news", b"of no group", qos)
                for number in range(30):  # more than the broker keeps on their way: all must be acknowledged
                    attacker.publish("home/door", b"forged %d" % number, qos)
                until(lambda: len(attacker.came) >= 35)
                sender.publish("home/door", "shut", 1)
                self.assertEqual(victim.got(2), [("home/door", "open"), ("home/door", "shut")])
                self.assertIn("it is not sealed", proxy.log.read_text())
                self.assertIn("belongs to no group", proxy.log.read_text())
                proxy.stop()

    def test_a_replay_is_refused_behind_a_new_connection_too(self):
        proxy = self.proxy(self.device("both", "wax", group(BOTH, 1)), "wax")
        attacker = self.program(self.ports["wax"])
        attacker.subscribe("home/#")
        victim = self.program(proxy.port, "victim")
        victim.subscribe("home/#")
        sender = self.program(proxy.port)
        sender.publish("home/door", "open")
        victim.got(1)
        until(lambda: attacker.came)
        victim.close()
        victim = self.program(proxy.port, "victim")
        victim.subscribe("home/#")
        attacker.publish("home/door", attacker.came[0].payload)
        sender.publish("home/door", "shut")
        self.assertEqual(victim.got(1), [("home/door", "shut")])
        proxy.says("it came already")

    def test_without_keys_nobody_connects(self):
        device = Device(self.folder, f"new-{self._testMethodName}")
        proxy = self.proxy(device, "wax", "--clear")
        program = Program(proxy.port, "early")
        self.addCleanup(program.close)
        self.assertEqual(program.connect().codes[0], 3)
        proxy.says("no mailbox with keys")
        self.deliver("wax", device, 1, group(BOTH, 1))
        until(lambda: program.codes[-1] == 0, "a connection with keys")

    def test_a_reader_does_not_write(self):
        proxy = self.proxy(self.device("reader", "wax", group(READS)), "wax")
        program = self.program(proxy.port)
        program.publish("home/door", "open")
        until(lambda: program.gone)
        proxy.says("granted `write`")


class Life(Way):
    def test_the_proxy_ends_and_starts_again(self):
        proxy = self.proxy(self.device("both", "mosquitto", group(BOTH, 1)), "mosquitto")
        reader = self.program(proxy.port, "reader", clean=False)
        reader.subscribe("home/#")
        sender = self.program(proxy.port, "sender")
        sender.publish("home/door", "open")
        reader.got(1)
        self.assertEqual(proxy.stop(), 0)
        until(lambda: reader.gone)
        proxy.start()
        until(lambda: len(reader.codes) > 1 and len(sender.codes) > 1, "the programs' return")
        sender.publish("home/door", "shut")
        self.assertEqual(reader.got(2)[-1], ("home/door", "shut"))

    def test_a_broker_that_is_down_is_waited_for(self):
        port = free_port()
        device = self.device("both", "wax", group(BOTH, 1))
        proxy = Proxy(self, device, port)
        program = Program(proxy.port)
        self.addCleanup(program.close)
        self.assertEqual(program.connect().codes[0], 3)
        proxy.says("trying again")
        broker = mosquitto(self.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port])
        self.addCleanup(broker.close)
        path = self.folder.path / "late"
        path.write_bytes(device.mailbox(1, [group(BOTH, 1)]))
        wax("pub", "-p", port, "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)
        until(lambda: program.codes[-1] == 0, "a connection")
        program.subscribe("home/#")
        program.publish("home/door", "open")
        program.got(1)
        broker.close()
        until(lambda: program.gone)

    def test_new_keys_are_taken_while_it_runs(self):
        sensor, device = (self.device(name, "mosquitto", group(BOTH, number)) for number, name in ((1, "sensor"), (2, "both")))
        proxy = self.proxy(device, "mosquitto")
        reader = self.program(proxy.port)
        reader.subscribe("home/#")
        row = group(BOTH, 2, epoch=2, secret=b"f" * 32)
        self.deliver("mosquitto", device, 2, row)
        self.deliver("mosquitto", sensor, 2, {**row, 7: 1})
        wax("pub", "-p", self.ports["mosquitto"], "-q", 1, "--seal", sensor.keys, "-t", "home/kitchen", "-m", "of the second epoch")
        self.assertEqual(reader.got(1), [("home/kitchen", "of the second epoch")])

    def test_wrong_words(self):
        keys = self.device("both", "wax", group(BOTH, 1)).keys
        for code, words, given in ((1, "--seal FILE", ()), (1, "No such file", ("--seal", self.folder.path / "none")),
                                   (1, "--allow-remote", ("--seal", keys, "--listen", f"0.0.0.0:{free_port()}")),
                                   (1, "HOST:PORT", ("--seal", keys, "--listen", "nonsense")),
                                   (1, "cannot listen", ("--seal", keys, "--listen", f"127.0.0.1:{self.ports['wax']}"))):
            with self.subTest(words=words):
                self.assertIn(words, wax("proxy", "-p", self.ports["wax"], *given, code=code).err)

    def test_one_device_is_one_process(self):
        device = self.device("both", "wax", group(BOTH, 1))
        self.proxy(device, "wax")
        self.assertIn("another process", wax("proxy", "--seal", device.keys, "--listen", f"127.0.0.1:{free_port()}", "-p", self.ports["wax"], code=1).err)

    def test_a_unix_socket(self):
        device = self.device("both", "wax", group(BOTH, 1))
        path = self.folder.path / "proxy.sock"
        process = self.background(WAX, "proxy", "--seal", device.keys, "--listen", path, "-p", self.ports["wax"])
        until(path.exists)
        run("mosquitto_pub", "--unix", path, "-t", "home/door", "-m", "shut", "-q", 1)
        stop(process)
        self.assertEqual(process.returncode, 0)
        self.assertFalse(path.exists())

    def test_there_is_a_limit(self):
        proxy = self.proxy(self.device("both", "wax", group(BOTH, 1)), "wax")
        idle = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(70)]
        proxy.says("which is the limit")
        for one in idle:
            one.close()
        self.program(proxy.port).publish("home/door", "open")


if __name__ == "__main__":
    unittest.main()
