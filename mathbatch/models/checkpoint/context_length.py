"""Find out how many tokens a checkpoint takes at most, prompt and answer together.

vLLM derives that from a dozen keys of the checkpoint's configuration, their defaults in transformers, and how positions
are scaled. So vLLM is asked, unless `config.json` alone makes clear that the length in question is taken: importing
vLLM takes ten seconds.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.config.model_limits import USUAL_CONTEXT
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.folder import config_of, local_checkpoint
from mathbatch.models.start_errors import CANT_LOAD

# Keys with a length in `config.json`, and those of the part that is about text. vLLM takes the smallest.
LENGTHS = (
    *("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "model_max_length"),
    *("max_target_positions", "max_sequence_length", "max_seq_length", "seq_len"),
)
TEXT_PARTS = ("text_config", "llm_config", "language_config")
# Engine arguments by which another configuration counts than that in `config.json`, or less of it.
CHANGES_CONFIG = {"hf_overrides", "hf_config_path", "config_format", "disable_sliding_window", "load_format"}


def context_length(config: ModelConfig) -> int | None:
    """Return how many tokens prompt and answer have together, at most, in a run with this configuration.

    None if `model.max_model_len` leaves it to a checkpoint that is not here, or that vLLM can't read. Raises
    ConfigError if more tokens are configured than the checkpoint takes.
    """
    folder = local_checkpoint(config)
    if folder is None:
        return config.max_model_len or (None if config.max_model_len is None else USUAL_CONTEXT)
    arguments = {"model": str(folder), "trust_remote_code": config.trust_remote_code} | config.engine
    length = length_for(config.max_model_len, arguments)
    return _length_of_checkpoint(arguments) if length is None else length


def length_for(configured: int | None, arguments: Mapping[str, Any]) -> int | None:
    """Return the context length for an engine with these arguments; None leaves it to vLLM.

    Raises ConfigError if more tokens are configured than the checkpoint takes.
    """
    if configured is None:
        return None
    wanted = configured or USUAL_CONTEXT
    if is_surely_taken(wanted, Path(arguments["model"]), arguments):
        return wanted
    try:
        model = _model_config(arguments)
    except CANT_LOAD:  # the load tells it
        return wanted
    if _takes(model, wanted):
        return wanted
    if configured:
        # vLLM's own number is smaller than what it takes where a checkpoint has two sorts of positions ("longrope").
        between = range(int(model.max_model_len), configured)
        most = between[bisect.bisect_left(between, True, key=lambda length: not _takes(model, length)) - 1]
        problem = f"{configured:,} tokens are more than the {most:,} that the checkpoint takes"
        raise ConfigError("model.max_model_len", problem, f"set it to {most} or less, or leave it out")
    return int(model.max_model_len)


def is_surely_taken(length: int, folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Tell whether `config.json` alone shows that the checkpoint takes so many tokens."""
    if not CHANGES_CONFIG.isdisjoint(arguments):
        return False
    known = config_of(folder)
    # The defaults of transformers count for what the part about text leaves out, and not the keys beside it.
    part = next((known[name] for name in TEXT_PARTS if isinstance(known.get(name), dict)), known)
    lengths = [part[name] for name in LENGTHS if isinstance(part.get(name), int)]
    return bool(lengths) and min(lengths) >= length


def _length_of_checkpoint(arguments: Mapping[str, Any]) -> int | None:
    try:
        return int(_model_config(arguments).max_model_len)
    except CANT_LOAD:
        return None


def _model_config(arguments: Mapping[str, Any]) -> Any:
    """Return vLLM's own configuration of the model, with the length that it derives from the checkpoint."""
    from vllm import AsyncEngineArgs

    return AsyncEngineArgs(**{**arguments, "max_model_len": None}).create_model_config()


def _takes(model: Any, length: int) -> bool:
    """Tell whether vLLM takes a length. It warns in place of refusing where VLLM_ALLOW_LONG_MAX_MODEL_LEN is set."""
    try:
        model.get_and_verify_max_len(length)
    except ValueError:
        return False
    return True
