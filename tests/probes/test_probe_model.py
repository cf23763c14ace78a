import keras
import numpy as np
import pytest

from keras_padpos.probes import GradientSolver
from keras_padpos.probes import Head
from keras_padpos.probes import LinearProbe
from keras_padpos.probes import position_target
from keras_padpos.probes import probe_features
from keras_padpos.probes import probe_model
from keras_padpos.probes import stage_of_input
from keras_padpos.probes import stage_probes

TARGETS = ["horizontal", "gaussian"]
SHAPE = (9, 9, 3)


def random_features():
    rng = np.random.default_rng(1)
    return rng.normal(3, 2, size=(2, *SHAPE)).astype("float32")


def linear(head):
    rng = np.random.default_rng(0)
    columns = head.kernel_size**2 * SHAPE[-1]
    return LinearProbe(
        mean=rng.normal(3, size=columns),
        scale=rng.uniform(0.5, 2, size=columns),
        kernel=rng.normal(size=(columns, len(TARGETS))),
        bias=rng.normal(size=len(TARGETS)),
        kernel_size=head.kernel_size,
        padding=head.padding,
    )


def trained(head):
    targets = {name: position_target(name, SHAPE[0]) for name in TARGETS}
    solver = GradientSolver(targets, SHAPE, head)
    solver.fit(lambda epoch: [random_features()], epochs=2)
    return solver


@pytest.mark.parametrize(
    ("fit", "heads"),
    [
        (linear, [Head(), Head(3), Head(3, padding=1), Head(2, padding=2)]),
        (
            trained,
            [
                Head(1, output="sigmoid"),
                Head(3, 2, padding=1, output="sigmoid"),
                Head(2, 3),
            ],
        ),
    ],
)
def test_a_file_of_the_model_predicts_what_the_heads_do(fit, heads, tmp_path):
    readers = [fit(head) for head in heads]
    probe_model(readers, heads, TARGETS, {"x": SHAPE}).save(
        tmp_path / "m.keras"
    )
    # Layers of Keras' own: nothing of this package is looked up.
    model = keras.saving.load_model(tmp_path / "m.keras")
    features = random_features()
    maps = model({"x": features})
    assert len(maps) == len(heads) * len(TARGETS)
    for reader, head in zip(readers, heads, strict=True):
        expected = reader.predict(features)
        size = head.size(SHAPE[0])
        for channel, target in enumerate(TARGETS):
            output = "_sigmoid" if head.output == "sigmoid" else ""
            name = (
                f"{target}_k{head.kernel_size}_l{head.layers}_p{head.padding}"
                f"{output}"
            )
            assert tuple(maps[name].shape) == (2, size, size)
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(maps[name]),
                expected[..., channel],
                rtol=1e-5,
                atol=1e-5,
            )


def test_a_single_head_has_the_targets_names():
    model = probe_model([linear(Head(3))], [Head(3)], TARGETS, {"x": SHAPE})
    assert set(model.output) == set(TARGETS)


def test_a_stage_may_have_a_name_that_keras_gives_layers(tmp_path):
    keras.utils.clear_session()
    names = ["conv2d", "zero_padding2d", "concatenate", "get_item", "heads"]
    head = Head(3, padding=1, stages=("conv2d", "heads", "concatenate"))
    reader = linear(head)
    shapes = dict.fromkeys(names, (9, 9, 1))
    probe_model([reader], [head], TARGETS, shapes).save(tmp_path / "m.keras")
    model = keras.saving.load_model(tmp_path / "m.keras")
    assert set(model.input) == set(names)
    features = random_features()
    maps = dict.fromkeys(names, np.zeros((2, 9, 9, 1), "float32"))
    # Channels are joined in the stages' own order.
    joined = ["conv2d", "concatenate", "heads"]
    maps |= {name: features[..., i : i + 1] for i, name in enumerate(joined)}
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(maps)["gaussian"]),
        reader.predict(features)[..., 1],
        rtol=1e-5,
        atol=1e-5,
    )


def test_it_draws_nothing_from_the_global_seed():
    def draw():
        return keras.ops.convert_to_numpy(keras.random.normal((3,)))

    keras.utils.set_random_seed(0)
    probe_model([linear(Head())], [Head()], TARGETS, {"x": SHAPE})
    after = draw()
    keras.utils.set_random_seed(0)
    np.testing.assert_array_equal(after, draw())


def test_large_features_that_hardly_vary_are_read_as_in_float64():
    rng = np.random.default_rng(2)
    features = (100 + rng.normal(size=(2, 6, 6, 50))).astype("float32")
    reader = LinearProbe(
        mean=np.full(50, 100.0),
        scale=np.ones(50),
        kernel=rng.normal(size=(50, 1)),
        bias=np.zeros(1),
    )
    shapes = {"x": (6, 6, 50)}
    model = probe_model([reader], [Head()], ["horizontal"], shapes)
    maps = keras.ops.convert_to_numpy(model({"x": features})["horizontal"])
    np.testing.assert_allclose(
        maps, reader.predict(features)[..., 0], atol=2e-3
    )


def test_stage_maps_are_joined_as_the_features_were(tmp_path):
    # In another order than that of their names, which is Keras' own.
    inputs = keras.Input((12, 10, 2))
    stages = {
        "net/late": keras.layers.AveragePooling2D(2)(inputs),
        "early": keras.layers.Rescaling(3.0)(inputs[..., :1]),
    }
    features = probe_features(keras.Model(inputs, stages), grid=SHAPE[0])
    head = Head(3)
    reader = linear(head)
    model = stage_probes(
        stages,
        probe_model(
            [reader],
            [head],
            TARGETS,
            {"net/late": (9, 9, 2), "early": (9, 9, 1)},
        ),
    )
    model.save(tmp_path / "m.keras")
    model = keras.saving.load_model(tmp_path / "m.keras")
    # Keras takes no slash in the name of an input.
    assert set(model.input) == {"net>late", "early"}
    x = np.random.default_rng(3).normal(size=(2, 12, 10, 2)).astype("float32")
    seen = keras.Model(inputs, stages)(x)
    maps = model({name: seen[stage_of_input(name)] for name in model.input})
    seen = {
        name: keras.ops.convert_to_numpy(each)
        for name, each in features(x).items()
    }
    expected = reader.predict(
        np.concatenate([seen["net/late"], seen["early"]], axis=-1)
    )
    for channel, target in enumerate(TARGETS):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(maps[target]),
            expected[..., channel],
            rtol=1e-5,
            atol=1e-5,
        )
