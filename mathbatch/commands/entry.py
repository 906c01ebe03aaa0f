"""Begin and end every command: before the imports that take half a second, and after all is said.

`enter("run")` calls `main` of `mathbatch.commands.run`, which returns the exit code or raises what is wrong. Here alone
errors become sentences and the process ends.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
from typing import NoReturn

import mathbatch
from mathbatch.commands import exit_codes
from mathbatch.errors import AlreadyTold, MathBatchError
from mathbatch.parts.faults import part_error
from mathbatch.reports.streams import discard


def enter(command: str, help: str | None = None) -> NoReturn:
    """Run the command's module and end the process. `--help` prints `help`; without one it is the command's own."""
    _begin()
    module = importlib.import_module(f"mathbatch.commands.{command}")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = exit_codes.SUCCESS
    try:
        if "--version" in sys.argv[1:]:
            print(f"mathbatch {mathbatch.__version__}")
        elif help is not None and {"-h", "--help"} & set(sys.argv[1:]):
            print(help.strip())
        else:
            code = module.main()
    except AlreadyTold:
        code = exit_codes.FAILURES
    except MathBatchError as error:
        code = _say(str(error), exit_codes.MISTAKE)
    except KeyboardInterrupt as stopped:
        code = _say(str(stopped) or "stopped", exit_codes.STOPPED)
    except BrokenPipeError:
        discard(1)
        code = exit_codes.UNREAD
    except Exception as error:
        told = part_error(error)
        if told is not None:
            code = _say(str(told), exit_codes.MISTAKE)
        elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
            code = _unwritable(error)
        else:
            raise
    finally:
        failed = _flush()
    sys.exit(code if failed is None else failed)


def _begin() -> None:
    """End without a traceback on Ctrl-C during the imports, and point each closed standard stream at /dev/null."""
    signal.signal(signal.SIGINT, _leave)
    for number in range(3):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        # The lowest free number is this one. Left closed, a file of the run would take it.
        os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or open(2, "w", buffering=1)  # noqa: SIM115


def _flush() -> int | None:
    """Write out what standard output still holds; return the exit code if that fails."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard(1)
    except OSError as error:
        return _unwritable(error)
    return None


def _unwritable(error: OSError) -> int:
    discard(1)
    return _say(f"can't write to standard output: {error.strerror}", exit_codes.MISTAKE)


def _say(message: str, code: int) -> int:
    print(f"mathbatch: {message}", file=sys.stderr)
    return code


def _leave(*_: object) -> NoReturn:
    """End at once: nothing has begun that would have to be saved or ended."""
    os.write(2, b"mathbatch: stopped\n")
    os._exit(exit_codes.STOPPED)
