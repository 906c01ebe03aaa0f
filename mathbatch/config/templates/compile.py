"""Compile the Jinja templates and expressions of a dataset config.

They read the fields of a row by name: `{{ question }}`, or `{{ row['my field'] }}` for a name that is no identifier.
`row` is the field of that name if there is one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, UndefinedError

from mathbatch.config.templates.sandbox import BUDGET, PLAIN, Budget, Environment
from mathbatch.errors import ConfigError, SampleError
from mathbatch.records import Row

ENVIRONMENT = Environment()
# Characters of a template. Jinja takes seconds for a longer one, and worked examples have a file of their own.
MAX_SOURCE = 1 << 18
# Message of Jinja's error about a name that the row does not have.
UNDEFINED = re.compile(r"'(\w+)' is undefined")
# Errors that a template or expression may raise, on its own or on the values of a row.
ERRORS = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    *(RecursionError, MemoryError),
)


def compile_prompt(template: str, path: str = "dataset.prompt") -> Callable[[Row], str]:
    """Return a function that renders the prompt of a row, and raises SampleError if that fails.

    Raise ConfigError with the line number if the template is broken. `path` is its config path for messages.
    """
    _check_length(template, path)
    try:
        compiled = ENVIRONMENT.from_string(template)
    except (*ERRORS, SyntaxError) as error:
        raise _broken(path, error) from error

    def render(row: Row) -> str:
        try:
            return compiled.render(_variables(row)).strip()
        except ERRORS as error:
            raise SampleError("prompt_template", f"{path} fails on this row: {_explained(error, row)}") from error

    return render


def compile_expression(source: str, path: str) -> Callable[[Row], Any]:
    """Return a function that evaluates an expression such as `answer | after('####')` over a row.

    The function raises SampleError if that fails. Raise ConfigError if the expression is broken. `path` is its config
    path for messages.
    """
    _check_length(source, path)
    try:
        compiled = ENVIRONMENT.compile_expression(source, undefined_to_none=False)
    except (*ERRORS, SyntaxError) as error:
        raise _broken(path, error) from error

    def evaluate(row: Row) -> Any:
        try:
            variables = _variables(row)
            value = variables[BUDGET].charge(compiled(variables))
            if isinstance(value, Undefined):
                str(value)  # raises an error with the missing name
            if not isinstance(value, PLAIN):
                raise TypeError(f"a {type(value).__name__} is no value")
        except ERRORS as error:
            raise SampleError("bad_expression", f"{path} fails on this row: {_explained(error, row)}") from error
        return value

    return evaluate


def _check_length(source: str, path: str) -> None:
    if len(source) > MAX_SOURCE:
        problem = f"a template of {len(source):,} characters, over {MAX_SOURCE:,}"
        raise ConfigError(path, problem, "shorten it; worked examples may stand in a file, see dataset.examples")


def _explained(error: Exception, row: Row) -> str:
    """Return the message of an error. If the row lacks a name, it has a hint at the name that may have been meant."""
    undefined = UNDEFINED.fullmatch(str(error))
    if undefined is None:
        hidden = isinstance(error, UndefinedError) and "row" in row
        return f"{error}; `row` is the field of that name here, not the row" if hidden else str(error)
    close = difflib.get_close_matches(undefined[1], row, n=1)
    hint = (
        f"did you mean '{close[0]}'?" if close else f"where only some rows have it: '{undefined[1]} is defined and …'"
    )
    return f"{error}; {hint}"


def _variables(row: Row) -> Row:
    return {"row": row, **row, BUDGET: Budget()}


def _broken(path: str, error: Exception) -> ConfigError:
    line = f"line {error.lineno}: " if isinstance(error, TemplateSyntaxError) else ""
    problem = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    return ConfigError(path, f"{line}{problem}", "correct it; README.md lists the filters that there are")
