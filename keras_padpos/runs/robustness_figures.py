"""The figures of a run of `robustness`."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.robustness_report import robustness_cells
from keras_padpos.runs.work_directory import WorkDirectory

_INCHES = 2.9
_STYLES = {"border": "-", "interior": "--"}


def draw_robustness_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, np.ndarray],
) -> None:
    """Draw accuracy by share of pixels, with squares, and perturbations.

    For each model: `figures/cutout_MODEL.png`, accuracy with squares of each
    fill in training and in test, a panel a padding mode. For each fill in
    training and each size of the attacks, too: `figures/fraction_....png`,
    accuracy against the share of pixels that are attacked, a panel an attack
    and a line a padding mode and region, mean over seeds; and
    `figures/perturbations_....png`, the universal perturbations of the first
    seed. What was not measured is not drawn.

    Args:
        work: The run's directory.
        rows: Rows of the run.
        arrays: Perturbations, under the rows' `arrays` and their names.
    """
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        if any(row["attack"] == "cutout" for row in own):
            _draw_cutout(work.figure_path(f"cutout_{model}"), model, own)
        for cutout, epsilon in dict.fromkeys(
            (row["cutout"], row["epsilon"]) for row in own if row["region"]
        ):
            group = [
                row
                for row in own
                if row["cutout"] == cutout and row["epsilon"] in (None, epsilon)
            ]
            title = (
                f"{model}, trained with cutout {cutout}, attacks of {epsilon:g}"
            )
            name = f"{model}_{cutout}_epsilon{epsilon:g}"
            if any(row["share"] for row in group):
                path = work.figure_path(f"fraction_{name}")
                _draw_fractions(path, title, group)
            if any(row["attack"] == "universal" for row in group):
                path = work.figure_path(f"perturbations_{name}")
                _draw_perturbations(path, title, group, arrays)


def _draw_fractions(path, title, rows):
    attacks = list(dict.fromkeys(row["attack"] for row in rows if row["share"]))
    figure, axes = _panels(1, len(attacks))
    modes = list(dict.fromkeys(row["padding_mode"] for row in rows))
    for axis, attack in zip(axes.ravel(), attacks, strict=True):
        for number, mode in enumerate(modes):
            for region, style in _STYLES.items():
                points = _points(rows, attack, mode, region)
                axis.plot(
                    *zip(*sorted(points.items()), strict=True),
                    style,
                    marker=".",
                    color=f"C{number}",
                    label=f"{mode}, {region}",
                )
        axis.set_title(attack, fontsize="small")
        axis.set_xlabel("share of pixels", fontsize="small")
        axis.set_ylim(-0.02, 1.02)
    axes[0, 0].set_ylabel("accuracy")
    axes[0, 0].legend(fontsize="x-small")
    _save(figure, path, title)


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
    maps = np.empty((len(modes), len(trained), len(tested) + 1))
    for place, mode in enumerate(modes):
        for line, cutout in enumerate(trained):
            cells = robustness_cells(
                [
                    row
                    for row in rows
                    if (row["padding_mode"], row["cutout"]) == (mode, cutout)
                ]
            )
            maps[place, line] = [
                np.mean(cells["none", None, None, None, None]),
                *(
                    np.mean(cells["cutout", fill, None, None, None])
                    for fill in tested
                ),
            ]
    figure, axes = _panels(1, len(modes))
    for axis, mode, values in zip(axes.ravel(), modes, maps, strict=True):
        axis.imshow(values, vmin=maps.min(), vmax=max(maps.max(), 1e-6))
        for (line, column), value in np.ndenumerate(values):
            axis.text(
                column,
                line,
                f"{100 * value:.0f}",
                ha="center",
                va="center",
                fontsize="small",
                bbox={"facecolor": "white", "alpha": 0.6, "linewidth": 0},
            )
        axis.set_xticks(
            range(len(tested) + 1), ["clean", *tested], fontsize="small"
        )
        axis.set_yticks(range(len(trained)), trained, fontsize="small")
        axis.set_title(mode, fontsize="small")
        axis.set_xlabel("test", fontsize="small")
    axes[0, 0].set_ylabel("training", fontsize="small")
    _save(figure, path, f"{model}, accuracy in percent with squares cut out")


def _draw_perturbations(path, title, rows, arrays):
    from keras_padpos.tasks.score_robustness import perturbation_name

    seed = min(row["seed"] for row in rows)
    chosen = [
        row
        for row in rows
        if row["attack"] == "universal" and row["seed"] == seed
    ]
    modes = list(dict.fromkeys(row["padding_mode"] for row in chosen))
    places = list(
        dict.fromkeys((row["region"], row["share"]) for row in chosen)
    )
    figure, axes = _panels(len(modes), len(places), 1.5)
    for axis in axes.ravel():
        axis.set_xticks([])
        axis.set_yticks([])
    for row in chosen:
        line = modes.index(row["padding_mode"])
        column = places.index((row["region"], row["share"]))
        name = perturbation_name(row["epsilon"], row["region"], row["share"])
        values = arrays[f"{row['arrays']}/{name}"]
        reach = max(row["epsilon"], 1e-6)
        axes[line, column].imshow(np.clip(values / reach / 2 + 0.5, 0, 1))
        if not line:
            words = row["region"]
            if row["share"]:
                words += f" {row['share']:g}"
            axes[line, column].set_title(words, fontsize="small")
        if not column:
            axes[line, column].set_ylabel(row["padding_mode"], fontsize="small")
    _save(figure, path, f"{title}: universal perturbations")


def _panels(lines, columns, inches=_INCHES):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(inches * columns + 1, inches * lines + 0.6),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    return figure, figure.subplots(lines, columns, squeeze=False)


def _save(figure, path, title):
    figure.suptitle(title, fontsize="small")
    with atomic_file(path) as stream:
        figure.savefig(stream, format="png", dpi=120)
