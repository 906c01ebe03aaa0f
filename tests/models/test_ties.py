"""Check that an engine's processes end with their run, whatever else is killed and whatever they are doing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from support.processes import environment, left_alive

pytestmark = pytest.mark.process

# What vLLM does, in small: a thread that ends starts the engine, which starts a worker.
RUN = """
import multiprocessing, os, sys, threading, time
from mathbatch.models.reaper import Reaper
from mathbatch.models.shield import shield_processes

spawning = multiprocessing.get_context("spawn")

def work(name, connection):
    connection.send(name)
    time.sleep(3600)

def compute(connection):
    spawning.Process(target=work, args=("worker", connection)).start()
    work("engine", connection)

def begin(connection):
    shield_processes()
    reaper.start()
    started.append(spawning.Process(target=compute, args=(connection,)))
    started[0].start()
    reaper.unmark()

if __name__ == "__main__":
    reaper, started = Reaper(), []
    ours, theirs = spawning.Pipe()
    thread = threading.Thread(target=begin, args=(theirs,))
    thread.start()
    thread.join()
    other = spawning.Process(target=work, args=("other", theirs))
    other.start()
    ours.recv(), ours.recv(), ours.recv()
    forked = os.fork()  # holds what it has inherited, as a process of a pool does
    if forked:
        print(other.pid, forked, flush=True)
    time.sleep(3600)
"""


@contextmanager
def _run(folder: Path) -> Iterator[tuple[psutil.Process, psutil.Process, list[psutil.Process], psutil.Process]]:
    """Yield a run, its reaper, its engine with its worker, and a process that is not the engine's.

    One that the run has forked lives on beside them.
    """
    script = folder / "script.py"
    script.write_text(RUN)
    started = subprocess.Popen([sys.executable, script], env=environment(), stdout=subprocess.PIPE, text=True)
    with started:
        assert started.stdout is not None
        other, forked = map(psutil.Process, map(int, started.stdout.readline().split()))
        found = psutil.Process(started.pid)
        (reaper,) = [child for child in found.children() if "mathbatch.models.reaper" in child.cmdline()]
        (engine,) = [child for child in found.children() if child.children()]
        try:
            yield found, reaper, [engine, *engine.children()], other
        finally:
            for process in (found, reaper, other, forked):
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def test_an_engine_ends_with_its_run_though_what_the_run_has_forked_lives_on(tmp_path: Path) -> None:
    with _run(tmp_path) as (run, _, engine, _):
        run.kill()
        assert not left_alive(engine, 10)


@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped"])
def test_an_engine_ends_where_run_and_reaper_are_killed_at_once(tmp_path: Path, is_stopped: bool) -> None:
    with _run(tmp_path) as (run, reaper, engine, other):
        for process in engine if is_stopped else []:
            process.suspend()
        reaper.kill()
        run.kill()
        assert not left_alive(engine, 10)
        assert other.is_running(), "not the engine's, so it is left alone"


def test_an_engine_lives_on_where_only_the_reaper_is_killed_and_takes_its_worker_with_it(tmp_path: Path) -> None:
    with _run(tmp_path) as (run, reaper, engine, _):
        reaper.kill()
        assert not left_alive([reaper], 10)
        assert run.is_running()
        assert all(process.is_running() for process in engine)
        engine[0].kill()
        assert not left_alive(engine, 10)
        assert run.is_running()
