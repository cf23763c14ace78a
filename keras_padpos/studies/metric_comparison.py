"""How stable metrics are, and whether they tell padding from none."""

import math
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.read_runs import open_run
from keras_padpos.report.table import Column
from keras_padpos.report.table import Row
from keras_padpos.report.table import Table
from keras_padpos.report.table import digits
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

_FILE = re.compile(r"(?P<model>.+?)-(?P<mode>[a-z_]+)-seed(?P<seed>\d+)")
# Fields that tell position probes, or tests, of one network apart.
_HEAD = ("test_set", "stages", "kernel_size", "head_layers", "head_padding")
_TEST = ("train", "splits")


def comparison_tables(
    paths: Sequence[str], layers: Sequence[str] = ("last",)
) -> list[dict[str, Any]]:
    """Compare the metrics of the networks of finished runs.

    Of `position_probe` PosENet's score, the mean Spearman correlation, for
    each target; of `padding_pattern` the pattern's `relative` and `snr`, of
    `pattern_formation` the same at the last step; of `fconv_tests` the
    accuracy in the four-quadrant test, for each border.

    The bare picture and the red-green test, which is about networks of its
    own, are left out. A network out of a file is known by the file's name,
    `MODEL-MODE-seedN` with anything behind, as `pattern_formation` calls them.

    Args:
        paths: Directories of finished runs of these experiments.
        layers: Layers at which patterns are taken: names, `["all"]`, or
            `["last"]`, the last of each network.

    Returns:
        Arguments of `print_table`, two tables for each model.

    Raises:
        InputError: If a run is of another experiment or not finished, a
            file's name tells no mode and seed, two rows give one metric of
            one network, or nothing is left.
    """
    rows: dict[tuple, Row] = {}
    for path in paths:
        run = open_run(path, *_READERS)
        read = _READERS[run.experiment]
        for network, metric, value in read(run.rows, tuple(layers)):
            model, mode, seed = network
            if (*network, metric) in rows:
                raise InputError(
                    f"Two rows give {metric} of {model}, padding {mode}, seed "
                    f"{seed}; the second is in {str(run.path)!r}. Leave one "
                    "run out."
                )
            row = {"model": model, "padding_mode": mode}
            rows[*network, metric] = {**row, "metric": metric, "value": value}
    if not rows:
        raise InputError(
            "The runs hold no metric of a network (at --layers="
            f"{','.join(layers)}). Received: {', '.join(map(str, paths))}"
        )
    tables = [
        laid_out
        for of_model in grouped(rows.values(), ["model"]).values()
        for table in (_SCORES, _COMPARED)
        for laid_out in table.lay_out(of_model)
    ]
    tables[-1]["notes"] = _NOTES
    return tables


def _probe_metrics(rows, layers):
    rows = [row for row in rows if row["backbone"] != "rgb"]
    for row in rows:
        name = _metric(f"PosENet SPC, {row['target']}", row, rows, _HEAD)
        yield _network(row), name, row["spearman"]


def _pattern_metrics(rows, layers):
    for row in rows:
        file = row.get("backbone")
        own = [each for each in rows if each.get("backbone") == file]
        chosen = (own[-1]["layer"],) if layers == ("last",) else layers
        if chosen == ("all",) or row["layer"] in chosen:
            for name in ("relative", "snr"):
                yield _network(row), f"PPP {name}, {row['layer']}", row[name]


def _formation_metrics(rows, layers):
    last = max((row["step"] for row in rows), default=None)
    rows = [row for row in rows if row["step"] == last]
    return _pattern_metrics(rows, layers)


def _quadrant_metrics(rows, layers):
    rows = [row for row in rows if row["test"] == "four_quadrants"]
    for row in rows:
        name = f"F-Conv quadrants, border {row['border']}"
        yield _network(row), _metric(name, row, rows, _TEST), row["accuracy"]


_READERS = {
    "position_probe": _probe_metrics,
    "padding_pattern": _pattern_metrics,
    "pattern_formation": _formation_metrics,
    "fconv_tests": _quadrant_metrics,
}


def _metric(name, row, rows, fields):
    """A metric's name, with what tells it from others of the run."""
    differing = [
        f"{field.replace('_', ' ')} {row[field]}"
        for field in fields
        if len({str(each[field]) for each in rows}) > 1
    ]
    return ", ".join([name, *differing])


def _network(row):
    """Model, padding mode and seed."""
    mode = row["padding_mode"]
    if "backbone" not in row:
        return row["model"], mode, row["seed"]
    if not str(row["backbone"]).endswith(".keras"):
        mode = "zeros" if mode == "own" else mode
        return f"{row['backbone']} ({row['weights']})", mode, row["seed"]
    name = PurePath(row["backbone"]).name
    parts = _FILE.match(name)
    if not parts:
        raise InputError(
            "The file of a network must be called MODEL-MODE-seedN, such as "
            f"vgg5-zeros-seed0.keras. Received: {name!r}"
        )
    model, trained, seed = parts["model"], parts["mode"], int(parts["seed"])
    if row["weights"] == "random":
        model, seed = f"{model} (random)", row["seed"]
    elif mode not in ("own", trained):
        model = f"{model} trained with {trained}"
    return model, trained if mode == "own" else mode, seed


def _score_columns(rows):
    # What all others are compared with comes last.
    modes = sorted(
        values_of(filter(_has_value, rows), "padding_mode"),
        key=lambda mode: mode == "none",
    )
    return {
        "networks": Column(
            "networks", form=lambda rows: sum(map(_has_value, rows)), rows=True
        ),
        **{
            mode: Column(mode, "value", digits, {"padding_mode": mode})
            for mode in modes
        },
    }


def _has_value(row):
    return row["value"] is not None


def _comparisons(rows):
    """For each metric, its stability and how it tells padding from none."""
    for (model, metric), of_metric in grouped(
        rows, ["model", "metric"]
    ).items():
        groups = grouped(filter(_has_value, of_metric), ["padding_mode"])
        values = {
            mode: np.array([row["value"] for row in group], float)
            for (mode,), group in groups.items()
        }
        none = values.pop("none", np.array([]))
        line = _comparison(list(values.values()), none)
        yield {"model": model, "metric": metric, **line}


def _comparison(padded, none):
    """Texts, of the values of each mode that pads and of those of none."""
    from keras_padpos.metrics import variance_share

    means = np.array([values.mean() for values in padded])
    share = variance_share(padded)
    line = {
        "stability": _stability(padded, means),
        "share": share and _text(share.share, [share.low, share.high]),
    }
    if not len(means) or not len(none):
        return line
    difference, deviation = means.mean() - none.mean(), 0.0
    if min(len(means), len(none)) > 1:
        deviation = math.sqrt((means.var(ddof=1) + none.var(ddof=1)) / 2)
    # All pairs of a network that pads and one that does not.
    pairs = np.sign(np.subtract.outer(np.concatenate(padded), none))
    above = sum(values.min() > none.max() for values in padded)
    below = sum(values.max() < none.min() for values in padded)
    return {
        **line,
        "difference": _text(difference, deviation and _welch(means, none)),
        "standardised": _text(difference / deviation) if deviation else None,
        "higher": _text(np.mean((pairs + 1) / 2)),
        "sides": f"{above}, {below} of {len(padded)}",
    }


def _text(value, interval=None):
    ends = " ({:.3g} to {:.3g})".format(*interval) if interval else ""
    return f"{value:.3g}{ends}"


def _stability(padded, means):
    """Deviation over seeds over the range of modes, with its interval."""
    freedom = sum(len(values) - 1 for values in padded)
    if not freedom or not np.ptp(means):
        return None
    # Half a second that no binary's --help should take.
    from scipy import stats

    squares = sum(np.square(v - v.mean()).sum() for v in padded)
    stability = math.sqrt(squares / freedom) / np.ptp(means)
    # Of the pooled variance over the true one.
    tails = stats.chi2.ppf([0.975, 0.025], freedom) / freedom
    return _text(stability, list(stability / np.sqrt(tails)))


def _welch(means, none):
    """Interval of a difference of means; one sample may be all alike."""
    from scipy import stats

    if np.ptp(means) and np.ptp(none):
        test = stats.ttest_ind(means, none, equal_var=False)
    else:
        alike = (means, none[0]) if np.ptp(means) else (means[0], none)
        test = stats.ttest_1samp(np.subtract(*alike), 0.0)
    return list(test.confidence_interval(0.95))


_SCORES = Table(
    lambda rows: (
        f"{rows[0]['model']}: what each metric says of each padding mode"
    ),
    {"metric": "metric"},
    _score_columns,
)
_COMPARED = Table(
    lambda rows: (
        f"{rows[0]['model']}: how stable metrics are, and whether "
        "they tell padding from none"
    ),
    {"metric": "metric"},
    {
        name: Column(heading, name)
        for name, heading in {
            "stability": "stability (95 %)",
            "share": "between modes (95 %)",
            "difference": "padding less none (95 %)",
            "standardised": "standardised",
            "higher": "pads higher",
            "sides": "modes above, below",
        }.items()
    },
    derive=_comparisons,
)
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
