"""The words that a response states as its answer, where the gold answer consists of words: "Evelyn", "no solution"."""

from __future__ import annotations

import re

from mathbatch.scoring.answers.cues import DENIES
from mathbatch.scoring.answers.expression import INTRODUCED
from mathbatch.scoring.answers.statements import CONCLUSION, Stated, sentences, statements, states
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.canonical_text import plain
from mathbatch.scoring.expressions.formulas import first_of, formulas
from mathbatch.scoring.expressions.measures import bare

REASON = re.compile(r"[,;:(]?\s(?:as|because|since|which|for|so)\s|[,;:(](?=\s)|\n")
"""Behind an answer in words: "Evelyn, as her distance is greatest"."""
COMPARED = re.compile(
    r",?\s(?:than|rather|instead|ahead\sof|behind|followed\sby|compared\s(?:to|with)|unlike|except)\s.*",
    re.DOTALL | re.I,
)
"""Behind an answer: with what it is compared."""
SUBJECT = re.compile(
    r"((?!(?i:the|an?|it|this|that|he|she|they|there|we)\b)\w\S*(?:\s[A-Z0-9]\S*){0,4})\s[a-z]{2,10}\sthe\s(?:[a-z]+\s){0,3}?"
    r"(?:[a-z]{2,12}est|most|least|best|worst|first|last|only|winner)\b"
)
"""The answer where a sentence goes on with a superlative: "Evelyn has the greatest average speed"."""
FILLED = re.compile(r"(?:(?:there|it)\s(?:is|are)\s)?(?:(?:an?|the)\s(?=[a-z]))?", re.IGNORECASE)
GOES_ON = re.compile(r"[,;.]\s(?:it|they|there|this|that|he|she|the|because|since|as)\s.*", re.IGNORECASE)
"""In a box: "Yes, it is", "There is no solution", "an ellipse"."""
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
        readings = dict.fromkeys([text, _without_filling(bare(text))])
        return [Stated(reading, stated.rule) for reading in readings if reading]
    found = formulas(text)
    if found:
        return [Stated(first_of(text, found), stated.rule)]
    whole = text.rstrip(" .。*").strip() or text
    return [Stated(text, stated.rule) for text in dict.fromkeys([whole, REASON.split(whole)[0].strip("* ")])]


def _without_filling(text: str) -> str:
    text = GOES_ON.sub("", text)
    return FILLED.sub("", text, count=1) if FILLED.match(text) else text


def _last_words(stated: Stated, words: int) -> Stated:
    """Those before a reason, those with a superlative, those in bold, else the last so many of the sentence; all of it
    where it denies."""
    if DENIES.search(stated.text):
        return stated
    lead = CONCLUSION.match(stated.text)
    text = (stated.text[lead.end() :] if lead else stated.text).strip(" ,:*")
    head = REASON.split(text)[0]
    if len(head.split()) == words:
        return Stated(head.strip("* "), stated.rule)
    subject = SUBJECT.match(text.replace("*", ""))
    named = [subject[1]] if subject else BOLD.findall(stated.text)
    last = plain(named[-1] if named else COMPARED.sub("", text)).split(" ")
    return Stated(" ".join(last[-words:]), stated.rule)
