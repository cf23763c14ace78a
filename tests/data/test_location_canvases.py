import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_padpos import tasks
from keras_padpos.data import location_canvases

HEADS = ("class", "cell", "pixels")
numpy_of = keras.ops.convert_to_numpy


def some(count, size=4, seed=0):
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (count, size, size, 3)).astype("uint8")
    return pictures, rng.integers(0, 10, count)


def joined(batches):
    """All canvases and labels of some batches."""
    found = list(batches.as_numpy_iterator())
    return np.concatenate([canvases for canvases, _ in found]), {
        head: np.concatenate([wanted[head] for _, wanted in found])
        for head in found[0][1]
    }


@pytest.mark.parametrize("fill", [*tasks.FILLS, (1.5, 2.0, 254.0)])
@pytest.mark.parametrize("grid", [1, 3])
def test_every_picture_in_every_cell_as_the_layer_makes_them(grid, fill):
    pictures, labels = some(5)
    test = location_canvases(
        pictures, labels, grid, 4, heads=HEADS, fill=fill, training=False
    )
    assert test.cardinality() == -(-5 * grid**2 // 4)
    canvases, wanted = joined(test)
    cells = np.arange(grid**2).repeat(5)
    every = np.tile(pictures, (grid**2, 1, 1, 1))
    np.testing.assert_array_equal(wanted["cell"], cells)
    np.testing.assert_array_equal(wanted["class"], np.tile(labels, grid**2))
    np.testing.assert_array_equal(
        canvases,
        numpy_of(tasks.Canvas(grid, fill)({"picture": every, "cell": cells})),
    )
    pixels = tasks.canvas_labels(np.tile(labels, grid**2), cells, grid, 4)
    np.testing.assert_array_equal(wanted["pixels"], pixels)
    assert wanted["pixels"].dtype == pixels.dtype


@pytest.mark.parametrize("fill", tasks.FILLS)
def test_bytes_are_those_of_the_floats_rounded(fill):
    pictures, labels = some(5)
    options = {"fill": fill, "epochs": 1}
    floats, _ = joined(location_canvases(pictures, labels, 3, 2, **options))
    found, _ = joined(
        location_canvases(pictures, labels, 3, 2, dtype="uint8", **options)
    )
    assert floats.dtype == "float32" and found.dtype == "uint8"
    np.testing.assert_array_equal(found, np.rint(floats))


def test_it_draws_what_train_location_draws(monkeypatch):
    """Batches, through a layer, beside those that training hands to Keras."""
    pictures, labels = some(7, size=8)
    seen = []

    def watched(model, batch, steps, total, **options):
        seen.extend(batch(*divmod(step, steps)) for step in range(total))

    module = sys.modules["keras_padpos.tasks.location_training"]
    monkeypatch.setattr(module, "logged_training", watched)
    net = tasks.location_net("vgg5", "both", 3, canvas="mean", size=8)
    tasks.train_location(
        net, pictures, labels, 3, epochs=2, batch_size=2, seed=5
    )
    found = location_canvases(
        pictures, labels, 3, 2, fill="mean", seed=5, epochs=2
    )
    assert found.cardinality() == len(seen) == 6
    layer = tasks.Canvas(3, "mean")
    for (inputs, wanted), (canvases, given) in zip(seen, found, strict=True):
        np.testing.assert_array_equal(
            numpy_of(canvases), numpy_of(layer(inputs))
        )
        for head in ("class", "cell"):
            np.testing.assert_array_equal(numpy_of(given[head]), wanted[head])


def test_epochs_differ_and_come_again():
    pictures, labels = some(40)
    pictures[..., 1:] = 0

    def epochs(first, number, seed=0):
        return joined(
            location_canvases(
                pictures, labels, 3, 8, seed=seed, epoch=first, epochs=number
            )
        )

    canvases, wanted = epochs(0, 3)
    assert canvases.shape == (3 * 40, 12, 12, 3)
    alone, _ = epochs(1, 1)
    np.testing.assert_array_equal(canvases[40:80], alone)
    again = location_canvases(pictures, labels, 3, 8, epochs=1)
    np.testing.assert_array_equal(joined(again)[0], joined(again)[0])
    for other, _ in (epochs(0, 1), epochs(1, 1, seed=1)):
        assert np.any(alone != other)
    # Each picture once an epoch, here or mirrored, in about every cell.
    content = np.sort(pictures.reshape(40, -1).astype(int).sum(axis=1))
    for start in range(0, 120, 40):
        sums = canvases[start : start + 40].sum(axis=(1, 2, 3))
        np.testing.assert_array_equal(np.sort(sums), content)
    assert set(wanted["cell"]) == set(range(9))


def test_half_are_mirrored_and_the_order_is_drawn():
    pictures = np.zeros((400, 2, 2, 3), "uint8")
    pictures[:, :, 0] = 1
    canvases, wanted = joined(
        location_canvases(pictures, np.arange(400), 1, 100, epochs=1)
    )
    assert 150 < canvases[:, 0, 1, 0].sum() < 250
    assert np.all(canvases[:, 0, 0, 0] + canvases[:, 0, 1, 0] == 1)
    assert np.any(wanted["class"] != np.arange(400))
    np.testing.assert_array_equal(np.sort(wanted["class"]), np.arange(400))


def test_fit_runs_through_endless_epochs():
    pictures, labels = some(12, size=8)
    endless = location_canvases(
        pictures, labels, 2, 4, heads=HEADS, dtype="uint8"
    )
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    inputs = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(11, 3, padding="same", name="pixels")(inputs)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    heads = {
        "class": keras.layers.Dense(10, name="class")(pooled),
        "cell": keras.layers.Dense(4, name="cell")(pooled),
        "pixels": maps,
    }
    model = keras.Model(inputs, heads)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", dict.fromkeys(heads, loss))
    history = model.fit(
        endless, epochs=2, steps_per_epoch=3, shuffle=False, verbose=0
    )
    assert np.isfinite(history.history["pixels_loss"]).all()
    assert int(model.optimizer.iterations) == 6
    test = location_canvases(
        pictures, labels, 2, 7, heads=HEADS, training=False
    )
    assert len(model.predict(test, verbose=0)["class"]) == 4 * 12


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"grid": 0}, "`grid` must be an int of at least 1"),
        ({"batch_size": 0}, "`batch_size` must be an int of at least 1"),
        ({"batch_size": 6}, "`pictures` must be at least one batch of 6"),
        ({"fill": "grey"}, "`fill` must be one of black, white, mean"),
        ({"heads": ("kind",)}, "`heads` must be a list of class, cell, pixels"),
        ({"heads": "class"}, "`heads` must be a list of"),
        ({"dtype": "float16"}, "`dtype` must be one of float32, uint8"),
        ({"labels": np.zeros(4)}, "`labels` must be one class a picture, of 5"),
        ({"pictures": np.zeros((5, 4, 4, 3))}, "Received: float64 of shape"),
        ({"pictures": np.zeros((5, 4, 6, 3), "uint8")}, "must be uint8 of"),
    ],
)
def test_errors(changed, message):
    pictures, labels = some(5)
    arguments = {
        "pictures": pictures,
        "labels": labels,
        "grid": 3,
        "batch_size": 2,
    }
    with pytest.raises(ValueError, match=message):
        location_canvases(**{**arguments, **changed})
