"""A look at the first rows before an engine loads: what is wrong with most of them is wrong with the configuration."""

from __future__ import annotations

import itertools
import time
from contextlib import suppress
from dataclasses import asdict

import msgspec

from mathbatch.data.loaders import FileDataLoader, MappedDataLoader
from mathbatch.data.sources import SOURCE_COLUMNS
from mathbatch.errors import ConfigError, SampleError
from mathbatch.parts import Parts
from mathbatch.records import BadRow, Row, Sample
from mathbatch.scoring.judge import Judge

GLANCE = 10_000
GLANCE_S = 1.0
"""A look ends after so many rows or so long: pictures on a slow disk would make it long."""
SHOWN = 3
MISSING = 10
"""Rows whose picture is not there, while none is: so many are no accident."""
NAMES_FROM = 100


class Glance:
    """What the first rows are like; none of them is kept, since their pictures may be in them."""

    def __init__(self, loader: object, judge: Judge | None = None) -> None:
        self.mapping = loader.mapping if isinstance(loader, MappedDataLoader) else None
        self.rows = 0
        self.bad = 0
        self.without_picture = 0
        self.with_picture = 0
        self.first_missing = ""
        self.most_images = 0
        self.reasons: list[str] = []
        self.absent: set[str] | None = None
        self.names: dict[str, None] = {}
        self._judge = judge
        self.to_judge = self.unaskable = 0
        self.unaskable_why = ""

    def look(self, row: Sample | BadRow) -> None:
        self.rows += 1
        if isinstance(row, BadRow):
            self.bad += 1
            if row.kind in ("missing_image", "image_outside_root"):
                self.without_picture += 1
                self.first_missing = self.first_missing or row.message
            if len(self.reasons) < SHOWN:
                self.reasons.append(f"{row.kind}: {row.message}")
        else:
            self.with_picture += bool(row.images)
            self.most_images = max(self.most_images, len(row.images))
            self._look_at_judge(row)
        if self.mapping is not None and row.row is not None:
            with suppress(SampleError):  # a row on which a column fails is among the bad ones
                extended = self.mapping.extended(row.row, SOURCE_COLUMNS)
                self._look_at_fields(extended, named_by_key=row.key is not None)

    def _look_at_judge(self, sample: Sample) -> None:
        """Whether it could be asked about a response to this row; the gold answer stands for the response."""
        if self._judge is None or sample.gold is None:
            return
        self.to_judge += 1
        try:
            if self._judge.takes(sample):
                self._judge.prompt(sample, sample.gold)
        except SampleError as error:
            self.unaskable += 1
            self.unaskable_why = self.unaskable_why or str(error)

    def _look_at_fields(self, row: Row, named_by_key: bool) -> None:
        assert self.mapping is not None
        if self.absent is None or self.absent:
            absent = self.mapping.absent_fields(row) - ({"index_field"} if named_by_key else set())
            self.absent = absent if self.absent is None else self.absent & absent
        if self.rows <= NAMES_FROM:
            self.names.update(dict.fromkeys(self.mapping.names_in(row)))


class Glances:
    """Looks at the first rows of each dataset once, however many jobs ask it."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int | None] = {}

    def look(self, parts: Parts) -> int | None:
        """The number of rows, where that is cheap to know. Raises ConfigError as `preflight` does."""
        config = parts.config
        key = msgspec.json.encode([asdict(config.dataset), config.loader, config.model.max_images > 0], enc_hook=str)
        if key not in self._rows:
            preflight(parts)
            self._rows[key] = parts.loader.count()
        return self._rows[key]


def look_at_fields(parts: Parts, glances: Glances) -> None:
    """Raises ConfigError for a field that is in no row, and for a judge that can't be asked: mistakes of the
    configuration. What is wrong with the rows themselves is left for later.
    """
    try:
        glances.look(parts)
    except ConfigError as error:
        if error.path.endswith(("_field", ".metadata", ".judge")):
            raise


def preflight(parts: Parts) -> None:
    """Raises ConfigError if a configured field is in no row, most rows can't be asked or judged, or the model can't
    see.
    """
    glance, deadline = Glance(parts.loader, parts.scorers.judge), time.monotonic() + GLANCE_S
    for row in itertools.islice(parts.loader, GLANCE):
        glance.look(row)
        if time.monotonic() > deadline:
            break
    if not glance.rows:
        raise _no_rows(parts)
    if glance.absent and glance.mapping is not None:
        raise glance.mapping.unknown_field(sorted(glance.absent)[0], list(glance.names))
    if glance.bad * 2 > glance.rows:
        reasons = "\n    ".join(glance.reasons)
        raise ConfigError(
            "dataset",
            f"{glance.bad} of the first {glance.rows} rows can't be asked:\n    {reasons}",
            "correct the fields of the dataset config, or the file",
        )
    if not glance.with_picture and glance.without_picture >= MISSING:
        raise ConfigError(
            "dataset.image_base_path",
            f"not one of the pictures that {glance.without_picture:,} of the first {glance.rows:,} rows name is there: "
            f"{glance.first_missing}",
            "set it to the folder that these paths start from, or dataset.image_field=null to ask without pictures",
        )
    if glance.unaskable * 2 > glance.to_judge:
        raise ConfigError(
            "dataset.scoring.judge",
            f"it can't be asked about {glance.unaskable} of the first {glance.to_judge} rows: {glance.unaskable_why}",
            "correct its prompt, a template over question, choices, gold and response, or its where",
        )
    if glance.most_images and not parts.config.model.max_images:
        raise ConfigError(
            "dataset.image_field",
            f"rows have pictures, and the model {parts.config.model.name} takes none",
            "choose another model, or set dataset.image_field=null to ask without pictures",
        )


def _no_rows(parts: Parts) -> ConfigError:
    """The file has none, or the condition lets none in."""
    dataset = parts.config.dataset
    if dataset.where is not None and isinstance(parts.loader, FileDataLoader):
        count = sum(source.count() for source in parts.loader.sources)
        if count:
            return ConfigError("dataset.where", f"it leaves out all {count:,} rows: {dataset.where}", "correct it")
    return ConfigError("dataset.input", f"{dataset.input} has no rows", "give a file with rows")
