"""Score every response of a run, and write the verdicts to `scores.jsonl` and the metrics to `metrics.json`.

A line of `scores.jsonl`:

{"id": "15", "rollout": 0, "verdict": "correct", "answer": "A", "gold": "A", "reason": "boxed: the same text"}
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import jsonlines
import msgspec

from mathbatch.config import DatasetConfig
from mathbatch.config.templates import boxed
from mathbatch.data.storage.atomic import atomic_write, remove
from mathbatch.data.storage.json_lines import writer
from mathbatch.models import reasoning
from mathbatch.records import BadRow, Record, Sample, Score
from mathbatch.scoring import judge as judge_module
from mathbatch.scoring import panel as panel_module
from mathbatch.scoring import worker_process
from mathbatch.scoring.files import AUDIT, METRICS, SCORES, write_metrics
from mathbatch.scoring.kept import keep_earlier
from mathbatch.scoring.marks import Mark, Marks
from mathbatch.scoring.metrics.metrics import Metrics
from mathbatch.scoring.metrics.plots import draw_breakdown
from mathbatch.scoring.panel import BESIDE, Panel, Votes, combine
from mathbatch.scoring.totals import MarkedTotals, ScoredUnit, ScoringTotals, ScoringUnit
from mathbatch.scoring.workers import Workers

# Folders beside this module whose code decides verdicts.
VERDICT_FOLDERS = ("scorers", "answers", "expressions")
# Characters of an answer that are written to a line of scores.
MAX_ANSWER = 1_000
_encode = msgspec.json.Encoder().encode

# Every row of the dataset with its records, one for each rollout.
Rows = Iterable[tuple[Sample | BadRow, Sequence[Record]]]
# Called with the number of responses scored so far, repeatedly also while none is scored. An exception that it raises
# ends the scoring and leaves the earlier scores as they were.
OnScored = Callable[[int], object]


class JudgeVotes(NamedTuple):
    """Votes of a judge model, which are added to those of the scorers. `name` identifies the model and its settings."""

    name: str
    votes: Callable[[ScoringUnit], Votes]


def evaluate(
    rows: Rows,
    panel: Panel,
    dataset: DatasetConfig,
    folder: Path,
    *,
    judge: JudgeVotes | None = None,
    on_scored: OnScored = lambda count: None,
    stamp: str = "",
    results: Path | None = None,
    notes: Mapping[str, Any] = MappingProxyType({}),
    marks: Marks | None = None,
) -> dict[str, Any]:
    """Score all rows, write scores and metrics into `folder`, and return the metrics.

    `stamp`, the digest of the file `results` and the entries of `notes` are added to the metrics, and `marks` laid over
    the verdicts. Existing scores that other scorers made, that were made against other gold answers, or that have other
    marks, are kept in `scores/`. `metrics.json` is removed
    before the new scores take their place, and written after all other files, so it never describes others. Raises
    StoreError if the disk fails.
    """
    totals = ScoringTotals(Metrics(dataset.metadata), panel.summaries(), Metrics(()) if panel.has_beside else None)
    totals.marked = None if marks is None else MarkedTotals(marks)
    golds = hashlib.blake2b(digest_size=4)
    with atomic_write(folder / SCORES) as stream:
        _score_all(_units(rows, golds.update), panel, totals, writer(stream), judge=judge, on_scored=on_scored)
        scorer = scorer_of(panel, dataset, judge) | {"golds": golds.hexdigest()}
        keep_earlier(folder, scorer, marks)
        remove(folder / METRICS)
    metrics = totals.facts() | dict(notes) | {"scorer": scorer, "stamp": stamp}
    with atomic_write(folder / AUDIT) as stream:
        writer(stream).write_all(totals.review.worst_first())
    draw_breakdown(metrics, folder)
    return write_metrics(folder, metrics, results)


def scorer_of(panel: Panel, dataset: DatasetConfig, judge: JudgeVotes | None = None) -> dict[str, Any]:
    """Return names, settings and versions of the scorers, and an `identity`.

    The identity is eight hex digits over everything that decides verdicts, except rows and responses.
    """
    scorer: dict[str, Any] = {"scorers": panel.names, "settings": panel.settings, "versions": versions_of(panel)}
    scorer["judge"] = None if judge is None else judge.name
    mapping = [dataset.answer_field, dataset.choices_field, dataset.columns]
    encoded = msgspec.json.encode([scorer, mapping], order="sorted", enc_hook=str)
    return scorer | {"identity": hashlib.blake2b(encoded, digest_size=4).hexdigest()}


def _score_all(
    units: Iterator[ScoringUnit],
    panel: Panel,
    totals: ScoringTotals,
    scores_file: jsonlines.Writer,
    *,
    judge: JudgeVotes | None,
    on_scored: OnScored,
) -> None:
    """Score all responses, write a line for each to `scores_file`, and add them to `totals`."""
    marks = None if totals.marked is None else totals.marked.marks
    scored: list[ScoredUnit] = []
    count = 0
    with Workers(panel, lambda: on_scored(count)) as workers:
        responses = ((unit, unit.sample, _response(unit.record)) for unit in units)
        voted = workers.votes(responses) if panel.voters else ((unit, {}, []) for unit, _, _ in responses)
        for count, (unit, votes, reasons) in enumerate(voted, 1):
            aside, votes = votes.get(BESIDE), panel.counted(votes)
            votes = votes if judge is None else votes | judge.votes(unit)
            totals.add_votes(unit, votes)
            score = _score(unit, votes)
            totals.add_score(unit, score, reasons)
            mark = None if marks is None else marks.on(unit.record)
            scores_file.write(_line(unit, score, mark))
            scored.append(ScoredUnit(score, aside or score, mark, unit.record.truncated))
            if not unit.remaining:
                totals.add_row(unit.sample, scored)
                scored = []
            on_scored(count)


def _units(rows: Rows, update_golds: Callable[[bytes], object]) -> Iterator[ScoringUnit]:
    """Yield the responses of all rows; `update_golds` gets each row's gold answer, for a digest."""
    for row, records in rows:
        sample = row if isinstance(row, Sample) else Sample(row.id, row.row_number, row={}, query="")
        update_golds(_encode([sample.id, sample.gold]))
        for number, record in enumerate(records, 1):
            yield ScoringUnit(sample, _without_surrogates(record), len(records) - number)


def _without_surrogates(record: Record) -> Record:
    """Return the record with "?" for each half of a surrogate pair, which can't be written as UTF-8."""
    text = (record.text or "").encode(errors="replace").decode()
    return record if text == (record.text or "") else msgspec.structs.replace(record, text=text)


def _response(record: Record) -> str | None:
    return None if record.failure is not None else record.text or ""


def _score(unit: ScoringUnit, votes: Votes) -> Score:
    """Return the score of one response, with a better reason where it ended before its answer."""
    record, gold = unit.record, unit.sample.gold
    if record.failure is not None:
        return Score("failed", None, gold, f"{record.failure.kind}: {record.failure.message}"[:MAX_ANSWER])
    score = combine(gold, votes)
    if score.verdict != "no_answer":
        return score
    if not record.text and record.reasoning:
        return msgspec.structs.replace(score, reason="the response ends within its reasoning")
    if record.truncated:
        return msgspec.structs.replace(score, reason=f"{score.reason}; the response was cut at the token limit")
    return score


def _line(unit: ScoringUnit, score: Score, mark: Mark | None) -> dict[str, Any]:
    """Return a line of `scores.jsonl`."""
    line = {"id": unit.record.id, "rollout": unit.record.rollout, "verdict": score.verdict}
    line |= {} if unit.sample.group is None else {"group": unit.sample.group}
    line |= {"answer": None if score.answer is None else score.answer[:MAX_ANSWER], "gold": score.gold}
    line |= {"reason": score.reason} | ({"votes": score.votes} if score.votes else {})
    return line if mark is None else line | {"mark": msgspec.to_builtins(mark)}


def versions_of(panel: Panel) -> dict[str, str]:
    """Return the versions of what decides verdicts: a digest of the scorers' code."""
    code = hashlib.blake2b(digest_size=4)
    for path in sorted({*_own_code(), *_files_of(panel)}):
        code.update(path.read_bytes())
    return {"code": code.hexdigest()}


def _own_code() -> Iterator[Path]:
    """Yield the files that decide verdicts. Plots and tables are not among them: scores stay valid if those change."""
    for folder in VERDICT_FOLDERS:
        yield from (Path(__file__).parent / folder).rglob("*.py")
    yield from (
        Path(module.__file__ or "") for module in (panel_module, judge_module, worker_process, boxed, reasoning)
    )


def _files_of(panel: Panel) -> list[Path]:
    """Return the source files of the scorers, which may be the user's own."""
    files = (inspect.getsourcefile(type(voter.scorer)) for voter in panel.voters)
    return [Path(file) for file in files if file is not None]
