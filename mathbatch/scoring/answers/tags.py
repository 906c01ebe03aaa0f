r"""Read a model's own tags: where its thinking ends, where its answer stands, and that the text is over.

    "<think>6 * 6</think>\n<answer>36</answer><|im_end|>"   reads   "36", with the answer "36"

GLM writes its answer between `<|begin_of_box|>` and `<|end_of_box|>`, which is read as a `\boxed{}`.
"""

from __future__ import annotations

import functools
import re
from itertools import pairwise

from mathbatch.models.reasoning import split_reasoning

# Tags around an answer: "<answer>", "</Final Answer>", "<CONCLUSION>". We-Math's "<Answer>: C" is a label.
ANSWER_TAG = re.compile(r"<(?i:(/?)(?:final[\s_]?)?(?:answer|conclusion))>(?!\s?[:：])")
# Tags around the part of a response that is not thought.
PART_TAG = re.compile(r"</?(?i:response|solution|output|result|final)>")
# A box in the words of a model that has no command for it, and of GLM.
BOX_OPENING = re.compile(r"<\|begin_of_box\|>|\\begin\s?\{?boxed\}?(?:\s?\{)?")
BOX_CLOSING = re.compile(r"<\|end_of_box\|>|\}?\s?\\end\s?\{?boxed\}?")
# Ends a text or a turn; some servers leave it in the response.
SPECIAL_TOKEN = re.compile(r"<\|[A-Za-z_]{2,24}\|>|</?s>|<(?:eos|bos|end_of_turn)>")


def final_part(response: str) -> str:
    """Return what follows the thinking of a reasoning model, without its tags.

        "<think>a</think>b" -> "b"

    The result is empty where the thinking was cut off, since that states nothing.
    """
    return PART_TAG.sub("\n", ANSWER_TAG.sub("\n", _after_thinking(response)))


def text_in_answer_tags(response: str) -> str | None:
    """Return what stands between the last `<answer>` and `</answer>` with any text between, or None."""
    text = _after_thinking(response)
    tags = [*ANSWER_TAG.finditer(text)]
    for opening, closing in reversed([*pairwise(tags)]):
        inner = text[opening.end() : closing.start()]
        if closing[1] and not opening[1] and any(letter.isalnum() for letter in inner):
            return inner.strip()
    return None


@functools.lru_cache(1)
def _after_thinking(response: str) -> str:
    """Return the answer behind the thinking; an empty text where the thinking never ends.

    The result is kept until the next response, since each scorer asks for it several times.
    """
    return without_special_tokens(split_reasoning(response)[1])


def without_special_tokens(text: str) -> str:
    r"""Return a text without special tokens, and with the boxes of a model's own kind as `\boxed{}`."""
    if "<" not in text and "\\begin" not in text:
        return text
    text = BOX_CLOSING.sub("}", BOX_OPENING.sub(r"\\boxed{", text))
    return SPECIAL_TOKEN.sub("", text)
