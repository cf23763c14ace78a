"""The tables that `padding_pattern` prints."""

import math
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from keras_padpos.report.cells import print_table
from keras_padpos.report.names import pattern_networks
from keras_padpos.runs.work_directory import WorkDirectory

PATTERN_NOTES = (
    "D: features with padding less those computed from real neighbours, O; "
    "E: mean over crops; |.|: mean over positions and channels.",
    "of noise: |E[D]| of a D whose mean is 0: what is not well above it "
    "falls with more pictures. SNR: mean of E[D]² / mean of Var(O), "
    "unbiased: from both halves of the pictures. border, centre: |E[D]| "
    "at the outermost and innermost positions. All figures, the mean of "
    "ratios among them: results.json.",
    "These definitions are ours; those of Lin et al. could not be read. "
    "Intervals: jackknife over pictures.",
)
"""What stands in the tables."""


def print_pattern_report(work: WorkDirectory) -> None:
    """Print what a finished run measured, a table for each network.

    Example:

    >>> import tempfile
    >>> row = {"backbone": "vgg16", "weights": "bundled", "seed": 0,
    ...        "padding_mode": "zeros", "layer": "conv", "images": 2,
    ...        "pictures": 2, "crop": 8, "activation": "after",
    ...        "image_set": "noise", "mae": 0.5}
    >>> about = {"machine": {"line": "1 core"}, "wall_seconds": 1,
    ...          "skipped": {}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "padding_pattern", {})
    ...     work.write_results([row], about)
    ...     print_pattern_report(work)  # doctest: +ELLIPSIS
    vgg16 (HED): pattern of padding at layers after their activation, 2 crops...

    Args:
        work: The run's directory.

    Raises:
        InputError: If results.json cannot be read.
    """
    results = work.load_results()
    for table in pattern_tables(results["rows"]):
        print_table(**table)
        print()
    provenance = results["provenance"]
    for name, broken in provenance["skipped"].items():
        print(f"{name}: {len(broken)} pictures were left out:")
        for line in broken:
            print(f"  {line}")
    for note in PATTERN_NOTES:
        print(note)
    print(
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


def pattern_tables(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay out what runs measured, a table for each network and set of crops.

    Args:
        rows: Rows of `padding_pattern`, of one or more runs.

    Returns:
        Arguments of `print_table`; `PATTERN_NOTES` says what stands in them.
    """
    tables = []
    for name, mine in pattern_networks(rows).items():
        for crops in dict.fromkeys(map(_crops, mine)):
            activation, images, crop, pictures, image_set = crops
            tables.append(
                {
                    "title": f"{name}: pattern of padding at layers "
                    f"{activation} their activation, {images} crops of "
                    f"{crop}x{crop} out of {pictures} pictures, {image_set}",
                    "columns": [
                        "layer",
                        ("padding_mode", "padding"),
                        ("mae", "|E[D]|"),
                        ("mae_noise", "of noise"),
                        ("mae_per_image", "E|D|"),
                        ("relative", "/ std(O)"),
                        ("relative_ci95", "95 %"),
                        ("of_means", "SNR, dB"),
                        ("of_means_ci95", "95 %"),
                        ("of_means_unbiased", "unbiased"),
                        ("border", "border"),
                        ("centre", "centre"),
                    ],
                    "rows": [
                        _shown(row) for row in mine if _crops(row) == crops
                    ],
                }
            )
    return tables


def _crops(row: Mapping[str, Any]) -> tuple:
    return tuple(
        row[name]
        for name in ("activation", "images", "crop", "pictures", "image_set")
    )


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row in words, all figures to three digits."""
    low, high = row.get("snr_of_means_ci95") or (None, None)
    return {
        **row,
        **{
            name: _digits(row.get(name))
            for name in (
                "mae",
                "mae_noise",
                "mae_per_image",
                "relative",
                "border",
                "centre",
            )
        },
        "relative_ci95": _between(row.get("relative_ci95"), _digits),
        "of_means": _decibels(row.get("snr_of_means")),
        "of_means_ci95": _between((low, high) if low else None, _decibels),
        "of_means_unbiased": _decibels(row.get("snr_of_means_unbiased")),
    }


def _digits(value):
    return None if value is None else f"{value:.3g}"


def _decibels(value):
    """A ratio; one that is not positive has no logarithm."""
    if value is None:
        return None
    return f"{10 * math.log10(value):.1f}" if value > 0 else "-inf"


def _between(interval, words):
    return interval and f"{words(interval[0])} to {words(interval[1])}"
