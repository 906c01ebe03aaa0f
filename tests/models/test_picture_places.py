"""Check that words or placeholders stand where the text has pictures, if something else moves these to the front."""

from __future__ import annotations

from typing import Any

import pytest

from mathbatch.data.processors import ChatDataProcessor
from mathbatch.models.picture_places import has_images_within_text, name_images, write_placeholders
from mathbatch.records import ImageRef, Sample


def messages_of(query: str, count: int) -> list[dict[str, Any]]:
    """Return the messages of a prompt with pictures `p1`, `p2` and so on."""
    images = tuple(ImageRef(label=f"p{number}", identity=f"p{number}") for number in range(1, count + 1))
    return ChatDataProcessor(None).process(Sample(id="1", row_number=1, row={}, query=query, images=images)).messages


def shown(messages: list[dict[str, Any]]) -> str:
    """Return the content of the last message as one text, with the label of each picture in brackets."""
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] if part["type"] == "text" else f"[{part['image'].label}]" for part in content)


@pytest.mark.parametrize(
    ("query", "count", "expected"),
    [
        ("Which of <image 1> and <image 2> is more?", 2, "[p1][p2]Which of image 1 and image 2 is more?"),
        ("<image> and <image> differ.", 2, "[p1][p2]image 1 and image 2 differ."),
        ("<image>\nand\n<image>\n\nCompare.", 2, "[p1][p2]image 1\nand\nimage 2\n\nCompare."),
        ("First <image 2>, then <image 1>. Is image 2 red?", 2, "[p1][p2]First image 2, then image 1. Is image 2 red?"),
        ("Look at <image2>, then <image3>.", 3, "[p1][p2][p3]Look at image 2, then image 3."),
        ("See <image 1>. In <image 1> and <image 2>", 2, "[p1][p2]See image 1. In image 1 and image 2"),
        ("See <image 1>.", 2, "[p1][p2]See image 1."),
        ("如图<image>所示", 1, "[p1]如图 image 1 所示"),
        ("A<image><image>B", 2, "[p1][p2]A image 1 image 2 B"),
        ("Find the area of <image>", 1, "[p1]Find the area of image 1"),
        ("How many?\n<image>", 1, "[p1]How many?\n"),
        ("How many? <image> \n", 1, "[p1]How many?  \n"),
        ("Compare. <image 1> with <image 2>", 2, "[p1][p2]Compare. image 1 with image 2"),
    ],
)
def test_words_stand_where_the_text_has_pictures_that_a_template_moves(query: str, count: int, expected: str) -> None:
    assert shown(name_images(messages_of(query, count))) == expected


@pytest.mark.parametrize(
    ("query", "count"),
    [("How many?", 0), ("How many?", 2), ("<image>\nHow many?", 1), ("\n<image>\n<image 2> How many?", 2)],
)
def test_messages_whose_pictures_stand_before_the_text_stay_as_they_are(query: str, count: int) -> None:
    messages = messages_of(query, count)
    assert not any(map(has_images_within_text, messages))
    assert name_images(messages) == messages
    assert write_placeholders(messages, "<{}>".format, also_before_text=False) == messages


@pytest.mark.parametrize(
    ("query", "count", "also_before_text", "expected"),
    [
        ("Which of <image 1> and <image 2>?", 2, False, "[p1][p2]Which of <1> and <2>?"),
        ("Look at <image2>, then <image3>.", 3, False, "[p1][p2][p3]Look at <2>, then <3>."),
        ("Look at <image2>, then <image3>.", 3, True, "[p1][p2][p3]<1>Look at <2>, then <3>."),
        ("First <image 2>, then <image 1>", 2, False, "[p2][p1]First <1>, then <2>"),
        ("How many?", 2, True, "[p1][p2]<1><2>How many?"),
        ("How many?", 0, True, "How many?"),
    ],
)
def test_placeholders_stand_in_the_order_of_their_pictures(
    query: str, count: int, also_before_text: bool, expected: str
) -> None:
    assert shown(write_placeholders(messages_of(query, count), "<{}>".format, also_before_text)) == expected


def test_pictures_of_a_processor_that_numbers_none_are_counted_through_all_messages() -> None:
    image = ImageRef(label="p", identity="p")
    content = [{"type": "text", "text": "See "}, {"type": "image", "image": image}, {"type": "text", "text": " here"}]
    named = name_images([{"role": "user", "content": content}, {"role": "user", "content": content}])
    assert [shown([message]) for message in named] == ["[p]See image 1 here", "[p]See image 2 here"]


def test_the_number_of_a_picture_changes_no_digest() -> None:
    from mathbatch.data.digests import prompt_hash

    messages = messages_of("See <image> here", 1)
    plain = [
        {**message, "content": [{k: v for k, v in part.items() if k != "number"} for part in message["content"]]}
        for message in messages
    ]
    assert messages != plain
    assert prompt_hash(messages) == prompt_hash(plain)
