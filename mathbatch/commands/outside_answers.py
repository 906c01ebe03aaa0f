"""Score answers that were made outside MathBatch, by matching them with the rows of a dataset."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from omegaconf import MISSING

from mathbatch.base import BaseDataLoader
from mathbatch.config import Config, DatasetConfig
from mathbatch.data.rows.fields import ABSENT, getter
from mathbatch.data.rows.mapping import FieldMapping
from mathbatch.data.rows.sources import Source, chained, sources_of
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.spill import spill_error
from mathbatch.errors import ConfigError, SampleError, nearest
from mathbatch.records import BadRow, Failure, Record, Row, Sample
from mathbatch.runner.components import build
from mathbatch.runner.judge_job import JudgeJob, votes_of
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.reopen import locked, make_folder
from mathbatch.runner.signals import Signals
from mathbatch.scoring.evaluate import OnScored, evaluate

# Ids that an error message shows.
SHOWN_IDS = 5


@dataclass
class ResponsesConfig:
    """Files with the answers, in any format that `dataset.input` takes."""

    # A path, a glob, or a list of them.
    path: Any = MISSING
    # Field with the id of the row that the answer belongs to, or a list of fields that make the id. null:
    # `dataset.index_field`.
    index_field: Any = None
    # Field with the answer, or with a list of answers, one for each rollout. Several lines with one id are rollouts
    # of it, too.
    response_field: str = "response"


@dataclass
class OutsideConfig(Config):
    """Configuration for scoring answers that were made elsewhere: a dataset, the answers, and where scores go."""

    responses: ResponsesConfig = field(default_factory=ResponsesConfig)
    # Folder for the scores.
    output: str = MISSING


def score_outside(config: OutsideConfig, on_scored: OnScored, signals: Signals) -> dict[str, Any]:
    """Score the answers and return the metrics.

    Raises ConfigError if files, fields or ids don't fit, and StoreError if the disk fails.
    """
    dataset, folder = _without_prompts(config.dataset), Path(config.output).absolute()
    components = build(replace(config, dataset=dataset), folder)
    panel, loader = components.scorers, components.loader
    components.need_scoring()
    Preflight().check_fields(components)
    make_folder(folder)
    with locked(folder), Answers(config.responses, dataset) as answers:
        judge = None if panel.judge is None else JudgeJob(config, folder, panel, lambda: answers.joined(loader))
        with nullcontext() if judge is None else votes_of(judge, signals) as votes:
            rows, notes = answers.joined(loader), answers.notes
            return evaluate(rows, panel, dataset, folder, judge=votes, on_scored=on_scored, notes=notes)


def _without_prompts(dataset: DatasetConfig) -> DatasetConfig:
    """Return the dataset without the demands that only prompts make: images, and a question in each row."""
    first, *path = dataset.query_field.split(".")
    nested = f"row.get({first!r})" + "".join(f".get({part!r})" for part in path)
    query = f"row.get({dataset.query_field!r})" + (f" or (row.get({first!r}) is mapping and {nested})" if path else "")
    return replace(dataset, image_field=None, prompt=dataset.prompt or f"{{{{ {query} or '(no prompt)' }}}}")


class Answers:
    """Answers by their ids. To be used as a context.

    The texts lie in a temporary file, because a million long answers do not fit into memory. Once `joined` is
    exhausted, `notes` says how many answers belong to no row, and how many ids are on several lines. Raise StoreError
    where the disk refuses.
    """

    def __init__(self, config: ResponsesConfig, dataset: DatasetConfig) -> None:
        self.notes: dict[str, Any] = {}
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        except OSError as error:
            raise spill_error(error) from error
        # Start and length in bytes of each text of an id; None for an answer that is null.
        self._places: dict[str, list[tuple[int, int] | None]] = {}
        self._repeated: set[str] = set()
        self._path = config.path
        for id, texts in _read(config, dataset):
            if id in self._places:
                self._repeated.add(id)
            self._places.setdefault(id, []).extend(map(self._store, texts))
        if not self._places:
            raise ConfigError("responses.path", f"{config.path} has no answers", "correct it")

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def joined(self, loader: BaseDataLoader) -> Iterator[tuple[Sample | BadRow, list[Record]]]:
        """Yield each row with a record for each rollout; a row without an answer has a failed record.

        Raises ConfigError after the last row if no answer belongs to any row, since the ids must be in another field.
        """
        found = 0
        first: list[str] = []
        for row in samples_of(loader):
            found += row.id in self._places
            first += [row.id] if len(first) < SHOWN_IDS else []
            yield row, self._records(row)
        self.notes["answers_without_row"] = len(self._places) - found
        self.notes["ids_with_several_answers"] = len(self._repeated)
        if not found:
            raise ConfigError(
                "responses.index_field",
                f"no answer belongs to a row: answers are of {_shown(self._places)}; rows are {_shown(first)}",
                "name the field with the ids of dataset.index_field",
            )

    def _records(self, row: Sample | BadRow) -> list[Record]:
        if isinstance(row, BadRow):
            return [Record(row.id, "", failure=Failure(row.kind, row.message))]
        places = self._places.get(row.id) or [None]
        return [self._record(row.id, rollout, place) for rollout, place in enumerate(places)]

    def _store(self, text: str | None) -> tuple[int, int] | None:
        if text is None:
            return None
        data = text.encode(errors="surrogatepass")
        try:
            return self._file.seek(0, 2), self._file.write(data)
        except OSError as error:
            raise spill_error(error) from error

    def _record(self, id: str, rollout: int, place: tuple[int, int] | None) -> Record:
        if place is None:
            return Record(id, "", rollout, failure=Failure("no_response", f"{self._path} has none for {id}"))
        self._file.seek(place[0])
        return Record(id, "", rollout, text=self._file.read(place[1]).decode(errors="surrogatepass"))


def _read(config: ResponsesConfig, dataset: DatasetConfig) -> Iterator[tuple[str, list[str | None]]]:
    """Yield id and texts of each line. Raises ConfigError for a line that can't be read or lacks a field."""
    index = config.index_field if config.index_field is not None else dataset.index_field
    responses = DatasetConfig(name="responses", input=config.path, index_field=index, image_field=None)
    mapping, response = FieldMapping(responses, Path.cwd()), getter(config.response_field)
    for _, raw in chained(_sources(responses)):
        where = f"{config.path}, row {raw.number}"
        if raw.row is None:
            raise ConfigError("responses.path", f"{where}: {raw.problem}", "correct the file")
        try:
            id = mapping.id(raw.row, raw.key, raw.number)
        except SampleError as error:
            problem = str(error).replace("dataset.index_field", "responses.index_field")
            hint = f"name the field with the ids; {nearest(str(index), raw.row)}"
            raise ConfigError("responses.index_field", f"{where}: {problem}", hint) from error
        yield id, _texts(response(raw.row), raw.row, where, config.response_field)


def _texts(value: Any, row: Row, where: str, name: str) -> list[str | None]:
    if value is ABSENT:
        raise ConfigError("responses.response_field", f"{where}: there is no field '{name}'", nearest(name, row))
    return [_text(one, where, name) for one in (value if isinstance(value, list) else [value])]


def _text(value: Any, where: str, name: str) -> str | None:
    """Return a text as it is and a number as its digits, since files with short answers have numbers."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ConfigError("responses.response_field", f"{where}: '{name}' holds a {type(value).__name__}", "name a text")


def _shown(ids: Iterable[str]) -> str:
    return ", ".join(itertools.islice(ids, SHOWN_IDS)) or "none"


def _sources(responses: DatasetConfig) -> list[Source]:
    try:
        return sources_of(responses)
    except ConfigError as error:
        raise error.at("responses.path") from error
