"""The part of the measurement that runs on the device."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.ppp.reference_features import ReferenceFeatures
from keras_padpos.ppp.statistics import HALVES
from keras_padpos.training import seed_variables


class PatternStep(keras.Model):
    """Sums over one batch of what networks make of crops.

    All networks and their reference are one graph, so that features never
    leave the device.

    Args:
        networks: From a name to a model with a dict of stages.
        reference: Their reference.
        within: From a name to the positions of its maps among the reference's,
            as `ReferenceFeatures.within` tells them.
        units: From a stage to `(units, 3)`, the row, column and channel of
            those that are kept one by one.
    """

    def __init__(
        self,
        networks: Mapping[str, keras.Model],
        reference: ReferenceFeatures,
        within: Mapping[str, Any],
        units: Mapping[str, np.ndarray],
    ) -> None:
        # Sums need all digits, whatever the networks compute in.
        super().__init__(name="pattern_step", dtype="float32")
        self._members = list(networks.values())
        self._names = list(networks)
        self._larger = reference.model
        self._margin = reference.margin
        self._crop = reference.crop
        self._positions = dict(reference.positions)
        self._within = {
            name: dict(positions) for name, positions in within.items()
        }
        self._units_of = {
            stage: np.asarray(each) for stage, each in units.items()
        }
        # One size of batch, so one graph, and the same random numbers.
        self.batch_size = 0

    def run(
        self, pictures: np.ndarray, numbers: np.ndarray
    ) -> dict[str, dict[str, dict[str, np.ndarray]]]:
        """Sum one batch up.

        Args:
            pictures: `(batch, height, width, channels)`.
            numbers: `(batch,)`, whose parity tells the half of each.

        Returns:
            From `"reference"` and from each network's name to its stages, and
            from these to arrays: means and sums of squares about the mean
            over the batch, and of each picture what is kept one by one.
        """
        count = len(pictures)
        self.batch_size = max(self.batch_size, count)
        # What fills the batch up has no weight.
        missing = self.batch_size - count
        if missing:
            pictures = np.concatenate(
                [pictures, pictures[:1].repeat(missing, 0)]
            )
        weights = np.zeros((self.batch_size, 1 + HALVES), "float32")
        weights[:count, 0] = 1
        weights[np.arange(count), 1 + numbers % HALVES] = 1
        weights[:, 1:] /= np.maximum(weights[:, 1:].sum(axis=0), 1)
        statistics = self.predict_on_batch(
            {"pictures": pictures.astype("float32"), "weights": weights}
        )
        return {
            name: {
                stage: {
                    what: values[:count]
                    if what in ("units", "features", "absolute")
                    else values
                    for what, values in sums.items()
                }
                for stage, sums in stages.items()
            }
            for name, stages in statistics.items()
        }

    def random_states(self) -> list[Any]:
        """What random padding draws its numbers from: variables."""
        return [
            variable
            for network in self._members
            for variable in seed_variables(network)
        ]

    def call(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run the networks and sum up; see `run`."""
        pictures, weights = inputs["pictures"], inputs["weights"]
        (top, left), (height, width) = self._margin, self._crop
        crops = pictures[:, top : top + height, left : left + width]
        whole = {
            stage: ops.cast(maps, "float32")
            for stage, maps in self._larger(pictures, training=False).items()
        }
        aligned = {
            stage: _cut(whole[stage], positions)
            for stage, positions in self._positions.items()
        }
        statistics = {
            "reference": {
                stage: self._of_reference(stage, maps, whole[stage], weights)
                for stage, maps in aligned.items()
            }
        }
        for name, network in zip(self._names, self._members, strict=True):
            maps = network(crops, training=False)
            statistics[name] = {
                stage: self._of_network(
                    name, stage, maps[stage], aligned[stage], weights
                )
                for stage in self._positions
            }
        return statistics

    def _of_reference(self, stage, maps, whole, weights):
        count = ops.sum(weights[:, 0])
        mean = ops.tensordot(weights[:, 0] / count, maps, 1)
        return {
            "mean": mean,
            "squares": _squares(maps - mean, weights),
            "units": _take(maps, self._units_of[stage]),
            "features": ops.mean(whole, axis=-1),
        }

    def _of_network(self, name, stage, maps, aligned, weights):
        maps = ops.cast(maps, "float32")
        position = self._within[name][stage]
        difference = maps - _cut(aligned, position)
        count = ops.sum(weights[:, 0])
        mean = ops.tensordot(weights[:, 0] / count, difference, 1)
        starts = np.array([start for start, _ in position])
        stops = np.array([stop for _, stop in position])
        units = self._units_of[stage]
        inside = ((units[:, :2] >= starts) & (units[:, :2] < stops)).all(axis=1)
        return {
            "means": ops.tensordot(
                ops.transpose(weights[:, 1:]), difference, 1
            ),
            "squares": _squares(difference - mean, weights),
            "units": _take(difference, units[inside] - [*starts, 0]),
            "absolute": ops.mean(ops.abs(difference), axis=-1),
            "features": ops.mean(maps, axis=-1),
        }


def _cut(maps, positions):
    (top, bottom), (left, right) = positions
    return maps[:, top:bottom, left:right]


def _squares(apart, weights):
    return ops.tensordot(weights[:, 0], ops.square(apart), 1)


def _take(maps, units):
    """Some units of each picture, `(pictures, units)`."""
    _, height, width, channels = maps.shape
    flat = np.ravel_multi_index(tuple(units.T), (height, width, channels))
    return ops.take(
        ops.reshape(maps, (-1, height * width * channels)),
        flat.astype("int32"),
        axis=1,
    )
