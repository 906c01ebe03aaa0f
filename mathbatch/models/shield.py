"""Keep the signals that stop a run away from the engine's processes.

A terminal sends Ctrl-C, and SIGHUP when it is closed, to every process of a run; timeout(1) and schedulers send SIGTERM
to every one. An engine that gets one of them drops all requests in flight. The run alone decides when it stops.
"""

from __future__ import annotations

import signal
from multiprocessing import resource_tracker

SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def shield_processes(signals: set[signal.Signals] = SIGNALS) -> set[signal.Signals | int]:
    """Block signals in this thread, and so in all processes that it starts from now on and in theirs.

    Return those that were blocked before. vLLM installs handlers for them, but these are never called: only SIGKILL
    ends a process from which all are kept.
    """
    # Python's resource tracker starts with the first process. It doesn't block SIGHUP by itself, and before Python
    # 3.12.9 and 3.13.2 (gh-127586) its start unblocks the two other signals in the thread that starts it, so that the
    # engine would get them. So it has to run before they are blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals & {signal.SIGHUP})
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    return before
