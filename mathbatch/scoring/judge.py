"""The judge: a language model that finds the answer in a response and compares it with the gold answer.

    scoring: judge                                   # the model of the run judges itself
    scoring: [math, judge]                           # it has one vote
    scoring: {judge: {max_tokens: 64, prompt: "…"}}

`model@judge.model=qwen` on the command line lets another model judge. `mathbatch/judging.py` asks it.
"""

from __future__ import annotations

import re

from mathbatch.data.prompts import compile_prompt
from mathbatch.records import Sample, Score

PROMPT = """\
A response to a mathematics problem is to be checked against the correct answer. Do not solve the problem.

Problem:
{{ question }}
{% if choices %}
Choices:
{{ choices | lettered }}
{% endif %}
Correct answer: {{ gold }}

Response:
{{ response }}

Find the final answer that the response gives, and compare it with the correct answer. Values that are equal, such as \
0.5 and 1/2, and a choice's letter and its text, are the same answer. Reply with exactly two lines:
Answer: the final answer of the response, or "none" if it gives none
Verdict: correct, wrong, or none"""
SHOWN_RESPONSE = 4_000
"""Characters of a response that the judge gets to see, from its end, where the answer stands."""
VERDICT = re.compile(r"verdict\W{1,10}(correct|wrong|incorrect|none)\b", re.IGNORECASE)
ANSWER = re.compile(r"answer[\s:*=]{1,10}(\S.{0,300})", re.IGNORECASE)
VERDICTS = {"correct": "correct", "wrong": "wrong", "incorrect": "wrong", "none": "no_answer"}


class Judge:
    """Asks and understands the judge model. `prompt` is a Jinja template over `question`, `choices`, `gold` and
    `response`, whose reply has a line `Verdict:` with correct, wrong or none, and may have a line `Answer:`.
    """

    def __init__(self, prompt: str = PROMPT, max_tokens: int = 256) -> None:
        """Raises ConfigError for a broken template."""
        self.max_tokens = max_tokens
        self._render = compile_prompt(prompt, "dataset.scoring.judge.prompt")

    def prompt(self, sample: Sample, response: str) -> str:
        """What the judge is asked about one response. Raises SampleError where the template fails on it."""
        values = {"question": sample.query, "choices": list(sample.choices or ()), "gold": sample.gold}
        return self._render(values | {"response": response[-SHOWN_RESPONSE:]})

    def verdict(self, gold: str | None, reply: str) -> Score:
        """What a reply says; `unscored` where it has no verdict."""
        verdicts, answers = VERDICT.findall(reply), ANSWER.findall(reply)
        answer = answers[-1].strip() if answers else None
        if not verdicts:
            return Score("unscored", answer, gold, f"the judge's reply has no verdict: {reply.strip()!r:.80}")
        verdict = VERDICTS[verdicts[-1].lower()]
        return Score(verdict, None if verdict == "no_answer" else answer, gold, "the judge says so")
