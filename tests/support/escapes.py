"""Make text that would steer a terminal, parts that pass it on, and tell whether any of it has reached a terminal."""

from __future__ import annotations

import re
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.errors import SampleError
from mathbatch.models.scripted import ScriptedModel
from mathbatch.records import Request, Sample

# Colours, the title of a window, its clipboard, a link, the cursor; C1 as characters; marks that reverse, hide and
# separate text; what rich reads as markup and as an emoji.
ESCAPES = (
    "\x1b[31mred\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b]8;;http:x.example\x1b\\link\x1b]8;;\x1b\\"
    "\b\b\x7f\v\f\t\rforged\x9b31m\x9d0;t\x9c\x85\u202egnp\u2066\u2069\u200b\u2028[bold]x[/nothing]:bomb:"
)
# Name that a folder or file may have.
NAME = "\x1b[31m\x1b]0;t\x07\rforged\x9b31m\u202e[x]"
FORBIDDEN = re.compile(
    "\rforged|[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufffd\ud800-\udfff]"
)


def steering(shown: str) -> list[str]:
    """Return what of this would steer a terminal. A progress line and a terminal's own line ends have `\\r`."""
    return FORBIDDEN.findall(shown)


class NoisyProcessor(ChatDataProcessor):
    """Prints each row, and fails on some with messages that hold the row."""

    def process(self, sample: Sample) -> Request:
        print(sample.id, sample.query)
        if sample.query.startswith("fail"):
            raise SampleError(f"kind{ESCAPES}", f"can't take {sample.query}")
        if sample.query.startswith("raise"):
            raise ValueError(sample.query)
        return super().process(sample)


class NoisyModel(ScriptedModel):
    """Answers with escapes, and ends with an error that holds some."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.say: Any = f"\\boxed{{{ESCAPES}}}"

    async def close(self) -> None:
        raise RuntimeError(ESCAPES)
