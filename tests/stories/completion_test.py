"""What bash completes of the words of wax."""
import os
import re
import subprocess
import unittest

from running import WAX


class Completion(unittest.TestCase):
    def complete(self, *words):
        """What may stand for the last of the words."""
        script = (f"source <('{WAX}' completion bash)\nCOMP_WORDS=(wax \"$@\")\nCOMP_CWORD=$#\n_wax\n"
                  "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_tools(self):
        listed = subprocess.run([WAX, "--help"], capture_output=True, text=True, timeout=60).stdout
        tools = re.findall(r"^  (\w+)  +[a-z]", listed, re.M)
        self.assertGreater(len(tools), 8)
        self.assertLessEqual(set(tools), set(self.complete("")))
        self.assertEqual(self.complete("br"), ["broker"])

    def test_every_tool_has_its_options(self):
        for tool, option in (("broker", "--test-config"), ("pub", "--retain"), ("sub", "--retained-only"), ("rr", "-e"),
                             ("doctor", "--acl"), ("ctl", "--json"), ("init", "--home"), ("passwd", "--compat"),
                             ("pki", "--days"), ("bench", "--window"), ("keys", "--qr"), ("authority", "--kek")):
            with self.subTest(tool=tool):
                self.assertIn(option, self.complete(tool, "-"))
                self.assertIn("--help", self.complete(tool, "--h"))

    def test_verbs(self):
        verbs = self.complete("ctl", "")
        self.assertIn("clients", verbs)
        self.assertEqual((verbs.count("retained"), "delete" in verbs), (1, False))
        self.assertEqual(self.complete("ctl", "retained", ""), ["list", "delete"])
        self.assertEqual(self.complete("ctl", "retained", "list", "--old"), ["--older-than"])
        self.assertIn("revoke", self.complete("pki", "re"))
        self.assertIn("evict", self.complete("keys", "ev"))
        self.assertEqual(self.complete("keys", "group", ""), ["add", "list", "show"])
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh"])
        self.assertEqual(self.complete("ctl", "client", "x"), [])


if __name__ == "__main__":
    unittest.main()
