"""Keep what ran beside the answers: `config.yaml`, and in `.hydra/<time>/` what belongs to one attempt.

Nothing is resolved: a secret stays the `${oc.env:…}` that it was written as.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from omegaconf import DictConfig, OmegaConf

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed, write_sealed
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import ConfigError
from mathbatch.scoring.files import MANIFEST

# Names the folder that relative paths of the configuration start from.
FOLDER_FILE = "started-in.txt"
FIGURES_FILE = "figures.json"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Units and tokens that one attempt has answered, and how fast, in seconds and output tokens per second."""

    answered: int
    truncated: int
    prompt_tokens: int
    output_tokens: int
    seconds: float
    output_tokens_per_s: float


class Manifest(msgspec.Struct):
    """Content of `manifest.json`: what a complete run folder holds, and how fast the attempt that made it was."""

    versions: dict[str, str]
    units: int
    answered: int
    failed: int
    truncated: int
    prompt_tokens: int
    output_tokens: int
    this_run: Figures
    results_sha256: str | None = None


def write_snapshot(run_dir: Path, composed: DictConfig, overrides: Sequence[str]) -> Path:
    """Write the configuration of this attempt; return the attempt's folder. Raises StoreError if it can't."""
    attempt = _new_folder(run_dir / ".hydra" / time.strftime("%Y%m%dT%H%M%S"))
    config = OmegaConf.to_yaml(composed)
    for path, text in (
        (attempt / FOLDER_FILE, f"{Path.cwd()}\n"),
        (attempt / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(list(overrides)), resolve=False)),
        (attempt / "config.yaml", config),
        (run_dir / "config.yaml", config),
    ):
        with atomic_write(path) as stream:
            stream.write(text.encode())
    return attempt


def _new_folder(wanted: Path) -> Path:
    """Make a folder and return it; with a number behind its name where an earlier attempt began in the same second."""
    names = itertools.chain([wanted.name], (f"{wanted.name}-{number}" for number in itertools.count(2)))
    for folder in map(wanted.with_name, names):
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not folder.is_dir():
                raise disk_error(folder, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))) from None
        except OSError as error:
            raise disk_error(folder, error) from error
    raise AssertionError("there is always a next number")


def read_snapshot(run_dir: Path) -> tuple[DictConfig, Path]:
    """Return what ran last in this folder, and the folder that its relative paths start from now.

    Raises ConfigError if that is no run folder.
    """
    found = attempts(run_dir)
    if not found or not (run_dir / "config.yaml").is_file():
        raise ConfigError("run_dir", f"{run_dir} is no run folder: it has no config.yaml", "name the folder of a run")
    composed = OmegaConf.load(run_dir / "config.yaml")
    assert isinstance(composed, DictConfig)
    values = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(values, dict)
    return composed, origin(run_dir, str(values["output_dir"]), started_in(found[-1]))


def attempts(run_dir: Path) -> list[Path]:
    """Return the folders of the attempts in a run folder, the last one at the end."""
    return sorted(path.parent for path in (run_dir / ".hydra").glob(f"*/{FOLDER_FILE}"))


def started_in(attempt: Path) -> Path:
    """Return the folder that an attempt was started in."""
    return Path((attempt / FOLDER_FILE).read_text(encoding="utf-8").rstrip("\n"))


def origin(run_dir: Path, output_dir: str, started: Path) -> Path:
    """Return the folder that the relative paths of an attempt start from now.

    It is where the attempt was started, unless `output_dir` doesn't lead from there to the run folder: then both have
    been moved or copied together, and it is the folder from which `output_dir` does.
    """
    outputs, place = Path(output_dir).expanduser(), run_dir.absolute().parents[2]
    if outputs.is_absolute() or (started / outputs).resolve() == place.resolve():
        return started
    above = Path(*place.parts[: len(place.parts) - len(outputs.parts)])
    return above if above / outputs == place else started


def write_figures(attempt: Path, figures: Figures) -> None:
    """Keep the figures of an attempt. Raises StoreError if the disk refuses."""
    write_sealed(attempt / FIGURES_FILE, msgspec.to_builtins(figures))


def last_figures(run_dir: Path) -> Figures | None:
    """Return the figures of the last attempt that saved anything; None where none has left some.

    A complete run has them in its manifest, a stopped one beside its configuration. A damaged file is not believed.
    """
    left = sorted((run_dir / ".hydra").glob(f"*/{FIGURES_FILE}"))
    with suppress(DamagedFileError):
        manifest = read_sealed(run_dir / MANIFEST, Manifest)
        if manifest.is_sealed or not left:
            return manifest.content.this_run
    with suppress(DamagedFileError):
        return read_sealed(left[-1], Figures).content if left else None
    return None
