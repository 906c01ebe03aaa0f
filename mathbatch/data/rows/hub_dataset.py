"""Load a dataset by the library `datasets`: a local folder, one of the hub, or what the caches have of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mathbatch.config import hub
from mathbatch.errors import ConfigError


def load_split(path: str, config: str | None, split: str, revision: str | None, elsewhere: str) -> Any:
    """Return one split of a dataset of the hub or of a local folder, as the library has it.

    Raises ConfigError if it can't be had; `elsewhere` says where else the user may have it.
    """
    arguments = {"path": path, "name": config, "split": split, "revision": revision}
    try:
        why = None if Path(path).exists() else _why_unreachable(path, revision)
        if why is not None:
            hub.work_offline(why)
        import datasets
    except ImportError as error:
        fix = "pip install 'mathbatch[hub]'"
        raise ConfigError("dataset.hub", "datasets of the hub need the library `datasets`", fix) from error
    if why is not None:
        return _from_caches(datasets, arguments, why, elsewhere)
    try:
        return datasets.load_dataset(**arguments)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        name = f"{path}, {f'configuration {config}, ' if config else ''}split {split}"
        raise ConfigError(
            "dataset.hub",
            f"can't load {name}: {type(error).__name__}: {error}",
            f"correct dataset.hub, or set dataset.input to {elsewhere}",
        ) from error


def _why_unreachable(path: str, revision: str | None) -> str | None:
    if path.startswith(("hf://", "buckets/")):
        return None  # other places that the library knows
    hub.refuse_no_name("dataset.hub.path", path)
    return hub.why_unreachable(hub.DATASET, path, revision)


def _from_caches(datasets: Any, arguments: dict[str, Any], why: str, elsewhere: str) -> Any:
    """Return what the library has prepared in an earlier run, or the files that `hf download` has fetched.

    Raises ConfigError if there is neither.
    """
    path, revision = arguments["path"], arguments["revision"]
    # What was prepared is not told apart by revision.
    places: list[dict[str, Any]] = [{}] if revision is None else []
    if snapshot := hub.cached_snapshot(hub.DATASET, path, revision):
        places.append({"path": str(snapshot), "revision": None})
    problem = None
    for place in places:
        try:
            return datasets.load_dataset(**arguments | place)
        except ConnectionError:  # nothing of it was prepared
            continue
        except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
            problem = f"{type(error).__name__}: {error}"
    if problem is not None:
        problem = f"can't load {path} from the cache: {problem} ({why})"
        raise ConfigError("dataset.hub", problem, f"correct dataset.hub, or set dataset.input to {elsewhere}")
    raise hub.missing("dataset.hub", hub.DATASET, path, revision, why, f"set dataset.input to {elsewhere}")
