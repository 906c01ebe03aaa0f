"""Open the runs of a report: by their folders, or as the job that has just ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from omegaconf import DictConfig

from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.reports.html.facts import resolved_elsewhere, settings_of
from mathbatch.runner.components import Components
from mathbatch.runner.reopen import components_in, read_records
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.snapshot import read_snapshot


@dataclass
class Source:
    """Run of which a report is made. Its relative paths start from `folder`. `is_growing`: it is still at work."""

    run_dir: Path
    composed: DictConfig
    config: Config
    folder: Path
    components: Components | None = None
    is_growing: bool = False

    @cached_property
    def settings(self) -> list[tuple[str, str]]:
        """Return the keys of the configuration that a reader wants to see, with their values."""
        return settings_of(self.composed)

    @cached_property
    def hidden(self) -> list[tuple[str, str]]:
        """Return texts from outside the configuration, such as the environment, each with what stands for it there.

        What is not written into the run folder is not written into its report.
        """
        return resolved_elsewhere(self.composed)

    @contextmanager
    def opened(self) -> Iterator[Components]:
        """Yield the components of the run, with a store of all its records.

        Raises ConfigError for what the configuration names and is not there any more, StoreError for damaged records.
        """
        given = self.components
        with components_in(self.run_dir, self.config, self.folder) if given is None else nullcontext(given) as found:
            read_records(found, self.is_growing)
            with closing(found.saver):
                yield found


def source_in(run_dir: Path) -> Source:
    """Return the run in a folder. Raises ConfigError if it is none, or can't be relied on."""
    run_dir = run_dir.absolute()
    composed, folder = read_snapshot(run_dir)
    return Source(run_dir, composed, typed(composed, is_new=False), folder)


def source_of(job: RunJob) -> Source:
    """Return the run that a job has brought to its end."""
    return Source(job.components.run_dir, job.composed, job.config, Path.cwd(), job.components)
