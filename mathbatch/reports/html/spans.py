r"""Find where the extracted answer stands in the text of an answer, and by which rule it was extracted.

Scorers say what they took and by which rule, not where. The place is found anew from these two: by the rule "boxed" it
lies in the last `\boxed{}` that holds it, by others it is the last time that it stands there as a word of its own, or
the first time by the rules that read from the start. Scorers of choices quote the statement that they have read:

    "boxed: the same text", "'(C)', stated as the answer", "the text of B, in the last sentence"
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mathbatch.config.templates.boxed import boxes
from mathbatch.scoring.answers.choice_letters import ALPHABET
from mathbatch.scoring.answers.stated import Rule

REASON = re.compile(r"(?:'(?P<quoted>.*)', |the text of (?P<letter>[A-Z]), )?(?P<rule>[^:;]*)", re.DOTALL)
# Letters of choices stand in any sentence; where one is an answer it is set off like this.
LETTERS = re.compile(r"[A-Z]{1,10}")
# White space is matched in one way only: a model may go on with line breaks until its limit.
SET_OFF = r"(?<!\w)(?:(?<=[(\[{{*:])|(?<=[(\[{{*:]\s)){answer}(?=[)\]}}*.:]|\s*$)|(?<!\w){answer}(?=\s*(?:[.*)]+\s*)?$)"
FROM_START = (Rule.FIRST_SENTENCE, Rule.FIRST_LINE)
# Longest text in which a place is looked for, in characters. A loop of tokens may be of any length.
MAX_TEXT = 1_000_000
# Characters of a rule; a scorer of a user's own may say anything.
MAX_RULE = 80

# Start and end in a text, end excluded.
Place = tuple[int, int]


def rule_of(reason: str) -> str:
    """Return what decided a verdict: its reason up to the colon, without what it quotes."""
    found = REASON.match(reason)
    return "" if found is None else found["rule"][:MAX_RULE]


def answer_span(text: str, answer: str | None, reason: str, choices: Sequence[str] = ()) -> Place | None:
    """Return start and end of the answer in a text, in UTF-16 units, or None where its place isn't certain."""
    found = REASON.match(reason)
    if not answer or not text or len(text) > MAX_TEXT or found is None:
        return None
    if found["letter"] is not None:
        place = _of_choice(text, found["letter"], found["rule"], choices)
    else:
        place = _of_statement(text, answer, found["quoted"] or answer, found["rule"])
    return None if place is None else (_units(text, place[0]), _units(text, place[1]))


def _of_choice(text: str, letter: str, rule: str, choices: Sequence[str]) -> Place | None:
    """Find the text of a choice. A box holds nothing else."""
    if rule == Rule.BOXED:
        return next((_content(text, box.text, box.start) for box in reversed(boxes(text)) if box.text), None)
    at = ALPHABET.find(letter)
    return _as_word(text, choices[at].strip(), rule) if at < len(choices) and choices[at].strip() else None


def _of_statement(text: str, answer: str, stated: str, rule: str) -> Place | None:
    """Find the answer within the statement that was read, which may be the answer itself."""
    if rule == Rule.BOXED:
        held = (box for box in reversed(boxes(text)) if stated in box.text)
        place = next((_content(text, stated, box.start) for box in held), None)
    else:
        place = _as_word(text, stated, rule)
    if place is None or stated == answer:
        return place
    at = text.rfind(answer, *place)
    return place if at < 0 else (at, at + len(answer))


def _content(text: str, content: str, start: int) -> Place:
    at = text.index(content, text.index("{", start))
    return at, at + len(content)


def _as_word(text: str, wanted: str, rule: str) -> Place | None:
    escaped = re.escape(wanted)
    if LETTERS.fullmatch(wanted):
        pattern = SET_OFF.format(answer=escaped)
    else:
        before = r"(?<![\w.])" if wanted[0].isalnum() else ""
        pattern = before + escaped + (r"(?!\w|[.,]\d)" if wanted[-1].isalnum() else "")
    found = [one.span() for one in re.finditer(pattern, text)]
    return None if not found else found[0] if rule in FROM_START else found[-1]


def _units(text: str, at: int) -> int:
    """Return a place in a text as a browser counts it: characters beyond the first plane count twice."""
    return at if text.isascii() else at + sum(char > "\uffff" for char in text[:at])
