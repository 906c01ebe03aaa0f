"""Find values in a checkpoint's config.json that don't go together, are not those of its weights, or that vLLM lacks.

vLLM itself finds them in its engine process, when it makes the model or loads the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mathbatch.errors import nearest
from mathbatch.models.checkpoint.weights import shapes_of
from mathbatch.models.start_errors import CANT_LOAD

MIXED = "take all files of the same checkpoint"
# Names of the embedding of the language model's tokens; others are those of layers or of further modalities.
EMBEDDING = re.compile(r"(?:(?:model|language_model|text_model)\.)*embed_tokens\.weight")
# Names of the matrices that widen a layer's values, of the language model and not of its experts.
WIDENING = re.compile(r"(?:(?:model|language_model|text_model)\.)*layers\.\d+\.mlp\.(?:gate|up)_proj\.weight")
# Keys with the name of the function between two matrices, in configurations of transformers.
FUNCTIONS = ("hidden_act", "hidden_activation", "activation_function")
# Functions that single models of vLLM know by themselves.
OF_SINGLE_MODELS = {"fatrelu", "swiglu"}
UNKNOWN_ROTATION = "Unknown RoPE"


def odd_value(text: Any, folder: Path | None) -> tuple[str, str] | None:
    """Return what is wrong with a configuration of transformers, and how to mend it; None if nothing is.

    `text` is its part about text. The weights in the folder are looked at if there is one.
    """
    mixed = _odd_sizes(text) or (
        None if folder is None else _other_embedding(text, folder) or _other_width(text, folder)
    )
    return (mixed, MIXED) if mixed is not None else _unknown_function(text) or _unknown_rotation(text)


def _odd_sizes(text: Any) -> str | None:
    """Return which sizes don't go together, None if all do."""
    names = ("num_attention_heads", "num_key_value_heads", "hidden_size", "head_dim")
    heads, shared, width, each = (getattr(text, name, None) for name in names)
    if not isinstance(heads, int) or heads < 1:
        return None
    # Some architectures have a list, with a number for each layer.
    if isinstance(shared, int) and shared > 0 and heads % shared:
        return f"num_key_value_heads={shared} does not divide num_attention_heads={heads}"
    if isinstance(width, int) and width % heads and not each:
        return f"num_attention_heads={heads} does not divide hidden_size={width}"
    return None


def _other_embedding(text: Any, folder: Path) -> str | None:
    """Return which sizes are not those of the weights of the embedding, None if all are."""
    names = ("hidden_size", "vocab_size", "word_embed_proj_dim", "embedding_size")
    width, tokens, *own = (getattr(text, name, None) for name in names)
    shape = None if any(own) else next(shapes_of(folder, EMBEDDING), None)
    if shape is not None and isinstance(width, int) and isinstance(tokens, int):
        if shape[1] != width:
            return f"hidden_size={width}, and the weights of the embedding have {shape[1]}"
        if shape[0] < tokens:
            return f"vocab_size={tokens:,}, and the weights of the embedding are those of {shape[0]:,} tokens"
    return None


def _other_width(text: Any, folder: Path) -> str | None:
    """Return that `intermediate_size` is the width of no layer's weights, None if it is that of one.

    Layers without experts may stand among those with, and some families have layers of twice the width.
    """
    wanted = getattr(text, "intermediate_size", None)
    if not isinstance(wanted, int):
        return None
    widths = {shape[0] for shape in shapes_of(folder, WIDENING)}
    if not widths or wanted in widths:
        return None
    return f"intermediate_size={wanted}, and the weights of the layers have {', '.join(map(str, sorted(widths)))}"


def _unknown_function(text: Any) -> tuple[str, str] | None:
    """Return that a function between matrices is one that neither vLLM nor transformers has, None if all are known."""
    from transformers.activations import ACT2FN
    from vllm.model_executor.layers.activation import _ACTIVATION_AND_MUL_REGISTRY, _ACTIVATION_REGISTRY

    known = {*_ACTIVATION_REGISTRY, *_ACTIVATION_AND_MUL_REGISTRY, *ACT2FN, *OF_SINGLE_MODELS}
    for key in FUNCTIONS:
        name = getattr(text, key, None)
        if isinstance(name, str) and name.lower() not in known and not name.startswith("torch.nn."):
            return f"{key}={name}, a function that vLLM does not have", nearest(name, known)
    return None


def _unknown_rotation(text: Any) -> tuple[str, str] | None:
    """Return that positions are scaled in a way that vLLM does not know, None if it knows all."""
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    for parameters in _rotations(getattr(text, "rope_parameters", None)):
        kind = parameters.get("rope_type")
        if kind not in (None, "default", *ROPE_INIT_FUNCTIONS) and _is_unknown(parameters):
            return f"rope_type={kind}, which vLLM does not know", nearest(str(kind), {"default", *ROPE_INIT_FUNCTIONS})
    return None


def _rotations(found: Any) -> Iterator[Mapping[str, Any]]:
    """Yield what says how positions are rotated: it may differ from one kind of layer to another."""
    if isinstance(found, Mapping):
        yield found
        yield from (value for value in found.values() if isinstance(value, Mapping))


def _is_unknown(parameters: Mapping[str, Any]) -> bool:
    """Tell whether vLLM refuses parameters because of their kind. It knows more kinds than transformers."""
    import torch
    from vllm.model_executor.layers.rotary_embedding import get_rope

    try:
        with torch.device("meta"):  # without memory
            get_rope(64, 16, rope_parameters=dict(parameters))
    except CANT_LOAD as error:
        return UNKNOWN_ROTATION in str(error)
    return False
