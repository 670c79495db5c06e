"""Logs, signals and $SYS of a running broker."""
import json
import os
import signal
import time
import unittest

import foreign
from mqtt_raw import CONNACK, DISCONNECT, Client, connect
from running import PLAIN, Broker, BrokerCase


class Logs(unittest.TestCase):
    def run_broker(self, config):
        broker = Broker(config + PLAIN)
        self.addCleanup(lambda: self.assertIsNone(broker.stop()))
        return broker

    def test_json_lines_with_hostile_names(self):
        broker = self.run_broker("log_format json\n")
        name = 'a" \n{"level":"error"} user=root \x1b[1m'
        client = Client(broker.port)
        self.addCleanup(client.close)
        client.connect(name)
        broker.wait_for_log("client_connected")
        lines = [json.loads(line) for line in broker.log().splitlines()]
        told, = (line for line in lines if line["event"] == "client_connected")
        self.assertEqual((told["client"], told["port"], told["level"]), (name, broker.port, "notice"))
        self.assertRegex(told["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertTrue(any(line["event"] == "started" for line in lines))

    def test_a_name_forges_no_field(self):
        broker = self.run_broker("")
        client = Client(broker.port)
        self.addCleanup(client.close)
        client.connect("x user=root peer=10.0.0.1:1")
        broker.wait_for_log('client_connected client="x user=root peer=10.0.0.1:1" user= peer=127.0.0.1:')

    def test_a_file_that_was_moved_away(self):
        broker = self.run_broker("log_dest file {folder}/log\n")
        path, count = broker.path("log"), 0
        for sent in (signal.SIGHUP, signal.SIGRTMIN):
            count += 1
            os.rename(path, f"{path}.{count}")
            broker.process.send_signal(sent)
            foreign.wait_until(lambda: os.path.exists(path), "a new file")
        broker.process.send_signal(signal.SIGUSR1)
        foreign.wait_until(lambda: "synced" in broker.read("log"), "the line of SIGUSR1")
        broker.process.send_signal(signal.SIGUSR2)
        foreign.wait_until(lambda: "wax ctl clients" in broker.read("log"), "the line of SIGUSR2")

    def test_who_says_nothing_is_not_logged_at_notice(self):
        broker = self.run_broker("")
        silent = Client(broker.port)
        silent.close()
        broker.wait_for_log("debug connection_ended")
        self.assertNotIn("notice connection_ended", broker.log())


class Quarrel(BrokerCase):
    """Two clients of one id throw each other out for ever: the log says so once, and the newest waits."""

    def test_takeovers_slow_down(self):
        reasons = set()
        newest = self.client("twin")
        began = time.monotonic()
        for _ in range(12):
            older, newest = newest, self.raw()
            newest.send(connect("twin"))
            newest.expect(CONNACK)
            reasons.add(older.expect(DISCONNECT).reason)
        self.assertEqual(reasons, {0x8E})
        self.assertGreater(time.monotonic() - began, 2.5)
        log = self.broker.log()
        self.assertEqual(log.count("client_id_quarrel client=twin "), 1, log)
        self.assertRegex(log, r"client_id_quarrel client=twin peer=127\.0\.0\.1:\d+ other=127\.0\.0\.1:\d+")

    def test_one_that_gives_up_waiting(self):
        self.client("gone")
        for _ in range(14):
            waiting = self.raw()
            waiting.send(connect("gone"))
            waiting.close()
        self.client("somebody else").ping()


class SysIsShut(BrokerCase):
    CONFIG = "sys_interval 1\n" + PLAIN

    def test_strangers_may_not_look(self):
        client = self.client()
        self.assertEqual(client.subscribe("$SYS/#").reasons, b"\x87")


if __name__ == "__main__":
    unittest.main()
