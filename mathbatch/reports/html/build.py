"""Build the data of one run for a page: its rows in chunks, their index, and the facts.

Everything goes to a folder of its own below `report/data/`, so that whoever reads another one is not disturbed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import MathBatchError
from mathbatch.reports.html.chunks import RowWriter
from mathbatch.reports.html.facts import facts_of, manifest_of
from mathbatch.reports.html.lengths import Lengths
from mathbatch.reports.html.page import FOLDER
from mathbatch.reports.html.payload import RunFacts
from mathbatch.reports.html.pictures import Pictures
from mathbatch.reports.html.rows import ReportRow, rows_of
from mathbatch.reports.html.scored_lines import sound_metrics
from mathbatch.reports.html.selection import Selection, cut_and_right, selection_of
from mathbatch.reports.html.stamp import base_of, short_name
from mathbatch.runner.components import Components
from mathbatch.runner.reopen import components_of, read_records
from mathbatch.runner.snapshot import read_snapshot

# Names the pictures that the rows of a run need, one a line.
PICTURES_FILE = "pictures.txt"
# Called for each row that was read.
OnRow = Callable[[], object]


def data_of(page: Path) -> Path:
    """Return the folder of the data for the page in a folder."""
    return page / FOLDER / "data"


def build_run(
    run_dir: Path, page: Path, *, copies: bool = False, base: str | None = None, on_row: OnRow = lambda: None
) -> RunFacts:
    """Build the data of a run for the page in the folder `page`, and return its facts.

    They go to `<page>/report/data/<base>`; by default that is named for all that they depend on. With `copies` the
    original pictures are copied beside the page. The caller holds both folders. Rows that can't be read are told in the
    facts. Raises ConfigError for a folder that is no run, StoreError where the disk refuses.
    """
    run_dir, page = run_dir.absolute(), page.absolute()
    composed, _ = read_snapshot(run_dir)
    config: Config = typed(composed, is_new=False)
    metrics = sound_metrics(run_dir)
    facts = located(facts_of(run_dir, config, composed, metrics), run_dir, page, copies)
    facts.base = base or base_of(run_dir, copies)
    dataset = config.dataset
    decoder = ImageDecoder(int(dataset.image_max_megapixels * 1e6), int(dataset.image_max_mib * 2**20))
    with closing(Pictures(page, run_dir, decoder, copies)) as pictures:
        builder = _Builder(facts, RowWriter(data_of(page), facts.base, dataset.metadata, pictures))
        for found in _read_rows(run_dir, builder, None if metrics is None else run_dir):
            on_row()
            builder.add(found)
        builder.finish()
        with atomic_write(data_of(page) / facts.base / PICTURES_FILE) as stream:
            stream.write("".join(f"{name}\n" for name in sorted(pictures.used)).encode())
    return facts


def located(facts: RunFacts, run_dir: Path, page: Path, copies: bool) -> RunFacts:
    """Return the facts of a run with its place as it is seen from the folder `page`."""
    facts.key, facts.folder = short_name(run_dir), os.path.relpath(run_dir, page)
    facts.originals = "" if copies or page == run_dir else quote(f"{facts.folder}/", errors="surrogateescape")
    return facts


class _Builder:
    """Takes the rows of a run, counts them, and has those written that are selected."""

    def __init__(self, facts: RunFacts, writer: RowWriter) -> None:
        self.facts, self.selection = facts, Selection()
        self._writer, self._lengths = writer, Lengths()

    def add(self, found: ReportRow) -> None:
        """Count a row, and write it if somebody has begun it and it is selected."""
        facts = self.facts
        facts.rows += 1
        for record in found.records:
            if record is not None:
                self._lengths.add(record, found.verdict_of(record))
                if record.failure is not None:
                    facts.failures[record.failure.kind] = facts.failures.get(record.failure.kind, 0) + 1
        if found.is_begun and self.selection.takes(found):
            self._writer.add(found)

    def finish(self) -> None:
        """Write what is left, and complete the facts."""
        self._writer.finish()
        facts = self.facts
        facts.lengths, facts.included, facts.chunks = self._lengths.histogram(), self._writer.rows, self._writer.chunks
        facts.selection = self.selection.sentence(facts.included, facts.rows)
        if facts.selection is None and facts.included < facts.rows:
            facts.selection = f"{facts.included:,} of {facts.rows:,} rows have an answer so far, or have failed"


def _read_rows(run_dir: Path, builder: _Builder, scores: Path | None) -> Iterator[ReportRow]:
    """Yield the rows of a run as far as they can be read; why no further goes to the facts."""
    try:
        with components_of(run_dir) as components:
            read_records(components)
            with closing(components.saver):
                builder.selection = _selected(components, scores)
                yield from rows_of(components, scores)
    except MathBatchError as error:
        builder.facts.problem = f"rows can't be shown: {error}"


def _selected(components: Components, scores: Path | None) -> Selection:
    metrics = None if scores is None else sound_metrics(scores)
    return selection_of(components, scores, cut_and_right(metrics, manifest_of(components.run_dir)))
