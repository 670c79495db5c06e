"""Debian's mosquitto_ctrl against the broker, and one file of dynamic security for both brokers."""
import contextlib
import json
import os
import subprocess
import unittest

import foreign
from dynsec_test import BAD_LOGIN, CONTROL, DENIED
from mqtt_raw import Client
from running import WAX


class BothBrokers(foreign.Story):
    """Our broker and Debian's with one configuration, one after the other."""

    CONFIG = ("user root\nlistener {port} 127.0.0.1\nlog_type all\n"
              "plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so\nplugin_opt_config_file {home}/d.json\n")

    def wax(self, more=""):
        broker = self.broker(more + self.CONFIG)
        self.port = broker.port
        return broker

    @contextlib.contextmanager
    def mosquitto(self):
        self.port = foreign.free_port()
        path = self.write("mosquitto.conf", self.CONFIG.replace("{port}", str(self.port)).replace("{home}", str(self.home)))
        log = open(self.home / "mosquitto.log", "wb")
        process = subprocess.Popen([foreign.need("mosquitto"), "-c", path], stdout=log, stderr=log)
        try:
            foreign.wait_until(self.answers, "Debian's broker")
            yield
        finally:
            process.terminate()
            process.wait(30)
            log.close()

    def answers(self):
        with contextlib.suppress(OSError):
            Client(self.port).close()
            return True
        return False


class Tool(BothBrokers):
    """Debian's mosquitto_ctrl, and Debian's broker on the same file."""

    def setUp(self):
        super().setUp()
        foreign.run("mosquitto_ctrl", "dynsec", "init", self.home / "d.json", "admin", "secret")

    def ctrl(self, *words, password="secret", code=0):
        said = foreign.run("mosquitto_ctrl", "-p", self.port, "-u", "admin", "-P", password, "dynsec", *words, code=code)
        return "".join(line for line in said.splitlines(True) if not line.startswith(("Warning: You are", "This means")) and line.strip())

    def reason(self, name, password, topic, client_id=None):
        """What comes of a message: the reason of the CONNACK, or of the PUBACK."""
        client = Client(self.port)
        with contextlib.closing(client):
            code = client.connect(client_id or "of-" + name, user=name, password=password).reason
            return code if code != 0 else client.publish(topic, b"m", qos=1)

    def furnish(self):
        for words in ("createRole r", "addRoleACL r publishClientSend a/# allow 5", "addRoleACL r subscribePattern a/# allow",
                      "createClient u -p pw", "addClientRole u r 3", "createClient v -p pw", "createGroup g", "addGroupRole g r",
                      "addGroupClient g v 7", "createClient off -p pw", "disableClient off", "createClient tied -p pw -c only",
                      "addClientRole tied r", "setAnonymousGroup g"):
            self.assertEqual(self.ctrl(*words.split()), "", words)
        self.forbid_unsubscribing()

    def forbid_unsubscribing(self):
        """mosquitto_ctrl 2.0 cannot: it writes the order as its broker does not read it."""
        client = Client(self.port)
        self.assertEqual(client.connect("by-hand", user="admin", password="secret").reason, 0)
        client.subscribe(CONTROL + "/response")
        client.publish(CONTROL, b'{"commands":[{"command":"setDefaultACLAccess","acls":[{"acltype":"unsubscribe","allow":false}]}]}', qos=1)
        self.assertNotIn(b"error", client.message().payload)
        client.disconnect()

    def check_house(self):
        """Whoever made it and whoever serves it: the same house. MQTT's reasons differ where a login fails."""
        self.assertIn(self.reason("u", "pw", "a/t"), (0, 16))
        self.assertEqual(self.reason("u", "pw", "b/t"), DENIED)
        self.assertIn(self.reason("v", "pw", "a/t"), (0, 16))
        self.assertIn(self.reason("u", "wrong", "a/t"), (BAD_LOGIN, DENIED))
        self.assertEqual(self.reason("off", "pw", "a/t"), DENIED)
        self.assertEqual(self.reason("tied", "pw", "a/t"), DENIED)
        self.assertIn(self.reason("tied", "pw", "a/t", "only"), (0, 16))
        self.assertEqual(self.ctrl("listClients"), "admin\noff\ntied\nu\nv\n")
        self.assertIn("r (priority: 3)", self.ctrl("getClient", "u"))
        self.assertIn("g (priority: 7)", self.ctrl("getClient", "v"))
        self.assertIn("publishClientSend    : allow : a/# (priority: 5)", self.ctrl("getRole", "r"))
        self.assertIn("unsubscribe          : deny", self.ctrl("getDefaultACLAccess"))
        self.assertEqual(self.ctrl("getAnonymousGroup"), "g\n")

    def test_orders_survive_a_restart(self):
        broker = self.wax()
        self.furnish()
        self.check_house()
        broker.stop()
        broker.start()
        self.check_house()

    def test_every_command_of_the_tool(self):
        self.wax()
        self.furnish()
        self.assertEqual(self.ctrl("listGroups"), "g\n")
        self.assertEqual(self.ctrl("listRoles"), "admin\nr\n")
        self.assertEqual(self.ctrl("setDefaultACLAccess", "subscribe", "allow"), "")
        self.assertIn("subscribe            : allow", self.ctrl("getDefaultACLAccess"))
        for words in ("enableClient off", "removeClientRole u r", "removeGroupClient g v", "removeGroupRole g r",
                      "removeRoleACL r publishClientSend a/#", "setClientPassword u other", "setClientId tied another",
                      "createGroup h", "setAnonymousGroup h", "deleteGroup g", "deleteRole r", "deleteClient v"):
            self.assertEqual(self.ctrl(*words.split()), "", words)
        self.assertEqual(self.ctrl("listClients"), "admin\noff\ntied\nu\n")
        self.assertEqual(self.reason("u", "other", "a/t"), DENIED)
        self.assertIn("Client not found", self.ctrl("getClient", "v", code=None))
        self.assertIn("Role not found", self.ctrl("addClientRole", "u", "r", code=None))

    def test_debians_file_in_wax(self):
        with self.mosquitto():
            self.furnish()
            self.check_house()
        before = json.loads((self.home / "d.json").read_text())
        broker = self.wax()
        self.check_house()
        self.ctrl("createRole", "last")
        self.ctrl("deleteRole", "last")
        broker.stop()
        self.assertEqual(json.loads((self.home / "d.json").read_text()), before)

    def test_wax_s_file_in_debians_broker(self):
        broker = self.wax()
        self.furnish()
        broker.stop()
        with self.mosquitto():
            self.check_house()
            self.ctrl("createClient", "w", "-p", "pw")
        self.wax()
        self.assertIn("w\n", self.ctrl("listClients"))

    def test_it_says_what_is_wrong_with_the_file(self):
        conf = self.write("wax.conf", self.CONFIG.replace("{port}", "1883").replace("{home}", str(self.home)))
        for text, words in (("{", "no valid JSON"), ('{"clients":[{"username":"a","password":"x"}]}', "can never be verified")):
            self.write("d.json", text)
            os.chmod(self.home / "d.json", 0o600)
            self.assertIn(words, foreign.run(WAX, "broker", "-c", conf, "--test-config", code=1))
        (self.home / "d.json").unlink()
        self.assertIn("d.json", foreign.run(WAX, "broker", "-c", conf, "--test-config", code=1))


if __name__ == "__main__":
    unittest.main()
