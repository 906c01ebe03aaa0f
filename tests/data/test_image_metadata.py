"""Test that a picture is read whatever its file says beside the pixels, which may be broken or huge."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zlib
from typing import Any

import pytest
from PIL import Image

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

DECODER = ImageDecoder(max_pixels=10**6, max_bytes=64 << 20)
SIZE = (37, 23)
PICTURE = Image.frombytes("RGB", SIZE, random.Random(8).randbytes(SIZE[0] * SIZE[1] * 3))
# Place right behind the header of a PNG, and behind the first segment of a JPEG of Pillow.
PNG_HEADER, JPEG_HEADER = 33, 20
MEGABYTE = 1 << 20
BROKEN_EXIF = {"garbage": b"neither II nor MM", "nothing": b"", "a directory beyond the end": b"II*\0\xf0\xff\xff\x7f"}


def encoded(format: str, picture: Image.Image = PICTURE, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def decoded(data: bytes) -> Image.Image:
    """Decode a picture as a run does, which measures it first."""
    ref = ImageRef("test", "test", data=data)
    DECODER.measure(ref)
    return DECODER.decode(ref)[0]


def png_with(name: bytes, content: bytes, at: int = PNG_HEADER, of: bytes | None = None) -> bytes:
    """Return a PNG with one chunk more."""
    whole = encoded("PNG") if of is None else of
    body = name + content
    return whole[:at] + struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body)) + whole[at:]


def jpeg_with(marker: int, content: bytes, times: int = 1) -> bytes:
    """Return a JPEG with one segment more, or with that many of it."""
    whole, segment = encoded("JPEG"), struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return whole[:JPEG_HEADER] + segment * times + whole[JPEG_HEADER:]


def webp_with(flags: int, name: bytes, content: bytes) -> bytes:
    """Return a lossless WebP in the extended form, with one chunk more."""
    pixels = encoded("WEBP", lossless=True)[12:]
    size = b"".join((side - 1).to_bytes(3, "little") for side in SIZE)
    chunks = struct.pack("<4sII", b"VP8X", 10, flags) + size + pixels
    chunks += struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)
    return struct.pack("<4sI4s", b"RIFF", len(chunks) + 4, b"WEBP") + chunks


def packed(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


PNGS = {
    "a text packed as a bomb": png_with(b"zTXt", b"k\0\0" + packed(64 * MEGABYTE)),
    "a Unicode text packed as a bomb": png_with(b"iTXt", b"k\0\1\0\0\0" + packed(64 * MEGABYTE)),
    "a profile packed as a bomb": png_with(b"iCCP", b"k\0\0" + packed(64 * MEGABYTE)),
    "a bomb behind the pixels": png_with(b"zTXt", b"k\0\0" + packed(64 * MEGABYTE), at=-12),
    "a profile that is none": png_with(b"iCCP", b"none"),
    "a text with a wrong checksum": png_with(b"tEXt", b"k\0v").replace(b"k\0v", b"k\0w"),
    "a broken profile in a text": png_with(b"tEXt", b"Raw profile type exif\0\nexif\nzz\n"),
    "a short resolution": png_with(b"pHYs", b"\0"),
    "a short gamma": png_with(b"gAMA", b""),
    "a short time": png_with(b"tIME", b""),
    "a broken animation": png_with(b"acTL", b"\0"),
    **{f"EXIF of {name}": png_with(b"eXIf", exif) for name, exif in BROKEN_EXIF.items()},
    "EXIF behind the pixels": png_with(b"eXIf", b"none", at=-12),
}


@pytest.mark.parametrize("name", PNGS)
def test_a_png_with_odd_metadata_has_the_pixels_that_it_has_without(name: str) -> None:
    assert decoded(PNGS[name]).tobytes() == PICTURE.tobytes()


JPEGS = {
    "pictures of a series that are not there": jpeg_with(0xE2, b"MPF\0none"),
    "half a profile": jpeg_with(0xE2, b"ICC_PROFILE\0\2"),
    "a broken block of Photoshop": jpeg_with(0xED, b"Photoshop 3.0\x008BIM\3\xed\xff"),
    "a comment of bytes": jpeg_with(0xFE, b"\xff\xfe\0"),
    "a short header": jpeg_with(0xE0, b"JFIF"),
    "a short note on colours": jpeg_with(0xEE, b"Adobe"),
    **{f"EXIF of {name}": jpeg_with(0xE1, b"Exif\0\0" + exif) for name, exif in BROKEN_EXIF.items()},
}


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_with_odd_metadata_has_the_pixels_that_it_has_without(name: str) -> None:
    assert decoded(JPEGS[name]).tobytes() == decoded(encoded("JPEG")).tobytes()


WEBPS = {
    "a profile that is none": webp_with(0x20, b"ICCP", b"none"),
    "XMP that is none": webp_with(0x04, b"XMP ", b"<"),
    "a chunk that nobody knows": webp_with(0, b"what", b"odd"),
    **{f"EXIF of {name}": webp_with(0x08, b"EXIF", exif) for name, exif in BROKEN_EXIF.items()},
}


@pytest.mark.parametrize("name", WEBPS)
def test_a_webp_with_odd_metadata_has_the_pixels_that_it_has_without(name: str) -> None:
    assert decoded(WEBPS[name]).tobytes() == PICTURE.tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP"])
def test_metadata_takes_no_memory_however_long_it_is(kind: str) -> None:
    long = bytes(20 * MEGABYTE)
    data = {
        "PNG": lambda: png_with(b"tEXt", b"k\0" + long),
        "JPEG": lambda: jpeg_with(0xE5, bytes(65_000), times=320),
        "WebP": lambda: webp_with(0x04, b"XMP ", long),
    }[kind]()
    decoded(encoded(kind.upper()))
    tracemalloc.start()
    try:
        decoded(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MEGABYTE


@pytest.mark.parametrize("place", [PNG_HEADER, -12])
def test_the_orientation_of_a_png_is_read_beside_a_bomb_before_and_behind_the_pixels(place: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    data = png_with(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"), at=place, of=PNGS["a text packed as a bomb"])
    assert decoded(data).tobytes() == PICTURE.transpose(Image.Transpose.ROTATE_180).tobytes()


def test_a_series_of_pictures_from_a_camera_is_its_first_one() -> None:
    data = encoded("MPO", save_all=True, append_images=[Image.new("RGB", SIZE, "red")])
    assert decoded(data).tobytes() == decoded(encoded("JPEG")).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_of_very_many_empty_pieces_is_refused(kind: str) -> None:
    one = png_with(b"tEXt", b"")
    chunk = one[PNG_HEADER : PNG_HEADER + 12]
    many = {"PNG": one.replace(chunk, chunk * 30_000), "JPEG": jpeg_with(0xE5, b"", times=30_000)}[kind]
    with pytest.raises(SampleError, match="more than 20,000 pieces"):
        decoded(many)


XMP = b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="3"/>'
PROFILE = (
    b"\nexif\n     38\n"
    + (b"Exif\0\0" + struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, 0x112, 3, 1, 3, 0, 0)).hex().encode()
)
ELSEWHERE = {
    "XMP in a PNG": png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
    "XMP behind the pixels": png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP, at=-12),
    "XMP as an element": png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>3</tiff:Orientation>"),
    "XMP in a WebP": webp_with(0x04, b"XMP ", XMP),
    "a profile in a text": png_with(b"tEXt", b"Raw profile type exif\0" + PROFILE),
    "a profile in a packed text": png_with(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(PROFILE)),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_orientation_is_read_where_it_stands_elsewhere_than_in_exif_data(name: str) -> None:
    assert decoded(ELSEWHERE[name]).tobytes() == PICTURE.transpose(Image.Transpose.ROTATE_180).tobytes()


def test_the_orientation_of_a_jpeg_is_read_from_xmp_data_where_exif_data_have_none() -> None:
    data = jpeg_with(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    upside_down = decoded(encoded("JPEG")).transpose(Image.Transpose.ROTATE_180).tobytes()
    assert decoded(data).tobytes() == upside_down
    told = b"Exif\0\0" + struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, 0x112, 3, 1, 1, 0, 0)
    both = data[:2] + struct.pack(">BBH", 0xFF, 0xE1, len(told) + 2) + told + data[2:]
    assert decoded(both).tobytes() == decoded(encoded("JPEG")).tobytes()
