"""Run one configuration: answers, then results, scores and the manifest, in one run folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from mathbatch.config import Config
from mathbatch.config.escapes import refuse_spoilt_texts
from mathbatch.data.counts import Counts
from mathbatch.data.loaders import MappedDataLoader
from mathbatch.data.rows.response_field import refuse_overwriting
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of
from mathbatch.parts.checks import whole_number
from mathbatch.runner import results
from mathbatch.runner.components import build, check_judge_model, sampling_values
from mathbatch.runner.finished import digest_of_run, finished
from mathbatch.runner.folders import run_folder
from mathbatch.runner.job import Job
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.run_key import write_key
from mathbatch.runner.signals import FinishStopped
from mathbatch.runner.snapshot import Figures, last_figures, write_figures, write_snapshot

SCORING_NEWS_S = 10.0


class RunJob(Job):
    """Job of one run. `overrides` are what made its configuration."""

    def __init__(
        self,
        config: Config,
        composed: DictConfig,
        overrides: Sequence[str] = (),
        number: int = 0,
        check_model: bool = True,
    ) -> None:
        """Raises ConfigError for components that can't be built."""
        refuse_spoilt_texts(config)
        if check_model:  # only checked: the session makes the model that runs, one for all jobs that share it
            model_of(config).check_sampling(sampling_values(config.sampling))
        super().__init__(config, build(config, run_folder(config)), number)
        self.composed, self.overrides = composed, list(overrides)
        refuse_overwriting(config.dataset)
        if check_model and self.is_judged:
            check_judge_model(config)
        self.metrics: dict[str, Any] | None = None
        self.held: Counts | None = None
        self._finished: Counts | None = None
        self.left_over = 0
        self.is_exported = False
        self._check_model = check_model
        self._attempt: Path | None = None
        self._next_news = 0.0

    @property
    def name(self) -> str:
        """Return the overrides that made it: what tells the jobs of a sweep apart."""
        return " ".join(self.overrides)

    def check(self, preflight: Preflight, anew: bool = False) -> None:
        """Look at the first rows, and let the engine look at its settings. Raises ConfigError.

        With `anew` the engine looks again where an earlier attempt has answers.
        """
        preflight.check_fields(self.components)
        self._check_before_load(preflight.most_images(self.components), anew)

    def _check_before_load(self, most_images: int, anew: bool = False) -> None:
        """Let the models look at what they get, unless an earlier attempt has answers: then they have taken it."""
        earlier = None if anew else last_figures(self.components.run_dir, self.components.run)
        if not self._check_model or (earlier is not None and earlier.answered):
            return
        self._check_model = False
        model = model_of(self.config)
        model.most_images = most_images
        model.check_before_load(sampling_values(self.config.sampling))
        if self.is_judged and self.config.judge.model is not None:
            try:
                model_of(replace(self.config, model=self.config.judge.model)).check_before_load({})
            except ConfigError as error:
                raise error.at(f"judge.{error.path}") from error

    def open(self, preflight: Preflight) -> None:
        """Look at the first rows and take the run folder. Raises ConfigError or StoreError."""
        self.rows = preflight.check(self.components)
        self._check_before_load(preflight.most_images(self.components))
        self.counts.total = None if self.rows is None else self.rows * self.config.sampling.n
        self._input = self._input_stamp()
        super().open(preflight)
        self._attempt = write_snapshot(self.components.run_dir, self.composed, self.overrides)
        write_key(self._attempt, self.components.run)
        self._finished = finished(self.components)
        if self._finished is not None:
            self.feed.is_empty, self.counts.before = True, self._finished.answered

    def finish(self, say: Callable[[str], object]) -> None:
        """Write results, scores, and at the very end the manifest; then give the run folder back.

        Scores and manifest of a job that is judged come after the judge.
        """
        with self.own_errors(), suppress(FinishStopped):
            self._write_figures()
            self._export()
            if not self.is_judged:
                self.metrics = results.score_anew(
                    self.components, self._digests(), lambda count: self._tell_scored(count, say)
                )
                self.complete()
        self.close()

    def complete(self) -> None:
        """Write the manifest: the run has come to its end, and a rerun of it begins anew."""
        assert self.held is not None
        figures = self._figures() if self.has_saved else last_figures(self.components.run_dir, self.components.run)
        # A row that changes while its digest is taken has another stamp afterwards.
        digest = None if self.held.failed else digest_of_run(self.components)
        is_as_read = self._input is not None and self._input == self._input_stamp()
        results.write_manifest(
            self.components, self.held, figures or self._figures(), self.metrics, digest if is_as_read else None
        )
        self.is_complete = True

    def close(self) -> None:
        """Give the run folder back, with the figures of this attempt in it."""
        if self._is_open:
            with self.own_errors():
                self._write_figures()
        super().close()

    @property
    def is_judged(self) -> bool:
        """Tell whether a judge has to be asked before it can be scored."""
        return self.components.scorers.judge is not None and self.config.dataset.answer_field is not None

    @property
    def why_unscored(self) -> str | None:
        """Say why not one response could be scored; None where some are, or none should be."""
        if self.metrics is None or self.metrics["verdicts"].keys() != {"unscored"}:
            return None
        return f"nothing could be scored: {next(iter(self.metrics['unscored']), '')}"

    @property
    def accuracy(self) -> float | None:
        """Return the share of correct answers, None where there are no scores."""
        return None if self.metrics is None else self.metrics["accuracy"]

    def _export(self) -> None:
        path = results.results_path(self.components)
        self.held = self._finished or results.export(self.components, path, self._digests(), self._go_on)
        # Answers in the folder that belong to no row and rollout of this run.
        answered = self.components.saver.answered
        known = 0 if answered is None else whole_number(answered, self.components.saver, "answered", at_least=0)
        self.left_over = max(0, known - self.held.answered)
        self.is_exported = True

    def _digests(self) -> Iterable[int]:
        """Return the digests of the rows, unless the input has changed since they were read."""
        return self.feed.digests if self._input is not None and self._input == self._input_stamp() else ()

    def _go_on(self) -> None:
        if self.finish_stopped.is_set():
            raise FinishStopped

    def _tell_scored(self, count: int, say: Callable[[str], object]) -> None:
        self._go_on()
        if time.monotonic() > self._next_news:
            if self._next_news:
                say(f"scored {count:,} of {self.counts.done:,}")
            self._next_news = time.monotonic() + SCORING_NEWS_S

    def _figures(self) -> Figures:
        counts = self.counts
        return Figures(
            answered=counts.answered,
            truncated=counts.truncated,
            prompt_tokens=counts.prompt_tokens,
            output_tokens=counts.output_tokens,
            seconds=round(self.seconds, 3),
            output_tokens_per_s=round(counts.output_tokens / max(self.seconds, 1e-9), 1),
            engines=self.engines,
        )

    def _write_figures(self) -> None:
        if self._attempt is not None and self.has_saved and not self.is_complete:
            write_figures(self._attempt, self._figures(), self.components.run)

    def _input_stamp(self) -> list[tuple[int, int]] | None:
        """Return size and time of the dataset's files, where they are known. A row that changes has a new digest."""
        if not isinstance(self.components.loader, MappedDataLoader):
            return None
        return [input_stamp(path) for path in self.components.loader.inputs]


def input_stamp(path: Path) -> tuple[int, int]:
    """Return size and time of change. Raises ConfigError for a file that is gone."""
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigError("dataset.input", f"{path}: {error.strerror}", "put it back, and run again") from error
    return found.st_size, found.st_mtime_ns
