"""Write the page itself, and the scripts and styles that draw it, beside the data."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.segments import disk_error

HERE = Path(__file__).parent
PAGE = "report.html"
# Folder beside the page with all that it loads.
FOLDER = "report"
STYLES = ("vendor/katex/katex.min.css", "base.css", "overview.css", "samples.css")
# Scripts that are loaded before anything is seen.
HEAD = ("kept.js", "theme.js")
# Scripts in the order in which they are loaded: each uses those before it.
SCRIPTS = (
    "store.js",
    "dom.js",
    "route.js",
    "format.js",
    "plain.js",
    "labels.js",
    "tip.js",
    "parts.js",
    "scales.js",
    "plots.js",
    "histogram.js",
    "curves.js",
    "breakdown.js",
    "facts.js",
    "run.js",
    "runs.js",
    "sweep.js",
    "matrix.js",
    "keep.js",
    "overview.js",
    # Libraries of others, then samples: from what is shown of one answer to the whole view.
    "vendor/katex/katex.min.js",
    "vendor/dompurify/purify.min.js",
    "vendor/markdown-it/markdown-it.umd.min.js",
    "vendor/jsdiff/diff.min.js",
    "address.js",
    "focus.js",
    "shell.js",
    "verdicts.js",
    "formulas.js",
    "rich.js",
    "answer.js",
    "columns.js",
    "query.js",
    "list.js",
    "keys.js",
    "filters.js",
    "whole_texts.js",
    "prompt.js",
    "rollouts.js",
    "marks.js",
    "triage.js",
    "sample.js",
    "samples_parts.js",
    "samples.js",
    "joined.js",
    "differences.js",
    "pair.js",
    "side_by_side.js",
    "compare_parts.js",
    "compare.js",
    "live.js",
    "main.js",
)


def write_page(folder: Path, title: str) -> None:
    """Write `report.html` and `report/app/` into `folder`. Raises StoreError if the disk fails."""
    for source in sorted((HERE / "app").rglob("*")):
        if source.is_file():
            _bring(source, folder / FOLDER / "app" / source.relative_to(HERE / "app"))
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape(["html", "jinja"]))
    page = environment.get_template("page.html.jinja").render(title=title, styles=STYLES, head=HEAD, scripts=SCRIPTS)
    with atomic_write(folder / PAGE) as stream:
        stream.write(page.encode())


def _bring(source: Path, target: Path) -> None:
    """Copy a file unless it is there: a page that is being loaded has the old one or the new one, never a part."""
    draft = target.with_name(f".{target.name}.draft")
    try:
        if not target.is_file() or not filecmp.cmp(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, draft)
            draft.replace(target)
    except OSError as error:
        raise disk_error(target, error) from error
