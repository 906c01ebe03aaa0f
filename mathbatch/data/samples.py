"""Read what a loader yields, and check it where the loader is of a user's own class."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from mathbatch.base import BaseDataLoader
from mathbatch.data.rows.ids import SeenIds
from mathbatch.errors import MathBatchError
from mathbatch.parts.checks import checked, shown, writable
from mathbatch.parts.faults import PartError, is_ours, raised, returned
from mathbatch.records import BadRow, Sample

_encode = msgspec.json.Encoder().encode


def samples_of(loader: BaseDataLoader) -> Iterator[Sample | BadRow]:
    """Yield all rows of a loader; a row with the id of an earlier one becomes a BadRow.

    Raise PartError for what is no proper Sample or BadRow, and for an error that the loader raises.
    """
    return iter(loader) if is_ours(loader) else _checked_samples(loader)


def _checked_samples(loader: BaseDataLoader) -> Iterator[Sample | BadRow]:
    number, seen = 0, SeenIds(lambda before: _ids(loader, before))
    try:
        for number, row in enumerate(loader, 1):
            found = _checked(row, loader, number)
            if isinstance(found, Sample) and not seen.add(found.id, number):
                found = _duplicate(found, number)
            yield found
    except MathBatchError:
        raise
    except (Exception, SystemExit) as error:
        raise PartError(raised(loader, "__iter__", error).sentence(f", at row {number + 1}")) from error


def _checked(row: object, loader: BaseDataLoader, number: int) -> Sample | BadRow:
    about = f", as row {number}"
    if not isinstance(row, Sample | BadRow):
        raise PartError(
            returned(loader, "__iter__", f"{shown(row)}, not a Sample or BadRow", "yielded").sentence(about)
        )
    found = checked(row, type(row), loader, "__iter__", "yielded", about)
    if found.id != writable(found.id):
        what = "an id with half a surrogate pair, which can't be written"
        raise PartError(returned(loader, "__iter__", what, "yielded").sentence(about))
    return found if isinstance(found, BadRow) else _writable(found, number)


def _writable(sample: Sample, number: int) -> Sample | BadRow:
    """Return the sample, or a BadRow if results could not hold its row."""
    try:
        _encode([sample.row, sample.gold, sample.metadata, sample.group])
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"row {number}: it can't be written as JSON: {error}"
        return BadRow(sample.id, sample.row_number, None, "unwritable_row", message, sample.key)
    return sample


def _ids(loader: BaseDataLoader, before: int) -> Iterator[str]:
    return (row.id for row in itertools.islice(loader, before - 1) if isinstance(row, Sample))


def _duplicate(sample: Sample, number: int) -> BadRow:
    return BadRow(
        id=f"<row {number}>",
        row_number=sample.row_number,
        row=sample.row,
        kind="duplicate_id",
        message=f"row {number}: id '{sample.id}' is also that of an earlier row",
        key=sample.key,
    )
