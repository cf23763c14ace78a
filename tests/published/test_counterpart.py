import pytest

from keras_padpos.published import counterpart


def row(**changes):
    """A row of `position_probe`: VGG16 (HED), one 1x1 layer, photographs."""
    return {
        "backbone": "vgg16",
        "weights": "bundled",
        "padding_mode": "zeros",
        "target": "horizontal",
        "stages": "all",
        "kernel_size": 1,
        "head_layers": 1,
        "head_padding": 0,
        "test_set": "samples:test",
        **changes,
    }


RGB = {"backbone": "rgb", "weights": "none", "padding_mode": "none"}
PAD_1 = {"head_padding": 1, "kernel_size": 3}

# Typed from the printed tables: changes, SPC, MAE, kernel size, table.
FOUND = [
    ({}, 0.542, 0.196, 1, "Table 2b"),
    ({"weights": "imagenet"}, 0.542, 0.196, 1, "Table 2b"),
    ({"target": "gaussian"}, 0.724, 0.127, 1, "Table 2b"),
    ({"kernel_size": 7}, 0.828, 0.120, 7, "Table 2b"),
    ({"kernel_size": 3, "head_layers": 3}, 0.830, 0.117, 3, "Table 2a"),
    ({"kernel_size": 3, "stages": "5"}, 0.657, 0.177, 3, "Table 3"),
    ({"stages": "2"}, 0.344, 0.225, 3, "Table 3"),
    ({"padding_mode": "none"}, 0.381, 0.223, 3, "Table 4"),
    (
        {"padding_mode": "none", "target": "horizontal_stripes"},
        0.011,
        0.628,
        3,
        "Table 4",
    ),
    ({"target": "vertical"}, 0.816, 0.129, 3, "Table 1"),
    ({"test_set": "black"}, 0.751, 0.164, 3, "Table 1"),
    ({"test_set": "white", "kernel_size": 3}, 0.873, 0.157, 3, "Table 1"),
    ({"test_set": "noise", "target": "vertical"}, 0.771, 0.150, 3, "Table 1"),
    (RGB, 0.013, 0.251, 1, "Table 2b"),
    ({**RGB, **PAD_1}, 0.274, 0.239, 3, "Table 4"),
    (
        {**RGB, "test_set": "noise", "target": "gaussian"},
        -0.034,
        0.214,
        3,
        "Table 1",
    ),
    ({"backbone": "resnet152"}, 0.933, 0.084, 3, "Table 1"),
    (
        {"backbone": "resnet152", "test_set": "black", "target": "gaussian"},
        0.953,
        0.068,
        3,
        "Table 1",
    ),
]


@pytest.mark.parametrize(
    ("changes", "spearman", "mae", "kernel_size", "table"), FOUND
)
def test_finds_the_cell_printed_for_the_same_measurement(
    changes, spearman, mae, kernel_size, table
):
    found = counterpart(row(**changes))
    assert (found["spearman"], found["mae"]) == (spearman, mae)
    assert found["kernel_size"] == kernel_size
    assert found["table"] == table
    assert found["target"] == row(**changes)["target"]
    assert found["paper"] == "Islam et al. (ICLR 2020)"


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": "random"},
        {"weights": "random", "test_set": "black", "kernel_size": 3},
        {"padding_mode": "reflect"},
        {"backbone": "mobilenet", "weights": "imagenet"},
        {"backbone": "resnet50"},
        {"backbone": "resnet152", "padding_mode": "none"},
        PAD_1,
        {"head_layers": 5},
        {"stages": "1,2"},
        {"padding_mode": "none", "test_set": "black"},
    ],
)
def test_has_none_where_the_papers_measured_no_such_thing(changes):
    assert counterpart(row(**changes)) is None


def test_the_row_that_was_asked_for_is_left_alone():
    asked = row()
    counterpart(asked)
    assert asked == row()
