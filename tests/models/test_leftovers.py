"""Check that what killed engines leave on the machine is removed at the next start, and nothing else ever is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import psutil
import pytest
from support.processes import environment, left_alive, wait_for

from mathbatch.models.leftovers import BEFORE, LIST, LOCK, note, own_folder, remove_folder, remove_leftovers

# A run whose engine makes shared memory and a semaphore, as vLLM does, and a file that it notes. It prints their names.
RUN = """
import multiprocessing, os, sys, tempfile, time
from multiprocessing.shared_memory import SharedMemory
from mathbatch.models.leftovers import note
from mathbatch.models.reaper import Reaper

spawning = multiprocessing.get_context("spawn")

def engine(folder):
    memory, lock = SharedMemory(create=True, size=4096), spawning.Lock()
    file, path = tempfile.mkstemp(prefix="vllm_dist_")
    note(folder, path)
    print(folder, path, f"/dev/shm/{memory.name}", f"/dev/shm/sem.{lock._semlock.name[1:]}", flush=True)
    time.sleep(3600)

if __name__ == "__main__":
    reaper = Reaper()
    reaper.start()
    process = spawning.Process(target=engine, args=(reaper.folder,))
    process.start()
    reaper.unmark()
    process.join()
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder for temporary files with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.fixture
def start_run(tmp_path: Path, temporary: Path) -> Iterator[Callable[[], tuple[psutil.Process, list[Path]]]]:
    """Yield a function that starts a run; it returns its process and what its engine has made, once that is noted."""
    script, started = tmp_path / "script.py", []
    script.write_text(RUN)

    def start() -> tuple[psutil.Process, list[Path]]:
        run = subprocess.Popen([sys.executable, script], env=environment(), stdout=subprocess.PIPE, text=True)
        started.append(run)
        assert run.stdout is not None
        folder, *made = map(Path, run.stdout.readline().split())
        wait_for(lambda: set((folder / LIST).read_text().split()) == set(map(str, made)), run, 60)
        return psutil.Process(run.pid), [folder, *made]

    yield start
    for run in started:
        run.kill()
        run.communicate()


@pytest.mark.process
def test_what_engines_leave_is_removed_at_the_next_start_but_not_what_a_live_one_uses(
    start_run: Callable[[], tuple[psutil.Process, list[Path]]], temporary: Path
) -> None:
    (killed, left), (living, used) = start_run(), start_run()
    with SharedMemoryOfOthers() as foreign:
        _kill_all_of(killed)
        assert all(path.exists() for path in left), "there is something to remove"
        _, own = start_run()
        assert not any(path.exists() for path in left)
        assert all(path.exists() for path in [*used, *own, foreign])
        living.kill()  # its reaper is alive
        assert not left_alive(_reapers_of(used[0]))
        assert not any(path.exists() for path in used)
    assert sorted(temporary.iterdir()) == sorted(path for path in own if path.parent == temporary)


def test_only_a_folder_of_ones_own_with_a_lock_that_nobody_holds_is_removed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.touch()
    abandoned, living, unlocked, linked = (tmp_path / f"mb-{name}" for name in ("dead", "live", "none", "link"))
    for folder in (abandoned, living, unlocked):
        folder.mkdir()
    gone = tmp_path / "gone"
    gone.touch()
    note(str(abandoned), str(gone))
    note(str(abandoned), str(tmp_path / "never made"))
    with (abandoned / LIST).open("a") as cut_off:  # it may be the beginning of another path
        cut_off.write(str(precious))
    os.close(own_folder(str(abandoned)))
    note(str(living), str(precious))
    note(str(unlocked), str(precious))
    held = own_folder(str(living))
    (tmp_path / "elsewhere").mkdir()
    note(str(tmp_path / "elsewhere"), str(precious))
    (tmp_path / "elsewhere" / LOCK).touch()
    linked.symlink_to("elsewhere")
    (tmp_path / "mb-file").touch()
    before = set(tmp_path.rglob("*"))

    remove_leftovers(str(tmp_path))
    assert before - set(tmp_path.rglob("*")) == {gone, abandoned, *(abandoned / name for name in (BEFORE, LIST, LOCK))}
    if os.geteuid() == 0:
        os.close(held)
        os.chown(living, 65534, 65534)
        remove_leftovers(str(tmp_path))
        assert precious.exists(), "anybody may make a folder whose list names files of others"
    remove_leftovers(str(tmp_path / "nowhere"))
    remove_folder(str(tmp_path / "nowhere"))


class SharedMemoryOfOthers:
    """Shared memory, made while runs are going on, of a program that has nothing to do with them."""

    def __enter__(self) -> Path:
        self._memory = SharedMemory(create=True, size=4096)
        return Path("/dev/shm", self._memory.name)

    def __exit__(self, *_: object) -> None:
        self._memory.close()
        self._memory.unlink()


def _reapers_of(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if str(folder) in (process.info["cmdline"] or ())]


def _kill_all_of(run: psutil.Process) -> None:
    """Kill a run with all that could clean up after it, as a scheduler does that is out of patience."""
    processes = [run, *run.children(recursive=True)]
    for process in processes:
        process.suspend()  # so that none sees another end
    for process in processes:
        process.kill()
    assert not left_alive(processes)
