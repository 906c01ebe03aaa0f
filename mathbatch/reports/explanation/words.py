"""Name the words in which two texts differ, and count the rows that differ in the same words.

"Think step by step." and "Think carefully." differ in "step by step" and "carefully".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from mathbatch.reports.explanation.explanation import Difference

# What stands for a picture in the text of a prompt.
PICTURE = "<picture>"
TOKEN = re.compile(rf"{PICTURE}|\w+|[^\w\s]|\s+")
# Words, signs and white space on either side up to which texts are matched by these, which takes up to the square of
# that. Longer ones are matched line by line, and those of more lines as a whole.
MOST_TOKENS = 2_000
# Ways in which rows change that are counted, and those that are told; the rows of all others are counted together.
COUNTED_WAYS, TOLD_WAYS = 1_000, 5
# Ways that are tried on a row, the most frequent first, before its texts are matched.
TRIED_WAYS = 3
# Characters around an edit by which it is found again in another row.
CONTEXT = 12
# Characters of a text that are shown whole, and edits of a longer one that are shown.
SHORT, SHOWN_EDITS = 40, 3


class Edit(Struct, frozen=True):
    """Words of a text, from the character `at` on, and those that another text has in their place.

    `before` and `after` are the characters around them, None at the beginning or the end of the text.
    """

    old: str
    new: str
    at: int
    before: str | None
    after: str | None

    @property
    def words(self) -> tuple[str, str]:
        """Return the words of both without the white space around them, unless that is all in which they differ."""
        old, new = self.old.strip(), self.new.strip()
        return (old, new) if old != new else (self.old, self.new)


def edits(first: str, second: str) -> list[Edit]:
    """Return the edits that make the second text of the first one, in order.

    Words that only signs stand between are one edit.
    """
    ours, theirs = TOKEN.findall(first), TOKEN.findall(second)
    head = _common(ours, theirs)
    tail = _common(ours[head:][::-1], theirs[head:][::-1])
    at = sum(map(len, ours[:head]))
    ours, theirs = ours[head : len(ours) - tail], theirs[head : len(theirs) - tail]
    if max(len(ours), len(theirs)) > MOST_TOKENS:
        ours, theirs = "".join(ours).splitlines(keepends=True), "".join(theirs).splitlines(keepends=True)
    if max(len(ours), len(theirs)) > MOST_TOKENS:
        ours, theirs = ["".join(ours)], ["".join(theirs)]
    return [_edit(first, at, old, new) for at, old, new in _replaced(ours, theirs, at)]


def sides(one: Difference) -> list[tuple[str, str]]:
    """Return what two runs have, in quotes; of long texts the first edits, a pair for each."""
    if max(len(one.first), len(one.second)) <= SHORT:
        return [(_quoted(one.first), _quoted(one.second))]
    found = edits(one.first, one.second)
    shown = [(_quoted(first), _quoted(second)) for first, second in (edit.words for edit in found[:SHOWN_EDITS])]
    return shown + [(f"{len(found) - SHOWN_EDITS:,} more edits", "")] * (len(found) > SHOWN_EDITS)


def _quoted(text: str) -> str:
    if not text:
        return "(nothing)"
    text = text.replace("\n", "\\n")
    return f"'{text[: SHORT - 1]}…'" if len(text) > SHORT else f"'{text}'"


def _common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many tokens two texts begin with alike."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(ours), len(theirs)))


def _replaced(ours: Sequence[str], theirs: Sequence[str], at: int) -> Iterator[tuple[int, str, str]]:
    """Yield where a replaced part begins in the first text, it, and what replaces it; `at` is where `ours` begins."""
    old = new = kept = ""
    # White space is so frequent that matching it would take long; it is matched where it stands beside equal words.
    matcher = SequenceMatcher(str.isspace, ours, theirs, autojunk=False)
    for kind, low, high, other_low, other_high in matcher.get_opcodes():
        part = "".join(ours[low:high])
        if kind == "equal" and any(map(str.isalnum, part)):
            if old or new:
                yield at, old, new
            at += len(old) + len(kept) + len(part)
            old = new = kept = ""
        elif kind == "equal" and not (old or new):
            at += len(part)
        elif kind == "equal":
            kept += part
        else:
            old, new, kept = old + kept + part, new + kept + "".join(theirs[other_low:other_high]), ""
    if old or new:
        yield at, old, new


def _edit(text: str, at: int, old: str, new: str) -> Edit:
    before, after = text[max(0, at - CONTEXT) : at], text[at + len(old) :][:CONTEXT]
    return Edit(old, new, at, before if at else None, after if at + len(old) < len(text) else None)


class Way(Struct, frozen=True):
    """Words that change in some rows, the number of these rows, and the id of the first one."""

    words: tuple[tuple[str, str], ...]
    rows: int
    example: str


class WordChanges:
    """Counts in how many rows which words change, in bounded memory."""

    def __init__(self) -> None:
        self.rows = 0
        self._counts: Counter[tuple[tuple[str, str], ...]] = Counter()
        self._examples: dict[tuple[tuple[str, str], ...], str] = {}
        self._edits: dict[tuple[tuple[str, str], ...], list[Edit]] = {}
        self._first_other: str | None = None

    def add(self, id: str, first: str, second: str) -> None:
        """Count a row whose texts differ."""
        self.rows += 1
        for words, known in self._edits.items():
            if _applied(known, first) == second:
                self._counts[words] += 1
                return
        found = edits(first, second)
        words = tuple(edit.words for edit in found)
        if words not in self._counts and len(self._counts) >= COUNTED_WAYS:
            self._first_other = self._first_other or id
            return
        self._counts[words] += 1
        self._examples.setdefault(words, id)
        if len(self._edits) < TRIED_WAYS:
            self._edits.setdefault(words, found)

    def told(self) -> Iterator[Way]:
        """Yield the most frequent ways, then all others together, with no words."""
        frequent = self._counts.most_common(TOLD_WAYS)
        yield from (Way(words, rows, self._examples[words]) for words, rows in frequent)
        rest = self.rows - sum(rows for _, rows in frequent)
        if rest:
            untold = (self._examples[words] for words in self._counts if words not in dict(frequent))
            yield Way((), rest, next(untold, self._first_other or ""))


def _applied(known: Sequence[Edit], text: str) -> str | None:
    """Return the text with edits that were found in another one; None where their words are not found."""
    parts, start = [], 0
    for edit in known:
        place = _place(edit, text, start)
        if place is None or not text.startswith(edit.old, place):
            return None
        parts += [text[start:place], edit.new]
        start = place + len(edit.old)
    return "".join([*parts, text[start:]])


def _place(edit: Edit, text: str, start: int) -> int | None:
    """Return where an edit belongs in a text, from `start` on, as far as its words and those around them tell."""
    if edit.before is None:
        return 0
    if edit.after is None:
        return max(start, len(text) - len(edit.old))
    for before, after in ((edit.before, edit.after), (edit.before, ""), ("", edit.after)):
        found = text.find(before + edit.old + after, max(0, start - len(before)))
        if found >= 0:
            return found + len(before)
    return None
