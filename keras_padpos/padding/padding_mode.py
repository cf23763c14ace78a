"""What the added cells hold."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.errors import InputError


class PaddingMode:
    """Base class: fills the cells that a `Geometry` adds.

    A mode is a small, stateless, serialisable object. To add one, subclass
    this in a file of its own, implement `pad`, and enter the class in
    `modes.py` and its name in `choices.py`; every layer, conversion and
    binary then knows it by its name.

    Example:

    >>> import numpy as np
    >>> from keras_padpos import padding
    >>> mode = padding.get("replicate")
    >>> strip = mode.pad(np.array([1, 2, 3, 4]), [(2, 2)])
    >>> print(np.asarray(strip))
    [1 1 1 2 3 4 4 4]
    """

    name: str = ""
    """The word that users write; also the key of the mode in `modes.py`."""

    native: bool = False
    """Whether the framework's own `padding="same"` already fills this way."""

    transposable: bool = False
    """Whether `fold` is implemented, as transposed layers ask."""

    combines: bool = False
    """Whether one axis can have this mode and another axis another one."""

    copies: bool = False
    """Whether every added cell equals a cell of the input."""

    local: bool = False
    """Whether added cells depend on as many cells nearest the edge as are
    added, and one more; see `is_local`."""

    random: bool = False
    """Whether the mode draws: its layer then owns a `SeedGenerator`."""

    seed: int | None = None
    """Seed of that generator."""

    def pad(
        self,
        inputs: Any,
        pad_width: Sequence[tuple[Any, Any]],
        *,
        seed: keras.random.SeedGenerator | None = None,
        training: bool = False,
        axes: Sequence[int] | None = None,
    ) -> Any:
        """Add cells to `inputs`.

        Args:
            inputs: Tensor of any rank.
            pad_width: One pair `(before, after)` for **every** axis, as in
                `numpy.pad`; axes with `(0, 0)` are left alone.
            seed: Where a random mode draws from; `None` draws from Keras'
                global seed.
            training: Whether the network is being trained.
            axes: The spatial axes, for modes that look around a cell; the
                padded ones if not given.

        Returns:
            The larger tensor, same dtype.
        """
        raise NotImplementedError

    def fold(
        self,
        inputs: Any,
        pad_width: Sequence[tuple[Any, Any]],
        axes: Sequence[int] | None = None,
    ) -> Any:
        """The transpose of `pad`, as a linear map.

        Args:
            inputs: Tensor of the padded size.
            pad_width: As for `pad`; ints.
            axes: As for `pad`.

        Returns:
            The smaller tensor: each cell is the sum of the cells that `pad`
            copies from it.

        Raises:
            ValueError: If this mode has no transpose.
        """
        raise InputError(no_transpose(self))

    @property
    def corrects(self) -> bool:
        """Whether `correct` changes anything."""
        return type(self).correct is not PaddingMode.correct

    def correct(
        self,
        outputs: Any,
        windows: Sequence[tuple[int, Any, int, int, int, Any]],
        first_axis: int,
    ) -> Any:
        """Correct what a window gave on the padded input, before the bias.

        Args:
            outputs: Tensor.
            windows: One tuple `(kernel, size, stride, dilation, before,
                outputs)` a spatial axis: cells of the kernel, cells of the
                unpadded input, steps, distance of taps, cells added before,
                and positions of the window.
            first_axis: The axis of `outputs` that belongs to the first.

        Returns:
            The tensor; most modes correct nothing.
        """
        return outputs

    def check_rank(self, rank: int, where: str) -> None:
        """Raise if the mode does not go with so many spatial axes.

        Args:
            rank: Number of spatial axes.
            where: What the message names first, such as the layer.
        """

    def split(self, rank: int) -> tuple["PaddingMode", ...]:
        """The mode of each of `rank` spatial axes: this one."""
        return (self,) * rank

    def largest_pad(self, size: int) -> int | None:
        """The most cells that can be added beside `size` cells.

        Returns:
            A number of cells, or `None` where there is no limit.
        """
        return None

    def copied_once(self, size: int) -> int | None:
        """The most cells beside `size` cells before one is copied twice.

        Wider frames bounce or wrap on, as in NumPy; layers warn of them.

        Returns:
            A number of cells, or `None` where a mode has no such width.
        """
        return None

    def is_local(self, axis: int) -> bool:
        """Whether cells added along a spatial axis depend on few cells.

        On those nearest the edge, one more than are added, in the line of the
        axis. A part of the map that touches this edge then gets the same.

        Args:
            axis: The axis, counted from 0.
        """
        return self.local

    def check_reach(
        self,
        sizes: Sequence[int | None],
        pads: Sequence[tuple[int, int]],
        where: str,
    ) -> None:
        """Refuse a pad that the mode cannot fill.

        Args:
            sizes: Spatial sizes; unknown ones are `None` and pass.
            pads: Cells added, one pair an axis.
            where: What the message names first, such as the layer.

        Raises:
            ValueError: If a pad exceeds `largest_pad` of its axis.
        """
        for size, pair in zip(sizes, pads, strict=True):
            if size is None:
                continue
            limit = self.largest_pad(size)
            if limit is not None and max(pair) > limit:
                raise InputError(
                    f'{where}: `padding_mode="{self.name}"` can add at most '
                    f"{limit} cells beside {size}. Received: a pad of "
                    f"{max(pair)} cells on sizes {tuple(sizes)}"
                )

    def repeats(
        self,
        sizes: Sequence[int | None],
        pads: Sequence[tuple[int, int]],
    ) -> str:
        """Say which pads copy a cell twice on one side of the data.

        Args:
            sizes: Spatial sizes; unknown ones are `None` and pass.
            pads: Cells added, one pair an axis.

        Returns:
            A sentence for a warning; `""` if every pad is within
            `copied_once` of its axis.
        """
        for size, pair in zip(sizes, pads, strict=True):
            if size is None:
                continue
            once = self.copied_once(size)
            if once is not None and max(pair) > once:
                return (
                    f'`padding_mode="{self.name}"` adds {max(pair)} cells '
                    f"beside {size} and has {once} to copy: it repeats them, "
                    "as `numpy.pad` does. Spatial sizes: "
                    f"{tuple(sizes)}"
                )
        return ""

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal mode."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PaddingMode":
        """Make a mode from what `get_config` gave."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other)
            and self.get_config() == other.get_config()
        )

    def __hash__(self) -> int:
        return hash((type(self), tuple(sorted(self.get_config().items()))))

    def __repr__(self) -> str:
        arguments = ", ".join(
            f"{key}={value!r}" for key, value in self.get_config().items()
        )
        return f"{type(self).__name__}({arguments})"


def no_transpose(mode: PaddingMode) -> str:
    """What to say of a mode without `fold`."""
    return (
        f"`padding_mode`: {mode!r} has no transpose here. Use zeros, reflect, "
        "symmetric, replicate, circular or earth."
    )
