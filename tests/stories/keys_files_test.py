"""wax keys: what is in the folder, what is said, what a broker is to allow; and the commands of the README."""
import os
import pathlib
import re
import sqlite3
import unittest

from house import House, until
from peers import WAX, Story, free_port, mosquitto, run, wax

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class Keys(Story):
    def house(self, *words, port=None):
        house = House(self, self._testMethodName, port or 1)
        house.found(*words)
        house.keys("group", "add", "home", "-f", "home/#")
        return house

    def wrong_key(self, house):
        path = house.home / "wrong.kek"
        path.write_text("00" * 32 + "\n")
        return path

    def broker(self):
        port = free_port()
        self.serve(mosquitto(self.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port]))
        return port

    def test_the_key_is_held_elsewhere(self):
        house = self.house()
        digits = (house.home / "authority.kek").read_text().strip()
        self.assertIn("is this the key-encryption key", house.keys("status", "--kek", self.wrong_key(house), code=1).err)
        self.assertIn("64 hexadecimal", house.keys("status", "--kek", "/etc/hostname", code=1).err)
        os.rename(house.home / "authority.kek", house.home / "elsewhere")
        self.assertIn("authority.kek", house.keys("status", code=1).err)
        house.keys("status", "--kek", "elsewhere")
        environment = dict(os.environ, WAX_AUTHORITY_KEK=digits)
        house.keys("status", env=environment)
        (house.home / "credentials").mkdir()
        os.rename(house.home / "elsewhere", house.home / "credentials/wax-authority.kek")
        house.keys("status", env=dict(os.environ, CREDENTIALS_DIRECTORY=str(house.home / "credentials")))

    def test_a_log_that_was_changed_is_noticed(self):
        house = self.house()
        house.device("sensor", "home", "write")
        log = house.keys("audit").out
        self.assertRegex(log, r"(?m)^1 \S+ \S+: create as=admin$")
        self.assertRegex(log, r"(?m): grant sensor as=admin role=2 group=home sender=1$")
        good = (house.folder / "authority.db").read_bytes()
        for change in ("UPDATE log SET entry=replace(entry, CAST('sensor' AS BLOB), CAST('censor' AS BLOB)) WHERE number=6",
                       "DELETE FROM log WHERE number=3", "UPDATE log SET number=99 WHERE number=2"):
            with self.subTest(change=change):
                file = sqlite3.connect(house.folder / "authority.db")
                self.assertEqual(file.execute(change).rowcount, 1)
                file.commit()
                file.close()
                self.assertIn("was changed", house.keys("audit", "--verify", code=1).err)
                (house.folder / "authority.db").write_bytes(good)
        house.keys("audit", "--verify")

    def test_blinded_topics(self):
        house = self.house("--blind", "hmac", port=self.broker())
        house.device("sensor", "home", "write").device("lamp", "home", "read").start().settled()
        house.subscribe("lamp")
        wax("sub", "-p", house.port, "-c", "-i", "observer", "-t", "+/+", "-q", 1, "-T", "+/l", "-E")
        house.pub("sensor", "home/kitchen", "21.5")
        self.assertEqual(house.read("lamp", 1), ["21.5"])
        seen = wax("sub", "-p", house.port, "-c", "-i", "observer", "-t", "+/+", "-q", 1, "-T", "+/l", "-F", "%t", "-C", 1,
                   "-W", 20).out
        (house.home / "topics").write_text("home/garden\nhome/kitchen\n")
        self.assertIn(f"{seen.strip()} home/kitchen\n", house.keys("unblind", "--from", "topics").out)
        shown = house.keys("unblind", "--from", "topics", "--log", "-", given=f"1: PUBLISH {seen.strip()} (5 bytes)\n1: other\n").out
        self.assertEqual(shown, "1: PUBLISH home/kitchen (5 bytes)\n1: other\n")
        self.assertNotIn("home", house.keys("acl").out)

    def test_patterns_say_where_wildcards_stand(self):
        """Through a broker that knows no names, with its own wildcards and by the rights that `wax keys acl` prints."""
        port = free_port()
        house = House(self, "patterns", port)
        house.found("--blind", "ascon", "--pattern", "home/+/temp", "--pattern", "yard/#")
        house.keys("group", "add", "home", "-f", "home/+/temp", "-f", "yard/#", "-f", "shed/door")
        self.assertIn("no pattern", house.keys("group", "add", "all", "-f", "home/#", code=1).err)
        house.device("sensor", "home", "write").device("lamp", "home", "read")
        acl = house.keys("acl").out
        for name in ("home", "temp", "yard", "shed", "door"):
            self.assertNotRegex(acl, rf"(?m)^topic .*\b{name}\b")
        (house.home / "acl").write_text(f"{acl}\nuser observer\ntopic read #\n")
        users = house.home / "passwords"
        for name in ("wax-authority", "sensor", "lamp", "observer"):
            wax("passwd", *(() if users.exists() else ("-c",)), "-b", "--compat", "2.0", users, name, "secret")
        self.serve(mosquitto(self.folder, f"listener {port} 127.0.0.1\nacl_file {house.home}/acl\npassword_file {users}\n"
                                          "allow_anonymous false\n", [port]))
        login = house.home / "login"
        login.write_text("-u wax-authority\n-P secret\n")
        self.background(WAX, "authority", house.folder, "-p", port, "-o", login)

        def sealed(tool, name, *words, **more):
            return wax(tool, "-p", port, "-u", name, "-P", "secret", "-q", 1, "--seal", house.home / f"{name}.keys", *words, **more)

        def look(*words, **more):
            return wax("sub", "-p", port, "-u", "observer", "-P", "secret", "-c", "-i", "observer", "-q", 1, "-t", "#", *words, **more).out
        until(lambda: "patterns/k/lamp\n" in look("-F", "%t", "-W", 1, code=None), "the mailboxes are there")
        filters = ("-t", "home/+/temp", "-t", "yard/#", "-t", "shed/door")
        sealed("sub", "lamp", "-c", "-i", "lamp", *filters, "-E")
        house.acknowledged("lamp", 1)
        topics = ("home/kitchen/temp", "home/hall/temp", "yard/gate/temp", "yard", "shed/door")
        for topic in topics:
            sealed("pub", "sensor", "-t", topic, "-m", "21.5")
        self.assertEqual(sealed("sub", "lamp", "-c", "-i", "lamp", *filters, "-F", "%t", "-C", len(topics), "-W", 20).out.split(),
                         list(topics))
        self.assertIn("it has a wildcard where the namespace has none", sealed("sub", "lamp", "-t", "home/#", "-W", 1, code=None).err)
        seen = [line for line in look("-F", "%t", "-W", 1, code=None).split() if not line.startswith("patterns/")]
        (house.home / "topics").write_text("".join(f"{topic}\n" for topic in topics))
        named = dict(line.split(" ") for line in house.keys("unblind", "--from", "topics").out.splitlines())
        self.assertEqual([named[token] for token in seen], list(topics))
        kitchen, hall, gate = (token.split("/") for token in seen[:3])
        self.assertEqual((kitchen[0], kitchen[2]), (hall[0], hall[2]))  # one name where a wildcard may stand in front
        self.assertNotEqual(kitchen[2], gate[2])  # and another elsewhere
        for words, said in ((("--blind", "hmac", "--pattern", "a/+", "--pattern", "+/b"), "match the same topic"),
                            (("--pattern", "a/+"), "--blind"), (("--blind", "hmac", "--pattern", "a+"), "a pattern is")):
            with self.subTest(words=words):
                self.assertIn(said, wax("keys", "init", house.home / "other", *words, code=1).err)

    def test_the_rights_are_enough(self):
        """What `wax keys acl` prints is what it takes, and no more."""
        port = free_port()
        house = House(self, "rights", port)
        house.found()
        house.keys("group", "add", "home", "-f", "home/#")
        house.device("sensor", "home", "write").device("lamp", "home", "read")
        (house.home / "acl").write_text(house.keys("acl").out)
        users = house.home / "passwords"
        for name in ("wax-authority", "sensor", "lamp"):
            wax("passwd", *(() if users.exists() else ("-c",)), "-b", "--compat", "2.0", users, name, "secret")
        self.serve(mosquitto(self.folder, f"listener {port} 127.0.0.1\nacl_file {house.home}/acl\npassword_file {users}\n"
                                          "allow_anonymous false\n", [port]))
        login = house.home / "login"
        login.write_text("-u wax-authority\n-P secret\n")
        process = self.background(WAX, "authority", house.folder, "-p", port, "-o", login)

        def sealed(tool, name, *words):
            return wax(tool, "-p", port, "-u", name, "-P", "secret", "-q", 1, "--seal", house.home / f"{name}.keys", *words)

        def has_mailbox():
            self.assertIsNone(process.poll())
            return wax("sub", "-p", port, "-u", "lamp", "-P", "secret", "-t", "rights/k/lamp", "-C", 1, "-W", 1, code=None, text=False).code == 0
        until(has_mailbox, "the mailbox is there")
        sealed("sub", "lamp", "-c", "-i", "lamp", "-t", "home/#", "-E")
        house.acknowledged("lamp", 1)
        sealed("pub", "sensor", "-t", "home/kitchen", "-m", "21.5")
        self.assertEqual(sealed("sub", "lamp", "-c", "-i", "lamp", "-t", "home/#", "-C", 1, "-W", 20).out, "21.5\n")

    def test_bad_words(self):
        house = self.house()
        for words, said in (
                ((), "say what to do"), (("grnat", "a", "b", "read"), "did you mean `wax keys grant"),
                (("group", "ad", "x"), "group add"), (("grant", "a", "home"), "too few words"),
                (("grant", "a", "home", "read", "more"), "too many words"), (("grant", "a", "home", "own"), "may read, write, or both"),
                (("grant", "nobody", "home", "read"), "enrol it first"), (("enrol", "x"), "--psk"),
                (("enrol", "a/b", "--psk", "--out", "ab"), "without /, + and #"),
                (("enrol", "a\x1b[2J", "--psk", "--out", "ab"), "control characters"),
                (("enrol", "a\u009b2J", "--psk", "--out", "ab"), "control characters"), (("enrol", "x", "--psk", "--profile", "rot13"), "chacha20, ascon or ccm"),
                (("group", "add", "x"), "-f FILTER"), (("group", "add", "x", "-f", "a#"), "topic filter"),
                (("group", "add", "x", "-f", "a", "--suite", "rot13"), "chacha20 ascon ccm"), (("group", "add", "home", "-f", "a"), "already"),
                (("group", "add", "x", "-f", "a", "--epoch", "soon"), "30s, 15m"), (("group", "add", "x", "-f", "a", "--keep", "256"), "1 to 255"),
                (("group", "show", "x"), "group list"), (("rotate", "x"), "no group"), (("evict", "x"), "no device"),
                (("status", "--nonsense"), "no option"), (("status", "--kek"), "needs a value"), (("identity", "x"), "--namespace"),
                (("unblind",), "--from"), (("export", "/nowhere/copy"), "cannot be written")):
            with self.subTest(words=words):
                self.assertIn(said, house.keys(*words, code=1).err)
                self.assertFalse((house.home / "x.keys").exists())
        house.device("sensor")
        self.assertIn("there already", house.keys("enrol", "sensor", "--psk", code=1).err)
        self.assertIn("another device of this name", house.keys("enrol", "sensor", "--psk", "--out", "other", code=1).err)
        self.assertIn("holds an authority already", wax("keys", "init", house.folder, code=1).err)
        self.assertIn("wax keys init", wax("keys", "status", "--dir", "/nowhere", code=1).err)
        self.assertIn("which folder", wax("authority", code=1).err)

    def test_a_code_for_a_phone(self):
        house = self.house()
        shown = house.keys("enrol", "sensor", "--psk", "--qr").out
        self.assertGreater(shown.count("\u2588"), 100)


    def test_the_commands_of_the_readme(self):
        port = self.broker()
        block = re.search(r"## Sealed topics in five minutes.*?```sh\n(.*?)```", README.read_text(), re.S).group(1)
        home = self.folder.path / "readme"
        (home / "config").mkdir(parents=True)
        for tool in ("pub", "sub", "authority"):
            (home / f"config/wax_{tool}").write_text(f"-p {port}\n")
        path = f"{pathlib.Path(WAX).resolve().parent}:{os.environ['PATH']}"
        more = {"cwd": home, "env": dict(os.environ, PATH=path, XDG_CONFIG_HOME=str(home / "config"))}
        shown = home / "shown"
        commands = [line.split("  #")[0].strip() for line in block.splitlines()]
        self.assertEqual(len(commands), 12)
        for command in commands:
            with self.subTest(command=command):
                if command.endswith("&"):
                    with open(shown, "ab") as out:
                        self.background("bash", "-c", "exec " + command[:-1], stdout=out, stderr=out, **more)
                else:
                    run("bash", "-c", command, **more)
                if "authority authority" in command:
                    until((home / "authority/socket").exists, "the authority runs")
                    until(lambda: wax("sub", "-p", port, "-t", "wax/k/sensor", "-C", 1, "-W", 1, code=None, text=False).code == 0,
                          "the mailbox is there")
                if command.startswith("wax sub"):
                    until(lambda: "lamp in home: read, holds epoch 1" in wax("keys", "status", **more).out, "the lamp has its keys")
                if command.startswith("wax pub"):
                    until(lambda: "home/kitchen 21.5\n" in shown.read_text(), "the lamp shows it")


if __name__ == "__main__":
    unittest.main()
