"""Keep descriptors of this process from those that it forks.

A program that is started closes what is not for it, but a process that is only forked holds all that it has inherited
as long as it lives: one of a pool of `multiprocessing`, say, in a scorer of a user's own. With the end of a pipe by
which others are told that this process is gone, it would keep that from them.
"""

from __future__ import annotations

import functools
import os

_KEPT: set[int] = set()


def keep_from_forks(descriptor: int) -> None:
    """Let processes that are forked from now on have /dev/null in the place of a descriptor."""
    _look_after_forks()
    _KEPT.add(descriptor)


def forget(descriptor: int) -> None:
    """Stop keeping a descriptor, which is about to be closed."""
    _KEPT.discard(descriptor)


@functools.cache
def _look_after_forks() -> None:
    os.register_at_fork(after_in_child=_leave)


def _leave() -> None:
    """Let go of what was kept, in a process that was forked. Its numbers stay in use, so that nobody closes others."""
    if _KEPT:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for descriptor in _KEPT:
            os.dup2(null, descriptor, inheritable=False)
        os.close(null)
        _KEPT.clear()
