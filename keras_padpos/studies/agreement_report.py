"""What `prediction_agreement` prints of its results."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import print_table
from keras_padpos.runs.work_directory import WorkDirectory


def print_agreement_report(work: WorkDirectory) -> None:
    """Print how far predictions with other borders agree.

    Example:

    >>> import tempfile
    >>> row = {"backbone": "mobilenet", "weights": "random", "images": 2,
    ...        "padding_mode": "reflect", "test_set": "photos", "crop": 64,
    ...        "top1_agreement": 0.5, "top1_ci95": [0.0, 1.0],
    ...        "top5_overlap": 0.6, "total_variation": 0.4}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "prediction_agreement", {})
    ...     work.write_results([row], {})
    ...     print_agreement_report(work)  # doctest: +ELLIPSIS
    mobilenet: predictions against those with its own borders
    | padding_mode | same first class | 95 %...

    Args:
        work: The run's directory.

    Raises:
        InputError: If results.json cannot be read.
    """
    for table in agreement_tables(work.load_results()["rows"]):
        (note,) = table["notes"]
        table["notes"] = [f"{note}; results in {work}"]
        print_table(**table)


def agreement_tables(
    rows: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Lay out how far predictions with other borders agree.

    Args:
        rows: Rows of `prediction_agreement`, of one or more runs.

    Returns:
        Arguments of `print_table`, a table for each network and set of crops.
    """
    tables: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        tables.setdefault(_about(row), []).append(row)
    return [
        {
            "title": f"{backbone}: predictions against those with its own "
            "borders",
            "columns": [
                "padding_mode",
                ("top1_agreement", "same first class"),
                ("top1_ci95", "95 %"),
                ("top5_overlap", "shared of first 5"),
                ("total_variation", "total variation"),
            ],
            "rows": mine,
            "notes": [f"{images} crops of {crop} pixels, {test_set}"],
        }
        for (backbone, _, images, crop, test_set), mine in tables.items()
    ]


def _about(row: Mapping[str, Any]) -> tuple:
    return tuple(
        row[name]
        for name in ("backbone", "weights", "images", "crop", "test_set")
    )
