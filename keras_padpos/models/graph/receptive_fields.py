"""The geometry of layers' outputs, in cells of the picture."""

import math
from dataclasses import dataclass
from dataclasses import fields as attributes
from dataclasses import replace
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.models.graph._layer_names import name_hint
from keras_padpos.models.graph._layer_names import names_meant
from keras_padpos.text_tables import Tabular

Cells = tuple[int, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """Geometry of a layer's output: a number for each spatial axis.

    Pictures have two axes, (height, width), lines one, and volumes three. A
    number is `None` where it depends on a size that was left open.

    A position `i` of the map sees the cells `i * stride - pad_before` to
    `i * stride - pad_before + size - 1` of the picture; the middle of what it
    sees lies on the picture's position `start + i * spacing`.

    A layer that enlarges its input in place of padding (`Interpolate`) counts
    as one that adds a frame, except in `spacing` and `start`: enlarging pulls
    the positions of cells inwards. Where branches that were pulled unequally
    are added or stand side by side, their mean is given, as if all results of
    windows and all channels were equally strong; which they are is up to the
    weights.

    Attributes:
        stride: Cells of the picture between neighbouring positions.
        size: Cells of the picture that a position sees.
        pad_before: Cells by which position 0 sees past the top and the left;
            negative where it starts inside, as without padding it may.
        pad_after: Cells by which the last position sees past the bottom and
            the right; negative likewise.
        margin: The least number of cells that a larger picture must show
            around a crop, so that the features at the crop's positions do not
            depend on the larger picture's own border; a multiple of `stride`.
        reach: Share of positions along each axis, in [0, 1], that see past
            the border, and that padding can therefore reach.
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
    """

    stride: Cells
    size: Cells
    pad_before: Cells
    pad_after: Cells
    margin: Cells
    reach: tuple[float, ...]
    positions: Cells
    clear: tuple[Pair, ...]
    spacing: tuple[float, ...]
    start: tuple[float, ...]
    gated: bool = False

    @property
    def surround(self) -> tuple[Pair, ...]:
        """Cells of a larger picture on which no padding is needed.

        One pair (before, after) an axis: a network without padding, run on
        the crop with so many cells around it, gives just the positions that
        the padded network gives on the crop, computed from real neighbours.
        """

        def cells(axis):
            pads, stride = (self.pad_before, self.pad_after), self.stride[axis]
            if None in (pads[0][axis], pads[1][axis]):
                raise InputError(
                    "`surround` depends on the picture's size, which was left "
                    "open. Give `receptive_field` an `input_shape`"
                )
            before, after = (
                max(math.ceil(pad[axis] / stride) * stride, 0) for pad in pads
            )
            return before, after

        return tuple(map(cells, range(len(self.stride))))

    @property
    def reached(self) -> float | None:
        """Share of the map's positions that padding reaches, in [0, 1]."""
        if None in self.reach:
            return None
        return 1 - math.prod((1 - share for share in self.reach), start=1.0)

    def shared(self, other: "ReceptiveField") -> "ReceptiveField":
        """What both say, number by number; `None` where they differ."""
        changes: dict[str, Any] = {}
        for name in (attribute.name for attribute in attributes(self)):
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, tuple):
                changes[name] = tuple(
                    one if one == another else None
                    for one, another in zip(ours, theirs, strict=True)
                )
        return replace(self, **changes)


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
    >>> enlarged = keras.layers.UpSampling2D(name="up")(inputs)
    >>> fields = models.receptive_field(keras.Model(inputs, enlarged))
    >>> "up" in fields, fields.unknown["up"]
    (False, "layer 'up' (UpSampling2D) resizes the map")

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
        numbers = ("stride", "size", "pad_before", "pad_after", "margin")
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
            "reached: share of the map's positions that padding reaches.",
        ]
        if any("?" in text for row in self._rows() for text in row.values()):
            notes.append(
                "? depends on a size that is open: give `input_shape`."
            )
        reasons: dict[str, list[str]] = {}
        for name, reason in self.unknown.items():
            reasons.setdefault(reason, []).append(name)
        for reason, names in reasons.items():
            more = f" and {len(names) - 1} more" * (len(names) > 1)
            notes.append(f"Unknown, {names[0]}{more}: {reason}.")
        return notes


def _both(numbers):
    texts = ["?" if n is None else str(n) for n in numbers]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def _by(numbers):
    return "x".join("?" if n is None else str(n) for n in numbers)
