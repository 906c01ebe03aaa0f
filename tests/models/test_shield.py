"""Check that signals to a whole process group don't reach the engine's processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.processes import ENGINE, environment
from support.shared_engine import SharedEngine

from mathbatch.models.shield import SIGNALS

SCRIPT = """
import multiprocessing, signal, threading
from mathbatch.models.shield import shield_processes

def show():
    print(*sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))

def begin():
    shield_processes()
    for _ in range(2):  # the first process may start others beside it
        process = multiprocessing.get_context("spawn").Process(target=show)
        process.start()
        process.join()

if __name__ == "__main__":
    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    show()
"""


@pytest.mark.process
def test_processes_of_a_shielded_thread_get_no_signal_that_stops_a_run_and_the_main_thread_gets_all(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], env=environment(), capture_output=True, text=True, check=True)
    shielded = " ".join(str(int(number)) for number in sorted(SIGNALS))
    assert done.stdout.splitlines() == [shielded, shielded, ""]


def test_no_process_of_the_real_engine_gets_a_signal_that_stops_a_run(engine: SharedEngine) -> None:
    assert engine.model.capacity
    of_engine = [child for child in psutil.Process().children(recursive=True) if child.name().startswith("VLLM")]
    assert any(process.name().startswith(ENGINE) for process in of_engine)
    for process in of_engine:
        assert _blocked(process.pid) >= SIGNALS, process.name()


def _blocked(process: int) -> set[signal.Signals]:
    """Return the signals that the main thread of a process blocks."""
    (mask,) = (
        int(line.split()[1], 16)
        for line in Path(f"/proc/{process}/task/{process}/status").read_text().splitlines()
        if line.startswith("SigBlk:")
    )
    return {number for number in signal.Signals if mask >> (number - 1) & 1}
