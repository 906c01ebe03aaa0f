"""Made-up rows in the shapes of the benchmarks, as the hub has them: `write` makes a local folder that loads alike."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

Splits = dict[tuple[str, str], list[dict[str, Any]]]
"""Rows by configuration and split."""


def picture(size: int = 64) -> dict[str, Any]:
    """A picture as hub datasets embed it."""
    stream = io.BytesIO()
    Image.new("RGB", (size, size), (size % 256, 90, 200)).save(stream, "PNG")
    return {"bytes": stream.getvalue(), "path": f"{size}.png"}


def mathvista() -> Splits:
    base = {"unit": None, "precision": None, "choices": None}
    metadata = {"category": "math-targeted-vqa", "context": "geometry diagram", "grade": "high school",
                "img_height": 64, "img_width": 64, "language": "english", "skills": ["geometry reasoning", "algebraic reasoning"],
                "source": "made up", "split": "testmini", "task": "geometry problem solving"}  # fmt: skip
    rows = [
        {"question": "Which side is longer?", "choices": ["AB", "CD", "EF"], "answer": "CD", "question_type": "multi_choice", "answer_type": "text"},
        {"question": "How much is in the cup?", "unit": "g", "answer": "40", "question_type": "free_form", "answer_type": "integer"},
        {"question": "How far?", "precision": 1.0, "answer": "1.2", "question_type": "free_form", "answer_type": "float"},
        {"question": "The weight?", "precision": 2.0, "answer": "0.25", "question_type": "free_form", "answer_type": "float"},
        {"question": "The list?", "answer": "[0, 2]", "question_type": "free_form", "answer_type": "list"},
    ]  # fmt: skip
    return {
        ("default", "testmini"): [
            {**base, "pid": str(at), "image": f"images/{at}.jpg", "decoded_image": picture(60 + at), **row,
             "metadata": metadata, "query": row["question"]}
            for at, row in enumerate(rows, 1)
        ]
    }  # fmt: skip


def _mathverse_row(at: int, version: str, image: Any, question: str) -> dict[str, Any]:
    return {
        "sample_index": str(at), "problem_index": "1", "problem_version": version, "question": question, "image": image,
        "answer": "D", "question_type": "multi-choice",
        "metadata": {"split": "testmini", "source": "made up", "subject": "Plane Geometry", "subfield": "Angle"},
        "query_wo": f"Please directly answer.\nQuestion: {question}", "query_cot": f"Please reason.\nQuestion: {question}",
        "question_for_eval": question,
    }  # fmt: skip


def mathverse() -> Splits:
    versions = ("Text Dominant", "Text Lite", "Vision Intensive", "Vision Dominant", "Vision Only")
    rows = [
        _mathverse_row(at, v, picture(70), "" if v == "Vision Only" else "Find x.") for at, v in enumerate(versions, 1)
    ]
    return {("testmini", "testmini"): rows}


def mathverse_text_only() -> Splits:
    rows = [_mathverse_row(at, "Text Only", "", "In the triangle …\nChoices:\nA:40°\nB:60°") for at in (1, 2)]
    return {("testmini_text_only", "testmini_text_only"): rows}


def mathvision() -> Splits:
    rows = [
        {"question": "Which weekday was that?\n<image1>", "options": ["Friday", "Monday", "Sunday", "Tuesday", "Thursday"], "answer": "A", "level": 2, "subject": "arithmetic"},
        {"question": "Which number?\n<image1>", "options": [], "answer": "60", "level": 5, "subject": "logic"},
        {"question": "Which of <image1> and <image2> fits?", "options": ["A", "B", "C", "D", "E"], "answer": "C", "level": 1, "subject": "counting"},
        {"question": "Which one?\n<image1>", "options": ["<image2>", "<image3>", "x", "y", "z"], "answer": "B", "level": 3, "subject": "topology"},
    ]  # fmt: skip
    return {
        ("default", "testmini"): [
            {"id": str(at), **row, "image": f"images/{at}.jpg", "decoded_image": picture(80 + at), "solution": None}
            for at, row in enumerate(rows, 1)
        ]
    }


def wemath() -> Splits:
    rows = [
        {"ID": "2steps_1", "key": key, "question": "OA = ( ) m", "answer": answer, "question number": at,
         "option": "A. 300, 400;B. 400, 300;C. 3; or more; D. No correct answer", "split": "testmini",
         "knowledge concept": "Length Units", "knowledge concept description": "…", "image_path": picture(50 + at)}
        for at, (key, answer) in enumerate([("2steps_1", "A"), ("2steps_2", "C"), ("2steps_multi", "B")], 1)
    ]  # fmt: skip
    return {("default", "testmini"): rows}


def dynamath() -> Splits:
    kinds = [("float", "2.0944"), ("multiple choice", "A"), ("text", "May")]
    return {
        ("default", f"sample_variant{variant}"): [
            {"id": str(at), "question": f"Question {at}, variant {variant}?", "image": f"images/{at}.png",
             "decoded_image": picture(40 + variant), "ground_truth": answer, "answer_type": kind,
             "subject": "algebra", "knowledge_level": "high school"}
            for at, (kind, answer) in enumerate(kinds, 1)
        ]
        for variant in range(1, 11)
    }  # fmt: skip


def mmmu_math() -> Splits:
    empty = {f"image_{at}": None for at in range(1, 8)}
    common = {"explanation": "", "img_type": "['Tables']", "topic_difficulty": "Easy", "subfield": "Algebra"}
    rows = [
        {"id": "validation_Math_1", "question": "<image 1> What is the cost?", "options": "['$6', '$7', \"it's 8\"]", "answer": "B", "question_type": "multiple-choice", "image_1": picture(61)},
        {"id": "validation_Math_2", "question": "Compare <image 1> and <image 2>.", "options": "['<image 3>', 'both']", "answer": "A", "question_type": "multiple-choice", "image_1": picture(62), "image_2": picture(63), "image_3": picture(64)},
        {"id": "validation_Math_3", "question": "How many? <image 1>", "options": "[]", "answer": "12", "question_type": "open", "image_1": picture(65)},
    ]  # fmt: skip
    return {("Math", "validation"): [{**empty, **common, **row} for row in rows]}


def geometry3k() -> Splits:
    rows = [{"images": [picture(90)], "problem": "<image>Find x.", "answer": "3"},
            {"images": [picture(91)], "problem": "<image>Find y.", "answer": "2 \\sqrt { 221 }"}]  # fmt: skip
    return {("default", "test"): rows}


def gsm8k() -> Splits:
    rows = [{"question": "How many eggs?", "answer": "16 - 3 = <<16-3=13>>13 eggs.\n#### 13"},
            {"question": "How much money?", "answer": "A lot.\n#### 1,080"}]  # fmt: skip
    return {("main", "test"): rows}


def math500() -> Splits:
    rows = [{"problem": "What is $DE$?", "solution": "… \\boxed{\\sqrt{51}}", "answer": "\\sqrt{51}",
             "subject": "Precalculus", "level": 1, "unique_id": "test/precalculus/1.json"}]  # fmt: skip
    return {("default", "test"): rows}


def aime2024() -> Splits:
    rows = [{"id": 60, "problem": "Every morning …", "solution": "…", "answer": "204", "url": "…", "year": "2024"},
            {"id": 61, "problem": "Find the sum.", "solution": "…", "answer": "033", "url": "…", "year": "2024"}]  # fmt: skip
    return {("default", "train"): rows}


def aime2025() -> Splits:
    return {(f"AIME2025-{part}", "test"): [{"question": f"Problem {part}?", "answer": "70"}] for part in ("I", "II")}


def mgsm() -> Splits:
    languages = ("en", "es", "fr", "de", "ru", "zh", "ja", "th", "sw", "bn", "te")
    row = {"question": "Wie viele?", "answer": None, "answer_number": 18, "equation_solution": None}
    return {(language, "test"): [row, row] for language in languages}


BENCHMARKS = {
    function.__name__: function
    for function in (
        *(mathvista, mathverse, mathverse_text_only, mathvision, wemath, dynamath, mmmu_math, geometry3k),
        *(gsm8k, math500, aime2024, aime2025, mgsm),
    )
}


def write(folder: Path, splits: Splits) -> Path:
    """A folder that the `datasets` library loads by configuration and split, pictures as its Image feature."""
    import datasets

    lines = ["---", "configs:"]
    for config in dict.fromkeys(config for config, _ in splits):
        lines += [f"- config_name: {config}", "  data_files:"]
        for (owner, split), rows in splits.items():
            if owner == config:
                name = f"{config}-{split}.parquet"
                lines += [f"  - split: {split}", f"    path: {name}"]
                _typed(datasets.Dataset.from_list(rows)).to_parquet(folder / name)
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]))
    return folder


def _typed(table: Any) -> Any:
    """Columns of {"bytes", "path"} as pictures."""
    import datasets

    for name, feature in table.features.items():
        if isinstance(feature, dict) and set(feature) == {"bytes", "path"}:
            table = table.cast_column(name, datasets.Image())
        if isinstance(feature, datasets.List) and isinstance(feature.feature, dict):
            table = table.cast_column(name, datasets.List(datasets.Image()))
    return table
