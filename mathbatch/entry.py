"""How every command begins and ends: before the imports that take half a second, and after all is said.

    if __name__ == "__main__":
        from mathbatch import entry

        entry.begin()  # then the imports

Exit codes beside a command's own: 130 Ctrl-C, 141 nobody reads what it has to say, 2 standard output can't be written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import mathbatch

EXIT_STOPPED, EXIT_UNREAD, EXIT_UNWRITABLE = 128 + signal.SIGINT, 128 + signal.SIGPIPE, 2


def begin() -> None:
    """Ctrl-C during the imports ends the command without their tracebacks; a stream that is closed leads nowhere."""
    signal.signal(signal.SIGINT, _leave)
    for number in range(3):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one, or a run's file would take it
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or open(2, "w", buffering=1)  # noqa: SIM115


def call(main: Callable[[], object], help: str | None = None) -> None:
    """Call `main`, or answer --version, and --help where there is one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if "--version" in sys.argv[1:]:
            print(f"mathbatch {mathbatch.__version__}")
        elif help is not None and {"-h", "--help"} & set(sys.argv[1:]):
            print(help.strip())
        else:
            main()
    except KeyboardInterrupt:
        _stopped()
    except BrokenPipeError:
        silence(1)
        sys.exit(EXIT_UNREAD)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _unwritable(error)
    finally:
        _flush()


def silence(number: int) -> None:
    """What is still to be flushed goes nowhere: at its exit Python would fail on it once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence(1)
    except OSError as error:
        _unwritable(error)


def _unwritable(error: OSError) -> NoReturn:
    silence(1)
    print(f"mathbatch: can't write to standard output: {error.strerror}", file=sys.stderr)
    sys.exit(EXIT_UNWRITABLE)


def _leave(*_: object) -> NoReturn:
    """Nothing has begun: there is nothing to save or to end."""
    os.write(2, b"mathbatch: stopped\n")
    os._exit(EXIT_STOPPED)


def _stopped() -> NoReturn:
    print("mathbatch: stopped", file=sys.stderr)
    sys.exit(EXIT_STOPPED)
