"""List the runs below some folders by what their documents say; answers are only counted, and only of unfinished runs.

What is damaged is told in the entry of its run, and costs the other runs nothing.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import psutil
import yaml

from mathbatch.config.spelling import Loader
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.regular import read_small
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed
from mathbatch.data.storage.search import count_lines
from mathbatch.data.storage.segments import segment_paths
from mathbatch.data.storage.shards import shard_folders
from mathbatch.errors import MathBatchError, StoreError
from mathbatch.runner.snapshot import CONFIG_FILE, attempts, in_order, is_as_copied, read_yaml
from mathbatch.scoring.files import MANIFEST, METRICS

Status = Literal["complete", "running", "stopped"]
# Names of an attempt's folder, `20261129T151930`, by their parts.
ATTEMPT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)")
# What a record of a failure has, and no text can have, as quotes are escaped there.
FAILURE = b',"failure":{"kind":'
# What `FolderLock` writes of the process that holds a folder.
HOLDER = re.compile(r"process (\d+) on (.+), since ")
# Sections that may change answers or scores. Others say where a run lies, how it goes on, and what shows it.
TOLD = {
    *("model", "dataset", "sampling", "system_prompt", "system_prompt_file"),
    *("loader", "processor", "scorer", "judge"),
}
# Names, which have columns of their own.
NAMES = {"model.name", "model.former_name", "dataset.name"}


class Manifest(msgspec.Struct):
    """Members of `manifest.json` that the list shows."""

    answered: int
    failed: int
    results_sha256: str | None = None


class Metrics(msgspec.Struct):
    """Members of `metrics.json` that the list shows."""

    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    correct: int | None = None
    judged: int | None = None
    sha256: dict[str, str] = {}


class ListedRun(msgspec.Struct, kw_only=True):
    """Run as the list shows it. `where` expressions read these fields by name.

    `answered` of a run that is not complete counts the answers saved so far; `failed` is known of complete runs only.
    `low` and `high` are the 95 % interval. `when` is the begin of the last attempt, `config` the configuration as it
    was written, and `settings` what in it differs between the listed runs. `problems` are sentences.
    """

    model: str
    dataset: str
    settings: dict[str, Any] = {}
    answered: int = 0
    failed: int | None = None
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    correct: int | None = None
    judged: int | None = None
    when: str | None = None
    status: Status = "stopped"
    folder: str
    problems: list[str] = []
    config: dict[str, Any] = {}


def runs_below(folder: Path) -> Iterator[Path]:
    """Yield the run folders in a folder and below it, sorted; the folder itself if it is one."""
    for path, folders, files in os.walk(folder):
        here = Path(path)
        if _is_run(here, folders, files):
            folders.clear()
            yield here
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def _is_run(path: Path, folders: Iterable[str], files: Iterable[str]) -> bool:
    has_records = CONFIG_FILE in files and "responses" in folders
    return has_records or (".hydra" in folders and bool(attempts(path))) or ("shards" in folders and _has_shards(path))


def _has_shards(path: Path) -> bool:
    try:
        return any((folder / ".hydra").is_dir() for _, folder in shard_folders(path))
    except StoreError:
        return False


def listed(run_dir: Path) -> ListedRun:
    """Return what the documents of a run say. Whatever is wrong with one is among the `problems`."""
    model, dataset = [*run_dir.absolute().parts[-3:-1], "", ""][:2]
    run = ListedRun(model=model, dataset=dataset, folder=str(run_dir), problems=[], settings={}, config={})
    stores = [run_dir]
    try:
        stores += [folder for _, folder in shard_folders(run_dir)]
    except StoreError as error:
        run.problems.append(_in_one_line(error))
    _add_config(run, stores)
    manifest = _add_documents(run, run_dir)
    if manifest is not None:
        run.status, run.answered, run.failed = "complete", manifest.answered, manifest.failed
        return run
    is_held = [_is_held(store) for store in stores]
    run.status = "running" if any(is_held) else "stopped"
    if len(stores) > 1:
        running = f", {sum(is_held[1:])} of them running" if any(is_held[1:]) else ""
        shards = "1 shard that is" if len(stores) == 2 else f"{len(stores) - 1} shards that are"
        run.problems.append(f"{shards} not merged{running}")
    if run.accuracy is not None:
        run.problems.append("its scores may be of earlier answers")
    for store in stores:
        _count_answers(run, store)
    return run


def _add_config(run: ListedRun, stores: list[Path]) -> None:
    """Read what ran last, of the run or, where only shards have run, of a shard."""
    found = [(store, own) for store in stores if (own := attempts(store))]
    if found:
        last = in_order(attempt for _, own in found for attempt in own)[-1]
        if parts := ATTEMPT.match(last.name):
            year, month, day, hour, minute, second = parts.groups()
            run.when = f"{year}-{month}-{day} {hour}:{minute}:{second}"
    store = found[0][0] if found else stores[0]
    try:
        values = yaml.load(read_yaml(store / CONFIG_FILE), Loader=Loader)
        run.config = values if isinstance(values, dict) else {}
        if found and not is_as_copied(store):
            run.problems.append(f"{CONFIG_FILE} differs from its copy in .hydra")
    except (MathBatchError, yaml.YAMLError, ValueError, RecursionError) as error:
        run.problems.append(_in_one_line(error))
    run.model = _name(run.config, "model") or run.model
    run.dataset = _name(run.config, "dataset") or run.dataset


def _name(config: Mapping[str, Any], section: str) -> str | None:
    values = config.get(section)
    return str(values["name"]) if isinstance(values, dict) and values.get("name") is not None else None


def _add_documents(run: ListedRun, run_dir: Path) -> Manifest | None:
    """Read the metrics into the entry, and return the manifest, if there is a sound one."""
    manifest = metrics = None
    for name in (MANIFEST, METRICS):
        if not os.path.lexists(run_dir / name):
            continue
        try:
            if name == MANIFEST:
                manifest = read_sealed(run_dir / name, Manifest).content
            else:
                metrics = read_sealed(run_dir / name, Metrics).content
        except DamagedFileError as error:
            run.problems.append(_in_one_line(error))
    if metrics is None:
        return manifest
    scored = None if manifest is None else manifest.results_sha256
    if scored is not None and scored not in metrics.sha256.values():
        run.problems.append(f"{METRICS} is of other results than those in {MANIFEST}")
        return manifest
    run.accuracy, run.correct, run.judged = metrics.accuracy, metrics.correct, metrics.judged
    run.low, run.high = metrics.interval or (None, None)
    return manifest


def _count_answers(run: ListedRun, store: Path) -> None:
    try:
        for path in segment_paths(store / "responses"):
            lines, failures = count_lines(path, FAILURE)
            run.answered += max(0, lines - failures)
    except StoreError as error:
        run.problems.append(_in_one_line(error))


def _is_held(folder: Path) -> bool:
    """Tell whether a process writes in a folder.

    The lock is tried only where its file names a process that may be alive: a run that begins in that instant would be
    refused the folder.
    """
    lock = FolderLock(folder)
    try:
        named = HOLDER.match(read_small(lock.path).decode(errors="replace"))
    except OSError:
        return False
    if named is None or (named[2] == socket.gethostname() and not psutil.pid_exists(int(named[1]))):
        return False
    try:
        lock.acquire_shared()
    except StoreError:
        return True
    lock.release()
    return False


def note_settings(runs: list[ListedRun]) -> None:
    """Give each run the settings that differ between the runs, by key.

    Those of the model are compared between the runs of one model, and those of the dataset between the runs of one
    dataset: what a name stands for is told by the name.
    """
    flat = [_flat(run.config) for run in runs]
    for key in dict.fromkeys(key for own in flat for key in own):
        values: dict[str, set[str]] = {}
        for run, own in zip(runs, flat, strict=True):
            if run.config:
                values.setdefault(_peers(run, key), set()).add(repr(own.get(key)))
        for run, own in zip(runs, flat, strict=True):
            if key in own and len(values[_peers(run, key)]) > 1:
                run.settings[key] = own[key]


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the settings of a configuration by their whole keys; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{above}{name}"
        if not above and name not in TOLD:
            continue
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{key}.")
        elif key not in NAMES and value != {}:
            flat[key] = value
    return flat


def _peers(run: ListedRun, key: str) -> str:
    section = key.partition(".")[0]
    return f"{section} {getattr(run, section)}" if section in ("model", "dataset") else ""


def _in_one_line(error: Exception) -> str:
    return str(error).splitlines()[0]
