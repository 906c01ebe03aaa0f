"""Records and figures of another run over the same rows are never those of this one, however they come into its folder.

A twin asks the same prompts: its ids fit, and so do its checksums. Its answers are written anew here, so that none can
be taken for one of the run's own.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.json import decode
from msgspec.structs import replace
from PIL import Image
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import as_earlier_version, records, results, run_dirs

from mathbatch.data.storage.sealed import read_sealed
from mathbatch.data.storage.segments import check, encode
from mathbatch.records import Record
from mathbatch.runner.snapshot import Manifest

TWINS = {
    "temperature": ["sampling.temperature=0.7"],
    "top_p": ["sampling.top_p=0.9"],
    "seed": ["sampling.seed=7"],
    "engine": ["model.engine.say='\\boxed{9}'"],
    "checkpoint": ["model.path=owner/other"],
    "model name": ["model.name=other"],
    "dataset name": ["dataset.name=other"],
    "system prompt": ["system_prompt=Think."],
    "chat template": ["+model.chat_template_kwargs.enable_thinking=false"],
}
OF_TWIN = "an answer of the twin"
MANY = 4


def command(*more: str) -> list[str]:
    return overrides(Path("rows.jsonl"), "dataset.answer_field=gold", *more)


def project(folder: Path, pictures: bool = False) -> Path:
    rows = [row | {"gold": "4"} for row in questions(MANY)]
    if pictures:
        for at, row in enumerate(rows):
            Image.new("RGB", (8 + at, 8)).save(folder / f"{at}.png")
            row["image"] = f"{at}.png"
    write_rows(folder / "rows.jsonl", rows)
    return folder


def with_pictures(arguments: list[str]) -> list[str]:
    return [word for word in arguments if not word.startswith("dataset.image_field")]


def begun(folder: Path, arguments: list[str]) -> Path:
    """Run a command and return the folder that it has made."""
    before = run_dirs(folder)
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    (made,) = set(run_dirs(folder)) - set(before)
    return made


def segment(run_dir: Path) -> Path:
    return run_dir / "responses" / "00001.jsonl"


def lines_of_twin(run_dir: Path) -> list[bytes]:
    """Return the lines of the twin's only segment, each with an answer that only it can have."""
    bodies = (check(line) for line in segment(run_dir).read_bytes().splitlines(keepends=True))
    return [encode(replace(decode(body or b"", type=Record), text=OF_TWIN)) for body in bodies]


def assert_serves_nothing_of(folder: Path, run_dir: Path, arguments: list[str], asks: int, sound: bytes) -> None:
    """Repair and run again; nothing of the twin may be anywhere, and nothing sound may be asked again."""
    assert run(folder, f"run_dir={run_dir}", "repair=true", module="verify").returncode == (1 if asks else 0)
    assert (run_dir / "results.jsonl").read_bytes() == sound
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    told = f"{MANY} ({MANY - asks} by earlier runs)" if asks < MANY else f"answered │ {MANY} "
    assert told in " ".join(done.stdout.split())
    assert (run_dir / "results.jsonl").read_bytes() == sound
    for name in ("results.jsonl", "scores.jsonl", "metrics.json", "manifest.json", "audit.jsonl"):
        assert OF_TWIN not in (run_dir / name).read_text()
    last = run(folder, f"run_dir={run_dir}", module="verify")
    assert last.returncode == 0, last.stdout
    assert "or of another run; never used" in " ".join(last.stdout.replace("│", "").split())


@pytest.mark.parametrize("name", TWINS)
def test_a_segment_of_a_twin_is_not_known(tmp_path: Path, name: str) -> None:
    folder, twins = project(tmp_path), command(*TWINS[name])
    own, twin = begun(folder, command()), begun(folder, twins)
    sound, sound_of_twin = ((run_dir / "results.jsonl").read_bytes() for run_dir in (own, twin))
    lines, lines_of_own = b"".join(lines_of_twin(twin)), b"".join(lines_of_twin(own))
    segment(own).write_bytes(lines)
    found = run(folder, f"run_dir={own}", module="verify")
    assert found.returncode == 1
    assert "missing" in found.stdout
    assert_serves_nothing_of(folder, own, command(), MANY, sound)
    segment(twin).write_bytes(lines_of_own)
    assert_serves_nothing_of(folder, twin, twins, MANY, sound_of_twin)


@pytest.mark.parametrize("name", ["temperature", "engine"])
def test_lines_of_a_twin_among_sound_ones_are_not_known(tmp_path: Path, name: str) -> None:
    folder = project(tmp_path)
    own, twin = begun(folder, command()), begun(folder, command(*TWINS[name]))
    sound = (own / "results.jsonl").read_bytes()
    lines = segment(own).read_bytes().splitlines(keepends=True)
    segment(own).write_bytes(b"".join([*lines[:1], *lines_of_twin(twin)[1:3], *lines[3:]]))
    assert_serves_nothing_of(folder, own, command(), 2, sound)


def test_a_segment_of_a_twin_beside_the_own_is_told_and_not_used(tmp_path: Path) -> None:
    folder = project(tmp_path)
    own, twin = begun(folder, command()), begun(folder, command(*TWINS["temperature"]))
    sound = (own / "results.jsonl").read_bytes()
    for number in ("00000", "00002"):
        (own / "responses" / f"{number}.jsonl").write_bytes(b"".join(lines_of_twin(twin)))
    assert_serves_nothing_of(folder, own, command(), 0, sound)


def test_pictures_are_not_known_by_their_content_in_a_segment_of_a_twin(tmp_path: Path) -> None:
    folder, arguments = project(tmp_path, pictures=True), with_pictures(command())
    own, twin = begun(folder, arguments), begun(folder, [*arguments, *TWINS["temperature"]])
    sound = (own / "results.jsonl").read_bytes()
    assert all("content" in record for record in records(twin))
    segment(own).write_bytes(b"".join(lines_of_twin(twin)))
    for path in folder.glob("*.png"):
        shutil.copyfile(path, folder / "copy")
        (folder / "copy").rename(path)
    assert_serves_nothing_of(folder, own, arguments, MANY, sound)


def test_the_whole_folder_of_a_twin_in_the_place_of_a_run_answers_nothing_there(tmp_path: Path) -> None:
    folder = project(tmp_path)
    own, twin = begun(folder, command()), begun(folder, command(*TWINS["temperature"]))
    segment(twin).write_bytes(b"".join(lines_of_twin(twin)))
    sound = results(own)
    shutil.rmtree(own)
    shutil.copytree(twin, own)
    assert run(folder, *command()).returncode == 0
    assert results(own) == sound
    assert run(folder, f"run_dir={own}", module="verify").returncode == 0


def test_a_folder_is_verified_and_scored_under_any_name_and_goes_on_under_other_labels(tmp_path: Path) -> None:
    folder = project(tmp_path)
    own = begun(folder, command())
    shutil.copytree(own, folder / "archive")
    assert run(folder, "run_dir=archive", module="verify").returncode == 0
    assert run(folder, "run_dir=archive", "dataset.scoring=number", module="score").returncode == 0
    moved = own.parents[1] / "renamed" / own.name
    moved.parent.mkdir()
    own.rename(moved)
    for _ in range(2):
        done = run(folder, *command("dataset.name=renamed"))
        assert f"{MANY} ({MANY} by earlier runs)" in done.stdout
    assert run(folder, f"run_dir={moved}", module="verify").returncode == 0


def test_more_rollouts_keep_the_first_answers(tmp_path: Path) -> None:
    folder = project(tmp_path)
    begun(folder, command())
    assert f"{2 * MANY} ({MANY} by earlier runs)" in run(folder, *command("sampling.n=2")).stdout


def test_records_of_earlier_versions_count_only_in_folders_of_theirs(tmp_path: Path) -> None:
    folder = project(tmp_path)
    own, twin = begun(folder, command()), begun(folder, command(*TWINS["temperature"]))
    sound = (own / "results.jsonl").read_bytes()
    as_earlier_version(twin)
    segment(own).write_bytes(b"".join(lines_of_twin(twin)))
    assert_serves_nothing_of(folder, own, command(), MANY, sound)
    # A folder of an earlier version goes on, with more rollouts too, and stays one.
    for more in ([], ["sampling.n=2"], ["sampling.n=2"]):
        done = run(folder, *command(*TWINS["temperature"], *more))
        assert "by earlier runs" in done.stdout
        assert run(folder, f"run_dir={twin}", module="verify").returncode == 0
    assert len(records(twin)) == 2 * MANY


@pytest.mark.parametrize("pictures", [False, True])
def test_a_folder_of_an_earlier_version_knows_no_records_of_a_twin(tmp_path: Path, pictures: bool) -> None:
    folder = project(tmp_path, pictures)
    arguments = with_pictures(command()) if pictures else command()
    own, twin = begun(folder, arguments), begun(folder, [*arguments, *TWINS["temperature"]])
    sound = (own / "results.jsonl").read_bytes()
    as_earlier_version(own)
    lines = segment(own).read_bytes().splitlines(keepends=True)
    segment(own).write_bytes(b"".join([*lines[:2], *lines_of_twin(twin)[2:]]))
    assert_serves_nothing_of(folder, own, arguments, 2, sound)


def figures(run_dir: Path) -> object:
    return json.loads((run_dir / "manifest.json").read_text())["this_run"]


def test_a_manifest_of_a_twin_is_told_and_not_believed(tmp_path: Path) -> None:
    folder = project(tmp_path)
    arguments = [word for word in command() if "answer_field" not in word]
    own, twin = begun(folder, arguments), begun(folder, [*arguments, *TWINS["temperature"]])
    before = figures(own)
    assert figures(twin) != before
    assert (own / "results.jsonl").read_bytes() == (twin / "results.jsonl").read_bytes()
    shutil.copyfile(twin / "manifest.json", own / "manifest.json")
    found = run(folder, f"run_dir={own}", module="verify")
    assert found.returncode == 1
    assert "manifest.json is of another run" in found.stdout
    assert run(folder, *arguments).returncode == 0
    assert figures(own) == before
    assert read_sealed(own / "manifest.json", Manifest).is_sealed
    assert run(folder, f"run_dir={own}", module="verify").returncode == 0


def test_figures_of_a_twin_are_not_believed(tmp_path: Path) -> None:
    folder = project(tmp_path)
    own, twin = begun(folder, command()), begun(folder, command(*TWINS["temperature"]))
    of_own, of_twin = (next(run_dir.glob(".hydra/*/figures.json")) for run_dir in (own, twin))
    shutil.copyfile(of_twin, of_own)
    (own / "manifest.json").unlink()
    assert run(folder, *command()).returncode == 0
    assert figures(own) != figures(twin)


def test_replies_of_another_judge_are_not_known(tmp_path: Path) -> None:
    folder = project(tmp_path)
    judged = command("model.engine.say='Verdict: correct'", "dataset.scoring=judge")
    own = begun(folder, judged)
    assert run(folder, f"run_dir={own}", "model@judge.model=qwen", module="check").returncode != 0
    (judge,) = (own / "judge").iterdir()
    lines = segment(judge).read_bytes().splitlines(keepends=True)
    other = begun(folder, [*judged, "model.engine.seed=7"])
    (judge_of_other,) = (other / "judge").iterdir()
    assert judge_of_other.name != judge.name
    of_other = lines_of_twin(judge_of_other)
    segment(judge).write_bytes(b"".join([*lines[:1], *of_other[1:]]))
    assert run(folder, *judged).returncode == 0
    assert len(records(judge)) == 2 * MANY - 1
    assert json.loads((own / "metrics.json").read_text())["accuracy"] == 1
