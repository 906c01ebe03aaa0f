"""Write the page of one run, or of several side by side."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from mathbatch.commands import exit_codes
from mathbatch.config.load import arguments_as
from mathbatch.errors import ConfigError
from mathbatch.reports.html.report import write_report
from mathbatch.runner.identity import slug
from mathbatch.runner.snapshot import attempts

RUN_DIR = "run_dir="
USAGE = "python -m mathbatch.report run_dir=… [run_dir=…] [output=folder]"
# Names of runs that stand in the name of the folder for several.
NAMED = 3


@dataclass
class ReportArguments:
    """Arguments beside the folders of the runs."""

    # Folder for the page. null: that of the only run, or `report-<name>-<name>` in the current folder.
    output: str | None = None
    # Copy the original pictures beside the page.
    copy_pictures: bool = False


def main() -> int:
    """Write the page of the runs that the command line names; return the exit code."""
    named = [Path(text.removeprefix(RUN_DIR)).expanduser() for text in sys.argv[1:] if text.startswith(RUN_DIR)]
    rest = [text for text in sys.argv[1:] if not text.startswith(RUN_DIR)]
    arguments = arguments_as(ReportArguments, rest, USAGE)
    run_dirs = list({folder.resolve(): folder for folder in named if str(folder)}.values())
    if not run_dirs:
        raise ConfigError("run_dir", "has no value", USAGE)
    with tqdm(unit="row", disable=None, leave=False) as bar:
        path = write_report(run_dirs, _page(run_dirs, arguments), copies=arguments.copy_pictures, on_row=bar.update)
    print(path)
    return exit_codes.SUCCESS


def _page(run_dirs: list[Path], arguments: ReportArguments) -> Path | None:
    """Return the folder for the page, None for that of the only run. Raises ConfigError for one that is of a run."""
    if arguments.output is None:
        names = [slug(folder.resolve().name) for folder in run_dirs[:NAMED]]
        more = [f"and-{len(run_dirs) - NAMED}-more"] if len(run_dirs) > NAMED else []
        return None if len(run_dirs) == 1 else Path("-".join(["report", *names, *more]))
    page = Path(arguments.output).expanduser()
    is_own = [page.resolve()] == [folder.resolve() for folder in run_dirs]
    if not is_own and (attempts(page) or page.resolve() in [folder.resolve() for folder in run_dirs]):
        raise ConfigError(
            "output", f"{page} is the folder of a run, which has a page of its own", "name another folder"
        )
    return page
