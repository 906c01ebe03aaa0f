"""Write the accuracy of a run as the Hugging Face hub reads it from a model's repository.

`.eval_results/*.yaml` is what leaderboards of benchmarks collect, the model-index block of `README.md` what the model's
page has shown before. Both are made by huggingface_hub.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from mathbatch.config import Config
from mathbatch.data.rows.sources import as_names
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import ConfigError
from mathbatch.reports.exports.whole import Documents, documents_of, need_package
from mathbatch.runner.identity import slug
from mathbatch.runner.look import looking_at
from mathbatch.runner.reopen import make_folder

CARD = "README.md"
INDEX = "model-index"
# Raised for a file that is no YAML, or says something else than it should.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError)


def write_hub(run_dir: Path, output: Path, benchmark: str | None, task: str | None) -> list[Path]:
    """Write both into the folder of a repository and return the paths. Raises ConfigError or StoreError."""
    need_package("huggingface_hub", "hub")
    documents = documents_of(run_dir)
    with looking_at(run_dir) as found:
        config = found.config
    if documents.metrics is None or documents.metrics["accuracy"] is None:
        fix = f"python -m mathbatch.score run_dir={run_dir}"
        raise ConfigError("run_dir", f"{run_dir} has no accuracy", fix)
    hub = config.dataset.hub
    benchmark = benchmark or hub.path
    if benchmark is None:
        raise ConfigError("benchmark", "the dataset has no name on the hub", "name it: benchmark=owner/name")
    names = [] if hub.path is None else as_names(hub.config) or as_names(hub.split)
    task = task or next(iter(names), "default")
    results, card = output / ".eval_results" / f"{slug(config.dataset.name)}.yaml", output / CARD
    entries, data = _entries(results, config, documents, benchmark, task), _card(card, config, documents, benchmark)
    make_folder(results.parent)
    with atomic_write(results) as stream:
        stream.write(yaml.safe_dump(entries, sort_keys=False).encode())
    with atomic_write(card) as stream:
        stream.write(data)
    return [results, card]


def _entries(path: Path, config: Config, documents: Documents, benchmark: str, task: str) -> list[dict[str, Any]]:
    """Return the content of a file in `.eval_results`: the accuracy in per cent, and how it was reached.

    What it has of other benchmarks and tasks stays. Raises ConfigError for a file that can't be read.
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml, parse_eval_result_entries

    own = EvalResultEntry(
        dataset_id=benchmark,
        task_id=task,
        value=_percent(documents),
        dataset_revision=config.dataset.hub.revision if benchmark == config.dataset.hub.path else None,
        date=_day(documents.began),
        notes=f"{_settings(config, documents)}, {_certainty(documents)}",
    )
    try:
        known = parse_eval_result_entries(yaml.safe_load(path.read_bytes()) or []) if path.exists() else []
    except UNREADABLE as error:
        raise ConfigError("output", f"{path} can't be read: {error}", "correct the file, or move it away") from error
    others = [one for one in known if (one.dataset_id, one.task_id) != (benchmark, task)]
    return list(eval_result_entries_to_yaml([*others, own]))


def _card(card: Path, config: Config, documents: Documents, benchmark: str) -> bytes:
    """Return the card with the result among those that it has. Raises ConfigError where its metadata can't be read."""
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard import metadata_load, metadata_save
    from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

    hub = config.dataset.hub
    own = EvalResult(
        task_type="text-generation" if config.dataset.image_field is None else "image-text-to-text",
        dataset_type=benchmark,
        dataset_name=config.dataset.name,
        dataset_config=None if hub.path is None else next(iter(as_names(hub.config)), None),
        dataset_split=None if hub.path is None else next(iter(as_names(hub.split)), None),
        metric_type="accuracy",
        metric_name=f"accuracy, {_settings(config, documents)}",
        metric_value=_percent(documents),
    )
    try:
        data = (metadata_load(card) if card.exists() else None) or {}
        name, others = model_index_to_eval_results(data[INDEX]) if INDEX in data else (config.model.name, [])
    except UNREADABLE as error:
        raise ConfigError("output", f"the metadata of {card} can't be read: {error}", "correct the file") from error
    kept = [one for one in others if not one.is_equal_except_value(own)]
    with TemporaryDirectory() as folder:
        draft = Path(folder, CARD)
        if card.exists():
            shutil.copyfile(card, draft)
        metadata_save(draft, data | {INDEX: eval_results_to_model_index(name, [*kept, own])})
        return draft.read_bytes()


def _percent(documents: Documents) -> float:
    assert documents.metrics is not None
    return round(100 * float(documents.metrics["accuracy"]), 2)


def _settings(config: Config, documents: Documents) -> str:
    """Return the settings in words: `temperature 0, 1 answer each, scorer mathvista`."""
    assert documents.metrics is not None
    sampling = config.sampling
    answers = "1 answer" if sampling.n == 1 else f"{sampling.n} answers"
    scorers = " and ".join(documents.metrics["scorer"]["scorers"])
    return f"temperature {sampling.temperature:g}, {answers} each, scorer {scorers}"


def _certainty(documents: Documents) -> str:
    """Return the interval and the version in words: `95 % interval 60.1 to 66.0, MathBatch 1.0`."""
    assert documents.metrics is not None
    low, high = documents.metrics["interval"]
    return f"95 % interval {100 * low:.1f} to {100 * high:.1f}, MathBatch {documents.manifest['versions']['mathbatch']}"


def _day(began: str) -> str | None:
    return datetime.strptime(began, "%Y%m%dT%H%M%S").date().isoformat() if began else None
