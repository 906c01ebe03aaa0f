"""Jinja for dataset configs, in a sandbox that cannot run away: what a template may touch, how long, and how much.

A dataset config is data: someone may run one that a stranger wrote. Jinja's own sandbox keeps Python's insides out of
reach; here loops are counted besides, time is limited, and no text grows beyond a limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mathbatch.data.helpers import FILTERS, TESTS

MAX_STEPS = 100_000
MAX_S = 1.0
MAX_TEXT = 1 << 20
BUDGET = "_budget"
STRING_METHODS = {
    "capitalize", "count", "endswith", "find", "index", "isalpha", "isdecimal", "isdigit", "islower", "isnumeric",
    "isspace", "isupper", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rpartition",
    "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
}  # fmt: skip
OTHER_METHODS = {"get", "items", "keys", "values", "count", "index"}
BUILT_IN_FILTERS = {
    "abs", "capitalize", "count", "d", "default", "dictsort", "escape", "first", "float", "groupby", "int", "items",
    "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse",
    "round", "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim", "unique", "upper",
}  # fmt: skip
FORBIDDEN = (
    *(nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends, nodes.Block),
    *(nodes.Macro, nodes.CallBlock, nodes.AssignBlock, nodes.FilterBlock),
)
"""None of them has a use in a prompt, and each is a way to repeat or to reach other files."""


class Budget:
    """What one rendering may use."""

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._deadline = time.monotonic() + MAX_S

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0 or time.monotonic() > self._deadline:
            raise SecurityError(f"more than {MAX_STEPS:,} steps of loops, or more than {MAX_S:g} s")


@pass_context
def counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    """The items of a loop, each at a price."""
    budget = context[BUDGET]
    for value in values:
        budget.step()
        yield value


def bounded(value: Any) -> Any:
    """The value, unless it is too long."""
    if isinstance(value, (str, list, tuple)) and len(value) > MAX_TEXT:
        raise SecurityError(f"text or list of more than {MAX_TEXT:,} characters or items")
    return value


class Environment(ImmutableSandboxedEnvironment):
    """For prompts, `where` and `columns`."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, finalize=_not_null)
        self.globals = {}
        self.filters = {name: self.filters[name] for name in BUILT_IN_FILTERS} | FILTERS
        self.filters |= {"_counted": counted, "_bounded": bounded}
        self.filters |= {name: _bounding(self.filters[name]) for name in ("join", "replace")}
        self.tests |= TESTS

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str):
            return attr in STRING_METHODS
        if isinstance(obj, (dict, list, tuple)):
            return attr in OTHER_METHODS
        return isinstance(obj, nodes.Node) or (super().is_safe_attribute(obj, attr, value) and not callable(value))

    def wrap_str_format(self, value: Any) -> None:
        """A format such as `{:1000000000d}` fills the memory, so there is none."""

    def is_safe_callable(self, obj: Any) -> bool:
        return not isinstance(obj, (type, Macro)) and callable(obj)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if getattr(obj, "__name__", "") == "replace":
            _check_replace(getattr(obj, "__self__", ""), *args)
        return bounded(super().call(context, obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            _check_product(left, right)
        if operator == "**" and (not _is_small(left) or not _is_small(right)):
            raise SecurityError("a power of numbers above 1,000")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("formatting with %: write the value as {{ value }}")
        return bounded(super().call_binop(context, operator, left, right))

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        for kind in FORBIDDEN:
            if found := source.find(kind):
                raise SecurityError(f"line {found.lineno}: {type(found).__name__.lower()} is not available")
        for loop in source.find_all(nodes.For):
            if loop.recursive:
                raise SecurityError(f"line {loop.lineno}: recursive loops are not available")
            loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
        _bound_concatenations(source)
        return super()._generate(source, *args, **kwargs)


def _bound_concatenations(node: nodes.Node) -> None:
    """`a ~ b` becomes `(a ~ b) | _bounded`."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, nodes.Node):
            _bound_concatenations(value)
            setattr(node, name, _bound(value))
        elif isinstance(value, list):
            for at, item in enumerate(value):
                if isinstance(item, nodes.Node):
                    _bound_concatenations(item)
                    value[at] = _bound(item)


def _bound(node: nodes.Node) -> nodes.Node:
    if isinstance(node, nodes.Concat):
        return nodes.Filter(node, "_bounded", [], [], None, None, lineno=node.lineno)
    return node


def _bounding(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja whose result may be far longer than what it is given."""
    from functools import wraps

    at = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def bounded_filter(*args: Any, **kwargs: Any) -> Any:
        arguments = list(args)
        if function.__name__ == "do_replace":
            _check_replace(str(arguments[at]), *(str(argument) for argument in arguments[at + 1 : at + 3]))
        else:
            arguments[at] = list(arguments[at])
            separator = arguments[at + 1] if len(arguments) > at + 1 else kwargs.get("d", "")
            total = sum(len(str(item)) + len(str(separator)) for item in arguments[at])
            if total > MAX_TEXT:
                bounded("x" * (MAX_TEXT + 1))
        return function(*arguments, **kwargs)

    return bounded_filter


def _check_replace(text: Any, *args: Any) -> None:
    if isinstance(text, str) and len(args) > 1 and len(text) + (text.count(args[0]) + 1) * len(args[1]) > MAX_TEXT:
        raise SecurityError("a replacement that makes the text too long")


def _check_product(left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(value, (str, list, tuple)) and isinstance(times, int) and len(value) * times > MAX_TEXT:
            raise SecurityError("a repetition that makes the text too long")
        if isinstance(value, int) and value.bit_length() > 4096:
            raise SecurityError("a number of more than 4,096 bits")


def _is_small(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= 1000


def _not_null(value: object) -> object:
    """A prompt with the word None where the row has a null would be answered, and the answer be worth nothing."""
    if value is None:
        raise ValueError("a null would stand in the prompt; write {{ field or '' }} where it may be null")
    return value
