"""Name the settings in which two runs differ, by their config paths. Secrets are never among what is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config.explain import config_error
from mathbatch.config.names import settle_names
from mathbatch.config.schema import Config
from mathbatch.config.secret_signs import is_secret_name, is_written_out, looks_secret
from mathbatch.config.secrets import NAMES_OF_OTHERS, RESOLVER
from mathbatch.reports.explanation.explanation import Changes, Difference
from mathbatch.runner.engine_identity import ONLY_SPEED
from mathbatch.runner.identity import MODEL_ONLY_SPEED

# Text of a setting that only one of the runs has.
ABSENT = "(none)"
SECRET, OTHER_SECRET = "(a secret)", "(another secret)"
# Sections, or keys of them, by what they can change. What stands in none can't change anything that is scored.
TO_ANSWERS = ("model.", "dataset.", "sampling.", "system_prompt", "system_prompt_file", "loader.", "processor.")
TO_VERDICTS = (
    *("dataset.answer_field", "dataset.choices_field", "dataset.scoring", "dataset.group_field"),
    *("scorer.", "judge."),
)
# Keys of `dataset` that choose rows, name what is written, or only let a row fail.
TO_NOTHING = (
    *("dataset.name", "dataset.source", "dataset.limit", "dataset.where", "dataset.response_field"),
    *("dataset.metadata", "dataset.image_max_megapixels", "dataset.image_max_mib"),
)


def settings_of(composed: DictConfig) -> dict[str, Any]:
    """Return the settings of a run by their paths, with the defaults of those that it left out.

    Interpolations are resolved unless they call a resolver: what the environment holds stays as it is written. Raises
    ConfigError for a configuration that this version doesn't take.
    """
    try:
        settle_names(composed)
        values = OmegaConf.to_container(composed, resolve=False)
        merged = OmegaConf.merge(OmegaConf.structured(Config), values)
        kept: list[str] = []
        plain = _without_resolvers(OmegaConf.to_container(merged, resolve=False), kept)
        resolved = OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    except OmegaConfBaseException as error:
        raise config_error(error, Config) from error
    return {path: _put_back(value, kept) for path, value in _flat(resolved, "")}


def different_settings(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Difference]:
    """Yield the settings that two runs don't have in common, in the order of the first run."""
    for path in [*ours, *(path for path in theirs if path not in ours)]:
        first, second = _text(ours, path), _text(theirs, path)
        if first == second:
            continue
        if _is_secret(path, first) or _is_secret(path, second):
            first, second = SECRET, OTHER_SECRET
        yield Difference(what="setting", key=path, first=first, second=second, changes=changes_of(path))


def changes_of(path: str) -> Changes:
    """Return what a setting can change."""
    section, _, rest = path.partition(".")
    key, _, inner = rest.partition(".")
    if path.startswith(TO_VERDICTS):
        return "verdicts"
    if path in TO_NOTHING or not path.startswith(TO_ANSWERS):
        return "nothing"
    if path.startswith("model.engine."):
        return "nothing" if inner.partition(".")[0] in ONLY_SPEED else "answers"
    return "nothing" if section == "model" and key in MODEL_ONLY_SPEED else "answers"


def _without_resolvers(value: Any, kept: list[str]) -> Any:
    r"""Replace each text that calls a resolver by a mark, as `\0 3`, and keep it in `kept`."""
    if isinstance(value, dict):
        return {key: _without_resolvers(inner, kept) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_resolvers(inner, kept) for inner in value]
    if isinstance(value, str) and RESOLVER.search(value):
        kept.append(value)
        return f"\0{len(kept) - 1}\0"
    return value


def _put_back(value: Any, kept: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _put_back(inner, kept) for key, inner in value.items()}
    if isinstance(value, list):
        return [_put_back(inner, kept) for inner in value]
    if isinstance(value, str) and "\0" in value:
        before, number, after = value.split("\0", 2)
        return before + kept[int(number)] + _put_back(after, kept)
    return value


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield path and value of each setting below a node; a list is a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _text(settings: dict[str, Any], path: str) -> str:
    value = settings.get(path, ABSENT)
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def _is_secret(path: str, text: str) -> bool:
    if looks_secret(text):
        return True
    is_of_others = path.startswith(NAMES_OF_OTHERS)
    return not is_of_others and any(map(is_secret_name, path.split("."))) and is_written_out(text)
