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
import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config.spelling import Loader
from mathbatch.data.digests import RunKey
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.regular import read_small
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed, write_sealed
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import ConfigError
from mathbatch.fleet.seat import MemberFigures
from mathbatch.scoring.files import MANIFEST

# Names the folder that relative paths of the configuration start from.
FOLDER_FILE = "started-in.txt"
CONFIG_FILE = "config.yaml"
FIGURES_FILE = "figures.json"
# Bytes of the longest path that Linux takes, PATH_MAX in limits.h.
LONGEST_PATH = 4096
FIX = (
    "run the same command again, which writes such files anew; "
    "or python -m mathbatch.verify run_dir=… repair=true, which puts back the one of two that the folder is named for"
)


class SnapshotError(ConfigError):
    """File in a run folder that says what ran, and is damaged or missing: `file` and what is wrong with it."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__("run_dir", f"{file}: {problem}", FIX)
        self.file, self.problem = file, problem

    def __reduce__(self) -> tuple[type[SnapshotError], tuple[Path, str]]:  # type: ignore[override]
        return type(self), (self.file, self.problem)


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units and tokens that one attempt has answered, and how fast, in seconds and output tokens per second.

    `engines` has what each engine of a fleet did, for all jobs that it served.
    """

    answered: int
    truncated: int
    prompt_tokens: int
    output_tokens: int
    seconds: float
    output_tokens_per_s: float
    engines: list[MemberFigures] = []


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
    config = OmegaConf.to_yaml(composed).encode()
    for path, text in (
        (attempt / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(list(overrides)), resolve=False).encode()),
        (attempt / CONFIG_FILE, config),
        # From here on it is an attempt: one that ends earlier is none.
        (attempt / FOLDER_FILE, os.fsencode(Path.cwd()) + b"\n"),
        (run_dir / CONFIG_FILE, config),
    ):
        with atomic_write(path) as stream:
            stream.write(text)
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

    Raises ConfigError if that is no run folder, SnapshotError if its `config.yaml` can't be relied on: it has changed
    since the last attempt has written it, and a copy beside the attempt.
    """
    refuse_other_folder(run_dir)
    config, found = run_dir / CONFIG_FILE, attempts(run_dir)
    if not found:
        raise SnapshotError(run_dir / ".hydra", f"it has no */{FOLDER_FILE}, so it isn't known where the run began")
    started, composed = started_in(found[-1]), read_config(config)
    _content(found[-1] / CONFIG_FILE)
    if not is_as_copied(run_dir):
        raise SnapshotError(config, f"it differs from its copy in {found[-1].relative_to(run_dir)}")
    values = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(values, dict)
    return composed, origin(run_dir, str(values.get("output_dir")), started)


def is_as_copied(run_dir: Path) -> bool:
    """Tell whether `config.yaml` is as its copy beside the last attempt. Both are written at once, of the same text."""
    try:
        return _content(run_dir / CONFIG_FILE) == _content(attempts(run_dir)[-1] / CONFIG_FILE)
    except SnapshotError:
        return False


def refuse_other_folder(run_dir: Path) -> None:
    """Raise ConfigError for a folder in which nothing says what ran."""
    if not (run_dir / CONFIG_FILE).exists() and not attempts(run_dir):
        raise ConfigError("run_dir", f"{run_dir} is no run folder: it has no {CONFIG_FILE}", "name the folder of a run")


def read_config(path: Path) -> DictConfig:
    """Return the configuration that a run has written, unresolved. Raises SnapshotError if the file is damaged."""
    text = read_yaml(path)
    try:
        composed = OmegaConf.create(text)
    except (OmegaConfBaseException, yaml.YAMLError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    assert isinstance(composed, DictConfig)
    return composed


def read_yaml(path: Path) -> str:
    """Return the text of a YAML file that a run has written.

    Raises SnapshotError if the file can't be read or is no mapping, or has what no run writes: an alias, which may grow
    without end, a tag, or a zero within a text, which no path can have.
    """
    try:
        text = _content(path).decode()
        events = list(yaml.parse(text, Loader=Loader))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not any(isinstance(event, yaml.MappingStartEvent) for event in events[2:3]):
        raise SnapshotError(path, "it can't be read: it is no mapping of keys to values")
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None:
            raise SnapshotError(path, f"it can't be read: an alias or a tag, which no run writes, {_place(event)}")
        if isinstance(event, yaml.ScalarEvent) and "\0" in event.value:
            raise SnapshotError(path, f"it can't be read: a zero byte {_place(event)}")
    return text


def attempts(run_dir: Path) -> list[Path]:
    """Return the folders of the attempts in a run folder, the last one at the end."""
    found = (path.parent for path in (run_dir / ".hydra").glob(f"*/{FOLDER_FILE}"))
    return sorted(found, key=lambda attempt: (attempt.name.partition("-")[0], len(attempt.name), attempt.name))


def started_in(attempt: Path) -> Path:
    """Return the folder that an attempt was started in. Raises SnapshotError if the file that says so is damaged."""
    path = attempt / FOLDER_FILE
    content = _content(path).removesuffix(b"\n")
    try:
        started = Path(content.decode())
    except UnicodeDecodeError as error:
        raise _damaged(path, error) from error
    if not started.is_absolute() or b"\0" in content or len(content) > LONGEST_PATH:
        raise SnapshotError(path, "it names no folder from the root on, in which the run was started")
    return started


def _content(path: Path) -> bytes:
    try:
        return read_small(path)
    except OSError as error:
        raise _damaged(path, error) from error


def _place(event: yaml.Event) -> str:
    return "" if event.start_mark is None else f"in line {event.start_mark.line + 1}"


def _damaged(path: Path, error: Exception) -> SnapshotError:
    reason = error.strerror if isinstance(error, OSError) else getattr(error, "problem", None)
    return SnapshotError(
        path, f"it can't be read: {reason or next(iter(str(error).splitlines()), type(error).__name__)}"
    )


def origin(run_dir: Path, output_dir: str, started: Path) -> Path:
    """Return the folder that the relative paths of an attempt start from now.

    It is where the attempt was started, unless `output_dir` doesn't lead from there to the run folder: then both have
    been moved or copied together, and it is the folder from which `output_dir` does.
    """
    outputs, above_run = Path(os.path.expanduser(output_dir)), run_dir.absolute().parents
    if outputs.is_absolute() or len(above_run) < 3:
        return started
    place = above_run[2]
    if (started / outputs).resolve() == place.resolve():
        return started
    above = Path(*place.parts[: len(place.parts) - len(outputs.parts)])
    return above if above / outputs == place else started


def write_figures(attempt: Path, figures: Figures, run: RunKey) -> None:
    """Keep the figures of an attempt, with the name of its run. Raises StoreError if the disk refuses."""
    write_sealed(attempt / FIGURES_FILE, msgspec.to_builtins(figures) | {"run": run.name})


def last_figures(run_dir: Path, run: RunKey) -> Figures | None:
    """Return the figures of the last attempt that saved anything; None where none has left some.

    A complete run has them in its manifest, a stopped one beside its configuration. A file that is damaged or of
    another run is not believed.
    """
    left = sorted((run_dir / ".hydra").glob(f"*/{FIGURES_FILE}"))
    with suppress(DamagedFileError):
        manifest = read_sealed(run_dir / MANIFEST, Manifest)
        if run.owns(manifest.values) and (manifest.is_sealed or not left):
            return manifest.content.this_run
    with suppress(DamagedFileError):
        figures = read_sealed(left[-1], Figures) if left else None
        return figures.content if figures is not None and run.owns(figures.values) else None
    return None
