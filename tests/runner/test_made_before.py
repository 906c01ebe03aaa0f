"""Run folders made by earlier versions are found again and go on: identities keep their hashes.

`made_before/` holds a folder as the version of 27 November 2026 wrote it, and the hashes are those that it gave.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.configs import composed
from support.processes import run
from support.rows import SCRIPTED
from support.run_folders import records, run_dir

from mathbatch.runner.folders import run_folder
from mathbatch.runner.identity import folder_name, identity_as_spelled

BEFORE = Path(__file__).parent / "made_before"
COMMAND = [
    *(SCRIPTED, "dataset=generic", "dataset.name=rows", "dataset.input=rows.jsonl", "dataset.image_field=null"),
    *("dataset.answer_field=gold", r"model.engine.say='\boxed{4}'"),
]
FOLDERS = {
    "": "demo/demo/greedy-99600210",
    "model=qwen dataset=mathvista": "qwen2.5-vl-7b/mathvista/greedy-bc4e372e",
    "model=qwen3_vl dataset=mathverse sampling.temperature=0.6 sampling.seed=7": "qwen3-vl-8b/mathverse/t0.6-cbc5925e",
    "model=internvl dataset=mathvision sampling=sample": "internvl3.5-8b/mathvision/t0.7-fb193bc8",
    "model=gemma dataset=wemath system_prompt=Think.": "gemma-3-12b/wemath/greedy-a3d9040b",
    "model=llava dataset=dynamath +model.engine.dtype=float16": "llava-onevision-7b/dynamath/greedy-a14306c8",
    "model=qwen_math dataset=gsm8k sampling.max_tokens=2048": "qwen2.5-math-7b/gsm8k/greedy-45d32913",
    "model=qwen_math dataset=math500 sampling.stop=[a,b]": "qwen2.5-math-7b/math500/greedy-f0b53cee",
    "dataset=mmmu_math model=qwen +model.chat_template_kwargs.enable_thinking=false": (
        "qwen2.5-vl-7b/mmmu_math/greedy-44a90aaf"
    ),
    "dataset=geometry3k model=qwen processor._target_=my.Processor +processor.times=2": (
        "qwen2.5-vl-7b/geometry3k/greedy-484541d3"
    ),
    "dataset=aime2024 model=qwen_math sampling.n=8 sampling.temperature=1": "qwen2.5-math-7b/aime2024/t1-4e19f76b",
    "dataset=aime2025 model=qwen_math": "qwen2.5-math-7b/aime2025/greedy-982d2bac",
    "dataset=mgsm model=qwen_math": "qwen2.5-math-7b/mgsm/greedy-a09dc777",
    "dataset=mathverse_text_only model=qwen_math": "qwen2.5-math-7b/mathverse_text_only/greedy-52f95c1e",
}


@pytest.mark.parametrize("overrides", FOLDERS)
def test_a_configuration_has_the_run_folder_that_it_had(overrides: str) -> None:
    found = run_folder(composed(*overrides.split()))
    assert "/".join(found.parts[-3:]) == FOLDERS[overrides]


# Files in it are named by other words now; its folder is known by what it has recorded.
OF_A_FILE = f"{SCRIPTED} dataset=generic dataset.input=rows.jsonl dataset.name=rows dataset.image_field=null"


def test_a_configuration_with_a_file_is_known_by_the_name_that_its_folder_had() -> None:
    config = composed(*OF_A_FILE.split())
    assert folder_name(config, identity_as_spelled(config)) == "greedy-787dd48b"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of somebody who has run the command before."""
    shutil.copy(BEFORE / "rows.jsonl", tmp_path)
    shutil.copytree(BEFORE / "greedy-b65b3e79", tmp_path / "outputs" / "demo" / "rows" / "greedy-b65b3e79")
    return tmp_path


def test_the_same_command_finds_a_complete_run_and_asks_nothing(folder: Path) -> None:
    done = run(folder, *COMMAND)
    assert done.returncode == 0, done.stderr
    assert "loading" not in done.stderr
    assert "3 (3 by earlier runs)" in done.stdout
    assert len(list(run_dir(folder).glob("responses/*"))) == 1
    expected = (BEFORE / "greedy-b65b3e79" / "results.jsonl").read_bytes()
    assert (run_dir(folder) / "results.jsonl").read_bytes() == expected


def test_the_figures_of_the_run_that_did_the_work_are_kept(folder: Path) -> None:
    before = json.loads((run_dir(folder) / "manifest.json").read_text())["this_run"]
    assert run(folder, *COMMAND).returncode == 0
    assert json.loads((run_dir(folder) / "manifest.json").read_text())["this_run"] == before
    assert before["output_tokens"] == 24


def test_the_same_command_asks_only_what_an_interrupted_run_left(folder: Path) -> None:
    segment = run_dir(folder) / "responses" / "00001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:2]))
    (run_dir(folder) / "manifest.json").unlink()
    done = run(folder, *COMMAND)
    assert done.returncode == 0, done.stderr
    assert "3 (2 by earlier runs)" in done.stdout
    assert [record["id"] for record in records(run_dir(folder))] == ["1", "2", "3"]


def test_it_is_scored_and_verified_without_an_engine(folder: Path) -> None:
    assert run(folder, f"run_dir={run_dir(folder)}", module="verify").returncode == 0
    done = run(folder, f"run_dir={run_dir(folder)}", "dataset.scoring=number", module="score")
    assert done.returncode == 0, done.stderr
    assert "33.3%" in done.stdout


def test_its_files_have_no_checksums_and_a_run_adds_them(folder: Path) -> None:
    metrics = run_dir(folder) / "metrics.json"
    told = run(folder, f"run_dir={run_dir(folder)}", module="verify")
    assert "no checksum" in told.stdout
    assert "metrics.json" in told.stdout
    metrics.write_text(metrics.read_text().replace('"accuracy": 0.3', '"accuracy": 0.9'))
    told = run(folder, f"run_dir={run_dir(folder)}", module="verify")
    assert told.returncode == 1
    assert "accuracy is 0.9333333333333333 there, and 0.3333333333333333 by the lines" in told.stdout
    compared = run(folder, f"run_dir={run_dir(folder)}", f"other={run_dir(folder)}", module="compare")
    assert compared.returncode == 2
    assert run(folder, *COMMAND).returncode == 0
    assert json.loads(metrics.read_text())["accuracy"] == 1 / 3
    told = run(folder, f"run_dir={run_dir(folder)}", module="verify")
    assert told.returncode == 0, told.stdout
    assert "no checksum" not in told.stdout
