"""The figures of a run of `semantic_head`."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.figure import draw_seeds
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import learning_figure
from keras_padpos.report.figure import lines_figure
from keras_padpos.report.figure import mode_lines
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies.semantic_report import SEMANTIC_KEYS
from keras_padpos.studies.semantic_report import band_score
from keras_padpos.studies.semantic_report import network_columns
from keras_padpos.studies.semantic_report import semantic_bands
from keras_padpos.studies.semantic_report import semantic_groups

_INCHES = 1.6
_COLOURS = "tab20"
_DISTINCT = 20


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
        learning_figure(
            work.figure_path(f"learning_{name}"),
            title,
            {
                mode: list(dict.fromkeys(row["arrays"] for row in group))
                for mode, group in modes.items()
            },
            arrays,
            metric="loss",
            words="loss while training",
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
    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(list(modes)).items():
            values = _by_band(modes[mode], bands, score)
            draw_seeds(axis, values, marker="o", **style)
        for name, group in baselines.items():
            draw_seeds(
                axis,
                _by_band(group, bands, score),
                label=name,
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


def _draw_examples(path, title, modes, arrays):
    from keras_padpos.metrics import VOID

    answers = {
        mode: arrays[f"{group[0]['arrays']}/answers"]
        for mode, group in modes.items()
    }
    pictures, truth = arrays["masks/pictures"], arrays["masks/truth"]
    columns = {"picture": pictures, "mask": truth, **answers}
    rows = [row for group in modes.values() for row in group]
    grey = rows[0]["task"] == "saliency"
    colours = {
        "cmap": "gray" if grey else _COLOURS,
        "vmin": 0,
        "vmax": 1 if grey else _DISTINCT - 1,
    }
    height = _INCHES * pictures.shape[1] / pictures.shape[2]
    with figure_panels(
        path, title, len(pictures), len(columns), size=(_INCHES, height)
    ) as panels:
        for line, number in zip(panels, range(len(pictures)), strict=True):
            for axis, (name, maps) in zip(line, columns.items(), strict=True):
                shown = maps[number]
                if name != "picture":
                    shown = np.ma.masked_equal(shown, VOID)
                    shown = shown if grey else shown % _DISTINCT
                axis.imshow(shown, interpolation="nearest", **colours)
                axis.set_xticks([])
                axis.set_yticks([])
                if not number:
                    axis.set_title(name, fontsize="small")
        if not grey:
            found = np.unique([truth, *answers.values()])
            _name_colours(panels[0, 0], rows, found[found != VOID])


def _name_colours(axis, rows, classes):
    """Put classes into the legend, unless there are too many to tell."""
    from matplotlib import colormaps

    names = next(
        (row["class_names"] for row in rows if row.get("class_names")), None
    )
    if len(classes) and classes.max() >= _DISTINCT:
        return
    axis.autoscale(False)
    style = {"marker": "s", "edgecolor": "grey", "linewidth": 0.5}
    for each in classes:
        axis.scatter(
            [],
            [],
            color=colormaps[_COLOURS](int(each)),
            label=names[each] if names else f"class {each}",
            **style,
        )
    axis.scatter([], [], color="white", label="void", **style)
