"""Decode every distinct image of a dataset, on all cores."""

from __future__ import annotations

import os
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.errors import SampleError
from mathbatch.models.image_tokens import Size
from mathbatch.records import ImageRef

# Images whose results are remembered, so that an image which several rows share is decoded once.
MAX_REMEMBERED = 200_000


class ImageProblem(NamedTuple):
    """Reason why an image can't be used, as the kind and message of a failed record."""

    kind: str
    message: str


class ImageProber:
    """Decodes images in threads to find out their sizes, or why a run would fail on them."""

    def __init__(self, decoder: ImageDecoder) -> None:
        self._decoder = decoder
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="look")
        self._results: OrderedDict[tuple[str | None, str], Future[Size | ImageProblem]] = OrderedDict()
        self.distinct = 0

    def probe(self, ref: ImageRef) -> Future[Size | ImageProblem]:
        """Start to decode an image, unless that was done before; return the future result."""
        key = (ref.path, ref.identity)
        result = self._results.get(key)
        if result is None:
            self.distinct += 1
            result = self._results[key] = self._threads.submit(self._decode, ref)
            if len(self._results) > MAX_REMEMBERED:
                self._results.popitem(last=False)
        return result

    def _decode(self, ref: ImageRef) -> Size | ImageProblem:
        try:
            self._decoder.measure(ref)
            image, _ = self._decoder.decode(ref)
        except SampleError as error:
            # The error itself is not kept, because its traceback would keep the image's data in memory.
            return ImageProblem(error.kind, str(error))
        return image.size

    def close(self) -> None:
        """Stop the threads; images that are not started yet are not decoded."""
        self._threads.shutdown(cancel_futures=True)
