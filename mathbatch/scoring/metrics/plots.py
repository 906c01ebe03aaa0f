"""Plot accuracies with their intervals as PNG and SVG: by the labels of the metadata, and over the keys of a sweep."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mathbatch.data.storage.atomic import atomic_write, remove
from mathbatch.scoring.files import PLOTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Fields of `dataset.metadata` that are plotted, the first ones. A plot of 90 fields would be 13 m high and take longer
# than the scoring.
SHOWN_FIELDS = 12
# Labels of one field that are plotted, those with the most rows.
SHOWN_LABELS = 20
TEXT_COLOUR, FAINT_COLOUR, MARK_COLOUR = "#22303c", "#c9d1d9", "#1f6feb"
# Width of a plot and height of one label, in inches.
WIDTH_IN = 7.0
LABEL_IN = 0.26
# Characters of a label that are shown.
MAX_LABEL = 40


class Point(NamedTuple):
    """Accuracy of one job of a sweep. `x` is the swept value, and `line` names the job's other swept values."""

    x: str
    line: str
    accuracy: float
    interval: tuple[float, float]


def draw_breakdown(metrics: dict[str, Any], folder: Path) -> None:
    """Plot the accuracy of all rows, and below it a panel for each metadata field with a row for each label.

    At most SHOWN_FIELDS fields and SHOWN_LABELS labels of each are plotted. If nothing is judged there is no plot, and
    one of earlier scores is removed.
    """
    if metrics["accuracy"] is None:
        for name in PLOTS:
            remove(folder / name)
        return
    fields = {field: shown for field, by_label in metrics["breakdown"].items() if (shown := _shown(by_label))}
    panels = {"": {"all": metrics}} | dict(list(fields.items())[:SHOWN_FIELDS])
    heights = [LABEL_IN * (len(by_label) + 1.5) for by_label in panels.values()]
    figure = _figure(WIDTH_IN, sum(heights) + 0.6)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axis, (field, by_label) in zip(axes[:, 0], panels.items(), strict=True):
        _draw_labels(axis, field, by_label, metrics["accuracy"])
    axes[-1, 0].set_xlabel(f"accuracy, % ({metrics['interval_is']} interval)")
    _save(figure, folder)


def draw_sweep(key: str, points: Sequence[Point], folder: Path) -> None:
    """Plot the accuracy over one swept key, with a colour for each combination of the other keys.

    Points are joined by lines only if the key's values are numbers, since nothing lies between two prompts.
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
        axis.set_xticks(list(places.values()), [_shortened(x) for x in places], rotation=20, ha="right")
    axis.set_xlabel(key)
    axis.set_ylabel("accuracy, % (95 % interval)")
    axis.grid(color=FAINT_COLOUR, linewidth=0.5)
    if len({point.line for point in points}) > 1:
        axis.legend(fontsize=8, frameon=False)
    _save(figure, folder)


def _draw_labels(axis: Axes, field: str, by_label: dict[str, Any], overall: float) -> None:
    for at, facts in enumerate(by_label.values()):
        low, high = (100 * bound for bound in facts["interval"])
        axis.plot([low, high], [at, at], color=MARK_COLOUR, linewidth=1.4)
        axis.plot(100 * facts["accuracy"], at, "o", color=MARK_COLOUR, markersize=5)
    axis.axvline(100 * overall, color=FAINT_COLOUR, linewidth=1.0, zorder=0)
    names = [f"{_shortened(label)} ({facts['judged']:,})" for label, facts in by_label.items()]
    axis.set_yticks(range(len(by_label)), names, fontsize=8)
    axis.set_ylim(len(by_label) - 0.5, -0.5)
    axis.set_xlim(-2, 102)
    if field:
        axis.set_title(_without_formulas(field), loc="left", fontsize=9, color=TEXT_COLOUR)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _shown(by_label: dict[str, Any]) -> dict[str, Any]:
    judged = {label: facts for label, facts in by_label.items() if facts["accuracy"] is not None}
    return dict(list(judged.items())[:SHOWN_LABELS])


def _figure(width: float, height: float) -> Figure:
    # A figure made without pyplot needs no display, has no global state and works in any thread.
    import matplotlib
    from matplotlib.figure import Figure

    # Names inside an SVG come from this, and would else be drawn at random: the same scores give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "mathbatch"
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, folder: Path) -> None:
    for name in PLOTS:
        with atomic_write(folder / name) as stream, warnings.catch_warnings():
            # Characters that the font lacks are drawn as boxes; a warning for each of them would help nobody.
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
            kind = name.rpartition(".")[2]
            figure.savefig(stream, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)


def _order(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=values.__getitem__)


def is_number(text: str) -> bool:
    """Tell whether a swept value can be plotted as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shortened(text: str) -> str:
    return _without_formulas(text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…")


def _without_formulas(text: str) -> str:
    """Escape dollar signs, by which matplotlib would begin a formula."""
    return text.replace("$", r"\$")
