"""Accuracy with its intervals as pictures, PNG and SVG: by the labels of the metadata, and over the keys of a sweep."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mathbatch.data.storage.atomic import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOTS = ("accuracy.png", "accuracy.svg")
SHOWN_FIELDS = 12
"""The first of `dataset.metadata`; 90 of them would be a picture 13 m high, which takes longer than the scores."""
SHOWN_LABELS = 20
"""Of one field, those with the most rows."""
INK, FAINT, MARK = "#22303c", "#c9d1d9", "#1f6feb"
WIDTH_IN = 7.0
LABEL_IN = 0.26
MAX_LABEL = 40


class Point(NamedTuple):
    """One accuracy of a sweep. `x` is the swept value, `line` what distinguishes the jobs beside it."""

    x: str
    line: str
    accuracy: float
    interval: tuple[float, float]


def draw_breakdown(metrics: dict[str, Any], folder: Path) -> None:
    """A panel for each metadata field, a row for each label; all together on top. Where there are many, the first
    SHOWN_FIELDS with their largest SHOWN_LABELS; metrics.json has the rest. No picture where nothing is judged, not
    even that of earlier scores.
    """
    if metrics["accuracy"] is None:
        for name in PLOTS:
            (folder / name).unlink(missing_ok=True)
        return
    fields = {field: shown for field, cells in metrics["breakdown"].items() if (shown := _shown(cells))}
    panels = {"": {"all": metrics}} | dict(list(fields.items())[:SHOWN_FIELDS])
    heights = [LABEL_IN * (len(cells) + 1.5) for cells in panels.values()]
    figure = _figure(WIDTH_IN, sum(heights) + 0.6)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axis, (field, cells) in zip(axes[:, 0], panels.items(), strict=True):
        _draw_labels(axis, field, cells, metrics["accuracy"])
    axes[-1, 0].set_xlabel(f"accuracy, % ({metrics['interval_is']} interval)")
    _save(figure, folder)


def draw_sweep(key: str, points: Sequence[Point], folder: Path) -> None:
    """Accuracy over the swept key, a colour for each combination of the other keys. Only numbers are joined by lines:
    nothing lies between two prompts.
    """
    figure = _figure(WIDTH_IN, 4.0)
    axis = figure.subplots()
    numeric = all(is_number(point.x) for point in points)
    places = {x: at for at, x in enumerate(dict.fromkeys(point.x for point in points))}
    for line in dict.fromkeys(point.line for point in points):
        own = [point for point in points if point.line == line]
        at = [float(point.x) if numeric else float(places[point.x]) for point in own]
        own, at = [own[i] for i in _order(at)], sorted(at)
        values = [100 * point.accuracy for point in own]
        errors = [[100 * (point.accuracy - point.interval[0]) for point in own],
                  [100 * (point.interval[1] - point.accuracy) for point in own]]  # fmt: skip
        style = "-" if numeric else "none"
        axis.errorbar(
            at, values, yerr=errors, marker="o", markersize=4, capsize=3, linewidth=1.2, linestyle=style,
            label=line or None,
        )  # fmt: skip
    if not numeric:
        axis.set_xticks(list(places.values()), [_cut(x) for x in places], rotation=20, ha="right")
    axis.set_xlabel(key)
    axis.set_ylabel("accuracy, % (95 % interval)")
    axis.grid(color=FAINT, linewidth=0.5)
    if len({point.line for point in points}) > 1:
        axis.legend(fontsize=8, frameon=False)
    _save(figure, folder)


def _draw_labels(axis: Axes, field: str, cells: dict[str, Any], overall: float) -> None:
    for at, cell in enumerate(cells.values()):
        low, high = (100 * bound for bound in cell["interval"])
        axis.plot([low, high], [at, at], color=MARK, linewidth=1.4)
        axis.plot(100 * cell["accuracy"], at, "o", color=MARK, markersize=5)
    axis.axvline(100 * overall, color=FAINT, linewidth=1.0, zorder=0)
    names = [f"{_cut(label)} ({cell['judged']:,})" for label, cell in cells.items()]
    axis.set_yticks(range(len(cells)), names, fontsize=8)
    axis.set_ylim(len(cells) - 0.5, -0.5)
    axis.set_xlim(-2, 102)
    if field:
        axis.set_title(_plain(field), loc="left", fontsize=9, color=INK)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _shown(cells: dict[str, Any]) -> dict[str, Any]:
    judged = {label: cell for label, cell in cells.items() if cell["accuracy"] is not None}
    return dict(list(judged.items())[:SHOWN_LABELS])


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # without pyplot: no display, no global state, any thread

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, folder: Path) -> None:
    for name in PLOTS:
        with atomic_write(folder / name) as stream, warnings.catch_warnings():
            # A label in a script that the font lacks is drawn as boxes: one warning for each character helps nobody.
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
            figure.savefig(stream, format=name.rpartition(".")[2], dpi=150)


def _order(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=values.__getitem__)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cut(text: str) -> str:
    return _plain(text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…")


def _plain(text: str) -> str:
    """A dollar sign would begin a formula."""
    return text.replace("$", r"\$")
