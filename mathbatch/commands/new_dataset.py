"""Draft the dataset config of a file from its first rows."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import sys
from pathlib import Path

from mathbatch.commands import exit_codes
from mathbatch.commands.guess_fields import (
    Guess,
    RowSample,
    guess_answer,
    guess_choices,
    guess_id,
    guess_images,
    guess_metadata,
    guess_query,
)
from mathbatch.commands.yaml_text import one_line, quoted
from mathbatch.config import DatasetConfig
from mathbatch.config.paths import SCHEME
from mathbatch.config.value_checks import LONGEST_NAME
from mathbatch.data.rows.sources import chained, sources_of
from mathbatch.errors import ConfigError

# Number of rows from which the meaning of fields is guessed.
MAX_ROWS = 2000
USAGE = "python -m mathbatch.new_dataset rows.jsonl [name=…] [output=my_conf]"
# Request at the end of every drafted prompt.
BOXED = "Please reason step by step, and put your final answer within \\boxed{}."


def main() -> int:
    """Write the draft that the command line asks for; return the exit code."""
    input, options = _arguments(sys.argv[1:])
    # Hydra reads no other letters in `dataset=…` without quotes.
    ascii_stem = re.sub(r"[^A-Za-z0-9_]+", "_", Path(input).name.partition(".")[0]).strip("_")
    name = options.get("name") or ascii_stem[:LONGEST_NAME] or "dataset"
    folder = Path(options.get("output", "my_conf"))
    path = folder / "dataset" / f"{name}.yaml"
    text = draft(name, input, folder)
    if path.exists():
        raise ConfigError("output", f"{path} is there already", "move it away, or give another name=…")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError("output", f"can't write the draft: {error}", "give another folder: output=…") from error
    print(f"{text}\nwritten to {path}; correct it where the guess is wrong, then:")
    print(f"  python -m mathbatch.check --config-dir {shlex.quote(str(folder))} dataset={shlex.quote(name)}")
    return exit_codes.SUCCESS


def draft(name: str, input: str, folder: Path = Path("my_conf")) -> str:
    """Return the draft as YAML, for the configuration folder `folder`.

    Raises ConfigError for a file without readable rows or without a question.
    """
    raws = (raw for _, raw in chained(sources_of(DatasetConfig(name=name, input=input))))
    read = [(raw.row, raw.number) for raw in itertools.islice(raws, MAX_ROWS) if raw.row is not None]
    rows = RowSample([row for row, _ in read], [number for _, number in read])
    if not rows.rows:
        raise ConfigError("input", f"{input} has no rows that can be read", "see the formats in README.md")
    query = guess_query(rows)
    if query is None:
        raise ConfigError("input", f"no field looks like a question: {', '.join(rows.names)}", "write the YAML by hand")
    choices, answer = guess_choices(rows), guess_answer(rows)
    guesses = {"index_field": guess_id(rows), "image_field": guess_images(rows)}
    guesses |= {
        key: guess for key, guess in (("choices_field", choices), ("answer_field", answer)) if guess is not None
    }
    used = {str(query.value), *(str(guess.value) for guess in guesses.values())}
    guesses["metadata"] = guess_metadata(rows, used)
    file, fields = map(one_line, (Path(input).name, rows.names))
    lines = [f"# Drafted from {len(rows.rows):,} rows of {file}; its fields: {fields}"]
    lines += [f"name: {quoted(name)}", f"input: {quoted(_portable(input, folder))}"]
    columns = [guess.column for guess in guesses.values() if guess.column is not None]
    if columns:
        lines += ["columns:", *(f"  {column}: {quoted(expression)}" for column, expression in columns)]
    lines += [f"{key}: {guess.yaml}  # {guess.why}" for key, guess in guesses.items()]
    return "\n".join([*lines, *_prompt(rows, query, choices), ""])


def _portable(input: str, folder: Path) -> str:
    """Return the path of the input from the folder that holds `folder`, if it lies in there, else in full.

    `config/dataset_paths.py` finds the former from wherever a command is started, and after both have been moved.
    """
    if input.startswith(SCHEME):
        return input
    path, beside = os.path.abspath(os.path.expanduser(input)), folder.absolute().parent
    return os.path.relpath(path, beside) if Path(path).is_relative_to(beside) else path


def _prompt(rows: RowSample, query: Guess, choices: Guess | None) -> list[str]:
    """Return the lines of the key `prompt`."""
    question = rows.variable(str(query.value))
    lines = [f"# the question: {query.yaml} ({query.why})", "prompt: |-", f"  {{{{ {question} }}}}"]
    if choices is not None:
        listed = rows.variable(str(choices.value))
        lines += [
            f"  {{%- if {rows.if_any(str(choices.value))} %}}",
            f"  {{{{ {listed} | lettered }}}}",
            "  {%- endif %}",
        ]
    return [*lines, "", f"  {BOXED}"]


def _arguments(arguments: list[str]) -> tuple[str, dict[str, str]]:
    """Return the input file and the options `name` and `output`. Raises ConfigError without exactly one file."""
    is_option = re.compile(r"(name|output)=").match
    options = dict(argument.split("=", 1) for argument in arguments if is_option(argument))
    files = [argument for argument in arguments if not is_option(argument)]
    if len(files) != 1:
        raise ConfigError("arguments", f"can't read: {' '.join(arguments)}", USAGE)
    return files[0], options
