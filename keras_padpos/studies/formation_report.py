"""The tables that `pattern_formation` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import format_mean
from keras_padpos.report.cells import print_table
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies._formation_summary import formation_summary

_WORDS = {
    "relative": "relative pattern, |E[D]| / std(O)",
    "snr_of_means": "signal-to-noise ratio, mean of E[D]² / mean of Var(O)",
}


def print_formation_report(work: WorkDirectory) -> None:
    """Print how patterns changed while networks were trained.

    Example:

    >>> import tempfile
    >>> rows = [
    ...     {"model": "vgg5", "padding_mode": mode, "seed": 0, "step": step,
    ...      "layer": "conv", "test_accuracy": 0.5, "train_images": 8,
    ...      "images": 4, "pictures": 2, "crop": 8, "image_set": "noise",
    ...      "relative": 1.0 + step, "snr_of_means": 1.0}
    ...     for mode in ("zeros", "reflect") for step in (0, 1)
    ... ]
    >>> about = {"machine": {"line": "1 core"}, "wall_seconds": 1,
    ...          "skipped": {}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "pattern_formation", {})
    ...     work.write_results(rows, about)
    ...     print_formation_report(work)  # doctest: +ELLIPSIS
    vgg5: relative pattern, |E[D]| / std(O), before training and after...

    Args:
        work: The run's directory.

    Raises:
        InputError: If results.json cannot be read.
    """
    results = work.load_results()
    for table in formation_tables(results["rows"]):
        print_table(**table)
        print()
    provenance = results["provenance"]
    for name, broken in provenance["skipped"].items():
        print(f"{name}: {len(broken)} pictures were left out:")
        for line in broken:
            print(f"  {line}")
    for note in formation_notes(results["rows"]):
        print(note)
    print(
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


def formation_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay out how patterns changed while networks were trained.

    Args:
        rows: Rows of `pattern_formation`, of one or more runs that differ in
            networks, padding modes and seeds alone.

    Returns:
        Arguments of `print_table`, for each network and figure one table a
        mode and one a layer, whose notes say where the spread comes from.
    """
    return [
        table
        for model in dict.fromkeys(row["model"] for row in rows)
        for figure, words in _WORDS.items()
        for table in _tables(
            model, [row for row in rows if row["model"] == model], figure, words
        )
    ]


def formation_notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the numbers of `formation_tables` are.

    Args:
        rows: As for `formation_tables`.

    Returns:
        A few lines.
    """
    row = rows[0]
    return [
        f"Trained on {row['train_images']} pictures. Pattern: {row['images']} "
        f"crops of {row['crop']}x{row['crop']} out of {row['pictures']} "
        f"pictures, {row['image_set']}, the same for all.",
        "Before and after: mean ± standard deviation over seeds. After / "
        "before: geometric mean over seeds, below over modes; intervals by "
        "Student's t on the logarithm. Of which noise: |E[D]| that there would "
        "be after training without a pattern, over what there is; near 1, the "
        "figures are no more than upper bounds. Between modes: share of the "
        "variance of the logarithm (intraclass correlation), modes without a "
        "pattern left out.",
        "Definitions are ours (see `padding_pattern`); those of Lin et al. "
        "could not be read.",
    ]


def formation_words(line: Mapping[str, Any]) -> str:
    """Say where the spread at one layer comes from.

    Example:

    >>> print(formation_words({
    ...     "layer": "conv", "end_share": 0.9, "end_share_ci95": [0.6, 0.99],
    ...     "end_factor": 3.0, "growth": 2.0, "growth_ci95": [1.5, 2.7],
    ...     "modes": 4}))
    conv: 90 % (60 to 99) of the variance at the end lies between the 4 \
padding modes, the rest between seeds; modes differ by a factor of up to 3, \
training multiplies by 2 (1.5 to 2.7).

    Args:
        line: Out of `layers` of `formation_summary`.

    Returns:
        A sentence.
    """
    low, high = (f"{100 * end:.3g}" for end in line["end_share_ci95"])
    growth = f"{line['growth']:.3g}"
    if line["growth_ci95"]:
        growth += " ({:.3g} to {:.3g})".format(*line["growth_ci95"])
    return (
        f"{line['layer']}: {100 * line['end_share']:.3g} % ({low} to {high}) "
        f"of the variance at the end lies between the {line['modes']} padding "
        "modes, the rest between seeds; modes differ by a factor of up to "
        f"{line['end_factor']:.3g}, training multiplies by {growth}."
    )


def _tables(model, rows, figure, words):
    last = max(row["step"] for row in rows)
    found = formation_summary(rows, figure)
    yield {
        "title": f"{model}: {words}, before training and after {last} steps",
        "columns": [
            "layer",
            ("padding_mode", "padding"),
            "seeds",
            ("start", "before"),
            ("end", "after"),
            ("ratio", "after / before"),
            ("ratio_ci95", "95 %"),
            ("noise", "of which noise"),
            ("accuracy", "test accuracy"),
        ],
        "rows": [{"model": model, **_mode_line(ln)} for ln in found["modes"]],
    }
    yield {
        "title": f"{model}: where the spread of the {words.split(',')[0]} "
        "comes from",
        "columns": [
            "layer",
            ("start_share", "between modes, before"),
            ("end_share", "between modes, after"),
            ("start_factor", "largest / smallest mode, before"),
            ("end_factor", "after"),
            ("growth", "after / before, over modes"),
        ],
        "rows": [{"model": model, **_layer_line(ln)} for ln in found["layers"]],
        "notes": [
            formation_words(line)
            for line in found["layers"]
            if line["end_share"] is not None and line["growth"]
        ],
    }


def _mode_line(line: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **line,
        "start": _mean(line, "start"),
        "end": _mean(line, "end"),
        "accuracy": _mean(line, "accuracy"),
        "noise": line["end_noise"] and f"{line['end_noise']:.2f}",
        "ratio": line["ratio"] and f"{line['ratio']:.3g}",
        "ratio_ci95": _range(line["ratio_ci95"]),
    }


def _layer_line(line: Mapping[str, Any]) -> Mapping[str, Any]:
    shown = {"layer": line["layer"]}
    for name in ("start_share", "end_share", "growth"):
        if line[name] is not None:
            shown[name] = f"{line[name]:.3g}"
            if line[f"{name}_ci95"]:
                shown[name] += f" ({_range(line[f'{name}_ci95'])})"
    for name in ("start_factor", "end_factor"):
        shown[name] = line[name] and f"{line[name]:.3g}"
    return shown


def _mean(line, name):
    mean, sd = line[f"{name}_mean"], line[f"{name}_sd"]
    return format_mean(mean, sd if mean or sd else None, ".3g", ".2g")


def _range(ends):
    return "{:.3g} to {:.3g}".format(*ends) if ends else None
