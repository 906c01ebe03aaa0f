"""Turn the image fields of rows into references, and references into RGB images.

`ImageRoot.reference` is cheap, one `stat` at most, and is called for every row. `ImageDecoder` reads images in worker
threads, just ahead of the engine. Everything that is not an image raises SampleError.
"""

from __future__ import annotations

import binascii
import hashlib
import io
import os
import re
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mathbatch.data.images.embedded import (
    MAX_SHOWN,
    NETWORK_URL,
    base64_bytes,
    data_url_content,
    file_url_path,
    is_base64,
    is_no_path,
    shown,
    unwrapped,
)
from mathbatch.data.images.metadata import without_metadata
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

if TYPE_CHECKING:
    from PIL import Image

# Pillow would start other programs to read some of the other formats. Files of the format MPO, which some cameras
# write, are read as JPEG.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")
# Pillow needs four bytes per pixel, and holds a second copy while it rotates or converts an image. Images with alpha
# are pasted on a white one, which takes two copies more.
PEAK_BYTES_PER_PIXEL = 8
PEAK_BYTES_PER_PIXEL_ALPHA = 16

# Largest number of scans in a JPEG. A progressive JPEG has about ten. Each scan may take few bytes and yet as much time
# as a whole image, so thousands of them would block a worker thread.
MAX_SCANS = 100
# Markers of a JPEG file (ITU-T T.81, table B.1): start of image, start of scan, end of image.
JPEG, SCAN, END = b"\xff\xd8", 0xDA, 0xD9
# Any marker, except for the codes that may stand within the data of a scan (ITU-T T.81, B.1.1.5).
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

# EXIF tag for the orientation of the camera, and how Pillow turns its values upright (EXIF 2.32, 4.6.4). Value 1 is so.
ORIENTATION = 0x0112
TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}

# Errors that Pillow's decoders raise on damaged data.
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


class ImageRoot:
    """Folder that image paths are relative to. A path that leads out of it, even through a link, is refused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = os.path.realpath(folder)

    def reference(self, value: Any) -> ImageRef:
        """Return a reference to the image in a field of a row.

        The value may be a path, a `file://` URL, base64 text, a data URL, bytes, or one of these in a dictionary, such
        as {"bytes", "path"} of Hugging Face datasets and {"type": "image_url", "image_url": {"url"}} of chat messages.
        Raise SampleError for anything else, and for a file that is missing or outside the folder.
        """
        value = unwrapped(value)
        if isinstance(value, bytes) and value:
            return _embedded("embedded bytes", value)
        if not isinstance(value, str) or not value.strip():
            raise SampleError("bad_image_field", f"a picture can't be {shown(value)}")
        if (content := data_url_content(value)) is not None:
            return _embedded("data URL", content)
        if is_base64(value):
            return _embedded("base64 text", value)
        if NETWORK_URL.match(value):
            raise SampleError("image_url", f"pictures are not fetched from the network: {value:.200}")
        path = file_url_path(value)
        return self._file(value if path is None else path)

    def _file(self, value: str) -> ImageRef:
        if is_no_path(value):
            raise SampleError("missing_image", f"neither a path nor a picture in base64: {shown(value)}")
        real = os.path.realpath(os.path.join(self._real, value))
        if not real.startswith(self._real + os.sep) and self._real != os.sep:
            raise SampleError(
                "image_outside_root", f"{value:.{MAX_SHOWN}} lies outside {self._real}; see dataset.image_base_path"
            )
        try:
            found = os.stat(real)
        except OSError as error:
            raise SampleError("missing_image", f"{real:.{MAX_SHOWN}}: {error.strerror}") from error
        if not stat.S_ISREG(found.st_mode):
            raise SampleError("missing_image", f"{real} is not a file")
        stamp = f"{real}:{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}"
        return ImageRef(label=value, identity=f"{value}:{found.st_size}", path=real, stamp=stamp)


def _embedded(label: str, data: bytes | str) -> ImageRef:
    raw = data.encode("ascii", "replace") if isinstance(data, str) else data
    return ImageRef(label=label, identity=hashlib.blake2b(raw, digest_size=16).hexdigest(), data=data)


class ImageDecoder:
    """Reads images with at most `max_pixels` pixels and `max_bytes` bytes of encoded data."""

    def __init__(self, max_pixels: int, max_bytes: int) -> None:
        self.max_pixels = max_pixels
        self.max_bytes = max_bytes

    def measure(self, ref: ImageRef) -> int:
        """Return the memory that decoding the image takes at its peak, in bytes. Only the header is read.

        Raise SampleError for an image over a limit, a missing file or a damaged header.
        """
        with _reading(ref), self._open(ref) as stream, _open_image(stream, header_only=True) as image:
            width, height = image.size
            alpha = _has_alpha(image)
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

    def decode(self, ref: ImageRef) -> tuple[Image.Image, str]:
        """Return the RGB image and a hash of its encoded data, by which an engine recognizes images in its cache.

        Raise SampleError for a missing file or damaged data.
        """
        with _reading(ref), self._open(ref) as stream:
            data = stream.read()
            if (scans := _scans(data)) > MAX_SCANS:
                raise SampleError("broken_image", f"{ref.label}: a JPEG of {scans:,} scans, over {MAX_SCANS}")
            with _open_image(io.BytesIO(data)) as image:
                return to_rgb(image), hashlib.blake2b(data, digest_size=16).hexdigest()

    def _open(self, ref: ImageRef) -> BinaryIO:
        if ref.path is not None:
            try:
                return open(ref.path, "rb")
            except OSError as error:
                raise SampleError("missing_image", f"{ref.path}: {error.strerror}") from error
        assert ref.data is not None
        if isinstance(ref.data, bytes):
            return io.BytesIO(ref.data)
        return io.BytesIO(base64_bytes(ref.data))


def _scans(data: bytes) -> int:
    """Return the number of scans in the first image of a JPEG file, or 0 for other formats."""
    at, found = len(JPEG), 0
    while data.startswith(JPEG) and (marker := MARKER.search(data, at)) and data[marker.end() - 1] != END:
        found += data[marker.end() - 1] == SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return found


def to_rgb(image: Image.Image) -> Image.Image:
    """Return the first frame with 8 bits per channel, turned upright, and white where it is transparent."""
    from PIL import Image

    image.seek(0)
    image.load()
    if (turn := _turn(image)) is not None:
        image = image.transpose(turn)
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if _has_alpha(image):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return how to turn an image upright; None if it is so, as TIFF always is here, or its EXIF data can't be read."""
    from PIL.Image import Transpose

    try:
        orientation = image.getexif().get(ORIENTATION)
    except DECODER_ERRORS:  # the pixels are read already, and viewers show such an image as it is
        return None
    return Transpose[TURNS[orientation]] if isinstance(orientation, int) and orientation in TURNS else None


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ALPHA_MODES or "transparency" in image.info


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return a greyscale image with 8 bits per pixel.

    Values of 16 bits are divided by 256. Wider integers and floats are scaled so that their range fills 8 bits.
    """
    if image.mode.startswith("I;16") and image.mode != "I;16":
        image = image.convert("I")  # Pillow's `point` supports no other byte order
    if image.mode == "I;16":
        return image.point(lambda value: value / 256).convert("L")
    low, high = image.getextrema()
    assert isinstance(low, (int, float))
    assert isinstance(high, (int, float))
    if image.mode == "I" and low >= 0 and high <= 65535:
        return image.point(lambda value: value / 256).convert("L")
    scale = 255 / (high - low) if high > low else 0
    return image.point(lambda value: value * scale - low * scale).convert("L")


def _open_image(stream: BinaryIO, header_only: bool = False) -> Image.Image:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # `ImageDecoder.measure` checks our own limit instead
    # Pillow warns of odd metadata, which the pixels don't need.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    return Image.open(without_metadata(stream, header_only), formats=FORMATS)


@contextmanager
def _reading(ref: ImageRef) -> Iterator[None]:
    """Turn errors that damaged data causes in the block into SampleError."""
    try:
        yield
    except binascii.Error as error:
        raise SampleError("broken_image", f"{ref.label}: not valid base64: {error}") from error
    except DECODER_ERRORS as error:
        problem = "no picture, or of a kind that is not read" if "cannot identify" in str(error) else str(error)
        raise SampleError("broken_image", f"{ref.label}: {problem} (read: {', '.join(FORMATS)})") from error
