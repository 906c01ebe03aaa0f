"""Find configured files and the shipped YAML. `pkg://package/folder/file` lies inside an installed package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mathbatch.errors import ConfigError

SCHEME = "pkg://"
PACKAGE = Path(__file__).resolve().parent.parent


def locate(value: str, config_path: str) -> Path:
    """Return the path that a setting names. Raises ConfigError if a `pkg://` package is not installed."""
    if not value.startswith(SCHEME):
        return Path(value).expanduser()
    package, _, inside = value.removeprefix(SCHEME).partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(config_path, f"there is no installed package '{package}'", "install it, or give a path")
    return Path(spec.submodule_search_locations[0]) / inside


def conf_dir() -> Path:
    """Return the folder of the shipped YAML: inside an installed package, or beside the package in a checkout."""
    packaged = PACKAGE / "conf"
    return packaged if packaged.is_dir() else PACKAGE.parent / "conf"
