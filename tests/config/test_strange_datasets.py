"""Check that a dataset file from anybody is data: nothing of it is run, imported or read from the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.processes import environment, run
from support.rows import SCRIPTED
from support.run_folders import results, run_dir
from support.strange_datasets import CALLBACK, FINE, HEADERS, PATHS, REFUSED, SECRET, prepare

pytestmark = pytest.mark.process
STRANGE = ("--config-dir", "conf", "dataset=x")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the place of the dataset `x` in a prepared folder; the environment has a secret."""
    monkeypatch.setenv("HF_TOKEN", SECRET)
    return prepare(tmp_path)


def harmless(folder: Path, said: str = "") -> None:
    """Assert that nothing was imported from the folder, and that the secret stands nowhere."""
    assert not (folder / "ran").exists(), said
    assert SECRET not in said
    assert not (folder / "elsewhere").exists()
    for file in folder.glob("outputs/**/*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_each_strange_dataset_is_refused_by_check_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    done = subprocess.run(
        [sys.executable, "-m", "support.checks_in_turn", str(tmp_path)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    harmless(tmp_path, done.stdout + done.stderr)
    found = json.loads(done.stdout)
    assert found.keys() == REFUSED.keys()
    assert len(found) >= 80
    for name, (kind, message) in found.items():
        assert kind in ("ConfigError", "Refused"), (name, kind, message)
        assert ("dataset." if name in PATHS else "x.yaml") in message, (name, message)
        assert "\n  fix: " in message, (name, message)
        assert len(message) < 900, (name, message)


@pytest.mark.parametrize("module", ["run", "check", "score"])
@pytest.mark.parametrize(
    "name",
    ["header of callbacks", "defaults as a complex key", "a module in a module"],
)
def test_every_command_that_reads_a_dataset_refuses_it_with_exit_code_2(
    tmp_path: Path, place: Path, module: str, name: str
) -> None:
    text = REFUSED[name]
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    answers = ("responses.path=rows.jsonl", "responses.response_field=query_cot", "dataset.answer_field=query_cot")
    more = {"run": (SCRIPTED,), "check": (), "score": (*answers, "output=outputs/scored")}[module]
    done = run(tmp_path, *STRANGE, *more, module=module)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("mathbatch: dataset")
    assert "Traceback" not in done.stderr
    harmless(tmp_path, done.stdout + done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--config-dir", "conf", "-m", "dataset=demo,x"),
        (*STRANGE, "--cfg", "job"),
        (*STRANGE, "--cfg", "all", "--resolve"),
        (*STRANGE, "--info"),
        (*STRANGE, "--help"),
        ("--config-dir", "conf", "+dataset@_global_=x"),
        ("--config-dir", "conf", "dataset@hydra.callbacks=x"),
        ("--config-dir", "conf", "+dataset@judge.model=x"),
        ("--config-dir", "conf", "model=../dataset/x"),
        ("--config-dir", "conf", "dataset=../dataset/x"),
        ("--config-dir", "conf", "dataset=../strange"),
        ("--config-dir", "conf", "dataset=inner/x"),
        ("--config-dir", "conf", "+dataset/inner=x"),
        ("--config-dir", "conf", "experiment=mine"),
    ],
    ids=" ".join,
)
def test_every_way_to_a_dataset_file_leads_past_the_same_check(
    tmp_path: Path, place: Path, arguments: tuple[str, ...]
) -> None:
    (place.parent / "inner").mkdir()
    (tmp_path / "conf" / "experiment").mkdir()
    mine = "# @package _global_\ndefaults:\n  - override /dataset: x\n"
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(mine)
    for file in (place, place.parent / "inner" / "x.yaml", tmp_path / "conf" / "strange.yaml"):
        file.write_text(HEADERS["global header with a callback"])
    done = run(tmp_path, *arguments, SCRIPTED)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("mathbatch: ")
    assert "Traceback" not in done.stderr
    harmless(tmp_path, done.stdout + done.stderr)


def test_completing_a_command_line_runs_nothing_of_a_dataset(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_text(HEADERS["global header with a callback"])
    line = f"mathbatch {' '.join(STRANGE)} sampling.temp"
    for name, value in {"COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_CWORD": "4"}.items():
        monkeypatch.setenv(name, value)
    done = run(tmp_path, *STRANGE, "-sc", "query=bash")
    assert "Traceback" not in done.stderr
    harmless(tmp_path, done.stdout + done.stderr)


@pytest.mark.parametrize(
    "name", ["a module in a module", "a package above", "5,000 characters", "the environment, by a link"]
)
def test_a_strange_path_is_refused_where_a_draft_is_wanted_too(tmp_path: Path, place: Path, name: str) -> None:
    text = PATHS[name]
    assert isinstance(text, str)
    input = yaml.safe_load(text)["input"]
    done = run(tmp_path, input, module="new_dataset")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("mathbatch: dataset.input: ")
    harmless(tmp_path, done.stdout + done.stderr)


def test_a_folder_of_configs_gives_nothing_but_what_is_named(tmp_path: Path, place: Path) -> None:
    place.write_text(FINE)
    evil = f"# @package _global_\n{CALLBACK}system_prompt: ${{oc.env:HF_TOKEN}}\n"
    names = ["schema", "config", "model/demo", "sampling/greedy", "dataset/demo", "experiment/null", "hydra/config"]
    names += ["cluster/local", "deploy/null"]
    names += [f"hydra/{group}/default" for group in ("output", "env", "help", "hydra_help", "job_logging")]
    names += [f"hydra/{part}/{name}" for part in ("launcher", "sweeper") for name in ("basic", "mathbatch")]
    names += ["hydra/job_logging/none", "hydra/hydra_logging/none", "hydra/callbacks/null", "hydra/callbacks/default"]
    for name in names:
        file = tmp_path / "conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(evil)
    for more in ((), ("-m", "sampling.temperature=0,1")):
        done = run(tmp_path, *STRANGE, SCRIPTED, *more)
        assert done.returncode == 0, done.stderr
        harmless(tmp_path, done.stdout + done.stderr)


@pytest.mark.parametrize("kind", ["folder", "fifo", "endless", "broken link", "no permission", "environment"])
def test_what_is_no_file_is_no_dataset(tmp_path: Path, place: Path, kind: str) -> None:
    if kind == "folder":
        place.mkdir()
    elif kind == "fifo":
        os.mkfifo(place)
    elif kind == "no permission":
        place.write_text(FINE)
        place.chmod(0)
    else:
        place.symlink_to({"endless": "/dev/zero", "broken link": "nowhere", "environment": "/proc/self/environ"}[kind])
    done = run(tmp_path, *STRANGE, SCRIPTED, timeout=60)
    # Root may read what nobody may.
    assert done.returncode == (0 if kind == "no permission" and os.geteuid() == 0 else 2), done.stderr
    assert "Traceback" not in done.stderr
    harmless(tmp_path, done.stdout + done.stderr)


def test_spellings_that_do_no_harm_are_read(tmp_path: Path, place: Path) -> None:
    for text in (
        f"\ufeff# @package dataset\n{FINE}",
        f"# @package dataset\n%YAML 1.1\n---\n{FINE}...\n",
        "{name: &n x, ? image_field : null, 'input': \"rows.jsonl\", source: *n, <<: {where: null}}\n",
        FINE + r"prompt: '{{ query_cot }} costs \${oc.env:HF_TOKEN}'" + "\n",
    ):
        place.write_text(text)
        done = run(tmp_path, *STRANGE, SCRIPTED, "model.engine.say=prompt", "rerun=true")
        assert done.returncode == 0, (text, done.stderr)
        harmless(tmp_path, done.stdout + done.stderr)


def test_the_user_may_name_environment_and_classes_on_the_command_line(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA", str(tmp_path))
    place.write_text(FINE)
    scorer = ("dataset.answer_field=query_cot", "scorer._target_=mathbatch.scoring.scorers.exact.ExactScorer")
    done = run(tmp_path, *STRANGE, SCRIPTED, "dataset.input='${oc.env:DATA}/rows.jsonl'", *scorer)
    assert done.returncode == 0, done.stderr
    assert len(results(run_dir(tmp_path))) == 2
    done = run(tmp_path, *STRANGE, SCRIPTED, "dataset.scoring={exact: {_target_: evilmod.Evil}}")
    assert done.returncode == 2
    assert "dataset.scoring.exact._target_: no such key: a dataset names no classes" in done.stderr
    harmless(tmp_path, done.stdout + done.stderr)
