"""Tell whether the data of a page are those of a run as it is now, without reading its rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

import mathbatch
from mathbatch.data.storage.sealed import sha256_of
from mathbatch.data.storage.segments import segment_paths
from mathbatch.scoring.files import MANIFEST, METRICS

# Characters of a run's name in the name of the folder of its data.
MAX_NAME = 60


def base_of(run_dir: Path, settings: Sequence[tuple[str, str]], copies: bool) -> str:
    """Return the name of the folder for the data of a run: another one whenever they would be others.

    `settings` are the keys of its configuration that a reader sees. The metrics hold the digests of scores, audit list
    and results. A dataset that has changed since tells nothing about answers that were given before.
    """
    segments = [(path.name, path.stat().st_size) for path in segment_paths(run_dir / "responses")]
    documents = [sha256_of(run_dir / name) for name in (METRICS, MANIFEST)]
    code = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    known = msgspec.json.encode([mathbatch.__version__, copies, settings, segments, documents, code])
    return f"{short_name(run_dir)}-{hashlib.blake2b(known, digest_size=4).hexdigest()}"


def short_name(run_dir: Path) -> str:
    """Return the name of a run's folder as it may stand in an address."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", run_dir.name).strip("-.")[:MAX_NAME] or "run"
