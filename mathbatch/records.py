"""Define the records that travel between the stages: RawRow, Sample or BadRow, Request, Response, Record, Score.

They are msgspec structs, because creating a million of them takes seconds. All except Request are immutable.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

Row = dict[str, Any]
# What is read from a disk is held against these; what is made is not.
Count = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(min_length=16, max_length=16)]


class RawRow(Struct, frozen=True):
    """Row as a source reads it, before its fields are mapped. A row that can't be read has `problem` and no `row`."""

    number: int
    """Position in the dataset, counted from 1; for one JSON Lines file, the line number."""
    key: str | None
    """Name of the member that holds the row, if the file is one JSON object of rows."""
    row: Row | None
    problem: str | None = None
    """Reason why the row can't be read."""
    place: str | None = None
    """Words for messages that say where the row is, if `row <number>` is not enough."""
    columns: Row | None = None
    """Further fields that the source adds to the row, such as the file name."""

    @property
    def label(self) -> str:
        """Return the words by which messages name the row."""
        return self.place or f"row {self.number}"


class ImageRef(Struct, frozen=True):
    """Reference to an image that is not read yet. Exactly one of `path` and `data` is set."""

    label: str
    """Name of the image in messages."""
    identity: str
    """Path and size of a file, or a hash of embedded data."""
    path: str | None = None
    data: bytes | str | None = None
    """Encoded image as bytes or as base64 text."""
    stamp: str | None = None
    """Resolved path, size and times of change of a file, by which it counts in the prompt's digest."""


class Sample(Struct, frozen=True):
    """Row of the dataset whose fields are mapped: id, prompt, images, gold answer."""

    id: str
    row_number: int
    """Position in the dataset, counted from 1."""
    row: Row
    """Row as it stands in the input."""
    query: str
    """Text of the prompt."""
    images: tuple[ImageRef, ...] = ()
    gold: str | None = None
    """Gold answer."""
    key: str | None = None
    """Name of the member that holds the row, if the file is one JSON object of rows."""
    choices: tuple[str, ...] | None = None
    metadata: dict[str, Any] = {}
    """Values of the fields by which accuracy is broken down."""
    group: str | None = None
    """Value that all rows of one problem have in common, if `dataset.group_field` is set."""
    fields: Row = {}
    """Row together with its computed columns, as scorers read it."""


class BadRow(Struct, frozen=True):
    """Row that can't become a sample, with the reason."""

    id: str
    """Id of the row if it has a unique one, otherwise `<row 7>`."""
    row_number: int
    row: Row | None
    kind: str
    """Short stable name of the problem, by which reports count failures."""
    message: str
    key: str | None = None
    """Name of the member that holds the row, if the file is one JSON object of rows."""


class Request(Struct):
    """Prompt for the engine: one rollout of one sample in one job.

    A message is {"role", "content"}. Its content is a string or a list of {"type": "text", "text"} and
    {"type": "image", "image"} parts, where image is an ImageRef, or an RGB PIL image once it is decoded. An image that
    stands for a placeholder has its `number` in the row, counted from 1; the digest of the prompt is without it.
    """

    id: str
    """Id of the sample."""
    messages: list[dict[str, Any]]
    rollout: int = 0
    row_number: int = 0
    prompt: int = 0
    """Hash of the messages, 64 bits: the same in every run."""
    run: int = 0
    """Key of the run, 64 bits."""
    digest: str = ""
    """Digest by which the store knows the input, 16 hex digits: that of the messages, by the key of the run."""
    content: str | None = None
    """The same by the content of the images, once these are decoded, if they lie in files."""
    job: int = 0
    """Number of the job, counted from 0."""
    sampling: dict[str, Any] = {}
    """Sampling parameters by their names in vLLM."""
    adapter: str | None = None
    """LoRA adapter that answers, as `model.lora` names it."""
    image_limits: tuple[int, int] = (0, 0)
    """Largest number of pixels and of encoded bytes of an image, for a model that reads the images itself."""
    on_images_done: Callable[[], None] | None = None
    """Function that frees the memory of the decoded images. `drop_images` calls it once."""

    def drop_images(self) -> None:
        """Free the memory of the decoded images.

        Engines call this as soon as they have made their own input from the images. It may be called several times.
        """
        if self.on_images_done is not None:
            self.on_images_done()
            self.on_images_done = None

    @property
    def label(self) -> str:
        """Return the words by which messages name the request: `17` or, from the second rollout on, `17#1`."""
        return f"{self.id}#{self.rollout}" if self.rollout else self.id


class Response(Struct, frozen=True):
    """Answer of the engine to one request. Token counts are None if the engine does not report them."""

    text: str
    """Answer without the reasoning."""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    reasoning: str | None = None
    content: str | None = None
    """Digest of the input by the content of its images, from a model that has read them itself."""
    cached_tokens: int | None = None
    """Tokens of the prompt that the engine had in a cache, where it tells."""
    reasoning_tokens: int | None = None
    """Tokens of the output that are reasoning, where the engine tells."""


class Failure(Struct, frozen=True):
    """Reason why a request has no answer."""

    kind: str
    """Short stable name of the problem, by which reports count failures."""
    message: str


class Record(Struct, frozen=True, omit_defaults=True):
    """Line of the store: an answer or a failure, identified by sample id, rollout and digest of the input."""

    id: str
    """Id of the sample."""
    digest: Digest
    """Digest of the input that the answer was made from."""
    rollout: Count = 0
    text: str | None = None
    reasoning: str | None = None
    finish_reason: str | None = None
    prompt_tokens: Count | None = None
    output_tokens: Count | None = None
    failure: Failure | None = None
    content: str | None = None
    """Digest of the input by the content of its images, if these lie in files."""
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None

    @property
    def truncated(self) -> bool:
        """Tell whether the answer was cut off at the token limit."""
        return self.finish_reason == "length"


class FinishedRun(Struct, frozen=True):
    """Complete run, as hooks get it.

    `config` is as it was written: references such as `${oc.env:HF_TOKEN}` are not resolved, so that it holds no secret.
    """

    name: str
    """Place below `output_dir` when it began: `<model>/<dataset>/<sampling>-<hash8>`."""
    folder: str
    config: dict[str, Any]
    metrics: dict[str, Any] | None
    """Content of `metrics.json`, None if it was not scored."""
    manifest: dict[str, Any]
    """Content of `manifest.json`."""
    plots: tuple[Path, ...] = ()
    documents: tuple[Path, ...] = ()
    """Paths of `metrics.json` and `manifest.json`."""


class Score(Struct, frozen=True, omit_defaults=True):
    """Verdict on one answer (correct, wrong, no_answer, unscored or failed) with the reason.

    `no_answer` counts as not correct in the accuracy; `unscored` and `failed` are left out of it.
    """

    verdict: str
    answer: str | None
    """Final answer that was found in the response."""
    gold: str | None
    reason: str
    votes: dict[str, str] = {}
    """Verdict of each scorer by its name, if several scorers vote."""
    gold_at_fault: bool = False
    """True if the gold answer makes the verdict `unscored`, so that no response to the row could be correct."""

    @classmethod
    def without_gold(cls, gold: str | None, reason: str) -> Score:
        """Return the score of a row that has no gold answer, or one that the scorer can't read."""
        return cls(verdict="unscored", answer=None, gold=gold, reason=reason, gold_at_fault=True)

    @property
    def is_correct(self) -> bool:
        """Tell whether the verdict is `correct`."""
        return self.verdict == "correct"

    @property
    def is_judged(self) -> bool:
        """Tell whether the score counts in the accuracy."""
        return self.verdict in ("correct", "wrong", "no_answer")
