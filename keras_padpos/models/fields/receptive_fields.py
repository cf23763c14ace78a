"""The geometry of layers' outputs, in cells of the picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as attributes
from dataclasses import replace
from fractions import Fraction
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.models.graph._layer_names import name_hint
from keras_padpos.models.graph._layer_names import names_meant
from keras_padpos.models.graph.field_axis import FieldAxis
from keras_padpos.models.graph.field_axis import Pair
from keras_padpos.models.graph.field_axis import SeenCells
from keras_padpos.text_tables import Tabular

Cells = tuple[int, ...]

_LISTED = 8  # names a reason, at most


@dataclass(frozen=True)
class ReceptiveField:
    """Geometry of a layer's output: a number for each spatial axis.

    Pictures have two axes, (height, width), lines one, and volumes three. A
    number is `None` where it depends on a size that was left open.

    Behind windows alone, a position `i` of the map sees the cells
    `i * stride - pad_before` to `i * stride - pad_before + size - 1` of the
    picture; the middle of what it sees lies on the picture's position
    `start + i * spacing`. Behind what enlarges a map (upsampling, transposed
    convolutions) neighbouring positions see ranges of unequal length, which
    repeat with a `period`; `cells` gives those of each position.

    Example:

    >>> import keras
    >>> from keras_padpos import models
    >>> net = keras.Sequential(
    ...     [
    ...         keras.Input((8, 8, 1)),
    ...         keras.layers.MaxPooling2D(2),
    ...         keras.layers.UpSampling2D(4, name="up"),
    ...     ]
    ... )
    >>> field = models.receptive_field(net)["up"]
    >>> print(*field.stride, field.period)
    1/2 1/2 (2, 2)
    >>> field.cells((4, 11))
    ((2, 3), (4, 5))

    A layer that enlarges its input in place of padding (`Interpolate`) counts
    as one that adds a frame, except in `spacing` and `start`: enlarging pulls
    the positions of cells inwards. Where branches that were pulled unequally
    are added or stand side by side, their mean is given, as if all results of
    windows and all channels were equally strong; which they are is up to the
    weights.

    Attributes:
        stride: Cells of the picture between neighbouring positions, an int, or
            a `Fraction` where an enlarged map is finer than the picture.
        period: Cells of the picture after which what positions see repeats:
            `stride`, if no layer enlarges. Two crops of a larger picture lie
            on one grid if they are a multiple of it apart.
        size: Cells of the picture that a position sees, at most.
        pad_before: Cells by which position 0 sees past the top and the left;
            negative where it starts inside, as without padding it may.
        pad_after: Cells by which the last position sees past the bottom and
            the right; negative likewise.
        margin: The least number of cells that a larger picture must show
            around a crop, so that the features at the crop's positions do not
            depend on the larger picture's own border; a multiple of `period`.
            Where a size was left open, the largest over several sizes.
        reach: Share of positions along each axis, in [0, 1], that see past
            the border, and that padding can therefore reach. Cells that an
            interpolation repeats at the border, and those that a transposed
            convolution lacks there, count as padding.
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
        seen: The first and the last cell that each of the first positions
            sees, as many as there are in a period, one tuple an axis.
    """

    stride: tuple[int | Fraction, ...]
    period: Cells
    size: Cells
    pad_before: Cells
    pad_after: Cells
    margin: Cells
    reach: tuple[float, ...]
    positions: Cells
    clear: tuple[Pair, ...]
    spacing: tuple[float, ...]
    start: tuple[float, ...]
    seen: tuple[tuple[Pair, ...], ...]
    gated: bool = False

    @classmethod
    def of_axes(
        cls, axes: Sequence[FieldAxis], picture: Sequence[int], gated: bool
    ) -> "ReceptiveField":
        """The field of a map of known axes, on a picture of known sizes."""
        margins, reaches = [], []
        for axis, cells in zip(axes, picture, strict=True):
            period, count = axis.seen.period, len(axis.seen.ranges)
            ends = range(count), range(-count, 0)
            lows = [axis.seen.at(i)[0] for i in ends[0]]
            highs = [axis.seen.at(axis.positions + i)[1] for i in ends[1]]
            needed = max(-min(lows), max(highs) + 1 - cells, 0)
            margins.append(math.ceil(needed / period) * period)
            clear = max(axis.last - axis.first + 1, 0)
            reaches.append(1 - clear / axis.positions)
        return cls(
            stride=tuple(axis.stride for axis in axes),
            period=tuple(axis.seen.period for axis in axes),
            size=tuple(axis.seen.size for axis in axes),
            pad_before=tuple(-axis.seen.at(0)[0] for axis in axes),
            pad_after=tuple(
                axis.seen.at(axis.positions - 1)[1] + 1 - cells
                for axis, cells in zip(axes, picture, strict=True)
            ),
            margin=tuple(margins),
            reach=tuple(reaches),
            positions=tuple(axis.positions for axis in axes),
            clear=tuple((axis.first, axis.last) for axis in axes),
            spacing=tuple(
                float(axis.low.step + axis.high.step) / 2 for axis in axes
            ),
            start=tuple(
                float(axis.low.start + axis.high.start) / 2 for axis in axes
            ),
            seen=tuple(axis.seen.ranges for axis in axes),
            gated=gated,
        )

    def cells(self, position: Sequence[int]) -> tuple[Pair, ...]:
        """First and last cell of the picture that a position sees.

        Args:
            position: The number of the position, one entry an axis.

        Returns:
            One pair an axis; cells past the border count on: -1 is the one
            before the first. The first lies behind the last where a position
            sees no cell.

        Raises:
            ValueError: If `position` has another number of axes, or the cells
                depend on a size that was left open.
        """
        if len(position) != len(self.seen):
            raise InputError(
                f"`position` must have {len(self.seen)} numbers, one an axis. "
                f"Received: position={tuple(position)}"
            )
        return tuple(
            self._axis(number, "cells").at(i)
            for number, i in enumerate(position)
        )

    def first_like(
        self, other: "ReceptiveField", axis: int, cells: int = 0
    ) -> int | None:
        """The position that starts to see where another map's first one does.

        Args:
            other: The field of a map of the same layer, for another picture or
                with other padding.
            axis: Number of the axis.
            cells: How far the other picture lies in this one.

        Returns:
            Its number, negative where the map starts behind it; `None` if
            there is none such, as on another grid.
        """
        ours, theirs = (
            field._axis(axis, "first_like") for field in (self, other)
        )
        count = len(ours.ranges)
        if ours.period != theirs.period or count != len(theirs.ranges):
            return None
        wanted = [low + cells for low, _ in theirs.ranges]
        start = (wanted[0] - ours.at(0)[0]) // ours.period * count
        # Several positions may see the same first cell.
        for first in range(start - count, start + count + 1):
            if [ours.at(first + n)[0] for n in range(count)] == wanted:
                return first
        return None

    @property
    def surround(self) -> tuple[Pair, ...]:
        """Cells of a larger picture on which no padding is needed.

        One pair (before, after) an axis, multiples of `period`: a network
        without padding, run on the crop with so many cells around it, gives
        the positions that the padded network gives on the crop, computed from
        real neighbours; just these, if no layer enlarges.
        """

        def cells(axis):
            period = self._axis(axis, "surround").period
            pads = self.pad_before[axis], self.pad_after[axis]
            if None in pads:
                raise _open_size("surround")
            before, after = (
                max(math.ceil(pad / period) * period, 0) for pad in pads
            )
            return before, after

        return tuple(map(cells, range(len(self.stride))))

    @property
    def reached(self) -> float | None:
        """Share of the map's positions that padding reaches, in [0, 1]."""
        if None in self.reach:
            return None
        return 1 - math.prod((1 - share for share in self.reach), start=1.0)

    def _axis(self, number, what):
        period, ranges = self.period[number], self.seen[number]
        if None in (period, ranges):
            raise _open_size(what)
        return SeenCells(period, ranges)

    def numbers(self) -> dict[str, Any]:
        """All attributes but `seen`, as JSON has them: fractions are floats."""
        return {
            attribute.name: _listed(getattr(self, attribute.name))
            for attribute in attributes(self)
            if attribute.name != "seen"
        }

    def shared(self, other: "ReceptiveField") -> "ReceptiveField":
        """What both say, number by number; `None` where they differ.

        Of margins the larger one: it is enough for both.
        """
        changes: dict[str, Any] = {}
        for name in (attribute.name for attribute in attributes(self)):
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, tuple):
                changes[name] = tuple(
                    one if one == another else None
                    for one, another in zip(ours, theirs, strict=True)
                )
        if None not in changes["stride"]:
            pairs = zip(self.margin, other.margin, strict=True)
            changes["margin"] = tuple(map(max, pairs))
        return replace(self, **changes)


def _open_size(what):
    return InputError(
        f"`{what}` depends on the picture's size, which was left open. Give "
        "`receptive_field` an `input_shape`"
    )


def _listed(value):
    if isinstance(value, tuple):
        return [_listed(entry) for entry in value]
    return float(value) if isinstance(value, Fraction) else value


class _NoFieldError(InputError, KeyError):
    """A layer has no known receptive field."""

    __str__ = Exception.__str__


class ReceptiveFields(Tabular, dict[str, ReceptiveField]):
    """From layers' names to their fields.

    Asking for a layer whose field is unknown is an error that says why,
    both a `KeyError` and a `ValueError`. Of a layer inside another model the
    end of the name is enough. Printed, it is a table.

    Example:

    >>> import keras
    >>> from keras_padpos import models
    >>> inputs = keras.Input((8, 8, 1))
    >>> shrunk = keras.layers.Resizing(3, 8, name="shrink")(inputs)
    >>> fields = models.receptive_field(keras.Model(inputs, shrunk))
    >>> "shrink" in fields
    False
    >>> fields.unknown["shrink"]
    "layer 'shrink' (Resizing) resizes the map by no whole factor, 8x8 to 3x8"

    Attributes:
        unknown: From the name of each layer whose field is unknown to the
            reason.
        without_map: Names of the layers that give no map, such as Dense.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unknown: dict[str, str] = {}
        self.without_map: list[str] = []

    def __missing__(self, name: str) -> ReceptiveField:
        names = [*self, *self.unknown]
        meant = names_meant(name, names) if isinstance(name, str) else []
        if len(meant) > 1:
            raise _NoFieldError(
                f"{name!r} names several layers: {', '.join(meant)}."
            )
        if not meant:
            inside = [each for each in names if f"/{name}/" in f"/{each}"]
            if inside:
                raise _NoFieldError(
                    f"{name!r} is a model. Name a layer in it, such as its "
                    f"last one, {inside[-1]!r}."
                )
            if names_meant(str(name), self.without_map):
                raise _NoFieldError(
                    f"Layer {name!r} gives no map, so it has no receptive "
                    "field."
                )
            raise _NoFieldError(
                f"No layer with a map is named {name!r}"
                f"{name_hint(str(name), names) or '.'}"
            )
        if meant[0] in self.unknown:
            raise _NoFieldError(
                f"Layer {meant[0]!r} has no known receptive field: "
                f"{self.unknown[meant[0]]}."
            )
        return self[meant[0]]

    def _rows(self):
        numbers = ["stride", "size", "pad_before", "pad_after", "margin"]
        if any(field.period != field.stride for field in self.values()):
            numbers.insert(1, "period")
        rows = [
            {
                "layer": name,
                **{
                    number.replace("_", " "): _both(getattr(field, number))
                    for number in numbers
                },
                "reached, %": "?"
                if field.reached is None
                else f"{100 * field.reached:.1f}",
                "positions": _by(field.positions),
                "gated": "gated" if field.gated else "",
            }
            for name, field in self.items()
        ]
        if not any(field.gated for field in self.values()):
            for row in rows:
                del row["gated"]
        return rows

    def _notes(self):
        """How many there are, what ? means, and what is unknown."""
        noun = "field" if len(self) == 1 else "fields"
        notes = [
            f"{len(self)} {noun}, in cells of the picture.",
            *fields_notes(any("period" in row for row in self._rows())),
        ]
        if any("?" in text for row in self._rows() for text in row.values()):
            notes.append(
                "? depends on a size that is open: give `input_shape`."
            )
        reasons: dict[str, list[str]] = {}
        for name, reason in self.unknown.items():
            reasons.setdefault(reason, []).append(name)
        for reason, names in reasons.items():
            listed = ", ".join(names[:_LISTED])
            if len(names) > _LISTED:
                listed += f" and {len(names) - _LISTED} more"
            notes.append(f"Unknown, {listed}: {reason}.")
        return notes


def fields_notes(period: bool) -> list[str]:
    """What the columns of a table of fields are, one line each."""
    notes = [
        "size: cells that a position sees, at most.",
        "pad before, pad after: cells that it sees past the border, at most.",
        "margin: cells that a tile needs on each side.",
        "reached: share of the map's positions that padding reaches.",
    ]
    if period:
        notes.insert(3, "period: tiles start at multiples of it.")
    return notes


def _both(numbers):
    texts = ["?" if n is None else str(n) for n in numbers]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def _by(numbers):
    return "x".join("?" if n is None else str(n) for n in numbers)
