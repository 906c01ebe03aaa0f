"""Keep the thumbnails of the pictures in prompts, one for each picture, and say where the originals lie.

A thumbnail is named for the picture and its size, `report/pictures/5f3a…-1600x1200.webp`, so that a later report finds
it without opening anything. Pictures are read in threads, as many at a time as a fixed amount of memory holds.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.images.encoded import open_encoded
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef
from mathbatch.reports.html.links import share
from mathbatch.reports.html.memory import Memory
from mathbatch.reports.html.payload import Picture
from mathbatch.reports.html.thumbnails import thumbnail_of

FOLDER = "report/pictures"
# Memory for pictures that are being read, and for those within rows that wait for it, in bytes.
MEMORY, MEMORY_WAITING = 1 << 29, 1 << 27
# More threads than this wait for each other: resizing holds Python's lock in part.
WORKERS = 8
# Endings by which a browser shows a file as the picture that it is, "" among them. By another one, such as html, it may
# run what a dataset has written into a picture.
ENDINGS = ("", "png", "jpg", "jpeg", "jpe", "jfif", "gif", "webp", "bmp", "dib")
NAME = re.compile(r"(?P<key>[0-9a-f]{16})-(?P<width>\d+)x(?P<height>\d+)\.(?:jpg|png|webp)")


class Problem(NamedTuple):
    """Reason why a picture can't be shown. The error itself would keep the data of the picture in memory."""

    text: str


# Pictures, each with its key and the thumbnail that is being made of it.
Open = list[tuple[Picture, str, "Future[str | Problem]"]]


class Pictures:
    """Pictures of the page in `folder`, read by `decoder`. Addresses of originals begin at the folder `origin`.

    With `copies` the originals are copied beside the thumbnails, and their addresses begin at the page. Thumbnails that
    pages in `others` have are not made again. `used` has the names of all files that the rows need.
    """

    def __init__(
        self, folder: Path, origin: Path, decoder: ImageDecoder, copies: bool = False, others: Sequence[Path] = ()
    ) -> None:
        self._folder, self._origin, self._decoder, self._copies = folder / FOLDER, origin, decoder, copies
        self._others = others
        self._making: dict[str, Future[str | Problem]] = {}
        self._open: Open = []
        self._reading, self._waiting = Memory(MEMORY), Memory(MEMORY_WAITING)
        self._threads = ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1), thread_name_prefix="thumbnail")
        self.used: set[str] = set()

    def picture_of(self, image: Any) -> Picture:
        """Return the picture of a reference, or of an image that a processor of a user's own has decoded.

        `settle` fills in what becomes of a thumbnail that has to be made.
        """
        ref = image if isinstance(image, ImageRef) else _as_reference(image)
        key = hashlib.blake2b((ref.stamp or ref.identity).encode(errors="replace"), digest_size=8).hexdigest()
        picture = Picture(label=ref.label, original=self._address(ref, key))
        if (made := self._thumbnail(key)) is not None and self._has_original(picture):
            self._fill(picture, made)
            return picture
        if key not in self._making:
            taken = self._waiting.take(len(ref.data or b""))
            self._making[key] = self._threads.submit(self._make, ref, key)
            self._making[key].add_done_callback(lambda _: self._waiting.give_back(taken))
        self._open.append((picture, key, self._making[key]))
        return picture

    @cached_property
    def _known(self) -> dict[str, str | Problem]:
        """Return the thumbnails that are there, by the keys of their pictures."""
        return {found["key"]: found[0] for found in _names_in(self._folder)}

    @cached_property
    def _elsewhere(self) -> dict[str, Path]:
        """Return the thumbnails of other pages."""
        folders = [other / FOLDER for other in self._others]
        return {found["key"]: folder / found[0] for folder in folders for found in _names_in(folder)}

    def _thumbnail(self, key: str) -> str | Problem | None:
        """Return the thumbnail of a picture if there is one, or why it can't have any."""
        if key not in self._known and (path := self._elsewhere.get(key)) is not None:
            share(path, self._folder / path.name)
            self._known[key] = path.name
        return self._known.get(key)

    def take_open(self) -> Open:
        """Return the pictures since the last call whose thumbnails are being made."""
        taken, self._open = self._open, []
        return taken

    def settle(self, taken: Open) -> None:
        """Wait for thumbnails, and fill in what has become of them. Raises StoreError if the disk fails."""
        for picture, key, future in taken:
            self._known[key] = future.result()
            self._making.pop(key, None)
            self._fill(picture, self._known[key])

    def close(self) -> None:
        """Stop the threads; thumbnails that are not begun yet are not made."""
        self._threads.shutdown(cancel_futures=True)

    def _fill(self, picture: Picture, name: str | Problem) -> None:
        if isinstance(name, Problem):
            picture.problem, picture.original = name.text, None
            return
        found = NAME.fullmatch(name)
        assert found is not None
        picture.thumbnail = f"{FOLDER}/{name}"
        picture.width, picture.height = int(found["width"]), int(found["height"])
        self.used.add(name)
        if self._copies and picture.original is not None:
            self.used.add(Path(picture.original).name)

    def _address(self, ref: ImageRef, key: str) -> str | None:
        if ref.path is None:
            return None
        name = os.path.basename(ref.path).lower()
        ending = name.rpartition(".")[2] if "." in name else ""
        if self._copies:
            return f"{FOLDER}/{key}-original.{ending if ending in ENDINGS else ''}"
        if ending not in ENDINGS:
            return None
        return quote(os.path.relpath(ref.path, self._origin), errors="surrogateescape")

    def _has_original(self, picture: Picture) -> bool:
        """Tell whether a copy that is wanted is there."""
        return not self._copies or picture.original is None or (self._folder / Path(picture.original).name).exists()

    def _make(self, ref: ImageRef, key: str) -> str | Problem:
        """Write a thumbnail and return its name, or why there is none."""
        try:
            return self._made(ref, key)
        except SampleError as error:
            return Problem(str(error))

    def _made(self, ref: ImageRef, key: str) -> str:
        with self._reading.held(self._decoder.measure(ref)):
            reduced, content, ending = thumbnail_of(ref, self._decoder)
        if self._copies and (address := self._address(ref, key)) is not None:
            stream, size = open_encoded(ref, self._decoder.max_bytes)
            with stream:
                self._write(Path(address).name, stream.read(size))
        name = f"{key}-{reduced.width}x{reduced.height}.{ending}"
        self._write(name, content)
        return name

    def _write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all. It can be made again, so nobody waits until the disk has it."""
        draft = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            with draft.open("xb") as stream:
                stream.write(content)
            draft.replace(self._folder / name)
        except OSError as error:
            raise disk_error(self._folder / name, error) from error


def _names_in(folder: Path) -> Iterator[re.Match[str]]:
    """Yield the names of the thumbnails that are there."""
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                if (found := NAME.fullmatch(entry.name)) is not None and entry.is_file(follow_symlinks=False):
                    yield found


def _as_reference(image: Any) -> ImageRef:
    """Return a reference to an image in memory."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    data = stream.getvalue()
    return ImageRef("picture", hashlib.blake2b(data, digest_size=16).hexdigest(), data=data)
