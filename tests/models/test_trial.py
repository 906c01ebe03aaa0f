"""Check what real vLLM ignores or refuses for every request: it is refused before the weights are loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.configs import composed
from support.processes import run

from mathbatch.config.overrides import allow_new_key
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of
from mathbatch.models.trial import variables_of
from mathbatch.runner.components import sampling_values

TEMPLATE = """
{%- set thinks = enable_thinking is not defined or enable_thinking -%}
{%- for message in messages -%}
{{ bos_token }}{% generation %}{{ message.content }}{% endgeneration %}{% if loop.index > 3 %}{% break %}{% endif %}
{%- endfor -%}
"""


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """Return a copy of the demo model that has no chat template."""
    folder = tmp_path / "model"
    shutil.copytree(locate(composed().model.path, "model.path"), folder)
    (folder / "chat_template.jinja").unlink()
    return folder


def refusal(*arguments: str) -> str | None:
    """Return what is said before the load, None where nothing is amiss."""
    config = composed(*map(allow_new_key, arguments))
    model, values = model_of(config), sampling_values(config.sampling)
    try:
        model.check_sampling(values)
        model.check_before_load(values)
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.usefixtures("vllm")
@pytest.mark.parametrize(
    ("argument", "path", "words"),
    [
        ("model.mm_processor_kwargs.do_rezise=false", "", "did you mean 'do_resize'?"),
        ("model.mm_processor_kwargs.max_pixels=900", "", "do_image_splitting"),
        ("model.mm_processor_kwargs.images_kwargs.do_rezise=true", "", "did you mean 'do_resize'?"),
        ("model.chat_template_kwargs.thinking_mode=off", "", "reads no such variable"),
        ("sampling.temperature=2.5", "", "must be in [0, 2]"),
        ("sampling.bad_words=['  ']", "sampling.bad_words", "at least one token"),
        ("sampling.allowed_token_ids=[3,70000]", "sampling.allowed_token_ids", "out-of-vocab"),
        ("sampling.stop_token_ids=[70000]", "sampling.stop_token_ids", "[70000]"),
        ("sampling.logit_bias.70000=2", "", "[70000]"),
        ("sampling.structured_outputs.regex='(a'", "", "regex"),
        ("sampling.structured_outputs.json={type: strin}", "sampling.structured_outputs.json", "strin"),
        ("sampling.structured_outputs.choice=[]", "sampling.structured_outputs.choice", "empty list"),
        ("sampling.structured_outputs={regex: a, choice: [b]}", "sampling.structured_outputs", "only use one kind"),
        ("sampling.thinking_token_budget=9", "", "set model.reasoning"),
        ("model.reasoning=deepseek_r1", "", "does not fit"),
        ("sampling.repetition_detection.max_pattern_size=4", "", "min_count"),
    ],
)
def test_what_no_request_can_have_is_refused_with_its_key(argument: str, path: str, words: str) -> None:
    told = refusal(argument)
    assert told is not None
    assert told.startswith(f"{path or argument.partition('=')[0]}: ")
    assert words in told
    assert "parameter=" not in told


@pytest.mark.usefixtures("vllm")
@pytest.mark.parametrize(
    "argument",
    [
        "model.mm_processor_kwargs.do_image_splitting=false",
        "model.mm_processor_kwargs.size={longest_edge: 64}",
        "model.mm_processor_kwargs.images_kwargs={do_resize: false}",
        "model.mm_processor_kwargs={image_seq_len: 16, use_fast: false, device: cpu, padding_side: left}",
        "model.chat_template_kwargs={add_generation_prompt: true, continue_final_message: false}",
        "sampling.allowed_token_ids=[3,4]",
        "sampling.bad_words=[word]",
        "sampling.structured_outputs.regex='[0-9]+'",
        "sampling.structured_outputs.choice=[A,B]",
        "sampling.extra_args.mine=1",
        "sampling.temperature=2",
        "model.reasoning=qwen3",
        "model.reasoning=openai_gptoss",
    ],
)
def test_what_is_read_and_taken_is_not_refused(argument: str) -> None:
    assert refusal(argument) is None


@pytest.mark.usefixtures("vllm")
def test_too_many_tokens_at_least_are_refused_where_only_the_context_is_the_limit() -> None:
    told = refusal("sampling.max_tokens=null", "sampling.min_tokens=9000")
    assert told is not None
    assert told.startswith("sampling.min_tokens: ")
    assert refusal("sampling.max_tokens=null", "sampling.min_tokens=90") is None


@pytest.mark.usefixtures("vllm")
def test_a_checkpoint_without_a_chat_template_needs_one(demo: Path, tmp_path: Path) -> None:
    told = refusal(f"model.path={demo}")
    assert told is not None
    assert told.startswith(f"model.chat_template: {demo} has no chat template")
    template = tmp_path / "mine.jinja"
    template.write_text(TEMPLATE)
    assert refusal(f"model.path={demo}", f"model.chat_template={template}") is None
    told = refusal(f"model.chat_template={template}", "model.chat_template_kwargs.enable_thinkin=false")
    assert told is not None
    assert told.endswith("did you mean 'enable_thinking'?")
    assert refusal(f"model.chat_template={template}", "model.chat_template_kwargs.enable_thinking=false") is None
    assert refusal(f"model.chat_template={template}", "model.chat_template_kwargs.strftime_now='2025-03-17'") is None
    template.write_text("{{ raise_exception('a system prompt is needed') }}")
    assert refusal(f"model.chat_template={template}") is None
    for text in ("", "Answer with a number."):
        template.write_text(text)
        told = refusal(f"model.chat_template={template}")
        assert told is not None
        assert told.startswith("model.chat_template: the prompts that it makes are without the question")
    template.write_text("{% for message in messages %}{{ message")
    told = refusal(f"model.chat_template={template}")
    assert told is not None
    assert told.startswith("model.chat_template: it is no Jinja template: line 1")


@pytest.mark.usefixtures("vllm")
@pytest.mark.parametrize("reasoning", ["qwen3", "['<think>','</think>']"])
def test_a_budget_of_thoughts_needs_marks_that_end_them(reasoning: str) -> None:
    assert refusal("sampling.thinking_token_budget=9", f"model.reasoning={reasoning}") is None
    config = "model.engine.reasoning_config={reasoning_end_str: 'So.</think>'}"
    assert refusal("sampling.thinking_token_budget=9", f"model.reasoning={reasoning}", config) is None
    told = refusal("sampling.thinking_token_budget=-9", f"model.reasoning={reasoning}")
    assert told is not None
    assert told.startswith("sampling.thinking_token_budget: ")
    told = refusal("sampling.thinking_token_budget=9", "model.reasoning=granite")
    assert told is not None
    assert told.startswith("sampling.thinking_token_budget: ")
    assert "granite tells none" in told


def test_a_template_reads_what_it_does_not_set_itself() -> None:
    assert variables_of(TEMPLATE) == {"enable_thinking", "messages", "bos_token"}


@pytest.mark.usefixtures("vllm")
def test_a_checkpoint_that_is_not_here_yet_is_not_judged() -> None:
    assert refusal("model.path=maker/solver", "model.chat_template_kwargs.anything=1") is None


@pytest.mark.usefixtures("vllm")
def test_one_bad_cell_of_a_sweep_is_named_before_anything_loads(tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "dataset.limit=1", "sampling.allowed_token_ids=[5],[80000]")
    assert done.returncode == 2
    assert "job 1 of the sweep" in done.stderr
    assert "sampling.allowed_token_ids" in done.stderr
    assert not list(tmp_path.glob("outputs/demo"))
    assert done.stderr.count("\n") < 4  # nothing of what vLLM has to say


@pytest.mark.usefixtures("vllm")
def test_the_check_of_a_dataset_names_them_too(tmp_path: Path) -> None:
    done = run(tmp_path, "dataset.limit=1", "model.mm_processor_kwargs.do_rezise=false", module="check", vllm=True)
    assert done.returncode == 2
    assert "model.mm_processor_kwargs.do_rezise: the processor has no such argument" in done.stderr
