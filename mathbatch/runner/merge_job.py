"""Merge the answers of shards into a run, and finish the run if none is missing. Nothing is asked."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.shards import Part, Shard
from mathbatch.data.filters import RecordedDataFilter
from mathbatch.data.storage.regular import read_small
from mathbatch.data.storage.shards import run_of, shard_folders
from mathbatch.errors import ConfigError
from mathbatch.runner.components import build
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.run_key import key_as_recorded, recorded_run
from mathbatch.runner.shards import TakenIn, missing_units, take_in_shards
from mathbatch.runner.snapshot import (
    CONFIG_FILE,
    OVERRIDES_FILE,
    SnapshotError,
    attempts,
    in_order,
    origin,
    read_config,
    started_in,
)

COMMANDS_SHOWN = 4


@dataclass(frozen=True)
class LastAttempt:
    """Attempt that ran last: its configuration and overrides without the shard, and where its paths start from.

    `split` is the number of shards of the last one that ran as a shard, None if none did.
    """

    composed: DictConfig
    overrides: list[str]
    started: Path
    split: int | None


def last_attempt(run_dir: Path, stores: Sequence[Path]) -> LastAttempt:
    """Return the last attempt in a run folder, its shards and further stores. Raises ConfigError if there is none."""
    folders = [run_dir, *(folder for _, folder in shard_folders(run_dir)), *stores]
    owners = {attempt: folder for folder in folders for attempt in attempts(folder)}
    found = in_order(owners)
    if not found:
        fix = "name a folder in which a run or its shards have run"
        raise ConfigError("run_dir", f"nothing has run in {run_dir}", fix)
    attempt = found[-1]
    composed = read_config(attempt / CONFIG_FILE)
    values = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(values, dict)
    start = origin(run_of(owners[attempt]), str(values.get("output_dir")), started_in(attempt))
    composed["shard"] = None
    return LastAttempt(composed, _overrides(attempt), start, _last_split(found))


def _overrides(attempt: Path) -> list[str]:
    """Return what was given on the command line, without the shard."""
    path = attempt / OVERRIDES_FILE
    try:
        listed = yaml.safe_load(read_small(path).decode())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SnapshotError(path, "it can't be read") from error
    return [str(override) for override in listed or [] if str(override).lstrip("+").partition("=")[0] != "shard"]


def _last_split(found: Sequence[Path]) -> int | None:
    for attempt in reversed(found):
        shard: Any = read_config(attempt / CONFIG_FILE).get("shard")
        if isinstance(shard, str):
            with suppress(ConfigError):
                return Shard.of(shard).count
    return None


class MergeJob(RunJob):
    """Job that only takes in what shards have answered. If units are missing it writes no results, as a stopped run.

    It must be made in the folder from which the attempt's relative paths start.
    """

    def __init__(self, run_dir: Path, stores: Sequence[Path], last: LastAttempt) -> None:
        """Raises ConfigError for components that can't be built."""
        composed = last.composed.copy()
        composed["rerun"] = False
        composed["filter"] = {"_target_": f"{RecordedDataFilter.__module__}.{RecordedDataFilter.__qualname__}"}
        config: Config = typed(composed, is_new=False)
        named = next((folder for folder in [run_dir, *stores] if recorded_run(folder) is not None), run_dir)
        components = replace(build(config, run_dir), run=key_as_recorded(named))
        super().__init__(config, last.composed, last.overrides, check_model=False, components=components)
        self._stores, self._last = stores, last
        self.missing = Counter[Shard]()

    def open(self, preflight: Preflight) -> None:
        """Take in all there is, and count what is missing. Raises ConfigError or StoreError."""
        super().open(preflight)
        if self._finished is None:
            self.missing = missing_units(self.components, self._last.split or 1)
        self._answer(Part())
        if self.missing:
            self.feed.is_empty = True
            self.counts.before = self.components.saver.answered or 0

    def finish(self, say: Callable[[str], object]) -> None:
        """Finish the run as any other if no unit is missing; else give the folder back."""
        if self.missing:
            self.close()
        else:
            super().finish(say)

    @property
    def is_partial(self) -> bool:
        """Tell whether units are missing, so that there are no results yet."""
        return bool(self.missing)

    def _take_in(self) -> TakenIn:
        return take_in_shards(self.components, self._stores)

    @property
    def ending(self) -> list[tuple[str, str]]:
        """Return what is still missing, and the commands that answer it."""
        if not self.missing:
            return super().ending
        shards = sorted(self.missing, key=lambda shard: shard.number)
        by_shard = ", ".join(f"{self.missing[shard]:,} of shard {shard}" for shard in shards)
        told = f"{self.missing.total():,} units" + (f": {by_shard}" if self._last.split else "")
        return [("missing", told), *self._still_running()]

    @property
    def commands(self) -> list[str]:
        """Return the commands that answer what is missing, of the first few shards or all at once."""
        if not self.missing:
            return []
        base = ["python", "-m", "mathbatch.run", *self._last.overrides]
        shards = sorted(self.missing, key=lambda shard: shard.number) if self._last.split else []
        lines = [shlex.join([*base, f"shard={shard}"]) for shard in shards[:COMMANDS_SHOWN]]
        more = ["…"] if len(shards) > COMMANDS_SHOWN else []
        either = "to answer what is missing, shard by shard:" if shards else "to answer what is missing:"
        return [either, *lines, *more, *(["or all at once:"] if shards else []), shlex.join(base)]
