"""Limit the processor time that reading one image may take.

A few bytes may make a decoder work for minutes. It runs in C, in a thread that nobody can stop, but it asks for its
input block by block.
"""

from __future__ import annotations

import io
import time

from mathbatch.errors import SampleError

# Reads of one image. The smallest pieces of a file take about three each, and `metadata.MAX_PIECES` limits them.
MAX_READS = 100_000
# Processor time for one image, in seconds. One of 20 megapixels takes 0.5 s at most on a common machine. The limits of
# pixels, bytes, scans and reads keep nearly all images below this on any machine; the time is for what they overlook.
MAX_CPU_S = 1.75


class Meter:
    """Processor time of the current thread, and reads, that are left for one image, from now on."""

    def __init__(self, label: str, max_cpu_s: float = MAX_CPU_S) -> None:
        self._label, self._max_cpu_s = label, max_cpu_s
        self._deadline = time.thread_time() + max_cpu_s
        self._reads = MAX_READS

    def read(self) -> None:
        """Count one read. Raise SampleError if the time or the reads for the image are spent."""
        self._reads -= 1
        if self._reads < 0:
            raise self._too_costly(f"in pieces that take more than {MAX_READS:,} reads")
        self.check()

    def check(self) -> None:
        """Raise SampleError if the time for the image is spent."""
        if time.thread_time() > self._deadline:
            raise self._too_costly(f"reading it takes more than {self._max_cpu_s:g} s of processor time")

    def _too_costly(self, reason: str) -> SampleError:
        return SampleError(
            "image_too_costly", f"{self._label}: {reason}; save it anew as an ordinary PNG or JPEG, or leave it out"
        )


class MeteredBytes(io.BytesIO):
    """Bytes of an encoded image whose reads are metered."""

    def __init__(self, data: bytes, meter: Meter) -> None:
        super().__init__(data)
        self._meter = meter

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, or raise SampleError if the time or the reads for the image are spent."""
        self._meter.read()
        return super().read(size)
