"""Flatten the results of a run to named numbers and settings, as experiment trackers take them."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from typing import Any

from mathbatch.errors import ConfigError
from mathbatch.records import FinishedRun

# Parts of the metrics and the manifest that are numbers about the run itself.
METRICS = ("accuracy", "correct", "judged", "samples", "rollouts", "suspects", "verdicts", "truncated", "breakdown")
OF_ROLLOUTS = ("pass_at_k", "majority_at_k", "worst_case")
MANIFEST = ("units", "answered", "failed", "prompt_tokens", "output_tokens", "cost")


def numbers_of(run: FinishedRun) -> dict[str, float]:
    """Return the numbers of a run by names such as `accuracy` and `breakdown/task/counting/accuracy`."""
    metrics = run.metrics or {}
    found = {name: metrics[name] for name in (*METRICS, *OF_ROLLOUTS) if name in metrics}
    if metrics.get("interval"):
        found["interval"] = dict(zip(("low", "high"), metrics["interval"], strict=True))
    found |= {name: run.manifest[name] for name in MANIFEST if name in run.manifest}
    found |= {name: run.manifest["this_run"][name] for name in ("seconds", "output_tokens_per_s")}
    return {name: float(value) for name, value in flat(found, "/").items() if isinstance(value, int | float)}


def flat(values: Mapping[str, Any], separator: str) -> dict[str, Any]:
    """Return nested values by their joined names; lists stay whole."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= {f"{name}{separator}{inner}": one for inner, one in flat(value, separator).items()}
        else:
            found[name] = value
    return found


def id_of(run: FinishedRun) -> str:
    """Return an id that is the same each time the run ends, so that a tracker has it once."""
    return hashlib.blake2b(run.name.encode(errors="replace"), digest_size=8).hexdigest()


def need_package(name: str) -> None:
    """Raise ConfigError if the package of a hook is not installed, before anything is asked."""
    if importlib.util.find_spec(name) is None:
        raise ConfigError(f"hook.{name}", f"needs the package {name}", f"pip install 'mathbatch[{name}]'")
