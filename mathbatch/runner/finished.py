"""Recognise a run that has nothing left to do, without asking about each of its rows.

The manifest of a run in which every unit has an answer holds a digest of all that its results depend on. Where a later
run finds the same digest, it needs no prompts and writes no results. A file counts by its size, inode and times; the
time of its last change of any kind, which no program can set, is among them.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import msgspec

import mathbatch
from mathbatch.data.counts import Counts
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed
from mathbatch.data.storage.segments import segment_paths
from mathbatch.parts.faults import is_ours
from mathbatch.runner.components import Components
from mathbatch.runner.results import results_path
from mathbatch.scoring.files import MANIFEST

# Folders of the package whose code makes prompts of rows, and results of records.
CODE = ("config", "data", "runner")


class _Manifest(msgspec.Struct):
    """Fields of `manifest.json` that tell what a finished run holds."""

    answered: int
    truncated: int
    prompt_tokens: int
    output_tokens: int
    finished: str
    cached_tokens: int = 0
    reasoning_tokens: int = 0


def finished(components: Components) -> Counts | None:
    """Return what the run folder holds if its run came to its end and all is as it was then, else None."""
    try:
        sealed = read_sealed(components.run_dir / MANIFEST, _Manifest)
    except DamagedFileError:
        return None
    manifest = sealed.content
    if (
        not sealed.is_sealed
        or manifest.finished != digest_of_run(components)
        or manifest.answered != components.saver.answered
    ):
        return None
    return Counts(
        total=manifest.answered,
        answered=manifest.answered,
        truncated=manifest.truncated,
        prompt_tokens=manifest.prompt_tokens,
        output_tokens=manifest.output_tokens,
        cached_tokens=manifest.cached_tokens,
        reasoning_tokens=manifest.reasoning_tokens,
    )


def digest_of_run(components: Components) -> str | None:
    """Return 32 hex digits over configuration, code, input, records and results.

    Return None where results depend on more, or on what can't be known: pictures in files, rows of the hub, classes of
    the user's own.
    """
    config, loader = components.config, components.loader
    parts = (loader, components.processor, components.filter)
    if not isinstance(loader, FileDataLoader) or not all(map(is_ours, (*parts, components.saver))):
        return None
    if config.dataset.image_field is not None or not loader.inputs:
        return None
    try:
        files = [*loader.inputs, *segment_paths(components.run_dir / "responses"), results_path(components)]
        stamps = [_stamp(path) for path in (*files, *_code())]
    except OSError:
        return None
    versions = [mathbatch.__version__, version("jinja2"), *(type(part).__qualname__ for part in parts)]
    facts = [versions, asdict(config.dataset), config.sampling.n, components.processor.system_prompt, stamps]
    encoded = msgspec.json.encode(facts, order="sorted", enc_hook=str)
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _code() -> list[Path]:
    package = Path(mathbatch.__file__).parent
    return sorted(path for folder in CODE for path in (package / folder).rglob("*.py"))


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
