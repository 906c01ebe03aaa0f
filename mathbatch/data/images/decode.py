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
from typing import TYPE_CHECKING, Any, NamedTuple

from mathbatch.data.images.embedded import (
    MAX_SHOWN,
    NETWORK_URL,
    data_url_content,
    file_url_path,
    is_base64,
    is_no_path,
    shown,
    unwrapped,
)
from mathbatch.data.images.encoded import open_encoded
from mathbatch.data.images.metadata import Metadata, pieces, without_metadata
from mathbatch.data.images.meter import MAX_CPU_S, Meter, MeteredBytes
from mathbatch.data.images.pixels import every_decoder_agrees, to_rgb, upright
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

if TYPE_CHECKING:
    from PIL import Image

# Formats of benchmarks. Pillow reads more, but some through other programs, and TIFF, AVIF and PPM at a cost that no
# header tells. Files of the format MPO, which some cameras write, are read as JPEG.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
# Bytes per pixel at the peak of decoding. Pillow needs four, and holds a second copy while it rotates or converts an
# image. libwebp holds two canvases beside that, and libjpeg all coefficients of an image that comes in several scans.
PEAK_BYTES = 8
PEAK_BYTES_WEBP = 16
PEAK_BYTES_SCANS = 12
# JPEG has no longer side, and each row of an image takes memory of its own.
MAX_SIDE = 65_535
# Bytes that a decoder takes at once. Deflate makes a thousand times as many of them, which no meter stops.
BLOCK = 1 << 14

# Largest number of scans in a JPEG, and of the pixels in all of its scans together. A progressive JPEG has about ten.
# Each scan may take few bytes and yet as much time as a whole image, so that one block of input may hold very many.
MAX_SCANS = 100
MAX_SCANNED_PIXELS = 10**9
# Markers of a JPEG file (ITU-T T.81, table B.1): start of image, start of scan, end of image.
JPEG, SCAN, END = b"\xff\xd8", 0xDA, 0xD9
# Any marker, except for the codes that may stand within the data of a scan (ITU-T T.81, B.1.1.5).
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

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


class Reduced(NamedTuple):
    """Image of at most a certain size, with width, height and format of the one that it was made of.

    `data` is the encoded data of that one, without its metadata, where it is as small and every decoder agrees on it.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    data: bytes | None


class ImageDecoder:
    """Reads images with at most `max_pixels` pixels and `max_bytes` bytes of encoded data.

    A pixel counts more in formats whose decoders need more memory for it. Decoding takes `max_cpu_s` seconds of
    processor time at most.
    """

    def __init__(self, max_pixels: int, max_bytes: int, max_cpu_s: float = MAX_CPU_S) -> None:
        self.max_pixels = max_pixels
        self.max_bytes = max_bytes
        self.max_cpu_s = max_cpu_s

    def measure(self, ref: ImageRef) -> int:
        """Return the memory that decoding the image takes at its peak, in bytes. Only the header is read.

        Raise SampleError for an image over a limit, a missing file or a damaged header.
        """
        with _reading(ref):
            _load_plugins()
            meter = Meter(ref.label, self.max_cpu_s)
            stream, encoded = open_encoded(ref, self.max_bytes)
            with stream, _opened(MeteredBytes(without_metadata(stream, header_only=True)[0], meter)) as image:
                peak_bytes = self._checked(ref, image, "progressive" in image.info)
                return image.width * image.height * peak_bytes + encoded

    def decode(self, ref: ImageRef) -> tuple[Image.Image, str]:
        """Return the RGB image and a hash of its encoded data, by which an engine recognizes images in its cache.

        Raise SampleError for an image over a limit, a missing file or damaged data.
        """
        image, hash, _ = self.decode_beside_data(ref)
        return image, hash

    def decode_beside_data(self, ref: ImageRef) -> tuple[Image.Image, str, bytes | None]:
        """Return what `decode` returns, and the encoded data of which every decoder makes this image, if they do.

        None stands for data of which another decoder might make another one. Raise SampleError as `decode` does.
        """
        with _reading(ref):
            data, meter = self._encoded(ref)
            hash = hashlib.blake2b(data, digest_size=16).hexdigest()
            data, metadata = without_metadata(io.BytesIO(data))
            image, is_plain = self._decoded(ref, data, meter, metadata)
            return upright(image, metadata), hash, data if is_plain else None

    def reduce(self, ref: ImageRef, edge: int) -> Reduced:
        """Return the image in a size that fits into a square of `edge` pixels, or its own if that is smaller.

        A JPEG is decoded at the fraction of its size that is just large enough. Raise SampleError as `decode` does.
        """
        with _reading(ref):
            data, meter = self._encoded(ref)
            data, metadata = without_metadata(io.BytesIO(data))
            with _opened(MeteredBytes(data, meter)) as header:
                size, format = header.size, header.format or ""
            image, is_plain = self._decoded(ref, data, meter, metadata, edge)
            turned = upright(image, metadata)
            if turned.width != image.width:
                size = size[::-1]
            meter.check()
            turned.thumbnail((edge, edge), reducing_gap=2.0)
            return Reduced(turned, *size, format, data if is_plain and turned.size == size else None)

    def _encoded(self, ref: ImageRef) -> tuple[bytes, Meter]:
        """Return the encoded data, and a meter for the work on them that begins now."""
        _load_plugins()
        meter = Meter(ref.label, self.max_cpu_s)
        stream, encoded = open_encoded(ref, self.max_bytes)
        with stream:
            # A file may grow while it is read.
            return stream.read(encoded), meter

    def _decoded(
        self, ref: ImageRef, data: bytes, meter: Meter, metadata: Metadata, edge: int | None = None
    ) -> tuple[Image.Image, bool]:
        scans = _scans(data)
        with _opened(MeteredBytes(data, meter)) as image:
            self._checked(ref, image, scans > 1)
            if scans > MAX_SCANS or scans * image.width * image.height > MAX_SCANNED_PIXELS:
                most = min(MAX_SCANS, MAX_SCANNED_PIXELS // (image.width * image.height))
                raise SampleError("image_too_costly", f"{ref.label}: a JPEG of {scans:,} scans, over {most}")
            is_plain = every_decoder_agrees(image, metadata)
            if edge is not None:
                image.draft(None, (edge, edge))
            return to_rgb(image, meter), is_plain

    def _checked(self, ref: ImageRef, image: Image.Image, has_scans: bool) -> int:
        """Return the bytes per pixel at the peak of decoding an image, or raise SampleError if it is too large."""
        width, height = image.size
        size = f"{ref.label}: {width} x {height} pixels"
        if max(width, height) > MAX_SIDE:
            raise SampleError("image_too_large", f"{size}, a side over {MAX_SIDE:,}")
        peak_bytes = PEAK_BYTES_WEBP if image.format == "WEBP" else PEAK_BYTES_SCANS if has_scans else PEAK_BYTES
        if width * height * peak_bytes > self.max_pixels * PEAK_BYTES:
            kind = f" of a {'WebP' if image.format == 'WEBP' else 'progressive JPEG'}"
            weight = peak_bytes / PEAK_BYTES
            counted = f"{kind}, each of which counts as {weight:g} for its memory" if weight > 1 else ""
            limit = f"over dataset.image_max_megapixels={self.max_pixels / 1e6:g}"
            raise SampleError("image_too_large", f"{size}{counted}, {limit}")
        return peak_bytes


def _scans(data: bytes) -> int:
    """Return the number of scans in the first image of a JPEG file, or 0 for other formats.

    Raise ValueError for a file of too many pieces.
    """
    at, found, markers = len(JPEG), 0, pieces()
    while data.startswith(JPEG) and (marker := MARKER.search(data, at)) and data[marker.end() - 1] != END:
        next(markers)
        found += data[marker.end() - 1] == SCAN
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return found


def _opened(stream: MeteredBytes) -> Image.Image:
    """Return the image in a stream, of which the header is read. Raise OSError for one of other formats."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # `ImageDecoder` checks our own limit instead
    # Pillow warns of odd metadata, which the pixels don't need.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    image = Image.open(stream, formats=FORMATS)
    if any(tile[0] == "bmp_rle" for tile in image.tile):  # written in Python, and some versions fill the memory
        raise ValueError("a BMP in run lengths is not read; save it as a PNG")
    image.decodermaxblock = BLOCK
    return image


def _load_plugins() -> None:
    """Load the plugins for our formats alone, which Pillow would do, for all formats, within the time of an image."""
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401


@contextmanager
def _reading(ref: ImageRef) -> Iterator[None]:
    """Turn errors that damaged data causes in the block into SampleError."""
    try:
        yield
    except binascii.Error as error:
        raise SampleError("broken_image", f"{ref.label}: not valid base64: {error}") from error
    except DECODER_ERRORS as error:
        problem = str(error)
        if "cannot identify" in problem:
            known = ", ".join(FORMATS)
            problem = f"no picture, or of a kind that is not read (read: {known}; `magick x.tif x.png` converts others)"
        raise SampleError("broken_image", f"{ref.label}: {problem}") from error
