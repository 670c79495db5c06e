"""What who runs a bridge sees of it, and changes while it runs."""
import json
import shutil
import tempfile
import unittest

import ctl_test
import foreign
from bridge_test import Bridges
from running import PLAIN, Broker

CONTROL = "control_socket {folder}/control\n"


def only_bridge(broker):
    told, = ctl_test.lines(broker, "bridges")
    return told


class Looking(Bridges):
    def test_wax_ctl_shows_a_bridge(self):
        near = self.open(f"topic # both 1 near/ {self.name}/\nlocal_clientid mine\n", more=CONTROL)
        shown = only_bridge(near)
        self.assertEqual((shown["connection"], shown["state"], shown["port"], shown["id"], shown["remote_id"], shown["version"]),
                         ("b", "connected", self.broker.port, "mine", self.name, "5"))
        self.assertNotIn("last_fault", shown)
        here, there = self.at(near), self.at(self.broker, f"{self.name}/#")
        here.publish("near/a", b"x", qos=1)
        there.message()
        ctl_test.wait_until(lambda: only_bridge(near)["messages_out"] >= 1 and only_bridge(near)["inflight"] == 0)
        self.assertEqual([each["bridge"] for each in ctl_test.lines(near, "sessions") if "bridge" in each], ["b"])
        self.assertIn("connected", ctl_test.ctl(near, "bridges"))
        self.assertIn("near/#", ctl_test.ctl(near, "client", "mine"))
        self.assertIn("0 bridges", ctl_test.ctl(self.watched(), "bridges"))

    def watched(self):
        broker = Broker(CONTROL + PLAIN)
        self.addCleanup(self.assert_ends_well, broker)
        return broker

    def test_wax_ctl_says_why_a_bridge_is_not_connected(self):
        far = self.far()
        far.socket.close()
        near = self.near("topic # out 1\n", to=far.port, more=CONTROL)
        near.wait_for_log("bridge_failed")
        self.at(near).publish("a", b"waits", qos=1)
        ctl_test.wait_until(lambda: only_bridge(near)["queued"] == 1)
        shown = only_bridge(near)
        self.assertIn(shown["state"], ("waiting", "connecting"))
        self.assertIn("refused", shown["last_fault"])

    def test_a_lazy_bridge_is_idle(self):
        near = self.near("topic # out 1 mine/\nstart_type lazy\n", more=CONTROL)
        ctl_test.wait_until(lambda: only_bridge(near)["state"] == "idle")

    def test_a_bridge_that_is_kicked_comes_back(self):
        near = self.open("topic a out 1\nlocal_clientid mine\n", more=CONTROL)
        ctl_test.ctl(near, "kick", "mine")
        near.wait_for_log("bridge_connected", 2)
        self.assertEqual(only_bridge(near)["state"], "connected")

    def test_a_bridges_session_is_not_deleted(self):
        near = self.open("topic a out 1\nlocal_clientid mine\n", more=CONTROL)
        self.assertIn("this session is a bridge's", ctl_test.ctl(near, "session", "delete", "mine", code=1))
        self.assertEqual(only_bridge(near)["state"], "connected")

    def test_bridges_are_counted(self):
        near = self.open("topic a out 1\n", more="sys_interval 1\nsys_anonymous true\n")
        watch = self.at(near, "$SYS/broker/bridges/#")
        seen = {}
        while seen.get("$SYS/broker/bridges/total") != b"1" or seen.get("$SYS/broker/bridges/connected") != b"1":
            got = watch.message(30)
            seen[got.topic] = got.payload


class Changing(Bridges):
    def test_what_waits_is_judged_by_the_rules_of_the_day_it_goes(self):
        far = self.far()
        near = self.near("topic # out 1\nlocal_username link\nbridge_protocol_version mqttv50\n", to=far.port, workers=1,
                         more="acl_file {folder}/acl\n", files={"acl": "topic readwrite #\nuser link\ntopic read #\n"})
        here = self.at(near)
        here.publish("no/a", b"denied", qos=1)
        here.publish("no/kept", b"denied", qos=1, retain=True)
        here.publish("yes/a", b"allowed", qos=1)
        near.write("acl", "topic readwrite #\nuser link\ntopic read yes/#\n")
        near.reload()
        while True:
            bridge = far.bridge()
            try:
                bridge.greeting()
                break
            except AssertionError:
                continue
        bridge.accept()
        here.publish("yes/last", b"last", qos=1)
        got = []
        while not got or got[-1] != b"last":
            got.append(bridge.message(20).payload)
        self.assertNotIn(b"denied", got)
        self.assertIn(b"allowed", got)

    def test_a_bridge_is_under_dynamic_security(self):
        table = {"clients": [{"username": "link", "roles": [{"rolename": "some"}]}],
                 "roles": [{"rolename": "some", "acls": [
                     {"acltype": "publishClientReceive", "topic": "t/yes/#", "allow": True},
                     {"acltype": "publishClientSend", "topic": "t/come/#", "allow": True}]}],
                 "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": False,
                                      "subscribe": True, "unsubscribe": True}}
        table["roles"][0]["acls"].append({"acltype": "publishClientSend", "topic": "t/#", "allow": False, "priority": -1})
        near = self.open(f"topic # both 1 t/ {self.name}/\nlocal_username link\n",
                         more="dynamic_security_file {folder}/dynsec.json\n", files={"dynsec.json": json.dumps(table)})
        there = self.at(self.broker, f"{self.name}/#")
        here = self.at(near)
        here.publish("t/no/a", b"denied", qos=1)
        here.publish("t/yes/a", b"allowed", qos=1)
        self.assertEqual(there.message().payload, b"allowed")
        there.publish(f"{self.name}/go/a", b"refused", qos=1)
        near.wait_for_log("topic=t/go/a reason=not authorized")
        there.publish(f"{self.name}/come/a", b"taken", qos=1)
        self.assertNotIn("topic=t/come/a", near.log())

    def test_another_broker_sends_no_commands(self):
        table = {"defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True, "subscribe": True,
                                      "unsubscribe": True},
                 "clients": [{"username": "link", "roles": [{"rolename": "all"}]}],
                 "roles": [{"rolename": "all", "acls": [
                     {"acltype": "publishClientSend", "topic": "$CONTROL/dynamic-security/#", "allow": True}]}]}
        near = self.open(f"topic v1 in 1 $CONTROL/dynamic-security/ {self.name}/\nlocal_username link\n",
                         more="dynamic_security_file {folder}/dynsec.json\n", files={"dynsec.json": json.dumps(table)})
        there = self.at(self.broker)
        self.broker.wait_for_log(f"subscribed client={self.name} filter={self.name}/v1")
        there.publish(f"{self.name}/v1", b'{"commands":[{"command":"deleteRole","rolename":"all"}]}', qos=1)
        near.wait_for_log("topic=$CONTROL/dynamic-security/v1 reason=not authorized")
        self.assertNotIn("deleteRole", near.log())

    def pki(self):
        folder = tempfile.mkdtemp(prefix="wax-pki-")
        self.addCleanup(shutil.rmtree, folder)
        return foreign.Pki(folder)

    def test_certificates_are_taken_over_when_their_files_change(self):
        pki, other = self.pki(), self.pki()
        far = Broker("listener {port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\n"
                     f"certfile {pki.folder}/server.crt\nkeyfile {pki.folder}/server.key\ncafile {pki.folder}/ca.crt\n")
        self.addCleanup(self.assert_ends_well, far)
        wrong = {name: (other.folder / source).read_text()
                 for name, source in (("ca", "ca.crt"), ("crt", "alice.crt"), ("key", "alice.key"))}
        near = self.near("topic a out 1\nbridge_cafile {folder}/ca\nbridge_certfile {folder}/crt\n"
                         "bridge_keyfile {folder}/key\n", files=wrong, to=far.port)
        near.wait_for_log("bridge_failed")
        for name, source in ("ca", "ca.crt"), ("crt", "alice.crt"), ("key", "alice.key"):
            near.write(name, (pki.folder / source).read_text())
        near.wait_for_log("bridge_connected")


if __name__ == "__main__":
    unittest.main()
