"""Bring rows to the types of JSON before anything is asked, so that what was answered can be written."""

from __future__ import annotations

from typing import Any

import msgspec

from mathbatch.records import RawRow, Row

# Errors of values that Python or JSON can't represent, such as a text that is not UTF-8 or a year beyond 9999.
VALUE_ERRORS = (ValueError, TypeError, LookupError, ArithmeticError, NotImplementedError)
_encode = msgspec.json.Encoder().encode


def plain(row: Row) -> Row:
    """Return the row with values of the types of JSON, or bytes.

    Times and durations become text as in ISO 8601, decimals and UUIDs text, and values of NumPy those of Python. Raise
    TypeError for any other type.
    """
    return msgspec.to_builtins(row, builtin_types=(bytes,), str_keys=True, enc_hook=plain_value)  # type: ignore[no-any-return]


def plain_value(value: Any) -> Any:
    """Return a value of a type that msgspec doesn't know as one that it does. Raise TypeError for any other type."""
    for convert in ("isoformat", "tolist"):  # times of pandas, values of NumPy
        if hasattr(value, convert):
            return getattr(value, convert)()
    raise TypeError(f"a {type(value).__name__} can't be written as JSON")


def writable_row(raw: RawRow) -> RawRow:
    """Return a row of somebody's own loader as one that can be written, or the reason why it can't."""
    if raw.row is None or None in raw.row:
        return raw
    try:
        row = plain(raw.row)
        _encode(row)
    except VALUE_ERRORS as error:
        return RawRow(raw.number, raw.key, None, f"it can't be written: {error}", raw.place, raw.columns)
    return RawRow(raw.number, raw.key, row, raw.problem, raw.place, raw.columns)
