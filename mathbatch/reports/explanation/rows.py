"""Compare row by row what two runs have asked, and count the rows in which something differs."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from mathbatch.errors import SampleError
from mathbatch.reports.explanation.asked import Asked, AskedRows
from mathbatch.reports.explanation.explanation import Changes, Difference, What
from mathbatch.reports.explanation.words import WordChanges
from mathbatch.scoring.metrics.comparison import Tally
from mathbatch.scoring.metrics.scored_pairs import SampleResult

# Characters of a gold answer, or of the names of pictures, that are told of the first row that differs.
MAX_SHOWN = 200
# Stands for the words of rows whose changes are not told one by one.
OTHER_WORDS = "(other words, in each row its own)"


@dataclass
class _Changes:
    """Number of rows in which something differs, and what both runs have there in the first of them."""

    what: What
    key: str
    rows: int = 0
    first: str = ""
    second: str = ""
    example: str = ""

    def add(self, id: str, first: str, second: str) -> None:
        self.rows += 1
        if self.rows == 1:
            self.first, self.second, self.example = first[:MAX_SHOWN], second[:MAX_SHOWN], id

    def told(self) -> Iterator[Difference]:
        if self.rows:
            changes: Changes = "verdicts" if self.what == "gold" else "answers"
            yield Difference(
                what=self.what,
                key=self.key,
                first=self.first,
                second=self.second,
                changes=changes,
                rows=self.rows,
                example=self.example,
            )


class ComparedRows:
    """Takes in the samples of two runs one at a time, and tells them apart by whether the model saw the same.

    `all`, `changed` and `same` have the verdicts of those samples that are judged in both; `unseen` counts the others
    of these.
    """

    def __init__(self, ours: AskedRows, theirs: AskedRows) -> None:
        self._ours, self._theirs = ours, theirs
        self.all, self.changed, self.same = Tally(), Tally(), Tally()
        self.unseen = 0
        self._words: dict[str, WordChanges] = {}
        self._orders = _Changes("prompt", "roles")
        self._pictures, self._golds = _Changes("picture", "pictures"), _Changes("gold", "gold answer")
        self._only_first = self._only_second = 0
        self._unjudged_first = self._unjudged_second = 0

    def add(self, ours: SampleResult | None, theirs: SampleResult | None) -> None:
        """Take in one sample, None where a run hasn't scored it."""
        if ours is None or theirs is None:
            self._only_first += ours is not None
            self._only_second += ours is None
            return
        self._unjudged_first += not ours.judged
        self._unjudged_second += not theirs.judged
        if not ours.judged or not theirs.judged:
            return
        self.all.add(ours, theirs)
        has_other_gold = (ours.gold or "").strip() != (theirs.gold or "").strip()
        if has_other_gold:
            self._golds.add(ours.id, ours.gold or "", theirs.gold or "")
        is_same = self._is_same(self._ours.find(ours.id), self._theirs.find(ours.id))
        if has_other_gold or is_same is False:
            self.changed.add(ours, theirs)
        elif is_same:
            self.same.add(ours, theirs)
        else:
            self.unseen += 1

    def differences(self) -> Iterator[Difference]:
        """Yield what differs in some rows, with their number."""
        for role, words in self._words.items():
            yield from _told(role, words)
        for changes in (self._orders, self._pictures, self._golds):
            yield from changes.told()
        for key, first, second in (
            ("only in one run", self._only_first, self._only_second),
            ("without a verdict", self._unjudged_first, self._unjudged_second),
        ):
            if first or second:
                yield Difference(what="rows", key=key, first=f"{first:,}", second=f"{second:,}", changes="nothing")

    def _is_same(self, one: Asked | None, other: Asked | None) -> bool | None:
        """Tell whether the model saw the same, None where that isn't known; count what differs."""
        if one is None or other is None:
            return None
        is_same = True
        for role in dict.fromkeys([*one.texts, *other.texts]):
            first, second = one.texts.get(role, ""), other.texts.get(role, "")
            if first != second:
                is_same = False
                self._words.setdefault(role, WordChanges()).add(one.id, first, second)
        if is_same and list(one.texts) != list(other.texts):
            is_same = False
            self._orders.add(one.id, ", ".join(one.texts), ", ".join(other.texts))
        have_same_pictures = _same_pictures(one, other)
        if have_same_pictures is False:
            labels = [", ".join(picture.label for picture in asked.pictures) for asked in (one, other)]
            self._pictures.add(one.id, *labels)
        return is_same and have_same_pictures


def _same_pictures(one: Asked, other: Asked) -> bool | None:
    """Tell whether two prompts have the same pictures in the same order; None for ones that can't be read any more."""
    if len(one.pictures) != len(other.pictures):
        return False
    try:
        return all(ours.is_same(theirs) for ours, theirs in zip(one.pictures, other.pictures, strict=True))
    except (SampleError, OSError, binascii.Error):
        return None


def _told(role: str, words: WordChanges) -> Iterator[Difference]:
    """Yield the words that change in messages of a role; those of rows that change alike with all their number."""
    by_words: dict[tuple[str, str], tuple[int, str]] = {}
    for way in words.told():
        for edit in way.words or [(OTHER_WORDS, OTHER_WORDS)]:
            rows, example = by_words.get(edit, (0, way.example))
            by_words[edit] = rows + way.rows, example
    for (first, second), (rows, example) in by_words.items():
        yield Difference(what="prompt", key=role, first=first, second=second, rows=rows, example=example)
