"""Errors keep what they say when launchers and workers hand them from process to process."""

from __future__ import annotations

import errno
import pickle
import signal

import pytest

from mathbatch.errors import (
    AlreadyTold,
    ConfigError,
    EngineDied,
    EngineError,
    Interrupted,
    JobError,
    OutputError,
    RequestLost,
    SampleError,
    StoreError,
)
from mathbatch.parts.faults import Fault, PartError, PartFailure

FAULT = Fault("my_parts.Model.generate", "raised KeyError: 'x'", "my_parts.py, line 3", "KeyError my_parts.py, line 3")
ERRORS = [
    PartFailure("model_error", "KeyError: 'x'", FAULT),
    *(cls("what happened") for cls in (AlreadyTold, EngineDied, EngineError, JobError, PartError, StoreError)),
    *(cls("missing_image", "there is no a.png") for cls in (RequestLost, SampleError)),
    ConfigError("sampling.n", "0 is out of range", "set it to at least 1"),
    OutputError(OSError(errno.ENOSPC, "No space left on device")),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_says_the_same_in_another_process(error: Exception) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert getattr(there, "kind", None) == getattr(error, "kind", None)


def test_an_interruption_keeps_its_exit_code() -> None:
    error = Interrupted(signal.SIGTERM)
    assert error.code == 143
    assert pickle.loads(pickle.dumps(error)).code == 143
