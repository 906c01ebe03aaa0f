"""Files that a run writes at its end rot or are edited: `verify` and `compare` say so, and the same run mends them.

Damage is drawn from a seed, which is printed: DAMAGE_SEED=7 DAMAGE_ROUNDS=100 draws others, and more of them.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.processes import command, environment, limit_file_size, run
from support.rows import SCRIPTED, write_rows
from support.run_folders import records, run_dir

from mathbatch.commands.verify.command import prove
from mathbatch.errors import ConfigError
from mathbatch.scoring.metrics.comparison import compare

pytestmark = pytest.mark.process

SEED = int(os.environ.get("DAMAGE_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("DAMAGE_ROUNDS", 3))
SCORES = ("scores.jsonl", "metrics.json")
FILES = (*SCORES, "audit.jsonl", "accuracy.png", "accuracy.svg", "manifest.json", "results.jsonl")
COMMAND = (
    *(SCRIPTED, "dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null", "dataset.answer_field=gold"),
    *("dataset.metadata=[task]", "dataset.index_field=id", "dataset.query_field=question"),
    "model.engine.say='First I had 7, and then I thought of 5. \\boxed{4} or was it 6'",
)

Change = Callable[[random.Random, bytes], bytes]


def flipped_bit(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]


def other_digit(draw: random.Random, data: bytes) -> bytes:
    at = draw.choice([found.start() for found in re.finditer(rb"\d", data)])
    return data[:at] + str((int(data[at : at + 1]) + draw.randint(1, 9)) % 10).encode() + data[at + 1 :]


def other_verdict(draw: random.Random, data: bytes) -> bytes:
    found = draw.choice([*re.finditer(rb'"(correct|wrong)"', data)] or [*re.finditer(rb"(\w+)", data)])
    name = b'"wrong"' if found[1] == b"correct" else b'"correct"'
    return data[: found.start()] + name + data[found.end() :]


def truncated(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(len(data))]


def another_document(draw: random.Random, data: bytes) -> bytes:
    whole = (b"", b"{}", b"[]", b"null", b"NaN", b"7", b'"x"', b"\xff\xfe", b"{" * 5, b"[" * 100_000, b"\0" * len(data))
    return draw.choice(whole)


def without_a_line(draw: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    return b"".join(lines)


def with_a_line_twice(draw: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    lines.insert(draw.randrange(len(lines)), draw.choice(lines))
    return b"".join(lines)


def two_lines_swapped(draw: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    first, second = draw.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def other_member(draw: random.Random, data: bytes) -> bytes:
    """Remove a member of the document or of one line, or give it a value of another type, and write it all anew."""
    texts = [data] if data.startswith(b"{\n") else data.splitlines()
    at = draw.randrange(len(texts))
    try:
        document: dict[str, Any] = json.loads(texts[at])
    except ValueError:
        return another_document(draw, data)
    within = [document, *(value for value in document.values() if isinstance(value, dict) and value)]
    members = draw.choice(within)
    name = draw.choice([*members])
    if draw.random() < 0.5:
        del members[name]
    else:
        members[name] = draw.choice([None, -1, 1e308, "x", [], {}, [[{}]], True])
    texts[at] = json.dumps(document, indent=2 if len(texts) == 1 else None).encode()
    return b"\n".join(texts) + b"\n"


CHANGES: list[Change] = [
    *(flipped_bit, other_digit, other_verdict, truncated, another_document),
    *(without_a_line, with_a_line_twice, two_lines_swapped, other_member),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run, and a copy of its run folder in `other`."""
    folder = tmp_path_factory.mktemp("finished")
    rows = [{"id": str(at), "question": f"{at}?", "gold": str(3 + at % 4), "task": "ab"[at % 2]} for at in range(12)]
    write_rows(folder / "rows.jsonl", rows)
    assert run(folder, *COMMAND).returncode == 0
    shutil.copytree(run_dir(folder), folder / "other")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def changed(folder: Path, before: dict[str, bytes]) -> list[str]:
    """Return the names of the files that are not what they were; a manifest may tell files apart by their times."""
    times = re.compile(rb'\n  "(crc|finished)": .*')
    return [name for name, data in contents(folder).items() if times.sub(b"", data) != times.sub(b"", before[name])]


def is_noticed_by_compare(folder: Path, other: Path) -> bool:
    """Tell whether `compare` refuses the two in a sentence with the file and a fix; else it must tell the truth."""
    try:
        found = compare(folder, other)
    except ConfigError as error:
        problem, _, fix = str(error).partition("\n  fix: ")
        return str(folder) in problem and bool(fix)
    assert found == compare(other, other)
    return False


def test_every_damage_is_noticed_and_the_same_run_restores_each_byte(finished: Path) -> None:
    print(f"DAMAGE_SEED={SEED}")
    draw, folder, other = random.Random(SEED), run_dir(finished), finished / "other"
    before, answers = contents(folder), records(folder)
    for _ in range(ROUNDS):
        damaged = {}
        for name in FILES:
            change = draw.choice(CHANGES)
            data = change(draw, before[name])
            if data == before[name]:
                continue
            damaged[name] = data
            (folder / name).write_bytes(data)
            told = f"{change.__name__} of {name}: {data[:300]!r}"
            assert not prove(folder).is_whole, told
            assert is_noticed_by_compare(folder, other) == (name in SCORES), told
            (folder / name).write_bytes(before[name])
        for name, data in damaged.items():
            (folder / name).write_bytes(data)
        done = run(finished, *COMMAND)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert not changed(folder, before)
        assert records(folder) == answers


def test_what_is_missing_is_told_and_made_again_and_a_folder_or_pipe_in_its_place_is_named(finished: Path) -> None:
    folder, before = run_dir(finished), contents(run_dir(finished))
    for name in FILES:
        for make in (None, os.mkdir, os.mkfifo) if name.endswith(".json") else (None,):
            (folder / name).unlink()
            if make is not None:
                make(folder / name)
            assert not prove(folder).is_whole, (name, make)
            assert is_noticed_by_compare(folder, finished / "other") == (name in SCORES), (name, make)
            if make is not None:
                os.rmdir(folder / name) if make is os.mkdir else os.unlink(folder / name)
            (folder / name).write_bytes(before[name])
    for name in FILES:
        (folder / name).unlink()
    for name in ("metrics.json", "manifest.json"):
        (folder / name).mkdir()
    for name in ("metrics.json", "manifest.json"):
        refused = run(finished, *COMMAND)
        assert refused.returncode == 2
        assert f"{folder / name}: Is a directory\n  fix: remove the folder that is in the way" in refused.stderr
        (folder / name).rmdir()
    assert run(finished, *COMMAND).returncode == 0
    assert not changed(folder, before)


def test_plots_that_are_gone_are_drawn_without_scoring_again(finished: Path) -> None:
    folder = run_dir(finished)
    before, scored = contents(folder), (folder / "scores.jsonl").stat().st_ino
    (figures,) = folder.glob(".hydra/*/figures.json")
    figures.write_text(figures.read_text().replace("0", "1"))  # not believed: the manifest has them too
    (folder / "accuracy.svg").unlink()
    (folder / "accuracy.png").write_bytes(b"")
    assert run(finished, *COMMAND).returncode == 0
    assert not changed(folder, before)
    assert (folder / "scores.jsonl").stat().st_ino == scored


def test_scores_of_another_run_over_the_same_rows_are_told_and_made_anew(finished: Path, tmp_path: Path) -> None:
    folder, before = run_dir(finished), contents(run_dir(finished))
    shutil.copy(finished / "rows.jsonl", tmp_path)
    assert run(tmp_path, *COMMAND[:-1], "model.engine.say='\\boxed{3}'").returncode == 0
    shutil.copy(run_dir(tmp_path) / "manifest.json", folder)
    assert "manifest.json is of other results" in prove(folder).results.examples
    (folder / "manifest.json").write_bytes(before["manifest.json"])
    for name in (*SCORES, "audit.jsonl", "accuracy.png", "accuracy.svg"):
        shutil.copy(run_dir(tmp_path) / name, folder)
    assert prove(folder).scores.examples == ["metrics.json is of other results"]
    assert is_noticed_by_compare(folder, finished / "other")
    assert run(finished, *COMMAND).returncode == 0
    assert not changed(folder, before)
    shutil.rmtree(folder / "scores", ignore_errors=True)


def test_earlier_scores_and_those_of_answers_from_elsewhere_are_looked_at_too(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    folder = run_dir(tmp_path)
    assert run(tmp_path, f"run_dir={folder}", "dataset.scoring=number", module="score").returncode == 0
    (earlier,) = (folder / "scores").iterdir()
    elsewhere = tmp_path / "elsewhere"
    answers = (f"responses.path={folder}/results.jsonl", "responses.response_field=model_answer", "output=elsewhere")
    of_dataset = [part for part in COMMAND if part.startswith("dataset")]
    assert run(tmp_path, *of_dataset, *answers, module="score").returncode == 0
    assert prove(folder).is_whole
    assert prove(elsewhere).is_whole
    for scores in (earlier, elsewhere):
        assert not is_noticed_by_compare(scores, tmp_path / "other")
        text = (scores / "scores.jsonl").read_text()
        (scores / "scores.jsonl").write_text(text.replace('"wrong"', '"correct"', 1))
        assert is_noticed_by_compare(scores, tmp_path / "other")
    assert prove(folder).scores.examples == [f"scores/{earlier.name}/scores.jsonl is changed"]
    told = run(tmp_path, "run_dir=elsewhere", module="verify")
    assert told.returncode == 1
    assert "scores.jsonl is changed" in told.stdout
    compared = run(tmp_path, "run_dir=elsewhere", "other=other", module="compare")
    assert compared.returncode == 2
    assert "elsewhere/scores.jsonl was changed: its SHA-256 is not the one in metrics.json\n  fix: " in compared.stderr


def test_what_a_full_disk_has_kept_from_being_drawn_is_there_after_the_same_command(
    finished: Path, tmp_path: Path
) -> None:
    shutil.copy(finished / "rows.jsonl", tmp_path)
    full = subprocess.run(
        command(*COMMAND), cwd=tmp_path, env=environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit_file_size(12_000), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert full.returncode == 2
    assert "accuracy.png: File too large" in full.stderr
    assert not (run_dir(tmp_path) / "metrics.json").exists()
    done = run(tmp_path, *COMMAND)
    assert done.returncode == 0, done.stderr
    others = changed(run_dir(tmp_path), contents(run_dir(finished)))
    assert set(others) <= {"manifest.json"}  # which tells how long it took
    assert prove(run_dir(tmp_path)).is_whole
