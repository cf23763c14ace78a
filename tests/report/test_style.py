"""The style of figures, and the files that they become."""

import itertools

from PIL import Image

from keras_padpos import padding
from keras_padpos.choices import FURTHER_MODES
from keras_padpos.choices import PER_AXIS
from keras_padpos.report.figure import lines_figure
from keras_padpos.report.figure import map_panels
from keras_padpos.report.style import MODE_STYLES
from keras_padpos.report.style import line_styles
from keras_padpos.report.style import mode_lines


def test_every_mode_has_a_colour_and_a_marker_of_its_own():
    modes = {*padding.names(), *FURTHER_MODES, "none", "reference"}
    assert modes <= set(MODE_STYLES)
    for part in ("color", "marker"):
        parts = [getattr(style, part) for style in MODE_STYLES.values()]
        assert len(set(parts)) == len(parts)


def test_modes_look_the_same_in_every_figure():
    few = mode_lines(["none", "replicate", "zeros+circular"])
    modes = ["zeros", "zeros+circular", "replicate", "circular", "none"]
    for mode, style in mode_lines(modes).items():
        if mode in few:
            assert style == few[mode]


def test_no_two_lines_look_alike():
    labels = {f"{net} {mode}": mode for net in "abc" for mode in MODE_STYLES}
    for mode in map("+".join, itertools.permutations(PER_AXIS, 2)):
        labels[mode] = mode
    labels |= {"head": None, "rgb": None, "own mode": "replicate,circular"}
    seen = ("color", "marker", "linestyle", "fillstyle")
    looks = [
        tuple(style[name] for name in seen)
        for style in line_styles(labels).values()
    ]
    assert len(set(looks)) == len(looks)


def test_a_figure_is_a_picture_and_a_pdf_without_a_date(tmp_path):
    for name in "ab":
        with lines_figure(tmp_path / f"{name}.png", "Two\nlines") as axis:
            axis.plot([1, 2])
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(files) == ["a.pdf", "a.png", "b.pdf", "b.png"]
    assert files["a.pdf"] == files["b.pdf"]
    assert b"CreationDate" not in files["a.pdf"]
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.text["Title"] == "Two lines"


def test_a_map_off_the_scale_says_so(tmp_path):
    maps = {"zeros": [[0.0, 0.5]], "none": [[1234.0, -1.0]]}
    for limits, expected in (
        ((0, 1), ["50 % > 1\n50 % < 0"]),
        ((0.000787, 567.4), ["50 % > 567\n50 % < 0.00079"]),
    ):
        with map_panels(
            tmp_path / "maps.png", "Maps", maps, limits=limits
        ) as panels:
            texts = [
                [text.get_text() for text in axis.texts] for axis in panels
            ]
        assert texts[1] == expected
    assert texts[0] == ["50 % < 0.00079"]
