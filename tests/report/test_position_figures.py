import numpy as np
import pytest
from drawn_figures import DrawnFigures
from finished_probe import made_arrays
from finished_probe import probe_row
from finished_probe import rgb_row
from PIL import Image

from keras_padpos.report import draw_position_figures

CASE_STUDY = ("horizontal", "vertical", "gaussian")


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draws rows, with other arrays if given; returns the figures."""

    def draw(rows, arrays=None):
        figures = DrawnFigures(tmp_path, monkeypatch)
        saved, made = made_arrays(rows, pictures=7)
        draw_position_figures(
            figures, saved, made if arrays is None else arrays(made)
        )
        for name in figures.found:
            with Image.open(tmp_path / f"{name}.png") as figure:
                assert len(np.unique(np.asarray(figure))) > 2
        return figures

    return draw


def _maps(figure):
    """Titles of columns, and lines of maps: arrays and their axes."""
    axes = [axis for axis in figure.axes if axis.get_images()]
    columns = axes[0].get_subplotspec().get_gridspec().ncols
    lines = [axes[n : n + columns] for n in range(0, len(axes), columns)]
    return [axis.get_title() for axis in lines[0]], lines


def _array(axis):
    return np.asarray(axis.get_images()[0].get_array())


def test_only_what_applies_is_drawn(drawn):
    assert set(drawn([probe_row(), rgb_row()]).found) == {"predicted_maps"}


def test_predicted_maps_are_those_of_the_first_head_and_seed(drawn):
    rows = [
        probe_row(0.5),
        probe_row(0.9, kernel_size=7),
        probe_row(0.8, stages="4"),
        probe_row(0.6, weights="random", solver="exact", seed=0),
        probe_row(0.7, weights="random", seed=1),
        probe_row(0.4, test_set="other"),
        rgb_row(0.0, target="vertical"),
    ]
    titles, lines = _maps(drawn(rows).found["predicted_maps"])
    assert titles == ["horizontal"]
    # The bare picture lacks that target.
    assert {axis.get_ylabel(): axis.get_xlabel() for (axis,) in lines} == {
        "target": "",
        "vgg16 (HED)\nzeros padding": "SPC 0.500",
        "vgg16 (random, seed 0)\nzeros padding": "SPC 0.600",
    }
    target = _array(lines[0][0])
    for (axis,) in lines[1:]:
        np.testing.assert_allclose(_array(axis), target + 0.1)
        assert axis.get_images()[0].get_clim() == (0, 1)


def test_stages_of_each_network_are_a_line(drawn):
    rows = [
        probe_row(int(stage) / 10, stages=stage) for stage in ("10", "2", "5")
    ]
    rows += [
        probe_row(0.9),
        # Not on the curve: several stages, another head, another set.
        probe_row(0.1, stages="4,5"),
        probe_row(0.1, stages="3", kernel_size=7),
        probe_row(0.1, stages="3", test_set="black"),
        # Without single stages no line.
        probe_row(0.1, padding_mode="reflect"),
        rgb_row(0.1, stages="1"),
    ]
    rows += [
        probe_row(spearman, stages="4", weights="random", seed=seed)
        for seed, spearman in enumerate([0.2, 0.4])
    ]
    figures = drawn(rows)
    (axis,) = figures.found["spc_per_stage"].axes
    ticks = [tick.get_text() for tick in axis.get_xticklabels()]
    assert ticks == ["2", "4", "5", "10", "all"]
    _, *lines = axis.get_lines()
    # No line leads to all stages together.
    assert [line.get_xydata().round(6).tolist() for line in lines] == [
        [[0, 0.2], [2, 0.5], [3, 1.0]],
        [[4, 0.9]],
        [[1, 0.3]],
    ]
    assert figures.legend("spc_per_stage") == [
        "vgg16 (HED), zeros padding",
        "vgg16 (random), zeros padding",
    ]
    title = figures.found["spc_per_stage"].get_suptitle()
    assert "3x3 head, exact solver" in title


def test_errors_are_the_mean_over_the_three_maps(drawn):
    rows = [
        probe_row(0.5, target=target, kernel_size=size)
        for size in (1, 3)
        for target in CASE_STUDY[: 2 if size == 1 else 3]
    ]
    # One map missing: no column.
    rows += [rgb_row(0.0, target=target) for target in CASE_STUDY[1:]]
    figure = drawn(rows).found["error_maps"]
    titles, lines = _maps(figure)
    assert titles == ["picture", "vgg16 (HED)\nzeros padding"]
    assert "3x3 head" in figure.get_suptitle()
    # By hand: the examples are .1 above and .3 below the target.
    for (picture, error), expected in zip(lines, (0.1, 0.3), strict=True):
        np.testing.assert_array_equal(_array(picture), np.full((8, 8, 3), 7))
        np.testing.assert_allclose(_array(error), np.full((6, 6), expected))


def test_errors_differ_by_map_and_share_one_scale(drawn):
    rows = [
        probe_row(target=target, padding_mode=mode)
        for mode in ("zeros", "reflect")
        for target in CASE_STUDY
    ]

    def arrays(made):
        for number, error in enumerate([0.3, -0.6, 0.0, 90.0, 0.0, 0.0]):
            target = made[f"{number}/target"]
            made[f"{number}/examples"] = target[None] + error
        del made["pictures/photos/test"]
        return made

    titles, ((zeros, reflect),) = _maps(drawn(rows, arrays).found["error_maps"])
    assert "picture" not in titles
    np.testing.assert_allclose(_array(zeros), np.full((6, 6), 0.3))
    np.testing.assert_allclose(_array(reflect), np.full((6, 6), 30.0))
    # One that goes astray leaves the others as they are.
    assert {axis.get_images()[0].get_clim() for axis in (zeros, reflect)} == {
        (0, 0.5)
    }
