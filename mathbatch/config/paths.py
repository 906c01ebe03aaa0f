"""Find configured files and the shipped YAML. `pkg://mathbatch/folder/file` lies inside the installed package."""

from __future__ import annotations

import difflib
from pathlib import Path

from mathbatch.errors import ConfigError

SCHEME = "pkg://"
# How like a name has to be, to be a misspelling: from 0 to 1.
LIKE_ENOUGH = 0.8
PACKAGE = Path(__file__).resolve().parent.parent


def locate(value: str, config_path: str) -> Path:
    """Return the path that a setting names. Raises ConfigError for `pkg://` of anything but MathBatch itself."""
    if not value.startswith(SCHEME):
        return Path(value).expanduser()
    package, _, inside = value.removeprefix(SCHEME).partition("/")
    if package != PACKAGE.name:
        problem = f"{SCHEME} leads to what comes with {PACKAGE.name}, not to '{package:.80}'"
        raise ConfigError(config_path, problem, f"write {SCHEME}{PACKAGE.name}/…, or give a path")
    return PACKAGE / inside


def folder_hint(name: str) -> str:
    """Return how to correct the path of a folder that is not there: by the folder beside it with the nearest name."""
    path = Path(name).expanduser()
    beside = [other.name for other in path.parent.iterdir() if other.is_dir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, beside, 1, LIKE_ENOUGH)
    return f"did you mean {path.parent / close[0]}?" if close else "correct the path, or give a hub id: owner/name"


def conf_dir() -> Path:
    """Return the folder of the shipped YAML: inside an installed package, or beside the package in a checkout."""
    packaged = PACKAGE / "conf"
    return packaged if packaged.is_dir() else PACKAGE.parent / "conf"
