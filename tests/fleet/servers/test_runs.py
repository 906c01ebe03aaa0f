"""A run asks servers as it asks an engine: one folder, resumed, with its costs, and with no key in what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.fault_server import FaultServer, in_thread, prompt_of
from support.processes import HEAVY, run, run_and_list_modules
from support.rows import questions, write_rows
from support.run_folders import records, run_dir, run_dirs

# No key of anybody.
KEY = "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"


def arguments(server: FaultServer, data: Path, *more: str) -> list[str]:
    return [
        *("model=openai", "model.path=my/model", f"model.base_urls=[{server.url}]"),
        *("dataset=generic", f"dataset.input={data}", "dataset.image_field=null", *more),
    ]


def test_no_key_is_left_anywhere_whatever_a_server_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVER_KEY", KEY)
    data = write_rows(tmp_path / "rows.jsonl", questions(12))
    plans = {"1": "400", "2": "500", "3": "html"}
    with in_thread(
        FaultServer(lambda body, turn: plans.get(prompt_of(body)[8:9], "ok") if turn < 1 else "ok")
    ) as server:
        server.error = {"error": {"message": f"Bearer {KEY} may not do this", "param": None}}
        done = run(tmp_path, *arguments(server, data, "model.api_key_env=MY_SERVER_KEY"))
        assert {headers.get("Authorization") for headers in server.seen_headers} == {f"Bearer {KEY}"}
        server.plan = lambda body, turn: "401"
        refused = run(tmp_path, *arguments(server, data, "model.api_key_env=MY_SERVER_KEY", "rerun=true"))
    assert done.returncode == 1, done.stderr
    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.count("refuses the key in the variable MY_SERVER_KEY") == 1
    assert "[key]" in done.stdout + refused.stderr
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    texts = [done.stdout, done.stderr, refused.stdout, refused.stderr]
    assert not any(KEY.encode() in content for content in [*left, *(text.encode() for text in texts)])


def test_a_key_in_the_place_of_its_variable_is_not_shown(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(1))
    done = run(tmp_path, *arguments(FaultServer(), data, f"model.api_key_env={KEY}"))
    assert done.returncode == 2, done.stderr
    assert "model.api_key_env" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert not run_dirs(tmp_path)


def test_a_password_in_an_address_is_refused_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(1))
    monkeypatch.setenv("WHERE", "http://me:hunter22@127.0.0.1:1/v1")
    for url in ("http://me:hunter22@127.0.0.1:1/v1", "${oc.env:WHERE}"):
        done = run(tmp_path, "model=openai", "model.path=m", f"model.base_urls=['{url}']", f"dataset.input={data}")
        assert done.returncode == 2, done.stderr
        assert "hunter22" not in done.stdout + done.stderr
    assert not run_dirs(tmp_path)


def test_a_run_is_the_same_wherever_its_servers_are_and_another_one_with_another_body(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(6))
    (tmp_path / "my" / "model").mkdir(parents=True)  # a folder of that name has nothing to do with it
    for more in ([], ["model.prices.input=3"], ["model.api_key_env=OTHER"], ["model.start_timeout_s=9"]):
        with in_thread(FaultServer()) as server:
            done = run(tmp_path, *arguments(server, data, *more))
            assert done.returncode == 0, done.stderr
            assert len(run_dirs(tmp_path)) == 1
    assert "(6 by earlier runs)" in done.stdout
    assert len(records(run_dir(tmp_path))) == 6
    with in_thread(FaultServer()) as server:
        run(tmp_path, *arguments(server, data, "model.extra_body.reasoning_effort=low"))
        run(tmp_path, *arguments(server, data, "model.path=other"))
    assert len(run_dirs(tmp_path)) == 3


def test_what_a_run_cost_stands_in_its_table_and_its_manifest(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(4))
    with in_thread(FaultServer()) as server:
        done = run(tmp_path, *arguments(server, data, "model.prices={input: 1000, output: 2000}"))
    assert done.returncode == 0, done.stderr
    manifest = json.loads((run_dir(tmp_path) / "manifest.json").read_text())
    assert manifest["cost"] == pytest.approx(4 * (7 * 1000 + 3 * 2000) / 1e6)
    assert "0.052 by model.prices" in done.stdout


def test_check_looks_at_all_but_tokens_and_imports_no_engine(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    server = FaultServer()
    server.port = 9
    done = run(tmp_path, *arguments(server, data), module="check")
    assert done.returncode == 0, done.stderr
    assert "tokens: not counted: the servers make the prompts" in done.stdout
    assert "What is 1 + 1?" in done.stdout
    refused = run(tmp_path, *arguments(server, data, "model.server=openai", "sampling.top_k=3"), module="check")
    assert refused.returncode == 2
    assert "sampling.top_k: the OpenAI protocol doesn't take it" in refused.stderr


def test_a_run_with_servers_imports_no_engine_and_one_without_them_no_client(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    with in_thread(FaultServer()) as server:
        done, modules = run_and_list_modules(tmp_path, *arguments(server, data))
    assert done.returncode == 0, done.stderr
    assert modules.isdisjoint(HEAVY - {"aiohttp", "numpy", "matplotlib"})


def test_addresses_without_the_model_of_servers_are_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "model.base_urls=[http://127.0.0.1:9/v1]")
    assert done.returncode == 2
    assert "set model=openai" in done.stderr
