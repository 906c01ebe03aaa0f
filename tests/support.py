"""What the tests share: small datasets, and runs of the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCRIPTED = "model._target_=mathbatch.models.scripted.ScriptedModel"


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def questions(count: int) -> list[dict[str, Any]]:
    """Text-only rows with the original field names."""
    return [{"sample_index": str(at), "query_cot": f"What is {at} + {at}?"} for at in range(count)]


def overrides(data: Path, *more: str) -> list[str]:
    """A text-only run of the scripted model over `data`."""
    return [SCRIPTED, "dataset=generic", f"dataset.input={data}", "dataset.image_field=null", *more]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def command(*arguments: str, module: str = "run") -> list[str]:
    return [sys.executable, "-m", f"mathbatch.{module}", *arguments]


def run(folder: Path, *arguments: str, module: str = "run", timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the command line in `folder` to its end."""
    return subprocess.run(
        command(*arguments, module=module),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command line in `folder`, in a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run_dir(folder: Path) -> Path:
    """The only run folder below `folder`."""
    (found,) = (path.parent for path in folder.glob("outputs/*/*/*/config.yaml"))
    return found


def records(folder: Path) -> list[dict[str, Any]]:
    """All records of the run folder, in the order of writing; a torn last line is left out."""
    lines = [line for path in sorted(folder.glob("responses/*.jsonl")) for line in path.read_bytes().split(b"\n")]
    found = []
    for line in lines:
        if line.endswith(b'"}') and b'"crc":"' in line[-20:]:
            found.append(json.loads(line))
    return found


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
