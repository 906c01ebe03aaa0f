"""Check that a run whose disk was full at any byte has, after the same command with room, all that another has."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.odd_disks import FULL, ROOM
from support.processes import run
from support.rows import SCRIPTED, questions, write_rows
from support.run_folders import records, run_dir

pytestmark = pytest.mark.process

ROWS = 40
DRAWS = int(os.environ.get("DRAWS", "2"))
# Files that tell of time, of attempts, or of who holds the folder.
OF_ATTEMPTS = {".lock", "run.log", "manifest.json"}


def the_command(folder: Path) -> tuple[int, str]:
    arguments = [SCRIPTED, "dataset=generic", "dataset.name=rows", "dataset.input=rows.jsonl", FULL]
    # A page that finds no room costs the run nothing, so it is left out.
    done = run(folder, *arguments, "dataset.image_field=null", "dataset.answer_field=gold", "report=false")
    return done.returncode, done.stderr


def with_rows(folder: Path) -> Path:
    """Return the folder, made anew: another one's path would make another run of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_rows(folder / "rows.jsonl", [row | {"gold": str(at % 3)} for at, row in enumerate(questions(ROWS))])
    return folder


def made(folder: Path) -> dict[str, bytes]:
    """Return all that a run has made, but segments and what tells of attempts."""
    files = (path for path in run_dir(folder).rglob("*") if path.is_file())
    names = ((str(path.relative_to(run_dir(folder))), path) for path in files)
    kept = {name: path.read_bytes() for name, path in names if not name.startswith((".hydra", "responses/"))}
    return {name: content for name, content in kept.items() if name not in OF_ATTEMPTS}


def answers_in(folder: Path) -> list[dict[str, Any]]:
    return sorted(records(run_dir(folder)), key=lambda record: str(record["id"]))


def counted(folder: Path) -> dict[str, object]:
    """Return what the manifest counts; how fast it was and the times of files differ each time."""
    manifest = json.loads((run_dir(folder) / "manifest.json").read_bytes())
    return {name: value for name, value in manifest.items() if name not in ("this_run", "finished", "crc")}


def test_after_a_full_disk_the_same_command_makes_all_that_an_undisturbed_run_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    draw = random.Random(seed)
    folder = with_rows(tmp_path / "project")
    assert the_command(folder)[0] == 0
    expected, answers, counts = made(folder), answers_in(folder), counted(folder)
    size = sum(path.stat().st_size for path in run_dir(folder).rglob("*") if path.is_file())
    for _ in range(DRAWS):
        room = draw.randrange(size)
        with_rows(folder)
        monkeypatch.setenv(ROOM, str(room))
        code, told = the_command(folder)
        assert code == 2, (room, told)
        assert "Traceback" not in told, (room, told)
        assert "No space left on device" in told, (room, told)
        monkeypatch.delenv(ROOM)
        assert the_command(folder)[0] == 0, room
        found = made(folder)
        assert {name for name in expected | found if expected.get(name) != found.get(name)} == set(), room
        assert counted(folder) == counts, room
        assert answers_in(folder) == answers, room
