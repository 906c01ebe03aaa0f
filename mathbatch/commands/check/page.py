"""Write the HTML page of a check, with its findings and with prompts and their images.

The page is one file and fetches nothing from elsewhere.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from mathbatch.commands.check.inspection import Inspection, ShownRow
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import SampleError

# Longer side of an image on the page, in pixels.
THUMBNAIL = 320


def write_page(path: Path, title: str, found: Inspection, facts: list[tuple[str, str]], decoder: ImageDecoder) -> None:
    """Write the page. `facts` are names and values for the table at its top; all text from the rows is escaped."""
    environment = Environment(
        loader=PackageLoader("mathbatch.commands.check", "."), autoescape=select_autoescape(default=True)
    )
    rows = [(shown, _thumbnails(shown, decoder)) for shown in found.shown]
    text = environment.get_template("page.html").render(
        title=title, facts=facts, findings=list(found.findings.values()), rows=rows
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        stream.write(text.encode(errors="replace"))


def _thumbnails(shown: ShownRow, decoder: ImageDecoder) -> list[tuple[str, str]]:
    """Return label and data URL of each image; if an image can't be read, its error and an empty URL."""
    found = []
    for ref in shown.sample.images:
        try:
            image, _ = decoder.decode(ref)
        except SampleError as error:
            found.append((str(error), ""))
            continue
        label = f"{ref.label}, {image.width} x {image.height}"
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=80)
        found.append((label, f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"))
    return found
