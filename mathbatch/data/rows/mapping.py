"""Map the fields of a row to id, prompt, images, gold answer and so on, as the dataset config says."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import regex

from mathbatch.config import DatasetConfig
from mathbatch.config.paths import locate
from mathbatch.config.templates.compile import compile_expression, compile_prompt
from mathbatch.config.templates.filters import as_list, to_json
from mathbatch.config.templates.patterns import REGEX_TIMEOUT_S, compiled
from mathbatch.data.images.decode import ImageRoot
from mathbatch.data.rows.fields import ABSENT, field_names, getter
from mathbatch.data.rows.ids import id_maker
from mathbatch.data.rows.sources import as_names, chained, sources_of
from mathbatch.errors import ConfigError, SampleError, nearest
from mathbatch.records import ImageRef, Row, Sample

# Numbered placeholders. With them in the prompt, a missing image would renumber all later ones.
NUMBERED = re.compile(r"<image[ _]?\d")
TEXT_OF_LIST = re.compile(r"""\s*\[\s*(["']).*\1\s*,?\s*\]\s*""", re.DOTALL)


class FieldMapping:
    """Dataset config, compiled, so that what isn't configured costs no time per row.

    `extended` takes a row as the file has it. All other methods take an extended row, with the columns that its source
    and the config add. They raise SampleError if the row lacks what they need.
    """

    def __init__(self, dataset: DatasetConfig, input_folder: Path) -> None:
        self._dataset = dataset
        base = dataset.image_base_path
        folder = input_folder if base is None else locate(base, "dataset.image_base_path").absolute()
        if base is not None and not folder.is_dir():
            raise ConfigError("dataset.image_base_path", f"there is no folder {folder}", "correct it")
        self._image_root = ImageRoot(folder)
        self._columns = {
            name: compile_expression(source, f"dataset.columns.{name}") for name, source in dataset.columns.items()
        }
        self._where = None if dataset.where is None else compile_expression(dataset.where, "dataset.where")
        # If set, `extended` and `wanted` change nothing for rows of a source without columns, and need not be called.
        self.as_it_stands = not self._columns and self._where is None
        self._id = [getter(name) for name in as_names(dataset.index_field)]
        self.id, self.escaped_id = id_maker(dataset.index_field, self._id)
        self._image_fields = [getter(name) for name in as_names(dataset.image_field)]
        self._answer = None if dataset.answer_field is None else getter(dataset.answer_field)
        self._choices = None if dataset.choices_field is None else getter(dataset.choices_field)
        self._metadata = {name: getter(name) for name in dataset.metadata}
        self._group = [getter(name) for name in as_names(dataset.group_field)]
        self._placeholder = None
        if dataset.image_placeholder != DatasetConfig.image_placeholder:
            self._placeholder = compiled(dataset.image_placeholder)
        examples = {} if dataset.examples is None else {"examples": read_examples(dataset.examples)}
        self._has_template = dataset.prompt is not None
        self._query = getter(dataset.query_field) if dataset.prompt is None else _prompt_of(dataset.prompt, examples)

    def extended(self, row: Row, columns: Row | None) -> Row:
        """Return the row with `columns` and the computed columns of the config."""
        if not columns and not self._columns:
            return row
        row, failed = {**(columns or {}), **row}, None
        for name, evaluate in self._columns.items():
            try:
                row[name] = evaluate(row)
            except SampleError as error:
                failed = failed or error
        # Columns of a row that `where` leaves out may fail: it may lack a gold answer, for example.
        if failed is not None and self.wanted(row):
            raise failed
        return row

    def wanted(self, row: Row) -> bool:
        """Tell whether `where` lets the row in."""
        return self._where is None or bool(self._where(row))

    def sample(self, id: str, number: int, row: Row, key: str | None) -> Sample:
        """Return the sample of an extended row."""
        return Sample(
            id=id,
            row_number=number,
            row=row,
            query=self._prompt(row),
            images=self._images(row) if self._image_fields else (),
            gold=None if self._answer is None else self._gold(self._answer(row)),
            key=key,
            choices=None if self._choices is None else self._listed_choices(self._choices(row)),
            metadata=self._labels(row) if self._metadata else {},
            group=self._group_of(row) if self._group else None,
            fields=row,
        )

    def _group_of(self, row: Row) -> str | None:
        """Return the name of the group of rows that share a problem, or None for a row without one."""
        values = [read(row) for read in self._group]
        return None if any(value is None or value is ABSENT for value in values) else "\0".join(map(str, values))

    def absent_fields(self, row: Row) -> set[str]:
        """Return the keys of the dataset config whose fields this row lacks."""
        single = {"answer_field": self._answer, "choices_field": self._choices}
        if not self._has_template:
            single["query_field"] = self._query
        wanted = {name: [read] for name, read in single.items() if read is not None}
        wanted |= {"index_field": self._id, "image_field": self._image_fields, "group_field": self._group}
        wanted["metadata"] = list(self._metadata.values())
        return {name for name, reads in wanted.items() if any(read(row) is ABSENT for read in reads)}

    def names_in(self, row: Row) -> list[str]:
        """Return the paths of all fields of a row."""
        return field_names(row)

    def unknown_field(self, name: str, names: list[str]) -> ConfigError:
        """Return the error for the field `name` that no row has; `names` are the fields that rows do have."""
        fields = as_names(getattr(self._dataset, name))
        field = next((field for field in fields if field not in names), fields[0])
        hint = nearest(field, names)
        if name in ("index_field", "image_field"):
            hint += f"; or set dataset.{name}=null to do without"
        return ConfigError(f"dataset.{name}", f"no row has the field '{field}'", hint)

    def _prompt(self, row: Row) -> str:
        query = self._query(row)
        if not isinstance(query, str) or not query.strip():
            raise self._unusable(query)
        return query if self._placeholder is None else self._with_our_placeholders(query, self._placeholder)

    def _unusable(self, query: Any) -> SampleError:
        if query is ABSENT:
            return SampleError("missing_prompt", f"no field dataset.query_field={self._dataset.query_field}")
        if query is None or isinstance(query, str):
            return SampleError("empty_prompt", "the prompt is empty")
        return SampleError("bad_prompt", f"the prompt is a {type(query).__name__}, not text")

    def _with_our_placeholders(self, query: str, placeholder: regex.Pattern[str]) -> str:
        """Write the dataset's own placeholders as `<image1>`, which processors know."""
        try:
            return placeholder.sub(lambda found: f"<image{found[1] or ''}>", query, timeout=REGEX_TIMEOUT_S)
        except TimeoutError as error:
            raise SampleError("bad_prompt", f"dataset.image_placeholder takes over {REGEX_TIMEOUT_S} s") from error

    def _images(self, row: Row) -> tuple[ImageRef, ...]:
        held = [True] if len(self._image_fields) == 1 else [_is_held(read(row)) for read in self._image_fields]
        if sorted(held, reverse=True) != held and NUMBERED.search(str(row.get(self._dataset.query_field, row))):
            empty = as_names(self._dataset.image_field)[held.index(False)]
            raise SampleError("missing_image", f"the field {empty} is empty, and one after it is not")
        return tuple(self._image_root.reference(value) for value in self._image_values(row))

    def _image_values(self, row: Row) -> list[Any]:
        found: list[Any] = []
        for read in self._image_fields:
            value = read(row)
            if _is_held(value):
                found += value if isinstance(value, list) else [value]
        return found

    def _gold(self, value: Any) -> str | None:
        """Return the gold answer as text: of a list of one its element, of a longer list JSON."""
        value = _only_element(value)
        if value is None or value is ABSENT:
            return None
        return to_json(value) if isinstance(value, (list, tuple, dict)) else str(value)

    def _listed_choices(self, value: Any) -> tuple[str, ...] | None:
        if value is None or value is ABSENT:
            return None
        if not isinstance(value, list):
            raise SampleError("bad_choices", f"dataset.choices_field holds a {type(value).__name__}, not a list")
        return tuple(map(str, value))

    def _labels(self, row: Row) -> dict[str, Any]:
        found = {name: read(row) for name, read in self._metadata.items()}
        return {name: None if value is ABSENT else value for name, value in found.items()}


def _prompt_of(template: str, examples: Row) -> Callable[[Row], str]:
    render = compile_prompt(template)

    def render_with_examples(row: Row) -> str:
        if hidden := examples.keys() & row.keys():
            raise SampleError("prompt_template", f"dataset.{hidden.pop()} takes the place of the field of that name")
        return render({**row, **examples})

    return render_with_examples if examples else render


def _only_element(value: Any) -> Any:
    """Return what a list of one holds, or the text of such a list of a text, `["70"]`; any other value as it is.

    Some datasets write all gold answers as lists. The text `[5]` may as well be an answer itself.
    """
    if isinstance(value, str) and TEXT_OF_LIST.fullmatch(value):
        with suppress(ValueError):
            found = as_list(value)
            return found[0] if len(found) == 1 else value
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


def _is_held(value: Any) -> bool:
    return value is not ABSENT and value not in (None, "", [])


def read_examples(value: str) -> list[Row]:
    """Return the rows of an examples file. Raise ConfigError if one can't be read."""
    config = DatasetConfig(name="examples", input=value)
    rows = [raw for _, raw in chained(sources_of(config))]
    for raw in rows:
        if raw.row is None:
            raise ConfigError("dataset.examples", f"{value}, row {raw.number}: {raw.problem}", "correct the file")
    return [raw.row for raw in rows if raw.row is not None]
