"""The tables of `position_probe`, the papers' numbers beside."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.report.cells import score_text
from keras_padpos.report.names import NETWORK
from keras_padpos.report.names import head_label
from keras_padpos.report.names import network_identity
from keras_padpos.report.names import network_labels
from keras_padpos.report.seeds import interval_note
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.report.seeds import network_differences
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

# What a table's title says of pictures.
_PICTURES = ("test_set", "images", "train_images")

_Row = Mapping[str, Any]
_Rows = Sequence[_Row]


def position_tables(rows: _Rows) -> list[dict[str, Any]]:
    """Lay out what runs measured, the papers' numbers beside it.

    Networks that differ in their seed alone are one line: mean and standard
    deviation over seeds, and the interval over pictures of the mean over
    seeds (see `merge_seeds`). Of several heads the first is shown in full, the
    others by their scores alone.

    Args:
        rows: As `position_rows` returns them, of runs whose probes were
            fitted alike.

    Returns:
        Arguments of `print_table`: for each set of pictures the first head in
        full and the other heads; differences from the first network; pictures
        without content. Lines hold their network's `NETWORK` fields too.
    """
    # Seeds may have other crops; only what is paired needs the same.
    paired = _labelled(merge_seeds(rows))
    rows = _labelled(merge_seeds(rows, same_pictures=False))
    targets, heads = values_of(rows, "target"), values_of(rows, "head")
    photographs = [row for row in rows if row["test_set"] not in CONTROLS]
    tables = []
    for (test_set, *_), own in grouped(photographs, _PICTURES).items():
        own.sort(key=lambda row: targets.index(row["target"]))
        first = [row for row in own if row["head"] == heads[0]]
        others = [row for row in own if row["head"] != heads[0]]
        if first:
            tables.append(_in_full(first))
        if others:
            title = f"Other heads on {test_set}, {_solvers(others)} solver: "
            tables.append(
                _by_target(f"{title}SPC / MAE", targets, heads, others, _scores)
            )
    differences = network_differences(
        [row for row in paired if row["test_set"] not in CONTROLS]
    )
    for (test_set,), own in grouped(differences, ["test_set"]).items():
        tables.append(
            _by_target(
                f"SPC on {test_set} less that of {paired[0]['network']}, "
                "picture by picture, with 95 % interval",
                targets,
                heads,
                own,
                _difference,
            )
        )
    controls = [
        row
        for row in rows
        if row["test_set"] in CONTROLS and row["head"] == heads[0]
    ]
    if controls:
        tables.append(_controls(controls, targets, heads))
    return tables


def position_notes(rows: _Rows) -> list[str]:
    """What the numbers of `position_tables` are, for the same rows."""
    return [
        "SPC: Spearman correlation of predicted and true map, mean over "
        "pictures; a constant map scores 0.",
        "paper: Islam et al. (ICLR 2020), VGG16 with ImageNet weights, SGD, "
        "PASCAL-S; its stripes lie in [-1, 1], so their MAE is in other "
        "units.",
        interval_note(row["test_set"] for row in rows),
    ]


def _labelled(rows: _Rows) -> list[dict[str, Any]]:
    """Rows with labels of network and head.

    Where a network has lines of several seeds, `seed_words` names these.
    """
    seeds: dict[tuple, set[tuple]] = {}
    for row in rows:
        seeds.setdefault(network_identity(row), set()).add(tuple(row["seeds"]))
    apart = {identity for identity, own in seeds.items() if len(own) > 1}
    labels = network_labels(
        {**row, "seed": None} if network_identity(row) in apart else row
        for row in rows
    )
    return [
        {
            **row,
            "network": labels[network_identity(row)],
            "head": head_label(row),
            "seed_words": ", ".join(map(str, row["seeds"])) if apart else None,
        }
        for row in rows
    ]


def _seed_column(rows: _Rows) -> list[tuple[str, str]]:
    return [("seed_words", "seeds")] if rows[0]["seed_words"] else []


def _in_full(rows: _Rows) -> dict[str, Any]:
    test_set, images, train_images = (rows[0][name] for name in _PICTURES)
    return {
        "title": f"Position read-out on {test_set}: {images} pictures, "
        f"{train_images} to fit on, {_solvers(rows)} solver",
        "columns": [
            "target",
            "network",
            "head",
            *_seed_column(rows),
            ("spearman", "SPC"),
            ("spearman_ci95", "95 % interval"),
            ("mae", "MAE"),
            ("chance_mae", "chance MAE"),
            ("paper", "paper: SPC / MAE"),
        ],
        "rows": [
            {
                **row,
                "spearman": _score(row, "spearman"),
                "mae": _score(row, "mae"),
                "paper": _counterpart(row),
            }
            for row in rows
        ],
        "notes": [
            "±: standard deviation over seeds; intervals are over pictures."
        ]
        if any(row["seed"] is None for row in rows)
        else [],
    }


def _counterpart(row):
    from keras_padpos import published

    theirs = published.counterpart(row)
    return theirs and (
        f"{theirs['spearman']:.3f} / {theirs['mae']:.3f} "
        f"({head_label(theirs)}, {theirs['table']})"
    )


def _by_target(title, targets, heads, rows, cell):
    """One line a head and network, grouped by head; one column a target."""
    lines: dict[tuple, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: heads.index(row["head"])):
        key = row["head"], network_identity(row), *row["seeds"]
        line = lines.setdefault(
            key, _line(row, "head", "network", "seed_words")
        )
        line[row["target"]] = cell(row)
    shown = [name for name in targets if any(name in r for r in lines.values())]
    return {
        "title": title,
        "columns": [
            "head",
            "network",
            *_seed_column(rows),
            *((name, name.replace("_", " ")) for name in shown),
        ],
        "rows": list(lines.values()),
    }


def _controls(rows, targets, heads):
    """One line a network and target, for one head; one column a control."""
    lines, counts = {}, {}
    for row in rows:
        key = row["target"], network_identity(row), *row["seeds"]
        line = lines.setdefault(
            key, _line(row, "target", "network", "head", "seed_words")
        )
        line[row["test_set"]] = _score(row, "spearman")
        counts[row["test_set"]] = row["images"]
    return {
        "title": "SPC on pictures without content: "
        + ", ".join(f"{name} ({count})" for name, count in counts.items()),
        "columns": ["target", "network", "head", *_seed_column(rows), *counts],
        "rows": sorted(
            lines.values(), key=lambda line: targets.index(line["target"])
        ),
        "notes": ["Other heads: see results.json."] if len(heads) > 1 else [],
    }


def _line(row: _Row, *names: str) -> dict[str, Any]:
    return {name: row.get(name) for name in (*NETWORK, *names)}


def _score(row: _Row, metric: str) -> float | str:
    """A number as it is, so that it stands on the right; seeds as text."""
    if row["seed"] is not None:
        return row[metric]
    return score_text(row, metric)


def _scores(row: _Row) -> str:
    return " / ".join(
        score_text(row, metric, count=False) for metric in ("spearman", "mae")
    )


def _difference(row: _Row) -> str:
    text = f"{row['difference']:+.3f}"
    if row["difference_ci95"]:
        text += " [{:+.3f}, {:+.3f}]".format(*row["difference_ci95"])
    return text


def _solvers(rows: _Rows) -> str:
    return ", ".join(values_of(rows, "solver"))
