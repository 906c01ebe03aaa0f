"""Check on the real engine that each request is answered with its own LoRA adapter, whatever else is in the batch."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from support.adapters import make_adapter, rename_matrices
from support.configs import composed
from support.run_folders import results
from support.shared_engine import SharedEngine

from mathbatch.errors import JobError
from mathbatch.runner.run_job import RunJob

# vLLM reckons adapters slowly on a CPU. One request at a time, as numbers depend on what else is in a batch.
SMALL = ("dataset.where=not image", "dataset.limit=3", "sampling.max_tokens=16", "batch_size=1")


def job(folder: Path, adapter: Path | None) -> RunJob:
    """Return the job of a small run with an adapter."""
    lora = "null" if adapter is None else adapter
    return RunJob(composed(f"output_dir={folder}", f"model.lora={lora}", *SMALL), OmegaConf.create())


def answers(run: RunJob) -> list[str]:
    return [row["model_answer"] for row in results(run.components.run_dir)]


@pytest.mark.usefixtures("vllm")
def test_adapters_answer_each_in_its_own_way_alone_as_together_and_one_that_is_broken_ends_its_own_job(
    tmp_path: Path,
) -> None:
    first, second, later = (make_adapter(tmp_path / f"rank-{rank}", seed=rank, rank=rank) for rank in (4, 9, 6))
    broken = make_adapter(tmp_path / "broken", seed=1)
    rename_matrices(broken, ".weight", ".weight.of_mine")
    engine = SharedEngine([first, second])
    try:
        alone = [job(tmp_path / "alone", adapter) for adapter in (None, first, second)]
        for one in alone:
            engine.run_job(one)
        together = [job(tmp_path / "together", adapter) for adapter in (None, first, second, later, broken)]
        with pytest.raises(JobError, match=r"model\.lora: vLLM can't read .*/broken"):
            engine.run_jobs(together)
    finally:
        engine.close()
    found = [answers(one) for one in together[:4]]
    assert found[:3] == [answers(one) for one in alone]
    assert len(set(map(tuple, found))) == 4, found
    assert together[0].accuracy == 1.0, "no adapter has a part in the answers without one"
