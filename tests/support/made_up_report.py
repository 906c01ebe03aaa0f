"""Make a report of made-up rows, to draw the page without a run.

python -m support.made_up_report FOLDER [ROWS] [RUNS] [ROLLOUTS]
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from mathbatch.reports.html import payload as page
from mathbatch.reports.html.page import write_page
from mathbatch.reports.html.scripts import write_script

CHUNK = 200
TOPICS = ("algebra", "geometry", "counting", "statistics", "a topic with a very long name that has to be shortened")
RULES = ("boxed", "stated as the answer", "last number", "no answer found")


def picture(folder: Path, number: int) -> page.Picture:
    """Draw one picture and its thumbnail."""
    pictures = folder / "report" / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (480, 320), "white")
    draw = ImageDraw.Draw(image)
    draw.polygon([(60, 260), (420, 260), (60 + number % 300, 60)], outline="black", fill=(230, 240, 250))
    draw.text((200, 270), f"a = {number}", fill="black")
    image.save(pictures / f"{number}.png")
    path = f"report/pictures/{number}.png"
    return page.Picture(label=f"images/{number}.png", thumbnail=path, original=path, width=480, height=320)


def answer_to(number: int, right: bool) -> tuple[str, str]:
    """Return an answer with Markdown, mathematics and code, and what is extracted of it."""
    found = str(number * 3 if right else number * 3 + 1)
    text = (
        f"**Step 1.** The triangle has the sides $a = {number}$ and $b = 2a$, so\n\n"
        f"$$A = \\frac{{a \\cdot b}}{{2}} = \\sqrt{{{number}^2}} \\cdot {number}$$\n\n"
        f"1. first `x = {number}`\n2. then\n\n```python\nprint({number} * 3)\n```\n\n"
        f"| n | 3n |\n|---|---|\n| {number} | {found} |\n\n"
        f"So the answer is $\\boxed{{{found}}}$."
    )
    return text, found


def detail_of(number: int, draws: random.Random, rollouts: int, skill: float, folder: Path) -> page.Detail:
    """Return one row with its rollouts."""
    has_picture = number % 3 == 0
    pictures = [picture(folder, number % 30)] if has_picture else []
    parts = [page.Part(text=f"What is three times {number}? Look at ")]
    parts += [page.Part(picture=0)] if has_picture else [page.Part(text="the number itself")]
    parts.append(page.Part(text=" and put your final answer within \\boxed{}."))
    made = []
    for _ in range(rollouts):
        verdict = draws.choices(
            ("correct", "wrong", "no_answer", "unscored", "failed"), (skill, 0.9 - skill, 0.05, 0.02, 0.03)
        )[0]
        text, found = answer_to(number, verdict == "correct")
        span = (text.rindex(found), text.rindex(found) + len(found))
        if verdict == "failed":
            failure = page.Failed("engine_error", "the engine died three times while this sample was in flight")
            made.append(page.Rollout(seal="0" * 8, verdict="failed", failure=failure, reason="engine_error: …"))
            continue
        made.append(
            page.Rollout(
                seal=f"{number:08x}",
                text=text,
                reasoning="Let me think: 3 times is $3n$.\n\nYes." if number % 4 == 0 else None,
                finish_reason="length" if verdict == "no_answer" else "stop",
                prompt_tokens=120 + number % 70,
                output_tokens=draws.randrange(40, 900),
                verdict=verdict,
                answer=None if verdict == "no_answer" else found,
                span=None if verdict == "no_answer" else span,
                reason=f"{draws.choice(RULES)}: {found} against {number * 3}",
                votes={"math": verdict, "choice": "wrong"} if number % 10 == 0 else {},
                audit=["the gold answer stands in the last 200 characters"] if number % 17 == 0 else [],
            )
        )
    return page.Detail(
        id=f"q{number}",
        row=number + 1,
        messages=[
            page.Message("system", [page.Part(text="You are a careful mathematician.")]),
            page.Message("user", parts),
        ],
        pictures=pictures,
        gold=str(number * 3),
        metadata={"topic": TOPICS[number % 5], "level": number % 4 + 1},
        rollouts=made,
    )


def column(values: list[str]) -> page.Coded:
    """Return texts as a coded column; "" is none."""
    names = sorted(set(values) - {""})
    return page.Coded(names, [names.index(value) if value else -1 for value in values])


def flags_of(detail: page.Detail) -> int:
    """Return the bits of `Index.flags` for a row."""
    verdicts = {one.verdict for one in detail.rollouts}
    return (
        page.TRUNCATED * any(one.finish_reason == "length" for one in detail.rollouts)
        + page.AUDIT * any(one.audit for one in detail.rollouts)
        + page.PICTURES * bool(detail.pictures)
        + page.DISAGREE * (len(verdicts) > 1)
        + page.SPLIT_VOTES * any(len(set(one.votes.values())) > 1 for one in detail.rollouts)
    )


def index_of(details: list[page.Detail]) -> page.Index:
    """Return the columns over all rows."""
    return page.Index(
        starts=list(range(0, len(details), CHUNK)),
        id=[one.id for one in details],
        verdicts=["".join(page.LETTERS[made.verdict] for made in one.rollouts) for one in details],
        answer=[one.rollouts[0].answer for one in details],
        gold=[one.gold for one in details],
        tokens=[[made.output_tokens for made in one.rollouts] for one in details],
        flags=[flags_of(one) for one in details],
        rule=column([(one.rollouts[0].reason or "").partition(":")[0] for one in details]),
        failure=column([next((made.failure.kind for made in one.rollouts if made.failure), "") for one in details]),
        metadata={name: column([str(one.metadata[name]) for one in details]) for name in ("topic", "level")},
    )


def shares(details: list[page.Detail], name: str) -> list[page.Share]:
    """Return the accuracy for each value of a metadata field, with a rough interval."""
    found = []
    for value in sorted({str(one.metadata[name]) for one in details}):
        judged = [
            r.verdict
            for one in details
            if str(one.metadata[name]) == value
            for r in one.rollouts
            if r.verdict in ("correct", "wrong", "no_answer")
        ]
        correct = judged.count("correct")
        p, n = correct / len(judged), len(judged)
        half = 1.96 * (p * (1 - p) / n) ** 0.5
        found.append(page.Share(value, p, max(0.0, p - half), min(1.0, p + half), correct, n))
    return found


def run_of(number: int, details: list[page.Detail], rollouts: int) -> page.RunFacts:
    """Return the facts of a run over these rows."""
    verdicts: dict[str, int] = {}
    for one in details:
        for made in one.rollouts:
            verdicts[made.verdict or ""] = verdicts.get(made.verdict or "", 0) + 1
    judged = sum(verdicts.get(name, 0) for name in ("correct", "wrong", "no_answer"))
    value = verdicts["correct"] / judged
    edges = list(range(0, 1000, 100))
    lengths = {name: [0] * 9 for name in (*verdicts, "truncated")}
    for one in details:
        for made in one.rollouts:
            at = min(8, (made.output_tokens or 0) // 100)
            lengths[made.verdict or ""][at] += 1
            lengths["truncated"][at] += made.finish_reason == "length"
    return page.RunFacts(
        key=f"run{number}",
        base=f"run{number}-1",
        run=f"{number:016x}",
        name=f"t0.{number}-25cbbc{number:02x}",
        model="qwen",
        dataset="made-up",
        folder=".",
        command=f"python -m mathbatch.run model=qwen dataset=made-up sampling.temperature=0.{number}",
        when="2026-11-29T15:00:00Z",
        settings=[
            ("model.path", "Qwen/Qwen2.5-VL-7B-Instruct"),
            ("sampling.temperature", f"0.{number}"),
            ("sampling.max_tokens", "1024"),
        ],
        versions={"mathbatch": "0.9", "vllm": "0.32.0", "torch": "2.11"},
        figures=page.Figures(
            units=len(details) * rollouts,
            answered=len(details) * rollouts - verdicts.get("failed", 0),
            failed=verdicts.get("failed", 0),
            truncated=12,
            prompt_tokens=123456,
            output_tokens=345678,
            seconds=312.5,
            tokens_per_s=1106.2,
        ),
        failures={"engine_error": verdicts.get("failed", 0)},
        metrics=page.Metrics(
            accuracy=value,
            low=value - 0.03,
            high=value + 0.03,
            correct=verdicts["correct"],
            judged=judged,
            verdicts=verdicts,
            breakdown={name: shares(details, name) for name in ("topic", "level")},
            pass_at=[page.Share(str(k), min(0.99, value + 0.05 * k), value, 1.0) for k in range(1, rollouts + 1)]
            if rollouts > 1
            else [],
            maj_at=[page.Share(str(k), min(0.97, value + 0.02 * k), value, 1.0) for k in range(1, rollouts + 1)]
            if rollouts > 1
            else [],
            scorers=["math", "choice"],
            suspects=3,
            notes=["2 gold answers can't be used: q4, q7"],
        ),
        lengths=page.Histogram(edges=[*edges[:9], 900], counts=lengths),
        rollouts=rollouts,
        rows=len(details),
        included=len(details),
        fields=["topic", "level"],
        chunks=(len(details) + CHUNK - 1) // CHUNK,
    )


def make(folder: Path, rows: int = 1000, runs: int = 3, rollouts: int = 1) -> None:
    """Write a whole report: a sweep of runs over the same rows."""
    facts = []
    for number in range(runs):
        draws = random.Random(number)
        details = [detail_of(row, draws, rollouts, 0.75 - 0.1 * number, folder) for row in range(rows)]
        facts.append(run_of(number, details, rollouts))
        data = folder / "report" / "data"
        write_script(data, f"{facts[-1].base}/index", index_of(details))
        questions = ["".join(part.text or "" for part in one.messages[-1].parts)[:160] for one in details]
        write_script(data, f"{facts[-1].base}/questions", questions)
        for at in range(0, rows, CHUNK):
            write_script(data, f"{facts[-1].base}/{at // CHUNK + 1:04d}", details[at : at + CHUNK])
    jobs = [page.SweepJob({"sampling.temperature": f"0.{at}"}, one.key, "complete") for at, one in enumerate(facts)]
    pairs = [
        page.Pair(
            first=a.key,
            second=b.key,
            pairs=rows,
            only_first=30,
            only_second=12,
            both_right=600,
            p=0.008,
            difference=0.018,
            low=0.005,
            high=0.031,
            sentence=f"{a.name} is better: 1.8 points (0.5 to 3.1), McNemar p = 0.008",
            differences=[page.Difference(what="setting", key="sampling.temperature", first="0.1", second="0.2")],
        )
        for at, a in enumerate(facts)
        for b in facts[at + 1 :]
    ]
    report = page.Report(
        title="qwen on made-up",
        made="2026-11-29T15:00:00Z",
        version="0.9",
        runs=facts,
        pairs=pairs,
        sweep=page.Sweep(["sampling.temperature"], jobs) if runs > 1 else None,
    )
    write_script(folder / "report" / "data", "report", report)
    write_page(folder, report.title)


if __name__ == "__main__":
    make(Path(sys.argv[1]), *map(int, sys.argv[2:]))
