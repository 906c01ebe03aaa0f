"""Extend vLLM's workers, by its option `worker_extension_cls`, to note the file in which they meet.

vLLM makes one for each engine, `vllm_dist_…` among the temporary files, and never removes it.
"""

from __future__ import annotations

import os
from typing import Any

from mathbatch.models.leftovers import FOLDER, note

SCHEME = "file://"


class NotesMeetingFile:
    """Becomes a base class of vLLM's worker."""

    def __new__(cls, *_: Any, distributed_init_method: str = "", **__: Any) -> NotesMeetingFile:
        """Note the file before the worker makes it."""
        if FOLDER in os.environ and distributed_init_method.startswith(SCHEME):
            note(os.environ[FOLDER], distributed_init_method.removeprefix(SCHEME))
        return super().__new__(cls)
