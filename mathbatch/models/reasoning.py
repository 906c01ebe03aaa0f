"""Separate what a model thinks from its answer, whatever marks it puts around its thoughts.

    <think>6 * 6</think>36      [THINK]6 * 6[/THINK]36      ◁think▷6 * 6◁/think▷36      <reasoning>6 * 6</reasoning>36
    <|channel|>analysis<|message|>6 * 6<|end|><|start|>assistant<|channel|>final<|message|>36

each gives the reasoning "6 * 6" and the answer "36".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

OPENING_BRACKET, CLOSING_BRACKET = r"[<\[◁【⟨〈＜]", r"[|｜]?[>\]▷】⟩〉＞]"
BETWEEN_WORDS = r"[_:▁-]"
# A tag in any kind of brackets whose name says that it is about thinking, such as "<think>", "[/THINK]", "<seed:think>"
# and "<|end_of_thought|>", or the mark of a channel. The case of letters is ignored behind the bracket only, since that
# makes the search fast.
MARK = re.compile(
    rf"{OPENING_BRACKET}(?i:\s?[|｜]?\s?(?P<slash>/?)\s?(?P<name>(?:(?:begin|start|end)\s(?:of\s)?)?"
    rf"(?:[a-z]{{1,10}}{BETWEEN_WORDS}){{0,3}}"
    r"(?:think(?:ing)?|thoughts?|scratch_?pad|思考|(?P<plain>reason(?:ing)?|analysis|(?P<within>reflect(?:ion|ing)?)))"
    rf"(?:{BETWEEN_WORDS}[a-z]{{1,10}}){{0,2}})(?:\s[a-z_-]{{1,20}}=[\"'][^\"'<>]{{0,40}}[\"']){{0,2}}\s?{CLOSING_BRACKET}"
    r"|\|(?:channel\|?|im_start\|)>\s?(?P<channel>(?!assistant|system|user|tool)[a-z]{1,20})"
    r"(?:[^<\n]{0,60}<\|(?:message|constrain)\|>(?:[a-z]{1,10}<\|message\|>)?)?"
    r"|channel(?P<end>\|>)|unused94>thought(?=\s)|unused95(?P<end_unused>>))"
)
# Marks of channels without their special tokens, "analysisWe get 5.assistantfinal5", and those of Granite in words.
BARE_MARK = re.compile(
    r"\A\s*(?:analysis(?=[\w\"'\\$(])|Here(?:['’]s|\sis)\smy\sthought\sprocess:)"
    r"|assistant(?P<end>final)|^Here(?:['’]s|\sis)\smy\s(?P<end_in_words>response):",
    re.MULTILINE,
)
END = re.compile(r"(?:\A|[_:▁-])end(?:\Z|[\s_:▁-])", re.IGNORECASE)
FINAL_CHANNELS = ("final", "answer", "response")
# A tag that opens or closes the answer. It ends a thought that has no closing mark, where it begins a line or where its
# closing tag ends the response.
ANSWER_MARK = re.compile(
    rf"{OPENING_BRACKET}(?i:\s?[|｜]?(?:(?P<closes>/|end_(?:of_)?)|(?:begin|start)_(?:of_)?)?(?:final[\s_]?)?"
    rf"(?:answer|solution|response|output|conclusion|final)){CLOSING_BRACKET}"
)
BOXED = re.compile(r"\\boxed\s*\{\s*[^\s{}]")
# Shows that a text means to give the answer.
EXPLICIT = re.compile(r"boxed|begin_of_box|\banswer\b|####|答案", re.IGNORECASE)


class Mark(NamedTuple):
    """Mark around a thought.

    A heading such as "[Analysis]" opens a thought only if something closes it. A reflection may be part of a thought,
    which goes on behind it.
    """

    start: int
    end: int
    closes: bool
    is_heading: bool
    is_reflection: bool = False


def split_reasoning(
    text: str, opened_by_prompt: bool = False, pair: tuple[str, str] | None = None
) -> tuple[str | None, str]:
    """Return the reasoning, None if there is none, and the answer after it.

    Some chat templates write the opening mark into the prompt, so a closing mark alone is enough. The answer is empty
    if a thought has no end; `opened_by_prompt` tells that the prompt ends with an opening mark. A further closing mark
    ends one more thought if an answer follows it, or any text where one thought was opened within another; otherwise it
    stands behind the answer and means nothing. `pair` is an opening and a closing mark that count beside the usual
    ones.
    """
    marks = _marks(text, pair)
    if not marks and not opened_by_prompt:
        return None, text
    is_thinking = opened_by_prompt or marks[0].closes
    # Pieces of text outside of thoughts: those since the last thought, and those before it.
    pieces: list[tuple[int, int]] = []
    before: list[tuple[int, int]] = []
    start = opened = nested = 0
    in_reflection = marks[0].is_reflection if marks else False
    for mark in marks:
        if is_thinking and mark.is_reflection and not in_reflection:
            continue
        if is_thinking and mark.closes:
            is_thinking, start = False, mark.end
        elif is_thinking:
            nested += bool(text[opened : mark.start].strip())
        elif mark.closes and nested and text[mark.end :].strip():
            nested, pieces, start = nested - 1, [], mark.end
        else:
            pieces.append((start, mark.start))
            start = mark.end
        if not mark.closes and not is_thinking:
            is_thinking, opened, in_reflection = True, mark.end, mark.is_reflection
            before, pieces = (pieces if _has_text(text, pieces) else before), []
    if is_thinking:
        start = _start_of_answer(text, opened)
    pieces.append((start, len(text)))
    # What is boxed before a thought without an end is the answer: the thought only goes over it again.
    is_given = not is_thinking or any(BOXED.search(text[slice(*piece)]) for piece in before)
    pieces = before if is_given and not _has_text(text, pieces) else pieces
    chosen = _answer_in(text, pieces)
    answer = "\n".join(text[first:last].strip() for first, last in chosen)
    reasoning = text[: chosen[0][0]] if chosen else text
    return _without_marks_around(reasoning, pair), answer.strip()


def opens_reasoning(prompt: str, pair: tuple[str, str] | None = None) -> bool:
    """Tell whether a prompt ends with an opening mark, so that the response begins within a thought."""
    marks = _marks(prompt, pair)
    return bool(marks) and not marks[-1].closes and not prompt[marks[-1].end :].strip()


def has_marks(text: str) -> bool:
    """Tell whether a text has any of the usual marks around thoughts."""
    return bool(_marks(text))


def begins_mark(text: str) -> bool:
    """Tell whether a text is a usual mark around thoughts, or begins one, as "<|channel|>" does."""
    return MARK.match(f"{text}thought\n") is not None


def between_marks(text: str) -> str:
    """Return the lines of a thought with a line break in place of each mark in it."""
    ends = [0, *(end for mark in _marks(text) for end in (mark.start, mark.end)), len(text)]
    pieces = [text[first:last].strip() for first, last in zip(ends[::2], ends[1::2], strict=True)]
    return "\n".join(filter(None, pieces))


def _marks(text: str, pair: tuple[str, str] | None = None) -> list[Mark]:
    """Return the marks around thoughts in a text; headings only where something closes them."""
    may_be_bare = "assistantfinal" in text or text.lstrip().startswith(("analysis", "Here"))
    bare = [*BARE_MARK.finditer(text)] if may_be_bare else []
    # Without a thought before it, "Here is my response:" is no mark.
    found = [Mark(*one.span(), one.lastgroup is not None, is_heading=False) for one in bare]
    found = [one for one in found if not (one.closes and text[one.start] == "H") or not found[0].closes]
    for one in MARK.finditer(text):
        is_final = (one["channel"] or "").lower() in FINAL_CHANNELS
        closes = bool(one["slash"] or one["end"] or one["end_unused"] or END.search(one["name"] or "") or is_final)
        is_heading = one["plain"] is not None and one[0][0] in "[【"
        found.append(Mark(*one.span(), closes, is_heading, is_reflection=one["within"] is not None))
    if pair is not None:
        mine = [Mark(*one.span(), closes, is_heading=False) for one, closes in _places(text, pair)]
        usual = {mark.start: mark.end for mark in found}
        # "<|channel>" is a part of "<|channel>thought".
        mine = [mark for mark in mine if mark.end >= usual.get(mark.start, 0)]
        starts = {mark.start for mark in mine}
        found = [*mine, *(mark for mark in found if mark.start not in starts)]
    # In backticks a mark is only spoken about.
    found = sorted(one for one in found if not (text[one.start - 1 : one.start] == text[one.end : one.end + 1] == "`"))
    return [one for one in found if not one.is_heading or found[-1].closes]


def _places(text: str, pair: tuple[str, str]) -> Iterator[tuple[re.Match[str], bool]]:
    """Yield each place of one of the two marks, with True for the second, which closes."""
    for one in re.finditer("|".join(map(re.escape, sorted(pair, key=len, reverse=True))), text):
        yield one, one[0] == pair[1]


def _has_text(text: str, pieces: Sequence[tuple[int, int]]) -> bool:
    return any(text[first:last].strip() for first, last in pieces)


def _answer_in(text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the last piece with an explicit answer, or else with any text, and all pieces after it."""
    for is_answer in (EXPLICIT.search, str.strip):
        for place in reversed(range(len(pieces))):
            if is_answer(text[slice(*pieces[place])]):
                return pieces[place:]
    return pieces[-1:]


def _start_of_answer(text: str, opened: int) -> int:
    """Return where the answer starts in a text whose last thought has no closing mark; its end if there is none."""
    marks = [*ANSWER_MARK.finditer(text, opened)]
    if len(marks) > 1 and marks[-1]["closes"] and not text[marks[-1].end() :].strip():
        return marks[-2].start()
    if marks and not marks[-1]["closes"] and text[: marks[-1].start()].rstrip(" *#").endswith("\n"):
        return marks[-1].start()
    return len(text)


def _without_marks_around(text: str, pair: tuple[str, str] | None) -> str | None:
    """Return a thought without the mark that opens it and the one that closes it; None if nothing is left."""
    marks = _marks(text, pair)
    first = marks[0].end if marks and not text[: marks[0].start].strip() else 0
    last = marks[-1].start if marks and not text[marks[-1].end :].strip() else len(text)
    return text[first:last].strip() or None
