"""What `position_probe` prints of its results."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.report._position_rows import NETWORK
from keras_padpos.report._position_rows import position_rows
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import score_words
from keras_padpos.report.identity import network_identity
from keras_padpos.report.names import head_words
from keras_padpos.report.names import unique_network_words
from keras_padpos.report.seeds import interval_note
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.report.seeds import network_differences
from keras_padpos.runs.work_directory import WorkDirectory

_Rows = Sequence[Mapping[str, Any]]


def print_position_report(work: WorkDirectory) -> None:
    """Print what a finished run measured, the papers' numbers beside it.

    Args:
        work: The run's directory.

    Raises:
        InputError: If the run is not finished, or its arrays are missing.
    """
    results = work.load_results()
    rows = position_rows([work])
    for table in position_tables(rows):
        print_table(**table)
    provenance = results["provenance"]
    for name, broken in provenance["skipped"].items():
        print(f"{name}: {len(broken)} unreadable pictures were left out:")
        for line in broken:
            print(f"  {line}")
    for note in position_notes(rows):
        print(note)
    print(
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


def position_tables(rows: _Rows) -> list[dict[str, Any]]:
    """Lay out what runs measured, the papers' numbers beside it.

    Networks that differ in their seed alone are one line: mean and standard
    deviation over seeds, and the interval over pictures of the mean over
    seeds (see `merge_seeds`). Of several heads the first is told in full, the
    others by their scores alone.

    Args:
        rows: As `position_rows` returns them, of runs whose read-outs were
            fitted alike.

    Returns:
        Arguments of `print_table`: for each set of pictures the first head in
        full and the other heads; differences from the first network; pictures
        without content. Lines hold their network's `NETWORK` fields too.
    """
    # Seeds may have other crops; only what is paired needs the same.
    paired = _named(merge_seeds(rows))
    rows = _named(merge_seeds(rows, same_pictures=False))
    targets = list(dict.fromkeys(row["target"] for row in rows))
    heads = list(dict.fromkeys(row["head"] for row in rows))
    tables = []
    for name in dict.fromkeys(map(_pictures, rows)):
        if name[0] in CONTROLS:
            continue
        mine = [row for row in rows if _pictures(row) == name]
        mine.sort(key=lambda row: targets.index(row["target"]))
        tables += [
            *_in_full([row for row in mine if row["head"] == heads[0]]),
            *_other_heads(
                targets, heads, [r for r in mine if r["head"] != heads[0]]
            ),
        ]
    return [
        *tables,
        *_differences(paired, targets, heads),
        *_controls(rows, targets, heads),
    ]


def position_notes(rows: _Rows) -> list[str]:
    """Say what the numbers of `position_tables` are.

    Example:

    >>> position_notes([{"test_set": "photos"}])[0][:25]
    'SPC: Spearman correlation'

    Args:
        rows: As for `position_tables`.

    Returns:
        A few lines.
    """
    return [
        "SPC: Spearman correlation of predicted and true map, mean over "
        "pictures; a constant map scores 0.",
        "paper: Islam et al. (ICLR 2020), VGG16 with ImageNet weights, SGD, "
        "PASCAL-S; its stripes lie in [-1, 1], so their MAE is in other "
        "units.",
        interval_note(row["test_set"] for row in rows),
    ]


def _named(rows: _Rows) -> list[dict[str, Any]]:
    """Rows with their network and head in words.

    Where a network has lines of several seeds, these are told in `seed_words`.
    """
    seeds: dict[tuple, set[tuple]] = {}
    for row in rows:
        mine = seeds.setdefault(network_identity(row), set())
        mine.add(tuple(row["seeds"]))
    apart = {identity for identity, mine in seeds.items() if len(mine) > 1}
    words = unique_network_words(
        {**row, "seed": None} if network_identity(row) in apart else row
        for row in rows
    )
    return [
        {
            **row,
            "network": words[network_identity(row)],
            "head": head_words(row),
            "seed_words": ", ".join(map(str, row["seeds"])) if apart else None,
        }
        for row in rows
    ]


def _seed_column(rows: _Rows) -> list[tuple[str, str]]:
    return [("seed_words", "seeds")] if rows[0]["seed_words"] else []


def _pictures(row: Mapping[str, Any]) -> tuple:
    """What a table's title says of pictures."""
    return row["test_set"], row["images"], row["train_images"]


def _in_full(rows: _Rows) -> list[dict[str, Any]]:
    from keras_padpos import published

    if not rows:
        return []
    shown = []
    for row in rows:
        theirs = published.counterpart(row)
        shown.append(
            {
                **row,
                "spearman": _score(row, "spearman"),
                "mae": _score(row, "mae"),
                "paper": theirs
                and f"{theirs['spearman']:.3f} / {theirs['mae']:.3f} "
                f"({head_words(theirs)}, {theirs['table']})",
            }
        )
    test_set, images, train_images = _pictures(rows[0])
    return [
        {
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
            "rows": shown,
            "notes": [
                "±: standard deviation over seeds; intervals are over pictures."
            ]
            if any(row["seed"] is None for row in rows)
            else [],
        }
    ]


def _other_heads(
    targets: Sequence[str], heads: Sequence[str], rows: _Rows
) -> list[dict[str, Any]]:
    if not rows:
        return []
    cell = "{} / {}".format
    return [
        _by_target(
            f"Other heads on {rows[0]['test_set']}, {_solvers(rows)} solver: "
            "SPC / MAE",
            targets,
            heads,
            rows,
            lambda row: cell(
                score_words(row, "spearman", count=False),
                score_words(row, "mae", count=False),
            ),
        )
    ]


def _differences(
    rows: _Rows, targets: Sequence[str], heads: Sequence[str]
) -> list[dict[str, Any]]:
    """Each network against the first, on photographs."""
    found = network_differences(
        [row for row in rows if row["test_set"] not in CONTROLS]
    )
    return [
        _by_target(
            f"SPC on {test_set} less that of {rows[0]['network']}, picture by "
            "picture, with 95 % interval",
            targets,
            heads,
            [row for row in found if row["test_set"] == test_set],
            _difference,
        )
        for test_set in dict.fromkeys(row["test_set"] for row in found)
    ]


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
        if row["test_set"] in CONTROLS and row["head"] == heads[0]:
            key = row["target"], network_identity(row), *row["seeds"]
            line = lines.setdefault(
                key, _line(row, "target", "network", "head", "seed_words")
            )
            line[row["test_set"]] = _score(row, "spearman")
            counts[row["test_set"]] = row["images"]
    if not lines:
        return []
    return [
        {
            "title": "SPC on pictures without content: "
            + ", ".join(f"{name} ({count})" for name, count in counts.items()),
            "columns": [
                "target",
                "network",
                "head",
                *_seed_column(rows),
                *counts,
            ],
            "rows": sorted(
                lines.values(), key=lambda line: targets.index(line["target"])
            ),
            "notes": ["Other heads: see results.json."]
            if len(heads) > 1
            else [],
        }
    ]


def _line(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row.get(name) for name in (*NETWORK, *names)}


def _score(row: Mapping[str, Any], metric: str) -> float | str:
    """A number as it is, so that it stands on the right; seeds in words."""
    if row["seed"] is not None:
        return row[metric]
    return score_words(row, metric)


def _difference(row: Mapping[str, Any]) -> str:
    interval = row["difference_ci95"]
    words = f"{row['difference']:+.3f}"
    if interval:
        words += f" [{interval[0]:+.3f}, {interval[1]:+.3f}]"
    return words


def _solvers(rows: _Rows) -> str:
    return ", ".join(dict.fromkeys(row["solver"] for row in rows))
