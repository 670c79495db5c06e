"""Orders to a running wax authority, from other accounts and from other hosts: who may what, and who is not let in."""
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import tempfile
import unittest

from foreign import Pki
from house import House, until
from peers import WAX, Story, free_port, run, start, wax

ROLES = """# who may what
viewer   cn   alice
operator san  ops.example.org
admin    spki {boss}
viewer   cn   past
viewer   cn   foreigner
viewer   cn   revoked
viewer   user 4001
admin    user 4004
operator user 4002
"""


class Admin(Story):
    @classmethod
    def prepare(cls):
        folder = tempfile.mkdtemp(prefix="wax-pki-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.pki = Pki(folder)
        cls.pki.make("ops", names=["ops.example.org"])
        cls.pki.make("boss")
        cls.pki.make("unknown")

    def digest(self, name):
        """As the manual says that it is computed."""
        key = run("openssl", "x509", "-in", self.pki.folder / f"{name}.crt", "-pubkey", "-noout").out
        der = run("openssl", "pkey", "-pubin", "-outform", "DER", text=False, given=key.encode()).out
        return run("openssl", "dgst", "-sha256", "-r", text=False, given=der).out.decode().split()[0]

    def start(self, *words):
        """An authority without a broker, which it goes on looking for."""
        self.house = House(self, self._testMethodName, free_port())
        self.house.found()
        self.roles = self.house.folder / "roles"
        self.roles.write_text(ROLES.format(boss=self.digest("boss")))
        self.house.log = open(self.house.home / "log", "ab")
        self.house.process = start(WAX, "authority", self.house.folder, "-p", self.house.port, "-d", *words,
                                   stdout=self.house.log, stderr=self.house.log)
        self.addCleanup(self.house.end)
        until((self.house.folder / "socket").exists, self.house.said)
        return self.house

    def listen(self, *words, server="server"):
        folder, self.port = self.pki.folder, free_port()
        house = self.start("--admin-listen", f"127.0.0.1:{self.port}", "--admin-cert", folder / f"{server}.crt", "--admin-key",
                           folder / f"{server}.key", "--admin-cafile", folder / "ca.crt", *words)
        until(self.answers, house.said)
        return house

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, name, *words, code=0, ca="ca", host="127.0.0.1"):
        folder = self.pki.folder
        return wax("keys", "--authority", f"tls://{host}:{self.port}", "--cert", folder / f"{name}.crt", "--key",
                   folder / f"{name}.key", "--cafile", folder / f"{ca}.crt", *words, code=code, cwd=self.house.home)

    def audit(self):
        return self.house.keys("audit").out


class ByTls(Admin):
    def test_each_role_may_what_is_its(self):
        house = self.listen()
        self.assertIn("group home made", self.ask("boss", "group", "add", "home", "-f", "home/#").out)
        self.ask("ops", "enrol", "lamp", "--psk")
        self.assertEqual((house.home / "lamp.keys").stat().st_mode & 0o777, 0o600)
        self.assertIn("psk ", (house.home / "lamp.keys").read_text())
        self.ask("ops", "grant", "lamp", "home", "both")
        self.assertIn("device lamp", self.ask("alice", "status").out)
        for words in (("enrol", "x", "--psk"), ("grant", "lamp", "home", "read"), ("evict", "lamp"), ("resend",), ("acl",),
                      ("group", "add", "more", "-f", "a"), ("recover",), ("export", "copy")):
            self.assertIn("is for the role", self.ask("alice", *words, code=1).err)
        self.assertFalse((house.home / "x.keys").exists())
        for words in (("group", "add", "more", "-f", "a"), ("recover",), ("export", "copy")):
            self.assertIn("is for the role admin, and you are operator", self.ask("ops", *words, code=1).err)
        self.assertIn("not done over the network", self.ask("boss", "export", "copy", code=1).err)
        self.assertFalse(list(house.home.rglob("copy")))
        self.assertIn("where its folder is", self.ask("boss", "init", code=1).err)
        house.keys("rotate", "home", "--now")
        log = self.audit()
        boss = self.digest("boss")
        self.assertRegex(log, rf"spki:{boss}: group home as=admin ")
        self.assertRegex(log, r"san:ops\.example\.org: enrol lamp as=operator ")
        self.assertRegex(log, r"san:ops\.example\.org: grant lamp as=operator ")
        self.assertRegex(log, r": create as=admin")
        self.assertRegex(log, r": rotate home as=admin ")
        self.assertEqual(self.ask("alice", "audit").out, log)
        self.assertNotIn("x", re.findall(r"enrol (\S+)", log))
        said = house.said()
        self.assertIn("san:ops.example.org as operator: enrol lamp", said)
        self.assertIn("cn:alice as viewer: enrol refused", said)
        for line in (house.home / "lamp.keys").read_text().splitlines():
            if line.startswith("psk "):
                self.assertNotIn(line.split()[1], said)

    def test_who_has_no_role_is_refused_whatever_it_asks(self):
        house = self.listen()
        for words in (("status",), ("public",), ("evict", "lamp"), ("enrol", "lamp", "--psk"), ("export", "copy")):
            said = self.ask("unknown", *words, code=1).err
            self.assertIn("you have no role here", said)
            self.assertIn(self.digest("unknown"), said)
        self.assertIn("not let in: you have no role here", house.said())
        self.roles.write_text(f"viewer spki {self.digest('unknown')}\n")  # counts at once
        self.assertIn("registrar", self.ask("unknown", "public").out)
        self.roles.chmod(0o666)
        self.assertIn("the file of roles is broken", self.ask("unknown", "public", code=1).err)
        self.assertIn("anybody may write to it; say chmod o-w", house.said())
        self.roles.chmod(0o644)
        self.ask("unknown", "public")
        self.assertIn("you have no role", self.ask("alice", "public", code=1).err)
        self.roles.write_text("viewer cn unknown\nking cn boss\n")
        self.assertIn("the file of roles is broken", self.ask("unknown", "public", code=1).err)
        self.assertIn("line 2: it begins with viewer, operator or admin", house.said())

    def test_certificates_that_do_not_hold(self):
        self.pki.write_crl("now.pem", "revoked")
        house = self.listen("--admin-crlfile", self.pki.folder / "now.pem")
        self.assertIn("registrar", self.ask("alice", "public").out)
        for name, words, logged in (("past", "certificate expired", "expired on"),
                                    ("foreigner", "unknown ca", "which is not in cafile"),
                                    ("revoked", "certificate revoked", "was revoked")):
            said = self.ask(name, "public", code=1)
            self.assertIn("the authority refuses the connection", said.err)
            self.assertIn(words, said.err.lower())
            self.assertNotIn("registrar", said.out)
            until(lambda: logged in house.said(), house.said)
        self.assertIn("add --cert FILE", wax("keys", "--authority", f"tls://127.0.0.1:{self.port}", "status", code=1).err)
        without = run("openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_3", "-ign_eof", "-CAfile",
                      self.pki.ca_crt, given='{"words":["public"],"content":""}\n', code=None)
        self.assertIn("certificate required", (without.out + without.err).lower())
        self.assertNotIn("registrar", without.out)
        old = run("openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_2", *self.s_client("alice"), code=None,
                  given="")
        self.assertIn("protocol version", (old.out + old.err).lower())
        self.assertIn("registrar", self.ask("alice", "public").out)

    def s_client(self, name):
        folder = self.pki.folder
        return ["-cert", folder / f"{name}.crt", "-key", folder / f"{name}.key", "-CAfile", folder / "ca.crt"]

    def test_a_server_that_is_another_is_not_asked(self):
        self.listen(server="elsewhere")
        self.assertIn("elsewhere.example", self.ask("boss", "group", "add", "home", "-f", "a", code=1).err)
        self.assertIn("refuses the connection", self.ask("boss", "status", ca="stranger", code=1).err)
        self.assertNotIn("group", self.audit())

    def connect(self, name="alice"):
        context = ssl.create_default_context(cafile=str(self.pki.ca_crt))
        context.load_cert_chain(self.pki.folder / f"{name}.crt", self.pki.folder / f"{name}.key")
        peer = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=60), server_hostname="127.0.0.1")
        self.addCleanup(peer.close)
        return peer

    @staticmethod
    def rest(peer):
        got = b""
        try:
            while piece := peer.recv(65536):
                got += piece
        except OSError:  # what was sent beyond the limit is not read: the system resets the connection
            pass
        return got

    def test_what_is_no_order_is_told_and_changes_nothing(self):
        house = self.listen()
        for text in (b"\n", b"{}\n", b"GET / HTTP/1.1\n", b'{"words":[],"content":""}\n', b'{"words":[1],"content":""}\n',
                     b'{"words":["status"],"content":"0"}\n', b'{"words":"status","content":""}\n',
                     b'{"words":[' + b'"a",' * 300 + b'"a"],"content":""}\n', b"[" * 5000 + b"\n"):
            peer = self.connect()
            peer.sendall(text)
            self.assertEqual(json.loads(self.rest(peer))["fault"], "the order is broken", text)
        peer = self.connect()
        peer.sendall(b'{"words":["--man"],"content":""}\n')
        self.assertIn("not for a running authority", json.loads(self.rest(peer))["fault"])
        peer = self.connect()
        peer.sendall(b'{"words":["statu"],"content":""}\n')
        self.assertIn("did you mean", json.loads(self.rest(peer))["fault"])
        peer = self.connect()
        peer.sendall(json.dumps({"words": ["a" + 20 * "\u00e9"], "content": ""}).encode() + b"\n")
        self.assertIn("there is no `a\u00e9", json.loads(self.rest(peer))["fault"])  # cut within a character
        peer = self.connect()
        peer.sendall(b"x" * (2 * 1048576 + 65536 + 1))
        self.assertIn("an order has at most", json.loads(self.rest(peer))["fault"])
        self.assertIn("registrar", self.ask("alice", "public").out)
        self.assertEqual(len(self.audit().splitlines()), 3)
        self.assertIn("the log is whole: 1 entries", self.audit())

    def test_nobody_writes_lines_of_the_log(self):
        house = self.listen()
        for name, words, code in (("alice", ("group", "show"), 1), ("boss", ("rule", "show"), 1), ("ops", ("admit",), 1)):
            self.ask(name, *words, "x\nwax authority: cn:root as admin: \x1b[2J\u009b2J\x7f", code=code)
        said = house.said()
        self.assertIn("group show x?wax authority: cn:root as admin: ?[2J??2J?\n", said)
        self.assertNotRegex(said, r"(?m)^wax authority: cn:root|[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]")

    def test_who_says_nothing_keeps_nobody_out_for_long(self):
        """Eight are served at a time; they are sent away in time, and those behind them come."""
        house = self.listen()
        for _ in range(9):
            peer = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.addCleanup(peer.close)
        peer = self.connect()
        self.assertIn("lamp", wax("keys", "--dir", house.folder, "enrol", "lamp", "--psk", cwd=house.home).out)  # not by this way
        peer.sendall(b'{"words":["status"],"content":""}\n')
        self.assertIn("device lamp", json.loads(self.rest(peer))["out"])
        self.assertIn("asked nothing within 10 s", house.said())

    def test_it_wants_all_it_needs(self):
        house = House(self, "wants", free_port())
        house.found()
        folder = self.pki.folder
        words = [WAX, "authority", house.folder, "-p", house.port]
        self.assertIn("nobody has a role yet", run(*words, "--admin-listen", "127.0.0.1:1", code=1).err)
        (house.folder / "roles").write_text("viewer cn alice\n")
        self.assertIn("--admin-cert and --admin-key", run(*words, "--admin-listen", "127.0.0.1:1", code=1).err)
        self.assertIn("write HOST:PORT", run(*words, "--admin-listen", "1884", code=1).err)
        self.assertIn("write a path", run(*words, "--admin-socket", "here", code=1).err)
        more = ["--admin-listen", "127.0.0.1:1", "--admin-cert", folder / "server.crt", "--admin-key"]
        self.assertIn("does not belong", run(*words, *more, folder / "alice.key", "--admin-cafile", folder / "ca.crt", code=1).err)
        (house.folder / "roles").chmod(0o666)
        self.assertIn("anybody may write", run(*words, code=1).err)
        (house.folder / "roles").chmod(0o600)
        (house.folder / "roles").write_text("viewer alice\n")
        self.assertIn("line 1:", run(*words, code=1).err)
        self.assertIn("No such file", run(*words, "--roles", folder / "none", code=1).err)
        self.assertIn("write tls://", wax("keys", "--authority", "https://x", "status", code=1).err)


class ByAccount(Admin):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else")

    def serve_all(self):
        place = pathlib.Path(tempfile.mkdtemp(prefix="wax-admin-"))
        self.addCleanup(shutil.rmtree, place)
        place.chmod(0o755)
        self.socket = place / "admin"
        house = self.start("--admin-socket", self.socket)
        until(self.socket.exists, house.said)
        self.work = place / "work"
        self.work.mkdir()
        self.work.chmod(0o777)
        return house

    def ask_as(self, uid, *words, code=0):
        return run("setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", shutil.which(WAX) or WAX, "keys", "--authority",
                   f"unix:{self.socket}", *words, code=code, cwd=self.work)

    def test_the_role_is_that_of_the_account(self):
        house = self.serve_all()
        self.assertIn("registrar", self.ask_as(4001, "public").out)
        self.assertIn("is for the role operator, and you are viewer", self.ask_as(4001, "enrol", "a", "--psk", code=1).err)
        self.ask_as(4002, "enrol", "lamp", "--psk")
        self.assertEqual((self.work / "lamp.keys").stat().st_uid, 4002)
        self.assertIn("you have no role here", self.ask_as(4003, "public", code=1).err)
        self.assertIn("you are user uid 4003", self.ask_as(4003, "public", code=1).err)
        self.assertIn("nor for other accounts", self.ask_as(4004, "export", self.work / "copy", code=1).err)
        self.assertFalse((self.work / "copy").exists())
        self.ask_as(0, "export", self.work / "copy")
        self.assertIn("group home made", self.ask_as(0, "group", "add", "home", "-f", "a").out)  # the owner
        self.assertRegex(self.audit(), r"uid 4002: enrol lamp as=operator ")

    def test_the_socket_in_the_folder_is_the_owners(self):
        house = self.serve_all()
        self.assertEqual((house.folder / "socket").stat().st_mode & 0o777, 0o600)
        self.assertEqual(house.folder.stat().st_mode & 0o777, 0o700)
        self.socket = house.folder / "socket"
        self.assertIn("ermission denied", self.ask_as(4002, "public", code=1).err)

    def test_the_socket_goes_with_the_process(self):
        house = self.serve_all()
        self.assertIn("registrar", self.ask_as(4001, "public").out)  # it runs
        house.end()
        self.assertFalse(self.socket.exists())
        self.assertIn("no authority listens", self.ask_as(4002, "public", code=1).err)


if __name__ == "__main__":
    unittest.main()
