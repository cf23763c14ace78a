"""Flags that studies share: networks, their weights, padding and layers."""

from collections.abc import Sequence

from keras_padpos.errors import InputError
from keras_padpos.runs.flags import Flag


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
