"""List the runs below some folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.commands import exit_codes
from mathbatch.config.templates.compile import compile_expression
from mathbatch.errors import ConfigError, SampleError, nearest
from mathbatch.reports.runs import WRITERS, show_table
from mathbatch.runner.run_list import ListedRun, listed, note_settings, runs_below

USAGE = "python -m mathbatch.runs [folder…] [where=…] [sort=…] [format=…]"
OPTIONS = ("where", "sort", "format")
TABLE = "table"


def main() -> int:
    """List the runs that the command line asks for; return the exit code."""
    folders, options = _arguments(sys.argv[1:])
    sort, form = options.get("sort", "when"), options.get("format", TABLE)
    if form not in (TABLE, *WRITERS):
        raise ConfigError("format", f"there is no '{form}'", nearest(form, (TABLE, *WRITERS), others=True))
    key = sort.removeprefix("-")
    fields = [name for name in ListedRun.__struct_fields__ if name not in ("config", "settings", "problems")]
    if key not in fields:
        raise ConfigError("sort", f"there is no field '{key}'", nearest(key, fields, others=True))
    is_wanted = _filter(options["where"]) if "where" in options else None
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError("folder", f"there is no folder {folder.absolute()}", USAGE)
    runs = [listed(path) for path in dict.fromkeys(path for folder in folders for path in runs_below(folder))]
    if is_wanted is not None:
        runs = _wanted(runs, is_wanted)
    note_settings(runs)
    runs = _sorted(runs, key, sort.startswith("-"))
    below = Path(os.path.commonpath([folder.absolute() for folder in folders]))
    if form == TABLE:
        show_table(runs, folders[0] if len(folders) == 1 else below)
        return exit_codes.SUCCESS
    WRITERS[form](runs)
    if form in ("markdown", "latex"):
        for run in runs:
            for problem in ([] if run.status == "complete" else [f"is {run.status}"]) + run.problems:
                print(f"mathbatch: {run.folder}: {problem}", file=sys.stderr)
    return exit_codes.SUCCESS


def _arguments(arguments: Sequence[str]) -> tuple[list[Path], dict[str, str]]:
    """Return the folders and the options by name. Raises ConfigError for an option that there isn't."""
    folders, options = [], {}
    for argument in arguments:
        name, sign, value = argument.partition("=")
        if sign and name in OPTIONS:
            options[name] = value
        elif argument.startswith("-") or (sign and not Path(argument).expanduser().exists()):
            raise ConfigError(name, "no such key", f"{nearest(name, OPTIONS)}; {USAGE}")
        else:
            folders.append(Path(argument).expanduser())
    return folders or [Path("outputs")], options


def _filter(source: str) -> Callable[[ListedRun], Any]:
    evaluate = compile_expression(source, "where")
    return lambda run: evaluate(msgspec.structs.asdict(run))


def _wanted(runs: Sequence[ListedRun], is_wanted: Callable[[ListedRun], Any]) -> list[ListedRun]:
    """Return the runs for which the expression is true, and tell how many it says nothing about.

    Raises ConfigError if it fails on every run.
    """
    wanted, errors = [], []
    for run in runs:
        try:
            if is_wanted(run):
                wanted.append(run)
        except SampleError as error:
            errors.append(str(error).replace("on this row", "on this run"))
    if errors and len(errors) == len(runs):
        raise ConfigError("where", errors[0], "python -m mathbatch.runs --help lists the fields")
    if errors:
        print(f"mathbatch: {len(errors):,} runs are left out: {errors[0]}", file=sys.stderr)
    return wanted


def _sorted(runs: Sequence[ListedRun], key: str, is_reversed: bool) -> list[ListedRun]:
    """Return the runs by a field; those without a value at the end."""
    ordered = sorted(runs, key=lambda run: (run.model, run.dataset, run.folder))
    known = [run for run in ordered if getattr(run, key) is not None]
    known.sort(key=lambda run: getattr(run, key), reverse=is_reversed)
    return known + [run for run in ordered if getattr(run, key) is None]
