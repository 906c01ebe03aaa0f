"""Name the Python package that the code of a family needs and that is not installed, and the command for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

# Words of transformers and vLLM about a package that is not there, with its name. Those with a command come first.
WORDS = (
    re.compile(r"packages that were not found in your environment: ([\w\-, ]+)"),
    re.compile(r"`pip3? install ([^`]+)`"),
    re.compile(r"pip install (?:-U |--upgrade )?[`'\"]?([A-Za-z][\w-]*)"),
    re.compile(r"requires the (?:🤗 )?(\S+) (?:\(\S+\) )?library"),
)
# The same in errors of other classes than ImportError.
WORDS_OF_ALL = (
    re.compile(r"Missing optional dependencies: ([\w, -]+)"),
    re.compile(r"(?:make sure you have|need to have) ([\w-]+)(?: or [\w-]+)? installed"),
)
# Packages whose name is not that of the module.
NAMES = {"cv2": "opencv-python", "pil": "pillow", "pytorch": "torch", "yaml": "pyyaml", "sklearn": "scikit-learn"}
# Packages without which nothing works, so that a module that they lack tells of a broken installation.
OURS = {"vllm", "transformers", "torch"}
# Packages built for one build of torch each: another build can't be imported, and takes vLLM down with it.
BUILT_WITH_TORCH = {"torchvision", "torchaudio", "torchcodec"}


@dataclass(frozen=True)
class Needed:
    """Packages by their names in the registry, and the command that installs them."""

    name: str
    command: str


def package_needed(error: BaseException, texts: Sequence[str]) -> Needed | None:
    """Return the package whose lack an error tells of, None if it tells of something else.

    `texts` are the messages of the error and of those that led to it.
    """
    causes = [error, error.__cause__, error.__context__]
    module = next((cause.name for cause in causes if isinstance(cause, ModuleNotFoundError) and cause.name), None)
    if module is not None and module.partition(".")[0] not in OURS:
        return _needed([module.partition(".")[0]])
    is_import = any(isinstance(cause, ImportError) for cause in causes)
    patterns = WORDS + WORDS_OF_ALL if is_import else WORDS_OF_ALL
    found = (pattern.search(text) for text in texts for pattern in patterns)
    names = next((match[1] for match in found if match), None)
    return None if names is None else _needed(names.replace(",", " ").split())


def missing_package(error: BaseException) -> str | None:
    """Return a sentence that names the missing package and how to install it; None for errors of another cause."""
    texts = [" ".join(str(cause).split()) for cause in (error, error.__cause__, error.__context__) if cause is not None]
    needed = package_needed(error, texts)
    return None if needed is None else f"the model's files need {needed.name}, which is not here: {needed.command}"


def _needed(names: list[str]) -> Needed:
    packages = [NAMES.get(name.lower(), name.lower()) for name in names if not name.startswith("-")]
    build = ""
    if BUILT_WITH_TORCH & {*packages} and "+cpu" in getattr(sys.modules.get("torch"), "__version__", ""):
        build = " (built for CPUs, as torch is)"
    return Needed(" and ".join(packages) + build, f"pip install {' '.join(packages)}")
