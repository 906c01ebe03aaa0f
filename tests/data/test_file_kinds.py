"""Files are known by what is in them: read where a library does it, else told by their kind and what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pyarrow
import pytest
from pyarrow import feather, parquet

from mathbatch.config import DatasetConfig
from mathbatch.data.loaders import FileDataLoader
from mathbatch.errors import ConfigError
from mathbatch.records import Sample

ROWS = [{"sample_index": f"r{at}", "query_cot": f"How many are {at}?"} for at in range(3)]
LINES = "".join(f"{json.dumps(row)}\n" for row in ROWS).encode()
TABLE = b"sample_index,query_cot\n" + b"".join(f"{row['sample_index']},{row['query_cot']}\n".encode() for row in ROWS)


def loaded(path: Path) -> list[str]:
    loader = FileDataLoader(DatasetConfig(name="kinds", input=str(path), image_field=None))
    rows = list(loader)
    assert loader.count() == len(rows)
    assert all(isinstance(row, Sample) for row in rows), rows
    return [row.id for row in rows]


def as_parquet() -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), stream)
    return stream.getvalue()


READ = {
    "rows.jsonl.bz2": bz2.compress(LINES),
    "rows.jsonl.xz": lzma.compress(LINES),
    "ROWS.JSONL.GZ": gzip.compress(LINES),
    "ROWS.CSV.XZ": lzma.compress(TABLE),
    "Rows.Csv": TABLE,
    "named.csv": TABLE.replace(b"sample_index,query_cot", b"PAR1,sample_index,query_cot").replace(b"\nr", b"\n,r"),
    "packed.jsonl": gzip.compress(LINES),
    "packed.json": bz2.compress(json.dumps(ROWS).encode()),
    "rows.PARQUET": as_parquet(),
    "parquet.data": as_parquet(),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_by_what_is_in_it_whatever_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(READ[name])
    assert loaded(tmp_path / name) == ["r0", "r1", "r2"]


def as_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("rows.jsonl", LINES)
    return stream.getvalue()


def as_tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("rows.jsonl")
        member.size = len(LINES)
        archive.addfile(member, io.BytesIO(LINES))
    return stream.getvalue()


def as_arrow() -> bytes:
    stream = io.BytesIO()
    feather.write_feather(pyarrow.Table.from_pylist(ROWS), stream)
    return stream.getvalue()


def text(encoding: str, content: bytes = LINES) -> bytes:
    return content.decode().encode(encoding)


REFUSED = {
    "rows.jsonl.zip": (as_zip(), "is a ZIP archive", "unpack it"),
    "zipped.jsonl": (as_zip(), "is a ZIP archive", "unpack it"),
    "zipped.csv": (as_zip(), "is a ZIP archive", "unpack it"),
    "zipped.parquet": (as_zip(), "is a ZIP archive", "unpack it"),
    "rows.jsonl.zst": (b"\x28\xb5\x2f\xfd\x04", "is packed with zstd", "unpack it"),
    "rows.tar": (as_tar(), "is a tar archive", "unpack it"),
    "rows.tar.gz": (gzip.compress(as_tar()), "is a tar archive", "unpack it"),
    "rows.arrow": (as_arrow(), "is an Arrow file", "to_parquet"),
    "rows.parquet.gz": (gzip.compress(as_parquet()), "is a packed Parquet file", "unpack it"),
    "pointer.jsonl": (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS", "git lfs pull"),
    "pointer.parquet": (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS", "git lfs pull"),
    "utf16.jsonl": (text("utf-16"), "is UTF-16, not UTF-8", "iconv -f UTF-16 -t UTF-8"),
    "utf16.csv": (text("utf-16", TABLE), "is UTF-16, not UTF-8", "save it as UTF-8"),
    "utf16be.json": (text("utf-16-be"), "is UTF-16BE, not UTF-8", "save it as UTF-8"),
    "utf16le.csv": (text("utf-16-le", TABLE), "is UTF-16LE, not UTF-8", "save it as UTF-8"),
    "utf32.jsonl": (text("utf-32"), "is UTF-32, not UTF-8", "save it as UTF-8"),
    "utf16.jsonl.gz": (gzip.compress(text("utf-16")), "is UTF-16, not UTF-8", "save it as UTF-8"),
    "header.csv": ("编号,题目\n1,?\n".encode("gbk"), "the header of", "save it as UTF-8"),
    "cut.jsonl.bz2": (bz2.compress(LINES)[:-9], "is damaged", "get the file again"),
    "cut.jsonl.xz": (lzma.compress(LINES)[:-9], "is damaged", "get the file again"),
    "flipped.jsonl.bz2": (b"BZh9nothing of the kind", "is damaged", "get the file again"),
    "wrapped.json": (
        json.dumps({"version": 2, "data": ROWS}).encode(),
        "its rows in a list under 'data'",
        "save that list",
    ),
    "described.json": (
        json.dumps({"info": {"year": 2024}, "questions": ROWS, "n": 3}).encode(),
        "its rows in a list under 'questions'",
        "save that list",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_another_kind_is_refused_with_the_cause_and_a_remedy(name: str, tmp_path: Path) -> None:
    content, cause, remedy = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path / name)
    assert refused.value.path == "dataset.input"
    assert name in str(refused.value)
    assert cause in str(refused.value)
    assert remedy in str(refused.value).partition("fix: ")[2]


def test_a_list_in_the_place_of_one_row_costs_that_row_alone(tmp_path: Path) -> None:
    rows = {"a": ROWS[0], "b": ROWS[1], "c": ROWS[2], "d": [ROWS[0]], "e": {"query_cot": "Which?"}}
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    found = list(FileDataLoader(DatasetConfig(name="kinds", input=str(tmp_path / "rows.json"), image_field=None)))
    assert [isinstance(row, Sample) for row in found] == [True, True, True, False, True]
