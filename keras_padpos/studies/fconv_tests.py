"""Whether a network knows where it looks: F-Conv's tests.

`red_green` trains small nets that differ in how they meet the border, on
pictures whose class is an order of colours and a position besides.
`four_quadrants` asks how far from the border a network can still tell in which
corner of a canvas a picture stands. Printed beside the paper's numbers.
"""

import functools
import math

import numpy as np

from keras_padpos.choices import FURTHER_MODES
from keras_padpos.choices import PER_AXIS
from keras_padpos.report._paper_differences import FCONV_KEYS
from keras_padpos.report._paper_differences import fconv_counterpart
from keras_padpos.report.table import SEEDS
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import grouped
from keras_padpos.report.table import percent
from keras_padpos.runs.flags import MOST_SEEDS
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import _four_quadrants
from keras_padpos.studies import _red_green
from keras_padpos.studies.networks import MODE_TEXT
from keras_padpos.studies.networks import padding_modes
from keras_padpos.studies.study import Study

_TESTS = {"red_green": _red_green, "four_quadrants": _four_quadrants}

_FLAGS = {
    "test": Flag(
        ["red_green"],
        "Tests: red_green, four_quadrants.",
        choices=list(_TESTS),
    ),
    "splits": Flag(
        ["released", "disjoint"],
        "Sets: released (validation and test pictures are among those of the "
        "training), disjoint (no picture is in two sets).",
        choices=["released", "disjoint"],
    ),
    "seeds": Flag(
        10,
        "Number of seeds, from --seed on, of initial weights and of the order "
        "of the examples.",
        least=1,
        most=MOST_SEEDS,
    ),
    "padding_mode": Flag(
        ["zeros", "circular"],
        "What added cells hold, with same and full convolutions and in "
        f"networks: {MODE_TEXT}; for four_quadrants also own (as the network "
        "has it), interpolate and none.",
        choices=[*padding_modes(own=True), *FURTHER_MODES],
        per_axis=PER_AXIS,
        crossed=True,
    ),
    "epochs": Flag(
        None,
        "Passes over the training pictures, at most. If not given: as "
        "released, 50 for red_green, 30 for four_quadrants.",
        type=int,
        least=1,
    ),
    **_red_green.FLAGS,
    **_four_quadrants.FLAGS,
}


def _sets(run):
    if "four_quadrants" in run.settings.test:
        return _four_quadrants.sets(run)
    return {}


def _plans(run):
    """The networks of each test, each with each seed."""
    settings = run.settings
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {"test": name, **plan, "seed": seed}
        for name, test in _TESTS.items()
        if name in settings.test
        for plans in [test.plans(run)]
        for seed in range(settings.seed, settings.seed + settings.seeds)
        for plan in plans
    ]


def _label(plan):
    return "-".join(
        f"{name}{value}" if name in ("border", "seed") else value
        for name, value in plan.items()
    )


def _amount(run, plan):
    return _TESTS[plan["test"]].amount(run, plan)


def _measure(run, plan, unit):
    return _TESTS[plan["test"]].measure(run, plan, unit), {}


# Points within which a number counts as the paper's.
_MARGIN = 3


def _once(test, rows):
    """Rows of one test, those of a seed that several runs have once."""
    groups = grouped(
        (row for row in rows if row["test"] == test),
        [*FCONV_KEYS[test], "seed"],
    )
    return [group[0] for group in groups.values()]


def _interval(rows):
    """Of the mean, over seeds; accuracies end at 0 and 100."""
    if len(rows) < 2:
        return None
    from scipy import stats

    values = [100 * row["accuracy"] for row in rows]
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = error * float(stats.t.ppf(0.975, len(values) - 1))
    mean = float(np.mean(values))
    return f"[{max(0, mean - reach):.1f}, {min(100, mean + reach):.1f}]"


def _paper(rows):
    paper = fconv_counterpart(rows[0])
    if not paper:
        return None
    deviation = paper.get("accuracy_sd")
    text = f"{paper['accuracy_percent']:.1f}"
    return text if deviation is None else f"{text} ± {deviation:.1f}"


def _less_paper(rows):
    """Rounded as printed, so that a reader finds the same."""
    paper = fconv_counterpart(rows[0])
    if not paper:
        return None
    mean = np.mean([100 * row["accuracy"] for row in rows])
    return round(float(mean) - paper["accuracy_percent"], 1) + 0


_PAPER = {
    "paper": Column("paper", form=_paper, rows=True),
    "less_paper": Column(
        "ours − paper",
        form=lambda rows: (
            None if (less := _less_paper(rows)) is None else f"{less:+.1f}"
        ),
        rows=True,
    ),
    "fits": Column(
        f"within {_MARGIN} points",
        form=lambda rows: (
            None
            if (less := _less_paper(rows)) is None
            else abs(less) <= _MARGIN
        ),
        rows=True,
    ),
}


def _table(test, title, columns=None, notes=(), **headings):
    keys = FCONV_KEYS[test]

    def all_columns(rows):
        interval = Column("95 %", form=_interval, rows=True)
        several = any(len(group) > 1 for group in grouped(rows, keys).values())
        return {
            **(columns or {}),
            **SEEDS,
            "accuracy": Column("accuracy", "accuracy", percent),
            **({"accuracy_ci95": interval} if several else {}),
            **_PAPER,
        }

    return Table(
        title,
        {key: headings.get(key, key) for key in keys},
        all_columns,
        notes=(
            "Accuracy: mean ± standard deviation (n - 1; the paper's: n) over "
            "seeds, 95 %: of the mean, by Student's t over seeds. Paper: "
            "Kayhan and van Gemert (CVPR 2020), whose test pictures are among "
            "those of the training (released).",
            *notes,
        ),
        derive=functools.partial(_once, test),
        shorten=[key for key in keys if key in ("backbone", "weights")],
    )


_TABLES = [
    _table(
        "red_green",
        "Red-green test: accuracy in percent",
        padding_mode="padding",
        test_set="test set",
    ),
    _table(
        "four_quadrants",
        "Four quadrants: accuracy in percent",
        {
            "test_images": Column("pictures", "test_images"),
            "difference": Column(
                "difference",
                "difference",
                lambda values: max(
                    (value for value in values if value is not None),
                    default=None,
                ),
            ),
        },
        notes=[
            "difference: the largest between the features of a picture in its "
            "two corners, in standard deviations of the features."
        ],
        backbone="network",
        padding_mode="padding",
    ),
]


def _figures(work, rows, arrays):
    """Plot the pictures of the one test, and the accuracies of the other."""
    if any(row["test"] == "red_green" for row in rows):
        _red_green.plot(work.figure_path("red_green_examples"))
    quadrants = _once("four_quadrants", rows)
    if quadrants:
        _four_quadrants.plot(work.figure_path("accuracy_by_border"), quadrants)


STUDY = Study(
    name="fconv_tests",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=_plans,
    label=_label,
    amount=_amount,
    noun=lambda plan: _TESTS[plan["test"]].noun(plan),
    measure=_measure,
    tables=_TABLES,
    figures=_figures,
    shared=["test", "splits", "borders"],
)
