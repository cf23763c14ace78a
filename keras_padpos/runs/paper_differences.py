"""Our numbers less the papers', cell by cell."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.runs.fit_preference import fit_preference
from keras_padpos.runs.merge_seeds import merge_seeds
from keras_padpos.runs.network_identity import network_identity
from keras_padpos.runs.paper_place import is_at_place
from keras_padpos.runs.paper_place import is_bare
from keras_padpos.runs.paper_place import paper_place
from keras_padpos.runs.position_rows import NETWORK
from keras_padpos.runs.unique_network_words import unique_network_words

_Row = Mapping[str, Any]


def paper_differences(rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """Set each cell of Islam et al.'s tables against what stands for it.

    Which networks of ours stand for which of the paper's is told by
    `published.load_orderings`: VGG16 with any trained weights, say. Any
    photographs stand for PASCAL-S, each set of them on a line of its own.

    Args:
        rows: As `position_rows` returns them.

    Returns:
        In the order of print one row or more for each published cell, with
        `table`, `name` (see `published.load_table`), `model`, `target`, the
        head's fields, `paper_test_set`, `paper_spearman` and `paper_mae`;
        and, `None` where no row of ours stands for it, `network`, in words,
        and its fields; `test_set`, `images`, `train_images`, `solver`,
        `seeds`; `spearman`, `spearman_seed_sd`, `spearman_ci95` over pictures
        (`None` if seeds have other pictures), `mae`, `mae_seed_sd`;
        `spearman_difference` and `mae_difference`, ours less the paper's; and
        `mae_factor`, what our MAE is multiplied by for that: 2 for stripes in
        [0, 1], since the paper's lie in [-1, 1]. Of several fits of one
        read-out the exact one is taken, then the one that saw most positions
        (see `fit_preference`), then most pictures.
    """
    from keras_padpos import published

    ours = merge_seeds(rows, same_pictures=False)
    words = unique_network_words({**row, "seed": None} for row in ours)
    stand_ins = {
        model: about["fits"]
        for model, about in published.load_orderings().models.items()
    }
    found = []
    for table in published.read_out_tables().values():
        for cell in table.rows:
            about = {
                "name": table.name,
                "table": table.table,
                **{
                    key: cell[key]
                    for key in (
                        "model",
                        "target",
                        "stages",
                        "kernel_size",
                        "head_layers",
                        "head_padding",
                    )
                },
                "bare": is_bare(cell),
                "paper_test_set": cell["test_set"],
                "paper_spearman": cell["spearman"],
                "paper_mae": cell["mae"],
            }
            fitting = _fitting(cell, ours, stand_ins.get(cell["model"]))
            found += [
                {
                    **about,
                    **_ours(row),
                    **_differences(cell, row),
                    "network": words[network_identity(row)],
                }
                for row in fitting
            ] or [{**about, **dict.fromkeys(_OURS)}]
    return found


_COPIED = (
    *NETWORK,
    "test_set",
    "images",
    "train_images",
    "solver",
    "seeds",
    "spearman",
    "spearman_seed_sd",
    "spearman_ci95",
    "mae",
    "mae_seed_sd",
)
_OURS = (
    *_COPIED,
    "network",
    "spearman_difference",
    "mae_difference",
    "mae_factor",
)


def _fitting(cell: _Row, ours: Sequence[_Row], fits: _Row | None):
    """The rows that stand for a cell: for each network and set the best."""
    from keras_padpos import published

    if fits is None:
        return []
    place = paper_place(cell)
    # Whether padding was removed is part of the place.
    fits = {key: fits[key] for key in fits if key != "padding_mode"}
    padded = "rgb" not in fits.values() and not is_bare(cell)
    best: dict[tuple, _Row] = {}
    for row in ours:
        pictures = row["test_set"] if row["test_set"] in CONTROLS else None
        wanted = cell["test_set"] if cell["test_set"] in CONTROLS else None
        if (
            pictures != wanted
            or not is_at_place(row, place)
            or not published.row_fits(row, fits)
            or (padded and row["padding_mode"] != cell["padding_mode"])
        ):
            continue
        key = network_identity(row), row["test_set"]
        best[key] = min(best.get(key, row), row, key=_preference)
    return list(best.values())


def _preference(row: _Row) -> tuple:
    return *fit_preference(row), -row["train_images"]


def _ours(row: _Row) -> dict[str, Any]:
    return {name: row.get(name) for name in _COPIED}


def _differences(cell: _Row, row: _Row) -> dict[str, Any]:
    halved = (
        row["target"].endswith("stripes") and row["target_range"] != "paper"
    )
    factor = 2 if halved else 1
    return {
        "spearman_difference": row["spearman"] - cell["spearman"],
        "mae_difference": factor * row["mae"] - cell["mae"],
        "mae_factor": factor,
    }
