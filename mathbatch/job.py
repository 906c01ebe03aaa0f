"""One run folder and its fate: opened, answered, finished; or stopped by an error that costs no other job anything."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from mathbatch import results
from mathbatch.config import Config
from mathbatch.data.feed import Feed
from mathbatch.data.images import ImageDecoder
from mathbatch.data.loaders import MappedDataLoader
from mathbatch.data.overwriting import refuse_overwriting
from mathbatch.errors import ConfigError, MathBatchError
from mathbatch.identity import run_folder
from mathbatch.interrupt import Stopped
from mathbatch.parts import Parts, build, build_model, check_judge_model, sampling_values
from mathbatch.preflight import Glances
from mathbatch.progress import Counts
from mathbatch.records import Record
from mathbatch.snapshot import write_snapshot

SCORING_NEWS_S = 10.0


class Job:
    """The run of one configuration. `overrides` are what made it, `number` its place in a sweep.

    Its fate is `error`, `finished`, or neither where it was stopped. `on_answered` is called once every unit has a
    record, `on_error` when an error ends the job.
    """

    def __init__(
        self,
        config: Config,
        composed: DictConfig,
        overrides: Sequence[str] = (),
        number: int = 0,
        check_model: bool = True,
        parts: Parts | None = None,
    ) -> None:
        """Raises ConfigError for parts that can't be built."""
        self.config, self.composed = config, composed
        self.overrides, self.number = list(overrides), number
        if check_model:  # who runs the job makes one model for all jobs that share it
            build_model(config).check_sampling(sampling_values(config.sampling))
        self.parts = parts or build(config, run_folder(config))
        refuse_overwriting(config.dataset)
        if check_model and self.is_judged:
            check_judge_model(config)
        self.decoder = ImageDecoder(
            int(config.dataset.image_max_megapixels * 1e6), int(config.dataset.image_max_mib * 2**20)
        )
        self.counts = Counts()
        parts, sampling = self.parts, config.sampling
        self.feed = Feed(
            *(parts.loader, parts.processor, parts.filter, parts.saver),
            sampling_values(sampling), sampling.n, self.counts, number,
        )  # fmt: skip
        self.rows: int | None = None
        self.metrics: dict[str, Any] | None = None
        self.totals: results.Totals | None = None
        self.further = 0
        """Answers in the folder that belong to no row and rollout of this run."""
        self.error: Exception | None = None
        self.answered = self.finished = False
        self.seconds = 0.0
        self.fall_silent()
        self._next_news = 0.0
        self._is_given_up = False
        self._is_open = False
        self._fed = False
        self._outstanding = 0

    def fall_silent(self) -> None:
        """Before a stream of units and after it nobody listens: its progress line is closed."""
        self.on_answered: Callable[[], object] = lambda: None
        self.on_error: Callable[[Exception], object] = lambda error: None
        self.say: Callable[[str], object] = lambda sentence: None

    def open(self, glances: Glances) -> None:
        """Look at the first rows and take the run folder. Raises ConfigError or StoreError."""
        self._look(glances)
        self._input = self._input_stamp()
        self.parts.saver.open()
        self._is_open = True
        self._note_attempt()

    def _note_attempt(self) -> None:
        write_snapshot(self.parts.run_dir, self.composed, self.overrides)

    def _look(self, glances: Glances) -> None:
        self.rows = glances.look(self.parts)
        self.counts.total = None if self.rows is None else self.rows * self.config.sampling.n

    def expect(self, units: int) -> None:
        """So many more units will come."""
        self._outstanding += units

    def begin_unit(self) -> None:
        self.counts.in_flight += 1

    def end_unit(self, record: Record | None) -> None:
        """Save what came of a unit; None: it is left for the next run."""
        self.counts.in_flight -= 1
        if record is not None:
            self._outstanding -= 1
            self.save(record)
            self._perhaps_answered()

    def end_feed(self) -> None:
        """There are no more units."""
        self._fed = True
        self._perhaps_answered()

    def save(self, record: Record) -> None:
        """Append to the store. An error there ends this job."""
        if self.error is None:
            with self.own_errors():
                self.parts.saver.append(record)
                self.counts.add(record)

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """An error in the block ends this job and nothing else; who runs the job raises or lists it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - kept as `error`
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """This job can't go on. What is no sentence of ours is a defect, and goes to the log with its traceback."""
        if not isinstance(error, MathBatchError):
            traceback.print_exception(error)
        if self.error is None:
            self.error = error
            self.on_error(error)

    def _perhaps_answered(self) -> None:
        if self._fed and not self._outstanding and self.error is None:
            self.answered = True
            self.on_answered()

    def finish(self) -> None:
        """Results, scores, and at the very end the manifest; then the run folder is given back. Scores and manifest of
        a job that is judged come after the judge.
        """
        with self.own_errors(), suppress(Stopped):
            self._write_results()
            self.finished = True
        self.close()

    def give_up(self) -> None:
        """`finish`, which another thread has begun or will begin, ends soon; the results and scores that there are stay
        as they were, and the next run makes them anew.
        """
        self._is_given_up = True

    def _go_on(self) -> None:
        if self._is_given_up:
            raise Stopped

    def _write_results(self) -> None:
        digests = self.feed.digests if self._input is not None and self._input == self._input_stamp() else ()
        self.totals = results.export(self.parts, results.results_path(self.parts), digests, self._go_on)
        self.further = max(0, (self.parts.saver.answered or 0) - self.totals.answered)
        if not self.is_judged:
            self.metrics = results.score_anew(self.parts, digests, self._tell_scored)
            self.write_manifest()

    def write_manifest(self) -> None:
        """The run has come to its end, and a rerun of it begins anew."""
        assert self.totals is not None
        counts = self.counts
        this_run = {
            "answered": counts.answered,
            "truncated": counts.truncated,
            "prompt_tokens": counts.prompt_tokens,
            "output_tokens": counts.output_tokens,
            "seconds": round(self.seconds, 3),
            "output_tokens_per_s": round(counts.output_tokens / max(self.seconds, 1e-9), 1),
        }
        results.write_manifest(self.parts, self.totals, this_run)

    @property
    def is_judged(self) -> bool:
        """Whether a judge has to be asked before it can be scored."""
        return self.parts.scorers.judge is not None and self.config.dataset.answer_field is not None

    def _tell_scored(self, count: int) -> None:
        self._go_on()
        if time.monotonic() > self._next_news:
            if self._next_news:
                self.say(f"scored {count:,} of {self.counts.done:,}")
            self._next_news = time.monotonic() + SCORING_NEWS_S

    def _input_stamp(self) -> list[tuple[int, int]] | None:
        """Size and time of the dataset's files, where they are known: a row that changes meanwhile has a new digest."""
        if not isinstance(self.parts.loader, MappedDataLoader):
            return None
        return [input_stamp(path) for path in self.parts.loader.inputs]

    def close(self) -> None:
        """Give the run folder back."""
        if self._is_open:
            self._is_open = False
            with self.own_errors():
                self.parts.saver.close()

    @property
    def why_unscored(self) -> str | None:
        """Why not one response could be scored; None where some are, or none should be."""
        if self.metrics is None or self.metrics["verdicts"].keys() != {"unscored"}:
            return None
        return f"nothing could be scored: {next(iter(self.metrics['unscored']), '')}"

    @property
    def accuracy(self) -> float | None:
        return None if self.metrics is None else self.metrics["accuracy"]


def input_stamp(path: Path) -> tuple[int, int]:
    """Size and time of change. Raises ConfigError for a file that is gone."""
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigError("dataset.input", f"{path}: {error.strerror}", "put it back, and run again") from error
    return found.st_size, found.st_mtime_ns
