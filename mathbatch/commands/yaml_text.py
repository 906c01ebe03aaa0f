"""Write texts of a user's rows into a YAML file, so that YAML, OmegaConf and Jinja read the same texts again."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

# Texts that YAML reads as strings without quotation marks.
PLAIN_SCALAR = re.compile(r"[A-Za-z_/][\w./-]*(?<!\.)|[\w]+ \| \w+")
# Characters that end a line for YAML, or that it refuses, though JSON has them as they are.
LINE_ENDS = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def quoted(text: str) -> str:
    """Return a text as a YAML scalar: as it is if that is plain, else as JSON, which YAML reads."""
    if PLAIN_SCALAR.fullmatch(text) and yaml.safe_load(text) == text:  # not so for `yes` and `null`
        return text
    # OmegaConf would interpolate "${", and halves the backslashes before it.
    return one_line(re.sub(r"(\\*)\$\{", r"\1\1\\${", text))


def one_line(value: Any) -> str:
    """Return a value as JSON that is one line of YAML, too, even in a comment."""
    return LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
