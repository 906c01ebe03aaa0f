"""Check that a pipe, link, device or folder in the place of a file of a store is told, and never waited for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.segment_stores import LINES, RECORDS, found_in, opened, store

from mathbatch.commands.verify.segments import mend_segments
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.errors import StoreError


def fifo(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    os.chdir(path.parent)  # the name of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


def circle(path: Path) -> None:
    path.symlink_to(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


IN_THE_WAY = [fifo, listening, link_to_nothing, circle, device, Path.mkdir]


@pytest.mark.parametrize("put", IN_THE_WAY, ids=lambda put: put.__name__)
def test_what_is_no_file_in_the_place_of_a_segment_is_told_and_not_waited_for(
    put: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = store(tmp_path, b"".join(LINES))
    put(folder / "responses" / "00002.jsonl")
    assert found_in(folder).unreadable.count == 1
    for command in (opened, lambda folder: mend_segments(folder / "responses")):
        with pytest.raises(StoreError, match=r"can't read .*00002.jsonl: .*\n  fix: "):
            command(folder)
    assert (folder / "responses" / "00001.jsonl").read_bytes() == b"".join(LINES)


@pytest.mark.parametrize("put", [fifo, listening, link_to_nothing, Path.touch], ids=lambda put: put.__name__)
def test_what_is_no_folder_in_the_place_of_the_responses_is_told(
    put: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "responses")
    with pytest.raises(StoreError, match=r"can't write .*/responses: .*\n  fix: "):
        opened(tmp_path)
    assert found_in(tmp_path).unreadable.count == (put is not link_to_nothing)


@pytest.mark.parametrize("put", IN_THE_WAY[:-1], ids=lambda put: put.__name__)
@pytest.mark.parametrize("name", [".lock", ".rerun"])
def test_what_is_no_file_in_the_place_of_a_small_one_is_told_and_not_waited_for(
    name: str, put: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = store(tmp_path / "run", b"".join(LINES))
    put(folder / name)
    with pytest.raises(StoreError, match=rf"can't write .*{name}: .*\n  fix: (remove|correct) the "):
        JsonLinesDataSaver(folder, rerun=True).open()
    assert (folder / "responses" / "00001.jsonl").read_bytes() == b"".join(LINES)


def test_a_link_in_the_place_of_the_lock_empties_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(StoreError, match="it is a link, not a file"):
        JsonLinesDataSaver(tmp_path).open()
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize(
    "note",
    [
        *(b"", b"\0", b"\xff\xfe", b"../../elsewhere", b"/tmp/elsewhere", b"responses", b".", b".hydra"),
        *(b"responses-20260102T030405000006/..", b"responses-20260102T030405000006\n", b"x" * (1 << 20)),
    ],
    ids=lambda note: repr(note[:40]),
)
def test_a_damaged_note_of_a_rerun_moves_nothing(note: bytes, tmp_path: Path) -> None:
    folder = store(tmp_path / "outputs" / "run", b"".join(LINES))
    (folder / ".rerun").write_bytes(note)
    with pytest.raises(StoreError, match=r"\.rerun is damaged"):
        JsonLinesDataSaver(folder, rerun=True).open()
    assert (folder / "responses" / "00001.jsonl").read_bytes() == b"".join(LINES)
    assert opened(folder) == RECORDS
    (folder / ".rerun").unlink()
    JsonLinesDataSaver(folder, rerun=True).open()
    (aside,) = folder.glob("responses-*")
    assert (aside / "00001.jsonl").read_bytes() == b"".join(LINES)
