r"""Compile and search with patterns of strangers, which may cost far more than they look like.

`regex` limits the time of a search, but not of compiling, and it writes counted repeats out: `((a{1000}){1000}){10}`
takes gigabytes.
"""

from __future__ import annotations

from functools import lru_cache

import regex

# Some patterns take exponential time on some texts.
REGEX_TIMEOUT_S = 0.5
MAX_PATTERN = 2_000
# Characters, groups and classes of a pattern with its repeats written out. Each takes about 300 bytes.
MAX_WRITTEN_OUT = 100_000
MAX_SHOWN = 80
# Parts of a pattern: an escape, a class, a count or whatever else is in braces, a bracket or any other character.
PART = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[^{}]*\}|.", regex.DOTALL)
COUNT = regex.compile(r"\{([0-9]*)(?:,([0-9]*))?\}")
# Syntax in which brackets and counts may be written so that they do not show (verbose patterns, those of another
# version of the syntax, comments, POSIX classes), and calls of groups, whose recursion fills the memory in time.
REFUSED = regex.compile(r"\(\?[A-Za-z0-9-]*[xV]|\(\?#|\[:[^\]]*:\]|\(\?(?:R|[+-]?[0-9]|&|P>)")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> regex.Pattern[str]:
    """Return the compiled pattern. Raise ValueError if it is broken or would be too large when compiled."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern {_shown(pattern)} has more than {MAX_PATTERN:,} characters")
    if refused := REFUSED.search(pattern):
        raise ValueError(f"the pattern {_shown(pattern)} has {refused[0]!r}, which is not available")
    if _written_out(pattern) > MAX_WRITTEN_OUT:
        raise ValueError(
            f"the pattern {_shown(pattern)} has more than {MAX_WRITTEN_OUT:,} parts when its counts are written out; "
            "write * or + in place of large counts"
        )
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError) as error:
        raise ValueError(f"the pattern {_shown(pattern)} is broken: {error}") from error


def search(pattern: str, text: str) -> regex.Match[str] | None:
    """Return the first match of the pattern in the text, or None.

    Raise ValueError as `compiled` does, and if the search takes too long.
    """
    try:
        return compiled(pattern).search(text, timeout=REGEX_TIMEOUT_S)
    except TimeoutError as error:
        raise ValueError(f"the pattern {_shown(pattern)} takes more than {REGEX_TIMEOUT_S} s") from error


def _shown(pattern: str) -> str:
    return repr(pattern[:MAX_SHOWN]) + "…" * (len(pattern) > MAX_SHOWN)


def _written_out(pattern: str) -> int:
    """Return the number of parts of a pattern with its counted repeats written out, or more."""
    outer: list[int] = []
    total = last = 0
    for part in PART.findall(pattern):
        if part == "(":
            outer.append(total)
            total = last = 0
        elif part == ")":
            last = total + 1
            total = last + (outer.pop() if outer else 0)
        elif count := COUNT.fullmatch(part):
            times = max([1, *(int(number) for number in count.groups() if number)])
            total += last * (times - 1)
            last *= times
        elif part[0] != "{" and part not in "*+?":
            last = len(part)
            total += last
    return total
