"""Bring the units of one configuration into a folder of records. An error of one job costs no other job anything."""

from __future__ import annotations

import asyncio
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from mathbatch.config import Config
from mathbatch.data.counts import Counts
from mathbatch.data.feed import Feed
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import Interrupted, MathBatchError, SampleError, StoreError
from mathbatch.fleet.seat import MemberFigures
from mathbatch.parts.faults import PartError, part_error, raised
from mathbatch.parts.first_errors import FirstErrors
from mathbatch.records import Record
from mathbatch.runner.components import Components, check_batcher, sampling_values
from mathbatch.runner.preflight import Preflight


class Job(ABC):
    """Units of one configuration, from the first row to the last record. `number` is its place in a sweep.

    At its end `error` is set, or `is_complete`, or neither if it was stopped. `has_saved` tells whether it has saved a
    record. `settled` is set when the stream of units has nothing more to do for the job: every unit has a record, an
    error ended it, or the stream was stopped. `finish_stopped` asks `finish` to stop early: existing results and scores
    stay, and the next run writes them again.
    """

    def __init__(self, config: Config, components: Components, number: int = 0) -> None:
        self.config, self.components, self.number = config, components, number
        dataset, sampling = config.dataset, config.sampling
        self.decoder = ImageDecoder(int(dataset.image_max_megapixels * 1e6), int(dataset.image_max_mib * 2**20))
        self.counts = Counts()
        self.errors = FirstErrors()
        self.feed = Feed(
            loader=components.loader,
            processor=components.processor,
            filter=components.filter,
            saver=components.saver,
            sampling=sampling_values(sampling),
            rollouts=sampling.n,
            counts=self.counts,
            errors=self.errors,
            run=components.run,
            job=number,
            adapter=config.model.lora,
        )
        self.rows: int | None = None
        self.seconds = 0.0
        self.engines: list[MemberFigures] = []
        self.error: Exception | None = None
        self.is_answered = False
        self.is_complete = False
        self.has_saved = False
        self.settled = asyncio.Event()
        self.finish_stopped = threading.Event()
        self._is_open = False
        self._is_fed = False
        self._outstanding = 0

    def open(self, preflight: Preflight) -> None:
        """Take the folder. Raises ConfigError, StoreError or PartError."""
        check_batcher(self.components.batcher)
        try:
            self.components.saver.open()
        except (Exception, SystemExit) as error:
            raise self._told_of_saver("open", error) from error
        self._is_open = True

    @property
    @abstractmethod
    def name(self) -> str:
        """Return what messages call it."""

    @abstractmethod
    def finish(self, say: Callable[[str], object]) -> None:
        """Do what is left once every unit has a record, then give the folder back. `say` gets news of long work."""

    def expect(self, units: int) -> None:
        """Count so many more units as still to come."""
        self._outstanding += units

    def begin_unit(self) -> None:
        """Count one unit as in flight."""
        self.counts.in_flight += 1

    def end_unit(self, record: Record | None, error: SampleError | None = None) -> None:
        """Save what came of a unit, which failed by `error` if there is one; None leaves it for the next run."""
        self.counts.in_flight -= 1
        if record is not None:
            self._outstanding -= 1
            self.save(record)
            if error is None:
                self.errors.note_success()
            else:
                with self.own_errors():
                    self.errors.note(error, record.id)
            self._settle_if_answered()

    def end_feed(self) -> None:
        """Note that there are no more units."""
        self._is_fed = True
        self._settle_if_answered()

    def save(self, record: Record) -> None:
        """Append to the store. An error there ends this job."""
        if self.error is not None:
            return
        try:
            self.components.saver.append(record)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - kept as `error`
            self.fail(self._told_of_saver("append", error))
            return
        self.counts.add(record)
        self.has_saved = True

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Let an error in the block end this job and nothing else; who runs the job raises or lists it."""
        try:
            yield
        except Interrupted:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - kept as `error`
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End this job. What a part of the user's own raised becomes a sentence, any other error is a defect of ours.

        The log gets the traceback of both. Before there is a log, only that of a defect is shown.
        """
        told = error if isinstance(error, MathBatchError) else part_error(error)
        if told is None and not isinstance(error, Exception):
            raise error
        # An error of the disk says all in its sentence.
        says_all = told is error and (told.__cause__ is None or isinstance(told, StoreError))
        if told is None or (self._is_open and not says_all):
            traceback.print_exception(error)
        self.error = self.error or told or cast(Exception, error)
        self.settled.set()

    def close(self) -> None:
        """Give the folder back."""
        if self._is_open:
            self._is_open = False
            try:
                self.components.saver.close()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - kept as `error`
                self.fail(self._told_of_saver("close", error))

    def _told_of_saver(self, call: str, error: Exception | SystemExit) -> MathBatchError:
        """Return the sentence for an error of the saver: the disk's, or its own."""
        if isinstance(error, MathBatchError):
            return error
        found = PartError(raised(self.components.saver, call, error).sentence())
        told = disk_error(self.components.run_dir, error) if isinstance(error, OSError) else found
        told.__cause__ = error
        return told

    def _settle_if_answered(self) -> None:
        if self._is_fed and not self._outstanding and self.error is None:
            with self.own_errors():
                self.errors.end()
                self.is_answered = True
            self.settled.set()
