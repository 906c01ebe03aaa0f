"""Begin and end every command: before the imports that take half a second, and after all is said.

`enter("run")` calls `main` of `mathbatch.commands.run`, which returns the exit code or raises what is wrong. Here alone
errors become sentences and the process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import importlib
import os
import signal
import sys
from types import ModuleType
from typing import NoReturn

import mathbatch
from mathbatch.commands import exit_codes
from mathbatch.errors import AlreadyTold, MathBatchError
from mathbatch.models.limits import memory_limit, refuse_small_limits
from mathbatch.parts.faults import part_error
from mathbatch.reports.streams import discard, is_closed_terminal
from mathbatch.visible import print_visibly

# Errors of the system that concern no file.
OF_SYSTEM = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
# What Python says for EAGAIN of pthread_create(3).
NO_THREAD = "can't start new thread"
# Imported with every engine.
HEAVY = "torch"


class _Ended:
    """Exit code of the command, None until it has ended."""

    code: int | None = None


_ended = _Ended()


def enter(command: str, help: str | None = None) -> NoReturn:
    """Run the command's module and end the process. `--help` prints `help`; without one it is the command's own."""
    _begin()
    code = exit_codes.SUCCESS
    try:
        refuse_small_limits()
        module = _imported(f"mathbatch.commands.{command}")
        signal.signal(signal.SIGINT, signal.default_int_handler)
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
        found = _told(error)
        if found is None:
            raise
        code = found
    finally:
        failed = _flush()
    _ended.code = code if failed is None else failed
    sys.exit(_ended.code)


def _begin() -> None:
    """End without a traceback on Ctrl-C during the imports, open closed standard streams, and print visibly."""
    signal.signal(signal.SIGINT, _leave)
    for number in range(3):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        # The lowest free number is this one. Left closed, a file of the run would take it.
        os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or open(2, "w", buffering=1)  # noqa: SIM115
    print_visibly()
    atexit.register(_vanish)  # the first is called last


def _vanish() -> None:
    """End the process without taking apart what an engine's packages hold, in which Python takes seconds."""
    if _ended.code is None or HEAVY not in sys.modules:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # told before, or closed
            stream.flush()
    os._exit(_ended.code)


def _imported(name: str) -> ModuleType:
    """Import a module, and let the garbage collector never look at what the imports made, which stays to the end."""
    gc.disable()
    module = importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return module


def _flush() -> int | None:
    """Write out what standard output still holds; return the exit code if that fails."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard(1)
    except OSError as error:
        if not is_closed_terminal(1, error):
            return _unwritable(error)
        discard(1)
    return None


def _told(error: Exception) -> int | None:
    """Tell about an error of a user's own code, the disk or the system, and return the exit code.

    Return None for a likely defect of MathBatch.
    """
    if (told := part_error(error)) is not None:
        return _say(str(told), exit_codes.MISTAKE)
    if isinstance(error, MemoryError):
        limit = memory_limit() or "all that the machine or the container has is in use"
        return _say(f"there is no memory left: {limit}\n  fix: free memory, or raise the limit", exit_codes.MISTAKE)
    if isinstance(error, RuntimeError) and str(error) == NO_THREAD:
        error = OSError(errno.EAGAIN, NO_THREAD)
    if not isinstance(error, OSError):
        return None
    from mathbatch.data.storage.remedies import REMEDIES, with_remedy

    if error.filename is None and error.errno == errno.ENOSPC:  # all files of ours are written where this is told
        return _unwritable(error)
    is_of_system = error.filename is not None or error.errno in OF_SYSTEM
    if not is_of_system or error.errno not in REMEDIES.keys() - {errno.ENOENT}:
        return None
    return _say(with_remedy(error), exit_codes.MISTAKE)


def _unwritable(error: OSError) -> int:
    discard(1)
    return _say(f"can't write to standard output: {error.strerror}", exit_codes.MISTAKE)


def _say(message: str, code: int) -> int:
    try:
        print(f"mathbatch: {message}", file=sys.stderr)
    except OSError:  # a terminal that was closed, or a full disk: there is nowhere else to say it
        discard(2)
    return code


def _leave(*_: object) -> NoReturn:
    """End at once: nothing has begun that would have to be saved or ended."""
    os.write(2, b"mathbatch: stopped\n")
    os._exit(exit_codes.STOPPED)
