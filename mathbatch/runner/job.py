"""Bring the units of one configuration into a folder of records. An error of one job costs no other job anything."""

from __future__ import annotations

import asyncio
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mathbatch.config import Config
from mathbatch.data.counts import Counts
from mathbatch.data.feed import Feed
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.errors import MathBatchError
from mathbatch.records import Record
from mathbatch.runner.components import Components, sampling_values
from mathbatch.runner.preflight import Preflight


class Job(ABC):
    """Units of one configuration, from the first row to the last record. `number` is its place in a sweep.

    It ends with an `error`, or `is_complete`, or neither where it was stopped. `settled` is set as soon as every unit
    has a record or an error ends the job. Whoever sees `finish_stopped` set ends the finishing early; the results and
    scores that are there stay, and the next run makes them anew.
    """

    def __init__(self, config: Config, components: Components, number: int = 0) -> None:
        self.config, self.components, self.number = config, components, number
        dataset, sampling = config.dataset, config.sampling
        self.decoder = ImageDecoder(int(dataset.image_max_megapixels * 1e6), int(dataset.image_max_mib * 2**20))
        self.counts = Counts()
        self.feed = Feed(
            loader=components.loader,
            processor=components.processor,
            filter=components.filter,
            saver=components.saver,
            sampling=sampling_values(sampling),
            rollouts=sampling.n,
            counts=self.counts,
            job=number,
        )
        self.rows: int | None = None
        self.seconds = 0.0
        self.error: Exception | None = None
        self.is_answered = False
        self.is_complete = False
        self.settled = asyncio.Event()
        self.finish_stopped = threading.Event()
        self._is_open = False
        self._is_fed = False
        self._outstanding = 0

    def open(self, preflight: Preflight) -> None:
        """Take the folder. Raises ConfigError or StoreError."""
        self.components.saver.open()
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

    def end_unit(self, record: Record | None) -> None:
        """Save what came of a unit; None leaves it for the next run."""
        self.counts.in_flight -= 1
        if record is not None:
            self._outstanding -= 1
            self.save(record)
            self._settle_if_answered()

    def end_feed(self) -> None:
        """Note that there are no more units."""
        self._is_fed = True
        self._settle_if_answered()

    def save(self, record: Record) -> None:
        """Append to the store. An error there ends this job."""
        if self.error is None:
            with self.own_errors():
                self.components.saver.append(record)
                self.counts.add(record)

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Let an error in the block end this job and nothing else; who runs the job raises or lists it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - kept as `error`
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End this job. An error that is no sentence of ours is a defect, and goes to the log with its traceback."""
        if not isinstance(error, MathBatchError):
            traceback.print_exception(error)
        self.error = self.error or error
        self.settled.set()

    def close(self) -> None:
        """Give the folder back."""
        if self._is_open:
            self._is_open = False
            with self.own_errors():
                self.components.saver.close()

    def _settle_if_answered(self) -> None:
        if self._is_fed and not self._outstanding and self.error is None:
            self.is_answered = True
            self.settled.set()
