"""Files of TLS that change under a broker: revoked and renewed certificates, sessions that are resumed or not."""
import os
import shutil
import subprocess
import time
import unittest

import foreign
from mqtt_raw import connect
from tls_case import TlsCase, replace


class Revoked(TlsCase):
    def test_a_revoked_client_is_refused_from_the_reload_on(self):
        folder = self.pki.folder
        self.pki.write_crl("live.pem")
        broker = self.mutual(f"crlfile {folder}/live.pem")
        self.pub(broker, *self.pki.client("revoked"), "-h", "localhost")
        self.pki.write_crl("next.pem", "revoked")
        (folder / "next.pem").rename(folder / "live.pem")
        broker.wait_for_log(f"file_changed path={folder}/live.pem")
        broker.wait_for_log(" reloaded")
        self.pub(broker, *self.pki.client("revoked"), "-h", "localhost", code=8)
        broker.wait_for_log("the client's certificate was revoked by CA")
        self.pub(broker, *self.pki.client("alice"), "-h", "localhost")

    def test_a_stale_list_is_told_at_start_and_to_each_client(self):
        self.pki.write_crl("stale.pem", days=-2)
        broker = self.mutual(f"crlfile {self.pki.folder}/stale.pem")
        broker.wait_for_log("stale.pem is out of date since 20")
        self.pub(broker, *self.pki.client("alice"), "-h", "localhost", code=8)
        broker.wait_for_log("stale.pem is out of date; write it anew")

    def test_dates_may_be_ignored_and_lists_not(self):
        broker = self.mutual(f"disable_client_cert_date_checks true\ncrlfile {self.pki.folder}/crl.pem")
        broker.wait_for_log("clients get in with certificates that have expired")
        self.pub(broker, *self.pki.client("past"), "-h", "localhost")
        self.pub(broker, *self.pki.client("revoked"), "-h", "localhost", code=8)


class Resumed(TlsCase):
    def visit(self, broker, version, resumes=None):
        """Connects as alice, perhaps with the ticket of before; gives whether the session was resumed."""
        ticket = self.home / "ticket"
        words = ["-sess_in", ticket] if resumes else []
        process = subprocess.Popen(
            [foreign.need("openssl"), "s_client", "-connect", f"127.0.0.1:{broker.port}", version, "-sess_out", str(ticket),
             "-cert", str(self.pki.alice_crt), "-key", str(self.pki.alice_key), *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.reap, process)
        process.stdin.write(connect("alice", version=4))
        process.stdin.flush()
        said = b""
        while b"\x20\x02\0\0" not in said:  # CONNACK; the ticket comes before it
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            said += piece
        process.stdin.close()
        said += process.stdout.read()
        process.wait()
        self.assertRegex(said, rb"\n(New|Reused), TLS", said)
        return b"\nReused, TLS" in said

    def test_a_session_goes_on_after_a_reload_but_not_past_new_rules(self):
        folder = self.pki.folder
        self.pki.write_crl("rules.pem")
        broker = self.broker(self.pki.listener(more=f"cafile {folder}/ca.crt\nrequire_certificate true\nwatch_files false\n"
                                               f"crlfile {folder}/rules.pem\nsys_interval 1\n"
                                               "listener {port2} 127.0.0.1"))
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                self.assertFalse(self.visit(broker, version))
                self.assertTrue(self.visit(broker, version, True))
                broker.reload()
                self.assertTrue(self.visit(broker, version, True))
                self.pki.write_crl("rules.pem", "revoked" if version == "-tls1_2" else "past")
                broker.reload()
                self.assertFalse(self.visit(broker, version, True))
        foreign.wait_until(lambda: self.sys(broker, "tls/resumed/count") == "4", "the count of resumed sessions")
        foreign.wait_until(lambda: self.sys(broker, "tls/handshakes/count") == "4", "the count of whole handshakes")

    def test_another_listener_does_not_take_the_ticket(self):
        folder = self.pki.folder
        pair = f"certfile {folder}/server.crt\nkeyfile {folder}/server.key\n"
        broker = self.broker(f"user root\nallow_anonymous true\nlistener {{port}} 127.0.0.1\n{pair}"
                             f"listener {{port2}} 127.0.0.1\n{pair}cafile {folder}/ca.crt\nrequire_certificate true\n"
                             "use_identity_as_username true\n")
        open_port, closed_port = broker.ports
        ticket = self.home / "ticket"
        self.s_client(broker, "-tls1_2", "-sess_out", ticket, port=open_port)
        said = self.s_client(broker, "-tls1_2", "-sess_in", ticket, port=closed_port)
        self.assertIn("handshake failure", said)
        broker.wait_for_log("the client sent no certificate")


class Watched(TlsCase):
    def serial(self, broker):
        return foreign.run("openssl", "x509", "-noout", "-serial", input=self.s_client(broker).encode())

    def copy(self, name, into="live"):
        """A pair under a name of its own, each file put in place by a rename."""
        replace(self.home / f"{into}.key", (self.pki.folder / f"{name}.key").read_text())
        replace(self.home / f"{into}.crt", (self.pki.folder / f"{name}.crt").read_text())

    def watching(self, more=""):
        self.copy("server")
        return self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\ncertfile {home}/live.crt\n"
                           "keyfile {home}/live.key\n" + more)

    def test_a_renewed_certificate_is_shown_and_nobody_is_dropped(self):
        broker = self.watching()
        before = self.serial(broker)
        words = ("-h", "localhost", "-p", broker.port, "--cafile", self.pki.ca_crt)
        there = self.start("mosquitto_sub", *words, "-t", "a", "-C", 1)
        broker.wait_for_log("client_connected")
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        self.copy("renewed")
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

        def was_published():
            foreign.run("mosquitto_pub", *words, "-t", "a", "-m", "still here")
            return there.poll() is not None

        foreign.wait_until(was_published, "the message")
        self.assertEqual(self.finish(there), "still here\n")
        self.assertNotIn("reload_failed", broker.log())

    def test_half_a_change_keeps_the_old_pair(self):
        broker = self.watching()
        before = self.serial(broker)
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        replace(self.home / "live.crt", self.pki.renewed_crt.read_text())
        broker.wait_for_log("does not belong to certfile")
        broker.wait_for_log("reload_failed reason=the configuration is not good: the old one holds")
        self.assertEqual(self.serial(broker), before)
        replace(self.home / "live.key", self.pki.renewed_key.read_text())
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

    def test_a_link_that_is_turned(self):
        """As Kubernetes puts secrets in place: the files are links through a link to a folder."""
        for name in ("..first", "..second"):
            (self.home / name).mkdir()
        self.copy("server", "..first/live")
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        self.copy("renewed", "..second/live")
        (self.home / "..data").symlink_to("..first")
        for kind in ("crt", "key"):
            (self.home / f"live.{kind}").symlink_to(f"..data/live.{kind}")
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\ncertfile {home}/live.crt\n"
                             "keyfile {home}/live.key\n")
        before = self.serial(broker)
        (self.home / "..data_tmp").symlink_to("..second")
        (self.home / "..data_tmp").rename(self.home / "..data")
        shutil.rmtree(self.home / "..first")
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

    def test_links_that_are_put_anew_one_by_one(self):
        """As certbot does: numbered files in one folder, links to them in another."""
        (self.home / "archive").mkdir()
        (self.home / "live").mkdir()
        self.pki.make("renewed", names=["localhost"], addresses=["127.0.0.1"])
        self.copy("server", "archive/pair1")
        for kind in ("crt", "key"):
            (self.home / f"live/pair.{kind}").symlink_to(f"../archive/pair1.{kind}")
        broker = self.broker("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
                             "certfile {home}/live/pair.crt\nkeyfile {home}/live/pair.key\n")
        before = self.serial(broker)
        self.copy("renewed", "archive/pair2")
        for kind in ("crt", "key"):
            (self.home / f"live/pair.{kind}").unlink()
            (self.home / f"live/pair.{kind}").symlink_to(f"../archive/pair2.{kind}")
        broker.wait_for_log(" reloaded")
        self.assertNotEqual(self.serial(broker), before)

    def test_passwords_and_rules_are_watched(self):
        foreign.run("mosquitto_passwd", "-b", "-c", self.home / "passwd", "anna", "secret")
        broker = self.broker("user root\nlistener {port} 127.0.0.1\npassword_file {home}/passwd\n")
        login = ("-u", "ben", "-P", "secret")
        self.pub(broker, *login, code=(4, 5))
        foreign.run("mosquitto_passwd", "-b", self.home / "passwd", "ben", "secret")
        broker.wait_for_log(" reloaded")
        self.pub(broker, *login)

    def test_a_signal_reads_it_once(self):
        """A file that was changed before SIGHUP makes no second reload, and without the option there is none."""
        broker = self.watching()
        self.copy("server")
        broker.reload()
        replace(self.home / "live.crt", "nothing")
        broker.wait_for_log("reload_failed")
        self.assertEqual(broker.log().count(" reloaded"), 1)
        broker = self.watching("watch_files false\n")
        replace(self.home / "live.crt", "nothing")
        time.sleep(2.5)
        self.assertNotIn("reload_failed", broker.log())


class Expiring(TlsCase):
    def ending(self, days, seconds=0):
        self.pki.make("ending", names=["localhost"], addresses=["127.0.0.1"], days=days, seconds=seconds)
        text = foreign.run("openssl", "x509", "-in", self.pki.ending_crt, "-noout", "-enddate").strip().split("=")[1]
        return int(foreign.run("date", "-d", text, "+%s"))

    def start_in_time(self):
        """A broker whose certificate has a little more than a day; gives it and the end. It must have begun before that day."""
        for seconds in (5, 20, 60):
            end = self.ending(1, seconds)
            broker = self.broker(self.pki.listener("ending", more="sys_interval 1\nlistener {port2} 127.0.0.1"))
            if time.time() < end - 86400 - 1:
                return broker, end
        self.fail("this machine is too slow")

    def test_the_end_is_published_and_told_in_time(self):
        broker, end = self.start_in_time()
        self.assertEqual(self.sys(broker, f"tls/{broker.port}/certificate/expires"), str(end))
        self.assertIn("our certificate expires in 1 days", broker.log())
        told = f"certificate_expires port={broker.port} days=1"
        foreign.wait_until(lambda: told in broker.log(), "the word of it", 90)
        self.assertEqual(broker.log().count("certificate_expires"), 1)

    def test_each_stage_is_told_once(self):
        self.ending(90)
        broker = self.broker(self.pki.listener("ending", more="watch_files false\nsys_interval 1\nlistener {port2} 127.0.0.1"))
        for days in (31, 30, 29, 8, 7, 6, 2, 1):
            end = self.ending(days, 3600 if days in (31, 8, 2) else 0)
            broker.reload()
            foreign.wait_until(lambda: self.sys(broker, f"tls/{broker.port}/certificate/expires") == str(end), "the new end")
        self.ending(-1)
        broker.reload()
        broker.wait_for_log(f"certificate_expired port={broker.port}")
        told = [line.split("days=")[1].split()[0] for line in broker.log().splitlines() if "certificate_expires" in line]
        self.assertEqual(told, ["30", "7", "1"])
        self.ending(90)
        broker.reload()
        self.ending(-1)
        broker.reload()
        broker.wait_for_log(f"certificate_expired port={broker.port}", 2)


if __name__ == "__main__":
    unittest.main()
