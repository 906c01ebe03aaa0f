"""Parts of a user's own that do something wrong end in one sentence with class and line, or cost the sample alone."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from support.faulty_parts import HERE, NeverClosed
from support.processes import run, start, wait_for
from support.rows import SCRIPTED, overrides, questions, write_rows
from support.run_folders import records, results, run_dir

from mathbatch.config import ModelConfig
from mathbatch.models.guard import GuardedModel
from mathbatch.parts.faults import PartError

pytestmark = pytest.mark.process


def said(folder: Path, *more: str, rows: int = 12) -> str:
    """Return the sentence in which a run over `rows` rows ends, with exit code 2."""
    data = write_rows(folder / "rows.jsonl", [{**row, "gold": "4"} for row in questions(rows)])
    done = run(folder, *overrides(data, "dataset.answer_field=gold", *more))
    assert "Traceback" not in done.stderr
    assert done.returncode == 2, done.stderr
    (sentence,) = (line for line in done.stderr.splitlines() if line.startswith("mathbatch: "))
    return sentence.removeprefix("mathbatch: ")


def model(do: str) -> tuple[str, ...]:
    return f"model._target_={HERE}.FaultyModel", f"model.engine.do={do}"


def part(section: str, name: str, *arguments: str) -> tuple[str, ...]:
    return SCRIPTED, f"{section}._target_={HERE}.{name}", *(f"+{section}.{argument}" for argument in arguments)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (model("raise"), "FaultyModel.generate raised KeyError: 'choices', for all 12 samples"),
        (model("raise several"), "FaultyModel.generate raised LookupError: the first, for all 12 samples"),
        (model("raise unspeakably"), "raised Unspeakable: (its message can't be read), for all 12 samples"),
        (model("reject"), "the engine rejects the request, for all 12 samples, from"),
        (model("none"), "FaultyModel.generate returned None, not a Response, for "),
        (model("text"), "generate returned 'four', not a Response"),
        (model("number for a text"), "generate returned a Response whose text is 4, not str"),
        (model("bytes for a text"), "a Response whose text is b'4', not str"),
        (model("no text"), "a Response whose text is None, not str"),
        (model("half a token"), "a Response whose output_tokens is 0.5, not int or None"),
        (model("less than no tokens"), "a Response whose output_tokens is -3, which is no count of tokens"),
        (model("list for a reasoning"), "a Response whose reasoning is a list, not str or None"),
        (model("coroutine"), "returned a coroutine, not a Response: an `await` is missing"),
        (part("model", "PlainModel")[1:], "PlainModel.generate returned a Response, not an awaitable: write `"),
        (part("model", "YieldingModel")[1:], "YieldingModel.generate returned an async_generator, not an awaitable"),
        (part("model", "ClosedModel")[1:], "ClosedModel.open raised ConnectionError: nobody listens"),
        (part("model", "LeavingModel")[1:], "LeavingModel.open raised SystemExit: 0"),
        (part("model", "RoomlessModel")[1:], "RoomlessModel.capacity is None, not a whole number from 1"),
        (part("loader", "FaultyLoader", "of=dicts"), "FaultyLoader.__iter__ yielded a dict, not a Sample or BadRow"),
        (part("loader", "BareLoader"), "BareLoader.__init__ lacks the attribute mapping: call super().__init__ in it"),
        (part("processor", "BareProcessor"), "BareProcessor.__init__ lacks the attribute system_prompt: call super()"),
        (part("loader", "FaultyRows"), "FaultyRows.rows yielded a dict, not a RawRow, as row 1"),
        (part("loader", "Uncounting"), "Uncounting.count returned 'many', not a whole number from 0"),
        (part("processor", "FaultyProcessor", "of=none"), "process returned None, not a Request, for all 12 samples"),
        (part("processor", "FaultyProcessor", "of=raise"), "raised ValueError: no prompt, for all 12 samples, from 0"),
        (part("processor", "FaultyProcessor", "of='no messages'"), "messages are an empty list, not a list of"),
        (part("processor", "FaultyProcessor", "of=exit"), "process raised SystemExit: 0, for all 12 samples"),
        (part("filter", "FaultyFilter", "does=raise"), "raised RuntimeError: no idea, for all 12 samples, from 0"),
        (part("filter", "FaultyFilter", "does=none"), "pending returned None, not True or False, for all 12 samples"),
        (part("filter", "FaultyFilter", "does='leave out'"), "left out what has no answer yet, for all 12 samples"),
        (part("batcher", "FaultyBatcher", "lets_in=0"), "in_flight returned 0, not a whole number from 1"),
        (part("batcher", "FaultyBatcher", "lets_in=null"), "in_flight returned None, not a whole number from 1"),
        (part("batcher", "FaultyBatcher", "lets_in=many"), "in_flight returned 'many', not a whole number from 1"),
        (part("batcher", "LosingBatcher"), "LosingBatcher.order returned 11 objects, not the 12 requests"),
        (part("batcher", "Budgetless"), "Budgetless.image_budget_bytes is None, not a whole number from 1"),
        (part("saver", "BrokenSaver"), "BrokenSaver.append raised KeyError: 'table'"),
        (part("saver", "EmptySaver"), "EmptySaver.find returned None, not a Record, for 0"),
        (part("scorer", "FaultyScorer", "of='true'"), "score returned True, not a Score, for all 12 responses, from 0"),
        (part("scorer", "FaultyScorer", "of=none"), "score returned None, not a Score, for all 12 responses"),
        (part("scorer", "FaultyScorer", "of=raise"), "score raised ZeroDivisionError: division by zero, for all 12"),
        (part("scorer", "FaultyScorer", "of=exit"), "score raised SystemExit: 0, for all 12 responses"),
        (part("scorer", "FaultyScorer", "of='another verdict'"), "a Score whose verdict is 'right', not correct"),
        (part("scorer", "FaultyScorer", "of='a number for the answer'"), "a Score whose answer is 4, not str or None"),
        (part("scorer", "Summing", "summary=text"), "Summing.summary returned 'all', not a BaseSummary or None"),
        (part("scorer", "Summing", "summary=object"), "Uncounted.facts returned what is no JSON"),
    ],
)  # fmt: skip
def test_a_fault_of_a_part_is_one_sentence_with_class_and_line(
    tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    sentence = said(tmp_path, *more)
    assert words in sentence
    where = "temperature must not be inf" if "reject" in sentence else ".py, line "
    assert where in sentence


def test_a_model_that_does_not_keep_its_config_is_told_how(tmp_path: Path) -> None:
    sentence = said(tmp_path, *part("model", "Forgetful")[1:])
    assert sentence == "model._target_: Forgetful.__init__ does not keep its config"


def test_the_line_is_that_of_the_users_file(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from mathbatch.base import BaseInferenceModel\n\n\nclass Own(BaseInferenceModel):\n"
        "    async def generate(self, request):\n        return self.ask()\n\n"
        "    def ask(self):\n        return {}['answer']\n"
    )
    sentence = said(tmp_path, "model._target_=own.Own")
    assert (
        sentence
        == f"own.Own.generate raised KeyError: 'answer', for all 12 samples, from 0 on ({tmp_path}/own.py, line 9)"
    )
    assert "KeyError: 'answer'" in (run_dir(tmp_path) / "run.log").read_text(), "with the whole traceback"


@pytest.mark.parametrize("more", [model("raise"), model("reject"), part("processor", "FaultyProcessor", "of=none")])
def test_the_same_error_on_each_of_the_first_hundred_ends_the_run(tmp_path: Path, more: tuple[str, ...]) -> None:
    assert "for each of the first 100 samples, from 0 on" in said(tmp_path, *more, "batch_size=10", rows=400)
    assert len(records(run_dir(tmp_path))) < 120


@pytest.mark.parametrize(
    ("do", "why"),
    [
        ("some raise", "model_error: TimeoutError: no reply"),
        ("some are cancelled", "model_error: CancelledError"),
        ("some exit", "model_error: SystemExit: 0"),
        ("some interrupt", "model_error: KeyboardInterrupt"),
        ("some raise half a pair", "model_error: ValueError: x\ufffd"),
        ("some refuse", "too_odd: sevens are odd"),
    ],
)
def test_an_error_on_one_sample_costs_that_sample_and_is_tried_again(tmp_path: Path, do: str, why: str) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(18))
    for _ in range(2):
        done = run(tmp_path, *overrides(data, *model(do)))
        assert done.returncode == 1, done.stderr
        assert f"  failed: 7: {why}" in done.stdout
    found = [record["id"] for record in records(run_dir(tmp_path)) if "failure" in record]
    assert sorted(found) == ["17", "17", "7", "7"]
    assert len(records(run_dir(tmp_path))) == 20, "what was answered isn't asked again"
    assert [row["model_answer"] for row in results(run_dir(tmp_path))].count("four") == 16


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (part("processor", "FaultyProcessor", "of=none", "only=7"), "processor_error: row 8: support.faulty_parts"),
        (part("processor", "FaultyProcessor", "of=raise", "only=7"), "processor_error: row 8: ValueError: no prompt"),
        (part("filter", "FaultyFilter", "does=raise", "only=7"), "filter_error: RuntimeError: no idea"),
        (part("filter", "FaultyFilter", "does='leave out'", "only=7"), "left_out: support.faulty_parts.FaultyFilter"),
    ],
)
def test_what_processor_and_filter_do_to_one_sample_costs_that_sample(
    tmp_path: Path, more: tuple[str, ...], why: str
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(12))
    for _ in range(2):
        done = run(tmp_path, *overrides(data, *more))
        assert done.returncode == 1, done.stderr
        assert f"  failed: 7: {why}" in done.stdout
    assert [row["sample_index"] for row in results(run_dir(tmp_path)) if row["model_answer"] is None] == ["7"]


@pytest.mark.parametrize(
    ("do", "told", "kept"),
    [
        ("half a pair", "half a surrogate pair", {"text": "4\ufffd", "reasoning": "\U0001f600"}),
        ("text of another class", "", {"text": "four", "finish_reason": "length"}),
        ("odd reason", "the finish reason 'end_of_turn', which is saved as 'stop'", {"finish_reason": "stop"}),
        ("change the request", "", {"text": "four"}),
    ],
)
def test_an_answer_that_can_be_mended_is_mended_and_that_is_said_once(
    tmp_path: Path, do: str, told: str, kept: dict[str, str]
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(5))
    done = run(tmp_path, *overrides(data, *model(do)))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(told) == 1 or not told
    assert all(record.items() >= kept.items() for record in records(run_dir(tmp_path)))


def test_a_model_that_does_not_close_costs_no_answer(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(5))
    done = run(tmp_path, *overrides(data, *part("model", "UnclosableModel")[1:]))
    assert done.returncode == 0, done.stderr
    assert "UnclosableModel.close raised OSError: the socket is gone" in done.stderr
    assert (run_dir(tmp_path) / "manifest.json").exists()


def test_a_model_that_closes_for_ever_is_not_waited_for() -> None:
    model = GuardedModel(NeverClosed(ModelConfig(name="never closed", path="")), print, close_s=0)
    with pytest.raises(PartError, match=r"NeverClosed\.close did not end within 0 s"):
        asyncio.run(model.close())


def test_a_full_disk_of_an_own_saver_is_told_as_that_and_what_was_saved_stands(tmp_path: Path) -> None:
    assert said(tmp_path, *part("saver", "FullSaver")).endswith(": the quota is used up")
    assert len(records(run_dir(tmp_path))) == 2
    assert run(tmp_path, *overrides(tmp_path / "rows.jsonl", "dataset.answer_field=gold")).returncode == 0
    assert len(records(run_dir(tmp_path))) == 12


def test_requests_and_rows_that_a_processor_changes_later_stay_as_they_were(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(5))
    assert run(tmp_path, *overrides(data, *part("processor", "SharingProcessor"))).returncode == 0
    found = results(run_dir(tmp_path))
    assert [row["query_cot"] for row in found] == [row["query_cot"] for row in questions(5)]
    assert len({row["model_answer"] for row in found}) == 5, "each prompt has its own answer"


def test_a_scorer_that_fails_on_one_response_leaves_that_one_unscored(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [{**row, "gold": "4"} for row in questions(12)])
    scored = part("scorer", "FaultyScorer", "of='some raise'")
    done = run(tmp_path, *overrides(data, "dataset.answer_field=gold", *scored))
    assert done.returncode == 0, done.stderr
    assert "unscored, 1: the comparison fails: ZeroDivisionError: division by zero" in done.stdout


def test_ctrl_c_ends_a_run_whose_model_blocks_everything(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(12))
    blocked = start(tmp_path, *overrides(data, *part("model", "BlockingModel")[1:], "batch_size=1"))
    wait_for((tmp_path / "blocking").exists, blocked)
    wait_for(lambda: blocked.send_signal(signal.SIGINT) or blocked.poll() is not None, blocked)
    blocked.communicate()
    assert blocked.returncode == 130
    assert len(records(run_dir(tmp_path))) == 7
