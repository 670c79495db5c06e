"""wax pki and wax init, held against the openssl command and mosquitto. WAX names the program."""
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from ports import free_port

WAX = os.environ.get("WAX", "wax")


def run(*words, code=0, **more):
    """Runs a command; gives what it says, stdout and stderr."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, **more)
    said = done.stdout + done.stderr
    if code is not None and done.returncode != code:
        raise AssertionError(f"{words} gave {done.returncode}, not {code}:\n{said}")
    return said


class InAFolder(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="wax-pki-"))
        self.addCleanup(shutil.rmtree, self.home)

    def pki(self, *words, code=0):
        return run(WAX, "pki", *words, code=code, cwd=self.home)


class Certificates(InAFolder):
    def setUp(self):
        super().setUp()
        self.pki("ca")

    def text_of(self, name):
        return run("openssl", "x509", "-in", self.home / "pki" / f"{name}.crt", "-noout", "-text")

    def verify(self, name, *options, code=0):
        folder = self.home / "pki"
        return run("openssl", "verify", "-x509_strict", "-CAfile", folder / "ca.crt", *options,
                   folder / f"{name}.crt", code=code)

    def test_a_server_is_what_openssl_wants(self):
        self.pki("server", "broker.local", "10.0.0.5", "fe80::2")
        self.verify("broker.local", "-purpose", "sslserver", "-verify_hostname", "broker.local")
        self.verify("broker.local", "-verify_ip", "10.0.0.5")
        self.verify("broker.local", "-verify_ip", "10.0.0.6", code=2)
        self.verify("broker.local", "-purpose", "sslclient", code=2)
        text = self.text_of("broker.local")
        self.assertIn("DNS:broker.local, IP Address:10.0.0.5, IP Address:FE80:0:0:0:0:0:0:2", text)
        self.assertIn("TLS Web Server Authentication", text)
        self.assertIn("X509v3 Key Usage: critical", text)
        self.assertIn("ecdsa-with-SHA256", text)

    def test_a_ca_is_what_openssl_wants(self):
        text = self.text_of("ca")
        self.assertIn("CA:TRUE, pathlen:0", text)
        self.assertIn("Certificate Sign, CRL Sign", text)
        self.assertEqual((self.home / "pki" / "ca.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.home / "pki").stat().st_mode & 0o777, 0o700)

    def test_a_client_is_no_server(self):
        self.pki("client", "pump 7")
        self.verify("pump_7", "-purpose", "sslclient")
        self.verify("pump_7", "-purpose", "sslserver", code=2)
        self.assertIn("CN = pump 7", self.text_of("pump_7"))

    def test_without_hosts_a_server_is_for_this_host(self):
        self.pki("server")
        self.verify("server", "-verify_hostname", "localhost")
        self.verify("server", "-verify_ip", "127.0.0.1")
        self.verify("server", "-verify_ip", "::1")
        self.verify("server", "-verify_hostname", socket.gethostname())

    def test_revoking(self):
        self.pki("client", "pump", "fan")
        crl = self.home / "pki" / "crl.pem"
        self.verify("pump", "-crl_check", "-CRLfile", crl)
        self.pki("renew", "pump")
        self.assertIn("crl.pem", self.pki("revoke", "pump"))
        self.assertIn("revoked", self.verify("pump", "-crl_check", "-CRLfile", crl, code=2))
        self.verify("fan", "-crl_check", "-CRLfile", crl)
        text = run("openssl", "crl", "-in", crl, "-noout", "-text", "-CAfile",
                   self.home / "pki" / "ca.crt")
        self.assertIn("verify OK", text)
        self.assertEqual(text.count("Serial Number:"), 2)
        self.assertRegex(text, r"X509v3 CRL Number:\s+2")

    def test_one_serial_number_can_be_revoked(self):
        self.pki("client", "pump")
        serial = re.search(r"serial: +(\w+)", self.pki("show", "pump")).group(1)
        self.pki("renew", "pump", "--new-key")
        self.pki("revoke", serial)
        self.verify("pump", "-crl_check", "-CRLfile", self.home / "pki" / "crl.pem")

    def test_without_a_new_key_there_is_no_new_certificate(self):
        self.pki("client", "pump")
        config = self.home / "broken.cnf"
        config.write_text("openssl_conf = all\n[all]\nrandom = none\n[none]\nrandom = NO-SUCH\n")
        before = self.text_of("pump")
        said = run(WAX, "pki", "renew", "pump", "--new-key", code=1, cwd=self.home,
                   env=dict(os.environ, OPENSSL_CONF=str(config)))
        self.assertIn("making a key", said)
        self.assertEqual(self.text_of("pump"), before)

    def test_openssl_ca_carries_on(self):
        self.pki("client", "pump")
        (self.home / "ca.conf").write_text(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=pki/index.txt\nnew_certs_dir=.\n"
            "certificate=pki/ca.crt\nprivate_key=pki/ca.key\ndefault_md=sha256\n"
            "default_crl_days=30\n")
        run("openssl", "ca", "-config", "ca.conf", "-revoke", "pki/pump.crt", "-crl_reason",
            "keyCompromise", cwd=self.home)
        run("openssl", "ca", "-config", "ca.conf", "-gencrl", "-out", "their.pem", cwd=self.home)
        self.verify("pump", "-crl_check", "-CRLfile", self.home / "their.pem", code=2)
        self.pki("client", "fan")
        self.pki("revoke", "fan")
        self.verify("pump", "-crl_check", "-CRLfile", self.home / "pki" / "crl.pem", code=2)

    def test_days_and_dates(self):
        self.assertIn("PROBLEM: it expired on 2020-01-01",
                      self.pki("server", "--name", "old", "--until", "2020-01-01", "a.example"))
        self.assertIn("expired", self.verify("old", code=2))
        self.pki("client", "--from", "2020-01-01", "--until", "2020-03-01", "once")
        self.assertIn("valid:       2020-01-01 to 2020-03-01", self.pki("show", "once", code=1))
        self.assertRegex(self.pki("client", "--days", "20", "soon"), "ends in (19|20) days")
        self.assertIn("no date", self.pki("client", "--until", "tomorrow", "x", code=2))
        self.assertIn("1 to 36500", self.pki("client", "--days", "0", "x", code=2))
        self.assertIn("outlive its CA", self.pki("client", "--until", "2090-01-01", "x", code=1))

    def test_nothing_is_overwritten(self):
        before = (self.home / "pki" / "ca.key").read_bytes()
        self.assertIn("exists and is not overwritten", self.pki("ca", code=1))
        self.pki("client", "pump")
        self.assertIn("wax pki renew pump", self.pki("client", "pump", code=1))
        self.assertEqual((self.home / "pki" / "ca.key").read_bytes(), before)

    def test_no_trace_of_a_draft_is_left(self):
        self.pki("client", "pump")
        names = sorted(path.name for path in (self.home / "pki").iterdir())
        self.assertEqual(names, ["ca.crt", "ca.key", "crl.pem", "index.txt", "pump.crt", "pump.key"])

    def test_the_help_teaches(self):
        self.assertIn("wax pki server broker.example.org", self.pki("--help"))
        self.assertIn("Usage: wax pki", self.pki(code=2))
        self.assertIn("--help", self.pki("client", code=2))
        self.assertIn("--help", self.pki("ca", "--colour", code=2))


class WhatOthersMade(InAFolder):
    """The usual mistakes, made with the usual commands."""

    def openssl(self, line):
        run("openssl", *line.split(), cwd=self.home)

    def setUp(self):
        super().setUp()
        self.openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=Me")
        self.openssl("req -newkey rsa:2048 -nodes -keyout s.key -out s.csr -subj /CN=localhost")
        self.sign = "x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 "

    def test_no_san(self):
        self.openssl(self.sign + "-in s.csr -out s.crt")
        said = self.pki("show", "s.crt", code=1)
        self.assertIn("PROBLEM: it has no SAN", said)
        self.assertIn("s.key belongs to it", said)
        self.assertEqual(said.count("PROBLEM"), 1)

    def test_server_and_ca_of_the_same_name(self):
        self.openssl("req -new -key s.key -out same.csr -subj /CN=Me")
        self.openssl(self.sign + "-in same.csr -out s.crt")
        self.assertIn("give the two different names", self.pki("show", "s.crt", code=1))

    def test_wrong_use(self):
        (self.home / "ext").write_text("extendedKeyUsage=codeSigning\n")
        self.openssl(self.sign + "-in s.csr -out s.crt -extfile ext")
        self.assertIn("lacks both serverAuth and clientAuth", self.pki("show", "s.crt", code=1))

    def test_weak_key_and_digest(self):
        self.openssl("req -x509 -newkey rsa:1024 -sha1 -nodes -keyout w.key -out w.crt -subj /CN=w")
        said = self.pki("show", "w.crt", code=1)
        self.assertIn("too small to be safe", said)
        self.assertIn("SHA1, which is broken", said)

    def test_the_key_of_another(self):
        self.openssl(self.sign + "-in s.csr -out s.crt")
        shutil.copy(self.home / "ca.key", self.home / "s.key")
        self.assertIn("s.key does not belong to it", self.pki("show", "./s.crt", code=1))

    def test_another_ca_of_the_same_name(self):
        self.openssl(self.sign + "-in s.csr -out s.crt")
        self.openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=Me")
        self.assertIn("but that CA did not sign it", self.pki("show", "s.crt", code=1))

    def test_no_certificate_at_all(self):
        (self.home / "x.crt").write_text("hello\n")
        self.assertIn("holds no certificate", self.pki("show", "x.crt", code=1))
        self.assertIn("No such file", self.pki("show", "y.crt", code=1))


class Init(InAFolder):
    def test_a_home_is_made_once(self):
        said = run(WAX, "init", "--home", "h", "--host", "mqtt.example", cwd=self.home)
        home = self.home / "h"
        self.assertIn(f"sub -o {home}/admin.conf -t users/admin/hello -v", said)
        self.assertEqual(home.stat().st_mode & 0o777, 0o700)
        self.assertEqual((home / "admin.conf").stat().st_mode & 0o777, 0o600)
        self.assertEqual((home / "passwords").stat().st_mode & 0o777, 0o600)
        run("openssl", "verify", "-CAfile", home / "pki/ca.crt", "-verify_hostname", "mqtt.example",
            home / "pki/server.crt")
        password = re.search(r"^-P (\S+)$", (home / "admin.conf").read_text(), re.M).group(1)
        self.assertGreaterEqual(len(password), 24)
        self.assertNotIn(password, said + (home / "passwords").read_text())
        kept = (home / "admin.conf").read_text()
        self.assertIn("stays as it is", run(WAX, "init", "--home", home, code=1))
        self.assertIn("pub -o", run(WAX, "init", "--home", home, "--show"))
        self.assertEqual((home / "admin.conf").read_text(), kept)
        self.assertEqual([path.name for path in self.home.iterdir()], ["h"])

    def test_the_broker_keeps_its_state_beside_the_configuration(self):
        run(WAX, "init", "--home", "h", cwd=self.home)
        home = self.home / "h"
        text = (home / "wax.conf").read_text()
        self.assertIn(f"\npersistence_location {home}/store\n", text)
        port, plain = free_port(), free_port()
        (home / "wax.conf").write_text(text.replace("8883", str(port)).replace("1883", str(plain)))
        password = re.search(r"^-P (\S+)$", (home / "admin.conf").read_text(), re.M).group(1)
        options = ["-p", plain, "-u", "admin", "-P", password, "-t", "users/admin/hello", "-q", 1]
        for words in (["pub", *options, "-r", "-m", "world"], ["sub", *options, "-C", 1, "-W", 20]):
            broker = subprocess.Popen([WAX, "broker", "-c", home / "wax.conf"], stderr=subprocess.PIPE)
            self.addCleanup(lambda broker=broker: (broker.kill(), broker.communicate()))
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", plain)) == 0:
                        break
                time.sleep(0.05)
            said = run(WAX, *words)
            broker.kill()
            broker.wait()
        self.assertEqual(said, "world\n")
        self.assertEqual((home / "store").stat().st_mode & 0o777, 0o700)

    @unittest.skipUnless(os.geteuid() == 0 and "mosquitto" in {each.pw_name for each in pwd.getpwall()}, "needs root, and an account")
    def test_root_becomes_somebody_who_can_do_less(self):
        """Whoever the broker is then reads its files, those made anew, too, and writes its store alone."""
        name = "wax" if "wax" in {each.pw_name for each in pwd.getpwall()} else "mosquitto"
        account = pwd.getpwnam(name)
        os.chmod(self.home, 0o755)
        self.assertIn(f"becomes {name}", run(WAX, "init", "--home", "h", cwd=self.home))
        home = self.home / "h"
        modes = {each: (home / each).stat() for each in (".", "wax.conf", "pki/server.key", "passwords", "admin.conf", "pki/ca.key")}
        self.assertEqual({each.st_uid for each in modes.values()}, {0})
        self.assertEqual({each: (about.st_mode & 0o777, about.st_gid == account.pw_gid) for each, about in modes.items()},
                         {".": (0o750, True), "wax.conf": (0o640, True), "pki/server.key": (0o640, True),
                          "passwords": (0o640, True), "admin.conf": (0o600, False), "pki/ca.key": (0o600, False)})
        port, plain = free_port(), free_port()
        text = (home / "wax.conf").read_text()
        self.assertIn(f"\nuser {name}\n", text)
        (home / "wax.conf").write_text(text.replace("8883", str(port)).replace("1883", str(plain)))
        (home / "admin.conf").write_text((home / "admin.conf").read_text().replace("8883", str(port)))
        run(WAX, "pki", "renew", "--dir", home / "pki", "server")
        log = open(self.home / "log", "w+")
        broker = subprocess.Popen([WAX, "broker", "-c", home / "wax.conf"], stderr=log)
        self.addCleanup(lambda: (broker.kill(), broker.wait(), log.close()))
        self.wait_for(lambda: "started version" in (self.home / "log").read_text())
        self.assertIn(f"Uid:\t{account.pw_uid}\t{account.pw_uid}\t", pathlib.Path(f"/proc/{broker.pid}/status").read_text())
        self.assertEqual((home / "store").stat().st_uid, account.pw_uid)
        run(WAX, "pki", "renew", "--dir", home / "pki", "server")
        (home / "passwords").write_text((home / "passwords").read_text())
        broker.send_signal(signal.SIGHUP)
        self.wait_for(lambda: re.search("reloaded|reload_failed", (self.home / "log").read_text()))
        self.assertNotIn("reload_failed", (self.home / "log").read_text())
        options = ["-o", home / "admin.conf", "-t", "users/admin/hello", "-q", 1]
        run(WAX, "pub", *options, "-r", "-m", "world")
        self.assertEqual(run(WAX, "sub", *options, "-C", 1, "-W", 20), "world\n")

    def wait_for(self, claim):
        until = time.monotonic() + 30
        while not claim():
            self.assertLess(time.monotonic(), until, (self.home / "log").read_text())
            time.sleep(0.02)

    def test_a_strange_folder_is_left_alone(self):
        (self.home / "h").mkdir()
        (self.home / "h" / "mine").write_text("")
        self.assertIn("not made by", run(WAX, "init", "--home", self.home / "h", code=1))
        self.assertEqual([path.name for path in self.home.iterdir()], ["h"])
        self.assertIn("make it with", run(WAX, "init", "--home", "g", "--show", cwd=self.home, code=1))

    @unittest.skipUnless(shutil.which("mosquitto") and shutil.which("mosquitto_passwd"), "no mosquitto")
    def test_mosquitto_takes_the_configuration(self):
        run(WAX, "init", "--home", "h", cwd=self.home)
        home = self.home / "h"
        password = re.search(r"^-P (\S+)$", (home / "admin.conf").read_text(), re.M).group(1)
        # Mosquitto 2.0 does not know Argon2, and gives up being root unless told not to.
        run("mosquitto_passwd", "-b", "-c", home / "passwords", "admin", password)
        port, plain = free_port(), free_port()
        text = (home / "wax.conf").read_text()
        text = text.replace("listener 8883", f"listener {port}").replace("listener 1883", f"listener {plain}")
        (home / "other.conf").write_text(text if "\nuser root\n" in text else text + "user root\n")
        broker = subprocess.Popen(["mosquitto", "-c", home / "other.conf"], stderr=subprocess.PIPE)
        self.addCleanup(lambda: (broker.kill(), broker.communicate()))
        options = ["-h", "localhost", "-p", port, "--cafile", home / "pki/ca.crt", "-u", "admin",
                   "-P", password, "-t", "users/admin/hello"]
        for _ in range(50):
            if run("mosquitto_pub", *options, "-r", "-m", "world", code=None) == "":
                break
            time.sleep(0.1)
        self.assertEqual(run("mosquitto_sub", *options, "-C", "1", "-W", "5"), "world\n")
        self.assertNotEqual(run("mosquitto_pub", "-p", plain, "-t", "t", "-m", "x", code=5), "")


if __name__ == "__main__":
    unittest.main()
