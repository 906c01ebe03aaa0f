"""Put a page together of the data of its runs, and bring it up in the place of an earlier one.

The page reads `report.js` first, which names the folders of all else. It is replaced when these are complete; folders
that it doesn't name are removed afterwards.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mathbatch.data.storage.lock import FolderLock
from mathbatch.reports.html.build import PICTURES_FILE, data_of
from mathbatch.reports.html.links import share
from mathbatch.reports.html.page import write_page
from mathbatch.reports.html.payload import Report, RunFacts
from mathbatch.reports.html.pictures import FOLDER as PICTURES
from mathbatch.reports.html.scripts import REPORT, write_script

# Folder by which a page is held while a run is at work: `report/` is mailed, and a lock names the machine.
LIVE = ".live"
# Seconds in which a process of the lowest priority puts a page in place, however busy the machine is.
PATIENCE_S = 120.0
# Files in a folder of data and among the pictures, with their drafts.
DATA = re.compile(rf"\.?(?:(?:\d{{4,}}|index|questions)\.js|{re.escape(PICTURES_FILE)})(?:\.draft)?")
PICTURE = re.compile(r"\.?[0-9a-f]{16}-(?:\d+x\d+|original)\.\w*(?:\.\d+)?")


def publish(page: Path, report: Report, also_kept: Iterable[str] = (), with_page: bool = True) -> None:
    """Write page and `report.js`, then remove data and pictures that nothing refers to.

    Without `with_page` the page itself stays as it is: somebody may be loading it. The data of an earlier page whose
    folders are named in `also_kept` stay, for those who are reading it. Raises StoreError where the disk refuses.
    """
    if with_page:
        write_page(page, report.title)
    write_script(data_of(page), REPORT, report)
    _tidy(page, {run.base for run in report.runs} | set(also_kept))


@contextmanager
def undisturbed(page: Path) -> Iterator[None]:
    """Hold a page that is rewritten while a run is at work. One that never was has nobody to be held against."""
    lock = FolderLock(page / LIVE)
    if lock.path.exists():
        lock.acquire(PATIENCE_S)
    try:
        yield
    finally:
        lock.release()


def is_whole(page: Path, facts: RunFacts) -> bool:
    """Tell whether the data of a run lie below a page."""
    folder = data_of(page) / facts.base
    names = ["index", "questions", *(f"{number:04d}" for number in (1, facts.chunks) if facts.chunks)]
    return all((folder / f"{name}.js").is_file() for name in names) and (folder / PICTURES_FILE).is_file()


def link_data(source: Path, page: Path, base: str) -> None:
    """Bring the data of a run from one page to another."""
    for entry in _entries(data_of(source) / base):
        share(Path(entry.path), data_of(page) / base / entry.name)
    for name in _pictures_in(data_of(source) / base):
        share(source / PICTURES / name, page / PICTURES / name)


def _tidy(page: Path, bases: set[str]) -> None:
    """Remove what no page needs any more, and nothing that no page has made. What can't be removed does no harm."""
    used = set[str]()
    for entry in _entries(data_of(page)):
        if entry.name in bases:
            used |= _pictures_in(Path(entry.path))
        elif entry.is_dir(follow_symlinks=False) and all(DATA.fullmatch(one.name) for one in _entries(Path(entry))):
            shutil.rmtree(entry.path, ignore_errors=True)
    for entry in _entries(page / PICTURES):
        if entry.name not in used and PICTURE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
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
