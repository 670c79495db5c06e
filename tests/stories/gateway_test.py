"""wax gateway: devices that speak MQTT-SN, by datagrams, and Wax as their broker."""
import unittest

import sn_raw as sn
from gateway_talk import Talk
from running import Broker, BrokerCase


class WithWax(Talk, BrokerCase):
    THREADS = 1

    def broker_port(self):
        return self.broker.port

    def test_the_broker_judges_each_device(self):
        broker = Broker("listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {folder}/acl\n",
                        {"acl": "pattern readwrite field/%c/#\n"}, 1)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        gateway = self.gateway("-p", broker.port, "-I", "yard-")
        device = self.device(gateway, "pump")
        device.subscribe("field/yard-pump/#", qos=1)
        device.subscribe("field/yard-gate/#", qos=1, code=sn.NOT_SUPPORTED)
        device.publish(device.register("field/yard-gate/open"), b"!", 1, code=sn.NOT_SUPPORTED)
        device.publish(device.register("field/yard-pump/on"), b"!", 1)
        self.assertEqual(device.message().payload, b"!")

    def test_a_broker_that_refuses_or_ends_is_told(self):
        broker = Broker("listener {port} 127.0.0.1\nallow_anonymous false\n", {}, 1)
        gateway = self.gateway("-p", broker.port)
        self.stranger(gateway).connect(code=sn.NOT_SUPPORTED)
        broker.write("wax.conf", broker.read("wax.conf").replace("allow_anonymous false", "allow_anonymous true"))
        broker.reload()
        device = self.device(gateway)
        self.assertIsNone(broker.stop())
        device.expect(sn.DISCONNECT)
        device.connect(code=sn.CONGESTION)

    def test_the_gateway_says_good_bye(self):
        gateway = self.gateway()
        device = self.device(gateway, will=(f"{self.name}/will", b"lost", 1, False))
        watcher = self.mqtt()
        watcher.subscribe((f"{self.name}/#", 1))
        gateway.process.terminate()
        device.expect(sn.DISCONNECT)
        gateway.process.wait(30)
        watcher.publish(f"{self.name}/mark", b"mark", 1)
        self.assertEqual(watcher.message().payload, b"mark")

    def test_a_will_may_be_changed(self):
        gateway = self.gateway()
        watcher, sender = self.mqtt(), self.mqtt()
        watcher.subscribe((f"{self.name}/will/#", 1))
        device = self.device(gateway, duration=600, will=(f"{self.name}/will/a", b"first", 0, False))
        topic = f"{self.name}/t"
        device.subscribe(topic, qos=1)
        device.send(sn.WILLTOPICUPD, bytes([sn.flags(qos=1)]) + f"{self.name}/will/b".encode())
        self.assertEqual(device.expect(sn.WILLTOPICRESP), b"\x00")
        device.send(sn.WILLMSGUPD, b"second")
        self.assertEqual(device.expect(sn.WILLMSGRESP), b"\x00")
        sender.publish(topic, b"still subscribed", 1)
        self.assertEqual(device.message().payload, b"still subscribed")
        device.connect(clean=False, duration=1)  # says nothing of the Will, and then nothing at all
        got = watcher.message(timeout=30)
        self.assertEqual((got.topic, got.payload, got.qos), (f"{self.name}/will/b", b"second", 1))
        device = self.device(gateway, will=(f"{self.name}/will/c", b"never", 0, False))
        device.send(sn.WILLTOPICUPD)
        self.assertEqual(device.expect(sn.WILLTOPICRESP), b"\x00")
        device.send(sn.WILLMSGUPD, b"of what?")
        self.assertEqual(device.expect(sn.WILLMSGRESP), bytes([sn.NOT_SUPPORTED]))
        device.connect(clean=False, duration=1)
        gateway.wait_for_log("nothing was heard of the device for too long", 2)
        sender.publish(f"{self.name}/will/mark", b"mark", 1)
        self.assertEqual(watcher.message().payload, b"mark")


del Talk

if __name__ == "__main__":
    unittest.main()
