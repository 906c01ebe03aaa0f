"""Measure the greedy accuracy of a saved checkpoint on the demo rows, through transformers alone (no engine)."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor


def read_rows(data: Path) -> list[dict[str, Any]]:
    """Return the rows of samples.jsonl."""
    return [json.loads(line) for line in (data / "samples.jsonl").read_text(encoding="utf-8").splitlines()]


def boxed(text: str) -> str:
    """Return the content of the last box, or nothing."""
    found = re.findall(r"\\boxed\{([^{}]*)\}", text)
    return found[-1] if found else ""


@torch.no_grad()
def evaluate(checkpoint: Path, data: Path) -> dict[str, float]:
    """Return the accuracy by task, and under "all" over all rows."""
    processor = AutoProcessor.from_pretrained(checkpoint)
    model = AutoModelForImageTextToText.from_pretrained(checkpoint)
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for row in read_rows(data):
        parts: list[dict[str, str]] = [{"type": "image"}] if row["image"] else []
        messages = [{"role": "user", "content": [*parts, {"type": "text", "text": row["query_cot"]}]}]
        prompt = processor.apply_chat_template(messages, add_generation_prompt=True)
        images = [Image.open(data / row["image"])] if row["image"] else None
        inputs = processor(text=prompt, images=images, return_tensors="pt")
        made = model.generate(**inputs, max_new_tokens=48)[0, inputs["input_ids"].shape[1] :]
        correct = boxed(processor.decode(made, skip_special_tokens=True)) == row["answer"]
        for name in (row["metadata"]["task"], "all"):
            asked[name] += 1
            right[name] += correct
    return {name: right[name] / count for name, count in asked.items()}
