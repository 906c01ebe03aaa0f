r"""What a model's own marks say: where its thinking ends, where its answer stands, and that the text is over.

    "<think>6 * 6</think>\n<answer>36</answer><|im_end|>"   is   "\n\n36\n"   to who reads it, and "36" the answer

GLM puts its answer between `<|begin_of_box|>` and `<|end_of_box|>`, which is a `\boxed{}`.
"""

from __future__ import annotations

import re

OPENING = "<answer>"
CLOSING = "</answer>"
GLM_BOXES = ("<|begin_of_box|>", "\\boxed{"), ("<|end_of_box|>", "}")
SPECIAL_TOKEN = re.compile(r"<\|[a-z_]{2,24}\|>|</?s>|<(?:eos|bos|end_of_turn)>")
"""They end a text or a turn where a server leaves them in."""
THINKING_STARTS = re.compile(r"(?:assistant\s{0,3})?<think>")
"""How a response that thinks begins, behind the tokens that begin a turn."""


def final_part(response: str) -> str:
    """What follows the thinking of a reasoning model, without its marks; nothing where the thinking was cut off, as it
    states nothing."""
    return _after_thinking(response).replace(OPENING, "\n").replace(CLOSING, "\n")


def text_in_answer_tags(response: str) -> str | None:
    """What stands between the last tags that have anything between them."""
    for piece in reversed(_after_thinking(response).split(OPENING)[1:]):
        inner, closed, _ = piece.partition(CLOSING)
        if closed and any(letter.isalnum() for letter in inner):
            return inner.strip()
    return None


def _after_thinking(response: str) -> str:
    _, end, rest = response.rpartition("</think>")
    text = without_special_tokens(rest)
    return "" if not end and THINKING_STARTS.match(text.lstrip()) else text


def without_special_tokens(text: str) -> str:
    """The text without special tokens, and with the boxes of GLM as those of LaTeX."""
    if "<" not in text:
        return text
    for tag, written in GLM_BOXES:
        text = text.replace(tag, written)
    return SPECIAL_TOKEN.sub("", text)
