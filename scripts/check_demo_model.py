"""Run the demo checkpoint through vLLM: accuracy by task, with shuffled pictures, and over temperatures.

    VLLM_CPU_KVCACHE_SPACE=1 python scripts/check_demo_model.py --demo mathbatch/demo

The last part asks with other system messages, with the picture after the text and with two pictures at once.
"""

from __future__ import annotations

import argparse
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

from demo_training.evaluation import boxed, read_rows
from PIL import Image

TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4)
SYSTEMS = ("You are a helpful assistant.", r"Please reason step by step, and put your final answer within \boxed{}.")
Row = dict[str, Any]


def _messages(row: Row, images: list[Image.Image], system: str = "", text_first: bool = False) -> list[Row]:
    parts: list[Row] = [{"type": "image_pil", "image_pil": image} for image in images]
    text = {"type": "text", "text": row["query_cot"]}
    user = {"role": "user", "content": [text, *parts] if text_first else [*parts, text]}
    return [{"role": "system", "content": system}, user] if system else [user]


def _by_task(rows: list[Row], texts: list[str]) -> dict[str, float]:
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for row, text in zip(rows, texts, strict=True):
        side = "pictures" if row["image"] else "text"
        for name in (row["metadata"]["task"], side, "all"):
            asked[name] += 1
            right[name] += boxed(text) == row["answer"]
    return {name: round(right[name] / asked[name], 3) for name in sorted(asked)}


def _shuffled(rows: list[Row], within_task: bool) -> list[Row]:
    """Return the same picture questions, each with the picture of another row (of the same task)."""
    group = [row for row in rows if row["image"]]
    random.Random(0).shuffle(group)
    moved = []
    for row in group:
        others = [other for other in group if not within_task or other["metadata"]["task"] == row["metadata"]["task"]]
        moved.append(row | {"image": others[(others.index(row) + 1) % len(others)]["image"]})
    return moved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=Path("mathbatch/demo"), help="folder with model/ and data/")
    parser.add_argument("--seeds", type=int, default=8, help="samples per row at each temperature")
    arguments = parser.parse_args()
    # Left alone, the CPU build may take most of the machine's memory.
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    from vllm import LLM, SamplingParams

    data = arguments.demo / "data"
    rows = read_rows(data)
    engine = LLM(
        model=str(arguments.demo / "model"), enforce_eager=True, max_model_len=1024, limit_mm_per_prompt={"image": 4}
    )

    def ask(asked: list[Row], temperature: float, samples: int = 1, **how: Any) -> list[str]:
        images = [[Image.open(data / row["image"]).convert("RGB")] if row["image"] else [] for row in asked]
        chats = [_messages(row, own, **how) for row, own in zip(asked, images, strict=True)]
        # No seed per request: on vLLM's CPU build (0.32) a seeded request whose prompt is split over two steps
        # kills the engine ("CPU Generator does not use offset"). The engine's own seed still applies.
        parameters = SamplingParams(temperature=temperature, max_tokens=64, n=samples)
        return [o.text for out in engine.chat(chats, parameters, use_tqdm=False) for o in out.outputs]

    greedy = ask(rows, 0.0)
    for row, text in list(zip(rows, greedy, strict=True))[:6]:
        print(f"  {row['query_cot']!r} -> {text!r} (gold {row['answer']})")
    print(f"T=0: {_by_task(rows, greedy)}")
    for within_task in (False, True):
        moved = _shuffled(rows, within_task)
        print(f"pictures shuffled, within task {within_task}: {_by_task(moved, ask(moved, 0.0))}")
    for temperature in TEMPERATURES:
        repeated = [row for row in rows for _ in range(arguments.seeds)]
        print(f"T={temperature}: {_by_task(repeated, ask(rows, temperature, arguments.seeds))}")
    for system in SYSTEMS:
        print(f"system {system!r}: {_by_task(rows, ask(rows, 0.0, system=system))}")
    print(f"picture after the text: {_by_task(rows, ask(rows, 0.0, text_first=True))}")
    pair = [Image.open(data / row["image"]).convert("RGB") for row in rows if row["image"]][:2]
    two = engine.chat([_messages(rows[0], pair)], SamplingParams(temperature=0.0, max_tokens=64), use_tqdm=False)
    print(f"two pictures: {len(two[0].prompt_token_ids)} prompt tokens -> {two[0].outputs[0].text!r}")


if __name__ == "__main__":
    main()
