"""The shape of a read-out head."""

from dataclasses import dataclass

from keras_padpos.probes.windows import head_size

OUTPUTS = ("linear", "sigmoid")


@dataclass(frozen=True)
class Head:
    """What stands between the features and the predicted map.

    Example:

    >>> Head(kernel_size=3).size(28)
    26
    >>> Head(kernel_size=3, padding=1).label
    '3x3, 1 layer, pad 1'

    Args:
        kernel_size: Cells a side of each layer's kernel.
        layers: Number of convolutions. All but the last keep the width of
            the features and end in BatchNorm and ReLU.
        padding: Zeros that each layer adds on each side: the head's own
            padding (Islam et al., ICLR 2020, Table 4).
        output: `"linear"`, the paper's equation, or `"sigmoid"`: BatchNorm
            and a sigmoid, as in the released code.

    Raises:
        ValueError: If a number is out of range or `output` is unknown.
    """

    kernel_size: int = 1
    layers: int = 1
    padding: int = 0
    output: str = "linear"

    def __post_init__(self) -> None:
        for name, least in (("kernel_size", 1), ("layers", 1), ("padding", 0)):
            value = getattr(self, name)
            if value < least:
                raise ValueError(
                    f"`{name}` of a head must be {least} or more. "
                    f"Received: {name}={value}"
                )
        if self.output not in OUTPUTS:
            raise ValueError(
                f"`output` of a head must be one of {', '.join(OUTPUTS)}. "
                f"Received: output={self.output!r}"
            )

    def size(self, grid: int) -> int:
        """Cells a side of the predicted map.

        Raises:
            ValueError: If the kernels leave nothing of the grid.
        """
        for _ in range(self.layers):
            grid = head_size(grid, self.kernel_size, self.padding)
        if grid < 2:
            raise ValueError(
                f"A head of {self.label} leaves no map of the features' grid."
            )
        return grid

    @property
    def label(self) -> str:
        """A few words that tell heads apart."""
        layers = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        kernel = f"{self.kernel_size}x{self.kernel_size}"
        return f"{kernel}, {layers}, pad {self.padding}"

    @property
    def suffix(self) -> str:
        """The same where a name may hold neither blanks nor commas."""
        return f"k{self.kernel_size}_l{self.layers}_p{self.padding}"
