"""A picture of what padding costs."""

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.figure import empty_figure
from keras_padpos.report.figure import save_figure

# A bar that is longer is cut off, its number stands above it.
_MOST_PERCENT = 100


def padding_ratio_figure(
    path: str | os.PathLike,
    rows: Sequence[Mapping[str, Any]],
    title: str,
    target: float | None = None,
) -> None:
    """Draw a bar for each mode, one group a batch size and pass.

    A bar is the extra time over the stock layer, in percent; its line spans
    the quartiles.

    Example:

    >>> import tempfile
    >>> row = {"batch_size": 4, "pass": "forward", "library": "keras_padpos",
    ...        "mode": "reflect", "ratio": 1.04, "ratio_low": 1.03,
    ...        "ratio_high": 1.06}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     padding_ratio_figure(f"{folder}/vgg16.png", [row], "VGG16")

    Args:
        path: PNG file to write; a PDF is written beside.
        rows: One network's rows, as `measure_padding` gives them.
        title: The line above.
        target: The largest ratio aimed at, drawn as a line.
    """
    groups = {}
    for row in rows:
        group = row["batch_size"], row["pass"]
        groups.setdefault(group, {})[_label(row)] = row
    labels = list(dict.fromkeys(map(_label, rows)))
    figure = empty_figure((2 + 0.55 * len(labels) * len(groups) ** 0.5, 4))
    axes = figure.subplots()
    width = 0.8 / len(groups)
    for number, (group, found) in enumerate(groups.items()):
        places = [
            place + (number - (len(groups) - 1) / 2) * width
            for place, label in enumerate(labels)
            if label in found
        ]
        shown = [found[label] for label in labels if label in found]
        axes.bar(
            places,
            [_percent(row["ratio"]) for row in shown],
            width,
            label=f"batch {group[0]}, {group[1]}",
        )
        axes.vlines(
            places,
            [_percent(row["ratio_low"]) for row in shown],
            [_percent(row["ratio_high"]) for row in shown],
            color="black",
            linewidth=1,
        )
        for place, row in zip(places, shown, strict=True):
            if _percent(row["ratio"]) > _MOST_PERCENT:
                axes.annotate(
                    f"{_percent(row['ratio']):.0f}",
                    (place, _MOST_PERCENT),
                    ha="center",
                    va="bottom",
                    fontsize=7,
                    rotation=90,
                    annotation_clip=False,
                )
    # Else one slow mode hides the differences between the others.
    if axes.get_ylim()[1] > _MOST_PERCENT:
        axes.set_ylim(top=_MOST_PERCENT)
    axes.axhline(0, color="black", linewidth=0.8)
    if target is not None:
        axes.axhline(
            _percent(target),
            color="firebrick",
            linestyle="--",
            linewidth=1,
            label=f"target {target:g}",
        )
    axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
    axes.set_ylabel('extra time over padding="same" (%)')
    axes.legend(fontsize=8)
    axes.set_title(title, fontsize=10, pad=20)
    save_figure(figure, path, title, dpi=120)


def _label(row):
    mode = row["mode"].replace("_", " ")
    return f"torch {mode}" if row["library"] == "torch" else mode


def _percent(ratio):
    return 100 * (ratio - 1)
