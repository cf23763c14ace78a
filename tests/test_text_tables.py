"""Tables that are laid out for a width."""

import pytest

from keras_padpos.text_tables import table_lines

HEADINGS = ["target", "network", "head", "SPC", "95 % interval", "MAE"]
ROWS = [
    [target, f"vgg16 (HED), {mode}", "1x1", score, f"[{score}, 0.9]", mae]
    for target, mae in (("horizontal", "0.25"), ("gaussian", "0.19"))
    for mode, score in (("zeros padding", "0.81"), ("no padding", "0.02"))
]
RIGHT = [False, False, False, True, False, True]


def laid(width, rows=ROWS):
    return table_lines(HEADINGS, rows, RIGHT, width)


@pytest.mark.parametrize("width", [24, 30, 40, 50, 60, 70, 80, 90])
def test_no_word_is_broken_and_every_line_fits(width):
    lines = laid(width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for row in (HEADINGS, *ROWS):
        for cell in row:
            assert set(cell.split()) <= {word.strip(";:") for word in words}
    # Nor is an interval.
    assert any("[0.81, 0.9]" in line for line in lines)


def test_a_table_that_fits_is_one_table():
    lines = laid(90)
    assert lines[0].split() == " ".join(HEADINGS).split()
    assert len(lines) == 6
    assert "horizontal" in lines[2] and "1x1" in lines[2]


def test_what_all_rows_share_is_said_once():
    lines = laid(66)
    assert lines[0] == "head: 1x1"
    assert "head" not in lines[1] and len(lines) == 7


def test_a_narrow_table_is_a_block_a_target():
    text = "\n".join(laid(56))
    assert text.count("1x1") == 1
    first, second = text.split("\n\n")
    # What a block shares stands in its heading.
    assert "target: horizontal; MAE: 0.25\nnetwork" in first
    assert second.startswith("target: gaussian; MAE: 0.19\nnetwork")
    assert "vgg16 (HED), zeros padding" in second


def test_columns_are_shown_some_at_a_time_beside_the_names():
    headings = ["network", *"abcdef"]
    rows = [[name, *["0.1 ± 0.2"] * 6] for name in ("zeros", "reflect")]
    rows[1][1:] = ["0.3 ± 0.4"] * 6
    text = "\n".join(table_lines(headings, rows, [False] * 7, 40))
    assert max(map(len, text.split("\n"))) <= 40
    parts = text.split("\n\n")
    assert len(parts) == 2
    for part in parts:
        assert "zeros" in part and "reflect" in part


def test_a_single_row_that_does_not_fit_is_a_paragraph():
    assert laid(30, ROWS[:1])[:3] == [
        "target: horizontal",
        "  network: vgg16 (HED), zeros",
        "  padding",
    ]


def test_long_names_are_broken_where_a_reader_would():
    name = "folder/vgg5-segmentation-random-fcn_skips-places-zeros.keras"
    lines = table_lines(["weights", "SPC"], [[name, "1"]] * 2, [False] * 2, 40)
    assert max(map(len, lines)) <= 40
    (first, *_) = [line for line in lines if "folder" in line]
    assert first.split()[0][-1] in "-_/"
