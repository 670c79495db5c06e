"""Every switch of Mosquitto's tools, and every letter of -F, has its row in docs/conformance-tools.md, and the row is true.

`python3 tools_table_test.py --write` writes the page anew from the tables of options.
"""
import os
import pathlib
import re
import string
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import WAX, has, run, wax  # noqa: E402

PAGE = pathlib.Path(__file__).parents[2] / "docs/conformance-tools.md"
TOOLS = ("pub", "sub", "rr")

HEAD = """# The switches of Mosquitto's command line tools

What becomes of each switch of `mosquitto_pub`, `mosquitto_sub` and `mosquitto_rr` (2.0 and 2.1) in `wax pub`, `wax sub`
and `wax rr`. The table is written from the tables of options; a test compares it with what Mosquitto's tools list.

Where a switch works, standard output and exit code are Mosquitto's, with these exceptions, all of them on purpose:

- A subscription that the broker refuses is a failure: the exit code is the reason, where Mosquitto's is 0.
- `--random-filter` is a percentage, as Mosquitto's manual says; Mosquitto itself shows a tenth of it.
- `--remove-retained` removes what `-R` hides, as Mosquitto's manual says.
- `-S` with TLS: the certificate must be for the domain that was asked for, since nobody vouches for the DNS.
- `-F %x` with a width shows all that fits; Mosquitto 2.0 cuts too much. `-F %j` is that of 2.0.
- What makes no sense (a topic with a wildcard, a property that may not stand there) is refused before anything is sent.
- `-k` may be 0 to 4, and `-M` 0. What is said on the standard error has other words.
"""

# Those of Mosquitto 2.1 that the help of 2.0 does not list yet, or that only its manual does.
NEWER = {
    "pub": "-o --no-tls --tls-keylog --ws -S --mptcp",
    "sub": "-o --no-tls --tls-keylog --ws -S --mptcp --retain-handling --message-rate -w --watch --retain-as-published",
    "rr": "-o --no-tls --tls-keylog --ws -S --mptcp --latency --retain-handling --retain-as-published -m -f -n -s",
}
LONG = ("--host --port --url --username --pw --id --id-prefix --disable-clean-session --keepalive --protocol-version --property --debug "
        "--topic --qos")


def page():
    parts = [HEAD]
    for tool in TOOLS:
        parts.append(f"\n## wax {tool}\n\n{wax(tool, '--table').out}")
    parts.append("\n## wax passwd\n\n| switch | here | meaning |\n|---|---|---|\n")
    for switch, text in passwd_rows():
        parts.append(f"| `{switch}` | works | {text} |\n")
    return "".join(parts)


def passwd_rows():
    """What the help of wax passwd tells: as usages, and as options whose first line ends as a sentence may."""
    text = wax("passwd", "--help").out
    return (re.findall(r"^  wax passwd (-\w) .*?  +(\S.*)$", text, re.M)
            + [(switch, " ".join(told.split())) for switch, told in re.findall(r"^  (-\S.*?)  +(\S.*(?:\n {8,}\S.*)*)$", text, re.M)])


def rows(tool):
    """{switch: (its value, verdict)}"""
    found = {}
    for names, verdict in re.findall(r"^\| `(.*)` \| ([a-z ]+) \|", wax(tool, "--table").out, re.M):
        words = names.replace("` `", " ").split()
        for word in words:
            if word.startswith("-") and words[0] != "-F" or len(words) == 1:
                found[word] = (words[-1] if not words[-1].startswith("-") else None, verdict)
    if tool != "pub":
        found["-F"] = ("FORMAT", "works")
    return found


class Table(unittest.TestCase):
    def test_the_page_is_of_this_version(self):
        self.assertEqual(PAGE.read_text(), page(), "run: python3 tests/stories/tools_table_test.py --write")

    @unittest.skipUnless(has("mosquitto_pub"), "no mosquitto-clients")
    def test_no_switch_of_mosquitto_is_missing(self):
        for tool in TOOLS:
            text = run(f"mosquitto_{tool}", "--help", code=None).out
            listed = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text.split("\n\n", 1)[1].replace("socks-url", "").replace("client-id", "")))
            listed = {word for word in listed if word.startswith("--") or len(word) == 2}
            listed |= set(NEWER[tool].split()) | set(LONG.split())
            self.assertGreater(len(listed), 40)
            self.assertEqual(listed - set(rows(tool)), set(), tool)

    @unittest.skipUnless(has("mosquitto_passwd"), "no mosquitto_passwd")
    def test_no_switch_of_passwd_is_missing(self):
        listed = set(re.findall(r"^ (-\w) :", run("mosquitto_passwd", "--help", code=None).out, re.M)) | {"-I"}
        self.assertEqual(listed - {switch.split()[0] for switch, _ in passwd_rows()}, set())

    def test_the_verdicts_hold(self):
        for tool in TOOLS:
            for switch, (value, verdict) in rows(tool).items():
                said = wax(tool, switch, *([] if value is None else ["x"]), "--no-such-option", code=1).err
                with self.subTest(tool=tool, switch=switch, said=said):
                    self.assertNotIn(f"no option {switch};", said)
                    self.assertEqual("not in this version" in said, verdict == "rejected")
                    self.assertEqual("is not taken: " in said, verdict == "rejected with a hint")
                    if verdict.startswith("rejected"):
                        self.assertIn(switch, said)

    def test_the_letters_are_those_that_are_taken(self):
        told = {letter for letter in re.findall(r"^\| `-F %(.)`", wax("sub", "--table").out, re.M)}
        taken = {letter for letter in string.ascii_letters + "%" if "nothing that can be shown" not in
                 wax("sub", "-t", "a", "-F", f"%{letter}", "-p", "1", "-h", "127.0.0.1", code=1).err}
        self.assertEqual(told, taken)
        if has("mosquitto_sub"):
            theirs = {letter for letter in taken | set(string.ascii_letters) if "Invalid format" not in run(
                "mosquitto_sub", "-t", "a", "-F", f"%{letter}", "-p", 1, "-h", "127.0.0.1", code=1).err}
            self.assertEqual(theirs - taken, set())

    def test_the_escapes_are_those_of_mosquitto(self):
        for letter in "\\0aenrtv":
            wrong = wax("sub", "-t", "a", "-F", f"\\{letter}", "-p", "1", "-h", "127.0.0.1", code=1).err
            self.assertNotIn("nothing that can be shown", wrong)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page())
    else:
        unittest.main()
