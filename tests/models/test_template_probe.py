"""Check with vLLM's own renderer that pictures and system prompts arrive as written, whatever the template does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from PIL import Image
from support.configs import composed

from mathbatch.config.paths import locate
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.errors import ConfigError, SampleError
from mathbatch.models.conversion import vllm_messages
from mathbatch.models.renderer import PromptRenderer
from mathbatch.records import ImageRef, Sample

pytestmark = pytest.mark.usefixtures("vllm")

PARTS = "{% for p in m.content %}{{ p.text if p.type == 'text' else '<image>' }}{% endfor %}"
# Bodies of templates, of the shapes that published ones have.
TEMPLATES = {
    "parts": PARTS,
    "string": "{{ m.content }}",
    "pictures first": (
        "{% for p in m.content if p.type == 'image' %}<image>{% endfor %}"
        "{% for p in m.content if p.type == 'text' %}{{ p.text }}{% endfor %}"
    ),
    "system as string": (
        "{% if m.role == 'system' or m.content is string %}{{ m.content }}{% else %}" + PARTS + "{% endif %}"
    ),
    "system joined to a string": "{% if m.role == 'system' %}{{ 'Rules: ' + m.content }}{% elif m.content is string %}"
    "{{ m.content }}{% else %}" + PARTS + "{% endif %}",
    "no system": "{% if m.role != 'system' %}" + PARTS + "{% endif %}",
}
SYSTEM = "Say 'yes'.\nOr \"no\"."
Make = Callable[..., PromptRenderer]


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return a function that makes the renderer of the demo model with one of the templates, once each."""

    @cache
    def make(template: str, content_format: str = "auto") -> PromptRenderer:
        file = tmp_path_factory.mktemp("templates") / "template.jinja"
        body = TEMPLATES[template]
        file.write_text("{% for m in messages %}<{{ m.role }}>" + body + "{% endfor %}<answer>", "utf-8")
        config = replace(composed().model, chat_template=str(file), chat_template_content_format=content_format)
        return PromptRenderer(config, locate(config.path, "model.path"))

    return make


def messages_of(query: str, count: int, system: str | None = None) -> list[dict[str, Any]]:
    """Return messages with blank pictures, each with its number as name."""
    images = tuple(ImageRef(label=f"{number}", identity=f"{number}") for number in range(1, count + 1))
    sample = Sample(id="1", row_number=1, row={}, query=query, images=images)
    messages = ChatDataProcessor(system).process(sample).messages
    for message in messages:
        if isinstance(message["content"], list):
            message["content"] = [
                {**part, "image": Image.new("RGB", (64, 64)), "uuid": part["image"].label} if "image" in part else part
                for part in message["content"]
            ]
    return messages


ORDINARY = [("How many?", 0), ("How many?", 1), ("<image>\nHow many?", 1), ("How many?", 4), (" Two\n\nlines \n", 2)]
WITHIN = "Which of <image 1> and <image 2> has more?"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("parts", "<user>Which of <image> and <image> has more?<answer>"),
        ("string", "<user>Which of <image> and <image> has more?<answer>"),
        ("pictures first", "<user><image><image>Which of image 1 and image 2 has more?<answer>"),
        ("system as string", "<user>Which of <image> and <image> has more?<answer>"),
    ],
)
def test_no_word_is_lost_where_the_text_has_pictures(renderer: Make, template: str, expected: str) -> None:
    made = renderer(template)
    assert made.render(messages_of(WITHIN, 2)).text == expected
    assert made.form.moves_images(messages_of(WITHIN, 2)) == (template == "pictures first")
    for query, count in ORDINARY:
        messages = messages_of(query, count)
        prepared, params = made.form.prepare(messages)
        assert prepared == messages, "a prompt with pictures before the text has changed"
        assert params.chat_template_content_format == "auto"


@pytest.mark.parametrize("template", ["parts", "string", "pictures first", "system as string"])
def test_pictures_stand_in_the_order_of_their_places(renderer: Make, template: str) -> None:
    made = renderer(template, "string" if template == "system as string" else "auto")
    queries = {
        "Look at <image2> first, then <image3>. How many?": (3, "123"),
        "First <image 2>, then <image 1>.": (2, "12" if template == "pictures first" else "21"),
        "<image 3><image 1> differ": (4, "2431"),
        WITHIN: (2, "12"),
        "None": (0, ""),
    }
    for query, (count, expected) in queries.items():
        prepared, params = made.form.prepare(messages_of(query, count))
        _, [given] = made._renderer.render_chat([vllm_messages(prepared)[0]], params)
        names = [name.split("-")[0] for name in given.get("mm_hashes", {}).get("image", [])]
        places = [place.offset for place in given.get("mm_placeholders", {}).get("image", [])]
        assert ("".join(names), len(places)) == (expected, count)
        assert places == sorted(places)


def test_a_system_prompt_that_a_template_wants_as_a_string_arrives_as_one(renderer: Make) -> None:
    made = renderer("system as string")
    for query, count in [*ORDINARY, (WITHIN, 2)]:
        without = made.render(messages_of(query, count)).text
        assert made.render(messages_of(query, count, SYSTEM)).text == f"<system>{SYSTEM}{without}"
    assert not made.form.changes_system(messages_of(WITHIN, 2, SYSTEM))


def test_a_system_prompt_that_a_template_refuses_as_parts_is_passed_on_as_a_string(renderer: Make) -> None:
    made = renderer("system joined to a string")
    assert made.render(messages_of(WITHIN, 2, SYSTEM)).text.startswith(f"<system>Rules: {SYSTEM}<user>Which of <image>")
    assert not made.form.changes_system(messages_of(WITHIN, 2, SYSTEM))


def test_a_form_that_is_configured_is_taken_as_it_is(renderer: Make) -> None:
    made = renderer("system as string", "openai")
    messages = messages_of(WITHIN, 2, SYSTEM)
    assert "{'type': 'text'" in made.render(messages).text
    assert made.form.changes_system(messages)
    assert not made.form.changes_system(messages_of(WITHIN, 2))


def test_a_system_prompt_that_is_left_out_is_told(renderer: Make) -> None:
    made = renderer("no system")
    assert made.form.changes_system(messages_of(WITHIN, 2, SYSTEM))
    assert not renderer("parts").form.changes_system(messages_of(WITHIN, 2, SYSTEM))


@pytest.mark.parametrize("template", ["parts", "string", "pictures first"])
def test_words_like_the_models_own_mark_take_no_pictures_place(renderer: Make, template: str) -> None:
    made = renderer(template)

    def parts(*contents: str | None) -> list[dict[str, Any]]:
        image = {"type": "image", "image": Image.new("RGB", (64, 64)), "uuid": "1"}
        return [{"role": "user", "content": [image if it is None else {"type": "text", "text": it} for it in contents]}]

    before, after, alone = (
        parts("A <image> in words, ", None, " B"),
        parts(None, "A <image> in words"),
        parts("<image>"),
    )
    if template == "pictures first":
        assert made.render(before).text == "<user><image>A <image> in words, image 1 B<answer>"
    else:
        with pytest.raises(SampleError, match="<image> in the text is what stands for a picture") as refused:
            made.render(before)
        assert refused.value.kind == "rejected"
    if template == "string":
        with pytest.raises(SampleError, match="<image> in the text"):
            made.render(after)
    else:
        assert made.render(after).text == "<user><image>A <image> in words<answer>"
    assert made.render(alone).image_tokens == []
    assert "<image>" in made.form.special_words(alone)
    assert made.form.special_words(parts(None, "plain words")) == []


def test_a_form_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"(?s)model\.chat_template_content_format.*'list'.*auto, string or openai"):
        composed("model.chat_template_content_format=list")
