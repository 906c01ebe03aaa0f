"""Why one run scores other than another: words, rows, flips, and what can't be known."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.adding_model import ADDING
from support.images import encoded
from support.processes import run
from support.rows import write_rows
from support.run_folders import run_dirs

from mathbatch.reports.explain import Difference, Explanation, explain
from mathbatch.reports.explanation.words import edits

pytestmark = pytest.mark.process

ROWS = [{"sample_index": str(at), "q": f"What is {at} + {at}?", "gold": str(2 * at)} for at in range(40)]
DATASET = ("dataset=generic", "dataset.input=rows.jsonl", "dataset.answer_field=gold")
STEPS = "dataset.prompt='{{ q }} Think step by step, and box it.'"
CAREFULLY = "dataset.prompt='{{ q }} Think carefully, and box it.'"
SOME = STEPS.replace("step by step", '{{ "carefully" if sample_index | int < 12 else "step by step" }}')


def new_run(folder: Path, *arguments: str, images: bool = False) -> Path:
    """Run the adding model, and return the new run folder."""
    before = run_dirs(folder)
    text = () if images else ("dataset.image_field=null",)
    done = run(folder, ADDING, *DATASET, *text, *arguments)
    assert done.returncode == 0, done.stderr
    (found,) = set(run_dirs(folder)) - set(before)
    return found


def told(found: Explanation, what: str) -> list[Difference]:
    return [one for one in found.differences if one.what == what]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Return a project with two runs that differ in one word of the prompt."""
    folder = tmp_path_factory.mktemp("project")
    write_rows(folder / "rows.jsonl", ROWS)
    return folder, new_run(folder, STEPS), new_run(folder, CAREFULLY)


@pytest.fixture
def project(made: tuple[Path, Path, Path]) -> Iterator[tuple[Path, Path, Path]]:
    yield made
    write_rows(made[0] / "rows.jsonl", ROWS)


def test_two_runs_that_differ_in_one_word_are_told_the_word_the_rows_the_flips_and_the_test(
    project: tuple[Path, Path, Path],
) -> None:
    folder, first, second = project
    done = run(folder, f"run_dir={first}", f"other={second}", "explain=true", module="compare")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "prompt user 'step by step' 'carefully' 40 of 40" in shown
    assert "changed 40 10 0 10 -25.0 (-40.2 to -11.1) 0.00195" in shown
    assert "The second is better by 25.0 points, a change and no noise" in shown
    assert "the two differ in the user prompt ('step by step' → 'carefully' in all 40 rows)" in shown
    assert "not known" not in shown


def test_flips_of_rows_that_changed_are_told_apart_from_those_of_others(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", ROWS)
    found = explain(new_run(tmp_path, STEPS), new_run(tmp_path, SOME))
    assert found.changed is not None
    assert found.same is not None
    assert (found.changed.rows, found.changed.flipped, found.same.rows, found.same.flipped) == (12, 3, 28, 0)
    (prompt,) = told(found, "prompt")
    assert (prompt.first, prompt.second, prompt.rows, prompt.example) == ("step by step", "carefully", 12, "0")
    assert "3 of 12 rows that changed have flipped, 0 of 28 that were the same" in found.sentence
    assert "only 3 samples have flipped" in found.sentence  # too few for any test


def test_a_prompt_is_told_where_the_rows_come_in_another_order(project: tuple[Path, Path, Path]) -> None:
    folder, first, second = project
    write_rows(folder / "rows.jsonl", ROWS[::-1])
    (prompt,) = told(explain(first, second), "prompt")
    assert prompt.rows == 40


def test_rows_that_have_changed_since_are_not_taken_for_what_the_model_saw(project: tuple[Path, Path, Path]) -> None:
    folder, first, second = project
    write_rows(folder / "rows.jsonl", [{**row, "q": "?"} if at < 3 else row for at, row in enumerate(ROWS[:30])])
    found = explain(first, second)
    (prompt,) = told(found, "prompt")
    assert (prompt.rows, found.unseen, found.effect.rows) == (27, 13, 40)


def test_where_the_dataset_is_gone_the_rest_is_told_and_that_it_is_gone(project: tuple[Path, Path, Path]) -> None:
    folder, first, second = project
    (folder / "rows.jsonl").unlink()
    found = explain(first, second)
    assert (told(found, "prompt"), found.unseen, found.effect.flipped) == ([], 40, 10)
    assert [one.key for one in told(found, "setting")] == ["dataset.prompt"]
    assert sum("there is no file" in problem for problem in found.unknown) == 2


def test_scores_of_answers_from_elsewhere_are_compared_as_far_as_they_are_known(
    project: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    _, first, second = project
    for name in ("scores.jsonl", "metrics.json"):
        shutil.copy(second / name, tmp_path / name)
    found = explain(first, tmp_path)
    assert found.effect.flipped == 10
    assert "nothing is known to differ, but not everything is known" in found.sentence
    assert any("no run folder" in problem for problem in found.unknown)


def test_nothing_differs_between_a_run_and_its_copy(project: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, first, _ = project
    shutil.copytree(first, tmp_path / "copy")
    found = explain(first, tmp_path / "copy")
    assert (found.differences, found.unseen, found.unknown) == ([], 0, [])
    assert "the two agree on all 40 samples; nothing differs that could change an answer" in found.sentence


def test_a_picture_that_was_replaced_and_a_gold_that_was_corrected_are_told_with_their_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / f"pictures_{name}"
        folder.mkdir()
        for at in range(10):
            size = (30 + (name == "b" and at == 4), 30)
            (folder / f"{at}.png").write_bytes(encoded(size=size))
    rows = [{**row, "image": f"{at}.png"} for at, row in enumerate(ROWS[:10])]
    write_rows(tmp_path / "rows.jsonl", rows)
    first = new_run(tmp_path, STEPS, "dataset.image_base_path=pictures_a", images=True)
    write_rows(tmp_path / "rows.jsonl", [{**row, "gold": "1"} if at == 7 else row for at, row in enumerate(rows)])
    second = new_run(tmp_path, STEPS, "dataset.image_base_path=pictures_b", images=True)
    found = explain(first, second)
    (picture,), (gold,) = told(found, "picture"), told(found, "gold")
    assert (picture.rows, picture.example, picture.first) == (1, "4", "4.png")
    assert (gold.rows, gold.example, gold.first, gold.second, gold.changes) == (1, "7", "14", "1", "verdicts")
    assert found.changed is not None
    assert (found.changed.rows, found.changed.only_first) == (2, 1)
    assert [one.changes for one in told(found, "setting") if one.key == "dataset.image_base_path"] == ["answers"]


def test_settings_are_told_by_what_they_can_change_and_secrets_never(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", ROWS[:4])
    first = new_run(tmp_path, STEPS, "batch_size=2")
    second = new_run(tmp_path, STEPS, "sampling.top_p=0.5", "dataset.scoring=exact", "system_prompt='Be strict.'")
    for config in second.glob("**/config.yaml"):  # as an earlier version might have saved it
        text = re.sub(r"(?m)^  extra_body: .*$", "  extra_body: {api_key: sk-a1b2c3d4e5f6g7h8}", config.read_text())
        config.write_text(re.sub(r"api_key_env: OPENAI_API_KEY", "api_key_env: MY_KEY", text))
    found = explain(first, second)
    settings = {one.key: one for one in told(found, "setting")}
    assert {key: one.changes for key, one in settings.items()} == {
        "batch_size": "nothing",
        "batcher.batch_size": "nothing",
        "dataset.scoring": "verdicts",
        "model.api_key_env": "nothing",
        "model.extra_body.api_key": "answers",
        "sampling.top_p": "answers",
        "system_prompt": "answers",
    }
    assert (settings["sampling.top_p"].first, settings["sampling.top_p"].second) == ("1.0", "0.5")
    assert "a1b2c3d4" not in str(found)
    (prompt,) = told(found, "prompt")
    assert (prompt.key, prompt.first, prompt.second) == ("system", "", "Be strict.")
    assert [one.key for one in told(found, "scorer")][:2] == ["scorers", "settings"]


def test_a_chat_template_is_compared_by_its_text(project: tuple[Path, Path, Path]) -> None:
    folder, first, _ = project
    (folder / "own.jinja").write_text("{% for message in messages %}{{ message.content }}{% endfor %}")
    second = new_run(folder, STEPS, "model.chat_template=own.jinja")
    found = explain(first, second)
    (template,) = told(found, "chat template")
    assert template.second.startswith("{% for message")
    assert template.first.startswith("{")
    assert "the two differ in the chat template." in found.sentence


def test_edits_make_the_second_text_of_the_first() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(300):
        first = "".join(rng.choices(["a", "bc", " ", "\n", "<picture>", ",", "÷", "d e f"], k=rng.randrange(12)))
        second = "".join(rng.choice([part, part, "x", ""]) for part in re.split(r"\b", first)) + rng.choice(["", " z"])
        made, end = "", 0
        for edit in edits(first, second):
            assert first.startswith(edit.old, edit.at)
            made, end = made + first[end : edit.at] + edit.new, edit.at + len(edit.old)
        assert made + first[end:] == second


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ((["correct"] * 9, ["correct"] * 9), "both got all 9 samples right"),
        ((["wrong"] * 9, ["wrong"] * 9), "neither got one of 9 samples right"),
        ((["correct"] * 9, ["correct"] * 4 + ["wrong"] * 5), "only 5 samples have flipped"),
    ],
)
def test_a_comparison_says_where_the_samples_can_not_tell(
    tmp_path: Path, verdicts: tuple[list[str], list[str]], says: str
) -> None:
    for name, own in zip(("first", "second"), verdicts, strict=True):
        (tmp_path / name).mkdir()
        lines = [{"id": str(at), "verdict": verdict, "gold": "4"} for at, verdict in enumerate(own)]
        write_rows(tmp_path / name / "scores.jsonl", lines)
        (tmp_path / name / "metrics.json").write_text(json.dumps({"scorer": {"identity": "a"}}))
    done = run(tmp_path, "run_dir=first", "other=second", module="compare")
    assert says in " ".join(done.stdout.split())
