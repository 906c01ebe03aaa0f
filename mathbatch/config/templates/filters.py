"""Define filters for the templates and expressions of dataset configs, in addition to Jinja's own.

They raise ValueError for values that they can't take, so that the sample fails with the reason.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import regex

from mathbatch.config.templates.patterns import search

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Label of a choice: `A.`, `A:`, `A)` or `(A)`, with the marks of Chinese as well, and what separates choices.
CHOICE_LABEL = regex.compile(r"[(（]?([A-Z])[.:)．：）、]\s*")
SEPARATORS = ";,；，"
# Longest text, in characters, that is read as a Python literal: that takes far more memory than reading JSON.
MAX_LITERAL = 1 << 18


def match(text: Any, pattern: str, group: int | str = 1) -> str | None:
    """Return a group of the first match of the pattern, or null if there is no match.

    Example: `id | match('^validation_(.+?)_\\d+$')`. A pattern without groups returns the whole match.
    """
    found = search(pattern, str(text))
    return None if found is None else found[group if found.re.groups else 0]


def after(text: Any, mark: str) -> str:
    """Return the text after the last `mark`. For example, `answer | after('####')` is the gold answer of GSM8K."""
    _, found, tail = str(text).rpartition(mark)
    if not found:
        raise ValueError(f"there is no {mark!r} in {str(text)[-60:]!r}")
    return tail.strip()


def boxed(text: Any) -> str:
    r"""Return the content of the last `\boxed{…}`."""
    from mathbatch.config.templates.boxed import last_boxed

    found = last_boxed(str(text))
    if found is None:
        raise ValueError(r"there is no \boxed{…}")
    return found


def as_list(value: Any) -> list[Any]:
    """Return a list from a list, from null, or from the text of a Python or JSON list such as `"['$6', '$7']"`."""
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
    """Return the choices in one text such as `A. 300; B. 400`, without their labels. Null gives no choices.

    The text is cut at the labels A, B, C in turn, so that a separator within a choice does no harm. Without labels, it
    is cut at `separator`, by default a semicolon.
    """
    if text is None:
        return []
    text = str(text)
    starts = _labels(text, after_separator=True)
    if len(starts) < 2:
        starts = _labels(text, after_separator=False)
    if len(starts) < 2:
        return [part.strip() for part in text.split(separator or ";") if part.strip()]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return [text[begin:end].strip().rstrip(SEPARATORS).strip() for (_, begin), end in zip(starts, ends, strict=True)]


def _labels(text: str, after_separator: bool) -> list[tuple[int, int]]:
    """Return start and end of the labels A, B, C and so on, as long as each follows the one before it.

    A label stands at the start of the text or after a separator or a line break. Without `after_separator`, white space
    before it is enough.
    """
    found: list[tuple[int, int]] = []
    for place in CHOICE_LABEL.finditer(text):
        start = place.start()
        while text[start - 1 : start] in (" ", "\t"):
            start -= 1
        before = text[start - 1 : start]
        begins = not before or before in f"{SEPARATORS}\n" or (not after_separator and text[place.start() - 1] in " \t")
        if begins and len(found) < len(LETTERS) and place[1] == LETTERS[len(found)]:
            found.append((place.start(), place.end()))
    return found


def lettered(choices: list[Any] | None, form: str = "({}) {}", separator: str = "\n") -> str:
    """Return the choices with their letters, one per line: `(A) 135°`. `form` has `{}` for the letter and the text."""
    if form.count("{}") != 2 or len(form) > 100 or len(separator) > 100:
        raise ValueError(f"the form {form!r:.50} needs {{}} for the letter and {{}} for the text")
    if choices is None:
        return ""
    if not isinstance(choices, (list, tuple)) or len(choices) > len(LETTERS):
        raise ValueError(f"choices must be a list of at most {len(LETTERS)}, this is {choices!r:.60}")
    if any(choice is None for choice in choices):
        raise ValueError("one of the choices is null")
    before, between, behind = form.split("{}")
    labelled = zip(LETTERS, choices, strict=False)
    return separator.join(f"{before}{label}{between}{choice}{behind}" for label, choice in labelled)


def letter(index: int) -> str:
    """Return the letter of the choice with this index: 0 is A."""
    if not 0 <= int(index) < len(LETTERS):
        raise ValueError(f"{index} is no index of a choice")
    return LETTERS[int(index)]


def letter_of(answer: Any, choices: list[Any]) -> str:
    """Return the letter of the choice that has the same text as the answer."""
    texts = [str(choice).strip() for choice in choices]
    if str(answer).strip() not in texts:
        raise ValueError(f"the answer {answer!r:.60} is none of the choices")
    return LETTERS[texts.index(str(answer).strip())]


def to_int(value: Any, default: Any = None) -> Any:
    """Return the value as an integer, or `default` if it is not one. Raise ValueError if there is no default.

    Jinja's own filter would return 0, which would pass for a gold answer.
    """
    return _converted(int, value, default)


def to_float(value: Any, default: Any = None) -> Any:
    """Return the value as a float, or `default` if it is not a number. Raise ValueError if there is no default."""
    return _converted(float, value, default)


def _converted(kind: type[int] | type[float], value: Any, default: Any) -> Any:
    try:
        return kind(str(value).strip())
    except ValueError:
        if default is None:
            raise
        return default


def rounded(value: float, precision: int = 0) -> float:
    """Return the value rounded to `precision` decimal places, at most 15."""
    if not -15 <= precision <= 15:
        raise ValueError(f"{precision} digits: from -15 to 15")
    return round(value, precision)


def total(values: list[Any]) -> float:
    """Return the sum of a list of numbers."""
    if not all(isinstance(value, (int, float)) for value in values):
        raise ValueError("only numbers have a sum")
    return float(sum(values))


def to_json(value: Any) -> str:
    """Return the value as JSON text, with non-ASCII characters as they are."""
    return json.dumps(value, ensure_ascii=False)


FILTERS: dict[str, Callable[..., Any]] = {
    "match": match,
    "after": after,
    "boxed": boxed,
    "as_list": as_list,
    "split_choices": split_choices,
    "lettered": lettered,
    "letter": letter,
    "letter_of": letter_of,
    "int": to_int,
    "float": to_float,
    "round": rounded,
    "sum": total,
    "tojson": to_json,
}
TESTS: dict[str, Callable[..., bool]] = {"empty": lambda value: value is None or value == "" or value == []}
