"""Encode thumbnails: WebP, which at this quality is half of a JPEG, or PNG where few colours make that smaller."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mathbatch.data.images.decode import ImageDecoder, Reduced
from mathbatch.records import ImageRef

if TYPE_CHECKING:
    from PIL import Image

# Longer side, in pixels: of a picture in a file, and of one within a row, which has no original to open.
EDGE, EDGE_EMBEDDED = 512, 1024
# Bytes up to which an original of that size is its own thumbnail.
SMALL = 1 << 16
# Colours of a plain drawing, which PNG keeps as they are, and in fewer bytes. With more of them WebP is smaller.
COLOURS = 32
QUALITY = 80
# Effort of libwebp from 0 to 6. From 2 on more of it takes twice the time and saves a twentieth.
EFFORT = 2


def thumbnail_of(ref: ImageRef, decoder: ImageDecoder) -> tuple[Reduced, bytes, str]:
    """Return what was read, the encoded thumbnail and the ending of its name. Raise SampleError for no picture."""
    reduced = decoder.reduce(ref, EDGE_EMBEDDED if ref.path is None else EDGE)
    if reduced.data is not None and len(reduced.data) <= SMALL:
        return reduced, reduced.data, "jpg" if reduced.format == "JPEG" else "png"
    webp = _encoded(reduced.image, "WEBP", quality=QUALITY, method=EFFORT)
    if reduced.image.getcolors(COLOURS) is not None:
        png = _encoded(reduced.image.quantize(COLOURS), "PNG")
        if len(png) <= len(webp):
            return reduced, png, "png"
    return reduced, webp, "webp"


def _encoded(image: Image.Image, format: str, **options: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()
