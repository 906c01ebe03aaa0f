"""Damage a sound run folder, then do what people do, and say what the commands did wrong.

A trial is known by its seed alone. Each damage must be noticed, or harmless: people are served what they would be
served without it. The same run mends everything, asks nobody again whose record is sound, and no command ends in a
traceback, hangs, or tells a wrong accuracy.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mathbatch.visible import visible
from support.damages import OF_FILES, Damage, plant, swap_lines_with, swap_with
from support.record_lines import Line, holds, record_files, record_lines
from support.sound_folders import Ended, Served, SoundFolder

# Names that a run folder may have, for damages where nothing is yet.
MAY_COME = (
    "results.jsonl", "scores.jsonl", "metrics.json", "audit.jsonl", "accuracy.png", "accuracy.svg", "manifest.json",
    ".rerun", "scores", "judge", "run.log", ".lock", "responses/00002.jsonl", "responses/00009.jsonl",
    "responses/copy of 00001.jsonl", "responses/\udcff.jsonl", "responses/notes.txt", ".hydra/20990101T000000",
)  # fmt: skip
DEFECTS = ("Traceback (most recent call last)", "Exception ignored in", "Fatal Python error")
# Characters of a message that are kept.
SHOWN = 1500
TOLD = re.compile(r"│ (accuracy|verdicts) +│ (.*?) *│")
CHANGING = re.compile(rb"<dc:date>.*?</dc:date>|[mp][0-9a-f]{10}")


@dataclass
class Trial:
    """One damage and what came of it. `outcome` is `noticed`, `harmless` or `fault`."""

    seed: str
    folder: str
    kind_of_file: str = ""
    kind: str = ""
    what: str = ""
    outcome: str = ""
    faults: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)


def try_damage(seed: str, sound: SoundFolder, others: list[Path]) -> Trial:
    """Restore the folder, damage it by chance, and return what the commands made of it."""
    trial = Trial(seed, sound.name)
    chance = random.Random(f"{seed} {sound.name}")
    sound.restore()
    lines = list(record_lines(sound.run_dir))
    _damage(trial, sound, chance, others)
    with suppress(_Hung):
        _Judgement(trial, sound, lines, chance).judge()
    if trial.faults:
        trial.outcome = "fault"
    return trial


def _damage(trial: Trial, sound: SoundFolder, chance: random.Random, others: list[Path]) -> None:
    """Do one damage, now and then a second one."""
    while True:
        path, kind, damage = _choice(sound.run_dir, chance, others)
        if (what := damage(chance, path)) is None:
            continue
        name = _as_told(path.relative_to(sound.run_dir))
        if not trial.what:
            trial.kind_of_file, trial.kind, trial.what = _kind_of_file(name), kind, f"{name}: {what}"
        else:
            trial.what += f"; and {name}: {kind}: {what}"
        if chance.random() < 0.9:
            return


def _choice(run_dir: Path, chance: random.Random, others: list[Path]) -> tuple[Path, str, Damage]:
    if chance.random() < 0.08:
        return run_dir / chance.choice(MAY_COME), "plant", plant
    by_kind: dict[str, list[Path]] = {}
    for path in sorted(run_dir.rglob("*")):
        if path.is_file() and not path.is_symlink():
            by_kind.setdefault(_kind_of_file(str(path.relative_to(run_dir))), []).append(path)
    kinds = sorted(by_kind)
    weights = [4 if "responses/" in kind else 2 if "hydra" not in kind else 1 for kind in kinds]
    path = chance.choice(by_kind[chance.choices(kinds, weights)[0]])
    kinds_of_damage: dict[str, Damage] = {
        **OF_FILES,
        "swap_with_other_run": swap_with(others),
        "swap_lines_with_other_run": swap_lines_with(others),
    }
    kind = chance.choice(sorted(kinds_of_damage))
    return path, kind, kinds_of_damage[kind]


def _kind_of_file(name: str) -> str:
    """Return the name with stars for what differs from folder to folder."""
    name = re.sub(r"^\.hydra/[^/]+/", ".hydra/*/", name)
    name = re.sub(r"^responses-[^/]+/", "responses-*/", name)
    name = re.sub(r"^(judge|scores)/[^/]+/", r"\1/*/", name)
    return re.sub(r"responses([^/]*)/\d+\.jsonl", r"responses\1/*.jsonl", name)


class _Hung(Exception):
    """Ends a trial: what comes after a command that hangs would hang, too."""


class _Judgement:
    """Judgement over one damage."""

    def __init__(self, trial: Trial, sound: SoundFolder, lines: list[Line], chance: random.Random) -> None:
        self.trial, self.sound, self.chance = trial, sound, chance
        self.damaged = Served.of(sound.run_dir)
        held = [path.read_bytes() for path in record_files(sound.run_dir)]
        self.intact = [line for line in lines if any(holds(data, line, lines) for data in held)]
        answered = {line.unit for line in lines if line.is_answer}
        # Units that had an answer and have none that is sound any more.
        self.lost = answered - {line.unit for line in self.intact if line.is_answer}
        # Units that have failed are asked by each run.
        self.failing = {line.unit for line in lines} - answered
        self.held = held
        self.is_repaired = False

    def judge(self) -> None:
        """Do what people do, and note what is wrong."""
        if self.chance.random() < 0.15:
            self._check_comparison("before it is mended")
        if self.chance.random() < 0.75:
            self._verify_first()
            self._repair()
        self._check_kept("after repair")
        self._run()
        self._check_asked()
        self._check_kept("after the run")
        self._check_served()
        last = self.sound.verify()
        if last.code == 1 and "repair=true" in last.out and not self.is_repaired:
            self._repair()
            last = self.sound.verify()
        if last != self.sound.verified_after and (last.code, last.out.split()[-1:]) != (0, ["whole"]):
            self._fault(f"not whole after the same run: {_said(last)}")
        if self.chance.random() < 0.15:
            self._check_comparison("after the run")

    def _fault(self, what: str) -> None:
        self.trial.faults.append(what)

    def _expect(self, ended: Ended, name: str, codes: tuple[int, ...]) -> bool:
        """Note a hang, a traceback or another exit code; tell whether there is none."""
        if ended.code == -9:
            self._fault(f"{name} hangs")
            raise _Hung
        if any(defect in ended.out + ended.err for defect in DEFECTS):
            self._fault(f"{name}: traceback: {ended.err[-SHOWN:]}")
        elif ended.code not in codes:
            self._fault(f"{name} ends with {ended.code}: {_said(ended)}")
        else:
            return True
        return False

    def _verify_first(self) -> None:
        found = self.sound.verify()
        if not self._expect(found, "verify", (0, 1, 2)):
            return
        if found.code != 0 and found != self.sound.verified:
            self.trial.outcome = "noticed"
            return
        self.trial.outcome = "harmless"
        if differing := self.damaged.differing(self.sound.before):
            self._fault(f"verify does not notice: {', '.join(differing)}")
        # A judge is asked again for what it said: scores hold its verdicts.
        if lost := sorted(unit for unit in self.lost if not unit.startswith("judge:")):
            self._fault(f"verify does not notice that records are damaged: {lost}")
        if self.sound.changed_earlier_scores():
            self._fault("verify does not notice damage in earlier scores")

    def _repair(self) -> None:
        self.is_repaired = True
        self._expect(self.sound.verify("repair=true"), "repair", (0, 1, 2))

    def _run(self) -> None:
        """Run the same command; remove what is in its way, and repair, where it says so."""
        for _ in range(3):
            ended = self.sound.run()
            if ended.code != 2 or not self._do_as_told(ended):
                break
        self.trial.outcome = self.trial.outcome or ("noticed" if self.trial.by_hand else "harmless")
        if not self._expect(ended, "the same run", (self.sound.ended.code,)):
            return
        told, right = TOLD.findall(ended.out), TOLD.findall(self.sound.ended.out)
        if told != right:
            self._fault(f"the run tells {told}, not {right}")

    def _do_as_told(self, ended: Ended) -> bool:
        """Do what the fix says if it is a thing to remove or to repair; tell whether that was done."""
        if any(defect in ended.err for defect in DEFECTS):
            return False
        if "repair=true" in ended.err and "repair" not in self.trial.by_hand:
            self.trial.by_hand.append("repair")
            self._repair()
            return True
        for path in sorted(self.sound.run_dir.rglob("*"), key=lambda path: -len(str(path))):
            if self.sound.is_in_the_way(path) and re.search(rf"{re.escape(_as_told(path))}(?![\w/.])", ended.err):
                _remove(path)
                self.trial.by_hand.append(f"removed {path.name}")
                return True
        return False

    def _check_asked(self) -> None:
        """Note units that were asked again although their record was sound, and those that were not asked."""
        asked = self.sound.take_asked()
        if self._begins_rerun_anew():
            return
        allowed = self.sound.asked + Counter(self.lost)
        if more := {unit for unit in asked - allowed if unit not in self.failing}:
            self._fault(f"asked again though sound: {sorted(more)}")

    def _begins_rerun_anew(self) -> bool:
        """Tell whether a note is damaged without which nobody can know that a rerun was under way."""
        names = (".rerun: ", "manifest.json: ")
        return self.sound.name == "rerun" and any(name in self.trial.what for name in names)

    def _check_kept(self, when: str) -> None:
        """Note lines that nobody finds again: sound records, and what was written to its end."""
        files = [path for path in self.sound.run_dir.rglob("*") if path.is_file()]
        now = b"\0".join(path.read_bytes() for path in files if "hydra" not in str(path))
        if lost := [line.unit for line in self.intact if line.content not in now]:
            self._fault(f"{when} sound records are gone: {lost}")
        if gone := [line for data in self.held for line in data.split(b"\n")[:-1] if line not in now]:
            self._fault(f"{when} damaged lines are gone without a copy: {gone[0][:120]!r}")

    def _check_served(self) -> None:
        """Compare what is served after the run with what an undisturbed run serves."""
        now = Served.of(self.sound.run_dir)
        differing = now.differing(self.sound.after)
        for name in differing:
            content, right = now.files[name], self.sound.after.files[name]
            if right is None and name in self.trial.what:
                continue  # nobody asks for a file of that name here
            if content is None or right is None:
                self._fault(f"{name} is {'missing' if content is None else 'too much'} after the run")
            elif not self._is_same(name, content, right):
                self._fault(f"{name} is not that of an undisturbed run: {content[:150]!r}")

    def _is_same(self, name: str, content: bytes, right: bytes) -> bool:
        """Tell whether two files say the same but for times."""
        if name == "accuracy.svg":
            return CHANGING.sub(b"", content) == CHANGING.sub(b"", right)
        # The figures of the attempt that answered stand twice.
        has_no_figures = "manifest.json" in self.trial.what and "figures.json" in self.trial.what
        is_new = bool(self.lost or self.sound.asked) or self._begins_rerun_anew() or has_no_figures
        if name != "manifest.json":
            return False
        try:
            return bool(_without_times(content, is_new) == _without_times(right, is_new))
        except (ValueError, TypeError, AttributeError, KeyError):
            return False

    def _check_comparison(self, when: str) -> None:
        if self.sound.compared is None:
            return
        found = self.sound.compare()
        is_told = self._expect(found, f"compare {when}", (0, 2) if "before" in when else (0,)) and found.code == 0
        if is_told and found.out != self.sound.compared.out:
            self._fault(f"compare {when} tells something else")


def _without_times(manifest: bytes, is_new: bool) -> dict[str, Any]:
    """Return the manifest without what differs in a copied folder, the times of files, and if new, without speed."""
    found: dict[str, Any] = json.loads(manifest)
    for name in ("crc", "finished"):
        found.pop(name, None)
    if is_new:
        found["this_run"] = sorted(found["this_run"])
    return found


def _as_told(path: Path) -> str:
    """Return the path as messages have it: what can't be printed is shown by its code."""
    return visible(str(path))


def _said(ended: Ended) -> str:
    return f"{ended.out[-SHOWN:]}{ended.err[-SHOWN:]}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
