"""Test that what the schema has as text stays as it is spelled, on the command line, in YAML files and in sweeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import run_dir, run_dirs

from mathbatch.config.reconfigure import overridden
from mathbatch.config.spelling import keep_spelling, spelled
from mathbatch.runner.snapshot import read_snapshot

SPELLINGS = ["6e1234", "1e5", "0123", "1_000", "yes", "No", "on", "off", "True", "false", "0x1F", "12:30", "2024-01-01"]
SPELLINGS += [".inf", "inf", "nan", "-0", "+7", "1.", "1.50", "0o17", "007"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", questions(3))


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_text_of_a_yaml_file_is_as_it_is_spelled(text: str) -> None:
    file = f"revision: {text}\nengine: {{k: {text}}}\nmax_images: 3"
    value = spelled(file, {"revision": 1, "engine": {"k": 1}, "max_images": 3}, "model")
    assert value == {"revision": text, "engine": {"k": 1}, "max_images": 3}


def test_so_are_the_texts_in_lists_and_dictionaries_of_a_yaml_file() -> None:
    file = "dataset: {hub: {split: [1e2, no]}, columns: {x: 12:30}}\nsampling: {stop: [1_0, null, '7'], top_k: 010}"
    value = {"dataset": {"hub": {"split": [100.0, False]}, "columns": {"x": 750}}}
    value["sampling"] = {"stop": [10, None, "7"], "top_k": 8}
    assert spelled(file, value, "") == {
        "dataset": {"hub": {"split": ["1e2", "no"]}, "columns": {"x": "12:30"}},
        "sampling": {"stop": ["1_0", None, "7"], "top_k": 8},
    }


@pytest.mark.parametrize(
    ("argument", "kept"),
    [
        ("model.name=1e5,2e3", "model.name='1e5','2e3'"),
        ("+model.revision=null", "+model.revision=null"),
        ("""sampling.stop=[1,2e5,'a b',"c,1"]""", """sampling.stop=['1','2e5','a b',"c,1"]"""),
        ("dataset.columns={a: 1e5,b: x | y}", "dataset.columns={a: '1e5',b: x | y}"),
        ("dataset.hub.split=choice(1e5,true,test)", "dataset.hub.split=choice('1e5','true',test)"),
        ("dataset=2024", "dataset='2024'"),
        *((same, same) for same in ("sampling.temperature=1e-1", "model.engine.rope=1e6", "dataset.limit=range(1,3)")),
        *((same, same) for same in ("dataset.scoring={number:{tolerance:1e-2}}", "system_prompt='1'", "--cfg", "-m")),
    ],
)
def test_numbers_on_the_command_line_are_quoted_where_the_schema_has_text(argument: str, kept: str) -> None:
    assert keep_spelling(argument) == kept


def test_a_revision_and_a_name_that_look_like_numbers(tmp_path: Path, data: Path) -> None:
    assert run(tmp_path, *overrides(data), "model.revision=6e1234", "model.name=1e5").returncode == 0
    composed, _ = read_snapshot(run_dir(tmp_path))
    assert composed.model.revision == "6e1234"
    assert run_dir(tmp_path).parent.parent.name == "1e5"
    assert overridden(composed, ["dataset.answer_field=1e5"]).dataset.answer_field == "1e5"


def test_a_swept_revision_and_a_group_file_that_look_like_numbers(tmp_path: Path, data: Path) -> None:
    (tmp_path / "my_conf" / "dataset").mkdir(parents=True)
    (tmp_path / "my_conf" / "dataset" / "2024.yaml").write_text(
        f"name: 007\ninput: {data}\nimage_field: null\nhub: {{revision: 1e3}}\n"
    )
    done = run(
        tmp_path, "--config-dir", "my_conf", overrides(data)[0], "dataset=2024", "-m", "model.revision=6e1234,1_0"
    )
    assert done.returncode == 0, done.stderr
    found = [read_snapshot(folder)[0] for folder in run_dirs(tmp_path)]
    assert sorted(one.model.revision for one in found) == ["1_0", "6e1234"]
    assert {(one.dataset.name, one.dataset.hub.revision) for one in found} == {("007", "1e3")}


def test_a_folder_named_like_a_number_is_found_by_the_other_commands(tmp_path: Path, data: Path) -> None:
    assert run(tmp_path, *overrides(data)).returncode == 0
    run_dir(tmp_path).rename(tmp_path / "1e5")
    assert run(tmp_path, "run_dir=1e5", module="verify").returncode == 0
