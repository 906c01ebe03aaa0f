"""Find configured files and the shipped YAML. `pkg://mathbatch/folder/file` lies inside the installed package."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from mathbatch.errors import ConfigError

SCHEME = "pkg://"
PACKAGE = Path(__file__).resolve().parent.parent


def locate(value: str, config_path: str) -> Path:
    """Return the path that a setting names; `pkg://mathbatch/` is the package itself.

    Raises ConfigError for any other `pkg://`, and for what can't be a path.
    """
    refuse_no_path(value, config_path)
    if value.startswith(SCHEME):
        package, _, inside = value.removeprefix(SCHEME).partition("/")
        if package != PACKAGE.name:
            problem = f"{SCHEME} leads to what comes with {PACKAGE.name}, not to '{package:.80}'"
            raise ConfigError(config_path, problem, f"write {SCHEME}{PACKAGE.name}/…, or give a path")
        return PACKAGE / inside
    try:
        return Path(value).expanduser()
    except RuntimeError as error:  # ~ of somebody who has no home here
        raise ConfigError(config_path, f"{value!r:.80}: {error}", "give the path in full") from error


def refuse_no_path(value: str, config_path: str) -> None:
    """Raise ConfigError for a text that no file system takes as a path."""
    try:
        os.lstat(os.path.join(os.getcwd(), value))
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigError(config_path, f"{value!r:.80} can't be a path: {why}", "correct the path") from error


def conf_dir() -> Path:
    """Return the folder of the shipped YAML: inside an installed package, or beside the package in a checkout."""
    packaged = PACKAGE / "conf"
    return packaged if packaged.is_dir() else PACKAGE.parent / "conf"
