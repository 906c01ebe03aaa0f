"""Limit the processor time that reading one image may take.

A few bytes may make a decoder work for minutes. It runs in C, in a thread that nobody can stop, but it asks for its
input block by block.
"""

from __future__ import annotations

import io
import time

from mathbatch.errors import SampleError


class Meter:
    """Processor time that the current thread may spend on one image, counted from now on."""

    def __init__(self, label: str, limit_s: float) -> None:
        self._label, self._limit_s = label, limit_s
        self._deadline = time.thread_time() + limit_s

    def check(self) -> None:
        """Raise SampleError if the time is spent."""
        if time.thread_time() > self._deadline:
            raise SampleError(
                "image_too_costly",
                f"{self._label}: reading it takes more than {self._limit_s:g} s of processor time; "
                "save it anew as an ordinary PNG or JPEG, or leave it out",
            )


class MeteredBytes(io.BytesIO):
    """Bytes of an encoded image. Every read checks the meter."""

    def __init__(self, data: bytes, meter: Meter) -> None:
        super().__init__(data)
        self._meter = meter

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, or raise SampleError if the time for the image is spent."""
        self._meter.check()
        return super().read(size)
