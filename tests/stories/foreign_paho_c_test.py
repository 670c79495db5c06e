"""Paho for C as a client of the broker: the programs of tests/stories/paho, built against Debian's libraries."""
import itertools
import pathlib
import signal
import unittest

import foreign

HERE = pathlib.Path(__file__).resolve().parent
BUILT = foreign.ROOT / "build/paho"
# In version 5, this Paho stops of itself some hundred messages later, with any broker.
COUNT = 150

TALK = [(f"talk/{n % 3}", n % 3, f"text {n}") for n in range(9)]


def build(source, library):
    """Compiles a program with a Paho library: 3a and 3c speak in clear, 3as and 3cs TLS, too."""
    BUILT.mkdir(parents=True, exist_ok=True)
    program = BUILT / f"{source}-{library}"
    code = HERE / "paho" / f"{source}.c"
    if not program.exists() or program.stat().st_mtime < code.stat().st_mtime:
        try:
            foreign.run("cc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", code, "-o", program,
                        f"-lpaho-mqtt{library}", "-lpthread")
        except AssertionError as why:
            raise RuntimeError(f"Paho for C may be missing; `scripts/setup test` installs libpaho-mqtt-dev\n{why}") from None
    return program


class Blocking(foreign.TlsStory):
    def act(self, broker, version, action, name="paho", library="3c", tls=(), scheme=None, **more):
        scheme = scheme or ("ssl" if tls else "tcp")
        return foreign.run(build("blocking", library), f"{scheme}://localhost:{broker.port}", version, action, name, *tls,
                           cwd=self.home, **more)

    def check_talk(self, version, said):
        colour = "red" if version == 5 else "-"
        self.assertEqual(said.splitlines(), [f"{topic} {qos} {colour} {text}" for topic, qos, text in TALK])

    def test_every_version_and_qos_arrives(self):
        broker = self.open_broker()
        for version, library in itertools.product((3, 4, 5), ("3c", "3cs")):
            with self.subTest(version=version, library=library):
                self.check_talk(version, self.act(broker, version, "talk", library=library))

    def test_tls_with_a_certificate(self):
        broker = self.mutual("use_identity_as_username true")
        tls = (self.pki.ca_crt, self.pki.alice_crt, self.pki.alice_key)
        for version in (3, 4, 5):
            with self.subTest(version=version):
                self.check_talk(version, self.act(broker, version, "talk", library="3cs", tls=tls))
        broker.wait_for_log("user=alice ", 3)

    def test_tls_without_what_it_takes_is_refused(self):
        broker = self.mutual()
        rows = (
            ((self.pki.stranger_crt,), "unknown ca"),
            ((self.pki.ca_crt,), "the client sent no certificate"),
            ((self.pki.ca_crt, self.pki.foreigner_crt, self.pki.foreigner_key), "which is not in cafile"),
        )
        for tls, reason in rows:
            with self.subTest(reason=reason):
                self.act(broker, 4, "talk", library="3cs", tls=tls, code=1)
                broker.wait_for_log(reason)

    def test_a_durable_session_gets_what_it_missed(self):
        broker = self.open_broker()
        for version in (4, 5):
            with self.subTest(version=version):
                name = f"durable-{version}"
                self.act(broker, version, "leave", name)
                for n in range(20):
                    foreign.run("mosquitto_pub", "-p", broker.port, "-t", "missed", "-q", 1 + n % 2, "-m", n)
                said = self.act(broker, version, "resume", name).splitlines()
                self.assertRegex(broker.log(), f"client={name} .*session=resumed")
                for qos in (1, 2):
                    got = [line for line in said if line.split()[1] == str(qos)]
                    self.assertEqual(got, [f"missed {qos} - {n}" for n in range(qos - 1, 20, 2)])

    def test_what_paho_has_written_down_is_delivered_once(self):
        broker = self.open_broker("log_type all\n")
        witness = self.start("mosquitto_sub", "-p", broker.port, "-q", 2, "-t", "kept", "-W", 4)
        broker.wait_for_log("subscribed ")
        self.act(broker, 4, "keep", "keeper")
        self.assertEqual(self.act(broker, 4, "deliver", "keeper"), "pending none\n")
        self.assertEqual(self.finish(witness, 27), "from the store\nTimed out\n")

    def test_a_will_is_published_when_its_client_is_killed(self):
        broker = self.open_broker("log_type all\n")
        for version in (3, 4, 5):
            with self.subTest(version=version):
                known = broker.log().count("subscribed ")
                witness = self.start("mosquitto_sub", "-p", broker.port, "-q", 2, "-t", "wills", "-C", 1, "-F", "%q %p")
                broker.wait_for_log("subscribed ", known + 1)
                dying = self.start(build("blocking", "3c"), f"tcp://localhost:{broker.port}", version, "mortal", "mortal")
                self.assertEqual(dying.stdout.readline(), b"alive\n")
                dying.send_signal(signal.SIGKILL)
                self.assertEqual(self.finish(witness), "2 gone\n")


class Asynchronous(foreign.TlsStory):
    def talk(self, broker, version, qos, library="3a", scheme="tcp", tls=()):
        """Paho keeps up to 100 messages in flight, whatever the broker's Receive Maximum says."""
        return foreign.run(build("asynchronous", library), f"{scheme}://localhost:{broker.port}", version, qos, COUNT, *tls)

    def check(self, said):
        self.assertEqual(said, "".join(f"{n}\n" for n in range(COUNT)))

    def test_many_in_flight_keep_their_order(self):
        for version, qos in itertools.product((4, 5), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                broker = self.open_broker("max_inflight_messages 100\n" if (version, qos) == (5, 2) else "")
                self.check(self.talk(broker, version, qos))

    def test_many_in_flight_keep_their_order_under_tls(self):
        for version, qos in itertools.product((4, 5), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                more = "max_inflight_messages 100" if (version, qos) == (5, 2) else ""
                broker = self.broker(self.pki.listener(more=more))
                self.check(self.talk(broker, version, qos, "3as", "ssl", (self.pki.ca_crt,)))


if __name__ == "__main__":
    unittest.main()
