"""Write a run as a log of inspect_ai, by its own classes, so that its viewer and its analyses read it.

A rollout is an epoch. The API takes a log as a whole, so all rows are in memory until it is written.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mathbatch.data.feed import render
from mathbatch.errors import ConfigError, StoreError
from mathbatch.models.reasoning import split_reasoning
from mathbatch.records import BadRow, ImageRef, Record, Request, Sample
from mathbatch.reports.exports.whole import Documents, documents_of, need_package
from mathbatch.runner.components import Components
from mathbatch.runner.reopen import components_of, locked, make_folder, read_records
from mathbatch.runner.results import joined
from mathbatch.scoring.files import SCORES

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

NAME = "mathbatch"
SUFFIXES = (".eval", ".json")
# Verdicts by inspect_ai's letters. Others are no scores there.
LETTERS = {"correct": "C", "wrong": "I", "no_answer": "N"}
STOPS = {"stop": "stop", "length": "max_tokens"}
# Kinds of embedded pictures by their first bytes.
KINDS = {b"\x89PNG": "png", b"\xff\xd8": "jpeg", b"GIF8": "gif", b"RIFF": "webp", b"BM": "bmp"}


def write_inspect(run_dir: Path, output: Path) -> Path:
    """Write the log to a file that ends in .eval or .json, and return its path. Raises ConfigError or StoreError."""
    need_package("inspect_ai", "inspect")
    if output.suffix not in SUFFIXES:
        raise ConfigError("output", f"{output} is no log of inspect_ai", "let it end in .eval or .json")
    from inspect_ai.log import write_eval_log

    run_dir = run_dir.absolute()
    with locked(run_dir, shared=True), components_of(run_dir) as components:
        documents = documents_of(run_dir)
        read_records(components)
        log = _log(components, documents)
    make_folder(output.parent)
    draft = output.with_name(f".draft-{output.name}")
    try:
        write_eval_log(log, draft)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
    return output


def _log(components: Components, documents: Documents) -> EvalLog:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSpec, EvalStats
    from inspect_ai.model import GenerateConfig, ModelUsage

    config, manifest = components.config, documents.manifest
    sampling = config.sampling
    began = datetime.strptime(documents.began, "%Y%m%dT%H%M%S").astimezone().isoformat()
    samples = list(_samples(components, documents.metrics is not None))
    spec = EvalSpec(
        created=began,
        task=config.dataset.name,
        run_id=manifest.get("run", ""),
        dataset=EvalDataset(name=config.dataset.name, samples=len(samples) // sampling.n),
        model=f"{NAME}/{config.model.name}",
        model_args={"path": config.model.path},
        model_generate_config=GenerateConfig(
            temperature=sampling.temperature, top_p=sampling.top_p, max_tokens=sampling.max_tokens, seed=sampling.seed
        ),
        config=EvalConfig(epochs=sampling.n),
        packages={name: str(version) for name, version in manifest["versions"].items()},
        metadata={"run_dir": str(components.run_dir)},
    )
    usage = ModelUsage(
        input_tokens=manifest["prompt_tokens"],
        output_tokens=manifest["output_tokens"],
        total_tokens=manifest["prompt_tokens"] + manifest["output_tokens"],
    )
    stats = EvalStats(started_at=began, completed_at=began, model_usage={spec.model: usage})
    return EvalLog(status="success", eval=spec, stats=stats, samples=samples, results=_results(documents, len(samples)))


def _results(documents: Documents, count: int) -> Any:
    """Return the accuracy with its interval, as our metrics have it."""
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    metrics, scores = documents.metrics, []
    if metrics is not None and metrics["accuracy"] is not None:
        low, high = metrics["interval"]
        values = {"accuracy": metrics["accuracy"], "low_95": low, "high_95": high}
        named = {name: EvalMetric(name=name, value=value) for name, value in values.items()}
        judged = metrics["judged"]
        scores = [EvalScore(name=NAME, scorer=NAME, scored_samples=judged, metrics=named)]
    return EvalResults(total_samples=count, completed_samples=documents.manifest["answered"], scores=scores)


def _samples(components: Components, is_scored: bool) -> Iterator[EvalSample]:
    lines = _score_lines(components.run_dir / SCORES) if is_scored else itertools.repeat(None)
    for row, records in joined(components):
        prompt = render(row, components.processor, components.run.value)
        messages = _messages(prompt) if isinstance(prompt, Request) else []
        for record in records:
            score = next(lines, None)
            if score is not None and (score["id"], score["rollout"]) != (record.id, record.rollout):
                fix = f"python -m mathbatch.score run_dir={components.run_dir}"
                raise StoreError(
                    f"{SCORES} is of other answers: {score['id']} stands where {record.id} is\n  fix: {fix}"
                )
            yield _sample(f"{NAME}/{components.config.model.name}", row, record, messages, score)


def _score_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        yield from map(msgspec.json.Decoder(dict[str, Any]).decode, stream)


def _sample(
    model: str, row: Sample | BadRow, record: Record, messages: list[Any], score: dict[str, Any] | None
) -> EvalSample:
    from inspect_ai.log import EvalError, EvalSample

    failure, output = record.failure, _output(model, record)
    given = row if isinstance(row, Sample) else None
    return EvalSample(
        id=record.id,
        epoch=record.rollout + 1,
        input=messages,
        choices=None if given is None or given.choices is None else list(given.choices),
        target=(given and given.gold) or "",
        messages=[*messages, *(choice.message for choice in output.choices)],
        output=output,
        scores=_scores(score),
        metadata={} if given is None else given.metadata,
        model_usage={} if output.usage is None else {model: output.usage},
        error=None
        if failure is None
        else EvalError(message=f"{failure.kind}: {failure.message}", traceback="", traceback_ansi=""),
    )


def _scores(line: dict[str, Any] | None) -> dict[str, Any] | None:
    from inspect_ai.scorer import Score

    if line is None or line["verdict"] not in LETTERS:
        return None
    more = {name: line[name] for name in ("verdict", "gold", "votes") if name in line}
    value = LETTERS[line["verdict"]]
    return {NAME: Score(value=value, answer=line.get("answer"), explanation=line.get("reason"), metadata=more)}


def _output(model: str, record: Record) -> Any:
    from inspect_ai.model import (
        ChatCompletionChoice,
        ChatMessageAssistant,
        ContentReasoning,
        ContentText,
        ModelOutput,
        ModelUsage,
    )

    if record.failure is not None:
        return ModelOutput(model=model, error=f"{record.failure.kind}: {record.failure.message}")
    thought, text = split_reasoning(record.text or "")
    reasoning = "\n".join(filter(None, [record.reasoning, thought]))
    content: Any = [ContentReasoning(reasoning=reasoning), ContentText(text=text)] if reasoning else text
    into, out = record.prompt_tokens or 0, record.output_tokens or 0
    stop: Any = STOPS.get(record.finish_reason or "", "unknown")
    usage = ModelUsage(
        input_tokens=into, output_tokens=out, total_tokens=into + out, reasoning_tokens=record.reasoning_tokens
    )
    message = ChatMessageAssistant(content=content, model=model, source="generate")
    return ModelOutput(model=model, choices=[ChatCompletionChoice(message=message, stop_reason=stop)], usage=usage)


def _messages(request: Request) -> list[Any]:
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ContentImage, ContentText

    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
    found = []
    for message in request.messages:
        content = message["content"]
        if not isinstance(content, str):
            content = [
                ContentText(text=part["text"]) if part["type"] == "text" else ContentImage(image=_image(part["image"]))
                for part in content
            ]
        found.append(kinds.get(message["role"], ChatMessageUser)(content=content))
    return found


def _image(ref: ImageRef) -> str:
    """Return the path of a picture, or a data URL of one that stands in the row."""
    if ref.path is not None:
        return ref.path
    data = ref.data if isinstance(ref.data, bytes) else base64.b64decode(ref.data or "", validate=False)
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), "png")
    return f"data:image/{kind};base64,{base64.standard_b64encode(data).decode()}"
