"""Run Jinja templates of dataset configs in a sandbox that limits what they can reach, and their time and memory.

A dataset config may come from a stranger. Jinja's own sandbox keeps Python's internals out of reach. In addition, each
step of a loop and each value that a filter or operator makes is charged to a budget here. Whatever a template must not
do raises SecurityError.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mathbatch.config.templates.filters import FILTERS, TESTS

MAX_STEPS = 100_000
MAX_CPU_S = 2.0
# Size of one value: the characters and items in it, nested ones included.
MAX_SIZE = 1 << 20
# Characters that one rendering may write.
MAX_OUTPUT = 1 << 22
# Bits of an integer that may be multiplied.
MAX_BITS = 4096
# Name of the variable that holds the budget of a rendering. With blanks in it no template can name it.
BUDGET = "budget of the rendering"
STRING_METHODS = {
    "capitalize", "count", "endswith", "find", "index", "isalpha", "isdecimal", "isdigit", "islower", "isnumeric",
    "isspace", "isupper", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rpartition",
    "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
}  # fmt: skip
OTHER_METHODS = {"get", "items", "keys", "values", "count", "index"}
BUILT_IN_FILTERS = {
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "items", "join", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "replace", "reverse", "select", "sort", "string", "title", "trim",
    "unique", "upper",
}  # fmt: skip
# These statements have no use in a prompt, and each of them is a way to repeat something or to read other files.
FORBIDDEN = (
    *(nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends, nodes.Block),
    *(nodes.Macro, nodes.CallBlock, nodes.AssignBlock, nodes.FilterBlock),
)
# Types of the values that a row or a template may hold.
PLAIN = (str, bytes, int, float, list, tuple, dict, type(None), Undefined)


class Budget:
    """Steps, output and processor time that one rendering has left."""

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._output = MAX_OUTPUT
        self._deadline = time.thread_time() + MAX_CPU_S

    def step(self, output: int = 0) -> None:
        """Charge one iteration of a loop that writes `output` characters, or one item that a filter makes."""
        self._steps -= 1
        self.write(output)
        if self._steps < 0 or time.thread_time() > self._deadline:
            raise SecurityError(f"more than {MAX_STEPS:,} steps, or more than {MAX_CPU_S:g} s")

    def write(self, size: int) -> None:
        """Charge characters of output."""
        self._output -= size
        if self._output < 0:
            raise SecurityError(f"more than {MAX_OUTPUT:,} characters of output")

    def charge(self, value: Any) -> Any:
        """Charge a value and return it, as a list if it is an iterator. Raise SecurityError if it is too large."""
        self.step()
        if not isinstance(value, PLAIN) and hasattr(value, "__next__"):
            value = [self._charge_item(item) for item in value]
        if size_of(value) > MAX_SIZE:
            raise SecurityError(f"a value of more than {MAX_SIZE:,} characters or items")
        return value

    def _charge_item(self, item: Any) -> Any:
        self.step()
        return item


def size_of(value: Any) -> int:
    """Return the number of characters and items in a value, nested ones included. Counting stops above MAX_SIZE."""
    total, stack = 0, [value]
    while stack and total <= MAX_SIZE:
        one = stack.pop()
        if isinstance(one, (str, bytes)):
            total += len(one)
        elif isinstance(one, (list, tuple, dict)):
            total += len(one) + 1
            if total <= MAX_SIZE:
                stack.extend(one)
                if isinstance(one, dict):
                    stack.extend(one.values())
        else:
            total += 1 + (one.bit_length() // 8 if isinstance(one, int) else 0)
    return total


@pass_context
def counted(context: Context, values: Any, literal: int) -> Iterator[Any]:
    """Yield the items of a loop and charge each iteration. `literal` is the number of characters in the loop's body."""
    budget: Budget = context[BUDGET]
    for value in values:
        budget.step(literal)
        yield value


@pass_context
def charged(context: Context, value: Any) -> Any:
    """Return the value of a display such as `[a, b]` or `a ~ b`, and charge it."""
    return context[BUDGET].charge(value)


@pass_context
def printable(context: Context, value: Any) -> Any:
    """Return a value as text for the prompt. Raise ValueError for null, with which the answer would be worthless."""
    if value is None:
        raise ValueError("a null would stand in the prompt; write {{ field or '' }} where it may be null")
    value = context[BUDGET].charge(value)
    if not isinstance(value, PLAIN):
        raise ValueError(f"a {type(value).__name__} is no text")
    if isinstance(value, Undefined):
        return value
    text = str(value)
    context[BUDGET].write(len(text))
    return text


class Environment(ImmutableSandboxedEnvironment):
    """Environment for prompts, conditions and computed columns."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, finalize=printable)
        self.globals = {}
        known = {name: self.filters[name] for name in BUILT_IN_FILTERS} | FILTERS
        self.filters = {name: _charging_filter(name, function) for name, function in known.items()}
        self.filters |= {"_counted": counted, "_charged": charged}
        self.tests |= TESTS

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the field with this name, if the row has one, rather than the method: `row.values` may be a field."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow the listed methods of strings and collections, and no other method."""
        if isinstance(obj, str):
            return attr in STRING_METHODS
        if isinstance(obj, (dict, list, tuple)):
            return attr in OTHER_METHODS
        return super().is_safe_attribute(obj, attr, value) and not callable(value)

    def wrap_str_format(self, value: Any) -> None:
        """Refuse `str.format`, since a format such as `{:1000000000d}` fills the memory."""

    def is_safe_callable(self, obj: Any) -> bool:
        """Allow built-in methods; a template can reach only those that `is_safe_attribute` allows."""
        return type(obj).__name__ == "builtin_function_or_method"

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method and charge its result."""
        if getattr(obj, "__name__", "") == "replace":
            _check_replace(getattr(obj, "__self__", ""), *args)
        result = super().call(context, obj, *args, **kwargs)
        if isinstance(result, (type({}.items()), type({}.keys()), type({}.values()))):
            result = list(result)
        return context[BUDGET].charge(result)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator and charge its result. Refuse operands that would make it far too large."""
        if operator == "*":
            _check_product(left, right)
        if operator == "**" and not (_is_small(left) and _is_small(right)):
            raise SecurityError("a power of numbers above 1,000")
        if operator == "%" and isinstance(left, (str, bytes)):
            raise SecurityError("formatting with %: write the value as {{ value }}")
        return context[BUDGET].charge(super().call_binop(context, operator, left, right))

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        """Refuse forbidden statements, and rewrite loops and displays so that they are charged."""
        for kind in FORBIDDEN:
            if found := source.find(kind):
                raise SecurityError(f"line {found.lineno}: {type(found).__name__.lower()} is not available")
        for name in source.find_all(nodes.Name):
            if name.name == "self":
                raise SecurityError(f"line {name.lineno}: `self` is Jinja's own; a field of that name is row['self']")
        for loop in source.find_all(nodes.For):
            if loop.recursive:
                raise SecurityError(f"line {loop.lineno}: recursive loops are not available")
            literal = sum(len(data.data) for part in loop.body for data in part.find_all(nodes.TemplateData))
            loop.iter = nodes.Filter(loop.iter, "_counted", [nodes.Const(literal)], [], None, None, lineno=loop.lineno)
        _charge_displays(source)
        return super()._generate(source, *args, **kwargs)


def _charge_displays(node: nodes.Node) -> None:
    """Replace all `a ~ b`, `[a, b]` and `{a: b}` in a template by `(…) | _charged`."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, nodes.Node):
            _charge_displays(value)
            setattr(node, name, _with_charge(value))
        elif isinstance(value, list):
            for at, item in enumerate(value):
                if isinstance(item, nodes.Node):
                    _charge_displays(item)
                    value[at] = _with_charge(item)


def _with_charge(node: nodes.Node) -> nodes.Node:
    is_target = isinstance(node, nodes.Tuple) and node.ctx == "store"
    if isinstance(node, (nodes.Concat, nodes.List, nodes.Tuple, nodes.Dict)) and not is_target:
        return nodes.Filter(node, "_charged", [], [], None, None, lineno=node.lineno)
    return node


def _charging_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that charges its input and its result.

    `replace` and `join` could make a text far too long before it is charged, so their arguments are checked first.
    """
    # Some filters of Jinja take one of its own objects before the value.
    wanted_object = str(getattr(function, "jinja_pass_arg", ""))

    @pass_context
    @wraps(function)
    def charging(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget: Budget = context[BUDGET]
        value = budget.charge(value)
        if name == "replace":
            _check_replace(str(value), *map(str, args))
        if name == "join":
            separator = str(args[0] if args else kwargs.get("d", ""))
            if (len(value) + 1) * len(separator) > MAX_SIZE:
                raise SecurityError("a separator that makes the text too long")
        if "eval_context" in wanted_object:
            args = (value, *args)
            value = context.eval_ctx
        elif "environment" in wanted_object or "context" in wanted_object:
            args = (value, *args)
            value = context.environment if "environment" in wanted_object else context
        return budget.charge(function(value, *args, **kwargs))

    return charging


def _check_replace(text: Any, *args: Any) -> None:
    """Raise SecurityError if `text.replace(*args)` would be far too long."""
    if isinstance(text, str) and len(args) > 1 and len(text) + (text.count(args[0]) + 1) * len(args[1]) > MAX_SIZE:
        raise SecurityError("a replacement that makes the text too long")


def _check_product(left: Any, right: Any) -> None:
    """Raise SecurityError if `left * right` would be far too large."""
    for value, times in ((left, right), (right, left)):
        if (
            isinstance(value, (str, bytes, list, tuple))
            and isinstance(times, int)
            and size_of(value) * times > MAX_SIZE
        ):
            raise SecurityError("a repetition that makes the value too large")
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise SecurityError(f"a number of more than {MAX_BITS:,} bits")


def _is_small(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= 1000
