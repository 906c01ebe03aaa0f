"""Hold a dataset file to what it may be: data. It sets keys of the dataset, however its YAML is spelled."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mathbatch.config.instantiate import HYDRAS_KEYS
from mathbatch.config.schema import DatasetConfig
from mathbatch.config.secrets import PATHS_OF_A_DATASET
from mathbatch.errors import ConfigError, nearest

GROUP = "dataset"
# Interpolation, unless an odd number of backslashes makes plain characters of it.
INTERPOLATION = re.compile(r"(?<!\\)(?:\\\\)*\$\{")


def is_dataset_file(config_path: str) -> bool:
    """Tell whether Hydra loads this path as, or from, a file of the dataset group or of a group in it."""
    return GROUP in (config_path.split("/")[0], posixpath.normpath(config_path).split("/")[0])


def refuse_all_but_data(values: Any, package: str | None, path: Path) -> None:
    """Raise ConfigError for a dataset file that sets anything but keys of the dataset, or that is more than data.

    A dataset is passed from hand to hand. So it chooses no other files, names no classes, and takes no values from the
    environment or from the rest of the configuration: a secret would stand in its prompts.
    """
    if package not in (None, GROUP):
        raise ConfigError(GROUP, f"{path} has the header '@package {package}'", "a dataset sets only `dataset`")
    if not isinstance(values, dict):
        raise ConfigError(GROUP, f"{path} holds no keys", "write key: value, as in `name: rows`")
    if "defaults" in values:
        raise ConfigError(GROUP, f"{path} has a defaults list", "write all its keys in the file")
    refuse_classes(values, path)
    names = [own.name for own in dataclasses.fields(DatasetConfig)]
    for key in values:
        if key not in names:
            raise ConfigError(f"{GROUP}.{key}", f"no such key, in {path}", nearest(str(key), names))
    for place, text in _texts(values, GROUP):
        if INTERPOLATION.search(text):
            problem = f"{text!r:.80} calls a resolver or refers to another setting, in {path}"
            raise ConfigError(place, problem, _instead_of_interpolation(place))


def refuse_classes(dataset: Mapping[Any, Any], path: Path | None = None) -> None:
    """Raise ConfigError for a `_target_`, or another key that Hydra reads itself, anywhere in a dataset."""
    for place, key in _keys(dataset, GROUP):
        if key in HYDRAS_KEYS:
            where = "" if path is None else f", in {path}"
            fix = "a class of your own goes on the command line or in a config of your own, as scorer._target_=…"
            raise ConfigError(place, f"no such key{where}: a dataset names no classes", fix)


def _instead_of_interpolation(place: str) -> str:
    if place.split(".")[1] in PATHS_OF_A_DATASET:
        return f"write the path out, or give it on the command line: '{place}=…'"
    return "write the value out; for these characters themselves write \\${"


def _keys(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of each key, at any depth."""
    for key, value in _children(node):
        if isinstance(node, Mapping):
            yield f"{place}.{key}", str(key)
        yield from _keys(value, f"{place}.{key}")


def _texts(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the place and each text that is a value, or a key, at any depth."""
    for key, value in _children(node):
        inner = f"{place}.{key}"
        yield from ((inner, text) for text in (key, value) if isinstance(text, str))
        yield from _texts(value, inner)


def _children(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, Mapping):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)
