"""Nobody takes another identity's session: every pair of identities, on listeners that ask different people for a name."""
import collections
import os
import ssl
import unittest

import foreign
from dynsec_test import acl, house, role, user
from mqtt_raw import CONNACK, Client, connect
from passwords import line
from tls_case import KEY, TlsCase

DENIED = 0x87
Identity = collections.namedtuple("Identity", "name port user certificate same_as", defaults=(None, None, None))

# Those who are called alice are seven: a claim, passwords of two files, a house of dynamic security, the common name of a
# certificate of either authority, and a key shared beforehand.
IDENTITIES = [
    Identity("nobody", 0),
    Identity("nobody elsewhere", 1, same_as="nobody"),
    Identity("one who says alice", 0, "alice"),
    Identity("alice of the first file", 2, "alice"),
    Identity("bob of the first file", 2, "bob"),
    Identity("alice of the first file at another listener", 3, "alice", same_as="alice of the first file"),
    Identity("alice of the second file", 4, "alice"),
    Identity("alice of dynamic security", 5, "alice"),
    Identity("alice of the authority", 6, None, "alice"),
    Identity("alice of the authority at another listener", 7, None, "alice", "alice of the authority"),
    Identity("alice of another authority", 8, None, "alike"),
    Identity("alice's whole subject", 9, None, "alice"),
]
PSK_PORT = 10
LISTENERS = """
listener {port} 127.0.0.1
allow_anonymous true
listener {port2} 127.0.0.1
allow_anonymous true
listener {port3} 127.0.0.1
password_file {home}/first
listener {port4} 127.0.0.1
password_file {home}/first
listener {port5} 127.0.0.1
password_file {home}/second
listener {port6} 127.0.0.1
dynamic_security_file {home}/house.json
listener {port7} 127.0.0.1
TLS
cafile PKI/ca.crt
use_identity_as_username true
listener {port8} 127.0.0.1
TLS
cafile PKI/ca.crt
use_identity_as_username true
listener {port9} 127.0.0.1
TLS
cafile PKI/stranger.crt
use_identity_as_username true
listener {port10} 127.0.0.1
TLS
cafile PKI/ca.crt
use_subject_as_username true
listener {port11} 127.0.0.1
psk_hint x
psk_file {home}/psk
use_identity_as_username true
"""


class Sessions(TlsCase):
    OWNER = "strict"

    def setUp(self):
        super().setUp()
        # Another authority's certificate with the same common name.
        folder = self.pki.folder
        if "alike" not in self.pki.certificates:
            kept = {kind: (folder / f"alice.{kind}").read_bytes() for kind in ("crt", "key")}
            self.pki.make("alice", by="stranger")
            for kind, content in kept.items():
                os.replace(folder / f"alice.{kind}", folder / f"alike.{kind}")
                (folder / f"alice.{kind}").write_bytes(content)
            self.pki.certificates["alike"] = None
        self.psk(f"alice:{KEY}")
        for name, users in (("first", ("alice", "bob")), ("second", ("alice",))):
            self.write(name, "".join(line(each, name) for each in users)).chmod(0o600)
        everything = role("everything", acl("publishClientSend", "#"), acl("publishClientReceive", "#"), acl("subscribePattern", "#"))
        self.write("house.json", house([user("alice", "everything")], [everything],
                                       defaultACLAccess={"publishClientSend": True, "publishClientReceive": True,
                                                         "subscribe": True, "unsubscribe": True})).chmod(0o600)
        tls = f"certfile {folder}/server.crt\nkeyfile {folder}/server.key\nrequire_certificate true"
        config = LISTENERS.replace("TLS", tls).replace("PKI", str(folder))
        ports = [foreign.free_port() for _ in range(PSK_PORT + 1)]
        self.served = self.broker(f"user root\nper_listener_settings true\nsession_owner {self.OWNER}\nlog_type all\n" + config, ports)

    def come(self, identity, client_id, clean, props=()):
        """A client whose CONNACK has come."""
        client = Client(self.served.ports[identity.port])
        self.addCleanup(client.close)
        if identity.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.load_cert_chain(self.pki.folder / f"{identity.certificate}.crt", self.pki.folder / f"{identity.certificate}.key")
            client.socket = context.wrap_socket(client.socket)
        password = {2: "first", 3: "first", 4: "second", 5: "p"}.get(identity.port)
        client.send(connect(client_id, clean=clean, user=identity.user, password=password, props=props))
        client.connack = client.expect(CONNACK)
        return client

    def stay(self, identity, client_id):
        return self.come(identity, client_id, False, {"session_expiry": 600})

    def make(self, identity, client_id):
        """A session with a subscription, whose client is gone, and a message in its queue."""
        maker = self.stay(identity, client_id)
        self.assertEqual(maker.connack.reason, 0, identity.name)
        maker.subscribe((f"for/{client_id}", 1))
        return maker

    def send_to(self, client_id):
        sender = self.come(IDENTITIES[0], "sender", True)
        self.assertEqual(sender.publish(f"for/{client_id}", b"mine", 1), 0)
        sender.disconnect()


class Strict(Sessions):
    @staticmethod
    def are_one(one, other):
        return (one.same_as or one.name) == (other.same_as or other.name)

    def test_every_pair(self):
        """Neither while its client is there nor when it is gone, neither to go on with it nor to end it."""
        for number, maker in enumerate(IDENTITIES):
            client_id = f"device{number}"
            here = self.make(maker, client_id)
            for is_here in (True, False):
                if is_here:
                    here.ping()
                else:
                    here.disconnect()
                    self.send_to(client_id)
                for taker in IDENTITIES:
                    for clean in (False, True):
                        if not self.are_one(maker, taker):
                            with self.subTest(maker=maker.name, taker=taker.name, clean=clean, is_here=is_here):
                                self.assertEqual(self.come(taker, client_id, clean).connack.reason, DENIED)
                with self.subTest(maker=maker.name, taker="alice of the key"):
                    self.assertIn("not authorised", self.by_key(client_id).lower().replace("authorized", "authorised"))
            back = self.stay(maker, client_id)
            self.assertEqual((back.connack.session_present, back.message().payload), (1, b"mine"), maker.name)
            back.disconnect()

    def by_key(self, client_id):
        return foreign.run("mosquitto_sub", "-h", "127.0.0.1", "-p", self.served.ports[PSK_PORT], "--psk", KEY, "--psk-identity",
                           "alice", "-i", client_id, "-V", "5", "-c", "-x", 60, "-t", "x", "-E", code=None)

    def test_a_key_keeps_its_own(self):
        self.assertEqual(self.by_key("pump"), "")
        for taker in IDENTITIES:
            with self.subTest(taker=taker.name):
                self.assertEqual(self.come(taker, "pump", False).connack.reason, DENIED)
        self.assertEqual(self.by_key("pump"), "")

    def test_one_identity_at_two_listeners(self):
        """The same name, and the same file or authority that vouches for it."""
        by_name = {each.name: each for each in IDENTITIES}
        for number, taker in enumerate(each for each in IDENTITIES if each.same_as):
            for maker, other in ((by_name[taker.same_as], taker), (taker, by_name[taker.same_as])):
                with self.subTest(maker=maker.name, taker=other.name):
                    client_id = f"shared{number}{maker.port}"
                    self.make(maker, client_id).disconnect()
                    self.send_to(client_id)
                    back = self.stay(other, client_id)
                    self.assertEqual((back.connack.session_present, back.message().payload), (1, b"mine"))
                    back.disconnect()


class Anybody(Sessions):
    """Mosquitto's way: the client id is enough."""

    OWNER = "any"

    def test_whoever_knows_the_client_id(self):
        for number, taker in enumerate(IDENTITIES):
            self.make(IDENTITIES[3], f"device{number}").disconnect()
            self.assertEqual(self.stay(taker, f"device{number}").connack.session_present, 1, taker.name)




if __name__ == "__main__":
    unittest.main()
