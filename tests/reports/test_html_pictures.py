"""Pictures of a report: small ones beside the page, originals where they lie, and the reason where there is none."""

from __future__ import annotations

import base64
import functools
import os
import random
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image
from support import processes
from support.images import encoded, png_bomb
from support.reports import facts_in, rows_in
from support.rows import SCRIPTED, write_rows
from support.run_folders import run_dir

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.records import ImageRef
from mathbatch.reports.html.build import build_run
from mathbatch.reports.html.pictures import Pictures
from mathbatch.reports.html.report import write_report
from mathbatch.reports.html.source import source_in

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)

HOSTILE = "a %41#?\"'<b>&;javascript:é.png"
NAMES = {
    "small": "small.png",
    "hostile": HOSTILE,
    "photo": "deep/photo.jpg",
    "broken": "broken.png",
    "bomb": "bomb.png",
    "outside": "../outside.png",
    "gone": "gone.png",
    "link": "link.png",
    "disguised": "disguised.HTML",
    "embedded": base64.b64encode(encoded(size=(1500, 900))).decode(),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run over pictures of all kinds."""
    folder = tmp_path_factory.mktemp("made")
    pictures = folder / "pictures"
    (pictures / "deep").mkdir(parents=True)
    (folder / "outside.png").write_bytes(encoded())
    for name in ("small.png", HOSTILE):
        (pictures / name).write_bytes(encoded(size=(40, 30)))
    (pictures / "deep" / "photo.jpg").write_bytes(encoded("JPEG", size=(1600, 1200)))
    (pictures / "disguised.HTML").write_bytes(encoded("GIF") + b"<script>alert(1)</script>")
    (pictures / "broken.png").write_bytes(encoded()[:200])
    (pictures / "bomb.png").write_bytes(png_bomb())
    (pictures / "link.png").symlink_to("small.png")
    rows = [{"id": id, "q": f"See <image> {id}.", "image": name} for id, name in NAMES.items()]
    write_rows(folder / "rows.jsonl", [*rows, {"id": "again", "q": "See", "image": ["small.png", "deep/photo.jpg"]}])
    command = [SCRIPTED, "dataset=generic", "dataset.input=rows.jsonl", "dataset.index_field=id"]
    done = run(folder, *command, "dataset.query_field=q", "dataset.image_base_path=pictures")
    assert done.returncode == 1, done.stderr
    return folder


def pictures_of(page: Path) -> dict[str, list[Any]]:
    return {row["id"]: row.get("pictures", []) for row in rows_in(page)}


def size_of(page: Path, picture: Any) -> tuple[int, int]:
    with Image.open(page / picture["thumbnail"]) as image:
        return image.size


def test_a_picture_stands_in_its_place_and_its_thumbnail_is_beside_the_page(made: Path) -> None:
    page = run_dir(made)
    (row,) = (row for row in rows_in(page) if row["id"] == "small")
    assert row["messages"][0]["parts"] == [{"text": "See "}, {"picture": 0}, {"text": " small."}]
    (picture,) = row["pictures"]
    assert (picture["width"], picture["height"], picture["problem"]) == (40, 30, None)
    assert size_of(page, picture) == (40, 30)


def test_a_large_picture_has_a_smaller_thumbnail_and_an_embedded_one_no_original(made: Path) -> None:
    found = pictures_of(run_dir(made))
    (photo,), (embedded,) = found["photo"], found["embedded"]
    assert (photo["width"], photo["height"]) == (1600, 1200)
    assert size_of(run_dir(made), photo) == (512, 384)
    assert size_of(run_dir(made), embedded) == (1024, 614)
    assert embedded["original"] is None


def test_originals_are_linked_whatever_their_names_are(made: Path) -> None:
    page = run_dir(made)
    assert facts_in(page)["originals"] == ""
    for id in ("small", "hostile", "photo", "link"):
        (picture,) = pictures_of(page)[id]
        address = picture["original"]
        assert not set(address) & set("\"'<>#?: ")
        assert (page / unquote(address)).resolve() == (made / "pictures" / NAMES[id]).resolve()


def test_a_picture_that_a_browser_would_run_is_no_link(made: Path, tmp_path: Path) -> None:
    (picture,) = pictures_of(run_dir(made))["disguised"]
    assert picture["original"] is None
    assert size_of(run_dir(made), picture) == (40, 30)
    write_report([run_dir(made)], tmp_path, copies=True)
    (copied,) = pictures_of(tmp_path)["disguised"]
    assert copied["original"].endswith("-original.")
    assert (tmp_path / copied["original"]).is_file()


def test_a_picture_that_can_not_be_read_says_why(made: Path) -> None:
    rows = {row["id"]: row for row in rows_in(run_dir(made))}
    assert "outside" in rows["outside"]["problem"]
    assert "gone.png" in rows["gone"]["problem"]
    for id, problem in (("broken", "broken.png"), ("bomb", "60000 x 60000 pixels")):
        (picture,) = rows[id]["pictures"]
        assert problem in picture["problem"]
        assert (picture["thumbnail"], picture["original"]) == (None, None)


def test_a_picture_that_several_rows_show_is_there_once(made: Path) -> None:
    found = pictures_of(run_dir(made))
    assert [one["thumbnail"] for one in found["again"]] == [found[id][0]["thumbnail"] for id in ("small", "photo")]
    names = os.listdir(run_dir(made) / "report" / "pictures")
    assert len(names) == len({one["thumbnail"] for shown in found.values() for one in shown if one["thumbnail"]})


def test_thumbnails_are_kept_and_those_that_nothing_shows_any_more_go(made: Path, tmp_path: Path) -> None:
    shutil.copytree(run_dir(made), tmp_path / "run", ignore=shutil.ignore_patterns("data"))
    kept = tmp_path / "run" / "report" / "pictures"
    (kept / "0123456789abcdef-10x10.webp").write_bytes(b"old")
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    write_report([tmp_path / "run"])
    after = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert after == {name: time for name, time in before.items() if not name.startswith("0123")}


def test_pages_over_the_same_dataset_have_their_thumbnails_in_common(made: Path, tmp_path: Path) -> None:
    build_run(source_in(run_dir(made)), tmp_path)
    names = sorted(path.name for path in (tmp_path / "report" / "pictures").iterdir())
    kept = run_dir(made) / "report" / "pictures"
    assert names == sorted(path.name for path in kept.iterdir())
    for name in names:
        assert (tmp_path / "report" / "pictures" / name).stat().st_ino == (kept / name).stat().st_ino


def test_a_page_elsewhere_finds_the_originals_from_there_and_copies_are_its_own(made: Path, tmp_path: Path) -> None:
    write_report([run_dir(made)], tmp_path / "linked")
    write_report([run_dir(made)], tmp_path / "copied", copies=True)
    linked, copied = (pictures_of(tmp_path / name)["photo"][0]["original"] for name in ("linked", "copied"))
    address = facts_in(tmp_path / "linked")["originals"] + linked
    photo = made / "pictures" / NAMES["photo"]
    assert (tmp_path / "linked" / unquote(address)).resolve() == photo.resolve()
    assert facts_in(tmp_path / "copied")["originals"] == ""
    assert (tmp_path / "copied" / copied).read_bytes() == photo.read_bytes()


@pytest.mark.parametrize(("mode", "colours"), [("RGB", 3), ("RGBA", 3), ("L", 0), ("P", 5), ("1", 0), ("RGB", 0)])
def test_a_thumbnail_looks_as_the_picture_does(mode: str, colours: int, tmp_path: Path) -> None:
    draws = random.Random(colours)
    image = Image.new("RGB", (900, 600), "white")
    for _ in range(colours):
        corner = (draws.randrange(700), draws.randrange(400))
        image.paste(tuple(draws.randrange(256) for _ in range(3)), (*corner, corner[0] + 200, corner[1] + 200))
    image.convert(mode).save(tmp_path / "x.png")
    ref = ImageRef("x.png", "x", path=str(tmp_path / "x.png"))
    pictures = Pictures(tmp_path, tmp_path, ImageDecoder(10**7, 10**7))
    picture = pictures.picture_of(ref)
    pictures.settle(pictures.take_open())
    pictures.close()
    assert picture.thumbnail is not None
    shown = Image.open(tmp_path / picture.thumbnail).convert("RGB")
    wanted = image.convert(mode).convert("RGB").resize(shown.size)
    assert shown.size == (512, 341)
    apart = [abs(a - b) for a, b in zip(shown.tobytes(), wanted.tobytes(), strict=True)]
    assert sum(apart) / len(apart) < 4


def test_a_turned_photo_is_upright_and_its_size_is_that_of_the_upright_one(tmp_path: Path) -> None:
    image = Image.new("RGB", (1200, 800), "white")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "x.jpg", exif=exif)
    reduced = ImageDecoder(10**7, 10**7).reduce(ImageRef("x", "x", path=str(tmp_path / "x.jpg")), 512)
    assert (reduced.width, reduced.height) == (800, 1200)
    assert reduced.image.size == (341, 512)
    assert reduced.data is None
