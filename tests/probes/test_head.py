import pytest

from keras_padpos.probes import Head


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (Head(), 28),
        (Head(3), 26),
        (Head(7), 22),
        (Head(3, padding=1), 28),
        (Head(3, padding=2), 30),
        (Head(3, layers=2), 24),
        (Head(3, layers=3, padding=2), 34),
        (Head(27), 2),
    ],
)
def test_size_counts_what_valid_convolutions_leave_of_28(head, expected):
    assert head.size(28) == expected


@pytest.mark.parametrize("head", [Head(28), Head(3, layers=14), Head(40)])
def test_a_head_that_leaves_no_map_is_an_error(head):
    with pytest.raises(ValueError) as error:
        head.size(28)
    assert str(error.value) == (
        f"A head of {head.label} leaves no map of the features' grid."
    )


def test_labels_tell_the_heads_of_the_papers_tables_apart():
    heads = [
        Head(kernel, layers, padding)
        for kernel in (1, 3, 7)
        for layers in (1, 2, 3)
        for padding in (0, 1, 2)
    ]
    assert len({head.label for head in heads}) == len(heads)
    assert Head(7, 3, 1).label == "7x7, 3 layers, pad 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"kernel_size": 0},
            "`kernel_size` of a head must be an int of 1 or more. "
            "Received: kernel_size=0",
        ),
        (
            {"layers": 0},
            "`layers` of a head must be an int of 1 or more. "
            "Received: layers=0",
        ),
        (
            {"padding": -1},
            "`padding` of a head must be an int of 0 or more. "
            "Received: padding=-1",
        ),
        (
            {"output": "softmax"},
            "`output` of a head must be one of linear, sigmoid. "
            "Received: output='softmax'",
        ),
    ],
)
def test_what_no_head_can_have_is_an_error(arguments, message):
    with pytest.raises(ValueError) as error:
        Head(**arguments)
    assert str(error.value) == message
