"""Define the extension points. Every class here can be replaced through `_target_` in YAML, as the README shows.

What a part of a user's own raises is told with its class, the error and the line. Raised for one sample by a processor,
a filter, a model or a scorer, it costs that sample; the same error on each of the first hundred samples, or on all
there are, ends the run, and so does any error of a loader, a batcher or a saver. What a part returns is checked where
it comes in.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mathbatch.records import BadRow, FinishedRun, Record, Request, Response, Sample, Score

if TYPE_CHECKING:
    from mathbatch.config import DatasetConfig, ModelConfig


class BaseDataLoader(ABC):
    """Reads a dataset lazily and in file order. No row is left out: one that can't be mapped becomes a BadRow."""

    def __init__(self, dataset: DatasetConfig) -> None:
        self.dataset = dataset

    @abstractmethod
    def __iter__(self) -> Iterator[Sample | BadRow]:
        """Yield all samples from the first one on. Every call starts anew.

        An id that comes twice is an error of the second row. Any error that this raises ends the run.
        """

    def count(self) -> int | None:
        """Return the number of samples, 0 or more, for the progress line; None if counting them would take long."""
        return None


class BaseDataProcessor(ABC):
    """Turns a sample into the chat messages for the engine. Worker threads call it."""

    def __init__(self, system_prompt: str | None = None) -> None:
        self.system_prompt = system_prompt

    @abstractmethod
    def process(self, sample: Sample) -> Request:
        """Return the request for a sample, with images as ImageRefs: they are decoded later.

        Only its messages count; id, digest and sampling parameters are set afterwards. Raise SampleError if no prompt
        can be made from the sample; any other error is its failure `processor_error`.
        """


class BaseDataSaver(ABC):
    """Stores the records of one run folder. A request is identified by sample id, rollout and digest of its input."""

    @abstractmethod
    def open(self) -> None:
        """Lock the folder for this process and read what it holds. Raise StoreError if that fails."""

    @abstractmethod
    def append(self, record: Record) -> None:
        """Save a record so that it survives the death of the process.

        Raise StoreError or OSError if it can't be written; records that were saved before stay intact.
        """

    @abstractmethod
    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        """Return the answer to a request, or its last failure if it has no answer, or None."""

    @abstractmethod
    def state(self, id: str, rollout: int, digest: str) -> str | None:
        """Return `answered`, `failed` or None. It must be fast enough to be called for a million requests."""

    def last_with_files(self, id: str, rollout: int, content: str | None = None) -> Record | None:
        """Return the last answer to this rollout of a sample whose images lay in files, whatever the digest; or None.

        With `content` the record must have that. A saver without it asks again about images that were moved or touched.
        """
        return None

    @property
    def failures(self) -> int | None:
        """Return how many requests have only failures, or None if counting them would take a search."""
        return None

    @property
    def answered(self) -> int | None:
        """Return how many requests have an answer, or None if counting them would take a search."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Write everything to disk and unlock the folder."""


class BaseDataFilter(ABC):
    """Decides which requests a run still has to answer."""

    @abstractmethod
    def pending(self, request: Request, saver: BaseDataSaver) -> bool:
        """Tell whether the request still has to be answered, by True or False.

        A request without a record that is left out gets the failure `left_out`; an error is the failure `filter_error`.
        """


class BaseDataBatcher(ABC):
    """Decides in which order requests enter the engine, and how many may be in flight."""

    image_budget_bytes: int
    """Memory for decoded images in flight, in bytes. An image larger than this is let in alone."""

    @abstractmethod
    def order(self, requests: Iterable[Request]) -> Iterator[Request]:
        """Yield the same requests in the order in which they shall enter the engine, each once."""

    @abstractmethod
    def in_flight(self, capacity: int) -> int:
        """Return how many requests, 1 or more, may be in flight in an engine that runs `capacity` sequences together.

        It is asked before the engine is open too, with the default capacity.
        """


class BaseInferenceModel(ABC):
    """Engine that answers requests. It forms the batches itself: `generate` is called for many requests at once."""

    capacity: int = 256
    """Number of sequences that the engine runs together. Valid once the engine is open."""
    seeded: bool = False
    """True if requests have their own seeds. Set before the engine is opened."""
    serves_adapters: bool = False
    """True if one engine answers with several LoRA adapters, each request with its `adapter`. Otherwise jobs whose
    `config.lora` differs have engines of their own."""
    adapters: frozenset[str] = frozenset()
    """LoRA adapters of the requests, as `model.lora` names them. Set before the engine is opened."""
    most_images: int = 0
    """Largest number of images in one of the first rows. Set before `check_before_load`."""
    reads_images: bool = False
    """True if it reads images itself: requests come with ImageRefs, and `Response.content` says what was read."""
    images_read: int = 0
    """Number of images that a model has read that reads them itself."""
    images_preprocessed: int | None = 0
    """Number of images that the engine has preprocessed, without those it found in its cache. None if unknown."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    def check_sampling(self, values: Mapping[str, Any]) -> None:  # noqa: B027 - an engine may take anything
        """Raise ConfigError if the engine does not know one of the sampling parameters. Called before `open`."""

    def check_before_load(self, values: Mapping[str, Any]) -> None:  # noqa: B027 - an engine may take anything
        """Raise ConfigError for what the engine would ignore, or refuse for every request with these sampling values.

        Called once for each job that has something to ask, before `open`. May take seconds.
        """

    def begin_stream(self, say: Callable[[str], object], stop: asyncio.Event) -> None:  # noqa: B027
        """Tell news for the user by `say` from now on. Once `stop` is set, the run is coming to its end."""

    def takes(self, adapters: frozenset[str]) -> bool:
        """Tell whether the engine, once it is open, can answer with these LoRA adapters too."""
        return adapters <= self.adapters

    async def open(self) -> None:  # noqa: B027 - an engine without a start-up needs none
        """Load the model. Raise EngineError, with advice in the message, if that fails. Called again after a death."""

    @abstractmethod
    async def generate(self, request: Request) -> Response:
        """Return the answer to a request. It must be an `async def`; what blocks in it blocks the whole run.

        Raise SampleError if this request can't be answered, and EngineDied if the engine is gone. Any other error is
        the sample's failure `model_error`. What is no Response, or has fields of other types, ends the run.
        """

    async def close(self) -> None:  # noqa: B027
        """Free processes and memory. Also called after a death. An error here is told and costs no answer."""

    def steps(self) -> int | None:
        """Return a count that rises while the engine works, so that a stall can be noticed; None if there is none."""
        return None


class BaseScorer(ABC):
    """Compares a response with the gold answer.

    Scorers run in worker processes, which are killed if one comparison takes too long, so they need no time limits.
    """

    preload: tuple[str, ...] = ()
    """Imported modules that take long to load: they are loaded once for all workers."""

    @abstractmethod
    def score(self, sample: Sample, response: str) -> Score:
        """Return the verdict on a response: correct, wrong, no_answer or unscored, with the answer as text.

        `sample.fields` is the row with its computed columns. If this raises an error or returns no Score, the response
        is `unscored`; the same mistake on each of the first hundred responses ends the scoring.
        """

    def gold_as_response(self, sample: Sample) -> str:
        """Return a response that states only the gold answer. `mathbatch.check` scores it to find unusable golds."""
        return f"\\boxed{{{sample.gold or ''}}}"

    def gold_limits(self, sample: Sample) -> str | None:
        """Return why nothing but the gold answer's own text can be correct; None where other forms of it can be."""
        return None

    def summary(self) -> BaseSummary | None:
        """Return an object that computes further metrics over all rows, or None if there are none."""
        return None


class BaseSummary(ABC):
    """Computes metrics beyond accuracy that one scorer has. `add` is called with every row, in order."""

    @abstractmethod
    def add(self, sample: Sample, scores: Sequence[Score]) -> None:
        """Take in one row with the score of each of its rollouts."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return the metrics by the names that they have in `metrics.json`, as values that JSON can hold."""


class BaseHook(ABC):
    """Takes the results of a finished run elsewhere, such as to an experiment tracker."""

    @abstractmethod
    def finish(self, run: FinishedRun) -> None:
        """Take in a complete run, after its reports. It is called anew when a complete run is repeated.

        An error here is told and costs the run nothing.
        """
