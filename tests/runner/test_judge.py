"""Check the judge: asked once about each response, resumed after a death, by the same engine or by another."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from support.configs import composed
from support.held_model import HELD, hold_after, let_go
from support.processes import run, start, wait_for
from support.rows import overrides, questions, write_rows
from support.run_folders import records, run_dir
from support.shared_engine import SharedEngine

from mathbatch.commands.verify.command import prove, repair
from mathbatch.config import DatasetConfig
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.errors import StoreError
from mathbatch.records import Record, Sample, Score
from mathbatch.runner.judge_job import judge_of
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.reopen import components_of, locked, read_records
from mathbatch.scoring import workers
from mathbatch.scoring.evaluate import JudgeVotes, ScoringUnit, evaluate
from mathbatch.scoring.panel import panel_of

SAYS = "model.engine.say='Answer: 4\nVerdict: correct'"
# What the judge takes for correct, and no other scorer.
AGAINST = "model.engine.say='Answer: 5\nVerdict: correct'"
OTHER = ("model@judge.model=demo", "judge.model._target_=mathbatch.models.scripted.ScriptedModel")


def scores(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def data(folder: Path, count: int = 6) -> Path:
    return write_rows(folder / "rows.jsonl", [row | {"gold": "4"} for row in questions(count)])


def judged(folder: Path, *more: str) -> list[str]:
    return overrides(folder / "rows.jsonl", "dataset.answer_field=gold", "dataset.scoring=judge", SAYS, *more)


def asked(folder: Path) -> list[dict[str, Any]]:
    """Return what the judge has been asked, in order."""
    return [record for judge in (run_dir(folder) / "judge").iterdir() for record in records(judge)]


@pytest.mark.process
def test_the_judges_verdict_and_answer_are_the_score(tmp_path: Path) -> None:
    data(tmp_path)
    done = run(tmp_path, *judged(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {(line["verdict"], line["answer"]) for line in scores(run_dir(tmp_path))} == {("correct", "4")}
    assert "100.0%" in done.stdout
    assert len(asked(tmp_path)) == 6


@pytest.mark.process
def test_progress_says_how_much_is_left_to_judge(tmp_path: Path) -> None:
    rows = [row | {"gold": "4" if row["sample_index"] != "2" else None} for row in questions(5)]
    write_rows(tmp_path / "rows.jsonl", rows)
    run(tmp_path, *judged(tmp_path))
    folder = run_dir(tmp_path)
    with locked(folder), components_of(folder, []) as components:
        read_records(components)
        judge = judge_of(components.config, components)
        judge.open(Preflight())
        total = judge.counts.total
        judge.close()
        components.saver.close()
    assert total == 4  # one has no gold answer, and is not asked about


@pytest.mark.process
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


def kill_while_judging(folder: Path, answers: int, replies: int, *arguments: str) -> None:
    """Start a run that has so many answers to get, and kill it once the judge has given so many replies."""
    hold_after(folder, answers + replies)
    process = start(folder, *arguments)
    wait_for(lambda: len(list(folder.glob("outputs/*/*/*/judge"))) and len(asked(folder)) == replies, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    let_go(folder)


@pytest.mark.process
def test_a_judge_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    data(tmp_path, 40)
    held = judged(tmp_path, HELD, "batch_size=2")
    kill_while_judging(tmp_path, 40, 5, *held)
    before = asked(tmp_path)
    assert not (run_dir(tmp_path) / "scores.jsonl").exists()
    assert run(tmp_path, *held).returncode == 0
    after = asked(tmp_path)
    assert after[: len(before)] == before
    assert sorted(record["id"] for record in after) == sorted(f"{at}#0" for at in range(40))
    assert len(scores(run_dir(tmp_path))) == 40


@pytest.mark.process
def test_a_rerun_that_is_killed_while_judging_answers_nothing_once_more(tmp_path: Path) -> None:
    data(tmp_path, 12)
    held = judged(tmp_path, HELD, "batch_size=2")
    run(tmp_path, *held, "dataset.scoring=null")
    kill_while_judging(tmp_path, 12, 2, *held, "rerun=true")
    assert not (run_dir(tmp_path) / "manifest.json").exists()
    before = records(run_dir(tmp_path))
    assert len(before) == 12
    assert run(tmp_path, *held, "rerun=true").returncode == 0
    assert records(run_dir(tmp_path)) == before
    assert len(list(run_dir(tmp_path).glob("responses-*"))) == 1
    assert (run_dir(tmp_path) / "manifest.json").exists()


@pytest.mark.process
def test_another_model_may_judge_and_its_reply_without_a_verdict_is_unscored(tmp_path: Path) -> None:
    data(tmp_path)
    said = "judge.model.engine.say='I can not say'"
    done = run(tmp_path, *judged(tmp_path, *OTHER, said, "model.name=asked"))
    assert done.returncode == 1, done.stderr  # nothing could be judged
    assert re.search(r"judge +│ 6 of 6 without a verdict", done.stdout), done.stdout
    assert metrics(run_dir(tmp_path))["unscored_votes"] == {"judge": 6}
    found = scores(run_dir(tmp_path))
    assert {line["verdict"] for line in found} == {"unscored"}
    assert "no verdict" in found[0]["reason"]
    assert [path.name.partition("-")[0] for path in (run_dir(tmp_path) / "judge").iterdir()] == ["demo"]


@pytest.mark.process
def test_a_judge_has_one_vote_beside_other_scorers(tmp_path: Path) -> None:
    data(tmp_path)
    run(tmp_path, *judged(tmp_path, "dataset.scoring=[exact,judge]", AGAINST))
    found = scores(run_dir(tmp_path))
    assert found[0]["votes"] == {"exact": "wrong", "judge": "correct"}
    assert found[0]["verdict"] == "wrong"  # where they are even, the first one's verdict


@pytest.mark.process
def test_every_job_of_a_sweep_is_judged_over_the_same_engine(tmp_path: Path) -> None:
    data(tmp_path)
    done = run(tmp_path, "-m", "sampling.temperature=0,0.5", *judged(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "one engine load" in done.stdout
    assert done.stdout.count("100.0%") == 2


@pytest.mark.process
def test_a_judge_that_fails_ends_in_a_sentence_and_what_is_answered_is_kept(tmp_path: Path) -> None:
    data(tmp_path)
    dying = judged(tmp_path, *OTHER, "judge.model.engine.die_on=problem")
    done = run(tmp_path, *dying)
    assert done.returncode == 2
    assert "the engine died" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert len(records(run_dir(tmp_path))) == 6
    assert run(tmp_path, *judged(tmp_path)).returncode == 0
    assert len(records(run_dir(tmp_path))) == 6


@pytest.mark.process
def test_a_judge_that_fails_in_a_sweep_costs_its_job_and_no_other(tmp_path: Path) -> None:
    data(tmp_path)
    sweep = judged(tmp_path, "-m", "sampling.temperature=0,0.5")
    assert run(tmp_path, *sweep).returncode == 0
    replies = next(tmp_path.glob("outputs/*/*/t0.5-*/judge/*/responses/*.jsonl"))
    replies.write_bytes(replies.read_bytes().replace(b"correct", b"corrupt", 1))
    done = run(tmp_path, *sweep)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert re.search(r"job 1 \(sampling.temperature=0.5\) failed: .*the record is damaged", done.stdout), done.stdout
    assert done.stdout.count("100.0%") == 1


@pytest.mark.process
def test_damaged_replies_are_found_and_mended_by_the_command_that_the_error_names(tmp_path: Path) -> None:
    data(tmp_path)
    run(tmp_path, *judged(tmp_path))
    folder = run_dir(tmp_path)
    (replies,) = folder.glob("judge/*/responses/*.jsonl")
    replies.write_bytes(replies.read_bytes().replace(b"correct", b"corrupt", 1) + b'{"id": "to')
    done = run(tmp_path, *judged(tmp_path))
    assert done.returncode == 2
    assert f"verify run_dir={folder} " in done.stderr, done.stderr
    replies.write_bytes(replies.read_bytes() + b'{"id": "to')  # the run has cut it off
    report = prove(folder)
    assert (report.torn.count, report.damaged.count, report.missing.count) == (1, 1, 0)
    assert len(repair(folder)) == 3  # cut off, set aside, results written
    assert prove(folder).is_whole
    assert len(asked(tmp_path)) == 5
    assert run(tmp_path, *judged(tmp_path)).returncode == 0
    assert len(asked(tmp_path)) == 6


def test_damaged_replies_about_answers_from_elsewhere_can_be_mended_too(tmp_path: Path) -> None:
    saver = JsonLinesDataSaver(tmp_path / "judge" / "demo-greedy-0")
    saver.open()
    for id in ("a", "b"):
        saver.append(Record(id, "0", text="Verdict: correct"))
    saver.close()
    (replies,) = tmp_path.glob("judge/*/responses/*.jsonl")
    replies.write_bytes(replies.read_bytes().replace(b"correct", b"corrupt", 1))
    with pytest.raises(StoreError, match=f"run_dir={re.escape(str(tmp_path))} "):
        JsonLinesDataSaver(tmp_path / "judge" / "demo-greedy-0").open()
    assert not prove(tmp_path).is_whole
    repair(tmp_path)
    assert prove(tmp_path).is_whole


@pytest.mark.process
def test_another_judge_model_that_cannot_be_is_refused_before_anything_is_generated(tmp_path: Path) -> None:
    data(tmp_path)
    done = run(tmp_path, *judged(tmp_path, *OTHER, "judge.model.engine.sy=x"))
    assert done.returncode == 2
    assert "judge.model.engine.sy: no such option" in done.stderr
    assert not list(tmp_path.glob("outputs/*/*/*/responses/*"))


@pytest.mark.process
def test_a_template_that_fails_on_every_row_is_refused_before_anything_is_generated(tmp_path: Path) -> None:
    data(tmp_path)
    template = "dataset.scoring={judge:{prompt:'{{ choices[0] }} {{ response }}'}}"
    done = run(tmp_path, *judged(tmp_path, template))
    assert done.returncode == 2
    assert "dataset.scoring.judge: it can't be asked about 6 of the first 6 rows" in done.stderr
    assert not list(tmp_path.glob("outputs/*/*/*/responses/*"))


@pytest.mark.process
def test_a_judge_has_no_say_about_rows_that_it_does_not_take(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [r | {"gold": "4", "kind": "ab"[at % 2]} for at, r in enumerate(questions(6))])
    run(tmp_path, *judged(tmp_path, """dataset.scoring={exact: {}, judge: {where: "kind == 'a'"}}""", AGAINST))
    assert sorted(record["id"] for record in asked(tmp_path)) == ["0#0", "2#0", "4#0"]
    assert [line.get("votes") for line in scores(run_dir(tmp_path))] == [
        {"exact": "wrong", "judge": "correct"},
        None,
    ] * 3
    assert metrics(run_dir(tmp_path))["votes"] == {"exact": 6, "judge": 3}


@pytest.mark.process
def test_a_judge_alone_starts_no_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Worker", lambda panel: pytest.fail("a worker process"))
    row, record = Sample("1", 1, {}, "", gold="4"), Record("1", "", text="4")
    votes = {"judge": Score("correct", "4", "4", "")}
    says = JudgeVotes("told", lambda unit: votes)
    found = evaluate([(row, [record])], panel_of("judge", {}), DatasetConfig(name="told"), tmp_path, judge=says)
    assert found["accuracy"] == 1.0


@pytest.mark.process
def test_answers_from_elsewhere_and_old_runs_can_be_judged_later(tmp_path: Path) -> None:
    data(tmp_path)
    run(tmp_path, *judged(tmp_path, "dataset.scoring=null"))
    folder = run_dir(tmp_path)
    assert not (folder / "scores.jsonl").exists()
    done = run(tmp_path, f"run_dir={folder}", "dataset.scoring=judge", *OTHER, "judge.model.engine.a=1", module="score")
    assert "judge.model.engine.a: no such option" in done.stderr
    done = run(tmp_path, f"run_dir={folder}", "dataset.scoring=judge", module="score")
    assert done.returncode == 0, done.stderr
    assert {line["verdict"] for line in scores(folder)} == {"correct"}
    done = run(
        tmp_path, *judged(tmp_path), "responses.path=" + str(folder / "results.jsonl"),
        "responses.response_field=model_answer", "output=scored", module="score",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {line["verdict"] for line in scores(tmp_path / "scored")} == {"correct"}


def test_the_real_engine_judges_its_own_answers(tmp_path: Path, engine: SharedEngine) -> None:
    from mathbatch.runner.judge_job import judge_of
    from mathbatch.runner.reopen import read_records

    parts, metrics = engine.run(tmp_path, "dataset.limit=12", "dataset.scoring=[auto,judge]")
    assert metrics is None  # the judge comes first
    read_records(parts)
    judge = judge_of(parts.config, parts)
    engine.run_job(judge)
    with judge.replies() as says:
        rows = [row for row in FileDataLoader(composed("dataset.limit=12").dataset) if isinstance(row, Sample)]
        found = [says.votes(ScoringUnit(row, Record(row.id, "", text="no such response"), 0))["judge"] for row in rows]
    assert {score.reason for score in found} == {"the judge could not be asked: no reply"}  # another response
    assert len(records(judge.components.run_dir)) == 12
    parts.saver.close()
