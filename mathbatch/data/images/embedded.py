"""Read the ways in which a field of a row holds an image: data URLs, base64, and dictionaries around one of them."""

from __future__ import annotations

import base64
import re
import string
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from mathbatch.errors import SampleError

# Keys under which dictionaries hold an image, the image itself before its address: those of Hugging Face datasets, of
# messages to OpenAI ({"type": "image_url", "image_url": {"url": …}}) and to Anthropic ({"source": {"data": …}}).
IMAGE_KEYS = ("bytes", "base64", "b64_json", "data", "path", "url", "image_url", "image", "source")
# Dictionaries within dictionaries that are looked into.
MAX_DEPTH = 4
# Scheme, media type and parameters of a data URL (RFC 2397).
DATA_URL = re.compile(r"\s*data:([^,\s]{0,1000}),", re.IGNORECASE)
FILE_URL = re.compile(r"\s*file:(?://(?:localhost(?=/))?)?", re.IGNORECASE)
NETWORK_URL = re.compile(r"\s*(?:https?|ftp|s3|gs|hf)://", re.IGNORECASE)
# First characters in base64 of JPEG, PNG, GIF, WebP, BMP, TIFF and AVIF, in both alphabets of RFC 4648.
BASE64_START = re.compile(r"\s*(?:[/_]9j|iVBORw0KGgo|R0lGOD|UklGR|Qk[0-3]|SUkq|TU0AK|AAAA.GZ0eX)")
BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]{48,}+={0,2}\s*")
# Linux accepts no longer path (PATH_MAX), and resolving one with very many parts would take long.
MAX_PATH = 4096
# Characters of a URL that are written with percent signs. Reading them takes sixty bytes each, and base64 needs few.
MAX_ESCAPES = 1_000_000
# No image is shorter, and a path that happens to look like base64 is hardly ever longer.
MIN_BASE64 = 64
_STANDARD_ALPHABET = str.maketrans("-_", "+/", string.whitespace + "=")
# Longest text that a message repeats, in characters. A longer one may be a whole image.
MAX_SHOWN = 240


def unwrapped(value: Any) -> Any:
    """Return the image in a dictionary around it, or the value as it is if it is none."""
    for _ in range(MAX_DEPTH):
        if not isinstance(value, dict):
            break
        value = next((value[key] for key in IMAGE_KEYS if value.get(key)), value)
    return value


def data_url_content(value: str) -> bytes | str | None:
    """Return what a data URL holds, as bytes or as base64 text; None for any other text.

    Raise SampleError for one of too many percent signs.
    """
    found = DATA_URL.match(value)
    if found is None:
        return None
    content = value[found.end() :]
    if content.count("%") > MAX_ESCAPES:
        raise SampleError("bad_image_field", f"a data URL of more than {MAX_ESCAPES:,} percent signs; use base64")
    if found[1].rpartition(";")[2].strip().lower() == "base64":
        return unquote(content) if "%" in content else content
    return unquote_to_bytes(content.strip())


def is_base64(value: str) -> bool:
    """Tell whether a text is an image in base64 rather than a path."""
    return _may_be_base64(value) and BASE64.fullmatch(value) is not None


def is_no_path(value: str) -> bool:
    """Tell whether a text can't be a path, though it may be no image either."""
    return "\0" in value or len(value) > MAX_PATH or (_may_be_base64(value) and "." not in value)


def _may_be_base64(value: str) -> bool:
    return len(value) >= MIN_BASE64 and BASE64_START.match(value) is not None


def base64_bytes(text: str) -> bytes:
    """Decode base64 of either alphabet, with or without its padding and white space. Raise binascii.Error if broken."""
    plain = text.translate(_STANDARD_ALPHABET)
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def file_url_path(value: str) -> str | None:
    """Return the path in a URL such as `file:///data/a%20b.png`, None for any other text."""
    found = FILE_URL.match(value)
    if found is None:
        return None
    path = value[found.end() :].rstrip()
    return unquote(path) if path.count("%") <= MAX_PATH else path


def shown(value: Any) -> str:
    """Return words for a value in a message: a short text itself, never an image, and the keys of a dictionary."""
    if isinstance(value, dict):
        return f"a dict with the keys {list(value)!r:.{MAX_SHOWN}}"
    if isinstance(value, list):
        return f"a list of {len(value)} within a list or a dict"
    if not isinstance(value, (str, bytes)):
        return f"a {type(value).__name__}: {value!r:.60}"
    if len(value) > MAX_SHOWN or (isinstance(value, str) and _may_be_base64(value)):
        return f"a text of {len(value):,} characters"
    return f"a {type(value).__name__}: {value!r}"
