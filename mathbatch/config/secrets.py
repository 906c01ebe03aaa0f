"""Keep secrets out of what is saved: refuse them on the command line, in YAML, and in what a dataset may read."""

from __future__ import annotations

import re
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString, Sweep
from hydra.errors import HydraException

from mathbatch.config.secret_signs import BESIDE, is_secret_name, is_written_out, looks_secret
from mathbatch.errors import ConfigError

NAMED_VALUE = re.compile(r"([\w-]+)[\"']?\s*[:=]\s*([^\s,{}\[\]]+)")
# Interpolation with a colon in it, unless an odd number of backslashes makes plain characters of its beginning.
RESOLVER = re.compile(r"(?<!\\)(?:\\\\)*\$\{(?:[^{}]|\$\{[^{}]*\})*:")
PATHS_OF_A_DATASET = ("input", "image_base_path", "examples")
# Keys of a dictionary by which it names what its other keys are about: `{name: Authorization, value: …}`.
NAMING = ("name", "key", "header")
# Sections in which names are those of columns, with expressions for values, and those of tokens of a text.
NAMES_OF_OTHERS = ("dataset.columns.", "sampling.logit_bias.")


def refuse_typed_secrets(arguments: list[str]) -> None:
    """Raise ConfigError for a secret on the command line: Hydra itself would save the overrides of a sweep."""
    for argument in arguments:
        path, _, text = argument.lstrip("+~").partition("=")
        *sections, key = path.partition("@")[0].split(".")
        try:
            value = _plain(OverridesParser.create().parse_override(argument)._value)
        except HydraException:  # told later, with the argument as it stands
            value = [{name: inner} for name, inner in NAMED_VALUE.findall(text)] + [text]
        node = {key: value}
        for section in reversed(sections):
            node = {section: node}
        refuse_written_secrets(node, "")


def _plain(value: Any) -> Any:
    """Return the value of an override as plain data; that of a sweep as the list of what it sweeps over."""
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, Sweep):
        return [_plain(one) for one in getattr(value, "list", [])]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def refuse_written_secrets(node: Any, path: str, name: str | None = None) -> None:
    """Raise ConfigError for a secret that is written out, anywhere below `node`: it would be saved with the run.

    `path` is that of the node, with a dot at its end; `name` the setting that makes all in it secret, if one does.
    """
    if isinstance(node, dict):
        _refuse_in_section(node, path, name)
    elif isinstance(node, list):
        for at, value in enumerate(node):
            refuse_written_secrets(value, f"{path}{at}.", _flag(node[at - 1]) if at and name is None else name)
    elif node is not None and not isinstance(node, bool):
        text = node.decode(errors="replace") if isinstance(node, bytes) else str(node)
        if name is not None and is_written_out(text):
            raise _saved(path, "a secret would be saved with the run", name)
        if looks_secret(text):
            raise _saved(path, "what stands there looks like a key or a password, and would be saved with the run")


def _refuse_in_section(section: dict[Any, Any], path: str, name: str | None) -> None:
    about = next((str(section[key]) for key in NAMING if isinstance(section.get(key), str)), "")
    about_secret = about if is_secret_name(about) else None
    for key, value in section.items():
        own = str(key)
        if looks_secret(own):
            raise _saved(path, "the name of a setting in it looks like a key or a password, and would be saved")
        if path not in NAMES_OF_OTHERS and is_secret_name(own):
            inner: str | None = own
        elif own.lower() in BESIDE:
            inner = None
        else:
            inner = name or (None if own in NAMING else about_secret)
        refuse_written_secrets(value, f"{path}{own}.", inner)


def _flag(before: Any) -> str | None:
    """Return the name that a list gives to its next element, as in `[--api-key, …]`, if it is that of a secret."""
    is_name = isinstance(before, str) and (before.startswith("--") or before.lower() == "authorization")
    return before.lstrip("-") if is_name and is_secret_name(before) else None


def _saved(path: str, problem: str, name: str = "MY_SECRET") -> ConfigError:
    variable = re.sub(r"\W+", "_", name).upper().replace("PWD", "PASSWORD")
    fix = f"put it into the environment, and write '${{oc.env:{variable}}}' here"
    return ConfigError(path.rstrip("."), problem, fix)


def refuse_resolvers(node: Any, path: str) -> None:
    """Raise ConfigError for a resolver in a dataset, other than in a path.

    `${oc.env:HF_TOKEN}` in a prompt would show a secret to the model and to whoever reads the answers.
    """
    if isinstance(node, dict):
        for key, value in node.items():
            if path != "dataset" or key not in PATHS_OF_A_DATASET:
                refuse_resolvers(value, f"{path}.{key}")
    elif isinstance(node, list):
        for value in node:
            refuse_resolvers(value, path)
    elif isinstance(node, str) and RESOLVER.search(node):
        raise ConfigError(path, f"{node!r:.80} calls a resolver", f"only paths may: {', '.join(PATHS_OF_A_DATASET)}")
