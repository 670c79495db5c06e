"""What the broker does about every option of Mosquitto, and what it says to a wrong value of each.

tests/conformance/options.tsv has the options; docs/conformance-config.md is what came of them. When the broker's
behaviour has changed for good reason, `conformance_config_test.py --write` writes the page again."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAX = os.environ.get("WAX", str(ROOT / "build/dev/wax"))
TABLE = ROOT / "tests/conformance/options.tsv"
PAGE = ROOT / "docs/conformance-config.md"

# What is said of a listener whatever its options are.
OTHER = "nobody can connect to this listener|open to the network without TLS"

HEAD = """# Options of mosquitto.conf

Every option of Mosquitto 2.0 and 2.1, and those of Wax alone: what `wax broker` does about it, and what it says to a value
that is wrong. Made by the tests from what the broker does; `wax.conf(5)` tells what each option means.

- **works**: as with Mosquitto, or safer where the manual says so.
- **no effect**: accepted; one warning says why nothing is lost.
- **refused**: the broker does not start and says what to write instead.

"""


def rows():
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [(line.split("\t") + ["", ""])[:5] for line in lines]


class Folder:
    """What the values of the table name."""

    def __init__(self, path):
        self.path = path
        self.wax("pki", "ca", "--dir", ".")
        self.wax("pki", "server", "--dir", ".", "--name", "server", "localhost")
        self.wax("pki", "client", "--dir", ".", "lost")
        self.wax("pki", "revoke", "--dir", ".", "lost")
        self.wax("passwd", "-c", "-b", "--compat", "2.0", "passwords", "ann", "a password")
        self.write("acl", "user ann\ntopic #\n")
        self.write("jwt.pem", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                   "-----END PUBLIC KEY-----\n")
        self.write("dynsec.json", "{}")
        self.write("store.key", "0f" * 32 + "\n")
        self.write("keys", "device:00112233445566778899aabbccddeeff\n")
        os.mkdir(os.path.join(path, "conf.d"))

    def wax(self, *words):
        subprocess.run([WAX, *words], cwd=self.path, check=True, capture_output=True)

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w") as out:
            out.write(text)
        os.chmod(os.path.join(self.path, name), 0o600)

    def judge(self, before, line):
        """The exit code for `line` after those before it, what is said of that line, and all that is said."""
        text = "".join(part.strip() + "\n" for part in before.split(";") if part) + line.replace("; ", "\n") + "\n"
        self.write("wax.conf", text)
        done = subprocess.run([WAX, "broker", "-c", "wax.conf", "--test-config"], cwd=self.path, text=True, capture_output=True)
        number = len([part for part in before.split(";") if part]) + 1
        said = [each for each in done.stderr.splitlines()
                if re.match(rf"wax\.conf:{number}: (error|warning)", each) and not re.search(OTHER, each)]
        return done.returncode, said, done.stderr


def treatment(code, said):
    if code != 0:
        return "refused"
    if any("no effect" in each for each in said):
        return "no effect"
    return "works"


def cell(said, with_place=False):
    """A cell of what is said, each line with or without its place."""
    text = "<br>".join((each if with_place else each.split(": ", 1)[1]).replace("<", "&lt;") for each in said)
    return text.replace("|", "\\|")


def faults_of_wrong(name, wrong, folder, judged):
    """A wrong value is refused, or without effect, and the only errors are of its line."""
    code, said, everything = judged
    errors = [each for each in everything.splitlines()
              if re.match(r"(\S+: )?error: ", each) and (each in said or "not supported by this version" not in each)]
    line = f"{name} {wrong}"
    if code == 0 and treatment(code, said) != "no effect":
        yield f"{line}: accepted\n{everything}"
    if not said:
        yield f"{line}: nothing is said of its line\n{everything}"
    if [each for each in errors if each not in said]:
        yield f"{line}: an error is not of its line\n{everything}"
    if len(errors) > 1:
        yield f"{line}: two errors for one mistake\n{everything}"


def page(folder):
    """The page, and what is wrong with the table or the broker."""
    faults, works, wrongs = [], [], []
    for name, since, before, good, wrong in rows():
        code, said, everything = folder.judge(before, f"{name} {good}".strip())
        if code != 0 and not said:
            faults.append(f"{name} {good}: refused for another line:\n{everything}")
        works.append(f"| `{name}` | {since} | {treatment(code, said)} | {cell(said)} |")
        judged = folder.judge(before, f"{name} {wrong}".strip())
        faults += faults_of_wrong(name, wrong, folder, judged)
        wrongs.append(f"| `{name} {wrong}` | {cell(judged[1], with_place=True)} |".replace(" ` |", "` |"))
    text = (HEAD + "## What it does\n\n| option | since | Wax | says |\n|---|---|---|---|\n" + "\n".join(works) +
            "\n\n## What it says to a wrong value\n\nThe lines that belong before it stand above it in `wax.conf`.\n\n"
            "| line | says |\n|---|---|\n" + "\n".join(wrongs) + "\n")
    return text, faults


class Conformance(unittest.TestCase):
    maxDiff = None

    def test_every_option_is_in_the_table(self):
        """Aliases and options without effect too: each has a good value, a wrong one, and the answers to both."""
        printed = subprocess.run([WAX, "broker", "--markdown"], check=True, capture_output=True, text=True).stdout
        ours = set(re.findall(r"^\| `([a-z][a-z0-9_.*]+)`", printed, re.M))
        self.assertGreater(len(ours), 140)
        names = {row[0] for row in rows()}
        free = {name for name in ours if name.endswith("*")}
        missing = ours - names - {name for name in free if any(each.startswith(name[:-1]) for each in names)}
        self.assertEqual(missing, set(), f"tests/conformance/options.tsv has no row for {', '.join(sorted(missing))}")
        unknown = {name for name in names - ours if not any(name.startswith(each[:-1]) for each in free)}
        self.assertEqual(unknown, set(), "the table has rows for what is no option")

    def test_the_page_is_what_the_broker_does(self):
        with tempfile.TemporaryDirectory() as path:
            text, faults = page(Folder(path))
        self.assertEqual(faults, [])
        self.assertEqual(PAGE.read_text(), text, "if this is right: tests/stories/conformance_config_test.py --write")


if __name__ == "__main__":
    if "--write" in sys.argv:
        with tempfile.TemporaryDirectory() as home:
            text, faults = page(Folder(home))
        PAGE.write_text(text)
        print("\n".join(faults))
    else:
        unittest.main()
