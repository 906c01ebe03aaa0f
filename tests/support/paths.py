"""Name the folders that the tests read."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent

# Of commands that may use classes of the tests.
PYTHONPATH = f"{ROOT}{os.pathsep}{TESTS}"

# Files of the benchmarks themselves, which are not in the repository: tests that need them are skipped without them.
REAL_DATA = ROOT.parent / "shared" / "data"
