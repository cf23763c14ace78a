"""Border arithmetic: how many cells a layer adds on each side."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from keras_padpos.errors import InputError

_NAMES = ("valid", "same", "full", "causal")


class Geometry:
    """How many cells are added on each side of every spatial axis.

    Geometry says *where* cells are added; a `PaddingMode` says *what* they
    hold. `"same"` is TensorFlow's: `ceil(size / stride)` outputs, the odd cell
    at the end, for every kernel, stride, dilation and parity. `"full"` adds
    `(kernel - 1) * dilation` cells on both sides, so that every tap of the
    kernel visits every cell (F-Conv; Kayhan and van Gemert, CVPR 2020).

    Example:

    >>> Geometry("same", rank=2).pads((5, 6), (3, 3), (2, 2), (1, 1))
    ((1, 1), (0, 1))
    >>> Geometry(((1, 0), 2), rank=2).pads((5, 6), (3, 3), (1, 1), (1, 1))
    ((1, 0), (2, 2))

    Args:
        padding: `"valid"`, `"same"`, `"full"`, `"causal"` (one axis only), an
            int, one int an axis, or one pair `(before, after)` an axis. With
            a single axis, a plain pair is `(before, after)` too.
        rank: Number of spatial axes, 1 to 3.

    Raises:
        ValueError: If `padding` is none of these, or an entry is negative.
    """

    def __init__(self, padding: Any, rank: int) -> None:
        self.rank = rank
        self.name = None
        self.explicit = None
        if isinstance(padding, str):
            name = padding.lower()
            if name not in _NAMES or (name == "causal" and rank != 1):
                raise _error(padding, rank)
            self.name = name
        else:
            self.explicit = _explicit(padding, rank)

    @property
    def identifier(self) -> Any:
        """The JSON-able value that makes an equal geometry."""
        return self.name or self.explicit

    @property
    def is_valid(self) -> bool:
        """Whether no cell is ever added."""
        if self.explicit is not None:
            return not any(map(any, self.explicit))
        return self.name == "valid"

    def pads(
        self,
        sizes: Sequence[Any],
        kernel_size: Sequence[int],
        strides: Sequence[int],
        dilation_rate: Sequence[int],
    ) -> tuple[tuple[Any, Any], ...]:
        """Cells added `(before, after)` along each spatial axis.

        Args:
            sizes: Spatial sizes of the input; ints, or integer scalars of the
                backend where a size is only known while the model runs. They
                matter for `"same"` with strides only.
            kernel_size: Cells of the window, one an axis.
            strides: Steps of the window, one an axis.
            dilation_rate: Distances between taps, one an axis.

        Returns:
            One pair an axis, of ints wherever ints suffice.
        """
        if self.explicit is not None:
            return self.explicit
        return tuple(
            _named_pads(self.name, *axis)
            for axis in zip(
                sizes, kernel_size, strides, dilation_rate, strict=True
            )
        )

    def output_sizes(
        self,
        sizes: Sequence[int | None],
        kernel_size: Sequence[int],
        strides: Sequence[int],
        dilation_rate: Sequence[int],
    ) -> tuple[int | None, ...]:
        """Spatial sizes after the window has passed; `None` stays `None`."""
        outputs: list[int | None] = []
        for axis, (size, kernel, stride, dilation) in enumerate(
            zip(sizes, kernel_size, strides, dilation_rate, strict=True)
        ):
            if size is None:
                outputs.append(None)
                continue
            if self.explicit is not None:
                pads = self.explicit[axis]
            else:
                pads = _named_pads(self.name, size, kernel, stride, dilation)
            room = size + sum(pads) - (kernel - 1) * dilation - 1
            outputs.append(room // stride + 1)
        return tuple(outputs)

    def __repr__(self) -> str:
        return f"Geometry({self.identifier!r}, rank={self.rank})"


def _named_pads(name, size, kernel, stride, dilation):
    extent = (kernel - 1) * dilation + 1
    if name == "valid":
        return 0, 0
    if name == "full":
        return extent - 1, extent - 1
    if name == "causal":
        return extent - 1, 0
    if stride == 1:
        total = extent - 1
    else:
        # What the last window lacks; negative where windows leave gaps.
        # In ONNX made by tf2onnx, % of a negative int is negative.
        total = extent - 1 - (size - 1) % stride
        if extent < stride:
            total = (
                max(total, 0)
                if isinstance(total, int)
                else ops.maximum(total, 0)
            )
    before = total // 2
    return before, total - before


def _explicit(padding, rank):
    if _is_cell_count(padding):
        return ((int(padding), int(padding)),) * rank
    if not isinstance(padding, Sequence):
        raise _error(padding, rank)
    if rank == 1 and len(padding) == 2 and all(map(_is_cell_count, padding)):
        return ((int(padding[0]), int(padding[1])),)
    if len(padding) != rank:
        raise _error(padding, rank)
    pairs = []
    for entry in padding:
        if _is_cell_count(entry):
            entry = (entry, entry)
        if (
            not isinstance(entry, Sequence)
            or len(entry) != 2
            or not all(map(_is_cell_count, entry))
        ):
            raise _error(padding, rank)
        pairs.append((int(entry[0]), int(entry[1])))
    return tuple(pairs)


def _is_cell_count(value):
    try:
        return (
            not isinstance(value, (bool, str))
            and int(value) == value
            and value >= 0
        )
    except (TypeError, ValueError):
        return False


def _error(padding, rank):
    names = '"valid", "same", "full"' + (', "causal"' if rank == 1 else "")
    return InputError(
        f"`padding` must be {names}, a non-negative int, {rank} such ints, or "
        f"{rank} pairs (before, after). Received: padding={padding!r}"
    )
