"""The figures of a run of `robustness`."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.cells import number_text
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import fit_text
from keras_padpos.report.figure import learning_figure
from keras_padpos.report.table import is_scored
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies.robustness_report import robustness_cells
from keras_padpos.studies.robustness_report import robustness_networks

_PANEL_INCHES = 2.9
_STYLES = {"border": "-", "interior": "--"}


def draw_robustness_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw learning curves, accuracies and perturbations.

    For each model: `figures/cutout_MODEL.png`, accuracy with squares of each
    fill in training and in test, a panel a padding mode. For each fill in
    training, too: `figures/learning_....png`, accuracy while training, a line
    a padding mode, mean over seeds. For each size of the attacks, too:
    `figures/fraction_....png`, accuracy against the share of pixels that are
    attacked, a panel with a scale of its own an attack and a line a padding
    mode and region, mean over seeds; and `figures/perturbations_....png`, the
    universal perturbations of the first seed. What was not measured is not
    drawn, nor what has diverged.

    Args:
        work: The run's directory.
        rows: Rows of the run.
        arrays: Curves and perturbations, under the rows' `arrays` and their
            names.
    """
    rows = list(filter(is_scored, rows))
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        if any(row["attack"] == "cutout" for row in own):
            _draw_cutout(work.figure_path(f"cutout_{model}"), model, own)
        for cutout in dict.fromkeys(row["cutout"] for row in own):
            trained = [row for row in own if row["cutout"] == cutout]
            title = f"{model}, trained with cutout {cutout}"
            name = f"{model}_{cutout}"
            learning_figure(
                work.figure_path(f"learning_{name}"),
                title,
                _labels(trained),
                arrays,
            )
            for epsilon in dict.fromkeys(
                row["epsilon"] for row in trained if row["region"]
            ):
                _draw_attacks(work, trained, epsilon, title, name, arrays)


def _labels(rows):
    """From each padding mode to where the arrays of its seeds are."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        found.setdefault(row["padding_mode"], {})[row["arrays"]] = None
    return {mode: list(labels) for mode, labels in found.items()}


def _draw_attacks(work, rows, epsilon, title, name, arrays):
    group = [row for row in rows if row["epsilon"] in (None, epsilon)]
    # Another word for every number, or one figure would replace another.
    size = number_text(epsilon)
    title = f"{title}, attacks of {size}"
    name = f"{name}_epsilon{size}"
    if any(row["share"] for row in group):
        _draw_fractions(work.figure_path(f"fraction_{name}"), title, group)
    if any(row["attack"] == "universal" for row in group):
        path = work.figure_path(f"perturbations_{name}")
        _draw_perturbations(path, title, group, arrays)


def _draw_fractions(path, title, rows):
    attacks = list(dict.fromkeys(row["attack"] for row in rows if row["share"]))
    modes = list(dict.fromkeys(row["padding_mode"] for row in rows))
    where = f"share of pixels\n{_share_words(rows)}"
    # Each attack has a scale of its own: the differences between regions are
    # small beside those between attacks.
    with figure_panels(
        path, title, columns=len(attacks), size=(_PANEL_INCHES,) * 2
    ) as panels:
        for axis, attack in zip(panels.ravel(), attacks, strict=True):
            for number, mode in enumerate(modes):
                for region, style in _STYLES.items():
                    points = _points(rows, attack, mode, region)
                    axis.plot(
                        *zip(*sorted(points.items()), strict=True),
                        style,
                        marker=".",
                        color=f"C{number % 10}",
                        label=f"{mode}, {region}",
                    )
            axis.set_title(attack, fontsize="small")
            words = axis.set_xlabel(where, fontsize="small")
            # Its numbers stand beside a panel.
            fit_text(words, _PANEL_INCHES - 0.5)
        panels[0, 0].set_ylabel("accuracy", fontsize="small")


def _share_words(rows):
    """What `--shares` the points are that lie between none and all."""
    found = sorted(
        {(row["share"], row["fraction"]) for row in rows if row["share"]}
    )
    shares = ", ".join(number_text(share) for share, _ in found)
    pixels = ", ".join(f"{fraction:.2f}" for _, fraction in found)
    return f"{pixels}: --shares {shares}"


def _points(rows, attack, mode, region):
    """Accuracy at each share of pixels; none and all belong to every line."""
    found: dict[float, list[float]] = {}
    for row in rows:
        if row["padding_mode"] == mode and (
            row["attack"] == "none"
            or (row["attack"] == attack and row["region"] in ("whole", region))
        ):
            found.setdefault(row["fraction"], []).append(row["accuracy"])
    return {share: np.mean(scores) for share, scores in found.items()}


def _draw_cutout(path, model, rows):
    modes = list(dict.fromkeys(row["padding_mode"] for row in rows))
    trained = list(dict.fromkeys(row["cutout"] for row in rows))
    tested = list(dict.fromkeys(row["fill"] for row in rows if row["fill"]))
    keys = [
        ("none", None, None, None, None),
        *(("cutout", fill, None, None, None) for fill in tested),
    ]
    # NaN for what was not measured, as where all seeds have diverged.
    maps = np.full((len(modes), len(trained), len(keys)), np.nan)
    for (_, mode, cutout), group in robustness_networks(rows).items():
        cells = robustness_cells(group)
        maps[modes.index(mode), trained.index(cutout)] = [
            np.mean(cells.get(key, np.nan)) for key in keys
        ]
    low, high = np.nanmin(maps), np.nanmax(maps)
    with figure_panels(
        path,
        f"{model}, accuracy in percent with squares cut out",
        columns=len(modes),
        size=(0.55 * len(keys) + 0.4, 0.55 * len(trained) + 0.8),
    ) as panels:
        for axis, mode, values in zip(panels.ravel(), modes, maps, strict=True):
            axis.imshow(values, vmin=low, vmax=max(high, low + 1e-6))
            for (line, column), value in np.ndenumerate(values):
                axis.text(
                    column,
                    line,
                    "-" if np.isnan(value) else f"{100 * value:.0f}",
                    ha="center",
                    va="center",
                    fontsize="small",
                    bbox={"facecolor": "white", "alpha": 0.6, "linewidth": 0},
                )
            axis.set_xticks(
                range(len(keys)),
                ["clean", *tested],
                fontsize="small",
                rotation=45,
            )
            axis.set_yticks(range(len(trained)), trained, fontsize="small")
            axis.set_title(mode, fontsize="small")
            axis.set_xlabel("test", fontsize="small")
        panels[0, 0].set_ylabel("training", fontsize="small")


def _draw_perturbations(path, title, rows, arrays):
    from keras_padpos.tasks._score_robustness import perturbation_name

    found = [row for row in rows if row["attack"] == "universal"]
    # Of a mode whose first seed has diverged: the next.
    first = {mode: labels[0] for mode, labels in _labels(found).items()}
    chosen = [
        row for row in found if row["arrays"] == first[row["padding_mode"]]
    ]
    modes = list(first)
    places = list(
        dict.fromkeys((row["region"], row["share"]) for row in chosen)
    )
    with figure_panels(
        path,
        f"{title}: universal perturbations",
        len(modes),
        len(places),
        size=(1.5, 1.5),
    ) as panels:
        for axis in panels.ravel():
            axis.set_xticks([])
            axis.set_yticks([])
        for row in chosen:
            place = row["region"], row["share"]
            axis = panels[modes.index(row["padding_mode"]), places.index(place)]
            name = perturbation_name(row["epsilon"], *place)
            values = arrays[f"{row['arrays']}/{name}"]
            axis.imshow(np.clip(values / row["epsilon"] / 2 + 0.5, 0, 1))
        for axis, (region, share) in zip(panels[0], places, strict=True):
            words = f"{region} {number_text(share)}" if share else region
            axis.set_title(words, fontsize="small")
        for axis, mode in zip(panels[:, 0], modes, strict=True):
            axis.set_ylabel(mode, fontsize="small")
