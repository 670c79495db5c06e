"""wax update push in stages, for groups, halted; and who watches it."""
import re
import subprocess
import time

from peers import WAX, wax
from update_case import Updates


class RollOut(Updates):
    def wait_for(self, count):
        deadline = time.monotonic() + 30
        while len(self.status()) < count:
            self.assertLess(time.monotonic(), deadline)

    def fleet(self, count, *words):
        self.sign(6)
        flashes = [self.make(f"pump-{number}") for number in range(count)]
        processes = [self.spawn(flash, *words) for flash in flashes]
        self.wait_for(count)
        return processes

    def versions(self):
        return sorted(row[1] for row in self.status().values())

    def test_in_stages_until_all_have_it(self):
        self.fleet(4)
        shown = self.push(self.sign(7), "--percent", "25,50,100", "--settle", 1, "-W", 25)
        self.assertRegex(shown.err, "4 devices are known")
        self.assertRegex(shown.err, "stage of 25 %: 1 of 4 devices\n.*1 of 1 devices run version 7")
        self.assertRegex(shown.err, "stage of 50 %: 2 of 4 devices\n.*2 of 2 devices run version 7")
        self.assertRegex(shown.err, "4 of 4 devices run version 7")
        self.assertEqual(self.versions(), ["7"] * 4)
        kept = wax("sub", "-p", self.ports["wax"], "-t", f"{self.prefix}/u/+/manifest", "-W", 1, "-F", "%t", code=27).out.split()
        self.assertEqual(kept, [f"{self.prefix}/u/pump/manifest"])

    def test_halted_when_devices_fail(self):
        self.fleet(4, "--never-confirm")
        shown = self.push(self.sign(7), "--percent", "50,100", "--settle", 1, "--halt-after", 2, "-W", 25, code=2)
        self.assertRegex(shown.err, "pump-[0-3] has failed: it runs 6")
        self.assertRegex(shown.err, "halted: 2 of 2 devices have failed, 0 run version 7")
        self.assertEqual(self.versions(), ["6"] * 4)
        failed = [row for row in self.status().values() if "failed:" in row]
        self.assertEqual(len(failed), 2)
        kept = wax("sub", "-p", self.ports["wax"], "-t", f"{self.prefix}/u/+/manifest", "-W", 1, "-F", "%t", code=27).out
        self.assertEqual(kept, "")

    def test_for_a_group_alone(self):
        self.sign(6)
        for number in range(3):
            self.spawn(self.make(f"pump-{number}"), *(["--group", "hall-2"] if number else []))
        self.wait_for(3)
        shown = self.push(self.sign(7), "--to", "hall-2", "--wait", "--settle", 1, "-W", 25)
        self.assertIn("2 of 2 devices run version 7", shown.err)
        self.assertEqual(self.versions(), ["6", "7", "7"])

    def test_watching(self):
        watcher = self.background(WAX, "update", "watch", *map(str, self.broker()), stdout=subprocess.PIPE, text=True)
        self.push(self.sign(7, "--chunk-size", 512))
        self.live(self.make(), "--until", 7)
        seen = ""
        while not re.search(r"pump-1 +pump +7 +idle", seen):
            seen += watcher.stdout.readline()
        self.assertRegex(seen, r"pump-1 +pump +6 +receiving  -> 7 +\[#+\.+\] \d+/40")
        self.assertRegex(seen, r"pump-1 +pump +7 +trial")
