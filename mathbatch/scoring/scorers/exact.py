r"""Score with the scorer `exact`: the stated answer must be the same text as the gold answer.

Both are first brought into one spelling by `expressions.canonical_text.plain`. These differences do not count: case,
blanks around signs, markup (`**east**`, `$x$`, `\text{east}`), quotation marks, a full stop at the end or a mark after
the last word, and whether a sign is LaTeX or not (`\frac{1}{2}` and `1/2`, `2×3` and `2*3`). All others count: `x*y` is
not `xy`. A text that is only markup, such as `$`, is compared as it is.
"""

from __future__ import annotations

import json

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.readable import answer_part
from mathbatch.scoring.answers.statements import Rule, statements
from mathbatch.scoring.expressions.canonical_text import canonical_text

# Characters up to which a response of one line may be nothing but the answer.
MAX_BARE_ANSWER = 200


class ExactScorer(BaseScorer):
    """Finds a response correct if its stated answer is the gold answer.

    With `any_of`, the gold answer is a JSON list, and each of its entries is correct.
    """

    def __init__(self, any_of: bool = False) -> None:
        self._any_of = any_of

    def score(self, sample: Sample, response: str) -> Score:
        if sample.gold is None:
            return Score.without_gold(None, "the row has no gold answer")
        golds = self._golds(sample.gold)
        candidates = [(one.text, one.rule) for one in statements(response)]
        whole = answer_part(response).strip()
        if whole and len(whole) <= MAX_BARE_ANSWER and "\n" not in whole:
            candidates.insert(0, (whole, Rule.WHOLE_RESPONSE))
        if not candidates:
            return Score("no_answer", None, sample.gold, "nothing is stated")
        for text, rule in candidates:
            if _form(text) in golds:
                return Score("correct", text, sample.gold, f"{rule}: the same text")
        text, rule = candidates[0]
        return Score("wrong", text, sample.gold, f"{rule}: another text")

    def _golds(self, gold: str) -> set[str]:
        """Return the correct spellings. Raises ValueError if `any_of` is set and the gold answer is no list."""
        if not self._any_of:
            return {_form(gold)}
        values = json.loads(gold)
        if not isinstance(values, list):
            raise ValueError("the gold answer is no list, as scoring.exact.any_of says")
        return {_form(str(value)) for value in values}


def _form(text: str) -> str:
    return canonical_text(text) or text.strip()
