"""Print one sample of a run: the messages with the pictures in their places, the answers, and what was made of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.errors import OutputError, SampleError
from mathbatch.models.reasoning import split_reasoning
from mathbatch.records import BadRow, ImageRef, Record, Sample
from mathbatch.reports.pictures import drawn, way_of
from mathbatch.reports.streams import discard, is_closed_terminal
from mathbatch.reports.terminal import Terminal
from mathbatch.runner.look import Answer, LookedAt, ShownSample

# Characters of reasoning that are shown at its beginning and at its end, unless all of it is asked for.
REASONING_SHOWN = 300
LABEL = 10
WIDTH = 78


class SamplePrinter:
    """Prints samples on standard output, with the whole reasoning if `reasoning` is set.

    Everything is text of others: hidden characters are made visible. Pictures alone are sent to the terminal as they
    are, drawn by us of decoded pixels.
    """

    def __init__(self, found: LookedAt, reasoning: bool = False) -> None:
        dataset = found.config.dataset
        self.decoder = ImageDecoder(int(dataset.image_max_megapixels * 1e6), int(dataset.image_max_mib * 2**20))
        self._found, self._reasoning = found, reasoning
        self._terminal = Terminal()
        # Not by what rich says, which may be forced to see a terminal in a pipe.
        self._way = way_of() if sys.__stdout__ is not None and sys.__stdout__.isatty() else None

    def show(self, sample: ShownSample, rollout: int | None = None, rendered: str | None = None) -> None:
        """Print a sample, all rollouts or one. `rendered` is the prompt as the engine gets it. Raises OutputError."""
        try:
            self._show(sample, rollout, rendered)
        except OSError as error:
            is_closed = is_closed_terminal(sys.stdout.fileno(), error)
            discard(sys.stdout.fileno())
            if not is_closed:
                raise OutputError(error) from error

    def _show(self, sample: ShownSample, rollout: int | None, rendered: str | None) -> None:
        config = self._found.config
        number = "" if sample.row is None else f", row {sample.row.row_number:,}"
        self._heading(f"{sample.id} of {config.dataset.name} by {config.model.name}{number}", "═")
        self._messages(sample)
        if rendered is not None:
            self._heading("prompt as the engine gets it")
            self._print(rendered)
        for answer in sample.answers:
            if rollout in (None, answer.rollout):
                self._answer(answer, sample, len(sample.answers))
        for note in sample.notes:
            self._print(f"note: {note}")
        self._print("")

    def _messages(self, sample: ShownSample) -> None:
        if sample.request is None:
            if isinstance(sample.row, BadRow):
                self._print(f"this row can't be asked: {sample.row.kind}: {sample.row.message}")
            elif self._found.why_no_rows is not None:
                self._print(f"the messages can't be shown: {self._found.why_no_rows}")
            return
        for message in sample.request.messages:
            self._heading(message["role"])
            content = message["content"]
            parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for part in parts:
                if part["type"] == "image":
                    self._picture(part["image"])
                else:
                    self._print(part["text"])

    def _picture(self, ref: ImageRef) -> None:
        where = ref.path and os.path.abspath(ref.path)
        try:
            self.decoder.measure(ref)
            image, _ = self.decoder.decode(ref)
        except SampleError as error:
            self._print(f"[picture: {where or ref.label}, which can't be read: {error}]")
            return
        size = f"{image.width:,} x {image.height:,}"
        if self._way is not None:
            is_direct = os.environ.get("COLORTERM") in ("truecolor", "24bit")
            sys.stdout.flush()
            stream = sys.__stdout__
            assert stream is not None
            stream.write(drawn(image, self._way, self._terminal.width, is_direct))
            stream.flush()
        self._print(f"[picture: {where or f'{ref.label}, in the row itself'}, {size}]")

    def _answer(self, answer: Answer, sample: ShownSample, count: int) -> None:
        record = answer.record
        of = f" {answer.rollout + 1} of {count} (rollout={answer.rollout})" if count > 1 else ""
        if record is not None and record.text is not None:
            # What a server or a model of one's own has left within the text is told apart as scorers do it.
            thought, text = split_reasoning(record.text)
            reasoning = "\n".join(filter(None, [record.reasoning, thought]))
            if reasoning:
                self._heading(f"reasoning{of}")
                self._print(reasoning if self._reasoning else _shortened(reasoning))
            self._heading(f"answer{of}")
            self._print(text)
        self._heading(f"verdict{of}" if answer.score is not None else f"outcome{of}")
        for label, text in _facts(answer, sample.row):
            self._print(f"{label:<{LABEL}} {text}")

    def _heading(self, text: str, line: str = "─") -> None:
        self._print(f"{line * 2} {text} ".ljust(WIDTH, line))

    def _print(self, text: str) -> None:
        self._terminal.print(self._terminal.render_str(text))


def _facts(answer: Answer, row: Sample | BadRow | None) -> Iterator[tuple[str, str]]:
    """Yield what is known of an answer, each with its label."""
    record, score = answer.record, answer.score
    if score is not None:
        yield "verdict", str(score.get("verdict"))
        yield "extracted", _text(score.get("answer"))
        yield "gold", _text(score.get("gold"))
        if record is None or record.failure is None:
            yield "reason", _text(score.get("reason"))
        if votes := score.get("votes"):
            yield "votes", ", ".join(f"{name}: {verdict}" for name, verdict in votes.items())
        if isinstance(mark := score.get("mark"), dict):
            note = f": {mark['note']}" if mark.get("note") else ""
            yield "marked", f"{mark.get('verdict')} by a person (fault: {mark.get('fault')}){note}"
    elif isinstance(row, Sample) and row.gold is not None:
        yield "gold", row.gold
    for why in answer.doubts:
        yield "to look at", why
    if record is None:
        yield "answer", "there is none yet"
    elif record.failure is not None:
        yield "failed", f"{record.failure.kind}: {record.failure.message}"
    else:
        yield "tokens", _tokens(record)
        cut = ": cut at the token limit" if record.truncated else ""
        yield "finished", f"{record.finish_reason or 'not known'}{cut}"


def _tokens(record: Record) -> str:
    counts = (
        ("in", record.prompt_tokens),
        ("of them from a cache", record.cached_tokens),
        ("out", record.output_tokens),
        ("of them reasoning", record.reasoning_tokens),
    )
    return ", ".join(f"{count:,} {name}" for name, count in counts if count is not None) or "not known"


def _text(value: Any) -> str:
    return "none" if value is None else str(value)


def _shortened(text: str) -> str:
    left_out = len(text) - 2 * REASONING_SHOWN
    if left_out <= 0:
        return text
    beginning, end = text[:REASONING_SHOWN], text[-REASONING_SHOWN:]
    return f"{beginning}\n[… {left_out:,} characters more: reasoning=true …]\n{end}"
