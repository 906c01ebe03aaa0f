"""Make a report in which everything that a model, a dataset or a run can name is a hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from mathbatch.reports.html import payload as page
from mathbatch.reports.html.page import write_page
from mathbatch.reports.html.scripts import write_script
from support.made_up_report import column, flags_of, picture

# Id of the row that is looked at after each hostile one, to see that it is still as it was.
PLAIN = "plain"
PLAIN_ANSWER = (
    "So $\\frac{1}{2} \\times \\sqrt{4} = \\pi$ is **not** `true`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\\boxed{1}"
)
# Rows of a chunk, so few that a chunk loads at once.
CHUNK = 50


def id_of(name: str, text: str) -> str:
    """Return the id of the row that is made of a text."""
    return text if len(text) < 500 else f"{text[:500]} {name}"


def hostile_row(number: int, name: str, text: str, folder: Path) -> page.Detail:
    """Return a row whose parts are all the text, or its beginning where nobody would expect more."""
    fails = number % 10 == 9
    shown = picture(folder, number % 5)
    pictures = [
        page.Picture(label=text[:300], thumbnail=shown.thumbnail, original=shown.original, width=480, height=320),
        page.Picture(label=text[:300], problem=text[:300]),
    ]
    failed = page.Rollout(
        seal="", verdict="failed", failure=page.Failed(kind=text[:60], message=text[:3000]), reason=text[:500]
    )
    answered = page.Rollout(
        seal=f"{number:08x}",
        text=text,
        reasoning=text[:5_000],
        finish_reason=text[:50],
        prompt_tokens=1,
        output_tokens=number,
        verdict="wrong",
        answer=text[:500],
        span=(0, min(len(text), 7)),
        reason=text[:500],
        votes={text[:60]: "wrong", "__proto__": "correct"},
        audit=[text[:500]],
        mark=page.Mark(verdict="correct", fault="gold", note=text[:500], seal=f"{number:08x}"),
    )
    parts = [page.Part(text=text[:5_000]), page.Part(picture=0), page.Part(picture=1), page.Part(picture=7)]
    return page.Detail(
        id=id_of(name, text),
        row=number + 1,
        messages=[page.Message(text[:40], [page.Part(text=text[:1000])]), page.Message("user", parts)],
        pictures=pictures,
        gold=text[:1000],
        choices=[text[:1000], "B"],
        metadata={text[:80]: text[:1000], "topic": text[:60], "__proto__": {"a": [text[:50]]}},
        group=text[:100],
        problem=text[:500] if number % 7 == 0 else None,
        rollouts=[failed if fails else answered],
    )


def plain_row() -> page.Detail:
    """Return a row as any dataset has it."""
    answer = page.Rollout(
        seal="0" * 8,
        text=PLAIN_ANSWER,
        reasoning=PLAIN_ANSWER,
        output_tokens=9,
        verdict="correct",
        answer="1",
        reason="boxed: 1",
    )
    return page.Detail(
        id=PLAIN,
        row=1,
        messages=[page.Message("user", [page.Part(text="What is $\\frac{1}{2} \\times 2$?")])],
        gold="1",
        metadata={"topic": "plain"},
        rollouts=[answer],
    )


def _index(details: list[page.Detail]) -> page.Index:
    return page.Index(
        starts=list(range(0, len(details), CHUNK)),
        id=[one.id for one in details],
        verdicts=[page.LETTERS[one.rollouts[0].verdict] for one in details],
        answer=[(one.rollouts[0].answer or "")[:100] for one in details],
        gold=[one.gold for one in details],
        tokens=[one.rollouts[0].output_tokens or 0 for one in details],
        flags=[flags_of(one) for one in details],
        rule=column([(one.rollouts[0].reason or "")[:60] for one in details]),
        failure=column([one.rollouts[0].failure.kind if one.rollouts[0].failure else "" for one in details]),
        metadata={
            "topic": column([str(one.metadata["topic"]) for one in details]),
            "__proto__": column(["constructor" for _ in details]),
        },
    )


def hostile_run(number: int, texts: Iterator[str], details: list[page.Detail]) -> page.RunFacts:
    """Return a run whose names, settings, versions and notes are the texts."""
    text = (one[:300] for one in texts)
    verdicts = {"correct": 1, "wrong": len(details) - 1}
    shares = [page.Share(next(text), 0.5, 0.4, 0.6, 1, 2) for _ in range(5)]
    return page.RunFacts(
        key=next(text)[:60] + str(number),
        base=f"run{number}-1",
        run=f"{number:016x}",
        name=next(text),
        model=next(text),
        dataset=next(text),
        folder=next(text),
        command=next(text),
        when=next(text),
        status="complete",
        settings=[(next(text), next(text)) for _ in range(6)],
        versions={next(text): next(text)},
        figures=page.Figures(units=len(details), answered=len(details), output_tokens=9, seconds=1.0, tokens_per_s=9.0),
        failures={next(text): 3, next(text): 1},
        metrics=page.Metrics(
            accuracy=0.5,
            low=0.4,
            high=0.6,
            correct=1,
            judged=2,
            verdicts=verdicts,
            breakdown={"topic": shares, next(text): shares, "__proto__": shares},
            scorers=[next(text), next(text)],
            beside=page.Share(next(text), 0.4, 0.3, 0.5, 1, 2),
            marks=page.Share(next(text), 0.4, 0.3, 0.5, 1, 2),
            suspects=2,
            notes=[next(text), next(text)],
        ),
        lengths=page.Histogram(edges=[0, 10, 20], counts={"wrong": [1, 1], next(text)[:50]: [1, 2]}),
        rows=len(details),
        included=len(details),
        selection=next(text),
        fields=["topic", "__proto__"],
        chunks=(len(details) + CHUNK - 1) // CHUNK,
    )


def make(folder: Path, rows: list[tuple[str, str]], names: list[str]) -> page.Report:
    """Write a report of two runs over a plain row and one of each text; `names` are for runs and all that they name."""
    texts = cycle(names)
    facts = []
    data = folder / "report" / "data"
    for number in range(2):
        details = [plain_row()] + [hostile_row(at, *row, folder) for at, row in enumerate(rows, 1)]
        if number:
            for one in details[1:]:
                one.rollouts[0].text = f"{one.rollouts[0].text or ''} {number}"
                one.rollouts[0].verdict = "correct"
        facts.append(hostile_run(number, texts, details))
        write_script(data, f"{facts[-1].base}/index", _index(details))
        questions = [(one.messages[-1].parts[0].text or "")[:80] for one in details]
        write_script(data, f"{facts[-1].base}/questions", questions)
        for at in range(0, len(details), CHUNK):
            write_script(data, f"{facts[-1].base}/{at // CHUNK + 1:04d}", details[at : at + CHUNK])
    differences = [
        page.Difference(what=what, key=next(texts)[:200], first=next(texts)[:500], second=next(texts)[:500], rows=3)
        for what in ("configuration", "prompt", "template", "version", "picture", "gold", "scorer")
    ]
    pair = page.Pair(
        first=facts[0].key,
        second=facts[1].key,
        pairs=9,
        only_first=1,
        only_second=2,
        low=-0.1,
        high=0.1,
        sentence=next(texts)[:500],
        notes=[next(texts)[:500]],
        differences=differences,
    )
    jobs = [
        page.SweepJob({next(texts)[:80]: next(texts)[:80]}, one.key, next(texts)[:40], next(texts)) for one in facts
    ]
    sweep = page.Sweep(list(jobs[0].values), jobs)
    report = page.Report(
        title=next(texts)[:300], made="2026-11-29T15:00:00Z", version="0.9", runs=facts, pairs=[pair], sweep=sweep
    )
    write_script(data, "report", report)
    write_page(folder, report.title)
    return report
