"""What a course's page on securing MQTT tells its readers to type, with nothing changed but paths and ports."""
import select
import time
import unittest

import foreign

SETTINGS = """\
listener 1884
allow_anonymous true
cafile /etc/mosquitto/ca_certificates/ca.crt
keyfile /etc/mosquitto/ca_certificates/server.key
certfile /etc/mosquitto/ca_certificates/server.crt
tls_version tlsv1.2
"""

# The prompts are answered by -subj, and the passphrase of `-des3` by -passout and -passin.
CERTIFICATES = """\
openssl genrsa -des3 -out ca.key -passout pass:seal 2048
openssl req -new -x509 -days 1826 -key ca.key -out ca.crt -passin pass:seal -subj /C=RO/O=IoT/CN=IoT-CA
openssl genrsa -out server.key 2048
openssl req -new -out server.csr -key server.key -subj /C=RO/O=IoT/CN=localhost
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 360 -passin pass:seal
"""

MESSAGE = "This is a message"


class Course(foreign.Story):
    def setUp(self):
        super().setUp()
        self.folder = self.home / "ca_certificates"

    def certify(self):
        self.folder.mkdir()
        for line in CERTIFICATES.splitlines():
            foreign.run(*line.split(), cwd=self.folder)

    def secured(self):
        """`mosquitto -c tls_security.conf` with wax in its place."""
        port = foreign.free_port()
        text = SETTINGS.replace("1884", str(port)).replace("/etc/mosquitto/ca_certificates", str(self.folder))
        path = self.write("conf.d/tls_security.conf", text)
        return self.keep(foreign.Broker(self.home, None, [port], ["-c", path]))

    def keep(self, broker):
        self.addCleanup(broker.stop)
        return broker

    def exchange(self, port, *words, clients=("mosquitto_sub", "mosquitto_pub")):
        """The page's two commands, in two terminals."""
        subscribe, publish = clients
        subscriber = self.start(*subscribe.split(), "-p", port, "-t", "TEST_TOPIC", *words)
        # A reader takes a moment between the terminals, too; the second command runs until the first has heard it.
        for _ in range(100):
            foreign.run(*publish.split(), "-m", MESSAGE, "-p", port, "-t", "TEST_TOPIC", *words)
            time.sleep(0.05)
            if subscriber.poll() is not None or select.select([subscriber.stdout], [], [], 0)[0]:
                break
        subscriber.terminate()
        said = subscriber.communicate(timeout=foreign.PATIENCE_S)[0].decode()
        self.assertTrue(said.startswith(f"{MESSAGE}\n"), said)

    def test_the_first_exchange(self):
        port = foreign.free_port()
        self.keep(foreign.Broker(self.home, None, [port], ["-p", port]))
        self.exchange(port)

    def test_the_first_exchange_with_our_own_clients(self):
        port = foreign.free_port()
        self.keep(foreign.Broker(self.home, None, [port], ["-p", port]))
        self.exchange(port, clients=(f"{foreign.WAX} sub", f"{foreign.WAX} pub"))

    def test_the_pages_certificates_and_settings(self):
        self.certify()
        broker = self.secured()
        self.assertNotRegex(broker.log(), r"\berror\b")
        self.assertIn("tls=yes", broker.log())
        self.exchange(broker.port, "-h", "localhost", "--cafile", self.folder / "ca.crt")
        broker.stop()
        self.assertIn("tls=TLSv1.3", broker.log())

    def test_the_log_says_that_the_certificate_has_only_a_common_name(self):
        self.certify()
        broker = self.secured()
        self.assertIn("our certificate has no SAN", broker.log())
        self.assertNotIn(" :0:", broker.log())

    def test_the_pages_tls_with_our_own_clients(self):
        self.certify()
        broker = self.secured()
        self.exchange(broker.port, "-h", "localhost", "--cafile", self.folder / "ca.crt",
                      clients=(f"{foreign.WAX} sub", f"{foreign.WAX} pub"))

    def test_a_client_without_the_ca_does_not_talk(self):
        self.certify()
        broker = self.secured()
        foreign.run("mosquitto_pub", "-m", MESSAGE, "-p", broker.port, "-t", "TEST_TOPIC", code=(1, 7, 8))
        broker.wait_for_log("the peer does not speak TLS")

    def test_several_brokers_at_once(self):
        """`mosquitto -p port_number -c /etc/mosquitto/conf.d/example.conf`, more than once."""
        example = self.write("conf.d/example.conf", "allow_anonymous true\n")
        ports = [foreign.free_port() for _ in range(3)]
        for port in ports:
            self.keep(foreign.Broker(self.home, None, [port], ["-p", port, "-c", example]))
        for port in ports:
            self.exchange(port)

    def test_a_second_broker_on_the_same_port_says_so(self):
        port = foreign.free_port()
        self.keep(foreign.Broker(self.home, None, [port], ["-p", port]))
        said = foreign.run(foreign.WAX, "broker", "-p", port, code=1)
        self.assertRegex(said, rf"cannot listen on .*{port}.*; end the program that has it")

    def test_a_port_beside_listeners_of_a_file_is_said_to_have_no_effect(self):
        """So it is with mosquitto, which says nothing."""
        self.certify()
        tls_port, port = foreign.free_port(), foreign.free_port()
        text = SETTINGS.replace("1884", str(tls_port)).replace("/etc/mosquitto/ca_certificates", str(self.folder))
        path = self.write("tls_security.conf", text)
        broker = self.keep(foreign.Broker(self.home, None, [tls_port], ["-p", port, "-c", path]))
        self.assertIn(f"-p {port} has no effect: the configuration file writes its own listeners", broker.log())
        self.exchange(tls_port, "-h", "localhost", "--cafile", self.folder / "ca.crt")

    def test_passwords_of_level_one(self):
        """Level 1 of the page: a user name and a password that the broker knows by its hash."""
        passwords = self.home / "passwords"
        foreign.run("mosquitto_passwd", "-b", "-c", passwords, "sensor", "secret")
        broker = self.broker("listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {home}/passwords\nuser root\n")
        self.exchange(broker.port, "-u", "sensor", "-P", "secret")
        foreign.run("mosquitto_pub", "-m", MESSAGE, "-p", broker.port, "-t", "TEST_TOPIC", "-u", "sensor", "-P", "guess",
                    code=(4, 5))


if __name__ == "__main__":
    unittest.main()
