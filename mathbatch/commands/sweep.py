"""Run many jobs over one engine: compose and check all, then ask them as one stream for each engine they need."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from mathbatch.commands import exit_codes
from mathbatch.config import ReportConfig
from mathbatch.config.dataset_paths import anchor_paths
from mathbatch.config.explain import explain
from mathbatch.config.load import typed
from mathbatch.config.secrets import refuse_written_secrets
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.remedies import with_remedy
from mathbatch.errors import Interrupted, MathBatchError
from mathbatch.reports.html.at_end import report_of_run, report_of_sweep
from mathbatch.reports.html.live import live_pages
from mathbatch.reports.summary import draw_outcomes, show_sweep
from mathbatch.runner.hooks import call_hooks
from mathbatch.runner.outcome import Outcome, forget_outcomes, outcome_of, read_outcomes, save_outcome, varied
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.run_jobs import run_jobs
from mathbatch.runner.session import Session
from mathbatch.runner.signals import Signals

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader


# The overrides of one job.
Overrides = Sequence[str]
# Number of a job with its overrides.
Cell = tuple[int, tuple[str, ...]]


class SweepError(MathBatchError):
    """One cell of the sweep is refused, or two are one run."""


class Sweep:
    """State that the launches of one multirun share: the folder, the session with its engines, the outcomes.

    `alone` is the job of a multirun that sweeps nothing, for the command to run as it runs any other.

    Within its context Hydra's launcher, sweeper and callback, which Hydra makes itself, find it by `current_sweep`.
    """

    def __init__(self, signals: Signals) -> None:
        self.folder: Path | None = None
        self.session: Session | None = None
        self.alone: RunJob | None = None
        self._signals = signals
        self._preflight = Preflight()
        self._ahead: dict[Cell, RunJob] = {}
        self._started = time.monotonic()
        self._token: Token[Sweep] | None = None
        self._page: ReportConfig | None = None

    def begin(self, folder: Path, page: ReportConfig | None) -> None:
        """Collect the outcomes of jobs below this folder from now on. `page` is None where no report is wanted."""
        self.folder, self._started, self._page = folder, time.monotonic(), page
        forget_outcomes(folder)

    def check(self, loader: ConfigLoader, master: DictConfig, cells: Sequence[Overrides], first: int) -> list[RunJob]:
        """Return the jobs of these cells, after a look at the first rows of their datasets. Raises SweepError."""
        return check_cells(loader, master, cells, first, self._preflight, self._ahead)

    def check_ahead(self, loader: ConfigLoader, master: DictConfig, cells: Sequence[Overrides]) -> None:
        """Do for all cells what `check` does for those of one round, which then finds their jobs made."""
        jobs = check_cells(loader, master, cells, 0, self._preflight, {})
        self._ahead = {(job.number, tuple(cell)): job for job, cell in zip(jobs, cells, strict=True)}

    def leave_alone(self, loader: ConfigLoader, master: DictConfig, overrides: Overrides) -> None:
        """Keep the one job of a multirun without a sweep for the command. Raises what refuses its configuration."""
        self.alone = _compose(loader, master, overrides, 0)

    def launch(self, jobs: Sequence[RunJob]) -> None:
        """Run the jobs of one round; their fate is in each. Raises Interrupted where a signal stopped it."""
        assert self.folder is not None
        session = self.session = self.session or Session(self._signals, self._preflight)
        self.folder.mkdir(parents=True, exist_ok=True)
        caught = None
        try:
            with live_pages(jobs, lambda: session.members):
                caught = run_jobs(session, jobs, self.folder / "run.log")
        finally:
            for job in jobs:
                save_outcome(outcome_of(job), self.folder)
        if caught is not None:
            raise Interrupted(caught)
        for job in jobs:
            report_of_run(job)  # one that can't be written is tried again, and told, with that of the sweep
            call_hooks(job)

    def __enter__(self) -> Sweep:
        self._token = _current.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the engines; write `sweep.json` and, unless it was stopped, the report; show the table.

        Does nothing where no job of a multirun has run.
        """
        assert self._token is not None
        _current.reset(self._token)
        try:
            if self.session is not None:
                self.session.close()
        finally:
            outcomes = self._outcomes()
            if outcomes:
                is_stopped = kind is not None and issubclass(kind, (KeyboardInterrupt, Interrupted))
                self._report(outcomes, None if is_stopped else self._page)

    @property
    def exit_code(self) -> int:
        """Return the exit code for the jobs that have ended."""
        is_whole = all(outcome.is_whole for outcome in self._outcomes())
        return exit_codes.SUCCESS if is_whole else exit_codes.FAILURES

    @property
    def has_nothing_to_go_by(self) -> bool:
        """Tell whether jobs have ended, and not one with an accuracy that an optimising sweeper could compare."""
        outcomes = self._outcomes()
        return bool(outcomes) and all(outcome.accuracy is None for outcome in outcomes)

    def _report(self, outcomes: list[Outcome], page: ReportConfig | None) -> None:
        assert self.folder is not None
        facts: dict[str, Any] = {"seconds": round(time.monotonic() - self._started, 3)}
        if self.session is not None:
            facts["engine_loads"] = self.session.loads
            facts["images_read"], facts["images_preprocessed"] = self.session.image_counts
        with atomic_write(self.folder / "sweep.json") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(facts | {"jobs": outcomes})))
        draw_outcomes(outcomes, self.folder)
        report = None
        try:
            report = None if page is None else report_of_sweep(outcomes, self.folder, page)
        finally:  # Ctrl-C may stop the page, and the jobs have ended
            show_sweep(outcomes, facts, self.folder, report)

    def _outcomes(self) -> list[Outcome]:
        outcomes = [] if self.folder is None else read_outcomes(self.folder)
        for outcome, overrides in zip(outcomes, varied([one.overrides for one in outcomes]), strict=True):
            outcome.overrides = overrides
        return outcomes


_current: ContextVar[Sweep] = ContextVar("sweep")


def current_sweep() -> Sweep:
    """Return the sweep of the command that is at work."""
    return _current.get()


class MultirunCallback(Callback):
    """Tells the sweep where its folder is, whatever launcher and sweeper are chosen."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Begin the sweep in the folder that Hydra has resolved, and let every cell inherit it.

        Raises ConfigError for a secret in the configuration, which Hydra saves with the sweep as it is.
        """
        refuse_written_secrets(OmegaConf.to_container(config, resolve=False), "")
        folder = Path(config.hydra.sweep.dir).absolute()
        wanted = config.get("report")
        page = None if wanted is None else ReportConfig(copy_pictures=bool(wanted.copy_pictures))
        current_sweep().begin(folder, page)
        with open_dict(config):  # wherever a cell's own output_dir is
            config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{folder}'")


def check_cells(
    loader: ConfigLoader,
    master: DictConfig,
    cells: Sequence[Overrides],
    first: int,
    preflight: Preflight,
    ahead: dict[Cell, RunJob],
) -> list[RunJob]:
    """Return a job for each cell; cells with the same overrides share one. Raises SweepError that names the cell.

    Jobs in `ahead` have been checked, and are taken from it.
    """
    names = [" ".join(overrides) for overrides in varied(cells)]
    jobs: dict[tuple[str, ...], RunJob] = {}
    for number, (overrides, name) in enumerate(zip(cells, names, strict=True), first):
        if (known := ahead.pop((number, tuple(overrides)), None)) is not None:
            jobs[tuple(overrides)] = known
        elif tuple(overrides) not in jobs:
            with _naming(number, name):
                job = jobs[tuple(overrides)] = _compose(loader, master, overrides, number)
                job.check(preflight)
    _refuse_twins(list(jobs.values()))
    return [jobs[tuple(overrides)] for overrides in cells]


def _compose(loader: ConfigLoader, master: DictConfig, overrides: Overrides, number: int) -> RunJob:
    composed = loader.load_sweep_config(master, list(overrides))
    with open_dict(composed):
        composed.hydra.job.id = composed.hydra.job.num = number
    HydraConfig.instance().set_config(composed)
    anchor_paths(composed, HydraConfig.get())
    task = OmegaConf.to_container(composed.hydra.overrides.task, resolve=False)
    assert isinstance(task, list)
    with read_write(composed), open_dict(composed):
        del composed["hydra"]
    return RunJob(typed(composed), composed, [str(override) for override in task], number)


@contextmanager
def _naming(number: int, name: str) -> Iterator[None]:
    try:
        yield
    except MathBatchError as error:
        raise SweepError(f"job {number} of the sweep ({name}): {error}") from error
    except (HydraException, OmegaConfBaseException) as error:
        raise SweepError(f"job {number} of the sweep ({name}): {explain(error)}") from error
    except OSError as error:
        raise SweepError(f"job {number} of the sweep ({name}): {with_remedy(error)}") from error
    except Exception as error:  # a component of the user's own may raise anything
        raise SweepError(f"job {number} of the sweep ({name}): {type(error).__name__}: {error}") from error


def _refuse_twins(jobs: Sequence[RunJob]) -> None:
    """Raise SweepError for two cells in one run folder: they would write over each other."""
    names = varied([job.overrides for job in jobs])
    first: dict[Path, int] = {}
    for at, job in enumerate(jobs):
        twin = first.setdefault(job.components.run_dir, at)
        if twin == at:
            continue
        ours, theirs = set(names[at]) - set(names[twin]), set(names[twin]) - set(names[at])
        keys = sorted({override.partition("=")[0].lstrip("+~") for override in ours | theirs})
        reason = f"{', '.join(keys)} changes no answer"
        if "sampling.n" in keys:
            reason = "the rollouts of a smaller sampling.n are the first ones of a larger"
        raise SweepError(
            f"jobs {jobs[twin].number} ({' '.join(names[twin])}) and {job.number} ({' '.join(names[at])}) of the sweep "
            f"are one run, in {job.components.run_dir}: {reason}\n"
            "  fix: leave one of them out; to compare their speed, run them apart, each with its own output_dir"
        )
