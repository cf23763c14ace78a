"""The figures of a run of `semantic_head`."""

import contextlib
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.semantic_report import SEMANTIC_KEYS
from keras_padpos.runs.semantic_report import band_score
from keras_padpos.runs.semantic_report import network_columns
from keras_padpos.runs.semantic_report import semantic_bands
from keras_padpos.runs.semantic_report import semantic_groups
from keras_padpos.runs.work_directory import WorkDirectory

_INCHES = 1.6
_VOID = 255


def draw_semantic_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw scores by band, learning curves, and some answers.

    For each task, backbone, weights, head and enlargement:
    `figures/bands_....png`, a line for each padding mode, mean over seeds, the
    baselines dashed; `figures/learning_....png`, the same of the loss while
    training; and `figures/examples_....png`, the first test pictures, their
    masks, and the answers of the first seed.

    Args:
        work: The run's directory.
        rows: Rows of the run.
        arrays: Arrays of the run: under the rows' `arrays` the metrics and
            `answers`, under `masks` the `pictures` and their `truth`.
    """
    figures: dict[tuple, dict[str, list]] = {}
    baselines: dict[str, list] = {}
    # What has diverged has no scores.
    scored = [row for row in rows if not row.get("reason")]
    for key, group in semantic_groups(scored).items():
        if group[0]["seed"] is None:
            baselines[group[0]["backbone"]] = group
        else:
            figures.setdefault(key[:-1], {})[key[-1]] = group
    columns = network_columns(rows)
    for key, modes in figures.items():
        words = next(
            words for each, words in columns.items() if each[:-1] == key
        )
        # What does not hang on this head is None.
        told = [words.get(name, value) for name, value in _named(key)]
        name = re.sub(r"[^A-Za-z0-9_.+=-]", "-", "_".join(told))
        title = ", ".join(told)
        _draw_bands(work.figure_path(f"bands_{name}"), title, modes, baselines)
        _draw_learning(
            work.figure_path(f"learning_{name}"), title, modes, arrays
        )
        _draw_examples(
            work.figure_path(f"examples_{name}"), title, modes, arrays
        )


def _named(key):
    pairs = zip(SEMANTIC_KEYS, key, strict=True)
    return [(name, value) for name, value in pairs if value is not None]


def _draw_bands(path, title, modes, baselines):
    task = next(iter(modes.values()))[0][SEMANTIC_KEYS[0]]
    score, words = band_score(task)
    bands = semantic_bands(next(iter(modes.values())))
    with _lines_figure(path, title) as axis:
        for mode, group in modes.items():
            _draw_line(axis, _by_band(group, bands, score), mode, marker="o")
        for name, group in baselines.items():
            _draw_line(
                axis,
                _by_band(group, bands, score),
                name,
                linestyle="--",
                color="grey" if name == "prior" else "silver",
            )
        axis.set_xticks(range(len(bands)), bands)
        axis.set_xlabel("distance to the border")
        axis.set_ylabel(f"{words}, %")


def _by_band(group, bands, score):
    """Percent, a row a seed; NaN where a band has no score."""
    by_seed: dict[Any, dict[str, Any]] = {}
    for row in group:
        by_seed.setdefault(row["seed"], {})[row["band"]] = row[score]
    return 100 * np.array(
        [[found[band] for band in bands] for found in by_seed.values()], float
    )


def _draw_learning(path, title, modes, arrays):
    with _lines_figure(path, title) as axis:
        for mode, group in modes.items():
            labels = list(dict.fromkeys(row["arrays"] for row in group))
            _draw_line(
                axis,
                np.array([arrays[f"{label}/loss"] for label in labels]),
                mode,
                arrays[f"{labels[0]}/step"],
                marker=".",
            )
        axis.set_xlabel("training steps")
        axis.set_ylabel("loss while training")


def _draw_examples(path, title, modes, arrays):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    answers = {
        mode: arrays[f"{group[0]['arrays']}/answers"]
        for mode, group in modes.items()
    }
    pictures, truth = arrays["masks/pictures"], arrays["masks/truth"]
    columns = {"picture": pictures, "mask": truth, **answers}
    ratio = pictures.shape[1] / pictures.shape[2]
    figure = Figure(
        figsize=(_INCHES * len(columns), _INCHES * ratio * len(pictures) + 0.6),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(pictures), len(columns), squeeze=False)
    top = max(
        1,
        *(
            each[each != _VOID].max(initial=0)
            for each in (truth, *answers.values())
        ),
    )
    grey = next(iter(modes.values()))[0]["task"] == "saliency"
    for line, number in zip(axes, range(len(pictures)), strict=True):
        for axis, (name, maps) in zip(line, columns.items(), strict=True):
            shown = maps[number]
            if name != "picture":
                shown = np.ma.masked_equal(shown, _VOID)
            axis.imshow(
                shown,
                cmap="gray" if grey else "tab20",
                vmin=0,
                vmax=top,
                interpolation="nearest",
            )
            axis.set_xticks([])
            axis.set_yticks([])
            if not number:
                axis.set_title(name, fontsize="small")
    figure.suptitle(title, fontsize="small")
    with atomic_file(path) as stream:
        figure.savefig(stream, format="png", dpi=120)


@contextlib.contextmanager
def _lines_figure(path, title):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    yield axis
    axis.set_title(title, fontsize="small")
    axis.legend(fontsize="small")
    with atomic_file(path) as stream:
        figure.savefig(stream, format="png", dpi=120)


def _draw_line(axis, values, label, place=None, **style):
    mean = values.mean(axis=0)
    place = np.arange(len(mean)) if place is None else place
    (line,) = axis.plot(place, mean, label=label, **style)
    if len(values) > 1:
        spread = values.std(axis=0, ddof=1)
        axis.fill_between(
            place,
            mean - spread,
            mean + spread,
            alpha=0.15,
            color=line.get_color(),
        )
