"""How the C library holds the memory of pictures."""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8
"""glibc's malloc.h."""


def share_one_arena() -> None:
    """Let all threads allocate from one heap. Call it before threads start; elsewhere than with glibc it does nothing.

    By default each thread has a heap of its own. Pictures are decoded in one thread, resized in another and freed in
    a third, so each of those heaps grows to its own peak, and fresh pages are cleared for almost every picture. With
    one heap a picture takes the place of the last one, which costs less of both time and memory.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
