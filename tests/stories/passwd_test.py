"""wax passwd, beside mosquitto_passwd and before a real mosquitto.

WAX is the path of the wax binary; mosquitto, mosquitto_passwd and mosquitto_pub are Debian's.
"""
import os
import pty
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from ports import free_port

WAX = os.environ["WAX"]
MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")

FORMS = {
    "argon2id": r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}",
    "sha512-pbkdf2": r"\$7\$210000\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==",
    "sha512": r"\$6\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==",
}


class Broker:
    """Debian's mosquitto with a password file."""

    def __init__(self, folder, passwords):
        self.port = free_port()
        config = os.path.join(folder, "mosquitto.conf")
        with open(config, "w") as out:
            # As root, mosquitto would become a user who cannot read the file.
            out.write(f"listener {self.port} 127.0.0.1\nuser root\npassword_file {passwords}\n")
        self.process = subprocess.Popen([MOSQUITTO, "-c", config], stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not start with this password file")

    def lets_in(self, user, password):
        return subprocess.run(
            ["mosquitto_pub", "-p", str(self.port), "-u", user, "-P", password, "-t", "t", "-m", "m"],
            stderr=subprocess.DEVNULL, timeout=20).returncode == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Passwd(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.file = os.path.join(self.folder, "passwords")

    def wax(self, *arguments, code=0, given=""):
        ran = subprocess.run([WAX, "passwd", *arguments], input=given, text=True,
                             capture_output=True, timeout=60)
        self.assertEqual(ran.returncode, code, ran.stderr)
        self.assertEqual(bool(ran.stderr), code != 0, ran.stderr)
        return ran.stdout + ran.stderr

    def read(self):
        with open(self.file) as file:
            return file.read()

    def write(self, text):
        with open(self.file, "w") as file:
            file.write(text)

    def broker(self):
        broker = Broker(self.folder, self.file)
        self.addCleanup(broker.stop)
        return broker

    def test_each_form_is_written_as_it_is_named(self):
        for form, expression in FORMS.items():
            with self.subTest(form):
                self.wax("-c", "-b", "-H", form, self.file, "alice", "secret")
                self.assertRegex(self.read(), rf"\Aalice:{expression}\n\Z")

    def test_argon2id_is_the_default(self):
        self.wax("-c", "-b", self.file, "alice", "secret")
        self.assertRegex(self.read(), rf"\Aalice:{FORMS['argon2id']}\n\Z")

    def test_iterations_are_taken(self):
        self.wax("-cb", "-H", "sha512-pbkdf2", "-I", "4711", self.file, "alice", "secret")
        self.assertIn("alice:$7$4711$", self.read())

    def test_mosquitto_lets_in_whom_wax_wrote(self):
        self.wax("-c", "-b", "--compat", "2.0", self.file, "alice", "secret 1")
        self.wax("-b", "-H", "sha512-pbkdf2", self.file, "bob", "secret 2")
        self.wax("-b", "-H", "sha512", self.file, "carol", "-secret: 3")
        broker = self.broker()
        self.assertTrue(broker.lets_in("alice", "secret 1"))
        self.assertTrue(broker.lets_in("bob", "secret 2"))
        self.assertTrue(broker.lets_in("carol", "-secret: 3"))
        self.assertFalse(broker.lets_in("alice", "secret 2"))
        self.assertFalse(broker.lets_in("alice", "alice"))

    def test_a_file_of_mosquitto_passwd_is_taken_and_left_usable(self):
        for options, user in ((["-c"], "alice"), (["-H", "sha512"], "bob")):
            subprocess.run(["mosquitto_passwd", *options, "-b", self.file, user, user + "!"],
                           check=True, stdout=subprocess.DEVNULL)
        before = self.read()
        self.wax("-b", "--compat", "2.0", self.file, "carol", "carol!")
        self.assertTrue(self.read().startswith(before))
        broker = self.broker()
        for user in ("alice", "bob", "carol"):
            self.assertTrue(broker.lets_in(user, user + "!"))

    def test_mosquitto_passwd_takes_a_file_of_wax(self):
        self.wax("-c", "-b", "--compat", "2.0", self.file, "alice", "old")
        subprocess.run(["mosquitto_passwd", "-b", self.file, "bob", "bob!"], check=True,
                       stdout=subprocess.DEVNULL)
        self.wax("-D", self.file, "bob")
        self.assertRegex(self.read(), r"\Aalice:\S+\n\Z")

    def test_a_changed_password_takes_the_place_of_the_old(self):
        self.wax("-c", "-b", self.file, "alice", "old")
        self.wax("-b", self.file, "bob", "b")
        old = self.read().splitlines()
        self.assertIn("Changed", self.wax("-b", self.file, "alice", "new"))
        new = self.read().splitlines()
        self.assertNotEqual(old[0], new[0])
        self.assertTrue(new[0].startswith("alice:"))
        self.assertEqual(old[1:], new[1:])

    def test_comments_blank_lines_and_line_ends_stay(self):
        self.wax("-c", "-b", "-H", "sha512", self.file, "alice", "a")
        line = self.read().strip()
        self.write(f"# ours\n\n{line}\r\n# end")
        self.wax("-b", "-H", "sha512", self.file, "bob", "b")
        self.assertTrue(self.read().startswith("# ours\n\nalice:"))
        self.assertIn("\n# end\nbob:$6$", self.read())

    def test_deleting(self):
        self.wax("-c", "-b", self.file, "alice", "a")
        self.wax("-b", self.file, "bob", "b")
        self.wax("-D", self.file, "alice")
        self.assertRegex(self.read(), r"\Abob:\S+\n\Z")
        self.assertIn("no user alice", self.wax("-D", self.file, "alice", code=1))

    def test_upgrading_plain_passwords(self):
        self.write("# ours\nalice:a:b\n\nbob: secret\r\n")
        self.wax("-U", "-H", "sha512-pbkdf2", "--compat", "2.0", self.file)
        text = self.read()
        self.assertRegex(text, r"\A# ours\nalice:\$7\$10000\$\S+\n\nbob:\$7\$10000\$\S+\n\Z")
        self.wax("-U", self.file)
        self.assertEqual(self.read(), text, "what is hashed is not hashed again")
        broker = self.broker()
        self.assertTrue(broker.lets_in("alice", "a:b"))
        self.assertTrue(broker.lets_in("bob", "secret"))

    def test_a_bad_line_is_named_and_the_file_stays(self):
        for bad, said in (("bob", "no ':'"), ("bob:", "no password"), ("bob:plain", "none of"),
                          (":x", "name is missing")):
            with self.subTest(bad):
                self.write(f"# one\n{bad}\n")
                message = self.wax("-b", "-H", "sha512", self.file, "alice", "a", code=1)
                self.assertIn(f"{self.file}:2: ", message)
                self.assertIn(said, message)
                self.assertEqual(self.read(), f"# one\n{bad}\n")

    def test_a_user_who_is_there_twice_is_told_with_both_lines(self):
        self.wax("-c", "-b", "-H", "sha512", self.file, "alice", "a")
        self.write("#\n" + self.read() * 2)
        message = self.wax("-b", "-H", "sha512", self.file, "bob", "b", code=1)
        self.assertIn(f"{self.file}:3: ", message)
        self.assertIn("line 2", message)
        self.wax("-b", "-H", "sha512", self.file, "alice", "new")
        self.assertEqual(self.read().count("alice:"), 1)

    def test_a_bad_line_goes_with_its_user(self):
        self.write("alice:plain\n")
        self.wax("-D", self.file, "alice")
        self.assertEqual(self.read(), "")

    def test_names_that_a_file_cannot_hold(self):
        for name in ("", "a:b", "a\nb", "#a", " a", "a ", "x" * 65536):
            with self.subTest(name[:10]):
                self.wax("-c", "-b", self.file, name, "secret", code=1)
                self.assertFalse(os.path.exists(self.file))

    def test_what_makes_no_sense_is_refused(self):
        for arguments in (["-c", "-D", self.file, "a"], ["-c", "-U", self.file], ["-b", "-D", "f", "u"],
                          ["-H", "md5", self.file, "a"], ["-I", "0", self.file, "a"],
                          ["-I", "10000001", self.file, "a"], ["-I", "1x", self.file, "a"],
                          ["-H", "argon2id", "-I", "65", "-c", "-b", self.file, "a", "b"],
                          ["--compat", "2.0", "-I", "100", "-c", "-b", self.file, "a", "b"],
                          ["--compat", "2.0", "-H", "argon2id", "-c", "-b", self.file, "a", "b"],
                          ["--compat", "3", self.file, "a"], ["--nonsense"], [], [self.file],
                          ["-c", "-b", self.file, "a", ""], ["-b", self.file, "a"],
                          ["-c", self.file, "a", "b"], ["-D", "-", "a"]):
            with self.subTest(arguments):
                self.wax(*arguments, code=1)
                self.assertFalse(os.path.exists(self.file))

    def test_without_c_the_file_must_be_there(self):
        self.assertIn("-c makes a new file", self.wax("-b", self.file, "alice", "a", code=1))

    def test_a_device_is_not_replaced(self):
        self.wax("-c", "-b", "-H", "sha512", "/dev/null", "alice", "a", code=1)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode(self):
        self.wax("-c", "-b", "-H", "sha512", self.file, "alice", "a")
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        os.chmod(self.file, 0o640)
        self.wax("-b", "-H", "sha512", self.file, "bob", "b")
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o640)
        self.assertEqual(sorted(os.listdir(self.folder)), ["passwords"])

    def test_a_link_stays_a_link(self):
        link = os.path.join(self.folder, "link")
        self.wax("-c", "-b", "-H", "sha512", self.file, "alice", "a")
        os.symlink("passwords", link)
        self.wax("-b", "-H", "sha512", link, "bob", "b")
        self.assertTrue(os.path.islink(link))
        self.assertIn("bob:", self.read())

    def test_to_the_standard_output(self):
        line = self.wax("-c", "-b", "-H", "sha512", "-", "alice", "a")
        self.assertRegex(line, rf"\Aalice:{FORMS['sha512']}\n\Z")

    def test_the_password_comes_from_the_standard_input(self):
        self.wax("-c", "--compat", "2.0", self.file, "alice", given="from a pipe\n")
        self.assertTrue(self.broker().lets_in("alice", "from a pipe"))
        self.wax("-c", self.file, "alice", given="", code=1)

    def test_help_teaches(self):
        text = self.wax("--help")
        for word in ("-b", "-c", "-D", "-U", "-H", "-I", "--compat", "argon2id", "-HUP"):
            self.assertIn(word, text)

    def at_a_terminal(self, *answers):
        """Runs the tool at a terminal; gives its exit status and all that was shown."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(WAX, [WAX, "passwd", "-c", "--compat", "2.0", self.file, "alice"])
        shown = b""
        for answer in answers:
            while not re.search(rb": \Z", shown):
                shown += os.read(terminal, 1024)
            os.write(terminal, answer)
            shown += b"\n"
        try:
            while more := os.read(terminal, 1024):
                shown += more
        except OSError:
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown

    def test_a_terminal_is_asked_twice_and_shows_nothing(self):
        code, shown = self.at_a_terminal(b"at a terminal\n", b"at a terminal\n")
        self.assertEqual(code, 0, shown)
        self.assertNotIn(b"at a terminal", shown)
        self.assertTrue(self.broker().lets_in("alice", "at a terminal"))

    def test_two_different_answers_change_nothing(self):
        code, shown = self.at_a_terminal(b"one\n", b"other\n")
        self.assertEqual(code, 1)
        self.assertIn(b"differ", shown)
        self.assertFalse(os.path.exists(self.file))

    def test_control_c_ends_it(self):
        # Whoever runs the tests in the background may have left it ignored.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.SIG_DFL))
        code, _ = self.at_a_terminal(b"\x03")
        self.assertEqual(code, -signal.SIGINT)
        self.assertFalse(os.path.exists(self.file))


if __name__ == "__main__":
    unittest.main()
