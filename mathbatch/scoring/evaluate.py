"""A scoring run: every response through the scorers, verdicts to `scores.jsonl`, what they come to `metrics.json`.

{"id": "15", "rollout": 0, "verdict": "correct", "answer": "A", "gold": "A", "reason": "boxed: the same text"}
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import jsonlines
import msgspec

from mathbatch.base import BaseSummary
from mathbatch.config import DatasetConfig
from mathbatch.config.templates import boxed
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.json_lines import writer
from mathbatch.records import BadRow, Record, Sample, Score
from mathbatch.scoring import judge, worker_process
from mathbatch.scoring import panel as panel_module
from mathbatch.scoring.files import AUDIT, EARLIER, METRICS, SCORES
from mathbatch.scoring.metrics.metrics import Metrics
from mathbatch.scoring.metrics.plots import PLOTS, draw_breakdown
from mathbatch.scoring.panel import Panel, Votes, combine
from mathbatch.scoring.review import Suspects, Suspicion
from mathbatch.scoring.unusable import UnusableGolds
from mathbatch.scoring.workers import Workers

VERDICT_FOLDERS = ("scorers", "answers", "expressions")
MAX_SHOWN = 1_000
"""Characters of an answer in a line of scores."""
REASONS_KEPT = 20
_encode = msgspec.json.Encoder().encode

Rows = Iterable[tuple[Sample | BadRow, Sequence[Record]]]
"""Each row of the dataset with its records, one for each rollout."""
OnScored = Callable[[int], object]
"""Called with the number of responses that are scored, also while none is: what it raises ends the scoring, with the
earlier scores as they were.
"""


class ScoringUnit(NamedTuple):
    """One response to score; `rest` counts those of its row that are still to come."""

    sample: Sample
    record: Record
    rest: int


class JudgeVotes(NamedTuple):
    """What a judge model has said of each unit, beside the votes of other scorers. `name` tells model and settings."""

    name: str
    votes: Callable[[ScoringUnit], Votes]


class Earlier(msgspec.Struct):
    """What is read of metrics that were written before."""

    scorer: dict[str, Any]


@dataclass
class Tally:
    """What a scoring run collects."""

    metrics: Metrics
    summaries: Sequence[BaseSummary]
    suspects: Suspects = field(default_factory=Suspects)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why responses are unscored."""
    votes: Counter[str] = field(default_factory=Counter)
    """By scorer, on the responses that there are."""
    golds: UnusableGolds = field(default_factory=UnusableGolds)
    unscored_votes: Counter[str] = field(default_factory=Counter)

    def facts(self) -> dict[str, Any]:
        facts = self.metrics.facts()
        for summary in self.summaries:
            facts |= summary.facts()
        facts |= {"votes": dict(self.votes), "unscored_votes": dict(self.unscored_votes)}
        facts["unusable_golds"] = self.golds.facts()
        return facts | {"unscored": dict(self.reasons.most_common(REASONS_KEPT)), "suspects": self.suspects.count}

    def count_votes(self, unit: ScoringUnit, votes: Votes) -> None:
        """A scorer that has no verdict is overruled by the others: it shows only here."""
        if unit.record.failure is None:
            self.votes.update(votes.keys())
            self.unscored_votes.update(name for name, score in votes.items() if score.verdict == "unscored")


def evaluate(
    rows: Rows,
    panel: Panel,
    dataset: DatasetConfig,
    folder: Path,
    judge: JudgeVotes | None = None,
    on_scored: OnScored = lambda count: None,
    stamp: str = "",
    notes: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Score all rows into `folder`; returns the metrics, `notes` among them. Scores by other scorers or golds are kept
    in `scores/`. Metrics are there only together with the scores that they are of. Raises StoreError for the disk.
    """
    summaries = [summary for voter in panel.voters if (summary := voter.scorer.summary()) is not None]
    tally, golds = Tally(Metrics(dataset.metadata), summaries), hashlib.blake2b(digest_size=4)
    with atomic_write(folder / SCORES) as stream:
        _score_all(_units(rows, golds), panel, tally, writer(stream), judge, on_scored)
        scorer = scorer_of(panel, dataset, judge) | {"golds": golds.hexdigest()}
        _keep_earlier(folder, scorer)
        (folder / METRICS).unlink(missing_ok=True)
    metrics = tally.facts() | dict(notes) | {"scorer": scorer, "stamp": stamp}
    with atomic_write(folder / AUDIT) as stream:
        writer(stream).write_all(tally.suspects.worst_first())
    with atomic_write(folder / METRICS) as stream:
        stream.write(msgspec.json.format(_encode(metrics)))
    draw_breakdown(metrics, folder)
    return metrics


def scorer_of(panel: Panel, dataset: DatasetConfig, judge: JudgeVotes | None = None) -> dict[str, Any]:
    """Who has scored: names, settings, versions, and eight hex digits over all that decides verdicts: `identity`."""
    scorer: dict[str, Any] = {"scorers": panel.names, "settings": panel.settings, "versions": versions_of(panel)}
    scorer["judge"] = None if judge is None else judge.name
    mapping = [dataset.answer_field, dataset.choices_field, dataset.columns]
    encoded = msgspec.json.encode([scorer, mapping], order="sorted", enc_hook=str)
    return scorer | {"identity": hashlib.blake2b(encoded, digest_size=4).hexdigest()}


def _score_all(
    units: Iterator[ScoringUnit],
    panel: Panel,
    tally: Tally,
    scores_file: jsonlines.Writer,
    judge: JudgeVotes | None,
    on_scored: OnScored,
) -> None:
    scores: list[Score] = []
    cut: list[bool] = []
    count = 0
    with Workers(panel, lambda: on_scored(count)) as workers:
        responses = ((unit, unit.sample, _response(unit.record)) for unit in units)
        voted = workers.votes(responses) if panel.voters else ((unit, {}, []) for unit, _, _ in responses)
        for count, (unit, votes, odd) in enumerate(voted, 1):
            votes = votes if judge is None else votes | judge.votes(unit)
            tally.count_votes(unit, votes)
            score = _verdict(unit, votes)
            _note(tally, unit, score, odd)
            scores_file.write(_line(unit, score))
            scores.append(score)
            cut.append(unit.record.truncated)
            if not unit.rest:
                _add_row(tally, unit.sample, scores, cut)
                scores, cut = [], []
            on_scored(count)


def _units(rows: Rows, golds: Any) -> Iterator[ScoringUnit]:
    for row, records in rows:
        sample = row if isinstance(row, Sample) else Sample(row.id, row.row_number, {}, "")
        golds.update(_encode([sample.id, sample.gold]))
        for at, record in enumerate(records, 1):
            yield ScoringUnit(sample, _readable(record), len(records) - at)


def _readable(record: Record) -> Record:
    """Half a surrogate pair, which no file in UTF-8 can hold, becomes a question mark."""
    text = (record.text or "").encode(errors="replace").decode()
    return record if text == (record.text or "") else msgspec.structs.replace(record, text=text)


def _response(record: Record) -> str | None:
    return None if record.failure is not None else record.text or ""


def _verdict(unit: ScoringUnit, votes: Votes) -> Score:
    record, gold = unit.record, unit.sample.gold
    if record.failure is not None:
        return Score("failed", None, gold, f"{record.failure.kind}: {record.failure.message}"[:MAX_SHOWN])
    score = combine(gold, votes)
    if score.verdict != "no_answer":
        return score
    if not record.text and record.reasoning:
        return msgspec.structs.replace(score, reason="the response ends within its reasoning")
    if record.truncated:
        return msgspec.structs.replace(score, reason=f"{score.reason}; the response was cut at the token limit")
    return score


def _note(tally: Tally, unit: ScoringUnit, score: Score, odd: Sequence[Suspicion]) -> None:
    if score.verdict == "unscored" and (score.reason in tally.reasons or len(tally.reasons) < 10 * REASONS_KEPT):
        tally.reasons[score.reason] += 1
    tally.suspects.add(unit.sample, unit.record.rollout, unit.record.text or "", score, odd)


def _add_row(tally: Tally, sample: Sample, scores: list[Score], cut: list[bool]) -> None:
    tally.metrics.add(sample, scores, cut)
    for summary in tally.summaries:
        summary.add(sample, scores)
    fault = next((score for score in scores if score.gold_at_fault), None)
    if fault is not None:
        tally.golds.add(sample.id, fault.reason)


def _line(unit: ScoringUnit, score: Score) -> dict[str, Any]:
    line = {"id": unit.record.id, "rollout": unit.record.rollout, "verdict": score.verdict}
    line |= {} if unit.sample.group is None else {"group": unit.sample.group}
    line |= {"answer": None if score.answer is None else score.answer[:MAX_SHOWN], "gold": score.gold}
    return line | {"reason": score.reason} | ({"votes": score.votes} if score.votes else {})


def _keep_earlier(folder: Path, scorer: dict[str, Any]) -> None:
    """Scores that other scorers, or other golds, have made."""
    try:
        earlier = msgspec.json.decode((folder / METRICS).read_bytes(), type=Earlier).scorer
    except (FileNotFoundError, msgspec.MsgspecError):
        return
    if earlier == scorer:
        return
    names = "-".join(map(str, earlier.get("scorers") or ["unknown"]))
    aside = folder / EARLIER / f"{names}-{earlier.get('identity')}-{earlier.get('golds')}"
    aside.mkdir(parents=True, exist_ok=True)
    for name in (SCORES, METRICS, AUDIT, *PLOTS):
        if (folder / name).is_file():
            shutil.copy2(folder / name, aside / name)


def versions_of(panel: Panel) -> dict[str, str]:
    """Return the versions of what decides verdicts: a digest of the scorers' code, and the packages they compare by."""
    code = hashlib.blake2b(digest_size=4)
    for path in sorted({*_own_code(), *_files_of(panel)}):
        code.update(path.read_bytes())
    names = ("math-verify", "latex2sympy2-extended", "sympy") if panel.preload else ()
    return {"code": code.hexdigest()} | {name: importlib.metadata.version(name) for name in names}


def _own_code() -> Iterator[Path]:
    """Yield the files that decide verdicts; an edit of a plot or a table makes no score old."""
    for folder in VERDICT_FOLDERS:
        yield from (Path(__file__).parent / folder).rglob("*.py")
    yield from (Path(module.__file__ or "") for module in (panel_module, judge, worker_process, boxed))


def _files_of(panel: Panel) -> list[Path]:
    files = (inspect.getsourcefile(type(voter.scorer)) for voter in panel.voters)
    return [Path(file) for file in files if file is not None]
