"""The tables that `padding_pattern` prints."""

import math
from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.pattern_networks import pattern_networks
from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory


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
        UserError: If results.json cannot be read.
    """
    results = work.load_results()
    for name, rows in pattern_networks(results["rows"]).items():
        row = rows[0]
        print_table(
            f"{name}: pattern of padding at layers {row['activation']} their "
            f"activation, {row['images']} crops of {row['crop']}x"
            f"{row['crop']} out of {row['pictures']} pictures, "
            f"{row['image_set']}",
            [
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
            [_shown(row) for row in rows],
        )
        print()
    provenance = results["provenance"]
    for name, broken in provenance["skipped"].items():
        print(f"{name}: {len(broken)} pictures were left out:")
        for line in broken:
            print(f"  {line}")
    print(
        "D: features with padding less those computed from real neighbours, O; "
        "E: mean over crops; |.|: mean over positions and channels.\n"
        "of noise: |E[D]| of a D whose mean is 0: what is not well above it "
        "falls with more pictures. SNR: mean of E[D]² / mean of Var(O), "
        "unbiased: from both halves of the pictures. border, centre: |E[D]| "
        "at the outermost and innermost positions. All figures, the mean of "
        "ratios among them: results.json.\n"
        "These definitions are ours; those of Lin et al. could not be read. "
        "Intervals: jackknife over pictures.\n"
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
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
