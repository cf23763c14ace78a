import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from keras_padpos.layers.replica_seed_generator import ReplicaSeedGenerator

tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="tf.distribute belongs to TensorFlow",
)


def test_alone_it_is_a_seed_generator():
    ours, stock = ReplicaSeedGenerator(3), keras.random.SeedGenerator(3)
    for _ in range(3):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ours.next()),
            keras.ops.convert_to_numpy(stock.next()),
        )


@tensorflow_only
def test_replicas_draw_different_noise():
    # Logical devices must be set before TensorFlow starts.
    script = """
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
        import numpy as np
        from keras_padpos import layers, padding

        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            layer = layers.Padding2D(1, padding_mode=padding.Randn(seed=1))
            layer.build((1, 4, 4, 1))
        x = tf.constant(np.arange(16.0).reshape(1, 4, 4, 1), tf.float32)

        @tf.function
        def step():
            return strategy.run(lambda: layer(x))

        first = [r.numpy() for r in strategy.experimental_local_results(step())]
        second = [
            r.numpy() for r in strategy.experimental_local_results(step())
        ]
        frames = [first[0], first[1], second[0], second[1]]
        for a in range(4):
            np.testing.assert_array_equal(frames[a][:, 1:-1, 1:-1], x)
            for b in range(a):
                assert np.any(frames[a] != frames[b]), (a, b)
        print("different")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip().endswith("different"), done.stderr[-2000:]
