"""Identify a run by all that can change an answer. The hash names its folder, so the same command finds it again."""

from __future__ import annotations

import dataclasses
import functools
import glob
import hashlib
import itertools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.config import Config, DatasetConfig, SamplingConfig
from mathbatch.config.model_limits import USUAL_CONTEXT
from mathbatch.config.paths import SCHEME, folder_hint, locate
from mathbatch.data.rows.sources import as_names
from mathbatch.errors import ConfigError
from mathbatch.runner.engine_identity import that_change_answers

MODEL_ONLY_SPEED = {
    "tensor_parallel_size", "cpu_kv_cache_gib", "stall_timeout_s", "engine", "name", "former_name", "max_images",
    "max_tokens", "replicas", "base_urls", "api_key_env", "prices", "start_timeout_s",
}  # fmt: skip
# Keys that earlier versions did not have. They count only where they are set, so that old folders keep their names.
MODEL_NEWER: dict[str, Any] = {
    "chat_template_content_format": "auto",
    "reasoning": None,
    "lora": None,
    "server": None,
    "extra_body": {},
}
# Files of an adapter that the engine reads; trainers leave tokenizers and more beside them.
ADAPTER_FILES = "adapter_config.json", "adapter_model.*"
CHECKPOINT_SUFFIXES = {".json", ".jinja", ".safetensors", ".bin", ".model", ".txt"}
# Bytes that are read at the beginning, middle and end of each file of a checkpoint. Training changes all weights, so
# these tell two checkpoints apart, and reading whole files would take long.
SAMPLED_BYTES = 1 << 20
# Significant digits of a number that count. A sum of steps is off in the 16th.
DIGITS = 12
# Dataset keys that never change an answer's text, so they are not part of the run's identity. Columns that enter the
# prompt enter the digest that each record carries.
DATASET_OUTSIDE = {
    "name", "source", "limit", "where", "columns", "response_field", "answer_field", "scoring", "choices_field",
    "metadata", "group_field", "image_max_megapixels", "image_max_mib",
}  # fmt: skip


def system_prompt(config: Config, folder: Path = Path()) -> str | None:
    """Return the system prompt as text. Raises ConfigError if its file can't be read.

    Here and below, relative paths start from `folder`, by default the current one.
    """
    if config.system_prompt_file is None:
        return config.system_prompt
    return _text_of(config.system_prompt_file, "system_prompt_file", folder)


def identity(config: Config, folder: Path = Path(), named_from: Path | None = None) -> dict[str, Any]:
    """Return everything that can change an answer, as plain data.

    A file counts by its resolved path, however it is spelled, and a number by 12 digits, however it is computed. If
    the files have been moved, `named_from` is the folder from which relative paths are resolved; the contents that
    count are read from `folder`.
    """
    known = identity_as_spelled(config, folder)
    known["dataset"] |= _resolved_dataset(config.dataset, folder, folder if named_from is None else named_from)
    # The text of the template counts, not its path.
    known["model"]["chat_template"] = None
    return {name: rounded(value) for name, value in known.items()}


def identity_as_spelled(config: Config, folder: Path = Path()) -> dict[str, Any]:
    """Return the identity by which earlier versions knew a run: paths and numbers as somebody has written them."""
    model = _without(config.model, MODEL_ONLY_SPEED)
    model = {name: value for name, value in model.items() if name not in MODEL_NEWER or value != MODEL_NEWER[name]}
    if not config.model.base_urls:  # what a server calls its model is no path here
        patterns = (f"*{end}" for end in CHECKPOINT_SUFFIXES)
        model["path"] = _content_of(config.model.path, "model.path", folder, *patterns)
    if config.model.lora is not None:
        model["lora"] = _content_of(config.model.lora, "model.lora", folder, *ADAPTER_FILES)
    model["engine"] = that_change_answers(config.model.engine)
    # Earlier versions had this number as the default. No checkpoint takes fewer tokens and was run with it.
    model["max_model_len"] = USUAL_CONTEXT if config.model.max_model_len == 0 else config.model.max_model_len
    template = config.model.chat_template
    return {
        "model": model,
        "chat_template": None if template is None else _text_of(template, "model.chat_template", folder),
        "dataset": _without(config.dataset, DATASET_OUTSIDE),
        "sampling": _without(config.sampling, {"n"}),
        "system_prompt": system_prompt(config, folder),
        "loader": config.loader,
        "processor": config.processor,
    }


def folder_name(config: Config, known: Mapping[str, Any]) -> str:
    """Return the name of the folder of a run with this identity: `<sampling>-<hash8>`.

    Raises ConfigError for a text or path in it that can't be saved.
    """
    try:
        encoded = msgspec.json.encode(known, order="sorted", enc_hook=str)
    except UnicodeEncodeError as error:
        problem = f"a name or text has bytes that are no UTF-8: {error.object!a:.200}"
        raise ConfigError("the configuration", problem, "rename the file or folder, or correct the text") from error
    digest = hashlib.blake2b(encoded, digest_size=4).hexdigest()
    return f"{_sampling_label(config.sampling)}-{digest}"


def slug(name: str) -> str:
    """Return a name as a folder may have it."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "unnamed"


def _resolved_dataset(dataset: DatasetConfig, folder: Path, start: Path) -> dict[str, Any]:
    """Return the keys of a dataset that name files, as resolved paths."""
    hub = dataclasses.asdict(dataset.hub)
    if dataset.hub.path is not None and (folder / dataset.hub.path).is_dir():
        hub["path"] = _resolved(dataset.hub.path, start)
    return {
        "input": resolved_input(dataset.input, start),
        "examples": None if dataset.examples is None else _resolved(dataset.examples, start),
        "image_base_path": _images_elsewhere(dataset, start),
        "hub": hub,
    }


def resolved_input(names: Any, start: Path) -> str | list[str] | None:
    """Return the resolved paths of `dataset.input`. One is the same alone and as a list of one.

    The order of several counts, as it is that of the results.
    """
    paths = [_resolved(value, start) for value in as_names(names)]
    return paths if len(paths) > 1 else next(iter(paths), None)


def _images_elsewhere(dataset: DatasetConfig, start: Path) -> str | None:
    """Return the folder of the images, None where there are none and where it is that of the resolved first input."""
    first, base = next(iter(as_names(dataset.input)), None), dataset.image_base_path
    if dataset.image_field is None or (base is None and (first is None or first.startswith(SCHEME))):
        return None
    found = _resolved(os.path.dirname(_absolute(str(first), start)) if base is None else base, start)
    return None if first is not None and found == os.path.dirname(_resolved(first, start)) else found


def _resolved(value: str, start: Path) -> str:
    """Return the absolute path without links that a setting names; a glob keeps its pattern.

    A path inside an installed package stays as it is: it is the same wherever the package lies.
    """
    if value.startswith(SCHEME):
        return value
    path = _absolute(value, start)
    if path.exists() or not glob.has_magic(value):
        return os.path.realpath(path)
    head = list(itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
    return os.path.join(os.path.realpath(os.path.join(*head)), *path.parts[len(head) :])


def _absolute(value: str, start: Path) -> Path:
    return start.absolute() / os.path.expanduser(value)


def rounded(value: Any) -> Any:
    """Return plain data with its floats rounded: 0.6000000000000001 is what a sum makes of 0.6."""
    if isinstance(value, float):
        # Adding 0.0 makes 0.0 of -0.0.
        return float(f"{value:.{DIGITS}g}") + 0.0
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


def _content_of(path: str, config_path: str, start: Path, *patterns: str) -> str:
    """Return a hub id as it stands, or a hash of a folder's files, so that it may move but not change under a run.

    Only files count whose names match one of the patterns.
    """
    folder = start / locate(path, config_path)
    if not folder.exists() and path.startswith(("/", "./", "../", "~", SCHEME)):
        raise ConfigError(config_path, f"there is no folder {folder}", folder_hint(str(folder)))
    if not folder.is_dir():
        return path
    files = sorted(file for file in folder.absolute().iterdir() if any(map(file.match, patterns)))
    found = [(str(file), file.stat()) for file in files if file.is_file()]
    return _hash_of(tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in found))


@functools.cache
def _hash_of(files: tuple[tuple[str, int, int], ...]) -> str:
    """Return a hash of the files of a checkpoint or adapter, each given as path, size and time of change."""
    digest = hashlib.blake2b(digest_size=16)
    for path, size, _ in files:
        digest.update(f"{os.path.basename(path)}:{size}:".encode())
        with open(path, "rb") as stream:
            for start in (0, size // 2, max(0, size - SAMPLED_BYTES)):
                stream.seek(start)
                digest.update(stream.read(SAMPLED_BYTES))
    return digest.hexdigest()


def _text_of(value: str, config_path: str, folder: Path) -> str:
    path = folder / locate(value, config_path)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(config_path, f"can't read {path}: {error}", "correct the path") from error


def _without(section: Any, keys: set[str]) -> dict[str, Any]:
    return {k: v for k, v in dataclasses.asdict(section).items() if k not in keys}


def _sampling_label(sampling: SamplingConfig) -> str:
    return "greedy" if sampling.temperature == 0 else f"t{sampling.temperature:g}"
