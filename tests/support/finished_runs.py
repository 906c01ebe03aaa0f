"""Make runs whose reports are looked at: a sweep of two settings over the demo dataset, without an engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.processes import run
from support.rows import SCRIPTED

# What the model answers under each setting; some questions have such an answer, so that verdicts and flips occur.
ANSWERS = (
    r"**First** $a = 3$, `b = 4` and so on.$$c = \\sqrt{a^2 + b^2}$$ So it is $\\boxed{5}$.",
    r"I see 7 of them, as $\\frac{14}{2} = 7$: $\\boxed{7}$.",
)


@dataclass(frozen=True)
class Finished:
    """Folder in which commands were run, and the pages that they wrote."""

    folder: Path
    sweep: Path
    runs: list[Path]


def finished_sweep(folder: Path) -> Finished:
    """Run the sweep in `folder` as a user does."""
    say = ",".join(f"'{answer}'" for answer in ANSWERS)
    done = run(folder, "-m", SCRIPTED, "dataset=demo", f"model.engine.say={say}")
    assert done.returncode == 0, done.stderr
    (sweep,) = folder.glob("outputs/sweeps/*/report.html")
    return Finished(folder, sweep, sorted(folder.glob("outputs/demo/demo/*/report.html")))
