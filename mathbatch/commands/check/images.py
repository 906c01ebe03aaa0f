"""Decodes every distinct picture of a dataset on all cores, with a bounded number in hand."""

from __future__ import annotations

import os
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from mathbatch.commands.check.chat import Size
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

KNOWN = 200_000
"""So many pictures are remembered, so that rows that share one have it decoded once."""


class Trouble(NamedTuple):
    """Why a picture can't be shown."""

    kind: str
    message: str


class PictureLooker:
    """`look` starts, and the future it gives has the size, or what a run would fail with."""

    def __init__(self, decoder: ImageDecoder) -> None:
        self._decoder = decoder
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="look")
        self._known: OrderedDict[tuple[str | None, str], Future[Size | Trouble]] = OrderedDict()
        self.distinct = 0

    def look(self, ref: ImageRef) -> Future[Size | Trouble]:
        key = (ref.path, ref.identity)
        found = self._known.get(key)
        if found is None:
            self.distinct += 1
            found = self._known[key] = self._threads.submit(self._decode, ref)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return found

    def _decode(self, ref: ImageRef) -> Size | Trouble:
        try:
            self._decoder.measure(ref)
            picture, _ = self._decoder.decode(ref)
        except SampleError as error:  # itself it would hold the picture's data by its traceback
            return Trouble(error.kind, str(error))
        return picture.size

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
