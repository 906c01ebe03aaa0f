"""Reads a whole dataset as a run would, and notes everything that would go wrong, without an engine."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

from jinja2 import TemplateError

from mathbatch.commands.check.chat import ChatRenderer, Size
from mathbatch.commands.check.golds import GoldTrier
from mathbatch.commands.check.images import PictureLooker, Trouble
from mathbatch.data.feed import render
from mathbatch.data.processors import PLACEHOLDER
from mathbatch.records import BadRow, Record, Request, Sample
from mathbatch.reports.findings import Finding
from mathbatch.runner.run_job import RunJob

AHEAD = 64
"""Rows whose pictures are decoded while earlier rows are looked at."""
EXTREME_SIDES = 20.0
EXTREME_PIXELS = 28 * 28
SHOWN_PROMPTS = 3
RECORD_BYTES = 400
BYTES_PER_TOKEN = 4
RENDER_ERRORS = (TemplateError, ValueError, TypeError, LookupError, RuntimeError, AttributeError, AssertionError)
"""What chat templates raise on messages that they can't take."""


@dataclass
class Seen:
    """One row as the check saw it: for the page."""

    sample: Sample
    prompt: str
    notes: list[str]


@dataclass
class Inspection:
    """All findings by kind, the token counts, and the rows to show."""

    rows: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)
    tokens: array[int] = field(default_factory=lambda: array("L"))
    image_tokens: array[int] = field(default_factory=lambda: array("L"))
    pictures: int = 0
    distinct_pictures: int = 0
    shown: list[Seen] = field(default_factory=list)
    disk_bytes: int = 0

    def note(self, kind: str, example: str, amiss: bool = True) -> None:
        finding = self.findings.setdefault(kind, Finding(kind, MEANINGS.get(kind, ""), amiss))
        finding.add(example)

    @property
    def fails(self) -> bool:
        """Whether a run would leave rows without an answer."""
        return any(finding.amiss for finding in self.findings.values())


MEANINGS = {
    "duplicate_id": "rows whose id an earlier row has; they would fail",
    "empty_prompt": "rows without a prompt; they would fail",
    "missing_image": "pictures that are not there; their rows would fail",
    "broken_image": "pictures that can't be read; their rows would fail",
    "image_too_large": "pictures over dataset.image_max_megapixels or image_max_mib; their rows would fail",
    "image_outside_root": "paths that lead out of the picture folder; their rows would fail",
    "image_url": "pictures on the network, which are not fetched; their rows would fail",
    "prompt_template": "rows on which dataset.prompt fails",
    "bad_expression": "rows on which dataset.columns or dataset.where fails",
    "unreadable_row": "rows that can't be read",
    "missing_id": "rows without an id",
    "too_many_images": "rows with more pictures than model.max_images; they would fail",
    "prompt_too_long": "prompts that leave no room in model.max_model_len; their rows would fail",
    "rejected": "rows that the chat template refuses",
    "short of room": "prompts after which sampling.max_tokens do not fit: answers may be cut there",
    "extreme picture": f"pictures of fewer than {EXTREME_PIXELS} pixels or sides over {EXTREME_SIDES:g} to 1",
    "resized picture": "pictures that the model's processor makes smaller",
    "placeholder without picture": "the placeholder stays as words, such as `image 2`",
    "picture without placeholder": "others of the row have one; it goes before the prompt",
    "missing gold": "rows without a gold answer: they are not scored",
    "unusable gold": "golds that do not count as equal to themselves, or are none of the choices",
}


def inspect(job: RunJob, chat: ChatRenderer, progress: Callable[[int], object]) -> Inspection:
    """Look at every row. Raises ConfigError where the dataset can't be read."""
    found, waiting = Inspection(), deque[Looks]()
    with closing(PictureLooker(job.decoder)) as looker, GoldTrier(job.components) as trier:
        for row in job.components.loader:
            waiting.append(_begin(row, looker, trier))
            if len(waiting) > AHEAD:
                _look_at(job, chat, found, waiting.popleft())
                progress(found.rows)
        while waiting:
            _look_at(job, chat, found, waiting.popleft())
    found.distinct_pictures = looker.distinct
    return found


class Looks(NamedTuple):
    """A row, and what has been begun to know about it."""

    row: Sample | BadRow
    pictures: list[Future[Size | Trouble]]
    gold: Callable[[], str | None]


def _begin(row: Sample | BadRow, looker: PictureLooker, trier: GoldTrier) -> Looks:
    if isinstance(row, BadRow):
        return Looks(row, [], lambda: None)
    return Looks(row, [looker.look(image) for image in row.images], trier.begin(row))


def _look_at(job: RunJob, chat: ChatRenderer, found: Inspection, looks: Looks) -> None:
    found.rows += 1
    sample = looks.row
    if isinstance(sample, BadRow):
        found.note(sample.kind, sample.message)
        return
    before = {name: finding.count for name, finding in found.findings.items()}
    sizes = _sizes(found, sample, looks.pictures)
    _look_at_gold(job, found, sample, looks.gold)
    _look_at_placeholders(found, sample)
    prompt = _look_at_prompt(job, chat, found, sample, sizes)
    notes = [name for name, finding in found.findings.items() if finding.count > before.get(name, 0)]
    if len(found.shown) < SHOWN_PROMPTS or (notes and len(found.shown) < 50):
        found.shown.append(Seen(sample, prompt, notes))
    limit = job.config.sampling.max_tokens or job.config.model.max_model_len or 0
    found.disk_bytes += job.config.sampling.n * (RECORD_BYTES + limit * BYTES_PER_TOKEN)


def _sizes(found: Inspection, sample: Sample, looks: list[Future[Size | Trouble]]) -> list[Size]:
    sizes = []
    for look in looks:
        found.pictures += 1
        size = look.result()
        if isinstance(size, Trouble):
            found.note(size.kind, f"{sample.id}: {size.message}")
            continue
        width, height = size
        sizes.append((width, height))
        if width * height < EXTREME_PIXELS or max(width, height) > EXTREME_SIDES * min(width, height):
            found.note("extreme picture", f"{sample.id}: {width} x {height}", amiss=False)
    return sizes


def _look_at_gold(job: RunJob, found: Inspection, sample: Sample, trial: Callable[[], str | None]) -> None:
    if job.config.dataset.answer_field is None:
        return
    gold = (sample.gold or "").strip()
    if not gold:
        found.note("missing gold", sample.id, amiss=False)
        return
    problem = trial()
    if problem is not None:
        found.note("unusable gold", f"{sample.id}: {gold!r:.80}: {problem}", amiss=False)
    elif sample.choices and gold not in sample.choices and not _is_letter_of(gold, len(sample.choices)):
        found.note("unusable gold", f"{sample.id}: {gold!r} is none of {len(sample.choices)} choices", amiss=False)


def _is_letter_of(gold: str, choices: int) -> bool:
    return len(gold) == 1 and gold.isascii() and gold.isupper() and ord(gold) - ord("A") < choices


def _look_at_placeholders(found: Inspection, sample: Sample) -> None:
    """The rule itself is the processor's: see `data/processors.py`."""
    marks = [mark[1] for mark in PLACEHOLDER.finditer(sample.query)]
    if not marks:
        return
    numbered = {int(number) for number in marks if number}
    bare = sum(number is None for number in marks)
    count = len(sample.images)
    missing = sorted(number for number in numbered if not 0 < number <= count)
    unplaced = count - len(numbered - set(missing))
    if missing or bare > unplaced:
        found.note(
            "placeholder without picture", f"{sample.id}: {len(marks)} placeholders, {count} pictures", amiss=False
        )
    elif unplaced > bare:
        found.note(
            "picture without placeholder", f"{sample.id}: {count} pictures, {len(marks)} placeholders", amiss=False
        )


def _look_at_prompt(job: RunJob, chat: ChatRenderer, found: Inspection, sample: Sample, sizes: list[Size]) -> str:
    model, sampling = job.config.model, job.config.sampling
    request = render(sample, job.components.processor)
    if isinstance(request, Record):
        assert request.failure is not None
        found.note(request.failure.kind, request.failure.message)
        return ""
    if len(sample.images) > model.max_images:
        found.note(
            "too_many_images", f"{sample.id}: {len(sample.images)} pictures, model.max_images={model.max_images}"
        )
    if chat.why_not is not None:
        return _as_text(request)
    try:
        prompt = chat.render(request.messages)
    except RENDER_ERRORS as error:
        found.note("rejected", f"{sample.id}: {type(error).__name__}: {error}")
        return _as_text(request)
    images = chat.image_tokens(sizes) or 0
    total = chat.text_tokens(prompt) + images - (len(sizes) if images else 0)  # in the place of one mark each
    found.tokens.append(total)
    if sizes:
        found.image_tokens.append(images)
    for size in sizes:
        if chat.is_resized(size):
            found.note("resized picture", f"{sample.id}: {size[0]} x {size[1]}", amiss=False)
    room = (model.max_model_len or 1 << 62) - total
    if room < 1:
        found.note("prompt_too_long", f"{sample.id}: {total:,} tokens, model.max_model_len={model.max_model_len:,}")
    elif sampling.max_tokens is not None and room < sampling.max_tokens:
        found.note("short of room", f"{sample.id}: {total:,} tokens leave {room:,} for the answer", amiss=False)
    return prompt


def _as_text(request: Request) -> str:
    """The prompt without a chat template."""
    lines = []
    for message in request.messages:
        content = message["content"]
        parts = [content] if isinstance(content, str) else [part.get("text", "<picture>") for part in content]
        lines.append(f"[{message['role']}]\n" + "".join(parts))
    return "\n".join(lines)
