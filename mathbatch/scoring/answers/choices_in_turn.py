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

from mathbatch.scoring.answers.statements import COURTESY, MAX_ANSWER, SENTENCE_WINDOW, Rule, Stated, sentences

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
    chosen = Stated(f"({right[0]})", Rule.CALLED_RIGHT) if len(right) == 1 else None
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


UNDETERMINED = re.compile(
    r"\b(?:can(?:['’]t|\s?not)|could(?:n['’]t|\snot)|not\spossible\sto|impossible\sto|unable\sto|not)\s(?:be\s)?(?:[a-z]+ly\s)?"
    r"(?:be\s)?(?:determine[ds]?|determinable|decided?|calculated?|concluded?)\b"
    r"|\bimpossible\sto\s(?:say|tell|know|find)\b|\b(?:undetermined|indeterminate)\b"
    r"|\b(?:not\s(?:enough|sufficient)|insufficient)\s(?:information|data)\b"
    r"|(?:无法|不能|不可)(?:确定|判断|判定)|条件不足",
    re.IGNORECASE,
)
SPEAKS_OF_ITSELF = re.compile(
    r"\bI(?:['’]m|\sam)?\s(?:can|could|unable|not)|\bsorry\b|\bimages?\s(?:is|are|was)\b|我", re.IGNORECASE
)
"""In the words of a model that refuses."""
CONTRAST_AFTER = re.compile(r"\b(?:but|however|so|yet)\b", re.IGNORECASE)
"""Behind what is only on the way: "it cannot be determined from A alone, but"."""


def undetermined_choice(text: str, choices: Sequence[str]) -> int | None:
    """The choice of that meaning, where there is just one and the text has it."""
    same = [place for place, choice in enumerate(choices) if UNDETERMINED.search(choice)]
    said = UNDETERMINED.search(text) if len(same) == 1 and not SPEAKS_OF_ITSELF.search(text) else None
    return same[0] if said and not CONTRAST_AFTER.search(text, said.end()) else None


def undetermined_statement(text: str, choices: Sequence[str]) -> Stated | None:
    """The last sentence where it says so; `statements` has none of this kind, as most are refusals."""
    told = [one for one in sentences(text[-SENTENCE_WINDOW:]) if len(one) <= MAX_ANSWER and not COURTESY.search(one)]
    if not told or undetermined_choice(told[-1], choices) is None:
        return None
    return Stated(told[-1], Rule.LAST_SENTENCE)
