"""Check that the table of a sweep shows what was swept and the folders, however narrow the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mathbatch.reports.summary import show_sweep
from mathbatch.reports.sweep_table import sweep_table, swept_keys, swept_values
from mathbatch.runner.outcome import Outcome


def outcome(number: int, *overrides: str, **changed: Any) -> Outcome:
    facts: dict[str, Any] = {"answered": 1319, "failed": 2, "truncated": 41, "prompt_tokens": 7, "accuracy": 0.5}
    facts |= {"output_tokens": 2_345_678, "seconds": 1.0, "interval": (0.4, 0.6), "status": "complete"}
    facts |= {"folder": f"/runs/qwen2.5-vl-7b/mathvista/t0.{number}-0a1b2c3{number}"}
    return Outcome(number=number, overrides=list(overrides), **facts | changed)


def shown(outcomes: list[Outcome], width: int | None, base: str = "/runs/qwen2.5-vl-7b/mathvista") -> str:
    table, _ = sweep_table("jobs", outcomes, swept_keys(outcomes), base, width)
    console = Console(width=width or 10_000)
    with console.capture() as caught:
        console.print(table)
    lines = caught.get().splitlines()
    assert all(len(line) <= (width or 10_000) for line in lines)
    return "\n".join(lines)


ONE = [outcome(at, f"sampling.temperature=0.{at}") for at in range(3)]
MANY = [
    outcome(
        at,
        *(f"sampling.temperature=0.{at}", "sampling.repetition_penalty=1.05", "sampling.max_tokens=16384"),
        *("dataset=mathverse_text_only", f"model={'qwen3_vl' if at else 'internvl'}"),
        folder=f"/runs/qwen3-vl-8b-thinking/mathverse_text_only/t0.{at}-0a1b2c3{at}",
    )
    for at in range(3)
]


@pytest.mark.parametrize("width", [60, 66, 72, 80, 100, 132, None])
def test_swept_values_and_folders_are_whole_at_every_width(width: int | None) -> None:
    one = shown(ONE, width)
    for at in range(3):
        assert f"t0.{at}-0a1b2c3{at}" in one
        assert f" 0.{at} " in one
    assert "temperature" in one
    many = shown(MANY, width, "/runs")
    flat = "".join(many.split())
    for at in range(3):
        assert f"t0.{at}-0a1b2c3{at}" in many
        assert "accuracy" in many
    assert flat.count("16384") == 3


def test_what_has_no_room_is_left_out_and_named() -> None:
    _, left_out = sweep_table("jobs", ONE, swept_keys(ONE), "/runs", 60)
    assert "tokens" in left_out
    assert sweep_table("jobs", ONE, swept_keys(ONE), "/runs", None)[1] == []


def test_long_prompts_leave_room_for_the_folder() -> None:
    prompts = [outcome(at, f"system_prompt='{'think about it ' * 20}{at}'") for at in range(2)]
    text = shown(prompts, 60)
    assert "t0.1-0a1b2c31" in text
    assert "50.0%" in text


@pytest.mark.parametrize(
    ("override", "value"),
    [
        (r"system_prompt=Think\ step\ by\ step.", "Think step by step."),
        ('system_prompt="two words"', "two words"),
        (r"system_prompt='it\'s {{ q }}'", "it's {{ q }}"),
        ("sampling.temperature=0.0", "0.0"),
        ("+sampling.seed=null", "null"),
        ("sampling.stop=[a,b]", "[a,b]"),
    ],
)
def test_a_swept_value_is_shown_as_it_is_meant(override: str, value: str) -> None:
    assert list(swept_values(outcome(0, override)).values()) == [value]


def test_tokens_that_do_not_belong_to_all_answers_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stopped = [
        outcome(0, "sampling.temperature=0", status="stopped", output_tokens=None),
        outcome(1, "sampling.temperature=1"),
    ]
    show_sweep(stopped, {"seconds": 3.0}, Path("/runs"))
    lines = capsys.readouterr().out.splitlines()
    first, second = (next(line for line in lines if f"0a1b2c3{at}" in line) for at in range(2))
    assert "2,345,678" in second
    assert "2,345,678" not in first
    assert "stopped" in first


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/me/run/checkpoint-500", "/me/run/checkpoint-1000", "null"], ["checkpoint-500", "checkpoint-1000", "null"]),
        (["a/final", "b/final"], ["a/final", "b/final"]),
        (["run/a/final", "run/b/final"], ["a/final", "b/final"]),
        (["null", "/me/run/final"], ["null", "final"]),
        (["/me/run", "/me/run/final"], ["run", "run/final"]),
        (["Qwen/One", "OpenGVLab/Two"], ["Qwen/One", "OpenGVLab/Two"]),
    ],
)
def test_swept_paths_are_shown_from_where_they_differ_on(paths: list[str], names: list[str]) -> None:
    for key in ("model.lora", "model.path"):
        table = shown([outcome(at, f"{key}={path}") for at, path in enumerate(paths)], None)
        cells = [line.split()[0] for line in table.splitlines() if "0a1b2c3" in line]
        assert cells == names
