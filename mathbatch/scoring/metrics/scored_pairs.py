"""Read the scores of two runs side by side, one sample at a time.

Runs over the same rows have their samples in the same order. From the first difference on, samples of the second run
are found by their ids; where each begins in its file is kept, hardly any of it in memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import jsonlines
import msgspec

from mathbatch.data.storage.json_lines import reader
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.errors import ConfigError
from mathbatch.scoring.files import SCORES, ScoreLine

_decode = msgspec.json.Decoder(ScoreLine).decode


@dataclass(slots=True)
class SampleResult:
    """Result of one run on one sample: how many judged rollouts it has, and how many are correct.

    `verdict` and `answer` are what the list of flips shows. With several rollouts there is no single answer. The lines
    of the sample begin at `offset` in the file.
    """

    id: str
    gold: str | None = None
    group: str | None = None
    correct: int = 0
    judged: int = 0
    verdict: str = ""
    answer: str | None = None
    offset: int = 0
    rollouts: int = 0

    def add(self, line: ScoreLine) -> None:
        """Count one rollout."""
        self.rollouts += 1
        if not line.is_judged:
            return
        self.correct += line.verdict == "correct"
        self.judged += 1
        several = self.judged > 1
        self.verdict = f"{self.correct} of {self.judged} right" if several else line.verdict
        self.answer = None if several else line.answer

    @property
    def score(self) -> float:
        """Return the share of correct rollouts."""
        return self.correct / self.judged

    @property
    def is_right(self) -> bool:
        """Tell whether more than half of the rollouts are correct."""
        return 2 * self.correct > self.judged


def scored_pairs(
    first: Path, second: Path, with_marks: bool = False
) -> Iterator[tuple[SampleResult | None, SampleResult | None]]:
    """Yield each sample with its results in two folders of scores, None where it is not in one of them.

    With `with_marks` the verdict of a person takes the place of that of the scorers. Raises ConfigError for a folder
    without scores, and for scores that can't be read.
    """
    ours, theirs = _results(first, "run_dir", with_marks), _results(second, "other", with_marks)
    one, two = next(ours, None), next(theirs, None)
    while one is not None and two is not None and one.id == two.id:
        yield one, two
        one, two = next(ours, None), next(theirs, None)
    rest = itertools.chain([] if one is None else [one], ours)
    yield from _by_id(rest, itertools.chain([] if two is None else [two], theirs), second / SCORES, with_marks)


def _by_id(
    ours: Iterable[SampleResult], theirs: Iterable[SampleResult], path: Path, with_marks: bool
) -> Iterator[tuple[SampleResult | None, SampleResult | None]]:
    """Yield the samples of two runs in the order of the first one, then those that only the second one has."""
    begins = SpilledMap()
    for result in theirs:
        if begins.get(hash(result.id)) is None:
            begins.add(hash(result.id), result.offset)
    both = 0
    with path.open("rb") as stream:
        for result in ours:
            offset = begins.get(hash(result.id))
            other = None if offset is None else _result_at(stream, offset, with_marks)
            other = None if other is None or other.id != result.id else other
            both += other is not None
            yield result, other
    for _ in range(len(begins) - both):
        yield None, None
    begins.close()


def _results(folder: Path, key: str, with_marks: bool) -> Iterator[SampleResult]:
    """Yield the result of each sample; all its rollouts stand in succession."""
    result: SampleResult | None = None
    for offset, line in _lines(folder, key):
        if result is None or line.id != result.id:
            if result is not None:
                yield result
            result = SampleResult(line.id, line.gold, line.group, offset=offset)
        if line.rollout != result.rollouts:
            problem = f"{folder / SCORES}: the rollouts of {line.id} don't stand one after another"
            raise ConfigError(key, problem, "score that run again")
        result.add(_as_marked(line) if with_marks else line)
    if result is not None:
        yield result


def _as_marked(line: ScoreLine) -> ScoreLine:
    """Return the line with the verdict of a person, if there is one, in place of that of the scorers."""
    return line if line.mark is None else msgspec.structs.replace(line, verdict=line.mark.verdict)


def _result_at(stream: BinaryIO, offset: int, with_marks: bool) -> SampleResult:
    """Return the result whose first line begins at an offset; that line has been read before."""
    stream.seek(offset)
    line = _decode(stream.readline())
    result = SampleResult(line.id, line.gold, line.group)
    while line.id == result.id and line.rollout == result.rollouts:
        result.add(_as_marked(line) if with_marks else line)
        following = stream.readline()
        if not following:
            break
        line = _decode(following)
    return result


def _lines(folder: Path, key: str) -> Iterator[tuple[int, ScoreLine]]:
    """Yield offset and content of each line. Raises ConfigError, with `key` as its path, if one can't be read."""
    path = folder / SCORES
    if not path.is_file():
        raise ConfigError(key, f"{folder} has no {SCORES}", "python -m mathbatch.score run_dir=… makes it")
    with path.open("rb") as stream:
        lines = _Offsets(stream)
        try:
            for line in reader(lines, ScoreLine):
                yield lines.offset, line
        except jsonlines.InvalidLineError as error:
            problem = f"{path}, line {error.lineno}: {error.__cause__ or error.message}"
            raise ConfigError(key, problem, "score that run again") from error


class _Offsets:
    """Lines of a stream; `offset` is where the last one that was taken begins."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream
        self.offset = self._end = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._stream:
            self.offset, self._end = self._end, self._end + len(line)
            yield line
