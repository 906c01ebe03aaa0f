"""Do the least that any runner does, as a measure of this machine: read each row, write its answer, write results.

Every answer is written as it comes, and what is written is synced once a second, as MathBatch does it; nothing is
checked, nothing could be resumed. Started by overhead.py: python -m bench_parts.bare ROWS FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

SYNC_EVERY_S = 1.0


def main(rows: Path, folder: Path) -> None:
    """Answer all rows into `folder`, then write them again with their answers."""
    folder.mkdir(parents=True, exist_ok=True)
    synced = time.monotonic()
    with rows.open(encoding="utf-8") as source, (folder / "answers.jsonl").open("wb", buffering=0) as answers:
        for line in source:
            row = json.loads(line)
            text = hashlib.blake2b(row["query_cot"].encode(), digest_size=4).hexdigest()
            answer = {"id": row["sample_index"], "text": f"\\boxed{{{text}}}"}
            answers.write(json.dumps(answer).encode() + b"\n")
            if time.monotonic() - synced > SYNC_EVERY_S:
                os.fsync(answers.fileno())
                synced = time.monotonic()
        os.fsync(answers.fileno())
    with (
        rows.open(encoding="utf-8") as source,
        (folder / "answers.jsonl").open(encoding="utf-8") as answers_,
        (folder / "results.jsonl").open("w", encoding="utf-8") as results,
    ):
        for line, answer_line in zip(source, answers_, strict=True):
            row = json.loads(line)
            row["model_answer"] = json.loads(answer_line)["text"]
            results.write(json.dumps(row) + "\n")
        results.flush()
        os.fsync(results.fileno())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
