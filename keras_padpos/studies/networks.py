"""What studies share: flags, data sets, training, and figures of modes."""

import functools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

from keras_padpos.choices import BACKBONES
from keras_padpos.choices import FURTHER_MODES
from keras_padpos.choices import LOCATION_NETS
from keras_padpos.choices import PADDING_MODES
from keras_padpos.choices import PER_AXIS
from keras_padpos.choices import WEIGHTS
from keras_padpos.errors import InputError
from keras_padpos.report import table
from keras_padpos.report.figure import learning_figure
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.flags import naming
from keras_padpos.runs.units import TrainingUnit

if TYPE_CHECKING:
    from keras_padpos.runs import WorkDirectory
    from keras_padpos.studies.study import Run

MOST_PIXELS = 4096
"""Largest side of a picture, whose maps fill gigabytes."""

MODE_TEXT = ", ".join(
    [*PADDING_MODES, *FURTHER_MODES, "one an axis joined by + (height+width)"]
)
"""What the help of a flag says of all padding modes."""


def model_flag() -> Flag:
    """Declare `--model`, small networks whose values are crossed."""
    return Flag(
        ["vgg5"],
        f"Networks: {', '.join(LOCATION_NETS)}.",
        choices=LOCATION_NETS,
        crossed=True,
    )


def backbone_flag(layers: str, names: str = ", ".join(BACKBONES)) -> Flag:
    """Declare `--backbone`, networks whose values are crossed.

    `layers` is the flag that a `.keras` file takes, and what else to say.
    """
    return Flag(
        ["vgg16"],
        f"Networks: {names}, or the path of a .keras file that takes raw RGB "
        f"(with {layers}.",
        choices=[*BACKBONES, "rgb"],
        ending=".keras",
        crossed=True,
    )


def weights_flag(default: str = "bundled") -> Flag:
    """Declare `--weights`, whose values are crossed."""
    return Flag(
        [default],
        "Weights of the networks: imagenet (downloaded by Keras), bundled "
        "(VGG16 fine-tuned for edges, HED; of no other network), random, or "
        "the path of a weights file. Of a .keras file: file (its own), random.",
        choices=WEIGHTS,
        ending="",
        crossed=True,
    )


def padding_flag(
    default: Sequence[str] | None,
    about: str,
    *,
    own: bool = False,
    none: bool = True,
    further: Mapping[str, str] | None = None,
) -> Flag:
    """Declare `--padding_mode`, crossed modes for `about`, a noun phrase.

    With `own`, `own`, a network's padding as it is, is one of them. Without
    `none`, `none` is not: pictures of one size may be too small for it.
    `further` are choices that are no padding modes, and what they are.
    """
    further = further or {}
    others = [MODE_TEXT, "interpolate"]
    others += ["none (no cells are added)"] * none
    others += ["own (as the network has it)"] * own
    others += [f"{name} ({what})" for name, what in further.items()]
    return Flag(
        None if default is None else list(default),
        f"{about}: {', '.join(others)}. A comma separates networks, + the "
        "axes of one: zeros,circular are two networks, zeros+circular one.",
        choices=[
            *(
                mode
                for mode in padding_modes(own=own)
                if none or mode != "none"
            ),
            *FURTHER_MODES,
            *further,
        ],
        per_axis=PER_AXIS,
        crossed=True,
        type=list if default is None else str,
    )


def one_padding_flag(about: str) -> Flag:
    """Declare `--padding_mode`, one mode, for a binary that is no study."""
    choices = [*padding_modes(), *FURTHER_MODES]
    return Flag("zeros", about, choices=choices, per_axis=PER_AXIS)


def padding_modes(*, own: bool = False) -> list[str]:
    """The modes that a network can be converted to."""
    return [*PADDING_MODES, "interpolate", "none", *["own"] * own]


def size_flag(default: str, about: str) -> Flag:
    """Declare `--size`: height and width, or one number for both."""
    return Flag(
        [default],
        f"Height and width of {about} in pixels, or one number for both.",
        type=int,
        least=1,
        most=MOST_PIXELS,
    )


def height_and_width(size: Sequence[int]) -> tuple[int, int]:
    """What `--size` says: `(224, 224)` of `[224]`."""
    if len(size) > 2:
        raise InputError(
            "--size must be one number, or height and width. "
            f"Received: {','.join(map(str, size))}"
        )
    return size[0], size[-1]


def dataset_flag(about: str) -> Flag:
    """Declare `--dataset`, of small pictures of `about`; see `tfds_sets`."""
    return Flag(
        "cifar10",
        "Data set of TensorFlow Datasets with splits train and test, pictures "
        f"and {about} (--data_dir: where it is kept).",
    )


def tfds_sets(run: "Run", size: int) -> dict[str, Any]:
    """Open `train` and `test` of `--dataset`, resized to `size`.

    Raises:
        InputError: If it cannot be opened, or holds less than a batch.
    """
    from keras_padpos import data

    flag = run.settings.text("dataset")
    with naming(f"{flag} cannot be read"):
        sets = {
            split: data.open_labelled(
                f"tfds:{run.settings.dataset}:{split}",
                size=size,
                count=run.training.count(split),
                data_dir=run.settings.data_dir,
            )
            for split in ("train", "test")
        }
    run.training.check(len(sets["train"]), run.devices, flag)
    return sets


def class_sets(run: "Run", open_set: Callable[..., Any]) -> dict[str, Any]:
    """Open `--train_set` and `--test_set`, which must have the same classes.

    `open_set` is a function such as `data.open_labelled`.

    Raises:
        InputError: If one cannot be opened, their classes differ, or there is
            less than a batch.
    """
    sets, settings = {}, run.settings
    for split in ("train", "test"):
        with naming(f"--{split}_set"):
            sets[split] = open_set(
                getattr(settings, f"{split}_set"),
                size=height_and_width(settings.size),
                count=run.training.count(split),
                data_dir=settings.data_dir,
            )
    train, test = sets.values()
    if (train.classes, train.class_names) != (test.classes, test.class_names):
        raise InputError(
            "--test_set must have the classes of --train_set, "
            f"{_classes(train)}. Received: {_classes(test)}"
        )
    run.training.check(len(train), run.devices, settings.text("train_set"))
    return sets


def _classes(pictures):
    names = list(pictures.class_names or ())
    if not names:
        return str(pictures.classes)
    shown = [*names[:3], *["..."] * (len(names) > 3)]
    return f"{pictures.classes} ({', '.join(shown)})"


def joined_sets(specs: Sequence[str]) -> str | list[str]:
    """What `data.open_images` takes for a flag that lists sets.

    A set alone keeps its own number of pictures, where it has one.
    """
    return specs[0] if len(specs) == 1 else list(specs)


def check_pictures(settings: Settings) -> None:
    """Refuse `--images` of which no picture can be read.

    For studies that know only later how large their crops are: a folder or a
    package that is missing is to be known before anything is written.
    """
    from keras_padpos import data

    with naming("--images"):
        data.open_images(
            joined_sets(settings.images),
            size=1,
            count=1,
            data_dir=settings.data_dir,
        )


def open_crops(
    settings: Settings, shape: tuple[int, int], **options: Any
) -> Any:
    """Open crops of the pictures that `--images` and `--shorter_side` name."""
    from keras_padpos import data

    return data.open_crops(
        joined_sets(settings.images),
        shape,
        shorter_side=settings.shorter_side,
        seed=settings.seed,
        data_dir=settings.data_dir,
        **options,
    )


def stage_layers(
    backbone: str, stages: Sequence[str], flag: str = "stages"
) -> list[str]:
    """The layers that a flag such as `--stages` names in one network.

    Stages are `["all"]`, or numbers from 1 and names of layers. Of a `.keras`
    file they are names alone, and `"all"` stands for the last layer at each
    size of the map (`models.stage_candidates`). That there are such layers is
    not checked. The bare picture (`"rgb"`) has one stage, whatever is asked
    for.

    Raises:
        InputError: If a number is out of range, or a file's stages are no
            names: the message proposes some.
        ValueError: If there is no such backbone, or a file whose stages have
            to be proposed holds none.
        FileNotFoundError: If that file is not there.
    """
    from keras_padpos import models

    if models.is_model_file(backbone):
        numbers = [stage for stage in stages if stage.isdecimal()]
        if stages and not numbers and list(stages) != ["all"]:
            return list(stages)
        candidates = models.stage_candidates(models.load_model_file(backbone))
        if candidates and list(stages) == ["all"]:
            return candidates
        raise InputError(
            f"--{flag} of {backbone!r} must name layers, such as "
            f"{','.join(candidates) or 'none: no layer gives a map'}. "
            f"Received: {','.join(stages) or 'nothing'}"
        )
    names = models.stage_names(backbone)
    if list(stages) == ["all"] or backbone == "rgb":
        return list(names)
    layers = []
    for stage in stages:
        if stage.isdecimal():
            if not 1 <= int(stage) <= len(names):
                raise InputError(
                    f"--{flag} of {backbone} go from 1 to {len(names)}. "
                    f"Received: {stage}"
                )
            stage = names[int(stage) - 1]
        layers.append(stage)
    return layers


def stage_text(layers: Sequence[str], known: Sequence[str]) -> str:
    """What a row's `stages` says: `"all"`, or numbers and names of layers.

    `known` are all the network's stages, which numbers count from 1.
    """
    if list(layers) == list(known):
        return "all"
    return ",".join(
        str(known.index(layer) + 1) if layer in known else layer
        for layer in layers
    )


def trained_classifier(
    run: "Run", plan: Mapping[str, Any], unit: TrainingUnit, **options: Any
) -> tuple[Any, dict[str, Any]]:
    """Train a classifier on a run's set `train`; save it if it has scores.

    The options, and what is returned, are those of `Run.trained`.
    """
    from keras_padpos import tasks

    pictures, labels = run.arrays["train"]
    network, note = run.trained(
        plan,
        unit,
        functools.partial(
            tasks.train_classifier, pictures=pictures, labels=labels
        ),
        functools.partial(tasks.calibrate_classifier, pictures=pictures),
        example=pictures[: run.settings.batch_size].astype("float32"),
        **options,
    )
    if not note["reason"]:
        run.work.save_model(unit.label, network)
    return network, note


def training_fields(
    run: "Run", unit: TrainingUnit, note: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """What rows say of a training: its pictures, its steps, `more`, its arrays.

    `note` is what `Run.trained` returns.
    """
    return {
        **{
            f"{split}_images": len(run.arrays[split][0])
            for split in ("train", "test")
        },
        "epochs": run.settings.epochs,
        "steps": note["steps"],
        **more,
        "arrays": unit.label,
    }


def by_mode(rows: Iterable[table.Row]) -> dict[str, list[table.Row]]:
    """From each padding mode to its rows."""
    groups = table.grouped(rows, ["padding_mode"]).items()
    return {mode: group for (mode,), group in groups}


def plot_learning(
    work: "WorkDirectory",
    name: str,
    title: str,
    rows: Iterable[table.Row],
    arrays: Mapping[str, Any],
    **options: Any,
) -> None:
    """Plot `learning_NAME`: a metric while training, a line a padding mode.

    All seeds of a mode are one line. For `arrays` and the options see
    `report.figure.learning_figure`.
    """
    labels = {
        mode: table.values_of(group, "arrays")
        for mode, group in by_mode(rows).items()
    }
    path = work.figure_path(f"learning_{name}")
    learning_figure(path, title, labels, arrays, **options)
