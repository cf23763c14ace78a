"""What studies share: flags, data sets, training, and figures of modes."""

import importlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.figure import learning_figure
from keras_padpos.report.table import Row
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.units import TrainingUnit

if TYPE_CHECKING:
    from keras_padpos.runs import WorkDirectory
    from keras_padpos.studies.study import Run


def model_flag() -> Flag:
    """Declare `--model`, small networks whose values are crossed."""
    return Flag(
        ["vgg5"],
        "Networks: vgg5, resnet18, bagnet9, bagnet17, bagnet33.",
        choices=constant("tasks", "LOCATION_NETS"),
        crossed=True,
    )


def constant(floor: str, name: str) -> Callable[[], Sequence[str]]:
    """Choices that another floor declares, imported where they are read.

    Example:

    >>> constant("tasks", "ATTACKS")()
    ('noise', 'pgd', 'universal')
    """
    return lambda: getattr(
        importlib.import_module(f"keras_padpos.{floor}"), name
    )


def dataset_flag(about: str) -> Flag:
    """Declare `--dataset`, of small pictures of `about`; see `tfds_sets`."""
    return Flag(
        "cifar10",
        "Data set of TensorFlow Datasets with splits train and test, pictures "
        f"and {about} (--data_dir: where it is kept).",
    )


def tfds_sets(run: "Run", size: int) -> dict[str, Any]:
    """Open `train` and `test` of `--dataset`, which `Run.sets` are to be.

    Args:
        run: Whose flags tell how many pictures to take.
        size: Height and width to resize them to.

    Returns:
        From each split to what `data.open_labelled` returns.

    Raises:
        InputError: If it cannot be opened, or holds less than a batch.
    """
    from keras_padpos import data

    flag = run.settings.text("dataset")
    try:
        sets = {
            split: data.open_labelled(
                f"tfds:{run.settings.dataset}:{split}",
                size=size,
                count=run.training.count(split),
                data_dir=run.settings.data_dir,
            )
            for split in ("train", "test")
        }
    except (OSError, ValueError) as error:
        raise InputError(f"{flag} cannot be read: {error}") from error
    run.training.check(len(sets["train"]), run.devices, flag)
    return sets


def backbone_flag(names: str, layers: str) -> Flag:
    """Declare `--backbone`, networks whose values are crossed.

    Args:
        names: Those that there are, with commas between them.
        layers: The flag that a `.keras` file needs, and what else there is
            to say.
    """
    return Flag(
        ["vgg16"],
        f"Networks: {names}, or the path of a .keras file that takes raw RGB "
        f"(with {layers}.",
        crossed=True,
    )


def weights_flag() -> Flag:
    """Declare `--weights`, whose values are crossed."""
    return Flag(
        ["bundled"],
        "Weights of the networks: imagenet (downloaded by Keras), bundled "
        "(VGG16 fine-tuned for edges, HED; of no other network), random, or "
        "the path of a weights file. Of a .keras file: file or random.",
        crossed=True,
    )


def class_sets(run: "Run", open_set: Callable[..., Any]) -> dict[str, Any]:
    """Open `--train_set` and `--test_set`, which must have the same classes.

    Args:
        run: Whose flags tell their size and how many pictures to take.
        open_set: Such as `data.open_labelled`.

    Returns:
        From `train` and `test` to what it returns.

    Raises:
        InputError: If one cannot be opened, their classes differ, or there is
            less than a batch.
    """
    sets, settings = {}, run.settings
    for split in ("train", "test"):
        try:
            sets[split] = open_set(
                getattr(settings, f"{split}_set"),
                size=height_and_width(settings.size),
                count=run.training.count(split),
                data_dir=settings.data_dir,
            )
        except (OSError, ValueError) as error:
            raise InputError(f"--{split}_set: {error}") from error
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


def padding_flag(
    default: Sequence[str] | None, about: str, *, own: bool = False
) -> Flag:
    """Declare `--padding_mode`, whose values are crossed.

    Args:
        default: Modes.
        about: What the modes are for, a noun phrase.
        own: Whether `own`, a network's padding as it is, is one.
    """
    return Flag(
        None if default is None else list(default),
        f"{about}: zeros, constant, reflect, symmetric, replicate, circular, "
        "distribution, randn, random_sides, partial, interpolate, none (no "
        "cells are added)" + (", own (as the network has it)." if own else "."),
        choices=lambda: padding_modes(own=own),
        crossed=True,
        type=list if default is None else str,
    )


def padding_modes(*, own: bool = False) -> list[str]:
    """The modes that a network can be converted to.

    Example:

    >>> padding_modes(own=True)[-3:]
    ['interpolate', 'none', 'own']
    """
    from keras_padpos import padding

    return [*padding.names(), "interpolate", "none", *["own"] * own]


def size_flag(default: str, about: str) -> Flag:
    """Declare `--size`: height and width, or one number for both."""
    return Flag(
        [default],
        f"Height and width of {about} in pixels, or one number for both.",
        type=int,
        least=1,
    )


def height_and_width(size: Sequence[int]) -> tuple[int, int]:
    """What `--size` says.

    Example:

    >>> height_and_width([224]), height_and_width([120, 160])
    ((224, 224), (120, 160))
    """
    if len(size) > 2:
        raise InputError(
            "--size must be one number, or height and width. "
            f"Received: {','.join(map(str, size))}"
        )
    return size[0], size[-1]


def joined_sets(specs: Sequence[str]) -> str | list[str]:
    """What `data.open_images` takes for a flag that lists sets.

    A set alone keeps its own number of pictures, where it has one.
    """
    return specs[0] if len(specs) == 1 else list(specs)


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
    """The layers that a flag such as --stages names in one network.

    Example:
        >>> stage_layers("vgg16", ["1", "block3_conv1"])
        ['block1_conv2', 'block3_conv1']

    Args:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        stages: `["all"]`, or numbers from 1 and names of layers; of a file,
            names alone. The bare picture (`"rgb"`) has one stage, whatever is
            asked for.
        flag: What the flag is called, without dashes.

    Returns:
        Names of layers; that there are such layers is not checked.

    Raises:
        InputError: If a number is out of range, or a file's stages are no
            names: the message proposes some.
        ValueError: If there is no such backbone, or a file whose stages have
            to be proposed holds none.
        FileNotFoundError: If that file is not there.
    """
    from keras_padpos import models

    if models.is_model_file(backbone):
        numbers = [stage for stage in stages if stage.isdigit()]
        if numbers or not stages or list(stages) == ["all"]:
            candidates = models.stage_candidates(
                models.load_model_file(backbone)
            )
            raise InputError(
                f"--{flag} of {backbone!r} must name layers, such as "
                f"{','.join(candidates)}. "
                f"Received: {','.join(stages) or 'nothing'}"
            )
        return list(stages)
    known = models.stage_names(backbone)
    if list(stages) == ["all"] or backbone == "rgb":
        return list(known)
    layers = []
    for stage in stages:
        if stage.isdigit():
            if not 1 <= int(stage) <= len(known):
                raise InputError(
                    f"--{flag} of {backbone} go from 1 to {len(known)}. "
                    f"Received: {stage}"
                )
            stage = known[int(stage) - 1]
        layers.append(stage)
    return layers


def stage_text(layers: Sequence[str], known: Sequence[str]) -> str:
    """What a row's `stages` says of the layers that were read.

    Example:
        >>> known = ["block1_conv2", "block2_conv2", "block3_conv3"]
        >>> stage_text(known, known), stage_text(known[1:], known)
        ('all', '2,3')
        >>> stage_text(["block1_conv1", "block2_conv2"], known)
        'block1_conv1,2'

    Args:
        layers: Names of the layers that were read.
        known: Names of all the network's stages.

    Returns:
        `"all"`, or numbers of stages, and names of layers that are none,
        with commas between them.
    """
    if list(layers) == list(known):
        return "all"
    return ",".join(
        str(known.index(layer) + 1) if layer in known else layer
        for layer in layers
    )


def trained_classifier(
    run: "Run",
    plan: Mapping[str, Any],
    unit: TrainingUnit,
    **options: Any,
) -> tuple[Any, dict[str, Any]]:
    """Train a classifier on a run's set `train`; save it if it has scores.

    Args:
        run: Whose network it is.
        plan: Which of its networks.
        unit: Its unit of work.
        **options: Of `Run.trained`.

    Returns:
        See `TrainingUnit.trained`.
    """
    from keras_padpos import tasks

    pictures, labels = run.arrays["train"]
    network, note = run.trained(
        plan,
        unit,
        lambda network, **options: tasks.train_classifier(
            network, pictures, labels, **options
        ),
        lambda network, **options: tasks.calibrate_classifier(
            network, pictures, **options
        ),
        example=pictures[: run.training.batch_size].astype("float32"),
        **options,
    )
    if not note["reason"]:
        run.work.save_model(unit.label, network)
    return network, note


def by_mode(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """From each padding mode to its rows."""
    groups = grouped(rows, ["padding_mode"]).items()
    return {mode: group for (mode,), group in groups}


def plot_learning(
    work: "WorkDirectory",
    name: str,
    title: str,
    rows: Iterable[Row],
    arrays: Mapping[str, Any],
    **options: Any,
) -> None:
    """Plot a metric while training, a line for each padding mode.

    Args:
        work: Gets `figures/learning_NAME.png`.
        name: What it shows.
        title: What stands above.
        rows: Of the networks; all seeds of a mode are one line.
        arrays: The curves, see `report.figure.learning_figure`.
        **options: Of that.
    """
    labels = {
        mode: values_of(group, "arrays")
        for mode, group in by_mode(rows).items()
    }
    path = work.figure_path(f"learning_{name}")
    learning_figure(path, title, labels, arrays, **options)
