"""Put a page together of the data of its runs, and bring it up in the place of an earlier one.

The page reads `report.js` first, which names the folders of all else. It is replaced when these are complete; folders
that it doesn't name are removed afterwards.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mathbatch.data.storage.segments import disk_error
from mathbatch.reports.html.build import PICTURES_FILE, data_of
from mathbatch.reports.html.page import write_page
from mathbatch.reports.html.payload import Report, RunFacts
from mathbatch.reports.html.pictures import FOLDER as PICTURES
from mathbatch.reports.html.scripts import REPORT, write_script


def publish(page: Path, report: Report, also_kept: Iterable[str] = (), with_page: bool = True) -> None:
    """Write page and `report.js`, then remove data and pictures that nothing refers to.

    Without `with_page` the page itself stays as it is: somebody may be loading it. The data of an earlier page whose
    folders are named in `also_kept` stay, for those who are reading it. Raises StoreError where the disk refuses.
    """
    if with_page:
        write_page(page, report.title)
    write_script(data_of(page), REPORT, report)
    _tidy(page, {run.base for run in report.runs} | set(also_kept))


def is_whole(page: Path, facts: RunFacts) -> bool:
    """Tell whether the data of a run lie below a page."""
    folder = data_of(page) / facts.base
    names = ["index", *(f"{number:04d}" for number in (1, facts.chunks) if facts.chunks)]
    return all((folder / f"{name}.js").is_file() for name in names) and (folder / PICTURES_FILE).is_file()


def link_data(source: Path, page: Path, base: str) -> None:
    """Bring the data of a run from one page to another, as links to the same files where the disk has such."""
    _link_all(data_of(source) / base, data_of(page) / base, None)
    _link_all(source / PICTURES, page / PICTURES, _pictures_in(data_of(source) / base))


def _link_all(source: Path, target: Path, names: set[str] | None) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in sorted(os.listdir(source) if names is None else names):
            with suppress(FileExistsError, FileNotFoundError):
                _link(source / name, target / name)
    except OSError as error:
        raise disk_error(target, error) from error


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target, follow_symlinks=False)


def _tidy(page: Path, bases: set[str]) -> None:
    """Remove what no page needs any more. What can't be removed does no harm."""
    used = set[str]()
    for entry in _entries(data_of(page)):
        if entry.name in bases:
            used |= _pictures_in(Path(entry.path))
        elif entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
    for entry in _entries(page / PICTURES):
        if entry.name not in used and entry.is_file(follow_symlinks=False):
            with suppress(OSError):
                os.unlink(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _pictures_in(base: Path) -> set[str]:
    """Return the names of the pictures that the rows of a run need."""
    try:
        names = (base / PICTURES_FILE).read_text().splitlines()
    except OSError:
        return set()
    return {name for name in names if name and "/" not in name}
