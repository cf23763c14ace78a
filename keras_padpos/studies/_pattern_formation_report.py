"""How patterns change while networks are trained, as tables."""

import math
import operator

import numpy as np

from keras_padpos.report.table import SEEDS
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import digits
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

_FIELDS = {
    "relative": "relative pattern, |E[D]| / std(O)",
    "snr": "signal-to-noise ratio, mean of E[D]² / mean of Var(O)",
    "snr_unbiased": (
        "split-half signal-to-noise ratio, E[D] of one half of the pictures "
        "times that of the other for E[D]², which noise does not enlarge"
    ),
}

FORMATION_NOTES = (
    "Before and after: mean ± standard deviation over seeds. After / before: "
    "geometric mean over seeds, below over modes; intervals by Student's t on "
    "the logarithm. Of which noise: |E[D]| that there would be after training "
    "without a pattern, over what there is; near 1, the figures are no more "
    "than upper bounds. Between modes: share of the variance of the logarithm "
    "(intraclass correlation), modes without a pattern left out.",
    "Definitions are ours (see `padding_pattern`); those of Lin et al. could "
    "not be read.",
)
"""What stands in the tables."""


def _ends(rows):
    """The rows before and after training, layer by layer."""
    for group in grouped(rows, ["model"]).values():
        steps = values_of(group, "step")
        for layer in values_of(group, "layer"):
            for time, step in (("before", min(steps)), ("after", max(steps))):
                for row in group:
                    if (row["layer"], row["step"]) == (layer, step):
                        yield {**row, "time": time}


def _layers(rows, field):
    """For each layer, how modes differ, and what training changes."""
    from keras_padpos.metrics import variance_share

    for (model, layer), group in grouped(
        _ends(rows), ["model", "layer"]
    ).items():
        modes = [
            mode
            for mode in grouped(group, ["padding_mode"]).values()
            if _changes(mode, field)
        ]
        line = {
            "model": model,
            "layer": layer,
            "modes": len(modes),
            "growth": [np.mean(_changes(mode, field)) for mode in modes],
        }
        for time in ("before", "after"):
            logs = [
                [math.log(row[field]) for row in mode if row["time"] == time]
                for mode in modes
            ]
            means = [np.mean(each) for each in logs]
            line[f"{time}_share"] = variance_share(logs)
            line[f"{time}_factor"] = math.exp(np.ptp(means)) if means else None
        yield line


def _changes(rows, field):
    """Logarithms of after over before, a seed; none if a pattern is 0."""
    before, after = (
        {row["seed"]: row.get(field) for row in rows if row["time"] == time}
        for time in ("before", "after")
    )
    values = [*before.values(), *after.values()]
    if before.keys() != after.keys() or not all(v and v > 0 for v in values):
        return []
    return [math.log(after[seed] / before[seed]) for seed in before]


def _factor(logs):
    return f"{math.exp(np.mean(logs)):.3g}" if logs else None


def _factor_interval(logs):
    """Student's t of a mean of logarithms, as ratios."""
    if len(logs) < 2:
        return None
    # Half a second that no binary's --help should take.
    from scipy import stats

    low = high = logs[0]
    if np.ptp(logs):
        low, high = stats.ttest_1samp(logs, 0.0).confidence_interval(0.95)
    return f"{math.exp(low):.3g} to {math.exp(high):.3g}"


def _noise(row):
    """How much of a pattern's size noise alone would give."""
    size, noise = row.get("mae"), row.get("mae_noise")
    return None if not size or noise is None else noise / size


def _mean_noise(values):
    return None if None in values else f"{np.mean(values):.2f}"


def _share(values):
    (share,) = values
    if share is None:
        return None
    return f"{share.share:.3g} ({share.low:.3g} to {share.high:.3g})"


def _growth(values):
    (logs,) = values
    factor, interval = _factor(logs), _factor_interval(logs)
    return f"{factor} ({interval})" if interval else factor


def _sentences(lines):
    """Where the variance at each layer comes from."""
    return [
        f"{line['layer']}: {100 * share.share:.3g} % ({100 * share.low:.3g} to "
        f"{100 * share.high:.3g}) of the variance at the end lies between the "
        f"{line['modes']} padding modes, the rest between seeds; modes differ "
        f"by a factor of up to {line['after_factor']:.3g}, training multiplies "
        f"by {_growth([line['growth']])}."
        for line in lines
        if (share := line["after_share"]) is not None
    ]


def _tables(field, name):
    """A table with a line for each mode, and one with a line for each layer."""
    before, after = {"time": "before"}, {"time": "after"}

    def changes(form):
        return lambda rows: form(_changes(rows, field))

    yield Table(
        lambda rows: (
            f"{rows[0]['model']}: {name}, before training and after "
            f"{rows[-1]['step']} steps"
        ),
        {"layer": "layer", "padding_mode": "padding"},
        {
            **SEEDS,
            "start": Column("before", field, digits, before),
            "end": Column("after", field, digits, after),
            "ratio": Column("after / before", form=changes(_factor), rows=True),
            "ratio_ci95": Column(
                "95 %", form=changes(_factor_interval), rows=True
            ),
            "noise": Column("of which noise", _noise, _mean_noise, after),
            "accuracy": Column("test accuracy", "test_accuracy", digits, after),
        },
        derive=_ends,
        split=operator.itemgetter("model"),
    )
    yield Table(
        lambda lines: (
            f"{lines[0]['model']}: where the variance of the "
            f"{name.partition(',')[0]} comes from"
        ),
        {"layer": "layer"},
        {
            "start_share": Column(
                "between modes, before", "before_share", _share
            ),
            "end_share": Column("between modes, after", "after_share", _share),
            "start_factor": Column(
                "largest / smallest mode, before", "before_factor", digits
            ),
            "end_factor": Column("after", "after_factor", digits),
            "growth": Column("after / before, over modes", "growth", _growth),
        },
        notes=_sentences,
        derive=lambda rows: _layers(rows, field),
        split=operator.itemgetter("model"),
    )


FORMATION_TABLES = tuple(
    table for field, name in _FIELDS.items() for table in _tables(field, name)
)
"""For each network and figure, a table by mode and one by layer."""
