"""Write `report.html` for one run, or for several side by side.

write_report([Path("outputs/demo/demo/greedy-99600210")])
write_report([first, second], page=Path("report-greedy-t0.7"))
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import mathbatch
from mathbatch.reports.html.build import OnRow, build_run, located
from mathbatch.reports.html.details import Hidden, as_written
from mathbatch.reports.html.page import PAGE
from mathbatch.reports.html.pairs import pairs_of
from mathbatch.reports.html.payload import Pair, Report, RunFacts, Sweep
from mathbatch.reports.html.publish import is_whole, link_data, publish, undisturbed
from mathbatch.reports.html.scripts import read_report
from mathbatch.reports.html.source import Source, source_in
from mathbatch.reports.html.stamp import base_of
from mathbatch.runner.reopen import locked, make_folder, refuse_read_only

# Makes the sweep of a report from its runs by folder.
SweepOf = Callable[[dict[Path, RunFacts]], Sweep]


def write_report(
    runs: Sequence[Path | Source],
    page: Path | None = None,
    *,
    copies: bool = False,
    sweep_of: SweepOf | None = None,
    on_row: OnRow = lambda: None,
) -> Path:
    """Write the page of these runs into the folder `page`, or into the folder of the first one; return its path.

    Data that are there already, in that folder or in one of the runs, are used again. Raises ConfigError for a folder
    that is no run or can't be written, StoreError while a run writes there.
    """
    sources = [run if isinstance(run, Source) else source_in(run) for run in runs]
    page = sources[0].run_dir if page is None else page.absolute()
    with _held(page, sources):
        known = read_report(page)
        found = [(source.run_dir, _facts(source, page, known, copies, on_row)) for source in sources]
        _name_apart([facts for _, facts in found])
        report = Report(
            title=_title([facts for _, facts in found]),
            made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            version=mathbatch.__version__,
            runs=[facts for _, facts in found],
            pairs=pairs_of(found, is_swept=sweep_of is not None),
            sweep=None if sweep_of is None else sweep_of(dict(found)),
        )
        _hide(report.pairs, _hidden(sources, report.runs))
        publish(page, report)
    return page / PAGE


@contextmanager
def _held(page: Path, sources: Sequence[Source]) -> Iterator[None]:
    """Hold the folder of the page, so that nobody else writes it."""
    if any(source.run_dir == page for source in sources):
        refuse_read_only(page, "write the report elsewhere: output=…")
    make_folder(page)
    with locked(page), undisturbed(page):
        yield


def _facts(source: Source, page: Path, known: Report | None, copies: bool, on_row: OnRow) -> RunFacts:
    """Return the facts of a run whose data lie below the page: those that were there, of its own page, or new ones."""
    run_dir = source.run_dir
    with nullcontext() if page == run_dir else locked(run_dir, shared=True):
        base = base_of(run_dir, source.settings, copies)
        for folder, report in ((page, known), (run_dir, read_report(run_dir))):
            for facts in () if report is None else report.runs:
                if facts.base == base and facts.problem is None and is_whole(folder, facts):
                    if folder != page:
                        link_data(folder, page, base)
                    return located(facts, run_dir, page, copies)
        return build_run(source, page, copies=copies, base=base, on_row=on_row)


def _hidden(sources: Sequence[Source], runs: Sequence[RunFacts]) -> Hidden:
    """Return what a page that is handed on must not show, each with what to show in its place, the longest first.

    Beside what prompts must not show these are the places of the runs on this machine.
    """
    places = [(str(source.run_dir), facts.key) for source, facts in zip(sources, runs, strict=True)]
    return sorted([*places, *(pair for source in sources for pair in source.hidden)], key=lambda pair: -len(pair[0]))


def _hide(pairs: Sequence[Pair], hidden: Hidden) -> None:
    """Hide these texts in what is said of two runs."""
    for pair in pairs:
        pair.sentence = as_written(pair.sentence, hidden)
        pair.notes = [as_written(note, hidden) for note in pair.notes]
        pair.differences = [
            msgspec.structs.replace(one, first=as_written(one.first, hidden), second=as_written(one.second, hidden))
            for one in pair.differences
        ]


def _name_apart(runs: Sequence[RunFacts]) -> None:
    """Give each run a key that no other one has: folders in different places may have the same name."""
    taken = set[str]()
    for facts in runs:
        further = (f"{facts.key}-{number}" for number in itertools.count(2))
        facts.key = next(key for key in itertools.chain([facts.key], further) if key not in taken)
        taken.add(facts.key)


def _title(runs: Sequence[RunFacts]) -> str:
    """Return the title: `demo on demo`, `3 runs of demo on demo`, `2 runs on demo`."""
    models, datasets = ({getattr(facts, name) for facts in runs} for name in ("model", "dataset"))
    of = f" of {models.pop()}" if len(models) == 1 else ""
    on = f" on {datasets.pop()}" if len(datasets) == 1 else ""
    return f"{runs[0].model} on {runs[0].dataset}" if len(runs) == 1 else f"{len(runs)} runs{of}{on}"
