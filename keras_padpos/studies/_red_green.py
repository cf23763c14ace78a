"""F-Conv's red-green test: its nets, rows and figure."""

from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.figure import figure_panels
from keras_padpos.runs.flags import Flag

FLAGS = {
    "convolution": Flag(
        ["valid", "same", "full"],
        "For red_green: cells that each convolution adds on each side: valid "
        "(none), same (one), full (two).",
        choices=["valid", "same", "full"],
        crossed=True,
        decides=lambda settings: "red_green" in settings.test,
    ),
}

_SETS = ("similar", "dissimilar")
_EXAMPLES = 5


def plans(run: Any) -> list[dict[str, Any]]:
    """The nets, each once."""
    nets = {}
    for plan in run.crossed("splits", "convolution", "padding_mode"):
        if plan["padding_mode"] in ("own", "none"):
            raise InputError(
                "--padding_mode of red_green must be a mode that fills cells. "
                f"Received: {plan['padding_mode']}"
            )
        if plan["convolution"] == "valid":
            plan["padding_mode"] = "none"
        nets[tuple(plan.values())] = plan
    return list(nets.values())


def noun(plan: Any) -> str:
    """What progress counts."""
    return "epochs"


def amount(run: Any, plan: Any) -> int:
    """How many epochs a net is trained."""
    from keras_padpos import tasks

    return run.settings.epochs or tasks.RED_GREEN_EPOCHS


def measure(run: Any, plan: Any, unit: Any) -> list[dict[str, Any]]:
    """Rows of one net."""
    import keras

    from keras_padpos import models
    from keras_padpos import tasks

    mode, most = plan["padding_mode"], run.settings.max_images
    keras.utils.set_random_seed(plan["seed"])
    with run.devices.scope():
        net = models.red_green_net(
            plan["convolution"],
            padding_mode="zeros" if mode == "none" else mode,
        )

    def log(**metrics):
        unit.rolling.log(**metrics)
        unit.advance()

    sets = tasks.red_green(
        plan["splits"],
        **{
            name: min(size, most or size)
            for name, size in tasks.RED_GREEN_SIZES.items()
        },
    )
    scores = tasks.train_red_green(
        net,
        sets,
        epochs=amount(run, plan),
        log=log,
        checkpoint=unit.rolling,
        devices=run.devices,
    )
    return [
        {
            **plan,
            "test_set": name,
            "images": len(sets[name][1]),
            "accuracy": scores[name],
            "train_accuracy": scores["train"],
            "train_images": len(sets["train"][1]),
            "epochs": scores["epochs"],
            "best_epoch": scores["best_epoch"],
            "validation_cross_entropy": scores["validation_cross_entropy"],
        }
        for name in _SETS
    ]


def plot(path: Any) -> None:
    """Pictures of both classes, at the position of each."""
    from keras_padpos import tasks

    sets = tasks.red_green(
        "released", train=1, validation=1, test=2 * _EXAMPLES
    )
    lines = [(label, name) for label in (0, 1) for name in _SETS]
    with figure_panels(
        path, "Red-green test", len(lines), _EXAMPLES, size=(1.3, 1.3)
    ) as panels:
        for line, (label, name) in zip(panels, lines, strict=True):
            pictures = sets[name][0][label::2]
            for axis, picture in zip(line, pictures, strict=True):
                axis.imshow(picture, interpolation="nearest")
                axis.set_xticks([])
                axis.set_yticks([])
            line[0].set_ylabel(f"class {label}\n{name}", fontsize=9)
