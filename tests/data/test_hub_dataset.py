"""Check that a dataset of the hub comes from the cache where the hub can't be reached."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.hub import cached
from support.processes import run

CARD = """---
configs:
- config_name: easy
  data_files:
  - split: test
    path: sums.jsonl
---
"""
ROWS = "".join(json.dumps({"question": f"What is {at} + 2?", "gold": str(at + 2)}) + "\n" for at in range(4))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the hub's caches, for commands that find nobody at the hub's address."""
    for name, value in (("HF_HOME", tmp_path / "hf"), ("HF_HUB_OFFLINE", 0), ("HF_ENDPOINT", "http://127.0.0.1:9")):
        monkeypatch.setitem(os.environ, name, str(value))
    return tmp_path / "hf"


def arguments(*more: str) -> list[str]:
    fields = ("dataset.index_field=null", "dataset.query_field=question", "dataset.image_field=null")
    return ["dataset=generic", "dataset.hub.path=owner/sums", *fields, *more]


@pytest.mark.process
def test_files_that_were_fetched_elsewhere_are_read(tmp_path: Path, home: Path) -> None:
    cached(home / "hub", "dataset", "owner/sums", {"README.md": CARD, "sums.jsonl": ROWS})
    # No model is here, so that its part of vLLM is not imported.
    model = "model.path=owner/solver"
    done = run(tmp_path, *arguments("dataset.hub.config=easy", model), module="check", fresh=True)
    assert done.returncode == 0, done.stderr
    assert "rows: 4" in done.stdout
    wrong = run(tmp_path, *arguments("dataset.hub.config=hard", model), module="check", fresh=True)
    assert wrong.returncode == 2
    assert "can't load owner/sums from the cache" in wrong.stderr
    assert "easy" in wrong.stderr


@pytest.mark.process
def test_a_dataset_that_is_nowhere_is_one_sentence(tmp_path: Path, home: Path) -> None:
    done = run(tmp_path, *arguments(), fresh=True)
    assert done.returncode == 2
    told = done.stderr.splitlines()
    assert told[0].startswith("mathbatch: dataset.hub: the dataset owner/sums is not on this machine")
    assert "hf download owner/sums --repo-type dataset;" in told[1]
    assert str(home / "hub" / "datasets--owner--sums") in told[1]
    assert len(told) == 2  # nothing of the client's own attempts


@pytest.mark.process
def test_a_model_that_is_nowhere_is_one_sentence(tmp_path: Path, home: Path) -> None:
    done = run(tmp_path, "model.path=owner/solver", "dataset.limit=1", fresh=True)
    assert done.returncode == 2
    assert "mathbatch: model.path: the model owner/solver is not on this machine" in done.stderr
    assert "Retry" not in done.stderr
    assert not list(tmp_path.glob("outputs/*/*/*/responses/*"))
