"""Answer a run shard by shard, and bring what its shards have answered into the run."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mathbatch.config import Config
from mathbatch.config.shards import Shard
from mathbatch.data.digests import RunKey, recognise
from mathbatch.data.feed import render
from mathbatch.data.merging import take_in
from mathbatch.data.samples import samples_of
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.data.storage.lock import FolderLock, FolderLocked
from mathbatch.data.storage.segments import segment_paths
from mathbatch.data.storage.shards import shard_folder, shard_folders, shard_of
from mathbatch.errors import ConfigError, StoreError
from mathbatch.records import Request
from mathbatch.runner.components import Components, build
from mathbatch.runner.folders import run_folder
from mathbatch.runner.run_key import key_of_run, recorded_run
from mathbatch.runner.snapshot import Figures, last_figures


@dataclass(frozen=True)
class TakenIn:
    """Number of records that were brought into a run, from which folders, and those in which others still write."""

    records: int = 0
    stores: tuple[Path, ...] = ()
    running: tuple[Path, ...] = ()

    @property
    def running_shards(self) -> tuple[Shard, ...]:
        """Return the shards that are still being answered."""
        return tuple(shard for folder in self.running if (shard := shard_of(folder)) is not None)


def merge_command(run_dir: Path) -> str:
    """Return the command that merges the shards of a run."""
    return shlex.join(["python", "-m", "mathbatch.merge", f"run_dir={run_dir}"])


def components_for(config: Config) -> Components:
    """Return the components of a run, or of the shard that the configuration names. Raises ConfigError."""
    run_dir = run_folder(config)
    if config.shard is None:
        return build(config, run_dir)
    components = build(config, shard_folder(run_dir, Shard.of(config.shard)))
    _need_segments(components)
    return replace(components, run=key_of_run(run_dir))


def take_in_shards(components: Components, further: Sequence[Path] = ()) -> TakenIn:
    """Bring the answers of the run's shards into its open store, and those in `further` folders of the same run.

    Raises StoreError for a folder of another run, for damaged records and by the disk.
    """
    own = [folder for _, folder in shard_folders(components.run_dir)]
    if not own and not further:
        return TakenIn()
    saver, records, running = _need_segments(components), 0, []
    stores = (*own, *further)
    for folder in stores:
        _refuse_other_run(folder, components.run)
        try:
            records += take_in(saver, folder, is_own=folder in own)
        except FolderLocked:
            running.append(folder)
    return TakenIn(records, stores, tuple(running))


def figures_of_shards(stores: Sequence[Path], run: RunKey) -> Figures | None:
    """Return the figures of the last attempts at some shards, which count as one that was made side by side."""
    found = [figures for store in stores if (figures := last_figures(store, run)) is not None]
    if not found:
        return None
    return Figures(
        answered=sum(one.answered for one in found),
        truncated=sum(one.truncated for one in found),
        prompt_tokens=sum(one.prompt_tokens for one in found),
        output_tokens=sum(one.output_tokens for one in found),
        seconds=max(one.seconds for one in found),
        output_tokens_per_s=round(sum(one.output_tokens_per_s for one in found), 1),
    )


def refuse_running_shards(run_dir: Path) -> None:
    """Raise FolderLocked if a shard is being answered: its folder can't be set aside for a rerun."""
    for _, folder in shard_folders(run_dir):
        lock = FolderLock(folder)
        lock.acquire_shared()
        lock.release()


def missing_units(components: Components, split: int) -> Counter[Shard]:
    """Count the units without a record in the open store, by their shards in a split into so many."""
    missing = Counter[Shard]()
    rollouts = components.config.sampling.n
    for sample in samples_of(components.loader):
        prompt = render(sample, components.processor, components.run.value)
        if not isinstance(prompt, Request):
            continue
        recognise(prompt, components.saver, rollouts, components.run.has_unkeyed)
        states = [components.saver.state(prompt.id, rollout, prompt.digest) for rollout in range(rollouts)]
        if None in states:
            missing[Shard.holding(prompt.id, split)] += states.count(None)
    return missing


def stores_in(folder: Path, run_dir: Path) -> list[Path]:
    """Return the folders with records of a run that a user means by `folder`.

    It may be a folder of the run, or of one of its shards, or an `output_dir` in which the run has its folder at the
    same place as `run_dir`, or which has only one run. Raises ConfigError if it is none of these.
    """
    for place in (folder, folder.joinpath(*run_dir.parts[-3:])):
        if stores := _stores_of(place):
            return stores
    runs = [stores for place in sorted(folder.glob("*/*/*")) if (stores := _stores_of(place))]
    if len(runs) == 1:
        return runs[0]
    problem = f"{folder} has answers of several runs" if runs else f"{folder} has no answers of a run"
    raise ConfigError("merge", problem, "name a run folder, a shard's folder, or an output_dir with the same run in it")


def _stores_of(run_dir: Path) -> list[Path]:
    found = [run_dir, *(shard for _, shard in shard_folders(run_dir))]
    return [store for store in found if (store / "responses").is_dir()]


def _need_segments(components: Components) -> JsonLinesDataSaver:
    """Return the saver. Raises ConfigError for one that keeps its records elsewhere, where no merge would find them."""
    if not isinstance(components.saver, JsonLinesDataSaver):
        name = f"{type(components.saver).__module__}.{type(components.saver).__qualname__}"
        fix = "derive the class from mathbatch.data.saver.JsonLinesDataSaver, or run without shards"
        raise ConfigError("saver._target_", f"{name} keeps records where a merge can't find them", fix)
    return components.saver


def _refuse_other_run(folder: Path, run: RunKey) -> None:
    if not segment_paths(folder / "responses"):
        return
    recorded = recorded_run(folder)
    if recorded == run.name:
        return
    what = "nothing in its .hydra says of which run they are" if recorded is None else f"they are of {recorded}"
    raise StoreError(
        f"{folder} has answers that can't be taken into {run.name}: {what}\n"
        "  fix: start all shards with the same settings, from the same path of the dataset; and name only their folders"
    )
