"""The error tree: who made the mistake decides what the run does.

ConfigError and StoreError stop the run at once and lose nothing. SampleError costs one sample: it becomes a failure
record. EngineDied costs a restart; EngineError ends the run because no engine can be had.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MathBatchError(Exception):
    """Everything that MathBatch reports in a sentence instead of a traceback."""


class ConfigError(MathBatchError, ValueError):
    """A setting is wrong. `path` is its config path, `problem` says what is wrong, `fix` what to do."""

    def __init__(self, path: str, problem: str, fix: str) -> None:
        super().__init__(f"{path}: {problem}\n  fix: {fix}")
        self.path = path
        self._arguments = path, problem, fix

    def at(self, path: str) -> ConfigError:
        """The same, said of another setting."""
        return ConfigError(path, *self._arguments[1:])

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str, str]]:
        return type(self), self._arguments


class StoreError(MathBatchError):
    """The run folder can't be written, is locked by another run, or holds damaged records."""


class OutputError(MathBatchError):
    """What was found can't be shown: standard output refuses it."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"can't write to standard output: {error.strerror}; what is in files is there")


class EngineError(MathBatchError):
    """The engine can't be started, or dies whatever it is given."""


class AlreadyTold(MathBatchError):
    """What was wrong has been shown: the command only has to end."""


class Interrupted(SystemExit):
    """A signal stopped the work; the process ends with `exit_code_of` it.

    As a SystemExit it passes through Hydra and its launchers, which report other errors in their own way.
    """

    def __init__(self, number: int) -> None:
        super().__init__(self.exit_code_of(number))

    @staticmethod
    def exit_code_of(number: int) -> int:
        """Return 128 and the number of the signal, as shells have it."""
        return 128 + number


class EngineDied(MathBatchError):
    """The engine died while it had this request. The request may be sent again to a new engine."""


class JobError(MathBatchError):
    """One job of several can't go on: the engine can't take its settings."""


class SampleError(MathBatchError):
    """One sample can't be answered. `kind` is a short stable name that reports count by, such as `missing_image`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RequestLost(SampleError):
    """The engine has lost this request through no fault of the sample. It may be sent again, with its pictures."""


def nearest(name: str, valid: Iterable[str], *, others: bool = False) -> str:
    """A hint that names the valid name most like `name`, and all of them when none is alike or with `others`."""
    names = sorted(valid)
    if not names:
        return "leave it out"
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    guess = f"did you mean '{close[0]}'?" if close else ""
    if guess and not others:
        return guess
    shown = ", ".join(names[:40]) + (", …" if len(names) > 40 else "")
    return f"{guess} valid names: {shown}".strip()
