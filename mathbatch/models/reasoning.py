"""Separate the reasoning in `<think>…</think>` from the answer."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def split_reasoning(text: str, opened_by_prompt: bool = False) -> tuple[str | None, str]:
    """Return the reasoning, None if there is none, and the answer after it.

    Some chat templates write the opening tag into the prompt, so a closing tag alone is enough. If the text was cut off
    before the closing tag, the answer is empty: the text begins with the opening tag then, or `opened_by_prompt` tells
    that the prompt ends with it.
    """
    before, closed, answer = text.rpartition(CLOSE)
    if closed:
        return before.strip().removeprefix(OPEN).strip(), answer.strip()
    if opened_by_prompt or text.lstrip().startswith(OPEN):
        return text.strip().removeprefix(OPEN).strip(), ""
    return None, text
