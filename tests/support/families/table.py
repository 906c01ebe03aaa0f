"""List all families, with what a user sets for each.

This imports nothing heavy: the tests are collected before the process is prepared for engines.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

THOUGHT = "2+3"


@dataclass(frozen=True)
class Family:
    """One family, made by the function of this name in the module `maker`.

    `group` is the shipped group of its published checkpoint, or that of the demo, which sets little.
    `images` is the largest number of pictures in a prompt. `in_place` tells that its chat template leaves pictures
    where the text has them. A family that `thinks` says THOUGHT in a thought and then `answer`, for all rows, which
    gives this `accuracy`.
    """

    name: str
    maker: str
    group: str = "demo"
    images: int = 4
    in_place: bool = True
    thinks: bool = False
    answer: str = "5"
    accuracy: float = 1.0
    # With 32 bits two tokens are hardly ever so close that it matters what else is in the batch.
    dtype: str = "float32"

    def make(self, folder: Path) -> None:
        """Make its checkpoint."""
        getattr(import_module(f"support.families.{self.maker}"), self.name)(folder)


FAMILIES = {
    family.name: family
    for family in (
        Family("qwen2_vl", "qwen", "qwen2_vl"),
        Family("qwen2_5_vl", "qwen", "qwen"),
        Family("qwen3_vl", "qwen", "qwen3_vl"),
        Family("qwen3_vl_thinking", "qwen", "qwen3_vl_thinking", thinks=True),
        # vLLM's linear attention takes no other type on a CPU.
        Family("qwen3_5", "qwen", thinks=True, dtype="bfloat16"),
        Family("glm4v", "further", "glm4v", thinks=True, answer="<answer><|begin_of_box|>5<|end_of_box|></answer>"),
        Family("mistral3", "further", "mistral_small", thinks=True),
        Family("llama4", "further", "llama4"),
        Family("internvl", "pictures", "internvl"),
        Family("gemma3", "pictures", "gemma"),
        Family("paligemma", "pictures", images=1, in_place=False),
        Family("llava_onevision", "pictures", "llava", in_place=False),
        Family("llava15", "pictures", "llava15", in_place=False),
        Family("idefics3", "pictures", "idefics3"),
        Family("smolvlm", "pictures", "smolvlm"),
        Family("qwen2_math", "qwen", "qwen_math", images=0),
        Family("qwen3", "qwen", "qwen3", images=0, thinks=True),
        Family("deepseek_r1", "text_only", "deepseek_r1", images=0, thinks=True),
        Family("llama3", "text_only", "llama3", images=0),
        # It never ends its thought.
        Family("gpt_oss", "text_only", "gpt_oss", images=0, thinks=True, answer="", accuracy=0.0),
    )
}
