"""Answers of every kind of server are read: text, thought, why they ended, and what they cost."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from support.fault_server import completion

from mathbatch.data.counts import Counts
from mathbatch.errors import SampleError
from mathbatch.fleet.servers.outcomes import Unanswered
from mathbatch.fleet.servers.pace import FIRST_LIMIT, Pace
from mathbatch.fleet.servers.replies import response_of
from mathbatch.fleet.servers.waits import MOST_S, asked_wait
from mathbatch.records import Record, Response


def read(body: Any, pair: tuple[str, str] | None = None) -> Response:
    return response_of(body if isinstance(body, bytes) else json.dumps(body).encode(), pair, None)


@pytest.mark.parametrize(
    ("body", "thought", "text"),
    [
        (completion("36", reasoning="6 * 6"), "6 * 6", "36"),
        (completion("\n\n36", reasoning_content="6 * 6\n"), "6 * 6", "36"),
        (completion("<think>6 * 6</think>36"), "6 * 6", "36"),
        (completion("<think>6 * 6</think>36", reasoning=None, reasoning_content=""), "6 * 6", "36"),
        (completion("36"), None, "36"),
        (completion(None, reasoning="6 *"), "6 *", ""),  # type: ignore[arg-type]
        (completion([{"type": "text", "text": "3"}, {"type": "text", "text": "6"}]), None, "36"),  # type: ignore[arg-type]
        (
            completion(
                [{"type": "thinking", "thinking": [{"type": "text", "text": "6 * 6"}]}, {"type": "text", "text": "36"}]
            ),  # type: ignore[arg-type]
            "6 * 6",
            "36",
        ),
        (completion(None, refusal="I can't."), None, "I can't."),  # type: ignore[arg-type]
    ],
)
def test_thought_and_answer_are_told_apart(body: Any, thought: str | None, text: str) -> None:
    found = read(body)
    assert (found.reasoning, found.text) == (thought, text)


def test_marks_of_the_configuration_count() -> None:
    assert read(completion("{{6 * 6}}36"), ("{{", "}}")).reasoning == "6 * 6"


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        *(("stop", "stop"), ("length", "length"), ("max_tokens", "length"), ("repetition", "repetition")),
        *((None, None), ("end_turn", "stop"), ("tool_calls", "stop"), ("model_length", "length")),
    ],
)
def test_the_end_of_an_answer_has_our_name(said: str | None, ours: str | None) -> None:
    assert read(completion("1", said)).finish_reason == ours  # type: ignore[arg-type]


def test_an_answer_that_a_filter_stopped_is_a_failure_and_one_that_was_dropped_is_asked_again() -> None:
    with pytest.raises(SampleError, match="filter"):
        read(completion("1", "content_filter"))
    with pytest.raises(Unanswered):
        read(completion("1", "abort"))


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4}, (9, 4, None, None)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 4,
                "prompt_tokens_details": {"cached_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            (9, 4, 5, 3),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 4, "reasoning_tokens": 2, "prompt_tokens_details": None},
            (9, 4, None, 2),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 8}, (9, 4, 8, None)),
        (None, (None, None, None, None)),
        ({"prompt_tokens": "many"}, (None, None, None, None)),
        ({"prompt_tokens": -1, "completion_tokens": 4}, (None, 4, None, None)),
    ],
)
def test_tokens_are_counted_as_the_server_tells_them(usage: Any, counts: tuple[int | None, ...]) -> None:
    found = read({**completion("1"), "usage": usage})
    assert (found.prompt_tokens, found.output_tokens, found.cached_tokens, found.reasoning_tokens) == counts


def test_half_of_a_surrogate_pair_and_a_number_that_is_none_cost_no_answer() -> None:
    body = json.dumps({**completion("1 \ud83d 2"), "metrics": float("nan")}).encode()
    found = read(body)
    assert found.text == "1 � 2"
    assert found.prompt_tokens == 7


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff", b"[" * 100_000, b'{"choices": 1}', b'{"choices": [{}]}']
)
def test_what_is_no_answer_is_asked_again(body: bytes) -> None:
    with pytest.raises(Unanswered):
        read(body)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Sun, 29 Nov 2026 12:00:09 GMT", "date": "Sun, 29 Nov 2026 12:00:00 GMT"}, 9.0),
        ({"retry-after": "Sun, 29 Nov 2020 12:00:09 GMT", "date": "Sun, 29 Nov 2026 12:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "1e12"}, MOST_S),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_a_server_is_waited_for_as_long_as_it_asks(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers) == seconds


def test_an_episode_of_complaints_shrinks_the_limit_once() -> None:
    async def work() -> None:
        grown: list[int] = []
        pace = Pace(lambda: grown.append(pace.limit))
        for at in range(FIRST_LIMIT):
            pace.note_success(FIRST_LIMIT + at)
        assert pace.limit == 2 * FIRST_LIMIT
        assert grown == list(range(FIRST_LIMIT + 1, 2 * FIRST_LIMIT + 1))
        sent = [await pace.enter(lambda wait: wait) for _ in range(10)]
        for episode in sent:
            pace.note_crowded(episode, 0.0)
        assert pace.limit == int(2 * FIRST_LIMIT * 0.8)
        pace.note_crowded(sent[0] + 1, 0.0)
        assert pace.limit == int(2 * FIRST_LIMIT * 0.64)
        before = pace.limit
        for _ in range(before + 1):
            pace.note_success(pace.limit)
        assert pace.limit == before + 1

    asyncio.run(work())


def test_no_more_are_sent_than_the_limit_allows_and_places_go_to_those_that_wait() -> None:
    async def work() -> None:
        pace = Pace(lambda: None)
        entered = [asyncio.create_task(pace.enter(lambda wait: wait)) for _ in range(FIRST_LIMIT + 5)]
        await asyncio.sleep(0)
        assert sum(task.done() for task in entered) == FIRST_LIMIT
        entered[FIRST_LIMIT].cancel()
        for _ in range(4):
            pace.leave()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert sum(task.done() for task in entered) == FIRST_LIMIT + 5

    asyncio.run(work())


def test_tokens_cost_what_their_prices_say() -> None:
    counts = Counts()
    counts.add(Record("1", "0" * 16, text="", prompt_tokens=3_000_000, output_tokens=500_000, cached_tokens=1_000_000))
    assert counts.cost({}) is None
    assert counts.cost({"input": 2.0, "output": 10.0}) == pytest.approx(11.0)
    assert counts.cost({"input": 2.0, "cached_input": 0.5, "output": 10.0}) == pytest.approx(9.5)
