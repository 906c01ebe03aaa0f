r"""Train the demo's tokenizer: byte-level BPE on the demo's own wordings.

Byte-level, so that any Unicode text tokenises. Digits are single tokens, because sums over digits are learnt far
faster than over merged numbers; ` \boxed{` is one token, because it opens every answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from demo_training import prompts, tasks

PAD = "<pad>"
# Names that Idefics3's processor expects; its <row_i_col_j> tokens only matter for split pictures, which are off here.
SPECIAL = [PAD, prompts.END, prompts.START, "<fake_token_around_image>", prompts.IMAGE, "<global-img>"]
VOCABULARY = 640
SPLIT = r" ?\\boxed\{|\p{N}| ?\p{L}+|\n| ?[^\s\p{L}\p{N}]+|\s+"


def _corpus(seed: int, size: int = 6000) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(size):
        counts = [rng.randint(0, 2), rng.randint(0, 2), rng.randint(0, 2), rng.randint(1, 2)]
        question = rng.choice(
            (
                tasks.random_text_question(rng, held_out=False),
                tasks.ask_count(rng, counts),
                tasks.ask_count_by_colour(rng, counts),
                tasks.ask_tallest(rng, rng.randint(0, 3)),
                tasks.ask_reading(rng, tasks.random_terms(rng, held_out=False)),
            )
        )
        prompt = prompts.random_prompt(rng, question, with_picture=False)
        yield prompt.system
        yield "system\nuser\nassistant\n"
        yield prompt.user
        yield question.reply


def build_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    """Train the BPE and wrap it with ids and chat template set; there is no bos token."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(_corpus(seed), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=prompts.END,
        additional_special_tokens=SPECIAL[2:],
        model_max_length=4096,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = prompts.CHAT_TEMPLATE
    prompts.check_template(tokenizer)
    for text in (r" \boxed{", "7", " dots"):
        assert len(tokenizer(text)["input_ids"]) == 1, text
    assert tokenizer.decode(tokenizer("Größe 数学 \t x≤3")["input_ids"]) == "Größe 数学 \t x≤3"
    return tokenizer
