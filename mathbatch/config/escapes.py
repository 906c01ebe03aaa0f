"""Refuse texts whose escapes mean something else than they look like, before they go into every prompt.

Between double quotes YAML makes a backspace of the `\b` of `\boxed{}`; on the command line `\n` stays two characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from mathbatch.config.schema import Config
from mathbatch.config.spelling import TOKEN
from mathbatch.config.templates.eaten_commands import eaten_commands, is_command
from mathbatch.errors import ConfigError

# Jinja has escapes of its own: `{{ steps | join('\n') }}`.
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\[nrt][A-Za-z]*)")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# A prompt within a dictionary: `dataset.scoring={judge:{prompt:"…"}}`.
NAMED_PROMPT = re.compile(r"prompt\s*:")
STOPPING = ("sampling.stop", "sampling.bad_words")


def refuse_spoilt_texts(config: Config) -> None:
    r"""Raise ConfigError for a text in which an escape has eaten a LaTeX command, and for a `\n` that stops nothing."""
    for path, text in _texts(asdict(config), ""):
        if eaten := eaten_commands(text):
            raise ConfigError(path, f"what should be {' '.join(eaten)} begins with a control character", _in_yaml(path))
        if path.endswith("prompt") and (found := CONTROL.search(text)):
            raise ConfigError(path, f"it holds the control character {found[0]!a}", _in_yaml(path))
    for path in STOPPING:
        for text in getattr(config.sampling, path.rpartition(".")[2]) or ():
            if escape := _written_escape(text):
                raise ConfigError(path, _two_characters(escape), _in_shell(path, r'["\n"]') + r'; in YAML: ["\n"]')


def refuse_typed_escapes(arguments: Sequence[str]) -> None:
    r"""Raise ConfigError for `system_prompt="a\nb"` on the command line: its prompt would have no second line.

    Text between single quotes is taken as it stands, and so are LaTeX commands such as `\nabla`.
    """
    for argument in arguments:
        key, _, value = argument.partition("=")
        path = key.lstrip("+~")
        if not path.endswith("prompt") and not NAMED_PROMPT.search(value):
            continue
        texts = (token for token in TOKEN.findall(value) if not token.startswith("'"))
        for escape in filter(None, map(_written_escape, texts)):
            fix = _in_shell(path, r'"a\nb"') + f"; with a backslash as it stands: {path}='…'"
            raise ConfigError(path, _two_characters(escape), fix)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, f"{path}.{name}" if path else str(name))


def _written_escape(text: str) -> str | None:
    """Return the first backslash and letter that somebody has meant as a control character, if there is one."""
    escapes = ESCAPE.findall(JINJA.sub("", text))
    return next((escape[:2] for escape in escapes if not is_command(escape)), None)


def _two_characters(escape: str) -> str:
    return f"{escape} is a backslash and the letter {escape[1]} here, not a control character"


def _in_yaml(path: str) -> str:
    return (
        f"YAML reads \\b, \\f, \\n and \\t between double quotes: write {path} as a block (|-) or between single quotes"
    )


def _in_shell(path: str, value: str) -> str:
    return f"in bash $'{path}={value}' has it"
