"""The wheel is complete and runs from any folder; the command line answers without loading the engine."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.paths import ROOT
from support.processes import HEAVY, run_watched
from support.rows import overrides, questions, write_rows
from support.run_folders import results, run_dir

pytestmark = pytest.mark.process

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT], check=True
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed here")
    subprocess.run([*PIP, "install", "--no-index", "--no-deps", "--target", folder, wheel], check=True)
    return folder


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_package_and_of_conf(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = {f"mathbatch/{name}" for name in files_below(ROOT / "mathbatch")}
    conf = {f"mathbatch/conf/{name}" for name in files_below(ROOT / "conf")}
    assert inside == package | conf
    assert {"mathbatch/py.typed", "mathbatch/conf/config.yaml"} <= inside


def test_the_wheel_carries_the_licence_and_the_console_script(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = {
        name.split(".dist-info/")[1]: archive.read(name).decode() for name in archive.namelist() if "-info" in name
    }
    assert "Apache License" in metadata["licenses/LICENSE"]
    assert "mathbatch = mathbatch.__main__:main" in metadata["entry_points.txt"]


def test_the_installed_wheel_answers_a_dataset_from_any_folder(installed: Path, tmp_path: Path) -> None:
    done, facts = run_watched(installed, tmp_path, *overrides(write_rows(tmp_path / "rows.jsonl", questions(3))))
    assert done.returncode == 0, done.stderr
    assert facts["package"].startswith(str(installed))
    answered = results(run_dir(tmp_path))
    assert [row["sample_index"] for row in answered] == ["0", "1", "2"]
    assert all(row["model_answer"] for row in answered)


def test_the_installed_wheel_runs_a_sweep(installed: Path, tmp_path: Path) -> None:
    rows = overrides(write_rows(tmp_path / "rows.jsonl", questions(3)))
    done, _ = run_watched(installed, tmp_path, *rows, "-m", "sampling.temperature=0,1")
    assert done.returncode == 0, done.stderr
    assert "one engine load" in done.stdout
    assert len(list(tmp_path.glob("outputs/*/*/*/manifest.json"))) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, "mathbatch is powered by Hydra"),
        (["--cfg", "job"], 0, "temperature: 0.0"),
        (["sampling.temperatur=1"], 2, "did you mean 'temperature'?"),
        (["sampling.temperature=hot"], 2, "sampling.temperature"),
        (["dataset=generic", "dataset.input=missing.jsonl"], 2, "dataset.input"),
    ],
)
def test_help_and_configuration_errors_load_no_engine(
    installed: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done, facts = run_watched(installed, tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert not HEAVY & set(facts["modules"])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mathbatch model=", "model=demo"),
        ("mathbatch dataset=gen", "dataset=generic"),
        ("mathbatch sampling.temp", "sampling.temperature="),
        ("mathbatch model.engine.enforce_eager=true sampling.temp", "sampling.temperature="),
    ],
)
def test_tab_completes_groups_and_keys(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, offered: str
) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    done, _ = run_watched(installed, tmp_path, "-sc", "query=bash")
    assert offered in done.stdout.split(), done.stderr


@pytest.mark.parametrize("script", ["scripts/setup", "scripts/demo", "scripts/test", ".ci/run"])
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)
