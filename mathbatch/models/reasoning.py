"""Reasoning apart from the answer: `<think>…</think>`."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def split_reasoning(text: str, opened_by_prompt: bool = False) -> tuple[str | None, str]:
    """(reasoning, answer). Some chat templates write the opening tag into the prompt, so the closing one alone counts.

    Reasoning that was cut before its closing tag has no answer after it: the answer is empty then.
    """
    before, closed, answer = text.rpartition(CLOSE)
    if closed:
        return before.strip().removeprefix(OPEN).strip(), answer.strip()
    if opened_by_prompt or text.lstrip().startswith(OPEN):
        return text.strip().removeprefix(OPEN).strip(), ""
    return None, text
