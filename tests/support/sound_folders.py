"""Make run folders of every kind that are sound, finished and half-finished, to be damaged by tests."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from support.command_server import Request
from support.counting_model import COUNTING
from support.forked import CommandServer
from support.processes import environment
from support.rows import write_rows
from support.stopping_saver import STOPPING

ROWS = 24
# Seconds that a command may take which needs a tenth of one: beyond that it waits for what never comes.
HANGS_S = 60.0
SCORED = ["dataset.answer_field=gold", "dataset.choices_field=choices", "dataset.metadata=[level]"]
# Overrides of the run that is compared with the others.
WARM = ["sampling.temperature=1.5", "output_dir=twins"]
# What people read of a run, beside its records.
SERVED = (
    "results.jsonl", "results.json", "scores.jsonl", "metrics.json", "audit.jsonl", "accuracy.png", "accuracy.svg",
    "manifest.json", "config.yaml",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """End of a command: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Served:
    """Contents of the files that people read, by name; a file that is not there or no file is None."""

    files: dict[str, bytes | None]

    @classmethod
    def of(cls, run_dir: Path) -> Served:
        """Return what is in the folder."""
        return cls({name: (run_dir / name).read_bytes() if (run_dir / name).is_file() else None for name in SERVED})

    def differing(self, other: Served) -> list[str]:
        """Return the names of the files that differ."""
        return [name for name, content in self.files.items() if content != other.files[name]]


@functools.cache
def _server() -> CommandServer:
    server = CommandServer("support.warm_server")
    atexit.register(server.close)
    return server


def command(folder: Path, module: str, *arguments: str) -> Ended:
    """Run a command in the folder to its end. Its code is -9 if it hung."""
    process = _server().start(Request(f"mathbatch.{module}", list(arguments), str(folder), environment()))
    out, err = process.communicate(HANGS_S)
    assert process.returncode is not None
    return Ended(process.returncode, out, err)


class SoundFolder:
    """Project with a sound run folder. Its run goes on with `arguments`.

    `home` is where the project lies when commands are run in it, `restore` puts it there anew. `before` and `after` is
    what an undisturbed folder serves before and after that run; `verified` and `ended` are how `verify` and the run
    end, `asked` are the units that the run asks.
    """

    def __init__(self, home: Path, name: str) -> None:
        self.name, self.home = name, home / "project"
        self._kept = home / "kept"
        self.home.mkdir(parents=True)
        self.arguments = _MAKERS[name](self.home, name)
        (self.run_dir,) = (path.parent for path in self.home.glob("outputs/*/*/*/responses"))
        self.twin = next((path.parent for path in self.home.glob("twins/*/*/*/responses")), None)
        shutil.copytree(self.home, self._kept, symlinks=True)
        self.restore()
        self.verified = self.verify()
        self.before = Served.of(self.run_dir)
        self.ended = self.run()
        self.asked = self.take_asked()
        self.after = Served.of(self.run_dir)
        self.verified_after = self.verify()
        self.compared = None if self.twin is None else self.compare()
        assert self.verified_after.code == 0, self.verified_after
        self.restore()

    def restore(self) -> None:
        """Put the sound project in its place."""
        shutil.rmtree(self.home)
        shutil.copytree(self._kept, self.home, symlinks=True)
        (self.home / "asked.txt").unlink(missing_ok=True)

    def run(self) -> Ended:
        """Go on with the run."""
        return command(self.home, "run", *self.arguments)

    def verify(self, *more: str) -> Ended:
        """Verify the run folder."""
        return command(self.home, "verify", f"run_dir={self.run_dir}", *more)

    def compare(self) -> Ended:
        """Compare the run with its twin."""
        return command(self.home, "compare", f"run_dir={self.run_dir}", f"other={self.twin}", "output=flips.jsonl")

    def files_of_run(self) -> list[Path]:
        """Return the files of the sound run folder, where nobody damages them."""
        return self._files_below(self.run_dir)

    def files_of_twin(self) -> list[Path]:
        """Return the files of the twin, its records too; none where there is no twin."""
        return [] if self.twin is None else self._files_below(self.twin)

    def changed_earlier_scores(self) -> list[Path]:
        """Return the files of earlier scores that are gone or changed, unless all of a folder are gone."""
        sound = self._kept / self.run_dir.relative_to(self.home)
        pairs = [(path, self.run_dir / path.relative_to(sound)) for path in sound.glob("scores/*/*")]
        return [
            now
            for path, now in pairs
            if now.parent.is_dir() and not (now.is_file() and now.read_bytes() == path.read_bytes())
        ]

    def is_in_the_way(self, path: Path) -> bool:
        """Tell whether there is a folder, a link or a file that a sound project has not; a note may be unreadable."""
        sound = self._kept / path.relative_to(self.home)
        return path.name == ".rerun" or path.is_symlink() or path.is_fifo() or path.is_dir() != sound.is_dir()

    def _files_below(self, folder: Path) -> list[Path]:
        kept = self._kept / folder.relative_to(self.home)
        return sorted(path for path in kept.rglob("*") if path.is_file())

    def take_asked(self) -> Counter[str]:
        """Return the units that were asked since the last call."""
        path = self.home / "asked.txt"
        asked = Counter(path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else [])
        path.unlink(missing_ok=True)
        return asked


def rows(name: str, count: int = ROWS) -> list[dict[str, Any]]:
    """Return rows with golds, of which some are answered right, some wrong, and some not at all."""
    found: list[dict[str, Any]] = []
    for at in range(count):
        luck = zlib.crc32(f"{name} {at}".encode()) % 5
        row: dict[str, Any] = {"sample_index": str(at), "level": f"level {at % 3}", "choices": None}
        if at % 3 == 2:
            asked, row["choices"], row["gold"] = f"Which colour has number {at}?", ["red", "green", "blue"], "B"
            right, wrong = "I think of grass.\nThe answer is (B).", "The answer is (C)."
        else:
            asked, row["gold"] = f"What is {at} + {at}?", str(2 * at)
            right, wrong = f"Twice {at}, so \\boxed{{{2 * at}}}", f"\\boxed{{{2 * at + 1}}}"
        says = [right, wrong, "I don’t know that"]
        turn = says[luck % 3 :] + says[: luck % 3]
        row["query_cot"] = f"Sheet {name}: {asked} Say {' or '.join(turn if luck < 4 else [right, right])}"
        found.append(row)
    return found


def _begin(home: Path, *more: str, name: str, made: list[dict[str, Any]] | None = None) -> list[str]:
    """Write the rows, and return the arguments of a run over them."""
    write_rows(home / "rows.jsonl", rows(name) if made is None else made)
    return [COUNTING, "dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null", *SCORED, *more]


def _done(home: Path, arguments: list[str], code: int = 0, module: str = "run") -> list[str]:
    ended = command(home, module, *arguments)
    assert ended.code == code, ended
    return arguments


def _with_twin(home: Path, arguments: list[str]) -> list[str]:
    _done(home, [*arguments, *WARM])
    return _done(home, arguments)


def _scores(home: Path, name: str) -> list[str]:
    return _with_twin(home, _begin(home, name=name))


def _rollouts(home: Path, name: str) -> list[str]:
    return _with_twin(home, _begin(home, "sampling.n=3", "sampling.temperature=0.5", name=name, made=rows(name, 12)))


def _pictures(home: Path, name: str) -> list[str]:
    made = rows(name)
    for at, row in enumerate(made):
        Image.new("RGB", (8 + at, 8)).save(home / f"{at}.png")
        row["image"] = f"{at}.png"
    arguments = _begin(home, name=name, made=made)
    return _with_twin(home, [word for word in arguments if not word.startswith("dataset.image_f")])


def _half(home: Path, name: str) -> list[str]:
    arguments = _begin(home, name=name)
    _done(home, [*arguments, *WARM])
    _done(home, [*arguments, STOPPING, "+saver.after=13"], -9)
    return arguments


def _failures(home: Path, name: str) -> list[str]:
    made = rows(name)
    for at in (3, 4, 17):
        made[at]["query_cot"] = "unlucky " + made[at]["query_cot"]
    return _done(home, _begin(home, "model.engine.fail_on=unlucky", name=name, made=made), 1)


def _attempts(home: Path, name: str) -> list[str]:
    arguments = _begin(home, name=name)
    _done(home, [*arguments, "dataset.limit=7"])
    _done(home, [*arguments, STOPPING, "+saver.after=5"], -9)
    return _done(home, arguments)


def _half_again(home: Path, name: str) -> list[str]:
    """Make a run that was complete with fewer rows, and was stopped when it went on with more."""
    arguments = _begin(home, name=name)
    _done(home, [*arguments, "dataset.limit=7"])
    _done(home, [*arguments, STOPPING, "+saver.after=5"], -9)
    return arguments


def _judge(home: Path, name: str) -> list[str]:
    return _done(home, _begin(home, "dataset.scoring=[auto,judge]", name=name, made=rows(name, 16)))


def _earlier_scores(home: Path, name: str) -> list[str]:
    arguments = _done(home, _begin(home, name=name))
    (run_dir,) = home.glob("outputs/*/*/*")
    _done(home, [f"run_dir={run_dir}", "dataset.scoring=exact"], module="score")
    return _done(home, arguments)


def _document(home: Path, name: str) -> list[str]:
    arguments = ["dataset.input=rows.json" if "dataset.input" in word else word for word in _begin(home, name=name)]
    made = {row["sample_index"]: {**row, "sample_index": f"q{row['sample_index']}"} for row in rows(name)}
    (home / "rows.json").write_text(json.dumps(made), encoding="utf-8")
    return _with_twin(home, arguments)


def _rerun(home: Path, name: str) -> list[str]:
    arguments = _done(home, _begin(home, name=name))
    _done(home, [*arguments, "rerun=true", STOPPING, "+saver.after=13"], -9)
    return [*arguments, "rerun=true"]


_MAKERS: dict[str, Callable[[Path, str], list[str]]] = {
    "scores": _scores,
    "rollouts": _rollouts,
    "pictures": _pictures,
    "half": _half,
    "failures": _failures,
    "attempts": _attempts,
    "half-again": _half_again,
    "judge": _judge,
    "earlier-scores": _earlier_scores,
    "document": _document,
    "rerun": _rerun,
}
NAMES = tuple(_MAKERS)
