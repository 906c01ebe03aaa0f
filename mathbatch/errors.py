"""Define the errors, which differ by whose mistake it is and so by what the run does.

ConfigError and StoreError stop the run at once, and nothing that is saved gets lost. SampleError costs one sample,
which gets a failure record. EngineDied costs a restart of the engine. EngineError ends the run.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MathBatchError(Exception):
    """Error that is shown to the user as its message, without a traceback."""


class ConfigError(MathBatchError, ValueError):
    """Wrong setting: `path` is its config path, `problem` says what is wrong, and `fix` says what to do about it."""

    def __init__(self, path: str, problem: str, fix: str) -> None:
        super().__init__(f"{path}: {problem}\n  fix: {fix}")
        self.path = path
        self._arguments = path, problem, fix

    def at(self, path: str) -> ConfigError:
        """Return the same error for the setting at `path`."""
        return ConfigError(path, *self._arguments[1:])

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str, str]]:
        return type(self), self._arguments


class StoreError(MathBatchError):
    """Run folder that can't be written, is locked by another run, or holds damaged records."""


class OutputError(MathBatchError):
    """Standard output that can't be written to."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"can't write to standard output: {error.strerror}; what is in files is there")
        self._error = error

    def __reduce__(self) -> tuple[type[OutputError], tuple[OSError]]:
        return type(self), (self._error,)


class EngineError(MathBatchError):
    """Engine that can't be started, or that dies whatever it is given."""


class AlreadyTold(MathBatchError):
    """Error whose message has been shown already, so that the command only has to end."""


class Interrupted(SystemExit):
    """Signal that stopped the work. The process ends with the exit code that `exit_code_of` returns.

    It is a SystemExit so that Hydra and its launchers let it pass; they report other errors in their own way.
    """

    def __init__(self, number: int) -> None:
        super().__init__(self.exit_code_of(number))
        self.number = number

    def __reduce__(self) -> tuple[type[Interrupted], tuple[int]]:
        return type(self), (self.number,)

    @staticmethod
    def exit_code_of(number: int) -> int:
        """Return 128 plus the signal number, which is the convention of shells."""
        return 128 + number


class EngineDied(MathBatchError):
    """Death of the engine while it had the request. The request may be sent again to a new engine."""


class JobError(MathBatchError):
    """Reason why one of several jobs can't go on: the engine can't take its settings."""


class SampleError(MathBatchError):
    """Reason why one sample can't be answered.

    `kind` is a short stable name such as `missing_image`, by which reports count failures.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[type[SampleError], tuple[str, str]]:
        return type(self), (self.kind, str(self))


class RequestLost(SampleError):
    """Request that the engine dropped, although the sample is not at fault. It may be sent again with its images."""


def nearest(name: str, valid: Iterable[str], *, others: bool = False, most: int = 40) -> str:
    """Return a hint for a message: the valid name that is most like `name`.

    The hint lists the valid names, so many at `most`, if none of them is similar or if `others` is set.
    """
    names = sorted(valid)
    if not names:
        return "leave it out"
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    guess = f"did you mean '{close[0]}'?" if close else ""
    if guess and not others:
        return guess
    shown = ", ".join(names[:most]) + (", …" if len(names) > most else "")
    return f"{guess} valid names: {shown}".strip()
