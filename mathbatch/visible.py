r"""Show text of others as it is: what would steer a terminal, or what nobody sees, becomes text such as `\x1b`.

Rows, answers, file names and messages may come from anybody. An escape sequence in them could clear the screen, change
what is on it or write to the clipboard.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

# All of C0 but the end of a line, DEL and C1; marks that reverse, hide or separate text; halves of surrogate pairs,
# which also stand for bytes that are no UTF-8. Joiners stay: emoji, Persian and Indic scripts need them.
HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
BYTE = range(0xDC80, 0xDD00)
# What draws a progress line over itself, as tqdm writes it: nothing, or a line that ends in its figures.
PROGRESS = re.compile(r"\r( *|[^\r\n]*\] *)")


def visible(text: str) -> str:
    r"""Return the text with its hidden characters as `\x1b` or `\u202e`, a tab as spaces, and `\n` at line ends."""
    return HIDDEN.sub(_spelled, text.replace("\r\n", "\n"))


def _spelled(found: re.Match[str]) -> str:
    if found[0] == "\t":
        return "    "
    code = ord(found[0])
    if code in BYTE:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class VisibleStream:
    """Text stream that writes to another one and makes hidden characters visible on the way.

    The carriage return of a progress line stays.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text; return the number of its characters."""
        start = "\r" if PROGRESS.fullmatch(text) else ""
        shown = start + visible(text[len(start) :])
        try:
            self._stream.write(shown)
        except UnicodeEncodeError:  # a terminal of an old encoding
            encoding = self._stream.encoding
            self._stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write one text after another."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def visibly(stream: TextIO) -> TextIO:
    """Return a stream that writes to this one, with hidden characters made visible."""
    return cast(TextIO, VisibleStream(stream))


def print_visibly() -> None:
    """Let all that this process prints from now on make hidden characters visible."""
    # Otherwise Python colours its tracebacks on a terminal from 3.13 on.
    os.environ["PYTHON_COLORS"] = "0"
    sys.stdout, sys.stderr = visibly(sys.stdout), visibly(sys.stderr)


def cover_hidden(path: Path, start: int = 0) -> None:
    """Replace hidden characters in a file from byte `start` on, by as many bytes each: others may be appending to it.

    Does nothing to what is no regular file, and where the file can't be written.
    """
    with suppress(OSError):
        if not path.is_file():
            return
        with path.open("r+b") as stream:
            stream.seek(start)
            while line := stream.readline():
                covered = _covered(line)
                if covered != line:
                    stream.seek(-len(line), 1)
                    stream.write(covered)


def _covered(line: bytes) -> bytes:
    text = HIDDEN.sub(_filler, line.decode(errors="surrogateescape"))
    return text.encode(errors="surrogateescape")


def _filler(found: re.Match[str]) -> str:
    """Return what is as long in bytes; a progress line becomes a line of its own."""
    if found[0] in "\r\t":
        return "\n" if found[0] == "\r" else " "
    return "?" * len(found[0].encode(errors="surrogateescape"))
