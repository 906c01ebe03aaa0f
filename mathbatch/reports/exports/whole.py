"""Read the documents of a run that is to be handed on, and refuse one that is not complete."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

from mathbatch.data.storage.sealed import read_sealed
from mathbatch.errors import ConfigError
from mathbatch.runner.snapshot import attempts
from mathbatch.scoring.files import MANIFEST, METRICS, read_sound_metrics


class Documents(NamedTuple):
    """Content of `manifest.json` and, of a run that is scored, of `metrics.json`; and the begin of the last attempt."""

    manifest: dict[str, Any]
    metrics: dict[str, Any] | None
    began: str


def documents_of(run_dir: Path) -> Documents:
    """Return the documents of a complete run. Raises ConfigError for another, StoreError for damaged ones.

    `began` is written as 20261129T151930, in the time zone of the machine that ran it.
    """
    if not (run_dir / MANIFEST).exists():
        fix = "let the run come to its end: the same command goes on"
        raise ConfigError("run_dir", f"{run_dir} is no complete run: it has no {MANIFEST}", fix)
    manifest = read_sealed(run_dir / MANIFEST, dict[str, Any]).values
    metrics = read_sound_metrics(run_dir).values if (run_dir / METRICS).exists() else None
    found = attempts(run_dir)
    return Documents(manifest, metrics, found[-1].name.partition("-")[0] if found else "")


def need_package(name: str, extra: str) -> None:
    """Raise ConfigError if a package is not installed."""
    if importlib.util.find_spec(name) is None:
        raise ConfigError("format", f"needs the package {name}", f"pip install 'mathbatch[{extra}]'")
