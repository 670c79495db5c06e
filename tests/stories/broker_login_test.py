"""Logins: what they cost, how those who fail are slowed down, and what a reload takes away."""
import re
import shutil
import subprocess
import time
import unittest

from mqtt_raw import CONNACK, Client, connect
from passwords import line
from running import ROOT, BrokerCase

BAD_LOGIN, DENIED, BUSY = 0x86, 0x87, 0x89
LISTENER = "password_file {folder}/passwords\nlistener {port} 127.0.0.1\n"
FILTER = ROOT / "docs" / "fail2ban" / "wax.filter.conf"


class LoginCase(BrokerCase):
    def login(self, user, password, source=None, client_id=None):
        """Gives the reason of the answer."""
        client = Client(self.broker.port, 5, 30, source)
        self.addCleanup(client.close)
        self.count += 1
        client.send(connect(client_id or f"{self.name}-{self.count}", user=user, password=password))
        return client.expect(CONNACK, 30).reason

    def change(self, *lines):
        self.broker.write("passwords", "".join(lines))
        self.broker.reload()


class Remembered(LoginCase):
    CONFIG = LISTENER
    FILES = {"passwords": "".join(line(user, user[0], count=400000) for user in ("ann", "bob", "cat"))}

    def cost(self, *logins):
        """What the broker's processor time was."""
        before = self.broker.busy_s()
        for user, password, reason in logins:
            self.assertEqual(self.login(user, password), reason)
        return self.broker.busy_s() - before

    def test_a_right_password_is_hashed_once(self):
        first = self.cost(("cat", "c", 0))
        again = self.cost(*[("cat", "c", 0)] * 6)
        self.assertLess(again, 3 * first)  # six hashes would take six times as long

    def test_a_wrong_password_is_hashed_each_time(self):
        first = self.cost(("bob", "b", 0))
        wrong = self.cost(*[("bob", "wrong", BAD_LOGIN)] * 6)
        self.assertGreater(wrong, 3 * first)

    def test_a_changed_password_is_asked_at_once(self):
        before = self.FILES["passwords"]
        self.assertEqual(self.login("ann", "a"), 0)
        self.change(line("ann", "new"))
        self.addCleanup(self.change, before)
        self.assertEqual(self.login("ann", "a"), BAD_LOGIN)
        self.assertEqual(self.login("ann", "new"), 0)
        self.assertEqual(self.login("bob", "b"), BAD_LOGIN)


class Forgotten(Remembered):
    CONFIG = "auth_cache_seconds 0\n" + LISTENER
    test_a_wrong_password_is_hashed_each_time = test_a_changed_password_is_asked_at_once = None

    def test_a_right_password_is_hashed_once(self):
        first = self.cost(("cat", "c", 0))
        again = self.cost(*[("cat", "c", 0)] * 6)
        self.assertGreater(again, 3 * first)


class SlowedDown(LoginCase):
    CONFIG = ("auth_backoff_local true\nauth_backoff_after 3\nauth_backoff_max 3600\nauth_address_max 4\n"
              + LISTENER)
    FILES = {"passwords": line("ann", "a") + line("bob", "b") + line("cat", "c")}

    def exhaust(self, user, source):
        """Guesses until the address is sent away unheard."""
        deadline = time.monotonic() + 60
        reason = BAD_LOGIN
        while reason == BAD_LOGIN:
            self.assertLess(time.monotonic(), deadline)
            reason = self.login(user, "wrong", source)
        self.assertEqual(reason, BUSY)

    def test_one_who_guesses_locks_out_nobody_else(self):
        self.assertEqual(self.login("cat", "c", "127.1.0.9"), 0)
        self.exhaust("ann", "127.1.0.2")
        self.broker.wait_for_log("auth_failed addr=127.1.0.2 ")
        self.broker.wait_for_log("reason=backoff")
        self.assertEqual(self.login("bob", "b", "127.1.0.2"), BUSY)  # the address has to wait
        self.assertEqual(self.login("bob", "b", "127.1.0.3"), 0)     # others have not
        self.assertEqual(self.login("ann", "a", "127.1.0.4"), 0)     # nor has, for ever, who was guessed
        self.assertEqual(self.login("cat", "c", "127.1.0.2"), 0)     # nor who came in a moment ago

    def test_an_address_has_a_share_of_the_queue(self):
        self.change(line("ann", "a", count=300000))
        self.addCleanup(self.change, self.FILES["passwords"])
        crowd = [Client(self.broker.port, 5, 60, "127.2.0.2") for _ in range(40)]
        for index, each in enumerate(crowd):
            self.addCleanup(each.close)
            each.send(connect(f"crowd{index}", user="ann", password="wrong"))
        reasons = [each.expect(CONNACK, 60).reason for each in crowd]
        self.assertIn(BUSY, reasons)
        self.assertIn(BAD_LOGIN, reasons)
        self.assertEqual(self.login("ann", "a", "127.2.0.3"), 0)

    def test_who_leaves_while_waiting_for_a_turn(self):
        for _ in range(4):
            self.assertEqual(self.login("bob", "wrong", "127.3.0.2"), BAD_LOGIN)
        for index in range(10):
            client = Client(self.broker.port, 5, 30, "127.3.0.2")
            client.send(connect(f"hasty{index}", user="bob", password="b"))
            client.close()
        self.assertEqual(self.login("bob", "b", "127.3.0.3"), 0)


class NotSlowedDown(SlowedDown):
    """A proxy on this machine may be everybody."""
    CONFIG = "auth_backoff_after 3\nauth_address_max 4\n" + LISTENER

    def test_one_who_guesses_locks_out_nobody_else(self):
        for _ in range(12):
            self.assertEqual(self.login("ann", "wrong", "127.1.0.2"), BAD_LOGIN)
        self.assertEqual(self.login("ann", "a", "127.1.0.2"), 0)

    def test_an_address_has_a_share_of_the_queue(self):
        crowd = [Client(self.broker.port, 5, 60, "127.2.0.2") for _ in range(40)]
        for index, each in enumerate(crowd):
            self.addCleanup(each.close)
            each.send(connect(f"crowd{index}", user="ann", password="wrong"))
        self.assertEqual({each.expect(CONNACK, 60).reason for each in crowd}, {BAD_LOGIN})


class Reloaded(LoginCase):
    CONFIG = LISTENER
    FILES = {"passwords": line("ann", "a") + line("bob", "b") + line("cat", "c")}

    def test_who_is_no_user_any_more_is_sent_away(self):
        self.addCleanup(self.change, self.FILES["passwords"])
        ann, bob, cat, old = (self.client(f"{user}-{version}", version, user=user, password=user[0])
                              for user, version in (("ann", 5), ("bob", 5), ("cat", 5), ("bob", 4)))
        self.change(line("ann", "a"), line("cat", "other"))
        self.assertEqual(bob.end().reason, DENIED)
        self.assertEqual(cat.end().reason, DENIED)  # whoever knew the old password need not know the new one
        self.assertIsNone(old.end())
        ann.ping()
        self.assertEqual(self.login("bob", "b"), BAD_LOGIN)
        self.assertEqual(self.login("cat", "other"), 0)

    def test_the_will_of_who_is_sent_away_is_judged_as_any(self):
        self.addCleanup(self.change, self.FILES["passwords"])
        watcher = self.client(user="ann", password="a")
        watcher.subscribe(self.topic())
        bob = self.client(user="bob", password="b", will={"topic": self.topic(), "payload": "gone"})
        self.change(line("ann", "a"))
        self.assertEqual(bob.end().reason, DENIED)
        self.assertEqual(watcher.message().payload, b"gone")


class ReloadedStrangers(LoginCase):
    CONFIG = "allow_anonymous true\n" + LISTENER
    FILES = {"passwords": line("ann", "a")}

    def test_strangers_are_sent_away_once_they_may_not_come_in(self):
        stranger, ann = self.client(), self.client(user="ann", password="a")
        config = self.broker.read("wax.conf")
        self.broker.write("wax.conf", config.replace("allow_anonymous true", "allow_anonymous false"))
        self.broker.reload()
        self.assertEqual(stranger.end().reason, DENIED)
        ann.ping()
        self.broker.write("wax.conf", config)
        self.broker.reload()


class Logged(LoginCase):
    CONFIG = "auth_backoff_local true\nlog_timestamp_format %Y-%m-%dT%H:%M:%S\n" + LISTENER
    FILES = {"passwords": line("ann", "a")}
    FORGED = 'x" reason=ok\nauth_failed addr=9.9.9.9 port=1 listener=1 client=a user=b reason=bad_password'

    def failures(self):
        return [each for each in self.broker.log().splitlines() if "auth_failed" in each]

    def expression(self):
        """The filter's, as fail2ban makes it."""
        [rule] = re.findall(r"^failregex = (.*)$", FILTER.read_text(), re.M)
        return re.compile(rule.replace("<ADDR>", r"(?P<addr>\d+\.\d+\.\d+\.\d+|[0-9a-f:]+)"))

    def test_names_cannot_forge_a_line(self):
        self.login(self.FORGED, "p", "127.4.0.2", client_id=self.FORGED + " ü%")
        self.login("\u2028\u0085 \u00a0", "p", "127.4.0.3", client_id="n" * 400)
        self.login("", "p", "127.4.0.4", client_id="empty")
        self.broker.wait_for_log("addr=127.4.0.4 ")
        lines = [each for each in self.failures() if "addr=127.4." in each]
        self.assertEqual(len(lines), 3, lines)
        lines = [each.split(": ", 1)[1] for each in lines]  # fail2ban takes the time away
        found = [self.expression().match(each) for each in lines]
        self.assertEqual([each and each["addr"] for each in found], ["127.4.0.2", "127.4.0.3", "127.4.0.4"], lines)
        self.assertNotIn('"', "".join(lines))
        self.assertRegex(lines[0], r"client=x%22%20reason%3Dok%0Aauth_failed%20addr%3D9\.9\.9\.9")
        self.assertRegex(lines[1], r"client=n{128}\.\.\. user=%E2%80%A8%C2%85%20%C2%A0 reason=bad_password$")
        self.assertRegex(lines[2], r" port=\d+ listener=\d+ client=empty user= reason=bad_password$")

    def test_who_is_only_set_up_wrong_is_not_counted(self):
        self.client(reason=DENIED)
        self.broker.wait_for_log("reason=not_authorized")
        self.assertFalse([each for each in self.failures() if "not_authorized" in each and self.expression().match(each.split(": ", 1)[1])])

    @unittest.skipUnless(shutil.which("fail2ban-regex"), "fail2ban is not installed")
    def test_fail2ban_reads_it(self):
        self.login("ann", "wrong", "127.5.0.2")
        self.broker.wait_for_log("addr=127.5.0.2 ")
        for stamp in (f"{time.time():.0f}: ", time.strftime("%Y-%m-%dT%H:%M:%S "), time.strftime("%b %d %H:%M:%S host wax[12]: ")):
            with self.subTest(stamp=stamp):
                [text] = [re.sub(r"^.*?(?=notice auth_failed)", stamp, each) for each in self.failures() if "127.5.0.2" in each]
                path = self.broker.path("line")
                self.broker.write("line", text + "\n" + text.replace("auth_failed", "client_connected") + "\n")
                done = subprocess.run(["fail2ban-regex", "--out", "ip", path, str(FILTER)], capture_output=True, text=True)
                self.assertEqual(done.stdout.split(), ["127.5.0.2"], done.stdout + done.stderr)


class LoggedAsJson(LoginCase):
    CONFIG = "log_format json\nauth_backoff_local true\n" + LISTENER
    FILES = {"passwords": line("ann", "a")}
    FORGED = 'b","reason":"bad_password"}\n{"level":"notice","event":"auth_failed","addr":"9.9.9.9"'

    @unittest.skipUnless(shutil.which("fail2ban-regex"), "fail2ban is not installed")
    def test_fail2ban_reads_it(self):
        self.login("ann", "a", "127.6.0.3")
        for user in ("ann", self.FORGED):
            self.login(user, "wrong", "127.6.0.2", client_id=f"{user}-{len(user)}")
        self.broker.wait_for_log('"event":"auth_failed","addr":"127.6.0.2"', 2)
        done = subprocess.run(["fail2ban-regex", "--out", "ip", self.broker.path("stderr"), str(FILTER)], capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["127.6.0.2"] * 2, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
