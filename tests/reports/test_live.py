"""The page of a run that is at work: never half a file, readable after a kill, taken up by the next run."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from support.held_model import HELD, hold_after, let_go
from support.processes import run, start, wait_for
from support.replicas import wait_until
from support.rows import SCRIPTED, write_rows
from support.run_folders import run_dir, run_dirs

from mathbatch.reports.html.live import Followed, News, read_news, write_news
from mathbatch.reports.html.live_writer import Follower, Pace
from mathbatch.reports.html.payload import Live, Report
from mathbatch.reports.html.publish import undisturbed
from mathbatch.reports.html.scripts import read_report

pytestmark = pytest.mark.process

AT_ONCE = Pace(refresh_s=0.0, share=1.0)
ROWS = [{"sample_index": str(at), "query_cot": f"What is {at} + {at}?", "gold": str(2 * at)} for at in range(20)]
DATASET = (
    *("dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null", "dataset.answer_field=gold"),
    "report.live=true",
)


def shown(folder: Path) -> Report | None:
    """Return what the page shows, whose data must all be there: those of each run, as many rows as it tells."""
    report = read_report(folder)
    for facts in () if report is None else report.runs:
        data = folder / "report" / "data" / facts.base
        index = json.loads(json.loads((data / "index.js").read_text().partition(", ")[2].rstrip().removesuffix(")")))
        assert len(index["id"]) == facts.included
        assert all((data / f"{number:04d}.js").is_file() for number in range(1, facts.chunks + 1))
    return report


def only_run(folder: Path) -> Path | None:
    found = run_dirs(folder)
    return found[0] if found else None


def included(folder: Path | None) -> int:
    report = None if folder is None else read_report(folder)
    return 0 if report is None else report.runs[0].included


def test_a_killed_run_leaves_a_page_that_can_be_read_and_the_next_run_goes_on_with_it(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", ROWS)
    hold_after(tmp_path, 5)
    process = start(tmp_path, HELD, *DATASET)
    wait_for(lambda: included(only_run(tmp_path)) == 5, process)
    folder = run_dir(tmp_path)
    report = shown(folder)
    assert report is not None
    assert report.live is not None
    assert (report.runs[0].status, report.runs[0].rows, report.live.total) == ("running", 20, 20)
    assert report.runs[0].metrics is None  # not judged yet
    assert (folder / "report.html").is_file()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: (found := shown(folder)) is not None and found.live is None)
    report = shown(folder)
    assert report is not None
    assert (report.runs[0].status, report.runs[0].included) == ("stopped", 5)

    before = report.runs[0].base
    hold_after(tmp_path, 7)
    process = start(tmp_path, HELD, *DATASET)
    wait_for(lambda: included(folder) == 12, process)
    assert (folder / "report" / "data" / before).is_dir()  # for those who are reading it
    let_go(tmp_path)
    process.communicate()
    report = shown(folder)
    assert report is not None
    assert (report.runs[0].status, report.runs[0].included, report.live) == ("complete", 20, None)
    assert report.runs[0].metrics is not None
    assert [path.name for path in (folder / "report" / "data").iterdir() if path.is_dir()] == [report.runs[0].base]
    assert not (folder / "report" / "live.json").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_rows(folder / "rows.jsonl", ROWS)
    done = run(folder, SCRIPTED, *DATASET[:-1], "report=null")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def growing(made: Path, tmp_path: Path) -> tuple[Path, list[bytes]]:
    """Return the folder of a run that has saved nothing yet, and the lines that it is about to save."""
    folder = run_dir(shutil.copytree(made, tmp_path / "project"))
    (segment,) = (folder / "responses").glob("*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"")
    for name in ("manifest.json", "metrics.json", "scores.jsonl"):
        (folder / name).unlink()
    write_news(folder, News(os.getpid(), Live(run="")))
    return folder, lines


def save(folder: Path, data: bytes) -> None:
    (segment,) = (folder / "responses").glob("*.jsonl")
    with segment.open("ab") as stream:
        stream.write(data)


def look_until(follower: Follower, rows: int) -> None:
    """Look again until it is time, and the page has so many rows."""
    wait_until(lambda: follower.look(False) or included(follower.run_dir) == rows)


def test_data_that_somebody_reads_stay_until_two_newer_ones_are_there(growing: tuple[Path, list[bytes]]) -> None:
    folder, lines = growing
    follower = Follower(Followed(str(folder), False), os.getpid(), AT_ONCE)
    bases: list[str] = []
    for number, line in enumerate(lines[:5], 1):
        save(folder, line)
        look_until(follower, number)
        report = shown(folder)
        assert report is not None
        bases.append(report.runs[0].base)
        there = {path.name for path in (folder / "report" / "data").iterdir() if path.is_dir()}
        assert there == set(bases[-3:])
    assert set(Counter(bases).values()) == {1}


def test_an_answer_that_is_being_written_is_left_out_until_it_is_whole(
    growing: tuple[Path, list[bytes]], capfd: pytest.CaptureFixture[str]
) -> None:
    folder, lines = growing
    follower = Follower(Followed(str(folder), False), os.getpid(), AT_ONCE)
    save(folder, lines[0] + lines[1][:20])
    look_until(follower, 1)
    save(folder, lines[1][20:])
    look_until(follower, 2)
    assert capfd.readouterr() == ("", "")


def test_a_page_is_not_written_for_a_run_of_another_process_nor_after_its_end(
    growing: tuple[Path, list[bytes]],
) -> None:
    folder, lines = growing
    save(folder, lines[0])
    Follower(Followed(str(folder), False), os.getpid() + 1, AT_ONCE).look(True)
    assert read_report(folder) is None
    (folder / "manifest.json").write_text("{}")
    Follower(Followed(str(folder), False), os.getpid(), AT_ONCE).look(True)
    assert read_report(folder) is None


def test_a_page_is_left_alone_while_it_is_held_and_once_the_next_run_has_begun(
    growing: tuple[Path, list[bytes]],
) -> None:
    folder, lines = growing
    save(folder, lines[0])
    follower = Follower(Followed(str(folder), False), os.getpid(), AT_ONCE)
    look_until(follower, 1)
    before = (folder / "report" / "data" / "report.js").read_bytes()
    save(folder, lines[1])
    with undisturbed(folder):
        follower.look(True)
        assert (folder / "report" / "data" / "report.js").read_bytes() == before
    write_news(folder, News(os.getpid(), Live(run="", done=2)))
    shutil.copytree(next((folder / ".hydra").iterdir()), folder / ".hydra" / "29991231T235959")
    follower.look(True)
    assert (folder / "report" / "data" / "report.js").read_bytes() == before


def test_news_tell_how_far_a_run_is(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    news = News(7, Live(run="", done=3, total=9, members=["a: up, 2 in flight, 1 answered"]))
    write_news(tmp_path, news)
    assert read_news(tmp_path) == news
    (tmp_path / "report" / "live.json").write_bytes(msgspec.json.encode({"process": 7}))
    assert read_news(tmp_path) is None
