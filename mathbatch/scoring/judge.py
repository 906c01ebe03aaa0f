"""Write the prompts for a judge model and read its replies.

A judge is a language model that finds the answer in a response and compares it with the gold answer:

    scoring: judge                                   # the model of the run judges itself
    scoring: [math, judge]                           # the judge has one vote beside the scorer
    scoring: {judge: {max_tokens: 64, prompt: "…", where: "question_type == 'free-form'"}}

`model@judge.model=qwen` on the command line lets another model judge. `runner/judge_job.py` asks the model.
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
# Characters of a response that the judge sees. They are its last ones, where the answer stands.
SHOWN_RESPONSE = 4_000
# Start of a line, with Markdown before its first word. A verdict or an answer counts only on a line of its own:
# elsewhere the model merely uses the word.
LINE = r"(?im)^[ \t*_#>-]{0,10}"
VERDICT = re.compile(LINE + r"verdict\b\W{1,10}(correct|wrong|incorrect|none)\b(.*)$")
ANSWER = re.compile(LINE + r"answer[ \t*_]{0,4}[:=][ \t*_]{0,4}(\S.{0,300})")
VERDICTS = {"correct": "correct", "wrong": "wrong", "incorrect": "wrong", "none": "no_answer"}
WORD = re.compile(rf"\b({'|'.join(VERDICTS)})\b", re.IGNORECASE)


class Judge:
    """Writes the judge model's prompts and reads its replies.

    `prompt` is a Jinja template over `question`, `choices`, `gold` and `response`. It must ask for a line `Verdict:`
    with correct, wrong or none, and may ask for a line `Answer:`. `max_tokens` limits the reply. `where` is an
    expression; rows for which it is not true are not judged.
    """

    def __init__(self, prompt: str = PROMPT, max_tokens: int = 256, where: str | None = None) -> None:
        """Raise ConfigError for a template or an expression with an error, and for a wrong `max_tokens`."""
        if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
            raise ConfigError(f"{PATH}.max_tokens", f"{max_tokens!r} is no number of tokens", "give 1 or more, as 256")
        if not isinstance(prompt, str):
            raise ConfigError(f"{PATH}.prompt", f"{prompt!r} is no text", "give a template, or leave it out")
        self.max_tokens = max_tokens
        self._where = None if where is None else compile_expression(str(where), f"{PATH}.where")
        self._render = compile_prompt(prompt, f"{PATH}.prompt")

    def takes(self, sample: Sample) -> bool:
        """Tell whether the judge is asked about this row. Raises SampleError if `where` fails on it."""
        return self._where is None or bool(self._where(sample.fields or sample.row))

    def prompt(self, sample: Sample, response: str) -> str:
        """Return the prompt about one response. Raises SampleError if the template fails on it."""
        values = {"question": sample.query, "choices": list(sample.choices or ()), "gold": sample.gold}
        return self._render(values | {"response": response[-SHOWN_RESPONSE:]})

    def verdict(self, gold: str | None, reply: str) -> Score:
        """Read the verdict and the answer from a reply; the verdict is `unscored` if the reply has none."""
        # A line with a second verdict word only lists the possible verdicts.
        verdicts = [word for word, rest in VERDICT.findall(reply) if not WORD.search(rest)]
        answers = ANSWER.findall(reply)
        answer = answers[-1].strip(" *") if answers else None
        if not verdicts:
            return Score("unscored", answer, gold, f"the judge's reply has no verdict: {reply.strip()!r:.80}")
        verdict = VERDICTS[verdicts[-1].lower()]
        return Score(verdict, None if verdict == "no_answer" else answer, gold, "the judge says so")
