"""F-Conv's four-quadrant test: its flags, networks, rows and figure."""

import contextlib
from typing import Any

import numpy as np

from keras_padpos.choices import WEIGHTS
from keras_padpos.errors import InputError
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.style import line_styles
from keras_padpos.report.table import grouped
from keras_padpos.report.table import short_labels
from keras_padpos.report.table import values_of
from keras_padpos.runs.flags import MOST_AT_ONCE
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import naming
from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.studies.networks import BACKBONES
from keras_padpos.studies.networks import MOST_PIXELS

# ImageNet's mean red, green and blue, as Keras prepares pictures.
_COLOURS: dict[str, Any] = {"mean": (123.675, 116.28, 103.53), "black": 0.0}
# Canvases a batch whose BatchNorm statistics are taken, as in training.
_CALIBRATION_BATCH = 8
_BAGNET = "bagnet33"
_ANY_SIZE = (None, None, 3)


def _flag(default, about, **options):
    options = {
        "decides": lambda settings: "four_quadrants" in settings.test,
        **options,
    }
    return Flag(default, f"For four_quadrants: {about}", **options)


FLAGS = {
    "backbone": _flag(
        ["resnet18"],
        "networks: bagnet33, vgg16, vgg19, resnet18, resnet50, resnet152, "
        "mobilenet, efficientnetb0, densenet121, or the path of a .keras file "
        "that takes raw RGB of any size (with --layer).",
        choices=[_BAGNET, *BACKBONES],
        ending=".keras",
        crossed=True,
    ),
    "weights": _flag(
        ["random"],
        "weights of the networks: imagenet, bundled (vgg16), random, or the "
        "path of a weights file; of a .keras file: file or random.",
        choices=WEIGHTS,
        ending="",
        crossed=True,
    ),
    "layer": _flag(
        None,
        "layer whose map is pooled. If not given: the last stage; a .keras "
        "file needs it.",
    ),
    "train": _flag(
        ["frozen"],
        "frozen (a dense layer alone is trained), scratch (all weights are, "
        "from those of --weights on).",
        choices=["frozen", "scratch"],
        crossed=True,
    ),
    "borders": _flag(
        ["0", "16", "32", "64"],
        "pixels around the canvas of 120x120.",
        type=int,
        most=MOST_PIXELS,
    ),
    "images": _flag(
        "samples:train",
        "set of pictures: samples:train, samples:test, tfds:NAME:SPLIT, noise, "
        "or a folder, DIR or DIR[:120].",
    ),
    "pictures": _flag(
        ["90"],
        "the first so many of --images: one number, or one for each of "
        "--borders. Disjoint splits train on a third of them.",
        type=int,
        least=3,
    ),
    "background": _flag(
        "mean",
        "colour of canvas and border. mean: ImageNet's, which preparing "
        "pictures for a network makes zeros, as in the released code.",
        choices=list(_COLOURS),
    ),
    "calibrate_batch_norm": _flag(
        16,
        "pictures, in both corners, that set the BatchNorm statistics of "
        "frozen networks with random weights, at each border anew; 0: they "
        "stay as Keras initialises them.",
        least=0,
    ),
    "batch_size": _flag(
        8,
        "canvases that go through a frozen network at once.",
        least=1,
        most=MOST_AT_ONCE,
        decides=False,
    ),
}


def _counts(settings):
    """From each border to the number of pictures."""
    borders, counts = settings.borders, settings.pictures
    if len(counts) not in (1, len(borders)):
        raise InputError(
            "--pictures must be one number, or one for each of --borders. "
            f"Received: {','.join(map(str, counts))}"
        )
    if len(counts) == 1:
        counts = counts * len(borders)
    return dict(zip(borders, counts, strict=True))


def sets(run: Any) -> dict[str, Any]:
    """The pictures."""
    from keras_padpos import data
    from keras_padpos import tasks

    settings = run.settings
    count = max(_counts(settings).values())
    with naming("--images"):
        images = data.open_images(
            settings.images,
            size=tasks.PATCH,
            count=min(count, settings.max_images or count),
            seed=settings.seed,
            data_dir=settings.data_dir,
        )
    return {"images": images}


def plans(run: Any) -> list[dict[str, Any]]:
    """The networks, each at each border."""
    for network in run.crossed("backbone", "weights"):
        _check_network(**network, layer=run.settings.layer)
    networks = run.crossed("backbone", "weights", "padding_mode", "train")
    return [
        {**network, "border": border}
        for network in networks
        for border in dict.fromkeys(run.settings.borders)
    ]


def _check_network(backbone, weights, layer):
    """Refuse what `_network` cannot make."""
    from keras_padpos import models

    if backbone == _BAGNET:
        if weights != "random":
            raise InputError(
                f"--weights of {_BAGNET} must be random. Received: {weights}"
            )
        return
    models.check_weights(backbone, weights)
    if layer is None:
        # Raises for a file, and proposes layers.
        models.stage_names(backbone)


def _network(plan, layer):
    """A network from raw RGB of any size to the map that is pooled."""
    import keras

    from keras_padpos import models

    backbone, mode = plan["backbone"], plan["padding_mode"]
    # Random padding draws its seeds while networks are made.
    keras.utils.set_random_seed(plan["seed"])
    if backbone != _BAGNET:
        layer = layer or models.stage_names(backbone)[-1]
        network = models.backbone(
            backbone,
            plan["weights"],
            mode,
            stages=[layer],
            input_shape=_ANY_SIZE,
            seed=plan["seed"],
        )
        return keras.Model(network.input, network.output[layer])
    network = models.bagnet(
        33, padding_mode="zeros" if mode == "own" else mode, top=None
    )
    inputs = keras.Input(_ANY_SIZE, name="rgb")
    # As `models.backbone` prepares pictures for ResNet-18.
    prepared = keras.applications.imagenet_utils.preprocess_input(
        inputs, mode="torch"
    )
    return keras.Model(inputs, network(prepared))


def noun(plan: Any) -> str:
    """What progress counts: canvases, or the epochs of a training."""
    return "images" if plan["train"] == "frozen" else "epochs"


def amount(run: Any, plan: Any) -> int:
    """How many of them: each picture in two corners; epochs of all splits."""
    if plan["train"] == "frozen":
        return 2 * len(_pictures(run, plan["border"]))
    return _epochs(run.settings) * len(run.settings.splits)


def _epochs(settings):
    from keras_padpos import tasks

    return settings.epochs or tasks.QUADRANT_EPOCHS


def _pictures(run, border):
    pictures = run.kept(
        "pictures", None, lambda: np.stack(list(run.sets["images"]))
    )
    return pictures[: _counts(run.settings)[border]]


def measure(run: Any, plan: Any, unit: Any) -> list[dict[str, Any]]:
    """Rows of one network at one border."""
    from keras_padpos import models
    from keras_padpos import tasks

    settings, frozen = run.settings, plan["train"] == "frozen"
    border = plan["border"]
    pictures = _pictures(run, border)
    with contextlib.nullcontext() if frozen else run.devices.scope():
        network = _network(plan, settings.layer)
    fill = _COLOURS[settings.background]
    calibrated = 0
    if frozen and plan["weights"] == "random" and settings.calibrate_batch_norm:
        chosen = pictures[: settings.calibrate_batch_norm]
        step = _CALIBRATION_BATCH // 2
        calibrated = models.calibrate_batch_norm(
            network,
            (
                tasks.four_quadrants(
                    chosen[start : start + step], border, fill=fill
                )[0]
                for start in range(0, len(chosen), step)
            ),
        )
    # Of each training its own.
    checkpoints = {
        splits: RollingCheckpoint(
            run.work, f"{unit.label} {splits}", settings.checkpoint_seconds
        )
        for splits in settings.splits
    }
    scores = tasks.score_quadrants(
        network,
        pictures,
        border,
        frozen=frozen,
        splits=settings.splits,
        epochs=_epochs(settings),
        seed=plan["seed"],
        batch_size=settings.batch_size,
        advance=unit.advance,
        checkpoint=checkpoints.__getitem__,
        devices=run.devices,
        fill=fill,
    )
    rows = []
    for splits, results in scores.items():
        unit.rolling.log(splits=splits, **results)
        about = {
            "splits": splits,
            "border": border,
            "seed": plan["seed"],
            "background": settings.background,
            "calibration_images": calibrated,
        }
        network = {k: v for k, v in plan.items() if k not in about}
        rows.append({**network, **about, **results})
        checkpoints[splits].remove()
    return rows


def plot(path: Any, rows: Any) -> None:
    """Accuracy against the border's width, a line a network."""
    splits = values_of(rows, "splits")
    borders = sorted(values_of(rows, "border"))
    labels = short_labels(
        rows, ["backbone", "weights"], ["backbone", "weights"]
    )
    network = ["backbone", "weights", "train", "padding_mode"]
    styles = line_styles({key: key[-1] for key in grouped(rows, network)})
    title = "Four quadrants: mean and standard deviation over seeds"
    with figure_panels(
        path, title, columns=len(splits), size=(4.6, 4.0), sharey=True
    ) as panels:
        for axis, each in zip(panels[0], splits, strict=True):
            axis.axhline(50, color="0.8", linewidth=1)
            own = [row for row in rows if row["splits"] == each]
            for key, group in grouped(own, network).items():
                seeds = {
                    border: [100 * row["accuracy"] for row in same]
                    for (border,), same in sorted(
                        grouped(group, ["border"]).items()
                    )
                }
                label = "{backbone} ({weights}), ".format(**labels(group[0]))
                label += "{train}, {padding_mode}".format(**group[0])
                axis.errorbar(
                    [borders.index(border) for border in seeds],
                    [np.mean(values) for values in seeds.values()],
                    yerr=[
                        np.std(values, ddof=1) if len(values) > 1 else 0
                        for values in seeds.values()
                    ],
                    capsize=2,
                    **styles[key] | {"label": label},
                )
            axis.set_xticks(range(len(borders)), borders)
            axis.set_ylim(0, 103)
            axis.set_xlabel("border on each side, in pixels", fontsize=9)
            axis.set_title(f"{each} splits", fontsize=10)
        panels[0, 0].set_ylabel("accuracy in percent", fontsize=9)
