import keras
import pytest
import tensorflow as tf

from keras_padpos.errors import InputError
from keras_padpos.files import inspect_file


class Net(tf.Module):
    """Pads in every way, without Keras."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.ones((3, 5, 3, 4)))
        self.one = tf.Variable(tf.ones((1, 1, 4, 4)))

    @tf.function(input_signature=[tf.TensorSpec([None, None, 8, 3], name="x")])
    def __call__(self, x):
        x = tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], mode="REFLECT")
        frame = [[0, 0], [1, 1], [2, 0], [0, 0]]
        x = tf.nn.conv2d(x, self.kernel, [2, 1], frame, name="framed")
        x = tf.nn.conv2d(x, self.one, 2, "SAME")  # has nothing to pad
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.cond(
            tf.shape(x)[1] > 4,
            lambda: tf.nn.avg_pool2d(x, [3, 2], 2, "SAME", name="pool"),
            lambda: x[:, :, ::2],
        )
        return tf.pad(x, [[0, 0], [0, tf.shape(x)[1]], [0, 0], [0, 0]])


EXPECTED = [
    ("MirrorPad", "reflect", None, None, [[0, 0], [1, 2], [0, 1], [0, 0]]),
    ("Conv2D", "EXPLICIT", [3, 5], [2, 1], [[1, 1], [2, 0]]),
    ("Pad", "zeros", None, None, None),
    ("AvgPool", "SAME", [3, 2], [2, 2], None),
]


def tables(folder):
    """Rows of signatures, and of operations."""
    rows, _ = inspect_file(folder)
    by_table = {"signature": [], "operations": []}
    for row in rows:
        by_table[row.pop("table")].append(row)
    return list(by_table.values())


def values(operations):
    keys = ("operation", "padding", "kernel", "strides", "cells")
    return [tuple(row[key] for key in keys) for row in operations]


@pytest.mark.parametrize("signed", [True, False])
def test_operations_that_pad(tmp_path, signed):
    net = Net()
    signatures = net.__call__ if signed else {}
    tf.saved_model.save(net, str(tmp_path), signatures=signatures)
    signature, operations = tables(tmp_path)
    assert values(operations) == EXPECTED
    assert operations[1]["name"] == "framed"
    if not signed:
        assert signature == []
        return
    described = [("input", "x", [None, None, 8, 3])]
    described += [("output", "output_0", [None, None, 1, 4])]
    assert signature == [
        {
            "signature": "serving_default",
            "role": role,
            "name": name,
            "shape": shape,
            "dtype": "float32",
        }
        for role, name, shape in described
    ]


def test_a_keras_model_has_the_padding_of_its_layers(tmp_path):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            layers.Conv2D(4, 1, padding="same"),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.ZeroPadding2D(((0, 1), (2, 3))),
            layers.Conv2D(4, 3, strides=2, dilation_rate=1),
            layers.MaxPooling2D(3, padding="same"),
        ]
    )
    model.export(str(tmp_path), verbose=False)
    assert values(tables(tmp_path)[1]) == [
        ("DepthwiseConv2dNative", "SAME", [3, 3], [1, 1], None),
        ("Pad", "zeros", None, None, [[0, 0], [0, 1], [2, 3], [0, 0]]),
        ("MaxPool", "SAME", [3, 3], [3, 3], None),
    ]


def test_a_graph_of_tensorflow_1(tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder("float32", (None, 8, 8, 3), name="x")
        y = tf.nn.max_pool2d(x, 3, 2, "SAME", name="pool")
        tf.nn.max_pool2d(x, 5, 2, "SAME", name="unused")
        v1.saved_model.simple_save(
            session, str(tmp_path / "v1"), {"x": x}, {"y": y}
        )
    signature, operations = tables(tmp_path / "v1")
    assert [row["name"] for row in signature] == ["x", "y"]
    assert [row["name"] for row in operations] == ["pool"]


def test_what_is_no_graph(tmp_path):
    with pytest.raises(FileNotFoundError):
        tables(tmp_path)
    for content in (b"no graph", b""):
        (tmp_path / "saved_model.pb").write_bytes(content)
        with pytest.raises(InputError, match="is not the graph of a Saved"):
            tables(tmp_path)
