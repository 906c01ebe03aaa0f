"""Guess from the rows of a file what its fields mean, with reasons, for the first draft of a dataset config."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from mathbatch.commands.yaml_text import one_line, quoted
from mathbatch.config.templates.filters import as_list, boxed, split_choices
from mathbatch.data.images.embedded import data_url_content, is_base64, unwrapped
from mathbatch.data.rows.fields import ABSENT, field_names, getter
from mathbatch.data.rows.ids import id_text
from mathbatch.records import Row

# Names that fields of datasets often have, in English and Chinese, the likeliest first.
ID_NAMES = (
    *("sample_index", "pid", "id", "uid", "unique_id", "question_id", "problem_id", "qid", "index", "idx", "key"),
    *("题目编号", "题号", "编号", "序号"),
)
QUERY_NAMES = (
    *("query_cot", "query", "question", "problem", "prompt", "instruction", "input", "text"),
    *("题目内容", "问题描述", "题目", "问题", "题干", "提问", "题面", "内容"),
)
ANSWER_NAMES = (
    *("answer", "gold", "ground_truth", "final_answer", "correct_answer", "answer_number", "target", "label"),
    *("expected", "ans", "gt", "answers"),
    *("标准答案", "正确答案", "参考答案", "最终答案", "答案"),
    *("solution", "解答", "解析", "答案解析"),
)
CHOICE_NAMES = ("choices", "options", "option", "candidates", "选项", "备选项", "候选项")
IMAGE_SUFFIX = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?|avif)$", re.IGNORECASE)
# Fields with the choices of a question, one field for each letter.
LETTER_FIELDS = "ABCDEFGH"
# Words that have a meaning of their own in Jinja's expressions.
JINJA_WORDS = {"and", "else", "false", "False", "if", "in", "is", "none", "None", "not", "or", "self", "true", "True"}
# Characters that an id may have, and characters of a value that a reason shows.
SHORT_TEXT = 40
# Different values up to which a field counts as metadata.
FEW_VALUES = 40
# Average number of characters from which a text may be a question.
LONG_TEXT = 25
# Characters from which a text is no short answer.
LONG_ANSWER = 80
# Share of a field's values that must pass a test.
MOSTLY = 0.9
# Share of rows with a repeated or missing id, above which a field is no id in spite of its name.
MAX_FAULTY_IDS = 0.05
SHOWN_FAULTS = 3


class Guess(NamedTuple):
    """Guessed value of a key of the dataset config, and the reason.

    `column` is name and expression of a computed column that the value needs.
    """

    value: str | list[str] | None
    why: str
    column: tuple[str, str] | None = None

    @property
    def yaml(self) -> str:
        """Return the value as YAML."""
        if isinstance(self.value, list):
            return f"[{', '.join(map(quoted, self.value))}]"
        return "null" if self.value is None else quoted(self.value)


class RowSample:
    """First rows of a file and the paths of their fields. `numbers` are their numbers in the file, else 1, 2, …"""

    def __init__(self, rows: list[Row], numbers: Sequence[int] = ()) -> None:
        self.rows = rows
        self.numbers = numbers or range(1, len(rows) + 1)
        self.names = list(dict.fromkeys(name for row in rows for name in field_names(row)))
        self._values = {
            name: [value for row in rows if (value := getter(name)(row)) is not ABSENT] for name in self.names
        }

    def values(self, name: str) -> list[Any]:
        """Return the field's values that are not empty."""
        return [value for value in self._values[name] if value not in (None, "", [], {})]

    def variable(self, name: str) -> str:
        """Return how an expression refers to a field, which may be nested or have dots in its name."""
        if name.isidentifier() and name not in JINJA_WORDS:
            return name
        parts = [name] if any(name in row for row in self.rows) else name.split(".")
        # OmegaConf would interpolate "${" in the prompt; Jinja reads the same string.
        return "row" + "".join(f"[{one_line(part)}]" for part in parts).replace("${", "\\x24{")

    def if_any(self, name: str) -> str:
        """Return an expression that is true for rows with a value in this field. Rows may lack the field."""
        variable = self.variable(name)
        is_everywhere = name not in self._values or len(self._values[name]) == len(self.rows)
        return variable if is_everywhere else f"{variable} is defined and {variable}"

    def share(self, name: str, test: Callable[[Any], bool]) -> float:
        """Return the share of the field's values, empty ones aside, that pass a test."""
        values = self.values(name)
        return sum(map(test, values)) / len(values) if values else 0.0

    def named(self, names: Iterable[str]) -> list[str]:
        """Return the fields with these names, in the order of the names, whatever their case."""
        return [name for wanted in names for name in self.names if name.rpartition(".")[2].lower() == wanted]


def guess_id(rows: RowSample) -> Guess:
    """Guess the field with the ids.

    With a likely name, that may be a field in which a few values repeat or are missing: `check` names those rows.
    """
    named, count = rows.named(ID_NAMES), len(rows.rows)
    faults = {name: _id_faults(rows, name) for name in rows.names}
    for name in named:
        if faults[name] == []:
            return Guess(name, f"its name, and all {count:,} values differ")
    for name in named:
        found = faults[name]
        if found is not None and len(found) <= max(1, count * MAX_FAULTY_IDS):
            return Guess(name, f"its name; TO CORRECT in the file: {'; '.join(found[:SHOWN_FAULTS])}")
    others = rows.named((*QUERY_NAMES, *ANSWER_NAMES, *CHOICE_NAMES))
    for name in rows.names:
        if faults[name] != [] or name in others:
            continue
        if max(len(str(value)) for value in rows.values(name)) <= SHORT_TEXT:
            return Guess(name, "short, and different in every row")
    return Guess(None, "no field is different in every row: the row number")


def _id_faults(rows: RowSample, name: str) -> list[str] | None:
    """Return which rows lack a value or repeat one of an earlier row; None if the values can't be ids."""
    first: dict[str, int] = {}
    faults = []
    read = getter(name)
    for number, row in zip(rows.numbers, rows.rows, strict=True):
        value = read(row)
        if value is ABSENT or value in (None, "", [], {}):
            faults.append(f"row {number} has none")
        elif (text := id_text(value)) is None and not isinstance(value, str):
            return None
        elif first.setdefault(text or value, number) != number:
            shown = one_line((text or value)[:SHORT_TEXT])
            faults.append(f"{shown} is in rows {first[text or value]} and {number}")
    return faults


def guess_query(rows: RowSample) -> Guess | None:
    """Guess the field with the question: by its name, else the longest text; None if there is none."""
    texts = [name for name in rows.names if rows.share(name, lambda value: isinstance(value, str)) >= MOSTLY]
    for name in rows.named(QUERY_NAMES):
        if name in texts:
            return Guess(name, "its name, and it is text")
    rest = [name for name in texts if name not in rows.named(ANSWER_NAMES) and not _is_image_field(rows, name)]
    lengths = {name: sum(map(len, rows.values(name))) / len(rows.values(name)) for name in rest}
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    if longest is None or lengths[longest] < LONG_TEXT:
        return None
    return Guess(longest, f"the longest text, {lengths[longest]:,.0f} characters on average")


def guess_images(rows: RowSample) -> Guess:
    """Guess the field, or the numbered fields, with the images."""
    fields = [name for name in rows.names if _is_image_field(rows, name) and not name.endswith((".bytes", ".path"))]
    embedded = [name for name in fields if rows.share(name, lambda value: isinstance(value, (dict, list, bytes))) > 0.5]
    numbered = _numbered(rows, embedded) or _numbered(rows, fields)
    if numbered:
        return Guess(numbered, "numbered fields that hold pictures")
    if embedded:
        return Guess(embedded[0], "it holds the pictures themselves")
    if fields:
        return Guess(fields[0], f"such as {str(rows.values(fields[0])[0])[:SHORT_TEXT]!r}")
    return Guess(None, "no field looks like a picture")


def _numbered(rows: RowSample, fields: Sequence[str]) -> list[str]:
    """Return the longest series of fields that differ in one number, in its order, empty ones included.

    A field without the number is the first of a series that begins with 2: `image`, `image_2`.
    """
    longest: list[str] = []
    for stem in dict.fromkeys(_stem_and_number(name)[0] for name in fields):
        like = [name for name in rows.names if _stem_and_number(name)[0] == stem]
        found = {_stem_and_number(name)[1]: name for name in like if name in fields or not rows.values(name)}
        if not found.keys().isdisjoint((0, 1)):
            found.pop(None, None)
        series = [found[number] for number in sorted(found, key=lambda number: number or 0)]
        if len(series) > max(1, len(longest)):
            longest = series
    return longest


def _stem_and_number(name: str) -> tuple[str, int | None]:
    """Return the name of a field without its last number and the marks before it, and that number."""
    last = list(re.finditer(r"[\s_.-]*(\d{1,4})(?=\D*$)", name))
    if not last:
        return name, None
    return f"{name[: last[-1].start()]}{name[last[-1].end() :]}", int(last[-1][1])


def guess_choices(rows: RowSample) -> Guess | None:
    """Guess the field with the choices, or the expression that makes a list of them; None if there is none."""
    letters = [name for name in LETTER_FIELDS if name in rows.names]
    if len(letters) >= 2 and letters == list(LETTER_FIELDS[: len(letters)]):
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
                listed = f"{rows.variable(name)} | {helper}"
                if rows.if_any(name) != rows.variable(name):
                    listed += f" if {rows.if_any(name)} else []"
                return Guess("choices", f"`{name}` is {why}", ("choices", listed))
    return None


def guess_answer(rows: RowSample) -> Guess | None:
    """Guess the field with the gold answer, or the expression that finds it in a solution; None if there is none."""
    for name in rows.named(ANSWER_NAMES):
        if rows.share(name, lambda value: isinstance(value, str) and "####" in value) >= MOSTLY:
            column = ("gold", _gold(rows, name, "after('####')"))
            return Guess("gold", f"`{name}` ends with it after ####", column)
        if rows.share(name, lambda value: isinstance(value, str) and len(value) > LONG_ANSWER) < 0.5 and rows.values(
            name
        ):
            return Guess(name, "its name, and it is short")
        if rows.share(name, _has_box) >= MOSTLY:
            return Guess("gold", f"`{name}` has it in \\boxed{{}}", ("gold", _gold(rows, name, "boxed")))
    return None


def _gold(rows: RowSample, name: str, helper: str) -> str:
    """Return the expression for the gold answer. It is none for a row without one, which is asked but not scored."""
    return f"{rows.variable(name)} | {helper} if {rows.if_any(name)} else none"


def guess_metadata(rows: RowSample, used: set[str]) -> Guess:
    """Guess the fields to break the accuracy down by: those with few different values, except `used` ones."""

    def different_values(name: str) -> int:
        values = rows.values(name)
        if not all(isinstance(value, (str, int)) for value in values):
            return 0
        return len({str(value) for value in values})

    most = max(2, min(FEW_VALUES, len(rows.rows) // 3))
    free = [name for name in rows.names if name not in used and not _is_image_field(rows, name)]
    found = [name for name in free if 2 <= different_values(name) <= most]
    return Guess(found, "few different values each" if found else "no field has few different values")


def _is_image_field(rows: RowSample, name: str) -> bool:
    return rows.share(name, _is_image) >= MOSTLY


def _is_image(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_image, value))
    if isinstance(value, dict):
        return ("bytes" in value and "path" in value) or (unwrapped(value) is not value and _is_image(unwrapped(value)))
    if isinstance(value, str):
        return bool(IMAGE_SUFFIX.search(value)) or is_base64(value) or data_url_content(value) is not None
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
