"""Keep values as they are spelled where the schema wants text: the revision 6e1234 is no number, and `no` is no False.

Hydra and YAML read a value before they know what it is for. Here each plain value that the schema has as text is put
between quotes first.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing
from typing import Any, TextIO

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from mathbatch.config.schema import Config, Names

GROUPS = ("model", "dataset", "sampling", "experiment", "cluster", "deploy", "hook")
# Quoted text, a character that gives a value its structure, and what stands between these.
TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[][{}(),]|(?:\\.|[^][{}(),'"\\])+|.""", re.DOTALL)
# Functions of Hydra's grammar whose arguments are values.
CHOOSING = {"choice", "shuffle", "sort"}
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def keep_spelling(argument: str, schema: type[Any] = Config) -> str:
    """Return a `key=value` argument with quotes around the numbers in a value that the schema has as text."""
    key, sign, value = argument.partition("=")
    type_ = str if key.partition("@")[0] in GROUPS else _type_at(key.lstrip("+~"), schema)
    if not sign or not (_is_text(type_) or _is_text(_inner_type(type_, ""))) or "${" in value:
        return argument
    tokens = TOKEN.findall(value)
    functions = {token.strip() for token, after in itertools.pairwise(tokens) if after == "("}
    if functions - CHOOSING:
        return argument
    named = typing.get_origin(type_) is dict
    return f"{key}={''.join(token if token.strip() in functions else _quoted(token, named) for token in tokens)}"


def spelled(text: str | TextIO, value: Any, package: str, schema: type[Any] = Config) -> Any:
    """Return the value of a YAML text in which what the schema has as text is as it is spelled.

    `package` is the config path of the whole text, such as `dataset`; "" is the top.
    """
    node = yaml.compose(text, Loader=Loader)
    return value if node is None else _spelled(node, value, _type_at(package, schema))


def _spelled(node: yaml.Node, value: Any, type_: Any) -> Any:
    if isinstance(node, yaml.MappingNode) and isinstance(value, dict):
        inner = {key.value: (key, own) for key, own in node.value if isinstance(key, yaml.ScalarNode)}
        return {
            key: _spelled(inner[str(key)][1], own, _inner_type(type_, str(key))) if str(key) in inner else own
            for key, own in value.items()
        }
    if isinstance(node, yaml.SequenceNode) and isinstance(value, list):
        return [_spelled(one, own, _inner_type(type_, "")) for one, own in zip(node.value, value, strict=True)]
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    return node.value if is_plain and _is_text(type_) and isinstance(value, (bool, int, float)) else value


def _type_at(path: str, schema: Any) -> Any:
    """Return the type that the schema has at a config path, None where it has none."""
    type_ = schema
    for name in filter(None, path.split(".")):
        type_ = _inner_type(type_, name)
    return type_


def _inner_type(type_: Any, name: str) -> Any:
    """Return the type of what `name` is in a section or a dictionary, or of an element of a list."""
    type_ = _without_none(type_)
    if dataclasses.is_dataclass(type_):
        return typing.get_type_hints(type_, include_extras=True).get(name)
    return str if type_ == Names else typing.get_args(type_)[-1] if typing.get_args(type_) else None


def _without_none(type_: Any) -> Any:
    inner = [one for one in typing.get_args(type_) if one is not type(None)]
    return inner[0] if len(inner) == 1 and type(None) in typing.get_args(type_) else type_


def _is_text(type_: Any) -> bool:
    return _without_none(type_) in (str, Names)


def _quoted(token: str, named: bool) -> str:
    """Return a token, or what follows its `name:`, between quotes if Hydra would read a number or a truth value."""
    name, colon, text = token.partition(":") if named else ("", "", token)
    try:
        is_other = isinstance(OverridesParser.create().parse_rule(text.strip(), "primitive"), (bool, int, float))
    except HydraException:
        return token
    return f"{name}{colon}{text.replace(text.strip(), repr(text.strip()))}" if is_other else token
