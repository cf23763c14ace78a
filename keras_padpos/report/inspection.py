"""What `inspect_model` shows of its rows: tables and a figure."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import print_table
from keras_padpos.report.depth_figure import reach_figure
from keras_padpos.runs.work_directory import WorkDirectory

_Rows = Sequence[Mapping[str, Any]]


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
        input_shape: The shape at which it was looked at, in words.
        notes: Lines below the signature.
    """
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        tables.setdefault(row["table"], []).append(row)
    signature = [
        {**row, "shape": _shape(row["shape"])} for row in tables["signature"]
    ]
    several = len({row.get("signature") for row in signature}) > 1
    columns = ["role", "name", "shape", "dtype"]
    print_table(
        title, ["signature", *columns] if several else columns, signature, notes
    )
    if "operations" in tables:
        print()
        _print_operations(tables["operations"])
    if "padding_sites" in tables:
        print()
        _print_sites(tables["padding_sites"], input_shape)
    if "even_sizes" in tables:
        print()
        _print_uneven(tables.get("uneven_sites", []), *tables["even_sizes"])
    if "receptive_field" in tables:
        print()
        _print_fields(tables["receptive_field"], input_shape)


def draw_inspection(
    work: WorkDirectory, told: Mapping[str, Any], rows: _Rows
) -> None:
    """Draw padding's reach at each stage, where receptive fields are known.

    Args:
        work: Where `figures/reach.png` goes.
        told: What `inspect_file` told.
        rows: What it gave.
    """
    stages = [row for row in rows if row.get("stage")]
    if stages and told["picture"]:
        reach_figure(
            work.figure_path("reach"),
            stages,
            told["picture"],
            f"What padding reaches in {told['title']} at {told['shape']}",
        )


def _print_operations(rows):
    print_table(
        "Operations of the graph that pad",
        ["name", "operation", "padding", "kernel", "strides", "cells"],
        [
            {
                **row,
                "kernel": _by(row["kernel"]),
                "strides": _by(row["strides"]),
                "cells": _cells(row["cells"]),
            }
            for row in rows
        ],
    )


def _print_sites(rows, input_shape):
    modes = Counter(row["mode"] for row in rows)
    uneven = sum(row["uneven"] == "uneven" for row in rows)
    told = ", ".join(f"{mode} {count}" for mode, count in modes.items())
    print_table(
        f"Padding sites at {input_shape}",
        [
            "layer",
            "kind",
            "kernel",
            "stride",
            ("cells", "cells added"),
            ("cells_seen", "cells seen"),
            "uneven",
            "mode",
        ],
        rows,
        [
            f"{_count(len(rows), 'site')}, {uneven} uneven; modes: {told}.",
            *(
                f"{row['layer']}: {row['reason']}."
                for row in rows
                if row["reason"]
            ),
        ],
    )


def _print_uneven(rows, sizes):
    print_table(
        "Uneven sites, and the sizes (height = width) nearest that make them "
        "even",
        [
            "layer",
            ("cells", "cells added"),
            ("cells_seen", "cells seen"),
            ("even_at", "even at"),
        ],
        [
            {**row, "even_at": row["remark"] or _sizes(row["even_at"])}
            for row in rows
        ],
        _even_notes(rows, sizes),
    )


def _even_notes(rows, sizes):
    tried = (
        f"{_count(sizes['tried'], 'size')} tried, {sizes['sizes_from']} to "
        f"{sizes['sizes_to']}"
        if sizes["tried"]
        else "the network takes no other size"
    )
    if not sizes["complete"]:
        tried += "; the time was not enough for more"
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
    yield f"{tried[0].upper()}{tried[1:]}."


def _print_fields(rows, input_shape):
    if "reason" in rows[0]:
        print(f"Receptive fields: {rows[0]['reason']}")
        return
    shown = [
        {
            **row,
            **{
                key: _pair(row[key])
                for key in (
                    "stride",
                    "size",
                    "pad_before",
                    "pad_after",
                    "margin",
                )
            },
            "positions": _by(row["positions"]),
            "reach": f"{100 * row['reach_both']:.1f}",
            "gated": "gated" if row["gated"] else "",
        }
        for row in rows
    ]
    print_table(
        f"Receptive fields at {input_shape}, in cells of the picture",
        [
            "layer",
            "stride",
            "size",
            ("pad_before", "pad before"),
            ("pad_after", "pad after"),
            "margin",
            ("reach", "reach, %"),
            "positions",
            *(["gated"] if any(row["gated"] for row in rows) else []),
        ],
        shown,
        ["reach: share of the positions that padding reaches."],
    )


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _sizes(sizes):
    return ", ".join(map(str, sizes)) or "none of the sizes tried"


def _shape(shape):
    if shape is None:
        return "unknown"
    return "x".join("?" if n is None else str(n) for n in shape) or "scalar"


def _by(entries):
    return "" if not entries else "x".join(map(str, entries))


def _pair(entries):
    return _by(entries) if len(set(entries)) > 1 else str(entries[0])


def _cells(cells):
    if cells is None:
        return ""
    return " / ".join(f"{before},{after}" for before, after in cells)
