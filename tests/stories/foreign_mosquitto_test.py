"""Debian's mosquitto_pub, mosquitto_sub and mosquitto_rr as clients of the broker."""
import itertools
import signal
import unittest

import foreign

VERSIONS = ("mqttv31", "mqttv311", "mqttv5")
# The code depends on whether the client reads the alert or writes to a closed socket first; 0 it never is.
REFUSED = (1, 7, 8)


class Clients(foreign.Story):
    """Shorthands for the three commands; the broker's log tells when a subscription stands."""

    secrets = ()

    def publish(self, broker, topic, *words, code=0, **more):
        return foreign.run("mosquitto_pub", "-p", broker.port, "-t", topic, *self.secrets, *words, code=code, **more)

    def subscribe(self, broker, *words):
        """Starts a subscriber and waits until the broker has its subscription."""
        known = broker.log().count("subscribed ")
        process = self.start("mosquitto_sub", "-p", broker.port, *self.secrets, *words)
        broker.wait_for_log("subscribed ", known + 1)
        return process

    def open_broker(self, more=""):
        return super().open_broker("log_type all\n" + more)


class Messages(Clients):
    def test_every_version_and_qos_arrives(self):
        broker = self.open_broker()
        for version, qos in itertools.product(VERSIONS, "012"):
            with self.subTest(version=version, qos=qos):
                subscriber = self.subscribe(broker, "-V", version, "-q", qos, "-t", "room/+", "-C", 2, "-F", "%t %q %p")
                self.publish(broker, "room/a", "-V", version, "-q", qos, "-m", "one")
                self.publish(broker, "room/b", "-V", version, "-q", qos, "-m", "two")
                self.assertEqual(self.finish(subscriber), f"room/a {qos} one\nroom/b {qos} two\n")

    def test_versions_and_qos_meet_at_the_lower_qos(self):
        broker = self.open_broker()
        for (sent, got), version in itertools.product(itertools.product("012", repeat=2), ("mqttv311", "mqttv5")):
            with self.subTest(sent=sent, got=got, version=version):
                other = "mqttv5" if version == "mqttv311" else "mqttv31"
                subscriber = self.subscribe(broker, "-V", other, "-q", got, "-t", "#", "-C", 1, "-F", "%q")
                self.publish(broker, "x", "-V", version, "-q", sent, "-m", "m")
                self.assertEqual(self.finish(subscriber), min(sent, got) + "\n")

    def test_a_retained_message_waits_and_goes(self):
        broker = self.open_broker()
        for version in VERSIONS:
            with self.subTest(version=version):
                self.publish(broker, "kept/a", "-V", version, "-q", 1, "-r", "-m", "first")
                self.publish(broker, "kept/a", "-V", version, "-q", 1, "-r", "-m", "last")
                words = ("-p", broker.port, "-V", version, "-t", "kept/#")
                said = foreign.run("mosquitto_sub", *words, "-C", 1, "-F", "%t %r %p")
                self.assertEqual(said, "kept/a 1 last\n")
                self.publish(broker, "kept/a", "-V", version, "-q", 1, "-r", "-n")
                self.assertEqual(foreign.run("mosquitto_sub", *words, "-W", 1, code=27), "Timed out\n")

    def test_ten_megabytes_pass_whole(self):
        broker = self.open_broker("max_packet_size 20000000\n")
        body = bytes(range(256)) * 40960
        path = self.home / "large"
        path.write_bytes(body)
        for version, qos in (("mqttv311", 0), ("mqttv311", 2), ("mqttv5", 1)):
            with self.subTest(version=version, qos=qos):
                subscriber = self.subscribe(broker, "-V", version, "-q", qos, "-t", "large", "-C", 1, "-N")
                self.publish(broker, "large", "-V", version, "-q", qos, "-f", path)
                got = subscriber.communicate(timeout=60)[0]
                self.assertEqual(len(got), len(body))
                self.assertTrue(got == body, "the payload has changed")

    def test_what_is_larger_than_allowed_is_refused_in_words(self):
        broker = self.open_broker("max_packet_size 2000\n")
        path = self.write("large", "x" * 3000)
        self.publish(broker, "large", "-V", "mqttv311", "-q", 1, "-f", path, code=None)
        broker.wait_for_log("too large")
        # A client of version 5 is told the limit, and this one does not even try.
        self.publish(broker, "large", "-V", "mqttv5", "-q", 1, "-f", path)
        self.assertEqual(broker.log().count("too large"), 1)

    def test_lines_of_a_pipe_keep_their_order(self):
        broker = self.open_broker("max_queued_messages 0\n")
        lines = "".join(f"{n}\n" for n in range(2000))
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                subscriber = self.subscribe(broker, "-q", qos, "-t", "lines", "-C", 2000)
                self.publish(broker, "lines", "-q", qos, "-l", input=lines.encode())
                self.assertEqual(self.finish(subscriber), lines)

    def test_properties_of_five_arrive(self):
        broker = self.open_broker()
        subscriber = self.subscribe(broker, "-V", 5, "-t", "p", "-C", 1, "-F", "%C|%R|%D|%F|%P|%S")
        self.publish(broker, "p", "-V", 5, "-m", "{}", *(
            word for name, *values in (("content-type", "application/json"), ("response-topic", "answer"),
                                       ("correlation-data", "c1"), ("payload-format-indicator", "1"),
                                       ("user-property", "a", "1"))
            for word in ("-D", "publish", name, *values)))
        self.assertEqual(self.finish(subscriber), "application/json|answer|c1|1|a:1|\n")


class Sessions(Clients):
    def test_a_will_is_published_when_its_client_is_killed(self):
        broker = self.open_broker()
        for version, qos in itertools.product(VERSIONS, "012"):
            with self.subTest(version=version, qos=qos):
                witness = self.subscribe(broker, "-q", 2, "-t", "wills", "-C", 1, "-F", "%q %p")
                dying = self.subscribe(broker, "-V", version, "-t", "quiet", "--will-topic", "wills", "--will-qos", qos,
                                       "--will-payload", "gone")
                dying.send_signal(signal.SIGKILL)
                self.assertEqual(self.finish(witness), f"{qos} gone\n")

    def test_a_will_is_dropped_when_its_client_says_goodbye(self):
        broker = self.open_broker()
        for version in VERSIONS:
            witness = self.subscribe(broker, "-t", "wills", "-C", 1, "-F", "%p")
            leaving = self.subscribe(broker, "-V", version, "-t", "quiet", "-C", 1, "--will-topic", "wills",
                                     "--will-payload", "gone")
            self.publish(broker, "quiet", "-m", "go")
            self.finish(leaving)
            self.publish(broker, "wills", "-m", "nobody died")
            self.assertEqual(self.finish(witness), "nobody died\n")

    def test_a_goodbye_of_five_can_ask_for_the_will(self):
        broker = self.open_broker()
        witness = self.subscribe(broker, "-t", "wills", "-C", 1, "-F", "%p")
        leaving = self.subscribe(broker, "-V", 5, "-t", "quiet", "--will-topic", "wills", "--will-payload", "gone")
        leaving.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(witness), "gone\n")

    def test_a_retained_will_stays(self):
        broker = self.open_broker()
        witness = self.subscribe(broker, "-t", "wills", "-C", 1, "-F", "%p")
        dying = self.subscribe(broker, "-t", "quiet", "--will-topic", "wills", "--will-retain", "--will-payload", "gone")
        dying.send_signal(signal.SIGKILL)
        self.assertEqual(self.finish(witness), "gone\n")
        self.assertEqual(foreign.run("mosquitto_sub", "-p", broker.port, "-t", "wills", "-C", 1, "-F", "%r %p"), "1 gone\n")

    def test_a_durable_session_gets_what_it_missed(self):
        broker = self.open_broker()
        for version in VERSIONS:
            with self.subTest(version=version):
                expiry = ("-x", "3600") if version == "mqttv5" else ()
                words = ("-p", broker.port, "-V", version, "-i", f"durable-{version}", "-c", "-q", 2, "-t", "missed", *expiry)
                foreign.run("mosquitto_sub", *words, "-E")
                for n in range(30):
                    self.publish(broker, "missed", "-q", n % 3, "-m", n)
                said = foreign.run("mosquitto_sub", *words, "-C", 20, "-F", "%q %p")
                # A client hands out a QoS 2 message when it is released: each QoS has an order of its own.
                for qos in (1, 2):
                    got = [line for line in said.splitlines() if line.startswith(str(qos))]
                    self.assertEqual(got, [f"{qos} {n}" for n in range(qos, 30, 3)])

    def test_a_clean_session_ends_the_durable_one(self):
        broker = self.open_broker()
        words = ("-p", broker.port, "-i", "once", "-q", 1, "-t", "missed")
        foreign.run("mosquitto_sub", *words, "-c", "-E")
        self.publish(broker, "missed", "-q", 1, "-m", "lost")
        foreign.run("mosquitto_sub", *words, "-E")
        foreign.run("mosquitto_sub", *words, "-c", "-E")
        self.assertEqual(foreign.run("mosquitto_sub", *words, "-c", "-W", 1, code=27), "Timed out\n")

    def test_a_second_client_of_the_same_id_takes_over(self):
        broker = self.open_broker()
        first = self.subscribe(broker, "-V", 5, "-i", "same", "-t", "a", "-C", 1)
        second = self.subscribe(broker, "-V", 5, "-i", "same", "-t", "b", "-C", 1)
        broker.wait_for_log("client_disconnected client=same")
        first.kill()
        self.publish(broker, "b", "-m", "here")
        self.assertEqual(self.finish(second), "here\n")

    def test_shared_subscribers_share(self):
        broker = self.open_broker()
        for version in ("mqttv311", "mqttv5"):
            with self.subTest(version=version):
                workers = [self.subscribe(broker, "-V", version, "-q", 1, "-t", "$share/group/jobs", "-W", 3) for _ in range(3)]
                whole = self.subscribe(broker, "-q", 1, "-t", "jobs", "-C", 60)
                jobs = [f"job-{n}" for n in range(60)]
                self.publish(broker, "jobs", "-q", 1, "-l", input="\n".join(jobs).encode())
                self.assertEqual(self.finish(whole).split(), jobs)
                shares = [self.finish(worker, 27).replace("Timed out", "").split() for worker in workers]
                self.assertEqual(sorted(itertools.chain(*shares)), sorted(jobs))
                self.assertTrue(all(shares), f"somebody got nothing: {[len(share) for share in shares]}")

    def test_a_request_gets_its_answer(self):
        broker = self.open_broker()
        for version in ("mqttv311", "mqttv5"):
            with self.subTest(version=version):
                server = self.subscribe(broker, "-V", version, "-t", "question", "-C", 1, "-F", "%R %p")
                asking = self.start("mosquitto_rr", "-p", broker.port, "-V", version, "-t", "question", "-e", "answer",
                                    "-m", "what?", "-W", 20)
                self.assertEqual(self.finish(server).split(), (["answer"] if version == "mqttv5" else []) + ["what?"])
                self.publish(broker, "answer", "-m", "that.")
                self.assertEqual(self.finish(asking), "that.\n")


LOADS = ["messages/received", "messages/sent", "publish/received", "publish/sent", "bytes/received", "bytes/sent",
         "publish/dropped", "sockets", "connections"]
MONITORED = {f"$SYS/broker/{name}" for name in [
    "version", "uptime", "clients/total", "clients/maximum", "clients/connected", "clients/disconnected",
    "clients/expired", "clients/active", "clients/inactive", "bytes/received", "bytes/sent", "messages/received",
    "messages/sent", "messages/stored", "publish/messages/received", "publish/messages/sent",
    "publish/messages/dropped", "publish/bytes/received", "publish/bytes/sent", "store/messages/count",
    "store/messages/bytes", "retained messages/count", "subscriptions/count", "shared_subscriptions/count",
    "heap/current", "heap/maximum",
    *(f"load/{what}/{minutes}min" for what in LOADS for minutes in (1, 5, 15))]}


class Access(Clients):
    def protected(self, more=""):
        passwords = self.home / "passwords"
        for user in ("alice", "bob"):
            foreign.run("mosquitto_passwd", "-b", *(() if passwords.exists() else ("-c",)), passwords, user, f"{user}'s")
        self.write("rules", "topic read $SYS/#\nuser alice\ntopic readwrite #\ntopic read $SYS/#\n"
                            "user bob\ntopic read open/#\npattern write of/%u/#\n".replace("topic read $SYS/#\n", "", 1))
        return self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous false\nsys_interval 1\nlog_type all\n"
                           "password_file {home}/passwords\nacl_file {home}/rules\n" + more)

    def test_what_monitors_read_is_retained(self):
        broker = self.protected()
        alice = ("-p", broker.port, "-u", "alice", "-P", "alice's")
        foreign.run("mosquitto_pub", *alice, "-t", "a", "-q", 1, "-m", "m")

        def missing():
            said = foreign.run("mosquitto_sub", *alice, "-t", "$SYS/#", "--retained-only", "-W", 1, "-F", "%r %t", code=(0, 27))
            return MONITORED - {line[2:] for line in said.splitlines() if line.startswith("1 ")}

        foreign.wait_until(lambda: not missing(), f"$SYS topics; missing are {sorted(missing())}", 8)
        value = foreign.run("mosquitto_sub", *alice, "-t", "$SYS/broker/publish/messages/received", "-C", 1)
        self.assertGreaterEqual(int(value), 1)
        self.assertRegex(foreign.run("mosquitto_sub", *alice, "-t", "$SYS/broker/uptime", "-C", 1), r"^\d+ seconds\n$")

    def test_who_has_no_right_does_not_read_sys(self):
        broker = self.protected()
        foreign.run("mosquitto_sub", "-p", broker.port, "-u", "bob", "-P", "bob's", "-t", "$SYS/#", "-W", 2, code=(0, 27))

    def test_wrong_passwords_are_refused_with_the_right_code(self):
        broker = self.protected()
        refused = 0
        # version, what 3.1.1 and 5 answer: "not authorized" or "bad user name or password"
        for version, codes in (("mqttv31", (4, 5)), ("mqttv311", (4, 5)), ("mqttv5", (134, 135))):
            for words in (("-u", "alice", "-P", "wrong"), ("-u", "nobody", "-P", "x"), ("-u", "alice"), ()):
                with self.subTest(version=version, words=words):
                    self.publish(broker, "a", "-V", version, *words, "-m", "m", code=codes)
                    refused += 1
                    broker.wait_for_log("auth_failed", refused)
        self.assertIn("user=nobody", broker.log())
        self.assertNotIn("wrong", broker.log())

    def test_rules_hold_for_reading_and_writing(self):
        broker = self.protected()
        bob = ("-u", "bob", "-P", "bob's")
        self.secrets = ("-u", "alice", "-P", "alice's")
        witness = self.subscribe(broker, "-t", "#", "-q", 1, "-C", 2, "-F", "%t")
        self.secrets = bob
        self.publish(broker, "open/x", "-q", 1, "-m", "m")
        said = self.publish(broker, "open/x", "-q", 1, "-V", 5, "-m", "m", code=None)
        self.assertIn("Not authorized", said)
        self.publish(broker, "of/alice/x", "-q", 1, "-m", "m")
        self.publish(broker, "of/bob/x", "-q", 1, "-m", "m")
        self.publish(broker, "of/bob/y", "-q", 1, "-m", "m")
        self.assertEqual(self.finish(witness), "of/bob/x\nof/bob/y\n")
        said = foreign.run("mosquitto_sub", "-p", broker.port, *bob, "-V", 5, "-t", "closed/#", "-W", 1, code=None)
        self.assertIn("denied", said)


class Tls(foreign.TlsStory):
    def publish(self, broker, *words, code=0, host="localhost", newest="1.3"):
        """Publishes with a client whose OpenSSL knows no version of TLS above `newest`."""
        limits = self.write(f"openssl-{newest}.conf", "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\n"
                            f"system_default = limits\n[limits]\nMaxProtocol = TLSv{newest}\n")
        return foreign.run("mosquitto_pub", "-h", host, "-p", broker.port, "-t", "t", "-q", 1, "-m", "m", *words, code=code,
                           env={**foreign.environment(), "OPENSSL_CONF": str(limits)})

    def test_both_versions_of_tls_carry_every_version_of_mqtt(self):
        broker = self.broker(self.pki.listener())
        for tls, version in itertools.product(("1.2", "1.3"), VERSIONS):
            with self.subTest(tls=tls, version=version):
                known = broker.log().count(f"tls=TLSv{tls}")
                self.publish(broker, "--cafile", self.pki.ca_crt, "-V", version, newest=tls)
                broker.wait_for_log(f"tls=TLSv{tls}", known + 1)

    def test_an_old_version_of_tls_is_refused_in_words(self):
        broker = self.broker(self.pki.listener(more="tls_version tlsv1.3"))
        self.publish(broker, "--cafile", self.pki.ca_crt, code=REFUSED, newest="1.2")
        broker.wait_for_log("the peer offers only versions of TLS that are too old here")
        self.publish(broker, "--cafile", self.pki.ca_crt)

    def test_large_messages_pass_through_tls(self):
        broker = self.broker(self.pki.listener(more="max_packet_size 20000000\nlog_type all"))
        body = bytes(range(256)) * 40960
        path = self.home / "large"
        path.write_bytes(body)
        words = ("-h", "localhost", "-p", broker.port, "--cafile", self.pki.ca_crt, "-t", "large", "-q", 1)
        subscriber = self.start("mosquitto_sub", *words, "-C", 1, "-N")
        broker.wait_for_log("subscribed ")
        foreign.run("mosquitto_pub", *words, "-f", path)
        self.assertTrue(subscriber.communicate(timeout=60)[0] == body, "the payload has changed")

    def test_what_a_client_cannot_trust_the_log_explains(self):
        ca, stranger = self.pki.ca_crt, self.pki.stranger_crt
        rows = (
            # the server's certificate, what the client trusts, its exit code, what the log says
            ("server", stranger, "the peer rejected our certificate: unknown ca"),
            ("expired", ca, "the peer rejected our certificate: certificate expired"),
            ("elsewhere", ca, "the peer re"),
        )
        for server, trusted, reason in rows:
            for version in ("1.2", "1.3"):
                with self.subTest(server=server, version=version):
                    broker = self.broker(self.pki.listener(server))
                    self.publish(broker, "--cafile", trusted, newest=version, code=REFUSED)
                    broker.wait_for_log(reason)
                    broker.stop()

    def test_a_name_that_differs_passes_only_when_told(self):
        broker = self.broker(self.pki.listener("elsewhere"))
        self.publish(broker, "--cafile", self.pki.ca_crt, "--insecure")

    def test_an_address_in_the_certificate_is_a_name(self):
        broker = self.broker(self.pki.listener())
        self.publish(broker, "--cafile", self.pki.ca_crt, host="127.0.0.1")

    def test_plain_mqtt_at_a_tls_port_is_refused_in_words(self):
        broker = self.broker(self.pki.listener())
        self.publish(broker, code=REFUSED)
        broker.wait_for_log("the peer does not speak TLS")

    def test_a_client_without_a_good_certificate_is_refused_in_words(self):
        broker = self.mutual(f"crlfile {self.pki.folder}/crl.pem")
        self.publish(broker, *self.pki.client("alice"))
        rows = (
            (self.pki.client("revoked"), "the client's certificate was revoked by CA"),
            (self.pki.client("past"), "the client's certificate expired on"),
            (self.pki.client("foreigner"), "which is not in cafile"),
            (("--cafile", self.pki.ca_crt), "the client sent no certificate, and this listener requires one"),
        )
        for version in ("1.2", "1.3"):
            for words, reason in rows:
                with self.subTest(version=version, reason=reason):
                    known = broker.log().count(reason)
                    self.publish(broker, *words, newest=version, code=REFUSED)
                    broker.wait_for_log(reason, known + 1)

    def test_a_revocation_counts_after_a_reload(self):
        empty = self.home / "crl.pem"
        empty.write_bytes((self.pki.folder / "empty.pem").read_bytes())
        broker = self.mutual(f"crlfile {empty}")
        self.publish(broker, *self.pki.client("revoked"))
        empty.write_bytes((self.pki.folder / "crl.pem").read_bytes())
        broker.reload()
        self.publish(broker, *self.pki.client("revoked"), code=REFUSED)
        broker.wait_for_log("was revoked by CA")

    def test_the_certificate_names_the_user(self):
        rows = (
            ("use_identity_as_username true", "alice", "alice"),
            ("use_subject_as_username true", "CN=alice,O=Stories", "CN=alice,O=Stories"),
        )
        for option, user, shown in rows:
            with self.subTest(option=option):
                self.write("rules", f"user {user}\ntopic readwrite mine/#\n")
                broker = self.mutual(f"{option}\nacl_file {self.home}/rules\n")
                words = ("-h", "localhost", "-p", broker.port, "-V", 5, "-q", 1, "-m", "m", *self.pki.client("alice"))
                foreign.run("mosquitto_pub", *words, "-t", "mine/x")
                broker.wait_for_log(f"user={shown} ")
                self.assertIn("Not authorized", foreign.run("mosquitto_pub", *words, "-t", "yours/x", code=None))
                broker.stop()


if __name__ == "__main__":
    unittest.main()
