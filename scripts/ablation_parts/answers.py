"""Read answers with their golds: the published ones of benchmarks, and tables of cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mathbatch.records import Sample
from mathbatch.scoring.panel import SCORERS

# Field of a row that a table's `kind` stands for, by scorer.
KINDS = {"mathverse": "question_type", "dynamath": "answer_type"}


class Answer(NamedTuple):
    """Response to score. `official` is the verdict that is known to be right, None if there is none."""

    source: str
    scorer: str
    parameters: dict[str, Any]
    sample: Sample
    response: str
    official: bool | None


def real_answers(folder: Path) -> Iterator[Answer]:
    """Yield the benchmarks' published answers, for each scorer that reads them.

    The official verdict on MATH-V is left out for `auto`: the protocol finds less than is there.
    """
    yield from _gsm8k(folder / "gsm8k")
    yield from _mathvision(folder / "mathvision")
    yield from _mathvista(folder / "mathvista")


def cases(path: Path) -> Iterator[Answer]:
    """Yield the cases of a table in JSON Lines that has a gold answer and a response on each line.

    The scorer is the line's own, or the one whose name is in the name of the file. Tables of other things have none.
    """
    words = path.stem.split("_")
    named = next((word for word in (*words[:1], *words[-1:]) if word in SCORERS), None)
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = json.loads(text)
        scorer = line.get("scorer", named)
        if scorer not in SCORERS or not {"gold", "response"} <= line.keys():
            return
        fields = dict(line.get("fields") or {})
        fields |= {KINDS[scorer]: line["kind"]} if "kind" in line and scorer in KINDS else {}
        fields |= {"question": line["question"]} if "question" in line else {}
        expected = str(line.get("verdict", line.get("expected", "")))
        official = None if "," in expected or not expected else expected == "correct"
        sample = _sample(f"{path.name}:{number}", fields, line["gold"], line.get("choices"))
        yield Answer(path.name, scorer, line.get("parameters") or {}, sample, line["response"], official)


def _gsm8k(folder: Path) -> Iterator[Answer]:
    for number, row in enumerate(_lines(folder / "example_model_solutions.jsonl"), 1):
        gold = row["ground_truth"].rpartition("A: ")[2]
        models = [name for name, value in row.items() if isinstance(value, dict) and "is_correct" in value]
        for model in models:
            own = row[model]
            sample = _sample(str(number), {}, gold, None)
            for scorer in ("gsm8k", "math", "number"):
                yield Answer(f"gsm8k {model}", scorer, {}, sample, own["solution"], own["is_correct"])


def _mathvision(folder: Path) -> Iterator[Answer]:
    rows = {row["id"]: row for row in _lines(folder / "test.jsonl")}
    for path in sorted((folder / "outputs").glob("*.jsonl")):
        for output in _lines(path):
            row = rows[output["id"]]
            sample = _sample(output["id"], row, row["answer"], row["options"])
            yield Answer(f"mathvision {path.stem}", "mathvision", {}, sample, output["response"], output["correct"])
            yield Answer(f"mathvision {path.stem}", "auto", {}, sample, output["response"], None)


def _mathvista(folder: Path) -> Iterator[Answer]:
    if not folder.is_dir():
        return
    rows = json.loads((folder / "testmini.json").read_text(encoding="utf-8"))
    for path in sorted((folder / "outputs").glob("*.json")):
        for pid, output in json.loads(path.read_text(encoding="utf-8")).items():
            sample = _sample(pid, rows[pid], rows[pid]["answer"], rows[pid]["choices"])
            for scorer in ("mathvista", "auto"):
                yield Answer(f"mathvista {path.stem}", scorer, {}, sample, output["response"], output["true_false"])
            for key, scorer in (("extraction", "mathvista"),):
                extracted = {"extracted": True}
                yield Answer(
                    f"mathvista {path.stem} {key}", scorer, extracted, sample, output[key], output["true_false"]
                )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _sample(id: str, fields: dict[str, Any], gold: str, choices: list[str] | None) -> Sample:
    query = str(fields.get("question", ""))
    return Sample(id, 1, {}, query, fields=fields, gold=gold, choices=tuple(choices) if choices else None)
