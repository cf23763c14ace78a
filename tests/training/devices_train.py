"""Train a network in this process, as it is told; see test_devices.py."""

import sys

import keras
import numpy as np


def main(how, process, processes, address, out):
    if how == "mirrored":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        device = tf.config.LogicalDeviceConfiguration()
        tf.config.set_logical_device_configuration(cpu, [device, device])
    if int(processes) > 1:
        keras.distribution.initialize(address, int(processes), int(process))

    from keras_padpos import layers
    from keras_padpos import ppp
    from keras_padpos import probes
    from keras_padpos import training
    from keras_padpos.training._mirrored import Mirrored

    kinds = {
        "none": training.OneDevice,
        "mirrored": Mirrored,
        "data_parallel": training.DataParallel,
    }
    devices = kinds[how]()
    rng = np.random.default_rng(0)
    pictures = rng.uniform(0, 255, (32, 8, 8, 3)).astype("uint8")
    labels = (pictures.mean((1, 2, 3)) > 127).astype(int)

    def network():
        inputs = keras.Input((8, 8, 3))
        x = layers.Conv2D(4, 3, padding="same", padding_mode="reflect")(inputs)
        if how != "mirrored" and "mirrored" not in out:
            # Whose statistics are of each device's part there.
            x = keras.layers.BatchNormalization()(x)
        x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
        return keras.Model(inputs, keras.layers.Dense(2)(x))

    class Kept:
        """Everything up to some step."""

        saved = None
        left = 5

        def load(self):
            return self.saved

        def offer(self, state):
            if self.left:
                self.left -= 1
                self.saved = state()

    def train(checkpoint=None):
        keras.utils.set_random_seed(0)
        with devices.scope():
            model = network()
        local = training.LocalModel(model, devices)
        losses = {}
        for at in training.train_in_steps(
            model,
            pictures,
            labels,
            checkpoints=[2],
            epochs=2,
            batch_size=8,
            parts={"local": local},
            checkpoint=checkpoint,
            devices=devices,
        ):
            # An uneven number, which only a copy on one device can take.
            local.now().predict(pictures[:5].astype("float32"), verbose=0)
            losses[at.step] = at.loss
        return losses, local.now().get_weights()

    losses, weights = train()
    kept = Kept()
    train(kept)
    resumed = train(kept)
    found = {
        "losses": np.array([losses[2], losses[8]]),
        "devices": np.array(devices.devices),
        "resumed": np.array(
            resumed[0][8] == losses[8]
            and all(map(np.array_equal, resumed[1], weights))
        ),
        **{f"weight{number}": each for number, each in enumerate(weights)},
    }

    # A read-out by gradient, of features that each process has its part of.
    features = rng.normal(size=(16, 6, 6, 3)).astype("float32")
    targets = {"ramp": np.tile(np.linspace(0, 1, 6), (6, 1))}
    heads = devices if devices.trains_on_batch else training.OneDevice()
    solver = probes.GradientSolver(
        targets, (6, 6, 3), probes.Head(), devices=heads
    )
    for number in range(4):
        chosen = features[number * 4 : number * 4 + 4]
        solver.step(heads.own_part(chosen), 0)
    found["read_out"] = solver.predict(features)

    # A pattern, whose crops are dealt out.
    pixels = keras.Input((None, None, 3))
    keras.utils.set_random_seed(1)
    conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    base = keras.Model(pixels, {"conv": conv(pixels)})

    def make(number):
        copy = keras.models.clone_model(base)
        copy.set_weights(base.get_weights())
        return ppp.PatternMeasurement({"zeros": copy}, crop=6)

    measurement = ppp.DistributedMeasurement(devices, make)
    crops = rng.uniform(size=(14, 8, 8, 3)).astype("float32")
    numbers = np.arange(14)
    batches = [
        (crops[start : start + 4], numbers[start : start + 4])
        for start in range(0, 14, 4)
    ]
    list(measurement.update(batches))
    merged = measurement.merged()
    found["pattern"] = merged.pattern("zeros", "conv")
    (row,) = merged.rows()
    found["row"] = np.array(
        [row["images"], row["mae"], row["snr"], *row["snr_ci95"]]
    )
    np.savez(out, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
