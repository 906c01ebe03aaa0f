"""Check that the response field doesn't replace a field of the rows that the dataset config uses."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import meta

from mathbatch.config import DatasetConfig
from mathbatch.config.templates.compile import ENVIRONMENT
from mathbatch.data.rows.sources import as_names
from mathbatch.errors import ConfigError


def refuse_overwriting(dataset: DatasetConfig) -> None:
    """Raise ConfigError if the response field is a field that the dataset config names.

    Any other field of that name may be replaced: the results of an earlier run have one.
    """
    response = {dataset.response_field, f"{dataset.response_field}_failure"}
    for key, field in _fields_in_use(dataset):
        lost = response & {field, field.partition(".")[0]}
        if lost:
            raise ConfigError(
                "dataset.response_field",
                f"'{lost.pop()}' is in use by dataset.{key}; in the results the answers would take its place",
                "give it a name that no field has",
            )


def _fields_in_use(dataset: DatasetConfig) -> Iterator[tuple[str, str]]:
    """Yield keys of the dataset config with the fields that each names."""
    keys = ["index_field", "image_field", "answer_field", "choices_field", "group_field", "metadata"]
    for key in keys if dataset.prompt is not None else ["query_field", *keys]:
        yield from ((key, field) for field in as_names(getattr(dataset, key)))
    expressions = {"where": dataset.where} | {f"columns.{name}": text for name, text in dataset.columns.items()}
    templates = {key: f"{{{{ {text} }}}}" for key, text in expressions.items() if text is not None}
    for key, template in (templates | {"prompt": dataset.prompt or ""}).items():
        for field in sorted(meta.find_undeclared_variables(ENVIRONMENT.parse(template))):
            yield key, field
