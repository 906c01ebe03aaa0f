"""`mathbatch.check` shows and counts prompts as vLLM makes them, whatever template and processor a model has."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest
from support.configs import composed
from support.images import encoded
from support.inspections import inspected
from support.prompt_files import OF_STRINGS, demo_files, mistral_files, paligemma_files
from support.rendered import prompt_tokens
from support.rows import questions, write_rows

from mathbatch.commands.check.chat import ChatRenderer
from mathbatch.models.image_tokens import PROOF, TokenFormula

pytestmark = pytest.mark.usefixtures("vllm")

# Widths and heights in pixels: very wide, very high, tiny, and of the usual kind.
SIZES = [(1500, 60), (60, 900), (20, 20), (200, 150), (640, 480)]
SPLITTING = (
    "+model.mm_processor_kwargs.do_image_splitting=true",
    "+model.mm_processor_kwargs.size={longest_edge: 256}",
)


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Rows with 0 to 4 pictures of every size."""
    for width, height in SIZES:
        (tmp_path / f"{width}x{height}.png").write_bytes(encoded(size=(width, height)))
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    counts = [0, 1, 1, 1, 1, 1, 2, 3, 4]
    chosen = [rng.choices(SIZES, k=count) for count in counts]
    chosen[1:6] = [[size] for size in SIZES]
    rows = [
        {**row, "image": [f"{width}x{height}.png" for width, height in sizes]}
        for row, sizes in zip(questions(len(counts)), chosen, strict=True)
    ]
    return ["dataset=generic", f"dataset.input={write_rows(tmp_path / 'rows.jsonl', rows)}", "model.max_images=4"]


@pytest.mark.parametrize("arguments", [(), SPLITTING], ids=["whole", "in tiles"])
def test_rows_with_up_to_four_pictures_have_as_many_tokens_as_in_the_engine(
    data: list[str], arguments: tuple[str, ...]
) -> None:
    found = inspected(*data, *arguments)
    assert list(found.tokens) == prompt_tokens(composed(*data, *arguments))
    assert len(found.tokens) == 9
    assert len(found.image_tokens) == 8
    # All but the tiny one are larger than the 64 pixels of the demo's processor, which may cut them in tiles instead.
    assert ("resized picture" in found.findings) == (not arguments)


def test_many_sizes_are_counted_as_in_the_engine_though_not_all_are_preprocessed(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng, rows = random.Random(seed), []
    for row in questions(PROOF + 20):
        name = f"{row['sample_index']}.png"
        (tmp_path / name).write_bytes(encoded(size=(rng.randint(20, 400), rng.randint(20, 400))))
        rows.append({**row, "image": [name]})
    rows.append({**questions(1)[0], "sample_index": "two", "image": ["0.png", f"{PROOF + 19}.png"]})
    arguments = ("dataset=generic", f"dataset.input={write_rows(tmp_path / 'rows.jsonl', rows)}", *SPLITTING)
    found = inspected(*arguments, "model.max_images=2")
    assert list(found.tokens) == prompt_tokens(composed(*arguments, "model.max_images=2"))
    assert "resized picture" not in found.findings


def test_a_formula_that_was_wrong_once_is_never_used() -> None:
    class Processor:
        def _get_num_multimodal_tokens(self, image_sizes: list[tuple[int, int]]) -> dict[str, list[int]]:
            return {"num_image_tokens": [height * width for height, width in image_sizes]}

    formula, wrong = TokenFormula(Processor()), TokenFormula(Processor())
    for side in range(1, PROOF + 1):
        formula.learn((side, 2), 2 * side + 4)
        wrong.learn((side, 2), 2 * side + (4 if side < PROOF else 500))
    assert formula.holds
    assert formula.tokens((7, 9)) == 67
    assert not wrong.holds


def test_a_template_that_reads_strings_gets_strings(data: list[str], tmp_path: Path) -> None:
    arguments = (*data, f"model.path={demo_files(tmp_path / 'model', OF_STRINGS)}")
    found = inspected(*arguments)
    assert list(found.tokens) == prompt_tokens(composed(*arguments))
    assert found.shown[0].prompt == "<|user|>What is 0 + 0?<end_of_utterance><|assistant|>"
    assert found.shown[1].prompt == "<|user|><image>\nWhat is 1 + 1?<end_of_utterance><|assistant|>"
    assert not found.fails


def test_a_model_without_a_template_gets_that_of_vllm_or_hears_what_its_first_picture_needs(
    data: list[str], tmp_path: Path
) -> None:
    arguments = (*data, f"model.path={paligemma_files(tmp_path / 'model')}", "model.max_images=1", "dataset.limit=6")
    # vLLM's PaliGemma imports torchvision as it sees its first picture. The tests of families have one in any case.
    if importlib.util.find_spec("torchvision") is None:
        said = ChatRenderer(composed(*arguments).model).why_not or ""
        assert said.startswith("the model's files need torchvision")
        assert said.endswith("pip install torchvision")
        return
    found = inspected(*arguments)
    assert list(found.tokens) == prompt_tokens(composed(*arguments))
    assert list(found.image_tokens) == [256] * 5
    assert not found.fails


def test_a_tokenizer_without_a_template_is_asked_as_the_engine_asks_it(data: list[str], tmp_path: Path) -> None:
    folder = mistral_files(tmp_path / "model")
    arguments = (*data, f"model.path={folder}", "dataset.image_field=null", "+model.engine.tokenizer_mode=mistral")
    found = inspected(*arguments)
    assert list(found.tokens) == prompt_tokens(composed(*arguments))
    assert found.shown[0].prompt == "<s>[INST]What is 0 + 0?[/INST]"
    assert not found.fails


def test_what_a_template_refuses_is_told_in_its_own_words(data: list[str], tmp_path: Path) -> None:
    template = tmp_path / "mine.jinja"
    template.write_text("{{ raise_exception('only in French') }}")
    rejected = inspected(*data, f"model.chat_template={template}").findings["rejected"]
    assert rejected.count == 9
    assert rejected.examples[0] == "0: only in French"


def test_prompts_beyond_the_context_length_are_counted_in_full(data: list[str]) -> None:
    arguments = (*data, *SPLITTING)
    found, short = inspected(*arguments), inspected(*arguments, "model.max_model_len=100")
    assert list(short.tokens) == list(found.tokens)
    assert short.findings["prompt_too_long"].count == sum(count >= 100 for count in found.tokens) > 0


def test_rows_that_lack_a_picture_are_shown_but_not_counted(data: list[str], tmp_path: Path) -> None:
    (tmp_path / "20x20.png").write_bytes(encoded(size=(20, 20))[:50])
    found = inspected(*data, "dataset.limit=6")
    assert len(found.tokens) == 5
    assert found.findings["broken_image"].count == 1
    assert "<image>" in next(row.prompt for row in found.shown if "broken_image" in row.notes)
