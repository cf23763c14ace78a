import keras
import numpy as np
import pytest

from keras_padpos.layers import Conv2D
from keras_padpos.models.nets._vgg5 import vgg5
from keras_padpos.published.canvas_facts import CIFAR_DEVIATION
from keras_padpos.published.canvas_facts import CIFAR_MEAN
from keras_padpos.tasks import FILLS
from keras_padpos.tasks import Canvas
from keras_padpos.tasks import canvas_labels

numpy_of = keras.ops.convert_to_numpy


def drawn(grid, cells, size=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (len(cells), size, size, 3)).astype("uint8")


def by_hand(pictures, cells, grid, fill):
    size = pictures.shape[1]
    whole = np.empty((len(cells), grid * size, grid * size, 3), "float32")
    whole[:] = FILLS[fill]
    for number, cell in enumerate(cells):
        row, column = divmod(int(cell), grid)
        whole[
            number,
            row * size : (row + 1) * size,
            column * size : (column + 1) * size,
        ] = pictures[number]
    return whole


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("grid", [1, 3, 5])
def test_every_cell_is_where_it_is_by_hand(grid, fill):
    cells = np.arange(grid**2)
    pictures = drawn(grid, cells)
    canvas = Canvas(grid, fill)({"picture": pictures, "cell": cells})
    np.testing.assert_array_equal(
        numpy_of(canvas), by_hand(pictures, cells, grid, fill)
    )


def test_it_is_a_part_of_a_model_of_any_batch():
    inputs = {
        "picture": keras.Input((8, 8, 3), name="picture"),
        "cell": keras.Input((), dtype="int32", name="cell"),
    }
    canvas = Canvas(3, (1.0, 2.0, 3.0), name="canvas")
    model = keras.Model(inputs, canvas(inputs))
    assert model.output_shape == (None, 24, 24, 3)
    again = keras.Model.from_config(model.get_config())
    cells = np.array([8, 0, 4, 2, 2])
    batch = {"picture": drawn(3, cells, 8), "cell": cells}
    found = again.predict(batch, batch_size=2, verbose=0)
    np.testing.assert_array_equal(found, model.predict(batch, verbose=0))
    np.testing.assert_array_equal(found[0, 0, 0], [1, 2, 3])
    np.testing.assert_array_equal(found[0, -8:, -8:], batch["picture"][0])


def test_the_colour_is_one_of_pixels():
    """Normalised, a mean canvas is 0 and a black one is not."""
    normal = keras.layers.Normalization(
        mean=CIFAR_MEAN, variance=np.square(CIFAR_DEVIATION)
    )
    empty = {"picture": np.zeros((1, 2, 2, 3)), "cell": np.array([0])}
    corners = {
        fill: numpy_of(normal(Canvas(2, fill)(empty)))[0, -1, -1]
        for fill in FILLS
    }
    np.testing.assert_allclose(
        [corners["black"], corners["white"], corners["mean"]],
        [[-2.429, -2.418, -2.221], [2.514, 2.597, 2.754], [0, 0, 0]],
        atol=1e-3,
    )


def test_a_border_of_zeros_cannot_be_seen_on_a_mean_canvas():
    keras.utils.set_random_seed(0)
    normal = keras.layers.Normalization(
        mean=CIFAR_MEAN, variance=np.square(CIFAR_DEVIATION)
    )
    conv = Conv2D(8, 3, padding="same", padding_mode="zeros")

    def first_layer(fill):
        mean = np.broadcast_to(FILLS[fill], (1, 4, 4, 3))
        canvas = Canvas(3, fill)({"picture": mean, "cell": np.array([4])})
        return numpy_of(conv(normal(canvas)))[0]

    maps = first_layer("mean")
    np.testing.assert_allclose(maps, np.broadcast_to(maps[6, 6], maps.shape))
    maps = first_layer("black")
    assert np.abs(maps[0] - maps[6]).max() > 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`grid` must be an int of at least 1"),
        ((3, "grey"), "`fill` must be one of black, white, mean"),
        ((3, (0, 0, 300)), "`fill` must be one of"),
        ((3, (0, 0)), "`fill` must be one of"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        Canvas(*arguments)


@pytest.mark.parametrize("grid", [1, 3])
def test_labels_are_those_of_the_canvas_with_a_picture_of_one_colour(grid):
    cells = np.arange(grid**2)
    labels = cells % 10
    pictures = np.empty((len(cells), 4, 4, 3))
    pictures[:] = labels[:, None, None, None]
    canvas = Canvas(grid, (10.0, 10.0, 10.0))
    np.testing.assert_array_equal(
        canvas_labels(labels, cells, grid, 4),
        numpy_of(canvas({"picture": pictures, "cell": cells}))[..., 0],
    )


def test_nets_train_on_it():
    keras.utils.set_random_seed(0)
    inputs = {
        "picture": keras.Input((8, 8, 3), name="picture"),
        "cell": keras.Input((), dtype="int32", name="cell"),
    }
    canvas = Canvas(3)(inputs)
    net = vgg5(input_shape=(24, 24, 3), classes=9)
    model = keras.Model(inputs, net(canvas))
    model.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    cells = np.arange(9)
    batch = {"picture": drawn(3, cells, 8), "cell": cells}
    first = model.train_on_batch(batch, cells)
    for _ in range(5):
        last = model.train_on_batch(batch, cells)
    assert last < first
