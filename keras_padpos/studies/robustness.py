"""What borders have to do with how robust a classifier is.

Small classifiers are trained with each padding mode, with and without squares
cut out of their pictures (Cutout) that are black, white, of the mean colour or
noise. Then they are scored on clean pictures, on pictures with squares cut
out, and under attack: by random signs, picture by picture (PGD), and by one
perturbation for all pictures; on the whole picture, on its border alone, and
on as many pixels of its interior.
"""

import itertools

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.cells import number_text
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import fit_text
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.table import SEEDS
from keras_padpos.report.table import SIZES
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import grouped
from keras_padpos.report.table import interval
from keras_padpos.report.table import is_scored
from keras_padpos.report.table import mean_sd
from keras_padpos.report.table import percent
from keras_padpos.report.table import values_of
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.networks import by_mode
from keras_padpos.studies.networks import constant
from keras_padpos.studies.networks import dataset_flag
from keras_padpos.studies.networks import model_flag
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import plot_learning
from keras_padpos.studies.networks import tfds_sets
from keras_padpos.studies.networks import trained_classifier
from keras_padpos.studies.study import Study

_FLAGS = {
    "model": model_flag(),
    "padding_mode": padding_flag(
        ["zeros", "reflect", "interpolate"], "Padding modes to train with"
    ),
    "cutout": Flag(
        ["off", "black", "mean"],
        "What squares are filled with while training: off (no squares), black, "
        "white, mean, random.",
        choices=lambda: ["off", *constant("tasks", "CUTOUT_FILLS")()],
        crossed=True,
    ),
    "test_cutout": Flag(
        ["black", "white", "mean", "random"],
        "What squares are filled with in test pictures, one after the other.",
        choices=constant("tasks", "CUTOUT_FILLS"),
        empty=True,
    ),
    "cutout_size": Flag(
        0.5, "Side of the squares, a share of the picture's.", above=0, most=1
    ),
    "attacks": Flag(
        ["noise", "pgd", "universal"],
        "Attacks: noise (random signs), pgd (each picture by itself), "
        "universal (one perturbation, found on training pictures).",
        choices=constant("tasks", "ATTACKS"),
        empty=True,
    ),
    "shares": Flag(
        ["0.05", "0.1"],
        "Widths of the border that is attacked alone, shares of the picture's "
        "side; an interior of as many pixels is, too.",
        type=float,
        above=0,
        most=0.5,
        empty=True,
    ),
    "epsilon": Flag(
        ["2", "8"],
        "Sizes of the attacks: how far each value may move, of 0 to 255.",
        type=float,
        above=0,
        most=255,
        empty=True,
    ),
    "attack_step": Flag(
        0.25, "How far it does so at a time, a share of --epsilon.", least=0
    ),
    "attack_steps": Flag(10, "How many times, with pgd.", least=1),
    "universal_epochs": Flag(
        5, "Passes over --universal_images, with universal.", least=1
    ),
    "universal_images": Flag(
        500, "Training pictures that it is found on, the first.", least=1
    ),
    "dataset": dataset_flag("their classes"),
    "size": Flag(
        32,
        "Height and width that pictures are resized to; vgg5 without padding "
        "(none) takes 38 and more.",
        least=1,
    ),
}

_TRAINING = {
    "epochs": 3,
    "batch_size": 48,
    "learning_rate": 1e-3,
    "train_images": 10000,
    "test_images": 500,
    "seeds_of": "first weights, order, squares and attacks",
}


def _sets(run):
    from keras_padpos import tasks

    size, attacks = run.settings.size, run.settings.attacks
    for share in _each(run, "shares"):
        try:
            tasks.region_mask(size, size, "border", share)
        except ValueError as error:
            text = str(error).replace("`share`", "--shares")
            raise InputError(text) from error
    if attacks and not _each(run, "epsilon"):
        raise InputError(
            f"--epsilon must name the sizes of {run.settings.text('attacks')}. "
            "Received: nothing"
        )
    if not attacks and not run.settings.test_cutout:
        raise InputError(
            "--attacks or --test_cutout must name something to measure. "
            "Received: nothing"
        )
    return tfds_sets(run, size)


def _each(run, name):
    """The values of a flag, each once."""
    values = list(dict.fromkeys(getattr(run.settings, name)))
    # Names of figures and arrays have six digits.
    texts = [f"{x:g}" if isinstance(x, float) else x for x in values]
    if len(set(texts)) < len(values):
        raise InputError(
            f"--{name} must differ in their first six digits. "
            f"Received: {', '.join(map(str, values))}"
        )
    return values


def _network(run, plan):
    import keras

    from keras_padpos import tasks

    seed, cutout = plan.get("seed", run.settings.seed), plan["cutout"]
    keras.utils.set_random_seed(seed)
    return tasks.classification_net(
        plan["model"],
        run.sets["train"].classes,
        padding_mode=plan["padding_mode"],
        cutout=None if cutout == "off" else cutout,
        cutout_size=run.settings.cutout_size,
        seed=seed,
        size=run.settings.size,
    )


def _amount(run, plan):
    """Pictures that go through a network: in training, and in each row."""
    attacks, shares = _each(run, "attacks"), _each(run, "shares")
    attacked = len(attacks) * len(_each(run, "epsilon"))
    rows = 1 + len(_each(run, "test_cutout")) + attacked * (1 + 2 * len(shares))
    steps = run.training.steps(len(run.sets["train"]))
    return steps * run.training.batch_size + rows * len(run.sets["test"])


_TOLD = (
    *("dataset", "size", "cutout_size", "attack_step", "attack_steps"),
    *("universal_epochs", "universal_images"),
)


def _measure(run, plan, unit):
    """Rows of one network; its curve and perturbations."""
    from keras_padpos import tasks

    settings, test = run.settings, run.arrays["test"]
    network, note = trained_classifier(run, plan, unit)
    known = [each[: settings.universal_images] for each in run.arrays["train"]]
    about = {
        **{name: getattr(settings, name) for name in _TOLD},
        "train_images": len(run.arrays["train"][0]),
        "test_images": len(test[0]),
        "epochs": run.training.epochs,
        "steps": note["steps"],
        "learning_rate": settings.learning_rate,
        "arrays": unit.label,
    }
    reason, perturbations = note["reason"], {}
    if not reason:
        try:
            rows, perturbations = tasks.score_robustness(
                network,
                *test,
                tuple(known),
                fills=_each(run, "test_cutout"),
                cutout_size=settings.cutout_size,
                attacks=_each(run, "attacks"),
                shares=_each(run, "shares"),
                epsilons=_each(run, "epsilon"),
                step=settings.attack_step,
                steps=settings.attack_steps,
                universal_epochs=settings.universal_epochs,
                seed=plan["seed"],
                advance=lambda rows: unit.advance(rows * len(test[0])),
                checkpoint=unit.scoring,
            )
        except tasks.GradientError:
            reason = "gradients are not finite: training has diverged"
    if reason:
        trial = dict.fromkeys(("attack", "fill", "region", "share", "epsilon"))
        rows = [{**trial, "reason": reason}]
    rows = [{**plan, **row, **about} for row in rows]
    return rows, {**unit.curves(), **perturbations}


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
    """Columns of accuracies, clean and of what is told of other rows."""
    clean = {"attack": "none"}
    return {
        "clean": Column("clean", "accuracy", percent, where=clean),
        "interval": Column("95 %", "accuracy_ci95", interval(), where=clean),
        **{
            heading: Column(heading, "accuracy", percent, where=where)
            for heading, where in columns.items()
        },
        **SEEDS,
        **SIZES,
    }


def _attacked(rows):
    return [row for row in rows if is_scored(row) and row["region"]]


def _attack_lines(rows):
    """Rows once for each size of attacks and width of border they are of."""
    if not _attacked(rows):
        return
    for group in grouped(rows, _NETWORK).values():
        attacked = _attacked(group)
        sizes = values_of(attacked, "epsilon") or [None]
        widths = {r["share"]: r["fraction"] for r in attacked if r["share"]}
        for row, size, share in itertools.product(
            group, sizes, widths or [None]
        ):
            if row["epsilon"] in (None, size) and row["share"] in (None, share):
                yield _sized(row, size, widths.get(share))


def _sized(row, epsilon, fraction):
    size = None if epsilon is None else number_text(epsilon)
    return {**row, "epsilon": size, "pixels": percent([fraction])}


def _difference(pairs):
    text = mean_sd([difference for difference, _ in pairs], "+.1f", 100)
    if len(pairs) == 1 and pairs[0][1]:
        ends = (f"{100 * end:+.1f}" for end in pairs[0][1])
        text = f"{text} ({' to '.join(ends)})"
    return text


_BESIDE = "border_minus_interior", "border_minus_interior_ci95"
_TABLES = (
    Table(
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
    Table(
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
    Table(
        "Accuracy under attack of the border less that of the interior, in "
        "percent points",
        {**_NETWORK, **_SIZE},
        lambda rows: {
            **SEEDS,
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
            "Below 0 the border is the weaker place. Mean ± standard deviation "
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
_STYLES = {"border": "-", "interior": "--"}


def _figures(work, rows, arrays):
    """Plot learning curves, accuracies and perturbations.

    For each model: `cutout_...`, accuracy with squares of each fill in
    training and in test, a panel for each padding mode. For each fill in
    training, too: `learning_...`, accuracy while training, a line for each
    padding mode, mean over seeds. For each size of the attacks, too:
    `fraction_...`, accuracy against the share of pixels that are attacked, a
    panel with a scale of its own for each attack and a line for each padding
    mode and region, mean over seeds; and `perturbations_...`, the universal
    perturbations of the first seed. What has diverged is left out.
    """
    rows = list(filter(is_scored, rows))
    for (model,), own in grouped(rows, ["model"]).items():
        if values_of(own, "fill"):
            _plot_cutout(work.figure_path(f"cutout_{model}"), model, own)
    for (model, cutout), own in grouped(rows, ["model", "cutout"]).items():
        title = f"{model}, trained with cutout {cutout}"
        name = f"{model}_{cutout}"
        plot_learning(work, name, title, own, arrays)
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


_SMALL = {"fontsize": "small"}


def _plot_fractions(path, title, rows):
    widths = sorted({(r["share"], r["fraction"]) for r in rows if r["share"]})
    where = "share of pixels\n{}: --shares {}".format(
        ", ".join(f"{fraction:.2f}" for _, fraction in widths),
        ", ".join(number_text(share) for share, _ in widths),
    )
    attacks = values_of([row for row in rows if row["share"]], "attack")
    # Each attack has a scale of its own: the differences between regions are
    # small beside those between attacks.
    with figure_panels(
        path, title, columns=len(attacks), size=(_PANEL_INCHES,) * 2
    ) as panels:
        for axis, attack in zip(panels.ravel(), attacks, strict=True):
            for number, mode in enumerate(values_of(rows, "padding_mode")):
                for region, style in _STYLES.items():
                    points = _points(rows, mode, attack, region)
                    axis.plot(
                        *zip(*points, strict=True),
                        style,
                        marker=".",
                        color=f"C{number % 10}",
                        label=f"{mode}, {region}",
                    )
            axis.set_title(attack, **_SMALL)
            # Its numbers stand beside a panel.
            fit_text(axis.set_xlabel(where, **_SMALL), _PANEL_INCHES - 0.5)
        panels[0, 0].set_ylabel("accuracy", **_SMALL)


def _points(rows, mode, attack, region):
    """Shares of pixels, all and none of them too, and accuracies."""
    rows = [
        row
        for row in rows
        if row["padding_mode"] == mode
        and row["attack"] in ("none", attack)
        and row["region"] in (None, "whole", region)
    ]
    fractions = grouped(rows, ["fraction"]).items()
    return sorted((fraction, _mean(group)) for (fraction,), group in fractions)


def _plot_cutout(path, model, rows):
    modes, trained = values_of(rows, "padding_mode"), values_of(rows, "cutout")
    fills = [None, *values_of(rows, "fill")]
    trials = [row for row in rows if row["attack"] in ("none", "cutout")]
    cells = grouped(trials, ["padding_mode", "cutout", "fill"])
    # NaN for what was not measured, as where all seeds have diverged.
    keys = itertools.product(modes, trained, fills)
    maps = np.array([_mean(cells.get(key, ())) for key in keys])
    maps = maps.reshape(len(modes), len(trained), len(fills))
    low, high = np.nanmin(maps), np.nanmax(maps)
    with figure_panels(
        path,
        f"{model}, accuracy in percent with squares cut out",
        columns=len(modes),
        size=(0.55 * len(fills) + 0.4, 0.55 * len(trained) + 0.8),
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
                    bbox={"facecolor": "white", "alpha": 0.6, "linewidth": 0},
                    **_SMALL,
                )
            ticks = ["clean", *fills[1:]]
            axis.set_xticks(range(len(ticks)), ticks, rotation=45, **_SMALL)
            axis.set_yticks(range(len(trained)), trained, **_SMALL)
            axis.set_title(mode, **_SMALL)
            axis.set_xlabel("test", **_SMALL)
        panels[0, 0].set_ylabel("training", **_SMALL)


def _plot_perturbations(path, title, rows, arrays):
    from keras_padpos import tasks

    rows = [row for row in rows if row["attack"] == "universal"]
    # Of a mode whose first seed has diverged: the next.
    first = {group[0]["arrays"] for group in by_mode(rows).values()}
    rows = [row for row in rows if row["arrays"] in first]
    modes, regions = (
        list(by_mode(rows)),
        list(grouped(rows, ["region", "share"])),
    )
    with figure_panels(
        path,
        f"{title}: universal perturbations",
        len(modes),
        len(regions),
        size=(1.5, 1.5),
    ) as panels:
        for axis in panels.ravel():
            hide_ticks(axis)
        for row in rows:
            region, mode = (row["region"], row["share"]), row["padding_mode"]
            name = tasks.perturbation_name(row["epsilon"], *region)
            values = arrays[f"{row['arrays']}/{name}"] / row["epsilon"]
            axis = panels[modes.index(mode), regions.index(region)]
            axis.imshow(np.clip(values / 2 + 0.5, 0, 1))
        for axis, (region, share) in zip(panels[0], regions, strict=True):
            text = f"{region} {number_text(share)}" if share else region
            axis.set_title(text, **_SMALL)
        for axis, mode in zip(panels[:, 0], modes, strict=True):
            axis.set_ylabel(mode, **_SMALL)


STUDY = Study(
    name="robustness",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    network=_network,
    network_flags=["size"],
    label="{model}-{padding_mode}-{cutout}-seed{seed}".format_map,
    amount=_amount,
    measure=_measure,
    tables=_TABLES,
    figures=_figures,
)
