import io
import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_padpos.report.curves import draw_curves
from keras_padpos.report.curves import learning_curves
from keras_padpos.report.style import MODE_STYLES


def lines(values, unit="a", time="epoch", **more):
    return [
        {"unit": unit, time: number, "loss": value, **more}
        for number, value in enumerate(values)
    ]


def test_a_panel_for_each_number_and_a_curve_for_each_unit():
    units = ("net-seed0", "net-seed1", "other")
    time, panels = learning_curves(
        [
            {**line, "accuracy": 1 - line["loss"]}
            for unit in units
            for line in lines([0.5, 0.4, 0.2], unit)
        ]
    )
    assert (time, list(panels)) == ("epoch", ["loss", "accuracy"])
    assert panels["loss"] == {unit: {0: 0.5, 1: 0.4, 2: 0.2} for unit in units}


def test_strings_tell_curves_apart_and_steps_come_before_epochs():
    logged = [
        {"unit": "u", "head": head, "step": 10 * step, "epoch": 0, "loss": step}
        for head in ("1x1", "3x3")
        for step in range(3)
    ]
    time, panels = learning_curves(logged)
    assert (time, list(panels["loss"])) == ("step", ["1x1", "3x3"])


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
    assert draw_curves(logged) is None


@pytest.fixture
def figure(monkeypatch):
    """Draws lines; returns the figure, its title and its size in pixels."""
    figures = []
    save = Figure.savefig

    def keep(figure, *args, **options):
        figures.append(figure)
        return save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", keep)

    def draw(logged):
        title, content = draw_curves(logged)
        with Image.open(io.BytesIO(content)) as image:
            assert len(np.unique(np.asarray(image.convert("L")))) > 2
        return figures[-1], title

    return draw


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 2, 3], "linear"),
        ([-1.0, 1.0], "linear"),
        ([1e-8, 1.0, 1e8], "log"),
        ([1, 60], "log"),
        ([0.0, 1e-300], "linear"),
        ([5e-324, 1e-323], "linear"),
        ([1e199, -1e199], "linear"),
        ([1e-300, 1e199], "linear"),
        ([1.0, 1.0 + 1e-15], "linear"),
    ],
)
def test_all_is_drawn(figure, values, scale):
    drawn, title = figure(lines(values))
    (axis,) = drawn.axes
    ((line,), low, high) = axis.get_lines(), *axis.get_ylim()
    assert line.get_xydata().tolist() == [list(p) for p in enumerate(values)]
    assert low <= min(values) and max(values) <= high
    assert axis.get_yscale() == scale
    assert title == "loss against epoch"


def test_numbers_that_are_not_drawn_are_counted(figure):
    numbers = "abcdefgh"
    drawn, title = figure(
        [{"epoch": n, **dict.fromkeys(numbers, n)} for n in range(2)]
    )
    assert title == "a, b, c, d, e, f against epoch; 2 more are not drawn"
    assert [axis.get_ylabel() for axis in drawn.axes] == [*numbers[:6]]


def test_colours_are_those_of_families(figure):
    logged = itertools.chain(
        *(
            lines([1 + seed, 0.5], f"{seed}-{mode}-$net\x07-seed{seed}")
            for mode in ("zeros", "\u4e00")
            for seed in range(3)
        )
    )
    drawn, _ = figure(list(logged))
    colours = [line.get_color() for line in drawn.axes[0].get_lines()]
    zeros, other = colours[0], colours[3]
    assert zeros == MODE_STYLES["zeros"].color != other
    assert colours == [zeros] * 3 + [other] * 3
    (legend,) = drawn.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["zeros-$net?", "\u4e00-$net?"]


def test_more_families_than_fit_have_no_legend(figure):
    logged = [line for n in range(9) for line in lines([n, 0.5], f"unit{n}x")]
    assert figure(logged)[0].legends == []
