"""Guesses from the rows of a file what its fields mean, and says why: the first draft of a dataset config."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from mathbatch.config.templates.filters import as_list, boxed, split_choices
from mathbatch.data.images.decode import BASE64_STARTS
from mathbatch.data.rows.fields import ABSENT, field_names, getter
from mathbatch.records import Row

ID_NAMES = ("sample_index", "pid", "id", "uid", "unique_id", "question_id", "problem_id", "qid", "index", "idx", "key")
QUERY_NAMES = ("query_cot", "query", "question", "problem", "prompt", "instruction", "input", "text")
ANSWER_NAMES = (
    "answer",
    "gold",
    "ground_truth",
    "final_answer",
    "answer_number",
    "target",
    "label",
    "expected",
    "solution",
)
CHOICE_NAMES = ("choices", "options", "option", "candidates")
PICTURE_SUFFIX = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?|avif)$", re.IGNORECASE)
LETTER_COLUMNS = "ABCDEFGH"
PLAIN_SCALAR = re.compile(r"[A-Za-z_/][\w./-]*(?<!\.)|[\w]+ \| \w+")
FEW = 40
LONG_TEXT = 25
MOSTLY = 0.9
FAULTY_IDS = 0.05
"""More rows that repeat an id, or have none, say that it is no id."""
SHOWN_FAULTS = 3


class Guess(NamedTuple):
    """A value for a key of the dataset config, and the reason. `column` is a computed column that it needs."""

    value: str | list[str] | None
    why: str
    column: tuple[str, str] | None = None

    @property
    def yaml(self) -> str:
        """The value as it stands in the file."""
        if isinstance(self.value, list):
            return f"[{', '.join(map(quoted, self.value))}]"
        return "null" if self.value is None else quoted(self.value)


def quoted(text: str) -> str:
    """A scalar in YAML: as it is where that is plain, else as JSON, which YAML reads; `${` would interpolate."""
    if PLAIN_SCALAR.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False).replace("${", "\\\\${")


def variable(name: str) -> str:
    """How an expression names a field, also a nested one."""
    if name.isidentifier():
        return name
    return "row" + "".join(f"[{json.dumps(part, ensure_ascii=False)}]" for part in name.split("."))


class Rows:
    """Some rows and the paths of their fields. `numbers` are those in the file, where some rows are left out."""

    def __init__(self, rows: list[Row], numbers: Sequence[int] = ()) -> None:
        self.rows = rows
        self.numbers = numbers or range(1, len(rows) + 1)
        self.names = list(dict.fromkeys(name for row in rows for name in field_names(row)))
        self._values = {
            name: [value for row in rows if (value := getter(name)(row)) is not ABSENT] for name in self.names
        }

    def values(self, name: str) -> list[Any]:
        """The values that are not empty."""
        return [value for value in self._values[name] if value not in (None, "", [], {})]

    def if_any(self, name: str) -> str:
        """An expression that is true for a row with a value there; a row may lack the field."""
        is_everywhere = name not in self._values or len(self._values[name]) == len(self.rows)
        return variable(name) if is_everywhere else f"{variable(name)} is defined and {variable(name)}"

    def share(self, name: str, test: Callable[[Any], bool]) -> float:
        """The share of the values that are there which pass."""
        values = self.values(name)
        return sum(map(test, values)) / len(values) if values else 0.0

    def named(self, names: Iterable[str]) -> list[str]:
        """The fields of these names, in the order of the names; upper and lower case are one."""
        return [name for wanted in names for name in self.names if name.rpartition(".")[2].lower() == wanted]


def guess_id(rows: Rows) -> Guess:
    """By its name also a field in which a few values repeat or are missing: `check` then names those rows."""
    named, count = rows.named(ID_NAMES), len(rows.rows)
    faults = {name: _id_faults(rows, name) for name in rows.names}
    for name in named:
        if faults[name] == []:
            return Guess(name, f"its name, and all {count:,} values differ")
    for name in named:
        found = faults[name]
        if found is not None and len(found) <= max(1, count * FAULTY_IDS):
            return Guess(name, f"its name; TO CORRECT in the file: {'; '.join(found[:SHOWN_FAULTS])}")
    meant = rows.named((*QUERY_NAMES, *ANSWER_NAMES, *CHOICE_NAMES))
    for name in rows.names:
        if faults[name] == [] and name not in meant and max(len(str(value)) for value in rows.values(name)) <= FEW:
            return Guess(name, "short, and different in every row")
    return Guess(None, "no field is different in every row: the row number")


def _id_faults(rows: Rows, name: str) -> list[str] | None:
    """Which rows have no id here, or that of an earlier row; None where the values can't be ids."""
    first: dict[str, int] = {}
    faults = []
    read = getter(name)
    for number, row in zip(rows.numbers, rows.rows, strict=True):
        value = read(row)
        if value is ABSENT or value in (None, "", [], {}):
            faults.append(f"row {number} has none")
        elif not isinstance(value, (str, int)) or isinstance(value, bool):
            return None
        elif first.setdefault(str(value), number) != number:
            shown = json.dumps(str(value)[:FEW], ensure_ascii=False)
            faults.append(f"{shown} is in rows {first[str(value)]} and {number}")
    return faults


def guess_query(rows: Rows) -> Guess | None:
    texts = [name for name in rows.names if rows.share(name, lambda value: isinstance(value, str)) >= MOSTLY]
    for name in rows.named(QUERY_NAMES):
        if name in texts:
            return Guess(name, "its name, and it is text")
    rest = [name for name in texts if name not in rows.named(ANSWER_NAMES) and not _is_picture_field(rows, name)]
    lengths = {name: sum(map(len, rows.values(name))) / len(rows.values(name)) for name in rest}
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    if longest is None or lengths[longest] < LONG_TEXT:
        return None
    return Guess(longest, f"the longest text, {lengths[longest]:,.0f} characters on average")


def guess_images(rows: Rows) -> Guess:
    fields = [name for name in rows.names if _is_picture_field(rows, name) and not name.endswith((".bytes", ".path"))]
    embedded = [name for name in fields if rows.share(name, lambda value: isinstance(value, (dict, list, bytes))) > 0.5]
    numbered = [name for name in fields if re.search(r"\d$", name)]
    if len(numbered) > 1:
        return Guess(numbered, "numbered fields that hold pictures")
    if embedded:
        return Guess(embedded[0], "it holds the pictures themselves")
    if fields:
        return Guess(fields[0], f"such as {str(rows.values(fields[0])[0])[:FEW]!r}")
    return Guess(None, "no field looks like a picture")


def guess_choices(rows: Rows) -> Guess | None:
    letters = [name for name in LETTER_COLUMNS if name in rows.names]
    if len(letters) >= 2 and letters == list(LETTER_COLUMNS[: len(letters)]):
        listed = f"[{', '.join(letters)}] | reject('empty') | list"
        return Guess("choices", f"one field for each letter, {letters[0]} to {letters[-1]}", ("choices", listed))
    for name in rows.named(CHOICE_NAMES):
        if rows.share(name, lambda value: isinstance(value, list)) >= MOSTLY:
            return Guess(name, "its name, and it holds lists")
        for helper, read, why in (
            ("as_list", as_list, "the text of a list"),
            ("split_choices", split_choices, "one text"),
        ):
            if rows.share(name, lambda value, read=read: _gives_choices(read, value)) >= MOSTLY:  # type: ignore[misc]
                read_so = f"{variable(name)} | {helper}"
                given = read_so if rows.if_any(name) == variable(name) else f"{read_so} if {rows.if_any(name)} else []"
                return Guess("choices", f"`{name}` is {why}", ("choices", given))
    return None


def guess_answer(rows: Rows) -> Guess | None:
    for name in rows.named(ANSWER_NAMES):
        if rows.share(name, lambda value: isinstance(value, str) and "####" in value) >= MOSTLY:
            column = ("gold", _gold(rows, name, "after('####')"))
            return Guess("gold", f"`{name}` ends with it after ####", column)
        if rows.share(name, lambda value: isinstance(value, str) and len(value) > 80) < 0.5 and rows.values(name):
            return Guess(name, "its name, and it is short")
        if rows.share(name, _has_box) >= MOSTLY:
            return Guess("gold", f"`{name}` has it in \\boxed{{}}", ("gold", _gold(rows, name, "boxed")))
    return None


def _gold(rows: Rows, name: str, helper: str) -> str:
    """A row without a gold answer is asked like any other, and stays unscored."""
    return f"{variable(name)} | {helper} if {rows.if_any(name)} else none"


def guess_metadata(rows: Rows, used: set[str]) -> Guess:
    def groups(name: str) -> int:
        values = rows.values(name)
        if not all(isinstance(value, (str, int)) for value in values):
            return 0
        return len({str(value) for value in values})

    most = max(2, min(FEW, len(rows.rows) // 3))
    free = [name for name in rows.names if name not in used and not _is_picture_field(rows, name)]
    found = [name for name in free if 2 <= groups(name) <= most]
    return Guess(found, "few different values each" if found else "no field has few different values")


def _is_picture_field(rows: Rows, name: str) -> bool:
    return rows.share(name, _is_picture) >= MOSTLY


def _is_picture(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_picture, value))
    if isinstance(value, dict):
        return "bytes" in value and "path" in value
    if isinstance(value, str):
        return bool(PICTURE_SUFFIX.search(value)) or value.startswith((*BASE64_STARTS, "data:image/"))
    return isinstance(value, bytes)


def _gives_choices(read: Callable[[Any], list[Any]], value: Any) -> bool:
    try:
        return len(read(value)) >= 2
    except (ValueError, IndexError):
        return False


def _has_box(value: Any) -> bool:
    try:
        return bool(boxed(value))
    except ValueError:
        return False
