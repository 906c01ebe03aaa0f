r"""Put a question to the model: instructions around it, the picture's place, the system message, the template.

So small a network only answers wordings that it was trained on, so training varies everything a user of the runner is
likely to change. `render_chat` must give exactly what CHAT_TEMPLATE gives; `check_template` proves it on every run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from demo_training.tasks import Question

END = "<end_of_utterance>"
START = "<|im_start|>"
IMAGE = "<image>"

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' -%}{{- '<image>' -}}"
    "{%- elif part['type'] == 'text' -%}{{- part['text'] -}}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{{- '<end_of_utterance>\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
)

SYSTEMS = (
    ("", 40),
    ("You are a helpful assistant.", 25),
    (r"Please reason step by step, and put your final answer within \boxed{}.", 25),
    (r"You are a careful mathematician. Put your final answer within \boxed{}.", 10),
)
SUFFIXES = (
    ("", 35),
    ("\nPut your final answer within \\boxed{}.", 25),
    ("\nPlease reason step by step, and put your final answer within \\boxed{}.", 15),
    (" Please reason step by step, and put your final answer within \\boxed{}.", 15),
    (" Give the final answer in \\boxed{}.", 10),
)
# The wordings of public benchmarks (MathVista's hints, MathVerse's query_cot), so that their recipes fit the demo too.
PREFIXES = {
    "free-form": (
        ("", 82),
        ("Question: ", 6),
        (
            "Hint: Please answer the question requiring an integer answer and provide the final value, e.g., 1, 2, 3, "
            "at the end.\nQuestion: ",
            6,
        ),
        (
            "Please first conduct reasoning, and then answer the question and provide the final value, "
            "e.g., 1, 2.5, 300, at the end.\nQuestion: ",
            6,
        ),
    ),
    "multi-choice": (
        ("", 82),
        ("Question: ", 6),
        (
            "Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end.\n"
            "Question: ",
            6,
        ),
        (
            "Please first conduct reasoning, and then answer the question and provide the correct option letter, "
            "e.g., A, B, C, D, at the end.\nQuestion: ",
            6,
        ),
    ),
}
LAYOUTS = (("{image}{text}", 55), ("{image}\n{text}", 20), ("{text}{image}", 10), ("{text}\n{image}", 15))


@dataclass(frozen=True)
class Prompt:
    """Conversation up to the model's turn; `user` holds <image> where the picture goes."""

    system: str
    user: str


def _pick(rng: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


def wrap_question(rng: random.Random, question: Question) -> str:
    """Return the question with a random prefix and suffix."""
    prefix = _pick(rng, PREFIXES[question.kind])
    suffix = _pick(rng, SUFFIXES)
    return prefix + question.text + suffix


def random_prompt(rng: random.Random, question: Question, with_picture: bool) -> Prompt:
    """Return a question with random instructions around it."""
    user = wrap_question(rng, question)
    if with_picture:
        user = _pick(rng, LAYOUTS).format(image=IMAGE, text="{text}").replace("{text}", user)
    return Prompt(_pick(rng, SYSTEMS), user)


def render_chat(prompt: Prompt) -> str:
    """Return the text that the chat template makes of this prompt, with the generation prompt at its end."""
    head = f"{START}system\n{prompt.system}{END}\n" if prompt.system else ""
    return f"{head}{START}user\n{prompt.user}{END}\n{START}assistant\n"


def check_template(tokenizer: Any) -> None:
    """Assert that render_chat and the saved template agree, for string content and for lists of parts."""
    for system in ("", SYSTEMS[1][0]):
        for user in ("What is 1 + 2?", IMAGE + "How many?", "How many?\n" + IMAGE):
            before, image, after = user.partition(IMAGE)
            texts = [{"type": "text", "text": t} if t else None for t in (before, after)]
            parts = [p for p in (texts[0], {"type": "image"} if image else None, texts[1]) if p]
            for content in (user, parts):
                messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
                messages.append({"role": "user", "content": content})
                made = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
                assert made == render_chat(Prompt(system, user)), made
