"""Fork commands from a Python process that has imported the package and has never run anything.

Two thirds of a short command's time are imports. A forked command is a process like any other, with its own folder,
environment, arguments, streams, signals and exit code. `python -m support.command_server 3` reads requests from the
socket with that number, until its other end is closed.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import tempfile
import termios
from dataclasses import dataclass
from pathlib import Path

# All that the commands import anyway. Nothing heavy, so that tests can still tell what a command has imported; nothing
# that looks at the environment while it is imported, such as mathbatch.models.vllm.
PRELOADED = (
    *(
        f"mathbatch.commands.{name}"
        for name in ("entry", "run", "score", "verify", "compare", "new_dataset", "show", "runs")
    ),
    *("mathbatch.commands.check.command", "mathbatch.models.scripted", "mathbatch.data.batchers"),
    *(f"mathbatch.scoring.scorers.{name}" for name in ("auto", "choice", "exact", "math", "number")),
)
LONGEST_REQUEST = 1 << 17


@dataclass(frozen=True)
class Request:
    """One command: `python -m <module> <arguments>`.

    With a `report` it writes the names of all modules that it has imported to that file, one a line, when it ends.
    `on_terminal` tells that its streams are a terminal, which it takes for its own.
    """

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    new_session: bool = False
    report: str | None = None
    on_terminal: bool = False


def main() -> None:
    """Fork requested commands until nobody can send requests any more."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    # Ctrl-C is for the commands.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    request = _serve(socket.socket(fileno=int(sys.argv[1])))
    if request is None:
        os._exit(0)  # at its end, what was imported would say on the terminal what it has not freed
    _run(request)


def _serve(requests: socket.socket) -> Request | None:
    """Return the request in each forked process, and None here when there are no more."""
    with requests:
        while True:
            message, descriptors, *_ = socket.recv_fds(requests, LONGEST_REQUEST, 3)
            if not message:
                return None
            if os.fork() == 0:
                break
            for descriptor in descriptors:
                os.close(descriptor)
            _forget_ended()
    _begin(*descriptors)
    return Request(**json.loads(message))


def _forget_ended() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _begin(out: int, err: int, status: int) -> None:
    """Fork once more and return in the new process, with its streams; this one tells its number and its end."""
    child = os.fork()
    if child:
        os.close(out)
        os.close(err)
        os.write(status, b"%d\n" % child)
        os.write(status, b"%d\n" % os.waitpid(child, 0)[1])
        os._exit(0)
    os.close(status)
    for descriptor, number in ((out, 1), (err, 2)):
        os.dup2(descriptor, number)
        os.close(descriptor)


def _run(request: Request) -> None:
    """Become the command."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The tests themselves may run under nohup, which the command would inherit.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if request.new_session or request.on_terminal:
        os.setsid()
    if request.on_terminal:
        os.dup2(1, 0)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    # Chosen by TMPDIR when it is asked for first, which an import may have done.
    tempfile.tempdir = None
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in request.environment
    paths = request.environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [request.folder, *(path for path in paths if path and path not in sys.path)]
    sys.argv[1:] = request.arguments
    try:
        runpy.run_module(request.module, run_name="__main__", alter_sys=True)
    finally:
        if request.report is not None:
            Path(request.report).write_text("\n".join(sys.modules), encoding="utf-8")


if __name__ == "__main__":
    main()
