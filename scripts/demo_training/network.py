"""Define the demo's network, a very small Idefics3, and the heads that teach its vision tower; save it.

Without the auxiliary heads counting and reading stay near chance: the answer tokens alone say too little about where
in the picture the network should have looked. The heads sit on the connector's output and are dropped at save.
"""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    GenerationConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    PreTrainedTokenizerFast,
)
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

from demo_training.drawing import CELLS, COLOURS
from demo_training.pictures import BARS, DOTS, SUMS, PictureSet
from demo_training.prompts import IMAGE

IMAGE_SIDE = 64
PATCH = 8
SCALE = 2
IMAGE_TOKENS = (IMAGE_SIDE // PATCH) ** 2 // SCALE**2
HIDDEN = 128
# Tens and ones of both numbers and the operator; ten digits and "none" (the operator uses the first two).
SUM_SLOTS, SUM_CLASSES = 5, 11


def build_network(tokenizer: PreTrainedTokenizerFast) -> Idefics3ForConditionalGeneration:
    """Return the network, of about 1.1 million parameters; the embedding is tied to the output layer."""
    ids = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": None, "eos_token_id": tokenizer.eos_token_id}
    config = Idefics3Config(
        vision_config={
            "hidden_size": 96,
            "intermediate_size": 288,
            "num_hidden_layers": 3,
            "num_attention_heads": 3,
            "image_size": IMAGE_SIDE,
            "patch_size": PATCH,
            "initializer_range": 0.05,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "hidden_size": HIDDEN,
            "intermediate_size": 320,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 4096,
            "tie_word_embeddings": True,
            "initializer_range": 0.05,
            **ids,
        },
        scale_factor=SCALE,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        tie_word_embeddings=True,
        **ids,
    )
    return Idefics3ForConditionalGeneration(config)


def build_processor(tokenizer: PreTrainedTokenizerFast) -> Idefics3Processor:
    """Return the processor that is saved with the network: every picture becomes one 64x64 tile."""
    side = {"longest_edge": IMAGE_SIDE}
    # Bicubic instead of the default Lanczos: the torchvision variant of this processor, which takes over where
    # torchvision is installed, has no Lanczos.
    images = Idefics3ImageProcessorPil(
        size=side, max_image_size=side, do_image_splitting=False, resample=Image.Resampling.BICUBIC
    )
    return Idefics3Processor(images, tokenizer, image_seq_len=IMAGE_TOKENS, chat_template=tokenizer.chat_template)


def see(network: Idefics3ForConditionalGeneration, pixels: Tensor) -> Tensor:
    """Return picture features (n, 16, HIDDEN) of uint8 pictures (n, 64, 64, 3)."""
    values = pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1.0)
    return network.model.connector(network.model.vision_model(pixel_values=values).last_hidden_state)


class AuxiliaryHeads(nn.Module):
    """Heads for what features should say of a picture: dots and bars by cell and colour, the tallest bar, digits."""

    def __init__(self) -> None:
        super().__init__()
        flat = HIDDEN * CELLS * CELLS
        self.dots = nn.Linear(HIDDEN, len(COLOURS))
        self.bars = nn.Linear(HIDDEN, len(COLOURS))
        self.winner = nn.Linear(flat, len(COLOURS))
        self.digits = nn.Linear(flat, SUM_SLOTS * SUM_CLASSES)

    def forward(self, features: Tensor, pictures: PictureSet) -> tuple[Tensor, dict[str, float]]:
        """Return the weighted loss, and plain accuracies to look at."""
        flat = features.flatten(1)
        losses, seen = [], {}
        for kind, head in ((DOTS, self.dots), (BARS, self.bars)):
            mask = pictures.kind == kind
            if mask.any():
                predicted = head(features[mask])
                losses.append(20.0 * functional.mse_loss(predicted, pictures.cells[mask].float()))
                if kind == DOTS:
                    counted = predicted.detach().sum(1).round()
                    seen["dots"] = (counted == pictures.counts[mask]).all(-1).float().mean().item()
        bars, sums = pictures.kind == BARS, pictures.kind == SUMS
        if bars.any():
            winner = self.winner(flat[bars])
            losses.append(0.3 * functional.cross_entropy(winner, pictures.winner[bars]))
            seen["bars"] = (winner.argmax(-1) == pictures.winner[bars]).float().mean().item()
        if sums.any():
            digits = self.digits(flat[sums]).view(-1, SUM_SLOTS, SUM_CLASSES)
            losses.append(0.3 * functional.cross_entropy(digits.flatten(0, 1), pictures.digits[sums].flatten()))
            seen["sums"] = (digits.argmax(-1) == pictures.digits[sums]).all(-1).float().mean().item()
        return torch.stack(losses).sum(), seen


def save_checkpoint(
    network: Idefics3ForConditionalGeneration, processor: Idefics3Processor, folder: Path, sharpness: float
) -> None:
    """Save in bf16 with everything that transformers and vLLM need offline.

    The final norm's weight is multiplied by `sharpness`, which multiplies all logits: the greedy answers stay as they
    are, and sampling becomes less sure. See SHARPNESS in train_demo_model.py for why.
    """
    saved = Idefics3ForConditionalGeneration(network.config)
    saved.load_state_dict(network.state_dict())
    with torch.no_grad():
        saved.model.text_model.norm.weight.mul_(sharpness)
    tokenizer = processor.tokenizer
    saved.generation_config = GenerationConfig(
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, do_sample=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    saved.to(torch.bfloat16).save_pretrained(folder)
    processor.save_pretrained(folder)
    for file in folder.iterdir():  # safetensors writes files that only their owner can read
        file.chmod(0o644)
