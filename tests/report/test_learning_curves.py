import re

import pytest

from keras_padpos.report.curves import HEIGHT
from keras_padpos.report.curves import WIDTH
from keras_padpos.report.curves import curve_plot
from keras_padpos.report.curves import learning_curves


def lines(values, unit="a", time="epoch", **more):
    return [
        {"unit": unit, time: number, "loss": value, **more}
        for number, value in enumerate(values)
    ]


def test_a_panel_for_each_number_and_a_curve_for_each_unit():
    panels = learning_curves(
        [
            {**line, "accuracy": 1 - line["loss"]}
            for unit in ("net-seed0", "net-seed1", "other")
            for line in lines([0.5, 0.4, 0.2], unit)
        ]
    )
    assert [panel.metric for panel in panels] == ["loss", "accuracy"]
    curves = panels[0].curves
    assert [curve.label for curve in curves] == [
        "net-seed0",
        "net-seed1",
        "other",
    ]
    assert [curve.family for curve in curves] == ["net", "net", "other"]
    assert curves[0].points == ((0, 0.5), (1, 0.4), (2, 0.2))


def test_strings_tell_curves_apart_and_steps_come_before_epochs():
    logged = [
        {"unit": "u", "head": head, "step": 10 * step, "epoch": 0, "loss": step}
        for head in ("1x1", "3x3")
        for step in range(3)
    ]
    (panel,) = learning_curves(logged)
    assert panel.time == "step"
    assert [curve.label for curve in panel.curves] == ["1x1", "3x3"]


@pytest.mark.parametrize(
    "logged",
    [
        [],
        lines([0.5]),
        lines([0.5, 0.5]),
        lines([None, None]),
        lines([True, False]),
        lines([0.1, 0.2], time="pass"),
        lines([10**400, 2]),
        lines([float("nan"), 1.0]),
        [{"epoch": "a", "loss": 1}, {"epoch": [1], "loss": 2}],
    ],
)
def test_what_is_no_curve_is_not_drawn(logged):
    assert learning_curves(logged) == []


def test_long_curves_keep_their_ends():
    (panel,) = learning_curves(lines([0.5**n for n in range(5000)]))
    (curve,) = panel.curves
    assert len(curve.points) == 300
    assert (curve.points[0][0], curve.points[-1][0]) == (0, 4999)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3],
        [-1.0, 1.0],
        [1e-8, 1.0, 1e8],
        [5e-324, 1e-323],
        [1e299, -1e299],
        [1.0, 1.0 + 1e-15],
        [0.0, 1e-300],
        [1e299, 1e299 * (1 + 1e-12)],
    ],
)
def test_all_is_drawn_within_the_picture(values):
    (panel,) = learning_curves(lines(values))
    plot = curve_plot(panel)
    left, top, right, bottom = plot["frame"]
    ((_, points, _),) = plot["lines"]
    numbers = [tuple(map(float, p.split(","))) for p in points.split()]
    assert len(numbers) == len(values)
    for x, y in numbers:
        assert left <= x <= right <= WIDTH
        assert top <= y <= bottom <= HEIGHT
    # Larger values are higher.
    order = sorted(range(len(values)), key=lambda n: values[n])
    heights = [numbers[n][1] for n in order]
    assert heights == sorted(heights, reverse=True)
    assert all(left <= x <= right for x, _ in plot["x_ticks"])
    assert all(top <= y <= bottom for y, _ in plot["y_ticks"])


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 10], ["0", "2", "4", "6", "8", "10"]),
        ([0.01, 100], ["0.01", "0.1", "1", "10", "100"]),
        ([1, 60], ["1", "2", "5", "10", "20", "50"]),
    ],
)
def test_ticks_are_round(values, ticks):
    (panel,) = learning_curves(lines(values))
    plot = curve_plot(panel)
    assert [label for _, label in plot["y_ticks"]] == ticks
    assert ("(log)" in plot["title"]) == (values[0] > 0)


def test_colours_are_those_of_families():
    logged = [
        line
        for mode in ("zeros", "reflect")
        for seed in range(3)
        for line in lines([1 + seed, 0.5], f"{seed}-net-{mode}-seed{seed}")
    ]
    (panel,) = learning_curves(logged)
    plot = curve_plot(panel)
    assert [colour for colour, _, _ in plot["lines"]] == [0, 0, 0, 1, 1, 1]
    # What both have in common tells nothing.
    assert plot["legend"] == [(0, "zeros"), (1, "reflect")]
    assert plot["note"] == ""


def test_more_families_than_colours_are_said():
    logged = [
        line for n in range(9) for line in lines([n, 0.5], f"unit{chr(65 + n)}")
    ]
    (panel,) = learning_curves(logged)
    plot = curve_plot(panel)
    assert plot["legend"] == []
    assert re.search("9 kinds", plot["note"])
