"""The judge: a language model that finds the answer in a response and compares it with the gold answer.

    scoring: judge                                   # the model of the run judges itself
    scoring: [math, judge]                           # it has one vote
    scoring: {judge: {max_tokens: 64, prompt: "…", where: "question_type == 'free-form'"}}

`model@judge.model=qwen` on the command line lets another model judge. `mathbatch/judging.py` asks it.
"""

from __future__ import annotations

import re

from mathbatch.config.templates.compile import compile_expression, compile_prompt
from mathbatch.errors import ConfigError
from mathbatch.records import Sample, Score

PATH = "dataset.scoring.judge"
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
LINE = r"(?im)^[ \t*_#>-]{0,10}"
"""A verdict or an answer has a line of its own, whatever Markdown is around it: elsewhere the words are an aside."""
VERDICT = re.compile(LINE + r"verdict\b\W{1,10}(correct|wrong|incorrect|none)\b(.*)$")
ANSWER = re.compile(LINE + r"answer[ \t*_]{0,4}[:=][ \t*_]{0,4}(\S.{0,300})")
VERDICTS = {"correct": "correct", "wrong": "wrong", "incorrect": "wrong", "none": "no_answer"}
WORD = re.compile(rf"\b({'|'.join(VERDICTS)})\b", re.IGNORECASE)


class Judge:
    """Asks and understands the judge model. `prompt` is a Jinja template over `question`, `choices`, `gold` and
    `response`, whose reply has a line `Verdict:` with correct, wrong or none, and may have a line `Answer:`. It is not
    asked about rows for which `where` is not true.
    """

    def __init__(self, prompt: str = PROMPT, max_tokens: int = 256, where: str | None = None) -> None:
        """Raises ConfigError for a broken template or expression, and for a number of tokens that is none."""
        if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
            raise ConfigError(f"{PATH}.max_tokens", f"{max_tokens!r} is no number of tokens", "give 1 or more, as 256")
        if not isinstance(prompt, str):
            raise ConfigError(f"{PATH}.prompt", f"{prompt!r} is no text", "give a template, or leave it out")
        self.max_tokens = max_tokens
        self._where = None if where is None else compile_expression(str(where), f"{PATH}.where")
        self._render = compile_prompt(prompt, f"{PATH}.prompt")

    def takes(self, sample: Sample) -> bool:
        """Whether it is asked about this row. Raises SampleError where `where` fails on it."""
        return self._where is None or bool(self._where(sample.fields or sample.row))

    def prompt(self, sample: Sample, response: str) -> str:
        """What the judge is asked about one response. Raises SampleError where the template fails on it."""
        values = {"question": sample.query, "choices": list(sample.choices or ()), "gold": sample.gold}
        return self._render(values | {"response": response[-SHOWN_RESPONSE:]})

    def verdict(self, gold: str | None, reply: str) -> Score:
        """What a reply says; `unscored` where it has no verdict."""
        verdicts = [word for word, rest in VERDICT.findall(reply) if not WORD.search(rest)]  # else it lists them
        answers = ANSWER.findall(reply)
        answer = answers[-1].strip(" *") if answers else None
        if not verdicts:
            return Score("unscored", answer, gold, f"the judge's reply has no verdict: {reply.strip()!r:.80}")
        verdict = VERDICTS[verdicts[-1].lower()]
        return Score(verdict, None if verdict == "no_answer" else answer, gold, "the judge says so")
