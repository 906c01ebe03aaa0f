"""Ask the command server of this process for commands, and handle them as one handles a `subprocess.Popen`."""

from __future__ import annotations

import atexit
import functools
import io
import json
import os
import select
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import TextIO

from support.command_server import Request
from support.paths import PYTHONPATH


class ForkedCommand:
    """Process of a command. Its attributes and methods mean what they mean in `subprocess.Popen`."""

    def __init__(self, request: Request, status: int, streams: tuple[int, int] | None) -> None:
        self.args = [request.module, *request.arguments]
        self.returncode: int | None = None
        self.stdout: TextIO
        self.stderr: TextIO
        self.stdout, self.stderr = (io.StringIO(), io.StringIO()) if streams is None else map(_text_of, streams)
        # Two lines: the process id, and when it has ended its wait status.
        self._status = os.fdopen(status, "rb", buffering=0)
        self.pid = int(self._status.readline())

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when the process has ended. Raises TimeoutExpired if it takes longer."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                assert timeout is not None
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = os.waitstatus_to_exitcode(int(self._status.readline()))
            self._status.close()
        return self.returncode

    def communicate(self, timeout: float = 300) -> tuple[str, str]:
        """Return what is still to be read of both streams. A process that takes longer than `timeout` is killed."""
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.append(self.stderr.read()))
        too_late = threading.Timer(timeout, self.kill)
        reader.start()
        too_late.start()
        with self.stdout, self.stderr:
            printed = self.stdout.read()
            reader.join()
        self.wait()
        too_late.cancel()
        too_late.join()
        return printed, said[0]

    def send_signal(self, number: int) -> None:
        """Send the signal unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM unless the process has ended."""
        self.send_signal(15)

    def kill(self) -> None:
        """Send SIGKILL unless the process has ended."""
        self.send_signal(9)


def _text_of(stream: int) -> TextIO:
    """Read bytes as they were printed: a carriage return stays one, and what is no UTF-8 is seen."""
    return os.fdopen(stream, encoding="utf-8", errors="backslashreplace", newline="\n")


class CommandServer:
    """Connection to a command server of its own; `module` is what the server runs."""

    def __init__(self, module: str = "support.command_server") -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": PYTHONPATH},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def start(self, request: Request, output: int | None = None) -> ForkedCommand:
        """Start a command that prints into pipes, or to the file or terminal with this descriptor."""
        status, to_status = os.pipe()
        streams = None
        if output is None:
            (out, to_out), (err, to_err) = os.pipe(), os.pipe()
            streams = out, err
        else:
            to_out, to_err = os.dup(output), os.dup(output)
        theirs = [to_out, to_err, to_status]
        try:
            socket.send_fds(self._requests, [json.dumps(asdict(request)).encode()], theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return ForkedCommand(request, status, streams)

    def close(self) -> None:
        """End the server; commands that are still at work go on."""
        self._requests.close()
        self._process.wait()


@functools.cache
def command_server(module: str) -> CommandServer:
    """Return this process's server of a module, which starts when it is needed first."""
    server = CommandServer(module)
    atexit.register(server.close)
    return server
