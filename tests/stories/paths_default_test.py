"""The ways of paths_test.py for those of whom an ACL file says little or nothing."""
import unittest

from paths_test import ELSEWHERE, world

globals().update({kind: world(kind) for kind in ELSEWHERE})

if __name__ == "__main__":
    unittest.main()
