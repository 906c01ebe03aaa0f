"""Run a command on a terminal of its own, press Ctrl-C there, and close it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import termios
import threading
from collections.abc import Callable
from pathlib import Path

from support.command_server import Request
from support.forked import command_server
from support.processes import ALL_FRESH, VLLM_SERVER, Command, command, environment

CTRL_C = b"\x03"


class Terminal:
    """Pseudo-terminal whose session leader and foreground process group is one command. It shows what the user sees.

    `prepare` is called in the process before the command. With `vllm` the command is forked from a process that has
    made the imports of vLLM, and its engines from it. Use it as a context, which ends the command.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        module: str = "run",
        prepare: Callable[[], object] = lambda: None,
        vllm: bool = False,
    ) -> None:
        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # The tests themselves may run under nohup, which the command would inherit.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            prepare()

        self._master, slave = os.openpty()
        self.process: Command
        if vllm and not ALL_FRESH:
            request = Request(f"mathbatch.{module}", list(arguments), str(folder), environment(), on_terminal=True)
            self.process = command_server(VLLM_SERVER).start(request, output=slave)
        else:
            self.process = subprocess.Popen(
                command(*arguments, module=module),
                cwd=folder,
                env=environment(),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                text=True,
                start_new_session=True,
                preexec_fn=take_terminal,
            )
        os.close(slave)
        self._is_open = True
        self._shown = bytearray()
        self._stop_reading, self._stop = os.pipe()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        if self._is_open:
            self.close()

    def press(self, key: bytes) -> None:
        """Type a key, which the kernel turns into a signal to the foreground process group where it is Ctrl-C."""
        os.write(self._master, key)

    def close(self) -> None:
        """Close the terminal; the kernel sends SIGHUP to the command, and nothing can be shown any more."""
        self._is_open = False
        os.write(self._stop, b"x")
        self._reader.join()
        for descriptor in (self._master, self._stop_reading, self._stop):
            os.close(descriptor)

    def wait(self, seconds: float = 300) -> tuple[int, str]:
        """Return the exit code and what was shown when the command has ended."""
        return self.process.wait(seconds), self._shown.decode(errors="replace")

    def _read(self) -> None:
        while True:
            ready = select.select([self._master, self._stop_reading], [], [])[0]
            if self._stop_reading in ready:
                return
            try:
                self._shown += os.read(self._master, 1 << 16)
            except OSError:  # the command has ended
                return
