"""Look into a run folder, whatever its state: complete, stopped, in shards, read-only, or being written now.

Nothing is locked or written, and no index is made: the lines of one sample are found by the bytes of its id.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mathbatch.base import BaseDataLoader, BaseDataProcessor
from mathbatch.config import Config
from mathbatch.config.instantiate import make
from mathbatch.config.load import typed
from mathbatch.data.digests import RunKey, recognise
from mathbatch.data.feed import render
from mathbatch.data.loaders import MappedDataLoader
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.index import RecordIndex, head_of, sound_record
from mathbatch.data.storage.read_only import ReadOnlyStore
from mathbatch.data.storage.search import lines_with
from mathbatch.data.storage.segments import check, segment_paths
from mathbatch.data.storage.shards import shard_folders
from mathbatch.errors import ConfigError, MathBatchError
from mathbatch.parts.faults import part_error
from mathbatch.records import BadRow, Record, Request, Sample
from mathbatch.runner.identity import system_prompt
from mathbatch.runner.run_key import key_as_recorded
from mathbatch.runner.snapshot import (
    CONFIG_FILE,
    SnapshotError,
    attempts,
    is_as_copied,
    origin,
    read_config,
    refuse_other_folder,
    started_in,
)
from mathbatch.scoring.files import AUDIT, METRICS, SCORES, Verdict

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Prompts(NamedTuple):
    """What makes the prompts of a run, and the key by which their records are known."""

    loader: BaseDataLoader
    processor: BaseDataProcessor
    run: RunKey


@dataclass
class LookedAt:
    """Run folder that is open to be looked at.

    Without the files of its dataset there are no `prompts`, and `why_no_rows` says what is missing. `is_changed`
    tells that its configuration is not as the last attempt has written it.
    """

    run_dir: Path
    config: Config
    is_changed: bool
    prompts: Prompts | None = None
    why_no_rows: str | None = None


@dataclass
class Answer:
    """One rollout of a sample: its record, its line of `scores.jsonl`, and why `audit.jsonl` lists it."""

    rollout: int
    record: Record | None = None
    score: dict[str, Any] | None = None
    doubts: list[str] = field(default_factory=list)


@dataclass
class ShownSample:
    """All that a run folder has about one id. `notes` say what could not be read, or does not fit together."""

    id: str
    row: Sample | BadRow | None
    request: Request | None
    answers: list[Answer]
    notes: list[str]

    @property
    def is_known(self) -> bool:
        """Tell whether there is such a row, or an answer to one."""
        return self.row is not None or any(answer.record or answer.score for answer in self.answers)


@contextlib.contextmanager
def looking_at(run_dir: Path) -> Iterator[LookedAt]:
    """Open a run folder; relative paths are as they were meant there. Raises ConfigError if nothing says what ran."""
    if not run_dir.is_dir():
        raise ConfigError("run_dir", f"there is no folder {run_dir.absolute()}", "name the folder of a run")
    run_dir = run_dir.absolute()
    folder = folder_of_configuration(run_dir)
    config: Config = typed(read_config(folder / CONFIG_FILE), is_new=False)
    start = origin(run_dir, config.output_dir, started_in(attempts(folder)[-1]))
    with contextlib.chdir(start if start.is_dir() else Path.cwd()):
        found = LookedAt(run_dir, config, not is_as_copied(folder))
        try:
            found.prompts = Prompts(
                make("loader", config.loader, BaseDataLoader, dataset=config.dataset),
                make("processor", config.processor, BaseDataProcessor, system_prompt=system_prompt(config)),
                key_as_recorded(run_dir),
            )
        except ConfigError as error:
            found.why_no_rows = str(error)
        yield found


def folder_of_configuration(run_dir: Path) -> Path:
    """Return the folder that says what ran: the run's own, or that of a shard where only shards have run.

    Raises ConfigError if there is none.
    """
    for folder in (run_dir, *(shard for _, shard in shard_folders(run_dir))):
        if attempts(folder):
            return folder
    refuse_other_folder(run_dir)
    raise SnapshotError(run_dir / ".hydra", "no attempt at the run has left a trace there")


def segments_of(run_dir: Path) -> list[Path]:
    """Return the segments of a run, and of its shards that are not merged yet. Raises StoreError."""
    folders = (run_dir, *(shard for _, shard in shard_folders(run_dir)))
    return [path for folder in folders for path in segment_paths(folder / "responses")]


def sample_in(found: LookedAt, id: str) -> ShownSample:
    """Return what the folder has about this id; a row of None and no answers if there is no such id."""
    notes: list[str] = []
    if found.is_changed:
        notes.append(f"{CONFIG_FILE} differs from its copy in .hydra; python -m mathbatch.verify tells more")
    row, request, prompt = None, None, None
    index, records = _records_with(found.run_dir, id, notes)
    try:
        if found.prompts is not None:
            row = _row_with(found.prompts.loader, id, notes)
        if row is not None and found.prompts is not None:
            prompt = render(row, found.prompts.processor, found.prompts.run.value)
            request = prompt if isinstance(prompt, Request) else None
        answers = _answers(found, id, prompt, index, records, notes)
    finally:
        index.close()
    _add_scores(found.run_dir, id, answers, notes)
    return ShownSample(id, row, request, [answers[rollout] for rollout in sorted(answers)], notes)


def ids_with_verdict(run_dir: Path, verdict: Verdict, most: int) -> list[str]:
    """Return the first ids of the run that have this verdict. Raises ConfigError where nothing is scored."""
    if not (run_dir / SCORES).is_file():
        fix = f"python -m mathbatch.score run_dir={run_dir}"
        raise ConfigError("verdict", f"{run_dir} has no scores", fix)
    ids: dict[str, None] = {}
    for _, _, line in lines_with(run_dir / SCORES, b'"verdict":' + _encode(verdict)):
        with contextlib.suppress(msgspec.DecodeError, KeyError):
            entry = _decode(line)
            if entry["verdict"] == verdict:  # else it is that of a mark
                ids[entry["id"]] = None
        if len(ids) == most:
            break
    return list(ids)


def all_ids(found: LookedAt) -> Iterator[str]:
    """Yield the ids of the rows, or of the answers where the rows can't be read."""
    if found.prompts is not None:
        yield from (row.id for row in samples_of(found.prompts.loader))
        return
    for path in segments_of(found.run_dir):
        for _, _, line in lines_with(path, b'"id":'):
            if (head := head_of(check(line))) is not None:
                yield head.id


def _row_with(loader: BaseDataLoader, id: str, notes: list[str]) -> Sample | BadRow | None:
    try:
        if isinstance(loader, MappedDataLoader):
            return loader.row_with_id(id)
        return next((row for row in samples_of(loader) if row.id == id), None)
    except MathBatchError as error:
        notes.append(f"the row can't be read: {error}")
    except Exception as error:
        told = part_error(error)
        if told is None:
            raise
        notes.append(f"the row can't be read: {told}")
    return None


def _records_with(run_dir: Path, id: str, notes: list[str]) -> tuple[RecordIndex, list[Record]]:
    """Return all sound records of an id, and an index of them. A torn last line, which was never saved, is left out."""
    index, records = RecordIndex(), []
    beginning = _beginning(id)
    for path in segments_of(run_dir):
        number = index.add_segment(path)
        for line_number, offset, line in lines_with(path, beginning):
            record = sound_record(check(line))
            if record is not None:
                is_failure = record.failure is not None
                index.note(id, record.rollout, record.digest, number, offset, is_failure, record.content)
                records.append(record)
            elif line.endswith(b"\n"):
                notes.append(
                    f"{path}, line {line_number}: the record is damaged; python -m mathbatch.verify tells more"
                )
    return index, records


def _beginning(id: str) -> bytes:
    """Return what a line about an id begins with. No text has these bytes in it, as quotes are escaped there."""
    return b'{"id":' + _encode(id.encode(errors="replace").decode()) + b","


def _answers(
    found: LookedAt,
    id: str,
    prompt: Request | Record | None,
    index: RecordIndex,
    records: list[Record],
    notes: list[str],
) -> dict[int, Answer]:
    """Return by rollout the records that count for the row as it is now, else the last ones of the id."""
    rollouts = range(found.config.sampling.n)
    answers = {rollout: Answer(rollout) for rollout in rollouts}
    if found.prompts is not None and prompt is not None:
        store, run = ReadOnlyStore(index), found.prompts.run
        if isinstance(prompt, Request):
            recognise(prompt, store, len(rollouts), run.has_unkeyed)
        for rollout in rollouts:
            answers[rollout].record = store.find(id, rollout, prompt.digest)
    if any(answer.record is not None for answer in answers.values()) or not records:
        return answers
    if isinstance(prompt, Record) and prompt.failure is not None:
        notes.append(f"the prompt can't be made any more: {prompt.failure.message}")
    elif prompt is not None:
        notes.append("the row or its pictures have changed: what is shown as answer is to what they were before")
    for record in records:
        answer = answers.setdefault(record.rollout, Answer(record.rollout))
        if answer.record is None or record.failure is None:
            answer.record = record
    return answers


def _add_scores(run_dir: Path, id: str, answers: dict[int, Answer], notes: list[str]) -> None:
    for name in (SCORES, AUDIT):
        if not (run_dir / name).is_file():
            continue
        for number, _, line in lines_with(run_dir / name, _beginning(id)):
            try:
                entry = _decode(line)
                answer = answers.setdefault(int(entry["rollout"]), Answer(int(entry["rollout"])))
            except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError) as error:
                notes.append(f"{run_dir / name}, line {number} can't be read: {error}")
                continue
            if name == SCORES:
                answer.score = entry
            else:
                answer.doubts = [str(why) for why in entry.get("why", [])]
    if (run_dir / SCORES).is_file() and not (run_dir / METRICS).is_file():
        notes.append(f"{run_dir / SCORES} may be of earlier answers: there is no {METRICS} beside it")
