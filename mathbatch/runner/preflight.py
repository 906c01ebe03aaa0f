"""Look at the first rows before an engine loads: what is wrong with most of them is wrong with the configuration."""

from __future__ import annotations

import itertools
import time
from contextlib import suppress
from dataclasses import asdict

import msgspec

from mathbatch.data.loaders import FileDataLoader, MappedDataLoader
from mathbatch.data.rows.sources import SOURCE_COLUMNS
from mathbatch.data.samples import samples_of
from mathbatch.errors import ConfigError, SampleError
from mathbatch.parts.checks import whole_number
from mathbatch.records import BadRow, Row, Sample
from mathbatch.runner.components import Components
from mathbatch.scoring.judge import Judge

# The look ends after so many rows or so long: images on a slow disk would make it long.
ROWS_LOOKED_AT = 10_000
LOOK_S = 1.0
REASONS_SHOWN = 3
# If no image at all is found and this many rows miss theirs, the image folder is wrong.
ROWS_MISSING = 10
ROWS_GIVING_NAMES = 100


class FirstRowCounts:
    """Counts what the first rows are like; none of them is kept, since their images may be in them."""

    def __init__(self, loader: object, judge: Judge | None = None) -> None:
        self.mapping = loader.mapping if isinstance(loader, MappedDataLoader) else None
        self.rows = 0
        self.bad = 0
        self.without_image = 0
        self.with_image = 0
        self.first_missing = ""
        self.most_images = 0
        self.reasons: list[str] = []
        self.absent: set[str] | None = None
        self.names: dict[str, None] = {}
        self._judge = judge
        self.to_judge = self.unaskable = 0
        self.unaskable_why = ""

    def look(self, row: Sample | BadRow) -> None:
        """Count one more row."""
        self.rows += 1
        if isinstance(row, BadRow):
            self.bad += 1
            if row.kind in ("missing_image", "image_outside_root"):
                self.without_image += 1
                self.first_missing = self.first_missing or row.message
            if len(self.reasons) < REASONS_SHOWN:
                self.reasons.append(f"{row.kind}: {row.message}")
        else:
            self.with_image += bool(row.images)
            self.most_images = max(self.most_images, len(row.images))
            self._look_at_judge(row)
        if self.mapping is not None and row.row is not None:
            with suppress(SampleError):  # a row on which a column fails is among the bad ones
                extended = self.mapping.extended(row.row, SOURCE_COLUMNS)
                self._look_at_fields(extended, named_by_key=row.key is not None)

    def _look_at_judge(self, sample: Sample) -> None:
        """Note whether the judge could be asked about this row; the gold answer stands for the response."""
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
        if self.rows <= ROWS_GIVING_NAMES:
            self.names.update(dict.fromkeys(self.mapping.names_in(row)))


class Preflight:
    """Checks the first rows of each dataset once, however many jobs ask for it."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int | None] = {}
        self._most_images: dict[bytes, int] = {}

    def check(self, components: Components) -> int | None:
        """Return the number of rows, where that is cheap to know. Raises ConfigError as `check_first_rows` does."""
        key = _key(components)
        if key not in self._rows:
            self._most_images[key] = check_first_rows(components)
            count = components.loader.count()
            self._rows[key] = None if count is None else whole_number(count, components.loader, "count", at_least=0)
        return self._rows[key]

    def most_images(self, components: Components) -> int:
        """Return the largest number of images in one of the first rows, 0 if these were found wrong or not checked."""
        return self._most_images.get(_key(components), 0)

    def check_fields(self, components: Components) -> None:
        """Raise ConfigError for a field that is in no row, a judge that can't be asked, a hub dataset that isn't there.

        These are mistakes of the configuration. What is wrong with the rows themselves is left for later.
        """
        try:
            self.check(components)
        except ConfigError as error:
            if error.path.endswith(("_field", ".metadata", ".judge", ".hub")):
                raise


def _key(components: Components) -> bytes:
    """Identify what the look depends on."""
    config = components.config
    return msgspec.json.encode([asdict(config.dataset), config.loader, config.model.max_images > 0], enc_hook=str)


def check_first_rows(components: Components) -> int:
    """Return the largest number of images in a row.

    Raises ConfigError if a field is in no row, most rows can't be asked or judged, or the model can't see.
    """
    found, deadline = FirstRowCounts(components.loader, components.scorers.judge), time.monotonic() + LOOK_S
    for row in itertools.islice(samples_of(components.loader), ROWS_LOOKED_AT):
        found.look(row)
        if time.monotonic() > deadline:
            break
    if not found.rows:
        raise _no_rows(components)
    if found.absent and found.mapping is not None:
        raise found.mapping.unknown_field(sorted(found.absent)[0], list(found.names))
    if found.bad * 2 > found.rows:
        reasons = "\n    ".join(found.reasons)
        raise ConfigError(
            "dataset",
            f"{found.bad} of the first {found.rows} rows can't be asked:\n    {reasons}",
            "correct the fields of the dataset config, or the file",
        )
    if not found.with_image and found.without_image >= ROWS_MISSING:
        raise ConfigError(
            "dataset.image_base_path",
            f"not one of the pictures that {found.without_image:,} of the first {found.rows:,} rows name is there: "
            f"{found.first_missing}",
            "set it to the folder that these paths start from, or dataset.image_field=null to ask without pictures",
        )
    if found.unaskable * 2 > found.to_judge:
        raise ConfigError(
            "dataset.scoring.judge",
            f"it can't be asked about {found.unaskable} of the first {found.to_judge} rows: {found.unaskable_why}",
            "correct its prompt, a template over question, choices, gold and response, or its where",
        )
    if found.most_images and not components.config.model.max_images:
        raise ConfigError(
            "dataset.image_field",
            f"rows have pictures, and the model {components.config.model.name} takes none",
            "choose another model, or set dataset.image_field=null to ask without pictures",
        )
    return found.most_images


def _no_rows(components: Components) -> ConfigError:
    """Return the error for a file without rows, or for a condition that lets none in."""
    dataset = components.config.dataset
    if dataset.where is not None and isinstance(components.loader, FileDataLoader):
        count = sum(source.count() for source in components.loader.sources)
        if count:
            return ConfigError("dataset.where", f"it leaves out all {count:,} rows: {dataset.where}", "correct it")
    return ConfigError("dataset.input", f"{dataset.input} has no rows", "give a file with rows")
