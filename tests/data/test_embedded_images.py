"""Every way in which a cell holds a picture gives the same picture, and no failure repeats the picture's data."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.images import encoded

from mathbatch.data.images.decode import ImageDecoder, ImageRoot
from mathbatch.errors import SampleError

DECODER = ImageDecoder(max_pixels=10**6, max_bytes=1 << 20)
PNG = encoded()
TEXT = base64.b64encode(PNG).decode()
WRAPPED = "\r\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76))
URL_ALPHABET = base64.urlsafe_b64encode(PNG).decode()
DATA_URL = f"data:image/png;base64,{TEXT}"

CELLS: dict[str, Any] = {
    "data URL": DATA_URL,
    "data URL in capitals": f"DATA:Image/PNG;BASE64,{TEXT}",
    "data URL with a charset": f"data:image/png;charset=utf-8;base64,{TEXT}",
    "data URL with a file name": f"data:image/png;name=a%2Cb.png;base64,{TEXT}",
    "data URL without a media type": f"data:;base64,{TEXT}",
    "data URL of any bytes": f"data:application/octet-stream;base64,{TEXT}",
    "data URL without base64": f"data:image/png,{quote(PNG)}",
    "data URL without anything": f"data:,{quote(PNG)}",
    "data URL whose base64 is quoted": f"data:image/png;base64,{quote(TEXT, safe='')}",
    "data URL of several lines": f"\n data:image/png;base64, {WRAPPED}\n",
    "data URL in the alphabet of URLs": f"data:image/png;base64,{URL_ALPHABET}",
    "data URL without padding": f"data:image/png;base64,{TEXT.rstrip('=')}",
    "base64": TEXT,
    "base64 of several lines": f"\n{WRAPPED}\n",
    "base64 in the alphabet of URLs without padding": URL_ALPHABET.rstrip("="),
    "bytes": PNG,
    "path": "sub/a b.png",
    "file URL": "file://{root}/sub/a%20b.png",
    "file URL of this machine": "FILE://localhost{root}/sub/a%20b.png",
    "file URL of a relative path": "file://sub/a%20b.png",
    "pair of bytes and path": {"bytes": PNG, "path": "b.png"},
    "pair with a path only": {"bytes": None, "path": "sub/a b.png"},
    "dictionary with an address": {"url": DATA_URL},
    "part of a message to OpenAI": {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}},
    "input of a response of OpenAI": {"type": "input_image", "image_url": DATA_URL},
    "part of a message to Anthropic": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": TEXT},
    },
    "part of a message to Qwen": {"type": "image", "image": "file://{root}/sub/a%20b.png"},
}


@pytest.fixture
def root(tmp_path: Path) -> ImageRoot:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.png").write_bytes(PNG)
    return ImageRoot(tmp_path)


def placed(cell: Any, root: ImageRoot) -> Any:
    if isinstance(cell, dict):
        return {key: placed(value, root) for key, value in cell.items()}
    return cell.replace("{root}", str(root.folder)) if isinstance(cell, str) else cell


@pytest.mark.parametrize("name", CELLS)
def test_each_way_to_hold_a_picture_gives_its_pixels(name: str, root: ImageRoot) -> None:
    ref = root.reference(placed(CELLS[name], root))
    DECODER.measure(ref)
    image, hash = DECODER.decode(ref)
    assert image.size == (40, 30)
    assert hash == DECODER.decode(root.reference(PNG))[1]


BROKEN: dict[str, tuple[Any, str]] = {
    "base64 with a foreign letter": (f"{TEXT[:90]}é{TEXT}", "missing_image"),
    "data URL with a foreign letter": (f"data:image/png;base64,{TEXT[:90]}é{TEXT}", "broken_image"),
    "data URL that is cut": (DATA_URL[:-200], "broken_image"),
    "data URL without a comma": (DATA_URL.replace(",", ""), "missing_image"),
    "data URL of a drawing": (f"data:image/svg+xml;utf8,<svg>{TEXT}</svg>", "broken_image"),
    "bytes as Python prints them": (str(PNG), "missing_image"),
    "base64 as Python prints bytes": (f"b'{TEXT}'", "missing_image"),
    "dictionary as text": (f'{{"url": "{DATA_URL}"}}', "missing_image"),
    "dictionary of other keys": ({"thumbnail": TEXT}, "bad_image_field"),
    "list in a dictionary": ({"image": [TEXT]}, "bad_image_field"),
    "address on the network": ({"url": "HTTPS://localhost/x.png"}, "image_url"),
    "file URL out of the root": ("file:///proc/self/exe", "image_outside_root"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_cell_without_a_picture_fails_by_name_and_its_data_is_not_repeated(name: str, root: ImageRoot) -> None:
    cell, kind = BROKEN[name]
    with pytest.raises(SampleError) as failed:
        DECODER.decode(root.reference(cell))
    assert failed.value.kind == kind
    assert TEXT[:24] not in str(failed.value)
    assert len(str(failed.value)) < 500
