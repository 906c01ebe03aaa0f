"""A chat template that writes today's date into each prompt writes a fixed one, so that prompts stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configs import composed

from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError
from mathbatch.models.chat_params import chat_params

DATED = "Today is {{ strftime_now('%d %B %Y') }}. {{ messages[0].content }}"


@pytest.mark.usefixtures("vllm")
def test_a_prompt_has_the_date_that_is_set_and_without_one_todays(tmp_path: Path) -> None:
    from transformers import AutoTokenizer
    from vllm.renderers.hf import resolve_chat_template_kwargs

    (tmp_path / "dated.jinja").write_text(DATED, encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(locate(composed().model.path, "model.path"))

    def prompt(*more: str) -> str:
        given = chat_params(composed(f"model.chat_template={tmp_path}/dated.jinja", *more).model)
        assert given.chat_template is not None
        variables = resolve_chat_template_kwargs(tokenizer, given.chat_template, given.chat_template_kwargs)
        variables |= {"chat_template": given.chat_template, "tokenize": False}
        return str(tokenizer.apply_chat_template([{"role": "user", "content": "What is 2 + 2?"}], **variables))

    fixed = "+model.chat_template_kwargs.strftime_now"
    assert prompt(f"{fixed}=2025-03-17") == "Today is 17 March 2025. What is 2 + 2?"
    assert prompt(f"{fixed}=null").endswith(". What is 2 + 2?")
    assert "17 March 2025" not in prompt(f"{fixed}=null") + prompt()


@pytest.mark.parametrize("value", ["today", "2025-02-30", "17", "[2025]"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"model\.chat_template_kwargs\.strftime_now: .* is no date"):
        composed(f"+model.chat_template_kwargs.strftime_now={value}")
