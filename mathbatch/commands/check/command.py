"""Check a whole dataset without an engine, and show what would go wrong in a run."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig
from tqdm import tqdm

from mathbatch.commands import exit_codes
from mathbatch.commands.app import run_app
from mathbatch.commands.check.chat import ChatRenderer
from mathbatch.commands.check.inspection import SHOWN_PROMPTS, Inspection, inspect
from mathbatch.commands.check.page import write_page
from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.overrides import refuse_multirun
from mathbatch.config.vllm_arguments import vllm_folder
from mathbatch.models.checkpoint.adapters import local_adapter
from mathbatch.models.checkpoint.folder import local_checkpoint
from mathbatch.models.checkpoint.quantization import needs_of, quantization_of
from mathbatch.models.trial import without_output
from mathbatch.reports.findings import show_findings
from mathbatch.reports.terminal import Terminal
from mathbatch.runner.identity import slug
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.signals import Signals


def main() -> int:
    """Check what the command line says; return the exit code."""
    refuse_multirun(sys.argv[1:], "check takes one dataset at a time")
    Signals().install()
    code = run_app(check_composed)
    assert isinstance(code, int)
    return code


def check_composed(composed: DictConfig) -> int:
    """Check what Hydra composed and show it; return the exit code. Raises MathBatchError."""
    config: Config = typed(composed)
    needs_vllm = not config.model.base_urls
    job = RunJob(config, composed, check_model=not needs_vllm or vllm_folder() is not None)
    job.check(Preflight(), anew=True)
    loading = f"loading vLLM and the processor of {config.model.name} …" if needs_vllm else ""
    with tqdm(desc=loading, bar_format="{desc}", leave=False, disable=None):
        chat = ChatRenderer(config.model)
    with tqdm(total=job.components.loader.count(), unit="row", disable=None) as bar:
        found = inspect(job, chat, lambda rows: bar.update(rows - bar.n))
    name = f"{slug(config.dataset.name)}-{slug(config.model.name)}.html"
    page = Path(config.output_dir).expanduser() / "checks" / name
    facts = _facts(job, chat, found)
    write_page(page, f"{config.dataset.name} for {config.model.name}", found, facts, job.decoder)
    show(job, found, facts, page)
    return exit_codes.FAILURES if found.fails or not found.rows else exit_codes.SUCCESS


def show(job: RunJob, found: Inspection, facts: list[tuple[str, str]], page: Path) -> None:
    """Show the first prompts, the findings, the counts, and whether every row can be asked."""
    console = Terminal()
    for shown in found.shown[:SHOWN_PROMPTS]:
        console.rule(f"prompt of {shown.sample.id}", align="left")
        console.print(shown.prompt)
    console.rule()
    if found.findings:
        ordered = sorted(found.findings.values(), key=lambda finding: not finding.amiss)
        show_findings(f"{job.config.dataset.name}: found", ordered, ordered)
    for name, value in facts:
        console.print(f"  {name}: {value}")
    console.print(f"  page with pictures: {page}")
    failing = sum(finding.count for finding in found.findings.values() if finding.amiss)
    console.print(f"{failing:,} things would fail" if found.fails else "every row can be asked")


def _facts(job: RunJob, chat: ChatRenderer, found: Inspection) -> list[tuple[str, str]]:
    """Return the counts as names and values. Answers are stored twice: in the store and in the results."""
    facts = [("rows", f"{found.rows:,}"), ("pictures", f"{found.images:,}, {found.distinct_images:,} distinct")]
    if chat.why_not is not None:
        facts.append(("tokens", f"not counted: {chat.why_not}"))
    elif found.tokens:
        facts.append(("tokens of a prompt", _spread(found.tokens)))
        if found.image_tokens:
            facts.append(("of them for pictures", _spread(found.image_tokens)))
        facts.append(("tokens of all prompts", f"{sum(found.tokens) * job.config.sampling.n:,}"))
    folder = local_checkpoint(job.config.model)
    if folder is not None and (quantised := quantization_of(job.config.model, folder)) is not None:
        with without_output():
            facts.append(("quantised as", needs_of(quantised)))
    facts += _adapter_facts(job.config.model.lora)
    facts.append(("disk for the answers, at most", f"{2 * found.disk_bytes / 1e6:,.0f} MB"))
    return facts


def _adapter_facts(name: str | None) -> list[tuple[str, str]]:
    """Return what is known of the LoRA adapter. Raises ConfigError for a folder that holds none."""
    if name is None:
        return []
    adapter = local_adapter(name)
    if adapter is None:
        return [("adapter", f"{name}, not looked at: it is not on this machine")]
    return [("adapter", f"{name}: rank {adapter.rank}, changes {adapter.targets}")]


def _spread(values: Sequence[int]) -> str:
    ordered = sorted(values)
    most = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{ordered[0]:,} to {ordered[-1]:,}, median {statistics.median(ordered):,.0f}, 95 % up to {most:,}"
