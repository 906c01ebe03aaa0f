"""Kill the engine's processes when the run that started them ends, even if the run itself is killed.

vLLM's engine process does not notice that its owner was killed: it would wait forever and hold the GPU memory. So a run
starts this module as a process beside the engine:

    python -m mathbatch.models.reaper <process id> <mark> <folder>

Its standard input is a pipe from the run, which the system closes when the run ends. It then kills the children of the
run and all processes with MATHBATCH_OWNER=<mark> in their environment, and removes the folder of their sockets and what
else they leave. If the reaper is killed too, the engine's processes end by themselves (`ties`), and the next start
removes what they have left (`leftovers`).
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from mathbatch.models.forks import forget, keep_from_forks
from mathbatch.models.leftovers import FOLDER, SharedMemoryNotes, own_folder, remove_folder, remove_leftovers
from mathbatch.models.sockets import make_socket_folder
from mathbatch.models.ties import OWNER, tie_spawned

if TYPE_CHECKING:
    import psutil

LOOK_FOR_CHILDREN_EVERY_S = 1.0
GONE_WITHIN_S = 10.0
GONE_CHECK_S = 0.02
# How much nicer an engine's processes are made than this one, which Ray may have made nice already.
NICER, NICEST = 10, 19
# Modules in the command lines of processes that are not the engine's: the server that forks our scoring workers, but
# never an engine, Python's resource tracker, and the reapers of replicas, which have engines of their own to end. They
# outlive the engine, and end with this process by themselves.
NOT_OF_ENGINE = "multiprocessing.forkserver", "multiprocessing.resource_tracker", "mathbatch.models.reaper"


class Reaper:
    """Ends the processes that are started between `start` and `unmark`: at `stop`, or when this process ends.

    `folder` is a temporary folder for their sockets, which is removed then.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._others: set[int] = set()
        self.folder = ""

    def start(self) -> None:
        """Start the process that watches over this one, and mark all processes that this one starts from now on."""
        self._others = {child.pid for child in _descendants(os.getpid())}
        mark = os.urandom(16).hex()
        self.folder = make_socket_folder()
        remove_leftovers(os.path.dirname(self.folder))
        self._lock = own_folder(self.folder)
        # Only this process holds the writing end of the pipe, so the pipe is closed when this process ends.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mathbatch.models.reaper", str(os.getpid()), mark, self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[self._lock],
        )
        assert self._process.stdin is not None
        self._kept = self._process.stdin.fileno(), self._lock
        for descriptor in self._kept:
            keep_from_forks(descriptor)
        os.environ[OWNER], os.environ[FOLDER] = mark, self.folder
        tie_spawned()

    def lower_priority(self) -> None:
        """Let the engine's processes have only the processor time that this process does not need.

        An engine that computes on the same cores that prepare its images would otherwise make many small steps, and
        slow the preparation down. With a lower priority it makes fewer and larger steps. It loses nothing while it has
        the cores to itself.
        """
        import psutil

        assert self._process is not None
        niceness = min(NICEST, os.getpriority(os.PRIO_PROCESS, 0) + NICER)
        for process in _descendants(os.getpid()):
            if process.pid not in self._others and process.pid != self._process.pid:
                with suppress(psutil.Error, ProcessLookupError):
                    for thread in process.threads():
                        os.setpriority(os.PRIO_PROCESS, thread.id, niceness)

    def unmark(self) -> None:
        """Stop marking: processes that are started from now on are not the engine's."""
        os.environ.pop(OWNER, None)
        os.environ.pop(FOLDER, None)

    def stop(self) -> None:
        """Kill the processes that are left. Return when they are gone."""
        self.unmark()
        if self._process is not None:
            for descriptor in self._kept:
                forget(descriptor)
            self._process.communicate()
            self._process = None
            remove_folder(self.folder)  # where the reaper was killed
            os.close(self._lock)


def watch(owner: int, mark: str, folder: str) -> None:
    """Wait until standard input ends, then kill all processes that the owner has started since, and their children.

    Meanwhile note in `folder` which shared memory they make.

    They are found in two ways, since neither is enough. The mark gets lost some seconds after a process of vLLM starts,
    when it overwrites its environment to set its title. Children can be listed only while the owner lives.
    """
    import psutil

    others = _descendants(owner) - set(_marked(mark))  # this process is one of them
    known: set[psutil.Process] = set()
    shared_memory = SharedMemoryNotes(folder)
    while not select.select([sys.stdin], [], [], LOOK_FOR_CHILDREN_EVERY_S)[0]:
        known |= _descendants(owner) - others
        shared_memory.look([owner, *(process.pid for process in known)])
    doomed = {process for process in known | set(_marked(mark)) if process.is_running()}
    shared_memory.look(process.pid for process in doomed)
    for process in doomed:
        with suppress(psutil.Error):
            process.kill()
    deadline = time.monotonic() + GONE_WITHIN_S
    while any(_holds_something(process) for process in doomed) and time.monotonic() < deadline:
        time.sleep(GONE_CHECK_S)


def _holds_something(process: psutil.Process) -> bool:
    """Tell whether a process still holds memory or devices. A zombie whose threads are gone does not."""
    import psutil

    with suppress(psutil.Error, OSError):
        return process.is_running() and (
            process.status() != psutil.STATUS_ZOMBIE or len(os.listdir(f"/proc/{process.pid}/task")) > 1
        )
    return False


def _descendants(owner: int) -> set[psutil.Process]:
    """Return the children of a process, and theirs, that may belong to an engine."""
    import psutil

    try:
        children = [child for child in psutil.Process(owner).children() if _may_be_of_engine(child)]
        return set(children).union(*(child.children(recursive=True) for child in children))
    except psutil.NoSuchProcess:
        return set()


def _may_be_of_engine(process: psutil.Process) -> bool:
    import psutil

    with suppress(psutil.Error):
        return not any(name in word for word in process.cmdline() for name in NOT_OF_ENGINE)
    return True


def _marked(mark: str) -> Iterator[psutil.Process]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(OWNER) == mark and _may_be_of_engine(process):
                yield process


if __name__ == "__main__":
    watch(int(sys.argv[1]), *sys.argv[2:])
    remove_folder(sys.argv[3])
