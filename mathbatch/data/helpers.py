"""Filters for the templates and expressions of dataset configs, beside Jinja's own."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import regex

REGEX_TIMEOUT_S = 0.5
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LABEL = regex.compile(r"\(?([A-Z])[.:)]\s*")
MAX_LITERAL = 1 << 18


def match(text: Any, pattern: str, group: int | str = 1) -> str | None:
    """The group of the first place where the pattern fits, or null: `id | match('^validation_(.+?)_\\d+$')`."""
    try:
        found = regex.search(pattern, str(text), timeout=REGEX_TIMEOUT_S)
    except TimeoutError as error:
        raise ValueError(f"the pattern {pattern!r} takes more than {REGEX_TIMEOUT_S} s") from error
    except regex.error as error:
        raise ValueError(f"the pattern {pattern!r} is broken: {error}") from error
    return None if found is None else found[group if found.re.groups else 0]


def after(text: Any, mark: str) -> str:
    """What stands behind the last `mark`: `answer | after('####')` is GSM8K's gold."""
    _, found, tail = str(text).rpartition(mark)
    if not found:
        raise ValueError(f"there is no {mark!r} in {str(text)[-60:]!r}")
    return tail.strip()


def boxed(text: Any) -> str:
    r"""The content of the last `\boxed{…}`."""
    from mathbatch.scoring.boxed import last_boxed

    found = last_boxed(str(text))
    if found is None:
        raise ValueError(r"there is no \boxed{…}")
    return found


def as_list(value: Any) -> list[Any]:
    """A list, from a list, null, or the text of a Python or JSON list (`"['$6', '$7']"`)."""
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)):
        return list(value)
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} is no list")
    for read in (json.loads, ast.literal_eval):
        if read is ast.literal_eval and len(value) > MAX_LITERAL:
            break
        try:
            found = read(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, (list, tuple)):
            return list(found)
    raise ValueError(f"not the text of a list: {value!r:.80}")


def split_choices(text: Any, separator: str | None = None) -> list[str]:
    """Choices from one text such as `A. 300; B. 400`, without their labels.

    Cut where the next label stands, A, B, C in turn, so that a separator within a choice does no harm; by `separator`
    where there are no labels.
    """
    text = str(text)
    starts = _labels(text)
    if len(starts) < 2:
        return [part.strip() for part in text.split(separator or ";") if part.strip()]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return [text[begin:end].strip().rstrip(";,").strip() for (_, begin), end in zip(starts, ends, strict=True)]


def _labels(text: str) -> list[tuple[int, int]]:
    """Where the labels A, B, C … begin and end, as far as they follow each other."""
    found: list[tuple[int, int]] = []
    for place in LABEL.finditer(text):
        begins = place.start() == 0 or text[place.start() - 1] in " ;,\n\t"
        if begins and place[1] == LETTERS[len(found)]:
            found.append((place.start(), place.end()))
    return found


def lettered(choices: list[Any] | None, form: str = "({}) {}", separator: str = "\n") -> str:
    """Choices with their letters, one a line: `(A) 135°`. `form` is where letter and text go."""
    if form.count("{}") != 2 or len(form) > 100:
        raise ValueError(f"the form {form!r} needs {{}} for the letter and {{}} for the text")
    before, between, behind = form.split("{}")
    lines = (
        f"{before}{letter}{between}{choice}{behind}" for letter, choice in zip(LETTERS, choices or [], strict=False)
    )
    return separator.join(lines)


def letter(index: int) -> str:
    """0 is A."""
    if not 0 <= int(index) < len(LETTERS):
        raise ValueError(f"{index} is no index of a choice")
    return LETTERS[int(index)]


def letter_of(answer: Any, choices: list[Any]) -> str:
    """The letter of the choice whose text the answer is."""
    texts = [str(choice).strip() for choice in choices]
    if str(answer).strip() not in texts:
        raise ValueError(f"the answer {answer!r:.60} is none of the choices")
    return LETTERS[texts.index(str(answer).strip())]


FILTERS: dict[str, Callable[..., Any]] = {
    "match": match,
    "after": after,
    "boxed": boxed,
    "as_list": as_list,
    "split_choices": split_choices,
    "lettered": lettered,
    "letter": letter,
    "letter_of": letter_of,
}
TESTS: dict[str, Callable[..., bool]] = {"empty": lambda value: value is None or value == "" or value == []}
