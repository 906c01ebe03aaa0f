"""List rows whose images are bad or only look so."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from support.bad_inputs.case import Answered, Case, Failed, with_fields
from support.hostile_images import with_scans
from support.images import base64_of, encoded, png_bomb, text_bomb

# Limits low enough that a test need not make large files.
IMAGES = "dataset.image_max_megapixels=0.01", "dataset.image_max_mib=0.02"


def picture_file(data: bytes | Callable[[], bytes], name: str = "x.png") -> Callable[[Path], bytes]:
    """Return a function that makes a file whose bad row points to a file with this data."""

    def make(folder: Path) -> bytes:
        (folder / name).write_bytes(data if isinstance(data, bytes) else data())
        return with_fields(image=name)

    return make


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
    """Link a folder below the root to one outside it."""
    (folder / "sub").symlink_to("/proc/self")
    return with_fields(image="sub/exe")


def picture_beside_root(folder: Path) -> bytes:
    """Point to an image that is there, in a folder whose name begins as the root's does."""
    (folder / "pictures").mkdir()
    (folder / "pictures-2").mkdir()
    for name in ("pictures/good.png", "pictures-2/x.png"):
        (folder / name).write_bytes(encoded())
    return with_fields(image="../pictures-2/x.png")


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
    Case(
        "TIFF, which is not read", picture_file(lambda: encoded("TIFF"), "x.tif"), Failed("broken_image", "x.tif x.png")
    ),
    Case("AVIF, which is not read", picture_file(lambda: encoded("AVIF"), "x.avif"), Failed("broken_image")),
    Case("PPM of one comment", picture_file(b"P6\n#" + b"c" * 1_000_000, "x.ppm"), Failed("broken_image")),
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
    Case(
        "picture of a thousand scans",
        picture_file(lambda: with_scans(encoded("JPEG", progressive=True), 1_000), "x.jpg"),
        Failed("image_too_costly", "a JPEG of 1,0"),
    ),
    Case("decompression bomb", picture_file(png_bomb), Failed("image_too_large", "60000 x 60000")),
    Case("bomb in the text of a PNG", picture_file(text_bomb), Answered()),
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
    Case("object as a picture", with_fields(image={"name": "x.png"}), Failed("bad_image_field", "dict")),
    Case("object that names a picture", with_fields(image={"url": "good.png"}), Answered()),
    Case("empty pair as a picture", with_fields(image={"bytes": None, "path": None}), Failed("bad_image_field")),
    Case("list in a list", with_fields(image=[["good.png"]]), Failed("bad_image_field", "list")),
    Case("one bad among good pictures", with_fields(image=["good.png", 7]), Failed("bad_image_field", "int")),
    Case("null among good pictures", with_fields(image=["good.png", None]), Failed("bad_image_field", "None")),
    Case("one missing among good pictures", with_fields(image=["good.png", "x.png"]), Failed("missing_image", "x.png")),
    Case("no picture", with_fields(image=None), Answered()),
    Case("empty list of pictures", with_fields(image=[]), Answered()),
]
