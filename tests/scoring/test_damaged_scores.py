"""Files that a run has written at its end rot or are edited: `verify` and `compare` say so, and the same run mends them.

Damage is drawn from a seed, which is printed: DAMAGE_SEED=7 DAMAGE_ROUNDS=100 draws others, and more of them.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.processes import run
from support.rows import SCRIPTED, write_rows
from support.run_folders import records, run_dir

from mathbatch.commands.verify.command import prove
from mathbatch.errors import ConfigError
from mathbatch.scoring.metrics.comparison import compare

pytestmark = pytest.mark.process

SEED = int(os.environ.get("DAMAGE_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("DAMAGE_ROUNDS", 6))
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


def is_noticed_by_compare(folder: Path, other: Path) -> bool:
    """Tell whether `compare` refuses the two in a sentence with the file and what to do; else it must tell the truth."""
    try:
        found = compare(folder, other)
    except ConfigError as error:
        assert str(folder) in str(error), error
        assert "\n  fix: " in str(error)
        return True
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
        assert contents(folder) == before, [name for name in FILES if contents(folder)[name] != before[name]]
        assert records(folder) == answers
