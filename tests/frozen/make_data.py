"""Fill a folder with all that the frozen runs read.

    PYTHONPATH=.:tests python tests/frozen/make_data.py FOLDER

In a process of its own, so that threads are limited and nothing that a test
process has drawn or read before can matter.
"""

import sys
from pathlib import Path

import keras
import numpy as np
from bright_dataset import write_bright_dataset
from mask_folders import write_duts
from mask_folders import write_voc
from pattern_nets import pattern_net
from PIL import Image
from texture_folders import write_textures

GRID = """
experiment: location_task
flags: {model: vgg5, seeds: 2}
runs:
  - grid: {canvas: [black, white]}
  - flags: {padding_mode: [zeros, none], task: segmentation}
"""


def main(folder):
    write_textures(folder / "textures", {"train": 8, "test": 4})
    write_bright_dataset(
        folder / "tfds", "padpos_bright", {"train": 20, "test": 14}
    )
    write_voc(folder / "voc", {"train": 9, "test": 5})
    write_duts(folder / "duts", 8, 5)
    _pictures(folder)
    _networks(folder)
    (folder / "grid.yaml").write_text(GRID)


def _pictures(folder):
    rng = np.random.default_rng(0)
    for name, count, size in (
        ("pictures", 6, (64, 48)),
        ("photos", 3, (100, 90)),
    ):
        (folder / name).mkdir()
        for number in range(count):
            small = rng.integers(0, 256, (9, 9, 3)).astype("uint8")
            picture = Image.fromarray(small).resize(size, Image.BICUBIC)
            picture.save(folder / name / f"{number}.png")
    (folder / "pictures" / "broken.jpg").write_text("no picture")
    (folder / "noise").mkdir()
    # The last one is too small for crops.
    for number, size in enumerate([60, 70, 80, 30]):
        noise = rng.integers(0, 256, (size, size + 5, 3), "uint8")
        Image.fromarray(noise).save(folder / "noise" / f"{number}.png")


def _networks(folder):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((24, 24, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(name="relu")(x)
    keras.Model(inputs, x).save(folder / "small.keras")

    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(x)
    x = keras.layers.Conv2D(8, 3, 2, padding="same", name="conv0")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(8, 3, 2, padding="same", name="conv1")(x)
    # So named that `compare_metrics` knows how it was trained.
    keras.Model(inputs, x).save(folder / "net-zeros-seed0.keras")

    net = pattern_net(channels=3)
    keras.Model(net.inputs, net.output["third"]).save(folder / "pattern.keras")

    # Fresh weights let all that MobileNet says vanish; larger ones do not.
    keras.utils.set_random_seed(0)
    net = keras.applications.MobileNet(weights=None)
    for layer in net.layers:
        layer.set_weights(
            [10 * w if w.ndim == 4 else w for w in layer.get_weights()]
        )
    net.save_weights(folder / "mobilenet.weights.h5")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
