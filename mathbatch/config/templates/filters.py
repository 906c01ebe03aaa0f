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
    from mathbatch.config.templates.boxed import last_boxed

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
    """Choices from one text such as `A. 300; B. 400`, without their labels; none from null.

    Cut where the next label stands, A, B, C in turn, so that a separator within a choice does no harm; by `separator`
    where there are no labels.
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
    return [text[begin:end].strip().rstrip(";,").strip() for (_, begin), end in zip(starts, ends, strict=True)]


def _labels(text: str, after_separator: bool) -> list[tuple[int, int]]:
    """Where the labels A, B, C … begin and end, as far as they follow each other."""
    found: list[tuple[int, int]] = []
    for place in LABEL.finditer(text):
        before = text[: place.start()].rstrip(" \t")[-1:]
        begins = not before or before in ";,\n" or (not after_separator and text[place.start() - 1] in " \t")
        if begins and len(found) < len(LETTERS) and place[1] == LETTERS[len(found)]:
            found.append((place.start(), place.end()))
    return found


def lettered(choices: list[Any] | None, form: str = "({}) {}", separator: str = "\n") -> str:
    """Choices with their letters, one a line: `(A) 135°`. `form` is where letter and text go."""
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


def to_int(value: Any, default: Any = None) -> Any:
    """A whole number; Jinja's own filter makes 0 of what is none, and that would pass for a gold answer."""
    return _converted(int, value, default)


def to_float(value: Any, default: Any = None) -> Any:
    """A number, as `to_int`."""
    return _converted(float, value, default)


def _converted(kind: type[int] | type[float], value: Any, default: Any) -> Any:
    try:
        return kind(str(value).strip())
    except ValueError:
        if default is None:
            raise
        return default


def rounded(value: float, precision: int = 0) -> float:
    """To so many digits behind the point."""
    if not -15 <= precision <= 15:
        raise ValueError(f"{precision} digits: from -15 to 15")
    return round(value, precision)


def total(values: list[Any]) -> float:
    """The sum of numbers."""
    if not all(isinstance(value, (int, float)) for value in values):
        raise ValueError("only numbers have a sum")
    return float(sum(values))


def to_json(value: Any) -> str:
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
