import keras
import numpy as np
from keras import layers

from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.rebuild import Rebuild


def doubling(name):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(4)(inputs), name=name)


def assert_copied(model, x):
    copy = Rebuild().run(model)
    for one, other in zip(
        keras.tree.flatten(copy(x)), keras.tree.flatten(model(x)), strict=True
    ):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
        )


def test_a_model_inside_that_is_called_several_times():
    inner = doubling("inner")
    x = keras.Input((4,), name="x")
    y = layers.ReLU(name="relu")(inner(inner(x)))
    z = inner(layers.Dense(4, name="last")(y))
    model = keras.Model(x, [y, z, inner(x)])
    graph = model_graph(model)
    makers = {key: call.name for call in graph.calls for key in call.outputs}
    assert [makers[key] for key in graph.outputs] == [
        "relu",
        "inner/" + inner.layers[1].name,
        "inner/" + inner.layers[1].name,
    ]
    assert graph.outputs[1] != graph.outputs[2]
    assert_copied(model, np.random.default_rng(0).normal(size=(3, 4)))


def test_a_head_on_what_a_model_inside_gives():
    x = keras.Input((4,))
    middle = doubling("outer")(doubling("inner")(x))
    head = keras.Model(middle, layers.ReLU(name="relu")(middle), name="head")
    model = keras.Model(x, head(middle))
    names = [call.name for call in model_graph(model).calls]
    assert [name.partition("/")[0] for name in names[1:]] == [
        "inner",
        "outer",
        "head",
    ]
    assert_copied(model, np.random.default_rng(0).normal(size=(3, 4)))


def test_operations_and_their_arguments():
    x = keras.Input((4, 6))
    y = keras.ops.transpose(x[:, ::2, 1:], (0, 2, 1)) * 2.0
    y = keras.ops.concatenate([y, y + 1], axis=-1)
    model = keras.Model(x, keras.ops.max(y, axis=1, keepdims=True))
    calls = model_graph(model).calls
    assert calls[-1].output_shapes == ((None, 1, 4),)
    assert_copied(model, np.random.default_rng(0).normal(size=(3, 4, 6)))


def test_arguments_by_name_and_several_outputs():
    class Split(layers.Layer):
        def call(self, inputs, *, shift=0, other=None):
            return {"low": inputs - shift, "high": inputs + other}

    x = keras.Input((4,))
    y = Split(name="split")(x, shift=2, other=layers.ReLU()(x))
    model = keras.Model(x, {"out": layers.Add()([y["low"], y["high"]])})
    call = next(c for c in model_graph(model).calls if c.name == "split")
    assert len(call.inputs) == len(call.outputs) == 2
    assert_copied(model, np.random.default_rng(0).normal(size=(3, 4)))
