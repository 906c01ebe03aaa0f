"""Hooks of a user's own: one that writes down what it is given, and one that fails."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from mathbatch.base import BaseHook
from mathbatch.records import FinishedRun


class WritingHook(BaseHook):
    """Appends each run that it is given to a file, one a line."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def finish(self, run: FinishedRun) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(msgspec.to_builtins(run, enc_hook=str)) + "\n")


class FailingHook(BaseHook):
    """Raises an error with text that would steer a terminal."""

    def finish(self, run: FinishedRun) -> None:
        raise ConnectionError("no server \x1b[31m")
