"""Leave metadata out of PNG, JPEG and WebP files before they are decoded.

Texts and colour profiles may be broken in an image that every viewer shows, and a text may be packed so that it takes a
thousand times its size in memory. Only the orientation of the camera is kept, since the image is turned by it.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Chunks that the pixels depend on (PNG, third edition, 11.2 and 11.3.1), and the one of the orientation.
PNG_PIXELS, PNG_EXIF = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"), b"eXIf"
# Longest EXIF data that is kept. In a JPEG they fit into a segment of 64 KiB.
MAX_EXIF = 1 << 20
# Chunks or segments of one file. Millions of empty ones would take seconds.
MAX_PIECES = 100_000
# Segments of a JPEG that tell about its colours (JFIF 1.02; ITU-T T.872), and the one of the orientation: how each
# begins, and the fewest bytes that decoders read of it.
JPEG_KEPT = {0xE0: (b"JFIF\0", 14), 0xE1: (b"Exif\0\0", 14), 0xEE: (b"Adobe", 12)}
# Application segments and comments.
JPEG_METADATA = (*range(0xE0, 0xF0), 0xFE)
# Markers without a segment, and those of the data.
JPEG_OTHER = (0x01, *range(0xD0, 0xDB))
RIFF, WEBP, WEBP_EXIF, WEBP_METADATA = b"RIFF", b"WEBP", b"EXIF", (b"EXIF", b"XMP ", b"ICCP")
# Bytes from the first scan of a JPEG on that are enough to know its size.
HEADER_REST = 1 << 16


def without_metadata(stream: BinaryIO, header_only: bool = False) -> BinaryIO:
    """Return the image in a stream without its metadata; a format other than PNG, JPEG and WebP as it is.

    With `header_only`, what follows the header may be missing. Raise ValueError for a file of too many pieces.
    """
    stream.seek(0)
    start = stream.read(len(PNG))
    if start == PNG:
        stream = io.BytesIO(b"".join([start, *_png_parts(stream, header_only)]))
    elif start.startswith(JPEG):
        stream.seek(len(JPEG))
        stream = io.BytesIO(b"".join([JPEG, *_jpeg_parts(stream, header_only)]))
    elif start.startswith(RIFF) and stream.read(4) == WEBP:
        parts = _webp_parts(stream, int.from_bytes(start[4:], "little"))
        stream = io.BytesIO(b"".join([RIFF, (4 + sum(map(len, parts))).to_bytes(4, "little"), WEBP, *parts]))
    stream.seek(0)
    return stream


def _pieces() -> Iterator[int]:
    yield from range(MAX_PIECES)
    raise ValueError(f"a picture of more than {MAX_PIECES:,} pieces")


def _png_parts(stream: BinaryIO, header_only: bool) -> list[bytes]:
    """Return the chunks that are kept, with their lengths and checksums, from behind the signature on."""
    parts = []
    for _ in _pieces():
        if len(head := stream.read(8)) < 8:
            break
        length, name = struct.unpack(">I4s", head)
        if name not in PNG_PIXELS and not (name == PNG_EXIF and length <= MAX_EXIF):
            stream.seek(length + 4, os.SEEK_CUR)
            continue
        parts.append(head)
        if header_only and name == b"IDAT":
            break
        parts.append(stream.read(min(length, HEADER_REST) + 4 if header_only else length + 4))
        if name == b"IEND":
            break
    return parts


def _jpeg_parts(stream: BinaryIO, header_only: bool) -> list[bytes]:
    """Return the segments that are kept, from behind the start marker on, and all that follows the first scan."""
    parts = []
    for _ in _pieces():
        begin = stream.tell()
        head = stream.read(4)
        if head[:2] == b"\xff\xff":  # markers may be padded
            stream.seek(begin + 1)
            continue
        if len(head) < 4 or head[0] != 0xFF or head[1] in JPEG_OTHER:
            break
        size = int.from_bytes(head[2:]) - 2
        content = stream.read(max(size, 0))
        if size < 0 or head[1] == 0:
            break
        start, least = JPEG_KEPT.get(head[1], (b"", 0))
        if head[1] not in JPEG_METADATA or (start and content.startswith(start) and size >= least):
            parts.append(head + content)
    stream.seek(begin)
    return [*parts, stream.read(HEADER_REST if header_only else -1)]


def _webp_parts(stream: BinaryIO, size: int) -> list[bytes]:
    """Return the chunks that are kept. `size` is what the header says: bytes of the file without the first eight."""
    parts = []
    for _ in _pieces():
        if stream.tell() >= 8 + size or len(head := stream.read(8)) < 8:
            break
        length = int.from_bytes(head[4:], "little")
        padded = length + length % 2
        if head[:4] in WEBP_METADATA and not (head[:4] == WEBP_EXIF and length <= MAX_EXIF):
            stream.seek(padded, os.SEEK_CUR)
        else:
            parts += [head, stream.read(padded)]
    return parts
