"""Yield the pending requests of a dataset, chunk by chunk.

A worker thread reads, maps, renders and filters the rows. A unit is one rollout of one sample.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from mathbatch.base import BaseDataFilter, BaseDataLoader, BaseDataProcessor, BaseDataSaver
from mathbatch.data.counts import Counts
from mathbatch.data.digests import digest_of, recognise
from mathbatch.errors import SampleError
from mathbatch.records import BadRow, Failure, Record, Request, Sample

# A chunk ends after this many units or this much time, whichever comes first, so that neither the worker thread nor
# the event loop waits long for the other.
CHUNK_UNITS = 256
CHUNK_S = 0.05
# Reading the clock for every unit would take a noticeable share of the time.
UNITS_PER_CLOCK_READING = 16


@dataclass(frozen=True)
class Chunk:
    """Requests to answer, and failure records of rows that can't be asked. It is empty if all units were done."""

    units: list[Request | Record]


class Feed:
    """Yields chunks of pending units, and counts the units that are done already.

    `digests` collects the digest of every row that was read, eight bytes each. Records are joined to rows by them.
    """

    def __init__(
        self,
        loader: BaseDataLoader,
        processor: BaseDataProcessor,
        filter: BaseDataFilter,
        saver: BaseDataSaver,
        sampling: dict[str, Any],
        rollouts: int,
        counts: Counts,
        job: int = 0,
    ) -> None:
        self._loader, self._processor, self._filter, self._saver = loader, processor, filter, saver
        self._sampling, self._rollouts, self._counts = sampling, rollouts, counts
        self._job = job
        self.digests = array("Q")

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Yield chunks until the end of the dataset."""
        units = self._units()
        while True:
            found, ended = await asyncio.to_thread(_take_chunk, units)
            yield Chunk(found)
            if ended:
                return

    def _units(self) -> Iterator[Request | Record | None]:
        """Yield each pending unit, and None for each that is done, so that chunks end in time among those too."""
        for sample in self._loader:
            prompt = render(sample, self._processor)
            if isinstance(prompt, Request):
                recognise(prompt, self._saver, self._rollouts)
            self.digests.append(int(prompt.digest, 16))
            for rollout in range(self._rollouts):
                if isinstance(prompt, Request):
                    yield self._pending_request(prompt, rollout)
                else:
                    yield self._new_failure(msgspec.structs.replace(prompt, rollout=rollout))

    def _pending_request(self, prompt: Request, rollout: int) -> Request | None:
        """Return the request for a rollout, or count it and return None if it is done."""
        request = prompt if self._rollouts == 1 else msgspec.structs.replace(prompt, rollout=rollout)
        if self._filter.pending(request, self._saver):
            request.sampling, request.job = sampling_of(self._sampling, request), self._job
            return request
        if self._saver.failures != 0 and self._saver.state(request.id, rollout, request.digest) == "failed":
            record = self._saver.find(request.id, rollout, request.digest)
            if record is not None and record.failure is not None:
                self._counts.add_failure(request.label, record.failure.kind, record.failure.message)
        else:
            self._counts.before += 1
        return None

    def _new_failure(self, record: Record) -> Record | None:
        """Return the failure record of a bad row, or count it and return None if the store has the same failure."""
        if self._saver.state(record.id, record.rollout, record.digest) is None:
            return record
        self._counts.add(record)
        return None


def render(sample: Sample | BadRow, processor: BaseDataProcessor) -> Request | Record:
    """Return the request for a sample with its digest, or a failure record if no prompt can be made."""
    if isinstance(sample, BadRow):
        return failed_row(sample.id, sample.kind, sample.message)
    try:
        request = processor.process(sample)
        request.id, request.row_number = sample.id, sample.row_number
        request.digest = digest_of(request.messages)
        return request
    except SampleError as error:
        return failed_row(sample.id, error.kind, f"row {sample.row_number}: {error}")
    except UnicodeEncodeError:
        return failed_row(sample.id, "bad_prompt", f"row {sample.row_number}: the prompt has half a surrogate pair")


def failed_row(id: str, kind: str, message: str) -> Record:
    """Return a failure record whose digest is that of the failure, so that the same failure is stored only once."""
    digest = hashlib.blake2b(f"{kind} {message}".encode(errors="replace"), digest_size=8).hexdigest()
    return Record(id=id, digest=digest, failure=Failure(kind, message))


def sampling_of(values: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the sampling parameters of a request. If a seed is set, each request gets its own, the same in every run.

    It is the first 63 bits of BLAKE2b over the configured seed, the sample id and the rollout.
    """
    if values.get("seed") is None:
        return values
    key = f"{values['seed']}\0{request.id}\0{request.rollout}".encode(errors="replace")
    own = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) >> 1
    return {**values, "seed": own}


def _take_chunk(units: Iterator[Request | Record | None]) -> tuple[list[Request | Record], bool]:
    """Return the units of the next chunk, and whether the dataset has ended."""
    chunk: list[Request | Record] = []
    deadline = time.monotonic() + CHUNK_S
    for read, unit in enumerate(units, 1):
        if unit is not None:
            chunk.append(unit)
        if len(chunk) >= CHUNK_UNITS or (read % UNITS_PER_CLOCK_READING == 0 and time.monotonic() > deadline):
            return chunk, False
    return chunk, True
