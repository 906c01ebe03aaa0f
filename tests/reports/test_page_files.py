"""Check the files of the report's page: libraries of others as they were published, and every script in its place."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from mathbatch.reports.html.page import HEAD, HERE, SCRIPTS, STYLES

APP = HERE / "app"
VENDOR = APP / "vendor"

# Folder, version, and the digest of all its files, each with its name.
LIBRARIES = [
    ("katex", "0.19.1", "857dbf9b78ab1707b7896132393fd70d0a845d6730e3cf346f1b92a229bfdb87"),
    ("dompurify", "3.5.0", "6a79b06861d0714319c7d3b1ef4c26e109ef04a77a8c1450985f9acba9cda4e7"),
    ("markdown-it", "15.0.3", "efd6e17937f48de55ca9e7cb29acd7474afc5b14104c0c540227589618611b66"),
    ("jsdiff", "9.0.0", "7580df3b8f88a7b76acd7f1a15c7eef75120a25f4a4a91322515c3c0c52fa3af"),
]


def digest_of(folder: str) -> str:
    digest = hashlib.sha256()
    for path in sorted((VENDOR / folder).rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(VENDOR).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize(("folder", "version", "digest"), LIBRARIES)
def test_a_library_is_what_its_makers_published_and_has_its_licence(folder: str, version: str, digest: str) -> None:
    assert digest_of(folder) == digest
    assert (VENDOR / folder / "LICENSE").stat().st_size > 500
    assert re.search(rf"^\| `{folder}` \| {re.escape(version)} \|", (VENDOR / "README.md").read_text(), re.MULTILINE)


def test_every_library_is_listed() -> None:
    assert {path.name for path in VENDOR.iterdir() if path.is_dir()} == {folder for folder, _, _ in LIBRARIES}


def test_every_script_and_style_of_the_page_is_loaded_once() -> None:
    loaded = [*HEAD, *SCRIPTS, *STYLES]
    assert len(loaded) == len(set(loaded))
    assert all((APP / name).is_file() for name in loaded)
    own = {path.name for path in APP.iterdir() if path.suffix in (".js", ".css")}
    assert own == {name for name in loaded if "/" not in name}


@pytest.mark.parametrize("path", sorted(APP.glob("*.js")) + sorted(APP.glob("*.css")), ids=lambda path: path.name)
def test_a_file_of_the_page_is_short_and_makes_no_html_of_text(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
