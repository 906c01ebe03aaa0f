"""Tell whether the data of a page are those of a run as it is now, without reading its rows."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

import mathbatch
from mathbatch.data.loaders import MappedDataLoader
from mathbatch.data.storage.sealed import sha256_of
from mathbatch.data.storage.segments import segment_paths
from mathbatch.runner.components import Components
from mathbatch.runner.snapshot import CONFIG_FILE
from mathbatch.scoring.files import MANIFEST, METRICS

# Characters of a run's name in the name of the folder of its data.
MAX_NAME = 60


def base_of(components: Components, copies: bool) -> str:
    """Return the name of the folder for the data of a run: another one whenever a report of it would be another.

    The metrics hold the digests of scores, audit list and results.
    """
    run_dir, loader = components.run_dir, components.loader
    files = [*segment_paths(run_dir / "responses"), *(loader.inputs if isinstance(loader, MappedDataLoader) else [])]
    known: list[Any] = [
        mathbatch.__version__,
        copies,
        [sha256_of(run_dir / name) for name in (METRICS, MANIFEST, CONFIG_FILE)],
        [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()],
        [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))],
    ]
    digest = hashlib.blake2b(msgspec.json.encode(known), digest_size=4).hexdigest()
    return f"{short_name(run_dir)}-{digest}"


def short_name(run_dir: Path) -> str:
    """Return the name of a run's folder as it may stand in an address."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", run_dir.name).strip("-.")[:MAX_NAME] or "run"
