"""One place where a network pads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_padpos.errors import printable
from keras_padpos.models._call import Call
from keras_padpos.padding import PaddingMode
from keras_padpos.text_tables import Tabular
from keras_padpos.text_tables import fitted_lines

Cells = tuple[int, ...]


@dataclass(frozen=True)
class PaddingSite:
    """One place where a network pads, at one size of its input.

    A layer that is called several times is a site each time.

    Attributes:
        name: The layer's name, with those of the models around it before it:
            `"backbone/conv1"`. The layer is the one whose window sees the
            added cells; of a padding layer that feeds other layers, itself.
        layer: That layer.
        kind: `"convolution"`, `"depthwise"`, `"separable"`, `"transposed"`,
            `"recurrent"` (the convolutions of a ConvLSTM), `"resampling"` (an
            interpolation that reads beyond the border), `"max_pooling"`,
            `"average_pooling"`, `"padding"`, or `"other"`: a layer that pads,
            or may, where no converter reaches.
        kernel_size: Cells of the window, one number a spatial axis.
        strides: Its steps.
        dilation_rate: Distances of its taps.
        sizes: Spatial sizes of what comes in, before the padding; `None`
            where unknown.
        pads: Cells added, one pair `(before, after)` a spatial axis; of a
            transposed convolution the cells cut off, of a resampling those
            that are read beyond the map. `None` where they hang on a size
            that is unknown, or cannot be told.
        padding_mode: What the added cells hold; `None` if it is not known.
        padding_layer: Name of the padding layer that adds the cells for the
            window of `layer`, else `None`.
        frame: That padding layer.
        reason: Why it cannot be converted; `""` if it can.
        block: The layer whose own code calls `layer`; `None` where the
            network's graph does. It is a site too, of kind `"other"`.
        path: Attributes, keys and indices by which the block holds `layer`,
            such as `"stages/0/conv"`.
    """

    name: str
    layer: Any
    kind: str
    kernel_size: Cells
    strides: Cells
    dilation_rate: Cells
    sizes: tuple[int | None, ...]
    pads: tuple[tuple[int, int], ...] | None
    padding_mode: PaddingMode | None
    padding_layer: str | None = None
    frame: Any = None
    reason: str = ""
    block: Any = None
    path: str = ""

    @property
    def seen(self) -> tuple[tuple[int, int], ...] | None:
        """The added cells that some window sees, one pair an axis.

        A window that moves by more than one cell need not reach the end of
        the map, so cells added evenly may be seen unevenly: of ResNet50's 3
        and 3 cells at 224 the last is never seen. Negative where cells of the
        map itself are left out; `None` where a size is unknown, and of
        transposed convolutions and resampling.
        """
        if self.pads is None or self.kind in ("transposed", "resampling"):
            return None
        pairs = []
        for size, kernel, stride, dilation, (before, after) in zip(
            self.sizes,
            self.kernel_size,
            self.strides,
            self.dilation_rate,
            self.pads,
            strict=True,
        ):
            if size is None:
                return None
            room = size + before + after - (kernel - 1) * dilation - 1
            pairs.append((before, after - max(room, 0) % stride))
        return tuple(pairs)

    @property
    def uneven(self) -> bool | None:
        """Whether more is added, or seen, on one side; `None` if unknown.

        Uneven padding shifts the sampling grid off the picture's centre
        (Alsallakh et al., Mind the Pad, ICLR 2021).
        """
        if self.pads is None:
            return None
        return any(
            before != after
            for before, after in (*self.pads, *(self.seen or ()))
        )

    @property
    def pooling(self) -> bool:
        """Whether the window pools."""
        return self.kind in ("max_pooling", "average_pooling")


def other_site(call: Call, reason: str) -> PaddingSite:
    """The site of a call that pads, or may, where no converter reaches.

    Args:
        call: The call.
        reason: Why it cannot be converted; `""` for a layer that is converted
            inside.
    """
    shape = call.input_shapes[0] if call.input_shapes else ()
    ones = (1,) * max(len(shape) - 2, 0)
    return PaddingSite(
        name=call.name,
        layer=call.operation,
        kind="other",
        kernel_size=ones,
        strides=ones,
        dilation_rate=ones,
        sizes=tuple(shape[1:-1]),
        pads=None,
        padding_mode=None,
        reason=reason,
    )


def sites_rows(sites: Sequence[PaddingSite]) -> list[dict[str, str]]:
    """Sites as rows of text."""
    return [
        {
            "layer": f"{site.padding_layer} + {site.name}"
            if site.padding_layer
            else site.name,
            "kind": site.kind.replace("_", " "),
            "kernel": _by(site.kernel_size),
            "stride": _by(site.strides),
            "cells": _cells(site.pads),
            "uneven": {True: "uneven", False: "", None: "?"}[site.uneven],
            "mode": site.padding_mode.name if site.padding_mode else "?",
        }
        for site in sites
    ]


def _by(cells):
    return "x".join(map(str, cells))


def _cells(pads):
    if pads is None:
        return "?"
    return " / ".join(f"{before},{after}" for before, after in pads)


def print_sites(
    sites: Sequence[PaddingSite], after: Sequence[PaddingSite]
) -> None:
    """Print sites as a table, and what became of them."""
    rows = sites_rows(sites)
    later = {row["layer"]: row for row in sites_rows(after)}
    for row in rows:
        new = later.get(row["layer"], {"cells": "none", "mode": "none"})
        for column in ("cells", "mode"):
            if new[column] != row[column] or column == "mode":
                row[column] += f" -> {new[column]}"
    if rows:
        cells = [list(map(printable, row.values())) for row in rows]
        print("\n".join(fitted_lines(list(rows[0]), cells)))


class PaddingSites(Tabular, list[PaddingSite]):
    """Sites in a list, which is printed as a table.

    Example:

    >>> import keras
    >>> from keras_padpos import models
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> print(models.find_padding_sites(
    ...     keras.Sequential([keras.Input((8, 8, 3)), conv])
    ... ))
    | layer | kind        | kernel | stride | cells     | uneven | mode  |
    |-------|-------------|--------|--------|-----------|--------|-------|
    | conv  | convolution | 3x3    | 1x1    | 1,1 / 1,1 |        | zeros |
    1 site; modes: zeros 1.
    cells: added before,after of each axis, height / width.
    """

    def _rows(self):
        return sites_rows(self)

    def _notes(self):
        """How many there are, and why some cannot be converted."""
        if not self:
            return ["No layer pads."]
        modes = Counter(row["mode"] for row in sites_rows(self))
        counts = ", ".join(f"{mode} {count}" for mode, count in modes.items())
        noun = "site" if len(self) == 1 else "sites"
        return [
            f"{len(self)} {noun}; modes: {counts}.",
            "cells: added before,after of each axis, height / width.",
            *(f"{site.name}: {site.reason}." for site in self if site.reason),
        ]
