"""Build the data of one run for a page: its rows in chunks, their index, and the facts.

Everything goes to a folder of its own below `report/data/`, so that whoever reads another one is not disturbed.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mathbatch.data.counts import Counts
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import MathBatchError
from mathbatch.reports.html.chunks import RowWriter
from mathbatch.reports.html.facts import counted_figures, facts_of, manifest_of
from mathbatch.reports.html.lengths import Lengths
from mathbatch.reports.html.page import FOLDER
from mathbatch.reports.html.payload import RunFacts
from mathbatch.reports.html.pictures import FOLDER as PICTURES
from mathbatch.reports.html.pictures import Pictures
from mathbatch.reports.html.rows import ReportRow, rows_of
from mathbatch.reports.html.scored_lines import metrics_of_answers
from mathbatch.reports.html.selection import MOST_ROWS, Selection, cut_and_right, selection_of
from mathbatch.reports.html.source import Source
from mathbatch.reports.html.stamp import base_of, short_name

# Names the pictures that the rows of a run need, one a line.
PICTURES_FILE = "pictures.txt"
# Other runs' pages in which thumbnails are looked for.
OTHER_PAGES = 4
# Called for each row that was read.
OnRow = Callable[[], object]


def data_of(page: Path) -> Path:
    """Return the folder of the data for the page in a folder."""
    return page / FOLDER / "data"


def build_run(
    source: Source,
    page: Path,
    *,
    copies: bool = False,
    base: str | None = None,
    on_row: OnRow = lambda: None,
    most: int = MOST_ROWS,
) -> RunFacts:
    """Build the data of a run for the page in the folder `page`, and return its facts.

    They go to `<page>/report/data/<base>`; by default that is named for all that they depend on. With `copies` the
    original pictures are copied beside the page. Of more than `most` rows there is a selection. The caller holds both
    folders, unless the run is growing. Rows that can't be read are told in the facts. Raises StoreError where the disk
    refuses.
    """
    run_dir, page, dataset = source.run_dir, page.absolute(), source.config.dataset
    metrics = metrics_of_answers(run_dir)
    facts = located(facts_of(run_dir, source.config, source.settings, metrics), run_dir, page, copies)
    facts.base = base or base_of(run_dir, source.settings, copies)
    decoder = ImageDecoder(int(dataset.image_max_megapixels * 1e6), int(dataset.image_max_mib * 2**20))
    with closing(Pictures(page, run_dir, decoder, copies, _other_pages(run_dir, page))) as pictures:
        builder = _Builder(facts, RowWriter(data_of(page), facts.base, dataset.metadata, pictures, source.hidden))
        for found in _read_rows(source, builder, metrics, most):
            on_row()
            builder.add(found)
        builder.finish()
        with atomic_write(data_of(page) / facts.base / PICTURES_FILE) as stream:
            stream.write("".join(f"{name}\n" for name in sorted(pictures.used)).encode())
    return facts


def _other_pages(run_dir: Path, page: Path) -> list[Path]:
    """Return pages over the same dataset that may have thumbnails of its pictures, those written last first."""
    found = run_dir.parent.parent.parent.glob(f"*/{glob.escape(run_dir.parent.name)}/*/{PICTURES}")
    folders = [folder for folder in found if folder.is_dir() and folder != page / PICTURES]
    return [folder.parent.parent for folder in sorted(folders, key=os.path.getmtime)[: -1 - OTHER_PAGES : -1]]


def located(facts: RunFacts, run_dir: Path, page: Path, copies: bool) -> RunFacts:
    """Return the facts of a run with its place as it is seen from the folder `page`."""
    facts.key, facts.folder = short_name(run_dir), os.path.relpath(run_dir, page)
    facts.originals = "" if copies or page == run_dir else quote(f"{facts.folder}/", errors="surrogateescape")
    return facts


class _Builder:
    """Takes the rows of a run, counts them, and has those written that are selected."""

    def __init__(self, facts: RunFacts, writer: RowWriter) -> None:
        self.facts, self.selection = facts, Selection()
        self._writer, self._lengths, self._counts = writer, Lengths(), Counts()
        self._begun = 0

    def add(self, found: ReportRow) -> None:
        """Count a row, and write it if it has an answer or a failure, and is selected."""
        self.facts.rows += 1
        for record in filter(None, found.records):
            self._lengths.add(record, found.verdict_of(record))
            self._counts.add(record)
        if found.is_begun:
            self._begun += 1
            if self.selection.takes(found):
                self._writer.add(found)

    def finish(self) -> None:
        """Write what is left, and complete the facts."""
        self._writer.finish()
        facts, counts = self.facts, self._counts
        facts.lengths, facts.included, facts.chunks = self._lengths.histogram(), self._writer.rows, self._writer.chunks
        facts.selection = self.selection.sentence(facts.included, facts.rows)
        if facts.selection is None and self._begun < facts.rows:
            facts.selection = f"{self._begun:,} of {facts.rows:,} rows have been answered so far, or have failed"
        facts.failures = dict(counts.kinds.most_common())
        if facts.status != "complete":  # else the manifest has told
            facts.figures = counted_figures(facts.figures, counts, facts.rows * facts.rollouts)


def _read_rows(source: Source, builder: _Builder, metrics: dict[str, Any] | None, most: int) -> Iterator[ReportRow]:
    """Yield the rows of a run as far as they can be read; why no further goes to the facts."""
    scores = None if metrics is None else source.run_dir
    cut = cut_and_right(metrics, manifest_of(source.run_dir))
    try:
        with source.opened() as components:
            builder.selection = selection_of(components, scores, cut, most)
            yield from rows_of(components, scores)
    except MathBatchError as error:
        told = str(error).replace(str(source.run_dir), source.run_dir.name)  # its place is nobody else's business
        builder.facts.problem = f"rows can't be shown: {told}"
