"""List files and settings that are bad or only look so."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

from support.bad_inputs.case import (
    BAD,
    UNREADABLE,
    Answered,
    Case,
    Failed,
    Refused,
    dumped,
    healthy,
    lines,
    raw_field,
    refused,
)


def array(bad: bytes, order: str = "ab!cd", opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening + b",\n".join(bad if id == "!" else dumped(healthy(id)) for id in order) + closing


def members(bad: bytes, order: str = "ab!cd") -> bytes:
    """Return an object of rows; `bad` is a whole member, name and all."""
    return (
        b"{" + b",\n".join(bad if id == "!" else b'"%s": ' % id.encode() + dumped(healthy(id)) for id in order) + b"}"
    )


def truncated_late(folder: Path) -> bytes:
    """Many more rows than are looked at before a run."""
    rows = (dumped({"sample_index": at, "query_cot": "What?", "image": None}) for at in range(30_000))
    return gzip.compress(b"\n".join(rows), 1)[:-100]


def document(name: str, content: bytes, outcome: Failed | Refused | Answered) -> Case:
    """Return the case of a JSON file that is not JSON Lines."""
    return Case(name, content, outcome, input="rows.json")


def folder_as_input(folder: Path) -> bytes:
    (folder / "folder.jsonl").mkdir()
    return b""


ROW = dumped({"sample_index": BAD, "query_cot": "What?"})


LOST = Failed("unreadable_row", "nothing after it can be read", order="ab!", id=None)


LOST_AT_END = Failed("unreadable_row", "row 5", order="abcd!", id=None)


DOCUMENTS = [
    document("array", array(ROW), Answered()),
    document("array broken in the middle", array(b'{"sample_index" "bad"}'), LOST),
    document("array without a comma", array(ROW).replace(b",\n" + ROW, ROW), LOST),
    document("array that ends in a row", array(b'{"sample_index": "ba', order="ab!", closing=b""), LOST),
    document("array that ends in a string with a brace", array(b'{"a": "}', order="ab!", closing=b""), LOST),
    document("array that ends between rows", array(b"", order="abcd!", closing=b""), LOST_AT_END),
    document("array without an end", array(b"", order="abcd", closing=b""), LOST_AT_END),
    document("array with a trailing comma", array(b"", order="abcd!"), LOST_AT_END),
    document("array with another after it", array(b"", order="abcd") + array(ROW), LOST_AT_END),
    document("array of brackets", array(b"[" * 100_000), LOST),
    document("array with an integer of 5,000 digits", array(raw_field("x", b"1" * 5000)), LOST),
    document("number in an array", array(b"1.5e+3"), UNREADABLE),
    document("list in an array", array(b"[1]"), UNREADABLE),
    document("null in an array", array(b"null"), UNREADABLE),
    document("invalid UTF-8 in an array", array(raw_field("x", b'"\xff"')), UNREADABLE),
    document("half a surrogate pair in an array", array(raw_field("x", rb'"\ud800"')), UNREADABLE),
    document("NaN in an array", array(raw_field("x", b"[NaN, -Infinity]")), Answered({"x": [None, None]})),
    document("BOM before an array", codecs.BOM_UTF8 + array(ROW), Answered()),
    document("blanks around an array", b" \r\n\t" + array(ROW) + b"\n\n \n", Answered()),
    document("JSON Lines named .json", lines(ROW), Answered()),
    document("object by id", members(b'"bad": {"query_cot": "What?"}'), Answered()),
    document("BOM before an object", codecs.BOM_UTF8 + members(b'"bad": ' + ROW), Answered()),
    document("number in an object", members(b'"bad": 7'), UNREADABLE),
    document("half a surrogate pair as a key", members(rb'"\ud800": {"query_cot": "What?"}'), UNREADABLE),
    document("number as a key", members(b"7: " + ROW), LOST),
    document("object without a colon", members(b'"bad" ' + ROW), LOST),
    document("object that ends in a row", members(b'"bad": {', order="ab!")[:-1], LOST),
    document("number as a document", b"17", refused("dataset", "starts with '1'")),
    document("HTML as a document", b"<html>", refused("dataset", "starts with '<'")),
    document("empty document", b"", refused("dataset.input", "has no rows")),
    document("empty array", b"[ ]", refused("dataset.input", "has no rows")),
    document("empty object", b"{}", refused("dataset.input", "has no rows")),
]


NO_PROMPT = refused("dataset.query_field", "'query_cott'", "did you mean 'query_cot'?")


FILES = [
    Case("gzip", gzip.compress(lines(ROW)), Answered(), input="rows.jsonl.gz"),
    Case("gzip of an array", gzip.compress(array(ROW)), Answered(), input="rows.json.gz"),
    Case(
        "truncated gzip", gzip.compress(lines(ROW))[:-9], refused("dataset.input", "is damaged"), input="rows.jsonl.gz"
    ),
    Case(
        "truncated gzip of an array",
        gzip.compress(array(ROW))[:-30],
        refused("dataset.input", "rows.json.gz is damaged"),
        input="rows.json.gz",
    ),
    Case(
        "no gzip at all",
        lines(ROW),
        refused("dataset.input", "is damaged", "Not a gzipped file"),
        input="rows.jsonl.gz",
    ),
    Case("array that is no gzip at all", array(ROW), refused("dataset.input", "is damaged"), input="rows.json.gz"),
    Case(
        "gzip with a flipped bit",
        gzip.compress(lines(ROW))[:40] + b"?" + gzip.compress(lines(ROW))[41:],
        refused("dataset.input", "is damaged"),
        input="rows.jsonl.gz",
    ),
    Case(
        "gzip truncated far from its start",
        truncated_late,
        refused("dataset.input", "is damaged"),
        input="rows.jsonl.gz",
    ),
    Case("empty gzip", b"", refused("dataset.input", "has no rows"), input="rows.jsonl.gz"),
    Case("empty file", b"", refused("dataset.input", "has no rows")),
    Case("blank lines only", b"\n\n  \n", refused("dataset.input", "has no rows")),
    Case(
        "folder as input",
        folder_as_input,
        refused("dataset.input", "folder.jsonl is a folder"),
        ("dataset.input=folder.jsonl",),
    ),
    Case(
        "missing file",
        lines(ROW),
        refused("dataset.input", "rowz.jsonl", "did you mean 'rows.jsonl'?"),
        ("dataset.input=rowz.jsonl",),
    ),
    Case(
        "missing folder of the file",
        lines(ROW),
        refused("dataset.input", "no/rows.jsonl"),
        ("dataset.input=no/rows.jsonl",),
    ),
    Case(
        "file that only links to itself",
        lambda folder: (folder / "x.jsonl").symlink_to("x.jsonl") or b"",
        refused("dataset.input", "x.jsonl"),
        ("dataset.input=x.jsonl",),
    ),
    Case(
        "missing folder of the pictures",
        lines(ROW),
        refused("dataset.image_base_path", "/no"),
        ("dataset.image_base_path=no",),
    ),
    Case("prompt field that no row has", lines(ROW), NO_PROMPT, ("dataset.query_field=query_cott",)),
    Case(
        "id field that no row has",
        lines(ROW),
        refused("dataset.index_field", "did you mean 'sample_index'?", "dataset.index_field=null"),
        ("dataset.index_field=sample_idx",),
    ),
    Case(
        "picture field that no row has",
        lines(ROW),
        refused("dataset.image_field", "did you mean 'image'?", "dataset.image_field=null"),
        ("dataset.image_field=imagee",),
    ),
    Case(
        "gold field that no row has",
        lines(ROW),
        refused("dataset.answer_field", "valid names"),
        ("dataset.answer_field=gold",),
    ),
    Case(
        "answers in the place of the prompt",
        lines(ROW),
        refused("dataset.response_field", "'query_cot' is in use by dataset.query_field"),
        ("dataset.response_field=query_cot",),
    ),
    Case(
        "answers in the place of what a template reads",
        lines(ROW),
        refused("dataset.response_field", "'query_cot' is in use by dataset.prompt"),
        ("dataset.prompt='Say {{ query_cot }}'", "dataset.response_field=query_cot"),
    ),
    Case("file in UTF-16", lines(ROW).decode().encode("utf-16"), refused("dataset.input", "is UTF-16, not UTF-8")),
    Case("bad rows only", lines(b"x", order="!!!"), refused("dataset", "3 of the first 3 rows", "row 1")),
]
