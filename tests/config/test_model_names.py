"""A run is named after the checkpoint that it runs, not after the group from which its other settings come."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configs import composed
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import as_earlier_version, run_dir, run_dirs

from mathbatch.config.names import name_of_path
from mathbatch.runner.folders import run_folder

FILES = {
    "model/mine.yaml": "name: mine\npath: maker/own\n",
    "model/quoted.yaml": "name: it's 1e5\npath: \"maker/it's 5 %\"\n",
    "model/based.yaml": "defaults: [qwen]\npath: maker/based\n",
    "model/nameless.yaml": "path: maker/nameless\n",
    "model/of_variable.yaml": "name: of-variable\npath: ${oc.env:HOME}/ckpt\n",
    "experiment/path_only.yaml": "# @package _global_\nmodel:\n  path: maker/tried\n",
    "experiment/both.yaml": (
        "# @package _global_\ndefaults:\n  - override /model: qwen\nmodel:\n  name: qwen2.5-vl-7b\n  path: /here/qwen\n"
    ),
    "experiment/name_only.yaml": "# @package _global_\nmodel:\n  name: special\n",
    "experiment/of_judge.yaml": "# @package _global_\njudge:\n  model:\n    path: maker/judge\n",
}
NAMES = {
    "": "demo",
    "model=qwen": "qwen2.5-vl-7b",
    "model=qwen model.path=maker/other": "other",
    "model=qwen model.path=maker/other model.name=chosen": "chosen",
    "model=qwen model.path=maker/other model.name=qwen2.5-vl-7b": "qwen2.5-vl-7b",
    "model=qwen model.path=Qwen/Qwen2.5-VL-7B-Instruct": "qwen2.5-vl-7b",
    "model=qwen model.name=chosen": "chosen",
    "model=qwen model.path=maker/other model.revision=v2": "other",
    "model.path=pkg://mathbatch/demo/model": "demo",
    "model=mine": "mine",
    "model=mine model.path=maker/other": "other",
    "model=quoted": "it's 1e5",
    "model=quoted model.path=maker/other": "other",
    "model=based": "based",
    "model=nameless": "nameless",
    "model=of_variable": "of-variable",
    "experiment=path_only": "tried",
    "experiment=path_only model=mine": "tried",
    "experiment=path_only model.path=maker/other": "other",
    "experiment=both": "qwen2.5-vl-7b",
    "experiment=both model.path=maker/other": "other",
    "experiment=name_only model.path=maker/other": "special",
}


@pytest.fixture
def own(tmp_path: Path) -> str:
    """The override that adds a folder with configurations of the user's own."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return f"hydra.searchpath=[file://{tmp_path}]"


@pytest.mark.parametrize("given", NAMES)
def test_a_name_belongs_to_the_path_that_it_was_given_for(own: str, given: str) -> None:
    assert composed(own, *given.split()).model.name == NAMES[given]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (["model@judge.model=qwen"], "qwen2.5-vl-7b"),
        (["model@judge.model=qwen", "judge.model.path=maker/other"], "other"),
        (["model@judge.model=qwen", "judge.model.path=maker/other", "judge.model.name=chosen"], "chosen"),
        (["model@judge.model=mine", "model=qwen", "model.path=maker/other"], "mine"),
        (["model@judge.model=qwen", "experiment=of_judge"], "judge"),
    ],
)
def test_a_judge_is_named_in_the_same_way(own: str, given: list[str], name: str) -> None:
    judge = composed(own, *given).judge.model
    assert judge is not None
    assert judge.name == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Qwen/Qwen3-8B", "Qwen3-8B"),
        ("gpt2", "gpt2"),
        ("/weights/mine/", "mine"),
        ("../runs/checkpoint-500/.", "checkpoint-500"),
        ("~/ckpt", "ckpt"),
        ("/cache/hub/models--Qwen--Qwen3-8B/snapshots/6e1234/", "Qwen3-8B"),
        ("/cache/hub/models--gpt2/snapshots/6e1234", "gpt2"),
        (f"maker/{'ä' * 100}", "ä" * 60),
    ],
)
def test_the_name_of_a_path_is_its_last_part_and_fits_a_folder(path: str, name: str) -> None:
    assert name_of_path(path) == name


def test_settings_that_a_group_has_for_its_family_stay_with_another_path() -> None:
    config = composed("model=qwen", "model.path=maker/other").model
    assert config.max_images == composed("model=qwen").model.max_images == 8


def test_a_cell_of_a_sweep_over_paths_has_the_folder_of_its_single_run(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(2))
    assert run(tmp_path, *overrides(data, "-m", "model.path=maker/a,maker/b")).returncode == 0
    assert [path.parts[-3] for path in run_dirs(tmp_path)] == ["a", "b"]
    done = run(tmp_path, *overrides(data, "model.path=maker/b"))
    assert "2 (2 by earlier runs)" in done.stdout
    assert "b on generic" in done.stdout
    assert len(run_dirs(tmp_path)) == 2


def before(folder: Path, *given: str) -> Path:
    """Make the run folder that an earlier version made for a run, named after the group whatever the path."""
    assert run(folder, *given, "model.name=demo").returncode == 0
    as_earlier_version(run_dir(folder))
    return run_dir(folder)


def test_a_run_that_an_earlier_version_named_after_the_group_goes_on_where_it_is(tmp_path: Path) -> None:
    command = overrides(write_rows(tmp_path / "rows.jsonl", questions(3)), "model.path=maker/a")
    made = before(tmp_path, *command, "dataset.limit=2")
    assert made.parts[-3] == "demo"
    for answered in ("3 (2 by earlier runs)", "3 (3 by earlier runs)"):
        done = run(tmp_path, *command)
        assert done.returncode == 0, done.stderr
        assert answered in done.stdout
    assert run_dirs(tmp_path) == [made]
    assert run(tmp_path, f"run_dir={made}", module="verify").returncode == 0
    assert run(tmp_path, *command, "model.name=chosen").returncode == 0
    assert len(run_dirs(tmp_path)) == 2


def test_a_run_of_another_checkpoint_does_not_go_on_in_the_folder_of_the_group(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(2))
    before(tmp_path, *overrides(data))
    assert run(tmp_path, *overrides(data, "model.path=maker/a")).returncode == 0
    assert [path.parts[-3] for path in run_dirs(tmp_path)] == ["a", "demo"]


def test_a_run_does_not_go_on_in_the_folder_of_a_name_that_somebody_chose(tmp_path: Path) -> None:
    command = overrides(write_rows(tmp_path / "rows.jsonl", questions(2)), "model.path=maker/a")
    assert run(tmp_path, *command, "model.name=chosen").returncode == 0
    assert run(tmp_path, *command).returncode == 0
    assert [path.parts[-3] for path in run_dirs(tmp_path)] == ["a", "chosen"]


def test_a_judge_that_an_earlier_version_named_after_the_group_is_not_asked_again(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [row | {"gold": "4"} for row in questions(2)])
    judged = [
        "dataset.answer_field=gold",
        "dataset.scoring=judge",
        "model@judge.model=demo",
        "judge.model.path=maker/j",
    ]
    scripted = "judge.model._target_=mathbatch.models.scripted.ScriptedModel"
    command = overrides(data, *judged, scripted, "judge.model.engine.say='Verdict: correct'")
    assert run(tmp_path, *command, "judge.model.name=demo").returncode == 0
    (replies,) = (run_dir(tmp_path) / "judge").iterdir()
    assert replies.name.startswith("demo-")
    assert run(tmp_path, *command).returncode == 0
    done = run(tmp_path, f"run_dir={run_dir(tmp_path)}", "dataset.scoring=[judge]", module="score")
    assert done.returncode == 0, done.stderr
    assert list((run_dir(tmp_path) / "judge").iterdir()) == [replies]
    assert len(list(replies.glob("responses/*.jsonl"))) == 1


def test_scoring_again_with_another_judge_names_it_after_its_path(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [row | {"gold": "4"} for row in questions(2)])
    assert run(tmp_path, *overrides(data, "dataset.answer_field=gold", "dataset.scoring=exact")).returncode == 0
    scripted = "judge.model._target_=mathbatch.models.scripted.ScriptedModel"
    judged = [
        *("dataset.scoring=judge", "model@judge.model=qwen", "judge.model.path=maker/j", scripted),
        "judge.model.engine.say='Verdict: correct'",
    ]
    done = run(tmp_path, f"run_dir={run_dir(tmp_path)}", *judged, module="score")
    assert done.returncode == 0, done.stderr
    (replies,) = (run_dir(tmp_path) / "judge").iterdir()
    assert replies.name.startswith("j-")


def test_the_folder_of_a_run_is_that_of_its_name() -> None:
    found = run_folder(composed("dataset.input=rows.jsonl", "model=qwen", "model.path=maker/Some Model:v2"))
    assert found.parts[-3] == "Some-Model-v2"
