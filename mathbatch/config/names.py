"""Name a model after its path wherever that is not the path for which the name was given.

A file that gives both, such as `conf/model/qwen.yaml`, names that checkpoint only. So its name is read as

    ${name_of:'Qwen/Qwen2.5-VL-7B-Instruct','qwen2.5-vl-7b'}

which is `qwen2.5-vl-7b` as long as `model.path` is that path, and else the last part of the other one. A name that is
given alone, on the command line or in a file, takes its place and so always counts.
"""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import quote, unquote

from omegaconf import DictConfig, OmegaConf, read_write

from mathbatch.config.value_checks import LONGEST_NAME

RESOLVER = "name_of"
TIED = re.compile(rf"\$\{{{RESOLVER}:'([^']*)','([^']*)'\}}")
# Sections of the configuration that are a model.
MODELS = ("model", "judge.model")
# Folder of the hub's cache, whose last part is a commit: models--owner--name/snapshots/6e1234…
SNAPSHOT = re.compile(r"models--(?:.+--)?(?P<name>[^/]+)/snapshots/[^/]+/*$")
MISSING = "???"


def tie_names(values: Any, package: str = "") -> None:
    """Bind each model's name to the path beside it, in the values of a file whose keys belong to `package`."""
    for place in MODELS:
        if not package or f"{place}.".startswith(f"{package}."):
            section = values
            for key in filter(None, place.removeprefix(package).split(".")):
                section = section.get(key) if isinstance(section, dict) else None
            _tie(section)


def _tie(section: Any) -> None:
    if not isinstance(section, dict):
        return
    name, path = section.get("name"), section.get("path")
    if isinstance(name, str) and isinstance(path, str) and "${" not in name and MISSING not in (name, path):
        ours, theirs = (quote(text, errors="replace") for text in (path, name))
        section["name"] = f"${{{RESOLVER}:'{ours}','{theirs}'}}"


def settle_names(composed: DictConfig) -> None:
    """Give each model its name in plain words, and its former one where it is named after another path instead."""
    for place in MODELS:
        section = OmegaConf.select(composed, place, throw_on_missing=False)
        if not isinstance(section, DictConfig) or OmegaConf.is_missing(section, "path"):
            continue
        written = OmegaConf.to_container(section, resolve=False)
        assert isinstance(written, dict)
        tied = TIED.fullmatch(str(written.get("name", MISSING)))
        if tied is None and written.get("name", MISSING) != MISSING:
            continue
        with read_write(section):
            section.name = name_of_path(section.path) if tied is None else _name(tied[1], tied[2], section)
            if tied is not None and section.name != unquote(tied[2]):
                section.former_name = unquote(tied[2])


def _name(path: str, name: str, section: DictConfig) -> str:
    """Return the name that was given for `path`, both quoted, if that is the path; else the name of the one there."""
    written = OmegaConf.to_container(section, resolve=False)
    assert isinstance(written, dict)
    return unquote(name) if unquote(path) == written["path"] else name_of_path(section.path)


def name_of_path(path: str) -> str:
    """Return the last part of a checkpoint's path or hub id, cut to what the name of a folder may have."""
    if match := SNAPSHOT.search(path):
        return match["name"]
    last = os.path.basename(os.path.abspath(os.path.expanduser(path)))
    return last.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore")


def show_names_resolved() -> None:
    """Let Hydra show names resolved: `--cfg job --resolve`."""
    OmegaConf.register_new_resolver(RESOLVER, lambda path, name, _parent_: _name(path, name, _parent_), replace=True)
