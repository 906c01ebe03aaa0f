"""Every shipped dataset config reads its benchmark's shape, asks well-formed prompts, and runs on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import benchmark_shapes
from support.configs import composed
from support.inspections import inspected
from support.paths import ROOT
from support.run_folders import records, results
from support.shared_engine import SharedEngine

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.loaders import FileDataLoader
from mathbatch.records import Sample

SHIPPED = sorted(path.stem for path in (ROOT / "conf" / "dataset").glob("*.yaml"))
DECODER = ImageDecoder(10**6, 1 << 20)


@pytest.fixture(autouse=True)
def offline(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("hub"))
    datasets.disable_progress_bars()


def test_every_shipped_config_is_tested_here() -> None:
    assert {*benchmark_shapes.BENCHMARKS, "demo", "generic"} == set(SHIPPED)


def samples_of(tmp_path: Path, name: str, *more: str) -> list[Sample]:
    folder = benchmark_shapes.write(tmp_path, benchmark_shapes.BENCHMARKS[name]())
    found = list(FileDataLoader(composed(f"dataset={name}", f"dataset.hub.path={folder}", *more).dataset))
    assert all(isinstance(sample, Sample) for sample in found), found
    return [sample for sample in found if isinstance(sample, Sample)]


@pytest.mark.parametrize("name", benchmark_shapes.BENCHMARKS)
def test_every_row_becomes_a_sample_with_id_prompt_gold_and_pictures(name: str, tmp_path: Path) -> None:
    samples = samples_of(tmp_path, name)
    rows = [row for rows in benchmark_shapes.BENCHMARKS[name]().values() for row in rows]
    assert len(samples) == len(rows)
    assert len({sample.id for sample in samples}) == len(rows)
    for sample, row in zip(samples, rows, strict=True):
        assert sample.gold
        assert "None" not in sample.query
        assert "{{" not in sample.query
        text = str(row.get("query_cot") or row.get("question") or row.get("problem") or "")
        assert text.strip() in sample.query
        pictures = sum(isinstance(value, dict) and "bytes" in value for value in row.values()) or len(
            row.get("images", [])
        )
        assert len(sample.images) == pictures
        for image in sample.images:
            assert DECODER.decode(image)[0].mode == "RGB"
        for choice in sample.choices or ():
            assert choice in sample.query


@pytest.mark.parametrize("name", benchmark_shapes.BENCHMARKS)
def test_it_runs_on_the_real_engine(name: str, tmp_path: Path, engine: SharedEngine) -> None:
    folder = benchmark_shapes.write(tmp_path, benchmark_shapes.BENCHMARKS[name]())
    parts, _ = engine.run(
        tmp_path, f"dataset={name}", f"dataset.hub.path={folder}", "sampling.max_tokens=8", "dataset.limit=5"
    )
    found = records(parts.run_dir)
    assert len(found) == len(results(parts.run_dir)) > 0
    assert not any("failure" in record for record in found), found
    assert all(row["model_answer"] is not None for row in results(parts.run_dir))


@pytest.mark.parametrize(
    ("name", "golds"),
    [
        ("gsm8k", ["13", "1080"]),
        ("aime2024", ["204", "33"]),
        ("aime2025", ["70", "70"]),
        ("mathvista", ["CD", "40", "1.2", "0.25", "[0, 2]"]),
    ],
)
def test_golds_are_brought_into_one_form(name: str, golds: list[str], tmp_path: Path) -> None:
    assert [sample.gold for sample in samples_of(tmp_path, name)] == golds


def test_joined_splits_keep_their_names_and_give_ids(tmp_path: Path) -> None:
    samples = samples_of(tmp_path, "dynamath")
    assert samples[0].id == "sample_variant1-1"
    assert samples[-1].metadata["_split"] == "sample_variant10"
    (tmp_path / "more").mkdir()
    assert [sample.id for sample in samples_of(tmp_path / "more", "aime2025")] == ["AIME2025-I-1", "AIME2025-II-1"]


def test_choices_come_out_of_every_form(tmp_path: Path) -> None:
    for name, first in (("wemath", ("300, 400", "400, 300", "3; or more", "No correct answer")),
                        ("mmmu_math", ("$6", "$7", "it's 8")), ("mathvista", ("AB", "CD", "EF"))):  # fmt: skip
        folder = tmp_path / name
        folder.mkdir()
        assert samples_of(folder, name)[0].choices == first


def test_one_version_of_mathverse_by_a_condition(tmp_path: Path) -> None:
    samples = samples_of(tmp_path, "mathverse", "dataset.where='problem_version == \"Vision Only\"'")
    assert [sample.id for sample in samples] == ["5"]


@pytest.mark.parametrize("name", benchmark_shapes.BENCHMARKS)
@pytest.mark.usefixtures("vllm")
def test_check_accepts_it_and_counts_its_tokens(name: str, tmp_path: Path) -> None:
    folder = benchmark_shapes.write(tmp_path, benchmark_shapes.BENCHMARKS[name]())
    found = inspected(f"dataset={name}", f"dataset.hub.path={folder}")
    assert found.rows == sum(map(len, benchmark_shapes.BENCHMARKS[name]().values()))
    assert not found.fails, found.findings
    assert len(found.tokens) == found.rows
