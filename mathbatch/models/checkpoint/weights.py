"""Find the files with the weights of a checkpoint that vLLM would load, and refuse those that are missing or damaged.

vLLM reads them in its engine process, minutes after the start for a large model, and says then what is wrong in a log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.damage import damage_of, header_of

SHARD = re.compile(r"(.+-)(\d{5})(-of-(\d{5})\..+)")
# Patterns of file names by `model.engine.load_format`, in the order in which vLLM tries them, with the index of each.
# Other formats have other files, or none.
SAFETENSORS = ("*.safetensors", "model.safetensors.index.json")
MISTRAL = ("consolidated*.safetensors", "consolidated.safetensors.index.json")
PICKLED = ("*.bin", "pytorch_model.bin.index.json")
PLAIN = ("*.pt", "")
TRIED = {
    "auto": [MISTRAL, SAFETENSORS, PICKLED, PLAIN],
    "hf": [SAFETENSORS, PICKLED, PLAIN],
    "safetensors": [SAFETENSORS],
    "fastsafetensors": [SAFETENSORS],
    "mistral": [MISTRAL],
    "npcache": [PICKLED],
    "pt": [PLAIN],
}
FLOATS = {"F32", "F16", "BF16"}
# States of a training, and adapters, which are no weights of a model.
NO_WEIGHTS = ("training_args.bin", "optimizer.*", "scheduler.*", "scaler.*", "adapter_model.*", "rng_state*")
UNFINISHED = ("*.incomplete", "*.part", "*.aria2", "*.crdownload")


def refuse_bad_weights(folder: Path, fetch: str, engine: Mapping[str, Any]) -> None:
    """Raise ConfigError if weights are missing or damaged. `fetch` says how to get them; `engine` is `model.engine`."""
    tried = TRIED.get(str(engine.get("load_format") or "auto"))
    if tried is None or engine.get("model_weights"):
        return
    names = sorted(path.name for path in folder.iterdir() if not _matches(path.name, NO_WEIGHTS))
    groups = [(_like(names, pattern), index) for pattern, index in tried]
    # The index may be all that a download has brought so far.
    chosen = (group for group in groups if group[0] or group[1] in names)
    wanted, teller = _wanted(folder, names, *next(chosen, ([], "")))
    if not wanted:
        problem = f"{folder} has no file with weights{_unfinished(folder)}"
        raise ConfigError("model.path", problem, fetch)
    missing = [name for name in wanted if name not in names]
    if missing:
        count = "" if len(wanted) == 1 else f"{len(missing)} of {len(wanted)} files of weights, "
        problem = f"{folder} lacks {count}{missing[0]}, which {teller}{_unfinished(folder)}"
        raise ConfigError("model.path", problem, fetch)
    for name in wanted:
        if (damage := damage_of(folder / name)) is not None:
            raise ConfigError("model.path", f"{folder / name} {damage}", fetch)


def has_weights(folder: Path) -> bool:
    """Tell whether a folder has a file of weights, by the names of its files."""
    names = [path.name for path in folder.iterdir() if not _matches(path.name, NO_WEIGHTS)]
    return any(_like(names, pattern) for pattern, _ in TRIED["auto"])


def weight_files(folder: Path) -> list[str]:
    """Return the names of the files of weights that vLLM would load, also of those that are missing.

    Raise ConfigError for an index that can't be read.
    """
    names = sorted(path.name for path in folder.iterdir() if not _matches(path.name, NO_WEIGHTS))
    for pattern, index in TRIED["auto"]:
        if (found := _like(names, pattern)) or index in names:
            return _wanted(folder, names, found, index)[0]
    return []


def shapes_of(folder: Path, names: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the shapes of the matrices with these names by the headers of safetensors files.

    Those of damaged files are left out, and those that are quantised.
    """
    for path in sorted(folder.glob("*.safetensors")):
        for name, tensor in header_of(path).items() if damage_of(path) is None else ():
            if names.fullmatch(name) and tensor["dtype"] in FLOATS and len(tensor["shape"]) == 2:
                yield tensor["shape"][0], tensor["shape"][1]


def _wanted(folder: Path, names: list[str], found: list[str], index: str) -> tuple[list[str], str]:
    """Return the names of all files that belong together, and what tells so: an index, or the names themselves."""
    if index in names:
        try:
            named = set(json.loads((folder / index).read_text("utf-8"))["weight_map"].values())
        except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
            damage = damage_of(folder / index) or "is no index of weights"
            raise ConfigError("model.path", f"{folder / index} {damage}", "fetch it again") from error
        return sorted(map(str, named)), f"{index} names"
    shards = {shard[1] + f"{at:05}" + shard[3] for shard in map(SHARD.fullmatch, found) if shard for at in _all(shard)}
    return sorted({*found, *shards}), "belongs to the others"


def _all(shard: re.Match[str]) -> range:
    """Return the numbers of all shards, of which the name of one tells how many there are."""
    first = 0 if shard[2] == "00000" else 1
    return range(first, int(shard[4]) + first)


def _unfinished(folder: Path) -> str:
    """Return words about a download that was stopped, if it has left files."""
    left = next((path for pattern in UNFINISHED for path in folder.rglob(pattern)), None)
    return "" if left is None else f"; {left.name} is left of a download that was stopped"


def _like(names: list[str], pattern: str) -> list[str]:
    return [name for name in names if fnmatch(name, pattern)]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
