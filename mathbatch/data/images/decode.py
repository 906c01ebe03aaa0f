"""Pictures: from what a row says to an RGB picture, or a named failure; never to nothing.

`ImageRoot.reference` is cheap (one stat) and made for every row. `measure` reads a header, `decode` the picture; both
are called from worker threads, just ahead of the engine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)
BASE64_STARTS = ("/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR", "Qk0", "Qk1", "SUkq", "TU0AK")
"""How JPEG, PNG, GIF, WebP, BMP and TIFF begin in base64."""
BASE64 = re.compile(r"[A-Za-z0-9+/\s]{48,}+={0,2}\s*")
MAX_PATH = 4096
"""Longer text is no path, and might have so many parts that the system would be asked for a long time."""
MIN_BASE64 = 64
"""No picture is shorter, and hardly a path that looks like base64 is longer."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")
"""Pixel formats only: Pillow would start other programs for some of the rest. MPO, of some cameras, is read as JPEG."""
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")
PEAK_BYTES_PER_PIXEL = 8
PEAK_BYTES_PER_PIXEL_ALPHA = 16
"""Pillow holds four bytes a pixel, and a second copy while it turns or converts; with alpha, two more."""

MAX_SCANS = 100
"""Of a JPEG. A progressive one has about ten; each more costs the time of a whole picture in some bytes."""
JPEG, SCAN, END = b"\xff\xd8", 0xDA, 0xD9
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""Of a JPEG; what stands in the data of a scan is left out (ITU-T T.81, table B.1 and B.1.1.5)."""

ORIENTATION = 0x0112
"""The EXIF tag that says how the camera was held; 1 is upright."""

DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    RuntimeError,
    AssertionError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on damaged data."""


class ImageRoot:
    """The folder that picture paths are relative to. A path that leads out of it, by links too, is refused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = os.path.realpath(folder)

    def reference(self, value: Any) -> ImageRef:
        """A reference for a path, base64 text, a data URL, bytes, or a {"bytes", "path"} pair. Raises SampleError."""
        if isinstance(value, dict) and ("bytes" in value or "path" in value):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, bytes) and value:
            return _embedded("embedded bytes", value)
        if not isinstance(value, str) or not value.strip():
            raise SampleError("bad_image_field", f"a picture can't be a {type(value).__name__}: {value!r:.60}")
        if match := DATA_URL.match(value):
            return _embedded("data URL", value[match.end() :])
        if value.startswith(BASE64_STARTS) and len(value) >= MIN_BASE64 and BASE64.fullmatch(value):
            return _embedded("base64 text", value)
        if value.startswith(("http://", "https://")):
            raise SampleError("image_url", f"pictures are not fetched from the network: {value:.200}")
        return self._file(value)

    def _file(self, value: str) -> ImageRef:
        if "\0" in value or len(value) > MAX_PATH:
            raise SampleError("missing_image", f"neither a path nor a picture in base64: {value!r:.200}")
        real = os.path.realpath(os.path.join(self._real, value))
        if not real.startswith(self._real + os.sep) and self._real != os.sep:
            raise SampleError("image_outside_root", f"{value} lies outside {self._real}; see dataset.image_base_path")
        try:
            found = os.stat(real)
        except OSError as error:
            raise SampleError("missing_image", f"{real}: {error.strerror}") from error
        if not stat.S_ISREG(found.st_mode):
            raise SampleError("missing_image", f"{real} is not a file")
        return ImageRef(value, f"{value}:{found.st_size}", path=real)


def _embedded(label: str, data: bytes | str) -> ImageRef:
    raw = data.encode("ascii", "replace") if isinstance(data, str) else data
    return ImageRef(label, hashlib.blake2b(raw, digest_size=16).hexdigest(), data=data)


class ImageDecoder:
    """Reads pictures within limits: `max_pixels` per picture and `max_bytes` of encoded data."""

    def __init__(self, max_pixels: int, max_bytes: int) -> None:
        self.max_pixels = max_pixels
        self.max_bytes = max_bytes

    def measure(self, ref: ImageRef) -> int:
        """Bytes that decoding takes at its peak, from the header alone. Raises SampleError over a limit."""
        with _reading(ref), self._open(ref) as stream, _open_picture(stream) as picture:
            width, height = picture.size
            alpha = picture.mode in ALPHA_MODES or "transparency" in picture.info
            encoded = stream.seek(0, os.SEEK_END)
        if width * height > self.max_pixels:
            size = f"{width} x {height} pixels"
            raise SampleError(
                "image_too_large", f"{ref.label}: {size}, over dataset.image_max_megapixels={self.max_pixels / 1e6:g}"
            )
        if encoded > self.max_bytes:
            size = f"{encoded / 2**20:.1f} MiB"
            raise SampleError(
                "image_too_large", f"{ref.label}: {size}, over dataset.image_max_mib={self.max_bytes / 2**20:g}"
            )
        return width * height * (PEAK_BYTES_PER_PIXEL_ALPHA if alpha else PEAK_BYTES_PER_PIXEL) + encoded

    def decode(self, ref: ImageRef) -> tuple[Picture, str]:
        """The RGB picture and a hash of its encoded data, by which an engine knows a picture that it has seen."""
        with _reading(ref), self._open(ref) as stream:
            data = stream.read()
            if (scans := _scans(data)) > MAX_SCANS:
                raise SampleError("broken_image", f"{ref.label}: a JPEG of {scans:,} scans, over {MAX_SCANS}")
            with _open_picture(io.BytesIO(data)) as picture:
                return to_rgb(picture), hashlib.blake2b(data, digest_size=16).hexdigest()

    def _open(self, ref: ImageRef) -> BinaryIO:
        if ref.path is not None:
            try:
                return open(ref.path, "rb")
            except OSError as error:
                raise SampleError("missing_image", f"{ref.path}: {error.strerror}") from error
        assert ref.data is not None
        if isinstance(ref.data, bytes):
            return io.BytesIO(ref.data)
        return io.BytesIO(base64.b64decode("".join(ref.data.split()), validate=True))


def _scans(data: bytes) -> int:
    """How many scans the first picture in a JPEG has; 0 for other formats."""
    at, found = len(JPEG), 0
    while data.startswith(JPEG) and (marker := MARKER.search(data, at)) and data[marker.end() - 1] != END:
        found += data[marker.end() - 1] == SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return found


def to_rgb(picture: Picture) -> Picture:
    """Upright by its EXIF tag, first frame, on white where it is transparent, 8 bits a channel."""
    from PIL import Image, ImageOps

    picture.seek(0)
    if picture.getexif().get(ORIENTATION, 1) != 1:  # exif_transpose would copy every picture
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _to_eight_bits(picture)
    if picture.mode in ALPHA_MODES or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    picture.load()
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _to_eight_bits(picture: Picture) -> Picture:
    """16-bit grey by its high byte; wider integers and floats by their own range."""
    if picture.mode.startswith("I;16") and picture.mode != "I;16":
        picture = picture.convert("I")  # Pillow counts in the plain one only
    if picture.mode == "I;16":
        return picture.point(lambda value: value / 256).convert("L")
    low, high = picture.getextrema()
    assert isinstance(low, (int, float))
    assert isinstance(high, (int, float))
    if picture.mode == "I" and low >= 0 and high <= 65535:
        return picture.point(lambda value: value / 256).convert("L")
    scale = 255 / (high - low) if high > low else 0
    return picture.point(lambda value: value * scale - low * scale).convert("L")


def _open_picture(stream: BinaryIO) -> Picture:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own limit, checked from the header, replaces Pillow's warning
    return Image.open(stream, formats=FORMATS)


@contextmanager
def _reading(ref: ImageRef) -> Iterator[None]:
    """Damage in the data of a picture is the failure of its sample."""
    try:
        yield
    except binascii.Error as error:
        raise SampleError("broken_image", f"{ref.label}: not valid base64: {error}") from error
    except DECODER_ERRORS as error:
        problem = "no picture, or of a kind that is not read" if "cannot identify" in str(error) else str(error)
        raise SampleError("broken_image", f"{ref.label}: {problem} (read: {', '.join(FORMATS)})") from error
