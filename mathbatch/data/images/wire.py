"""Encode images for a server, so that it sees the pixels that an engine in this process would see."""

from __future__ import annotations

import base64
import io

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.records import ImageRef

# Pixels need the same time with each level of compression, and levels above this save few bytes.
PNG_LEVEL = 1


class WireImage:
    """Image as a data URL, quoted as JSON has it."""

    def __init__(self, kind: str, data: bytes) -> None:
        self.json = b'"data:image/%b;base64,%b"' % (kind.encode(), base64.b64encode(data))

    def close(self) -> None:
        """Free its memory."""
        self.json = b""


class WireEncoder:
    """Reads images as an ImageDecoder of the same limits does, and raises what that raises.

    Data of which every decoder makes the same pixels stay as they are, without their metadata; others become a PNG.
    """

    def __init__(self, max_pixels: int, max_bytes: int) -> None:
        self.max_pixels, self.max_bytes = max_pixels, max_bytes
        self._decoder = ImageDecoder(max_pixels, max_bytes)
        self.measure = self._decoder.measure

    def decode(self, ref: ImageRef) -> tuple[WireImage, str]:
        """Return the image and a hash of its encoded data. Raise SampleError if it can't be read."""
        image, hash, data = self._decoder.decode_beside_data(ref)
        if data is not None:
            image.close()
            return WireImage("png" if data.startswith(b"\x89") else "jpeg", data), hash
        stream = io.BytesIO()
        image.save(stream, "PNG", compress_level=PNG_LEVEL)
        image.close()
        return WireImage("png", stream.getvalue()), hash
