import pytest

from keras_padpos.published import table_heads
from keras_padpos.published import table_targets


def heads(*args):
    """Stages, kernel size, layers and padding of each head."""
    found = table_heads(*args)
    assert all(
        list(head) == ["stages", "kernel_size", "head_layers", "head_padding"]
        for head in found
    )
    return [tuple(head.values()) for head in found]


# Typed from the printed tables.
PLAIN = ("all", 3, 1, 0)
FOUND = [
    (["1"], "vgg16", "zeros", [PLAIN]),
    (["1"], "rgb", "none", [PLAIN]),
    (["2a"], "vgg16", "zeros", [PLAIN, ("all", 3, 2, 0), ("all", 3, 3, 0)]),
    (["2b"], "rgb", "none", [("all", 1, 1, 0), PLAIN, ("all", 7, 1, 0)]),
    (["3"], "vgg16", "zeros", [(s, 3, 1, 0) for s in [*"12345", "all"]]),
    (["3"], "rgb", "none", []),
    (["4"], "rgb", "none", [PLAIN, ("all", 3, 1, 1), ("all", 3, 1, 2)]),
    (["4"], "resnet50", "reflect", [PLAIN]),
    (["4"], "vgg16", "none", [PLAIN]),
    (["6"], "mobilenet", "zeros", [PLAIN]),
    (["6"], "rgb", "none", []),
    # Table 4 has rows without padding, so nothing else is wanted.
    (["2b", "3", "4"], "vgg16", "none", [PLAIN]),
    (
        ["2b", "4"],
        "vgg16",
        "zeros",
        [("all", 1, 1, 0), PLAIN, ("all", 7, 1, 0)],
    ),
    # No such rows: as if padded.
    (["2b"], "vgg16", "none", [("all", 1, 1, 0), PLAIN, ("all", 7, 1, 0)]),
    # Each once, in the order of the tables asked for.
    (
        ["2b", "1", "2a"],
        "vgg16",
        "zeros",
        [
            ("all", 1, 1, 0),
            PLAIN,
            ("all", 7, 1, 0),
            ("all", 3, 2, 0),
            ("all", 3, 3, 0),
        ],
    ),
    ([], "vgg16", "zeros", []),
]


@pytest.mark.parametrize(("tables", "backbone", "mode", "expected"), FOUND)
def test_heads_are_those_of_the_printed_rows(tables, backbone, mode, expected):
    assert heads(tables, backbone, mode) == expected


def test_targets_are_those_of_the_printed_rows():
    assert table_targets(["3"]) == ["horizontal", "gaussian"]
    assert table_targets(["3", "2a"]) == [
        "horizontal",
        "gaussian",
        "horizontal_stripes",
    ]
    assert len(table_targets(["1"])) == 5
    assert table_targets([]) == []


@pytest.mark.parametrize("tables", [["5"], ["1", "5a"], ["figure6"], ["2"]])
def test_an_unknown_table_is_one_line(tables):
    for ask in (
        lambda: table_heads(tables, "vgg16", "zeros"),
        lambda: table_targets(tables),
    ):
        with pytest.raises(ValueError, match="1, 2a, 2b, 3, 4, 6") as error:
            ask()
        assert repr(tables[-1]) in str(error.value)
        assert "\n" not in str(error.value)
