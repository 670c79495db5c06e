"""wax keys rule: what `wax authority` does by itself, with real devices, a broker and a forger."""
import unittest

from house import House, until
from peers import WAX, Server, Story, free_port, start, stop, wax


class Rules(Story):
    @classmethod
    def prepare(cls):
        cls.port = free_port()
        config = cls.folder.write("wax.conf", f"listener {cls.port} 127.0.0.1\nallow_anonymous true\n")
        cls.serve(Server(cls.folder, [WAX, "broker", "-c", config], [cls.port]))

    def house(self):
        """A sensor that writes and a lamp that reads; each house has a prefix of its own."""
        house = House(self, self._testMethodName, self.port)
        house.found()
        house.topic = f"{house.prefix}-home"
        house.keys("group", "add", "home", "-f", f"{house.topic}/#")
        return house.device("sensor", "home", "write").device("lamp", "home", "read")

    def says(self, house, words):
        until(lambda: words in house.said(), lambda: f"{words}\n{house.said()[-4000:]}")

    def firmware(self, house, version):
        """The lamp is given other firmware, and shows it."""
        path = house.home / "lamp.keys"
        lines = [line for line in path.read_text().splitlines() if not line.startswith("firmware ")]
        path.write_text("\n".join(lines + [f"firmware {version}", ""]))
        house.subscribe("lamp", f"{house.topic}/#")
        house.subscribe("lamp", f"{house.topic}/#")

    def test_who_joins_makes_a_new_epoch_and_the_log_says_why(self):
        house = self.house()
        house.keys("rule", "add", "come", "--when", "join", "--do", "rotate", "--groups", "h*", "--devices", "pan?l")
        # It happens while no authority runs, and is done by the next.
        house.device("panel", "home", "read").device("clock", "home", "read")
        self.assertIn("device panel: (dry run: nothing is done) rotates", house.keys("rule", "try", "come").out)
        self.assertNotIn("2 is announced", house.status())
        house.start()
        self.says(house, "rule come: join, group home, device panel: rotates")
        self.assertIn("2 is announced", house.status())
        audit = house.keys("audit").out
        self.assertIn("rule come: rule come do=rotate when=join group=home device=panel\n", audit)
        self.assertIn("rule come: rotate home epoch=2\n", audit)
        self.assertIn("acted 1 times", house.keys("rule", "show", "come").out)
        # And it is done once, whatever becomes of the process.
        house.kill()
        house.start().settled()
        self.assertEqual(house.said().count("rule come: "), 1)

    def test_who_is_silent_is_told_and_a_dry_run_puts_nobody_out(self):
        house = self.house().start()
        house.settled()
        house.pub("sensor", f"{house.topic}/kitchen", "21.5")
        house.keys("rule", "add", "quiet", "--when", "silent 2s", "--do", "notify", "--devices", "sens*")
        house.keys("rule", "add", "out", "--when", "silent 2s", "--do", "evict", "--dry-run")
        self.says(house, "rule quiet: silent 2s, device sensor: noted")
        self.says(house, "rule out: silent 2s, device sensor: (dry run: nothing is done) evicts it, for good")
        self.assertNotIn("evicted", house.status())
        self.assertIn("rule out: rule out do=evict dry=1 when=silent 2s device=sensor\n", house.keys("audit").out)

    def test_an_eviction_by_mistake_ends_at_its_limit(self):
        house = self.house().start()
        house.settled()
        house.pub("sensor", f"{house.topic}/kitchen", "21.5")
        house.subscribe("lamp", f"{house.topic}/#")
        house.acknowledged("lamp", 1)
        house.acknowledged("sensor", 1)
        house.keys("rule", "add", "out", "--when", "silent 1s", "--do", "evict")
        self.says(house, "rule out: its limit of 1 in 86400 seconds is reached")
        self.assertEqual(house.status().count(": evicted"), 1)
        self.assertIn("its limit is reached, more is due", house.keys("rule", "list").out)
        house.keys("rule", "disable", "out")
        self.assertIn("disabled", house.keys("rule", "list").out)
        house.keys("rule", "remove", "out")
        self.assertEqual(house.keys("rule", "list").out, "")

    def test_a_forged_message_is_an_alarm(self):
        house = self.house().start()
        house.settled()
        house.subscribe("lamp", f"{house.topic}/#")
        house.keys("rule", "add", "alarm", "--when", "alarm 2", "--do", "rotate", "--at-most", "1/day")
        house.keys("rule", "add", "forged", "--when", "forgeries 0", "--do", "notify")
        log = open(house.home / "lamp.log", "wb")
        self.addCleanup(log.close)
        lamp = start(WAX, "sub", "-p", house.port, "-c", "-i", f"lamp-{house.home.name}", "-q", 1, "--seal", house.home / "lamp.keys",
                     "-t", f"{house.topic}/#", stdout=log, stderr=log)
        self.addCleanup(stop, lamp)
        spy = start(WAX, "sub", "-p", house.port, "-t", f"{house.topic}/door", "-C", 1, "-N")
        self.addCleanup(stop, spy)
        until(lambda: house.pub("sensor", f"{house.topic}/door", "open") and spy.poll() is not None, "the spy has a message")
        envelope = bytearray(spy.communicate()[0])
        envelope[-1] ^= 1
        (house.home / "forged").write_bytes(envelope)
        self.assertNotIn("rule alarm", house.said())
        for _ in range(4):
            wax("pub", "-p", house.port, "-q", 1, "-t", f"{house.topic}/door", "-f", house.home / "forged")
        self.says(house, "rule alarm: alarm 2, device lamp: rotates")
        # It claims to be one that came already; what is not sealed claims nothing.
        self.assertNotIn("rule forged", house.said())
        wax("pub", "-p", house.port, "-q", 1, "-t", f"{house.topic}/door", "-m", "open")
        self.says(house, "rule forged: forgeries 0, device lamp: noted")
        self.assertRegex(house.status(), r"  refused: \d+ replayed, 1 unsealed\n")
        self.assertIn("refused a message", (house.home / "lamp.log").read_text())
        self.assertIn("do=rotate when=alarm 2 device=lamp\n", house.keys("audit").out)

    def test_old_firmware_gets_no_new_keys_until_it_is_newer(self):
        house = self.house()
        house.keys("rule", "add", "old", "--when", "firmware 2.0", "--do", "suspend", "--devices", "lamp")
        house.start().settled()
        self.firmware(house, "1.9")
        self.says(house, "rule old: firmware 2.0, device lamp: suspends")
        self.assertIn("suspended: it gets no newer keys", house.status())
        house.keys("rotate", "home", "--now")
        house.settled()
        house.pub("sensor", f"{house.topic}/kitchen", "secret")
        seen = house.sub("lamp", "-t", f"{house.topic}/#", "-C", 1, "-W", 2, code=None, text=False)
        self.assertNotIn(b"secret", seen.out)
        self.firmware(house, "2.0.1")
        self.says(house, "its firmware is new enough now, and keys go to it again")
        self.assertNotIn("suspended", house.status())
        house.settled()
        house.pub("sensor", f"{house.topic}/kitchen", "welcome")
        self.assertEqual(house.read("lamp", 1, f"{house.topic}/#"), ["welcome"])

    def test_somebody_ends_a_suspension(self):
        house = self.house().start()
        house.settled()
        self.firmware(house, "1.9")
        house.acknowledged("lamp", 1)
        house.keys("rule", "add", "quiet", "--when", "silent 1s", "--do", "suspend", "--devices", "lamp")
        self.says(house, "rule quiet: silent 1s, device lamp: suspends")
        house.keys("rule", "remove", "quiet")
        self.assertIn("suspended: it gets no newer keys", house.status())
        self.assertIn("the newest keys go to lamp again", house.keys("resume", "lamp").out)
        self.assertIn("is not suspended", house.keys("resume", "lamp", code=1).err)

    def test_somebody_suspends_by_hand(self):
        house = self.house().start()
        house.settled()
        self.assertIn("no newer keys go to lamp in home until", house.keys("suspend", "lamp", "home").out)
        self.assertIn("suspended there already", house.keys("suspend", "lamp", "home", code=1).err)
        self.assertIn("suspended: it gets no newer keys", house.status())
        self.assertIn("rule lamp as=admin do=suspend group=home\n", house.keys("audit").out)
        house.keys("rotate", "home", "--now")
        house.settled()
        house.pub("sensor", f"{house.topic}/kitchen", "secret")
        seen = house.sub("lamp", "-t", f"{house.topic}/#", "-C", 1, "-W", 2, code=None, text=False)
        self.assertNotIn(b"secret", seen.out)
        house.keys("resume", "lamp")
        self.assertNotIn("suspended", house.status())

    def test_so_many_messages_make_a_new_epoch(self):
        house = self.house().start()
        house.settled()
        house.keys("rule", "add", "much", "--when", "messages 16", "--do", "rekey")
        lines = "".join(f"{number}\n" for number in range(15))
        words = ["pub", "-p", house.port, "-q", 1, "--seal", house.home / "sensor.keys", "-t", f"{house.topic}/kitchen", "-l"]
        wax(*words, given=lines)
        house.settled()
        self.assertNotIn("rule much", house.said())
        wax(*words, given=lines + "the last\n")
        self.says(house, "rule much: messages 16, group home: rekeys at once")
        self.assertIn("epoch 2 is written in", house.status())

    def test_what_is_no_rule_is_refused(self):
        house = self.house()
        add = ["rule", "add", "x"]
        for words, fault in ((["--when", "join"], "--do ACTION"),
                             (["--when", "sometimes", "--do", "notify"], "no such condition"),
                             (["--when", "alarm 3", "--do", "evict"], "the attacker's work"),
                             (["--when", "leave", "--do", "rotate", "--at-most", "many"], "a limit is a number and a time")):
            self.assertIn(fault, house.keys(*add, *words, code=1).err)
        self.assertIn("did you mean `wax keys rule show", house.keys("rule", "shwo", "x", code=1).err)
        self.assertIn("there is no rule of this name", house.keys("rule", "try", "x", code=1).err)
        self.assertIn("there is no rule x", house.keys("rule", "show", "x", code=1).err)


if __name__ == "__main__":
    unittest.main()
