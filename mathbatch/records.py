"""The records that travel between the stages, in order: Sample or BadRow, Request, Response, Record, Score.

They are msgspec structs: immutable, and quick enough that a million of them cost seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

Row = dict[str, Any]


class ImageRef(Struct, frozen=True):
    """A picture that a row points to, not read yet. Exactly one of `path` and `data` is set.

    `label` names it in messages. `identity` enters the digest of the prompt: path and size of a file, a hash of
    embedded data.
    """

    label: str
    identity: str
    path: str | None = None
    data: bytes | str | None = None
    """Encoded picture bytes, or base64 text."""


class Sample(Struct, frozen=True):
    """One row of the dataset, mapped. `row_number` counts from 1, as an editor shows it."""

    id: str
    row_number: int
    row: Row
    query: str
    images: tuple[ImageRef, ...] = ()
    gold: str | None = None
    key: str | None = None
    """The member name, where the file is one object of rows."""
    choices: tuple[str, ...] | None = None
    metadata: dict[str, Any] = {}
    group: str | None = None
    """What rows of one problem share, where `dataset.group_field` names it."""
    fields: Row = {}
    """The row with its computed columns: what scorers read."""


class BadRow(Struct, frozen=True):
    """A row that can't become a sample: what is wrong and where. `id` is its own where it is known and unique."""

    id: str
    row_number: int
    row: Row | None
    kind: str
    message: str
    key: str | None = None


class Request(Struct):
    """One unit of work, (sample id, rollout) of a job: chat messages for the engine.

    A message is {"role", "content"}; content is a string or a list of {"type": "text", "text"} and
    {"type": "image", "image"} parts, where image is an ImageRef, or a PIL image once it is decoded.
    """

    id: str
    messages: list[dict[str, Any]]
    rollout: int = 0
    row_number: int = 0
    digest: str = ""
    job: int = 0
    sampling: dict[str, Any] = {}
    on_images_done: Callable[[], None] | None = None

    def drop_images(self) -> None:
        """Called by the engine when it has made its own input from the pictures: others may have their memory."""
        if self.on_images_done is not None:
            self.on_images_done()
            self.on_images_done = None

    @property
    def label(self) -> str:
        """How messages and the engine name the unit."""
        return f"{self.id}#{self.rollout}" if self.rollout else self.id


class Response(Struct, frozen=True):
    """What the engine answered. Token counts are None where an engine does not tell them."""

    text: str
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    reasoning: str | None = None


class Failure(Struct, frozen=True):
    """Why a unit has no answer."""

    kind: str
    message: str


class Record(Struct, frozen=True, omit_defaults=True):
    """One line of the store. A unit is (id, rollout); `digest` is that of the input it was made from."""

    id: str
    digest: str
    rollout: int = 0
    text: str | None = None
    reasoning: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    failure: Failure | None = None

    @property
    def truncated(self) -> bool:
        """Whether the answer was cut at the token limit."""
        return self.finish_reason == "length"


class Score(Struct, frozen=True, omit_defaults=True):
    """A verdict (correct, wrong, no_answer, unscored, failed) with the answer that was found and the reason.

    `unscored` is left out of the accuracy, `no_answer` counts there as not correct.
    """

    verdict: str
    answer: str | None
    gold: str | None
    reason: str
    votes: dict[str, str] = {}
    """Scorer to verdict, where several have voted."""
    gold_at_fault: bool = False
    """It is `unscored` because of the gold answer: no response to the row could be correct."""

    @classmethod
    def without_gold(cls, gold: str | None, reason: str) -> Score:
        """There is nothing to compare with: no gold answer, or none that the scorer can read."""
        return cls("unscored", None, gold, reason, gold_at_fault=True)

    @property
    def is_correct(self) -> bool:
        return self.verdict == "correct"

    @property
    def is_judged(self) -> bool:
        """Whether it counts for the accuracy."""
        return self.verdict in ("correct", "wrong", "no_answer")
