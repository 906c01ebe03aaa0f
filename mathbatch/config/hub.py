"""Find models and datasets of the Hugging Face hub: in its cache where the hub can't be reached.

Compute nodes often have no network. The hub's own client then tries again for up to a minute before it gives up.
"""

from __future__ import annotations

import difflib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mathbatch.config.paths import folder_hint
from mathbatch.errors import ConfigError

MODEL, DATASET = "model", "dataset"
# Limit that the client is given for one request, and the longest wait whatever it does, in seconds: a name server that
# is gone is not within the client's own limit.
REQUEST_S, WAIT_S = 4.0, 5.0
WEIGHTS = {".safetensors", ".bin", ".pt", ".pth", ".gguf"}


@dataclass
class Offline:
    """Reason why the hub's client asks nobody but its cache in this process, once that is so."""

    why: str | None = None


_offline = Offline()


def work_offline(why: str) -> None:
    """Let the hub's client use its cache alone from now on, in this process and in those that it starts."""
    from huggingface_hub import constants

    _offline.why = why
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants.HF_HUB_OFFLINE = True


@contextmanager
def without_network() -> Iterator[None]:
    """Let the hub's client use its cache alone while the block runs, in this process."""
    from huggingface_hub import constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def cached_snapshot(kind: str, name: str, revision: str | None) -> Path | None:
    """Return the folder in the hub's cache that has files of this revision, None if there is none."""
    from huggingface_hub.file_download import repo_folder_name

    folder = hub_cache() / repo_folder_name(repo_id=name, repo_type=kind)
    reference = folder / "refs" / (revision or "main")
    commit = reference.read_text().strip() if reference.is_file() else revision or "main"
    snapshot = folder / "snapshots" / commit
    return snapshot if snapshot.is_dir() else None


def hub_cache() -> Path:
    """Return the folder in which the hub's client keeps what it has fetched."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def why_unreachable(kind: str, name: str, revision: str | None) -> str | None:
    """Return why the hub can't give this now; None if it can. Takes at most `WAIT_S` seconds."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return _offline.why or "HF_HUB_OFFLINE is set"
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(_ask(kind, name, revision)), daemon=True)
    thread.start()
    thread.join(WAIT_S)
    return answers[0] if answers else f"{_endpoint()} does not answer within {WAIT_S:g} s"


def refuse_no_name(path: str, name: str) -> None:
    """Raise ConfigError for the setting at `path` if nothing on the hub can have this name."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        problem = f"there is no folder {name}, and no name of the hub is like that"
        raise ConfigError(path, problem, folder_hint(name)) from error


def missing(path: str, kind: str, name: str, revision: str | None, why: str, otherwise: str) -> ConfigError:
    """Return the error that says what is missing, where it belongs, and the command that fetches it elsewhere."""
    from huggingface_hub.file_download import repo_folder_name

    options = [f"--repo-type {DATASET}"] if kind == DATASET else []
    options += [] if revision is None else [f"--revision {revision}"]
    command = " ".join(["hf download", name, *options])
    folder = hub_cache() / repo_folder_name(repo_id=name, repo_type=kind)
    return ConfigError(
        path,
        f"the {kind} {name} is not on this machine, and {why}",
        f"on a machine that reaches the hub: {command}; then copy the folder that this makes in the hub's cache to "
        f"{folder}, or {otherwise}",
    )


def available_model(name: str, revision: str | None, config_path: str = "model.path") -> str:
    """Return where to load a hub model from: its name if the hub can be asked, else its folder in the cache.

    Raises ConfigError, for the setting that names it, if it is in neither place, within ten seconds.
    """
    refuse_no_name(config_path, name)
    why = why_unreachable(MODEL, name, revision)
    if why is None:
        return name
    snapshot = cached_snapshot(MODEL, name, revision)
    if snapshot is None or (lacking := _lacking(snapshot)) is not None:
        why = why if snapshot is None else f"of its folder there, {lacking} is missing; {why}"
        otherwise = f"set {config_path} to where you have it{_such_as(name)}"
        raise missing(config_path, MODEL, name, revision, why, otherwise)
    work_offline(why)
    return str(snapshot)


def facts(name: str, revision: str | None) -> tuple[Path, dict[str, int]]:
    """Return a folder with the small files of a model on the hub, and the bytes of all its files by their names.

    There are no such bytes where the hub can't be asked: the folder has all files then. Raise ConfigError if the model
    can't be had.
    """
    folder = fetched(name, ["*.json"], "model.path", revision)
    if _offline.why is not None:
        return folder, {}
    from huggingface_hub import HfApi

    listed = HfApi().model_info(name, revision=revision, files_metadata=True, timeout=WAIT_S).siblings or []
    return folder, {file.rfilename: file.size or 0 for file in listed if "/" not in file.rfilename}


def fetched(name: str, files: Sequence[str], config_path: str, revision: str | None = None) -> Path:
    """Return the folder in the cache with files of a hub model, of those that match; fetch what the cache lacks.

    Raises ConfigError, for the setting that names the model, if it can't be had.
    """
    found = available_model(name, revision, config_path)
    if found != name:
        return Path(found)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    # That of the HTTP library, which differs between versions of the client.
    http_error: type[Exception] = HfHubHTTPError.__bases__[0]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(files)))
    except (http_error, OSError) as error:
        why = f"fetching it from {_endpoint()} failed ({error or type(error).__name__})"
        otherwise = f"set {config_path} to where you have it"
        raise missing(config_path, MODEL, name, revision, why, otherwise) from error


def _such_as(name: str) -> str:
    """Return words that name the folder on this machine whose path is like this name, nothing if there is none."""
    path = Path(name)
    beside = [str(folder) for folder in path.parent.iterdir() if folder.is_dir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(str(path), beside, 1)
    return f", such as {close[0]}" if close else ""


def _lacking(snapshot: Path) -> str | None:
    """Return what a checkpoint in the cache lacks, after a download that was stopped; None if it is whole."""
    names = {file.name for file in snapshot.iterdir() if file.exists()}
    for index in snapshot.glob("*.index.json"):
        wanted = set(json.loads(index.read_text("utf-8")).get("weight_map", {}).values())
        if lost := wanted - names:
            return str(min(lost))
    return None if any(Path(name).suffix in WEIGHTS for name in names) else "the file of the weights"


def _ask(kind: str, name: str, revision: str | None) -> str | None:
    """Ask the hub about a repository once, without trying again. Return why it can't be had, None if it can."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # That of the HTTP library, which differs between versions of the client.
    http_error: type[Exception] = HfHubHTTPError.__bases__[0]
    api = HfApi()
    try:
        found = api.repo_info(name, repo_type=kind, revision=revision, timeout=REQUEST_S)
        if getattr(found, "gated", False):
            api.auth_check(name, repo_type=kind)
    except GatedRepoError:
        return f"{_endpoint()} gives it only to those who accepted its terms there: set HF_TOKEN"
    except RevisionNotFoundError:
        return f"{_endpoint()} has no revision {revision} of it"
    except RepositoryNotFoundError:
        return f"{_endpoint()} has none of that name, or only for those whom HF_TOKEN lets in"
    except HfHubHTTPError as error:
        # 429: too many requests, after which the client waits by itself.
        return None if error.response.status_code == 429 else f"{_endpoint()} answers {error.response.status_code}"
    except (http_error, OSError) as error:
        return f"{_endpoint()} can't be reached ({error or type(error).__name__})"
    return None


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)
