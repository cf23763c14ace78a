"""What a network's features would be with real neighbours past the border."""

import math

import keras

from keras_padpos.checks import is_int
from keras_padpos.errors import InputError
from keras_padpos.models import convert_padding
from keras_padpos.models import find_padding_sites
from keras_padpos.models import plain_reason
from keras_padpos.models import resized
from keras_padpos.ppp._stage_fields import known_fields
from keras_padpos.ppp._stage_fields import stage_fields
from keras_padpos.ppp._stage_fields import without_field

Place = tuple[int, int]


class ReferenceFeatures:
    """Features of a crop computed from what lies around it.

    The network without padding sees a larger picture of which the crop is the
    middle. It gives, among others, just the positions that the padded network
    gives on the crop, each computed from real neighbours: what Lin et al.
    call optimal padding. So the reference does not depend on how the network
    pads, and one serves all padding modes.

    The picture has as many cells around the crop as `ReceptiveField.margin`
    asks for, taken over the stages and rounded up to a multiple of all their
    periods, so that windows of both networks lie on one grid.

    Example:

    >>> from keras_padpos import models
    >>> net = models.backbone("vgg16", "random", input_shape=(None, None, 3))
    >>> reference = ReferenceFeatures(net, 224)
    >>> reference.picture_shape, reference.positions["block5_conv3"]
    ((416, 416), ((0, 14), (0, 14)))

    Args:
        network: A model from pictures `(batch, height, width, channels)` to a
            dict of maps `(batch, height, width, channels)`, such as
            `models.backbone` makes. It is left alone.
        crop: Height and width of the crop, in pixels, or one number for both.

    Attributes:
        crop: `(height, width)`, in pixels.
        margin: Pixels around the crop, `(height, width)`.
        picture_shape: Height and width of the larger picture.
        model: The padding-free network, from larger pictures to a dict of maps
            that reach beyond the crop.
        fields: From a stage to its `ReceptiveField` on the crop.
        positions: From a stage to the rows and columns of the model's map, each
            `(start, stop)`, that are the crop's positions.

    Raises:
        ValueError: If a stage has no receptive field of its own (it looks over
            the whole map, or the map was resized by no whole factor), the
            network cannot go without padding, or the crop does not fit it.

    Source:
        Lin et al., *Position-information Pattern from Padding* (ICML 2023), as
        far as it could be read: the abstract and the teaser figure.
    """

    def __init__(self, network: keras.Model, crop: int | Place) -> None:
        self.crop = _pair(crop)
        channels = network.inputs[0].shape[-1]
        self.fields = stage_fields(network, (*self.crop, channels))
        _check_seen(self.fields)
        pads = bool(find_padding_sites(network))
        self.margin = _margin(self.fields) if pads else (0, 0)
        self.picture_shape = tuple(
            size + 2 * margin
            for size, margin in zip(self.crop, self.margin, strict=True)
        )
        shape = (*self.picture_shape, channels)
        larger = resized(network, shape)
        self.model = (
            convert_padding(larger, "none", input_shape=shape)
            if pads
            else larger
        )
        theirs = stage_fields(self.model, shape)
        self.positions = {
            stage: tuple(
                _place(stage, field, theirs[stage], axis, self.margin[axis])
                for axis in (0, 1)
            )
            for stage, field in self.fields.items()
        }

    def within(self, network: keras.Model) -> dict[str, tuple[Place, Place]]:
        """Where another network's maps lie among the crop's positions.

        Args:
            network: The same network with other borders, or with none: then
                it gives fewer positions.

        Returns:
            From a stage to rows and columns, each `(start, stop)`.

        Raises:
            ValueError: If its stages are others, or its maps do not lie on
                this grid.
        """
        if set(network.output) != set(self.fields):
            raise InputError(
                "Networks that are compared must have the same stages, "
                f"{', '.join(self.fields)}. Received: "
                f"{', '.join(network.output)}"
            )
        channels = network.inputs[0].shape[-1]
        shape = (*self.crop, channels)
        made = _made_shapes(network, shape)
        theirs = known_fields(network, shape)
        positions = {}
        for stage, field in self.fields.items():
            if stage in theirs:
                positions[stage] = tuple(
                    _place(stage, theirs[stage], field, axis, 0)
                    for axis in (0, 1)
                )
            elif tuple(made[stage][1:3]) == field.positions:
                # Where the input of a layer is enlarged in the place of
                # padding, positions are the same by their number only.
                positions[stage] = tuple((0, size) for size in field.positions)
            else:
                raise without_field(stage, theirs)
        return positions


def _made_shapes(network, shape):
    try:
        return resized(network, shape).compute_output_shape((None, *shape))
    except ValueError as error:
        raise InputError(
            f"Network {network.name!r}, which adds too few cells, leaves "
            f"nothing of a crop of {shape[0]}x{shape[1]} pixels at the last "
            f"of the stages {', '.join(network.output)}. Choose a larger "
            "crop or earlier stages, or leave the mode out. "
            f"({plain_reason(error)})"
        ) from error


def _check_seen(fields):
    for stage, field in fields.items():
        if field.gated:
            raise InputError(
                f"Stage {stage!r} is scaled by something computed from the "
                "whole map (squeeze-and-excitation, group normalisation), so "
                "no larger picture holds its features. Choose earlier layers "
                "or another network."
            )


def _place(stage, field, around, axis, margin):
    """Where the positions of one map lie in another, wider one."""
    start = around.first_like(field, axis, margin)
    count = field.positions[axis]
    if start is None or start < 0 or start + count > around.positions[axis]:
        cells = margin + around.pad_before[axis] - field.pad_before[axis]
        raise InputError(
            f"Stage {stage!r} does not lie on one grid with and without "
            f"padding: strides {field.stride[axis]} and {around.stride[axis]}, "
            f"first position {cells} pixels in, {count} of "
            f"{around.positions[axis]} positions."
        )
    return start, start + count


def _pair(crop):
    pair = tuple(crop) if isinstance(crop, (list, tuple)) else (crop, crop)
    if len(pair) != 2 or not all(is_int(size, 1) for size in pair):
        raise InputError(
            "`crop` must be a number of pixels, or a pair (height, width). "
            f"Received: crop={crop!r}"
        )
    return pair


def _margin(fields):
    """The largest margin, as a multiple of all periods."""
    margins = []
    for axis in (0, 1):
        # Uneven pads may ask for more behind the crop than before it.
        needed = max(
            max(field.margin[axis], *field.surround[axis])
            for field in fields.values()
        )
        step = math.lcm(*(field.period[axis] for field in fields.values()))
        margins.append(math.ceil(needed / step) * step)
    return tuple(margins)
