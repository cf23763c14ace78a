"""The tables that `padding_pattern` prints."""

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
                ("mae_ci95", "95 %"),
                ("mae_noise", "noise"),
                ("mae_per_image", "E|D|"),
                ("relative", "relative"),
                ("relative_ci95", "95 %"),
                ("snr_db", "SNR, dB"),
                ("snr", "SNR"),
                ("snr_unbiased", "unbiased"),
                ("snr_of_means", "of means"),
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
        "D: features with padding less those computed from real neighbours; "
        "E: mean over crops; |.|: mean over positions and channels.\n"
        "noise: |E[D]| of a D whose mean is 0; relative: |E[D]| / std(O); "
        "SNR: mean of E[D]² / Var(O); unbiased: from both halves of the "
        "pictures; of means: mean of E[D]² / mean of Var(O).\n"
        "These definitions are ours; those of Lin et al. could not be read. "
        "Intervals: jackknife over pictures.\n"
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


def _shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row whose large ratios take little room."""
    return {
        **row,
        **{
            name: f"{row[name]:.3g}"
            for name in ("snr", "snr_unbiased", "snr_of_means")
            if row.get(name) is not None
        },
        **{
            name: f"{row[name][0]:.3g} to {row[name][1]:.3g}"
            for name in ("mae_ci95", "relative_ci95")
            if row.get(name)
        },
    }
