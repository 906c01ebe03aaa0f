"""Make the objects that a configuration names by `_target_`, with Hydra's own `instantiate`, and check them.

Nested `_target_`, `_partial_` and `_convert_` mean what they mean to Hydra. Containers become plain lists and
dictionaries unless `_convert_` says otherwise.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import hydra
from hydra.errors import InstantiationException
from omegaconf.errors import OmegaConfBaseException

from mathbatch.errors import ConfigError, Interrupted, MathBatchError, nearest
from mathbatch.parts.faults import in_words, is_ours, users_line

T = TypeVar("T")
# What Hydra reads of a section itself; all else are arguments.
HYDRAS_KEYS = {"_target_", "_args_", "_partial_", "_recursive_", "_convert_"}
# How Hydra's message ends where it knows the place within the section.
PLACE = "full_key: "
# How an interpolation begins, and the backslashes before it, which OmegaConf halves.
OPENING = re.compile(r"(\\*)\$\{")


def make(path: str, section: Mapping[str, Any], kind: type[T], **given: Any) -> T:
    """Return the `kind` that the section at `path` names by `_target_`, from the arguments beside it and those given.

    Raises ConfigError for a class that isn't there or is no `kind`, for arguments that it does not take, and for an
    error that it raises.
    """
    if not section.get("_target_"):
        raise ConfigError(f"{path}._target_", "names no class", f"name a subclass of {kind.__name__}")
    if section.get("_partial_"):
        fix = "leave it out; an argument with a _target_ of its own may have it"
        raise ConfigError(f"{path}._partial_", f"a {kind.__name__} is needed, not a function that makes one", fix)
    try:
        # Left partial, since Hydra would make configurations of the given arguments and wrap the errors of the call.
        factory = hydra.utils.instantiate({"_convert_": "object", **_literal(section), "_partial_": True})
    except (InstantiationException, OmegaConfBaseException) as error:
        raise _explained(path, section, error) from error
    except Interrupted:
        raise
    except SystemExit as error:  # its module is a script, which ends itself
        raise _failed(f"{path}._target_", f"the import of {section['_target_']}", error) from error
    target = factory.func
    if isinstance(target, type) and not issubclass(target, kind):
        raise _wrong_kind(path, section, kind)
    if inspect.isabstract(target):
        missing = ", ".join(sorted(target.__abstractmethods__))
        raise ConfigError(f"{path}._target_", f"{_name(target)} lacks {missing}", f"define it, as {kind.__name__} says")
    _check_arguments(path, section, target, given)
    try:
        made = factory(**given)
    except (MathBatchError, Interrupted):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, TypeError) and users_line(error) is None:
            fix = "give the arguments that it takes beside _target_"
            raise ConfigError(path, f"{_name(target)}: {error}", fix) from error
        raise _failed(path, _name(target), error) from error
    if not isinstance(made, kind):
        raise _wrong_kind(path, section, kind)
    if not is_ours(made):
        _check_methods(path, made, kind)
    return made


def _check_methods(path: str, made: object, kind: type[Any]) -> None:
    """Raise ConfigError for a method that can't be called as those of `kind` are."""
    for name, declared in inspect.getmembers(kind, inspect.isfunction):
        if name.startswith("_"):
            continue
        signature = inspect.signature(declared)
        try:
            inspect.signature(getattr(made, name)).bind(*list(signature.parameters)[1:])
        except TypeError as error:
            taken = ", ".join(signature.parameters)
            problem = f"{_name(type(made))}.{name} can't be called as it will be: {error}"
            raise ConfigError(f"{path}._target_", problem, f"write it as `def {name}({taken})`") from error


def _failed(path: str, what: str, error: BaseException) -> ConfigError:
    """Return the error for a class, or its module, that raises this one."""
    line = users_line(error)
    where = "" if line is None else f" ({line})"
    return ConfigError(
        path, f"{what} raised {in_words(error)}{where}", "correct it, or what it is given beside _target_"
    )


def _literal(node: Any) -> Any:
    """Return a copy in which `${` is escaped: all is resolved already, and Hydra would resolve it again."""
    if isinstance(node, Mapping):
        return {name: _literal(value) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [_literal(value) for value in node]
    return (
        _escaped(_escaped(node)) if isinstance(node, str) else node
    )  # Hydra resolves twice: the whole, then each value


def _escaped(text: str) -> str:
    return OPENING.sub(r"\1\1\\${", text)


def _check_arguments(
    path: str, section: Mapping[str, Any], target: Callable[..., Any], given: Mapping[str, Any]
) -> None:
    known = inspect.signature(target).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for name in section:
        if name not in HYDRAS_KEYS and (name in given or (name not in known and not takes_any)):
            free = [parameter for parameter in known if parameter not in given]
            # A default of conf/config.yaml can't be left out: a class of one's own in its place has to take it.
            fix = nearest(name, free) if free or name in given else f"leave it out, or let __init__ take {name}"
            raise ConfigError(f"{path}.{name}", f"{_name(target)} takes no such argument", fix)
    for name in given:
        if name not in known and not takes_any:
            fix = f"let __init__ take {name}, and call super().__init__ with it"
            raise ConfigError(f"{path}._target_", f"{_name(target)} does not take {name}, which it is given", fix)


def _explained(path: str, section: Mapping[str, Any], error: Exception) -> MathBatchError:
    """Say in our words what Hydra could not make: the class itself, or an argument with a `_target_` of its own."""
    cause = error.__cause__
    if isinstance(cause, MathBatchError):
        return cause
    problem, _, place = str(error).partition(PLACE)
    why = " ".join(problem.split()) if cause is None else f"{type(cause).__name__}: {cause}"
    raised = cause
    while raised is not None and users_line(raised) is None:
        raised = raised.__cause__
    if raised is not None:
        at = f"{path}.{place.strip()}" if place.strip() else f"{path}._target_"
        return _failed(at, "what it names" if place.strip() else f"the import of {section['_target_']}", raised)
    if place.strip():
        return ConfigError(f"{path}.{place.strip()}", why, "correct its _target_, or the arguments beside it")
    return ConfigError(f"{path}._target_", f"there is no class '{section['_target_']}'", f"correct the name ({why})")


def _wrong_kind(path: str, section: Mapping[str, Any], kind: type[Any]) -> ConfigError:
    fix = f"derive it from mathbatch.base.{kind.__name__}"
    return ConfigError(f"{path}._target_", f"'{section['_target_']}' is no {kind.__name__}", fix)


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__name__", type(target).__name__)
