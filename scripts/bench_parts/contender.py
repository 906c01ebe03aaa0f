"""Run one of the alternatives to MathBatch, in a process of its own; started by throughput.py.

llm_chat: all pictures decoded, all prompts at once through vLLM's LLM.chat.
sync500: the original's way, batches of 500 one after another. For each batch every picture is opened and sent through
PNG and base64 to fill the chat template, the pictures themselves go to LLM.generate, and at the end of each batch the
whole result file is written again.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vllm import LLM, SamplingParams

BATCH = 500
MAX_MODEL_LEN = 2048
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=("llm_chat", "sync500"))
    for name in ("--model", "--rows", "--results", "--report"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--max-tokens", type=int, required=True)
    arguments = parser.parse_args()
    from vllm import LLM, SamplingParams

    llm = LLM(
        str(arguments.model),
        enforce_eager=True,
        max_model_len=MAX_MODEL_LEN,
        limit_mm_per_prompt={"image": 1},
    )
    sampling = SamplingParams(temperature=0.0, max_tokens=arguments.max_tokens)
    run = llm_chat if arguments.contender == "llm_chat" else sync500
    started = time.monotonic()
    tokens = run(llm, sampling, arguments.rows, arguments.results)
    seconds = time.monotonic() - started
    arguments.report.write_text(json.dumps({"seconds": seconds, "output_tokens": tokens}))


def llm_chat(llm: LLM, sampling: SamplingParams, rows_path: Path, results: Path) -> int:
    rows = read_rows(rows_path)
    conversations: list[Any] = []
    for row in rows:
        content: list[Row] = [{"type": "text", "text": row["query_cot"]}]
        if "image" in row:
            content.insert(0, {"type": "image_pil", "image_pil": open_picture(rows_path.parent / row["image"])})
        conversations.append([{"role": "user", "content": content}])
    outputs = llm.chat(conversations, sampling, use_tqdm=False)
    write_results(results, [answered(row, output) for row, output in zip(rows, outputs, strict=True)])
    return sum(len(output.outputs[0].token_ids) for output in outputs)


def sync500(llm: LLM, sampling: SamplingParams, rows_path: Path, results: Path) -> int:
    rows, done, tokens = read_rows(rows_path), list[Row](), 0
    tokenizer: Any = llm.get_tokenizer()
    for start in range(0, len(rows), BATCH):
        batch, inputs = rows[start : start + BATCH], list[Any]()
        for row in batch:
            content: list[Row] = [{"type": "text", "text": row["query_cot"]}]
            picture = open_picture(rows_path.parent / row["image"]) if "image" in row else None
            if picture is not None:
                content.insert(0, {"type": "image_url", "image_url": {"url": data_url(picture)}})
            text = tokenizer.apply_chat_template(
                [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
            )
            inputs.append({"prompt": text} | ({"multi_modal_data": {"image": picture}} if picture is not None else {}))
        outputs = llm.generate(inputs, sampling, use_tqdm=False)
        done += [answered(row, output) for row, output in zip(batch, outputs, strict=True)]
        tokens += sum(len(output.outputs[0].token_ids) for output in outputs)
        write_results(results, done)
    return tokens


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def open_picture(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.convert("RGB")


def data_url(picture: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def answered(row: Row, output: Any) -> Row:
    return row | {"model_answer": output.outputs[0].text}


def write_results(path: Path, rows: list[Row]) -> None:
    """Write the whole file, durably: an answer counts once it would survive."""
    with path.open("w", encoding="utf-8") as stream:
        json.dump(rows, stream)
        stream.flush()
        os.fsync(stream.fileno())


if __name__ == "__main__":
    main()
