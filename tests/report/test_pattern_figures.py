"""The figures of patterns."""

import numpy as np
import pytest
from drawn_figures import DrawnFigures
from example_pattern_run import example_run

from keras_padpos.report.pattern_figures import plot_patterns


@pytest.fixture
def plotted(tmp_path, monkeypatch):
    """Plots rows of the example run, some arrays changed; the figures."""

    def plot(*changes, **arrays):
        (row,), saved = example_run()
        saved |= {f"1/zeros/conv/{name}": arrays[name] for name in arrays}
        figures = DrawnFigures(tmp_path, monkeypatch)
        plot_patterns(figures, [{**row, **each} for each in changes], saved)
        return figures.found

    return plot


def test_several_networks_have_figures_of_their_own(plotted):
    names = set(plotted({}, {"backbone": "vgg19"}))
    assert len(names) == 8
    assert {"1_modes", "2_surface_conv"} <= names


def test_a_network_without_padding_alone_has_no_surface(plotted):
    scores = dict.fromkeys(("relative", "snr"), 0.0)
    names = plotted(
        {"padding_mode": "none", **scores},
        pattern=np.zeros((6, 6)),
        profile=np.zeros(3),
    )
    assert set(names) == {"depth", "modes", "profile"}


@pytest.mark.parametrize("name", ["my conv", "block/conv:0", "conv*"])
def test_any_layer_has_a_figure(name, plotted):
    names = plotted({"layer": name})
    assert len([each for each in names if each.startswith("surface_")]) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e-310])
@pytest.mark.parametrize("everywhere", [False, True])
def test_patterns_that_are_no_numbers_are_drawn(value, everywhere, plotted):
    broken = np.full((4, 4), value) if everywhere else np.eye(4)
    broken[0, 0] = value
    assert "modes" in plotted({"padding_mode": "none"}, pattern=broken)


def test_a_layer_has_one_scale_for_all_modes(plotted):
    figure = plotted(
        {},
        {"padding_mode": "none", "arrays": "1/zeros/conv/other"},
        pattern=np.full((6, 6), 8.0),
        **{"other/pattern": np.zeros((6, 6)), "other/profile": np.zeros(3)},
    )["modes"]
    (first,), (second,) = (axis.get_images() for axis in figure.axes[:2])
    for image in first, second:
        assert (image.norm.vmin, image.norm.vmax) == (8e-4, 8.0)
    assert np.max(first.get_array()) == 8.0
    np.testing.assert_allclose(second.get_array(), 8e-4)


def test_surfaces_show_the_crop_within_its_surround(plotted, monkeypatch):
    from mpl_toolkits.mplot3d import Axes3D

    calls = []
    original = Axes3D.plot_surface

    def keep(self, columns, rows, values, **style):
        calls.append((columns, rows, values))
        return original(self, columns, rows, values, **style)

    monkeypatch.setattr(Axes3D, "plot_surface", keep)
    whole = np.arange(400.0).reshape(20, 20)
    plotted(
        {"reference": "1/zeros/conv/real"},
        features_1=whole[6:14, 4:12],
        features_2=whole[6:14, 4:12],
        pattern=np.ones((8, 8)),
        **{
            "real/features_1": whole,
            "real/features_2": whole,
            "real/place": np.array([[6, 14], [4, 12]]),
        },
    )
    *_, apron, crop, pattern = calls
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
