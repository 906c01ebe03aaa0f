"""One run has one folder, however its files and numbers are written, and a folder is of one run."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from omegaconf import OmegaConf
from PIL import Image
from support.configs import composed
from support.processes import run
from support.rows import SCRIPTED, overrides, questions, write_rows
from support.run_folders import as_earlier_version, records, results, run_dir, run_dirs

from mathbatch.data.storage.segments import encode
from mathbatch.records import Record
from mathbatch.runner.folders import run_folder
from mathbatch.runner.identity import folder_name, identity_as_spelled
from mathbatch.runner.snapshot import attempts, started_in, write_snapshot

SHOWN = [SCRIPTED, "dataset=generic"]


def picture(path: Path, colour: str) -> Path:
    """Draw one of many pictures of one size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path)
    return path


def with_pictures(folder: Path, *colours: str) -> Path:
    """Make a dataset of pictures in a folder."""
    for number, colour in enumerate(colours):
        picture(folder / "images" / f"{number}.bmp", colour)
    rows = [
        {"sample_index": f"{at}", "query_cot": "Colour?", "image": f"images/{at}.bmp"} for at in range(len(colours))
    ]
    return write_rows(folder / "r.jsonl", rows)


def asked(done: Any) -> str:
    """Return what the table says of the answers."""
    assert done.returncode == 0, done.stderr
    return str(next(line for line in done.stdout.splitlines() if "answered" in line).split("│")[2].strip())


def test_one_file_is_one_run_however_it_is_spelled(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    (tmp_path / "x").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path)
    spellings = ["rows.jsonl", "./rows.jsonl", "x/../rows.jsonl", str(data), "[rows.jsonl]", "linked/rows.jsonl"]
    found = [
        asked(run(tmp_path, *SHOWN, f"dataset.input={spelling}", "dataset.image_field=null")) for spelling in spellings
    ]
    assert found == ["3"] + ["3 (3 by earlier runs)"] * 5
    assert len(run_dirs(tmp_path)) == 1


def test_files_of_one_name_in_two_folders_are_two_runs(tmp_path: Path) -> None:
    for name, colour in (("x", "red"), ("y", "blue")):
        with_pictures(tmp_path / name, colour)
        assert asked(run(tmp_path / name, *SHOWN, "dataset.input=r.jsonl", f"output_dir={tmp_path}/outputs")) == "1"
    assert len(run_dirs(tmp_path)) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["dataset.input=data/*.jsonl"], ["dataset.input=./data/../data/*.jsonl"]),
        (["dataset.input=[a.jsonl,b.jsonl]"], ["dataset.input=[./a.jsonl,x/../b.jsonl]"]),
        (["dataset.input=data/a.jsonl"], ["dataset.input=data/a.jsonl", "dataset.image_base_path=data"]),
        (
            ["dataset.input=a.jsonl", "dataset.image_base_path=data"],
            ["dataset.input=a.jsonl", "dataset.image_base_path=./data/"],
        ),
        (["sampling.temperature=0.6"], ["sampling.temperature=0.6000000000000001"]),
        (
            ["sampling.temperature=0.3", "sampling.top_p=0.8"],
            ["sampling.temperature=0.30000000000000004", "sampling.top_p=0.7999999999999999"],
        ),
        (["sampling.temperature=0"], ["sampling.temperature=-0.0"]),
        (["model.chat_template=t.jinja"], ["model.chat_template=./t.jinja"]),
        (["dataset.examples=a.jsonl"], ["dataset.examples=./a.jsonl"]),
        (["dataset.hub.path=data"], ["dataset.hub.path=./data"]),
        (["dataset.input=pkg://mathbatch/demo/demo.jsonl"], ["dataset.input=[pkg://mathbatch/demo/demo.jsonl]"]),
    ],
)
def test_two_spellings_of_one_configuration_have_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: list[str], second: list[str]
) -> None:
    assert_same(tmp_path, monkeypatch, first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["dataset.input=a.jsonl"], ["dataset.input=b.jsonl"]),
        (["dataset.input=data/*.jsonl"], ["dataset.input=*.jsonl"]),
        (["dataset.input=[a.jsonl,b.jsonl]"], ["dataset.input=[b.jsonl,a.jsonl]"]),
        (["dataset.input=a.jsonl"], ["dataset.input=a.jsonl", "dataset.image_base_path=data"]),
        (["dataset.hub.path=owner/name"], ["dataset.hub.path=owner/other"]),
        (["sampling.temperature=0.6"], ["sampling.temperature=0.6001"]),
    ],
)
def test_two_configurations_have_two_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: list[str], second: list[str]
) -> None:
    with pytest.raises(AssertionError):
        assert_same(tmp_path, monkeypatch, first, second)


def assert_same(folder: Path, monkeypatch: pytest.MonkeyPatch, first: list[str], second: list[str]) -> None:
    for name in ("a.jsonl", "b.jsonl", "data/a.jsonl", "x/a.jsonl", "t.jinja"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    monkeypatch.chdir(folder)
    assert run_folder(composed("dataset=generic", *first)) == run_folder(composed("dataset=generic", *second))


def test_a_link_to_a_file_has_the_pictures_of_its_own_folder(tmp_path: Path) -> None:
    shared = with_pictures(tmp_path / "shared", "red")
    picture(tmp_path / "own" / "images" / "0.bmp", "blue")
    (tmp_path / "own" / "r.jsonl").symlink_to(shared)
    for name in ("shared", "own"):
        assert asked(run(tmp_path, *SHOWN, f"dataset.input={name}/r.jsonl")) == "1"
    assert len(run_dirs(tmp_path)) == 2


def test_a_picture_that_was_replaced_by_one_of_its_size_is_asked_about_again(tmp_path: Path) -> None:
    with_pictures(tmp_path, "red", "green")
    assert asked(run(tmp_path, *SHOWN, "dataset.input=r.jsonl")) == "2"
    replaced = tmp_path / "images" / "1.bmp"
    before = replaced.stat()
    picture(replaced, "blue")
    os.utime(replaced, ns=(before.st_atime_ns, before.st_mtime_ns))  # as `cp -p` leaves it
    assert asked(run(tmp_path, *SHOWN, "dataset.input=r.jsonl")) == "2 (1 by earlier runs)"
    assert sorted(record["id"] for record in records(run_dir(tmp_path))) == ["0", "1", "1"]
    assert run(tmp_path, f"run_dir={run_dir(tmp_path)}", module="verify").returncode == 0


def test_pictures_that_were_touched_copied_or_unpacked_again_keep_their_answers(tmp_path: Path) -> None:
    with_pictures(tmp_path, "red", "green", "blue")
    command = [*SHOWN, "dataset.input=r.jsonl", "sampling.temperature=0.5"]
    assert asked(run(tmp_path, *command)) == "3"
    shutil.copytree(tmp_path / "images", tmp_path / "again", copy_function=shutil.copyfile)
    shutil.rmtree(tmp_path / "images")
    (tmp_path / "again").rename(tmp_path / "images")
    done = run(tmp_path, *command)
    assert asked(done) == "3 (3 by earlier runs)"
    assert "loading" not in done.stderr
    assert asked(run(tmp_path, *command, "sampling.n=2")) == "6 (3 by earlier runs)"
    os.utime(tmp_path / "images" / "2.bmp")
    assert asked(run(tmp_path, *command, "sampling.n=2")) == "6 (6 by earlier runs)"
    for module in ("verify", "score"):
        more = ["dataset.answer_field=query_cot"] if module == "score" else []
        assert "missing" not in run(tmp_path, f"run_dir={run_dir(tmp_path)}", *more, module=module).stdout


def test_a_project_that_was_moved_or_copied_goes_on_with_its_folders(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "deeper" / "new"
    with_pictures(old, "red", "green")
    assert asked(run(old, *SHOWN, "dataset.input=r.jsonl")) == "2"
    shutil.copytree(old, new)
    for _ in range(2):
        assert asked(run(new, *SHOWN, "dataset.input=./r.jsonl")) == "2 (2 by earlier runs)"
    assert len(run_dirs(new)) == 1
    shutil.rmtree(old)
    assert run(tmp_path, f"run_dir={run_dir(new)}", module="verify").returncode == 0


def as_before(folder: Path, *more: str, data: str = "r.jsonl") -> Path:
    """Give a run folder the name and the digests that earlier versions gave it; return the folder."""
    (made,) = run_dirs(folder)
    as_earlier_version(made)
    config = composed(*SHOWN, f"dataset.input={data}", *more)
    before = made.with_name(folder_name(config, identity_as_spelled(config, folder)))
    made.rename(before)
    return before


@pytest.mark.parametrize("spelling", ["r.jsonl", "./r.jsonl", "{here}/r.jsonl"])
def test_a_folder_named_by_the_spelling_is_found_by_any(tmp_path: Path, spelling: str) -> None:
    write_rows(tmp_path / "r.jsonl", questions(2))
    command, data = [*SHOWN, "dataset.image_field=null"], spelling.format(here=tmp_path)
    assert asked(run(tmp_path, *command, f"dataset.input={data}")) == "2"
    before = as_before(tmp_path, "dataset.image_field=null", data=data)
    for other in ("r.jsonl", "./r.jsonl", str(tmp_path / "r.jsonl")):
        assert asked(run(tmp_path, *command, f"dataset.input={other}")) == "2 (2 by earlier runs)"
    assert run_dirs(tmp_path) == [before]


def test_a_folder_of_the_same_words_is_another_run_if_it_was_started_elsewhere(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        write_rows(tmp_path / name / "r.jsonl", questions(2))
    command = [*SHOWN, "dataset.image_field=null", "dataset.input=r.jsonl", f"output_dir={tmp_path}/outputs"]
    assert asked(run(tmp_path / "x", *command)) == "2"
    (made,) = run_dirs(tmp_path)
    config = composed(*command)
    made.rename(made.with_name(folder_name(config, identity_as_spelled(config))))
    assert asked(run(tmp_path / "y", *command)) == "2"
    assert asked(run(tmp_path / "x", *command)) == "2 (2 by earlier runs)"
    assert len(run_dirs(tmp_path)) == 2


def test_a_folder_is_not_taken_for_a_run_whose_system_prompt_has_changed_since(tmp_path: Path) -> None:
    write_rows(tmp_path / "r.jsonl", questions(2))
    (tmp_path / "system.txt").write_text("Think.")
    command = [*overrides(Path("r.jsonl")), "system_prompt_file=system.txt"]
    assert asked(run(tmp_path, *command)) == "2"
    (tmp_path / "system.txt").write_text("Don't think.")
    assert asked(run(tmp_path, *command)) == "2"
    assert len(run_dirs(tmp_path)) == 2


def forget_contents(segment: Path, folder: Path) -> None:
    """Write the records as earlier versions did: a picture counts by its path as spelled and its size."""
    lines = []
    for record in records(segment.parent.parent):
        image = f"images/{record['id']}.bmp"
        size = (folder / image).stat().st_size
        content = [{"image": f"{image}:{size}"}, {"type": "text", "text": "Colour?"}]
        digest = hashlib.blake2b(msgspec.json.encode([{"role": "user", "content": content}]), digest_size=8).hexdigest()
        lines.append(encode(Record(record["id"], digest, text=record["text"], finish_reason="stop")))
    segment.write_bytes(b"".join(lines))


def test_answers_about_pictures_of_earlier_versions_count(tmp_path: Path) -> None:
    with_pictures(tmp_path, "red", "green")
    assert asked(run(tmp_path, *SHOWN, "dataset.input=r.jsonl")) == "2"
    before = as_before(tmp_path)
    forget_contents(before / "responses" / "00001.jsonl", tmp_path)
    expected = results(before)
    done = run(tmp_path, *SHOWN, "dataset.input=./r.jsonl")
    assert asked(done) == "2 (2 by earlier runs)"
    assert results(before) == expected
    assert run(tmp_path, f"run_dir={before}", module="verify").returncode == 0


def test_two_attempts_of_one_second_keep_what_each_has_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "strftime", lambda _: "20260102T030405")
    made = []
    for name in ("x", "y", "z"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        made.append(write_snapshot(tmp_path / "run", OmegaConf.create({"output_dir": name}), []))
    assert attempts(tmp_path / "run") == made
    assert [started_in(attempt).name for attempt in made] == ["x", "y", "z"]
