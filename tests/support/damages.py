"""Damage files of a folder, by their content and as they lie there.

Each damage takes a source of chance and the path of a file, and says in words what it did, or returns None where it
can't: a file that is no segment has no number to change.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from support.damaged_bytes import CHANGES, Change

Damage = Callable[[random.Random, Path], str | None]


def delete(chance: random.Random, path: Path) -> str | None:
    path.unlink()
    return "deleted"


def make_folder(chance: random.Random, path: Path) -> str | None:
    path.unlink(missing_ok=True)
    path.mkdir()
    if chance.random() < 0.5:
        (path / "inside.txt").write_text("something")
    return "a folder in its place"


def make_fifo(chance: random.Random, path: Path) -> str | None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return "a FIFO in its place"


def dangle(chance: random.Random, path: Path) -> str | None:
    path.unlink(missing_ok=True)
    path.symlink_to("not-there")
    return "a link to nothing in its place"


def loop(chance: random.Random, path: Path) -> str | None:
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)
    return "a link to itself in its place"


def lie_elsewhere(chance: random.Random, path: Path) -> str | None:
    """Put a link to the file in its place."""
    elsewhere = path.with_name(f"moved-{path.name}.txt")
    path.rename(elsewhere)
    path.symlink_to(elsewhere.name)
    return "a link to where it was moved in its place"


def renumber(chance: random.Random, path: Path) -> str | None:
    """Give a segment another number, or none."""
    names = (
        "00007.jsonl",
        "00000.jsonl",
        "9.jsonl",
        "123456.jsonl",
        "00001 (1).jsonl",
        "00001.jsonl.bak",
        "x.jsonl",
        "²",
    )
    new = path.with_name(chance.choice(names))
    if path.parent.name != "responses" or new.exists():
        return None
    path.rename(new)
    return f"renamed to {new.name}"


def lose_the_folder(chance: random.Random, path: Path) -> str | None:
    """Delete the folder that the file lies in, or put a file there."""
    folder = path.parent
    if not (folder / path.name).is_file() or ((folder / "config.yaml").is_file() and (folder / ".hydra").exists()):
        return None
    shutil.rmtree(folder)
    if chance.random() < 0.5:
        return f"{folder.name}/ deleted"
    folder.write_bytes(b"garbage")
    return f"a file in the place of {folder.name}/"


def swap_with(others: list[Path]) -> Damage:
    """Return the damage that copies the file of that name of another run over this one."""

    def swap(chance: random.Random, path: Path) -> str | None:
        found = [other for other in others if other.name == path.name and other.read_bytes() != path.read_bytes()]
        if not found:
            return None
        other = chance.choice(found)
        shutil.copyfile(other, path)
        return f"copied over by {other}"

    return swap


def swap_lines_with(others: list[Path]) -> Damage:
    """Return the damage that puts lines of the segment of that name of another run in the place of some here."""

    def swap(chance: random.Random, path: Path) -> str | None:
        found = [other for other in others if other.name == path.name and other.parent.name == path.parent.name]
        if path.parent.name != "responses" or not found:
            return None
        other = chance.choice(found)
        lines, others_lines = (each.read_bytes().splitlines(keepends=True) for each in (path, other))
        places = [at for at in range(min(len(lines), len(others_lines))) if chance.random() < 0.5]
        for at in places:
            lines[at] = others_lines[at]
        path.write_bytes(b"".join(lines))
        return f"lines {[at + 1 for at in places]} copied over by those of {other}" if places else None

    return swap


def _content(change: Change) -> Damage:
    def damage(chance: random.Random, path: Path) -> str | None:
        data = path.read_bytes()
        changed = change(chance, data) if data else None
        if changed is None or changed == data:
            return None
        path.write_bytes(changed)
        return _what_changed(data, changed)

    return damage


def _what_changed(old: bytes, new: bytes) -> str:
    same = next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )
    span = slice(max(0, same - 20), same + 20)
    return f"from byte {same} of {len(old)}: {old[span]!r} became {new[span]!r} ({len(new)} bytes)"


OF_PLACES = (make_folder, make_fifo, dangle, loop)
OF_FILES: dict[str, Damage] = {
    **{change.__name__: _content(change) for change in CHANGES},
    **{damage.__name__: damage for damage in (delete, *OF_PLACES, lie_elsewhere, renumber, lose_the_folder)},
}


def plant(chance: random.Random, path: Path) -> str | None:
    """Put something where no file is yet."""
    if path.exists() or path.is_symlink() or not path.parent.is_dir():
        return None
    if chance.random() < 0.4:
        path.write_bytes(chance.choice([b"", b"garbage", b"{}\n", b"[]\n", b"\xff\xfe", b"null\n"]))
        return "a file that nobody has written"
    return chance.choice(OF_PLACES)(chance, path)
