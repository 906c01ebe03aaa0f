"""Look at a dataset before the weights load: `python -m mathbatch.check dataset=mathvista model=qwen`.

Takes the arguments of `mathbatch.run`. Reads every row, decodes every picture, renders every prompt with the model's
own chat template, and says what would go wrong. No GPU, no engine.
Exit codes: 0 every row can be asked, 1 some can't, 2 the configuration is at fault.
"""

from __future__ import annotations

if __name__ == "__main__":
    from mathbatch import entry

    entry.begin()

import re
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console
from tqdm import tqdm

from mathbatch import compose
from mathbatch.checking.chat import ChatRenderer
from mathbatch.checking.inspection import SHOWN_PROMPTS, Inspection, inspect
from mathbatch.checking.page import write_page
from mathbatch.config import Config
from mathbatch.errors import MathBatchError
from mathbatch.findings import show_findings
from mathbatch.hydra_app import run_app
from mathbatch.identity import slug
from mathbatch.job import Job
from mathbatch.preflight import Glances, look_at_fields
from mathbatch.single import EXIT_FAILURES

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def main() -> None:
    """The entry point."""
    run_app(check_composed)


def check_composed(composed: DictConfig) -> None:
    """Check what Hydra composed, show it, exit with the code."""
    try:
        compose.refuse_code_in_dataset(HydraConfig.get().runtime)
        config: Config = compose.typed(composed)
        job = Job(config, composed, check_model=False)
        look_at_fields(job.parts, Glances())
        chat = ChatRenderer(config.model)
        with tqdm(total=job.parts.loader.count(), unit="row", disable=None) as bar:
            found = inspect(job, chat, lambda rows: bar.update(rows - bar.n))
        page = (
            Path(config.output_dir).expanduser()
            / "checks"
            / f"{slug(config.dataset.name)}-{slug(config.model.name)}.html"
        )
        facts = _facts(job, chat, found)
        write_page(page, f"{config.dataset.name} for {config.model.name}", found, facts, job.decoder)
    except MathBatchError as error:
        compose.fail(str(error))
    show(job, found, facts, page)
    sys.exit(EXIT_FAILURES if found.fails or not found.rows else 0)


def show(job: Job, found: Inspection, facts: list[tuple[str, str]], page: Path) -> None:
    """Three prompts, what was found, the counts, a verdict."""
    console = Console(highlight=False, soft_wrap=True)
    for seen in found.shown[:SHOWN_PROMPTS]:
        console.rule(f"prompt of {seen.sample.id}", align="left")
        console.print(CONTROL.sub("", seen.prompt), markup=False)  # a row must not steer the terminal
    console.rule()
    if found.findings:
        ordered = sorted(found.findings.values(), key=lambda finding: not finding.amiss)
        show_findings(f"{job.config.dataset.name}: found", ordered, ordered)
    for name, value in facts:
        console.print(f"  {name}: {value}", markup=False)
    console.print(f"  page with pictures: {page}", markup=False)
    failing = sum(finding.count for finding in found.findings.values() if finding.amiss)
    console.print(f"{failing:,} things would fail" if found.fails else "every row can be asked")


def _facts(job: Job, chat: ChatRenderer, found: Inspection) -> list[tuple[str, str]]:
    facts = [("rows", f"{found.rows:,}"), ("pictures", f"{found.pictures:,}, {found.distinct_pictures:,} distinct")]
    if chat.why_not is not None:
        facts.append(("tokens", f"not counted: the model's files are not here ({chat.why_not})"))
    elif found.tokens:
        facts.append(("tokens of a prompt", _spread(found.tokens)))
        if found.image_tokens:
            facts.append(("of them for pictures", _spread(found.image_tokens)))
        facts.append(("tokens of all prompts", f"{sum(found.tokens) * job.config.sampling.n:,}"))
    facts.append(("disk for the answers, at most", f"{2 * found.disk_bytes / 1e6:,.0f} MB"))
    return facts


def _spread(values: Sequence[int]) -> str:
    ordered = sorted(values)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{ordered[0]:,} to {ordered[-1]:,}, median {statistics.median(ordered):,.0f}, 95 % up to {late:,}"


if __name__ == "__main__":
    entry.call(main)
