"""`mathbatch.check` finds every bad sample before an engine loads, and counts tokens as the engine does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from support.growth import LINEAR, growth
from support.images import encoded
from support.inspections import inspected
from support.paths import REAL_DATA
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import records
from support.shared_engine import SharedEngine

from mathbatch.commands.check.inspection import Inspection

pytestmark = pytest.mark.usefixtures("vllm")


def check(folder: Path, *arguments: str) -> Any:
    return run(folder, *arguments, module="check", vllm=True)


def test_the_demo_passes_and_shows_prompts_as_the_model_sees_them(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    for words in (
        "prompt of 1",
        "<|im_start|>user",
        "<image>",
        "rows: 92",
        "pictures: 60, 60 distinct",
        "every row can be asked",
    ):
        assert words in done.stdout
    page = (tmp_path / "outputs" / "checks" / "demo-demo.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 1


def test_its_token_counts_are_those_of_the_engine(tmp_path: Path, engine: SharedEngine) -> None:
    found = inspected()
    parts, _ = engine.run(tmp_path)
    counts = {record["id"]: record["prompt_tokens"] for record in records(parts.run_dir)}
    assert list(found.tokens) == [counts[sample.id] for sample in parts.loader]


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """One row of each kind of trouble among healthy ones."""
    (tmp_path / "good.png").write_bytes(encoded())
    (tmp_path / "broken.png").write_bytes(encoded()[:-300])
    (tmp_path / "thin.png").write_bytes(encoded(size=(400, 4)))
    (tmp_path.parent / "outside.png").write_bytes(encoded())
    rows: list[dict[str, Any]] = [{"image": "good.png", "gold": "A"} for _ in range(60)]
    rows[3]["image"] = "absent.png"
    rows[4]["image"] = "broken.png"
    rows[5]["image"] = "thin.png"
    rows[6]["image"] = "../outside.png"
    rows[7]["image"] = "http://169.254.169.254/latest"
    rows[8]["image"] = ["good.png"] * 9
    rows[9]["query_cot"] = ""
    rows[10]["query_cot"] = "long " * 5000
    rows[11]["query_cot"] = "word " * 300
    rows[12]["query_cot"] = "<image1> and <image2>?"
    rows[13]["gold"] = None
    rows[14]["gold"] = "{"
    rows[15]["sample_index"] = "2"
    lines = [{"sample_index": str(at), "query_cot": "What is it?", **row} for at, row in enumerate(rows)]
    return write_rows(tmp_path / "rows.jsonl", lines)


def test_every_kind_of_trouble_is_counted_and_named(tmp_path: Path, dirty: Path) -> None:
    done = check(
        tmp_path, "dataset=generic", f"dataset.input={dirty}", "dataset.answer_field=gold", "sampling.max_tokens=1500"
    )
    assert done.returncode == 1, done.stderr
    kinds = {
        *("missing_image", "broken_image", "extreme picture", "image_outside_root", "image_url", "too_many_images"),
        *("empty_prompt", "prompt_too_long", "short of room", "placeholder without picture", "missing gold"),
        *("unusable gold", "duplicate_id"),
    }
    page = (tmp_path / "outputs" / "checks" / "generic-demo.html").read_text()
    for kind in kinds:
        assert f">{kind}<" in page, kind
    assert "8 things would fail" in done.stdout


def test_a_run_fails_on_exactly_the_rows_that_the_check_says(tmp_path: Path, dirty: Path, engine: SharedEngine) -> None:
    found = inspected("dataset=generic", f"dataset.input={dirty}")
    parts, _ = engine.run(tmp_path, "dataset=generic", f"dataset.input={dirty}")
    failures = [record["failure"]["kind"] for record in records(parts.run_dir) if "failure" in record]
    amiss = {name: finding.count for name, finding in found.findings.items() if finding.amiss}
    assert {kind: failures.count(kind) for kind in failures} == amiss


def test_what_a_row_says_is_escaped_on_the_page(tmp_path: Path) -> None:
    rows = [{**row, "query_cot": "<script>alert(1)</script>"} for row in questions(3)]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    assert check(tmp_path, "dataset=generic", f"dataset.input={data}", "dataset.image_field=null").returncode == 0
    page = next((tmp_path / "outputs" / "checks").glob("*.html")).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


NO_NUMBER = "2: 'A': gsm8k: the gold answer is not one number"


def gold_rows(folder: Path, golds: list[str]) -> list[str]:
    rows = [{**row, "gold": gold} for row, gold in zip(questions(len(golds)), golds, strict=True)]
    data = write_rows(folder / "rows.jsonl", rows)
    return [*overrides(data)[1:], "dataset.answer_field=gold"]


def test_a_gold_that_hangs_or_kills_its_reader_costs_one_finding(tmp_path: Path) -> None:
    arguments = gold_rows(tmp_path, ["1", "hangs in C", "is gone", "raises", "crashes", "2"])
    found = inspected(*arguments, "++scorer._target_=support.odd_scorers.OddGoldScorer").findings["unusable gold"]
    assert [example.split(":")[0] for example in found.examples] == ["1", "2", "3", "4"]
    assert found.examples[0] == "1: 'hangs in C': too hard to compare: it takes over 5 s of processor time"
    assert "code 0" in found.examples[1]
    assert "ZeroDivisionError" in found.examples[2]
    assert "SIGSEGV" in found.examples[3]
    assert [one for one in psutil.Process().children(recursive=True) if "scoring" in one.name()] == []


def test_a_gold_of_which_only_the_text_counts_is_named(tmp_path: Path) -> None:
    arguments = gold_rows(tmp_path, [r"\frac{1}{2}", "np.arctan(4/9)", "x^2+3x", "i^{12}=(i^{4})^{3}=1"])
    found = inspected(*arguments, "dataset.scoring=math").findings
    assert "unusable gold" not in found
    limited = found["gold equal to its text alone"]
    assert [example.split(":")[0] for example in limited.examples] == ["1", "3"]
    assert "'.', which is not known here: only the same text counts" in limited.examples[0]
    assert "can't tell this gold answer from one with another number or sign, such as" in limited.examples[1]


def test_ordinary_golds_are_tried_without_a_process(tmp_path: Path) -> None:
    arguments = gold_rows(tmp_path, ["12", "-3.5", "A", "So it is 7.\n#### 7"])
    before = psutil.Process().children(recursive=True)
    for scoring, count in (("auto", 3), ("gsm8k", 4)):
        found = inspected(*arguments, f"dataset.scoring={scoring}", f"dataset.limit={count}")
        assert found.rows == count
        assert [one.examples for one in found.findings.values()] == ([] if count == 3 else [[NO_NUMBER]])
    assert psutil.Process().children(recursive=True) == before


def test_check_and_scoring_say_the_same_of_a_list_of_golds(tmp_path: Path) -> None:
    arguments = gold_rows(tmp_path, ['["east", "E"]', "['west', 'W']", "north", '["broken'])
    found = inspected(*arguments, "++dataset.scoring={exact:{any_of:true}}").findings
    assert [example.partition(":")[0] for example in found["unusable gold"].examples] == ["3"]


def test_golds_that_are_none_of_the_choices_are_found_and_sets_of_letters_are_not(tmp_path: Path) -> None:
    golds = ["B", "(b)", "A, C", "9 m", "12 m"]
    rows = [
        {**row, "gold": gold, "options": ["9 m", "8 m", "7 m"]} for row, gold in zip(questions(5), golds, strict=True)
    ]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    found = inspected(*overrides(data)[1:], "dataset.answer_field=gold", "dataset.choices_field=options").findings
    assert {name: finding.examples for name, finding in found.items()} == {
        "gold beside the choices": ["4: '12 m' is none of 3 choices"]
    }


def test_what_an_escape_has_eaten_is_found_by_row_and_command(tmp_path: Path) -> None:
    prompts = [r"Put it in \boxed{}.", "Put it in \boxed{}.", "$\frac{1}{2} \times 3$", "1.\tnext\n2.\tlast", "a\x00b"]
    rows = [{**row, "query_cot": prompt, "gold": "4"} for row, prompt in zip(questions(5), prompts, strict=True)]
    rows[3]["gold"] = "\frac{1}{2}"
    data = write_rows(tmp_path / "rows.jsonl", rows)
    found = inspected(*overrides(data)[1:], "dataset.answer_field=gold")
    finding = found.findings["control characters"]
    assert finding.examples[:3] == [r"1: \boxed", r"2: \frac, \times", r"3: \frac"]
    assert finding.count == 4
    assert not found.fails


def test_a_model_whose_files_are_not_here_is_checked_without_tokens(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    done = check(tmp_path, "model=qwen", *overrides(data)[1:])
    assert done.returncode == 0, done.stderr
    assert "tokens: not counted: the model's files are not here" in done.stdout


def test_what_a_run_would_refuse_the_check_refuses(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [{**row, "image": None} for row in questions(3)])
    for key in ("image_field", "answer_field", "query_field", "choices_field"):
        arguments = ("dataset=generic", f"dataset.input={data}", f"dataset.{key}=pictur")
        assert check(tmp_path, *arguments).returncode == run(tmp_path, *arguments).returncode == 2
    assert check(tmp_path, "dataset=generic", f"dataset.input={data}", "dataset.metadata=[tsk]").returncode == 2


def test_thousands_of_rows_with_hundreds_of_pictures_cost_no_more_than_their_number(tmp_path: Path) -> None:
    import random

    from PIL import Image

    rng, noise = random.Random(0), Image.effect_noise((1000, 600), 40).convert("RGB")
    for at in range(400):
        noise.crop((at, 0, at + rng.randint(200, 600), rng.randint(200, 600))).save(tmp_path / f"{at}.jpg", quality=85)
    rows = [{**row, "image": None if at % 10 else f"{at // 10}.jpg"} for at, row in enumerate(questions(4000))]

    def look(size: int) -> Inspection:
        return inspected("dataset=generic", f"dataset.input={write_rows(tmp_path / 'rows.jsonl', rows[:size])}")

    # Loads what an inspection needs, where no test before has done so.
    inspected()
    before = psutil.Process().memory_info().rss
    found = look(4000)
    assert (found.rows, found.distinct_images, found.fails) == (4000, 400, False)
    grown = psutil.Process().memory_info().rss - before
    print(f"{grown / 1e6:.0f} MB")
    assert grown < 400e6
    assert growth(look, 500) < LINEAR


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the benchmarks' own files are not beside the checkout")
@pytest.mark.parametrize(
    ("arguments", "rows", "amiss"),
    [
        (("dataset=mathvision", f"dataset.input={REAL_DATA}/mathvision/testmini.jsonl"), 304, {}),
        (
            ("dataset=mathvision", f"dataset.input={REAL_DATA}/mathvision/test.jsonl", "dataset.image_field=null"),
            3040,
            {},
        ),
        (
            ("dataset=mathvista", f"dataset.input={REAL_DATA}/mathvista/testmini.json", "dataset.image_field=null"),
            1000,
            {},
        ),
        (("dataset=mathvista", f"dataset.input={REAL_DATA}/mathvista/testmini.json"), 1000, {"missing_image": 1000}),
        (("dataset=mathverse_text_only", f"dataset.input={REAL_DATA}/mathverse/testmini_text_only.json"), 788, {}),
        (("dataset=gsm8k", f"dataset.input={REAL_DATA}/gsm8k/test.jsonl"), 1319, {}),
    ],
)
def test_the_real_rows_are_as_they_should_be(arguments: tuple[str, ...], rows: int, amiss: dict[str, int]) -> None:
    found = inspected(*arguments, "model.max_model_len=8192")
    assert found.rows == rows
    assert {name: finding.count for name, finding in found.findings.items() if finding.amiss} == amiss
