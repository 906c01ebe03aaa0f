"""Counts of a run, shown as one tqdm line on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn, TextIO

from tqdm import tqdm

from mathbatch.records import Record

TERMINAL_INTERVAL_S = 0.5
PLAIN_INTERVAL_S = 10.0
REASONS_SHOWN = 5


@dataclass
class Counts:
    """Units of a run. `before` were answered by earlier runs; `failed` includes failures that are not tried again."""

    total: int | None = None
    before: int = 0
    answered: int = 0
    failed: int = 0
    truncated: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    in_flight: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.before + self.answered + self.failed

    def add(self, record: Record) -> None:
        """Count a record that this run has saved."""
        if record.failure is not None:
            self.add_failure(record.id, record.failure.kind, record.failure.message)
            return
        self.answered += 1
        self.truncated += record.truncated
        self.prompt_tokens += record.prompt_tokens or 0
        self.output_tokens += record.output_tokens or 0

    def add_failure(self, id: str, kind: str, message: str) -> None:
        self.failed += 1
        self.kinds[kind] += 1
        if len(self.reasons) < REASONS_SHOWN:
            self.reasons.append(f"{id}: {kind}: {message}")


class Progress:
    """Shows `counts` on `stream` until it is closed."""

    def __init__(self, counts: Counts, stream: TextIO) -> None:
        self.counts = counts
        self._stream = stream
        self._started = time.monotonic()
        self._stopped: float | None = None
        self._bar: tqdm[NoReturn] | None = None

    def start(self) -> None:
        """Time counts from here: after the engine has loaded."""
        self._started = time.monotonic()
        if self._stream.isatty():
            self._bar = tqdm(
                total=self.counts.total, initial=self.counts.done, file=self._stream, unit="sample", dynamic_ncols=True
            )

    def stop(self) -> None:
        """Time counts to here: the last answer is saved; unloading the engine and the results come after."""
        self._stopped = time.monotonic()

    async def show_regularly(self) -> None:
        while True:
            await asyncio.sleep(PLAIN_INTERVAL_S if self._bar is None else TERMINAL_INTERVAL_S)
            self.show()

    def show(self) -> None:
        counts = self.counts
        if self._bar is None:
            self.say(self._plain())
            return
        self._bar.total = counts.total
        self._bar.set_postfix_str(
            f"{self._token_rate():,.0f} tokens/s, {counts.failed} failed, {counts.in_flight} in flight", refresh=False
        )
        with suppress(OSError):
            self._bar.update(counts.done - self._bar.n)
            self._bar.refresh()

    def say(self, message: str) -> None:
        """A line of text, above the progress line where there is one."""
        with suppress(OSError):  # a terminal that is gone must not end the run
            if self._bar is not None:
                tqdm.write(message, file=self._stream)
            else:
                print(message, file=self._stream, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self.show()
            with suppress(OSError):
                self._bar.close()
            self._bar = None

    @property
    def elapsed_s(self) -> float:
        return (self._stopped or time.monotonic()) - self._started

    def _token_rate(self) -> float:
        return self.counts.output_tokens / max(self.elapsed_s, 1e-9)

    def _plain(self) -> str:
        counts = self.counts
        new = counts.answered + counts.failed
        rate = new / max(self.elapsed_s, 1e-9)
        left = ""
        if counts.total is not None and rate > 0:
            left = f", {tqdm.format_interval((counts.total - counts.done) / rate)} left"
        return (
            f"{counts.done}/{counts.total or '?'} samples, {rate:,.1f} samples/s, {self._token_rate():,.0f} tokens/s, "
            f"{counts.failed} failed, {counts.in_flight} in flight{left}"
        )
