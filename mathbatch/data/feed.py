"""Yield the pending requests of a dataset, chunk by chunk.

A worker thread reads, maps, renders and filters the rows. A unit is one rollout of one sample.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from mathbatch.base import BaseDataFilter, BaseDataLoader, BaseDataProcessor, BaseDataSaver
from mathbatch.config.environment_secrets import refuse_secrets_in_prompt
from mathbatch.config.shards import Part
from mathbatch.data.counts import Counts
from mathbatch.data.digests import RunKey, recognise
from mathbatch.data.requests import request_of
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.spilled import SpilledList
from mathbatch.errors import MathBatchError, SampleError
from mathbatch.parts.checks import shown, writable
from mathbatch.parts.faults import PartFailure, failure, is_ours, returned
from mathbatch.parts.first_errors import FirstErrors
from mathbatch.records import BadRow, Failure, Record, Request, Sample

# A chunk ends after this many units or this much time, whichever comes first, so that neither the worker thread nor
# the event loop waits long for the other.
CHUNK_UNITS = 256
CHUNK_S = 0.05
# Reading the clock for every unit would take a noticeable share of the time.
UNITS_PER_CLOCK_READING = 16
# Kind of the failure of a unit that a filter lets not through although it has no record.
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Chunk:
    """Requests to answer, and failure records of rows that can't be asked. It is empty if all units were done."""

    units: list[Request | Record]


class Feed:
    """Yields chunks of pending units, and counts the units that are done already.

    `digests` collects the digest of every row that was read. Records are joined to rows by them.
    `errors` gets the errors of processor and filter; it raises one that all samples have. `is_empty` is set where every
    unit is known to be done: then no row is read. Rows that are not in `part` are left to others.
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
        errors: FirstErrors,
        run: RunKey,
        job: int = 0,
        adapter: str | None = None,
    ) -> None:
        self._loader, self._processor, self._filter, self._saver = loader, processor, filter, saver
        self._sampling, self._rollouts, self._counts = sampling, rollouts, counts
        self._errors, self._run, self._job, self._adapter = errors, run, job, adapter
        self._is_users_filter = not is_ours(filter)
        self.digests = SpilledList()
        self.is_empty = False
        self.part = Part()

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Yield chunks until the end of the dataset."""
        units = self._units()
        while True:
            found, ended = await asyncio.to_thread(_take_chunk, units)
            yield Chunk(found)
            if ended:
                return

    def _units(self) -> Iterator[Request | Record | None]:
        """Yield each pending unit, and None for each that is done, so that chunks end in time among those too.

        None also stands for a row that is left to others.
        """
        part = None if self.part.is_all else self.part
        for sample in () if self.is_empty else samples_of(self._loader):
            if part is not None and not part.takes(sample.id):
                yield None
                continue
            prompt = render(sample, self._processor, self._run.value, self._errors.note)
            if isinstance(prompt, Request):
                recognise(prompt, self._saver, self._rollouts, self._run.has_unkeyed)
            self.digests.append(int(prompt.digest, 16))
            for rollout in range(self._rollouts):
                if isinstance(prompt, Request):
                    yield self._pending_request(prompt, rollout)
                else:
                    yield self._new_failure(msgspec.structs.replace(prompt, rollout=rollout))

    def _pending_request(self, prompt: Request, rollout: int) -> Request | Record | None:
        """Return the request for a rollout, its failure if the filter fails on it, or None, and count it, if done.

        Raise ConfigError for a prompt that holds a secret of the environment.
        """
        request = prompt if self._rollouts == 1 else msgspec.structs.replace(prompt, rollout=rollout)
        try:
            if self._is_pending(request):
                refuse_secrets_in_prompt(request)
                request.sampling, request.job = sampling_of(self._sampling, request), self._job
                request.adapter = self._adapter
                return request
        except PartFailure as error:
            self._errors.note(error, request.label)
            return failed(request, error)
        if self._saver.failures != 0 and self._saver.state(request.id, rollout, request.digest) == "failed":
            record = self._saver.find(request.id, rollout, request.digest)
            if record is not None and record.failure is not None:
                self._counts.add_failure(request.label, record.failure.kind, record.failure.message)
                if record.failure.kind == LEFT_OUT:
                    self._errors.note(self._left_out(), request.label)
        else:
            self._counts.before += 1
            self._errors.note_success()
        return None

    def _is_pending(self, request: Request) -> bool:
        """Ask the filter. Raise PartFailure if one of a user's own fails, or leaves out what has no record."""
        if not self._is_users_filter:
            return self._filter.pending(request, self._saver)
        try:
            pending = self._filter.pending(request, self._saver)
        except (Exception, SystemExit) as error:
            if isinstance(error, MathBatchError):
                raise
            raise failure(self._filter, "pending", error, "filter_error") from error
        if not isinstance(pending, bool):
            fault = returned(self._filter, "pending", f"{shown(pending)}, not True or False")
            raise PartFailure("filter_error", fault.sentence(), fault)
        if not pending and self._saver.state(request.id, request.rollout, request.digest) is None:
            raise self._left_out()
        return pending

    def _left_out(self) -> PartFailure:
        fault = returned(self._filter, "pending", "what has no answer yet", "left out")
        return PartFailure(LEFT_OUT, fault.sentence(), fault)

    def _new_failure(self, record: Record) -> Record | None:
        """Return the failure record of a bad row, or count it and return None if the store has the same failure."""
        if self._saver.state(record.id, record.rollout, record.digest) is None:
            return record
        self._counts.add(record)
        return None


def render(
    sample: Sample | BadRow,
    processor: BaseDataProcessor,
    run: int,
    on_error: Callable[[PartFailure, str], object] = lambda *_: None,
) -> Request | Record:
    """Return the request for a sample with its digest by the key `run`, or a failure record if no prompt can be made.

    `on_error` is told of an error of the processor, and the sample's id.
    """
    if isinstance(sample, BadRow):
        return failed_row(sample.id, sample.kind, sample.message)
    try:
        return request_of(sample, processor, run)
    except SampleError as error:
        if isinstance(error, PartFailure):
            on_error(error, sample.id)
        return failed_row(sample.id, error.kind, str(error))


def failed_row(id: str, kind: str, message: str) -> Record:
    """Return a failure record whose digest is that of the failure, so that the same failure is stored only once."""
    digest = hashlib.blake2b(f"{kind} {message}".encode(errors="replace"), digest_size=8).hexdigest()
    return Record(id=id, digest=digest, failure=Failure(kind, writable(message)))


def failed(request: Request, error: SampleError) -> Record:
    """Return the failure record of a request; the next run tries it again."""
    reason = Failure(error.kind, writable(str(error)))
    return Record(id=request.id, digest=request.digest, rollout=request.rollout, failure=reason)


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
