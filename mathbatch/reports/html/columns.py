"""Collect the columns over all rows as the page filters and sorts them, as JSON text that is hardly in memory."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from mathbatch.data.storage.spill import SpilledText
from mathbatch.reports.html import payload as page
from mathbatch.reports.html.payload import Detail, Rollout
from mathbatch.reports.html.scripts import encoded
from mathbatch.reports.html.spans import rule_of
from mathbatch.scoring.metrics.metrics import MAX_LABELS, OTHERS, labels_of

# Characters of a prompt and of an answer that are shown in the list of rows.
MAX_QUESTION, MAX_ANSWER = 160, 80
# Different rules that are told apart; a scorer of a user's own may have another one for every row.
MAX_RULES = 200
# Codes that are text at once.
CODES_AT_ONCE = 10_000
TEXTS = ("id", "verdicts", "answer", "gold")
NUMBERS = ("tokens", "flags")


class Column:
    """One column as the text of a JSON list."""

    def __init__(self) -> None:
        self._text = SpilledText()
        self._before = b"["

    def add(self, value: Any) -> None:
        """Append a value. Raises StoreError where the disk refuses."""
        self._text.add(self._before + encoded(value))
        self._before = b","

    def pieces(self) -> Iterator[bytes]:
        """Yield the list."""
        yield from self._text.pieces()
        yield b"[]" if self._before == b"[" else b"]"


class CodedColumn:
    """Column of few different values; what is beyond `most` of them counts as others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._codes: dict[Any, int] = {}
        self._column = array("i")

    def add(self, value: Any) -> None:
        """Append a text, a tuple of texts, or None."""
        if value is None:
            self._column.append(-1)
            return
        known = value if value in self._codes or len(self._codes) < self._most else OTHERS
        self._column.append(self._codes.setdefault(known, len(self._codes)))

    def pieces(self) -> Iterator[bytes]:
        """Yield the column as `payload.Coded`."""
        yield b'{"values":' + encoded(list(self._codes)) + b',"codes":['
        for at in range(0, len(self._column), CODES_AT_ONCE):
            yield (b"," if at else b"") + ",".join(map(str, self._column[at : at + CODES_AT_ONCE])).encode()
        yield b"]}"


class Columns:
    """All columns of `payload.Index`. `fields` are the metadata fields by which rows are filtered."""

    def __init__(self, fields: list[str]) -> None:
        self._columns = {name: Column() for name in (*TEXTS, *NUMBERS)}
        self._questions = Column()
        self._rules, self._failures = CodedColumn(MAX_RULES), CodedColumn(MAX_RULES)
        self._metadata = {field: CodedColumn(MAX_LABELS) for field in fields}
        self.rows = 0

    def add(self, detail: Detail) -> None:
        """Append a row."""
        rollouts = detail.rollouts
        values = {
            "id": detail.id,
            "verdicts": "".join(page.LETTERS[one.verdict] for one in rollouts),
            "answer": _shortened(_usual_answer(rollouts)),
            "gold": _shortened(detail.gold),
            "tokens": rollouts[0].output_tokens if len(rollouts) == 1 else [one.output_tokens for one in rollouts],
            "flags": flags_of(detail),
        }
        for name, value in values.items():
            self._columns[name].add(value)
        self._questions.add(_question(detail))
        self._rules.add(_label({rule_of(one.reason): None for one in rollouts if one.reason and one.failure is None}))
        self._failures.add(_label({one.failure.kind: None for one in rollouts if one.failure is not None}))
        for field, column in self._metadata.items():
            column.add(_label(labels_of(detail.metadata.get(field))))
        self.rows += 1

    def questions(self) -> Iterator[bytes]:
        """Yield the first characters of all prompts as JSON."""
        return self._questions.pieces()

    def pieces(self, starts: list[int]) -> Iterator[bytes]:
        """Yield `payload.Index` as JSON. `starts` are the positions of the first rows of the chunks."""
        yield b'{"starts":' + encoded(starts)
        for name, column in self._columns.items():
            yield b"," + encoded(name) + b":"
            yield from column.pieces()
        for name, coded in (("rule", self._rules), ("failure", self._failures)):
            yield b"," + encoded(name) + b":"
            yield from coded.pieces()
        yield b',"metadata":{'
        for number, (field, coded) in enumerate(self._metadata.items()):
            yield (b"," if number else b"") + encoded(field) + b":"
            yield from coded.pieces()
        yield b"}}"


def flags_of(detail: Detail) -> int:
    """Return the bits of `payload.Index.flags` that apply to a row."""
    rollouts = detail.rollouts
    return (
        page.TRUNCATED * any(one.finish_reason == "length" for one in rollouts)
        | page.AUDIT * any(one.audit for one in rollouts)
        | page.PICTURES * bool(detail.pictures)
        | page.MARKED * any(one.mark is not None for one in rollouts)
        | page.DISAGREE * (len({one.verdict for one in rollouts}) > 1)
        | page.SPLIT_VOTES * any(len(set(one.votes.values())) > 1 for one in rollouts)
    )


def _label(texts: Iterable[str]) -> str | tuple[str, ...] | None:
    """Return what a row is filtered by: its text, all of them if it has several, None if it has none."""
    labels = tuple(texts)
    return labels if len(labels) > 1 else next(iter(labels), None)


def _question(detail: Detail) -> str:
    """Return the first characters of what the user asks, on one line."""
    text = " ".join(
        part.text or "" for message in detail.messages if message.role != "system" for part in message.parts
    )
    return " ".join(text[: 2 * MAX_QUESTION].split())[:MAX_QUESTION]


def _usual_answer(rollouts: list[Rollout]) -> str | None:
    """Return the most frequent extracted answer."""
    answers = Counter(one.answer for one in rollouts if one.answer is not None)
    return answers.most_common(1)[0][0] if answers else None


def _shortened(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_ANSWER else f"{text[:MAX_ANSWER]}…"
