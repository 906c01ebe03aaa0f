"""Read a whole dataset as a run would, without an engine, and note everything that would go wrong."""

from __future__ import annotations

import re
from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

from mathbatch.commands.check.chat import ChatRenderer
from mathbatch.commands.check.golds import GoldChecker, GoldFinding
from mathbatch.commands.check.images import ImageProber, ImageProblem
from mathbatch.config.environment_secrets import refuse_secrets_in_prompt
from mathbatch.config.templates.eaten_commands import eaten_commands
from mathbatch.data.feed import render
from mathbatch.data.processors import PLACEHOLDER
from mathbatch.data.samples import samples_of
from mathbatch.errors import SampleError
from mathbatch.models.image_tokens import STAND_IN, Size
from mathbatch.models.renderer import RenderedPrompt
from mathbatch.records import BadRow, ImageRef, Record, Request, Sample
from mathbatch.reports.findings import Finding
from mathbatch.runner.run_job import RunJob
from mathbatch.scoring.scorers.choice import gold_letters

# Rows whose images are being decoded while earlier rows are inspected.
MAX_PENDING = 64
# Images with a longer side over this multiple of the shorter one, or with fewer pixels, are noted as extreme.
EXTREME_SIDES = 20.0
EXTREME_PIXELS = 28 * 28
# Prompts that are shown in any case, and rows that are shown at most, as long as something was found in them.
SHOWN_PROMPTS = 3
MAX_SHOWN = 50
# Bytes of a record without its answer, and of one token of an answer, for an estimate of the disk space.
RECORD_BYTES = 400
BYTES_PER_TOKEN = 4
# Characters without a shape, but for tabs and ends of lines.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass
class ShownRow:
    """Row that is shown on the page of the check: its prompt, and the names of the findings in it."""

    sample: Sample
    prompt: str
    notes: list[str]


@dataclass
class Inspection:
    """Result of a check: findings by kind, numbers of tokens in each prompt, and rows to show."""

    rows: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)
    tokens: array[int] = field(default_factory=lambda: array("L"))
    image_tokens: array[int] = field(default_factory=lambda: array("L"))
    images: int = 0
    distinct_images: int = 0
    shown: list[ShownRow] = field(default_factory=list)
    disk_bytes: int = 0

    def note(self, kind: str, example: str, amiss: bool = True) -> None:
        """Count one finding of this kind. `amiss` tells that it would leave a row without an answer."""
        finding = self.findings.setdefault(kind, Finding(kind, MEANINGS.get(kind, ""), amiss))
        finding.add(example)

    @property
    def fails(self) -> bool:
        """Tell whether a run would leave rows without an answer."""
        return any(finding.amiss for finding in self.findings.values())


# Explanations of the kinds of findings, for the table at the end.
MEANINGS = {
    "duplicate_id": "rows whose id an earlier row has; they would fail",
    "empty_prompt": "rows without a prompt; they would fail",
    "missing_image": "pictures that are not there; their rows would fail",
    "broken_image": "pictures that can't be read; their rows would fail",
    "image_too_large": "pictures over dataset.image_max_megapixels or image_max_mib; their rows would fail",
    "image_too_costly": "pictures that take too much processor time to read; their rows would fail",
    "image_outside_root": "paths that lead out of the picture folder; their rows would fail",
    "image_url": "pictures on the network, which are not fetched; their rows would fail",
    "prompt_template": "rows on which dataset.prompt fails",
    "bad_expression": "rows on which dataset.columns or dataset.where fails",
    "unreadable_row": "rows that can't be read",
    "unwritable_row": "rows with values that results can't hold; they would fail",
    "processor_error": "rows on which the processor fails",
    "missing_id": "rows without an id",
    "too_many_images": "rows with more pictures than model.max_images; they would fail",
    "prompt_too_long": "prompts that leave no room in the context length, model.max_model_len; their rows would fail",
    "rejected": "rows that the chat template refuses",
    "short of room": "prompts after which sampling.max_tokens do not fit: answers may be cut there",
    "extreme picture": f"pictures of fewer than {EXTREME_PIXELS} pixels or sides over {EXTREME_SIDES:g} to 1",
    "resized picture": "pictures that the model's processor makes smaller as a whole",
    "placeholder without picture": "the placeholder stays as words, such as `image 2`",
    "picture without placeholder": "others of the row have one; it goes before the prompt",
    "special tokens": "words of the text that the model's tokenizer reads as its own marks, not as text",
    "moved picture": "the chat template puts pictures before the text, which keeps words in their places",
    "system prompt": "the chat template does not pass it on as written; see model.chat_template_content_format",
    "missing gold": "rows without a gold answer: they are not scored",
    "unusable gold": "golds that do not count as equal to themselves",
    "gold equal to its text alone": "no other form is correct: its value can't be read, or not told from another",
    "gold beside the choices": "golds that are none of the choices; no letter is correct there",
    "control characters": r"escapes that ate a backslash, or marks that nobody sees: in JSON write `\\frac`",
}


def inspect(job: RunJob, chat: ChatRenderer, progress: Callable[[int], object]) -> Inspection:
    """Inspect every row. `progress` is called with the number of rows so far.

    Raises ConfigError if the dataset can't be read.
    """
    found, pending = Inspection(), deque[PendingRow]()
    with closing(ImageProber(job.decoder)) as prober, GoldChecker(job.components) as golds:
        for row in samples_of(job.components.loader):
            pending.append(_begin(row, prober, golds))
            if len(pending) > MAX_PENDING:
                _inspect_row(job, chat, found, pending.popleft())
                progress(found.rows)
        while pending:
            _inspect_row(job, chat, found, pending.popleft())
    found.distinct_images = prober.distinct
    return found


class PendingRow(NamedTuple):
    """Row whose images and gold answer are being checked. `gold` waits for the check of the gold answer."""

    row: Sample | BadRow
    images: Sequence[Future[Size | ImageProblem]]
    gold: Callable[[], GoldFinding]


def _begin(row: Sample | BadRow, prober: ImageProber, golds: GoldChecker) -> PendingRow:
    if isinstance(row, BadRow):
        return PendingRow(row, [], GoldFinding)
    return PendingRow(row, [prober.probe(image) for image in row.images], golds.begin(row))


def _inspect_row(job: RunJob, chat: ChatRenderer, found: Inspection, pending: PendingRow) -> None:
    """Note everything about one row, and keep the row if it is to be shown."""
    found.rows += 1
    sample = pending.row
    if isinstance(sample, BadRow):
        found.note(sample.kind, sample.message)
        return
    before = {name: finding.count for name, finding in found.findings.items()}
    sizes = _inspect_images(found, sample, pending.images)
    _inspect_gold(job, found, sample, pending.gold)
    _inspect_placeholders(found, sample)
    _inspect_characters(found, sample)
    prompt = _inspect_prompt(job, chat, found, sample, sizes)
    notes = [name for name, finding in found.findings.items() if finding.count > before.get(name, 0)]
    if len(found.shown) < SHOWN_PROMPTS or (notes and len(found.shown) < MAX_SHOWN):
        found.shown.append(ShownRow(sample, prompt, notes))
    limit = job.config.sampling.max_tokens or chat.context_length or 0
    found.disk_bytes += job.config.sampling.n * (RECORD_BYTES + limit * BYTES_PER_TOKEN)


def _inspect_images(
    found: Inspection, sample: Sample, images: Sequence[Future[Size | ImageProblem]]
) -> dict[str, Size | None]:
    """Note images that can't be used or are extreme; return the size of each by its identity, None if it has none."""
    sizes: dict[str, Size | None] = {}
    for ref, image in zip(sample.images, images, strict=True):
        found.images += 1
        size = image.result()
        if isinstance(size, ImageProblem):
            found.note(size.kind, f"{sample.id}: {size.message}")
            sizes[ref.identity] = None
            continue
        width, height = sizes[ref.identity] = size
        if width * height < EXTREME_PIXELS or max(width, height) > EXTREME_SIDES * min(width, height):
            found.note("extreme picture", f"{sample.id}: {width} x {height}", amiss=False)
    return sizes


def _inspect_gold(job: RunJob, found: Inspection, sample: Sample, checked: Callable[[], GoldFinding]) -> None:
    if job.config.dataset.answer_field is None:
        return
    gold = (sample.gold or "").strip()
    if not gold:
        found.note("missing gold", sample.id, amiss=False)
        return
    problem, limits = checked()
    if problem:
        found.note("unusable gold", f"{sample.id}: {gold!r:.80}: {problem}", amiss=False)
    elif limits:
        found.note("gold equal to its text alone", f"{sample.id}: {gold!r:.80}: {limits}", amiss=False)
    elif sample.choices and "auto" in job.components.scorers.names and gold_letters(gold, sample.choices) is None:
        example = f"{sample.id}: {gold!r:.80} is none of {len(sample.choices)} choices"
        found.note("gold beside the choices", example, amiss=False)


def _inspect_characters(found: Inspection, sample: Sample) -> None:
    """Note control characters, and the LaTeX commands that an escape has made of them."""
    texts = (sample.query, sample.gold or "", *(sample.choices or ()))
    eaten = dict.fromkeys(command for text in texts for command in eaten_commands(text))
    signs = [f"U+{ord(sign):04X}" for sign in sorted(set(CONTROL.findall(sample.query)))]
    if eaten or signs:
        found.note("control characters", f"{sample.id}: {', '.join(eaten or signs)}", amiss=False)


def _inspect_placeholders(found: Inspection, sample: Sample) -> None:
    """Note rows whose placeholders and images don't match. `data/processors.py` says what a run does with them."""
    marks = [mark[1] for mark in PLACEHOLDER.finditer(sample.query)]
    if not marks:
        return
    numbered = {int(number) for number in marks if number}
    unnumbered = sum(number is None for number in marks)
    count = len(sample.images)
    missing = sorted(number for number in numbered if not 0 < number <= count)
    unplaced = count - len(numbered - set(missing))
    if missing or unnumbered > unplaced:
        found.note(
            "placeholder without picture", f"{sample.id}: {len(marks)} placeholders, {count} pictures", amiss=False
        )
    elif unplaced > unnumbered:
        found.note(
            "picture without placeholder", f"{sample.id}: {count} pictures, {len(marks)} placeholders", amiss=False
        )


def _inspect_prompt(
    job: RunJob, chat: ChatRenderer, found: Inspection, sample: Sample, sizes: Mapping[str, Size | None]
) -> str:
    """Note what is wrong with the prompt, and return it as text."""
    request = render(sample, job.components.processor, job.components.run.value)
    if isinstance(request, Record):
        assert request.failure is not None
        found.note(request.failure.kind, request.failure.message)
        return ""
    refuse_secrets_in_prompt(request)
    if len(sample.images) > (limit := job.config.model.max_images):
        found.note("too_many_images", f"{sample.id}: {len(sample.images)} pictures, model.max_images={limit}")
        return _as_text(request)
    if chat.why_not is not None:
        return _as_text(request)

    def size_of(image: ImageRef) -> Size:
        return sizes.get(image.identity) or STAND_IN

    try:
        prompt = chat.render(request.messages, size_of)
    except SampleError as error:
        found.note(error.kind, f"{sample.id}: {error}")
        return _as_text(request)
    for kind, example in chat.changes(request.messages).items():
        found.note(kind, f"{sample.id}: {example}", amiss=False)
    # Without all pictures the row is not asked, and the number of its tokens is not known.
    if None not in sizes.values():
        _inspect_tokens(job, chat, found, sample.id, prompt)
    for size in filter(None, sizes.values()):
        if chat.is_resized(size):
            found.note("resized picture", f"{sample.id}: {size[0]} x {size[1]}", amiss=False)
    return prompt.text


def _inspect_tokens(job: RunJob, chat: ChatRenderer, found: Inspection, id: str, prompt: RenderedPrompt) -> None:
    """Count the tokens of a prompt, and note prompts that leave too little room for an answer."""
    limit, max_tokens = chat.context_length, job.config.sampling.max_tokens
    found.tokens.append(prompt.tokens)
    if prompt.image_tokens:
        found.image_tokens.append(sum(prompt.image_tokens))
    room = (limit or 1 << 62) - prompt.tokens
    if room < 1:
        found.note("prompt_too_long", f"{id}: {prompt.tokens:,} tokens, and the context length is {limit:,}")
    elif max_tokens is not None and room < max_tokens:
        found.note("short of room", f"{id}: {prompt.tokens:,} tokens leave {room:,} for the answer", amiss=False)


def _as_text(request: Request) -> str:
    """Return the prompt as text without the chat template."""
    lines = []
    for message in request.messages:
        content = message["content"]
        parts = [content] if isinstance(content, str) else [part.get("text", "<picture>") for part in content]
        lines.append(f"[{message['role']}]\n" + "".join(parts))
    return "\n".join(lines)
