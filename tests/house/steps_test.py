"""scripts/steps.py: what it says of tests that fail, always and by turns."""
import pathlib
import sys
import tempfile
import types
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"))
import steps

STEADY = "import unittest\nclass Case(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual({}, 1)\n"
BY_TURNS = STEADY.format("0 if not __import__('os').path.exists('{0}') and open('{0}', 'w') else 1")


class Stories(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with mock.patch.object(steps, "LOGS", self.folder):
            self.step = steps.Step("stories", types.SimpleNamespace(long=False))

    def run_stories(self, **texts):
        for name, text in texts.items():
            (self.folder / f"{name}_test.py").write_text(text)
        steps.run_stories(self.step, sorted(self.folder.glob("*_test.py")), {})

    def test_all_pass(self):
        self.run_stories(a=STEADY.format(1), b=STEADY.format(1))
        self.assertEqual((self.step.passed, self.step.failed, self.step.note, self.step.faults), (2, 0, "", []))

    def test_one_that_fails_is_told_by_its_last_words(self):
        self.run_stories(a=STEADY.format(1), b=STEADY.format(7))
        self.assertEqual((self.step.passed, self.step.failed), (1, 1))
        self.assertEqual(self.step.note, " b_test.py: 1 failed beside others, 1 alone")
        self.assertIn("FAIL: test_one", self.step.faults[0])
        self.assertEqual([line for line in self.step.faults if line][-1], "AssertionError: 7 != 1")

    def test_one_that_fails_by_turns_is_told_too(self):
        self.run_stories(a=BY_TURNS.format(self.folder / "been"))
        self.assertEqual((self.step.passed, self.step.failed), (1, 0))
        self.assertEqual(self.step.note, " a_test.py: 1 failed beside others, 0 alone")
        self.assertIn("AssertionError: 0 != 1", self.step.faults)

    def test_what_cannot_be_read_fails(self):
        self.run_stories(a="import nothing_of_this_name\n")
        self.assertEqual((self.step.passed, self.step.failed), (0, 1))


if __name__ == "__main__":
    unittest.main()
