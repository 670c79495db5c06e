"""The log of an authority, followed from a broker that nobody believes: by wax keys follow, and by the second implementation."""
import pathlib
import sys
import unittest

from house import House
from peers import Server, Story, WAX, free_port, mosquitto, wax

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "seal"))
from sealed import signed
from sealed.octets import Refused


class Log(Story):
    @classmethod
    def prepare(cls):
        cls.ports = {name: free_port() for name in ("wax", "mosquitto")}
        port = cls.ports["wax"]
        config = cls.folder.write("wax.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        cls.serve(Server(cls.folder, [WAX, "broker", "-c", config], [port]))
        port = cls.ports["mosquitto"]
        cls.serve(mosquitto(cls.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port]))

    def found(self, broker="wax"):
        self.house = House(self, f"{self._testMethodName}-{broker}", self.ports[broker])
        self.house.found()
        self.house.keys("group", "add", "home", "-f", "home/#")
        (self.house.home / "house.pub").write_text(self.house.keys("public").out)
        return self.house

    def posted(self, highest):
        """What the broker has of the log, as lines: each number up to one, and the newest."""
        return wax("sub", "-p", self.house.port, "-t", f"{self.house.prefix}/l/#", "-F", "%t %x", "-C", highest + 1, "-W", 25).out

    def follow(self, lines, code=0, anchor="anchor"):
        return wax("keys", "follow", "--namespace", "house.pub", "--anchor", anchor, given=lines, code=code, cwd=self.house.home)

    def anchor(self):
        return (self.house.home / "anchor").read_text()

    def second(self, lines, anchor=(0, signed.ZEROS)):
        """The same by the second implementation."""
        public = dict(line.split() for line in (self.house.home / "house.pub").read_text().splitlines() if line[0] != "#")
        posted = {topic: bytes.fromhex(payload) for topic, payload in (line.split() for line in lines.splitlines())}
        return signed.follow_log(bytes.fromhex(public["namespace"]), bytes.fromhex(public["registrar"]), f"{self.house.prefix}/l",
                                 posted, anchor)

    def settled_count(self, house):
        house.settled()
        return int(house.keys("audit", "--verify").out.split("is whole: ")[1].split()[0])

    def check_who_was_away(self, broker):
        house = self.found(broker)
        house.start()
        count = self.settled_count(house)
        lines = self.posted(count)
        first = self.follow(lines).out
        self.assertEqual(len(first.splitlines()), count)
        self.assertTrue(first.startswith("1 "))
        at = self.second(lines)
        self.assertEqual(self.anchor(), f"{count} {at[1][1].hex()}\n")
        house.device("sensor", "home", "write").device("lamp", "home", "read")
        for _ in range(3):
            house.keys("rotate", "home", "--now")
        more = self.settled_count(house)
        self.assertGreater(more, count + 6)
        lines = self.posted(more)
        missed = self.follow(lines).out
        self.assertEqual(first + missed, house.keys("audit").out.split("the log is whole")[0])
        self.assertTrue(house.keys("audit", "--verify").out.endswith(f"its newest entry is {self.anchor()}"))
        taken, newest = self.second(lines, at[1])
        self.assertEqual([value[1] for value in taken], list(range(count + 1, more + 1)))
        self.assertEqual(self.anchor(), f"{newest[0]} {newest[1].hex()}\n")
        self.assertEqual(self.follow(lines).out, "")  # the same again
        backwards = "".join(reversed(lines.splitlines(keepends=True)))
        self.assertEqual(self.follow(backwards, anchor="other").out, first + missed)

    def test_an_anchor_that_nothing_can_follow_is_refused(self):
        house = self.found()
        house.start()
        lines = self.posted(self.settled_count(house))
        for number in (2**64 - 1, 2**64, 10**30):
            (house.home / "far").write_text(f"{number} {'ab' * 32}\n")
            said = self.follow(lines, code=1, anchor="far")
            self.assertIn("the number of an entry and its digest", said.err)
            self.assertEqual((house.home / "far").read_text(), f"{number} {'ab' * 32}\n")

    def test_who_was_away_closes_the_chain(self):
        self.check_who_was_away("wax")

    def test_any_broker_will_do(self):
        self.check_who_was_away("mosquitto")

    def test_what_a_broker_may_do_to_it(self):
        house = self.found()
        house.start()
        count = self.settled_count(house)
        lines = self.posted(count).splitlines(keepends=True)
        topic = f"{house.prefix}/l"
        entry = {line.split()[0].rpartition("/")[2]: line.split()[1] for line in lines}
        without = "".join(line for line in lines if not line.startswith(f"{topic}/2 "))
        said = self.follow(without, code=1, anchor="a")
        self.assertIn("entries from 2 on have not come", said.err)
        self.assertEqual(said.out.count("\n"), 1)
        with self.assertRaises(Refused):
            self.second(without)
        swapped = without + f"{topic}/2 {entry['3']}\n"
        said = self.follow(swapped, code=1, anchor="b")
        self.assertIn(f"on {topic}/2 is the entry 3", said.err)
        with self.assertRaises(Refused):
            self.second(swapped)
        touched = bytearray.fromhex(entry["2"])
        touched[40] ^= 1
        said = self.follow(without + f"{topic}/2 {touched.hex()}\n", code=1, anchor="c")
        self.assertIn("was not signed by this authority", said.err)
        junk = f"{topic}/2\nother/l {entry['2']}\n{topic}/2 xyz\n{topic}/9 \n{topic}/2 {'00' * 9000}\n\n"
        said = self.follow(junk + "".join(lines), anchor="d")
        self.assertEqual(said.out.count("\n"), count)
        self.assertIn("too long", said.err)
        back = f"{topic} {entry['2']}\n"
        self.assertIn("the newest entry is 2, and", self.follow(back, code=1, anchor="d").err)

    def test_a_restore_takes_a_new_anchor(self):
        house = self.found()
        house.start()
        house.keys("export", "copy")
        house.device("lamp", "home", "both").keys("evict", "lamp")
        before = self.settled_count(house)
        self.follow(self.posted(before))
        old = self.anchor()
        house.end()
        house.folder.rename(house.home / "gone")
        wax("keys", "import", "copy", house.folder, "--kek", house.home / "authority.kek", cwd=house.home)
        house.start()
        count = self.settled_count(house)
        self.assertLess(count, before)
        self.assertIn("restored from a backup", self.follow(self.posted(before), code=1).err)
        self.assertEqual(self.anchor(), old)
        while count <= before:
            house.keys("rotate", "home", "--now")
            count = self.settled_count(house)
        self.assertIn("restored from a backup", self.follow(self.posted(count), code=1).err)  # though it has higher numbers now
        self.assertEqual(self.anchor(), old)
        (house.home / "anchor").write_text(house.keys("audit", "--verify").out.rsplit("its newest entry is ", 1)[1])
        house.keys("rotate", "home", "--now")
        self.assertIn("rotate home as=admin", self.follow(self.posted(self.settled_count(house))).out)

    def test_what_a_restore_left_behind_is_passed_over(self):
        """Entries above the newest are of the log that is gone."""
        house = self.found()
        house.start()
        house.keys("export", "copy")
        for _ in range(5):
            house.keys("rotate", "home", "--now")
        before = self.settled_count(house)
        house.end()
        house.folder.rename(house.home / "gone")
        wax("keys", "import", "copy", house.folder, "--kek", house.home / "authority.kek", cwd=house.home)
        house.start()
        count = self.settled_count(house)
        self.assertLess(count, before)  # some are left behind
        lines = self.posted(before)
        self.assertEqual(self.follow(lines).out.count("\n"), count)
        self.assertEqual(len(self.second(lines)[0]), count)

    def test_a_broker_that_lost_all_gets_it_again(self):
        house = self.found()
        house.start()
        count = self.settled_count(house)
        for line in self.posted(count).splitlines():
            wax("pub", "-p", house.port, "-q", 1, "-r", "-m", "lost", "-t", line.split()[0])
        self.assertIn("passed over", self.follow(self.posted(count)).err)
        house.keys("resend")
        self.assertEqual(self.settled_count(house), count)
        self.assertEqual(self.follow(self.posted(count)).out.count("\n"), count)

    def test_it_wants_to_know_what_to_follow(self):
        house = self.found()
        self.assertIn("give --namespace FILE", wax("keys", "follow", code=1).err)
        for text in ("", "0 00\n", "x\n", "1 " + "0" * 63 + "\n", "1" + "0" * 64 + "\n", "-1 " + "0" * 64, "1 " + "0" * 66):
            (house.home / "anchor").write_text(text)
            self.assertIn("it holds the number of an entry", self.follow("", code=1).err, text)


del Story

if __name__ == "__main__":
    unittest.main()
