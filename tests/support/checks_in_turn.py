"""Call `mathbatch.check` for one strange dataset after the other, in one process: its imports take longest.

`python -m support.checks_in_turn folder` prints a JSON object: the error's class and message by the dataset's name.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from mathbatch.commands.check.command import main as check
from support.strange_datasets import REFUSED, prepare


def main() -> None:
    """Check all of them."""
    folder = Path(sys.argv[1])
    place = prepare(folder)
    os.chdir(folder)
    # As it is for a command that is started there.
    sys.path[0] = str(folder)
    found = {}
    for name, text in REFUSED.items():
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        sys.argv[1:] = ["--config-dir", "conf", "dataset=x"]
        try:
            found[name] = ["nothing", str(check())]
        except Exception as error:  # noqa: BLE001 - told to the test
            found[name] = [type(error).__name__, str(error)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
