"""Scoring ends, within bounds and with a verdict for each response, whatever the responses or the scorers are."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from support import hostile_responses, odd_scorers, processes
from support.processes import run
from support.rows import write_rows

from mathbatch.config import DatasetConfig
from mathbatch.errors import ConfigError
from mathbatch.records import Record, Sample
from mathbatch.scoring import worker
from mathbatch.scoring.evaluate import evaluate
from mathbatch.scoring.panel import panel_of

pytestmark = pytest.mark.process

MB = 1_000_000
SEED = 20_260
# HOSTILE_TIMES=10 in the environment asks ten times as many.
TIMES = int(os.environ.get("HOSTILE_TIMES", "1"))
# Golds and responses, and the verdicts of `math`.
HEALTHY = [
    ("60", "It is 60 in all, so the answer is 60.", "correct"), ("60", r"Hence \boxed{61}.", "wrong"), (r"\frac{1}{2}", r"So $x = 0.5$ and \boxed{\frac{2}{4}}.", "correct"),
    ("(3,-4)", r"\boxed{(3, -4)}", "correct"), (r"2\sqrt{3}", r"The answer is $\sqrt{12}$.", "correct"), (r"2\sqrt{3}", r"The answer is $\sqrt{13}$.", "wrong"),
    ("x^2+2x+1", r"\boxed{(x+1)^2}", "correct"), ("[2,5)", r"\boxed{(2,5)}", "wrong"), ("60", "I am not sure?", "no_answer"), ("[0, 2]", "[0, 2]", "correct"),
]  # fmt: skip
Rows = list[tuple[Sample, list[Record]]]


def unit(id: str, gold: str, response: str) -> tuple[Sample, list[Record]]:
    fields = {"question_type": "free_form", "answer_type": "integer"}
    return Sample(id, 1, {}, "", gold=gold, fields=fields), [Record(id, "", text=response)]


def lines_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Scores by id; each line must be JSON in UTF-8, and there is one for each id."""
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines)
    return {line["id"]: line for line in lines}


def score(scoring: Any, rows: Rows, folder: Path, scorer: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    evaluate(iter(rows), panel_of(scoring, scorer or {}), DatasetConfig(name="hostile"), folder)
    for line in (folder / "audit.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line)
    return lines_of(folder)


class Memory:
    """Resident bytes at most: growth of this process, and the largest of the workers."""

    grown = 0
    worker = 0


@contextmanager
def watched_memory() -> Iterator[Memory]:
    me, memory, ended = psutil.Process(), Memory(), threading.Event()
    before = me.memory_info().rss

    def look() -> None:
        while not ended.wait(0.05):
            memory.grown = max(memory.grown, me.memory_info().rss - before)
            for process in workers_below():
                with suppress(psutil.Error):
                    memory.worker = max(memory.worker, process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()


def workers_below() -> list[psutil.Process]:
    """Return the processes that do comparisons: those that a server of this process has started; an engine of other tests may
    live beside them.
    """
    servers = [child for child in psutil.Process().children() if "forkserver" in " ".join(_command(child))]
    return [worker for server in servers for worker in server.children()]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize(
    ("scoring", "count"),
    [("math", 400), ("auto", 200), (["math", "choice", "number"], 200), ("mathvision", 400), ("mathvista", 400)],
    ids=str,
)
def test_hostile_answers_cost_only_themselves(tmp_path: Path, scoring: Any, count: int) -> None:
    count *= TIMES
    seed = SEED + count
    healthy = [unit(f"h{at}", *HEALTHY[at % len(HEALTHY)][:2]) for at in range(100)]
    bad = [
        unit(f"b{at}", hostile_responses.GOLD, text) for at, text in enumerate(hostile_responses.responses(count, seed))
    ]
    step = count // len(healthy)
    mixed = [row for at, one in enumerate(healthy) for row in (*bad[at * step : (at + 1) * step], one)]
    alone = score(scoring, healthy, tmp_path / "alone")
    with watched_memory() as memory:
        found = score(scoring, mixed, tmp_path / "mixed")
    assert memory.grown < 100 * MB
    assert 0 < memory.worker < 1500 * MB
    assert not workers_below()
    assert {id: line for id, line in found.items() if id.startswith("h")} == alone
    assert len(found) == count + len(healthy)
    verdicts = {id: line["verdict"] for id, line in found.items() if id.startswith("b")}
    wrongly = [id for id, verdict in verdicts.items() if verdict not in ("wrong", "no_answer")]
    assert not wrongly, f"seed {seed}: {[found[id] for id in wrongly]}"
    assert not Path("HACKED").exists()


# Values that no machine can write out, or only after years, and none of which is 9.
BEYOND = [
    "9^9^9^9", "9^{9^{9^{9}}}", r"10^{10^{10}}", "(((9^9)^9)^9)^9", r"\frac{9^{9^9}}{9^{9^9}}", r"\frac{1}{10^{10^{10}}}", "9!!!!!!", "((9!)!)!", "10^{9}!",
    r"\binom{\binom{\binom{99}{49}}{9}}{9}", r"\sum_{k=0}^{10^9}\binom{10^9}{k}", r"\prod_{k=1}^{10^9} k", r"\sqrt[9^9^9]{9}", r"\exp(\exp(\exp(99)))", "1e999999999",
    "(9^9^9^9, 1)", r"\{9^9^9^9\}", "x=9^9^9^9", r"9^9^9^9\text{ cm}", "(" * 3000 + "10" + ")" * 3000, r"\frac{1}{" * 300 + "9" + "}" * 300, "9" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("scoring", ["math", "auto"])
def test_a_value_beyond_all_machines_is_wrong_and_the_reason_is_told(tmp_path: Path, scoring: str) -> None:
    found = score(scoring, [unit(text, "9", f"So \\boxed{{{text}}}.") for text in BEYOND], tmp_path)
    assert {id: line["verdict"] for id, line in found.items()} == dict.fromkeys(BEYOND, "wrong")
    assert all(line["reason"] for line in found.values())


def test_healthy_answers_get_the_verdicts_of_math(tmp_path: Path) -> None:
    rows = [unit(f"h{at}", gold, response) for at, (gold, response, _) in enumerate(HEALTHY)]
    found = score("math", rows, tmp_path)
    assert [found[f"h{at}"]["verdict"] for at in range(len(HEALTHY))] == [verdict for *_, verdict in HEALTHY]


def test_an_odd_scorer_costs_one_response_each_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than a scorer may compute: to wait for something else is not to compute.
    monkeypatch.setattr(worker, "IDLE_LIMIT_S", 9.0)
    odd = list(odd_scorers.ODDITIES)
    rows = [unit(f"{at}", "1", odd[at // 10] if at % 10 == 5 else "1") for at in range(10 * len(odd))]
    with watched_memory() as memory:
        found = score(None, rows, tmp_path, {"_target_": "support.odd_scorers.OddScorer"})
    assert memory.worker < 1500 * MB
    assert not workers_below()
    verdicts = {id: line["verdict"] for id, line in found.items()}
    expected = {"waits for others": "correct"} | dict.fromkeys(["hangs in C", "allocates", "crashes"], "wrong")
    assert verdicts == {
        f"{at}": expected.get(odd[at // 10], "unscored") if at % 10 == 5 else "correct" for at in range(10 * len(odd))
    }
    reasons = {odd[at // 10]: found[f"{at}"]["reason"] for at in range(5, 10 * len(odd), 10)}
    assert reasons["hangs in C"] == "too hard to compare: it takes over 5 s of processor time"
    assert reasons["sleeps"] == "the scorer waits, without computing, for over 9 s"
    assert reasons["allocates"] == "too hard to compare: it takes over 1 GiB"
    assert reasons["crashes"] == "too hard to compare: SIGSEGV ends the process"
    assert reasons["raises"] == "the comparison fails: ZeroDivisionError: division by zero"
    assert reasons["is gone"] == "the comparison ends its process, with code 0"
    assert all(reasons.values())


def test_a_scorer_that_fails_leaves_the_votes_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every process of the command knows the scorer `heavy`, as if the package had it.
    (tmp_path / "sitecustomize.py").write_text(
        "from mathbatch.scoring.panel import SCORERS\nSCORERS['heavy'] = 'support.odd_scorers.AlwaysTooHardScorer'\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(processes, "PYTHONPATH", f"{tmp_path}:{processes.PYTHONPATH}")
    write_rows(tmp_path / "rows.jsonl", [{"id": id, "q": "?", "answer": "1"} for id in "rs"])
    write_rows(tmp_path / "answers.jsonl", [{"id": "r", "response": "1"}, {"id": "s", "response": "2"}])
    fields = [f"dataset.{name}" for name in ("index_field=id", "query_field=q", "answer_field=answer")]
    made = ["responses.path=answers.jsonl", "output=out", "dataset.scoring=[exact,heavy,math]"]
    done = run(
        tmp_path, "dataset=generic", "dataset.input=rows.jsonl", *fields, *made, module="score", fresh=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = lines_of(tmp_path / "out")
    assert [found[id]["votes"] for id in "rs"] == [
        {"exact": right, "heavy": "wrong", "math": right} for right in ("correct", "wrong")
    ]


def test_easy_responses_do_not_wait_for_a_hard_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    # Each easy response leaves a file, and the hard one comes to an end when it sees those of all but a few.
    rows = [unit("hard", "1", f"990 {tmp_path}")] + [unit(f"{at}", "1", f"0 {tmp_path}/{at}") for at in range(1000)]
    found = score(None, rows, tmp_path / "out", {"_target_": "support.odd_scorers.CountingScorer"})
    assert found["hard"]["verdict"] == "correct"


def test_many_deaths_in_a_row_lose_no_answer(tmp_path: Path) -> None:
    rows = [unit(f"{at}", "1", "1" if at % 2 else "is gone") for at in range(80)]
    found = score(None, rows, tmp_path, {"_target_": "support.odd_scorers.OddScorer"})
    assert [found[f"{at}"]["verdict"] for at in range(80)] == ["unscored", "correct"] * 40


def test_a_scorer_that_can_not_start_ends_the_run_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODD_PARENT", str(os.getpid()))
    with pytest.raises(ConfigError, match="ends at its start, with code 7"):
        score(None, [unit("1", "1", "1")], tmp_path, {"_target_": "support.odd_scorers.BrokenScorer"})
    assert not workers_below()
    assert not list(tmp_path.glob("*"))
