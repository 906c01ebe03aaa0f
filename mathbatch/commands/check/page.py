"""The HTML page of a check: findings, and prompts with their pictures. One file, nothing fetched from elsewhere."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from mathbatch.commands.check.inspection import Inspection, Seen
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import SampleError

THUMBNAIL = 320
"""Pixels of the longer side."""


def write_page(path: Path, title: str, found: Inspection, facts: list[tuple[str, str]], decoder: ImageDecoder) -> None:
    """All text of rows is escaped."""
    environment = Environment(
        loader=PackageLoader("mathbatch.commands.check", "."), autoescape=select_autoescape(default=True)
    )
    rows = [(seen, _thumbnails(seen, decoder)) for seen in found.shown]
    text = environment.get_template("page.html").render(
        title=title, facts=facts, findings=list(found.findings.values()), rows=rows
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        stream.write(text.encode(errors="replace"))


def _thumbnails(seen: Seen, decoder: ImageDecoder) -> list[tuple[str, str]]:
    """Label and data URL of each picture; the URL is empty where it can't be read."""
    found = []
    for image in seen.sample.images:
        try:
            picture, _ = decoder.decode(image)
        except SampleError as error:
            found.append((str(error), ""))
            continue
        label = f"{image.label}, {picture.width} x {picture.height}"
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=80)
        found.append((label, f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"))
    return found
