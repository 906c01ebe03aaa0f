"""What the judge is asked, and how its replies are read: an echo of the question or an aside is no verdict."""

from __future__ import annotations

import pytest
from support.configs import composed

from mathbatch.errors import ConfigError
from mathbatch.records import Sample
from mathbatch.scoring.judge import Judge
from mathbatch.scoring.panel import panel_of


def test_replies_are_read_by_their_last_verdict() -> None:
    judge = Judge()
    cases = [
        ("Answer: 4\nVerdict: correct", "correct", "4"),
        ("**Answer:** $4$\n**Verdict:** Wrong.", "wrong", "$4$"),
        ("Verdict: wrong? No.\nVerdict: correct", "correct", None),
        ("Answer: none\nVerdict: none", "no_answer", None),
        ("VERDICT = incorrect", "wrong", None),
        ("The response is fine.", "unscored", None),
        ("4. Verdict: correct", "unscored", None),
        ("Answer: 4. Verdict: correct", "unscored", "4. Verdict: correct"),
        ("Verdict: correct, wrong, or none", "unscored", None),
        ("Verdict: correct or wrong", "unscored", None),
        ("Verdict: correct/incorrect", "unscored", None),
        ("Verdict: not correct", "unscored", None),
        ("Verdict: correct, wrong, or none\nVerdict: wrong", "wrong", None),
        ("Verdict: wrong\nVerdict: correct, wrong, or none", "wrong", None),
        ("Answer: 5\nVerdict: wrong\nIt would be verdict: correct for 4.", "wrong", "5"),
        ("The answer matches.\nVerdict: correct", "correct", None),
        ("Answer matches.\nVerdict: correct", "correct", None),
        ("- **Answer: 4**\n- **Verdict: correct**", "correct", "4"),
        ("Answer:\nVerdict: none", "no_answer", None),
        ("", "unscored", None),
    ]
    for reply, verdict, answer in cases:
        score = judge.verdict("4", reply)
        assert (score.verdict, score.answer) == (verdict, answer), reply


def test_the_judge_sees_problem_choices_gold_and_the_end_of_the_response() -> None:
    sample = Sample("1", 1, {}, "Which?", gold="B", choices=("one", "two"))
    prompt = Judge().prompt(sample, "x" * 10_000 + " so (B)")
    for part in ("Which?", "(A) one\n(B) two", "Correct answer: B", " so (B)"):
        assert part in prompt
    assert len(prompt) < 6_000


@pytest.mark.parametrize(
    ("scoring", "path"),
    [
        ("{judge:{max_tokens:abc}}", "max_tokens"),
        ("{judge:{max_tokens:0}}", "max_tokens"),
        ("{judge:{max_tokens:-1}}", "max_tokens"),
        ("{judge:{max_tokens:true}}", "max_tokens"),
        ("{judge:{prompt:5}}", "prompt"),
        ("{judge:{where:'kind =='}}", "where"),
        ("{judge:{wher:x}}", "wher"),
    ],
)
def test_a_judge_that_cannot_be_is_refused(scoring: str, path: str) -> None:
    config = composed(f"dataset.scoring={scoring}")
    with pytest.raises(ConfigError, match=rf"^dataset\.scoring\.judge\.{path}: .*\n  fix: "):
        panel_of(config.dataset.scoring, {})
