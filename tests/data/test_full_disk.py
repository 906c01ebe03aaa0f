"""Check that a run whose disk was full at any byte has, after the same command with room, all that another has."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

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
    done = run(folder, *arguments, "dataset.image_field=null", "dataset.answer_field=gold")
    return done.returncode, done.stderr


def with_rows(folder: Path) -> Path:
    folder.mkdir()
    write_rows(folder / "rows.jsonl", [row | {"gold": str(at % 3)} for at, row in enumerate(questions(ROWS))])
    return folder


def made(folder: Path) -> dict[str, bytes]:
    """Return all that a run has made, but segments and what tells of attempts."""
    files = (path for path in run_dir(folder).rglob("*") if path.is_file())
    names = ((str(path.relative_to(run_dir(folder))), path) for path in files)
    kept = {name: path.read_bytes() for name, path in names if not name.startswith((".hydra", "responses/"))}
    return {name: content for name, content in kept.items() if name not in OF_ATTEMPTS}


def counted(folder: Path) -> dict[str, object]:
    """Return what the manifest counts; how fast it was differs each time."""
    manifest = json.loads((run_dir(folder) / "manifest.json").read_bytes())
    return {name: value for name, value in manifest.items() if name not in ("this_run", "crc")}


def test_after_a_full_disk_the_same_command_makes_all_that_an_undisturbed_run_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    draw = random.Random(seed)
    undisturbed = with_rows(tmp_path / "undisturbed")
    assert the_command(undisturbed)[0] == 0
    expected, answers = made(undisturbed), sorted(records(run_dir(undisturbed)), key=lambda record: record["id"])
    size = sum(path.stat().st_size for path in run_dir(undisturbed).rglob("*") if path.is_file())
    for number in range(DRAWS):
        room = draw.randrange(size)
        folder = with_rows(tmp_path / str(number))
        monkeypatch.setenv(ROOM, str(room))
        code, told = the_command(folder)
        assert code == 2, (room, told)
        assert "Traceback" not in told, (room, told)
        assert "No space left on device" in told, (room, told)
        monkeypatch.delenv(ROOM)
        assert the_command(folder)[0] == 0, room
        found = made(folder)
        assert {name for name in expected | found if expected.get(name) != found.get(name)} == set(), room
        assert counted(folder) == counted(undisturbed), room
        assert sorted(records(run_dir(folder)), key=lambda record: record["id"]) == answers, room
