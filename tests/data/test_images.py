"""Pictures of every kind come out as the RGB pixels that a viewer shows, or fail by name."""

from __future__ import annotations

import base64
import io
import os
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.growth import LINEAR, growth
from support.hostile_images import with_scans

from mathbatch.data.images.decode import ImageDecoder, ImageRoot
from mathbatch.errors import SampleError
from mathbatch.records import ImageRef

DECODER = ImageDecoder(max_pixels=10**6, max_bytes=1 << 20)
WHITE, BLACK, RED, GREEN = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0)
Pixel = tuple[int, ...]

# How AB, CD, EF is stored, from EXIF 2.32, tag 0x0112: which sides of the scene row 0 and column 0 are.
ORIENTATIONS = {
    1: ["AB", "CD", "EF"],
    2: ["BA", "DC", "FE"],
    3: ["FE", "DC", "BA"],
    4: ["EF", "CD", "AB"],
    5: ["ACE", "BDF"],
    6: ["BDF", "ACE"],
    7: ["FDB", "ECA"],
    8: ["ECA", "FDB"],
}
LEVELS = [0, 1, 255, 256, 257, 511, 512, 32767, 32768, 65279, 65280, 65535]


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def decoded(data: bytes | str) -> Image.Image:
    picture, _ = DECODER.decode(ImageRef("test", "test", data=data))
    assert picture.mode == "RGB"
    return picture


def pixels(picture: Image.Image) -> list[Pixel]:
    raw = picture.tobytes()
    return [tuple(raw[at : at + 3]) for at in range(0, len(raw), 3)]


def row_of(mode: str, *values: int | Pixel) -> Image.Image:
    """Return an image one pixel high."""
    picture = Image.new(mode, (len(values), 1))
    for at, value in enumerate(values):
        picture.putpixel((at, 0), value)
    return picture


def noise(size: tuple[int, int] = (37, 23)) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(5).randbytes(size[0] * size[1] * 3))


def lettered(rows: list[str]) -> Image.Image:
    picture = Image.new("RGB", (len(rows[0]), len(rows)))
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            picture.putpixel((x, y), (ord(letter), 2 * ord(letter), 7))
    return picture


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_picture_is_turned_upright_by_its_exif_tag(orientation: int, format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    found = decoded(encoded(lettered(ORIENTATIONS[orientation]), format, exif=exif, **options))
    upright = lettered(ORIENTATIONS[1])
    assert found.size == upright.size
    assert pixels(found) == pixels(upright)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_jpeg_is_turned_upright_by_its_exif_tag(orientation: int) -> None:
    """Letters as blocks of 16 pixels, so that JPEG keeps their middle."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = lettered(ORIENTATIONS[orientation]).getchannel("R").point(lambda value: (value - 65) * 40 + 20)
    data = encoded(stored.resize((stored.width * 16, stored.height * 16), 0), "JPEG", quality=95, exif=exif)
    found = decoded(data).getchannel("R")
    assert found.size == (32, 48)
    middles = found.resize((2, 3), 0).tobytes()
    assert [chr(65 + value // 40) for value in middles] == list("ABCDEF")


def test_an_exif_tag_that_names_no_orientation_is_left_alone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert pixels(decoded(encoded(noise(), "PNG", exif=exif))) == pixels(noise())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 10}])
def test_a_jpeg_is_decoded_as_pillow_decodes_it(options: dict[str, Any]) -> None:
    data = encoded(noise(), "JPEG", **options)
    assert pixels(decoded(data)) == pixels(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("format", ["PNG", "BMP"])
def test_a_lossless_rgb_picture_comes_back_as_it_was(format: str) -> None:
    assert pixels(decoded(encoded(noise(), format))) == pixels(noise())


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_a_lossy_picture_keeps_its_size_and_its_colours_nearly(format: str) -> None:
    found = decoded(encoded(Image.new("RGB", (40, 30), (200, 100, 50)), format))
    assert found.size == (40, 30)
    assert all(abs(a - b) < 8 for pixel in pixels(found) for a, b in zip(pixel, (200, 100, 50), strict=True))


def palette(**options: Any) -> bytes:
    picture = row_of("P", 0, 1, 2)
    picture.putpalette([*RED, *GREEN, *BLACK])
    return encoded(picture, options.pop("format", "PNG"), **options)


def test_a_palette_gives_its_colours() -> None:
    assert pixels(decoded(palette())) == [RED, GREEN, BLACK]


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(format: str) -> None:
    assert pixels(decoded(palette(format=format, transparency=1))) == [RED, WHITE, BLACK]


def test_a_palette_with_degrees_of_transparency_is_mixed_with_white() -> None:
    assert pixels(decoded(palette(transparency=bytes([255, 0, 51])))) == [RED, WHITE, (204, 204, 204)]


def test_alpha_is_mixed_with_white() -> None:
    picture = row_of("RGBA", (*RED, 255), (*RED, 0), (*BLACK, 51), (*GREEN, 102))
    assert pixels(decoded(encoded(picture, "PNG"))) == [RED, WHITE, (204, 204, 204), (153, 255, 153)]


def test_grey_with_alpha_is_mixed_with_white() -> None:
    found = pixels(decoded(encoded(row_of("LA", (7, 255), (7, 0), (0, 51)), "PNG")))
    assert found == [(7, 7, 7), WHITE, (204, 204, 204)]


def test_a_transparent_colour_of_an_rgb_picture_is_white() -> None:
    data = encoded(row_of("RGB", RED, (1, 2, 3), GREEN), "PNG", transparency=(1, 2, 3))
    assert pixels(decoded(data)) == [RED, WHITE, GREEN]


def test_a_cmyk_jpeg_is_decoded_as_pillow_decodes_it() -> None:
    data = encoded(noise().convert("CMYK"), "JPEG")
    assert pixels(decoded(data)) == pixels(Image.open(io.BytesIO(data)).convert("RGB"))


def grey_of(data: bytes) -> list[int]:
    found = pixels(decoded(data))
    assert all(red == green == blue for red, green, blue in found)
    return [red for red, _, _ in found]


def test_16_bit_grey_is_read_by_its_high_byte() -> None:
    assert grey_of(encoded(row_of("I;16", *LEVELS), "PNG")) == [level >> 8 for level in LEVELS]


@pytest.mark.parametrize("format", ["PNG", "BMP"])
def test_one_bit_is_black_and_white(format: str) -> None:
    assert pixels(decoded(encoded(row_of("1", 1, 0, 1, 1, 0), format))) == [WHITE, BLACK, WHITE, WHITE, BLACK]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(format: str) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in (RED, GREEN, BLACK)]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(data)).n_frames == 3  # type: ignore[attr-defined]
    assert set(pixels(decoded(data))) == {RED}


def test_of_a_stereo_jpeg_the_first_picture_is_taken() -> None:
    data = encoded(Image.new("RGB", (16, 16), RED), "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16))])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert all(abs(red - 255) < 3 for red, _, _ in pixels(decoded(data)))


FORMS = ["path", "absolute path", "bytes", "base64", "base64 in lines", "data URL", "bytes of a pair", "path of a pair"]


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_may_be_given_in_each_of_these_forms(form: str, tmp_path: Path) -> None:
    data = encoded(noise(), "PNG")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x.png").write_bytes(data)
    text = base64.b64encode(data).decode()
    value = {
        "path": "sub/x.png",
        "absolute path": str(tmp_path / "sub/x.png"),
        "bytes": data,
        "base64": text,
        "base64 in lines": base64.encodebytes(data).decode(),
        "data URL": f"data:image/png;base64,{text}",
        "bytes of a pair": {"bytes": data, "path": "elsewhere.png"},
        "path of a pair": {"bytes": None, "path": "sub/x.png"},
    }[form]
    ref = ImageRoot(tmp_path).reference(value)
    found, _ = DECODER.decode(ref)
    assert pixels(found) == pixels(noise())
    assert DECODER.measure(ref) >= len(found.tobytes())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_base64_is_known_by_how_each_format_begins(format: str, tmp_path: Path) -> None:
    text = base64.b64encode(encoded(noise(), format)).decode()
    assert ImageRoot(tmp_path).reference(text).label == "base64 text"


def test_the_identity_of_a_picture_is_that_of_its_content(tmp_path: Path) -> None:
    root = ImageRoot(tmp_path)
    one, other = encoded(noise(), "PNG"), encoded(noise((9, 9)), "PNG")
    assert root.reference(one).identity == root.reference(one).identity != root.reference(other).identity
    refs = [root.reference(value) for value in (one, base64.b64encode(one).decode())]
    assert len({DECODER.decode(ref)[1] for ref in refs}) == 1, "an engine knows it again, whatever form it came in"


def test_a_link_within_the_root_is_followed(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(encoded(noise(), "PNG"))
    os.symlink("x.png", tmp_path / "link.png")
    found, _ = DECODER.decode(ImageRoot(tmp_path).reference("link.png"))
    assert pixels(found) == pixels(noise())


def test_a_root_that_is_itself_a_link_is_a_root(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x.png").write_bytes(encoded(noise(), "PNG"))
    os.symlink("real", tmp_path / "root")
    assert ImageRoot(tmp_path / "root").reference("x.png").path == str(tmp_path / "real/x.png")


def test_a_file_that_goes_away_after_it_was_seen_is_a_missing_picture(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encoded(noise(), "PNG"))
    ref = ImageRoot(tmp_path).reference("x.png")
    path.unlink()
    for read in (DECODER.measure, DECODER.decode):
        with pytest.raises(SampleError, match="No such file") as error:
            read(ref)
        assert error.value.kind == "missing_image"


BASES = [("JPEG", "RGB"), ("PNG", "P"), ("GIF", "P"), ("WEBP", "RGBA"), ("BMP", "RGB")]


@pytest.mark.parametrize(("format", "mode"), BASES)
@pytest.mark.filterwarnings("ignore")
def test_damage_of_any_kind_is_a_named_failure_or_a_picture(format: str, mode: str) -> None:
    seed = 11
    print(f"seed {seed}")
    dice = random.Random(seed)
    whole = encoded(noise().convert(mode), format)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 3, 20))):
            data[min(int(dice.expovariate(1 / 80)), len(data) - 1)] = dice.randrange(256)
        cut = dice.choice((None, dice.randrange(len(data))))
        assert failure_of(bytes(data[:cut])) in (None, "broken_image", "image_too_large")


def failure_of(data: bytes) -> str | None:
    ref = ImageRef("test", "test", data=data)
    try:
        DECODER.measure(ref)
        DECODER.decode(ref)
    except SampleError as error:
        return error.kind
    return None


STARTED = encoded(Image.new("L", (64, 64), 255), "JPEG", progressive=True)


def test_a_jpeg_of_countless_scans_is_refused_and_one_of_a_camera_with_a_film_behind_it_is_not() -> None:
    with pytest.raises(SampleError, match="scans, over 100"):
        decoded(with_scans(STARTED, 200))
    decoded(with_scans(STARTED, 20))
    film = random.Random(6).randbytes(200) + b"\xff\xda" * 1000
    decoded(encoded(noise(), "JPEG") + film)


@pytest.mark.parametrize("format", ["TIFF", "PPM", "AVIF", "ICO"])
def test_a_format_of_no_benchmark_is_refused_and_the_message_says_what_to_do(format: str) -> None:
    with pytest.raises(SampleError, match=r"JPEG, PNG, GIF, WEBP, BMP; .* converts others"):
        decoded(encoded(noise(), format))


def test_alpha_and_orientation_are_kept_across_the_strips_of_a_large_picture() -> None:
    picture = Image.linear_gradient("L").resize((1500, 1400))
    picture.putalpha(Image.radial_gradient("L").resize(picture.size))
    exif = Image.Exif()
    exif[0x0112] = 6
    found, _ = ImageDecoder(10**7, 1 << 24).decode(ImageRef("test", "test", data=encoded(picture, "PNG", exif=exif)))
    white = Image.new("RGBA", picture.size, "white")
    expected = Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    assert found.tobytes() == expected.transpose(Image.Transpose.ROTATE_270).tobytes()


def test_a_long_text_that_is_nearly_base64_costs_no_more_than_its_length(tmp_path: Path) -> None:
    def refer(size: int) -> None:
        with pytest.raises(SampleError, match="neither a path nor a picture"):
            ImageRoot(tmp_path).reference("/9j/" + "A" * 60 + " " * size + "!")

    # Too long for a path already at the first.
    for size in (16_000, 125_000):
        assert growth(refer, size) < LINEAR, size
