"""A look at the first rows before an engine loads: what is wrong with most of them is wrong with the configuration."""

from __future__ import annotations

import itertools

from mathbatch.data.loaders import MappedDataLoader
from mathbatch.errors import ConfigError
from mathbatch.parts import Parts
from mathbatch.records import BadRow, Sample

GLANCE = 10_000
SHOWN = 3


def preflight(parts: Parts) -> None:
    """Raises ConfigError if a configured field is in no row, most rows can't be asked, or the model can't see."""
    rows = list(itertools.islice(parts.loader, GLANCE))
    dataset = parts.config.dataset
    if not rows:
        raise ConfigError("dataset.input", f"{dataset.input} has no rows", "give a file with rows")
    if isinstance(parts.loader, MappedDataLoader):
        _check_fields(parts.loader, rows)
    bad = [row for row in rows if isinstance(row, BadRow)]
    if len(bad) * 2 > len(rows):
        reasons = "\n    ".join(f"{row.kind}: {row.message}" for row in bad[:SHOWN])
        raise ConfigError(
            "dataset",
            f"{len(bad)} of the first {len(rows)} rows can't be asked:\n    {reasons}",
            "correct the fields of the dataset config, or the file",
        )
    most = max((len(row.images) for row in rows if isinstance(row, Sample)), default=0)
    if most and not parts.config.model.max_images:
        raise ConfigError(
            "dataset.image_field",
            f"rows have pictures, and the model {parts.config.model.name} takes none",
            "choose another model, or set dataset.image_field=null to ask without pictures",
        )


def _check_fields(loader: MappedDataLoader, rows: list[Sample | BadRow]) -> None:
    """A field that one row lacks may be in another; one that no row has is a wrong name."""
    error = loader.mapping.unknown_field([row.row for row in rows if row.row is not None])
    if error is not None:
        raise error
