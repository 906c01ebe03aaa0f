"""Check that the measure of other tests tells work that explodes from work that grows with its input.

And that the memory of what goes over all rows does not grow with them.
"""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from support.growth import LINEAR, SQUARED, growth
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import run_dir

from mathbatch.commands.verify.command import prove
from mathbatch.data.storage.index import RecordIndex
from mathbatch.data.storage.segments import encode
from mathbatch.records import Record
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.files import write_metrics
from mathbatch.scoring.metrics.comparison import compare

ANEW = re.compile(r"a+b")


@pytest.mark.parametrize("size", [500, 2_500, 12_500])
def test_a_pass_over_the_input_is_linear(size: int) -> None:
    assert growth(lambda size: sum(at * at for at in range(size)), size) < LINEAR
    assert growth(lambda size: sorted(range(size, 0, -1)), size) < LINEAR


def test_what_costs_the_same_for_all_inputs_is_linear_too() -> None:
    assert growth(lambda size: sum(range(1000)), 500) < LINEAR


@pytest.mark.parametrize("size", [100, 200])
def test_loops_within_each_other_are_not_linear(size: int) -> None:
    assert LINEAR < growth(lambda size: sum(1 for one in range(size) for other in range(size)), size) < SQUARED


def test_three_loops_within_each_other_are_more_than_the_square() -> None:
    assert growth(lambda size: sum(1 for a in range(size) for b in range(size) for c in range(size)), 20) > SQUARED


@pytest.mark.parametrize("size", [500, 1_000])
def test_an_expression_that_begins_anew_at_each_letter_is_not_linear(size: int) -> None:
    assert growth(lambda size: ANEW.search("a" * size), size) > LINEAR


def test_a_cache_does_not_hide_what_a_call_costs() -> None:
    asked = []

    def work(size: int) -> None:
        before = statements.cache_info().misses
        statements("The answer is 3. " * (size // 17))
        asked.append(statements.cache_info().misses - before)

    growth(work, 500)
    # The first call of all only warms up, and may find what an earlier test has left.
    assert set(asked[1:]) == {1}


def held_by(work: Callable[[int], object], size: int) -> int:
    """Return how many more bytes `work` takes at its peak for twice the size."""
    peaks = []
    for count in (size, size, 2 * size):  # the first call only warms up
        gc.collect()
        tracemalloc.start()
        work(count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return peaks[2] - peaks[1]


def test_compare_holds_no_sample(tmp_path: Path) -> None:
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()

    def work(size: int, backwards: bool = False) -> None:
        for side, folder in enumerate((tmp_path / "first", tmp_path / "second")):
            with (folder / "scores.jsonl").open("w") as stream:
                for number in range(size, 0, -1) if backwards and side else range(size):
                    verdict = "correct" if number % (3 + side) else "wrong"
                    stream.write(f'{{"id":"{number}","verdict":"{verdict}","answer":"{number}","gold":"1"}}\n')
            write_metrics(folder, {"scorer": {}})
        assert compare(tmp_path / "first", tmp_path / "second", tmp_path / "flips.jsonl").pairs >= size - 1

    assert held_by(work, 2_000) < 2_000
    # Where samples are in another order, a number is kept of each, up to 131,072 of them in memory.
    assert held_by(lambda size: work(size, backwards=True), 2_000) < 160 * 2_000


def test_an_index_of_records_holds_a_number_of_a_few_of_them(tmp_path: Path) -> None:
    def work(size: int) -> None:
        path = tmp_path / "00001.jsonl"
        with path.open("wb") as stream:
            stream.writelines(encode(Record(str(at), f"{at:016x}", text="7" * 50)) for at in range(size))
        index = RecordIndex(block=256)
        assert list(index.read_segment(path)) == []
        assert index.answered == index.records == size
        assert all(index.state(str(at), 0, f"{at:016x}") == "answered" for at in range(size))
        index.close()

    assert held_by(work, 4_096) < 10 * 4_096


@pytest.mark.process
def test_verify_holds_a_number_of_each_unit(tmp_path: Path) -> None:
    def work(size: int) -> None:
        assert prove(run_dir(tmp_path / str(size))).answered.count == size

    for size in (1_500, 3_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        assert run(folder, *overrides(write_rows(folder / "rows.jsonl", questions(size)))).returncode == 0
    # Up to 65,536 of them in memory.
    assert held_by(work, 1_500) < 160 * 1_500
