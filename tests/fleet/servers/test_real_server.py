"""Through vLLM's own server, answers and accuracy are those of the engine in a process of ours, pictures included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.openai_server import NAME, OpenAIServer
from support.processes import run
from support.run_folders import records, results, run_dir
from support.shared_engine import SharedEngine


@pytest.fixture(scope="module")
def server(engine: SharedEngine) -> Iterator[tuple[str, ...]]:
    """Yield the overrides with which a run asks the server."""
    running = OpenAIServer(engine)
    yield ("model=openai", f"model.path={NAME}", f"model.base_urls=[{running.base_url}]", "model.max_images=4")
    running.close()


def by_id(folder: Path) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in records(folder)}


def test_answers_and_accuracy_are_those_of_the_engine_in_the_process(
    server: tuple[str, ...], engine: SharedEngine, tmp_path: Path
) -> None:
    done = run(tmp_path, *server)
    assert done.returncode == 0, done.stderr + done.stdout
    parts, metrics = engine.run(tmp_path / "engine")
    served = run_dir(tmp_path)
    assert metrics is not None
    assert results(served) == results(parts.run_dir)
    assert json.loads((served / "metrics.json").read_text())["accuracy"] == metrics["accuracy"]
    theirs, ours = by_id(served), by_id(parts.run_dir)
    for name in ("text", "finish_reason", "prompt_tokens", "output_tokens"):
        assert {id: one.get(name) for id, one in theirs.items()} == {id: one.get(name) for id, one in ours.items()}
    again = run(tmp_path, *server)
    assert "92 by earlier runs" in again.stdout, again.stderr


def test_what_the_engine_refuses_has_the_same_name(server: tuple[str, ...], tmp_path: Path) -> None:
    rows = [{"sample_index": "1", "query_cot": "too long " * 5000}, {"sample_index": "2", "query_cot": "1 + 1 = ?"}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text_only = ("dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null")
    done = run(tmp_path, *server, *text_only)
    assert done.returncode == 1, done.stderr
    found = by_id(run_dir(tmp_path))
    assert found["1"]["failure"]["kind"] == "prompt_too_long"
    assert found["2"]["text"]


def test_a_name_that_the_server_does_not_have_ends_the_run_once(server: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, *server, "model.path=another")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("another is no model there") == 1
    assert "fix: see http://127.0.0.1" in done.stderr


def test_sampling_parameters_reach_the_engine(server: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, *server, "dataset.limit=4", "sampling.min_tokens=30", "sampling.max_tokens=40")
    assert done.returncode == 0, done.stderr
    assert all(30 <= one["output_tokens"] <= 40 for one in records(run_dir(tmp_path)))
