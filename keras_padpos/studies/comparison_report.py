"""Metrics of the same networks side by side, as tables."""

from collections.abc import Sequence
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.cells import format_mean
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import table_markdown
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies._metric_comparison import metric_comparison
from keras_padpos.studies._metric_values import METRIC_RUNS
from keras_padpos.studies._metric_values import MetricValue
from keras_padpos.studies._metric_values import metric_values

_NOTES = (
    "Mean ± standard deviation over seeds. Stability: the deviation over "
    "seeds, pooled over modes that pad, over the range of these modes' means; "
    "less is more stable. Between modes: share of the variance over networks "
    "that pad which lies between modes, not seeds.",
    "Difference: mean over modes that pad less the mean without padding; "
    "standardised by the root of the mean of both variances (of modes' means, "
    "and of seeds without padding). Pads higher: of all pairs of a network "
    "that pads and one that does not, the share in which the one that pads "
    "has the higher value. Above, below: modes all of whose seeds lie on that "
    "side of all networks without padding.",
    "Intervals are 95 %: chi square (stability, the range taken as it is), F "
    "(between modes), Welch (difference).",
)


def open_metric_runs(paths: Sequence[str]) -> list[WorkDirectory]:
    """Open finished runs that hold metrics of networks.

    Args:
        paths: Their directories.

    Returns:
        The work directories.

    Raises:
        InputError: If one is not that of a finished run of `METRIC_RUNS`.
    """
    works = []
    for path in paths:
        reasons = []
        for experiment in METRIC_RUNS:
            try:
                works.append(WorkDirectory.open_finished(path, experiment))
                break
            except InputError as error:
                reasons.append(error)
        else:
            reason = str(reasons[0]).rpartition("(")[2].removesuffix(").")
            raise InputError(
                f"WORKDIR must be that of a finished run of "
                f"{', '.join(METRIC_RUNS)}. Received: {str(path)!r} ({reason})"
            )
    return works


def print_comparison(
    works: Sequence[WorkDirectory], layers: Sequence[str] = ("last",)
) -> None:
    """Print how metrics compare.

    Args:
        works: See `metric_values`.
        layers: See `metric_values`.

    Raises:
        InputError: See `metric_values`.
    """
    for table in comparison_tables(metric_values(works, layers)):
        print_table(**table)
        print()


def comparison_markdown(
    works: Sequence[WorkDirectory], layers: Sequence[str] = ("last",)
) -> str:
    """What `print_comparison` prints, as Markdown.

    Args:
        works: See `metric_values`.
        layers: See `metric_values`.

    Returns:
        The text, without a line break at its end.

    Raises:
        InputError: See `metric_values`.
    """
    return "\n\n".join(
        table_markdown(**table)
        for table in comparison_tables(metric_values(works, layers))
    )


def comparison_tables(values: Sequence[MetricValue]) -> list[dict[str, Any]]:
    """Lay out what `metric_comparison` found.

    Example:

    >>> values = [MetricValue("net", mode, seed, "score", seed + len(mode))
    ...           for mode in ("none", "zeros") for seed in (0, 1)]
    >>> scores, compared = comparison_tables(values)
    >>> scores["rows"][0]["zeros"], compared["rows"][0]["sides"]
    ('5.5 ± 0.71', '0, 0 of 1')

    Args:
        values: See `metric_values`.

    Returns:
        Arguments of `print_table`, two tables for each model.
    """
    lines = metric_comparison(values)
    tables = []
    for model in dict.fromkeys(line["model"] for line in lines):
        mine = [line for line in lines if line["model"] == model]
        modes = dict.fromkeys(mode for each in mine for mode in each["modes"])
        # What all others are compared with comes last.
        modes = sorted(modes, key=lambda mode: mode == "none")
        tables += [
            {
                "title": f"{model}: what each metric says of each padding mode",
                "columns": ["metric", ("networks", "networks"), *modes],
                "rows": [_scores(line) for line in mine],
            },
            {
                "title": f"{model}: how stable metrics are, and whether they "
                "tell padding from none",
                "columns": [
                    "metric",
                    ("stability", "stability (95 %)"),
                    ("share", "between modes (95 %)"),
                    ("difference", "padding less none (95 %)"),
                    "standardised",
                    ("higher", "pads higher"),
                    ("sides", "modes above, below"),
                ],
                "rows": [_comparison(line) for line in mine],
            },
        ]
    if tables:
        tables[-1]["notes"] = _NOTES
    return tables


def _scores(line):
    return {
        "metric": line["metric"],
        "networks": line["networks"],
        **{
            mode: format_mean(mean, sd if mean or sd else None, ".3g", ".2g")
            for mode, (mean, sd, _) in line["modes"].items()
        },
    }


def _comparison(line):
    shown = {"metric": line["metric"]}
    for name in ("stability", "share", "difference"):
        if line[name] is not None:
            shown[name] = f"{line[name]:.3g}"
            if line[f"{name}_ci95"]:
                shown[name] += " ({:.3g} to {:.3g})".format(
                    *line[f"{name}_ci95"]
                )
    for name in ("standardised", "higher"):
        shown[name] = line[name] is not None and f"{line[name]:.3g}" or None
    if line["above"] is not None:
        shown["sides"] = (
            f"{line['above']}, {line['below']} of {line['padding_modes']}"
        )
    return shown
