"""The shape of a position probe's head."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_padpos.checks import is_int
from keras_padpos.errors import InputError
from keras_padpos.probes._windows import head_size

OUTPUTS = ("linear", "sigmoid")


@dataclass(frozen=True)
class Head:
    """What stands between the features and the predicted map.

    Example:

    >>> Head(kernel_size=3).size(28)
    26
    >>> Head(kernel_size=3, padding=1).label
    '3x3, 1 layer, pad 1'
    >>> Head(stages=("block1_conv2", "block5_conv3")).suffix
    'k1_l1_p0_block1_conv2_block5_conv3'

    Args:
        kernel_size: Cells a side of each layer's kernel.
        layers: Number of convolutions. All but the last end in BatchNorm and
            ReLU.
        padding: Zeros that each layer adds on each side: the head's own
            padding (Islam et al., ICLR 2020, Table 4).
        output: `"linear"`, the paper's equation, or `"sigmoid"`: BatchNorm
            and a sigmoid, as in the released code.
        stages: Names of the stages that the head sees, in the features'
            order. `None`: all of them.
        width: Channels of all layers but the last. `None`: as many as the
            head sees, as in the released code.

    Raises:
        ValueError: If a number is out of range, `output` is unknown, or there
            is a width without hidden layers.
    """

    kernel_size: int = 1
    layers: int = 1
    padding: int = 0
    output: str = "linear"
    stages: tuple[str, ...] | None = None
    width: int | None = None

    def __post_init__(self) -> None:
        for name, least in (
            ("kernel_size", 1),
            ("layers", 1),
            ("padding", 0),
            ("width", 1),
        ):
            value = getattr(self, name)
            if value is not None and not is_int(value, least):
                raise InputError(
                    f"`{name}` of a head must be an int of {least} or more. "
                    f"Received: {name}={value!r}"
                )
        if self.output not in OUTPUTS:
            raise InputError(
                f"`output` of a head must be one of {', '.join(OUTPUTS)}. "
                f"Received: output={self.output!r}"
            )
        if self.width is not None and self.layers == 1:
            raise InputError(
                "`width` of a head is that of its hidden layers, and one "
                f"layer has none. Received: width={self.width}, layers=1"
            )
        if self.stages is not None and not self.stages:
            raise InputError(
                "`stages` of a head must name at least one. Received: ()"
            )

    def size(self, grid: int) -> int:
        """Cells a side of the predicted map.

        Raises:
            ValueError: If the kernels leave nothing of the grid.
        """
        for _ in range(self.layers):
            grid = head_size(grid, self.kernel_size, self.padding)
        if grid < 2:
            raise InputError(
                f"A head of {self.label} leaves no map of the features' grid."
            )
        return grid

    def sees(self, names: Sequence[str]) -> tuple[str, ...]:
        """The stages that the head sees, out of those that there are.

        Args:
            names: Names of all stages of the features.

        Raises:
            ValueError: If there is no stage of a name that the head has.
        """
        if self.stages is None:
            return tuple(names)
        for stage in self.stages:
            if stage not in names:
                raise InputError(
                    f"`stages` of a head must be among {', '.join(names)}. "
                    f"Received: {stage!r}"
                )
        return tuple(name for name in names if name in self.stages)

    def joined(self, maps: Mapping[str, np.ndarray]) -> np.ndarray:
        """The stages that the head sees as one array.

        Args:
            maps: From a stage's name to `(batch, grid, grid, channels)`.

        Returns:
            `(batch, grid, grid, channels)`, channels joined in the order of
            `maps`.
        """
        seen = [maps[name] for name in self.sees(tuple(maps))]
        return seen[0] if len(seen) == 1 else np.concatenate(seen, axis=-1)

    @property
    def label(self) -> str:
        """A few words that tell heads apart."""
        layers = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        parts = [f"{self.kernel_size}x{self.kernel_size}", layers]
        if self.width is not None:
            parts.append(f"width {self.width}")
        parts.append(f"pad {self.padding}")
        if self.output == "sigmoid":
            parts.append(self.output)
        if self.stages is not None:
            parts.append("+".join(self.stages))
        return ", ".join(parts)

    @property
    def suffix(self) -> str:
        """The same where a name may hold neither blanks nor commas."""
        parts = [f"k{self.kernel_size}_l{self.layers}_p{self.padding}"]
        if self.width is not None:
            parts.append(f"w{self.width}")
        if self.output == "sigmoid":
            parts.append(self.output)
        return "_".join([*parts, *(self.stages or ())])
