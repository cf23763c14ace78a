"""The figures of a run of `texture`."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import learning_figure
from keras_padpos.report.names import distinct_parts
from keras_padpos.report.names import path_end
from keras_padpos.report.names import set_words
from keras_padpos.report.seeds import is_scored
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies.texture_report import TEXTURE_KEYS
from keras_padpos.studies.texture_report import texture_groups

_COLUMNS = 4
# More classes have numbers, and longer names are cut.
_MOST_NAMES = 20
_LONGEST = 18
_LETTER_INCHES = 0.06
_PADDING = TEXTURE_KEYS.index("padding_mode")


def draw_texture_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw accuracy while training, and what is taken for what.

    For each backbone, weights and way of training:
    `figures/learning_....png`, a line for each padding mode, mean over seeds;
    and `figures/confusion_....png`, a map for each, of all seeds together:
    the share of each class's pictures that is taken for each class; up to 20
    classes have their names beside them. What has diverged is left out.

    Args:
        work: The run's directory.
        rows: Rows of the run.
        arrays: Curves and `confusion`, under the rows' `arrays`.
    """
    figures: dict[tuple, dict[str, list[str]]] = {}
    classes: dict[tuple, list[str]] = {}
    for key, group in texture_groups(list(filter(is_scored, rows))).items():
        rest = key[:_PADDING] + key[_PADDING + 1 :]
        modes = figures.setdefault(rest, {})
        modes[key[_PADDING]] = [row["arrays"] for row in group]
        # Rows of earlier versions have none.
        classes[rest] = group[0].get("class_names") or []
    taken: dict[str, int] = {}
    for network, (key, modes) in zip(
        _networks(figures), figures.items(), strict=True
    ):
        name = re.sub(r"[^A-Za-z0-9.+=]+", "-", network).strip("-")
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name += f"_{taken[name]}"
        title = f"{network}, {set_words(key[-1])}"
        learning_figure(
            work.figure_path(f"learning_{name}"), title, modes, arrays
        )
        _draw_confusion(
            work.figure_path(f"confusion_{name}"),
            title,
            modes,
            arrays,
            classes[key] if len(classes[key]) <= _MOST_NAMES else [],
        )


def _networks(keys):
    """Each network in words, files with the folders that tell them apart."""
    parts = [distinct_parts(names) for names in zip(*keys, strict=True)]
    for key in keys:
        backbone, weights, train, _ = map(path_end, key, parts)
        yield f"{backbone} ({weights}), {train}"


def _draw_confusion(path, title, modes, arrays, classes):
    classes = [_shortened(name) for name in classes]
    maps = {}
    for mode, labels in modes.items():
        counts = sum(arrays[f"{label}/confusion"] for label in labels)
        # Classes without a test picture have no shares.
        pictures = counts.sum(axis=1, keepdims=True)
        maps[mode] = np.where(
            pictures, counts / np.maximum(pictures, 1), np.nan
        )
    columns = min(len(maps), _COLUMNS)
    beside = _LETTER_INCHES * max(map(len, classes), default=0)
    with figure_panels(
        path,
        title,
        -(-len(maps) // columns),
        columns,
        size=(2.6 + beside, 2.8 + beside),
    ) as panels:
        for axis in panels.ravel()[len(maps) :]:
            axis.set_axis_off()
        for axis, (mode, values) in zip(
            panels.ravel(), maps.items(), strict=False
        ):
            image = axis.imshow(values, vmin=0, vmax=1)
            axis.set_title(mode, fontsize="small")
            axis.set_xlabel("answered class", fontsize="small")
            axis.tick_params(labelsize="small")
            if classes:
                places = range(len(classes))
                axis.set_xticks(places, classes, fontsize=7, rotation=90)
                axis.set_yticks(places, classes, fontsize=7)
                continue
            for side in (axis.xaxis, axis.yaxis):
                side.get_major_locator().set_params(integer=True)
        for axis in panels[:, 0]:
            axis.set_ylabel("class", fontsize="small")
        axis.figure.colorbar(
            image,
            ax=panels.ravel().tolist(),
            shrink=0.8,
            label="share of the class",
        )


def _shortened(name):
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
