"""The manual of the configuration is what the table of options says."""
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAX = os.environ.get("WAX", str(ROOT / "build/dev/wax"))


class Manual(unittest.TestCase):
    def test_wax_conf_is_the_table_of_options(self):
        printed = subprocess.run([WAX, "broker", "--man"], check=True, capture_output=True, text=True).stdout
        kept = (ROOT / "docs/man/wax.conf.5").read_text()
        self.assertEqual(kept, printed, "make it again: wax broker --man > docs/man/wax.conf.5")

    def test_the_page_of_options_is_the_table_of_options(self):
        printed = subprocess.run([WAX, "broker", "--markdown"], check=True, capture_output=True, text=True).stdout
        kept = (ROOT / "docs/options.md").read_text()
        self.assertEqual(kept, printed, "make it again: wax broker --markdown > docs/options.md")
        cells = {line.replace("\\|", "").count("|") for line in kept.splitlines() if line.startswith("|")}
        self.assertEqual(cells, {3, 8}, "a table has a row with too many or too few cells")

    def test_the_pages_of_tools_are_their_help(self):
        for tool in ("keys", "authority", "gateway"):
            printed = subprocess.run([WAX, tool, "--man"], check=True, capture_output=True, text=True).stdout
            kept = (ROOT / f"docs/man/wax-{tool}.1").read_text()
            self.assertEqual(kept, printed, f"make it again: wax {tool} --man > docs/man/wax-{tool}.1")


if __name__ == "__main__":
    unittest.main()
