"""The judge: asked once about each response, resumed after a death, by the same engine or by another."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from conftest import SharedEngine, composed
from support import overrides, questions, records, run, run_dir, start, write_rows

from mathbatch.data.loaders import FileDataLoader
from mathbatch.records import Record, Sample
from mathbatch.scoring.judge import Judge

SAYS = "model.engine.say='Answer: 4. Verdict: correct'"


def scores(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]


def data(folder: Path, count: int = 6) -> Path:
    return write_rows(folder / "rows.jsonl", [row | {"gold": "4"} for row in questions(count)])


def judged(folder: Path, *more: str) -> list[str]:
    return overrides(folder / "rows.jsonl", "dataset.answer_field=gold", "dataset.scoring=judge", SAYS, *more)


def asked(folder: Path) -> list[dict[str, Any]]:
    """What the judge has been asked, in order."""
    return [record for judge in (run_dir(folder) / "judge").iterdir() for record in records(judge)]


def test_the_judges_verdict_and_answer_are_the_score(tmp_path: Path) -> None:
    data(tmp_path)
    done = run(tmp_path, *judged(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {(line["verdict"], line["answer"]) for line in scores(run_dir(tmp_path))} == {
        ("correct", "4. Verdict: correct")
    }
    assert "100.0%" in done.stdout
    assert len(asked(tmp_path)) == 6


def test_nothing_is_asked_twice_and_only_a_changed_response_is_asked_again(tmp_path: Path) -> None:
    data(tmp_path)
    run(tmp_path, *judged(tmp_path))
    assert run(tmp_path, *judged(tmp_path)).returncode == 0
    assert len(asked(tmp_path)) == 6
    rows = [row | {"gold": "5" if row["sample_index"] == "3" else "4"} for row in questions(7)]
    write_rows(tmp_path / "rows.jsonl", rows)  # one corrected gold answer, and one new row
    assert run(tmp_path, *judged(tmp_path)).returncode == 0
    assert [record["id"] for record in asked(tmp_path)[6:]] == ["3#0", "6#0"] or sorted(
        record["id"] for record in asked(tmp_path)[6:]
    ) == ["3#0", "6#0"]


def test_a_judge_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    data(tmp_path, 40)
    slow = judged(tmp_path, "model.engine.delay_s=0.15", "batch_size=2")
    process = start(tmp_path, *slow)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list(tmp_path.glob("outputs/*/*/*/judge/*/responses/*.jsonl"))
        if found and sum(path.read_bytes().count(b"\n") for path in found) >= 5:
            break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = asked(tmp_path)
    assert 5 <= len(before) < 40
    assert not (run_dir(tmp_path) / "scores.jsonl").exists()
    assert run(tmp_path, *judged(tmp_path, "model.engine.delay_s=0.15", "batch_size=2")).returncode == 0
    after = asked(tmp_path)
    assert after[: len(before)] == before
    assert sorted(record["id"] for record in after) == sorted(f"{at}#0" for at in range(40))
    assert len(scores(run_dir(tmp_path))) == 40


def test_another_model_may_judge_and_its_reply_without_a_verdict_is_unscored(tmp_path: Path) -> None:
    data(tmp_path)
    other = ("model@judge.model=demo", "judge.model._target_=mathbatch.models.scripted.ScriptedModel")
    said = "judge.model.engine.say='I can not say'"
    done = run(tmp_path, *judged(tmp_path, *other, said, "model.name=asked"))
    assert done.returncode == 0, done.stderr
    found = scores(run_dir(tmp_path))
    assert {line["verdict"] for line in found} == {"unscored"}
    assert "no verdict" in found[0]["reason"]
    assert [path.name.partition("-")[0] for path in (run_dir(tmp_path) / "judge").iterdir()] == ["demo"]


def test_a_judge_has_one_vote_beside_other_scorers(tmp_path: Path) -> None:
    data(tmp_path)
    run(tmp_path, *judged(tmp_path, "dataset.scoring=[exact,judge]"))
    found = scores(run_dir(tmp_path))
    assert found[0]["votes"] == {"exact": "wrong", "judge": "correct"}
    assert found[0]["verdict"] == "wrong"  # where they are even, the first one's verdict


def test_every_job_of_a_sweep_is_judged_over_the_same_engine(tmp_path: Path) -> None:
    data(tmp_path)
    done = run(tmp_path, "-m", "sampling.temperature=0,0.5", *judged(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "one engine load" in done.stdout
    assert done.stdout.count("100.0%") == 2


def test_answers_from_elsewhere_and_old_runs_can_be_judged_later(tmp_path: Path) -> None:
    data(tmp_path)
    run(tmp_path, *judged(tmp_path, "dataset.scoring=null"))
    folder = run_dir(tmp_path)
    assert not (folder / "scores.jsonl").exists()
    done = run(tmp_path, f"run_dir={folder}", "dataset.scoring=judge", module="score")
    assert done.returncode == 0, done.stderr
    assert {line["verdict"] for line in scores(folder)} == {"correct"}
    done = run(
        tmp_path, *judged(tmp_path), "responses.path=" + str(folder / "results.jsonl"),
        "responses.response_field=model_answer", "output=scored", module="score",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {line["verdict"] for line in scores(tmp_path / "scored")} == {"correct"}


def test_replies_are_read_by_their_last_verdict() -> None:
    judge = Judge()
    cases = [
        ("Answer: 4\nVerdict: correct", "correct", "4"),
        ("**Answer:** $4$\n**Verdict:** Wrong.", "wrong", "$4$"),
        ("Verdict: wrong? No.\nVerdict: correct", "correct", None),
        ("Answer: none\nVerdict: none", "no_answer", None),
        ("VERDICT = incorrect", "wrong", None),
        ("The response is fine.", "unscored", None),
        ("", "unscored", None),
    ]
    for reply, verdict, answer in cases:
        score = judge.verdict("4", reply)
        assert (score.verdict, score.answer) == (verdict, answer), reply


def test_the_judge_sees_problem_choices_gold_and_the_end_of_the_response() -> None:
    sample = Sample("1", 1, {}, "Which?", gold="B", choices=("one", "two"))
    prompt = Judge().prompt(sample, "x" * 10_000 + " so (B)")
    for part in ("Which?", "(A) one\n(B) two", "Correct answer: B", " so (B)"):
        assert part in prompt
    assert len(prompt) < 6_000


def test_the_real_engine_judges_its_own_answers(tmp_path: Path, engine: SharedEngine) -> None:
    from mathbatch.judging import judge_of
    from mathbatch.stored import read_records

    parts, metrics = engine.run(tmp_path, "dataset.limit=12", "dataset.scoring=[auto,judge]")
    assert metrics is None  # the judge comes first
    read_records(parts)
    judge = judge_of(parts.config, parts)
    engine.run_job(judge)
    with judge.replies() as votes:
        from mathbatch.scoring.evaluate import Unit

        rows = [row for row in FileDataLoader(composed("dataset.limit=12").dataset) if isinstance(row, Sample)]
        found = [votes(Unit(row, Record(row.id, "", text="no such response"), 0))["judge"] for row in rows]
    assert {score.reason for score in found} == {"the judge could not be asked: no reply"}  # another response
    assert len(records(judge.parts.run_dir)) == 12
    parts.saver.close()
