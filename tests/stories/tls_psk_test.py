"""Pre-shared keys as devices use them, and what is wrong with the files of TLS."""
import socket
import unittest

import foreign
from mqtt_raw import connect
from tls_case import KEY, OTHER, TlsCase


class PreSharedKeys(TlsCase):
    VERSIONS = (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3"))

    def test_a_key_is_a_user(self):
        broker = self.psk_broker("use_identity_as_username true\n")
        for option, version in self.VERSIONS:
            said = self.s_client(broker, "-psk", KEY, "-psk_identity", "pump", option, stdin=connect(f"of{option}", version=4))
            self.assertRegex(said, rf"{version}, Cipher is (ECDHE-PSK-|TLS_AES_128_GCM_SHA256)")
            broker.wait_for_log(f"client=of{option} user=pump")
            self.assertRegex(broker.log(), rf"client=of{option} user=pump .* tls={version}")
        for tool in ("wax", "mosquitto"):
            self.pub(broker, "--psk", KEY, "--psk-identity", "pump", "-i", tool, "-u", "somebody", tool=tool)
            self.assertIn(f"client={tool} user=pump", broker.log())

    def test_a_cipher_with_forward_secrecy_comes_first(self):
        broker = self.psk_broker("allow_anonymous true\n")
        for offered, chosen in (("PSK-AES128-GCM-SHA256:DHE-PSK-AES128-GCM-SHA256", "DHE-PSK-AES128-GCM-SHA256"),
                                ("PSK-AES128-CCM8", "PSK-AES128-CCM8"), ("PSK-AES256-CBC-SHA", "PSK-AES256-CBC-SHA")):
            said = self.s_client(broker, "-psk", KEY, "-psk_identity", "pump", "-tls1_2", "-cipher", offered)
            self.assertIn(f"Cipher is {chosen}\n", said)
        said = self.s_client(broker, "-psk", KEY, "-psk_identity", "pump", "-tls1_2", "-cipher", "PSK-NULL-SHA256:@SECLEVEL=0")
        self.assertIn("handshake failure", said)

    def test_without_that_option_a_user_still_logs_in(self):
        foreign.run("mosquitto_passwd", "-b", "-c", self.home / "passwd", "anna", "secret")
        broker = self.psk_broker("password_file {home}/passwd\n")
        key = ("--psk", KEY, "--psk-identity", "pump")
        self.pub(broker, *key, code=5)
        self.pub(broker, *key, "-u", "anna", "-P", "wrong", code=(4, 5))
        self.pub(broker, *key, "-u", "anna", "-P", "secret")
        self.assertIn("user=anna", broker.log())

    def test_who_has_no_key_is_told_why(self):
        broker = self.psk_broker("allow_anonymous true\n")
        self.assertIn("the server has another pre-shared key",
                      self.pub(broker, "--psk", OTHER, "--psk-identity", "pump", code=8))
        broker.wait_for_log("reason=the client's pre-shared key is not the one in psk_file")
        self.assertIn("does not know our pre-shared key", self.pub(broker, "--psk", KEY, "--psk-identity", "valve", code=8))
        broker.wait_for_log("the identity 'valve', which is not in psk_file")
        self.pub(broker, "--cafile", self.pki.ca_crt, code=8)
        self.assertNotIn("client_connected", broker.log())
        self.assertNotIn(KEY, broker.log())

    def test_a_listener_with_certificate_and_keys(self):
        self.psk(f"pump:{KEY}")
        broker = self.broker(self.pki.listener(more="psk_hint x\npsk_file {home}/psk\nuse_identity_as_username true\n"
                                               f"cafile {self.pki.ca_crt}\nrequire_certificate true"))
        self.pub(broker, "--psk", KEY, "--psk-identity", "pump", "-i", "by-key")
        self.pub(broker, *self.pki.client("alice"), "-i", "by-certificate", "-h", "localhost")
        self.assertIn("client=by-key user=pump", broker.log())
        self.assertIn("client=by-certificate user=alice", broker.log())
        self.pub(broker, "--cafile", self.pki.ca_crt, "-h", "localhost", code=8)
        broker.wait_for_log("the client sent no certificate")
        said = self.pub(broker, "--psk", KEY, "--psk-identity", "valve", code=8)
        self.assertIn("does not know our pre-shared key 'valve'", said)
        # To name a key is not to have it: with a cipher of another hash it is not used at all.
        self.s_client(broker, "-psk", OTHER, "-psk_identity", "pump", "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384",
                      stdin=connect("thief", version=4))
        self.assertNotIn("client=thief", broker.log())

    def test_keys_come_and_go(self):
        broker = self.psk_broker("use_identity_as_username true\n")
        self.pub(broker, "--psk", KEY, "--psk-identity", "pump")
        self.psk(f"pump:{OTHER}", f"valve:{KEY}")
        broker.wait_for_log(" reloaded")
        self.pub(broker, "--psk", KEY, "--psk-identity", "pump", code=8)
        self.pub(broker, "--psk", OTHER, "--psk-identity", "pump")
        self.pub(broker, "--psk", KEY, "--psk-identity", "valve")
        self.psk(f"pump:{OTHER}", "valve")
        broker.wait_for_log("psk:2: there is no ':' between an identity and its key")
        broker.wait_for_log("reload_failed")
        self.pub(broker, "--psk", KEY, "--psk-identity", "valve")

    def test_our_client_and_debians_broker(self):
        port = foreign.free_port()
        self.psk(f"pump:{KEY}")
        config = self.write("m.conf", f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npsk_hint x\n"
                            f"psk_file {self.home}/psk\n")
        self.start("mosquitto", "-c", config)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        foreign.wait_until(listens, "mosquitto")
        at = ("-h", "127.0.0.1", "-p", port, "--psk", KEY, "--psk-identity", "pump")
        foreign.run(foreign.WAX, "pub", *at, "-t", "a", "-m", "hello", "-r", "-q", 1)
        self.assertEqual(foreign.run(foreign.WAX, "sub", *at, "-t", "a", "-C", 1), "hello\n")
        said = foreign.run(foreign.WAX, "pub", *at, "-t", "a", "-m", "x", "--psk", OTHER, code=8)
        self.assertIn("the server has another pre-shared key for our identity", said)

    def test_the_doctor_knows_of_keys(self):
        broker = self.psk_broker("use_identity_as_username true\n")
        at = ("-h", "127.0.0.1", "-p", broker.port, "--psk-identity", "pump")
        said = foreign.run(foreign.WAX, "doctor", *at, "--psk", KEY)
        self.assertRegex(said, r"ok +key +the broker has the same one")
        self.assertNotIn("certificate  is", said)
        self.assertIn("another pre-shared key", foreign.run(foreign.WAX, "doctor", *at, "--psk", OTHER, code=None))

    def test_options_of_the_tools_that_do_not_fit(self):
        for words, text in ((["--psk", KEY], "belong together"), (["--psk-identity", "a"], "belong together"),
                            (["--psk", "0g", "--psk-identity", "a"], "hexadecimal"),
                            (["--psk", KEY, "--psk-identity", "a", "--cafile", "x"], "leave --cafile")):
            said = foreign.run(foreign.WAX, "pub", "-t", "a", "-m", "m", *words, code=1)
            self.assertIn(text, said)
            self.assertNotIn(KEY, said)


class WhatIsWrong(TlsCase):
    """--test-config finds it before anybody else does."""

    ROWS = (
        ("a key that is no hexadecimal", "pump:xy" + KEY, "", "psk:1: error: the key holds something other"),
        ("a short key", "pump:0011", "", "psk:1: error: the key is shorter than 16 bytes"),
        ("an odd key", f"pump:{KEY}0", "", "psk:1: error: the key has an odd number"),
        ("no colon", f"# a\npump {KEY}", "", "psk:2: error: there is no ':'"),
        ("an identity twice", f"a:{KEY}\nb:{KEY}\na:{OTHER}", "", "psk:3: error: the identity is there twice: delete the line "
                                                                  "that is not meant (see line 1)"),
        ("no key at all", "# none", "", "psk: warning: there is no key in this file"),
        ("a short key that is allowed", "pump:0011", "psk_allow_short true", "warning: short keys can be guessed"),
        ("a key of another certificate", "", "certfile {crt}\nkeyfile {alice}", "does not belong to certfile"),
        ("a list that is none", "", "certfile {crt}\nkeyfile {key}\ncafile {ca}\ncrlfile {crt}", "holds no revocation list"),
        ("a list of a stranger", "", "certfile {crt}\nkeyfile {key}\ncafile {stranger}\ncrlfile {crl}",
         "is not of a CA in cafile"),
        ("a name's file that is none", "", "certfile {crt}\nkeyfile {key}\nsni_certificate a.example {key} {key}",
         "holds no certificate; it holds a private key"),
        ("a name's file that is not there", "", "certfile {crt}\nkeyfile {key}\nsni_certificate a.example /none {key}",
         "sni_certificate: cannot read /none: No such file"),
        ("a key of another name", "", "certfile {crt}\nkeyfile {key}\nsni_certificate a.example {crt} {alice}",
         "does not belong to certfile"),
        ("a weak cipher", "", "certfile {crt}\nkeyfile {key}\nciphers ECDHE-RSA-NULL-SHA:@SECLEVEL=0", "is too weak"),
        ("a certificate alone", "", "certfile {crt}", "certfile needs its private key"),
        ("authorities alone", "", "cafile {ca}", "so it would speak plain"),
        ("a list alone", "", "crlfile {crl}", "so it would speak plain"),
        ("a demand alone", "", "require_certificate true", "so it would speak plain"),
        ("a version alone", "", "tls_version tlsv1.3", "so it would speak plain"),
        ("a size alone", "", "tls_record_size_max 1024", "so it would speak plain"),
    )

    def test_it_is_said(self):
        names = {"crt": self.pki.server_crt, "key": self.pki.server_key, "ca": self.pki.ca_crt, "alice": self.pki.alice_key,
                 "stranger": self.pki.stranger_crt, "crl": self.pki.folder / "crl.pem"}
        for name, keys, lines, words in self.ROWS:
            with self.subTest(name):
                text = "user root\nlistener 18883 127.0.0.1\nallow_anonymous true\n" + lines.format(**names) + "\n"
                if keys:
                    text += f"psk_hint x\npsk_file {self.psk(*keys.splitlines())}\n"
                said = foreign.run(foreign.WAX, "broker", "--test-config", "-c", self.write("wax.conf", text),
                                   code=0 if "warning" in words else 1)
                self.assertIn(words, said)


if __name__ == "__main__":
    unittest.main()
