"""Define what explains why one run scores other than another: what differs, what flipped, and what follows from that.

It is plain data, which the table of `compare explain=true` and a page can show alike.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# What a difference lies in. A `setting` has its config path for `key`, a `prompt` the role of the message, a `version`
# the name of the package, a `scorer` the part of the scoring; the others have a word for it.
What = Literal["setting", "prompt", "picture", "gold", "chat template", "checkpoint", "version", "scorer", "rows"]
# What a difference can change: what the model says, the verdict on it, or nothing but speed and names.
Changes = Literal["answers", "verdicts", "nothing"]


class Difference(Struct, frozen=True, kw_only=True):
    """Something that two runs don't have in common, with the text of both; "" stands for words that one lacks.

    `rows` counts the rows that it concerns, and `example` is the id of the first one; both are None for what is no
    matter of rows.
    """

    what: What
    key: str
    first: str
    second: str
    changes: Changes = "answers"
    rows: int | None = None
    example: str | None = None


class Effect(Struct, frozen=True, kw_only=True):
    """Verdicts of two runs on the same samples, with the numbers that `Comparison` has.

    `rows` counts the samples with a verdict in both. Accuracies are those over these samples, fractions; `difference`
    is first less second, and `interval` its 95 % interval, None where all differences are equal or a sample is alone.
    """

    rows: int
    only_first: int
    only_second: int
    first: float
    second: float
    difference: float
    interval: tuple[float, float] | None
    p: float

    @property
    def flipped(self) -> int:
        """Return the number of samples that one run alone got right."""
        return self.only_first + self.only_second


class Explanation(Struct, kw_only=True):
    """All that tells why two runs differ.

    `effect` is over all samples with a verdict in both; `changed` over those of them that the model saw otherwise
    (prompt, picture or gold), `same` over those that were the same; both are None where there are none. `unseen` counts
    the samples of which it isn't known. `unknown` says in sentences what can't be known, and why.
    """

    first: str
    second: str
    differences: list[Difference]
    effect: Effect
    changed: Effect | None
    same: Effect | None
    unseen: int
    unknown: list[str]
    sentence: str = ""
