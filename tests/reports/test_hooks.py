"""What hooks are given at the end of a run, and that none of them costs it anything."""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from support import processes
from support.configs import composed
from support.rows import SCRIPTED, questions, write_rows
from support.run_folders import run_dir

from mathbatch.base import BaseHook
from mathbatch.config import Config
from mathbatch.config.paths import conf_dir
from mathbatch.errors import ConfigError
from mathbatch.records import FinishedRun
from mathbatch.reports.hooks.values import numbers_of
from mathbatch.runner.hooks import hooks_of

run = functools.partial(processes.run, warm=True)

COMMAND = (
    *(SCRIPTED, "report=false", "dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null"),
    *("dataset.answer_field=gold", "model.engine.say='Answer: 4'"),
)
WRITING = ("hook.mine._target_=support.hooks.WritingHook", "hook.mine.path=told.jsonl")
FAILING = "hook.bad._target_=support.hooks.FailingHook"


def write(folder: Path) -> None:
    write_rows(folder / "rows.jsonl", [row | {"gold": "4"} for row in questions(3)])


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "told.jsonl").read_text().splitlines()]


@pytest.mark.process
def test_a_hook_of_ones_own_gets_the_run_and_one_that_fails_costs_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    done = run(tmp_path, *COMMAND, *WRITING, FAILING, "model.revision='${oc.env:HOME}'")
    assert done.returncode == 0, done.stderr
    (one,) = told(tmp_path)
    folder = run_dir(tmp_path)
    assert one["metrics"] == {k: v for k, v in json.loads((folder / "metrics.json").read_text()).items() if k != "crc"}
    assert (one["manifest"]["answered"], one["folder"]) == (3, str(folder))
    assert one["config"]["model"]["revision"] == "${oc.env:HOME}"
    assert "hook" not in one["config"]
    assert "mathbatch: hook.bad: support.hooks.FailingHook.finish raised ConnectionError: no server" in done.stderr
    assert "support/hooks.py, line " in done.stderr
    assert "the run is complete all the same" in done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" in (folder / "run.log").read_text()


@pytest.mark.process
def test_hooks_are_called_once_for_each_job_of_a_sweep_and_not_for_a_shard(tmp_path: Path) -> None:
    write(tmp_path)
    assert run(tmp_path, "-m", *COMMAND, *WRITING, "sampling.temperature=0,1").returncode == 0
    assert [one["config"]["sampling"]["temperature"] for one in told(tmp_path)] == [0, 1]
    assert run(tmp_path, *COMMAND, *WRITING, "sampling.temperature=0.5", "shard=1/2").returncode == 0
    assert len(told(tmp_path)) == 2


def test_shipped_hooks_go_together_and_their_keys_are_set_by_name() -> None:
    names = sorted(path.stem for path in (conf_dir() / "hook").glob("*.yaml"))
    config = composed(f"hook=[{','.join(names)}]", "hook.wandb.project=mine", "++hook.own._target_=a.B")
    assert sorted(config.hook) == sorted([*names, "own"])
    assert config.hook["wandb"]["project"] == "mine"
    assert config.hook["tensorboard"]["folder"] == "outputs/tensorboard"
    assert composed().hook == {}


def test_a_hook_is_refused_before_anything_is_asked() -> None:
    config = Config()
    config.hook = {"mine": {"_target_": "support.hooks.NoHook"}}
    with pytest.raises(ConfigError, match=r"hook\.mine\._target_: there is no class"):
        hooks_of(config)
    config.hook = {"mine": 3}
    with pytest.raises(ConfigError, match=r"hook\.mine: a hook is a class"):
        hooks_of(config)


@pytest.mark.process
def test_a_key_written_into_a_hook_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    done = run(tmp_path, *COMMAND, *WRITING, "hook.mine.api_key=abcdefgh12345678")
    assert done.returncode == 2
    assert "hook.mine.api_key" in done.stderr
    assert "abcdefgh12345678" not in done.stdout + done.stderr


def finished(folder: Path) -> FinishedRun:
    metrics = {"accuracy": 0.5, "interval": [0.25, 0.75], "verdicts": {"correct": 1}, "breakdown": {"a ü": {}}}
    metrics["breakdown"] = {"task": {"a ü?": {"accuracy": 0.5, "interval": [0, 1]}}}
    manifest = {"answered": 2, "this_run": {"seconds": 3.0, "output_tokens_per_s": 9.0}, "versions": {"python": "3"}}
    (folder / "metrics.json").write_text("{}")
    config = {"model": {"name": "m", "engine": {}}, "sampling": {"stop": ["a", "b"]}}
    return FinishedRun("m/d/greedy-0", str(folder), config, metrics, manifest, (), (folder / "metrics.json",))


def test_numbers_have_names_by_their_place(tmp_path: Path) -> None:
    found = numbers_of(finished(tmp_path))
    assert found == {
        "accuracy": 0.5, "verdicts/correct": 1, "breakdown/task/a ü?/accuracy": 0.5, "interval/low": 0.25,
        "interval/high": 0.75, "answered": 2, "seconds": 3, "output_tokens_per_s": 9,
    }  # fmt: skip


def hook(name: str, **arguments: Any) -> BaseHook:
    """Return a hook of ours, or skip the test where its package is not installed."""
    if importlib.util.find_spec(name) is None:
        config = Config()
        config.hook = {name: {"_target_": f"mathbatch.reports.hooks.{name}.{name.capitalize()}Hook"}}
        with pytest.raises(ConfigError, match=rf"pip install 'mathbatch\[{name}\]'"):
            hooks_of(config)
        pytest.skip(f"{name} is not installed")
    module = importlib.import_module(f"mathbatch.reports.hooks.{name}")
    made: BaseHook = getattr(module, f"{name.capitalize()}Hook")(**arguments)
    return made


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_a_run_once_however_often_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # artifacts go below the current folder
    one = hook("mlflow", tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
    import mlflow

    for _ in range(2):
        one.finish(finished(tmp_path))
    (logged,) = mlflow.search_runs(experiment_names=["mathbatch"], output_format="list")
    assert logged.data.metrics["accuracy"] == 0.5
    assert logged.data.metrics["breakdown/task/a ü_/accuracy"] == 0.5
    assert logged.data.params["sampling.stop"] == "['a', 'b']"


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_reads_the_numbers(tmp_path: Path) -> None:
    hook("tensorboard", folder=str(tmp_path / "logs")).finish(finished(tmp_path))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "logs" / "m/d/greedy-0"))
    events.Reload()
    (value,) = events.Tensors("accuracy")
    assert value.tensor_proto.float_val[0] == 0.5


@pytest.mark.filterwarnings("ignore")
def test_wandb_gets_a_run_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    hook("wandb", mode="offline").finish(finished(tmp_path))
    assert len(list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))) == 1


@pytest.mark.filterwarnings("ignore")
def test_trackio_has_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    hook("trackio").finish(finished(tmp_path))
    assert list(tmp_path.rglob("*.db"))
