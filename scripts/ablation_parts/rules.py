"""Find the rules for reading answers in the package, and switch each of them off and on."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

# Packages whose patterns and functions are rules, and the package whose functions compare what the rules have found.
READING = ("mathbatch.scoring.answers", "mathbatch.scoring.scorers")
COMPARING = "mathbatch.scoring.expressions"
# Comparisons that are remembered, over all responses and rules.
MAX_REMEMBERED = 200_000


class Rule:
    """One rule: its name, where it stands, whether it is on, and whether it has matched since that was last asked."""

    def __init__(self, name: str, where: str) -> None:
        self.name, self.where = name, where
        self.is_on = True
        self.has_matched = False


class RulePattern:
    """Stands for a compiled pattern that never matches while its rule is off."""

    def __init__(self, pattern: re.Pattern[str], rule: Rule) -> None:
        self._pattern, self._rule = pattern, rule

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def _seen(self, found: Any) -> Any:
        self._rule.has_matched = self._rule.has_matched or bool(found)
        return found

    def search(self, *arguments: Any) -> re.Match[str] | None:
        return self._seen(self._pattern.search(*arguments)) if self._rule.is_on else None

    def match(self, *arguments: Any) -> re.Match[str] | None:
        return self._seen(self._pattern.match(*arguments)) if self._rule.is_on else None

    def fullmatch(self, *arguments: Any) -> re.Match[str] | None:
        return self._seen(self._pattern.fullmatch(*arguments)) if self._rule.is_on else None

    def findall(self, *arguments: Any) -> list[Any]:
        return self._seen(self._pattern.findall(*arguments)) if self._rule.is_on else []

    def finditer(self, *arguments: Any) -> Iterator[re.Match[str]]:
        return iter(self._seen([*self._pattern.finditer(*arguments)]) if self._rule.is_on else ())

    def split(self, text: str, maxsplit: int = 0) -> list[Any]:
        return self._seen_change(text, [text], self._pattern.split(text, maxsplit))

    def sub(self, replacement: Any, text: str, count: int = 0) -> str:
        return self._seen_change(text, text, self._pattern.sub(replacement, text, count))

    def subn(self, replacement: Any, text: str, count: int = 0) -> tuple[str, int]:
        return self._seen_change(text, (text, 0), self._pattern.subn(replacement, text, count))

    def _seen_change(self, text: str, unchanged: Any, changed: Any) -> Any:
        if not self._rule.is_on:
            return unchanged
        self._seen(changed != unchanged)
        return changed


class Rules:
    """All rules of the package, each replaced by one that can be switched off.

    A rule is a compiled pattern at the level of a module, also within a tuple, a list, a dict or a record there, or a
    function whose result may be None or is a list: switched off, it finds nothing.
    """

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._modules = [*_modules(*READING)]
        self._replaced: dict[int, Any] = {}
        # Objects that were replaced are kept, since another object could get the number of one that is gone.
        self._kept: list[Any] = []
        for module in self._modules:
            for name, value in vars(module).items():
                self._replace(module, name, value)
        for module in _modules("mathbatch.scoring"):
            for name, value in [*vars(module).items()]:
                if id(value) in self._replaced:
                    setattr(module, name, self._replaced[id(value)])

    def forget_responses(self) -> None:
        """Empty the caches of the modules with rules: what they hold depends on which rules are on."""
        for module in self._modules:
            for value in vars(module).values():
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()

    def _replace(self, module: ModuleType, name: str, value: Any) -> None:
        if id(value) in self._replaced:
            return
        if isinstance(value, FunctionType):
            new = self._function(module, name, value)
        else:
            line = _line(module, name)
            new = value if line is None else self._pattern(value, name, f"{_short(module)}:{line}")
        if new is not value:
            self._replaced[id(value)] = new
            self._kept.append(value)

    def _function(self, module: ModuleType, name: str, function: FunctionType) -> Callable[..., Any]:
        if function.__module__.startswith(COMPARING) and not inspect.isgeneratorfunction(function):
            return _remembered(function)
        returned = str(function.__annotations__.get("return", ""))
        nothing: Any = None if returned.endswith("| None") else [] if returned.startswith("list[") else ...
        if function.__module__ != module.__name__ or nothing is ...:
            return function
        rule = self._add(f"{name}()", f"{_short(module)}:{function.__code__.co_firstlineno}")

        @functools.wraps(function)
        def switched(*arguments: Any, **named: Any) -> Any:
            if not rule.is_on:
                return [] if nothing == [] else None
            found = function(*arguments, **named)
            rule.has_matched = rule.has_matched or bool(found) or found == 0
            return found

        return switched

    def _pattern(self, value: Any, name: str, where: str) -> Any:
        """Return the value with a rule in the place of each pattern in it; the value itself if there is none."""
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            return RulePattern(value, self._add(name, where))
        if isinstance(value, dict):
            new = {key: self._pattern(one, f"{name}[{key!r}]", where) for key, one in value.items()}
            return new if any(new[key] is not value[key] for key in value) else value
        if isinstance(value, tuple | list):
            entries = [self._pattern(one, f"{name}[{place}]", where) for place, one in enumerate(value)]
            if all(new is old for new, old in zip(entries, value, strict=True)):
                return value
            return type(value)(*entries) if hasattr(value, "_fields") else type(value)(entries)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
            new = {key: self._pattern(one, f"{name}.{key}", where) for key, one in fields.items()}
            changed = {key: one for key, one in new.items() if one is not fields[key]}
            return dataclasses.replace(value, **changed) if changed else value
        return value

    def _add(self, name: str, where: str) -> Rule:
        self.rules.append(Rule(name, where))
        return self.rules[-1]


def _modules(*packages: str) -> Iterator[ModuleType]:
    for package in packages:
        root = importlib.import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            yield importlib.import_module(found.name)


def _short(module: ModuleType) -> str:
    return module.__name__.removeprefix("mathbatch.scoring.").replace(".", "/")


@functools.cache
def _source(module: ModuleType) -> str:
    return Path(module.__file__ or "").read_text(encoding="utf-8")


def _line(module: ModuleType, name: str) -> int | None:
    """Return the line on which a module assigns a name; None where it has the name from elsewhere."""
    source = _source(module)
    found = re.search(rf"^(?:\w+, )*{re.escape(name)}\b[^=\n]*=", source, re.MULTILINE)
    return None if found is None else source.count("\n", 0, found.start()) + 1


def _remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that remembers its results: comparisons don't depend on the rules for reading."""
    known: dict[Any, Any] = {}

    @functools.wraps(function)
    def remembering(*arguments: Any, **named: Any) -> Any:
        key = (arguments, tuple(named.items()))
        try:
            if key not in known:
                if len(known) >= MAX_REMEMBERED:
                    known.clear()
                known[key] = function(*arguments, **named)
            found = known[key]
        except TypeError:  # an argument that can't be a key
            return function(*arguments, **named)
        return [*found] if isinstance(found, list) else found

    return remembering
