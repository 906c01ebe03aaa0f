r"""The choice that says that nothing can be said: "Cannot be determined", "Not enough information", "无法确定".

What says the same in other words names it: "the length of AB can't be calculated". Where there is no such choice, and
where the model speaks of itself ("I cannot determine it, as I see no image"), that is a refusal and no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mathbatch.scoring.answers.statements import COURTESY, MAX_ANSWER, SENTENCE_WINDOW, Stated, sentences

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
    return Stated(told[-1], "in the last sentence")
