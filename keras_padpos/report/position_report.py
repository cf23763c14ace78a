"""The tables of `position_probe`, the papers' numbers beside."""

from typing import Any

from keras_padpos import published
from keras_padpos.published import CONTROLS
from keras_padpos.report import seeds
from keras_padpos.report.cells import counted
from keras_padpos.report.names import NETWORK
from keras_padpos.report.names import head_label
from keras_padpos.report.names import network_identity
from keras_padpos.report.names import network_labels
from keras_padpos.report.style import MODE_LABELS
from keras_padpos.report.table import Row
from keras_padpos.report.table import Rows
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

_MOST_SENTENCES = 2

# What a table's title says of pictures.
_PICTURES = ("test_set", "images", "train_images")


def position_tables(rows: Rows) -> list[dict[str, Any]]:
    """Lay out what runs measured, the papers' numbers beside it.

    Networks that differ in their seed alone are one line: mean and standard
    deviation over seeds, and the interval over pictures of the mean over
    seeds. Of several heads the first is shown in full, the others by their
    scores alone.

    Args:
        rows: As `position_rows` returns them, of runs whose probes were
            fitted alike.

    Returns:
        Arguments of `print_table`: for each set of pictures the first head in
        full and the other heads; differences from the first network; pictures
        without content. Lines hold their network's `NETWORK` fields too.
    """
    # Seeds may have other crops; only what is paired needs the same.
    paired = _labelled(seeds.merge_seeds(rows))
    rows = _labelled(seeds.merge_seeds(rows, same_pictures=False))
    targets, heads = values_of(rows, "target"), values_of(rows, "head")

    def by_target(title, rows, cell):
        """One line a head and network, grouped by head; one column a target."""
        rows = sorted(rows, key=lambda row: heads.index(row["head"]))
        return _across(
            title, ["head", "network"], rows, "target", targets, cell
        )

    photographs = [row for row in rows if row["test_set"] not in CONTROLS]
    less_zeros = {
        _line(row): _difference(row)
        for row in seeds.zeros_differences(
            [row for row in paired if row["test_set"] not in CONTROLS]
        )
    }
    tables = []
    for (test_set, *_), own in grouped(photographs, _PICTURES).items():
        own.sort(key=lambda row: targets.index(row["target"]))
        first = [row for row in own if row["head"] == heads[0]]
        others = [row for row in own if row["head"] != heads[0]]
        if first:
            tables.append(_in_full(first, less_zeros))
        if others:
            title = f"Other heads on {test_set}, {_solvers(others)} solver: "
            tables.append(
                by_target(f"{title}SPC / MAE", others, seeds.scores_text)
            )
    differences = seeds.network_differences(
        [row for row in paired if row["test_set"] not in CONTROLS]
    )
    for (test_set,), own in grouped(differences, ["test_set"]).items():
        title = (
            f"SPC on {test_set} less that of {paired[0]['network']}, picture "
            "by picture, with 95 % interval"
        )
        tables.append(by_target(title, own, _difference))
    controls = [
        row
        for row in rows
        if row["test_set"] in CONTROLS and row["head"] == heads[0]
    ]
    if controls:
        counts = {row["test_set"]: row["images"] for row in controls}
        table = _across(
            "SPC on pictures without content: "
            + ", ".join(f"{name} ({count})" for name, count in counts.items()),
            ["target", "network", "head"],
            sorted(controls, key=lambda row: targets.index(row["target"])),
            "test_set",
            list(counts),
            lambda row: _score(row, "spearman"),
        )
        table["notes"] = ["Other heads: see results.json."] * (len(heads) > 1)
        tables.append(table)
    return tables


def position_conclusion(rows: Rows) -> list[str]:
    """One or two sentences of numbers: what padding tells, for the same rows.

    The mean SPC over the targets, of the first head on the first photographs:
    for each of the first two networks with zeros and with its other padding
    modes. Targets that a mode lacks do not count.
    """
    rows = _labelled(seeds.merge_seeds(rows, same_pictures=False))
    rows = [row for row in rows if row["test_set"] not in CONTROLS]
    rows = [
        row
        for row in rows
        if all(row[name] == rows[0][name] for name in ("head", *_PICTURES))
    ]
    sentences = []
    for own in grouped(rows, ["backbone", "weights", "seed_words"]).values():
        modes = {
            mode: {row["target"]: row["spearman"] for row in same}
            for (mode,), same in grouped(own, ["padding_mode"]).items()
        }
        targets = [
            target
            for target in values_of(own, "target")
            if all(target in scores for scores in modes.values())
        ]
        means = {
            mode: sum(scores[target] for target in targets) / len(targets)
            for mode, scores in modes.items()
            if targets
        }
        zeros = means.get("zeros")
        if zeros is None or len(means) < 2:
            continue
        network = own[0]["network"].rpartition(", ")[0]
        less = ", ".join(
            f"{mean:.3f} with {MODE_LABELS.get(mode, f'{mode} padding')} "
            f"({mean - zeros:+.3f})"
            for mode, mean in means.items()
            if mode != "zeros"
        )
        over = (
            f"mean over {len(targets)} targets" if targets[1:] else targets[0]
        )
        sentences.append(
            f"{network}: SPC ({over.replace('_', ' ')}) {zeros:.3f} with zeros "
            f"padding, {less}."
        )
    return sentences[:_MOST_SENTENCES]


def position_notes(rows: Rows) -> list[str]:
    """What the numbers of `position_tables` are, for the same rows."""
    sizes = sorted({row["size"] for row in rows if row.get("size")})
    seen = [f"Networks see {', '.join(f'{n}x{n}' for n in sizes)} pixels."]
    return [
        *seen * bool(sizes),
        "SPC: Spearman correlation of predicted and true map, mean over "
        "pictures; a constant map scores 0.",
        "paper: Islam et al. (ICLR 2020), VGG16 with ImageNet weights, SGD, "
        "PASCAL-S; its stripes lie in [-1, 1], so their MAE is in other "
        "units.",
        seeds.INTERVAL_NOTE,
    ]


def _labelled(rows: Rows) -> list[dict[str, Any]]:
    """Rows with labels of network and head."""
    own: dict[tuple, set[tuple]] = {}
    for row in rows:
        own.setdefault(network_identity(row), set()).add(tuple(row["seeds"]))
    apart = {identity for identity in own if len(own[identity]) > 1}
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


def _seed_column(rows: Rows) -> list[tuple[str, str]]:
    return [("seed_words", "seeds")] if rows[0]["seed_words"] else []


def _pictures(row: Row) -> str:
    images, photographs = row["images"], row.get("photographs")
    if photographs in (None, images):
        return counted(images, "picture")
    return f"{images} crops of {photographs} photographs"


def _line(row: Row) -> tuple:
    """What a row of `position_tables` is of."""
    names = ("target", "test_set", "seed_words", *seeds.HEAD)
    return (*network_identity(row), *(row[name] for name in names))


def _in_full(rows: Rows, less_zeros: dict[tuple, str]) -> dict[str, Any]:
    test_set, _, train_images = (rows[0][name] for name in _PICTURES)
    several = any(row["seed"] is None for row in rows)
    return {
        "title": f"Position probe on {test_set}: {_pictures(rows[0])}, "
        f"{train_images} to fit on, {_solvers(rows)} solver",
        "columns": [
            "target",
            "network",
            "head",
            *_seed_column(rows),
            ("spearman", "SPC"),
            ("spearman_ci95", "95 % interval"),
            *(
                [("less_zeros", "less that of zeros")]
                if any(_line(row) in less_zeros for row in rows)
                else []
            ),
            ("mae", "MAE"),
            ("chance_mae", "chance MAE"),
            ("paper", "paper: SPC / MAE"),
        ],
        "rows": [
            {
                **row,
                "spearman": _score(row, "spearman"),
                "mae": _score(row, "mae"),
                "less_zeros": less_zeros.get(_line(row)),
                "paper": (theirs := published.counterpart(row))
                and f"{seeds.scores_text(theirs)} ({head_label(theirs)}, "
                f"{theirs['table']})",
            }
            for row in rows
        ],
        "notes": [
            "±: standard deviation over seeds; intervals are over photographs."
        ]
        * several,
    }


def _across(title, by, rows, field, values, cell):
    """A line for what rows have in common, a column for each of `values`."""
    lines = [
        {name: own[0].get(name) for name in (*NETWORK, *by, "seed_words")}
        | {row[field]: cell(row) for row in own}
        for own in grouped(rows, [*by, "seed_words"]).values()
    ]
    shown = [name for name in values if any(name in line for line in lines)]
    return {
        "title": title,
        "columns": [
            *by,
            *_seed_column(rows),
            *((name, name.replace("_", " ")) for name in shown),
        ],
        "rows": lines,
    }


def _score(row: Row, metric: str) -> float | str:
    return seeds.score_cell(row, metric, f" ({len(row['seeds'])} seeds)")


def _difference(row: Row) -> str:
    text = f"{row['difference']:+.3f}"
    if row["difference_ci95"]:
        text += " [{:+.3f}, {:+.3f}]".format(*row["difference_ci95"])
    return text


def _solvers(rows: Rows) -> str:
    return ", ".join(values_of(rows, "solver"))
