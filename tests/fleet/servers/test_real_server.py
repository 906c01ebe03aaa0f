"""A real server, vLLM's own with the demo model: answers and accuracy are those of the engine in a process of ours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import run
from support.run_folders import records, results, run_dir

from mathbatch.config.paths import PACKAGE

MODEL = PACKAGE / "demo" / "model"


@pytest.fixture(scope="module")
def base_url(vllm: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the demo model in `vllm.entrypoints.openai.api_server`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(MODEL), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--served-model-name", "demo", "--max-model-len", "2048", "--enforce-eager"]
    command += ["--limit-mm-per-prompt", json.dumps({"image": 4}), "--enable-prompt-tokens-details"]
    settings = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=settings, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(60)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    while True:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return


def test_answers_and_accuracy_are_those_of_the_engine_in_the_process(
    base_url: str, tmp_path: Path, engine: object
) -> None:
    model = ("model=openai", "model.path=demo", f"model.base_urls=[{base_url}]", "model.max_images=4")
    (tmp_path / "server").mkdir()
    done = run(tmp_path / "server", *model)
    assert done.returncode == 0, done.stderr + done.stdout
    parts, metrics = engine.run(tmp_path / "engine")  # type: ignore[attr-defined]
    served = run_dir(tmp_path / "server")
    assert results(served) == results(parts.run_dir)
    found = json.loads((served / "metrics.json").read_text())
    assert found["accuracy"] == metrics["accuracy"]
    theirs, ours = ({one["id"]: one for one in records(folder)} for folder in (served, parts.run_dir))
    for name in ("text", "finish_reason", "prompt_tokens", "output_tokens"):
        assert {id: one.get(name) for id, one in theirs.items()} == {id: one.get(name) for id, one in ours.items()}
