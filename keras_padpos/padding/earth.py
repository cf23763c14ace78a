"""Maps of a sphere by latitude and longitude."""

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.errors import InputError
from keras_padpos.padding.copy_mode import Circular
from keras_padpos.padding.copy_mode import CopyMode
from keras_padpos.padding.copy_mode import Symmetric
from keras_padpos.padding.frame import along


@register_keras_serializable(package="keras_padpos")
class Earth(CopyMode):
    """A latitude × longitude grid of the whole sphere.

    Height is latitude, from pole to pole, width is longitude, all the way
    round. The width is circular. Beyond the first and the last row the rows
    come back in order, half a turn round: whoever crosses a pole comes down on
    the opposite meridian. Rows lie between the poles, at
    `(row + 1/2) / height * 180` degrees from one; none lies on a pole.

    Half a turn must be a whole number of cells, so the width must be even, in
    every padded layer (a width that is unknown until the model runs is not
    checked). Both axes belong to this mode: it cannot be one of
    several.

    Example:

    >>> import numpy as np
    >>> rows = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    >>> print(np.asarray(Earth().pad(rows, [(1, 1), (1, 1)])))
    [[2 3 4 1 2 3]
     [4 1 2 3 4 1]
     [8 5 6 7 8 5]
     [6 7 8 5 6 7]]
    """

    name = "earth"
    combines = False

    def joined_axes(
        self, pad_width: Any, axes: Sequence[int] | None
    ) -> Sequence[int]:
        """Latitude and longitude, whichever is padded."""
        padded = super().joined_axes(pad_width, axes)
        if not padded:
            return padded
        both = tuple(padded if axes is None else axes)
        if len(both) != 2 or not set(padded) <= set(both):
            raise InputError(
                '`padding_mode="earth"` needs two axes, latitude and '
                f"longitude. Received: axes {both}, padded {tuple(padded)}"
            )
        return both

    def pad(
        self,
        inputs: Any,
        pad_width: Any,
        *,
        axes: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Add copied cells; see `PaddingMode.pad`."""
        both = self.joined_axes(pad_width, axes)
        if both:
            sizes = [inputs.shape[axis] for axis in both]
            self.check_reach(sizes, [pad_width[i] for i in both], "`pad`")
        return super().pad(inputs, pad_width, axes=axes, **kwargs)

    def source(self, position: Any, size: Any) -> Any:
        """The row; `flat_source` has the column too."""
        return Symmetric().source(position, size)

    def flat_source(
        self, axes: Sequence[int], positions: Sequence[Any], sizes: Any
    ) -> Any:
        """Cells of both axes; see `CopyMode.flat_source`."""
        (row, column), (height, width) = positions, sizes
        turned = _crossings(row, height)[..., None] * (width // 2)
        column = Circular().source(column + turned, width)
        return self.source(row, height)[..., None] * width + column

    def fold(
        self,
        inputs: Any,
        pad_width: Any,
        axes: Sequence[int] | None = None,
    ) -> Any:
        """Add the frame onto the cells it copies; see `PaddingMode.fold`."""
        both = self.joined_axes(pad_width, axes)
        if not both:
            return inputs
        first, second = both
        widths = [[(0, 0)] * len(pad_width) for _ in both]
        for width, axis in zip(widths, both, strict=True):
            width[axis] = tuple(pad_width[axis])
        inputs = Circular().fold(inputs, widths[1])
        shape = ops.shape(inputs)
        before, after = pad_width[first]
        height = shape[first] - before - after
        row = ops.arange(-before, height + after, dtype="int32")
        turned = ops.cast(
            along(first, len(shape), _crossings(row, height)), inputs.dtype
        )
        opposite = _half_turn(inputs * turned, second)
        return Symmetric().fold(inputs * (1 - turned) + opposite, widths[0])

    def is_local(self, axis: int) -> bool:
        """Latitude is, beside a whole circle of longitude."""
        return axis == 0

    def check_reach(
        self,
        sizes: Sequence[int | None],
        pads: Sequence[tuple[int, int]],
        where: str,
    ) -> None:
        """Refuse an odd width where rows beyond a pole are added."""
        width = sizes[1]
        if width is not None and width % 2 and any(pads[0]):
            raise InputError(
                f'{where}: `padding_mode="earth"` turns rows by half the '
                "width beyond a pole, so the width must be even. "
                f"Received: spatial sizes {tuple(sizes)}"
            )

    def check_rank(self, rank: int, where: str) -> None:
        """Refuse all but two axes."""
        if rank != 2:
            raise InputError(
                f'{where}: `padding_mode="earth"` needs two spatial axes, '
                f"latitude and longitude. Received: {rank}"
            )

    def copied_once(self, size: int) -> int:
        """Every cell once."""
        return size


def _half_turn(inputs, axis):
    """The two halves of an axis, exchanged."""
    # LiteRT has slices, and no roll.
    half = ops.shape(inputs)[axis] // 2
    before = (slice(None),) * axis
    return ops.concatenate(
        [inputs[(*before, slice(half, None))], inputs[(*before, slice(half))]],
        axis=axis,
    )


def _crossings(position, size):
    """1 where an odd number of poles lie between a row and the map, else 0."""
    # The row counted from the nearer side, 0 or more: see `Symmetric`.
    distance = abs(2 * position + 1) // 2
    beyond_start = (distance - position) % 2
    return (distance // size + beyond_start) % 2
