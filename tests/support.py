"""What the tests share: small datasets, and runs of the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
SCRIPTED = "model._target_=mathbatch.models.scripted.ScriptedModel"
ENGINE = "VLLM::EngineCor"
"""The name that the kernel shows for vLLM's engine process."""

HEAVY = frozenset(
    {"torch", "vllm", "transformers", "datasets", "numpy", "pandas", "scipy", "sympy", "matplotlib", "pyarrow"}
)
"""Modules that take long to import: what answers at once has none of them."""
WATCHED = """
import json, runpy, sys
report, package, *sys.argv[1:] = sys.argv[1:]
sys.path.insert(0, package)
try:
    runpy.run_module("mathbatch.run", run_name="__main__", alter_sys=True)
finally:
    import mathbatch
    facts = {"package": mathbatch.__file__, "modules": list(sys.modules)}
    open(report, "w").write(json.dumps(facts))
"""


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def questions(count: int) -> list[dict[str, Any]]:
    """Text-only rows with the original field names."""
    return [{"sample_index": str(at), "query_cot": f"What is {at} + {at}?"} for at in range(count)]


def overrides(data: Path, *more: str) -> list[str]:
    """A text-only run of the scripted model over `data`."""
    return [SCRIPTED, "dataset=generic", f"dataset.input={data}", "dataset.image_field=null", *more]


def environment() -> dict[str, str]:
    """For a command line that may use classes of the tests."""
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}


def command(*arguments: str, module: str = "run") -> list[str]:
    return [sys.executable, "-m", f"mathbatch.{module}", *arguments]


def run(folder: Path, *arguments: str, module: str = "run", timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the command line in `folder` to its end."""
    return subprocess.run(
        command(*arguments, module=module),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def run_watched(
    package: Path, folder: Path, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the `mathbatch.run` that lies in `package`, and say where it came from and which modules it imported.

    -I keeps the current folder and PYTHONPATH out.
    """
    report = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-I", "-c", WATCHED, str(report), str(package), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done, json.loads(report.read_text())


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command line in `folder`, in a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str], seconds: float = 300) -> None:
    """Until it is so. Fails where the process has ended without it; the time only ends a test that would hang."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None and not condition():
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()}")
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def wait_until_said(words: str, process: subprocess.Popen[str], seconds: float = 300) -> str:
    """The line on the standard error that has these words."""
    assert process.stderr is not None
    too_late = threading.Timer(seconds, process.kill)
    too_late.start()
    try:
        return next(line for line in process.stderr if words in line)
    finally:
        too_late.cancel()


def engines_of(owner: int) -> list[psutil.Process]:
    """The engines of a run, which are its own children.

    Not its grandchildren: a command that an engine starts bears the engine's name until its exec.
    """
    found = []
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(owner).children():
            with suppress(psutil.NoSuchProcess):
                if process.name().startswith(ENGINE):
                    found.append(process)
    return found


def left_alive(processes: Iterable[psutil.Process], seconds: float = 120) -> list[psutil.Process]:
    """Those that have not ended in time. One that has ended and that nobody has asked about yet is not alive: the first
    process of a container may ask nobody.
    """
    deadline, left = time.monotonic() + seconds, list(processes)
    while (left := [process for process in left if _is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def run_dir(folder: Path) -> Path:
    """The only run folder below `folder`."""
    (found,) = (path.parent for path in folder.glob("outputs/*/*/*/config.yaml"))
    return found


def records(folder: Path) -> list[dict[str, Any]]:
    """All records of the run folder, in the order of writing; a torn last line is left out."""
    lines = [line for path in sorted(folder.glob("responses/*.jsonl")) for line in path.read_bytes().split(b"\n")]
    found = []
    for line in lines:
        if line.endswith(b'"}') and b'"crc":"' in line[-20:]:
            found.append(json.loads(line))
    return found


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
