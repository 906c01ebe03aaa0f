"""Sweeps on the real engine: one load for all settings, killed and continued, model after model."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.processes import engines_of, left_alive, run, start, wait_for
from support.run_folders import records, results, run_dirs, saved, sweep_report

from mathbatch.config.paths import PACKAGE

pytestmark = pytest.mark.usefixtures("vllm")

DEMO = PACKAGE / "demo"


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder for temporary files whose path is short enough for sockets; pytest's is not."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def test_killed_in_mid_sweep_it_goes_on_with_one_load_and_accuracy_falls_with_temperature(
    tmp_path: Path, temporary: Path
) -> None:
    hot = ["-m", "sampling.temperature=0.1,0.9,1.5", "sampling.n=2"]
    process = start(tmp_path, *hot, vllm=True)
    wait_for(lambda: saved(tmp_path) >= 60, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert not left_alive(children), "an engine outlived its sweep"
    assert not _sockets(temporary)
    before = {folder: records(folder) for folder in run_dirs(tmp_path)}
    assert all(before.values()), "the jobs had advanced together"
    done = run(tmp_path, *hot, vllm=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = sweep_report(tmp_path)
    assert found["engine_loads"] == 1
    assert not _sockets(temporary)
    rows = map(json.loads, (DEMO / "data" / "samples.jsonl").read_text().splitlines())
    pictures = {row["image"] for row in rows if row["image"]}
    assert 0 < found["images_read"] <= len(pictures)
    assert 0 < found["images_preprocessed"] <= len(pictures)
    for folder, old in before.items():
        now = records(folder)
        assert now[: len(old)] == old
        assert len({(record["id"], record.get("rollout", 0)) for record in now}) == len(now) == 2 * 92
    low, middle, high = (job["accuracy"] for job in found["jobs"])
    assert low > middle > high


def test_two_models_over_two_datasets_load_twice_and_are_never_alive_together(tmp_path: Path) -> None:
    shutil.copytree(DEMO / "model", tmp_path / "weights")
    shutil.copytree(DEMO / "data", tmp_path / "data")
    samples = (tmp_path / "data" / "samples.jsonl").read_text().splitlines(keepends=True)
    for name, part in (("a", samples[:20]), ("b", samples[20:40])):
        (tmp_path / "data" / f"{name}.jsonl").write_text("".join(part))
        (tmp_path / "conf" / "dataset").mkdir(parents=True, exist_ok=True)
        text = f"name: {name}\ninput: {tmp_path}/data/{name}.jsonl\nanswer_field: answer\n"
        (tmp_path / "conf" / "dataset" / f"{name}.yaml").write_text(text)
    (tmp_path / "conf" / "model").mkdir()
    shipped = (PACKAGE.parent / "conf" / "model" / "demo.yaml").read_text()
    other = shipped.replace("name: demo", "name: demo_b").replace("pkg://mathbatch/demo/model", f"{tmp_path}/weights")
    assert other.count(str(tmp_path)) == 1
    (tmp_path / "conf" / "model" / "demo_b.yaml").write_text(other)
    process = start(tmp_path, "-m", "--config-dir", "conf", "model=demo,demo_b", "dataset=a,b", vllm=True)
    most, seen = 0, set[int]()
    while process.poll() is None:
        alive = {engine.pid for engine in engines_of(process.pid)}
        most, seen = max(most, len(alive)), seen | alive
        time.sleep(0.05)
    printed, said = process.communicate()
    assert process.returncode == 0, printed + said
    assert (most, len(seen)) == (1, 2)
    assert sweep_report(tmp_path)["engine_loads"] == 2
    assert [job["answered"] for job in sweep_report(tmp_path)["jobs"]] == [20] * 4
    folders = {tuple(folder.parts[-3:-1]): results(folder) for folder in run_dirs(tmp_path)}
    for name in ("a", "b"):
        assert folders["demo", name] == folders["demo_b", name], "the same weights give the same greedy answers"


def _sockets(folder: Path) -> list[Path]:
    """Sockets that are left below a folder for temporary files."""
    return [path for path in folder.rglob("*") if path.is_socket()]
