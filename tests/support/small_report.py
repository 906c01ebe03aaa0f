"""Make a report of a few rows with given answers, to look at what the page makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mathbatch.reports.html import payload as page
from mathbatch.reports.html.scripts import write_script
from support import made_up_report, made_up_runs


def answered(text: str, verdict: str = "wrong", answer: str | None = "1", **known: Any) -> page.Rollout:
    """Return an answer in whose text the last place of `answer` is where that was extracted."""
    at = -1 if answer is None else text.rfind(answer)
    usual: dict[str, Any] = {"seal": "0" * 8, "output_tokens": len(text), "reason": "boxed: so it is"}
    usual["span"] = (at, at + len(answer or "")) if at >= 0 else None
    return page.Rollout(text=text, verdict=verdict, answer=answer, **{**usual, **known})


def row(name: str, *rollouts: page.Rollout, question: str = "How many?", **known: Any) -> page.Detail:
    """Return a row of the dataset, of the topic "algebra" if no other is given."""
    usual: dict[str, Any] = {"gold": "2", "metadata": {"topic": "algebra", "level": 1}}
    messages = [page.Message("user", [page.Part(text=question)])]
    return page.Detail(id=name, row=1, messages=messages, rollouts=list(rollouts), **{**usual, **known})


def small_report(
    folder: Path, *runs: list[page.Detail], pairs: list[page.Pair] | None = None, generation: int = 1
) -> Path:
    """Write a report of runs "a", "b", … over these rows and return its page."""
    facts = []
    for key, details in zip("abcd", runs, strict=False):
        rollouts = max(len(one.rollouts) for one in details)
        known = {"base": f"{key}-{generation}", "rows": len(details), "included": len(details), "folder": f"run {key}"}
        facts.append(made_up_runs.run(key, chunks=1, rollouts=rollouts, **known))
        data = folder / "report" / "data"
        write_script(data, f"{facts[-1].base}/index", made_up_report.index_of(details))
        write_script(data, f"{facts[-1].base}/questions", [one.messages[0].parts[0].text for one in details])
        write_script(data, f"{facts[-1].base}/0001", details)
    return made_up_runs.write(folder, facts, pairs=pairs or [])
