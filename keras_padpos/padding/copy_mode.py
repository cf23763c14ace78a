"""The modes that copy cells of the input into its frame."""

import contextlib
import contextvars
import functools
import inspect
import math
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.errors import InputError
from keras_padpos.padding.extrapolate import add_weighted
from keras_padpos.padding.extrapolate import odd_reflection
from keras_padpos.padding.folding import fold_axis
from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.padding_mode import PaddingMode
from keras_padpos.padding.zeros import crop

# Younger than the oldest Keras supported here.
_SCATTER_ADDS = "reduction" in inspect.signature(ops.scatter_update).parameters

_mark: contextvars.ContextVar[Callable[..., float | None] | None]
_mark = contextvars.ContextVar("mark", default=None)


@contextlib.contextmanager
def marked_frames(mark: Callable[..., float | None]) -> Iterator[None]:
    """Fill frames with numbers that stand for their modes, in the block.

    For exports to formats that have an operation that pads: it takes the place
    of the one that added the number.

    Example:

    >>> import numpy as np
    >>> with marked_frames(lambda mode, dtype, sizes, pads: 9.0):
    ...     print(np.asarray(Reflect().pad(np.array([1.0, 2.0]), [(1, 0)])))
    [9. 1. 2.]

    Args:
        mark: From a `CopyMode`, the dtype, and the sizes and pads of the padded
            axes to a number; `None` lets the mode fill the frame.
    """
    token = _mark.set(mark)
    try:
        yield
    finally:
        _mark.reset(token)


def marks_frames() -> bool:
    """Whether frames are filled with numbers that stand for their modes."""
    return _mark.get() is not None


class CopyMode(PaddingMode):
    """Base class of modes that are an index map: each cell copies another.

    A subclass implements `source` alone. The map of all padded axes is put
    into a single gather over the flattened axes, so that the data is read and
    written once; its gradient folds the frame back onto the cells it came
    from. (On TensorFlow the gradient is written out, since that of a gather
    sums over unsorted segments and is several times slower.)

    Results do not pass through `tf.pad`, whose reflect and symmetric modes
    corrupt tensors of more than 2**31 elements in TensorFlow up to 2.21.

    Where a size is unknown until the model runs, TensorFlow takes the gather's
    own gradient, which is right and slower.
    """

    transposable = True
    combines = True
    copies = True

    def source(self, position: Any, size: Any) -> Any:
        """Where a cell is copied from.

        Written with operators and `abs` alone, so that it maps NumPy arrays
        to NumPy arrays and tensors to tensors.

        Args:
            position: Integer array or tensor of positions along one axis,
                relative to the first cell of the input: negative before it,
                `size` or more after it.
            size: Number of cells along the axis; an int or a scalar tensor.

        Returns:
            Integers of the same kind in `0..size-1`.
        """
        raise NotImplementedError

    def source_along(self, axis: int, position: Any, size: Any) -> Any:
        """`source` along one axis of a tensor; all axes are alike here."""
        return self.source(position, size)

    def flat_source(
        self, axes: Sequence[int], positions: Sequence[Any], sizes: Any
    ) -> Any:
        """Where cells are copied from, counted over several axes at once.

        Args:
            axes: Neighbouring axes of a tensor.
            positions: For each, as for `source`.
            sizes: For each, as for `source`.

        Returns:
            Integers, an axis for each of `axes`: the row-major number of the
            cell that is copied.
        """
        index = None
        for axis, position, size in zip(axes, positions, sizes, strict=True):
            cells = self.source_along(axis, position, size)
            index = cells if index is None else index[..., None] * size + cells
        return index

    def joined_axes(
        self, pad_width: Any, axes: Sequence[int] | None
    ) -> Sequence[int]:
        """The axes that one index map is made of; none if nothing is padded."""
        padded = padded_axes(pad_width)
        # Axes between two padded ones join in, so that one gather serves.
        return range(padded[0], padded[-1] + 1) if padded else ()

    def pad(
        self,
        inputs: Any,
        pad_width: Any,
        *,
        axes: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Add copied cells; see `PaddingMode.pad`."""
        inputs = ops.convert_to_tensor(inputs)
        axes = self.joined_axes(pad_width, axes)
        if not axes:
            return inputs
        pads = [tuple(pad_width[axis]) for axis in axes]
        sizes = [inputs.shape[axis] for axis in axes]
        mark = _mark.get()
        if mark is not None:
            dtype = keras.backend.standardize_dtype(inputs.dtype)
            number = mark(self, dtype, sizes, pads)
            if number is not None:
                return ops.pad(inputs, list(pad_width), constant_values=number)
        static = all(isinstance(n, int) for n in [*sizes, *sum(pads, ())])
        if static and keras.backend.backend() == "tensorflow":
            return self._pad_with_gradient(inputs, axes, pad_width)
        return self._gather(inputs, axes, pads)

    def fold(
        self,
        inputs: Any,
        pad_width: Any,
        axes: Sequence[int] | None = None,
    ) -> Any:
        """Add the frame onto the cells it copies; see `PaddingMode.fold`."""
        for axis, (before, after) in enumerate(pad_width):
            if not before and not after:
                continue
            source = functools.partial(self.source_along, axis)
            inputs = fold_axis(inputs, axis, (before, after), source)
        return inputs

    def _pad_with_gradient(self, inputs, axes, pad_width):
        pads = [tuple(pad_width[axis]) for axis in axes]

        def transpose(upstream):
            if _SCATTER_ADDS:
                return self._scatter(upstream, axes, pad_width)
            return self.fold(upstream, pad_width, axes)

        @ops.custom_gradient
        def pad(x):
            return self._gather(x, axes, pads), transpose

        return pad(inputs)

    def _scatter(self, inputs, axes, pad_width):
        """`fold` in one step: crop, and add each cell of the frame."""
        pads = [tuple(pad_width[axis]) for axis in axes]
        first, last = axes[0], axes[-1] + 1
        padded = inputs.shape[first:last]
        sizes = [n - sum(pair) for n, pair in zip(padded, pads, strict=True)]
        positions = [
            np.arange(-before, size + after)
            for size, (before, after) in zip(sizes, pads, strict=True)
        ]
        cells = self.flat_source(axes, positions, sizes)
        inside = np.ones((), bool)
        for size, position in zip(sizes, positions, strict=True):
            inside = inside[..., None] & (position >= 0) & (position < size)
        frame = np.flatnonzero(~inside)
        shape = _shape(inputs)
        rest = shape[last:]
        values = ops.take(
            ops.reshape(inputs, (-1, math.prod(padded), *rest)), frame, axis=1
        )
        kept = ops.reshape(
            crop(inputs, pad_width), (-1, math.prod(sizes), *rest)
        )
        starts = ops.arange(ops.shape(kept)[0], dtype="int64")
        targets = (
            ops.expand_dims(starts * math.prod(sizes), -1)
            + cells.ravel()[frame]
        )
        folded = ops.scatter_update(
            ops.reshape(kept, (-1, *rest)),
            ops.reshape(targets, (-1, 1)),
            ops.reshape(values, (-1, *rest)),
            reduction="add",
        )
        return ops.reshape(folded, (*shape[:first], *sizes, *rest))

    def _gather(self, inputs, axes, pads):
        shape = _shape(inputs)
        sizes = [shape[axis] for axis in axes]
        static = [size for size in sizes if isinstance(size, int)]
        dtype = "int32" if math.prod(static) < 2**31 else "int64"
        positions = [
            ops.arange(-before, size + after, dtype=dtype)
            for size, (before, after) in zip(sizes, pads, strict=True)
        ]
        index = self.flat_source(axes, positions, sizes)
        first, last = axes[0], axes[-1] + 1
        rest = shape[last:]
        padded = [
            size + before + after
            for size, (before, after) in zip(sizes, pads, strict=True)
        ]
        flat = inputs
        if len(axes) > 1:
            flat = ops.reshape(
                inputs, (*shape[:first], math.prod(sizes), *rest)
            )
            index = ops.reshape(index, (-1,))
        outputs = ops.take(flat, index, axis=first)
        if len(axes) > 1:
            outputs = ops.reshape(outputs, (*shape[:first], *padded, *rest))
        return outputs


def _shape(inputs):
    """Shape of ints where known, of scalar tensors elsewhere."""
    dynamic = ops.shape(inputs)
    return [
        static if static is not None else dynamic[axis]
        for axis, static in enumerate(inputs.shape)
    ]


@register_keras_serializable(package="keras_padpos")
class Reflect(CopyMode):
    """`3 2 1 2 3 4 3 2`: the edge cell is not repeated.

    NumPy, `tf.pad` and PyTorch say `reflect`; Keras' `fill_mode` says
    `"mirror"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Reflect().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [3 2 1 2 3 4 3 2]
    >>> odd = Reflect(odd=True)
    >>> print(np.asarray(odd.pad(np.array([1, 2, 4, 9]), [(2, 2)])))
    [-2  0  1  2  4  9 14 16]

    Args:
        odd: Twice the edge less the mirrored cell (NumPy's
            `reflect_type="odd"`), which continues the slope at the border.

    Raises:
        ValueError: If `odd` is no bool.
    """

    name = "reflect"
    local = True

    def __init__(self, odd: bool = False) -> None:
        if not isinstance(odd, bool):
            raise InputError(
                f"`odd` must be True or False. Received: odd={odd!r}"
            )
        self.odd = odd
        # Sums of cells have no transpose here.
        self.copies = self.transposable = not odd

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add mirrored cells; see `PaddingMode.pad`."""
        if self.odd:
            return add_weighted(inputs, pad_width, odd_reflection)
        return super().pad(inputs, pad_width, **kwargs)

    def fold(
        self,
        inputs: Any,
        pad_width: Any,
        axes: Sequence[int] | None = None,
    ) -> Any:
        """Add the frame onto the cells it copies; see `PaddingMode.fold`."""
        fold = PaddingMode.fold if self.odd else CopyMode.fold
        return fold(self, inputs, pad_width, axes)

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal mode."""
        return {"odd": True} if self.odd else {}

    def source(self, position: Any, size: Any) -> Any:
        """Bounce off the outermost cells; period `2 * size - 2`."""
        last = size - 1
        # A single cell is repeated, as in NumPy: the period is 1, not 0.
        period = 2 * last + 1 // size
        # `abs` first: in ONNX made by tf2onnx, % of a negative int is negative.
        return last - abs(abs(position) % period - last)

    def copied_once(self, size: int) -> int:
        """All cells but the edge itself."""
        return size - 1


@register_keras_serializable(package="keras_padpos")
class Symmetric(CopyMode):
    """`2 1 1 2 3 4 4 3`: the edge cell is repeated.

    NumPy and `tf.pad` say `symmetric`; Keras' `fill_mode` says `"reflect"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Symmetric().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [2 1 1 2 3 4 4 3]
    """

    name = "symmetric"
    local = True

    def source(self, position: Any, size: Any) -> Any:
        """Bounce off the outer edges; period `2 * size`."""
        turn = 2 * size - 1
        # Folded to 0 or more: in ONNX made by tf2onnx, % of a negative int is
        # negative.
        position = abs(2 * position + 1) // 2
        # Twice the distance to the turning point is odd, hence the halving.
        return (turn - abs(2 * (position % (2 * size)) - turn)) // 2

    def copied_once(self, size: int) -> int:
        """Every cell once."""
        return size


@register_keras_serializable(package="keras_padpos")
class Replicate(CopyMode):
    """`1 1 1 2 3 4 4 4`: the edge cell goes on.

    NumPy says `edge`, PyTorch `replicate`, Keras' `fill_mode` `"nearest"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Replicate().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [1 1 1 2 3 4 4 4]
    """

    name = "replicate"
    local = True

    def source(self, position: Any, size: Any) -> Any:
        """Stop at the ends."""
        last = size - 1
        # Clipping to 0..last, without leaving arithmetic.
        return (abs(position) - abs(position - last) + last) // 2


@register_keras_serializable(package="keras_padpos")
class Circular(CopyMode):
    """`3 4 1 2 3 4 1 2`: the picture on a torus.

    NumPy says `wrap`, PyTorch `circular`, Keras' `fill_mode` `"wrap"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Circular().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [3 4 1 2 3 4 1 2]
    """

    name = "circular"

    def source(self, position: Any, size: Any) -> Any:
        """Go round."""
        # As many sizes are added as take a position before the first cell to
        # 0 or more: in ONNX made by tf2onnx, % of a negative int is negative.
        missing = (abs(position) - position) // 2
        turns = (missing + size - 1) // size
        return (position + turns * size) % size

    def copied_once(self, size: int) -> int:
        """Every cell once."""
        return size
