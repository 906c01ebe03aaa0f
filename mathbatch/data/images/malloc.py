"""Configure the memory allocation of the C library for decoding images in threads."""

from __future__ import annotations

import ctypes

# Parameter number from glibc's malloc.h.
M_ARENA_MAX = -8


def share_one_arena() -> None:
    """Let all threads allocate memory from one heap. Call this before threads start; it has an effect only with glibc.

    By default each thread has its own heap. Images are decoded in one thread, resized in another and freed in a third,
    so each heap grows to its own peak, and fresh pages are cleared for almost every image. In a single heap an image
    takes the place of the last one, which saves memory and time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
