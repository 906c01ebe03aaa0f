"""Damage run folders by chance: each damage is noticed or harmless, and the same run mends it.

A seed draws the damages, and so many are drawn as the environment says:

    DAMAGES=5000 DAMAGES_SEED=7 DAMAGES_REPORT=/tmp/damages.jsonl python -m pytest tests/runner/test_damages.py
    PYTHONPATH=.:tests python -m support.damage_table /tmp/damages.jsonl

With a report, what is in it is not tried again: the same command goes on.
"""

from __future__ import annotations

import functools
import json
import os
import random
from dataclasses import asdict
from pathlib import Path

import pytest
from support.damage_trials import Trial, try_damage
from support.sound_folders import NAMES, SoundFolder

pytestmark = pytest.mark.process

COUNT = int(os.environ.get("DAMAGES", "6"))
SEED = os.environ.get("DAMAGES_SEED") or str(random.randrange(1 << 32))
REPORT = Path(os.environ.get("DAMAGES_REPORT") or os.devnull)
# Damages of one test, all in folders of one kind, which takes seconds to make.
AT_A_TIME = 20
# Folder whose files are copied over those of others.
OTHER = "scores"


@functools.cache
def sound_folder(name: str, home: Path) -> SoundFolder:
    return SoundFolder(home / name, name)


@pytest.mark.parametrize("number", range((COUNT + AT_A_TIME - 1) // AT_A_TIME))
def test_damage_is_noticed_or_harmless_and_the_same_run_mends_it(
    number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    print(f"seed={SEED}")
    home = tmp_path_factory.getbasetemp() / "damages"
    name = random.Random(f"{SEED}:{number // len(NAMES)}").sample(NAMES, len(NAMES))[number % len(NAMES)]
    sound = sound_folder(name, home)
    others = [*sound.files_of_twin(), *(sound_folder(OTHER, home).files_of_run() if name != OTHER else [])]
    tried = reported()
    trials = [
        try_damage(seed, sound, others)
        for seed in (f"{SEED}:{number}:{at}" for at in range(min(AT_A_TIME, COUNT - number * AT_A_TIME)))
        if seed not in tried
    ]
    report(trials)
    faulty = [
        f"{trial.seed} {trial.folder}, {trial.what}: {'; '.join(trial.faults)}" for trial in trials if trial.faults
    ]
    assert not faulty, "\n".join([f"seed={SEED}", *faulty])


def reported() -> set[str]:
    return {json.loads(line)["seed"] for line in REPORT.read_text().splitlines()} if REPORT.is_file() else set()


def report(trials: list[Trial]) -> None:
    """Append them, in one call so that several processes may do so."""
    with REPORT.open("ab", buffering=0) as out:
        out.write("".join(f"{json.dumps(asdict(trial))}\n" for trial in trials).encode())
