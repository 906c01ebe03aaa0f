"""The table of bad inputs: how each file is made, and what must come of it.

Every file holds healthy rows a, b, c and d beside the bad one, and a healthy picture in one of them. `Failed` is one
bad row among answered ones, exit code 1; `Refused` is a sentence and exit code 2; `Answered` only looks bad.
"""

from __future__ import annotations

import base64
import codecs
import gzip
import io
import json
import os
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

IMAGES = "dataset.image_max_megapixels=0.01", "dataset.image_max_mib=0.02"
"""Limits low enough that a test need not make large files."""
BAD = "bad"


@dataclass(frozen=True)
class Failed:
    """One row fails with this kind and a message that holds `says`. In `order` it is `!`, the others are answered.

    `id` is what the results have in the index field; None where the row can't be read or has no id.
    """

    kind: str
    says: str = ""
    order: str = "ab!cd"
    id: Any = BAD


@dataclass(frozen=True)
class Refused:
    """The run stops with exit code 2 and all of these in its message."""

    says: tuple[str, ...]


def refused(*says: str) -> Refused:
    return Refused(says)


@dataclass(frozen=True)
class Answered:
    """All rows are answered. `fields` are in the results of the row with the id `bad`."""

    fields: dict[str, Any] | None = None
    order: str = "ab!cd"


@dataclass(frozen=True)
class Case:
    """`content` is the file, or makes it in the folder that it is given; `input` is its name."""

    name: str
    content: bytes | Callable[[Path], bytes]
    outcome: Failed | Refused | Answered
    overrides: tuple[str, ...] = ()
    input: str = "rows.jsonl"


def healthy(id: str) -> dict[str, Any]:
    row = {"sample_index": id, "query_cot": f"What is {id}?"}
    return {**row, "image": "good.png"} if id == "b" else row


def lines(bad: bytes, order: str = "ab!cd", end: bytes = b"\n") -> bytes:
    """JSON Lines with the line `bad` at `!`."""
    return b"".join((bad if id == "!" else dumped(healthy(id))) + end for id in order)


def array(bad: bytes, order: str = "ab!cd", opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening + b",\n".join(bad if id == "!" else dumped(healthy(id)) for id in order) + closing


def members(bad: bytes, order: str = "ab!cd") -> bytes:
    """An object of rows; `bad` is a whole member, name and all."""
    return (
        b"{" + b",\n".join(bad if id == "!" else b'"%s": ' % id.encode() + dumped(healthy(id)) for id in order) + b"}"
    )


def dumped(row: Any) -> bytes:
    return json.dumps(row).encode()


def with_fields(**fields: Any) -> bytes:
    """A file whose bad row is a healthy one with these fields."""
    return lines(dumped({"sample_index": BAD, "query_cot": "What?", **fields}))


def raw_field(name: str, value: bytes) -> bytes:
    """The bad row with a value written as it is."""
    return b'{"sample_index": "bad", "query_cot": "What?", "%s": %s}' % (name.encode(), value)


def picture_file(data: bytes | Callable[[], bytes], name: str = "x.png") -> Callable[[Path], bytes]:
    """A file whose bad row points to a file with this data."""

    def make(folder: Path) -> bytes:
        (folder / name).write_bytes(data if isinstance(data, bytes) else data())
        return with_fields(image=name)

    return make


def encoded(format: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """A picture whose data is not much shorter than its pixels."""
    noise = random.Random(7).randbytes(size[0] * size[1] * 3)
    stream = io.BytesIO()
    Image.frombytes("RGB", size, noise).convert(mode).save(stream, format, **options)
    return stream.getvalue()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_bomb() -> bytes:
    """60000 x 60000 pixels, 10.8 GB when decoded, in a few hundred bytes."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(100_000))) + png_chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A PNG with a compressed text of 50 MB before its pixels."""
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))
    whole = encoded()
    return whole[:33] + bomb + whole[33:]


def folder_as_picture(folder: Path) -> bytes:
    (folder / "x.png").mkdir()
    return with_fields(image="x.png")


def pipe_as_picture(folder: Path) -> bytes:
    os.mkfifo(folder / "x.png")
    return with_fields(image="x.png")


def link_as_picture(target: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        (folder / "x.png").symlink_to(target)
        return with_fields(image="x.png")

    return make


def folder_link_as_picture(folder: Path) -> bytes:
    """A folder below the root that leads out of it."""
    (folder / "sub").symlink_to("/proc/self")
    return with_fields(image="sub/exe")


def picture_beside_root(folder: Path) -> bytes:
    """The path of a file that is there and a picture, in a folder whose name begins as the root's does."""
    (folder / "pictures").mkdir()
    (folder / "pictures-2").mkdir()
    for name in ("pictures/good.png", "pictures-2/x.png"):
        (folder / name).write_bytes(encoded())
    return with_fields(image="../pictures-2/x.png")


def template(bad: bytes, name: str, text: str, outcome: Failed | Refused) -> Case:
    return Case(name, bad, outcome, (f"dataset.prompt='{text}'",))


def truncated_late(folder: Path) -> bytes:
    """Many more rows than are looked at before a run."""
    rows = (dumped({"sample_index": at, "query_cot": "What?", "image": None}) for at in range(30_000))
    return gzip.compress(b"\n".join(rows), 1)[:-100]


def document(name: str, content: bytes, outcome: Failed | Refused | Answered) -> Case:
    """A JSON file that is not JSON Lines."""
    return Case(name, content, outcome, input="rows.json")


def folder_as_input(folder: Path) -> bytes:
    (folder / "folder.jsonl").mkdir()
    return b""


UNREADABLE = Failed("unreadable_row", "row 3", id=None)

PICTURES = [
    Case("picture of garbage", picture_file(random.Random(1).randbytes(500)), Failed("broken_image", "x.png")),
    Case("truncated JPEG", picture_file(lambda: encoded("JPEG")[:-200], "x.jpg"), Failed("broken_image", "x.jpg")),
    Case("JPEG cut in its header", picture_file(lambda: encoded("JPEG")[:100], "x.jpg"), Failed("broken_image")),
    Case("truncated PNG", picture_file(lambda: encoded()[:-200]), Failed("broken_image", "x.png")),
    Case(
        "PNG with a wrong checksum",
        picture_file(lambda: encoded()[:60] + b"!!" + encoded()[62:]),
        Failed("broken_image"),
    ),
    Case("truncated GIF", picture_file(lambda: encoded("GIF")[:-300], "x.gif"), Failed("broken_image")),
    Case("truncated WebP", picture_file(lambda: encoded("WEBP")[:-100], "x.webp"), Failed("broken_image")),
    Case("truncated TIFF", picture_file(lambda: encoded("TIFF")[:200], "x.tif"), Failed("broken_image")),
    Case("broken AVIF", picture_file(lambda: encoded("AVIF")[:300] + bytes(400), "x.avif"), Failed("broken_image")),
    Case("picture of zero bytes", picture_file(b""), Failed("broken_image", "x.png")),
    Case("text named .png", picture_file(b"this is no picture\n"), Failed("broken_image", "no picture")),
    Case(
        "SVG", picture_file(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "x.svg"), Failed("broken_image", "PNG, GIF")
    ),
    Case("PDF", picture_file(b"%PDF-1.7\n%%EOF\n", "x.pdf"), Failed("broken_image")),
    Case("EPS", picture_file(lambda: encoded("EPS"), "x.eps"), Failed("broken_image")),
    Case("ICO, which is not read", picture_file(lambda: encoded("ICO"), "x.ico"), Failed("broken_image")),
    Case(
        "HTML error page saved as .jpg",
        picture_file(b"<!DOCTYPE html><html><h1>404 Not Found</h1></html>", "x.jpg"),
        Failed("broken_image", "x.jpg"),
    ),
    Case("missing picture", with_fields(image="nowhere.png"), Failed("missing_image", "nowhere.png")),
    Case("picture below a file", with_fields(image="good.png/x.png"), Failed("missing_image", "Not a directory")),
    Case("folder in place of a picture", folder_as_picture, Failed("missing_image", "not a file")),
    Case("root folder as a picture", with_fields(image="."), Failed("image_outside_root", "dataset.image_base_path")),
    Case("pipe in place of a picture", pipe_as_picture, Failed("missing_image", "not a file")),
    Case(
        "picture over the pixel limit",
        picture_file(lambda: encoded(mode="1", size=(150, 100))),
        Failed("image_too_large", "150 x 100 pixels, over dataset.image_max_megapixels=0.01"),
        IMAGES,
    ),
    Case(
        "picture over the MiB limit",
        picture_file(lambda: encoded(size=(99, 99))),
        Failed("image_too_large", "MiB, over dataset.image_max_mib=0.0"),
        IMAGES,
    ),
    Case(
        "embedded picture over the pixel limit",
        lambda _: with_fields(image=base64_of(encoded(mode="1", size=(150, 100)))),
        Failed("image_too_large", "150 x 100"),
        IMAGES,
    ),
    Case("decompression bomb", picture_file(png_bomb), Failed("image_too_large", "60000 x 60000")),
    Case("bomb in the text of a PNG", picture_file(text_bomb), Failed("broken_image", "too large")),
    Case("path out of the root", with_fields(image="../x.png"), Failed("image_outside_root", "../x.png")),
    Case("absolute path out of the root", with_fields(image="/proc/self/exe"), Failed("image_outside_root", "/proc")),
    Case(
        "path into a neighbour of the root",
        picture_beside_root,
        Failed("image_outside_root", "pictures-2"),
        ("dataset.image_base_path=pictures",),
    ),
    Case("link out of the root", link_as_picture("/proc/self/exe"), Failed("image_outside_root", "x.png")),
    Case("folder linked out of the root", folder_link_as_picture, Failed("image_outside_root", "sub/exe")),
    Case("link to itself", link_as_picture("x.png"), Failed("missing_image", "symbolic links")),
    Case("link to nothing", link_as_picture("nowhere.png"), Failed("missing_image", "nowhere.png")),
    Case("NUL in a path", with_fields(image="a\0b.png"), Failed("missing_image", r"a\x00b.png")),
    Case("path of 300 letters", with_fields(image="x" * 300), Failed("missing_image", "too long")),
    Case("text of a megabyte as a path", with_fields(image="a/" * 500_000), Failed("missing_image", "base64")),
    Case("blanks as a path", with_fields(image="  "), Failed("bad_image_field", "str")),
    Case("http URL", with_fields(image="http://localhost/x.png"), Failed("image_url", "http://localhost/x.png")),
    Case("https URL", with_fields(image="https://localhost/x.png"), Failed("image_url", "not fetched")),
    Case(
        "bad base64",
        lambda _: with_fields(image=base64_of(encoded())[:-3]),
        Failed("broken_image", "not valid base64"),
    ),
    Case(
        "foreign letters in base64",
        lambda _: with_fields(image=base64_of(encoded()) + "é" * 9),
        Failed("missing_image"),
    ),
    Case(
        "base64 of a broken picture",
        lambda _: with_fields(image=base64_of(encoded()[:-400])),
        Failed("broken_image", "base64 text"),
    ),
    Case("bad data URL", with_fields(image="data:image/png;base64,@@@@"), Failed("broken_image", "data URL")),
    Case("empty data URL", with_fields(image="data:image/png;base64,"), Failed("broken_image", "data URL")),
    Case("data URL with foreign letters", with_fields(image="data:image/png;base64,éé"), Failed("broken_image")),
    Case("number as a picture", with_fields(image=7), Failed("bad_image_field", "int")),
    Case("yes as a picture", with_fields(image=True), Failed("bad_image_field", "bool")),
    Case("object as a picture", with_fields(image={"url": "x.png"}), Failed("bad_image_field", "dict")),
    Case("empty pair as a picture", with_fields(image={"bytes": None, "path": None}), Failed("bad_image_field")),
    Case("list in a list", with_fields(image=[["good.png"]]), Failed("bad_image_field", "list")),
    Case("one bad among good pictures", with_fields(image=["good.png", 7]), Failed("bad_image_field", "int")),
    Case("null among good pictures", with_fields(image=["good.png", None]), Failed("bad_image_field", "None")),
    Case("one missing among good pictures", with_fields(image=["good.png", "x.png"]), Failed("missing_image", "x.png")),
    Case("no picture", with_fields(image=None), Answered()),
    Case("empty list of pictures", with_fields(image=[]), Answered()),
]

ROWS = [
    Case("invalid UTF-8 in a line", lines(raw_field("note", b'"\xff"')), Failed("unreadable_row", "0xff", id=None)),
    Case("line of NUL bytes", lines(bytes(50)), UNREADABLE),
    Case("line in UTF-16", lines('{"sample_index": "bad"}'.encode("utf-16-le")), UNREADABLE),
    Case("truncated line", lines(b'{"sample_index": "bad", "query_cot": "Wh'), UNREADABLE),
    Case("two objects in a line", lines(dumped(healthy("e")) + dumped(healthy("f"))), UNREADABLE),
    Case("line that is a list", lines(b"[1, 2]"), Failed("unreadable_row", "this is a list", id=None)),
    Case("line that is a number", lines(b"17"), Failed("unreadable_row", "this is a int", id=None)),
    Case("line that is a string", lines(b'"hello"'), Failed("unreadable_row", "this is a str", id=None)),
    Case("line that is null", lines(b"null"), Failed("unreadable_row", "a row must be a JSON object", id=None)),
    Case("comment line", lines(b"# a comment"), UNREADABLE),
    Case(
        "truncated last line",
        lines(b'{"sample_index": "bad", "que', order="abcd!")[:-1],
        Failed("unreadable_row", "row 5", order="abcd!", id=None),
    ),
    Case(
        "bad first line",
        lines(b"sample_index,query_cot", order="!abcd"),
        Failed("unreadable_row", "row 1", "!abcd", None),
    ),
    Case(
        "half a surrogate pair in the prompt",
        with_fields(query_cot="a \ud800 b"),
        Failed("unreadable_row", "pair", id=None),
    ),
    Case(
        "half a surrogate pair in another field", with_fields(note="\udfff"), Failed("unreadable_row", "row 3", id=None)
    ),
    Case("half a surrogate pair in a field's name", with_fields(**{"\ud800": 1}), UNREADABLE),
    Case("half a surrogate pair in a path", with_fields(image="\ud800.png"), UNREADABLE),
    Case("integer of 5,000 digits", lines(raw_field("note", b"7" * 5000)), Failed("unreadable_row", "digits", id=None)),
    Case("100,000 brackets", lines(raw_field("note", b"[" * 100_000 + b"]" * 100_000)), UNREADABLE),
    Case(
        "200 brackets", lines(raw_field("note", b"[" * 200 + b"]" * 200)), Failed("unreadable_row", "deeper", id=None)
    ),
    Case(
        "brackets about as deep as Python goes",
        lines(raw_field("note", b"[" * 950 + b"]" * 950)),
        Failed("unreadable_row", "deeper", id=None),
    ),
    Case("100,000 brackets left open", lines(b"[" * 100_000), UNREADABLE),
    Case(
        "duplicate id",
        lines(dumped(healthy("a"))),
        Failed("duplicate_id", "row 3: id 'a' is also that of row 1", id="a"),
    ),
    Case(
        "duplicate id, as number and text",
        lines(dumped({"sample_index": 7, "query_cot": "x"}), order="ab7!cd"),
        Failed("duplicate_id", "row 4: id '7' is also that of row 3", order="ab7!cd", id=7),
    ),
    Case(
        "missing id",
        lines(b'{"query_cot": "What?"}'),
        Failed("missing_id", "row 3: no id in dataset.index_field", id=None),
    ),
    Case("null id", with_fields(sample_index=None), Failed("missing_id", "None", id=None)),
    Case("boolean id", with_fields(sample_index=True), Failed("missing_id", "True", id=True)),
    Case("float id", with_fields(sample_index=1.5), Failed("missing_id", "1.5", id=1.5)),
    Case("blank id", with_fields(sample_index=" "), Failed("missing_id", "' '", id=" ")),
    Case("list as id", with_fields(sample_index=["x"]), Failed("missing_id", "['x']", id=["x"])),
    Case("NaN as id", lines(b'{"sample_index": NaN, "query_cot": "What?"}'), Failed("missing_id", "None", id=None)),
    Case("empty prompt", with_fields(query_cot=""), Failed("empty_prompt", "row 3")),
    Case("blank prompt", with_fields(query_cot=" \n\t "), Failed("empty_prompt", "row 3")),
    Case("null prompt", with_fields(query_cot=None), Failed("empty_prompt", "row 3")),
    Case("number as prompt", with_fields(query_cot=7), Failed("bad_prompt", "row 3: the prompt is a int")),
    Case("list as prompt", with_fields(query_cot=["What?"]), Failed("bad_prompt", "list")),
    Case("no prompt", lines(b'{"sample_index": "bad"}'), Failed("missing_prompt", "dataset.query_field=query_cot")),
    Case("BOM at the start", codecs.BOM_UTF8 + with_fields(), Answered()),
    Case("CRLF", lines(dumped({"sample_index": BAD, "query_cot": "What?"}), end=b"\r\n"), Answered()),
    Case("blank lines", lines(raw_field("note", b"1"), end=b"\n\n  \n\t\r\n"), Answered({"note": 1})),
    Case("no newline at the end", with_fields()[:-1], Answered()),
    Case("NaN in a row", lines(raw_field("note", b"NaN")), Answered({"note": None})),
    Case(
        "Infinity in a row", lines(raw_field("note", b"[Infinity, -Infinity, 1e999]")), Answered({"note": [None] * 3})
    ),
    Case("NaN as picture", lines(raw_field("image", b"NaN")), Answered({"image": None})),
    Case("integer of 400 digits", lines(raw_field("note", b"7" * 400)), Answered({"note": int("7" * 400)})),
    Case("name that is there twice", lines(raw_field("query_cot", b'"Which?"')), Answered({"query_cot": "Which?"})),
    Case("emoji as a surrogate pair", with_fields(query_cot="\U0001f600"), Answered({"query_cot": "\U0001f600"})),
    Case("199 brackets", lines(raw_field("note", b"[" * 199 + b"]" * 199)), Answered()),
    Case("500 braces in a prompt", with_fields(query_cot="{" * 500), Answered()),
    Case("prompt of 5 MB", lambda _: with_fields(query_cot="What? " * 900_000), Answered()),
    Case(
        "line separators in a prompt",
        with_fields(query_cot="a\u2028b\u0085c\x0b"),
        Answered({"query_cot": "a\u2028b\u0085c\x0b"}),
    ),
    Case(
        "placeholder with 5,000 digits",
        with_fields(query_cot=f"Look at <image{'1' * 5000}>", image="good.png"),
        Answered(),
    ),
]

TEMPLATES = [
    template(
        lines(b'{"sample_index": "bad"}'),
        "template that lacks a column in one row",
        "{{ query_cot }}",
        Failed("prompt_template", "row 3: dataset.prompt fails on this row: 'query_cot' is undefined"),
    ),
    template(
        with_fields(),
        "template that lacks a column in all rows",
        "{{ query_cott }}",
        refused("dataset", "5 of the first 5 rows", "'query_cott' is undefined"),
    ),
    template(with_fields(), "template with a syntax error", "{{ query_cot }", refused("dataset.prompt", "line 1")),
    template(
        with_fields(),
        "template with an unknown filter",
        "{{ query_cot | uper }}",
        refused("dataset.prompt", "line 1", "uper"),
    ),
    template(
        with_fields(query_cot=["x"]),
        "template that adds text to a list",
        '{{ query_cot + "!" }}',
        Failed("prompt_template", "row 3"),
    ),
    template(
        with_fields(query_cot=0),
        "template that divides by zero",
        "{{ 1 / query_cot if query_cot is number else query_cot }}",
        Failed("prompt_template", "division by zero"),
    ),
    template(
        lines(dumped({"sample_index": BAD, "query_cot": ["x"]})),
        "template that sorts what is no object",
        "{{ query_cot if query_cot is string else query_cot | dictsort }}",
        Failed("prompt_template", "items"),
    ),
    template(
        with_fields(),
        "template that reaches for Python",
        "{{ query_cot.__class__.__mro__ }}",
        refused("dataset", "unsafe"),
    ),
    template(
        with_fields(query_cot=""), "template that gives an empty prompt", "{{ query_cot }}", Failed("empty_prompt")
    ),
]

ROW = dumped({"sample_index": BAD, "query_cot": "What?"})
LOST = Failed("unreadable_row", "nothing after it can be read", order="ab!", id=None)
LOST_AT_END = Failed("unreadable_row", "row 5", order="abcd!", id=None)

DOCUMENTS = [
    document("array", array(ROW), Answered()),
    document("array broken in the middle", array(b'{"sample_index" "bad"}'), LOST),
    document("array without a comma", array(ROW).replace(b",\n" + ROW, ROW), LOST),
    document("array that ends in a row", array(b'{"sample_index": "ba', order="ab!", closing=b""), LOST),
    document("array that ends in a string with a brace", array(b'{"a": "}', order="ab!", closing=b""), LOST),
    document("array that ends between rows", array(b"", order="abcd!", closing=b""), LOST_AT_END),
    document("array without an end", array(b"", order="abcd", closing=b""), LOST_AT_END),
    document("array with a trailing comma", array(b"", order="abcd!"), LOST_AT_END),
    document("array with another after it", array(b"", order="abcd") + array(ROW), LOST_AT_END),
    document("array of brackets", array(b"[" * 100_000), LOST),
    document("array with an integer of 5,000 digits", array(raw_field("x", b"1" * 5000)), LOST),
    document("number in an array", array(b"1.5e+3"), UNREADABLE),
    document("list in an array", array(b"[1]"), UNREADABLE),
    document("null in an array", array(b"null"), UNREADABLE),
    document("invalid UTF-8 in an array", array(raw_field("x", b'"\xff"')), UNREADABLE),
    document("half a surrogate pair in an array", array(raw_field("x", rb'"\ud800"')), UNREADABLE),
    document("NaN in an array", array(raw_field("x", b"[NaN, -Infinity]")), Answered({"x": [None, None]})),
    document("BOM before an array", codecs.BOM_UTF8 + array(ROW), Answered()),
    document("blanks around an array", b" \r\n\t" + array(ROW) + b"\n\n \n", Answered()),
    document("JSON Lines named .json", lines(ROW), Answered()),
    document("object by id", members(b'"bad": {"query_cot": "What?"}'), Answered()),
    document("BOM before an object", codecs.BOM_UTF8 + members(b'"bad": ' + ROW), Answered()),
    document("number in an object", members(b'"bad": 7'), UNREADABLE),
    document("half a surrogate pair as a key", members(rb'"\ud800": {"query_cot": "What?"}'), UNREADABLE),
    document("number as a key", members(b"7: " + ROW), LOST),
    document("object without a colon", members(b'"bad" ' + ROW), LOST),
    document("object that ends in a row", members(b'"bad": {', order="ab!")[:-1], LOST),
    document("number as a document", b"17", refused("dataset", "starts with '1'")),
    document("HTML as a document", b"<html>", refused("dataset", "starts with '<'")),
    document("empty document", b"", refused("dataset.input", "has no rows")),
    document("empty array", b"[ ]", refused("dataset.input", "has no rows")),
    document("empty object", b"{}", refused("dataset.input", "has no rows")),
]

NO_PROMPT = refused("dataset.query_field", "'query_cott'", "did you mean 'query_cot'?")
FILES = [
    Case("gzip", gzip.compress(lines(ROW)), Answered(), input="rows.jsonl.gz"),
    Case("gzip of an array", gzip.compress(array(ROW)), Answered(), input="rows.json.gz"),
    Case(
        "truncated gzip", gzip.compress(lines(ROW))[:-9], refused("dataset.input", "is damaged"), input="rows.jsonl.gz"
    ),
    Case(
        "truncated gzip of an array",
        gzip.compress(array(ROW))[:-30],
        refused("dataset.input", "rows.json.gz is damaged"),
        input="rows.json.gz",
    ),
    Case(
        "no gzip at all",
        lines(ROW),
        refused("dataset.input", "is damaged", "Not a gzipped file"),
        input="rows.jsonl.gz",
    ),
    Case("array that is no gzip at all", array(ROW), refused("dataset.input", "is damaged"), input="rows.json.gz"),
    Case(
        "gzip with a flipped bit",
        gzip.compress(lines(ROW))[:40] + b"?" + gzip.compress(lines(ROW))[41:],
        refused("dataset.input", "is damaged"),
        input="rows.jsonl.gz",
    ),
    Case(
        "gzip truncated far from its start",
        truncated_late,
        refused("dataset.input", "is damaged"),
        input="rows.jsonl.gz",
    ),
    Case("empty gzip", b"", refused("dataset.input", "has no rows"), input="rows.jsonl.gz"),
    Case("empty file", b"", refused("dataset.input", "has no rows")),
    Case("blank lines only", b"\n\n  \n", refused("dataset.input", "has no rows")),
    Case(
        "folder as input",
        folder_as_input,
        refused("dataset.input", "folder.jsonl is a folder"),
        ("dataset.input=folder.jsonl",),
    ),
    Case(
        "missing file",
        lines(ROW),
        refused("dataset.input", "rowz.jsonl", "did you mean 'rows.jsonl'?"),
        ("dataset.input=rowz.jsonl",),
    ),
    Case(
        "missing folder of the file",
        lines(ROW),
        refused("dataset.input", "no/rows.jsonl"),
        ("dataset.input=no/rows.jsonl",),
    ),
    Case(
        "file that only links to itself",
        lambda folder: (folder / "x.jsonl").symlink_to("x.jsonl") or b"",
        refused("dataset.input", "x.jsonl"),
        ("dataset.input=x.jsonl",),
    ),
    Case(
        "missing folder of the pictures",
        lines(ROW),
        refused("dataset.image_base_path", "/no"),
        ("dataset.image_base_path=no",),
    ),
    Case("prompt field that no row has", lines(ROW), NO_PROMPT, ("dataset.query_field=query_cott",)),
    Case(
        "id field that no row has",
        lines(ROW),
        refused("dataset.index_field", "did you mean 'sample_index'?", "dataset.index_field=null"),
        ("dataset.index_field=sample_idx",),
    ),
    Case(
        "picture field that no row has",
        lines(ROW),
        refused("dataset.image_field", "did you mean 'image'?", "dataset.image_field=null"),
        ("dataset.image_field=imagee",),
    ),
    Case(
        "gold field that no row has",
        lines(ROW),
        refused("dataset.answer_field", "valid names"),
        ("dataset.answer_field=gold",),
    ),
    Case(
        "answers in the place of the prompt",
        lines(ROW),
        refused("dataset.response_field", "'query_cot' is in use by dataset.query_field"),
        ("dataset.response_field=query_cot",),
    ),
    Case(
        "answers in the place of what a template reads",
        lines(ROW),
        refused("dataset.response_field", "'query_cot' is in use by dataset.prompt"),
        ("dataset.prompt='Say {{ query_cot }}'", "dataset.response_field=query_cot"),
    ),
    Case("file in UTF-16", lines(ROW).decode().encode("utf-16"), refused("dataset", "not UTF-8")),
    Case("bad rows only", lines(b"x", order="!!!"), refused("dataset", "3 of the first 3 rows", "row 1")),
]

CASES = PICTURES + ROWS + TEMPLATES + DOCUMENTS + FILES
