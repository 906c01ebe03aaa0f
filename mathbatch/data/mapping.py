"""The field mapping: which field of a row is its id, its prompt, its pictures, its gold answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mathbatch.config import DatasetConfig
from mathbatch.data.fields import ABSENT, field_names, getter
from mathbatch.data.images import ImageRoot
from mathbatch.data.paths import locate
from mathbatch.data.prompts import compile_prompt
from mathbatch.errors import ConfigError, SampleError, nearest
from mathbatch.records import ImageRef, Row, Sample


class FieldMapping:
    """The dataset config, compiled. Its methods raise SampleError where a row lacks what they ask for."""

    def __init__(self, dataset: DatasetConfig, input_folder: Path) -> None:
        self._dataset = dataset
        base = dataset.image_base_path
        self._images = ImageRoot(input_folder if base is None else locate(base, "dataset.image_base_path").absolute())
        if base is not None and not self._images.folder.is_dir():
            raise ConfigError("dataset.image_base_path", f"there is no folder {self._images.folder}", "correct it")
        self._id = None if dataset.index_field is None else getter(dataset.index_field)
        self._query = getter(dataset.query_field)
        self._image = None if dataset.image_field is None else getter(dataset.image_field)
        self._answer = None if dataset.answer_field is None else getter(dataset.answer_field)
        self._template = None if dataset.prompt is None else compile_prompt(dataset.prompt)

    def id(self, row: Row, key: str | None, number: int) -> str:
        """The id as text; the key of an object's member where the row has no such field."""
        if self._id is None:
            return str(number) if key is None else key
        value = self._id(row)
        if value is ABSENT and key is not None:
            return key
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        found = "there is no such field" if value is ABSENT else f"it is {value!r}"
        raise SampleError("missing_id", f"no id in dataset.index_field={self._dataset.index_field}: {found}")

    def id_or_none(self, row: Row, key: str | None, number: int) -> str | None:
        try:
            return self.id(row, key, number)
        except SampleError:
            return None

    def sample(self, id: str, number: int, row: Row, key: str | None) -> Sample:
        return Sample(id, number, row, self._prompt(row), self._pictures(row), self._gold(row), key)

    def absent_fields(self, row: Row) -> set[str]:
        """Which of the configured fields this row lacks, by the names of their keys in the dataset config."""
        wanted = {"index_field": self._id, "image_field": self._image, "answer_field": self._answer}
        if self._template is None:
            wanted["query_field"] = self._query
        return {name for name, read in wanted.items() if read is not None and read(row) is ABSENT}

    def names_in(self, row: Row) -> list[str]:
        """The paths of all fields of a row."""
        return field_names(row)

    def unknown_field(self, name: str, names: list[str]) -> ConfigError:
        """The error for a field that no row has; `names` are those that they do have."""
        field = str(getattr(self._dataset, name))
        hint = nearest(field, names)
        if name in ("index_field", "image_field"):
            hint += f"; or set dataset.{name}=null to do without"
        return ConfigError(f"dataset.{name}", f"no row has the field '{field}'", hint)

    def _prompt(self, row: Row) -> str:
        if self._template is not None:
            query: Any = self._template(row)
        else:
            query = self._query(row)
        if query is ABSENT:
            raise SampleError("missing_prompt", f"no field dataset.query_field={self._dataset.query_field}")
        if query is None or (isinstance(query, str) and not query.strip()):
            raise SampleError("empty_prompt", "the prompt is empty")
        if not isinstance(query, str):
            raise SampleError("bad_prompt", f"the prompt is a {type(query).__name__}, not text")
        return query

    def _pictures(self, row: Row) -> tuple[ImageRef, ...]:
        value = None if self._image is None else self._image(row)
        if value is None or value is ABSENT or value == "" or value == []:
            return ()
        values = value if isinstance(value, list) else [value]
        return tuple(self._images.reference(value) for value in values)

    def _gold(self, row: Row) -> str | None:
        value = None if self._answer is None else self._answer(row)
        return None if value is None or value is ABSENT else str(value)
