"""The tables and figures of `semantic_head`."""

import numpy as np

from keras_padpos.report import figure
from keras_padpos.report import table
from keras_padpos.report.style import mode_label
from keras_padpos.report.style import mode_lines
from keras_padpos.report.table import Column
from keras_padpos.report.table import percent
from keras_padpos.report.table import values_of
from keras_padpos.studies import networks
from keras_padpos.studies.study import figure_name

_NETWORK = {
    **{n: n for n in ("backbone", "weights", "stages", "head", "enlarge")},
    "padding_mode": "padding",
}
_PATHS = ("backbone", "weights")
_TITLES = {
    "segmentation": "Semantic segmentation",
    "saliency": "Salient objects",
}
# Bands are compared by the first.
_SCORES = {
    "segmentation": {"mean_iou": "mIoU", "pixel_accuracy": "pixel accuracy"},
    "saliency": {
        "max_f": "max F",
        "mean_f": "mean F",
        "mae": "MAE",
        "s_measure": "S-measure",
        "mean_e": "mean E-measure",
    },
}


def _is_saliency(rows):
    return rows[0]["task"] == "saliency"


def _overall_columns(rows):
    columns = {
        **table.SEEDS,
        **table.columns(percent, **_SCORES[rows[0]["task"]]),
    }
    if values_of(rows, "invariance_images"):
        entropy = table.mean(".3f")
        columns |= table.columns(entropy, mean_entropy="entropy (meanE), bits")
        columns |= table.columns(percent, disagreement="disR")
    return {**columns, **table.SIZES}


def _overall_notes(rows):
    yield (
        "Percent, mean ± standard deviation over seeds. majority, prior: what "
        "knowing the training masks alone scores, the most frequent class "
        "everywhere and that of each position."
    )
    if _is_saliency(rows):
        yield (
            "Means over pictures, by pysodmetrics. prior: the share of "
            "training masks that are salient at each position."
        )
    patches = values_of(rows, "invariance_images")
    if patches:
        yield (
            "meanE, disR: entropy of the answers that one pixel gets in "
            "overlapping patches of an enlarged picture, and the share of "
            f"pixels that get more than one; pictures: {max(patches)}."
        )


def _class_names(rows):
    return next(filter(None, (row.get("class_names") for row in rows)), None)


def _class_rows(rows):
    """A row for each class of a network."""
    rows = [r for r in rows if r["band"] == "overall" and r.get("class_iou")]
    names = _class_names(rows)
    for row in rows:
        for index, iou in enumerate(row["class_iou"]):
            name = str(names[index] if names else index)
            yield {**row, "class": name, "iou": iou}


def _class_columns(rows):
    """A column for each network, of what tells it from the others."""
    labels = table.short_labels(rows, _NETWORK, _PATHS)
    trained = [labels(row) for row in rows if row["padding_mode"]]
    differ = [n for n in _NETWORK if len({each[n] for each in trained}) > 1]
    columns = {}
    for key, group in table.grouped(rows, _NETWORK).items():
        label = labels(group[0])
        texts = [label[n] for n in differ or ["padding_mode"] if label[n]]
        heading = " ".join(texts) or label["backbone"]
        where = dict(zip(_NETWORK, key, strict=True))
        columns[heading] = Column(heading, "iou", percent, where=where)
    return columns


def _bands(rows):
    """The bands, from the border inwards."""
    bands = values_of(rows, "band")
    return [band for band in bands if band not in ("overall", "pooled")]


def _band_score(rows):
    return next(iter(_SCORES[rows[0]["task"]].items()))


def _band_columns(rows):
    whole = "pooled" if _is_saliency(rows) else "overall"
    headings = {whole: "all pixels", **{band: band for band in _bands(rows)}}
    score, _ = _band_score(rows)
    return {
        **table.SEEDS,
        **{
            band: Column(heading, score, percent, where={"band": band})
            for band, heading in headings.items()
        },
    }


TABLES = (
    table.Table(
        lambda rows: "{}: {}".format(
            _TITLES[rows[0]["task"]],
            "means over pictures" if _is_saliency(rows) else "all pixels",
        ),
        _NETWORK,
        _overall_columns,
        _overall_notes,
        rows=lambda row: row["band"] == "overall",
        shorten=_PATHS,
    ),
    table.Table(
        "Semantic segmentation: IoU of each class",
        {"class": "class"},
        _class_columns,
        (
            "Percent. -: neither in a mask nor in an answer; such classes do "
            "not count in mIoU, which then is a mean over fewer.",
        ),
        derive=_class_rows,
    ),
    table.Table(
        lambda rows: (
            f"{_TITLES[rows[0]['task']]}: {_band_score(rows)[1]} by distance "
            "to the border, as a share of the smaller side"
        ),
        _NETWORK,
        _band_columns,
        (
            "Percent. Pixels of all pictures together; a band's score is that "
            "of its own pixels, and its classes or thresholds are its own.",
        ),
        shorten=_PATHS,
    ),
)

_COLOURS = "tab20"
_DISTINCT = 20


def plot_figures(work, rows, arrays):
    """Plot scores by band, learning curves, and some answers.

    For each network but for its padding mode: `bands_...`, `learning_...`, a
    line for each mode, and `examples_...`, answers of the first seed. What has
    diverged is left out.
    """
    fields = ("task", *(name for name in _NETWORK if name != "padding_mode"))
    labels = table.short_labels(rows, fields, _PATHS)
    scored = list(filter(table.is_scored, rows))
    baselines = [row for row in scored if row["seed"] is None]
    trained = [row for row in scored if row["seed"] is not None]
    for group in table.grouped(trained, fields).values():
        # What does not hang on this head is None.
        own = {k: text for k, text in labels(group[0]).items() if text}
        name, title = figure_name(*own.values()), _title(own)
        path = work.figure_path(f"bands_{name}")
        _plot_bands(path, title, group, baselines)
        options = {"metric": "loss", "text": "loss while training"}
        networks.plot_learning(work, name, title, group, arrays, **options)
        path = work.figure_path(f"examples_{name}")
        _plot_examples(path, title, group, arrays)


def _title(network):
    """A network in words, of those of its fields that are set."""
    forms = {
        "weights": "{} weights",
        "stages": "stages {}",
        "head": "head {}",
        "enlarge": "scores at {}",
    }
    texts = [forms.get(n, "{}").format(text) for n, text in network.items()]
    return ", ".join(texts[1:])


def _plot_bands(path, title, rows, baselines):
    """Plot a line for each padding mode: scores, and less those of zeros."""
    bands, (score, heading) = _bands(rows), _band_score(rows)

    def percents(group):
        """From each seed to its bands; NaN where one has no score."""
        seeds = {
            seed: {row["band"]: row[score] for row in own}
            for (seed,), own in table.grouped(group, ["seed"]).items()
        }
        return {
            seed: 100 * np.array([own[band] for band in bands], float)
            for seed, own in seeds.items()
        }

    modes = {m: percents(own) for m, own in networks.by_mode(rows).items()}
    styles = mode_lines(modes)
    zeros = modes.get("zeros", {})
    paired = {
        mode: [own[seed] - zeros[seed] for seed in own if seed in zeros]
        for mode, own in modes.items()
        if mode != "zeros"
    }
    differences = {mode: each for mode, each in paired.items() if each}
    title = (
        f"{_TITLES[rows[0]['task']]}: {heading} by distance to the border, "
        f"mean over seeds\n{title}"
    )
    with figure.figure_panels(
        path, title, columns=1 + bool(differences), size=(4.8, 3.2)
    ) as panels:
        first, *others = panels[0]
        for mode, seeds in modes.items():
            figure.draw_seeds(first, list(seeds.values()), **styles[mode])
        for (name,), group in table.grouped(baselines, ["backbone"]).items():
            colour = "grey" if name == "prior" else "silver"
            style = {"label": name, "linestyle": "--", "color": colour}
            figure.draw_seeds(first, list(percents(group).values()), **style)
        first.set_ylabel(f"{heading}, %")
        for axis in others:
            axis.axhline(0, color=styles["zeros"]["color"])
            for mode, seeds in differences.items():
                figure.draw_seeds(axis, seeds, **styles[mode])
            axis.set_ylabel(f"{heading} less that of zeros, points")
        for axis in panels[0]:
            axis.set_xticks(range(len(bands)), bands)
            axis.tick_params("x", labelsize=7)
            axis.set_xlabel("distance to the border")


def _plot_examples(path, title, rows, arrays):
    """Plot test pictures, their masks, and the answers of each mode."""
    title = f"{_TITLES[rows[0]['task']]}: answers on test pictures\n{title}"
    from keras_padpos.metrics import VOID

    maps = {
        "mask": arrays["masks/truth"],
        **{
            mode_label(mode): arrays[f"{group[0]['arrays']}/answers"]
            for mode, group in networks.by_mode(rows).items()
        },
    }
    colours, count = _COLOURS, _DISTINCT
    shown = {
        name: np.ma.masked_equal(map_, VOID) for name, map_ in maps.items()
    }
    if _is_saliency(rows):
        colours, count = "gray", 2
    else:
        shown = {name: map_ % count for name, map_ in shown.items()}
    columns = {"picture": arrays["masks/pictures"], **shown}
    options = {"cmap": colours, "vmin": 0, "vmax": count - 1, "inches": 1.6}
    with figure.picture_grid(path, title, columns, **options) as panels:
        if not _is_saliency(rows):
            classes = np.unique([*maps.values()])
            names = _class_names(rows)
            _name_colours(panels[0, 0], names, classes[classes != VOID])


def _name_colours(axis, names, classes):
    """Put classes into the legend, unless there are too many to tell."""
    from matplotlib import colormaps

    if len(classes) and classes.max() >= _DISTINCT:
        return
    axis.autoscale(False)
    style = {"marker": "s", "edgecolor": "grey", "linewidth": 0.5}
    for each in classes:
        label = names[each] if names else f"class {each}"
        colour = colormaps[_COLOURS](int(each))
        axis.scatter([], [], color=colour, label=label, **style)
    axis.scatter([], [], color="white", label="void", **style)
