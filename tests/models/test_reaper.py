"""Check that the end of an engine takes the engine's processes with it and no others."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.process

SCRIPT = """
import json, multiprocessing, time
from multiprocessing import resource_tracker
from mathbatch.models.reaper import Reaper

def begin(method):
    process = multiprocessing.get_context(method).Process(target=time.sleep, args=(3600,), daemon=True)
    process.start()
    return process

if __name__ == "__main__":
    earlier = begin("spawn")
    reaper = Reaper()
    reaper.start()
    engine, scorer = begin("spawn"), begin("forkserver")
    reaper.unmark()
    later = begin("forkserver")
    time.sleep(2.5)  # it looks every second
    reaper.stop()
    engine.join(120)
    kept = {name: process.is_alive() for name, process in
            {"earlier": earlier, "engine": engine, "scorer": scorer, "later": later}.items()}
    resource_tracker.ensure_running()  # warns where it had died
    print(json.dumps(kept))
"""


def test_scorers_that_work_beside_an_engine_outlive_it() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"earlier": True, "engine": False, "scorer": True, "later": True}


OWN_NICENESS = """
import multiprocessing, os, sys, time
from mathbatch.models.reaper import Reaper

if __name__ == "__main__":
    os.nice(int(sys.argv[1]))
    reaper = Reaper()
    reaper.start()
    engine = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(3600,), daemon=True)
    engine.start()
    reaper.lower_priority()
    print(os.getpriority(os.PRIO_PROCESS, engine.pid))
    reaper.stop()
"""


@pytest.mark.parametrize(("own", "engines"), [(0, 10), (5, 15), (15, 19), (19, 19)])
def test_an_engine_yields_to_the_process_that_feeds_it_however_nice_that_is(own: int, engines: int) -> None:
    own, engines = (min(19, os.getpriority(os.PRIO_PROCESS, 0) + level) for level in (own, engines))
    command = [sys.executable, "-c", OWN_NICENESS, str(own - os.getpriority(os.PRIO_PROCESS, 0))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == [str(engines)], done.stderr
