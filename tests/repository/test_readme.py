"""Run what the README shows as it is written there: its custom parts, and the commands that use them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from support.configs import composed
from support.images import encoded
from support.paths import ROOT
from support.processes import run
from support.rows import SCRIPTED, write_rows
from support.run_folders import records, results, run_dir

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, holding: str) -> str:
    """Return the one code block of this language with this text in it."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = (text for text in blocks if holding in text)
    return str(found)


@pytest.mark.process
def test_the_custom_parts_of_the_readme_run_as_written(tmp_path: Path) -> None:
    (tmp_path / "my_parts.py").write_text(block("python", "# my_parts.py"), encoding="utf-8")
    (tmp_path / "rows.csv").write_text("id;question\na;What is 2 + 2?\nb;And 3 + 3?\n", encoding="utf-8")
    arguments = shlex.split(block("bash", "my_parts.CsvDataLoader").replace("\\\n", " "))[3:]
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    first, second = results(run_dir(tmp_path))
    assert first["model_answer"] == "WHAT IS 2 + 2?\nREAD THE QUESTION AGAIN: WHAT IS 2 + 2?"
    assert second["id"] == "b"
    assert len(records(run_dir(tmp_path))) == 2
    assert "a: WHAT IS 2 + 2?" in (run_dir(tmp_path) / "run.log").read_text(encoding="utf-8")


@pytest.mark.process
def test_a_row_with_too_many_cells_costs_that_row_in_the_loader_of_the_readme_too(tmp_path: Path) -> None:
    (tmp_path / "my_parts.py").write_text(block("python", "# my_parts.py"), encoding="utf-8")
    (tmp_path / "rows.csv").write_text("id;question\na;What is 2 + 2?\nb;And 3; or 4?\nc;And 5?\n", encoding="utf-8")
    done = run(tmp_path, *shlex.split(block("bash", "my_parts.CsvDataLoader").replace("\\\n", " "))[3:])
    assert done.returncode == 1
    assert "row 2: it has more cells than the header has names" in done.stdout
    assert [bool(row.get("model_answer")) for row in results(run_dir(tmp_path))] == [True, False, True]


@pytest.mark.usefixtures("vllm")
def test_the_dataset_config_of_the_readme_reads_rows_of_its_shape(tmp_path: Path) -> None:
    (tmp_path / "my_conf" / "dataset").mkdir(parents=True)
    (tmp_path / "my_conf" / "dataset" / "rows.yaml").write_text(block("yaml", "my_conf/dataset/rows.yaml"))
    (tmp_path / "a.png").write_bytes(encoded())
    row = {
        "question": "Is <image 2> like <image 1>?",
        "options": "['yes', 'no']",
        "image_2": "a.png",
        "meta": {"task": "t"},
    }
    rows = [{**row, "uid": f"q{at}", "solution": f"so\n#### 1,{at:03d}", "image_1": "a.png"} for at in range(4)]
    write_rows(tmp_path / "rows.jsonl", rows)
    arguments = ["--config-dir", "my_conf", "dataset=rows"]
    checked = run(tmp_path, *arguments, module="check", vllm=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "(A) yes\n(B) no" in checked.stdout
    assert run(tmp_path, *arguments, SCRIPTED).returncode == 0
    assert [score["gold"] for score in scores(run_dir(tmp_path))] == ["1,000", "1,001", "1,002", "1,003"]


def scores(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]


@pytest.mark.process
def test_the_refusal_that_the_readme_shows_is_the_one_that_is_given(tmp_path: Path) -> None:
    shown = block("console", "sampling.temperatur=1")
    done = run(tmp_path, "sampling.temperatur=1")
    assert done.stderr.strip() == shown.split("\n", 1)[1].strip()


def test_each_key_of_the_migration_table_is_a_key_of_the_schema() -> None:
    from omegaconf import OmegaConf

    table = README.split("## From the old command line")[1]
    keys = re.findall(r"`((?:model|dataset)\.\w+|output_dir|batch_size|rerun|system_prompt\w*)[`=]", table)
    assert len(keys) > 10
    config = OmegaConf.structured(composed("dataset.input=x"))
    for key in keys:
        assert OmegaConf.select(config, key, default="absent") != "absent", key
