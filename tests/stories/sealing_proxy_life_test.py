"""wax proxy: what it does not let through, and how it begins and ends."""
import socket
import unittest

import paho.mqtt.client as paho

from peers import WAX, free_port, mosquitto, run, stop, wax
from sealed_tools_test import BOTH, READS, Device, group
from sealing_proxy import Program, Proxy, Raw, Way, until


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
