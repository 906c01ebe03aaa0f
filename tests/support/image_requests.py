"""Make requests that show images."""

from __future__ import annotations

from mathbatch.data.images.decode import ImageDecoder, ImageRoot
from mathbatch.records import Request

DECODER = ImageDecoder(10**6, 1 << 20)


def request_for(root: ImageRoot, *values: str) -> Request:
    """Return a request that shows the images at these paths below the root."""
    content = [{"type": "image", "image": root.reference(value)} for value in values]
    return Request("x", [{"role": "user", "content": content}])
