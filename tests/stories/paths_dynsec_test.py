"""The ways of paths_test.py under the roles of dynamic security."""
import unittest

from paths_test import HOUSES, world

globals().update({kind: world(kind) for kind in HOUSES})

if __name__ == "__main__":
    unittest.main()
