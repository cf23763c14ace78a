"""The figures of patterns."""

import numpy as np
import pytest
from example_pattern_run import example_run

from keras_padpos import runs
from keras_padpos.report.pattern_figures import modes_figure
from keras_padpos.report.pattern_figures import plot_patterns
from keras_padpos.report.pattern_figures import surface_figure


def test_several_networks_have_figures_of_their_own(tmp_path):
    (row,), arrays = example_run()
    second = {**row, "backbone": "vgg19"}
    work = runs.WorkDirectory(tmp_path / "work", "padding_pattern", {})
    plot_patterns(work, [row, second], arrays)
    names = [file.name for file in (work.path / "figures").iterdir()]
    assert len(names) == 8
    assert {"1_modes.png", "2_surface_conv.png"} <= set(names)


def test_a_network_without_padding_alone_has_no_surface(tmp_path):
    (row,), arrays = example_run()
    row |= {
        "padding_mode": "none",
        "relative": 0.0,
        "snr": 0.0,
        "snr_of_means": 0.0,
    }
    arrays["1/zeros/conv/pattern"] = np.zeros((6, 6))
    arrays["1/zeros/conv/profile"] = np.zeros(3)
    work = runs.WorkDirectory(tmp_path / "work", "padding_pattern", {})
    plot_patterns(work, [row], arrays)
    names = sorted(file.name for file in (work.path / "figures").iterdir())
    assert names == ["depth.png", "modes.png", "profile.png"]


@pytest.mark.parametrize("name", ["my conv", "block/conv:0", "conv*"])
def test_any_layer_has_a_figure(name, tmp_path):
    (row,), arrays = example_run()
    work = runs.WorkDirectory(tmp_path / "work", "padding_pattern", {})
    plot_patterns(work, [{**row, "layer": name}], arrays)
    assert len(list((work.path / "figures").glob("surface_*.png"))) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e-310])
def test_patterns_that_are_no_numbers_are_drawn(value, tmp_path):
    broken = np.eye(4)
    broken[0, 0] = value
    for number, maps in enumerate((broken, np.full((4, 4), value))):
        file = tmp_path / f"{number}.png"
        modes_figure(
            file, {("zeros", "conv"): maps}, ["zeros"], ["conv"], "Modes"
        )
        assert file.exists()


def drawn(monkeypatch, name):
    """What a figure hands to Matplotlib's axes."""
    from matplotlib.axes import Axes

    calls = []
    original = getattr(Axes, name)

    def note(self, *args, **kwargs):
        calls.append((args, kwargs))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Axes, name, note)
    return calls


def test_a_layer_has_one_scale_for_all_modes(tmp_path, monkeypatch):
    calls = drawn(monkeypatch, "imshow")
    large, small = np.full((4, 4), 8.0), np.full((4, 4), 0.5)
    modes_figure(
        tmp_path / "modes.png",
        {("zeros", "conv"): large, ("none", "conv"): 0 * small},
        ["zeros", "none"],
        ["conv"],
        "Modes",
    )
    (first, kwargs), (second, _) = calls
    assert (kwargs["norm"].vmin, kwargs["norm"].vmax) == (8e-4, 8.0)
    assert first[0].max() == 8.0
    np.testing.assert_allclose(second[0], 8e-4)


def test_surfaces_show_the_crop_within_its_surround(tmp_path, monkeypatch):
    from mpl_toolkits.mplot3d import Axes3D

    calls = []
    original = Axes3D.plot_surface

    def note(self, columns, rows, values, **style):
        calls.append((columns, rows, values))
        return original(self, columns, rows, values, **style)

    monkeypatch.setattr(Axes3D, "plot_surface", note)
    whole = np.arange(400.0).reshape(20, 20)
    place = np.array([[6, 14], [4, 12]])
    surface_figure(
        tmp_path / "surface.png",
        {2: whole[6:14, 4:12]},
        {2: whole},
        place,
        np.ones((8, 8)),
        "Surface",
    )
    apron, crop, pattern = calls
    # Half the crop's 8 positions around it.
    assert (apron[1].min(), apron[1].max()) == (2, 17)
    assert (apron[0].min(), apron[0].max()) == (0, 15)
    shown = ~np.isnan(apron[2])
    np.testing.assert_array_equal(
        apron[2][shown], whole[apron[1], apron[0]][shown]
    )
    assert not shown[5:11, 5:11].any()
    np.testing.assert_array_equal(crop[2], whole[crop[1], crop[0]])
    assert (pattern[2] == 1).all()
