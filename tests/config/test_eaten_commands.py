"""Test that what an escape has left of a LaTeX command is found, and that ordinary text is left alone."""

from __future__ import annotations

import json

import pytest
import yaml

from mathbatch.config.templates.eaten_commands import eaten_commands

COMMANDS = [
    *(
        r"\boxed",
        r"\beta",
        r"\binom",
        r"\begin",
        r"\frac",
        r"\forall",
        r"\neq",
        r"\nabla",
        r"\notin",
        r"\rho",
        r"\right",
    ),
    *(r"\rangle", r"\times", r"\theta", r"\text", r"\triangle", r"\tfrac"),
]
COMMANDS_OF_YAML_ALONE = [r"\alpha", r"\approx", r"\vec", r"\varphi", r"\epsilon", r"\equiv", r"\Leftarrow", r"\Phi"]


@pytest.mark.parametrize("command", [*COMMANDS, *COMMANDS_OF_YAML_ALONE])
def test_a_command_between_double_quotes_of_yaml_is_named(command: str) -> None:
    assert eaten_commands(yaml.safe_load(f'"Give {command}{{7}} and {command} x"')) == [command]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_in_json_is_named(command: str) -> None:
    assert eaten_commands(json.loads(f'"so ${command}{{2}}{{3}}$"')) == [command]


@pytest.mark.parametrize("command", [r"\tan", r"\tau", r"\to", r"\ne", r"\nu", r"\ni", r"\neg"])
def test_a_control_character_within_a_formula_is_what_is_left_of_a_command(command: str) -> None:
    assert eaten_commands(json.loads(f'"the limit of $f(x) {command} y$ is"')) == [command]
    assert eaten_commands(json.loads(f'"so ${command}$ it is"')) == [command]
    assert eaten_commands(json.loads(f'"it costs $5,{command} y"')) == []
    assert eaten_commands(json.loads(f'"it costs $5 and{command} think that $6 is more"')) == []
    assert eaten_commands(json.loads(f'"$${command} = 5$$"')) == []


def test_each_is_named_once_in_the_order_of_the_text() -> None:
    assert eaten_commands("\x0crac{1}{2} \times 3, \x0crac{1}{3}, \x08eta") == [r"\frac", r"\times", r"\beta"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "What is 2+2?", r"Put it in \boxed{} as \frac{a}{b}, \neq \times \rho"),
        *("Let\ni be the imaginary unit\ne is Euler's number\nu is a vector\neg this", "A\tan apple\to\top\tau"),
        *(
            "one\r\nho ho\r\night",
            "Chapter 1\x0cChapter 2",
            "quality\nequal",
            "row\ttimes\ttextbook",
            "tab\tB\nnext line",
        ),
        *("separate\u2028Lines of\u2029Prose", "1\t2\t3\n4\t5\t6"),
    ],
)
def test_ordinary_text_has_lost_nothing(text: str) -> None:
    assert eaten_commands(text) == []
