"""A script for Mosquitto's programs runs with Wax: a folder of links comes first in its PATH."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import WAX, Story, free_port, has, run, wait_for_port  # noqa: E402

NAMES = ["mosquitto", "mosquitto_passwd", "mosquitto_pub", "mosquitto_rr", "mosquitto_sub"]

# As one finds them: a broker with users and rules, a health check, a request, a loop over lines, exit codes.
SCRIPT = r"""
set -u
cd "$1"; port=$2
mosquitto_passwd -c -b passwords ann secret
mosquitto_passwd -b passwords bob "bob's"
mosquitto_passwd -D passwords bob
printf 'user ann\ntopic readwrite #\n' > acl
printf 'user root\nlistener %s 127.0.0.1\nallow_anonymous false\npassword_file %s/passwords\nacl_file %s/acl\n' $port "$1" "$1" > conf
chmod 600 passwords acl
mosquitto -c conf > log 2>&1 &
broker=$!
login="-h 127.0.0.1 -p $port -u ann -P secret"
for try in $(seq 100); do
    if mosquitto_pub $login -t health -m check --quiet 2> /dev/null; then break; fi
    sleep 0.1
done
echo "health: $?"
mosquitto_pub $login -t home/kitchen -m 21.5 -r -q 1
mosquitto_pub $login -t home/hall -m 19 -r -q 1
mosquitto_sub $login -t 'home/#' -v -C 2 | sort
value=$(mosquitto_sub $login -t home/kitchen -C 1 -W 5 -F '%p')
echo "kitchen is $value"
printf 'one\ntwo\n' | mosquitto_pub $login -t log -l -q 1 -i writer
mosquitto_sub $login -t nothing/here -W 1 2> /dev/null; echo "timeout: $?"
mosquitto_pub -h 127.0.0.1 -p $port -u ann -P wrong -t a -m b 2> /dev/null; echo "wrong password: $?"
mosquitto_pub -h 127.0.0.1 -p $port -u bob -P "bob's" -t a -m b 2> /dev/null; echo "removed user: $?"
mosquitto_pub -p 1 -t a -m b 2> /dev/null; echo "nobody there: $?"
mosquitto_sub --nonsense 2> /dev/null; echo "nonsense: $?"
mosquitto_rr $login -t echo -e echo -m ping -W 5
mosquitto_pub $login -t home/hall -n -r -q 1
mosquitto_sub $login -t 'home/#' -v --retained-only -W 1 2> /dev/null
mosquitto_sub $login -t 'home/#' -F '%j' -C 1 | sed 's/"tst":"[^"]*"/"tst":0/'
kill $broker; wait $broker; echo "broker: $?"
"""


@unittest.skipUnless(has("mosquitto", "mosquitto_pub"), "no mosquitto")
class Compat(Story):
    @classmethod
    def prepare(cls):
        cls.links = cls.folder.path / "compat"
        cls.links.mkdir()
        for name in NAMES:
            (cls.links / name).symlink_to(pathlib.Path(WAX).resolve())

    def run_script(self, path):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["sh", "-c", SCRIPT, "script", folder, str(free_port())], capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "PATH": path})
            return done.stdout, done.stderr + (pathlib.Path(folder) / "log").read_text()

    def test_a_script_does_with_wax_what_it_does_with_mosquitto(self):
        usual = f"{os.environ['PATH']}:/usr/sbin"
        theirs, _ = self.run_script(usual)
        ours, said = self.run_script(f"{self.links}:{usual}")
        # What passwd tells of its work is its own.
        ours = re.sub(r"\A(Added user ann\nAdded user bob\nDeleted user bob\n)", "", ours)
        # Which of the two refusals of MQTT 3.1.1 it is, is the broker's choice, not the tools'.
        ours, theirs = (re.sub("(wrong password|removed user): [45]\n", r"\1: refused\n", text) for text in (ours, theirs))
        self.assertEqual(ours, theirs, said)
        self.assertIn("wrong password: refused\n", ours)
        self.assertIn("broker: 0\n", ours)
        self.assertIn("started version=", said)

    def test_each_reads_what_the_other_writes(self):
        """Password files: mosquitto_passwd's for our broker; ours for Mosquitto is passwd_test's."""
        usual = f"{os.environ['PATH']}:/usr/sbin"
        mixed = self.folder.path / "mixed"
        mixed.mkdir()
        (mixed / "mosquitto").symlink_to(pathlib.Path(WAX).resolve())
        ours, said = self.run_script(f"{mixed}:{usual}")
        self.assertIn("health: 0\nhome/hall 19\n", ours, said)

    def test_the_broker_knows_mosquittos_switches(self):
        config = self.folder.write("empty.conf", f"listener {free_port()} 127.0.0.1\nallow_anonymous true\n")
        run(self.links / "mosquitto", "-c", config, "--test-config")
        self.assertIn("--test-config", run(self.links / "mosquitto", "-h").out)
        self.assertIn("not in this version", run(self.links / "mosquitto", "--tls-keylog", "x", code=1).err)
        port = free_port()
        broker = self.background(self.links / "mosquitto", "-p", port, "-v", "-q")
        wait_for_port(port, broker)
        run("mosquitto_pub", "-p", port, "-t", "a", "-m", "x", "-q", 1)

    def test_the_links_are_installed(self):
        build = pathlib.Path(WAX).resolve().parent
        if not (build / "cmake_install.cmake").exists():
            self.skipTest("wax does not stand in its folder of building")
        prefix = self.folder.path / "prefix"
        run("cmake", "--install", build, "--prefix", prefix)
        folder = prefix / "libexec/wax/compat"
        self.assertEqual(sorted(link.name for link in folder.iterdir()), NAMES)
        for name in NAMES:
            self.assertEqual((folder / name).resolve(), (prefix / "bin/wax").resolve())
        self.assertIn("Usage: wax sub", run(folder / "mosquitto_sub", "--help").out)


if __name__ == "__main__":
    unittest.main()
