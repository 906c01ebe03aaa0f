"""Machines join a cluster and are lost, and neither costs an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.held_model import HELD, hold_after
from support.processes import run, start, wait_for, wait_until_said
from support.ray_nodes import Nodes
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir, saved

pytestmark = pytest.mark.process


def test_an_added_machine_is_used_and_a_lost_one_costs_a_retry(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(1500))
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run(whole, *overrides(data)).returncode == 0
    hold_after(tmp_path, 20)
    with Nodes(tmp_path) as nodes:
        cluster = ("cluster.kind=ray", f"cluster.address={nodes.address}")
        process = start(tmp_path, *overrides(data, *cluster, HELD))
        wait_for(lambda: saved(tmp_path) == 20, process)
        nodes.do("add")
        wait_for(lambda: saved(tmp_path) == 40, process)  # both have answered what they may
        nodes.do("kill")
        assert "in flight; 1 of 2 engines are up" in wait_until_said("is lost", process)
        (tmp_path / "hold.txt").unlink()
        _, err = process.communicate()
        assert process.returncode == 0, err
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert len(ids) == len(set(ids)) == 1500
    assert results(run_dir(tmp_path)) == results(run_dir(whole))


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(2))
    done = run(tmp_path, *overrides(data, "cluster.kind=ray", "cluster.address=127.0.0.1:1"))
    assert done.returncode != 0
    assert "cluster.address" in done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
