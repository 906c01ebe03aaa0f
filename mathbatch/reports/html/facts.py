"""Say what ran and what came of it, from the files of a run folder other than its rows."""

from __future__ import annotations

import functools
import shlex
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config import Config
from mathbatch.config.spelling import Loader
from mathbatch.data.counts import Counts
from mathbatch.data.storage.regular import read_small
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed
from mathbatch.data.storage.segments import segment_paths
from mathbatch.reports.html.payload import Figures, Metrics, RunFacts, Share
from mathbatch.reports.scores import left_over_text
from mathbatch.runner.run_key import key_as_recorded
from mathbatch.runner.snapshot import OVERRIDES_FILE, attempts, last_figures
from mathbatch.scoring.files import MANIFEST, METRICS
from mathbatch.scoring.panel import BESIDE

# Sections of the configuration of which a reader wants to see what was set, and keys that he looks for in any case.
SECTIONS = ("model", "dataset", "sampling", "judge", "cluster", "deploy", "system_prompt", "system_prompt_file")
ALWAYS = ("model.path", "sampling.temperature", "sampling.max_tokens", "sampling.n", "dataset.scoring")
# Reasons and ids that a note names.
SHOWN = 5


def facts_of(
    run_dir: Path, config: Config, settings: list[tuple[str, str]], metrics: dict[str, Any] | None
) -> RunFacts:
    """Return what is known of a run without its rows. `metrics` are those of its scores, None without any."""
    run, manifest = key_as_recorded(run_dir), manifest_of(run_dir)
    return RunFacts(
        key="",
        base="",
        run=run.name,
        name=run_dir.name,
        model=config.model.name,
        dataset=config.dataset.name,
        folder="",
        command=command_of(run_dir),
        when=time_of(run_dir),
        status="complete" if manifest else "stopped",
        settings=settings,
        versions=manifest.get("versions", {}),
        figures=figures_of(manifest, last_figures(run_dir, run)),
        metrics=None if metrics is None else metrics_of(metrics),
        rollouts=config.sampling.n,
        fields=list(config.dataset.metadata),
    )


def manifest_of(run_dir: Path) -> dict[str, Any]:
    """Return the manifest of a run that has come to its end, else an empty one."""
    with suppress(DamagedFileError):
        return read_sealed(run_dir / MANIFEST, dict).values
    return {}


def settings_of(composed: DictConfig) -> list[tuple[str, str]]:
    """Return the keys that differ from their defaults, and those that matter in any case, with their values."""
    values = _flat(OmegaConf.to_container(composed, resolve=False))
    values |= {path: _resolved(composed, path, text) for path, text in values.items() if text.startswith("${")}
    defaults = _defaults()
    shown = (path for path in values if path.partition(".")[0] in SECTIONS)
    return [(path, values[path]) for path in shown if path in ALWAYS or defaults.get(path) != values[path]]


@functools.cache
def _defaults() -> dict[str, str]:
    return _flat(OmegaConf.to_container(OmegaConf.structured(Config), resolve=False))


def resolved_elsewhere(composed: DictConfig) -> list[tuple[str, str]]:
    """Return the texts that resolvers such as `${oc.env:NAME}` give, each with how it is written, the longest first."""
    written = _flat(OmegaConf.to_container(composed, resolve=False))
    found = {}
    for path, text in written.items():
        if "${" in text and ":" in text:
            with suppress(OmegaConfBaseException):
                found[OmegaConf.select(composed, path)] = text
    texts = [(value, text) for value, text in found.items() if isinstance(value, str) and value]
    return sorted(texts, key=lambda pair: -len(pair[0]))


def _resolved(composed: DictConfig, path: str, text: str) -> str:
    """Return what a reference to another key stands for. What comes from elsewhere may be a secret, and stays."""
    if ":" in text:
        return text
    with suppress(OmegaConfBaseException):
        return str(OmegaConf.select(composed, path))
    return text


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """Return the values of a configuration by their paths, as they are written; null and empty ones are left out."""
    if isinstance(value, dict):
        inner = (_flat(own, f"{path}.{name}" if path else str(name)) for name, own in value.items())
        return {name: text for found in inner for name, text in found.items()}
    if value in (None, [], "", "???"):
        return {}
    return {path: value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()}


def command_of(run_dir: Path) -> str:
    """Return the command line of the last attempt."""
    found: Any = []
    with suppress(OSError, IndexError, UnicodeDecodeError, yaml.YAMLError):
        found = yaml.load(read_small(attempts(run_dir)[-1] / OVERRIDES_FILE).decode(), Loader=Loader)
    overrides = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    return shlex.join(["python", "-m", "mathbatch.run", *overrides])


def time_of(run_dir: Path) -> str | None:
    """Return when a run has got its last answer or scores, in ISO 8601 in UTC."""
    files = [*segment_paths(run_dir / "responses"), run_dir / MANIFEST, run_dir / METRICS]
    times = [path.stat().st_mtime for path in files if path.is_file()]
    return datetime.fromtimestamp(max(times), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if times else None


def figures_of(manifest: dict[str, Any], last: Any) -> Figures:
    """Return counts and speed. `last` are the figures of the last attempt that has saved anything."""
    names = {one.name for one in msgspec.structs.fields(Figures)}
    found = msgspec.convert({name: value for name, value in manifest.items() if name in names}, Figures)
    if last is not None:
        found.seconds, found.tokens_per_s = last.seconds, last.output_tokens_per_s
    return found


def counted_figures(figures: Figures, counts: Counts, units: int) -> Figures:
    """Return the figures of a run that has not come to its end, by its records."""
    figures.units, figures.answered, figures.failed = units, counts.answered, counts.failed
    figures.truncated = counts.truncated
    figures.prompt_tokens, figures.output_tokens = counts.prompt_tokens, counts.output_tokens
    figures.cached_tokens, figures.reasoning_tokens = counts.cached_tokens or None, counts.reasoning_tokens or None
    return figures


def metrics_of(metrics: dict[str, Any]) -> Metrics:
    """Return the scores of a run as the page shows them, from the content of `metrics.json`."""
    found = Metrics(
        correct=metrics.get("correct", 0),
        judged=metrics.get("judged", 0),
        verdicts=metrics.get("verdicts", {}),
        breakdown={
            field: [_share(label, facts) for label, facts in by_label.items()]
            for field, by_label in metrics.get("breakdown", {}).items()
        },
        pass_at=[_at_k(k, entry) for k, entry in metrics.get("pass_at_k", {}).items()],
        maj_at=[_at_k(k, entry) for k, entry in metrics.get("majority_at_k", {}).items()],
        scorers=list(metrics.get("scorer", {}).get("scorers") or []),
        beside=_share(BESIDE, metrics[BESIDE]) if BESIDE in metrics else None,
        marks=_share("marks", metrics["marks"]) if metrics.get("marks") else None,
        suspects=metrics.get("suspects", 0),
        notes=list(_notes(metrics)),
    )
    found.accuracy, (found.low, found.high) = metrics.get("accuracy"), metrics.get("interval") or (None, None)
    return found


def _share(name: str, facts: dict[str, Any]) -> Share:
    low, high = facts.get("interval") or (None, None)
    return Share(name, facts.get("accuracy"), low, high, facts.get("correct"), facts.get("judged"))


def _at_k(k: str, entry: dict[str, Any]) -> Share:
    return Share(k, entry.get("value"), judged=entry.get("samples"))


def _notes(metrics: dict[str, Any]) -> Any:
    """Yield sentences about what the numbers leave out."""
    for reason, entry in list(metrics.get("unusable_golds", {}).get("reasons", {}).items())[:SHOWN]:
        more = ", …" if entry["rows"] > SHOWN else ""
        yield f"{entry['rows']:,} gold answers can't be used: {reason} ({', '.join(entry['ids'][:SHOWN])}{more})"
    for reason, count in list(metrics.get("unscored", {}).items())[:SHOWN]:
        yield f"{count:,} unscored: {reason}"
    if cut := sum(metrics.get("truncated", {}).values()):
        lost = metrics["truncated"].get("no_answer", 0)
        yield f"{cut:,} were cut at the token limit, {lost:,} of them without an answer"
    for name, count in metrics.get("unscored_votes", {}).items():
        yield f"{name} had no verdict on {count:,} of {metrics['votes'][name]:,}"
    if (worst := metrics.get("worst_case")) and worst.get("accuracy") is not None:
        yield f"worst case: {worst['accuracy']:.1%} of {worst['groups']:,} groups are all correct"
    if metrics.get("further_answers"):
        yield left_over_text(metrics["further_answers"])
