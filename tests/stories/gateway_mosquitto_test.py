"""wax gateway with Debian's mosquitto as the broker, by MQTT 5 and by MQTT 3.1.1."""
import unittest

import peers
import sn_raw as sn
from gateway_talk import Talk


@unittest.skipUnless(peers.has("mosquitto"), "no mosquitto")
class WithMosquitto(Talk, peers.Story):
    @classmethod
    def prepare(cls):
        cls.port = peers.free_port()
        cls.serve(peers.mosquitto(cls.folder, f"listener {cls.port} 127.0.0.1\nallow_anonymous true\n", [cls.port]))

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[-1]

    def broker_port(self):
        return self.port


@unittest.skipUnless(peers.has("mosquitto"), "no mosquitto")
class WithMosquittoByMqtt3(WithMosquitto):
    OPTIONS = ("-V", "311")

    def test_what_is_too_large_is_left_out(self):
        gateway = self.gateway()
        sender, reader = self.mqtt(), self.device(gateway)
        reader.subscribe(f"{self.name}/#", qos=2)
        for size in (1464, 5000, 300000):
            for qos in (0, 1, 2):
                sender.publish(f"{self.name}/t", bytes(size), qos)
        sender.publish(f"{self.name}/t", b"small", 1)
        self.assertEqual(reader.message().payload, b"small")

    def test_a_will_of_a_clean_session_is_changed_before_it_subscribes(self):
        gateway, watcher = self.gateway(), self.mqtt()
        watcher.subscribe((f"{self.name}/will", 1))
        device = self.device(gateway, will=(f"{self.name}/will", b"first", 0, False))
        device.publish(device.register(f"{self.name}/t"), b"unheard", 1)
        device.send(sn.WILLMSGUPD, b"second")
        self.assertEqual(device.expect(sn.WILLMSGRESP), b"\x00")
        device.subscribe(f"{self.name}/t", qos=1)
        device.send(sn.WILLMSGUPD, b"third")
        self.assertEqual(device.expect(sn.WILLMSGRESP), bytes([sn.NOT_SUPPORTED]))
        watcher.publish(f"{self.name}/t", b"still subscribed", 1)
        self.assertEqual(device.message().payload, b"still subscribed")
        device.connect(clean=False, duration=1)
        self.assert_message(watcher, (f"{self.name}/will", b"second"))


del Talk

if __name__ == "__main__":
    unittest.main()
