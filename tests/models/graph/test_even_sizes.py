import keras
import pytest
from keras import layers
from oracles import same_pads

from keras_padpos import layers as ours
from keras_padpos.models import even_sizes
from keras_padpos.models import find_padding_sites
from keras_padpos.models.graph._even_sizes import unfit_layer


def _net(*stack, shape=(None, None, 3)):
    return keras.Sequential([keras.Input(shape), *stack])


def _same(stride=2, kernel=3, name=None):
    return layers.Conv2D(2, kernel, strides=stride, padding="same", name=name)


@pytest.mark.parametrize("kernel, stride", [(3, 2), (5, 2), (3, 3), (4, 2)])
def test_same_is_even_where_the_definition_says_so(kernel, stride):
    model = _net(_same(stride, kernel))
    found = even_sizes(model, (30, 30, 3), range(20, 41))
    expected = [
        size
        for size in range(20, 41)
        if len(set(same_pads(size, kernel, stride, 1))) == 1
    ]
    assert found.even_at == [tuple(expected)]
    assert found.uneven == [30 not in expected]
    assert found.never == [""]
    assert found.tried == tuple(range(20, 41))
    assert found.complete


def test_five_halvings_are_even_at_one_more_than_multiples_of_32():
    # Alsallakh et al., Mind the Pad, section 3: 225 and 257, not 224.
    model = _net(*(_same() for _ in range(5)))
    found = even_sizes(model, (224, 224, 3), range(192, 260))
    assert found.uneven == [True] * 5
    assert found.all_even_at == (193, 225, 257)
    assert found.even_at[0] == tuple(range(193, 260, 2))


def test_resnet50_sees_its_even_frames_unevenly():
    net = keras.applications.ResNet50(weights=None, include_top=False)
    found = even_sizes(net, (224, 224, 3), [223, 225, 229])
    uneven = [
        site.padding_layer
        for site, uneven in zip(found.sites, found.uneven, strict=True)
        if uneven
    ]
    assert uneven == ["conv1_pad", "pool1_pad"]
    assert found.all_even_at == (225, 229)


def test_cells_that_are_numbers_stay_uneven():
    model = _net(
        layers.ZeroPadding2D(((0, 1), (0, 1)), name="frame"),
        layers.Conv2D(2, 3, strides=2, name="conv"),
        ours.MaxPooling2D(
            3, 1, padding=((1, 0), (1, 1)), padding_mode="reflect", name="pool"
        ),
        _same(name="same"),
    )
    found = even_sizes(model, (32, 32, 3), range(30, 36))
    assert found.uneven == [True, True, True]
    assert found.never == [
        "the cells are fixed in layer frame",
        "the cells are fixed in layer pool",
        "",
    ]
    assert found.even_at[:2] == [(), ()]
    # At odd sizes no window reaches the cell that is added.
    assert found.seen_evenly_at[0] == (31, 33, 35)
    # 30 and 31 become 15, then 14 rows; columns 15: both must be odd.
    assert found.all_even_at == found.even_at[2]


def test_an_even_window_of_stride_1_is_even_at_no_size():
    found = even_sizes(_net(_same(1, 2)), (8, 8, 3), range(6, 12))
    assert found.uneven == [True]
    assert "odd number" in found.never[0]
    assert found.all_even_at == ()


def test_sizes_that_the_network_does_not_take_are_left_out():
    model = _net(_same(), layers.Flatten(), layers.Dense(2), shape=(16, 16, 3))
    found = even_sizes(model, (16, 16, 3), range(14, 19))
    assert found.uneven == [True]
    assert found.tried == (15, 16)  # both give 8x8
    assert found.all_even_at == (15,)


def test_layers_that_get_what_they_were_not_built_for():
    model = _net(_same(name="conv"), shape=(16, 16, 3))
    assert unfit_layer(model, (99, 98, 3)) is None
    assert unfit_layer(model, (16, 16, 4)) == "conv"
    outer = _net(
        model,
        layers.Flatten(),
        layers.Dense(2, name="dense"),
        shape=(16, 16, 3),
    )
    assert unfit_layer(outer, (15, 16, 3)) is None
    assert unfit_layer(outer, (17, 16, 3)) == "dense"


def test_time_ends_the_search():
    calls = []
    found = even_sizes(
        _net(_same()),
        (8, 8, 3),
        range(4, 20),
        seconds=-1,
        advance=lambda: calls.append(1),
    )
    assert not found.complete
    assert found.tried == ()
    assert found.uneven == [True]
    assert not calls


def test_channels_first():
    model = _net(
        layers.ZeroPadding2D(1, data_format="channels_first"),
        layers.MaxPooling2D(3, 2, data_format="channels_first"),
        shape=(3, None, None),
    )
    found = even_sizes(model, (3, 8, 8), range(6, 12))
    assert found.uneven == [True]
    assert found.all_even_at == (7, 9, 11)


@pytest.mark.parametrize(
    "size, pad, kernel, stride, seen",
    [
        (8, 1, 3, 1, (1, 1)),
        (8, 1, 3, 2, (1, 0)),
        (9, 1, 3, 2, (1, 1)),
        (8, 3, 7, 4, (3, 0)),
        (8, 1, 3, 4, (1, -2)),
    ],
)
def test_seen_cells_by_hand(size, pad, kernel, stride, seen):
    model = _net(
        layers.ZeroPadding2D(((pad, pad), (0, 0))),
        layers.MaxPooling2D((kernel, 1), (stride, 1)),
    )
    (site,) = find_padding_sites(model, (size, 5, 3))
    assert site.seen == (seen, (0, 0))


def test_what_is_seen_is_unknown_where_the_size_is():
    (site,) = find_padding_sites(_net(_same()))
    assert site.seen is None
    up = layers.Conv2DTranspose(1, 3, 2, padding="same")
    (site,) = find_padding_sites(_net(up, shape=(8, 8, 3)))
    assert site.seen is None
