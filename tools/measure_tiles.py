"""What prediction in tiles costs, beside the whole and blended tiles."""

import itertools
import statistics
from typing import Any

import keras
import numpy as np

from keras_padpos import tiling
from tools.interleaved_times import interleaved_times


def small_unet(
    filters: int, steps: int, channels: int = 3, classes: int = 2
) -> keras.Model:
    """A U-Net with bilinear upsampling, from [0, 255] to logits."""

    def block(x, width):
        x = keras.layers.Conv2D(width, 3, padding="same")(x)
        x = keras.layers.BatchNormalization()(x)
        return keras.layers.ReLU()(x)

    inputs = keras.Input((None, None, channels))
    x, skips = keras.layers.Rescaling(1 / 127.5, -1)(inputs), []
    for step in range(steps):
        x = block(x, filters * 2**step)
        skips.append(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = block(x, filters * 2**steps)
    for step in reversed(range(steps)):
        x = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = keras.layers.Concatenate()([x, skips[step]])
        x = block(x, filters * 2**step)
    return keras.Model(inputs, keras.layers.Conv2D(classes, 1)(x))


def at_size(network: keras.Model, size: int) -> Any:
    """The network for pictures of one size, as a function of a batch."""
    inputs = keras.Input((size, size, network.inputs[0].shape[-1]))
    return keras.Model(inputs, network(inputs)).predict_on_batch


def blended(run: Any, picture: np.ndarray, window: int) -> np.ndarray:
    """The mean of windows that overlap by half, as is common.

    Args:
        run: The network at the windows' size.
        picture: `(height, width, channels)`.
        window: Height and width of the windows; each pads at its own border.
    """
    starts = [
        [*range(0, size - window, window // 2), size - window]
        for size in picture.shape[:2]
    ]
    total = count = None
    for top, left in itertools.product(*starts):
        place = slice(top, top + window), slice(left, left + window)
        (part,) = run(picture[place][None])
        if total is None:
            total = np.zeros((*picture.shape[:2], part.shape[-1]), part.dtype)
            count = np.zeros((*picture.shape[:2], 1), part.dtype)
        total[place] += part
        count[place] += 1
    return total / count


def tiles_over_whole(
    network: keras.Model, size: int, tile: int, rounds: int
) -> dict[str, Any]:
    """Time tiles beside the whole picture and blended windows.

    Args:
        network: From pictures to maps of their size.
        size: Height and width of the picture, noise.
        tile: The largest window.
        rounds: Rounds of all; see `interleaved_times`.

    Returns:
        Medians of seconds (`whole_seconds`, `tiles_seconds`,
        `windows_seconds` of bare windows, `blended_seconds`), `computed`, the
        cells of all windows over those of the picture, `ratio`, tiles over
        the whole times `computed`, `over_windows`, tiles over bare windows;
        and how far tiles and blended windows of the same size are from the
        whole picture's answer, at most and in the mean, over its standard
        deviation.
    """
    rng = np.random.default_rng(0)
    channels = network.inputs[0].shape[-1]
    picture = rng.uniform(0, 255, (size, size, channels)).astype("float32")
    tiled = tiling.TiledModel(network, picture.shape, tile)
    window = tiled.plan.window[0]
    whole_run, window_run = at_size(network, size), at_size(network, window)
    windows = np.stack(
        [
            picture[top : top + window, left : left + window]
            for top, left in map(tiled.plan.start, tiled.plan.windows())
        ]
    )

    def bare():
        for each in windows:
            window_run(each[None])

    times = interleaved_times(
        {
            "whole": lambda: whole_run(picture[None]),
            "tiles": lambda: tiled.predict(picture),
            "windows": bare,
            "blended": lambda: blended(window_run, picture, window),
        },
        rounds,
    )
    seconds = {
        f"{name}_seconds": statistics.median(each.tolist())
        for name, each in times.items()
    }
    (whole,) = whole_run(picture[None])
    differences = {
        "tiles": np.abs(tiled.predict(picture) - whole),
        "blended": np.abs(blended(window_run, picture, window) - whole),
    }
    computed = tiled.plan.computed
    tiles_seconds = seconds["tiles_seconds"]
    return {
        "window": window,
        "halo": max(max(pair) for pair in tiled.plan.halo),
        "computed": computed,
        **seconds,
        "ratio": tiles_seconds / (seconds["whole_seconds"] * computed),
        "over_windows": tiles_seconds / seconds["windows_seconds"],
        **{
            f"{name}_{kind}": float(of(each) / whole.std())
            for name, each in differences.items()
            for kind, of in (("most", np.max), ("mean", np.mean))
        },
    }
