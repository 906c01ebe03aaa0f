"""Remove each rule for reading answers in turn, and count the verdicts that change.

python scripts/ablation.py [folder] [--cases tests/scoring/cases/*.jsonl] [--json table.json]

The folder, `../shared/data` beside the repository by default, holds published answers as the benchmarks' own
repositories have them; parts that are missing are left out:

    gsm8k/example_model_solutions.jsonl               openai/grade-school-math, grade_school_math/data
    mathvision/test.jsonl, mathvision/outputs/*.jsonl mathllm/MATH-V, data and outputs, with "correct" in each line
    mathvista/testmini.json, mathvista/outputs/*.json lupantech/MathVista, data and results, with "true_false"

A rule that changes no verdict on real answers does nothing, unless a case stands for it. "better" and "worse" count the
changes towards and away from the official verdict, where one is known: "worse" is what the rule is good for. A rule
that has changed enough verdicts is not tried on further ones, so that large counts are lower bounds.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from ablation_parts.answers import Answer, cases, real_answers
from ablation_parts.rules import Rule, Rules

from mathbatch.base import BaseScorer
from mathbatch.records import Score
from mathbatch.scoring.panel import panel_of

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
# Processes, and answers that one of them gets at a time.
PROCESSES, CHUNK = 2, 100
# Changed verdicts in one process after which a rule has shown that it matters.
ENOUGH = 50
# Seconds for one comparison. One that takes longer counts as unscored.
TIME_LIMIT_S = 5.0
COLUMNS = ("matched", "changed", "better", "worse", "cases matched", "cases changed", "cases worse")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--cases", nargs="*", type=Path, default=[], help="tables of cases in JSON Lines")
    parser.add_argument("--limit", type=int, help="read so many answers only")
    parser.add_argument("--json", type=Path, help="write the counts to this file, too")
    arguments = parser.parse_args()
    tables = [case for path in arguments.cases for case in cases(path)]
    chunks = _chunks(
        [*islice(real_answers(arguments.folder), arguments.limit), *tables], {path.name for path in arguments.cases}
    )
    counts: dict[str, Counter[str]] = {}
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"), _start) as pool:
        for done, found in enumerate(pool.map(_ablate, chunks), 1):
            if sys.stderr.isatty():
                print(f"\r{done} of {len(chunks)} parts", end="", file=sys.stderr, flush=True)
            for name, own in found.items():
                counts.setdefault(name, Counter()).update(own)
    _show(counts)
    if arguments.json:
        arguments.json.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")


def _chunks(answers: Sequence[Answer], tables: set[str]) -> list[tuple[str, list[Answer]]]:
    found = []
    for is_case, prefix in ((False, ""), (True, "cases ")):
        own = [one for one in answers if (one.source in tables) == is_case]
        found += [(prefix, own[place : place + CHUNK]) for place in range(0, len(own), CHUNK)]
    return found


class Worker:
    """Scores answers with and without each rule, in one process."""

    def __init__(self) -> None:
        self._rules = Rules()
        self._scorers: dict[str, BaseScorer] = {}
        self._changed: Counter[tuple[str, Rule]] = Counter()

    def ablate(self, prefix: str, answers: list[Answer]) -> dict[str, Counter[str]]:
        """Return the counts of each rule over some answers, and those of all answers together under "all"."""
        counts = {f"{rule.where} {rule.name}": Counter[str]() for rule in self._rules.rules}
        counts["all"] = Counter()
        for answer in answers:
            for rule in self._rules.rules:
                rule.has_matched = False
            before = self._verdict(answer)
            matched = [rule for rule in self._rules.rules if rule.has_matched]
            counts["all"][f"{prefix}answers"] += 1
            counts["all"][f"{prefix}agree"] += answer.official is not None and (before == "correct") == answer.official
            counts["all"][f"{prefix}known"] += answer.official is not None
            for rule in matched:
                own = counts[f"{rule.where} {rule.name}"]
                own[f"{prefix}matched"] += 1
                if self._changed[prefix, rule] >= ENOUGH:
                    continue
                rule.is_on = False
                after = self._verdict(answer)
                rule.is_on = True
                own[f"{prefix}changed"] += after != before
                self._changed[prefix, rule] += after != before
                if answer.official is not None and (after == "correct") != (before == "correct"):
                    own[f"{prefix}{'better' if (after == 'correct') == answer.official else 'worse'}"] += 1
        return counts

    def _verdict(self, answer: Answer) -> str:
        key = json.dumps([answer.scorer, answer.parameters])
        if key not in self._scorers:
            self._scorers[key] = panel_of({answer.scorer: answer.parameters}, {}).voters[0].scorer
        self._rules.forget_responses()
        signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S)
        try:
            score: Score = self._scorers[key].score(answer.sample, answer.response)
            return score.verdict
        except TimeoutError:
            return "unscored"
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, AssertionError):
            return "error"  # the code behind a rule may rely on its match
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _start() -> None:
    signal.signal(signal.SIGALRM, _raise_timeout)


def _raise_timeout(*_: object) -> None:
    raise TimeoutError


@functools.cache
def _worker() -> Worker:
    return Worker()


def _ablate(chunk: tuple[str, list[Answer]]) -> dict[str, Counter[str]]:
    return _worker().ablate(*chunk)


def _show(counts: dict[str, Counter[str]]) -> None:
    every = counts.pop("all")
    for kind in ("", "cases "):
        answers, known, agree = (every[f"{kind}{name}"] for name in ("answers", "known", "agree"))
        if answers:
            print(f"{kind or 'real '}answers: {answers:,}; of {known:,} verdicts that are known {agree:,} agree")
    names = sorted(counts, key=lambda name: [-counts[name][column] for column in COLUMNS[1:]])
    columns = [one for one in COLUMNS if every["cases answers"] or not one.startswith("cases")]
    print(*(f"{column:>8}" for column in columns), "rule", sep="  ")
    for name in names:
        print(*(f"{counts[name][column]:>{max(len(column), 8)},}" for column in columns), name, sep="  ")
    idle = [name for name in names if not counts[name]["changed"]]
    print(f"\n{len(idle)} of {len(names)} rules change no verdict on a real answer; in brackets those on cases:")
    print(*(f"  {name} ({counts[name]['cases changed']})" for name in sorted(idle)), sep="\n")


if __name__ == "__main__":
    main()
