"""Turn a decoded image into upright RGB pixels, in strips, so that little more memory is needed than for the result."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from mathbatch.data.images.metadata import Metadata
from mathbatch.data.images.meter import Meter

if TYPE_CHECKING:
    from PIL import Image

ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")
# Pixels that are converted at once. Conversions of images with alpha need several copies.
STRIP = 1 << 20

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
# As an attribute or an element of XMP data (XMP, part 2, 3.4).
XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:\s?=\s?[\"']|>)([1-8])")
# Types of whole numbers in EXIF data (TIFF 6.0, section 2), as `struct` names them.
WHOLE_NUMBERS = {3: "H", 4: "I"}


def to_rgb(image: Image.Image, meter: Meter) -> Image.Image:
    """Return the first frame with 8 bits per channel, and white where it is transparent.

    Raise SampleError if the meter runs out, and what Pillow's decoders raise for damaged data.
    """
    from PIL import Image

    image.seek(0)
    image.load()
    if image.mode == "RGB" and not _has_alpha(image):
        return image
    width, height = image.size
    rgb = Image.new("RGB", image.size)
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        meter.check()
        rgb.paste(_flat(image.crop((0, top, width, min(top + rows, height)))), (0, top))
    return rgb


def upright(image: Image.Image, metadata: Metadata) -> Image.Image:
    """Return the image as its camera was held, which EXIF data tell, or XMP data where those do not."""
    from PIL.Image import Transpose

    turn = _turn(metadata)
    return image if turn is None else image.transpose(Transpose[turn])


def every_decoder_agrees(image: Image.Image, metadata: Metadata) -> bool:
    """Tell whether whoever decodes the image, as it is without its metadata, has the pixels that are made of it here.

    So it is with 8 bits of grey or of each colour, in one frame that nothing makes transparent and nothing turns.
    """
    is_common = image.format in ("JPEG", "PNG") and image.mode in ("L", "RGB")
    return is_common and not _has_alpha(image) and getattr(image, "n_frames", 1) == 1 and _turn(metadata) is None


def _turn(metadata: Metadata) -> str | None:
    """Return how Pillow turns an image upright, None if it is."""
    in_exif, in_xmp = _orientation(metadata.exif.removeprefix(b"Exif\0\0")), XMP_ORIENTATION.search(metadata.xmp)
    return TURNS.get(int(in_xmp[1]) if in_exif is None and in_xmp else in_exif or 1)


def _orientation(tiff: bytes) -> int | None:
    """Return the orientation in the first directory of EXIF data, or None without one.

    Pillow would read all tags, and thousands of them may share one long value, which takes gigabytes.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, at)
            if tag == ORIENTATION:
                whole = count == 1 and kind in WHOLE_NUMBERS
                return int(struct.unpack_from(order + WHOLE_NUMBERS[kind], tiff, at + 8)[0]) if whole else 1
    except struct.error:
        return None  # the pixels are whole, and viewers show such an image as it is
    return None


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ALPHA_MODES or "transparency" in image.info


def _flat(image: Image.Image) -> Image.Image:
    """Return an image of any mode as RGB. Grey values of 16 bits are divided by 256."""
    from PIL import Image

    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    if not _has_alpha(image):
        return image.convert("RGB")
    image = image.convert("RGBA")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image)
    return flat
