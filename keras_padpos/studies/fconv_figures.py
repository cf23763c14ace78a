"""The figures of a run of `fconv_tests`."""

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.files.disk import atomic_file
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies.fconv_report import fconv_rows

_EXAMPLES = 5
_PANEL_INCHES = 1.3


def draw_fconv_figures(
    work: WorkDirectory, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Draw all figures that the rows of a run allow.

    * `figures/red_green_examples.png`: pictures of both classes, at the place
      they are trained at and at the other's.
    * `figures/accuracy_by_border.png`: accuracy of the four-quadrant test
      against the border's width, a line a network.

    Example:

    >>> import tempfile
    >>> row = {"test": "red_green", "splits": "released"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "fconv_tests", {})
    ...     draw_fconv_figures(work, [row])
    ...     [file.name for file in (work.path / "figures").iterdir()]
    ['red_green_examples.png']

    Args:
        work: The run's directory.
        rows: Rows of the run.
    """
    tests = {row["test"] for row in rows}
    if "red_green" in tests:
        _draw_examples(work.figure_path("red_green_examples"))
    if "four_quadrants" in tests:
        _draw_borders(work.figure_path("accuracy_by_border"), rows)


def _draw_examples(path: str | os.PathLike) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from keras_padpos import tasks

    count = 2 * _EXAMPLES
    sets = tasks.red_green("released", train=1, validation=1, test=count)
    panels = [
        (f"class {label}, {name}", sets[name][0][label::2])
        for label in (0, 1)
        for name in ("similar", "dissimilar")
    ]
    figure = Figure(
        figsize=(_PANEL_INCHES * _EXAMPLES + 1.2, _PANEL_INCHES * len(panels)),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), _EXAMPLES, squeeze=False)
    for line, (words, pictures) in zip(axes, panels, strict=True):
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(picture, interpolation="nearest")
            axis.set_xticks([])
            axis.set_yticks([])
        line[0].set_ylabel(words.replace(", ", "\n"), fontsize=9)
    _save(figure, path)


def _draw_borders(
    path: str | os.PathLike, rows: Sequence[Mapping[str, Any]]
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = fconv_rows(rows, "four_quadrants")
    splits = list(dict.fromkeys(row["splits"] for row in found))
    figure = Figure(figsize=(5 * len(splits), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    (axes,) = figure.subplots(1, len(splits), squeeze=False, sharey=True)
    borders = sorted({row["border"] for row in found})
    for axis, each in zip(axes, splits, strict=True):
        lines: dict[str, list[Mapping[str, Any]]] = {}
        for row in found:
            if row["splits"] == each:
                words = (
                    f"{row['backbone']} ({row['weights']}), {row['train']}, "
                    f"{row['padding_mode']}"
                )
                lines.setdefault(words, []).append(row)
        axis.axhline(50, color="0.8", linewidth=1)
        for words, line in lines.items():
            line = sorted(line, key=lambda row: row["border"])
            axis.errorbar(
                [borders.index(row["border"]) for row in line],
                [row["mean"] for row in line],
                yerr=[row["sd"] for row in line],
                marker="o",
                capsize=2,
                label=words,
            )
        axis.set_xticks(range(len(borders)), borders)
        axis.set_ylim(0, 103)
        axis.set_xlabel("border on each side, in pixels", fontsize=9)
        axis.set_title(f"{each} splits", fontsize=10)
        axis.legend(fontsize=7, frameon=False, loc="lower left")
    axes[0].set_ylabel("accuracy in percent", fontsize=9)
    _save(figure, path)


def _save(figure, path):
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)
