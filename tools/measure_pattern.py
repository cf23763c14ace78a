"""What measuring a pattern costs, beside bare forward passes."""

import statistics
from typing import Any

import keras
import numpy as np

from keras_padpos import ppp
from tools.interleaved_times import interleaved_times


def pattern_over_forward(
    network: keras.Model,
    crop: int,
    *,
    crops: int,
    batch_size: int,
    rounds: int,
) -> dict[str, Any]:
    """Time the measurement at all stages beside the passes it needs.

    Args:
        network: From pictures to a dict of stage maps.
        crop: Height and width of the crops.
        crops: Crops a round; noise, which takes as long as photographs.
        batch_size: Crops that go in together.
        rounds: Rounds of both; see `interleaved_times`.

    Returns:
        `forward_seconds`, `pattern_seconds` (medians), their `ratio`, and
        `pictures`, the size of the larger ones. The bare passes, of the network
        on crops and of its reference on larger pictures, compute the last
        stage's map and nothing more.
    """
    measurement = ppp.PatternMeasurement({"network": network}, crop)
    reference = measurement.reference
    height, width = reference.picture_shape
    pictures = np.random.default_rng(0).uniform(
        0, 255, (crops, height, width, network.inputs[0].shape[-1])
    )
    pictures = pictures.astype("float32")
    (top, left), (high, wide) = reference.margin, reference.crop
    cut = np.ascontiguousarray(
        pictures[:, top : top + high, left : left + wide]
    )
    padded, larger = (
        keras.Model(each.inputs, list(each.output.values())[-1])
        for each in (network, reference.model)
    )

    def batches(of):
        for start in range(0, crops, batch_size):
            yield of[start : start + batch_size]

    def forward():
        for batch in batches(cut):
            padded.predict_on_batch(batch)
        for batch in batches(pictures):
            larger.predict_on_batch(batch)

    def pattern():
        for batch in batches(pictures):
            measurement.update(batch)

    times = interleaved_times({"forward": forward, "pattern": pattern}, rounds)
    seconds = {
        name: statistics.median(each.tolist()) for name, each in times.items()
    }
    return {
        "pictures": f"{height}x{width}",
        "forward_seconds": seconds["forward"],
        "pattern_seconds": seconds["pattern"],
        "ratio": seconds["pattern"] / seconds["forward"],
    }
