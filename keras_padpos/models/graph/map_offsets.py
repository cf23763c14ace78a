"""Maps that became parts of others, and how far into those they start."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.layers import AlignMaps
from keras_padpos.models.graph.window import CROPPING

Offset = tuple[int, ...]

LOST: Any = "lost"
"""The offset of a map that lies on no grid of the padded network any more."""


class RefusalError(ValueError):
    """Why a layer cannot go without padding, as the end of a sentence."""


class MapOffsets:
    """How far into the padded network's maps those of another start.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.
        names: Names that layers have already.
    """

    def __init__(self, data_format: str, names: Iterable[str]) -> None:
        self.data_format = data_format
        self._names = set(names)
        self._offsets: dict[int, Any] = {}
        self._alive: list[Any] = []  # so that no two tensors share an id

    @property
    def first(self) -> int:
        """The first spatial axis of maps."""
        return 1 if self.data_format == "channels_last" else 2

    def __contains__(self, tensor: Any) -> bool:
        return id(tensor) in self._offsets

    def get(self, tensor: Any) -> Any:
        """The offset of a map, `LOST`, or `None` if it lost no cells."""
        return self._offsets.get(id(tensor))

    def put(self, tensor: Any, offset: Any) -> None:
        """Give a map its offset; `None` leaves it without one."""
        if offset is not None:
            self._offsets[id(tensor)] = offset
            self._alive.append(tensor)

    def is_lost(self, tensor: Any) -> bool:
        """Whether a map lies on no grid any more."""
        return self.get(tensor) == LOST

    def cells(self, tensor: Any) -> Offset:
        """The offset of a map in cells; zeros where it has none."""
        offset = self.get(tensor)
        if offset is None or offset == LOST:
            return (0,) * (len(tensor.shape) - 2)
        return offset

    def move(self, tensor: Any, origin: Any, steps: Sequence[int]) -> None:
        """Give a part of a map its offset, from that of the whole."""
        if self.is_lost(origin):
            self.put(tensor, LOST)
        else:
            offset = zip(self.cells(origin), steps, strict=True)
            self.put(tensor, tuple(map(sum, offset)))

    def sizes(self, tensor: Any) -> tuple[int | None, ...]:
        """Spatial sizes of a tensor."""
        return self.spatial(tensor.shape)

    def spatial(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The spatial entries of a shape."""
        return tuple(shape[self.first : len(shape) + self.first - 2])

    def crop(
        self,
        layer: Any,
        x: Any,
        cells: Sequence[tuple[int, int]],
        apply: Callable[..., Any],
    ) -> Any:
        """Cut cells off a map that comes to a layer.

        Args:
            layer: The layer, for a name.
            x: The map.
            cells: Cells to cut off, one pair an axis.
            apply: What calls a layer.

        Raises:
            RefusalError: If Keras has no layer that does it.
        """
        if not any(map(any, cells)):
            return x
        config = {
            "name": self.name(layer),
            "dtype": x.dtype,  # nothing is cast on the way
        }
        if len(cells) > 1:
            config["data_format"] = self.data_format
            return apply(CROPPING[len(cells) - 1](cells, **config), x)
        if self.data_format == "channels_first":
            raise RefusalError(
                "it has to be cropped, and Keras crops lines with their "
                "channels last only"
            )
        return apply(keras.layers.Cropping1D(cells[0], **config), x)

    def align(
        self, layer: Any, maps: Sequence[Any], apply: Callable[..., Any]
    ) -> list[Any]:
        """Crop maps that meet in a layer to what they all have.

        Args:
            layer: The layer, for names.
            maps: The maps.
            apply: What calls a layer.
        """
        offsets = [self.cells(x) for x in maps]
        common = tuple(map(max, zip(*offsets, strict=True)))
        starts = [
            tuple(c - o for c, o in zip(common, offset, strict=True))
            for offset in offsets
        ]
        sizes = [self.sizes(x) for x in maps]
        if any(None in size for size in sizes):
            align = AlignMaps(
                starts,
                self.data_format,
                name=self.name(layer),
                dtype=maps[0].dtype,
            )
            cropped = apply(align, maps)
        else:
            left = [
                [n - start for n, start in zip(size, begin, strict=True)]
                for size, begin in zip(sizes, starts, strict=True)
            ]
            least = list(map(min, zip(*left, strict=True)))
            cropped = []
            for x, begin, remain in zip(maps, starts, left, strict=True):
                ends = [n - m for n, m in zip(remain, least, strict=True)]
                cells = list(zip(begin, ends, strict=True))
                cropped.append(self.crop(layer, x, cells, apply))
        for x in cropped:
            self.put(x, common)
        return cropped

    def name(self, layer: Any) -> str:
        """A name that no layer has, for what is put before one."""
        name, count = f"{layer.name}_align", 1
        while name in self._names:
            count += 1
            name = f"{layer.name}_align_{count}"
        self._names.add(name)
        return name
