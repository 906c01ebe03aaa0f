"""Read rows as a stream from files, by their suffix, and from datasets of the Hugging Face hub."""

from __future__ import annotations

import csv
import glob
import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from mathbatch.config import DatasetConfig
from mathbatch.config.paths import locate
from mathbatch.data.rows.arrow import arrow_rows, repeated_name
from mathbatch.data.rows.files import (
    PARQUET_START,
    first_bytes,
    is_json_lines,
    open_input,
    refuse_unreadable,
    unpacked_name,
)
from mathbatch.data.rows.hub_dataset import load_split
from mathbatch.data.rows.json_stream import RowsWithin, read_rows
from mathbatch.errors import ConfigError, nearest
from mathbatch.records import RawRow, Row

# Rows of a Parquet file or a hub dataset that are in memory at a time. Few, since each may hold an image.
BATCH = 16
# Files of the system in which the environment stands, with its secrets.
PROCESSES = "/proc"
CSV_DIALECTS = {".csv": ",", ".tsv": "\t"}
# Columns that sources add to their rows if the dataset config mentions them, with values of the right types.
SOURCE_COLUMNS: Row = {"_file": "", "_config": "", "_split": "", "_row": 0}
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
# Longest cell of a table, in characters. Python's default of 128 KiB is too small for images in base64.
MAX_CELL = 1 << 28
csv.field_size_limit(MAX_CELL)


class Source(ABC):
    """One file, or one split of a hub dataset. `name` is for messages, `columns` are added to each of its rows."""

    name: str
    columns: Row

    @abstractmethod
    def rows(self) -> Iterator[RawRow]:
        """Yield all rows, numbered from 1. Every call starts at the first row."""

    @abstractmethod
    def count(self) -> int:
        """Return the number of rows."""


class JsonSource(Source):
    """JSON Lines, a JSON array of rows, or a JSON object of rows keyed by id; each also packed."""

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.columns = path, str(path), {"_file": _stem(path)}

    def rows(self) -> Iterator[RawRow]:
        with open_input(self.path) as stream:
            try:
                yield from read_rows(stream, json_lines=is_json_lines(self.path))
            except RowsWithin as error:
                problem = f"{self.path} has its rows in a list under '{error.key}'"
                raise ConfigError("dataset.input", problem, "save that list as a file of its own") from error

    def count(self) -> int:
        """Count the lines of a JSON Lines file, or parse any other file to its end."""
        with open_input(self.path) as stream:
            if is_json_lines(self.path):
                return sum(1 for line in stream if not line.isspace())
        return sum(1 for _ in self.rows())


class TableSource(Source):
    """CSV or TSV with a header line, also packed. Cells are text. A line with too few or too many is a bad row."""

    def __init__(self, path: Path, separator: str) -> None:
        self.path, self.name, self.columns = path, str(path), {"_file": _stem(path)}
        self._separator = separator

    def rows(self) -> Iterator[RawRow]:
        with open_input(self.path) as stream:
            text = io.TextIOWrapper(cast(Any, stream), "utf-8-sig", errors="surrogateescape", newline="")
            lines = csv.reader(text, delimiter=self._separator, strict=True)
            header = self._header(lines)
            number = 0
            while True:
                begins = lines.line_num + 1
                try:
                    cells = next(lines)
                except StopIteration:
                    break
                except csv.Error as error:
                    number += 1
                    yield RawRow(number, None, None, f"line {begins} and what follows: {error}")
                    continue
                if cells:
                    number += 1
                    yield _table_row(number, header, cells)
            text.detach()  # else it would close the stream of its owner

    def count(self) -> int:
        return sum(1 for _ in self.rows())

    def _header(self, lines: Iterator[list[str]]) -> list[str]:
        try:
            header = next(lines, [])
            "".join(header).encode()
        except csv.Error as error:
            raise ConfigError("dataset.input", f"the header of {self.path}: {error}", "correct the file") from error
        except UnicodeEncodeError as error:
            raise ConfigError("dataset.input", f"the header of {self.path} is not UTF-8", "save it as UTF-8") from error
        for name in header:
            if header.count(name) > 1:
                raise _column_twice(self.path, name)
        return header


class ParquetSource(Source):
    """Parquet file; images may be embedded as {"bytes", "path"}, as in datasets of the hub."""

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.columns = path, str(path), {"_file": _stem(path)}

    def rows(self) -> Iterator[RawRow]:
        with self._open() as file:
            yield from arrow_rows(file.iter_batches(batch_size=BATCH))

    def count(self) -> int:
        with self._open() as file:
            return int(file.metadata.num_rows)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise ConfigError("dataset.input", "Parquet files need pyarrow", "pip install 'mathbatch[hub]'") from error
        try:
            with parquet.ParquetFile(self.path) as file:
                if (name := repeated_name(file.schema_arrow)) is not None:
                    raise _column_twice(self.path, name)
                yield file
        except (pyarrow.ArrowException, OSError) as error:
            refuse_unreadable(self.path, first_bytes(self.path).removeprefix(PARQUET_START))
            raise ConfigError("dataset.input", f"{self.path} is damaged: {error}", "get the file again") from error


class HubSource(Source):
    """One split of one configuration of a hub dataset or a local folder, read and cached by the library `datasets`.

    `elsewhere` names another place to get the dataset from, for messages.
    """

    def __init__(self, path: str, config: str | None, split: str, revision: str | None, elsewhere: str | None) -> None:
        self._arguments: dict[str, Any] = {"path": path, "config": config, "split": split, "revision": revision}
        self.name = f"{path}, {f'configuration {config}, ' if config else ''}split {split}"
        self.columns = {"_config": config or "default", "_split": split}
        self._elsewhere = "files that you have" if elsewhere is None else f"where you have {elsewhere}"
        self._loaded: Any = None

    def rows(self) -> Iterator[RawRow]:
        yield from arrow_rows(self._dataset().with_format("arrow").iter(batch_size=BATCH))  # images stay encoded

    def count(self) -> int:
        return len(self._dataset())

    def _dataset(self) -> Any:
        if self._loaded is None:
            self._loaded = load_split(**self._arguments, elsewhere=self._elsewhere)
        return self._loaded


def sources_of(dataset: DatasetConfig) -> list[Source]:
    """Return the sources that the dataset config names. Raise ConfigError if one isn't there or can't be read."""
    if dataset.input is not None:
        return [_file_source(path) for path in find_inputs(dataset)]
    hub = dataset.hub
    if hub.path is None:
        raise ConfigError("dataset.input", "has no value", "give it on the command line: dataset.input=rows.jsonl")
    return [
        HubSource(hub.path, config, split, hub.revision, dataset.source)
        for config in ([None] if hub.config is None else as_names(hub.config))
        for split in as_names(hub.split) or ["test"]
    ]


def find_inputs(dataset: DatasetConfig) -> list[Path]:
    """Return the files of `dataset.input`: a path, a glob, or a list of them. Raise ConfigError if there are none."""
    return [path for value in as_names(dataset.input) for path in _find(value, dataset.source)]


def as_names(value: Any) -> list[str]:
    """Return a config value that is one name, a list of names or null as a list of names."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _find(value: str, source: str | None) -> list[Path]:
    path = locate(value, "dataset.input")
    if path.is_file():
        return [path.absolute()]
    if glob.has_magic(str(path)):
        files = [Path(name).absolute() for name in sorted(glob.glob(str(path), recursive=True)) if Path(name).is_file()]
        if files:
            return files
    if path.is_dir():
        raise ConfigError("dataset.input", f"{path.absolute()} is a folder", "name the file in it")
    beside = [entry.name for entry in path.parent.glob("*") if entry.is_file() and _is_known(entry)]
    hint = nearest(path.name, beside) if beside else "correct the path"
    if source is not None:
        hint = f"get it from {source}, or set dataset.input to where you have it"
    raise ConfigError("dataset.input", f"there is no file {path.absolute()}", hint)


def _file_source(path: Path) -> Source:
    if path.resolve().is_relative_to(PROCESSES):
        problem = f"{path} leads to {path.resolve()}, where processes tell of themselves and of their environment"
        raise ConfigError("dataset.input", problem, "name a file of rows")
    is_parquet = path.suffix.lower() == ".parquet"
    with suppress(OSError):  # told where the file is read
        is_parquet = is_parquet or first_bytes(path).startswith(PARQUET_START)
    if is_parquet:
        return ParquetSource(path)
    suffix = _suffix(path)
    return TableSource(path, CSV_DIALECTS[suffix]) if suffix in CSV_DIALECTS else JsonSource(path)


def _is_known(path: Path) -> bool:
    return _suffix(path) in (*JSON_SUFFIXES, *CSV_DIALECTS, ".parquet")


def _suffix(path: Path) -> str:
    return Path(unpacked_name(path)).suffix.lower()


def _stem(path: Path) -> str:
    return unpacked_name(path).rpartition(".")[0] or path.name


def _column_twice(path: Path, name: str) -> ConfigError:
    return ConfigError("dataset.input", f"{path} has the column '{name}' twice", "rename one of them")


def _table_row(number: int, header: list[str], cells: list[str]) -> RawRow:
    if len(cells) != len(header):
        return RawRow(number, None, None, f"{len(cells)} cells, and the header has {len(header)}")
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return RawRow(number, None, None, "not UTF-8")
    return RawRow(number, None, dict(zip(header, cells, strict=True)))


def chained(sources: Iterable[Source]) -> Iterator[tuple[Source, RawRow]]:
    """Yield the rows of all sources, one source after the other, with the source that each is from."""
    for source in sources:
        for row in source.rows():
            yield source, row
