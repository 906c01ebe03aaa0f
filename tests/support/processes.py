"""Run MathBatch as a user does, in processes of its own."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from support.command_server import Request
from support.forked import ForkedCommand, command_server
from support.paths import PYTHONPATH
from support.rows import SCRIPTED
from support.run_folders import Outcome, found_outcome

Command = subprocess.Popen[str] | ForkedCommand

# With FRESH_PROCESSES=1 in the environment every command starts its own Python.
ALL_FRESH = os.environ.get("FRESH_PROCESSES") == "1"

# Modules of the servers that fork commands.
SERVER, WARM_SERVER, VLLM_SERVER = "support.command_server", "support.warm_server", "support.vllm_server"

# Name that the kernel shows for vLLM's engine process.
ENGINE = "VLLM::EngineCor"

# Modules that take long to import: a command that answers at once has imported none of them.
HEAVY = frozenset(
    {"torch", "vllm", "transformers", "datasets", "numpy", "pandas", "scipy", "sympy", "matplotlib", "pyarrow"}
    | {"aiohttp"}
)

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

# From linux/prctl.h and linux/capability.h.
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def environment() -> dict[str, str]:
    """Return the environment of a command that may use classes of the tests."""
    return {**os.environ, "PYTHONPATH": PYTHONPATH}


def command(*arguments: str, module: str = "run") -> list[str]:
    """Return the command line that runs a module of the package with these arguments."""
    return [sys.executable, "-m", f"mathbatch.{module}", *arguments]


def run(
    folder: Path,
    *arguments: str,
    module: str = "run",
    fresh: bool = False,
    vllm: bool = False,
    warm: bool = True,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run the command line in `folder` to its end.

    A `fresh` command starts its own Python, as users do; others are forked from one that has done their imports. If it
    is `warm` that has done those of scores and plots, too, and scorers come from a process that all such commands
    share; with `vllm` that has done those of vLLM as well, whose engines are then forked.
    """
    process = start(folder, *arguments, module=module, fresh=fresh, vllm=vllm, warm=warm, new_session=False)
    out, err = process.communicate(timeout=timeout)
    assert process.returncode is not None
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def start(
    folder: Path,
    *arguments: str,
    module: str = "run",
    fresh: bool = False,
    vllm: bool = False,
    warm: bool = False,
    new_session: bool = True,
) -> Command:
    """Start the command line in `folder`, in a process group of its own."""
    if not (fresh or ALL_FRESH):
        server = VLLM_SERVER if vllm else WARM_SERVER if warm else SERVER
        return command_server(server).start(
            Request(f"mathbatch.{module}", list(arguments), str(folder), environment(), new_session)
        )
    return subprocess.Popen(
        command(*arguments, module=module),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=new_session,
    )


def run_process(folder: Path, *more: str, prepare: Callable[[], None] | None = None) -> Outcome:
    """Run the scripted model over `dataset=generic` in `folder`.

    With `prepare`, which is called in it first, the process is a fresh one. It writes no byte code: with a limit on
    files that would be cut off, and break the next process that reads it.
    """
    arguments = (SCRIPTED, "dataset=generic", "dataset.name=rows", *more)
    if prepare is None:
        ended = run(folder, *arguments)
    else:
        ended = subprocess.run(
            command(*arguments),
            cwd=folder,
            env={**environment(), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=600,
            preexec_fn=prepare,
        )
    return found_outcome(folder, ended.returncode, ended.stdout, ended.stderr)


def run_and_list_modules(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Run the command line in `folder`; return the modules that it has imported, too."""
    report = folder / "modules.txt"
    process = command_server(SERVER).start(
        Request("mathbatch.run", list(arguments), str(folder), environment(), report=str(report))
    )
    out, err = process.communicate()
    assert process.returncode is not None
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    return done, set(report.read_text(encoding="utf-8").split("\n"))


def run_watched(
    package: Path, folder: Path, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the `mathbatch.run` that lies in `package`; return where it came from and which modules it imported, too.

    It is a fresh process. -I keeps the current folder and PYTHONPATH out.
    """
    report = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-I", "-c", WATCHED, str(report), str(package), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done, json.loads(report.read_text())


def wait_for(condition: Callable[[], object], process: Command, seconds: float = 300) -> None:
    """Wait until the condition holds, and fail where the process ends without it.

    The time only ends a test that would hang.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None and not condition():
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()}")
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def wait_until_said(words: str, process: Command, seconds: float = 300) -> str:
    """Return the first line on the standard error that has these words."""
    assert process.stderr is not None
    too_late = threading.Timer(seconds, process.kill)
    too_late.start()
    try:
        return next(line for line in process.stderr if words in line)
    finally:
        too_late.cancel()


def engines_of(owner: int) -> list[psutil.Process]:
    """Return the engines of a run, which are its own children.

    Grandchildren are left out: a command that an engine starts bears the engine's name until its exec.
    """
    found = []
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(owner).children():
            with suppress(psutil.NoSuchProcess):
                if process.name().startswith(ENGINE):
                    found.append(process)
    return found


def left_alive(processes: Iterable[psutil.Process], seconds: float = 300) -> list[psutil.Process]:
    """Return the processes that have not ended in time. The time only ends a test that would hang.

    One that has ended and that nobody has asked about yet is not alive: the first process of a container may ask
    nobody.
    """
    deadline, left = time.monotonic() + seconds, list(processes)
    while (left := [process for process in left if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def lives(pid: int) -> bool:
    """Tell whether a process of this id runs. It may end at any moment, between two looks too."""
    try:
        return is_alive(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def is_alive(process: psutil.Process) -> bool:
    """Tell whether it runs; one that only waits for its parent to take note does not."""
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def obey_modes() -> None:
    """Give up root's power to read and write whatever the modes of files say; for `prepare`."""
    libc = ctypes.CDLL(None, use_errno=True)
    for power in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if os.geteuid() == 0 and libc.prctl(PR_CAPBSET_DROP, power, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "can't give up a capability")


def limit_file_size(size: int) -> Callable[[], None]:
    """Return a `prepare` that lets no file grow beyond `size` bytes: a full disk, as far as a process can tell."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
