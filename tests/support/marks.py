"""Write files of marks, as the page of a report saves them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from support.run_folders import records


def mark(run_dir: Path, id: str, verdict: str, fault: str = "extraction", rollout: int = 0) -> dict[str, Any]:
    """Return a mark on an answer of a run."""
    texts = {(one["id"], one.get("rollout", 0)): one.get("text") or "" for one in records(run_dir)}
    text = texts.get((id, rollout), "")
    seal = hashlib.blake2b(text.encode(errors="replace"), digest_size=4).hexdigest()
    return {"id": id, "rollout": rollout, "fault": fault, "verdict": verdict, "note": "look", "seal": seal}


def write_marks(path: Path, run_dir: Path, *marks: dict[str, Any], **more: Any) -> Path:
    """Write a file with these marks on answers of a run."""
    run = json.loads((run_dir / "manifest.json").read_text())["run"]
    document = {"mathbatch_marks": 1, "run": run, "folder": str(run_dir), "made": "2026-11-29T16:00:00Z"}
    path.write_text(json.dumps(document | {"marks": marks} | more, indent=1))
    return path
