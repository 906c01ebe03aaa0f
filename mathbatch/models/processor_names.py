"""List the names of the arguments that the processor of a checkpoint reads.

Processors name their arguments in several places: in typed dictionaries, in signatures, as attributes that the
checkpoint's own files set, and as keys that the code looks up. A name that stands in none of them is read by nobody.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SCOPES = ("text_kwargs", "images_kwargs", "videos_kwargs", "audio_kwargs")
PARTS = ("image_processor", "video_processor", "feature_extractor", "audio_processor", "tokenizer")
# Arguments that transformers takes for every processor, beside those that the processor's own class names.
OF_ALL = {*SCOPES, "common_kwargs", "use_fast", "backend", "device"}
# Code of one family, as opposed to what all families share: the latter mentions the arguments of many.
OF_A_FAMILY = ("transformers.models.", "vllm.model_executor.models.", "vllm.transformers_utils.processors.")
KNOWN_PACKAGES = ("builtins", "abc", "typing", "collections", "transformers", "vllm", "tokenizers")


def names_read_by(processor: Any, info: Any) -> tuple[set[str], set[str]] | None:
    """Return all names that are read, and those of them to suggest; None for code that comes with the checkpoint.

    `processor` is that of transformers or of vLLM, and `info` is what vLLM knows about it.
    """
    parts = [processor, *filter(None, (getattr(processor, name, None) for name in PARTS))]
    classes = [*(base for part in parts for base in type(part).__mro__), *type(info).__mro__]
    if any(base.__module__.partition(".")[0] not in KNOWN_PACKAGES for base in classes):
        return None
    typed = {name for part in parts for name in _typed_names(part)}
    signatures = {name for part in parts for name in _parameters(part)}
    attributes = {name for part in parts for name in vars(part) if not name.startswith("_")}
    words = {word for file in _family_files(classes) for word in _words(file)}
    image = set(_typed_names(getattr(processor, "image_processor", None)))
    return OF_ALL | typed | signatures | attributes | words, image or typed


def _typed_names(part: Any) -> Iterator[str]:
    """Yield the names in the typed dictionaries of a processor or of a part of it."""
    for attribute in ("valid_kwargs", "valid_processor_kwargs"):
        for typed in getattr(getattr(part, attribute, None), "__mro__", ()):
            for name, value in getattr(typed, "__annotations__", {}).items():
                yield name
                yield from getattr(value, "__annotations__", {}) if name in SCOPES else ()


def _parameters(part: Any) -> Iterator[str]:
    for base in type(part).__mro__:
        for method in ("__init__", "__call__", "preprocess", "_preprocess"):
            function = vars(base).get(method)
            if inspect.isfunction(function):
                yield from inspect.signature(function).parameters


def _family_files(classes: Iterable[type]) -> set[Path]:
    """Return the source files about one family: those of the classes, and the other processors beside them."""
    files = {Path(inspect.getfile(base)) for base in classes if base.__module__.startswith(OF_A_FAMILY)}
    beside = {path for file in files if "transformers" in file.parts for path in file.parent.glob("*process*.py")}
    return files | beside


@functools.cache
def _words(file: Path) -> set[str]:
    """Return all words in a Python file that may be the name of an argument."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.add(node.value)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found
