"""The tables and figures of `robustness`."""

import itertools

import numpy as np

from keras_padpos.report import figure
from keras_padpos.report import table
from keras_padpos.report.cells import mean_sd
from keras_padpos.report.cells import number_text
from keras_padpos.report.style import mode_lines
from keras_padpos.report.table import Column
from keras_padpos.report.table import percent
from keras_padpos.report.table import values_of
from keras_padpos.studies import networks

_NETWORK = {
    "model": "model",
    "padding_mode": "padding",
    "cutout": "trained with",
}
_SIZE = {"epsilon": "epsilon", "pixels": "border, % of pixels"}
_NOTES = (
    "Mean ± standard deviation over seeds; 95 %: of one seed the bootstrap "
    "interval over test pictures, clean.",
    "No number of the paper's could be read: there is none beside.",
)


def _accuracies(columns):
    """Columns of accuracies: clean, and where rows have some values."""
    clean = {"attack": "none"}
    return {
        "clean": Column("clean", "accuracy", percent, where=clean),
        "interval": Column(
            "95 %", "accuracy_ci95", table.interval(), where=clean
        ),
        **{
            heading: Column(heading, "accuracy", percent, where=where)
            for heading, where in columns.items()
        },
        **table.SEEDS,
        **table.SIZES,
    }


def _attacked(rows):
    return [row for row in rows if table.is_scored(row) and row["region"]]


def _attack_lines(rows):
    """Rows once for each size of attacks and width of border they are of."""
    if not _attacked(rows):
        return
    for group in table.grouped(rows, _NETWORK).values():
        attacked = _attacked(group)
        sizes = values_of(attacked, "epsilon") or [None]
        widths = {r["share"]: r["fraction"] for r in attacked if r["share"]}
        lines = itertools.product(group, sizes, widths or [None])
        for row, size, share in lines:
            if row["epsilon"] in (None, size) and row["share"] in (None, share):
                yield _sized(row, size, widths.get(share))


def _sized(row, epsilon, fraction):
    size = None if epsilon is None else number_text(epsilon)
    return {**row, "epsilon": size, "pixels": percent([fraction])}


def _difference(pairs):
    text = mean_sd([difference for difference, _ in pairs], "+.1f", 100)
    if len(pairs) == 1 and pairs[0][1]:
        text += " ({:+.1f} to {:+.1f})".format(*(100 * e for e in pairs[0][1]))
    return text


_BESIDE = "border_minus_interior", "border_minus_interior_ci95"
TABLES = (
    table.Table(
        lambda rows: (
            "Accuracy in percent, clean"
            + " and with squares cut out of test pictures"
            * bool(values_of(rows, "fill"))
        ),
        _NETWORK,
        lambda rows: _accuracies(
            {
                fill: {"attack": "cutout", "fill": fill}
                for fill in values_of(rows, "fill")
            }
        ),
        _NOTES,
        derive=lambda rows: (
            rows if values_of(rows, "fill") or not _attacked(rows) else ()
        ),
    ),
    table.Table(
        "Accuracy in percent under attack",
        {**_NETWORK, **_SIZE},
        lambda rows: _accuracies(
            {
                f"{attack} {region}": {"attack": attack, "region": region}
                for attack in values_of(_attacked(rows), "attack")
                for region in ("whole", "border", "interior")
            }
        ),
        (
            "Border and interior have as many pixels. noise: random signs of "
            "the same size, which is what an attack has to beat.",
            *_NOTES,
        ),
        derive=_attack_lines,
        networks=list(_NETWORK),
    ),
    table.Table(
        "Accuracy under attack of the border less that of the interior, in "
        "percent points",
        {**_NETWORK, **_SIZE},
        lambda rows: {
            **table.SEEDS,
            **{
                attack: Column(
                    attack,
                    lambda row: [row.get(name) for name in _BESIDE],
                    _difference,
                    where={"attack": attack},
                )
                for attack in values_of(rows, "attack")
            },
        },
        (
            "Below 0 the border is the weaker part. Mean ± standard deviation "
            "over seeds; of one seed (the paired bootstrap interval over test "
            "pictures, 95 %).",
        ),
        derive=lambda rows: (
            _sized(row, row["epsilon"], row["fraction"])
            for row in rows
            # Rows of earlier versions have no differences.
            if row.get(_BESIDE[0]) is not None
        ),
    ),
)

_PANEL_INCHES = 2.9
_DASHES = {"border": "-", "interior": "--"}
_SMALL = {"fontsize": "small"}


def plot_figures(work, rows, arrays):
    """Plot learning curves, accuracies and perturbations.

    For each model: `cutout_...`, a panel for each padding mode. For each fill
    in training, too: `learning_...`. For each size of the attacks, too:
    `fraction_...` and `perturbations_...`. What has diverged is left out.
    """
    rows = list(filter(table.is_scored, rows))
    for (model,), own in table.grouped(rows, ["model"]).items():
        if values_of(own, "fill"):
            _plot_cutout(work.figure_path(f"cutout_{model}"), model, own)
    groups = table.grouped(rows, ["model", "cutout"])
    for (model, cutout), own in groups.items():
        title = f"{model}, trained with cutout {cutout}"
        name = f"{model}_{cutout}"
        networks.plot_learning(work, name, title, own, arrays)
        for epsilon in values_of(own, "epsilon"):
            size = number_text(epsilon)
            group = [r for r in own if r["epsilon"] in (None, epsilon)]
            about = f"{title}, attacks of {size}", group
            if values_of(group, "share"):
                path = work.figure_path(f"fraction_{name}_epsilon{size}")
                _plot_fractions(path, *about)
            if "universal" in values_of(group, "attack"):
                path = work.figure_path(f"perturbations_{name}_epsilon{size}")
                _plot_perturbations(path, *about, arrays)


def _mean(rows):
    """Mean accuracy; NaN of no rows."""
    return np.mean([row["accuracy"] for row in rows] or np.nan)


def _plot_fractions(path, title, rows):
    """Plot accuracy against the share of pixels that are attacked.

    Each attack has a scale of its own: the differences between regions are
    small beside those between attacks.
    """
    widths = sorted({(r["share"], r["fraction"]) for r in rows if r["share"]})
    label = "share of pixels\n{}: --shares {}".format(
        ", ".join(f"{fraction:.2f}" for _, fraction in widths),
        ", ".join(number_text(share) for share, _ in widths),
    )
    attacks = values_of([row for row in rows if row["share"]], "attack")
    modes = networks.by_mode(rows).items()
    styles = mode_lines(mode for mode, _ in modes)
    title = f"Accuracy against the share of attacked pixels\n{title}"
    with figure.figure_panels(
        path, title, columns=len(attacks), size=(_PANEL_INCHES,) * 2
    ) as panels:
        for axis, attack in zip(panels.ravel(), attacks, strict=True):
            for (mode, own), region in itertools.product(modes, _DASHES):
                style = styles[mode] | {"linestyle": _DASHES[region]}
                style["label"] += f", {region}"
                points = zip(*_points(own, attack, region), strict=True)
                axis.plot(*points, **style)
            axis.set_title(attack, **_SMALL)
            # Its numbers stand beside a panel.
            text = axis.set_xlabel(label, **_SMALL)
            figure.fit_text(text, _PANEL_INCHES - 0.5)
        panels[0, 0].set_ylabel("accuracy", **_SMALL)


def _points(rows, attack, region):
    """Shares of pixels, all and none of them too, and accuracies."""
    rows = [
        row
        for row in rows
        if row["attack"] in ("none", attack)
        and row["region"] in (None, "whole", region)
    ]
    groups = table.grouped(rows, ["fraction"]).items()
    return sorted((fraction, _mean(group)) for (fraction,), group in groups)


def _plot_cutout(path, model, rows):
    """Plot accuracy with squares of each fill in training and in test."""
    modes, trained = values_of(rows, "padding_mode"), values_of(rows, "cutout")
    fills = [None, *values_of(rows, "fill")]
    trials = [row for row in rows if row["attack"] in ("none", "cutout")]
    cells = table.grouped(trials, ["padding_mode", "cutout", "fill"])
    # NaN for what was not measured, as where all seeds have diverged.
    maps = {
        mode: np.array(
            [
                [_mean(cells.get((mode, each, fill), ())) for fill in fills]
                for each in trained
            ]
        )
        for mode in modes
    }
    title = f"Accuracy in percent with squares cut out\n{model}"
    size = 0.55 * len(fills) + 0.4, 0.55 * len(trained) + 0.8
    box = {"facecolor": "white", "alpha": 0.6, "linewidth": 0}
    options = {"size": size, "bar": "accuracy"}
    with figure.map_panels(path, title, maps, len(maps), **options) as panels:
        for axis, values in zip(panels, maps.values(), strict=True):
            for (line, column), value in np.ndenumerate(values):
                text = "-" if np.isnan(value) else f"{100 * value:.0f}"
                style = {"ha": "center", "va": "center", "bbox": box}
                axis.text(column, line, text, **style, **_SMALL)
            ticks = ["clean", *fills[1:]]
            axis.set_xticks(range(len(ticks)), ticks, rotation=45, **_SMALL)
            axis.set_yticks(range(len(trained)), trained, **_SMALL)
            axis.set_xlabel("test", **_SMALL)
        panels[0].set_ylabel("training", **_SMALL)


def _plot_perturbations(path, title, rows, arrays):
    """Plot the universal perturbations of the first seed that has some."""
    from keras_padpos import tasks

    rows = [row for row in rows if row["attack"] == "universal"]
    modes = networks.by_mode(rows)
    first = {group[0]["arrays"] for group in modes.values()}
    pictures: dict[str, list[np.ndarray]] = {}
    for row in rows:
        if row["arrays"] in first:
            region, share = row["region"], row["share"]
            name = tasks.perturbation_name(row["epsilon"], region, share)
            values = arrays[f"{row['arrays']}/{name}"] / row["epsilon"]
            text = f"{region} {number_text(share)}" if share else region
            pictures.setdefault(text, []).append(
                np.clip(values / 2 + 0.5, 0, 1)
            )
    title = f"Universal perturbations\n{title}"
    with figure.picture_grid(path, title, pictures, list(modes)):
        pass
