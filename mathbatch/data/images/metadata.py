"""Leave metadata out of PNG, JPEG and WebP files before they are decoded.

Texts and colour profiles may be broken in an image that every viewer shows, and a text may be packed so that it takes a
thousand times its size in memory. EXIF and XMP data are kept apart: the image is turned by the orientation in them.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Chunks that the pixels depend on (PNG, third edition, 11.2 and 11.3.1), and the one of the orientation.
PNG_PIXELS, PNG_EXIF = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"), b"eXIf"
# Text that holds XMP data, with its keyword, uncompressed (XMP, part 3, 1.1.5).
PNG_TEXT, PNG_XMP = b"iTXt", b"XML:com.adobe.xmp\0\0"
# Texts with EXIF data in hexadecimal behind three lines, which ImageMagick has written before PNG had a chunk for it.
# Those of the second kind are compressed, behind a byte for the method.
PNG_PROFILES = {b"tEXt": b"Raw profile type exif\0", b"zTXt": b"Raw profile type exif\0\0"}
# Longest EXIF or XMP data that is kept. In a JPEG they fit into a segment of 64 KiB.
MAX_KEPT = 1 << 20
# Chunks or segments of one file. Encoders write 8 KiB or more into each, and a million empty ones would take seconds.
MAX_PIECES = 20_000
# Segments of a JPEG that tell about its colours (JFIF 1.02; ITU-T T.872): how each begins, and the fewest bytes that
# decoders read of it. Then the segments of the orientation.
JPEG_KEPT = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
JPEG_APP1, JPEG_EXIF, JPEG_XMP = 0xE1, b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
# Application segments and comments.
JPEG_METADATA = (*range(0xE0, 0xF0), 0xFE)
# Markers without a segment, and those of the data.
JPEG_OTHER = (0x01, *range(0xD0, 0xDB))
RIFF, WEBP, WEBP_EXIF, WEBP_XMP, WEBP_METADATA = b"RIFF", b"WEBP", b"EXIF", b"XMP ", (b"EXIF", b"XMP ", b"ICCP")
# Bytes from the first scan of a JPEG on that are enough to know its size, and bytes of a file of other formats.
HEADER_REST = 1 << 16
OTHER_HEADER = 1 << 20


@dataclass
class Metadata:
    """First EXIF and XMP data of a file, empty where it has none."""

    exif: bytes = b""
    xmp: bytes = b""


def without_metadata(stream: BinaryIO, header_only: bool = False) -> tuple[bytes, Metadata]:
    """Return the image in a stream without its metadata, and what of them may tell its orientation.

    Formats other than PNG, JPEG and WebP are left as they are. With `header_only`, what follows the header may be
    missing. Raise ValueError for a file of too many pieces.
    """
    metadata = Metadata()
    stream.seek(0)
    start = stream.read(len(PNG))
    if start == PNG:
        data = b"".join([start, *_png_parts(stream, header_only, metadata)])
    elif start.startswith(JPEG):
        stream.seek(len(JPEG))
        data = b"".join([JPEG, *_jpeg_parts(stream, header_only, metadata)])
    elif start.startswith(RIFF) and stream.read(4) == WEBP:
        parts = _webp_parts(stream, int.from_bytes(start[4:], "little"), metadata)
        data = b"".join([RIFF, (4 + sum(map(len, parts))).to_bytes(4, "little"), WEBP, *parts])
    else:
        stream.seek(0)
        data = stream.read(OTHER_HEADER if header_only else -1)
    return data, metadata


def pieces() -> Iterator[int]:
    """Count the pieces of a file. Raise ValueError where they are too many."""
    yield from range(MAX_PIECES)
    raise ValueError(f"a picture of more than {MAX_PIECES:,} pieces")


def _png_parts(stream: BinaryIO, header_only: bool, metadata: Metadata) -> list[bytes]:
    """Return the chunks that are kept, with their lengths and checksums, from behind the signature on."""
    parts = []
    for _ in pieces():
        if len(head := stream.read(8)) < 8:
            break
        length, name = struct.unpack(">I4s", head)
        if name in (PNG_EXIF, PNG_TEXT, *PNG_PROFILES) and length <= MAX_KEPT:
            content = stream.read(length)
            stream.seek(4, os.SEEK_CUR)
            if name == PNG_EXIF:
                metadata.exif = metadata.exif or content
            elif name == PNG_TEXT and content.startswith(PNG_XMP):
                metadata.xmp = metadata.xmp or content
            elif name in PNG_PROFILES and content.startswith(PNG_PROFILES[name]):
                metadata.exif = metadata.exif or _profile(content.removeprefix(PNG_PROFILES[name]), name == b"zTXt")
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


def _profile(text: bytes, is_packed: bool) -> bytes:
    """Return the EXIF data of such a text, nothing of one that is broken."""
    try:
        text = zlib.decompressobj().decompress(text, 2 * MAX_KEPT) if is_packed else text
        return bytes.fromhex("".join(text.decode("ascii").split("\n")[3:]))
    except (zlib.error, ValueError):
        return b""


def _jpeg_parts(stream: BinaryIO, header_only: bool, metadata: Metadata) -> list[bytes]:
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
        if head[1] == JPEG_APP1 and content.startswith(JPEG_EXIF):
            metadata.exif = metadata.exif or content
        elif head[1] == JPEG_APP1 and content.startswith(JPEG_XMP):
            metadata.xmp = metadata.xmp or content
        start, least = JPEG_KEPT.get(head[1], (b"", 0))
        if head[1] not in JPEG_METADATA or (start and content.startswith(start) and size >= least):
            parts.append(head + content)
    stream.seek(begin)
    return [*parts, stream.read(HEADER_REST if header_only else -1)]


def _webp_parts(stream: BinaryIO, size: int, metadata: Metadata) -> list[bytes]:
    """Return the chunks that are kept. `size` is what the header says: bytes of the file without the first eight."""
    parts = []
    for _ in pieces():
        if stream.tell() >= 8 + size or len(head := stream.read(8)) < 8:
            break
        length = int.from_bytes(head[4:], "little")
        padded = length + length % 2
        if head[:4] == WEBP_EXIF and length <= MAX_KEPT and not metadata.exif:
            metadata.exif = stream.read(padded)[:length]
        elif head[:4] == WEBP_XMP and length <= MAX_KEPT and not metadata.xmp:
            metadata.xmp = stream.read(padded)[:length]
        elif head[:4] in WEBP_METADATA:
            stream.seek(padded, os.SEEK_CUR)
        else:
            parts += [head, stream.read(padded)]
    return parts
