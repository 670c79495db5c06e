"""MQTT.js as a client of the broker. npm brings what mqttjs/package-lock.json names into build/mqttjs, once."""
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import foreign

HERE = pathlib.Path(__file__).resolve().parent / "mqttjs"
MODULES = foreign.ROOT / "build/mqttjs"


def install():
    """Gives the folder with node_modules; it is made anew when the lock changes."""
    mark = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / "installed"
    if stamp.exists() and stamp.read_text() == mark:
        return MODULES
    npm = foreign.need("npm")
    MODULES.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, MODULES / name)
    done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=MODULES, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"npm cannot bring MQTT.js; is the registry within reach?\n{done.stdout}{done.stderr}")
    stamp.write_text(mark)
    return MODULES


class MqttJs(foreign.TlsStory):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.modules = install()

    def begin(self, name, broker, version=4, qos=1, scheme="mqtt", **more):
        given = {"url": f"{scheme}://localhost:{broker.port}", "version": version, "qos": qos,
                 **{key: str(value) for key, value in more.items()}}
        process = subprocess.Popen([foreign.need("node"), str(HERE / "story.js"), name, json.dumps(given)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env={**os.environ, "MQTTJS": str(self.modules)})
        self.addCleanup(process.stdin.close)
        self.addCleanup(self.reap, process)
        return process

    def tell(self, name, broker, *words, **more):
        process = self.begin(name, broker, *words, **more)
        said = process.communicate(timeout=60)[0].decode()
        self.assertEqual((process.returncode, said), (0, "done\n"), broker.log()[-4000:])

    def tell_all(self, name, broker, qos=(0, 1, 2), versions=(4, 5), **more):
        for one_version, one_qos in itertools.product(versions, qos):
            with self.subTest(version=one_version, qos=one_qos):
                self.tell(name, broker, one_version, one_qos, **more)

    def test_every_version_and_qos_arrives(self):
        self.tell_all("talk", self.open_broker(), versions=(3, 4, 5))

    def test_retained_messages_wait(self):
        self.tell_all("retained", self.open_broker(), qos=(1,))

    def test_wills_are_published(self):
        self.tell_all("will", self.open_broker())

    def test_durable_sessions_get_what_they_missed(self):
        self.tell_all("durable", self.open_broker(), qos=(1, 2))

    def test_properties_of_five_arrive(self):
        self.tell("properties", self.open_broker(), 5)

    def test_messages_pass_through_tls(self):
        broker = self.broker(self.pki.listener())
        self.tell_all("talk", broker, scheme="mqtts", ca=self.pki.ca_crt)
        self.assertIn("tls=TLSv1.3", broker.log())

    def test_messages_pass_through_websocket(self):
        self.tell_all("talk", self.open_broker("protocol websockets\n"), scheme="ws", versions=(3, 4, 5))

    def test_messages_pass_through_websocket_and_tls(self):
        broker = self.broker(self.pki.listener(more="protocol websockets\n"))
        self.tell_all("talk", broker, scheme="wss", ca=self.pki.ca_crt, qos=(2,))
        self.tell("durable", broker, 5, 1, "wss", ca=self.pki.ca_crt)
        self.assertIn("tls=TLSv1.3", broker.log())

    def test_a_certificate_names_the_user(self):
        broker = self.mutual("use_identity_as_username true")
        self.tell("talk", broker, 5, 2, "mqtts", ca=self.pki.ca_crt, cert=self.pki.alice_crt, key=self.pki.alice_key)
        broker.wait_for_log("user=alice ", 2)

    def test_the_client_sees_whom_not_to_trust(self):
        rows = (
            ("server", self.pki.stranger_crt, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unknown ca"),
            ("expired", self.pki.ca_crt, "CERT_HAS_EXPIRED", None),
            ("elsewhere", self.pki.ca_crt, "ERR_TLS_CERT_ALTNAME_INVALID", None),
        )
        for server, ca, code, _ in rows:
            with self.subTest(server=server):
                self.tell("refused", self.broker(self.pki.listener(server)), scheme="mqtts", ca=ca, code=code)

    def test_anonymous_clients_are_refused_with_the_right_code(self):
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous false\n")
        self.tell("refused", broker, 4, code="Not authorized")
        self.tell("refused", broker, 5, code="Not authorized")
        broker.wait_for_log("auth_failed", 2)

    def test_a_client_comes_back_after_a_restart(self):
        for version in (4, 5):
            with self.subTest(version=version):
                broker = self.open_broker()
                process = self.begin("restart", broker, version)
                self.assertEqual(process.stdout.readline(), b"ready\n")
                broker.stop()
                broker.start()
                process.stdin.write(b"go\n")
                process.stdin.flush()
                said = process.communicate(timeout=60)[0].decode()
                self.assertEqual((process.returncode, said), (0, "done\n"))


if __name__ == "__main__":
    unittest.main()
