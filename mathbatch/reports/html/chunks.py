"""Write the rows of a run as chunks that the page loads one at a time, and the index of all of them."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from mathbatch.reports.html.columns import Columns
from mathbatch.reports.html.details import Hidden, detail_of
from mathbatch.reports.html.payload import Detail
from mathbatch.reports.html.pictures import Open, Pictures
from mathbatch.reports.html.rows import ReportRow
from mathbatch.reports.html.scripts import encoded, write_encoded

# Rows of a chunk, and its characters: a browser loads one at once, and shows a row of it without a pause.
MAX_ROWS, MAX_TEXT = 200, 1 << 20
# Chunks that wait for their thumbnails while the next rows are read.
WAITING = 3


class RowWriter:
    """Writes rows below `<data>/<base>`. `fields` are the metadata fields by which the page filters.

    `hidden` are texts that no prompt shows, each with what to show in its place.
    """

    def __init__(self, data: Path, base: str, fields: list[str], pictures: Pictures, hidden: Hidden = ()) -> None:
        self._data, self._base, self._pictures, self._hidden = data, base, pictures, hidden
        self._columns = Columns(fields)
        self._rows: list[Detail] = []
        self._text = 0
        self._ready: deque[tuple[list[Detail], Open]] = deque()
        self._written = 0
        self._starts: list[int] = []
        self.rows = 0

    @property
    def chunks(self) -> int:
        """Return the number of chunks."""
        return self._written

    def add(self, found: ReportRow) -> None:
        """Append a row. Raises StoreError if the disk fails."""
        detail = detail_of(found, self._pictures.picture_of, self._hidden)
        size = _size(detail)
        if len(self._rows) == MAX_ROWS or self._text + size > MAX_TEXT:
            self._end_chunk()
        self._rows.append(detail)
        self._columns.add(detail)
        self.rows += 1
        self._text += size

    def finish(self) -> None:
        """Write what is left, the questions, and the index."""
        self._end_chunk()
        while self._ready:
            self._write()
        write_encoded(self._data, f"{self._base}/questions", self._columns.questions())
        write_encoded(self._data, f"{self._base}/index", self._columns.pieces(self._starts))

    def _end_chunk(self) -> None:
        if self._rows:
            self._starts.append(self.rows - len(self._rows))
            self._ready.append((self._rows, self._pictures.take_open()))
            self._rows, self._text = [], 0
        if len(self._ready) > WAITING:
            self._write()

    def _write(self) -> None:
        rows, open_pictures = self._ready.popleft()
        self._pictures.settle(open_pictures)
        self._written += 1
        write_encoded(self._data, f"{self._base}/{self._written:04d}", [encoded(rows)])


def _size(detail: Detail) -> int:
    """Return about how many characters a row has."""
    prompt = sum(len(part.text or "") for message in detail.messages for part in message.parts)
    return prompt + sum(len(one.text or "") + len(one.reasoning or "") for one in detail.rollouts)
