"""The second implementation of docs/format.md: what it was checked with, and the vectors it made."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "seal"))
import judge
import make_vectors
from sealed import ascon, hpke, p256, suite

FROZEN = TESTS / "seal/vectors"
LARGEST = 1_000_000


def published(name):
    """The cases of a file of tests/vectors, with bytes for values."""
    for block in (TESTS / "vectors" / f"{name}.txt").read_text().split("\n\n"):
        lines = [line.partition(" =") for line in block.splitlines() if not line.startswith("#")]
        case = {field: value.strip() for field, sign, value in lines if sign}
        if case:
            yield {field: value if field in ("name", "mode") else bytes.fromhex(value)
                   for field, value in case.items() if field not in ("size", "tag_size")}


class Published(unittest.TestCase):
    """What was written here anew gives what others have published."""

    def each(self, name):
        count = 0
        for case in published(name):
            count += 1
            with self.subTest(f"{name}: {case['name']}"):
                yield case
        self.assertGreater(count, 0)

    def test_ascon_aead128(self):
        for case in self.each("ascon-aead128"):
            key, nonce, associated = case["key"], case["nonce"], case["associated"]
            opened = ascon.unseal(key, nonce, associated, case["sealed"])
            self.assertEqual(opened, case.get("plain"))
            if opened is not None:
                self.assertEqual(ascon.seal(key, nonce, associated, opened), case["sealed"])

    def test_ascon_cxof128(self):
        for case in self.each("ascon-cxof128"):
            self.assertEqual(ascon.cxof128(case["label"], case["message"], len(case["result"])), case["result"])

    def test_hpke(self):
        for case in self.each("hpke-p256-chacha20"):
            if case["mode"] != "0":
                continue
            self.assertEqual(hpke.derive_key_pair(case["seed"]), case["ephemeral"])
            sealed = hpke.seal(case["receiver_public"], case["info"], b"Count-0", case["plain"], case["ephemeral"])
            self.assertEqual(sealed, case["encapsulated"] + case["sealed_0"])
            self.assertEqual(hpke.unseal(case["receiver_secret"], case["info"], b"Count-0", sealed), case["plain"])

    def test_signatures_with_the_numbers_of_rfc_6979(self):
        for case in self.each("ecdsa-p256-rfc6979"):
            self.assertEqual(p256.public_of(case["secret"]), case["public"])
            self.assertEqual(p256.sign(case["secret"], case["message"]), case["signature"])
            self.assertTrue(p256.verify(case["public"], case["message"], case["signature"]))

    def test_the_first_block_of_hkdf_expand_is_the_derivation_of_suites_1_and_3(self):
        case = next(published("hkdf-sha256"))
        secret = suite.hmac_sha256(case["salt"], case["secret"])
        self.assertEqual(suite.hmac_sha256(secret, case["info"] + b"\1"), case["result"][:32])


class Frozen(unittest.TestCase):
    """The vectors in tests/seal/vectors. They change only when the format does."""

    def form(self, name):
        return json.loads((FROZEN / f"{name}.json").read_text())

    def test_they_are_made_again_byte_for_byte(self):
        for name in make_vectors.NAMES:
            with self.subTest(name):
                is_same = make_vectors.written(name) == (FROZEN / f"{name}.json").read_text()
                self.assertTrue(is_same, f"make_vectors.py writes another {name}.json")

    def test_no_other_file_stands_beside_them_and_they_are_small(self):
        files = sorted(FROZEN.iterdir())
        self.assertEqual([file.name for file in files], sorted(f"{name}.json" for name in make_vectors.NAMES))
        self.assertLess(sum(file.stat().st_size for file in files), LARGEST)

    def test_each_is_judged_as_recorded(self):
        for name in make_vectors.NAMES:
            with self.subTest(name):
                count, faults = judge.judge(self.form(name))
                self.assertGreater(count, 50)
                self.assertEqual(faults, [])

    def test_the_judge_finds_a_result_that_is_turned_round(self):
        for name in make_vectors.NAMES:
            form = self.form(name)
            tests = [test for group in form["testGroups"] for test in group["tests"]]
            for test in tests:
                test["result"] = {"valid": "invalid", "invalid": "valid"}[test["result"]]
            with self.subTest(name):
                _, faults = judge.judge(form)
                self.assertGreaterEqual(len(faults), len(tests))


class NoBitIsFree(unittest.TestCase):
    """Whatever bit of a sealed text is another, it is refused."""

    def each_bit(self, name, type_, field):
        """Groups with one test each, for each bit of the first valid test of a group."""
        form = json.loads((FROZEN / f"{name}.json").read_text())
        for group in form["testGroups"]:
            valid = [test for test in group["tests"] if test["result"] == "valid"]
            if group["type"] != type_ or not valid:
                continue
            sealed = valid[0][field]
            data = bytes.fromhex("".join(sealed) if isinstance(sealed, list) else sealed)
            # In class stream a position that is another costs the steps to its window.
            every = 1 if group.get("class") == 0 else 37
            for bit in range(0, 8 * len(data), every):
                changed = (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big").hex()
                yield group, {**valid[0], field: [changed] if isinstance(sealed, list) else changed}

    def test_messages_mailboxes_and_statuses(self):
        for name, field in (("message", "envelope"), ("stream", "messages"), ("mailbox", "message"), ("status", "message")):
            count = 0
            for group, test in self.each_bit(name, name, field):
                count += 1
                self.assertEqual(judge.judge_alone(group, test)[0], "invalid", test)
            self.assertGreater(count, 50)


class Driver(unittest.TestCase):
    """sealed.py, the same from outside: a request and an answer for each line."""

    def ask(self, command, *requests):
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        ran = subprocess.run([sys.executable, "-B", TESTS / "seal/sealed.py", command], input=lines, capture_output=True, text=True,
                             timeout=60)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        answers = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual(len(answers), len(requests))
        return answers

    def cases_in(self, name, type_):
        """A group's common part and a test in one, for each test."""
        form = json.loads((FROZEN / f"{name}.json").read_text())
        return [{**group, **test, "tests": None} for group in form["testGroups"] if group["type"] == type_
                for test in group["tests"] if "topicTimes" not in test]

    def compare(self, tests, command, *outputs):
        """Every valid test of a file, and every invalid one that the command can refuse."""
        self.assertGreater(len(tests), 0)
        for test, answer in zip(tests, self.ask(command, *tests)):
            expected = {name: test[name] for name in outputs} if test["result"] == "valid" else {"event": test["event"]}
            self.assertEqual({name: answer.get(name) for name in expected}, expected, test["comment"])

    def test_messages(self):
        tests = self.cases_in("message", "message")
        self.compare(tests, "open", "payload", "retain", "kind", "sender", "epoch", "position")
        self.compare([test for test in tests if test["result"] == "valid"], "seal", "envelope")

    def test_streams(self):
        tests = self.cases_in("stream", "stream")
        self.compare(tests, "join", "payload", "retain", "position")
        self.compare([test for test in tests if "counts" in test], "chop", "messages")

    def test_mailboxes_and_statuses(self):
        for name in ("mailbox", "status"):
            tests = [test for test in self.cases_in(name, name) if test.get("event") != "again" and test["flags"] != ["Swapped"]]
            self.compare(tests, "unbox", "content", "version")
            self.compare([test for test in tests if test["result"] == "valid"], "box", "message")

    def test_topics_signatures_and_words(self):
        self.compare(self.cases_in("blinding", "blinding"), "blind", "blinded")
        tests = self.cases_in("signed", "cose")
        self.compare(tests, "verify", "payload")
        self.compare([test for test in tests if test["result"] == "valid"], "sign", "message")
        self.compare(tests[:1], "public", "public")
        self.compare(self.cases_in("signed", "words"), "words", "words")

    def test_a_reader_remembers(self):
        form = json.loads((FROZEN / "reader.json").read_text())
        for group in form["testGroups"]:
            if group["type"] == "sequence":
                _, *answers = self.ask("read", {**group, "tests": None}, *group["tests"])
                for test, answer in zip(group["tests"], answers):
                    found = answer["event"], answer["gap"], answer.get("payload")
                    self.assertEqual(found, (test["event"], test["gap"], test.get("payload")), test["comment"])

    def test_what_it_does_not_know_makes_it_explain_itself(self):
        ran = subprocess.run([sys.executable, "-B", TESTS / "seal/sealed.py", "bake"], capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("COMMAND", ran.stdout)


if __name__ == "__main__":
    unittest.main()
