"""Keep a server for as long as the run lives that wants it, and end it with all processes that it has started.

    python -m mathbatch.fleet.deploy.keeper

Standard input is a pipe from the run: a line of JSON with the command of the server and its environment, which may hold
keys, comes through it, and the system closes it when the run ends, however it ends. Processes of the
server whose parent is gone become children of this one (PR_SET_CHILD_SUBREAPER in prctl(2)), so that none of them can
get lost, whatever sessions and titles they give themselves. If this process is killed, the server gets SIGKILL.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil

# Numbers of prctl(2).
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
# Seconds that a server has to end by itself, in which it removes its shared memory, and then to be gone.
GRACE_S, GONE_S = 4.0, 10.0
LOOK_S = 0.05
# Exit code of a shell for a command that isn't there.
NO_COMMAND = 127
# Signals that are for the run, which then ends this process by its pipe.
FOR_THE_RUN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def keep(command: list[str], environment: dict[str, str]) -> int:
    """Run a server until it ends or standard input does. Return its exit code; that of a signal is negative."""
    _control(PR_SET_CHILD_SUBREAPER, 1)
    for number in FOR_THE_RUN:
        signal.signal(number, signal.SIG_IGN)
    try:
        server = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_begin_server
        )
    except OSError as error:
        print(f"{command[0]} can't be started: {error.strerror}", file=sys.stderr, flush=True)
        return NO_COMMAND
    ends = select.poll()
    ends.register(0, select.POLLHUP | select.POLLERR)
    ends.register(watched := os.pidfd_open(server.pid), select.POLLIN)
    ends.poll()
    os.close(watched)
    if server.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(GRACE_S)
    _kill_all()
    return server.wait()


def _begin_server() -> None:
    """Let the server, in its own process, take signals again, and die with this one."""
    for number in FOR_THE_RUN:
        signal.signal(number, signal.SIG_DFL)
    _control(PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill_all() -> None:
    """Kill what is left below this process, until nothing is."""
    deadline = time.monotonic() + GONE_S
    while (left := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        for process in psutil.Process().children():  # the end of each has to be taken note of
            with suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)
        time.sleep(LOOK_S)


def _control(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    if line := sys.stdin.buffer.readline():
        code = keep(**json.loads(line))
        # As a shell does it, since an exit code can't be negative.
        sys.exit(128 - code if code < 0 else code)
