"""The words that a response states as its answer, where the gold answer consists of words: "Evelyn", "no solution"."""

from __future__ import annotations

import re

from mathbatch.scoring.asides import DENIES
from mathbatch.scoring.expressions import INTRODUCED
from mathbatch.scoring.formulas import first_of, formulas
from mathbatch.scoring.spelling import plain
from mathbatch.scoring.stated import Stated, final_part, sentences, statements, states

REASON = re.compile(r"[,;:(]?\s(?:as|because|since|which|for|so)\s|[,;:(](?=\s)|\n")
"""Behind an answer in words: "Evelyn, as her distance is greatest"."""
BARE = 100
"""Characters. A response of one line that is no longer is taken for the answer as a whole."""
BOLD = re.compile(r"\*\*([^*\n]{1,60})\*\*")
SENTENCES = ("stated in a conclusion", "in the last sentence")
TRUTHS = ("yes", "no", "true", "false")


def stated_words(response: str, gold: str) -> list[Stated]:
    """What stands where as many words as the gold answer has may be the answer; `gold` is `plain`."""
    said = statements(response)
    words = len(gold.split())
    introduced = next((one for one in said if one.rule in INTRODUCED), None)
    if introduced is not None:
        return _introduced(introduced)
    bare = final_part(response).strip()
    first = next(iter(sentences(bare[:BARE])), "")
    truth = plain(REASON.split(first)[0].strip("* "))
    if gold in TRUTHS and truth in TRUTHS:
        return [Stated(truth, "in the first sentence")]
    if len(bare) <= BARE and states(bare) and len(plain(bare).split()) == words:
        return [Stated(bare, "the whole response")]
    stated = next((one for one in said if one.rule in SENTENCES), None)
    return [] if stated is None else [_last_words(stated, words)]


def _introduced(stated: Stated) -> list[Stated]:
    text = stated.text.strip().strip("*").strip()
    if stated.rule == "boxed":
        return [Stated(text, stated.rule)]
    found = formulas(text)
    if found:
        return [Stated(first_of(text, found), stated.rule)]
    whole = text.rstrip(" .。*").strip() or text
    return [Stated(text, stated.rule) for text in dict.fromkeys([whole, REASON.split(whole)[0].strip("* ")])]


def _last_words(stated: Stated, words: int) -> Stated:
    """Those before a reason, those in bold, else the last so many of the sentence; all of it where it denies."""
    if DENIES.search(stated.text):
        return stated
    head = REASON.split(stated.text)[0]
    if len(head.split()) == words:
        return Stated(head.strip("* "), stated.rule)
    bold = BOLD.findall(stated.text)
    last = plain(bold[-1] if bold else stated.text).split(" ")
    return Stated(" ".join(last[-words:]), stated.rule)
