r"""Options that a response judges one after the other, of which it calls one right:

    Option A: 12 is too small.
    Option B: 14 works.
    Option C: 16 is too big.

gives `(B)`, and the last line names nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from mathbatch.scoring.answers.statements import SENTENCE_WINDOW, Stated

OPTION_START = re.compile(
    r"^[\s*_>•-]{0,10}(?:(?:option|choice|statement|选项)[\s*]{0,3})?[(（]?([A-J])"
    r"(?:[*_]{0,2}(?:[)）:：、．]|\.(?=[\s*_]))|(?=[*_]{0,2}\s(?:is|was)\b|项))"
    r"|(?:^|[,，;；。.])\s?(?:and\s)?(?:option|choice|statement|选项)\s?[(（]?([A-J])(?![A-Za-z])[)）]?",
    re.MULTILINE | re.IGNORECASE,
)
"""The letter of an option at the start of a line; with a word in front within a line."""
JUDGEMENT = re.compile(
    r"(?P<wrong>(?:\bnot|n['’]t)\b(?:(?:\sthe|\sa)?\s(?:correct|right|true|valid)\b)?|不(?:正确|符合|成立)?|[错✗✘❌]"
    r"|\b(?:incorrect|wrong|(?<=is\s)false|too|fails?|invalid|eliminated?)\b)"
    r"|(?P<right>\b(?:correct|(?<=is\s)true|works|matches|fits|holds|valid)\b|\bright(?=[\s*_]*(?:[.,;!]|\Z))"
    r"|正确|符合|[✓✔✅])",
    re.IGNORECASE,
)
"""Neither "yes" nor a bare "true": these may be the choices' own texts."""
MIN_OPTIONS = 3
"""Turns; of "A. Correct, B. Incorrect" nobody knows whether these are the choices."""
MAX_JUDGED = 300
"""Characters of a turn that are read."""


def option_called_right(text: str, said: Sequence[Stated]) -> tuple[Stated | None, list[Stated]]:
    """The one option called right where all others are called wrong; and the statements that are no turns."""
    text = text[-SENTENCE_WINDOW:]
    starts = [*OPTION_START.finditer(text)]
    ends = [*(following.start() for _, following in pairwise(starts)), len(text)]
    verdicts = {_letter(turn): _judgement(text[turn.end() : end]) for turn, end in zip(starts, ends, strict=False)}
    if len(verdicts) < MIN_OPTIONS or not all(verdicts.values()):
        return None, [*said]
    right = [letter for letter, verdict in verdicts.items() if verdict == "right"]
    chosen = Stated(f"({right[0]})", "called right, of all options in turn") if len(right) == 1 else None
    return chosen, [one for one in said if not _judges_option(one)]


def _letter(turn: re.Match[str]) -> str:
    return (turn[1] or turn[2]).upper()


def _judgement(turn: str) -> str | None:
    """ "right" or "wrong"; None where it says neither, or both and leads with none."""
    turn = turn[:MAX_JUDGED].strip(" *_:.-\n").split("\n\n")[0]
    kinds = {found.lastgroup for found in JUDGEMENT.finditer(turn)}
    leading = JUDGEMENT.match(turn)
    return kinds.pop() if len(kinds) == 1 else leading.lastgroup if leading else None


def _judges_option(stated: Stated) -> bool:
    turn = OPTION_START.match(stated.text)
    return turn is not None and _judgement(stated.text[turn.end() :]) is not None
