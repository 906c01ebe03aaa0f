"""Judge the folder of a checkpoint by its files alone, before anything loads: which are missing, damaged, or another's.

No vLLM is imported, and of the weights only the headers are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.damage import damage_of
from mathbatch.models.checkpoint.weights import has_weights, refuse_bad_weights

CONFIG, MISTRAL_CONFIG = "config.json", "params.json"
ADAPTER, DIFFUSERS = "adapter_config.json", "model_index.json"
# Files of which vLLM needs one, unless `model.engine` names another tokenizer.
TOKENIZERS = (
    *("tokenizer.json", "tokenizer.model*", "tekken.json", "vocab.*", "*.tiktoken", "*.spm", "*.bpe.model"),
    *("spiece.model", "sentencepiece*", "tokenization_*.py"),
)
# Files that vLLM or transformers read where they are there.
READ = (
    *(CONFIG, MISTRAL_CONFIG, "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tekken.json"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.json", "chat_template.json", "chat_template.jinja"),
    *("processor_config.json", "preprocessor_config.json", "video_preprocessor_config.json", "tokenizer.model"),
)
# Engine arguments with which something else is read in place of the file.
OTHER_CONFIG, OTHER_TOKENIZER = ("hf_config_path", "config_format"), ("tokenizer", "skip_tokenizer_init")


def refuse_bad_files(config: ModelConfig, folder: Path, is_whole: bool = True) -> None:
    """Raise ConfigError if the checkpoint can't be loaded because of its files.

    `is_whole` tells that nothing else will be fetched: otherwise files may be missing.
    """
    engine, fetch = config.engine, _fetch(config.path, folder)
    if not folder.is_dir():
        raise _no_folder(folder)
    for name in READ:
        path = folder / name
        if (path.exists() or path.is_symlink()) and (damage := damage_of(path)) is not None:
            raise ConfigError("model.path", f"{path} {damage}", fetch)
    _refuse_other_kinds(config, folder)
    if not is_whole:
        return
    if not _has(folder, (CONFIG, MISTRAL_CONFIG)) and not _says(engine, OTHER_CONFIG):
        raise _no_config(folder, fetch)
    if not _has(folder, TOKENIZERS) and not _says(engine, OTHER_TOKENIZER):
        raise ConfigError("model.path", f"{folder} has no tokenizer: neither tokenizer.json nor another form", fetch)
    refuse_bad_weights(folder, fetch, engine)


def _fetch(name: str, folder: Path) -> str:
    """Return how the files of a checkpoint are fetched again; `name` is `model.path`."""
    known = name if not Path(name).expanduser().exists() else "OWNER/NAME"
    place = "" if known == name else f" --local-dir {folder}"
    return f"fetch it again, as with: hf download {known}{place}; or set model.path to a whole copy"


def _no_folder(path: Path) -> ConfigError:
    if path.suffix == ".gguf":
        return _gguf(path)
    problem = f"{path} is a file, and a checkpoint is a folder"
    fix = f"set it to the folder with {CONFIG}"
    return ConfigError("model.path", problem, f"{fix}: {path.parent}" if (path.parent / CONFIG).is_file() else fix)


def _gguf(path: Path) -> ConfigError:
    fix = "take the checkpoint in the format of Hugging Face, from which it was made"
    return ConfigError("model.path", f"{path} is GGUF, which vLLM does not read", fix)


def _refuse_other_kinds(config: ModelConfig, folder: Path) -> None:
    """Raise ConfigError for what is a checkpoint of another kind: an adapter, a pipeline of Diffusers."""
    if (folder / ADAPTER).is_file() and not has_weights(folder):
        base = _read(folder / ADAPTER).get("base_model_name_or_path") or "the model that it was trained on"
        problem = f"{folder} is a LoRA adapter, not a model"
        raise ConfigError("model.path", problem, f"set model.path={base} and model.lora={config.path}")
    if (folder / DIFFUSERS).is_file() and not (folder / CONFIG).is_file():
        made = _read(folder / DIFFUSERS).get("_class_name") or "a pipeline of Diffusers"
        problem = f"{folder} is {made}, which makes pictures, not text"
        raise ConfigError("model.path", problem, "set it to a model that generates text")


def _no_config(folder: Path, fetch: str) -> ConfigError:
    """Return the error for a folder without a configuration, with what it is, or where one is inside."""
    if gguf := next(folder.glob("*.gguf"), None):
        return _gguf(gguf)
    inside = sorted(path.parent for depth in ("*", "*/*") for path in folder.glob(f"{depth}/{CONFIG}"))
    problem = f"{folder} has no {CONFIG}" + (", but folders in it have" if len(inside) > 1 else "")
    if not inside:
        return ConfigError("model.path", problem, fetch)
    shown = ", ".join(map(str, inside[:3])) + (", …" if len(inside) > 3 else "")
    return ConfigError("model.path", problem, f"set it to {'one of them' if len(inside) > 1 else 'the one'}: {shown}")


def _read(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; nothing if it holds something else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError("model.path", f"{path} is no JSON: {error!s:.100}", "fetch it again") from error
    return found if isinstance(found, dict) else {}


def _has(folder: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(path.name, pattern) for path in folder.iterdir() for pattern in patterns)


def _says(engine: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(engine.get(name) not in (None, "auto", False) for name in names)
