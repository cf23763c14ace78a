"""The geometry of layers' outputs, in cells of the picture."""

import math
from dataclasses import dataclass

from keras_padpos.errors import InputError

Cells = tuple[int, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """Geometry of a layer's output: a number for each spatial axis.

    Pictures have two axes, (height, width), lines one, and volumes three.

    A position `i` of the map sees the cells `i * stride - pad_before` to
    `i * stride - pad_before + size - 1` of the picture; the middle of what it
    sees lies on the picture's position `start + i * spacing`.

    A layer that enlarges its input in place of padding (`Interpolate`) counts
    as one that adds a frame, except in `spacing` and `start`: enlarging pulls
    the positions of cells inwards. Where branches that were pulled unequally
    are added or stand side by side, their mean is given, as if all results of
    windows and all channels were equally strong; which they are is up to the
    weights.

    Attributes:
        stride: Cells of the picture between neighbouring positions.
        size: Cells of the picture that a position sees.
        pad_before: Cells by which position 0 sees past the top and the left;
            negative where it starts inside, as without padding it may.
        pad_after: Cells by which the last position sees past the bottom and
            the right; negative likewise.
        margin: The least number of cells that a larger picture must show
            around a crop, so that the features at the crop's positions do not
            depend on the larger picture's own border; a multiple of `stride`.
        reach: Share of positions, in [0, 1], that see past the border, and
            that padding can therefore reach.
        positions: Positions of the map.
        clear: First and last position that padding does not reach, one pair
            an axis; the last before the first where it reaches all.
        spacing: Pixels between the middles of what neighbouring positions
            see; `stride`, if no layer enlarges.
        start: The middle of what position 0 sees, in pixels from the centre
            of the picture's first one; `(size - 1) / 2 - pad_before`, if no
            layer enlarges.
        gated: Whether the map was scaled by something computed from the whole
            of it, as squeeze-and-excitation and group normalisation do.
            Padding then reaches everywhere (`reach` is 1 if the gate's input
            saw any), and no margin hides it; `size` and `margin` tell of the
            other paths.
    """

    stride: Cells
    size: Cells
    pad_before: Cells
    pad_after: Cells
    margin: Cells
    reach: tuple[float, ...]
    positions: Cells
    clear: tuple[Pair, ...]
    spacing: tuple[float, ...]
    start: tuple[float, ...]
    gated: bool = False

    @property
    def surround(self) -> tuple[Pair, ...]:
        """Cells of a larger picture on which no padding is needed.

        One pair (before, after) an axis: a network without padding, run on
        the crop with so many cells around it, gives just the positions that
        the padded network gives on the crop, computed from real neighbours.
        """

        def cells(axis):
            pads, stride = (self.pad_before, self.pad_after), self.stride[axis]
            before, after = (
                max(math.ceil(pad[axis] / stride) * stride, 0) for pad in pads
            )
            return before, after

        return tuple(map(cells, range(len(self.stride))))


class _NoFieldError(InputError, KeyError):
    """A layer has no known receptive field."""

    __str__ = Exception.__str__


class ReceptiveFields(dict[str, ReceptiveField]):
    """From layers' names to their fields.

    Asking for a layer whose field is unknown is an error that says why,
    both a `KeyError` and a `ValueError`.

    Example:

    >>> import keras
    >>> from keras_padpos import models
    >>> inputs = keras.Input((8, 8, 1))
    >>> enlarged = keras.layers.UpSampling2D(name="up")(inputs)
    >>> fields = models.receptive_field(keras.Model(inputs, enlarged))
    >>> "up" in fields, fields.unknown["up"]
    (False, "layer 'up' (UpSampling2D) resizes the map")

    Attributes:
        unknown: From the name of each layer whose field is unknown to the
            reason.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unknown: dict[str, str] = {}

    def __missing__(self, name: str) -> ReceptiveField:
        if name in self.unknown:
            raise _NoFieldError(
                f"Layer {name!r} has no known receptive field: "
                f"{self.unknown[name]}."
            )
        raise KeyError(name)
