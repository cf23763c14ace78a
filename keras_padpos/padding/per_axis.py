"""One padding mode for each spatial axis."""

from collections.abc import Sequence
from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.errors import InputError
from keras_padpos.padding.copy_mode import CopyMode
from keras_padpos.padding.copy_mode import marks_frames
from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.padding_mode import PaddingMode


@register_keras_serializable(package="keras_padpos")
class PerAxis(PaddingMode):
    """A mode for each spatial axis, the first one first.

    `("replicate", "circular")` repeats the edge in height and goes round in
    width. Corners are as if axes were padded one after the other, as
    `numpy.pad` does. Modes that copy cells are put into one gather.

    `distribution`, `randn`, `earth` and `interpolate` compute from several
    axes together, and cannot be one of several.

    Example:

    >>> import numpy as np
    >>> from keras_padpos import padding
    >>> mode = padding.get(("zeros", "circular"))
    >>> print(np.asarray(mode.pad(np.array([[1, 2, 3]]), [(1, 1), (1, 1)])))
    [[0 0 0 0 0]
     [3 1 2 3 1]
     [0 0 0 0 0]]

    Args:
        modes: `PaddingMode`s, one a spatial axis; `padding.get` makes them of
            names.

    Raises:
        ValueError: If a mode cannot be one of several.
    """

    def __init__(self, modes: Sequence[PaddingMode]) -> None:
        self.modes = tuple(modes)
        for mode in self.modes:
            if not mode.combines:
                raise InputError(
                    f'`padding_mode`: "{mode.name}" fills the frame of all '
                    "axes together, so it cannot be one of several. "
                    f"Received: {self.name}"
                )

    @property
    def name(self) -> str:  # type: ignore[override]
        """The names of the modes, joined by a plus."""
        return "+".join(mode.name for mode in self.modes)

    @property
    def transposable(self) -> bool:  # type: ignore[override]
        """Whether all modes have a transpose."""
        return all(mode.transposable for mode in self.modes)

    @property
    def copies(self) -> bool:  # type: ignore[override]
        """Whether all modes copy cells."""
        return all(mode.copies for mode in self.modes)

    @property
    def random(self) -> bool:  # type: ignore[override]
        """Whether a mode draws."""
        return any(mode.random for mode in self.modes)

    @property
    def seed(self) -> int | None:  # type: ignore[override]
        """The seed of the first mode that draws."""
        return next((m.seed for m in self.modes if m.random), None)

    @property
    def corrects(self) -> bool:
        """Whether a mode corrects."""
        return any(mode.corrects for mode in self.modes)

    def pad(
        self,
        inputs: Any,
        pad_width: Any,
        *,
        axes: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Add cells axis by axis; see `PaddingMode.pad`."""
        by_axis = self._by_axis(pad_width, axes)
        copying = {a: m for a, m in by_axis.items() if m.copies}
        if marks_frames():
            copying = {}  # an operation for each axis takes their place
        if copying:
            # What copies cells commutes with what fills another axis.
            width = _only(pad_width, copying)
            inputs = _CopyAxes(copying).pad(inputs, width)
        for axis, mode in by_axis.items():
            if axis not in copying and any(_cells(pad_width[axis])):
                width = _only(pad_width, [axis])
                inputs = mode.pad(inputs, width, axes=(axis,), **kwargs)
        return inputs

    def fold(
        self,
        inputs: Any,
        pad_width: Any,
        axes: Sequence[int] | None = None,
    ) -> Any:
        """The transpose of `pad`; see `PaddingMode.fold`."""
        for axis, mode in self._by_axis(pad_width, axes).items():
            inputs = mode.fold(inputs, _only(pad_width, [axis]))
        return inputs

    def correct(self, outputs: Any, windows: Any, first_axis: int) -> Any:
        """Let each mode correct its axis; see `PaddingMode.correct`."""
        for index, (mode, window) in enumerate(
            zip(self.modes, windows, strict=True)
        ):
            outputs = mode.correct(outputs, [window], first_axis + index)
        return outputs

    def check_reach(
        self,
        sizes: Sequence[int | None],
        pads: Sequence[tuple[int, int]],
        where: str,
    ) -> None:
        """Refuse what the mode of an axis refuses."""
        for mode, size, pair in zip(self.modes, sizes, pads, strict=True):
            mode.check_reach([size], [pair], where)

    def split(self, rank: int) -> tuple[PaddingMode, ...]:
        """The mode of each of `rank` spatial axes."""
        self.check_rank(rank, "`split`")
        return self.modes

    def check_rank(self, rank: int, where: str) -> None:
        """Raise unless there are as many modes as axes."""
        if len(self.modes) != rank:
            raise wrong_count(rank, self.name, f"{where}: ")

    def repeats(
        self,
        sizes: Sequence[int | None],
        pads: Sequence[tuple[int, int]],
    ) -> str:
        """What the first mode says that repeats cells."""
        texts = (
            mode.repeats([size], [pair])
            for mode, size, pair in zip(self.modes, sizes, pads, strict=True)
        )
        return next(filter(None, texts), "")

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal mode."""
        serialize = keras.saving.serialize_keras_object
        return {"modes": [serialize(mode) for mode in self.modes]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PerAxis":
        """Make the modes of what `get_config` gave."""
        deserialize = keras.saving.deserialize_keras_object
        return cls([deserialize(mode) for mode in config["modes"]])

    def __hash__(self) -> int:
        return hash(self.modes)

    def __repr__(self) -> str:
        return f"PerAxis({list(self.modes)})"

    def _by_axis(self, pad_width, axes):
        """The mode of each axis of a tensor."""
        if axes is None:
            axes = padded_axes(pad_width)
        self.check_rank(len(axes), "`pad`")
        return dict(zip(axes, self.modes, strict=True))


def wrong_count(rank: int, received: str, where: str = "") -> InputError:
    """What to raise where there is not one mode for each axis."""
    return InputError(
        f"{where}`padding_mode` must be one mode, or one for each of {rank} "
        f"spatial axes. Received: {received}"
    )


class _CopyAxes(CopyMode):
    """Modes that copy cells, each along an axis of a tensor."""

    def __init__(self, by_axis: dict[int, PaddingMode]) -> None:
        self._by_axis: Any = by_axis

    def source_along(self, axis: int, position: Any, size: Any) -> Any:
        mode = self._by_axis.get(axis)
        return position if mode is None else mode.source(position, size)


def _cells(pair):
    """Counts of cells; one that is not known yet may be more than none."""
    return [count if isinstance(count, int) else 1 for count in pair]


def _only(pad_width, axes):
    """The pads of some axes, none elsewhere."""
    return [
        tuple(pair) if axis in axes else (0, 0)
        for axis, pair in enumerate(pad_width)
    ]
