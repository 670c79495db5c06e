"""A reload with something broken changes nothing, and says which line of which file has to be mended.

The same of a start: the broker does not start, and says the same."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from running import WAX, Broker, BrokerCase

CONFIG = """watch_files false
control_socket {folder}/control
listener {port} 127.0.0.1
listener {port2} 127.0.0.1
certfile {folder}/server.crt
keyfile {folder}/server.key
cafile {folder}/ca.crt
crlfile {folder}/crl.pem
sni_certificate other.example {folder}/other.crt {folder}/other.key
listener {port3} 127.0.0.1
psk_hint hint
password_file {folder}/passwords
acl_file {folder}/acl
psk_file {folder}/keys
include_dir {folder}/parts
"""

HEAD = 4  # lines that Broker.head() puts above

KEY = "00112233445566778899aabbccddeeff"


def line_of(words):
    """The number that the line with these words has in wax.conf."""
    return HEAD + 1 + [words in line for line in CONFIG.splitlines()].index(True)


def config(old, new):
    """A change of wax.conf."""
    return lambda folder: folder.edit("wax.conf", old, new)


def file(name, text):
    return lambda folder: folder.write(name, text)


def gone(name):
    return lambda folder: os.unlink(folder.path(name))


def copied(name, into):
    return lambda folder: shutil.copy(folder.path(name), folder.path(into))


def locked(name, into):
    return lambda folder: subprocess.run(
        ["openssl", "pkey", "-in", folder.path(name), "-aes256", "-passout", "pass:secret", "-out", folder.path(into)],
        check=True, capture_output=True)


# What is broken; how; where the message is: a line of wax.conf or FILE:LINE; all of the message.
ROWS = (
    ("an option that is none", config("psk_hint", "psk_hnit"), line_of("psk_hint"),
     'unknown option "psk_hnit"; did you mean "psk_hint"?'),
    ("a value that is none", config("watch_files false", "watch_files maybe"), line_of("watch_files"),
     'watch_files is "maybe"; it must be true or false, in small letters'),
    ("a number out of range", config("watch_files false", "max_keepalive 70000"), line_of("watch_files"),
     "max_keepalive is 70000; it must be 0 to 65535 seconds"),
    ("options that do not fit", config("keyfile", "#keyfile"), line_of("certfile"),
     "certfile needs its private key; add `keyfile FILE`"),
    ("a line of a part", file("parts/10.conf", "max_keepalive 60\nmax_inflight_message 3\n"), "parts/10.conf:2",
     'unknown option "max_inflight_message"; did you mean "max_inflight_messages"?'),
    ("a password file that is gone", gone("passwords"), line_of("password_file"),
     "password_file: cannot read {folder}/passwords: No such file or directory; correct the path or make the file"),
    ("a line of the password file", file("passwords", "# users\nann:no hash\n"), "passwords:2",
     "the password hash is none of $argon2id$, $7$, $6$ and SCRAM-SHA-256$, is damaged, or costs more than is allowed: set the password "
     "again with 'wax passwd'; if the file holds plain passwords, hash them with 'wax passwd -U'"),
    ("rules that are gone", gone("acl"), line_of("acl_file"),
     "acl_file: cannot read {folder}/acl: No such file or directory; correct the path or make the file"),
    ("a line of the rules", file("acl", "user ann\ntopic reed #\n"), "acl:2",
     "the access word is none of read, write, readwrite and deny; for a filter with a blank in it, write one of them first"),
    ("a line of the pre-shared keys", file("keys", f"one:{KEY}\ntwo:xyz\n"), "keys:2",
     "the key holds something other than the digits 0-9 and a-f: it is written in hexadecimal"),
    ("a certificate that is gone", gone("server.crt"), line_of("certfile"),
     "certfile: cannot read {folder}/server.crt: No such file or directory; correct the path or make the file"),
    ("a certificate cut short", file("server.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n"), line_of("certfile"),
     "the certificate in {folder}/server.crt is damaged, perhaps cut short; copy or make it anew"),
    ("a key in the place of a certificate", copied("server.key", "server.crt"), line_of("certfile"),
     "{folder}/server.crt holds no certificate; it holds a private key; name the file of the certificate instead"),
    ("a key under a passphrase", locked("other.key", "server.key"), line_of("keyfile"),
     "the key in {folder}/server.key is under a passphrase; name a file that holds it, or take it off with `openssl pkey "
     "-in {folder}/server.key -out FILE`"),
    ("a key of another certificate", copied("other.key", "server.key"), line_of("keyfile"),
     "keyfile {folder}/server.key does not belong to certfile {folder}/server.crt; the first certificate in certfile "
     "must be our own, made for this key"),
    ("a key of another certificate, for one name", copied("server.key", "other.key"), line_of("sni_certificate"),
     "keyfile {folder}/other.key does not belong to certfile {folder}/other.crt; the first certificate in certfile "
     "must be our own, made for this key"),
    ("authorities that are none", file("ca.crt", "hello\n"), line_of("cafile"),
     "{folder}/ca.crt holds no certificate; it holds no PEM (text between -----BEGIN and -----END lines); name the file of "
     "the certificate instead"),
    ("a revocation list that is none", file("crl.pem", "hello\n"), line_of("crlfile"),
     "crlfile {folder}/crl.pem holds no revocation list in PEM form; `wax pki ca` and `wax pki revoke` write crl.pem"),
    ("ciphers that are none", config("psk_hint", "ciphers NONE-SUCH\npsk_hint"), line_of("psk_hint"),
     "ciphers: OpenSSL knows none of 'NONE-SUCH'; `openssl ciphers -v` lists those it knows"),
    ("a port that somebody has", config("include_dir", "listener {taken} 127.0.0.1\ninclude_dir"), line_of("include_dir"),
     "cannot listen on 127.0.0.1 port {taken} (IPv4): Address already in use; end the program that has it (`ss -ltnp` "
     "shows which), or choose another"),
    ("an address that is not ours", config("include_dir", "listener {taken} 192.0.2.1\ninclude_dir"), line_of("include_dir"),
     "cannot listen on 192.0.2.1 port {taken} (IPv4): Cannot assign requested address"),
    ("the file itself gone", gone("wax.conf"), "wax.conf", "cannot open this file: No such file or directory"),
)


class Folder:
    """The files of the broker, which are broken and mended again."""

    def __init__(self, path, taken):
        self.home, self.taken, self.kept = path, taken, tempfile.mkdtemp(prefix="wax-kept-")

    def path(self, name):
        return os.path.join(self.home, name)

    def keep(self):
        """Remembers the files as they are now."""
        shutil.copytree(self.home, self.kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("control", "stderr"))

    def mend(self):
        for part in os.listdir(self.path("parts")):
            os.unlink(self.path(f"parts/{part}"))
        shutil.copytree(self.kept, self.home, dirs_exist_ok=True)

    def write(self, name, text):
        with open(self.path(name), "w") as out:
            out.write(text)
        os.chmod(self.path(name), 0o600)

    def edit(self, name, old, new):
        with open(self.path(name)) as source:
            text = source.read()
        assert text.count(f"\n{old}") == 1, old
        self.write(name, text.replace(f"\n{old}", "\n" + new.replace("{taken}", str(self.taken))))


def make(folder):
    """Certificates, users, rules and keys."""
    def wax(*words):
        subprocess.run([WAX, *words], cwd=folder, check=True, capture_output=True)

    wax("pki", "ca", "--dir", ".")
    wax("pki", "server", "--dir", ".", "--name", "server", "localhost")
    wax("pki", "server", "--dir", ".", "--name", "other", "other.example")
    wax("pki", "client", "--dir", ".", "lost")
    wax("pki", "revoke", "--dir", ".", "lost")
    wax("passwd", "-c", "-b", "--compat", "2.0", "passwords", "ann", "right")
    os.mkdir(os.path.join(folder, "parts"))
    for name, text in (("acl", "user ann\ntopic mine/#\n"), ("keys", f"one:{KEY}\n")):
        with open(os.path.join(folder, name), "w") as out:
            out.write(text)
        os.chmod(os.path.join(folder, name), 0o600)


class Prepared(Broker):
    """A broker whose files are made before it starts."""

    def write(self, name, content):
        if name == "wax.conf":
            make(self.folder)
        super().write(name, content)


class Broken(BrokerCase):
    CONFIG = CONFIG

    @classmethod
    def setUpClass(cls):
        cls.taken = socket.socket()
        cls.taken.bind(("127.0.0.1", 0))
        cls.taken.listen()
        cls.broker = Prepared(cls.CONFIG)
        cls.folder = Folder(cls.broker.folder, cls.taken.getsockname()[1])
        cls.folder.keep()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.taken.close()
        shutil.rmtree(cls.folder.kept)

    def certificate(self):
        """What the broker shows to who comes by TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.broker.port2), 30) as plain:
            with context.wrap_socket(plain) as peer:
                return peer.getpeercert(binary_form=True)

    def place(self, where):
        return f"{self.folder.home}/" + (f"wax.conf:{where}" if isinstance(where, int) else where)

    def check_message(self, said, where, text):
        """One mistake, one message, in these words."""
        self.assertEqual(len(said), 1, said)
        self.assertTrue(said[0].startswith(self.place(where) + ": "), said[0])
        self.assertEqual(said[0][len(self.place(where)) + 2:], text.format(folder=self.folder.home, taken=self.folder.taken))

    def check_unchanged(self, there, certificate):
        """Who is there stays, strangers stay out, users come in, TLS shows what it showed."""
        there.publish("mine/t", b"goes on", 1)
        self.assertEqual(there.message().payload, b"goes on")
        self.client(reason=0x87)
        again = self.client(user="ann", password=b"right")
        self.assertEqual(again.subscribe("yours/#").reasons, b"\x87")
        again.close()
        self.assertEqual(self.certificate(), certificate)

    def break_and_reload(self, row, there, certificate):
        _, harm, where, text = row
        before = len(self.broker.log())
        harm(self.folder)
        self.broker.reload("reload_failed")
        said = re.findall(r"^\S+ error config (.*)", self.broker.log()[before:], re.M)
        self.check_message(said, where, text)
        self.check_unchanged(there, certificate)

    def test_a_reload_changes_nothing_and_says_which_line(self):
        there, certificate = self.client("there", user="ann", password=b"right"), self.certificate()
        there.subscribe("mine/#")
        for row in ROWS:
            with self.subTest(row[0]):
                try:
                    self.break_and_reload(row, there, certificate)
                finally:
                    self.folder.mend()
        self.broker.reload()
        self.check_unchanged(there, certificate)

    def run_wax(self, *words):
        """Runs a tool on what is broken, and mends it."""
        done = subprocess.run([WAX, *words], capture_output=True, text=True)
        self.folder.mend()
        return done

    def test_the_answer_to_wax_ctl_is_the_same(self):
        for row in ROWS[:1] + ROWS[-3:]:
            with self.subTest(row[0]):
                row[1](self.folder)
                done = self.run_wax("ctl", "--socket", self.folder.path("control"), "reload")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(self.place(row[2]), done.stdout + done.stderr)

    def test_the_config_can_be_tested_beforehand(self):
        """All but ports, which the running broker has."""
        for row in (each for each in ROWS if "listen" not in (each[3]) and each[2] != "wax.conf"):
            with self.subTest(row[0]):
                row[1](self.folder)
                done = self.run_wax("broker", "-c", self.folder.path("wax.conf"), "--test-config")
                self.assertEqual(done.returncode, 1)
                said = [each.replace(": error: ", ": ", 1) for each in done.stderr.splitlines() if ": error: " in each]
                self.check_message(said, row[2], row[3])


if __name__ == "__main__":
    unittest.main()
