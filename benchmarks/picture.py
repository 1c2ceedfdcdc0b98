"""The results as a picture: how many times longer each contender takes than ours, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

COLOURS = {"ours": "#1f7a4d", "faster": "#b08a2e", "slower": "#7c8796"}


def draw_picture(results: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw `results.json` as bars, one panel for each benchmark."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    panels = [(name, list(rows)) for name, rows in groupby(results, key=lambda one: str(one["benchmark"]))]
    heights = [len(rows) + 1.5 for _, rows in panels]
    figure, axes = pyplot.subplots(
        len(panels), 1, figsize=(9, 0.42 * sum(heights) + 0.5), squeeze=False, height_ratios=heights
    )
    for axis, (name, rows) in zip(axes.flat, panels, strict=True):
        panel(axis, name, rows)
    figure.tight_layout()
    figure.savefig(path, dpi=140)
    pyplot.close(figure)


def panel(axis: Any, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The bars of one benchmark."""
    ratios = [one["ratio_to_ours"] or 1 for one in rows]
    colours = [COLOURS["ours" if ratio == 1 else "slower" if ratio > 1 else "faster"] for ratio in ratios]
    bars = axis.barh([one["contender"] for one in rows], ratios, color=colours)
    axis.bar_label(bars, [f"{ratio:.3g}" for ratio in ratios], padding=3)
    axis.set_xscale("log")
    axis.axvline(1, color=COLOURS["ours"], linewidth=1)
    axis.margins(x=0.12)
    axis.invert_yaxis()
    axis.set_title(f"{name}: time, ours = 1", loc="left")
    axis.spines[["top", "right"]].set_visible(False)
