"""Open the encoded data of an image, and know its size before any of it is read."""

from __future__ import annotations

import io
import os
import stat
from typing import BinaryIO

from mathbatch.data.images.embedded import base64_bytes
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

# Characters of base64 for one byte, with room for blanks and line breaks between them.
MOST_CHARACTERS_PER_BYTE = 2


def open_encoded(ref: ImageRef, max_bytes: int) -> tuple[BinaryIO, int]:
    """Return a stream of the encoded image and its size in bytes.

    Raise SampleError for a missing file, for what is no regular file, and for more than `max_bytes` bytes; and
    binascii.Error for broken base64.
    """
    if ref.path is not None:
        return _open_file(ref, ref.path, max_bytes)
    assert ref.data is not None
    if isinstance(ref.data, str):
        if len(ref.data) > MOST_CHARACTERS_PER_BYTE * max_bytes:
            raise _too_large(ref, len(ref.data) * 3 // 4, max_bytes)
        data = base64_bytes(ref.data)
    else:
        data = ref.data
    if len(data) > max_bytes:
        raise _too_large(ref, len(data), max_bytes)
    return io.BytesIO(data), len(data)


def _open_file(ref: ImageRef, path: str, max_bytes: int) -> tuple[BinaryIO, int]:
    try:
        # Something else may lie there by now, and opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SampleError("missing_image", f"{path}: {error.strerror}") from error
    try:
        size = _checked_size(ref, os.fstat(descriptor), max_bytes)
    except SampleError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb"), size


def _checked_size(ref: ImageRef, found: os.stat_result, max_bytes: int) -> int:
    if not stat.S_ISREG(found.st_mode):
        raise SampleError("missing_image", f"{ref.path} is not a file")
    if found.st_size == 0:  # as are files of /proc, some of which have no end
        raise SampleError("broken_image", f"{ref.label}: the file is empty")
    if found.st_size > max_bytes:
        raise _too_large(ref, found.st_size, max_bytes)
    return found.st_size


def _too_large(ref: ImageRef, size: int, max_bytes: int) -> SampleError:
    return SampleError(
        "image_too_large",
        f"{ref.label}: {size / 2**20:.1f} MiB, over dataset.image_max_mib={max_bytes / 2**20:g}",
    )
