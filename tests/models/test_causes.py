"""Check that the end of vLLM is told by its cause, and a log is named only where it has that cause."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from mathbatch.models.causes import why_ended, why_not_started

FAILED = "Engine core initialization failed. See root cause above. Failed core proc(s): {}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """File to which the standard error goes."""
    return tmp_path / "run.log"


def _with_stderr_to(log: Path, told: object) -> str:
    saved = os.dup(2)
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 2)
    try:
        assert callable(told)
        return str(told())
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def test_what_vllm_itself_refuses_is_told_without_a_log(log: Path) -> None:
    told = _with_stderr_to(log, lambda: why_not_started(ValueError("max_model_len is too large")))
    assert told.startswith("max_model_len is too large\n  fix: ")
    assert "log" not in told


@pytest.mark.parametrize("codes", ["{}", "{'EngineCore': 1}", "{'EngineCore_0': 1, 'EngineCore_1': -9}"])
def test_the_log_is_named_with_its_path_where_one_of_its_processes_failed(codes: str, log: Path) -> None:
    told = _with_stderr_to(log, lambda: why_not_started(RuntimeError(FAILED.format(codes))))
    assert f"the cause stands near the end of {log}\n" in told


def test_a_process_that_was_killed_is_told_as_that_since_it_has_left_no_word(log: Path) -> None:
    told = _with_stderr_to(log, lambda: why_not_started(RuntimeError(FAILED.format("{'EngineCore': -9}"))))
    assert "was killed by SIGKILL, as the system does where memory runs out" in told
    assert str(log) not in told
    assert why_ended([-11]) == "was killed by SIGSEGV"


def test_a_limit_of_the_shell_on_memory_is_named_since_a_gpu_takes_more_address_space_than_anybody_expects() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 45, before[1]))
    try:
        told = why_not_started(RuntimeError("CUDA error: out of memory"))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert told.startswith("CUDA error: out of memory (ulimit -v allows 33,554,432 MiB of address space)\n  fix: ")
    assert "ulimit" not in why_not_started(RuntimeError("CUDA error: out of memory"))
