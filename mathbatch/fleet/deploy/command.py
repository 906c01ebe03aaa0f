"""Write the command that starts a server, from the template of a configuration."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.config import ModelConfig
from mathbatch.config.deploy_schema import DeployConfig
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError, nearest

NAME = re.compile(r"\{(\w+)\}")
# Settings of a model that only its server can follow, with their values where they are not set.
OF_THE_SERVER: dict[str, Any] = {
    "revision": None,
    "trust_remote_code": False,
    "chat_template": None,
    "mm_processor_kwargs": {},
    "engine": {},
}
# Arguments of our own engine process: the class has to be importable where the workers run.
NOT_FOR_SERVERS = {"worker_extension_cls"}
# Variables that mean packages of the Python that runs MathBatch.
OF_OTHER_PYTHONS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def python_of(deploy: DeployConfig) -> str:
    """Return the Python that starts the server. Raise ConfigError if there is none at that place."""
    if deploy.python is None:
        return sys.executable
    path = Path(deploy.python).expanduser()
    path = path / "bin" / "python" if path.is_dir() else path
    if not (path.is_file() and os.access(path, os.X_OK)):
        fix = "name an executable Python, or the folder of a virtual environment"
        raise ConfigError("deploy.python", f"there is no Python at {path}", fix)
    return str(path)


def environment_of(deploy: DeployConfig) -> dict[str, str]:
    """Return the environment of the server. One with packages of its own gets no path to those of this process."""
    kept = {name: value for name, value in os.environ.items() if deploy.python is None or name not in OF_OTHER_PYTHONS}
    return kept | deploy.environment


def values_of(
    config: ModelConfig, deploy: DeployConfig, found_at: str, size: int, length: int | None
) -> dict[str, Any]:
    """Return what the names in the template stand for, but for the port. `length` is that of the context, in tokens."""
    template = config.chat_template
    return {
        "python": python_of(deploy),
        "model": found_at,
        "served_name": config.name,
        "tensor_parallel_size": size,
        "max_model_len": length,
        "max_images": config.max_images,
        "revision": config.revision,
        "trust_remote_code": config.trust_remote_code,
        "chat_template": None if template is None else str(locate(template, "model.chat_template").resolve()),
        "reasoning": config.reasoning if isinstance(config.reasoning, str) else None,
    }


def refuse_unpassed(config: ModelConfig, deploy: DeployConfig) -> None:
    """Raise ConfigError for a setting of the model that this server would never hear of, and for unknown names."""
    known = {*values_of(config, deploy, "", 1, None), "port"}
    named = set()
    for place, text in _texts(deploy):
        for name in NAME.findall(text):
            if name not in known:
                raise ConfigError(place, f"there is no '{{{name}}}'", nearest(name, known))
            named.add(name)
    for name in ("port", "model"):
        if name not in named and not (deploy.takes_engine and name == "model"):
            raise ConfigError("deploy.command", f"it never says {{{name}}}", "put it there, or into deploy.options")
    if config.lora is not None:
        raise ConfigError("model.lora", "a server that is started has no adapters", "leave out deploy, or model.lora")
    if deploy.takes_engine:
        return
    for name, unset in OF_THE_SERVER.items():
        if getattr(config, name) != unset and name not in named:
            fix = "leave it out, or give it to the server by deploy.options"
            raise ConfigError(f"model.{name}", f"deploy.command does not pass it to the {deploy.kind} server", fix)
    if isinstance(config.reasoning, str) and "reasoning" not in named:
        fix = "give a pair of marks, or put {reasoning} into deploy.options"
        raise ConfigError("model.reasoning", "the server does not hear of this parser", fix)


def command_of(deploy: DeployConfig, values: Mapping[str, Any], engine: Mapping[str, Any]) -> list[str]:
    """Return the words of the command. `engine` are arguments of vLLM's engine, none for other servers."""
    words = [str(_filled(word, values)) for word in deploy.command]
    options = {name: _filled(value, values) for name, value in deploy.options.items()}
    given = {name.replace("_", "-"): value for name, value in engine.items() if name not in NOT_FOR_SERVERS}
    for name, value in {**given, **options}.items():
        words += _option(name, value, has_negative=name in given)
    return words


def _option(name: str, value: Any, has_negative: bool) -> Sequence[str]:
    """Return the words for an option of a command line, none for one that is off or has no value."""
    if value is None or (value is False and not has_negative):
        return ()
    if isinstance(value, bool):
        return (f"--{name}",) if value else (f"--no-{name}",)
    if isinstance(value, list | tuple) and not any(isinstance(one, list | dict) for one in value):
        return (f"--{name}", *map(str, value))
    text = str(value) if isinstance(value, str | int | float) else msgspec.json.encode(value, enc_hook=vars).decode()
    # A value that begins with a dash would be taken for an option.
    return (f"--{name}={text}",)


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a value with its names in braces replaced. A name that stands alone keeps the type of what it means."""
    if not isinstance(template, str):
        return template
    if (alone := NAME.fullmatch(template)) is not None:
        return values[alone[1]]
    return NAME.sub(lambda found: str(values[found[1]]), template)


def _texts(deploy: DeployConfig) -> Iterator[tuple[str, str]]:
    """Yield all texts in which names in braces may stand, with their places in the configuration."""
    yield from ((f"deploy.command.{at}", word) for at, word in enumerate(deploy.command))
    yield from ((f"deploy.options.{name}", text) for name, text in deploy.options.items() if isinstance(text, str))
