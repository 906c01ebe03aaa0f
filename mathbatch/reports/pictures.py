"""Draw a picture on the terminal, as far as the terminal says that it can.

Nothing is asked of it, as its answer would come in between what somebody types. It gets kitty's graphics protocol or
iTerm2's inline images if its name says that it knows them; others with colours get half blocks, two pixels a character.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

# Terminals, by TERM and TERM_PROGRAM, that know kitty's protocol, and those that know iTerm2's.
KITTY_TERMS, KITTY_PROGRAMS = ("xterm-kitty", "xterm-ghostty"), ("ghostty",)
ITERM_PROGRAMS = ("iTerm.app", "WezTerm", "mintty")
# Programs between us and the terminal, which pass no pictures on.
BETWEEN = ("screen", "tmux")
# Characters of a picture at most, and pixels that are sent for each of them.
COLUMNS, ROWS = 80, 24
PIXELS_OF_CHARACTER = 10, 20
# Bytes of base64 in one message of kitty's protocol.
KITTY_CHUNK = 4096


class Way(Enum):
    """Way in which a terminal shows pictures."""

    KITTY = "kitty"
    ITERM = "iterm"
    BLOCKS = "blocks"


def way_of(environment: Mapping[str, str] = os.environ) -> Way | None:
    """Return how the terminal of this environment shows pictures; None if it has no colours, or none are wanted."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    has_colours = environment.get("COLORTERM") in ("truecolor", "24bit") or term.endswith(("-256color", "-direct"))
    if not environment.get("TMUX") and not term.startswith(BETWEEN):
        if term in KITTY_TERMS or program in KITTY_PROGRAMS:
            return Way.KITTY
        if program in ITERM_PROGRAMS:
            return Way.ITERM
    return Way.BLOCKS if has_colours and not environment.get("NO_COLOR") else None


def drawn(image: Image.Image, way: Way, width: int, is_direct: bool = True) -> str:
    """Return what draws an RGB image on a terminal of so many columns, with a newline at its end.

    `is_direct` tells that the terminal knows 24-bit colours; else half blocks have the nearest of 256.
    """
    columns = min(COLUMNS, max(1, width - 1))
    if way is Way.BLOCKS:
        return _blocks(image, columns, is_direct)
    across, down = PIXELS_OF_CHARACTER
    small = image.copy()
    small.thumbnail((columns * across, ROWS * down))
    stream = io.BytesIO()
    small.save(stream, "PNG")
    data = base64.standard_b64encode(stream.getvalue()).decode()
    if way is Way.KITTY:
        return "".join(_kitty(data)) + "\n"
    return f"\x1b]1337;File=inline=1;size={len(stream.getvalue())}:{data}\x07\n"


def _kitty(data: str) -> Iterator[str]:
    """Yield the messages that show a PNG, without an answer (kitty graphics protocol, "remote client")."""
    for at in range(0, len(data), KITTY_CHUNK):
        keys = "a=T,f=100,q=2," if at == 0 else ""
        yield f"\x1b_G{keys}m={int(at + KITTY_CHUNK < len(data))};{data[at : at + KITTY_CHUNK]}\x1b\\"


def _blocks(image: Image.Image, columns: int, is_direct: bool) -> str:
    small = image.copy()
    small.thumbnail((columns, 2 * ROWS))
    if small.height % 2:
        small = small.crop((0, 0, small.width, small.height + 1))
    lines = []
    for top in range(0, small.height, 2):
        cells = []
        for x in range(small.width):
            upper, lower = small.getpixel((x, top)), small.getpixel((x, top + 1))
            cells.append(f"\x1b[38;{_colour(upper, is_direct)};48;{_colour(lower, is_direct)}m▀")
        lines.append("".join(cells) + "\x1b[0m\n")
    return "".join(lines)


def _colour(pixel: object, is_direct: bool) -> str:
    """Return a colour as the sequence SGR has it, of the 6 x 6 x 6 cube of xterm if it isn't direct."""
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    if is_direct:
        return f"2;{red};{green};{blue}"
    six = [round(value / 255 * 5) for value in (red, green, blue)]
    return f"5;{16 + 36 * six[0] + 6 * six[1] + six[2]}"
