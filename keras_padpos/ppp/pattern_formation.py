"""The pattern of a network that is being trained."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import pair_of
from keras_padpos.models import resized
from keras_padpos.models import stages as stage_model
from keras_padpos.ppp.pattern_measurement import PatternMeasurement
from keras_padpos.training import sub_state

_NAME = "network"


class PatternFormation:
    """Measures the pattern of a network again whenever its weights change.

    The measurement's own networks are built once and take over the weights of
    the one that is trained, which is left alone: its statistics and what its
    random padding draws are those of a training that nobody looks at. Every
    time the same crops should be given, so that what differs is the network.

    Example:

    >>> from keras_padpos import models
    >>> net = models.vgg5(input_shape=(16, 16, 3))
    >>> formation = PatternFormation(net, ["stage1_out"], crop=16)
    >>> height, width = formation.picture_shape
    >>> rng = np.random.default_rng(0)
    >>> crops = rng.uniform(0, 255, (4, height, width, 3))
    >>> rows, maps = formation.measure(net, crops)
    >>> rows[0]["layer"], maps["stage1_out/pattern"].shape
    ('stage1_out', (16, 16))

    Args:
        network: A functional or Sequential model of pictures; what is in it
            is copied.
        stages: Names of layers to measure at, those of models inside too.
        crop: Height and width of the crop, in pixels, or one number for both.
        base: For a network without padding: the same one with padding, whose
            positions are looked at. `network` itself if not given.

    Raises:
        ValueError: If a stage is no layer, or has no reference: see
            `ReferenceFeatures`.
    """

    def __init__(
        self,
        network: keras.Model,
        stages: Sequence[str],
        crop: int | tuple[int, int],
        base: keras.Model | None = None,
    ) -> None:
        # Made for the crop here, or the measurement would make a copy of its
        # own, to which no weights would come.
        self._twin = _made_for(network, crop)
        measured = stage_model(self._twin, stages)
        self._measurement = PatternMeasurement(
            {_NAME: measured},
            crop,
            base=measured
            if base is None
            else stage_model(_made_for(base, crop), stages),
        )
        self._weighted = [
            (layer, measured.get_layer(layer.name))
            for layer in self._measurement.reference.model.layers
            if layer.weights
        ]
        self._nothing = self._measurement.state()

    @property
    def picture_shape(self) -> tuple[int, int]:
        """Height and width of the pictures whose middle is the crop."""
        return self._measurement.picture_shape

    def measure(
        self,
        network: keras.Model,
        pictures: np.ndarray,
        numbers: np.ndarray | None = None,
        batch_size: int = 16,
    ) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """Measure the pattern with a network's present weights.

        Args:
            network: Of the same layers as the one it was made with.
            pictures: `(crops, *picture_shape, channels)`.
            numbers: `(crops,)`, which picture each is from; see
                `PatternMeasurement.update`.
            batch_size: Crops that go through at once.

        Returns:
            A row for each stage, as `PatternMeasurement.rows` gives it but
            for the network's name; and maps under `STAGE/pattern` and
            `STAGE/profile`.

        Raises:
            ValueError: If the weights do not fit, or there are fewer than two
                crops.
        """
        self._twin.set_weights(network.get_weights())
        for layer, source in self._weighted:
            layer.set_weights(source.get_weights())
        measurement = self._measurement
        measurement.restore(self._nothing)
        for start in range(0, len(pictures), batch_size):
            chosen = slice(start, start + batch_size)
            measurement.update(
                pictures[chosen], None if numbers is None else numbers[chosen]
            )
        rows = measurement.rows()
        for row in rows:
            del row["network"]
        maps = {
            name: array
            for name, array in sub_state(measurement.arrays(), _NAME).items()
            if name.endswith(("/pattern", "/profile"))
        }
        return rows, maps


def _made_for(network, crop):
    """A copy that takes pictures of the crop's size."""
    sizes = pair_of(crop)
    channels = network.inputs[0].shape[-1]
    return resized(keras.models.clone_model(network), (*sizes, channels))
