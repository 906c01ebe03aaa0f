"""Damage the content of a file as disks, copies, editors and people do.

Each change takes a source of chance and bytes that are not empty, and returns other bytes, or None where it can't:
without a newline there is none to lose.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Callable
from typing import Any

PAGE = 4096
# Values of every JSON type, to stand where another type is expected.
OF_EVERY_TYPE: tuple[Any, ...] = (None, True, 0, -1, 7.5, 1e400, "", "x", [], [1], [[]], {}, {"a": 1})
VERDICTS = re.compile(rb'"verdict":"(\w+)"')

Change = Callable[[random.Random, bytes], bytes | None]


def flip_bit(chance: random.Random, data: bytes) -> bytes | None:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def flip_byte(chance: random.Random, data: bytes) -> bytes | None:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


def zero_a_page(chance: random.Random, data: bytes) -> bytes | None:
    """Zero what a disk loses at once; in a small file less, so that something is left."""
    size = PAGE if len(data) > PAGE else chance.randint(1, len(data))
    at = chance.randrange(0, len(data), size)
    end = min(len(data), at + size)
    return data[:at] + bytes(end - at) + data[end:]


def truncate(chance: random.Random, data: bytes) -> bytes | None:
    return data[: chance.randrange(len(data))]


def empty(chance: random.Random, data: bytes) -> bytes | None:
    return b""


def double_a_line(chance: random.Random, data: bytes) -> bytes | None:
    lines = data.splitlines(keepends=True)
    lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
    return b"".join(lines)


def drop_a_line(chance: random.Random, data: bytes) -> bytes | None:
    lines = data.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def swap_lines(chance: random.Random, data: bytes) -> bytes | None:
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return None
    first, second = chance.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def insert_bytes(chance: random.Random, data: bytes) -> bytes | None:
    at = chance.randint(0, len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 40)) + data[at:]


def insert_newline(chance: random.Random, data: bytes) -> bytes | None:
    at = chance.randint(0, len(data))
    return data[:at] + b"\n" + data[at:]


def remove_newline(chance: random.Random, data: bytes) -> bytes | None:
    found = [at for at, byte in enumerate(data) if byte == 10]
    if not found:
        return None
    at = chance.choice(found)
    return data[:at] + data[at + 1 :]


def overwrite_newline(chance: random.Random, data: bytes) -> bytes | None:
    found = [at for at, byte in enumerate(data) if byte == 10]
    if not found:
        return None
    at = chance.choice(found)
    return data[:at] + bytes([chance.choice([0, 11, 13, 32, 74, 245])]) + data[at + 1 :]


def garbage(chance: random.Random, data: bytes) -> bytes | None:
    return chance.randbytes(chance.randint(1, max(64, len(data))))


def words(chance: random.Random, data: bytes) -> bytes | None:
    return chance.choice(
        [b"garbage\n", b"a: [b\n", b"{", b"null\n", b"../../../etc\n", b"\0" * 40, b"- x\n- y\n", b"!!x y"]
    )


def invalid_utf8(chance: random.Random, data: bytes) -> bytes | None:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"]) + data[at + 1 :]


def other_value(chance: random.Random, data: bytes) -> bytes | None:
    """Put another JSON value in the place of the whole file or of one line."""
    lines = data.splitlines(keepends=True)
    value = json.dumps(chance.choice(OF_EVERY_TYPE)).encode() + b"\n"
    if len(lines) < 2 or chance.random() < 0.5:
        return value
    lines[chance.randrange(len(lines))] = value
    return b"".join(lines)


def other_type(chance: random.Random, data: bytes) -> bytes | None:
    """Put a value of another type behind one key, or lose or rename the key; a record gets a checksum that fits."""
    lines = data.splitlines(keepends=True)
    at = chance.randrange(len(lines)) if lines else 0
    try:
        whole = json.loads(data) if data[:2] == b"{\n" else None
        value = json.loads(lines[at]) if whole is None else whole
    except ValueError:
        return None
    if not isinstance(value, dict) or not value:
        return None
    has_checksum = value.pop("crc", None) is not None
    _change_a_key(chance, value)
    if whole is not None:
        return json.dumps(value, indent=2, ensure_ascii=False).encode()
    encoded = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if has_checksum:
        encoded = b'%b,"crc":"%08x"}' % (encoded[:-1], zlib.crc32(encoded[:-1]))
    lines[at] = encoded + b"\n"
    return b"".join(lines)


def _change_a_key(chance: random.Random, value: dict[str, Any]) -> None:
    inner = [found for found in value.values() if isinstance(found, dict) and found]
    if inner and chance.random() < 0.5:
        _change_a_key(chance, chance.choice(inner))
        return
    key = chance.choice(list(value))
    old = value[key]
    way = chance.randrange(4)
    if way < 2:
        value[key] = chance.choice([new for new in OF_EVERY_TYPE if type(new) is not type(old)])
    else:
        del value[key]
        if way == 3:
            value[f"{key}x"] = old


def one_digit(chance: random.Random, data: bytes) -> bytes | None:
    found = [match.start() for match in re.finditer(rb"\d", data)]
    if not found:
        return None
    at = chance.choice(found)
    new = chance.choice([digit for digit in b"0123456789" if digit != data[at]])
    return data[:at] + bytes([new]) + data[at + 1 :]


def one_letter(chance: random.Random, data: bytes) -> bytes | None:
    found = [match.start() for match in re.finditer(rb"[a-z]", data)]
    if not found:
        return None
    at = chance.choice(found)
    return data[:at] + bytes([97 + (data[at] - 97 + chance.randint(1, 25)) % 26]) + data[at + 1 :]


def swap_verdicts(chance: random.Random, data: bytes) -> bytes | None:
    found = list(VERDICTS.finditer(data))
    pairs = [
        (first, second) for first in found for second in found if first[1] != second[1] and first.end() < second.start()
    ]
    if not pairs:
        return None
    first, second = chance.choice(pairs)
    between = data[first.end() : second.start()]
    return data[: first.start()] + second[0] + between + first[0] + data[second.end() :]


def carriage_returns(chance: random.Random, data: bytes) -> bytes | None:
    return data.replace(b"\n", b"\r\n") if b"\n" in data else None


def byte_order_mark(chance: random.Random, data: bytes) -> bytes | None:
    return b"\xef\xbb\xbf" + data


CHANGES: tuple[Change, ...] = (
    flip_bit, flip_byte, zero_a_page, truncate, empty, double_a_line, drop_a_line, swap_lines, insert_bytes,
    insert_newline, remove_newline, overwrite_newline, garbage, words, invalid_utf8, other_value, other_type, one_digit,
    one_letter, swap_verdicts, carriage_returns, byte_order_mark,
)  # fmt: skip
