"""Many jobs over one engine: all are composed and checked first, then asked as one stream for each engine they need."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from mathbatch.atomic import atomic_write
from mathbatch.compose import explain, refuse_code_in_dataset, typed
from mathbatch.errors import MathBatchError
from mathbatch.interrupt import EXIT_SIGNAL
from mathbatch.job import Job
from mathbatch.judging import run_jobs
from mathbatch.outcome import Outcome, forget_outcomes, outcome_of, read_outcomes, save_outcome, varied
from mathbatch.preflight import Glances, look_at_fields
from mathbatch.session import Session
from mathbatch.single import EXIT_FAILURES
from mathbatch.summary import draw_outcomes, show_sweep

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader


Cell = Sequence[str]
"""The overrides of one job."""


class SweepError(MathBatchError):
    """A cell of the sweep is refused, or two are one run."""


class Sweep:
    """What the launches of one multirun share: the folder, the session with its engines, the outcomes."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.session: Session | None = None
        self._glances = Glances()
        self.started = time.monotonic()

    def begin(self, folder: Path) -> None:
        """Outcomes of jobs are collected below this folder from now on."""
        self.folder, self.started = folder, time.monotonic()
        forget_outcomes(folder)

    def check(self, loader: ConfigLoader, master: DictConfig, cells: Sequence[Cell], first: int) -> list[Job]:
        """The jobs of these cells, after a look at the first rows of their datasets. Raises SweepError."""
        return check_cells(loader, master, cells, first, self._glances)

    def launch(self, jobs: Sequence[Job]) -> None:
        """Run the jobs of one round; their fate is in each. Exits where a signal stopped it."""
        assert self.folder is not None
        self.session = self.session or Session(self._glances)
        self.folder.mkdir(parents=True, exist_ok=True)
        caught = None
        try:
            caught = run_jobs(self.session, jobs, self.folder / "run.log")
        finally:
            for job in jobs:
                save_outcome(outcome_of(job), self.folder)
        if caught is not None:
            sys.exit(EXIT_SIGNAL + caught)

    def __enter__(self) -> Sweep:
        return self

    def __exit__(self, *_: object) -> None:
        """End the engines; write `sweep.json`; show the table. Does nothing where no job of a multirun has run."""
        try:
            if self.session is not None:
                self.session.__exit__()
        finally:
            outcomes = self._outcomes()
            if outcomes:
                self._report(outcomes)

    @property
    def exit_code(self) -> int:
        return 0 if all(outcome.whole for outcome in self._outcomes()) else EXIT_FAILURES

    def _report(self, outcomes: list[Outcome]) -> None:
        assert self.folder is not None
        facts: dict[str, Any] = {"seconds": round(time.monotonic() - self.started, 3)}
        if self.session is not None:
            facts["engine_loads"] = self.session.loads
            facts["images_read"], facts["images_preprocessed"] = self.session.picture_counts
        with atomic_write(self.folder / "sweep.json") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(facts | {"jobs": outcomes})))
        draw_outcomes(outcomes, self.folder)
        show_sweep(outcomes, facts, self.folder)

    def _outcomes(self) -> list[Outcome]:
        outcomes = [] if self.folder is None else read_outcomes(self.folder)
        for outcome, overrides in zip(outcomes, varied([one.overrides for one in outcomes]), strict=True):
            outcome.overrides = overrides
        return outcomes


CURRENT = Sweep()
"""A process runs one multirun; Hydra makes launcher and sweeper itself, so they find it here."""


class MultirunCallback(Callback):
    """Hydra tells where the sweep folder is, whatever launcher and sweeper are chosen."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        folder = Path(config.hydra.sweep.dir).absolute()
        CURRENT.begin(folder)
        with open_dict(config):  # every cell inherits it, wherever its own output_dir is
            config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{folder}'")


def check_cells(
    loader: ConfigLoader, master: DictConfig, cells: Sequence[Cell], first: int, glances: Glances
) -> list[Job]:
    """A job for each cell; cells with the same overrides share one. Raises SweepError that names the cell."""
    names = [" ".join(overrides) for overrides in varied(cells)]
    jobs: dict[tuple[str, ...], Job] = {}
    for number, (overrides, name) in enumerate(zip(cells, names, strict=True), first):
        if tuple(overrides) not in jobs:
            with _naming(number, name):
                job = jobs[tuple(overrides)] = _compose(loader, master, overrides, number)
                look_at_fields(job.parts, glances)
    _refuse_twins(list(jobs.values()))
    return [jobs[tuple(overrides)] for overrides in cells]


def _compose(loader: ConfigLoader, master: DictConfig, overrides: Cell, number: int) -> Job:
    composed = loader.load_sweep_config(master, list(overrides))
    with open_dict(composed):
        composed.hydra.job.id = composed.hydra.job.num = number
    HydraConfig.instance().set_config(composed)
    refuse_code_in_dataset(HydraConfig.get().runtime)
    task = OmegaConf.to_container(composed.hydra.overrides.task, resolve=False)
    assert isinstance(task, list)
    with read_write(composed), open_dict(composed):
        del composed["hydra"]
    return Job(typed(composed), composed, [str(override) for override in task], number)


@contextmanager
def _naming(number: int, name: str) -> Iterator[None]:
    try:
        yield
    except MathBatchError as error:
        raise SweepError(f"job {number} of the sweep ({name}): {error}") from error
    except (HydraException, OmegaConfBaseException) as error:
        raise SweepError(f"job {number} of the sweep ({name}): {explain(error)}") from error
    except Exception as error:  # a part of the user's own may raise anything; it is raised again with the cell's name
        raise SweepError(f"job {number} of the sweep ({name}): {type(error).__name__}: {error}") from error


def _refuse_twins(jobs: Sequence[Job]) -> None:
    """Two cells in one run folder would write over each other."""
    names = varied([job.overrides for job in jobs])
    first: dict[Path, int] = {}
    for at, job in enumerate(jobs):
        twin = first.setdefault(job.parts.run_dir, at)
        if twin == at:
            continue
        ours, theirs = set(names[at]) - set(names[twin]), set(names[twin]) - set(names[at])
        keys = sorted({override.partition("=")[0].lstrip("+~") for override in ours | theirs})
        reason = f"{', '.join(keys)} changes no answer"
        if "sampling.n" in keys:
            reason = "the rollouts of a smaller sampling.n are the first ones of a larger"
        raise SweepError(
            f"jobs {jobs[twin].number} ({' '.join(names[twin])}) and {job.number} ({' '.join(names[at])}) of the sweep "
            f"are one run, in {job.parts.run_dir}: {reason}\n"
            "  fix: leave one of them out; to compare their speed, run them apart, each with its own output_dir"
        )
