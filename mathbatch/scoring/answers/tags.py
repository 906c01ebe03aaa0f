r"""Read a model's own tags: where its thinking ends, where its answer stands, and that the text is over.

    "<think>6 * 6</think>\n<answer>36</answer><|im_end|>"   reads   "\n\n36\n", with the answer "36"

GLM writes its answer between `<|begin_of_box|>` and `<|end_of_box|>`, which is read as a `\boxed{}`.
"""

from __future__ import annotations

import re

OPENING = "<answer>"
CLOSING = "</answer>"
GLM_BOXES = ("<|begin_of_box|>", "\\boxed{"), ("<|end_of_box|>", "}")
# Ends a text or a turn; some servers leave it in the response.
SPECIAL_TOKEN = re.compile(r"<\|[a-z_]{2,24}\|>|</?s>|<(?:eos|bos|end_of_turn)>")
# Start of a response that thinks, behind the tokens that begin a turn.
THINKING_STARTS = re.compile(r"(?:assistant\s{0,3})?<think>")


def final_part(response: str) -> str:
    """Return what follows the thinking of a reasoning model, without its tags.

        "<think>a</think>b" -> "b"

    The result is empty where the thinking was cut off, since that states nothing.
    """
    return _after_thinking(response).replace(OPENING, "\n").replace(CLOSING, "\n")


def text_in_answer_tags(response: str) -> str | None:
    """Return what stands between the last `<answer>` and `</answer>` with any text between, or None."""
    for piece in reversed(_after_thinking(response).split(OPENING)[1:]):
        inner, closed, _ = piece.partition(CLOSING)
        if closed and any(letter.isalnum() for letter in inner):
            return inner.strip()
    return None


def _after_thinking(response: str) -> str:
    """Return what follows the last `</think>`, or an empty text where the thinking never ends."""
    _, end, rest = response.rpartition("</think>")
    text = without_special_tokens(rest)
    return "" if not end and THINKING_STARTS.match(text.lstrip()) else text


def without_special_tokens(text: str) -> str:
    r"""Return a text without special tokens, and with the boxes of GLM as `\boxed{}`."""
    if "<" not in text:
        return text
    for tag, written in GLM_BOXES:
        text = text.replace(tag, written)
    return SPECIAL_TOKEN.sub("", text)
