"""Split a response into sentences, and tell which of them state something of the matter."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from mathbatch.scoring.answers.cues import ANSWER_MARKER, COURTESY, CUT_OFF, GOES_ON, REFUSAL, SETS_OUT
from mathbatch.scoring.answers.remarks import is_remark, tells_how

# Characters at the end, and at the start, that are split into sentences: conclusions stand there or nowhere.
SENTENCE_WINDOW = 4000
SENTENCE_END = re.compile(
    r"(?<!\.[A-Za-z])(?!(?<=\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec))\.\s\d)[.!?][\"'”’*_)\]]{0,4}(?=\s|$)|[。！？；]|\n+"
)
# Label of a list item, whose full stop ends no sentence: "1.", "B.".
LIST_LABEL = re.compile(r"[\s*_>#-]{0,20}(?:\d{1,2}|[A-Ja-j])\.[*_]{0,2}\s*")
# Code and its output, and the rows of a table.
NO_SENTENCE = re.compile(r"```[^`]{0,3000}```|^[^\n|]*\s\|\s?[^\n]*$|^\|[^\n]*$|^[-\s|:]+$", re.MULTILINE)


@functools.lru_cache(4)
def sentences(text: str) -> tuple[str, ...]:
    """Split a text into sentences and lines, with their marks: "One. Two!" -> "One.", "Two!".

    A list label ("1.", "B.") stays with its item.
    """
    found: list[str] = []
    start = 0
    for end in SENTENCE_END.finditer(text):
        piece = text[start : end.end()]
        if LIST_LABEL.fullmatch(piece) and "\n" not in end[0]:
            continue
        found.append(piece)
        start = end.end()
    found.append(text[start:])
    return tuple(piece.strip() for piece in found if any(letter.isalnum() for letter in piece))


def sentences_that_state(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the sentences that state something; remarks about the answer only where there is nothing else."""
    remarks: list[str] = []
    found = False
    for one in filter(is_statement, pieces):
        if is_about_answer(one):
            remarks.append(one)
        else:
            found = True
            yield one
    if not found:
        yield from remarks


def is_statement(sentence: str) -> bool:
    """Tell whether a sentence says something of the matter: it is no question, no courtesy and no refusal."""
    return not (
        sentence.rstrip(" *_").endswith(("?", "？", ":"))
        or COURTESY.search(sentence)
        or refuses(sentence)
        or SETS_OUT.match(sentence)
    )


def refuses(sentence: str) -> bool:
    """Tell whether a sentence says that the answer can't be told, and does not go on with it."""
    found = [*REFUSAL.finditer(sentence)]
    goes_on = GOES_ON.search(sentence, found[-1].end()) if found else None
    return bool(found) and (goes_on is None or (found[-1][0].lower() == "sorry" and goes_on[0].lower() == "but"))


def is_refusal(text: str) -> bool:
    """Tell whether the first or the last sentence of a text refuses, so that what else it says is no answer."""
    said = [one for one in sentences(text[-SENTENCE_WINDOW:]) if not COURTESY.search(one)]
    return bool(said) and (refuses(said[0]) or refuses(said[-1]))


def is_cut_off(text: str) -> bool:
    """Tell whether a text ends within a sentence, so that what it comes to is unknown: "and in the tree there are"."""
    return CUT_OFF.search(text[-200:].rstrip(" *_$")) is not None


def is_about_answer(sentence: str) -> bool:
    """Tell whether a sentence only remarks on the answer or on the way to it."""
    mark = ANSWER_MARKER.search(sentence)
    return tells_how(sentence) or (mark is not None and is_remark(sentence, mark))
