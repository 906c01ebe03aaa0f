"""Read the box in which a response states its answer, unless it is denied or belongs to a check."""

from __future__ import annotations

import re

from mathbatch.config.templates.boxed import Box, boxes
from mathbatch.scoring.answers.cues import CHECKS, DENIAL_BEFORE, SUPPOSES
from mathbatch.scoring.answers.stated import Rule, Stated

# Name in front of the value in a box: "$u = \boxed{2}$".
LEFT_SIDE = r"(?:\\?[A-Za-z]{1,8}(?:_\{?\w{1,5}\}?)?\s?=\s?)"
# Stands between boxes that are one answer: "$\boxed{2}$ and $\boxed{3}$", "$u = \boxed{2}$ and $v = \boxed{3}$".
BETWEEN_BOXES = re.compile(
    r"(?:[\s$,;、和与&]|\\[\[\]() ,;:!]|\\q?quad(?![A-Za-z])|\\(?:text|mathrm|mbox)\s?\{|\}"
    r"|\b(?:and|or|as\swell\sas|also|und|oder|et|ou|y|o|e|и|или|respectively)\b)*" + LEFT_SIDE + r"?(?:\s|\$|\\[\[(])*"
)
LEFT_SIDE_BEFORE = re.compile(LEFT_SIDE + r"\Z")
# Stands behind a box that is denied.
CALLED_WRONG = re.compile(
    r"[$\s*)]{0,4}\s(?:is|was|would\sbe)\s(?:(?:clearly|also|therefore|then)\s)?(?:wrong|incorrect|ruled\sout|not\s(?:the|correct|right)\b)"
)
# Stand around the value in a box: "Answer: " and a tick.
AROUND_VALUE_IN_BOX = re.compile(
    r"\A(?P<text>\\(?:text|mathrm|textbf|mbox)\s?\{\s?)?(?:the\s)?(?:final\s)?answer(?:\sis\s?:?|\s?[:=])\s*(?(text)\})"
    r"|(?<=\A\\text\{)(?:the\s)?(?:final\s)?answer(?:\sis\s?:?|\s?[:=])\s*"
    r"|\A[✓✔✅☑]\ufe0f?\s?|\s?(?:[✓✔✅☑]\ufe0f?|\\checkmark)\Z",
    re.IGNORECASE,
)


def boxed(text: str) -> Stated | None:
    r"""Read the last `\boxed{}` that is not empty, with those right before it: "\boxed{2} and \boxed{3}" -> "2, 3".

    A box states the answer however long it is, so that one of many digits is wrong, and no weaker statement counts.
    """
    every = [one for one in boxes(text) if one.text]
    every = [one for one in every if not _is_denied(text, one)]
    found = [one for one in every if not _is_in_check(text, one.start)] or every
    joined = found[-1:]
    for one in reversed(found[:-1]):
        if not BETWEEN_BOXES.fullmatch(text, one.end, joined[0].start):
            break
        joined.insert(0, one)
    sides = [LEFT_SIDE_BEFORE.search(text[max(one.start - 20, 0) : one.start]) for one in joined]
    named = len(joined) > 1 and all(sides)
    texts = [f"{side[0]}{one.text}" if named and side else one.text for side, one in zip(sides, joined, strict=True)]
    text = AROUND_VALUE_IN_BOX.sub("", ", ".join(texts)).strip()
    return Stated(text, Rule.BOXED) if text else None


def _is_denied(text: str, box: Box) -> bool:
    r"""Tell whether a box is denied, in front of it or behind: "not \boxed{7}", "\boxed{7} is wrong"."""
    before = text[max(box.start - 40, 0) : box.start]
    return DENIAL_BEFORE.search(before) is not None or CALLED_WRONG.match(text, box.end) is not None


def _is_in_check(text: str, place: int) -> bool:
    """Tell whether the line up to a place checks an answer, or supposes another: "Check: 9 would give \boxed{10}"."""
    line = text[max(place - 300, 0) : place].rpartition("\n")[2]
    return CHECKS.match(line) is not None or SUPPOSES.search(line) is not None
