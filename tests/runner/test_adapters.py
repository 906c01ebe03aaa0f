"""Runs with LoRA adapters: what names them, and what they share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.adapter_model import ADAPTER_MODEL
from support.adapters import make_adapter
from support.configs import composed
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import records, run_dirs, sweep_report

from mathbatch.runner.folders import run_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with ten rows and two adapters, `deep/first` and `deep/second`."""
    write_rows(tmp_path / "rows.jsonl", questions(10))
    make_adapter(tmp_path / "deep" / "first", seed=1)
    make_adapter(tmp_path / "deep" / "second", seed=2)
    return tmp_path


def texts(folder: Path) -> dict[str, set[str]]:
    """Return the answers of each run, by the adapter in its configuration."""
    found = {}
    for place in run_dirs(folder):
        lines = (place / "config.yaml").read_text().splitlines()
        adapter = next(line.partition(":")[2].strip() for line in lines if line.startswith("  lora:"))
        assert adapter not in found
        found[adapter] = {record["text"] for record in records(place)}
    return found


def test_a_sweep_over_adapters_and_none_loads_once_and_each_job_has_its_own_answers(folder: Path) -> None:
    sweep = ["-m", *overrides(Path("rows.jsonl"), ADAPTER_MODEL), "model.lora=null,deep/first,deep/second"]
    done = run(folder, *sweep)
    assert done.returncode == 0, done.stderr
    assert sweep_report(folder)["engine_loads"] == 1
    expected = {"null": {"\\boxed{none}"}, "deep/first": {"\\boxed{first}"}, "deep/second": {"\\boxed{second}"}}
    assert texts(folder) == expected
    assert " first " in done.stdout
    assert "deep" not in done.stdout.partition("accuracy")[0], "the part that all paths share"
    again = run(folder, *sweep)
    assert again.returncode == 0, again.stderr
    assert sweep_report(folder)["engine_loads"] == 0


def test_a_model_that_serves_one_adapter_is_loaded_for_each(folder: Path) -> None:
    sweep = ["-m", *overrides(Path("rows.jsonl")), "model.lora=null,deep/first,deep/second"]
    done = run(folder, *sweep)
    assert done.returncode == 0, done.stderr
    assert sweep_report(folder)["engine_loads"] == 3


def test_an_adapter_counts_by_the_content_of_its_own_files(tmp_path: Path) -> None:
    def place(name: str | Path) -> Path:
        return run_folder(composed(f"model.lora={name}", f"output_dir={tmp_path}"))

    first, second = make_adapter(tmp_path / "a", seed=1), make_adapter(tmp_path / "b", seed=2)
    copy = shutil.copytree(first, tmp_path / "copy")
    assert place(copy) == place(first)
    (copy / "README.md").write_text("by PEFT")
    (copy / "tokenizer.json").write_text("{}")
    (copy / "optimizer.pt").write_text("state")
    assert place(copy) == place(first)
    assert len({place(first), place(second), place("null"), place("owner/name")}) == 4
    settings = json.loads((copy / "adapter_config.json").read_text())
    (copy / "adapter_config.json").write_text(json.dumps(settings | {"lora_alpha": 1}))
    assert place(copy) != place(first)


def test_a_run_goes_on_where_its_adapter_was_moved(folder: Path) -> None:
    command = overrides(Path("rows.jsonl"), ADAPTER_MODEL)
    assert run(folder, *command, "dataset.limit=4", "model.lora=deep/first").returncode == 0
    (folder / "deep" / "first").rename(folder / "first")
    assert run(folder, *command, "model.lora=first").returncode == 0
    (place,) = run_dirs(folder)
    assert len(records(place)) == 10
