"""Scoring as a user meets it: after a run, again later, with another scorer, and of answers made elsewhere."""

from __future__ import annotations

import functools
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import processes
from support.images import encoded
from support.processes import environment
from support.rows import SCRIPTED, overrides, write_rows
from support.run_folders import results, run_dir

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)

Lines = list[dict[str, Any]]


def lines(path: Path) -> Lines:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(
        tmp_path / "rows.jsonl",
        [
            {"id": "a", "question": "2 + 2?", "gold": "4", "task": "sum", "skills": ["add", "small"]},
            {
                "id": "b",
                "question": "1 / 2?",
                "gold": "\\frac{1}{2}",
                "task": "quotient",
                "skills": ["divide", "small"],
            },
            {"id": "c", "question": "90 + 9?", "gold": "99", "task": "sum", "skills": ["add"]},
            {"id": "d", "question": "no gold", "gold": None, "task": "sum", "skills": []},
            {"id": "e", "question": "7 - 2?", "gold": "5", "task": "difference", "skills": ["subtract", "small"]},
        ],
    )


DATASET = (
    *("dataset=generic", "dataset.input=rows.jsonl", "dataset.index_field=id", "dataset.query_field=question"),
    *("dataset.answer_field=gold", "dataset.metadata=[task,skills]", "dataset.image_field=null"),
)
OUTSIDE = (*DATASET, "responses.path=answers.jsonl", "responses.index_field=qid", "output=scored")


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    return write_rows(
        tmp_path / "answers.jsonl",
        [
            {"qid": "a", "response": "So the answer is \\boxed{4}."},
            {"qid": "b", "response": "Therefore, the answer is $0.5$."},
            {"qid": "c", "response": "It is \\boxed{98}"},
            {"qid": "d", "response": "\\boxed{1}"},
        ],
    )


def test_answers_from_elsewhere_get_verdicts_with_answer_gold_and_reason(
    tmp_path: Path, rows: Path, answers: Path
) -> None:
    done = run(tmp_path, *OUTSIDE, module="score")
    assert done.returncode == 1, done.stderr  # one has no gold answer, one no response
    found = lines(tmp_path / "scored" / "scores.jsonl")
    assert [(line["id"], line["rollout"], line["verdict"], line["answer"]) for line in found] == [
        ("a", 0, "correct", "4"),
        ("b", 0, "correct", "0.5"),
        ("c", 0, "wrong", "98"),
        ("d", 0, "unscored", None),
        ("e", 0, "failed", None),
    ]
    assert all(set(line) == {"id", "rollout", "verdict", "answer", "gold", "reason"} for line in found)
    assert "answers.jsonl has none for e" in found[4]["reason"]
    facts = metrics(tmp_path / "scored")
    assert (facts["correct"], facts["judged"]) == (2, 3)  # neither the failed nor the unscored one is wrong
    assert facts["verdicts"] == {"correct": 2, "failed": 1, "unscored": 1, "wrong": 1}
    assert "66.7%" in done.stdout
    assert "of 3 judged" in done.stdout


def test_the_exit_code_is_that_of_a_run(tmp_path: Path, rows: Path, answers: Path) -> None:
    with answers.open("a") as stream:
        stream.write(json.dumps({"qid": "e", "response": "\\boxed{5}"}) + "\n")
    assert run(tmp_path, *OUTSIDE, module="score").returncode == 0  # one has no gold, and all have a response
    write_rows(rows, [{"id": "d", "question": "no gold", "gold": "", "task": "sum", "skills": []}])
    done = run(tmp_path, *OUTSIDE[:-1], "output=none", module="score")
    assert done.returncode == 1, done.stdout  # not one could be scored


def test_rows_whose_gold_is_unusable_are_told_apart_with_the_reasons(tmp_path: Path) -> None:
    golds = ["4", "{", None, "9^{9^{9}}", "[x", "5"]
    write_rows(
        tmp_path / "rows.jsonl", [{"id": str(at), "question": "?", "gold": gold} for at, gold in enumerate(golds)]
    )
    write_rows(tmp_path / "answers.jsonl", [{"qid": str(at), "response": ["\\boxed{4}"] * 2} for at in range(6)])
    arguments = [argument for argument in OUTSIDE if "metadata" not in argument]
    done = run(tmp_path, *arguments, module="score")
    reasons = {"the row has no gold answer": {"rows": 1, "ids": ["2"]}}
    assert metrics(tmp_path / "scored")["unusable_golds"] == {"rows": 1, "reasons": reasons}
    assert metrics(tmp_path / "scored")["verdicts"] == {"correct": 2, "unscored": 2, "wrong": 8}
    for words in ("gold unusable", "1 row", "the row has no gold answer"):
        assert words in done.stdout
    write_rows(tmp_path / "rows.jsonl", [{"id": str(at), "question": "?", "gold": "4"} for at in range(6)])
    assert "gold unusable" not in run(tmp_path, *arguments, module="score").stdout
    assert metrics(tmp_path / "scored")["unusable_golds"] == {"rows": 0, "reasons": {}}


def test_a_row_counts_under_each_of_its_labels(tmp_path: Path, rows: Path, answers: Path) -> None:
    run(tmp_path, *OUTSIDE, module="score")
    broken_down = metrics(tmp_path / "scored")["breakdown"]
    assert {label: (cell["correct"], cell["judged"]) for label, cell in broken_down["skills"].items()} == {
        "add": (1, 2), "small": (2, 2), "divide": (1, 1), "(none)": (0, 0), "subtract": (0, 0),
    }  # fmt: skip
    assert {label: cell["judged"] for label, cell in broken_down["task"].items()} == {
        "sum": 2, "quotient": 1, "difference": 0,
    }  # fmt: skip
    for name in ("accuracy.png", "accuracy.svg"):
        assert (tmp_path / "scored" / name).stat().st_size > 1000


def test_lines_with_one_id_and_lists_are_rollouts(tmp_path: Path, rows: Path) -> None:
    texts = ["\\boxed{4}", "\\boxed{5}", "\\boxed{5}", "\\boxed{4}"]
    write_rows(
        tmp_path / "answers.jsonl",
        [{"qid": "a", "response": text} for text in texts] + [{"qid": "c", "response": ["\\boxed{99}"] * 4}],
    )
    done = run(tmp_path, *OUTSIDE, module="score")
    assert "1 ids are on several lines, which are taken as rollouts" in done.stdout
    facts = metrics(tmp_path / "scored")
    assert facts["rollouts"] == 4
    assert facts["accuracy"] == pytest.approx(6 / 8)
    assert facts["pass_at_k"]["1"]["value"] == pytest.approx((2 / 4 + 1) / 2)
    assert facts["pass_at_k"]["2"]["value"] == pytest.approx((1 - 1 / 6 + 1) / 2)
    assert facts["majority_at_k"]["4"]["value"] == pytest.approx((0.5 + 1) / 2)  # two against two: half a vote
    assert facts["interval_is"] == "95 %, Wilson, clustered"


def test_groups_make_the_interval_wider_and_have_a_worst_case(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "rows.jsonl", [{"id": str(at), "question": "?", "gold": "1", "seed": at // 5} for at in range(40)]
    )
    write_rows(tmp_path / "answers.jsonl", [{"qid": str(at), "response": f"\\boxed{{{at // 20}}}"} for at in range(40)])
    own = [argument for argument in OUTSIDE if "metadata" not in argument]
    run(tmp_path, *own, module="score")
    alone = metrics(tmp_path / "scored")
    run(tmp_path, *own, "dataset.group_field=seed", module="score")
    grouped = metrics(tmp_path / "scored")
    assert alone["accuracy"] == grouped["accuracy"] == 0.5
    assert grouped["interval"][1] - grouped["interval"][0] > 1.5 * (alone["interval"][1] - alone["interval"][0])
    assert grouped["worst_case"] | {"interval": 0} == {"accuracy": 0.5, "groups": 8, "incomplete": 0, "interval": 0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("responses.response_field=answer", "there is no field 'answer'"),
        ("responses.index_field=id", "responses.index_field"),
        ("responses.path=nowhere.jsonl", "responses.path"),
        ("dataset.answer_field=null", "dataset.answer_field"),
        ("dataset.scoring=maths", "did you mean 'math'"),
        ("dataset.scoring={number:{tolerence:1}}", "did you mean 'tolerance'"),
        ("dataset.scoring={number:{percent:maybe}}", "dataset.scoring.number.percent"),
        ("dataset.scoring={choice:{where:'id =='}}", "dataset.scoring.choice.where"),
        ("responses.pth=x", "did you mean 'path'"),
        ("dataset.group_field=sed", "no row has the field 'sed'"),
    ],
)
def test_what_does_not_fit_is_refused_with_path_and_fix(
    tmp_path: Path, rows: Path, answers: Path, change: str, said: str
) -> None:
    key = change.partition("=")[0]
    done = run(tmp_path, *(one for one in OUTSIDE if not one.startswith(f"{key}=")), change, module="score")
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "scored" / "scores.jsonl").exists()


def test_answers_of_another_dataset_are_refused_and_old_scores_stay(tmp_path: Path, rows: Path, answers: Path) -> None:
    run(tmp_path, *OUTSIDE, module="score")
    before = (tmp_path / "scored" / "scores.jsonl").read_bytes()
    write_rows(answers, [{"qid": "x1", "response": "\\boxed{4}"}])
    done = run(tmp_path, *OUTSIDE, module="score")
    assert done.returncode == 2
    assert "no answer belongs to a row" in done.stderr
    assert (tmp_path / "scored" / "scores.jsonl").read_bytes() == before


def scripted(folder: Path, *more: str) -> Path:
    """Run the scripted model over rows whose gold is every other of its answers; return the run folder."""
    data = write_rows(folder / "rows.jsonl", [{"sample_index": str(at), "query_cot": f"{at}?"} for at in range(8)])
    assert run(folder, *overrides(data, *more)).returncode == 0
    answers = [row["model_answer"] for row in results(run_dir(folder))]
    write_rows(
        data,
        [
            {"sample_index": str(at), "query_cot": f"{at}?", "gold": answer[7:-1] if at % 2 else "0", "kind": "x"}
            for at, answer in enumerate(answers)
        ],
    )
    return run_dir(folder)


def test_scoring_again_needs_no_engine_and_keeps_the_old_scores(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    assert not (folder / "scores.jsonl").exists()
    first = run(tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", "dataset.scoring=exact", module="score")
    assert first.returncode == 0, first.stderr
    assert metrics(folder)["accuracy"] == 0.5
    before = (folder / "scores.jsonl").read_bytes()
    again = run(tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", "dataset.scoring=exact", module="score")
    assert again.returncode == 0
    assert (folder / "scores.jsonl").read_bytes() == before
    assert not (folder / "scores").exists()  # the same scores again are no others
    run(tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", "dataset.scoring=[exact,number]", module="score")
    (aside,) = (folder / "scores").iterdir()
    assert aside.name.startswith("exact-")
    assert (aside / "scores.jsonl").read_bytes() == before
    assert json.loads((aside / "metrics.json").read_bytes())["scorer"]["settings"] == "exact"


def test_a_corrected_gold_changes_the_verdict_and_no_answer(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    run(tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", "dataset.scoring=exact", module="score")
    responses = sorted(path.read_bytes() for path in (folder / "responses").iterdir())
    corrected = [row | {"gold": answered["model_answer"][7:-1]} for row, answered in
                 zip(lines(tmp_path / "rows.jsonl"), results(folder), strict=True)]  # fmt: skip
    write_rows(tmp_path / "corrected.jsonl", corrected[:-1])
    done = run(
        tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", "dataset.scoring=exact",
        "dataset.input=corrected.jsonl", module="score",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert metrics(folder)["accuracy"] == 1.0
    assert "1 further answers lie here" in done.stdout
    assert sorted(path.read_bytes() for path in (folder / "responses").iterdir()) == responses
    assert len(list((folder / "scores").iterdir())) == 1  # other golds are other scores


def test_a_finished_run_is_scored_once_and_again_when_its_scorer_changes(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    gold = (*overrides(tmp_path / "rows.jsonl"), "dataset.answer_field=gold")
    for scoring, is_new in (("exact", True), ("exact", False), ("[exact,number]", True), ("exact", True)):
        before = (folder / "scores.jsonl").stat().st_ino if (folder / "scores.jsonl").exists() else 0
        done = run(tmp_path, *gold, f"dataset.scoring={scoring}")
        assert done.returncode == 0, done.stderr
        assert "50.0%" in done.stdout
        assert ((folder / "scores.jsonl").stat().st_ino != before) is is_new


def test_a_setting_that_changes_no_score_is_refused(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    done = run(tmp_path, f"run_dir={folder}", "sampling.n=2", module="score")
    assert done.returncode == 2
    assert "changes no score" in done.stderr


def test_scorers_vote_and_their_disagreement_is_shown(tmp_path: Path, rows: Path, answers: Path) -> None:
    run(tmp_path, *OUTSIDE, "dataset.scoring=[exact,math,number]", module="score")
    half = lines(tmp_path / "scored" / "scores.jsonl")[1]
    assert half["verdict"] == "correct"
    assert half["votes"] == {"exact": "wrong", "math": "correct", "number": "correct"}
    assert "exact says wrong" in half["reason"]
    listed = lines(tmp_path / "scored" / "audit.jsonl")
    assert ["the scorers disagree"] in [line["why"] for line in listed if line["id"] == "b"]


def test_each_row_goes_to_the_scorers_whose_condition_it_meets(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "rows.jsonl",
        [
            {"id": "a", "question": "?", "gold": "B", "kind": "choice"},
            {"id": "b", "question": "?", "gold": "3.14159", "kind": "number"},
            {"id": "c", "question": "?", "gold": "x", "kind": "neither"},
        ],
    )
    write_rows(
        tmp_path / "answers.jsonl",
        [{"qid": "a", "response": "(B)"}, {"qid": "b", "response": "3.14"}, {"qid": "c", "response": "x"}],
    )
    own = [argument for argument in OUTSIDE if "metadata" not in argument]
    scoring = "{choice:{where:\"kind == 'choice'\"},number:{where:\"kind == 'number'\",tolerance:0.01}}"
    run(tmp_path, *own, f"dataset.scoring={scoring}", module="score")
    found = lines(tmp_path / "scored" / "scores.jsonl")
    assert [line["verdict"] for line in found] == ["correct", "correct", "unscored"]
    assert "no scorer" in found[2]["reason"]


def test_the_audit_lists_golds_at_the_end_of_wrong_answers_worst_first(tmp_path: Path, rows: Path) -> None:
    write_rows(
        tmp_path / "answers.jsonl",
        [
            {"qid": "a", "response": "\\boxed{5}. No: 2 + 2 = 4, of course"},
            {"qid": "b", "response": "The answer is 7, I think. Hmm, \\boxed{1/2}"},
            {"qid": "c", "response": "\\boxed{99}"},
            {"qid": "e", "response": "\\boxed{6}"},
        ],
    )
    run(tmp_path, *OUTSIDE, module="score")
    listed = lines(tmp_path / "scored" / "audit.jsonl")
    assert [line["id"] for line in listed] == ["a", "b"]
    assert listed[0]["verdict"] == "wrong"
    assert "last 200 characters" in listed[0]["why"][0]
    assert "several answers are stated" in listed[1]["why"][0]


def test_two_runs_are_compared_by_pairs(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [{"id": str(at), "question": "?", "gold": "1"} for at in range(30)])
    own = [argument for argument in OUTSIDE if "metadata" not in argument]
    for name, wrong in (("scored", set(range(3))), ("other", set(range(2, 14)))):
        write_rows(
            tmp_path / "answers.jsonl",
            [{"qid": str(at), "response": "\\boxed{0}" if at in wrong else "\\boxed{1}"} for at in range(29)],
        )
        run(tmp_path, *own, f"output={name}", module="score")
    done = run(tmp_path, "run_dir=scored", "other=other", module="compare")
    assert done.returncode == 0, done.stderr
    assert "11 the first, 2 the second; McNemar p = 0.0225" in done.stdout  # 2 * sum of C(13, 0..2) / 2^13
    assert "29 judged in both, 1 left out" in done.stdout
    flips = lines(tmp_path / "scored" / "flips-other.jsonl")
    assert len(flips) == 13
    assert flips[0] == {
        "id": "0",
        "first": "wrong",
        "second": "correct",
        "first_answer": "0",
        "second_answer": "1",
        "gold": "1",
    }
    shutil.rmtree(tmp_path / "other")
    done = run(tmp_path, "run_dir=scored", "other=other", module="compare")
    assert done.returncode == 2
    assert "other: other has no scores.jsonl" in done.stderr


def test_a_kill_between_scores_and_metrics_leaves_no_stale_metrics(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    gold = (*overrides(tmp_path / "rows.jsonl"), "dataset.answer_field=gold")
    assert run(tmp_path, *gold, "dataset.scoring=exact").returncode == 0
    exact = (folder / "scores.jsonl").read_bytes()
    (tmp_path / "killer.py").write_text(
        "import os, signal\n"
        "from mathbatch.scoring import evaluate\n"
        "evaluate.ScoringTotals.facts = lambda totals: os.kill(os.getpid(), signal.SIGKILL)\n"  # after the scores
        "from mathbatch.commands.score import main\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    killed = subprocess.run(
        [sys.executable, "killer.py", f"run_dir={folder}", "dataset.answer_field=gold", "dataset.scoring=number"],
        cwd=tmp_path, env=environment(), timeout=300, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert (folder / "scores.jsonl").read_bytes() != exact
    assert not (folder / "metrics.json").exists()
    (aside,) = (folder / "scores").iterdir()
    assert (aside / "scores.jsonl").read_bytes() == exact
    assert run(tmp_path, *gold, "dataset.scoring=exact").returncode == 0
    assert (folder / "scores.jsonl").read_bytes() == exact


def test_changed_code_of_a_scorer_scores_again_and_keeps_what_was(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    gold = (*overrides(tmp_path / "rows.jsonl"), "dataset.answer_field=gold", "scorer._target_=mine.Mine")
    for verdict in ("correct", "wrong"):
        (tmp_path / "mine.py").write_text(
            "from mathbatch.base import BaseScorer\nfrom mathbatch.records import Score\n"
            "class Mine(BaseScorer):\n    def score(self, sample, response):\n"
            f"        return Score('{verdict}', response, sample.gold, 'so I say')\n"
        )
        assert run(tmp_path, *gold).returncode == 0
        assert metrics(folder)["verdicts"] == {verdict: 8}
    assert metrics(folder)["scorer"]["settings"] == {"_target_": "mine.Mine"}
    (aside,) = (folder / "scores").iterdir()
    assert metrics(aside)["verdicts"] == {"correct": 8}


def test_corrected_golds_of_a_dataset_with_pictures_need_no_picture_beside_them(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.png").write_bytes(encoded())
    row = {"sample_index": "1", "query_cot": "?", "image": "a.png", "gold": "x"}
    write_rows(tmp_path / "data" / "rows.jsonl", [row])
    assert run(tmp_path, SCRIPTED, "dataset=generic", "dataset.input=data/rows.jsonl").returncode == 0
    answer = results(run_dir(tmp_path))[0]["model_answer"][7:-1]
    write_rows(tmp_path / "corrected.jsonl", [row | {"gold": answer}])
    done = run(
        tmp_path, f"run_dir={run_dir(tmp_path)}", "dataset.input=corrected.jsonl", "dataset.answer_field=gold",
        "dataset.scoring=exact", module="score",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert metrics(run_dir(tmp_path))["accuracy"] == 1.0

    (tmp_path / "data" / "a.png").unlink()
    refused = run(tmp_path, f"run_dir={run_dir(tmp_path)}", "dataset.answer_field=gold", module="score")
    assert refused.returncode == 2
    assert "a.png: No such file" in refused.stderr
    assert metrics(run_dir(tmp_path))["accuracy"] == 1.0
    said = [part for part in refused.stderr.split() if part.startswith("responses.")]
    done = run(
        tmp_path, "dataset=generic", "dataset.input=corrected.jsonl", "dataset.answer_field=gold",
        "dataset.scoring=exact", *said, "output=scored", module="score",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert metrics(tmp_path / "scored")["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("dataset.answer_field=gld", "did you mean 'gold'"),
        ("dataset.group_field=knd", "did you mean 'kind'"),
        ("dataset.scoring=[a", "override"),
        ("dataset.scoring=[]", "names no scorers"),
        ("dataset.scoring=null", "no scorer"),
        ("dataset.prompt=other", "as its row is now"),
        ("model@judge.model=qwn", "did you mean 'qwen'"),
    ],
)
def test_what_does_not_fit_a_run_is_refused_with_path_and_fix(tmp_path: Path, change: str, said: str) -> None:
    folder = scripted(tmp_path)
    done = run(tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", change, module="score")
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_hydras_grammar_holds_for_a_run_folder_too(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    for scoring in (
        "dataset.scoring={number:{tolerance:0.01}}",
        "++dataset.scoring={exact:{any_of:false}}",
        "dataset.scoring=[exact]",
    ):
        done = run(tmp_path, f"run_dir={folder}", "dataset.answer_field=gold", scoring, module="score")
        assert "Traceback" not in done.stderr, done.stderr
        assert metrics(folder)["scorer"]["scorers"] == [scoring.partition("=")[2].strip("{[]}").partition(":")[0]]


def test_rows_that_are_not_there_or_not_asked_are_named(tmp_path: Path, rows: Path) -> None:
    write_rows(rows, [*lines(rows), {"id": "a", "question": "twice", "gold": "1"}])
    write_rows(
        tmp_path / "answers.jsonl",
        [
            {"qid": "a", "response": 4},
            {"qid": "b", "response": []},
            {"qid": "z", "response": "?"},
            {"qid": "y", "response": "?"},
        ],
    )
    done = run(tmp_path, *OUTSIDE, module="score")
    found = lines(tmp_path / "scored" / "scores.jsonl")
    assert [(line["id"], line["verdict"]) for line in found] == [
        ("a", "correct"), ("b", "failed"), ("c", "failed"), ("d", "failed"), ("e", "failed"), ("<row 6>", "failed"),
    ]  # fmt: skip
    assert "duplicate_id" in found[-1]["reason"]
    assert "2 answers belong to no row" in done.stdout


def test_rows_without_a_group_are_problems_of_their_own(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "rows.jsonl",
        [{"id": str(at), "question": "?", "gold": "1", "seed": None if at % 2 else at // 4} for at in range(40)],
    )
    write_rows(tmp_path / "answers.jsonl", [{"qid": str(at), "response": "\\boxed{1}"} for at in range(40)])
    own = [argument for argument in OUTSIDE if "metadata" not in argument]
    run(tmp_path, *own, "dataset.group_field=seed", module="score")
    assert metrics(tmp_path / "scored")["worst_case"]["groups"] == 10


def test_two_at_once_into_one_folder_are_refused(tmp_path: Path, rows: Path, answers: Path) -> None:
    from mathbatch.data.storage.lock import FolderLock

    (tmp_path / "scored").mkdir()
    lock = FolderLock(tmp_path / "scored")
    lock.acquire()
    try:
        done = run(tmp_path, *OUTSIDE, module="score")
    finally:
        lock.release()
    assert done.returncode == 2
    assert not (tmp_path / "scored" / "scores.jsonl").exists()
