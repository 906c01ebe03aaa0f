"""Read responses that judge the choices one after the other, or that say that no choice can be determined.

    Option A: 12 is too small.
    Option B: 14 works.
    Option C: 16 is too big.

gives "(B)", though the last line names nothing.

"The length of AB can't be calculated" names the choice "Cannot be determined". Where there is no such choice, and where
the model speaks of itself ("I cannot determine it, as I see no image"), that is a refusal and no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from mathbatch.scoring.answers.cues import COURTESY
from mathbatch.scoring.answers.sentences import SENTENCE_WINDOW, sentences
from mathbatch.scoring.answers.stated import MAX_ANSWER, Rule, Stated

# The letter of an option at the start of a line; within a line only with a word in front.
OPTION_START = re.compile(
    r"^[\s*_>•-]{0,10}(?:(?:option|choice|statement|选项)[\s*]{0,3})?[(（]?([A-J])"
    r"(?:[*_]{0,2}(?:[)）:：、．]|\.(?=[\s*_]))|(?=[*_]{0,2}\s(?:is|was)\b|项))"
    r"|(?:^|[,，;；。.])\s?(?:and\s)?(?:option|choice|statement|选项)\s?[(（]?([A-J])(?![A-Za-z])[)）]?",
    re.MULTILINE | re.IGNORECASE,
)
# Neither "yes" nor a bare "true": these may be the choices' own texts.
JUDGEMENT = re.compile(
    r"(?P<wrong>(?:\bnot|n['’]t)\b(?:(?:\sthe|\sa)?\s(?:correct|right|true|valid)\b)?|不(?:正确|符合|成立)?|[错✗✘❌]"
    r"|\b(?:incorrect|wrong|(?<=is\s)false|too|fails?|invalid|eliminated?)\b)"
    r"|(?P<right>\b(?:correct|(?<=is\s)true|works|matches|fits|holds|valid)\b|\bright(?=[\s*_]*(?:[.,;!]|\Z))"
    r"|正确|符合|[✓✔✅])",
    re.IGNORECASE,
)
# Options that must be judged. Of "A. Correct, B. Incorrect" nobody knows whether these are the choices.
MIN_OPTIONS = 3
# Characters of the text about one option that are read.
MAX_JUDGED = 300


def option_called_right(text: str, said: Sequence[Stated]) -> tuple[Stated | None, list[Stated]]:
    """Return the one option that is called right where all others are called wrong, and the remaining statements.

    `said` are the statements of the response. Those that judge an option are left out of the second result, since they
    may name a wrong one. Where fewer than three options are judged, or one has no judgement, nothing is read or left
    out.
    """
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
    """Return "right" or "wrong", or None where a text says neither, or says both and starts with neither."""
    turn = turn[:MAX_JUDGED].strip(" *_:.-\n").split("\n\n")[0]
    kinds = {found.lastgroup for found in JUDGEMENT.finditer(turn)}
    leading = JUDGEMENT.match(turn)
    return kinds.pop() if len(kinds) == 1 else leading.lastgroup if leading else None


def _judges_option(stated: Stated) -> bool:
    """Tell whether a statement is about one option and judges it."""
    turn = OPTION_START.match(stated.text)
    return turn is not None and _judgement(stated.text[turn.end() :]) is not None


# "Cannot be determined", "Not enough information", "无法确定", as a choice or in the words of a response.
UNDETERMINED = re.compile(
    r"\b(?:can(?:['’]t|\s?not)|could(?:n['’]t|\snot)|not\spossible\sto|impossible\sto|unable\sto|not)\s(?:be\s)?(?:[a-z]+ly\s)?"
    r"(?:be\s)?(?:determine[ds]?|determinable|decided?|calculated?|concluded?)\b"
    r"|\bimpossible\sto\s(?:say|tell|know|find)\b|\b(?:undetermined|indeterminate)\b"
    r"|\b(?:not\s(?:enough|sufficient)|insufficient)\s(?:information|data)\b"
    r"|(?:无法|不能|不可)(?:确定|判断|判定)|条件不足",
    re.IGNORECASE,
)
# Stands in the sentence of a model that refuses.
SPEAKS_OF_ITSELF = re.compile(
    r"\bI(?:['’]m|\sam)?\s(?:can|could|unable|not)|\bsorry\b|\bimages?\s(?:is|are|was)\b|我", re.IGNORECASE
)
# Stands behind an intermediate step: "it cannot be determined from A alone, but".
CONTRAST_AFTER = re.compile(r"\b(?:but|however|so|yet)\b", re.IGNORECASE)


def undetermined_choice(text: str, choices: Sequence[str]) -> int | None:
    """Return the place of the choice that says that nothing can be determined, where a text says so too.

        "the length of AB can't be calculated" -> the place of "Cannot be determined"

    None where no choice or more than one says so.
    """
    same = [place for place, choice in enumerate(choices) if UNDETERMINED.search(choice)]
    said = UNDETERMINED.search(text) if len(same) == 1 and not SPEAKS_OF_ITSELF.search(text) else None
    return same[0] if said and not CONTRAST_AFTER.search(text, said.end()) else None


def undetermined_statement(text: str, choices: Sequence[str]) -> Stated | None:
    """Return the last sentence where it says that nothing can be determined and a choice says so too.

    `statements` leaves out sentences of this kind, as most of them are refusals.
    """
    told = [one for one in sentences(text[-SENTENCE_WINDOW:]) if len(one) <= MAX_ANSWER and not COURTESY.search(one)]
    if not told or undetermined_choice(told[-1], choices) is None:
        return None
    return Stated(told[-1], Rule.LAST_SENTENCE)
