"""Words of figures are whole, however long the names of networks are."""

import itertools
import re

import pytest
from drawn_figures import DrawnFigures
from example_pattern_run import example_run
from finished_probe import made_arrays
from finished_probe import probe_row
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import figure_title
from keras_padpos.report.figure import fit_text
from keras_padpos.report.figure import wrap_text
from keras_padpos.report.pattern_figures import plot_patterns
from keras_padpos.report.position_figures import draw_position_figures

LONG = (
    "folder/1-vgg5-segmentation-random-fcn_skips-places-zeros-seed0-backbone-"
    "226daea8.keras"
)
ENDLESS = "folder/" + "w" * 90 + ".keras"
NETWORKS = {
    "long": (LONG, "file"),
    "two": (LONG, f"{LONG[:-6]}.weights.h5"),
    "endless": (ENDLESS, "file"),
}
TARGETS = ("horizontal", "vertical", "gaussian")


@pytest.fixture
def figures(tmp_path, monkeypatch):
    return DrawnFigures(tmp_path, monkeypatch)


def check(figure):
    """Nothing sticks out of a figure, and titles stand apart."""
    figure.set_dpi(120)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    flat = not any(axis.name == "3d" for axis in figure.axes)
    boxes = {"title": figure._suptitle.get_window_extent(renderer)}
    for number, axis in enumerate(figure.axes):
        if axis.get_title():
            boxes[number] = axis.title.get_window_extent(renderer)
    ends = [boxes["title"].extents]
    if flat:
        ends.append(figure.get_tightbbox(renderer).extents * figure.dpi)
    for left, bottom, right, top in ends:
        assert left >= 0 and bottom >= 0
        assert right <= figure.bbox.width and top <= figure.bbox.height
    for one, other in itertools.combinations(boxes, 2):
        assert not boxes[one].overlaps(boxes[other]), (one, other)


def words_of(figure):
    """All words, without the blanks and breaks between them."""
    found = [figure.get_suptitle()]
    for axis in figure.axes:
        found += [axis.get_title(), axis.get_xlabel(), axis.get_ylabel()]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.get_texts()]
    return re.sub(r"\s", "", " ".join(found))


@pytest.mark.parametrize(
    ("network", "targets"), [("long", 1), ("two", 3), ("endless", 1)]
)
def test_read_outs_are_named_whole(figures, network, targets):
    backbone, weights = NETWORKS[network]
    rows = [
        probe_row(
            0.5, backbone=name, weights=kept, stages=stages, target=target
        )
        for name, kept in ((backbone, weights), ("vgg19", "bundled"))
        for stages in ("all", "1")
        for target in TARGETS[:targets]
    ]
    draw_position_figures(figures, *made_arrays(rows))
    expected = {"predicted_maps", "spc_per_stage"}
    assert set(figures.found) == (
        expected | {"error_maps"} if targets == 3 else expected
    )
    for figure in figures.found.values():
        check(figure)
        assert backbone.split("/")[-1] in words_of(figure)
        if weights.startswith("folder"):
            assert weights.split("/")[-1] in words_of(figure)


MODES = (
    "zeros,reflect,symmetric,replicate,circular,distribution,randn,"
    "random_sides,partial,interpolate,none"
).split(",")


@pytest.mark.parametrize(
    ("network", "layers", "modes"),
    [
        ("long", ["conv"], MODES),
        ("endless", ["a", "b_long-layer/" * 3], MODES[:1]),
    ],
)
def test_patterns_are_named_whole(figures, network, layers, modes):
    backbone, weights = NETWORKS[network]
    (row,), arrays = example_run()
    row = {**row, "backbone": backbone, "weights": weights}
    rows = [
        {**row, "layer": layer, "padding_mode": mode}
        for layer in layers
        for mode in modes
    ]
    plot_patterns(figures, rows, arrays)
    assert {"modes", "profile", "depth"} < set(figures.found)
    for figure in figures.found.values():
        check(figure)
        assert backbone.split("/")[-1] in words_of(figure)
    for axis in figures.found["depth"].axes:
        left, right = axis.get_xlim()
        assert left < 0 and right > len(layers) - 1
        # Points of one mode stand above their layer's name.
        if len(modes) == 1:
            assert left + right == len(layers) - 1
            (line,) = axis.get_lines()[:1]
            assert line.get_xdata().tolist() == list(range(len(layers)))


def test_what_is_short_stays_in_one_line(figures):
    (row,), arrays = example_run()
    plot_patterns(figures, [{**row, "backbone": "vgg16"}], arrays)
    for name in ("modes", "profile", "depth"):
        assert figures.found[name].get_suptitle().count("\n") == 1
    assert figures.found["modes"].get_figheight() == 1.45 + 1.2


def test_columns_of_maps_have_the_targets_names(figures):
    rows = [probe_row(0.5, target=target) for target in TARGETS]
    draw_position_figures(figures, *made_arrays(rows))
    axes = figures.found["predicted_maps"].axes
    titles = [axis.get_title() for axis in axes]
    assert titles == [*TARGETS, *[""] * (len(axes) - 3)]


def test_titles_of_panels_are_whole(figures):
    path = figures.figure_path("panels")
    with figure_panels(path, f"{LONG}, trained {LONG}", columns=2) as panels:
        panels[0, 0].plot([1, 2], label="line")
    check(figures.found["panels"])
    assert figures.found["panels"].get_figheight() > 2.9 + 0.6


@pytest.mark.parametrize("width", [1, 5, 12, 40, 200])
@pytest.mark.parametrize(
    "words", ["", "a b", "one-two,three/four_five six", LONG, "a\n\nb", "  x"]
)
def test_words_are_kept_and_lines_fit(words, width):
    broken = wrap_text(words, width)
    assert re.sub(r"\s", "", broken) == re.sub(r"\s", "", words)
    assert max(map(len, broken.split("\n"))) <= width
    if max(map(len, words.split("\n"))) <= width:
        assert broken == words


def test_lines_are_broken_where_words_are():
    assert wrap_text("one-two_three,four/five six", 8).split("\n") == [
        "one-two_",
        "three,",
        "four/",
        "five six",
    ]
    assert wrap_text("abcdefgh-i", 3) == "abc\ndef\ngh-\ni"


def test_texts_become_as_wide_as_asked_for():
    figure = Figure(figsize=(4, 2))
    FigureCanvasAgg(figure)
    text = figure.suptitle(LONG)
    before = text.get_window_extent().height
    higher = fit_text(text, 2.0)
    box = text.get_window_extent()
    assert 120 < box.width <= 200
    assert (
        higher == pytest.approx((box.height - before) / 100, rel=0.1)
        and higher > 0
    )
    words = text.get_text()
    assert fit_text(text, 2.0) == 0 and text.get_text() == words


def test_a_figure_grows_by_its_title():
    figure = Figure(figsize=(4, 2))
    FigureCanvasAgg(figure)
    figure_title(figure, "short")
    assert figure.get_size_inches().tolist() == [4, 2]
    figure_title(figure, LONG)
    assert figure.get_figwidth() == 4 and figure.get_figheight() > 2.1
