"""Name the texts that a response states as its answer, and the rules that find them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

# Characters. A longer text is prose or a loop of tokens and never an answer.
MAX_ANSWER = 1000


class Rule(StrEnum):
    """Rules that find a candidate; the value is what the reason of a score says of it."""

    BOXED = "boxed"
    AFTER_HASHES = "after ####"
    STATED_AS_ANSWER = "stated as the answer"
    CONCLUSION = "stated in a conclusion"
    BOLD = "in bold"
    LAST_SENTENCE = "in the last sentence"
    FIRST_SENTENCE = "in the first sentence"
    FIRST_LINE = "in the first line"
    LAST_FORMULA = "in the last formula"
    WHOLE_RESPONSE = "the whole response"
    CALLED_RIGHT = "called right, of all options in turn"
    SHORT_ANSWER = "short answer"


# With these rules the response itself says that the text is its answer; the others guess by position.
EXPLICIT = frozenset({Rule.BOXED, Rule.AFTER_HASHES, Rule.STATED_AS_ANSWER})


class Stated(NamedTuple):
    """Text that may be the answer, and the rule that found it.

    A scorer with rules of its own puts words for the reason in the place of a `Rule`.
    """

    text: str
    rule: Rule | str
