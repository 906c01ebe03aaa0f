"""The feed: the pending units of a dataset, read, mapped, rendered and filtered in a worker thread, chunk by chunk."""

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
from mathbatch.data.digest import digest
from mathbatch.errors import SampleError
from mathbatch.records import BadRow, Failure, Record, Request, Sample

CHUNK = 256
CHUNK_S = 0.05
"""A chunk ends at so many units or after so long, whatever is first: neither thread nor loop waits for the other."""
LOOK_AT_CLOCK_EVERY = 16


@dataclass(frozen=True)
class Chunk:
    """Requests to answer, and Records of rows that can't be asked. It may be empty, where all that was read is done."""

    units: list[Request | Record]


class Feed:
    """Yields chunks of what is to do, and counts what is done already.

    `digests` holds the digest of every row that was read, eight bytes each: what joins records to rows at the end.
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
        units = self._units()
        while True:
            found, ended = await asyncio.to_thread(_take, units)
            yield Chunk(found)
            if ended:
                return

    def _units(self) -> Iterator[Request | Record | None]:
        """Units to do; None for one that is done, so that a chunk of a finished part still ends in time."""
        for sample in self._loader:
            prompt = render(sample, self._processor)
            self.digests.append(int(prompt.digest, 16))
            for rollout in range(self._rollouts):
                if isinstance(prompt, Request):
                    yield self._request(prompt, rollout)
                else:
                    yield self._bad(msgspec.structs.replace(prompt, rollout=rollout))

    def _request(self, prompt: Request, rollout: int) -> Request | None:
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

    def _bad(self, record: Record) -> Record | None:
        """A row that fails as it did before is counted, not recorded again."""
        if self._saver.state(record.id, record.rollout, record.digest) is None:
            return record
        self._counts.add(record)
        return None


def render(sample: Sample | BadRow, processor: BaseDataProcessor) -> Request | Record:
    """The request of a sample with its digest, or the failure record of a row that has none."""
    if isinstance(sample, BadRow):
        return failed_row(sample.id, sample.kind, sample.message)
    try:
        request = processor.process(sample)
        request.id, request.row_number = sample.id, sample.row_number
        request.digest = digest(request.messages)
        return request
    except SampleError as error:
        return failed_row(sample.id, error.kind, f"row {sample.row_number}: {error}")
    except UnicodeEncodeError:
        return failed_row(sample.id, "bad_prompt", f"row {sample.row_number}: the prompt has half a surrogate pair")


def failed_row(id: str, kind: str, message: str) -> Record:
    """Its digest is that of the failure itself, so the same failure is one record."""
    return Record(
        id,
        hashlib.blake2b(f"{kind} {message}".encode(errors="replace"), digest_size=8).hexdigest(),
        failure=Failure(kind, message),
    )


def sampling_of(values: dict[str, Any], request: Request) -> dict[str, Any]:
    """The sampling parameters of a unit: with a seed set, each has a stream of its own, the same in every run.

    The unit's seed is the first 63 bits of BLAKE2b over the seed, the sample id and the rollout.
    """
    if values.get("seed") is None:
        return values
    key = f"{values['seed']}\0{request.id}\0{request.rollout}".encode(errors="replace")
    own = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) >> 1
    return {**values, "seed": own}


def _take(units: Iterator[Request | Record | None]) -> tuple[list[Request | Record], bool]:
    """The next chunk, and whether it is the last."""
    chunk: list[Request | Record] = []
    deadline = time.monotonic() + CHUNK_S
    for looked_at, unit in enumerate(units, 1):
        if unit is not None:
            chunk.append(unit)
        if len(chunk) >= CHUNK or (looked_at % LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() > deadline):
            return chunk, False
    return chunk, True
