"""Records and figures of another run over the same rows are never those of this one, however they come into its folder.

A twin asks the same prompts: its ids fit, and so do its checksums. Its answers are written anew here, so that none can
be taken for one of the run's own.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.json import decode
from msgspec.structs import replace
from PIL import Image
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import as_earlier_version, records, results, run_dirs

from mathbatch.data.storage.segments import check, encode
from mathbatch.records import Record

TWINS = {
    "temperature": ["sampling.temperature=0.7"],
    "model name": ["model.name=other"],
    "system prompt": ["system_prompt=Think."],
}
TEMPERATURE = TWINS["temperature"]
OF_TWIN = "an answer of the twin"
MANY = 4
PICTURES = ["dataset.image_field=image"]


def command(*more: str) -> list[str]:
    return overrides(Path("rows.jsonl"), *more)


@dataclass(frozen=True)
class Project:
    """Project with a run and its twins, by what makes them other runs. All their segments have one number."""

    folder: Path
    own: Path
    twins: dict[str, Path]

    @property
    def twin(self) -> Path:
        return self.twins["temperature"]


def begun(folder: Path, *more: str) -> Path:
    """Run a command and return the folder that it has made."""
    before = run_dirs(folder)
    done = run(folder, *command(*more))
    assert done.returncode == 0, done.stderr
    (made,) = set(run_dirs(folder)) - set(before)
    return made


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Project:
    home = tmp_path_factory.mktemp("twins")
    folder = home / "project"
    folder.mkdir()
    write_rows(folder / "rows.jsonl", questions(MANY))
    found = Project(folder, begun(folder), {name: begun(folder, *more) for name, more in TWINS.items()})
    shutil.copytree(folder, home / "kept")
    return found


@pytest.fixture
def project(sound: Project) -> Project:
    """The same project, put in its place anew: a run's folder is named for the place of its dataset."""
    shutil.rmtree(sound.folder)
    shutil.copytree(sound.folder.with_name("kept"), sound.folder)
    return sound


@pytest.fixture
def with_pictures(tmp_path: Path) -> Project:
    rows = [row | {"image": f"{at}.png"} for at, row in enumerate(questions(MANY))]
    for at, row in enumerate(rows):
        Image.new("RGB", (8 + at, 8)).save(tmp_path / row["image"])
    write_rows(tmp_path / "rows.jsonl", rows)
    return Project(tmp_path, begun(tmp_path, *PICTURES), {"temperature": begun(tmp_path, *PICTURES, *TEMPERATURE)})


def segment(run_dir: Path) -> Path:
    return run_dir / "responses" / "00001.jsonl"


def lines_of(run_dir: Path) -> list[bytes]:
    return segment(run_dir).read_bytes().splitlines(keepends=True)


def answers_of_twin(run_dir: Path) -> list[bytes]:
    """Return the lines of the twin's only segment, each with an answer that only it can have."""
    return [encode(replace(decode(check(line) or b"", type=Record), text=OF_TWIN)) for line in lines_of(run_dir)]


def verified(run_dir: Path, *more: str) -> tuple[int, str]:
    done = run(run_dir, f"run_dir={run_dir}", *more, module="verify")
    return done.returncode, " ".join(done.stdout.replace("│", "").split())


def assert_asks_again(project: Project, run_dir: Path, asks: int, *more: str) -> None:
    """Repair, and run again: the answers of the twin are told and never served, and nothing else is asked again."""
    results_before = results(run_dir)
    code, told = verified(run_dir, "repair=true")
    assert code == (1 if asks else 0), told
    assert results(run_dir) == results_before
    done = run(project.folder, *command(*more))
    assert done.returncode == 0, done.stderr
    assert (f"{MANY} ({MANY - asks} by earlier runs)" if asks < MANY else f"│ {MANY} ") in done.stdout
    assert results(run_dir) == results_before
    assert OF_TWIN not in str(results_before)
    code, told = verified(run_dir)
    assert code == 0, told
    assert "or of another run; never used" in told


@pytest.mark.parametrize("name", TWINS)
def test_the_answers_of_twins_are_not_known_in_each_others_folders(project: Project, name: str) -> None:
    own, twin = project.own, project.twins[name]
    lines_of_own = b"".join(answers_of_twin(own))
    segment(own).write_bytes(b"".join(answers_of_twin(twin)))
    segment(twin).write_bytes(lines_of_own)
    assert_asks_again(project, own, MANY)
    assert_asks_again(project, twin, MANY, *TWINS[name])


def test_lines_of_a_twin_among_sound_ones_are_not_known(project: Project) -> None:
    lines = lines_of(project.own)
    segment(project.own).write_bytes(b"".join([*lines[:1], *answers_of_twin(project.twin)[1:3], *lines[3:]]))
    assert_asks_again(project, project.own, 2)


def test_segments_of_a_twin_beside_the_own_are_told_and_not_used(project: Project) -> None:
    for number in ("00000", "00002"):
        (project.own / "responses" / f"{number}.jsonl").write_bytes(b"".join(answers_of_twin(project.twin)))
    assert_asks_again(project, project.own, 0)


@pytest.mark.parametrize(("number", "asks"), [("00001", MANY), ("00002", 0)])
def test_the_content_of_pictures_is_not_known_in_a_segment_of_a_twin(
    with_pictures: Project, number: str, asks: int
) -> None:
    project = with_pictures
    assert all("content" in record for record in records(project.twin))
    (project.own / "responses" / f"{number}.jsonl").write_bytes(b"".join(answers_of_twin(project.twin)))
    # Now they are not known by their times any more.
    for path in project.folder.glob("*.png"):
        shutil.copyfile(path, project.folder / "copy")
        (project.folder / "copy").rename(path)
    assert_asks_again(project, project.own, asks, *PICTURES)


def test_the_whole_folder_of_a_twin_in_the_place_of_a_run_answers_nothing_there(project: Project) -> None:
    before = results(project.own)
    segment(project.twin).write_bytes(b"".join(answers_of_twin(project.twin)))
    shutil.rmtree(project.own)
    shutil.copytree(project.twin, project.own)
    assert run(project.folder, *command()).returncode == 0
    assert results(project.own) == before
    assert verified(project.own)[0] == 0


def test_the_attempts_of_an_earlier_version_of_a_twin_change_nothing(project: Project) -> None:
    as_earlier_version(project.twin)
    assert run(project.folder, *command(*TEMPERATURE)).returncode == 0
    shutil.copytree(project.twin / ".hydra", project.own / ".hydra", dirs_exist_ok=True)
    for path in project.twin.glob(".hydra/*/run.json"):
        shutil.copytree(path.parent, project.own / ".hydra" / "20990101T000000", dirs_exist_ok=True)
    segment(project.own).write_bytes(b"".join(answers_of_twin(project.twin)))
    before = results(project.own)
    assert run(project.folder, *command()).returncode == 0
    assert results(project.own) == before
    assert OF_TWIN not in str(before)


def test_a_copy_is_verified_under_any_name_and_a_run_goes_on_under_other_labels(project: Project) -> None:
    shutil.copytree(project.own, project.folder / "archive")
    assert verified(project.folder / "archive")[0] == 0
    moved = project.own.parents[1] / "renamed" / project.own.name
    moved.parent.mkdir()
    project.own.rename(moved)
    for _ in range(2):
        done = run(project.folder, *command("dataset.name=renamed"))
        assert f"{MANY} ({MANY} by earlier runs)" in done.stdout
    assert verified(moved)[0] == 0


def test_records_of_earlier_versions_count_only_in_folders_of_theirs(project: Project) -> None:
    as_earlier_version(project.twin)
    segment(project.own).write_bytes(b"".join(answers_of_twin(project.twin)))
    assert_asks_again(project, project.own, MANY)


def test_a_folder_of_an_earlier_version_goes_on_with_more_rollouts_and_stays_one(project: Project) -> None:
    as_earlier_version(project.twin)
    for more, expected in (([], "4 (4 by"), (["sampling.n=2"], "8 (4 by"), (["sampling.n=2"], "8 (8 by")):
        assert expected in run(project.folder, *command(*TEMPERATURE, *more)).stdout
    assert verified(project.twin)[0] == 0
    assert len(records(project.twin)) == 2 * MANY


def test_a_folder_of_an_earlier_version_knows_no_answers_of_a_twin(with_pictures: Project) -> None:
    own, twin = with_pictures.own, with_pictures.twin
    as_earlier_version(own)
    segment(own).write_bytes(b"".join([*lines_of(own)[:2], *answers_of_twin(twin)[2:]]))
    assert_asks_again(with_pictures, own, 2, *PICTURES)


def figures(run_dir: Path) -> object:
    return json.loads((run_dir / "manifest.json").read_text())["this_run"]


def test_a_manifest_of_a_twin_with_the_same_results_is_told_and_not_believed(project: Project) -> None:
    own, before = project.own, figures(project.own)
    assert figures(project.twin) != before
    assert results(own) == results(project.twin)
    shutil.copyfile(project.twin / "manifest.json", own / "manifest.json")
    code, told = verified(own)
    assert code == 1
    assert "manifest.json is of another run" in told
    assert run(project.folder, *command()).returncode == 0
    assert figures(own) == before
    assert verified(own)[0] == 0


def test_figures_of_a_twin_are_not_believed(project: Project) -> None:
    of_own, of_twin = (next(run_dir.glob(".hydra/*/figures.json")) for run_dir in (project.own, project.twin))
    shutil.copyfile(of_twin, of_own)
    (project.own / "manifest.json").unlink()
    assert run(project.folder, *command()).returncode == 0
    assert figures(project.own) != figures(project.twin)


def test_replies_of_another_judge_are_not_known(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [row | {"gold": "4"} for row in questions(MANY)])
    judged = ["dataset.answer_field=gold", "dataset.scoring=judge", "model.engine.say='Verdict: correct'"]
    own = begun(tmp_path, *judged)
    other = begun(tmp_path, *judged, "model.engine.delay_s=0.001")
    (judge,), (other_judge,) = ((run_dir / "judge").iterdir() for run_dir in (own, other))
    assert judge.name != other_judge.name
    segment(judge).write_bytes(b"".join([*lines_of(judge)[:1], *answers_of_twin(other_judge)[1:]]))
    assert run(tmp_path, *command(*judged)).returncode == 0
    assert len(records(judge)) == 2 * MANY - 1
    assert json.loads((own / "metrics.json").read_text())["accuracy"] == 1
