"""Measure the report: how long it takes to build, against scoring the same rows, and how it does in a browser.

Two runs over the same rows, every tenth with a picture of its own. Scoring is `mathbatch.score` of the first run into
an empty folder, counted twice; building is `mathbatch.report` of both together. In Chromium, from a disk and with
nothing cached, the list of samples is opened, and filtered by a verdict and by a word; against a report of a thousand
rows in the same browser. Memory is that of the process that draws the page, and of all processes of the browser, which
have more than half of that for an empty page; what they share is divided among them (PSS).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_parts import answers, browsing
from bench_parts.answering import ANSWERING, VARIABLE
from bench_parts.figures import Check, at_most, figures_by_size
from bench_parts.process import Watched, watch

SIZES = (1_000, 20_000, 100_000)
QUICK_SIZES = (100, 300)
# Of so many rows one has a picture.
PICTURE_EVERY = 10
# Different answers; more rows have them again, as what they cost to read doesn't depend on that.
ANSWERS = 20_000
TEMPERATURES = (0, 0.5)
KEYS = ("wall_s", "peak_mb", "list_ms", "filter_ms", "search_ms", "page_mb", "browser_mb")
# Seconds to build a report as a multiple of those to score its rows.
BUILD_BAR = 1.0
# Highest memory of five times as many rows, as a multiple.
MEMORY_FACTOR = 1.2
# Times in the browser as a multiple of those for the fewest rows.
BROWSER_FACTOR = 3.0
PAGE_MB = 400.0
# Times above the bar that nobody notices don't count against it.
LIST_MS, FILTER_MS = 500.0, 100.0


def measure(work: Path, repeats: int, is_quick: bool, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Yield scoring, building and, in each repeat, the times in the browser, of each size."""
    pages = {}
    for size in QUICK_SIZES if is_quick else SIZES:
        runs = made(work, size, say)
        for name, found in (("score", _scored(work, runs)), ("build", _built(work, size, runs))):
            say(f"  {name}, {size:,} rows x 2: {found.wall_s:.1f} s, {found.peak_mb:,.0f} MB")
            yield {"run": name, "samples": size, "wall_s": found.wall_s, "peak_mb": found.peak_mb}
        pages[size] = work / f"report-{size}" / "report.html"
    for repeat in range(repeats):
        for size, page in pages.items():
            found = browsing.look(page)
            say(f"  browser, {size:,} rows x 2: {json.dumps({key: round(value) for key, value in found.items()})}")
            yield {"run": "browser", "samples": size, "repeat": repeat, **found}


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return figures_by_size(measurements, KEYS)


def checks(found: list[dict[str, Any]]) -> list[Check]:
    by_run = {(row["run"], row["samples"]): row for row in found}
    sizes = sorted({row["samples"] for row in found})
    results = []
    for size in sizes[1:]:
        ratio = by_run["build", size]["wall_s"].median / by_run["score", size]["wall_s"].median
        results.append(at_most(f"{size:,} rows: seconds to build / to score", ratio, BUILD_BAR))
    few, many = sizes[-2:]
    ratio = by_run["build", many]["peak_mb"].median / by_run["build", few]["peak_mb"].median
    results.append(at_most(f"memory of the build, {many:,} / {few:,} rows", ratio, MEMORY_FACTOR))
    least = by_run["browser", sizes[0]]
    most = by_run["browser", sizes[-1]]
    for key, floor in (("list_ms", LIST_MS), ("filter_ms", FILTER_MS), ("search_ms", FILTER_MS)):
        ratio = most[key].median / max(floor / BROWSER_FACTOR, least[key].median)
        results.append(at_most(f"{key}, {sizes[-1]:,} / {sizes[0]:,} rows", ratio, BROWSER_FACTOR))
    return [*results, at_most(f"page, {sizes[-1]:,} rows x 2: MB", most["page_mb"].median, PAGE_MB)]


def made(work: Path, size: int, say: Callable[[str], None]) -> list[Path]:
    """Return the folders of the two runs over so many rows; they are made unless they are there."""
    folder = work / f"runs-{size}"
    if not (folder / "rows.jsonl").is_file():
        say(f"making {size:,} rows and two runs over them")
        _write_rows(folder, size)
    for temperature in TEMPERATURES:
        arguments = ["-m", "mathbatch.run", ANSWERING, "model.name=answering", "dataset=generic", "report=false"]
        arguments += [f"dataset.input={folder / 'rows.jsonl'}", "dataset.name=rows", "dataset.index_field=id"]
        arguments += ["dataset.query_field=problem", "dataset.answer_field=answer", "dataset.image_field=picture"]
        arguments += ["dataset.metadata=[subject]", "dataset.scoring=math", f"sampling.temperature={temperature}"]
        arguments += [f"output_dir={folder / 'outputs'}"]
        watch(arguments, folder / "log.txt", variables={VARIABLE: str(folder / "answers.jsonl")})
    return sorted(path.parent for path in folder.glob("outputs/*/*/*/manifest.json"))


def _write_rows(folder: Path, size: int) -> None:
    from PIL import Image, ImageDraw

    rows, _ = answers.write(folder, min(size, ANSWERS), seed=5)
    known = [json.loads(line) for line in rows.read_text().splitlines()]
    (folder / "pictures").mkdir()
    with rows.open("w") as stream:
        for number in range(size):
            row = known[number % len(known)] | {"id": f"q{number:06d}", "picture": None}
            row["problem"] = (
                f"Find what is asked for, and put your final answer within \\boxed{{}}. This is no. {number}"
            )
            if number % PICTURE_EVERY == 0:
                picture = Image.new("RGB", (640, 480), "white")
                draw = ImageDraw.Draw(picture)
                draw.polygon([(60, 400), (560, 400), (60 + number % 500, 80)], outline="black", fill=(220, 235, 250))
                draw.text((280, 420), f"a = {number}", fill="black")
                row["picture"] = f"pictures/{number}.jpg"
                picture.save(folder / row["picture"], quality=85)
            stream.write(json.dumps(row) + "\n")


def _scored(work: Path, runs: list[Path]) -> Watched:
    """Score the first run; return its memory, and its time for each of them."""
    output = work / "scored"
    shutil.rmtree(output, ignore_errors=True)
    found = watch(["-m", "mathbatch.score", f"run_dir={runs[0]}", f"output={output}"], work / "score.log")
    found.wall_s *= len(runs)
    return found


def _built(work: Path, size: int, runs: list[Path]) -> Watched:
    output = work / f"report-{size}"
    shutil.rmtree(output, ignore_errors=True)
    os.sync()
    return watch(
        ["-m", "mathbatch.report", *(f"run_dir={run}" for run in runs), f"output={output}"], work / "build.log"
    )
