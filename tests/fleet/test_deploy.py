"""Servers that a run starts: they end with it, whatever ends it, and a run goes on where it stopped."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from support import small_server
from support.fault_server import FaultServer, completion, in_thread
from support.processes import Command, lives, run, start, wait_for
from support.rows import questions, write_rows
from support.run_folders import records, results, run_dir

from mathbatch.fleet.deploy.process import ServerProcess

pytestmark = pytest.mark.process

ROWS = 200
# A measured run has more.
KILLS = int(os.environ.get("DEPLOY_KILLS", "2"))
SEED = int(os.environ.get("DEPLOY_SEED", random.randrange(2**32)))
# Ends a test that would wait for ever: a process that is left stays.
GONE_S = 300


def arguments(folder: Path) -> list[str]:
    """Write the rows and a configuration of the small server; return the arguments of a run with it."""
    data = write_rows(folder / "rows.jsonl", questions(ROWS))
    file = folder / "conf" / "deploy" / "small.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"kind: vllm\ncommand: ['{{python}}', '{small_server.__file__}', '{{port}}', '{folder}', '{{model}}']\n"
    )
    rows = ["dataset=generic", f"dataset.input={data}", "dataset.image_field=null"]
    return ["--config-dir", str(folder / "conf"), "deploy=small", "model=demo", *rows]


def processes(folder: Path) -> list[int]:
    """Return the ids of all processes that servers have had so far."""
    file = folder / "pids.txt"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def wait_until_gone(folder: Path, process: Command) -> None:
    """Wait until no process of a server lives. Those that have ended may still be listed by who has started them."""
    begin = time.monotonic()
    while any(map(lives, processes(folder))):
        assert time.monotonic() - begin < GONE_S, "a process of the server is left"
        time.sleep(0.05)


def answered(folder: Path) -> int:
    paths = folder.glob("outputs/*/*/*/responses/*.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in paths)


def test_a_server_ends_with_a_run_that_is_killed_and_the_same_command_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"seed={SEED}", end=" ")
    rng, given, saved = random.Random(SEED), arguments(tmp_path), 0
    for _ in range(KILLS):
        process = start(tmp_path, *given)
        if rng.random() < 0.4:
            time.sleep(rng.uniform(0, 2))  # at any instant: in the start of the run, of the server, or in the work
        else:
            goal = saved + rng.randint(1, ROWS // (KILLS + 1))
            wait_for(
                lambda goal=goal, process=process: answered(tmp_path) >= goal or process.poll() is not None, process
            )
        process.kill()
        process.communicate()
        wait_until_gone(tmp_path, process)
        assert answered(tmp_path) >= saved
        saved = answered(tmp_path)
    done = run(tmp_path, *given)
    assert done.returncode == 0, done.stderr
    units = [record["id"] for record in records(run_dir(tmp_path))]
    assert sorted(units, key=int) == [str(at) for at in range(ROWS)]
    assert [row["model_answer"] for row in results(run_dir(tmp_path))] == [
        f"WHAT IS {at} + {at}?" for at in range(ROWS)
    ]
    assert len(processes(tmp_path)) >= 2
    wait_until_gone(tmp_path, process)


def test_ctrl_c_saves_what_is_in_flight_and_ends_the_server(tmp_path: Path) -> None:
    process = start(tmp_path, *arguments(tmp_path))
    wait_for(lambda: answered(tmp_path) > 5 or process.poll() is not None, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 130, err
    wait_until_gone(tmp_path, process)
    asked = len((tmp_path / "answers.txt").read_text())
    assert answered(tmp_path) == asked - 1  # the first one was that of its start


def test_a_server_that_dies_in_mid_run_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    given = arguments(tmp_path)
    (tmp_path / "die").write_text("50")
    done = run(tmp_path, *given)
    assert done.returncode == 0, done.stderr
    assert "server 0 is lost (it ended with exit code 3)" in done.stderr
    assert len(processes(tmp_path)) == 4
    assert len({record["id"] for record in records(run_dir(tmp_path))}) == ROWS == len(records(run_dir(tmp_path)))


def test_a_server_that_cannot_start_ends_the_run_with_its_last_words(tmp_path: Path) -> None:
    given = arguments(tmp_path)
    (tmp_path / "fail").write_text("ModuleNotFoundError: No module named 'small'")
    done = run(tmp_path, *given)
    assert done.returncode == 2, done.stderr
    assert "deploy.command: server 0 ended with exit code 1 before its first answer" in done.stderr
    assert "    ModuleNotFoundError: No module named 'small'" in done.stderr
    assert "fix: " in done.stderr
    assert str(next(tmp_path.glob("outputs/*/*/*/server-0.log"))) in done.stderr.replace("\n", "") or (
        "server-0.log" in done.stderr
    )
    (tmp_path / "fail").unlink()
    assert run(tmp_path, *given).returncode == 0


def test_a_command_that_is_not_there_is_told_too(tmp_path: Path) -> None:
    done = run(tmp_path, *arguments(tmp_path), "deploy.command=[no-such-server,'{port}','{model}']")
    assert done.returncode == 2, done.stderr
    assert "no-such-server can't be started: No such file or directory" in done.stderr


def test_two_replicas_are_two_servers_that_share_the_work(tmp_path: Path) -> None:
    done = run(tmp_path, *arguments(tmp_path), "model.replicas=2", f"deploy.python={sys.executable}")
    assert done.returncode == 0, done.stderr
    assert len(processes(tmp_path)) == 4
    assert len(list(tmp_path.glob("outputs/*/*/*/server-*.log"))) == 2


def test_a_server_has_the_environment_that_is_made_for_it_and_nothing_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    given = {"CUDA_VISIBLE_DEVICES": "1", "HF_TOKEN": "token of nobody", "PATH": os.environ["PATH"]}
    tell = "import json, os; print(json.dumps(dict(os.environ)))"
    process = ServerProcess([sys.executable, "-c", tell], given, tmp_path / "log")
    asyncio.run(process.wait())
    seen = json.loads((tmp_path / "log").read_text())
    asyncio.run(process.stop())
    assert {name: seen.get(name) for name in given} == given
    assert "PYTHONPATH" not in seen


def test_a_server_ends_with_its_run_though_what_the_run_has_forked_lives_on(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from mathbatch.fleet.deploy.process import ServerProcess\n"
        "ServerProcess(['sleep', '600'], dict(os.environ), Path('log'))\n"
        "print(os.fork(), flush=True)\n"
        "time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        forked = int(next(line for line in owner.stdout if line != "0\n"))
        keeper = next(one for one in psutil.Process(owner.pid).children() if one.pid != forked)
        owner.kill()
        try:
            psutil.wait_procs([keeper], timeout=GONE_S)
            assert not keeper.is_running() or keeper.status() == psutil.STATUS_ZOMBIE
        finally:
            os.kill(forked, signal.SIGKILL)


class JudgingServer(FaultServer):
    """Takes all answers for correct."""

    async def ok(self, request: web.Request, prompt: str) -> web.StreamResponse:
        self.answered[prompt] += 1
        return web.json_response(completion("Answer: 4\nVerdict: correct"))


def test_a_judge_elsewhere_is_asked_there_about_the_answers_of_a_started_server(tmp_path: Path) -> None:
    given = arguments(tmp_path)
    write_rows(tmp_path / "rows.jsonl", [row | {"gold": "4"} for row in questions(6)])
    with in_thread(JudgingServer()) as server:
        judge = ["model@judge.model=openai", "judge.model.path=m", f"judge.model.base_urls=[{server.url}]"]
        done = run(tmp_path, *given, *judge, "dataset.answer_field=gold", "dataset.scoring=judge")
    assert done.returncode == 0, done.stderr
    assert len(processes(tmp_path)) == 2
    assert sum(server.answered.values()) == 7
