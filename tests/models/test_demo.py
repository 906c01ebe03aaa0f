"""Check the bundled demo on the real engine: it answers, it looks at its pictures, and sampling does what it says."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.rows import write_rows
from support.run_folders import records, results
from support.shared_engine import SharedEngine

from mathbatch.config.paths import PACKAGE

DATA = PACKAGE / "demo" / "data"


def demo_rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "samples.jsonl").read_text(encoding="utf-8").splitlines()]


def accuracy(engine: SharedEngine, folder: Path, *arguments: str) -> float:
    _, metrics = engine.run(folder, *arguments)
    assert metrics is not None
    return float(metrics["accuracy"])


def test_it_answers_at_least_85_percent_at_temperature_zero(engine: SharedEngine, tmp_path: Path) -> None:
    parts, metrics = engine.run(tmp_path)
    assert metrics is not None
    assert metrics["accuracy"] >= 0.85
    assert metrics["judged"] == len(demo_rows())
    found = records(parts.run_dir)
    assert all(record["finish_reason"] == "stop" and record["output_tokens"] > 0 for record in found)
    assert [row["sample_index"] for row in results(parts.run_dir)] == [row["sample_index"] for row in demo_rows()]


def test_accuracy_falls_as_temperature_rises(engine: SharedEngine, tmp_path: Path) -> None:
    rollouts = ("sampling.n=2", "sampling.seed=1")
    at = {t: accuracy(engine, tmp_path, f"sampling.temperature={t}", *rollouts) for t in (0.2, 1.4)}
    assert at[0.2] > at[1.4]


def test_it_fails_on_picture_questions_when_the_pictures_are_shuffled(engine: SharedEngine, tmp_path: Path) -> None:
    rows = [row for row in demo_rows() if row["image"]]
    shutil.copytree(DATA / "images", tmp_path / "images")
    straight = write_rows(tmp_path / "straight.jsonl", rows)
    pictures = [row["image"] for row in rows]
    random.Random(0).shuffle(pictures)
    shuffled = write_rows(
        tmp_path / "shuffled.jsonl", [{**row, "image": image} for row, image in zip(rows, pictures, strict=True)]
    )
    seen = accuracy(engine, tmp_path / "a", f"dataset.input={straight}")
    unseen = accuracy(engine, tmp_path / "b", f"dataset.input={shuffled}")
    assert seen >= 0.85
    assert unseen <= seen / 2


def test_a_seeded_run_is_repeatable_and_no_two_rollouts_share_a_stream(engine: SharedEngine, tmp_path: Path) -> None:
    # One at a time: the numbers of a batch depend on what else is in it, and that on how busy the machine is.
    alone = ("batch_size=1", "sampling.max_tokens=16")
    hot = (*alone, "sampling.temperature=1.4", "sampling.seed=7", "sampling.n=2", "dataset.limit=4")
    first, _ = engine.run(tmp_path / "a", *hot)
    second, _ = engine.run(tmp_path / "b", *hot)
    assert results(first.run_dir) == results(second.run_dir)
    assert any(len(set(row["model_answer"])) > 1 for row in results(first.run_dir))


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (("sampling.max_tokens=2",), lambda record: record["output_tokens"] == 2),
        (("sampling.stop=['{']",), lambda record: "{" not in record["text"]),
        (("sampling.min_tokens=30",), lambda record: record["output_tokens"] >= 30),
        (("sampling.ignore_eos=true", "sampling.max_tokens=40"), lambda record: record["output_tokens"] == 40),
    ],
)
def test_sampling_parameters_reach_the_engine(
    engine: SharedEngine, tmp_path: Path, arguments: tuple[str, ...], holds: Any
) -> None:
    parts, _ = engine.run(tmp_path, "dataset.limit=6", *arguments)
    found = records(parts.run_dir)
    assert len(found) == 6
    assert all(holds(record) for record in found)


def test_truncated_answers_are_counted_as_such(engine: SharedEngine, tmp_path: Path) -> None:
    parts, _ = engine.run(tmp_path, "dataset.limit=6", "sampling.max_tokens=2")
    assert [record["finish_reason"] for record in records(parts.run_dir)] == ["length"] * 6


def test_one_prompt_that_the_engine_refuses_costs_one_sample(engine: SharedEngine, tmp_path: Path) -> None:
    rows = demo_rows()[:6]
    rows[2]["query_cot"] = "too long " * 5000
    picture = next(row["image"] for row in demo_rows() if row["image"])
    rows[4]["image"] = [picture] * 5
    shutil.copytree(DATA / "images", tmp_path / "images")
    data = write_rows(tmp_path / "rows.jsonl", rows)
    parts, _ = engine.run(tmp_path, f"dataset.input={data}")
    kinds = {record["id"]: record.get("failure", {}).get("kind") for record in records(parts.run_dir)}
    assert kinds[rows[2]["sample_index"]] == "prompt_too_long"
    assert kinds[rows[4]["sample_index"]] == "too_many_images"
    assert sum(kind is None for kind in kinds.values()) == 4


def test_several_pictures_stand_where_their_placeholders_stand(engine: SharedEngine, tmp_path: Path) -> None:
    pictures = [row["image"] for row in demo_rows() if row["image"]][:2]
    shutil.copytree(DATA / "images", tmp_path / "images")
    rows = [
        {"sample_index": "1", "query_cot": "<image1> and <image2>: how many dots?", "image": pictures},
        {"sample_index": "2", "query_cot": "how many dots? <image>", "image": pictures[:1]},
    ]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    parts, _ = engine.run(tmp_path, "dataset=generic", f"dataset.input={data}")
    one, two = sorted(records(parts.run_dir), key=lambda record: record["id"])
    assert one["prompt_tokens"] > two["prompt_tokens"] + 16, "two pictures of 16 tokens each"
