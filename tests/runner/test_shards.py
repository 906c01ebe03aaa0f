"""Check that shards split the rows, run side by side, and come together as one run, whatever the split was."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from support.held_model import HELD, begun, hold_after, let_go
from support.processes import run, start, wait_for
from support.rows import SCRIPTED, overrides, questions, write_rows
from support.run_folders import records, results, run_dir, shared_run_dir

from mathbatch.config.shards import Shard
from mathbatch.errors import ConfigError

ROWS = 24
ALL = {str(at) for at in range(ROWS)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", [{**row, "gold": "none"} for row in questions(ROWS)])


def ids(folder: Path) -> set[str]:
    return {record["id"] for record in records(folder)}


def shard(folder: Path, data: Path, text: str, *more: str) -> set[str]:
    """Answer a shard; return the ids of the records that it has added."""
    pattern = f"outputs/*/*/*/shards/{Shard.of(text).folder}"
    before = {id for place in folder.glob(pattern) for id in ids(place)}
    done = run(folder, *overrides(data, f"shard={text}", *more))
    assert done.returncode == 0, done.stderr
    return {id for place in folder.glob(pattern) for id in ids(place)} - before


def merge(folder: Path, *further: str, code: int = 0) -> str:
    """Merge, and return what was said."""
    done = run(folder, f"run_dir={shared_run_dir(folder)}", *further, module="merge")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def is_whole(folder: Path) -> bool:
    return run(folder, f"run_dir={run_dir(folder)}", module="verify").returncode == 0


def one_run(folder: Path, *arguments: str, warm: bool = False) -> Path:
    """Return the folder of one run over all rows."""
    alone = folder / "alone"
    alone.mkdir()
    assert run(alone, *arguments, warm=warm).returncode in (0, 1)
    return run_dir(alone)


@pytest.mark.parametrize("count", [1, 2, 7, 16])
def test_each_row_is_in_one_shard_whatever_its_id(count: int) -> None:
    shards = [Shard(number, count) for number in range(1, count + 1)]
    found = [[one for one in shards if one.has(id)] for id in (*map(str, range(500)), "", "é", "\ud800")]
    assert all(len(one) == 1 for one in found)
    assert {one[0] for one in found} == set(shards)


def test_a_row_stays_in_its_shard_from_version_to_version() -> None:
    assert [id for id in "0123456789" if Shard(1, 4).has(id)] == ["2", "5", "6"]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "3", "3/", "/4", "a/b", "-1/4", "1/4/2", "٣/٤", "1.5/4", " 1/4"])
def test_what_is_no_shard_is_refused_with_its_key(text: str) -> None:
    with pytest.raises(ConfigError, match=r"shard: '.*' is no shard"):
        Shard.of(text)


@pytest.mark.process
def test_shards_merged_are_what_one_run_gives_with_scores_and_manifest(tmp_path: Path, data: Path) -> None:
    scored = ("dataset.answer_field=gold", "sampling.temperature=1", "sampling.n=2", "sampling.seed=7")
    parts = [shard(tmp_path, data, f"{number}/2", *scored) for number in (2, 1)]
    assert sum(map(len, parts)) == ROWS, "all rollouts of a row lie together"
    folder = shared_run_dir(tmp_path)
    assert not list(folder.glob("*.jsonl"))
    done = run(tmp_path, f"run_dir={folder}", module="merge", warm=True)
    assert done.returncode == 0, done.stderr
    assert f"{2 * ROWS} units that shards have answered" in done.stdout
    alone = one_run(tmp_path, *overrides(data, *scored), warm=True)
    for name in ("results.jsonl", "scores.jsonl"):
        assert (folder / name).read_bytes() == (alone / name).read_bytes()
    ours, theirs = (json.loads((one / "manifest.json").read_text()) for one in (folder, alone))
    for name in ("run", "units", "answered", "failed", "prompt_tokens", "output_tokens"):
        assert ours[name] == theirs[name]
    assert ours["this_run"]["output_tokens"] == ours["output_tokens"]
    assert is_whole(tmp_path)
    assert not list(folder.glob("shards/*/responses/*")), "nothing is kept twice"


@pytest.mark.process
def test_the_plain_command_takes_in_what_shards_have_and_asks_only_the_rest(tmp_path: Path, data: Path) -> None:
    first = shard(tmp_path, data, "1/3", HELD)
    hold_after(tmp_path, 1000)
    assert run(tmp_path, *overrides(data, HELD)).returncode == 0
    assert set(begun(tmp_path)) == ALL - first
    assert len(results(run_dir(tmp_path))) == ROWS
    assert is_whole(tmp_path)


@pytest.mark.process
def test_what_is_missing_is_told_by_shard_with_the_command_that_answers_it(tmp_path: Path, data: Path) -> None:
    left = ROWS - len(shard(tmp_path, data, "1/2"))
    said = merge(tmp_path, code=1)
    assert f"{left} units: {left} of shard 2/2" in said
    folder = run_dir(tmp_path)
    assert not (folder / "results.jsonl").exists()
    assert not (folder / "manifest.json").exists()
    (command,) = (line for line in said.splitlines() if line.endswith("shard=2/2"))
    assert run(tmp_path, *shlex.split(command)[3:]).returncode == 0
    merge(tmp_path)
    assert len(results(folder)) == ROWS


@pytest.mark.process
def test_another_split_asks_nothing_again_whether_merged_or_not(tmp_path: Path, data: Path) -> None:
    answered = shard(tmp_path, data, "1/2")
    assert not shard(tmp_path, data, "1/3") & answered
    merge(tmp_path, code=1)
    answered = ids(run_dir(tmp_path))
    assert not shard(tmp_path, data, "2/3") & answered


@pytest.mark.process
def test_rows_that_are_added_leave_the_others_in_their_shards(tmp_path: Path, data: Path) -> None:
    shard(tmp_path, data, "1/2")
    write_rows(data, [*questions(2 * ROWS)[ROWS:], *reversed(questions(ROWS))])
    assert not shard(tmp_path, data, "1/2") & ALL


@pytest.mark.process
def test_failures_and_rows_that_cannot_be_asked_are_in_one_shard_and_come_along(tmp_path: Path) -> None:
    odd = [{"sample_index": "bad"}, {"query_cot": "no id"}, {"sample_index": "1", "query_cot": "twice"}]
    data = write_rows(tmp_path / "rows.jsonl", [*questions(13), *odd])
    failing = overrides(data, "model.engine.fail_on=12 +")
    for number in (1, 2):
        failed = any(Shard(number, 2).has(id) for id in ("12", "bad", "<row 15>", "<row 16>"))
        assert run(tmp_path, *failing, f"shard={number}/2").returncode == int(failed)
    assert "12: scripted: the script says so" in merge(tmp_path, code=1)
    folder, alone = run_dir(tmp_path), one_run(tmp_path, *failing)
    assert (folder / "results.jsonl").read_bytes() == (alone / "results.jsonl").read_bytes()
    assert len(records(folder)) == 16, "a merge asks nothing"
    assert is_whole(tmp_path)
    assert run(tmp_path, *failing).returncode == 1
    assert len(records(folder)) == 17, "a run tries what failed again"


@pytest.mark.process
def test_shards_in_folders_of_their_own_are_merged_and_left_as_they_are(tmp_path: Path, data: Path) -> None:
    for number in (1, 2, 3):
        assert run(tmp_path, *overrides(data, f"shard={number}/3", f"output_dir=node{number}")).returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.glob("node*/**/responses/*")}
    (first,), (second,) = tmp_path.glob("node1/*/*/*"), tmp_path.glob("node2/*/*/*")
    (third,) = tmp_path.glob("node3/*/*/*/shards/*")
    place = tmp_path / "outputs" / first.relative_to(tmp_path / "node1")
    for further, code in (("node1", "node3"), 1), (("node1", str(second), str(third)), 0):
        assert run(tmp_path, f"run_dir={place}", *further, module="merge").returncode == code
    assert before == {path: path.read_bytes() for path in tmp_path.glob("node*/**/responses/*")}
    assert len(results(place)) == len(records(place)) == ROWS
    assert is_whole(tmp_path)
    assert f"{ROWS} by earlier runs" in run(tmp_path, *overrides(data)).stdout


@pytest.mark.process
def test_the_answers_of_another_run_are_refused(tmp_path: Path, data: Path) -> None:
    shard(tmp_path, data, "1/2")
    assert run(tmp_path, *overrides(data, "shard=2/2", "sampling.top_p=0.9", "output_dir=other")).returncode == 0
    (folder,) = tmp_path.glob("other/*/*/*")
    assert f"they are of demo/generic/{folder.name}" in merge(tmp_path, str(folder), code=2)


@pytest.mark.process
def test_a_shard_that_still_runs_is_told_and_left_alone(tmp_path: Path, data: Path) -> None:
    other = shard(tmp_path, data, "1/2", HELD)
    hold_after(tmp_path, 2)
    process = start(tmp_path, *overrides(data, HELD, "shard=2/2"))
    wait_for(lambda: len(begun(tmp_path)) == ROWS - len(other), process)
    second = run(tmp_path, *overrides(data, HELD, "shard=2/2"))
    assert second.returncode == 2
    assert f"process {process.pid} on" in second.stderr
    assert "shard 2/2: when it has ended" in merge(tmp_path, code=1)
    plain = run(tmp_path, *overrides(data, HELD))
    assert plain.returncode == 1
    assert "shard 2/2: when it has ended" in plain.stdout
    assert run(tmp_path, *overrides(data, HELD, "rerun=true")).returncode == 2
    let_go(tmp_path)
    process.communicate()
    assert process.returncode == 0
    merge(tmp_path)
    assert len(results(run_dir(tmp_path))) == len(records(run_dir(tmp_path))) == ROWS


@pytest.mark.process
def test_a_rerun_sets_the_answers_of_shards_aside_too(tmp_path: Path, data: Path) -> None:
    shard(tmp_path, data, "1/2")
    assert run(tmp_path, *overrides(data, "rerun=true")).returncode == 0
    folder = run_dir(tmp_path)
    assert len(records(folder)) == ROWS
    assert len(list(folder.glob("responses-*/shards/1-of-2/responses/*.jsonl"))) == 1
    assert not (folder / "shards").exists()


@pytest.mark.process
def test_a_damaged_shard_is_refused_until_it_is_repaired(tmp_path: Path, data: Path) -> None:
    shard(tmp_path, data, "1/1")
    folder = shared_run_dir(tmp_path)
    path = folder / "shards" / "1-of-1" / "responses" / "00001.jsonl"
    path.write_bytes(path.read_bytes().replace(b"boxed", b"bored", 1))
    said = merge(tmp_path, code=2)
    assert f"{path}, line 1: the record is damaged" in said
    assert f"verify run_dir={folder}" in said
    mended = run(tmp_path, f"run_dir={folder}", "repair=true", module="verify")
    assert mended.returncode == 1
    assert "mended shards/1-of-1/00001.jsonl" in mended.stdout
    assert "python -m mathbatch.merge" in mended.stdout
    assert "1 units: 1 of shard 1/1" in merge(tmp_path, code=1)


@pytest.mark.process
def test_a_project_that_is_moved_goes_on_with_its_shards(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    write_rows(tmp_path / "before" / "rows.jsonl", questions(ROWS))
    shard(tmp_path / "before", Path("rows.jsonl"), "1/2")
    after = (tmp_path / "before").rename(tmp_path / "after")
    shard(after, Path("rows.jsonl"), "2/2")
    merge(after)
    assert len(records(run_dir(after))) == ROWS


@pytest.mark.process
def test_pictures_in_files_that_were_touched_are_known_again_by_a_merge(tmp_path: Path) -> None:
    from PIL import Image

    rows = [{"sample_index": str(at), "query_cot": "What?", "image": f"{at}.png"} for at in range(8)]
    for at in range(8):
        Image.new("RGB", (8 + at, 8)).save(tmp_path / f"{at}.png")
    data = write_rows(tmp_path / "rows.jsonl", rows)
    assert run(tmp_path, SCRIPTED, "dataset=generic", f"dataset.input={data}", "shard=1/1").returncode == 0
    (tmp_path / "3.png").touch()
    merge(tmp_path)
    assert len(records(run_dir(tmp_path))) == 8
