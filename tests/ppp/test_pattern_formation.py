import keras
import numpy as np
import pytest

from keras_padpos import layers
from keras_padpos import models
from keras_padpos import ppp
from keras_padpos import training
from keras_padpos.models import stages as stage_model

STAGES = ("one", "two")
SIZE = 12


def small(mode="zeros", seed=0):
    """A classifier with two layers that pad, inside another model."""
    keras.utils.set_random_seed(seed)
    inner = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3, padding="same", padding_mode=mode),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(name="one"),
            layers.Conv2D(4, 3, padding="same", padding_mode=mode, name="two"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    inputs = keras.Input((None, None, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    return keras.Model(inputs, inner(scaled))


def crops(formation, count=6):
    rng = np.random.default_rng(0)
    shape = (count, *formation.picture_shape, 3)
    return rng.integers(0, 256, shape).astype("uint8")


def fresh_rows(network, pictures, base=None):
    """What a measurement says that is made for these weights."""
    measurement = ppp.PatternMeasurement(
        {"network": stage_model(network, STAGES)},
        SIZE,
        base=base and stage_model(base, STAGES),
    )
    measurement.update(pictures)
    rows = measurement.rows()
    for row in rows:
        del row["network"]
    return rows


def same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.keys() == other.keys()
        for name, value in mine.items():
            if value is None or isinstance(value, str):
                assert value == other[name]
            else:
                np.testing.assert_allclose(
                    value, other[name], rtol=1e-4, atol=1e-7, err_msg=name
                )


def training_set(count=8):
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (count, SIZE, SIZE, 3)).astype("uint8")
    return pictures, np.arange(count) % 2


def trained(network, seed=0, **options):
    options = {"checkpoints": [], "epochs": 2, "batch_size": 4} | options
    return list(
        training.train_in_steps(network, *training_set(), seed=seed, **options)
    )


def test_follows_the_weights():
    network = small("replicate")
    formation = ppp.PatternFormation(network, STAGES, SIZE)
    pictures = crops(formation)
    before, maps = formation.measure(network, pictures)
    same(before, fresh_rows(network, pictures))
    assert maps["two/pattern"].shape == (12, 12)
    trained(network, learning_rate=0.1)
    after, _ = formation.measure(network, pictures, batch_size=4)
    same(after, fresh_rows(network, pictures))
    ratio = after[1]["relative"] / before[1]["relative"]
    assert abs(ratio - 1) > 0.01
    # The same network again: nothing is left of what came between.
    other = small("replicate")
    again, _ = formation.measure(other, pictures)
    same(again, before)


def test_no_padding_has_no_pattern():
    base = small()
    network = models.convert_padding(base, "none")
    formation = ppp.PatternFormation(network, STAGES, SIZE, base=base)
    trained(network)
    rows, maps = formation.measure(network, crops(formation))
    assert [row["mae_per_image"] for row in rows] == [0, 0]
    assert [row["relative"] for row in rows] == [0, 0]
    # Real neighbours all around: two cells less on each side here.
    assert maps["two/pattern"].shape == (8, 8)


def test_measuring_leaves_training_alone():
    results = []
    for looked_at in (False, True):
        network = small("randn")
        formation = ppp.PatternFormation(network, STAGES, SIZE)
        pictures, labels = training_set()
        for _ in training.train_in_steps(
            network,
            pictures,
            labels,
            checkpoints=[1, 2, 3] if looked_at else [],
            epochs=2,
            batch_size=4,
        ):
            if looked_at:
                formation.measure(network, crops(formation, 2))
        results.append(network.get_weights())
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_training_hangs_on_the_seed_only():
    weights = []
    for seed in (0, 0, 1):
        network = small()
        stops = trained(network, seed)
        weights.append(network.get_weights()[0])
        assert [at.step for at in stops] == [0, 4]
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-5, atol=1e-6)
    assert abs(weights[0] - weights[2]).max() > 1e-4


def test_it_learns():
    pictures = np.zeros((64, 8, 8, 3), "uint8")
    labels = np.arange(64) % 2
    pictures[labels == 1] = 200
    stops = list(
        training.train_in_steps(
            small(),
            pictures,
            labels,
            checkpoints=[1, 5, 999],
            epochs=8,
            batch_size=16,
            learning_rate=0.1,
        )
    )
    assert [at.step for at in stops] == [0, 1, 5, 32]
    assert [at.epoch for at in stops] == [0, 0.25, 1.25, 8]
    assert stops[0].loss is None
    assert stops[-1].loss < 0.1 < stops[1].loss


@pytest.mark.parametrize(
    ("count", "labels", "epochs", "message"),
    [
        (3, 3, 1, "`pictures` must be at least one batch of 4"),
        (4, 3, 1, "Received: 4 pictures and 3 labels"),
        (4, 4, 0, "`epochs` must be an int of at least 1"),
    ],
)
def test_errors(count, labels, epochs, message):
    network = small()
    pictures = np.zeros((count, SIZE, SIZE, 3))
    with pytest.raises(ValueError, match=message):
        next(
            training.train_in_steps(
                network,
                pictures,
                np.zeros(labels, int),
                checkpoints=[],
                epochs=epochs,
                batch_size=4,
            )
        )


def test_a_network_of_another_size_is_followed_too():
    """As its own copy of the crop's size has the weights of the moment."""
    net = models.vgg5(input_shape=(40, 40, 3), top=None)
    formation = ppp.PatternFormation(net, ["stage1_out"], crop=16)
    crops = np.random.default_rng(0).uniform(
        0, 255, (4, *formation.picture_shape, 3)
    )
    conv = net.get_layer("stage1_conv")
    conv.set_weights([3 * weight for weight in conv.get_weights()])
    _, maps = formation.measure(net, crops)
    # Padding reaches the outermost positions alone.
    pattern = maps["stage1_out/pattern"]
    assert pattern[0].mean() > 1
    assert pattern[1:-1, 1:-1].max() < 1e-3
