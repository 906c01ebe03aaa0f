"""Images that try to take hours or gigabytes of whoever reads them, and healthy ones that are as large as may be."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterable
from typing import Any

from PIL import Image

from support.images import encoded, png_chunk

PNG, DEFLATED = b"\x89PNG\r\n\x1a\n", 1 << 20
# Colour types of PNG with their bits per sample and their samples per pixel.
PNG_KINDS = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 3: ((1, 2, 4, 8), 1), 4: ((8, 16), 2), 6: ((8, 16), 4)}
TRANSPARENT = {0: b"\0\1", 2: b"\0\1\0\2\0\3", 3: b"\x80"}
# The slowest filter of rows.
PAETH = b"\4"


def hostile_images(pixels: int, count: int, dice: random.Random) -> dict[str, bytes]:
    """Return so many images by name, for a limit of so many pixels: all structures below, then damaged healthy ones.

    Files that are hostile by their length have as many bytes, or more.
    """
    side = int(pixels**0.5)
    made = {**_pngs(side), **_odd_pngs(side), **_jpegs(side, pixels), **_gifs(side, pixels), **_webps(side)}
    made |= _bmps(side, pixels) | _others(pixels)
    for at in range(max(0, count - len(made))):
        made[f"damaged {at}"] = _damaged(dice)
    return made


def large_healthy_image(pixels: int) -> bytes:
    """Return the image of so many pixels whose decoding takes longest among ordinary ones: RGBA of 16 bits."""
    side = int(pixels**0.5)
    return png(side, side, 16, 6)


def flood(byte: bytes, size: int, start: bytes = b"") -> bytes:
    """Return `size` times the same byte behind `start`, deflated, in far less time than deflating them takes."""
    deflate = zlib.compressobj(9)
    head = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(byte * DEFLATED) + deflate.flush(zlib.Z_FULL_FLUSH)
    # A block behind a full flush stands alone, so it may be repeated. Decoders have their pixels before the checksum.
    return head + block * -(-size // DEFLATED) + deflate.flush()


def png(width: int, height: int, bits: int, kind: int, chunks: Iterable[bytes] = (), interlaced: bool = False) -> bytes:
    """Return a PNG whose rows all have the slowest filter; `chunks` come before the pixels."""
    size = (width * bits * PNG_KINDS[kind][1] + 7) // 8 * height
    # Each row begins with its filter, and there are more rows where they are interlaced.
    data = flood(PAETH, size + 4 * (height + width))
    palette = [png_chunk(b"PLTE", bytes(range(256)) * 3)] if kind == 3 else []
    return png_of(header(width, height, bits, kind, interlaced), *palette, *chunks, png_chunk(b"IDAT", data))


def header(width: int, height: int, bits: int, kind: int, interlaced: bool = False) -> bytes:
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced))


def png_of(*chunks: bytes) -> bytes:
    return PNG + b"".join(chunks) + png_chunk(b"IEND", b"")


def exif_that_shares_one_value(size: int) -> bytes:
    """Return EXIF data with as many tags as there may be, each of which has nearly all of the data as its value."""
    entries = min(65_535, (size - 10) // 12)
    tags = b"".join(struct.pack("<HHII", tag, 7, size - 20, 8) for tag in range(entries))
    return (b"II*\0" + struct.pack("<IH", 8, entries) + tags).ljust(size, b"\0")


def _pngs(side: int) -> dict[str, bytes]:
    found = {}
    for kind, (all_bits, _) in PNG_KINDS.items():
        for bits in all_bits:
            transparent = [png_chunk(b"tRNS", TRANSPARENT[kind])] if kind in TRANSPARENT else []
            found[f"PNG {kind}-{bits}"] = png(side, side, bits, kind, transparent)
        found[f"PNG {kind}-{bits} interlaced"] = png(side, side, bits, kind, interlaced=True)
    return found


def _odd_pngs(side: int) -> dict[str, bytes]:
    small = header(8, 8, 8, 2)
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(25 * 8)))
    many = [png_chunk(b"IDAT", bytes([byte])) for byte in flood(b"\0", 8)[:100]]
    exif = exif_that_shares_one_value(1 << 20)
    return {
        "PNG one pixel wide": png(1, side * side, 8, 2),
        "PNG one pixel high": png(side * side, 1, 8, 6),
        "PNG as wide as may be": png(65_535, side * side // 65_535, 16, 6),
        "PNG beyond all": png_of(header(2**31 - 1, 2**31 - 1, 16, 6), pixels),
        "PNG of no width": png_of(header(0, 2**31 - 1, 8, 2), pixels),
        "PNG with a flood behind its pixels": png_of(small, png_chunk(b"IDAT", flood(b"\0", 1 << 29))),
        "PNG of tiny pieces": png_of(small, *many * 190),
        "PNG of empty pieces": png_of(small, *[png_chunk(b"IDAT", b"")] * 19_000, pixels),
        "PNG of too many pieces": png_of(small, *[png_chunk(b"tEXt", b"")] * 200_000, pixels),
        "PNG with a flooded text": png_of(small, png_chunk(b"zTXt", b"k\0\0" + flood(b"\0", 1 << 28)), pixels),
        "PNG with a flooded profile": png_of(small, png_chunk(b"iCCP", b"k\0\0" + flood(b"\0", 1 << 28)), pixels),
        "PNG with EXIF that shares": png_of(small, png_chunk(b"eXIf", exif), pixels),
        "PNG with EXIF that shares behind": png_of(small, pixels, png_chunk(b"eXIf", exif)),
        "PNG with EXIF that bites its tail": png_of(small, png_chunk(b"eXIf", b"MM\0*\0\0\0\4" * 9), pixels),
        "PNG that promises 4 GB": PNG + small + struct.pack(">I4s", 2**32 - 1, b"IDAT") + b"x" * 99,
        "PNG with an animation": png_of(small, *[png_chunk(b"fcTL", bytes(26))] * 19_000, pixels),
    }


def _segment(marker: int, content: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_scans(data: bytes, count: int) -> bytes:
    """Return a JPEG whose last scan, with its tables, comes so many times more."""
    last = data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda"))
    return data[:-2] + data[last:-2] * count + data[-2:]


def plain(format: str, side: int, mode: str = "RGB", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (side, side), 77).save(stream, format, **options)
    return stream.getvalue()


def _jpegs(side: int, pixels: int) -> dict[str, bytes]:
    small = encoded("JPEG")
    start, rest = small[:2], small[2:]
    frame = small.index(b"\xff\xc0")
    height = frame + 5
    scan = small.index(b"\xff\xda")
    exif = _segment(0xE1, b"Exif\0\0" + exif_that_shares_one_value(65_000))
    progressive = plain("JPEG", int(side * 0.8), progressive=True)
    return {
        "JPEG of 90 large scans": with_scans(progressive, 80),
        "JPEG of 10,000 scans": with_scans(plain("JPEG", 64, progressive=True), 10_000),
        "JPEG of 90 scans of ink": with_scans(plain("JPEG", int(side * 0.8), "CMYK", progressive=True), 75),
        "JPEG whose table lies": small[: frame + 5] + b"\xff\xff\xff\xff" + small[frame + 9 :],
        "JPEG of no height": small[:height] + b"\0\0" + small[height + 2 :],
        "JPEG of arithmetic": small.replace(b"\xff\xc0", b"\xff\xc9", 1),
        "JPEG without loss": small.replace(b"\xff\xc0", b"\xff\xc3", 1),
        "JPEG with EXIF that shares": start + exif + rest,
        "JPEG of much EXIF": start + exif * (pixels // 50_000) + rest,
        "JPEG of comments": start + _segment(0xFE, bytes(65_000)) * (pixels // 50_000) + rest,
        "JPEG of empty comments": start + _segment(0xFE) * 19_000 + rest,
        "JPEG of tables": start + _segment(0xDB, b"\0" + b"\1" * 64) * 19_000 + rest,
        "JPEG of frames": start + small[frame : frame + 19] * 19_000 + rest,
        "JPEG of padding": start + b"\xff" * pixels + rest,
        "JPEG of junk before its scan": start + b"\0" * pixels + rest,
        "JPEG of markers": small[:scan] + small[scan : scan + 14] + b"\xff\x01\0\0" * (pixels // 4),
        "JPEG of restarts": small[: scan + 14] + b"\xff\xd0\xff\xd1" * (pixels // 4),
        "JPEG of stuffing": small[: scan + 14] + b"\xff\0" * (pixels // 2),
        "JPEG that is cut": plain("JPEG", side)[:900],
    }


def _gifs(side: int, pixels: int) -> dict[str, bytes]:
    screen = struct.pack("<HHBBB", side, side, 0xF7, 0, 0) + bytes(768)
    large = plain("GIF", side, "L")
    tiny = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    comment = b"!\xfe" + b"\xff" + b"c" * 255
    return {
        "GIF at the limit": large,
        "GIF of a tiny frame": b"GIF89a" + screen + tiny + b";",
        "GIF of 65,535 x 65,535": b"GIF89a" + b"\xff" * 4 + screen[4:] + tiny + b";",
        "GIF whose frame leaves its screen": b"GIF89a"
        + b"\1\0\1\0"
        + screen[4:]
        + b",\xff\xff\xff\xff"
        + tiny[5:]
        + b";",
        "GIF of very many frames": b"GIF89a" + screen + tiny * (pixels // 16) + b";",
        "GIF of one long comment": b"GIF89a" + screen + comment[:2] + comment[2:] * (pixels // 256) + b"\0" + tiny,
        "GIF of comments": b"GIF89a" + screen + (comment[:2] + b"\1c\0") * (pixels // 5) + tiny,
        "GIF of empty blocks": b"GIF89a" + screen + b"\0" * pixels + tiny,
        "GIF of clear codes": b"GIF89a"
        + screen
        + tiny[:9]
        + b"\0\x08"
        + (b"\xff" + bytes(255)) * (pixels // 256)
        + b"\0;",
    }


def _webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WEBP") + body


def _canvas(width: int, height: int, flags: int) -> tuple[bytes, bytes]:
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    return b"VP8X", struct.pack("<I", flags) + sides


def _webps(side: int) -> dict[str, bytes]:
    lossless = plain("WEBP", 8, lossless=True)[20:]
    frame = b"ANMF", bytes(6) + b"\7\0\0\7\0\0\1\0\0\0" + b"VP8L" + struct.pack("<I", len(lossless)) + lossless
    animation = b"ANIM", bytes(6)
    half = int(side * 0.7)
    return {
        "WebP at the limit": plain("WEBP", half, lossless=True, method=0),
        "WebP with alpha at the limit": plain("WEBP", half, "RGBA", lossless=True, method=0),
        "WebP with loss at the limit": plain("WEBP", half, method=0),
        "WebP over its limit": plain("WEBP", min(side, 16_383), method=0),
        "WebP of a huge canvas": _webp(_canvas(60_000, 60_000, 2), animation, frame),
        "WebP of a canvas over 32 bits": _webp(_canvas(1 << 24, 1 << 24, 2), animation, frame),
        "WebP of a tiny frame": _webp(_canvas(half, half, 2), animation, frame),
        "WebP of very many frames": _webp(_canvas(half, half, 2), animation, *[frame] * 19_000),
        "WebP that promises 4 GB": b"RIFF\xfe\xff\xff\xffWEBPVP8L\xf0\xff\xff\xff/",
        "WebP with EXIF that shares": _webp(
            _canvas(8, 8, 8), (b"VP8L", lossless), (b"EXIF", exif_that_shares_one_value(1 << 20))
        ),
    }


def _bmp(width: int, height: int, bits: int, compression: int, data: bytes, colours: int = 256) -> bytes:
    offset = 54 + 4 * colours
    start = struct.pack("<2sIII", b"BM", offset + len(data), 0, offset)
    fields = (40, width, height, 1, bits, compression, len(data), 0, 0, colours, 0)
    return start + struct.pack("<IiiHHIIiiII", *fields) + bytes(4 * colours) + data


def _bmps(side: int, pixels: int) -> dict[str, bytes]:
    leaps = b"\0\2\xff\xff" * (pixels // 40)
    return {
        "BMP of leaps": _bmp(side, side, 8, 1, leaps),
        "BMP of leaps, one pixel high": _bmp(65_535, max(1, side * side // 65_535), 8, 1, leaps),
        "BMP of half bytes": _bmp(side, side, 4, 2, b"\1\0" * (pixels // 4), colours=16),
        "BMP beyond all": _bmp(2**31 - 1, -(2**31), 24, 0, b"", colours=0),
        "BMP that is cut": _bmp(side, side, 32, 0, bytes(99), colours=0),
        "BMP of a large palette": _bmp(8, 8, 8, 0, bytes(64), colours=65_536),
    }


def _others(pixels: int) -> dict[str, bytes]:
    tags = struct.pack("<HHII", 256, 4, 1, 8) + struct.pack("<HHII", 257, 4, 1, 8)
    return {
        "PPM of one comment": b"P6\n#" + b"c" * pixels,
        "PPM in plain text": b"P3 4000 4000 255\n" + b"1 " * (pixels // 2),
        "TIFF that bites its tail": b"II*\0" + struct.pack("<IH", 8, 2) + tags + struct.pack("<I", 8),
        "BigTIFF": b"II+\0\x08\0\0\0" + b"\xff" * 64,
        "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\xff" * 900,
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n",
        "SVG of entities": b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
    }


def _damaged(dice: random.Random) -> bytes:
    """Return a healthy image with some bytes changed, cut, or put in from elsewhere in it."""
    format, mode = dice.choice([("JPEG", "RGB"), ("PNG", "P"), ("GIF", "P"), ("WEBP", "RGBA"), ("BMP", "RGB")])
    options = {"progressive": True} if format == "JPEG" and dice.random() < 0.5 else {}
    data = bytearray(encoded(format, mode, **options))
    for _ in range(dice.choice((1, 3, 20))):
        data[min(int(dice.expovariate(1 / 80)), len(data) - 1)] = dice.randrange(256)
    if dice.random() < 0.5:
        begin, to = sorted(dice.randrange(len(data)) for _ in range(2))
        data[to:to] = data[begin:to] * dice.choice((1, 100))
    return bytes(data[: dice.choice((None, dice.randrange(len(data))))])
