"""Leave metadata out of PNG, JPEG and WebP files before they are decoded.

Texts and colour profiles may be broken in an image that every viewer shows, and a text may be packed so that it takes a
thousand times its size in memory. EXIF data is kept apart, since the image is turned by the orientation in it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Chunks that the pixels depend on (PNG, third edition, 11.2 and 11.3.1), and the one of the orientation.
PNG_PIXELS, PNG_EXIF = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"), b"eXIf"
# Longest EXIF data that is kept. In a JPEG they fit into a segment of 64 KiB.
MAX_EXIF = 1 << 20
# Chunks or segments of one file. Encoders write 8 KiB or more into each, and a million empty ones would take seconds.
MAX_PIECES = 20_000
# Segments of a JPEG that tell about its colours (JFIF 1.02; ITU-T T.872): how each begins, and the fewest bytes that
# decoders read of it. Then the segment of the orientation.
JPEG_KEPT = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
JPEG_EXIF = (0xE1, b"Exif\0\0")
# Application segments and comments.
JPEG_METADATA = (*range(0xE0, 0xF0), 0xFE)
# Markers without a segment, and those of the data.
JPEG_OTHER = (0x01, *range(0xD0, 0xDB))
RIFF, WEBP, WEBP_EXIF, WEBP_METADATA = b"RIFF", b"WEBP", b"EXIF", (b"EXIF", b"XMP ", b"ICCP")
# Bytes from the first scan of a JPEG on that are enough to know its size, and bytes of a file of other formats.
HEADER_REST = 1 << 16
OTHER_HEADER = 1 << 20


def without_metadata(stream: BinaryIO, header_only: bool = False) -> tuple[bytes, bytes]:
    """Return the image in a stream without its metadata, and its EXIF data or nothing.

    Formats other than PNG, JPEG and WebP are left as they are. With `header_only`, what follows the header may be
    missing. Raise ValueError for a file of too many pieces.
    """
    exif: list[bytes] = []
    stream.seek(0)
    start = stream.read(len(PNG))
    if start == PNG:
        data = b"".join([start, *_png_parts(stream, header_only, exif)])
    elif start.startswith(JPEG):
        stream.seek(len(JPEG))
        data = b"".join([JPEG, *_jpeg_parts(stream, header_only, exif)])
    elif start.startswith(RIFF) and stream.read(4) == WEBP:
        parts = _webp_parts(stream, int.from_bytes(start[4:], "little"), exif)
        data = b"".join([RIFF, (4 + sum(map(len, parts))).to_bytes(4, "little"), WEBP, *parts])
    else:
        stream.seek(0)
        data = stream.read(OTHER_HEADER if header_only else -1)
    return data, exif[0] if exif else b""


def pieces() -> Iterator[int]:
    """Count the pieces of a file. Raise ValueError where they are too many."""
    yield from range(MAX_PIECES)
    raise ValueError(f"a picture of more than {MAX_PIECES:,} pieces")


def _png_parts(stream: BinaryIO, header_only: bool, exif: list[bytes]) -> list[bytes]:
    """Return the chunks that are kept, with their lengths and checksums, from behind the signature on."""
    parts = []
    for _ in pieces():
        if len(head := stream.read(8)) < 8:
            break
        length, name = struct.unpack(">I4s", head)
        if name == PNG_EXIF and length <= MAX_EXIF and not exif:
            exif.append(stream.read(length))
            stream.seek(4, os.SEEK_CUR)
            continue
        if name not in PNG_PIXELS:
            stream.seek(length + 4, os.SEEK_CUR)
            continue
        parts.append(head)
        if header_only and name == b"IDAT":
            break
        parts.append(stream.read(min(length, HEADER_REST) + 4 if header_only else length + 4))
        if name == b"IEND":
            break
    return parts


def _jpeg_parts(stream: BinaryIO, header_only: bool, exif: list[bytes]) -> list[bytes]:
    """Return the segments that are kept, from behind the start marker on, and all that follows the first scan."""
    parts = []
    for _ in pieces():
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
        if head[1] == JPEG_EXIF[0] and content.startswith(JPEG_EXIF[1]) and not exif:
            exif.append(content)
        start, least = JPEG_KEPT.get(head[1], (b"", 0))
        if head[1] not in JPEG_METADATA or (start and content.startswith(start) and size >= least):
            parts.append(head + content)
    stream.seek(begin)
    return [*parts, stream.read(HEADER_REST if header_only else -1)]


def _webp_parts(stream: BinaryIO, size: int, exif: list[bytes]) -> list[bytes]:
    """Return the chunks that are kept. `size` is what the header says: bytes of the file without the first eight."""
    parts = []
    for _ in pieces():
        if stream.tell() >= 8 + size or len(head := stream.read(8)) < 8:
            break
        length = int.from_bytes(head[4:], "little")
        padded = length + length % 2
        if head[:4] == WEBP_EXIF and length <= MAX_EXIF and not exif:
            exif.append(stream.read(padded)[:length])
        elif head[:4] in WEBP_METADATA:
            stream.seek(padded, os.SEEK_CUR)
        else:
            parts += [head, stream.read(padded)]
    return parts
