"""Run one configuration: answers, then results, scores and the manifest, in one run folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from mathbatch.config import Config
from mathbatch.config.escapes import refuse_spoilt_texts
from mathbatch.config.shards import Part, Shard
from mathbatch.data.counts import Counts
from mathbatch.data.loaders import MappedDataLoader
from mathbatch.data.rows.response_field import refuse_overwriting
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.shards import run_of, shard_of
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of, with_judges_model
from mathbatch.parts.checks import whole_number
from mathbatch.runner import results
from mathbatch.runner.components import Components, check_judge_model, sampling_values
from mathbatch.runner.finished import digest_of_run, finished
from mathbatch.runner.hooks import hooks_of
from mathbatch.runner.job import Job
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.run_key import write_key
from mathbatch.runner.shards import (
    TakenIn,
    components_for,
    figures_of_shards,
    merge_command,
    refuse_running_shards,
    take_in_shards,
)
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
        components: Components | None = None,
    ) -> None:
        """Raises ConfigError for components that can't be built. Those that are not given are made for its folder."""
        refuse_spoilt_texts(config)
        if check_model:  # only checked: the session makes the model that runs, one for all jobs that share it
            model_of(config).check_sampling(sampling_values(config.sampling))
        super().__init__(config, components or components_for(config), number)
        self.composed, self.overrides = composed, list(overrides)
        self.hooks = hooks_of(config)
        refuse_overwriting(config.dataset)
        if check_model and self.is_judged:
            check_judge_model(config)
        self.metrics: dict[str, Any] | None = None
        self.held: Counts | None = None
        self._finished: Counts | None = None
        self.left_over = 0
        self.shard = None if config.shard is None else Shard.of(config.shard)
        self.taken = TakenIn()
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
                model_of(with_judges_model(self.config)).check_before_load({})
            except ConfigError as error:
                raise error.at(f"judge.{error.path}") from error

    def open(self, preflight: Preflight) -> None:
        """Look at the first rows and take the run folder. Raises ConfigError or StoreError."""
        self.rows = preflight.check(self.components)
        self._check_before_load(preflight.most_images(self.components))
        self._input = self._input_stamp()
        if self.config.rerun:
            refuse_running_shards(self.components.run_dir)
        super().open(preflight)
        self._attempt = write_snapshot(self.components.run_dir, self.composed, self.overrides)
        write_key(self._attempt, self.components.run)
        if self.shard is None:
            self.taken = self._take_in()
        self._answer(Part(self.shard, self.taken.running_shards))
        self._finished = finished(self.components)
        if self._finished is not None:
            self.feed.is_empty, self.counts.before = True, self._finished.answered

    def finish(self, say: Callable[[str], object]) -> None:
        """Write results, scores, and at the very end the manifest; then give the run folder back.

        Scores and manifest of a job that is judged come after the judge. A part of the rows has none of all this: a
        shard is complete without, and a run that left rows to shards is not.
        """
        with self.own_errors(), suppress(FinishStopped):
            self._write_figures()
            if self.is_partial:
                self.is_complete = self.shard is not None
            else:
                self._export()
            if self.is_exported and not self.is_judged:
                self.metrics = results.score_anew(
                    self.components, self._digests(), lambda count: self._tell_scored(count, say), say
                )
                self.complete()
        self.close()

    def complete(self) -> None:
        """Write the manifest: the run has come to its end, and a rerun of it begins anew."""
        assert self.held is not None
        run_dir, run = self.components.run_dir, self.components.run
        figures = self._figures() if self.has_saved else last_figures(run_dir, run)
        figures = figures or figures_of_shards(self.taken.stores, run) or self._figures()
        # A row that changes while its digest is taken has another stamp afterwards.
        digest = None if self.held.failed else digest_of_run(self.components)
        is_as_read = self._input is not None and self._input == self._input_stamp()
        results.write_manifest(self.components, self.held, figures, self.metrics, digest if is_as_read else None)
        self.is_complete = True

    def close(self) -> None:
        """Give the run folder back, with the figures of this attempt in it."""
        if self._is_open:
            with self.own_errors():
                self._write_figures()
        super().close()

    @property
    def is_begun(self) -> bool:
        """Tell whether it has taken its folder, and said in it what runs."""
        return self._attempt is not None

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

    @property
    def is_partial(self) -> bool:
        """Tell whether units are left to other commands, so that there are no results yet."""
        return not self.feed.part.is_all

    @property
    def ending(self) -> list[tuple[str, str]]:
        """Return what is to be said at the end about a run that has no results yet, each with its label."""
        if self.shard is None or not self.is_complete:
            stopped = [] if self.is_complete else [("stopped", "the same command goes on from here")]
            return self._still_running() or stopped
        answered, total = self.counts.before + self.counts.answered, self.counts.done
        return [("shard", f"{self.shard} of the rows: {answered:,} of {total:,} units have an answer")]

    @property
    def commands(self) -> list[str]:
        """Return lines that say which commands come next, if this one has left something to others."""
        if self.shard is None:
            return []
        return ["when all shards have ended:", merge_command(run_of(self.components.run_dir))]

    def _still_running(self) -> list[tuple[str, str]]:
        if not self.taken.running:
            return []
        names = ", ".join(str(shard_of(folder) or folder) for folder in self.taken.running)
        return [("still running", f"shard {names}: when it has ended, the same command takes in its answers")]

    def _take_in(self) -> TakenIn:
        return take_in_shards(self.components)

    def _answer(self, part: Part) -> None:
        """Answer this part of the rows, and count them if counting all rows is cheap."""
        self.feed.part = part
        rows = self.rows
        if rows is not None and not part.is_all:
            rows = sum(part.takes(row.id) for row in samples_of(self.components.loader))
        self.counts.total = None if rows is None else rows * self.config.sampling.n

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
