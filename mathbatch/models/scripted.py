"""Answer by rule and at once, without an engine.

Tests use it to inject faults, and benchmarks to measure everything except the engine.
"""

from __future__ import annotations

import asyncio
import hashlib

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError, EngineDied, SampleError, nearest
from mathbatch.records import Request, Response

OPTIONS = {"say", "delay_s", "fail_on", "die_on", "hang_on", "deaths"}


class ScriptedModel(BaseInferenceModel):
    r"""Answers `\boxed{h}` with a hash of the prompt, or the text in `model.engine.say`.

    Further options in `model.engine` are `delay_s`, the seconds before each answer, and words in a prompt that make it
    fail (`fail_on`), kill the engine (`die_on`, at most `deaths` times) or hang (`hang_on`).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        options = config.engine
        for name in options.keys() - OPTIONS:
            raise ConfigError(f"model.engine.{name}", "no such option", nearest(name, OPTIONS))
        self.say = options.get("say")
        self.delay_s = float(options.get("delay_s", 0))
        self.fail_on, self.die_on, self.hang_on = (options.get(name) for name in ("fail_on", "die_on", "hang_on"))
        self.deaths_left = int(options.get("deaths", 1 << 30))
        self.starts = 0
        self.dead = asyncio.Event()
        self._steps = 0

    async def open(self) -> None:
        self.dead.clear()
        self.starts += 1

    async def generate(self, request: Request) -> Response:
        prompt = "\n".join(text_of(message["content"]) for message in request.messages)
        request.drop_images()
        if self.delay_s or self.die_on or self.hang_on:
            await self._work(prompt)
        if self.fail_on and self.fail_on in prompt:
            raise SampleError("scripted", "the script says so")
        self._steps += 1
        answer = hashlib.blake2b(prompt.encode(), digest_size=4).hexdigest()
        return Response(
            text=self.say or f"\\boxed{{{answer}}}", finish_reason="stop", prompt_tokens=len(prompt), output_tokens=8
        )

    async def _work(self, prompt: str) -> None:
        if self.die_on and self.die_on in prompt and self.deaths_left > 0:
            self.deaths_left -= 1
            self.dead.set()
        if self.dead.is_set():
            raise EngineDied("the script killed the engine")
        timeout = None if self.hang_on and self.hang_on in prompt else self.delay_s
        try:
            await asyncio.wait_for(self.dead.wait(), timeout)
        except TimeoutError:
            return
        raise EngineDied("the script killed the engine")

    async def close(self) -> None:
        self.dead.set()

    def steps(self) -> int:
        """Return the number of answers so far."""
        return self._steps


def text_of(content: str | list[dict[str, str]]) -> str:
    """Return the text of a message, with `<picture>` for each image."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "<picture>") for part in content)
