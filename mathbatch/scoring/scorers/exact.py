r"""Score with the scorer `exact`: the stated answer must be the same text as the gold answer.

Both are first brought into one spelling by `expressions.canonical_text.plain`. These differences do not count: case,
blanks around signs, markup (`**east**`, `$x$`, `\text{east}`), quotation marks, a full stop at the end or a mark after
the last word, and whether a sign is LaTeX or not (`\frac{1}{2}` and `1/2`, `2×3` and `2*3`). All others count: `x*y` is
not `xy`. A text that is only markup, such as `$`, is compared as it is.
"""

from __future__ import annotations

from mathbatch.base import BaseScorer
from mathbatch.config.templates.filters import as_list
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.readable import answer_part
from mathbatch.scoring.answers.stated import Rule
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.expressions.canonical_text import canonical_text

# Characters up to which a response of one line may be nothing but the answer.
MAX_BARE_ANSWER = 200


class ExactScorer(BaseScorer):
    """Finds a response correct if its stated answer is the gold answer.

    With `any_of`, the gold answer is a list, and each of its entries is correct. A gold answer that is no list is the
    only correct one.
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

    def gold_as_response(self, sample: Sample) -> str:
        return f"\\boxed{{{next(iter(self._entries(sample.gold or '')), '')}}}"

    def _golds(self, gold: str) -> set[str]:
        return {_form(entry) for entry in self._entries(gold)}

    def _entries(self, gold: str) -> list[str]:
        """Return the correct answers. Raises ValueError for a list that can't be read."""
        if not self._any_of or not gold.lstrip().startswith("["):
            return [gold]
        return [str(entry) for entry in as_list(gold)]


def _form(text: str) -> str:
    return canonical_text(text) or text.strip()
