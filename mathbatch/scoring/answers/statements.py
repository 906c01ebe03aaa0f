r"""Collect the texts that may be the answer of a free response, whatever kind of answer that is.

`statements` gives candidates, strongest first; a scorer takes the first in which it finds a letter, a number, or
whatever it looks for. "The sum is 5.\nSo the answer is **5**. I hope this helps!" gives

    Stated(text="5**.", rule=Rule.STATED_AS_ANSWER)
    Stated(text="So the answer is **5**.", rule=Rule.CONCLUSION)
    ...

All patterns are bounded, so that a hostile response of 100 kB costs milliseconds.
"""

from __future__ import annotations

import functools
import re

from mathbatch.scoring.answers.cues import (
    ANSWER_MARKER,
    BOLD,
    CONCLUSION,
    CORRECTS,
    DENIES,
    ELABORATES,
    INNER_CONCLUSION,
    SPEAKS_OF_ANSWER,
    TAKES_BACK,
)
from mathbatch.scoring.answers.readable import answer_part, readable, without_middle
from mathbatch.scoring.answers.remarks import is_remark
from mathbatch.scoring.answers.sentences import (
    LIST_LABEL,
    NO_SENTENCE,
    SENTENCE_WINDOW,
    is_about_answer,
    is_cut_off,
    is_refusal,
    is_statement,
    sentences,
    sentences_that_state,
)
from mathbatch.scoring.answers.stated import EXPLICIT, MAX_ANSWER, Rule, Stated
from mathbatch.scoring.answers.stated_boxes import boxed
from mathbatch.scoring.answers.tags import text_in_answer_tags

# Markers that are looked at, counted from the last: where a marker's words loop, no answer follows.
MAX_MARKERS = 50

HASHES = re.compile(r"####[ \t]*")
# Stands behind "####" where that marks a heading, "#### Step 2" or "#### 2. Area", and more text follows.
HEADING = re.compile(r"[*_ ]{0,4}(?:[A-Za-z]|\d{1,2}[.)]\s)")
# Stands between a marker and the answer: "the answer is **as follows:**", "the answer is that option".
WORDS_AFTER_MARKER = re.compile(
    r"(?:[\s:：*_>`]|\bthat\b|\b(?:as\sfollows|(?:(?:shown|given|stated)\s)?below)\b"
    r"|(?:\bthe\s)?\b(?:option|choice|letter)\b(?!\s+(?:that|which|with))|应?[是为])*",
    re.I,
)
# Bold in a sentence, which is no label at its start: "there are **3** bars".
BOLD_WITHIN = re.compile(rf"(?<=[\s(]){BOLD.pattern}(?!:)")
# Sentence in brackets, in front of which a number is no label: "The answer is 4. (9 was the number given.)".
IN_BRACKETS = re.compile(r"\([^()]*[a-z]{2}\s[^()]*\)\W*")
STEP_LABEL = re.compile(r"\W{0,6}step\s\d{1,2}\W{1,4}", re.IGNORECASE)
CALCULATES = re.compile(
    r"=|\b(?:there\s(?:are|is)|makes?|gives?|get|total|altogether|in\sall|leaves?)\b", re.IGNORECASE
)
MAY_BE_VALUE = re.compile(r"\d|\\[a-z]|\$|[=π√]")


@functools.lru_cache(1)
def statements(response: str) -> tuple[Stated, ...]:
    r"""Return what a response may state as its answer, strongest first.

    The order is: answer tags, the last `\boxed{}`, "####", "the answer is", the last conclusion, the first sentence
    with bold text, the last sentence, the first sentence. The result is kept until the next response, since each scorer
    of a panel asks for it and so does the review of verdicts.
    """
    text = answer_part(response)
    found = [
        in_tags(response),
        *corrected(text),
        boxed(text),
        after_hashes(text),
        *after_markers(text),
        *_by_place(text),
    ]
    return tuple(one for one in found if one is not None)


def _by_place(text: str) -> list[Stated | None]:
    """Return the statements that no mark introduces. Where a text is cut off, that is only what it started with."""
    if is_cut_off(text):
        return [first_sentence(text[: text.rfind(last)]) for last in sentences(text)[-1:]]
    return [last_conclusion(text), first_bold_sentence(text), last_sentence(text), first_sentence(text)]


def statements_of_values(response: str) -> list[Stated]:
    """Return what a response may state as a value: what comes last and is one wins over a conclusion before it."""
    said = statements(response)
    introduced = [one for one in said if one.rule in EXPLICIT]
    text = answer_part(response)
    if is_refusal(text):
        return introduced
    closing = [] if is_cut_off(text) else closing_statements(text)
    return list(dict.fromkeys([*introduced, *closing, *said]))


def closing_statements(text: str) -> list[Stated]:
    r"""Return the sentences from the last one back to the last conclusion, the last one first.

    What comes last and is a value wins over a conclusion before it: "So one box holds 12.\nFour hold 48." -> 48. In the
    line of the conclusion, only a sentence that goes on calculating does.
    """
    text = NO_SENTENCE.sub("\n", text[-SENTENCE_WINDOW:])
    behind: list[str] = []
    for sentence in sentences_that_state(reversed(sentences(text))):
        if CONCLUSION.match(sentence) or INNER_CONCLUSION.search(sentence):
            line = next((one for one in reversed(text.split("\n")) if sentence in one), sentence)
            kept = [one for one in behind if MAY_BE_VALUE.search(one) and (one not in line or CALCULATES.search(one))]
            rest = [one for one in behind if one not in kept]
            return [*_candidates(kept), *filter(None, [_conclusion(sentence)]), *_candidates(rest)]
        if not ELABORATES.match(sentence):
            behind.append(STEP_LABEL.sub("", sentence))
    return _candidates(behind[:1])


def _candidates(found: list[str]) -> list[Stated]:
    return [*filter(None, (_candidate(one, Rule.LAST_SENTENCE) for one in found))]


def _conclusion(sentence: str) -> Stated | None:
    """Return a sentence that concludes, from its inner conclusion on: "x + 2 = 5, so x = 3." -> "x = 3."."""
    inner = [*INNER_CONCLUSION.finditer(sentence)]
    return _candidate(sentence[inner[-1].end() :] if inner else sentence, Rule.CONCLUSION)


def in_tags(response: str) -> Stated | None:
    """Read what stands between `<answer>` and `</answer>`: "<answer>B</answer>" -> "B".

    A box or a marker within is stronger than the text around it.
    """
    text = readable(without_middle(text_in_answer_tags(response) or ""))
    return boxed(text) or next(iter(after_markers(text)), None) or _candidate(text, Rule.STATED_AS_ANSWER)


def corrected(text: str) -> list[Stated]:
    """Read what a response says after it takes an answer back: "\boxed{8}. Wait, it must be 9 instead." -> "9"."""
    text = text[-SENTENCE_WINDOW:]
    taken_back = [one for one in TAKES_BACK.finditer(text) if one.start() > 0]
    if not taken_back:
        return []
    tail = text[taken_back[-1].start() :]
    stated = [boxed(tail), *after_markers(tail)]
    if not any(stated):
        said = (one for one in reversed(sentences(tail)) if is_statement(one) or TAKES_BACK.match(one))
        found = next(filter(None, map(CORRECTS.search, said)), None)
        stated = [found and _candidate(found["value"] or found["before"], Rule.STATED_AS_ANSWER)]
    return [one for one in stated if one is not None]


def after_hashes(text: str) -> Stated | None:
    """Read what follows the last "####" that is no heading, as in GSM8K's solutions: "#### 18" -> "18"."""
    for mark in reversed([*HASHES.finditer(text)][-MAX_MARKERS:]):
        line, _, rest = text[mark.end() :].partition("\n")
        if not (HEADING.match(line) and rest.strip()):
            return _candidate(line, Rule.AFTER_HASHES)
    return None


def after_markers(text: str) -> list[Stated]:
    """Read what follows the last and the first marker: "the answer is 5", "Answer: 5", "答案是5" -> "5"."""
    marks = [
        mark
        for mark in ANSWER_MARKER.finditer(text)
        if not (
            DENIES.search(mark[0])
            or is_remark(text, mark)
            or SPEAKS_OF_ANSWER.search(text[max(mark.start() - 40, 0) : mark.start()])
        )
    ]
    last = (_after_marker(text, mark.end()) for mark in reversed(marks[-MAX_MARKERS:]))
    first = (_after_marker(text, mark.end()) for mark in marks[:MAX_MARKERS])
    return list(dict.fromkeys(filter(None, (next(filter(None, last), None), next(filter(None, first), None)))))


def last_conclusion(text: str) -> Stated | None:
    """Read the last sentence that concludes, from its inner conclusion on."""
    for sentence in reversed(sentences(text[-SENTENCE_WINDOW:])):
        concludes = CONCLUSION.match(sentence) or INNER_CONCLUSION.search(sentence)
        if concludes and is_statement(sentence) and not is_about_answer(sentence):
            return _conclusion(sentence)
    return None


def first_bold_sentence(text: str) -> Stated | None:
    """Read the first sentence with something in bold that is no label: "There are **3** bars"."""
    bold = filter(BOLD_WITHIN.search, sentences(text[:SENTENCE_WINDOW]))
    return next((_candidate(one, Rule.BOLD) for one in bold if is_statement(one) and not is_about_answer(one)), None)


def last_sentence(text: str) -> Stated | None:
    """Read the last sentence that states something."""
    said = sentences_that_state(reversed(sentences(text[-SENTENCE_WINDOW:])))
    return next((_candidate(one, Rule.LAST_SENTENCE) for one in said), None)


def first_sentence(text: str) -> Stated | None:
    """Read the first sentence that states something, since many models answer first and explain then."""
    said = sentences_that_state(sentences(text[:SENTENCE_WINDOW]))
    return next((_candidate(one, Rule.FIRST_SENTENCE) for one in said), None)


def _after_marker(text: str, start: int) -> Stated | None:
    """Read the rest of the sentence behind a marker, or the next line where the marker ends its line."""
    rest = text[start : start + MAX_ANSWER + 200]
    lead = WORDS_AFTER_MARKER.match(rest)
    rest = rest[lead.end() :] if lead else rest
    found = sentences(rest)
    if not found:
        return None
    label = LIST_LABEL.match(found[0])
    if label and len(found[0]) <= MAX_ANSWER and not IN_BRACKETS.fullmatch(found[0], label.end()):
        label = None
    return _candidate(label[0] if label else found[0], Rule.STATED_AS_ANSWER)


def _candidate(text: str, rule: Rule) -> Stated | None:
    """Return a candidate, or None where its text is empty or longer than `MAX_ANSWER`; of a longer box, its start."""
    text = text.strip()[: MAX_ANSWER + 1] if rule == Rule.BOXED else text.strip()
    return Stated(text, rule) if text and (len(text) <= MAX_ANSWER or rule == Rule.BOXED) else None
