"""The extension points. Each class can be replaced from YAML through `_target_`; the README shows how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mathbatch.records import BadRow, Record, Request, Response, Sample, Score

if TYPE_CHECKING:
    from mathbatch.config import DatasetConfig, ModelConfig


class BaseDataLoader(ABC):
    """Reads a dataset. Yields lazily and in file order; what can't be mapped is a BadRow, never left out."""

    def __init__(self, dataset: DatasetConfig) -> None:
        self.dataset = dataset

    @abstractmethod
    def __iter__(self) -> Iterator[Sample | BadRow]:
        """Start from the first row, each time it is called."""

    def count(self) -> int | None:
        """How many rows there are, where that is cheap to know: the progress line shows it."""
        return None


class BaseDataProcessor(ABC):
    """Turns a sample into the chat messages that the engine gets. Called from worker threads."""

    def __init__(self, system_prompt: str | None = None) -> None:
        self.system_prompt = system_prompt

    @abstractmethod
    def process(self, sample: Sample) -> Request:
        """Raises SampleError where the sample can't be asked. Leaves pictures as ImageRefs, to be decoded later."""


class BaseDataSaver(ABC):
    """Holds the records of one run folder. `append` returns when the record would survive the death of the process."""

    @abstractmethod
    def open(self) -> None:
        """Take the folder for this process and read what it holds. Raises StoreError if that can't be done."""

    @abstractmethod
    def append(self, record: Record) -> None:
        """Raises StoreError if it can't be written; nothing saved before is lost by that."""

    @abstractmethod
    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        """The record of this unit made from this input, the answer where there is one, else the last failure."""

    @abstractmethod
    def state(self, id: str, rollout: int, digest: str) -> str | None:
        """`answered`, `failed` or None, quick enough to ask for each of a million units."""

    @property
    def failures(self) -> int | None:
        """How many units have no record but failures; None where that takes a search."""
        return None

    @property
    def answered(self) -> int | None:
        """How many units have an answer; None where that takes a search."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Make everything durable and give the folder back."""


class BaseDataFilter(ABC):
    """Decides which units are still to do."""

    @abstractmethod
    def pending(self, request: Request, saver: BaseDataSaver) -> bool: ...


class BaseDataBatcher(ABC):
    """Decides in which order units enter the engine and how much may be in flight."""

    image_budget_bytes: int
    """Decoded pictures in flight, in bytes. A picture larger than this is let in alone."""

    @abstractmethod
    def order(self, requests: Iterable[Request]) -> Iterator[Request]: ...

    @abstractmethod
    def in_flight(self, capacity: int) -> int:
        """How many units may be in flight at once in an engine that runs `capacity` sequences together."""


class BaseInferenceModel(ABC):
    """An engine. `generate` is called many times at once: batching is the engine's own work, never the caller's."""

    capacity: int = 256
    """How many sequences the engine runs together; valid once it is open."""
    seeded: bool = False
    """Whether requests bring seeds of their own; set before it is opened."""
    images_preprocessed: int | None = 0
    """How many pictures it has made its own input from; those that its cache had are not counted again. None: unknown.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    def check_sampling(self, values: Mapping[str, Any]) -> None:  # noqa: B027 - an engine may take anything
        """Raises ConfigError for sampling parameters that it does not know, before it is opened."""

    async def open(self) -> None:  # noqa: B027 - an engine without a start-up needs none
        """Load. Raises EngineError with what to do. Called again after a death."""

    @abstractmethod
    async def generate(self, request: Request) -> Response:
        """Raises SampleError if this request can't be answered, EngineDied if the engine is gone."""

    async def close(self) -> None:  # noqa: B027
        """Give back processes and memory; also called after a death."""

    def steps(self) -> int | None:
        """A count that rises while the engine works, or None where it can't be known: a stall shows by it."""
        return None


class BaseScorer(ABC):
    """Compares a response with the gold answer. Its instances live in worker processes, which are killed when one
    comparison takes too long: it needs no time limits of its own.
    """

    preload: tuple[str, ...] = ()
    """Modules that it imports and that take long to import: loaded once for all workers."""

    @abstractmethod
    def score(self, sample: Sample, response: str) -> Score:
        """`sample.fields` is the row with its computed columns. What this raises makes the response `unscored`."""

    def gold_as_response(self, sample: Sample) -> str:
        """A response that says nothing but the gold answer, by which `mathbatch.check` tells unusable golds."""
        return f"\\boxed{{{sample.gold or ''}}}"

    def summary(self) -> BaseSummary | None:
        """For further metrics over all rows."""
        return None


class BaseSummary(ABC):
    """Metrics that one scorer has beyond accuracy. `add` is called with every row, in order."""

    @abstractmethod
    def add(self, sample: Sample, scores: Sequence[Score]) -> None: ...

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What goes into `metrics.json`, by name."""
