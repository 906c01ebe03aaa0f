"""Turn a row of a run into what the page shows of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mathbatch.records import Record, Sample
from mathbatch.reports.html.payload import Detail, Failed, Message, Part, Picture, Rollout
from mathbatch.reports.html.rows import ReportRow
from mathbatch.reports.html.scored_lines import Line
from mathbatch.reports.html.spans import answer_span
from mathbatch.scoring.marks import seal_of

# Gives the picture of a reference, or of an image that a processor of a user's own has decoded.
PictureOf = Callable[[Any], Picture]
# Texts with what to show in their place.
Hidden = Sequence[tuple[str, str]]
# Characters from which on a text is hidden within others; a shorter one, such as a number, only where it stands alone.
MIN_HIDDEN = 8


def detail_of(found: ReportRow, picture_of: PictureOf, hidden: Hidden = ()) -> Detail:
    """Return all that is known of one row. `hidden` are texts that its prompt must not show, and what to show there."""
    row = found.row
    pictures: list[Picture] = []
    choices = (row.choices if isinstance(row, Sample) else None) or ()
    detail = Detail(
        id=row.id,
        row=row.row_number,
        messages=_messages(found, pictures, picture_of, hidden),
        pictures=pictures,
        problem=found.problem,
        rollouts=[
            _rollout(record, line, found.doubts.get(number, []), choices)
            for number, (record, line) in enumerate(zip(found.records, found.lines, strict=True))
        ],
    )
    if isinstance(row, Sample):
        detail.gold, detail.group, detail.metadata = row.gold, row.group, row.metadata
        detail.choices = list(choices) or None
    return detail


def _messages(found: ReportRow, pictures: list[Picture], picture_of: PictureOf, hidden: Hidden) -> list[Message]:
    """Return the messages of a prompt, and collect the pictures in it. A row without a prompt shows its query."""
    if found.prompt is None:
        query = found.row.query if isinstance(found.row, Sample) else ""
        return [Message("user", [Part(text=query)])] if query else []
    return [
        Message(message["role"], _parts(message["content"], pictures, picture_of, hidden))
        for message in found.prompt.messages
    ]


def _parts(content: Any, pictures: list[Picture], picture_of: PictureOf, hidden: Hidden) -> list[Part]:
    if isinstance(content, str):
        return [Part(text=as_written(content, hidden))]
    parts = []
    for part in content:
        if part["type"] == "text":
            parts.append(Part(text=as_written(part["text"], hidden)))
        else:
            parts.append(Part(picture=len(pictures)))
            pictures.append(picture_of(part["image"]))
    return parts


def as_written(text: str, hidden: Hidden) -> str:
    """Return a text of a prompt with what is hidden as the configuration has it. Short words are no secret."""
    for found, written in hidden:
        if text == found or len(found) >= MIN_HIDDEN:
            text = text.replace(found, written)
    return text


def _rollout(record: Record | None, line: Line | None, doubts: list[str], choices: Sequence[str]) -> Rollout:
    """Return one answer with its verdict. Without a record there is none yet."""
    text = None if record is None else record.text
    made = Rollout(seal="" if record is None else seal_of(record), text=text, audit=doubts)
    if record is not None:
        made.reasoning, made.finish_reason = record.reasoning, record.finish_reason
        made.prompt_tokens, made.output_tokens = record.prompt_tokens, record.output_tokens
        made.cached_tokens = record.cached_tokens
        if record.failure is not None:
            made.failure = Failed(record.failure.kind, record.failure.message)
            made.verdict = "failed"
    if line is not None:
        made.verdict, made.answer, made.reason = line.verdict, line.answer, line.reason
        made.votes, made.mark = line.votes, line.mark
        made.span = answer_span(text or "", line.answer, line.reason, choices)
    return made
