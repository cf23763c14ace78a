"""What `inspect_model` shows of its rows: tables and a figure."""

import math
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.cells import counted
from keras_padpos.report.cells import print_table
from keras_padpos.report.figure import FigureFolder
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import open_figure
from keras_padpos.report.table import grouped

_Row = Mapping[str, Any]
_Rows = Sequence[_Row]

_COLUMNS = 5
_PANEL_INCHES = 2.1
_CLEAR = "#dce3ea"
_REACHED = "#d9603b"

_CELLS = [("cells", "cells added"), ("cells_seen", "cells seen")]


def print_inspection(
    title: str, rows: _Rows, input_shape: str, notes: Sequence[str] = ()
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
    for name, lay_out in (
        ("operations", _operations),
        ("padding_sites", _sites),
        ("even_sizes", _uneven),
        ("receptive_field", _fields),
    ):
        if name not in tables:
            continue
        print()
        if "reason" in tables[name][0] and name == "receptive_field":
            print(f"Receptive fields: {tables[name][0]['reason']}")
        else:
            print_table(**lay_out(tables, input_shape))


def _operations(tables, input_shape):
    columns = ["name", "operation", "padding", "kernel", "strides", "cells"]
    return {
        "title": "Operations of the graph that pad",
        "columns": columns,
        "rows": [
            {
                **row,
                "kernel": _by(row["kernel"]),
                "strides": _by(row["strides"]),
                "cells": " / ".join(
                    f"{before},{after}" for before, after in row["cells"] or ()
                ),
            }
            for row in tables["operations"]
        ],
    }


def _sites(tables, input_shape):
    rows = tables["padding_sites"]
    modes = Counter(row["mode"] for row in rows)
    uneven = sum(row["uneven"] == "uneven" for row in rows)
    counts = ", ".join(f"{mode} {count}" for mode, count in modes.items())
    return {
        "title": f"Padding sites at {input_shape}",
        "columns": [
            "layer",
            "kind",
            "kernel",
            "stride",
            *_CELLS,
            "uneven",
            "mode",
        ],
        "rows": rows,
        "notes": [
            f"{counted(len(rows), 'site')}, {uneven} uneven; modes: {counts}.",
            *(
                f"{row['layer']}: {row['reason']}."
                for row in rows
                if row["reason"]
            ),
        ],
    }


def _uneven(tables, input_shape):
    rows, (sizes,) = tables.get("uneven_sites", []), tables["even_sizes"]
    return {
        "title": "Uneven sites, and the sizes (height = width) nearest that "
        "make them even",
        "columns": ["layer", *_CELLS, ("even_at", "even at")],
        "rows": [
            {**row, "even_at": row["remark"] or _sizes(row["even_at"])}
            for row in rows
        ],
        "notes": list(_even_notes(rows, sizes)),
    }


def _even_notes(rows: _Rows, sizes: _Row) -> Iterable[str]:
    movable = [row for row in rows if not row["remark"]]
    if movable:
        left = "all sites" if len(movable) == len(rows) else "all others"
        centred = ""
        if sizes["centred_at"]:
            centred = (
                ", and with every map centred on the picture at: "
                f"{_sizes(sizes['centred_at'])}"
            )
        yield (
            f"At once {left} are even at: {_sizes(sizes['even_at'])}{centred}."
        )
    tried = "The network takes no other size"
    if sizes["tried"]:
        tried = (
            f"{counted(sizes['tried'], 'size')} tried, {sizes['sizes_from']} "
            f"to {sizes['sizes_to']}"
        )
    if not sizes["complete"]:
        tried += "; the time was not enough for more"
    yield f"{tried}."


def _fields(tables, input_shape):
    rows = tables["receptive_field"]
    pairs = ("stride", "size", "pad_before", "pad_after", "margin")
    return {
        "title": f"Receptive fields at {input_shape}, in cells of the picture",
        "columns": [
            "layer",
            *((name, name.replace("_", " ")) for name in pairs),
            ("reach", "reach, %"),
            "positions",
            *(["gated"] if any(row["gated"] for row in rows) else []),
        ],
        "rows": [
            {
                **row,
                **{key: _pair(row[key]) for key in pairs},
                "positions": _by(row["positions"]),
                "reach": f"{100 * row['reach_both']:.1f}",
                "gated": "gated" if row["gated"] else "",
            }
            for row in rows
        ],
        "notes": ["reach: share of the positions that padding reaches."],
    }


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


def draw_inspection(work: FigureFolder, about: _Row, rows: _Rows) -> None:
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


def reached_positions(row: _Row) -> np.ndarray:
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
