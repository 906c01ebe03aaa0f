"""Make torchvision importable beside a CPU build of torch, for which package indexes have a build for GPUs only.

Its compiled operators are not used here, but it registers two of them when it is imported, which fails unless they are
declared. `scripts/setup dev` puts such a build into `.venv/torchvision-aside`, where nobody else finds it.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(sys.prefix, "torchvision-aside")
OPERATORS = ("nms", "qnms")
ARGUMENTS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
# A declaration holds as long as this does.
_declared: list[Any] = []


def make_importable() -> None:
    """Let `import torchvision` work in this process: the installed one, if there is one, else that of the set-up."""
    import torch

    if importlib.util.find_spec("torchvision") is None:
        sys.path.append(str(FOLDER))
    if torch.version.cuda is None and "+cpu" not in version("torchvision") and not _declared:
        library = torch.library.Library("torchvision", "DEF")
        for name in OPERATORS:
            library.define(name + ARGUMENTS)
        _declared.append(library)
    import torchvision  # noqa: F401 - an error tells what is missing before any test begins
