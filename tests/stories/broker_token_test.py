"""Tokens as passwords: which are taken, which are not, and when they end."""
import json
import pathlib
import subprocess
import tempfile
import time
import unittest

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from passwords import line
from running import WAX, BrokerCase
from tokens import Key, b64

DENIED, BAD_LOGIN, TIME_OVER = 0x87, 0x86, 0xA0
KEYS = [Key("ed", "EdDSA"), Key("ec", "ES256"), Key("rsa", "RS256")]
ED, EC, RSA = KEYS
FILES = {f"{key.name}.pem": key.pem() for key in KEYS}
CONFIG = ("".join(f"jwt_key {key.name} {key.algorithm} {{folder}}/{key.name}.pem\n" for key in KEYS)
          + "jwt_issuer maker\njwt_audience house\njwt_leeway 5\n")
LISTENER = "listener {port} 127.0.0.1\n"


class TokenCase(BrokerCase):
    CONFIG = CONFIG + "password_file {folder}/passwords\nacl_file {folder}/rules\n" + LISTENER
    FILES = {**FILES, "passwords": line("pat", "p") + line("ann", "pw"), "rules": "pattern readwrite own/%u/#\n"}

    def refused(self, token, word, user=None):
        """The log says why; the client does not learn it."""
        count = self.broker.log().count(f"reason={word}")
        self.client(password=token, user=user, reason=BAD_LOGIN)
        self.broker.wait_for_log(f"reason={word}", count + 1)


class Taken(TokenCase):
    def test_every_algorithm(self):
        for key in KEYS:
            with self.subTest(key.algorithm):
                client = self.client(password=key.token())
                self.assertEqual(client.publish("own/ann/x", b"x", 1), 0)
                self.assertEqual(client.publish("own/bob/x", b"x", 1), DENIED)

    def test_the_name_beside_it_is_the_subject(self):
        self.client(user="ann", password=ED.token()).ping()
        self.client(user="", password=ED.token()).ping()
        self.client(version=4, user="ann", password=ED.token()).ping()
        self.refused(ED.token(), "token_not_for_this", "bob")
        self.refused(ED.token(), "token_not_for_this", "ann" + "n" * 2000)

    def test_audiences(self):
        self.client(password=ED.token(aud=["other", "house"])).ping()
        for aud in ("other", ["other"], None, [], 1, {"house": 1}):
            with self.subTest(aud=aud):
                self.refused(ED.token(aud=aud), "token_not_for_this")

    def test_issuers(self):
        for iss in ("other", None, ["maker"]):
            with self.subTest(iss=iss):
                self.refused(ED.token(iss=iss), "token_not_for_this")

    def test_times(self):
        now = int(time.time())
        self.client(password=ED.token(nbf=now - 10)).ping()
        self.client(password=ED.token(exp=now + 1000.5)).ping()
        self.client(password=ED.token(exp=10**14)).ping()
        self.refused(ED.token(exp=now - 100), "token_expired")
        self.refused(ED.token(exp=0), "token_expired")
        self.refused(ED.token(nbf=now + 600), "token_not_yet_valid")

    def test_passwords_go_on(self):
        self.client(user="pat", password="p").ping()
        self.client(user="pat", password="eyJ", reason=BAD_LOGIN)
        self.client(user="pat", password="a.b.c", reason=BAD_LOGIN)

    def test_sessions_are_the_subjects(self):
        one = self.durable("device", password=ED.token())
        one.subscribe(("own/ann/#", 1))
        one.disconnect()
        self.client("device", clean=False, password=ED.token(sub="bob"), reason=DENIED)
        self.client("device", clean=True, user="pat", password="p", reason=DENIED)
        self.client(user="ann", password="pw").publish("own/ann/x", b"kept", 1)
        again = self.durable("device", password=EC.token())
        self.assertEqual((again.connack.session_present, again.message().payload), (1, b"kept"))
        again.disconnect()
        self.assertEqual(self.durable("device", user="ann", password="pw").connack.session_present, 1)

    def test_the_will_has_the_subjects_rights(self):
        watcher = self.client(user="ann", password="pw")
        watcher.subscribe("own/ann/#")
        for topic, sub in (("own/ann/forbidden", "bob"), ("own/ann/will", "ann")):
            client = self.client(password=ED.token(sub=sub), will={"topic": topic, "payload": sub})
            client.close()
        self.assertEqual(watcher.message().topic, "own/ann/will")

    def test_names_that_would_reach_further(self):
        for sub in ("+", "a/b", "#"):
            self.client(password=ED.token(sub=sub), reason=0x85)


class Refused(TokenCase):
    def test_who_made_it_is_not_who_says_so(self):
        """Algorithms that are not the key's; signatures that are not the token's."""
        head, body, signature = ED.token().split(".")
        other = Key("ed", "EdDSA")
        none = b64(json.dumps({"alg": "none", "kid": "ed"}).encode())
        rows = {
            "HS256 with the public key": ED.shared(ED.pem()),
            "HS256 with RSA's public key": RSA.shared(RSA.pem()),
            "none": f"{none}.{body}.",
            "none with a signature": f"{none}.{body}.{signature}",
            "None": b64(b'{"alg":"None","kid":"ed"}') + f".{body}.",
            "no signature": f"{head}.{body}.",
            "another's signature": other.token(),
            "another key's name": ED.token({"kid": "ec"}),
            "another key's name and algorithm": ED.token({"kid": "ec", "alg": "ES256"}),
            "a key nobody knows": ED.token({"kid": "x"}),
            "no key named": ED.token({"kid": None}),
            "a key that is a number": ED.token({"kid": 1}),
            "no algorithm": ED.token({"alg": None}),
            "a list of algorithms": ED.token({"alg": ["EdDSA"]}),
            "another subject": f"{head}.{b64(json.dumps({'sub': 'root', 'exp': 10**10}).encode())}.{signature}",
            "an extension that must be understood": ED.token({"crit": ["x"], "x": 1}),
            "ES256 with DER": ".".join((EC.token().rsplit(".", 1)[0], b64(b"\x30\x44\x02\x20" + b"\1" * 66))),
            "ES256 of zeros": ".".join((EC.token().rsplit(".", 1)[0], b64(bytes(64)))),
        }
        for name, token in rows.items():
            with self.subTest(name):
                self.refused(token, "bad_token")

    def test_what_is_no_token(self):
        head, body, signature = ED.token().split(".")
        good = '{"alg":"EdDSA","kid":"ed"}'
        far = 10**10
        rows = {
            "bits left over in base64": f"{head}.{body}.{signature[:-1]}" + chr(ord(signature[-1]) + 1),
            "padding": f"{head}.{body}.{signature}==",
            "the other alphabet": f"{head}.{body}.+/{signature[2:]}",
            "a blank": f"{head}.{body}.{signature} ",
            "four parts": f"{head}.{body}.{signature}.{signature}",
            "two names alike": ED.sealed('{"alg":"EdDSA","kid":"x","kid":"ed"}', f'{{"sub":"ann","exp":{far}}}'),
            "two claims alike": ED.sealed(good, f'{{"sub":"bob","sub":"ann","aud":"house","iss":"maker","exp":{far}}}'),
            "something behind": ED.sealed(good, f'{{"sub":"ann","aud":"house","iss":"maker","exp":{far}}} x'),
            "a list": ED.sealed(good, "[1]"),
            "no JSON": ED.sealed(good, "sub=ann"),
            "not UTF-8": ED.sealed(good, '{"sub":"\\ud800"}'),
            "a name that ends early": ED.sealed(good, f'{{"sub":"ann\\u0000x","aud":"house","iss":"maker","exp":{far}}}'),
            "deep": ED.sealed(good, "[" * 4000),
            "no end": ED.token(exp=None),
            "an end that is a text": ED.token(exp="4102444800"),
            "an end below zero": ED.token(exp=-1),
            "an end beyond all": ED.sealed(good, '{"sub":"ann","aud":"house","iss":"maker","exp":1e300}'),
            "a start that is a text": ED.token(nbf="0"),
            "no subject": ED.token(sub=None),
            "an empty subject": ED.token(sub=""),
            "a subject that is a number": ED.token(sub=1),
            "a subject too long": ED.token(sub="a" * 1024),
            "a token too long": ED.token(more="x" * 8192),
        }
        for name, token in rows.items():
            with self.subTest(name):
                self.refused(token, "bad_token")


class Ending(BrokerCase):
    CONFIG = f"jwt_key ed EdDSA {{folder}}/ed.pem\njwt_leeway 0\n" + LISTENER
    FILES = FILES

    def test_the_connection_ends_with_its_token(self):
        before = time.time()
        end = int(before) + 3
        client, other, old = (self.client(version=version, user="ann", password=ED.token(exp=exp))
                              for version, exp in ((5, end), (5, end + 3600), (4, end)))
        self.assertEqual(client.end(30).reason, TIME_OVER)
        self.assertGreaterEqual(time.time(), end - 1)
        self.assertIsNone(old.end(30))
        other.ping()

    def test_one_key_needs_no_name(self):
        self.client(password=ED.token({"kid": None})).ping()

    def test_a_key_that_is_taken_away(self):
        client = self.client(password=ED.token())
        new = Key("ed", "EdDSA")
        self.broker.write("ed.pem", new.pem())
        self.broker.reload()
        self.assertEqual(client.end().reason, DENIED)
        self.client(password=ED.token(), reason=BAD_LOGIN)
        fresh = self.client(password=new.token())
        self.broker.reload()
        fresh.ping()
        self.broker.write("ed.pem", ED.pem())
        self.broker.reload()

    def test_without_a_password_nobody_comes_in(self):
        self.client(reason=DENIED)
        self.client(user="ann", password="x", reason=DENIED)


class Wrong(unittest.TestCase):
    def test_keys_that_are_none(self):
        small = Key("k", "RS256", rsa.generate_private_key(65537, 1024))
        p384 = Key("k", "ES256", ec.generate_private_key(ec.SECP384R1()))
        rows = {
            "k HS256 {folder}/k.pem": (ED.pem(), "EdDSA, ES256 or RS256"),
            "k none {folder}/k.pem": (ED.pem(), "EdDSA, ES256 or RS256"),
            "k EdDSA": (ED.pem(), "NAME ALGORITHM FILE"),
            "k ES256 {folder}/k.pem": (ED.pem(), "P-256"),
            "k RS256 {folder}/k.pem": (small.pem(), "2048"),
            "k EdDSA {folder}/k.pem": (ED.private_pem(), "public key"),
            "k EdDSA {folder}/none.pem": (ED.pem(), "none.pem"),
            "k EdDSA {folder}/k.pem\njwt_key k EdDSA {folder}/k.pem": (ED.pem(), "already"),
            "k  ES256  {folder}/k.pem": (p384.pem(), "P-256"),
        }
        for value, (pem, words) in rows.items():
            with self.subTest(value):
                with tempfile.TemporaryDirectory() as folder:
                    path = pathlib.Path(folder, "wax.conf")
                    pathlib.Path(folder, "k.pem").write_text(pem)
                    path.write_text(f"jwt_key {value.format(folder=folder)}\nlistener 1 127.0.0.1\n")
                    done = subprocess.run([WAX, "broker", "-c", path, "--test-config"], capture_output=True, text=True)
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, f"error: jwt_key k.*{words}")


if __name__ == "__main__":
    unittest.main()
