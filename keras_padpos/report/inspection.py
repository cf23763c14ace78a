"""What `inspect_model` shows of its rows: tables and a figure."""

import math
from collections import Counter
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.cells import counted
from keras_padpos.report.cells import print_lines
from keras_padpos.report.cells import print_table
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import open_figure
from keras_padpos.report.table import Row
from keras_padpos.report.table import Rows
from keras_padpos.report.table import grouped

_COLUMNS = 5
_PANEL_INCHES = 2.1
_CLEAR = "#dce3ea"
_REACHED = "#d9603b"

_CELLS = [("cells", "cells added"), ("cells_seen", "cells seen")]
_CELLS_NOTE = (
    "Cells: before,after of each axis, height / width; seen: those added cells "
    "that a window reaches."
)


def print_inspection(
    title: str, rows: Rows, input_shape: str, notes: Sequence[str] = ()
) -> None:
    """Print the tables of an inspection.

    Example:
        >>> print_inspection(
        ...     "m.keras",
        ...     [{"table": "signature", "role": "input", "name": "x",
        ...       "shape": [None, 8], "dtype": "float32"}],
        ...     "8",
        ... )
        m.keras
        | role  | name | shape | dtype   |
        |-------|------|-------|---------|
        | input | x    | ?x8   | float32 |

    Args:
        title: What was looked at.
        rows: What `inspection_rows` gave, or rows of the tables `signature`
            and `operations` of a SavedModel.
        input_shape: The shape at which it was looked at, as text.
        notes: Lines below the signature.
    """
    tables = {name: own for (name,), own in grouped(rows, ["table"]).items()}
    signature = [
        {**row, "shape": _shape(row["shape"])} for row in tables["signature"]
    ]
    columns = ["role", "name", "shape", "dtype"]
    if len(grouped(signature, ["signature"])) > 1:
        columns.insert(0, "signature")
    print_table(title, columns, signature, notes)
    for name, show in (
        ("operations", _print_operations),
        ("padding_sites", _print_sites),
        ("even_sizes", _print_uneven),
        ("receptive_field", _print_fields),
    ):
        if name in tables:
            print()
            show(tables, input_shape)


def _print_operations(tables, input_shape):
    columns = ["name", "operation", "padding", "kernel", "strides", "cells"]
    rows = [
        {
            **row,
            "kernel": _by(row["kernel"]),
            "strides": _by(row["strides"]),
            "cells": " / ".join(
                f"{before},{after}" for before, after in row["cells"] or ()
            ),
        }
        for row in tables["operations"]
    ]
    print_table("Operations of the graph that pad", columns, rows)


def _print_sites(tables, input_shape):
    rows = tables["padding_sites"]
    modes = Counter(row["mode"] for row in rows)
    uneven = sum(row["uneven"] == "uneven" for row in rows)
    counts = ", ".join(f"{mode} {count}" for mode, count in modes.items())
    reasons = [f"{r['layer']}: {r['reason']}." for r in rows if r["reason"]]
    print_table(
        f"Padding sites at {input_shape}",
        ["layer", "kind", "kernel", "stride", *_CELLS, "uneven", "mode"],
        rows,
        [
            f"{counted(len(rows), 'site')}, {uneven} uneven; modes: {counts}.",
            _CELLS_NOTE,
            *reasons,
        ],
    )


def _print_uneven(tables, input_shape):
    rows, (sizes,) = tables.get("uneven_sites", []), tables["even_sizes"]
    print_table(
        "Uneven sites, and the sizes (height = width) nearest that make them "
        "even",
        ["layer", *_CELLS, ("even_at", "even at")],
        [
            {**row, "even_at": row["remark"] or _sizes(row["even_at"])}
            for row in rows
        ],
        list(_even_notes(rows, sizes)),
    )


def _even_notes(rows: Rows, sizes: Row) -> Iterable[str]:
    movable = [row for row in rows if not row["remark"]]
    if movable:
        left = "all sites" if len(movable) == len(rows) else "all others"
        note = f"At once {left} are even at: {_sizes(sizes['even_at'])}"
        if centred := sizes["centred_at"]:
            note += ", and with every map centred on the picture at: "
            note += _sizes(centred)
        yield f"{note}."
    tried = "The network takes no other size"
    if sizes["tried"]:
        tried = (
            f"{counted(sizes['tried'], 'size')} tried, {sizes['sizes_from']} "
            f"to {sizes['sizes_to']}"
        )
    if not sizes["complete"]:
        tried += "; the time was not enough for more"
    yield f"{tried}."


def _print_fields(tables, input_shape):
    from keras_padpos.models.fields.receptive_fields import fields_notes

    rows = tables["receptive_field"]
    if "reason" in rows[0]:
        print_lines(f"Receptive fields: {rows[0]['reason']}")
        return
    pairs = ["stride", "size", "pad_before", "pad_after", "margin"]
    if any(row["period"] != row["stride"] for row in rows):
        pairs.insert(1, "period")
    print_table(
        f"Receptive fields at {input_shape}, in cells of the picture",
        [
            "layer",
            *((name, name.replace("_", " ")) for name in pairs),
            ("reached", "reached, %"),
            "positions",
            *(["gated"] if any(row["gated"] for row in rows) else []),
        ],
        [
            {
                **row,
                **{key: _pair(row[key]) for key in pairs},
                "positions": _by(row["positions"]),
                "reached": f"{100 * row['reached']:.1f}",
                "gated": "gated" if row["gated"] else "",
            }
            for row in rows
        ],
        [
            *fields_notes("period" in pairs),
            *(_halo(row) for row in rows if row["output"] and not row["gated"]),
        ],
    )


def _halo(row):
    """What a tile must show for an output."""
    halo = _pair(row["margin"])
    cells = f"{halo} cell" if halo == "1" else f"{halo} cells"
    text = f"halo of output {row['layer']}: {cells}"
    return f"{text}; tiles start at multiples of {_pair(row['period'])}."


def _sizes(sizes):
    return ", ".join(map(str, sizes)) or "none of the sizes tried"


def _shape(shape):
    if shape is None:
        return "unknown"
    return _by(["?" if n is None else n for n in shape]) or "scalar"


def _by(entries):
    return "x".join(map(str, entries or ()))


def _pair(entries):
    return _by(entries) if len(set(entries)) > 1 else str(entries[0])


def draw_inspection(work: Any, about: Row, rows: Rows) -> None:
    """Plot padding's reach at each stage, where receptive fields are known.

    The map of each layer, the positions that padding reaches coloured.

    Args:
        work: Where `figures/reach.png` goes.
        about: The second result of `inspect_file`.
        rows: Its rows.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    rows = [row for row in rows if row.get("stage")]
    if not (rows and about["picture"]):
        return
    columns = min(_COLUMNS, len(rows))
    lines = math.ceil(len(rows) / columns)
    size = max(_PANEL_INCHES * columns, 5), (_PANEL_INCHES + 0.5) * lines + 1
    title = f"What padding reaches in {about['title']} at {about['shape']}"
    path = work.figure_path("reach")
    with open_figure(path, title, size, fontsize=11, dpi=120) as figure:
        axes = figure.subplots(lines, columns, squeeze=False).ravel()
        for axis in axes[len(rows) :]:
            axis.set_axis_off()
        height, width = about["picture"]
        for axis, row in zip(axes, rows, strict=False):
            reached = reached_positions(row)
            axis.imshow(
                reached,
                cmap=ListedColormap([_CLEAR, _REACHED]),
                vmin=0,
                vmax=1,
                # Every map over the whole picture, so that all are alike.
                extent=(0, width, height, 0),
                interpolation="nearest",
            )
            hide_ticks(axis)
            axis.set_title(_two_lines(row["layer"]), fontsize=9)
            axis.set_xlabel(
                f"stride {_pair(row['stride'])}, {_by(reached.shape)}: "
                f"{100 * reached.mean():.0f} %",
                fontsize=9,
            )
        figure.legend(
            handles=[
                Patch(color=_REACHED, label="padding reaches it"),
                Patch(color=_CLEAR, label="sees the picture only"),
            ],
            loc="outside lower center",
            ncols=2,
            fontsize=9,
            frameon=False,
        )


def reached_positions(row: Row) -> np.ndarray:
    """Which positions of a map padding reaches: bool, `row["positions"]`."""
    rows, columns = (
        (np.arange(count) >= first) & (np.arange(count) <= last)
        for count, (first, last) in zip(
            row["positions"], row["clear"], strict=True
        )
    )
    return ~np.outer(rows, columns)


def _two_lines(name):
    """A long name on two lines, broken where a person would."""
    breaks = [number for number, letter in enumerate(name) if letter in "/_"]
    if len(name) <= 24 or not breaks:
        return name
    middle = min(breaks, key=lambda number: abs(number - len(name) / 2)) + 1
    return f"{name[:middle]}\n{name[middle:]}"
