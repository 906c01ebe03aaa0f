"""Escapes that don't mean what they look like are refused, with how to write what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configs import composed
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import run_dir

from mathbatch.config.escapes import refuse_spoilt_texts, refuse_typed_escapes
from mathbatch.errors import ConfigError
from mathbatch.runner.snapshot import read_snapshot


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", questions(3))


@pytest.mark.parametrize(
    "argument",
    [
        *(r'sampling.stop=["\n\n"]', r"sampling.stop=['\nQuestion:']", r'sampling.stop=[done,"\t"]'),
        *(r'sampling.bad_words=["\r\n"]', r"sampling.stop=[\n]", r'sampling.stop=["a\\\nb"]'),
    ],
)
def test_a_backslash_and_an_n_stop_nothing_and_are_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match=r"backslash and the letter") as refused:
        refuse_spoilt_texts(composed(argument))
    assert "$'" in str(refused.value)
    assert "YAML" in str(refused.value)


@pytest.mark.parametrize(
    "argument", ['sampling.stop=["\n\n"]', r"sampling.stop=['\nabla','\boxed{']", "sampling.stop=[n]"]
)
def test_newlines_and_commands_stop_an_answer(argument: str) -> None:
    refuse_spoilt_texts(composed(argument))


@pytest.mark.parametrize(
    "argument",
    [
        *(r'system_prompt="a\nb"', r'dataset.prompt="{{ question }}\n\nThink."', r"system_prompt=Think.\nAnswer."),
        r'dataset.scoring.judge.prompt="a\tb"',
        r'dataset.scoring={judge:{prompt:"a\nb"}}',
        *(r'system_prompt="one","two\n"', r'+system_prompt="a\rb"'),
    ],
)
def test_a_prompt_that_would_have_no_second_line_is_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match="backslash and the letter") as refused:
        refuse_typed_escapes([argument])
    assert "$'" in str(refused.value)


@pytest.mark.parametrize(
    "argument",
    [
        *(r'system_prompt="use \nabla, \neq, \times, \text{cm} and \rho"', "system_prompt='split at \\n'"),
        *(r'dataset.prompt="{{ steps | join(\"\n\") }}"', r'dataset.where="\d\n"', 'system_prompt="a\nb"', "-m"),
        *(r'dataset.image_placeholder="<img(\d)>\n"', r"system_prompt='don\'t \nest'"),
    ],
)
def test_latex_jinja_and_single_quotes_are_taken_as_they_stand(argument: str) -> None:
    refuse_typed_escapes([argument])


@pytest.mark.parametrize(
    ("key", "command"),
    [
        *(
            ("prompt", r"\boxed"),
            ("prompt", r"\frac"),
            ("prompt", r"\times"),
            ("prompt", r"\neq"),
            ("prompt", r"\alpha"),
        ),
        ("columns: {x", r"\rho"),
    ],
)
@pytest.mark.parametrize("command_of", ["run", "check"])
def test_a_command_eaten_in_yaml_is_named_with_how_to_write_it(
    tmp_path: Path, data: Path, key: str, command: str, command_of: str
) -> None:
    folder = tmp_path / "my_conf" / "dataset"
    folder.mkdir(parents=True)
    closing = "}" if "{" in key else ""
    text = f'name: mine\ninput: {data}\nimage_field: null\n{key}: "Give {command}{{7}}."{closing}\n'
    (folder / "mine.yaml").write_text(text)
    done = run(tmp_path, "--config-dir", "my_conf", overrides(data)[0], "dataset=mine", module=command_of)
    assert done.returncode == 2
    assert f"dataset.{key.replace(': {', '.')}: what should be {command}" in done.stderr
    assert "single quotes" in done.stderr


def test_a_system_prompt_and_the_prompt_of_a_judge_are_looked_at_too() -> None:
    for argument in (
        "system_prompt='\x0crac{1}{2}'",
        "dataset.scoring={judge:{prompt:'a \x08oxed'}}",
        "system_prompt='\x1b'",
    ):
        with pytest.raises(ConfigError, match="control character"):
            refuse_spoilt_texts(composed(argument))


def test_a_newline_that_bash_has_made_arrives_as_one(tmp_path: Path, data: Path) -> None:
    assert run(tmp_path, *overrides(data), 'sampling.stop=["\n\n"]', 'system_prompt="a\nb"').returncode == 0
    written, _ = read_snapshot(run_dir(tmp_path))
    assert written.sampling.stop == ["\n\n"]
    assert written.system_prompt == "a\nb"
