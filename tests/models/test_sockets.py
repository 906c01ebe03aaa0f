"""Check that sockets fit wherever TMPDIR is."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from support.processes import run
from support.rows import write_rows

from mathbatch.errors import StoreError
from mathbatch.models import sockets
from mathbatch.models.sockets import LONGEST_PATH, make_socket_folder

UUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(params=["a" * 120, "図" * 40], ids=["long", "long in bytes"])
def long_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder: Path = tmp_path / request.param
    folder.mkdir()
    return folder


def test_a_socket_of_the_engine_can_be_made_where_tmpdir_is_long(
    long_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(long_folder))
    folder = make_socket_folder()
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/{UUID}")
    finally:
        shutil.rmtree(folder)
    assert tempfile.gettempdir() == str(long_folder), "all other files stay there"


def test_sockets_stay_in_a_tmpdir_that_is_short_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as parent:
        longest = parent + "/" + "x" * (LONGEST_PATH - sockets.LONGEST_NAME - len(parent) - 1)
        for usual, expected in ((longest, longest), (f"{longest}x", "/tmp")):
            Path(usual).mkdir()
            monkeypatch.setattr(tempfile, "tempdir", usual)
            folder = make_socket_folder()
            assert str(Path(folder).parent) == expected
            Path(folder).rmdir()


def test_where_no_folder_is_short_enough_tmpdir_is_named(long_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(long_folder))
    monkeypatch.setattr(sockets, "SHORT_FOLDERS", ("/nowhere",))
    with pytest.raises(StoreError, match="the path is too long, and /nowhere can't be used\n  fix: set TMPDIR to"):
        make_socket_folder()


@pytest.mark.process
def test_answers_are_scored_where_tmpdir_is_long(
    long_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "rows.jsonl", [{"id": "a", "q": "2 + 3", "gold": "5"}])
    write_rows(tmp_path / "answers.jsonl", [{"id": "a", "response": "\\boxed{5}"}])
    monkeypatch.setenv("TMPDIR", str(long_folder))
    fields = ("dataset.index_field=id", "dataset.query_field=q", "dataset.answer_field=gold")
    rows = ("dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null", *fields)
    done = run(tmp_path, *rows, "responses.path=answers.jsonl", "output=out", module="score", fresh=True)
    assert done.returncode == 0, done.stderr
    assert "100.0%" in done.stdout


@pytest.mark.usefixtures("vllm")
def test_a_folder_of_sockets_that_the_user_has_chosen_is_refused_where_it_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_RPC_BASE_PATH", "/tmp/" + "long" * 30)
    done = run(tmp_path, vllm=True)
    assert done.returncode == 2
    assert "the path in VLLM_RPC_BASE_PATH is too long for sockets" in done.stderr
    assert "run.log" not in done.stderr, "the cause doesn't stand there"
