"""Prompt templates: Jinja over the fields of a row, in a sandbox. `{{ row['my field'] }}` reads any name."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mathbatch.errors import ConfigError, SampleError
from mathbatch.records import Row


def compile_prompt(template: str) -> Callable[[Row], str]:
    """Raises ConfigError with the line of a broken template; the function raises SampleError for a row it fails on."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, finalize=_not_null)
    try:
        compiled = environment.from_string(template)
    except TemplateSyntaxError as error:
        raise ConfigError("dataset.prompt", f"line {error.lineno}: {error.message}", "correct the template") from error

    def render(row: Row) -> str:
        try:
            return compiled.render({"row": row, **row}).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise SampleError("prompt_template", f"dataset.prompt fails on this row: {error}") from error

    return render


def _not_null(value: object) -> object:
    """A prompt with the word None where the row has a null would be answered, and the answer be worth nothing."""
    if value is None:
        raise ValueError("a null would stand in the prompt; write {{ field or '' }} where it may be null")
    return value
