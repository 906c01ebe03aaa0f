"""Build the data of one run for a page: its rows in chunks, their index, and the facts.

Everything goes to a folder of its own below `report/data/`, so that whoever reads another one is not disturbed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import ConfigError
from mathbatch.reports.html.chunks import RowWriter
from mathbatch.reports.html.facts import command_of, figures_of, manifest_of, metrics_of, settings_of, time_of
from mathbatch.reports.html.lengths import Lengths
from mathbatch.reports.html.page import FOLDER
from mathbatch.reports.html.payload import RunFacts
from mathbatch.reports.html.pictures import Pictures
from mathbatch.reports.html.rows import rows_of
from mathbatch.reports.html.scored_lines import sound_metrics
from mathbatch.reports.html.selection import cut_and_right, selection_of
from mathbatch.reports.html.stamp import base_of, short_name
from mathbatch.runner.components import Components
from mathbatch.runner.reopen import components_of, read_records
from mathbatch.runner.snapshot import CONFIG_FILE, last_figures, read_config

# Names the pictures that the rows of a run need, one a line.
PICTURES_FILE = "pictures.txt"
# Called for each row that was read.
OnRow = Callable[[], object]


def data_of(page: Path) -> Path:
    """Return the folder of the data for the page in a folder."""
    return page / FOLDER / "data"


def build_run(run_dir: Path, page: Path, copies: bool = False, on_row: OnRow = lambda: None) -> RunFacts:
    """Build the data of a run for the page in the folder `page`, and return its facts.

    The caller holds both folders. With `copies` the original pictures are copied beside the page. Raises ConfigError
    for a folder that is no run, StoreError for damaged answers or where the disk refuses.
    """
    run_dir, page = run_dir.absolute(), page.absolute()
    with components_of(run_dir) as components:
        return RunBuilder(components, page, copies).build(on_row)
