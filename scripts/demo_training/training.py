"""Train the network: batches, loss, schedule, validation, and one line of progress every few seconds.

Three stages. The vision tower learns with its auxiliary heads alone, the language model learns text questions alone,
then both learn together; annealing at the end of the joint stage is worth several points.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Idefics3ForConditionalGeneration, PreTrainedTokenizerFast

from demo_training.network import IMAGE_TOKENS, AuxiliaryHeads, see
from demo_training.pictures import PictureSet
from demo_training.prompts import END, IMAGE, random_prompt, render_chat
from demo_training.tasks import Question, random_text_question

# What the processor makes of one picture placeholder.
IMAGE_BLOCK = "<fake_token_around_image><global-img>" + IMAGE * IMAGE_TOKENS + "<fake_token_around_image>"
POOL = 6  # batches that are sorted by length together, so that little padding is computed


@dataclass(frozen=True)
class Stage:
    """Stage of training; rates of questions are per step, the learning rate holds and then falls linearly."""

    name: str
    steps: int
    rate: float
    hold: float  # share of the steps at the full rate
    floor: float  # last rate as a share of the first
    picture_questions: int = 0
    text_questions: int = 0
    bare_pictures: int = 0


@dataclass(frozen=True)
class Example:
    """Tokenised conversation; `start` is where the reply begins, `picture` indexes the picture set."""

    ids: list[int]
    start: int
    task: str
    picture: int | None


@dataclass
class Network:
    """Network and tokenizer that are trained, with the pictures that they are trained on."""

    model: Idefics3ForConditionalGeneration
    heads: AuxiliaryHeads
    tokenizer: PreTrainedTokenizerFast
    pictures: PictureSet

    def parameters(self) -> list[nn.Parameter]:
        return [*self.model.parameters(), *self.heads.parameters()]


def encode(tokenizer: PreTrainedTokenizerFast, rng: random.Random, question: Question, picture: int | None) -> Example:
    """Tokenise a question with random instructions around it, followed by its reply."""
    prompt = render_chat(random_prompt(rng, question, picture is not None)).replace(IMAGE, IMAGE_BLOCK)
    start = tokenizer(prompt)["input_ids"]
    reply = tokenizer(question.reply + END)["input_ids"]
    return Example(start + reply, len(start), question.task, picture)


def _examples(network: Network, rng: random.Random, count: int, with_pictures: bool) -> list[Example]:
    if not with_pictures:
        return [encode(network.tokenizer, rng, random_text_question(rng, held_out=False), None) for _ in range(count)]
    chosen = rng.sample(range(len(network.pictures)), count)
    return [encode(network.tokenizer, rng, network.pictures.ask(rng, i), i) for i in chosen]


def _batches(network: Network, rng: random.Random, size: int, with_pictures: bool) -> Iterator[list[Example]]:
    while True:
        pool = _examples(network, rng, size * POOL, with_pictures)
        pool.sort(key=lambda e: len(e.ids) + rng.random())
        order = rng.sample(range(POOL), POOL)
        yield from (pool[i * size : (i + 1) * size] for i in order)


def answer_logits(network: Network, batch: list[Example], features: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits at all answer positions of the batch, flat, with targets and the example each belongs to.

    Padding is on the right and attention is causal, so no answer token ever sees it and no mask is needed.
    """
    longest = max(len(e.ids) for e in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    is_answer = torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, example in enumerate(batch):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        is_answer[row, example.start : len(example.ids)] = True
    text = network.model.model.text_model
    embedded = text.get_input_embeddings()(ids)
    if features is not None:
        places = (ids == network.model.config.image_token_id).unsqueeze(-1)
        embedded = embedded.masked_scatter(places, features)
    hidden = text(inputs_embeds=embedded, use_cache=False).last_hidden_state
    logits = network.model.lm_head(hidden[:, :-1][is_answer[:, 1:]])
    owner = torch.arange(len(batch)).unsqueeze(1).expand_as(ids)[is_answer]
    return logits, ids[is_answer], owner


def _reply_loss(network: Network, batch: list[Example], features: Tensor | None) -> Tensor:
    logits, targets, owner = answer_logits(network, batch, features)
    share = 1.0 / torch.bincount(owner, minlength=len(batch))[owner]
    return (functional.cross_entropy(logits, targets, reduction="none") * share).sum() / len(batch)


def _batch_pictures(network: Network, batch: list[Example]) -> PictureSet:
    return network.pictures.take(torch.tensor([e.picture for e in batch if e.picture is not None]))


def _rate(stage: Stage, step: int) -> float:
    warm = min(1.0, (step + 1) / 50)
    left = (stage.steps - step) / max(1.0, stage.steps * (1 - stage.hold))
    return stage.rate * warm * min(1.0, stage.floor + (1 - stage.floor) * left)


def run_stage(network: Network, stage: Stage, seed: int, validation: Network | None = None) -> None:
    """Train one stage, printing progress; with `validation` also the accuracy by task about six times."""
    rng = random.Random(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=stage.rate, betas=(0.9, 0.98), weight_decay=0.05)
    seeing = _batches(network, rng, stage.picture_questions, True) if stage.picture_questions else None
    reading = _batches(network, rng, stage.text_questions, False) if stage.text_questions else None
    began, shown = time.monotonic(), 0.0
    network.model.train()
    for step in range(stage.steps):
        for group in optimizer.param_groups:
            group["lr"] = _rate(stage, step)
        parts: dict[str, Tensor] = {}
        seen: dict[str, float] = {}
        if stage.bare_pictures:
            chosen = network.pictures.take(torch.tensor(rng.sample(range(len(network.pictures)), stage.bare_pictures)))
            parts["heads"], seen = network.heads(see(network.model, chosen.pixels), chosen)
        if seeing is not None:
            batch = next(seeing)
            chosen = _batch_pictures(network, batch)
            features = see(network.model, chosen.pixels)
            parts["heads"], seen = network.heads(features, chosen)
            parts["picture"] = _reply_loss(network, batch, features)
        if reading is not None:
            parts["text"] = _reply_loss(network, next(reading), None)
        optimizer.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        now = time.monotonic() - began
        if now - shown > 10 or step == stage.steps - 1:
            shown = now
            print(_progress(stage, step, now, parts, seen), flush=True)
        if validation is not None and (step + 1) % max(1, stage.steps // 6) == 0:
            print(f"  validation: {_table(accuracy(validation, seed, 60))}", flush=True)


def _progress(stage: Stage, step: int, now: float, parts: dict[str, Tensor], seen: dict[str, float]) -> str:
    left = now / (step + 1) * (stage.steps - step - 1)
    losses = " ".join(f"{name} {value.item():.3f}" for name, value in parts.items())
    heads = " ".join(f"{name} {value:.2f}" for name, value in seen.items())
    where = f"{stage.name} {step + 1}/{stage.steps}"
    return f"{where} | loss {losses} | heads right {heads or '-'} | {now:.0f} s, {left:.0f} s left in this stage"


def _table(accuracies: dict[str, float]) -> str:
    return ", ".join(f"{task} {value:.2f}" for task, value in accuracies.items())


def _validation_examples(network: Network, seed: int, per_task: int) -> list[Example]:
    rng = random.Random(seed)
    wanted: dict[str, list[Example]] = {}
    index = 0
    while index < len(network.pictures):
        example = encode(network.tokenizer, rng, network.pictures.ask(rng, index), index)
        wanted.setdefault(example.task, []).append(example)
        index += 1
    for _ in range(8 * per_task):
        example = encode(network.tokenizer, rng, random_text_question(rng, held_out=True), None)
        wanted.setdefault(example.task, []).append(example)
    return [example for examples in wanted.values() for example in examples[:per_task]]


@torch.no_grad()
def probabilities(
    network: Network, seed: int, per_task: int, temperature: float = 1.0
) -> list[tuple[str, bool, float]]:
    """Return for fresh held-out questions: task, whether the greedy reply is right, probability of sampling that reply.

    All answer positions are judged at once, given the right tokens before them: as a reply is determined by its
    question, it is right exactly if every position is.
    """
    network.model.eval()
    rows = []
    examples = _validation_examples(network, seed, per_task)
    for with_pictures in (True, False):
        chosen = [e for e in examples if (e.picture is not None) == with_pictures]
        for start in range(0, len(chosen), 128):
            batch = chosen[start : start + 128]
            features = see(network.model, _batch_pictures(network, batch).pixels) if with_pictures else None
            logits, targets, owner = answer_logits(network, batch, features)
            right = torch.ones(len(batch), dtype=torch.long)
            right.scatter_reduce_(0, owner, (logits.argmax(-1) == targets).long(), "prod")
            loss = functional.cross_entropy(logits / temperature, targets, reduction="none")
            total = torch.zeros(len(batch)).index_add_(0, owner, loss)
            rows += [(e.task, bool(r), p) for e, r, p in zip(batch, right, (-total).exp().tolist(), strict=True)]
    network.model.train()
    return rows


def accuracy(network: Network, seed: int, per_task: int) -> dict[str, float]:
    """Return the greedy accuracy by task on held-out questions."""
    by_task: dict[str, list[bool]] = {}
    for task, right, _ in probabilities(network, seed, per_task):
        by_task.setdefault(task, []).append(right)
    return {task: sum(values) / len(values) for task, values in by_task.items()}
