"""Read again what a run has asked: the messages of each row, as its records know them.

Loader and processor of the run make them anew. That they are what the model saw is known by the digests of the records.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.images.encoded import open_encoded
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.regular import BUFFER
from mathbatch.data.storage.spill import spill_error
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.errors import MathBatchError
from mathbatch.records import ImageRef, Request
from mathbatch.reports.explanation.words import PICTURE
from mathbatch.runner.components import Components
from mathbatch.runner.reopen import components_of, locked, read_records


class Picture(msgspec.Struct, frozen=True):
    """Picture of a prompt: a file, encoded data, or neither, where `stamp` is the digest of its content."""

    label: str
    stamp: str
    path: str | None = None
    data: Any = None

    def is_same(self, other: Picture) -> bool:
        """Tell whether both have the same encoded data. Raises SampleError for one that can't be read any more."""
        return self.stamp == other.stamp or self._content() == other._content()

    def without_data(self) -> Picture:
        """Return the picture with the digest of its data in place of them."""
        return self if self.data is None else Picture(self.label, self._content())

    def _content(self) -> str:
        if self.path is None and self.data is None:
            return self.stamp
        stream, _ = open_encoded(ImageRef(self.label, "", self.path, self.data), sys.maxsize)
        digest = hashlib.blake2b(digest_size=16)
        with stream:
            while part := stream.read(BUFFER):
                digest.update(part)
        return digest.hexdigest()


class Asked(msgspec.Struct, frozen=True):
    """Messages of a row by role, the second of a role as `user 2`, with a mark for each picture; and the pictures."""

    id: str
    texts: dict[str, str]
    pictures: list[Picture]


class AskedRows:
    """Rows of a run by their ids. They are read once, and only those that come out of order are kept, on disk.

    `problem` says why they, or all further ones, can't be read, None as long as they can.
    """

    def __init__(self, rows: Iterator[Asked]) -> None:
        self._rows = rows
        self._places = SpilledMap()
        self._file: IO[bytes] | None = None
        self.problem: str | None = None

    def find(self, id: str) -> Asked | None:
        """Return what was asked of a row; None where it isn't known. Each row is asked for once."""
        place = self._places.get(hash(id))
        if place is not None:
            found = self._kept(place)
            return found if found.id == id else None
        while (row := self._further()) is not None:
            if row.id == id:
                return row
            self._keep(row)
        return None

    def _further(self) -> Asked | None:
        try:
            return next(self._rows, None)
        except MathBatchError as error:
            self.problem = _first_line(error)
        except OSError as error:
            self.problem = f"{error.filename}: {error.strerror}"
        return None

    def _keep(self, row: Asked) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="mathbatch-")  # noqa: SIM115 - closed with this object
            if self._places.get(hash(row.id)) is None:
                self._places.add(hash(row.id), self._file.seek(0, 2))
                pictures = [picture.without_data() for picture in row.pictures]
                self._file.write(msgspec.json.encode(msgspec.structs.replace(row, pictures=pictures)) + b"\n")
        except OSError as error:
            raise spill_error(error) from error

    def _kept(self, place: int) -> Asked:
        assert self._file is not None
        self._file.seek(place)
        return msgspec.json.decode(self._file.readline(), type=Asked)

    def close(self) -> None:
        """Give back the disk."""
        self._places.close()
        if self._file is not None:
            self._file.close()


@contextlib.contextmanager
def asked_in(run_dir: Path) -> Iterator[AskedRows]:
    """Yield the rows of a run. Where its folder, its dataset or its code can't be read, there are none."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(run_dir, shared=True))
            with components_of(run_dir) as components:
                folder = Path.cwd()
            read_records(components)
            stack.callback(components.saver.close)
            rows = AskedRows(_within(folder, _asked(components)))
        except MathBatchError as error:
            rows = AskedRows(iter(()))
            rows.problem = _first_line(error)
        stack.callback(rows.close)
        yield rows


def _within(folder: Path, rows: Iterator[Asked]) -> Iterator[Asked]:
    """Yield rows whose relative paths start from a folder: two runs are read at once, and theirs may differ."""
    while True:
        with contextlib.chdir(folder):
            row = next(rows, None)
        if row is None:
            return
        yield row


def _asked(components: Components) -> Iterator[Asked]:
    """Yield the rows as the run has asked them; those that have changed since, or were not asked, are left out."""
    rollouts, run = components.config.sampling.n, components.run
    for sample in samples_of(components.loader):
        request = render(sample, components.processor, run.value)
        if not isinstance(request, Request):
            continue
        recognise(request, components.saver, rollouts, run.has_unkeyed)
        states = (components.saver.state(request.id, rollout, request.digest) for rollout in range(rollouts))
        if any(state is not None for state in states):
            yield _shown(request)


def _shown(request: Request) -> Asked:
    texts: dict[str, str] = {}
    pictures: list[Picture] = []
    for message in request.messages:
        role, number = message["role"], 2
        while role in texts:
            role, number = f"{message['role']} {number}", number + 1
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts[role] = "".join(part["text"] if part["type"] == "text" else PICTURE for part in parts)
        pictures += [_picture(part["image"]) for part in parts if part["type"] != "text"]
    return Asked(request.id, texts, pictures)


def _picture(image: Any) -> Picture:
    if isinstance(image, ImageRef):
        return Picture(image.label, image.stamp or image.identity, image.path, image.data)
    pixels = hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()
    return Picture("a picture of the processor", f"{pixels} {image.size}")


def _first_line(error: MathBatchError) -> str:
    return str(error).splitlines()[0]
