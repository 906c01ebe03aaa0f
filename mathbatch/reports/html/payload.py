"""Define what the report's page is given: one `Report`, and for each run an `Index` and chunks of `Detail`.

Files below `report/data/` are scripts, since a page that was opened from a disk may load nothing else:

    report.js                 mathbatch.add("report", "{\\"title\\": …}")         a Report
    <run>/index.js            mathbatch.add("<run>/index", "…")                  an Index, a column for each field
    <run>/questions.js        mathbatch.add("<run>/questions", "…")              first characters of each prompt
    <run>/0001.js             mathbatch.add("<run>/0001", "…")                   a list of Detail, in the index's order

`<run>` is `RunFacts.base`. The payload is JSON in a string: a browser reads that faster than a literal, and nothing of
it can run. All texts are as the dataset and the model wrote them; the page makes them harmless.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from mathbatch.reports.explanation.explanation import Difference
from mathbatch.scoring.marks import Mark

# Letters that stand for verdicts in `Index.verdicts`. "p": not judged (yet), or no gold answers.
LETTERS = {"correct": "c", "wrong": "w", "no_answer": "n", "unscored": "u", "failed": "f", None: "p"}

# Bits of `Index.flags`.
TRUNCATED, AUDIT, PICTURES, MARKED, DISAGREE, SPLIT_VOTES = 1, 2, 4, 8, 16, 32


class Figures(Struct, kw_only=True):
    """Counts of a run over all its attempts; tokens and seconds where they are known."""

    units: int = 0
    """Samples times rollouts."""
    answered: int = 0
    failed: int = 0
    truncated: int = 0
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    seconds: float | None = None
    """Seconds of the last attempt that answered something."""
    tokens_per_s: float | None = None
    cost: float | None = None


class Share(Struct):
    """Accuracy of one part of the rows, or one point of a curve; `low` and `high` are its 95 % interval."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    correct: float | None = None
    judged: int | None = None


class Histogram(Struct):
    """Numbers of answers by length. Bin i is from `edges[i]` to `edges[i + 1]` output tokens."""

    edges: list[int]
    counts: dict[str, list[int]]
    """Count of each bin by verdict, or by "not judged"; "truncated" counts those among them that were cut."""


class Metrics(Struct, kw_only=True):
    """Scores of a run, as `metrics.json` has them."""

    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    correct: int = 0
    judged: int = 0
    verdicts: dict[str, int] = {}
    breakdown: dict[str, list[Share]] = {}
    """Accuracy by value, for each metadata field."""
    pass_at: list[Share] = []
    maj_at: list[Share] = []
    scorers: list[str] = []
    beside: Share | None = None
    """Accuracy by `auto`, where it stands beside a benchmark's protocol."""
    marks: Share | None = None
    """Accuracy with the marks that a person has made, if the run was scored with some."""
    suspects: int = 0
    notes: list[str] = []
    """Sentences that belong below the numbers, such as golds that can't be used."""


class RunFacts(Struct, kw_only=True):
    """One run of the report: what ran, what came of it, and where its rows are."""

    key: str
    """Short text that names it in links: unique within the report."""
    base: str
    """Folder of its rows below `report/data/`. A new one each time that they are made anew."""
    run: str
    """Name by which marks know the run."""
    name: str
    """Name of its folder."""
    model: str
    dataset: str
    folder: str
    """Folder of the run as a path from the page on; `originals` is where addresses of original pictures begin."""
    originals: str = ""
    command: str = ""
    """Command line that makes this run, ready for a shell."""
    when: str | None = None
    """Time of its last answer or scores, ISO 8601 in UTC."""
    status: str = "complete"
    """complete, running or stopped."""
    settings: list[tuple[str, str]] = []
    """Keys of its configuration that matter to a reader, with their values: path, value."""
    versions: dict[str, str] = {}
    figures: Figures = field(default_factory=Figures)
    failures: dict[str, int] = {}
    """Failed units by kind."""
    metrics: Metrics | None = None
    lengths: Histogram | None = None
    rollouts: int = 1
    rows: int = 0
    included: int = 0
    """Rows that are in the report."""
    selection: str | None = None
    """Sentence that says which rows are in it, if these are not all."""
    problem: str | None = None
    """Why rows, or some of them, could not be read."""
    fields: list[str] = []
    """Metadata fields by which rows can be filtered."""
    chunks: int = 0


class SweepJob(Struct):
    """Job of a sweep: the swept keys with its values, and the key of its run, None if it has none."""

    values: dict[str, str]
    run: str | None
    status: str
    error: str | None = None


class Sweep(Struct):
    """Jobs of a sweep and the keys that it sweeps."""

    keys: list[str]
    jobs: list[SweepJob]


class Pair(Struct, kw_only=True):
    """Comparison of two runs over the same samples, by their keys; see `scoring.metrics.comparison`."""

    first: str
    second: str
    pairs: int = 0
    only_first: int = 0
    only_second: int = 0
    both_right: int = 0
    left_out: int = 0
    p: float = 1.0
    difference: float = 0.0
    low: float | None = None
    high: float | None = None
    sentence: str = ""
    """Says in words whether they differ."""
    notes: list[str] = []
    differences: list[Difference] = []


class Live(Struct, kw_only=True):
    """State of a run that is still at work."""

    run: str
    done: int = 0
    total: int | None = None
    failed: int = 0
    in_flight: int | None = None
    tokens_per_s: float | None = None
    seconds: float = 0.0
    seconds_left: float | None = None
    members: list[str] = []
    """One line for each engine of a fleet."""
    refresh_s: float = 5.0
    """Seconds after which the page looks again."""


class Report(Struct, kw_only=True):
    """Content of `report.js`: all but the rows."""

    title: str
    made: str
    """Time at which it was made, ISO 8601 in UTC."""
    version: str
    runs: list[RunFacts]
    sweep: Sweep | None = None
    pairs: list[Pair] = []
    live: Live | None = None


class Coded(Struct):
    """Column of few different texts: positions in `values`, or -1. A list is for rows that count under all of it."""

    values: list[str | list[str]]
    codes: list[int]


class Index(Struct, kw_only=True):
    """All rows of a run, a list for each column but the questions, which are as long as all others together."""

    starts: list[int]
    """Position of the first row of each chunk: chunk `i + 1` begins with row `starts[i]`."""
    id: list[str]
    verdicts: list[str]
    """One of LETTERS for each rollout."""
    answer: list[str | None]
    """Extracted answer, of several rollouts the most frequent; shortened."""
    gold: list[str | None]
    tokens: list[int | list[int | None] | None]
    """Output tokens where they are known; of several rollouts a list of them."""
    flags: list[int]
    """Sum of the bits that apply."""
    rule: Coded
    """What decided the verdicts: the reasons up to their colons."""
    failure: Coded
    """Kinds of failures."""
    metadata: dict[str, Coded] = {}


class Picture(Struct, kw_only=True):
    """Picture of a prompt. The thumbnail's address begins at the page, that of the original at `RunFacts.originals`."""

    label: str
    thumbnail: str | None = None
    original: str | None = None
    width: int | None = None
    height: int | None = None
    problem: str | None = None
    """Why it can't be shown."""


class Part(Struct, omit_defaults=True):
    """Part of a message: a text, or a picture by its position in `Detail.pictures`."""

    text: str | None = None
    picture: int | None = None


class Message(Struct):
    """Message of the prompt."""

    role: str
    parts: list[Part]


class Failed(Struct):
    """Reason why there is no answer."""

    kind: str
    message: str


class Rollout(Struct, kw_only=True, omit_defaults=True):
    """One answer with its verdict."""

    seal: str
    """Eight hex digits of the BLAKE2b digest of its text, by which a mark knows it again."""
    text: str | None = None
    reasoning: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    verdict: str | None = None
    answer: str | None = None
    """Extracted answer."""
    span: tuple[int, int] | None = None
    """Characters of `text` (UTF-16 units, as a browser counts) where the extracted answer stands, end excluded."""
    reason: str | None = None
    votes: dict[str, str] = {}
    failure: Failed | None = None
    audit: list[str] = []
    """Reasons to doubt the verdict."""
    mark: Mark | None = None


class Detail(Struct, kw_only=True, omit_defaults=True):
    """All that is known of one row."""

    id: str
    row: int
    """Number in the dataset, counted from 1."""
    messages: list[Message] = []
    pictures: list[Picture] = []
    gold: str | None = None
    choices: list[str] | None = None
    metadata: dict[str, Any] = {}
    group: str | None = None
    problem: str | None = None
    """Why the row could not be asked."""
    rollouts: list[Rollout] = []
