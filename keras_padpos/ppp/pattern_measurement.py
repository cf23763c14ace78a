"""The padding's own pattern, added up over crops of pictures."""

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import check_choices
from keras_padpos.errors import InputError
from keras_padpos.models import resized
from keras_padpos.ppp._pattern_metrics import pattern_maps
from keras_padpos.ppp._pattern_metrics import pattern_metrics
from keras_padpos.ppp.group_sums import UNITS
from keras_padpos.ppp.pattern_step import PatternStep
from keras_padpos.ppp.reference_features import ReferenceFeatures
from keras_padpos.ppp.split_moments import SplitMoments
from keras_padpos.ppp.statistics import HALVES
from keras_padpos.ppp.statistics import PatternStatistics
from keras_padpos.ppp.statistics import ReferenceStatistics
from keras_padpos.ppp.statistics import add_features
from keras_padpos.ppp.statistics import mean_features
from keras_padpos.ppp.statistics import merge_statistics
from keras_padpos.ppp.statistics import restore_statistics
from keras_padpos.ppp.statistics import statistics_state
from keras_padpos.training import flat_state
from keras_padpos.training import restore_variables
from keras_padpos.training import sub_state
from keras_padpos.training import variable_state

# What stands beside the names of networks.
_REFERENCE = "reference"


class PatternMeasurement:
    """What padding leaves in features, apart from what the picture does.

    For a crop, `A` are the features of a network that pads and `O` those at
    the same positions of the padding-free network on a larger picture
    (`ReferenceFeatures`). `D = A - O` is what the padding did; its mean over
    crops, unit by unit, is the pattern. Networks that differ in their padding
    mode only are measured together: they share `O`, and the crops.

    One pass over the crops serves all stages and networks. Memory does not
    depend on the number of crops; what was added up can be saved, restored,
    and merged with that of other crops.

    Example:

    >>> from keras_padpos import models
    >>> net = keras.Sequential(
    ...     [
    ...         keras.Input((None, None, 3)),
    ...         keras.layers.Conv2D(4, 3, padding="same", name="conv"),
    ...     ]
    ... )
    >>> net = keras.Model(net.inputs, {"conv": net.outputs[0]})
    >>> networks = {
    ...     "zeros": net,
    ...     "reflect": models.convert_padding(net, "reflect"),
    ... }
    >>> measurement = PatternMeasurement(networks, crop=8)
    >>> pictures = np.random.default_rng(0).uniform(
    ...     size=(4, *measurement.picture_shape, 3)
    ... )
    >>> measurement.update(pictures.astype("float32"))
    >>> rows = measurement.rows()
    >>> [row["network"] for row in rows], measurement.picture_shape
    (['zeros', 'reflect'], (10, 10))
    >>> pattern = abs(measurement.pattern("zeros", "conv"))
    >>> bool(pattern[1:-1, 1:-1].max() < 1e-6 < pattern.mean())
    True

    Args:
        networks: From a name to a model from pictures `(batch, height, width,
            channels)` to a dict of maps under the names of their layers.
        crop: Height and width of the crop, in pixels, or one number for both.
        base: The same network as it pads by itself, whose stages and grid are
            measured on. If not given: the first of `networks`, which must not
            be one without padding then.
        seed: Seed of the draw of the units that intervals come from.

    Attributes:
        reference: The `ReferenceFeatures`.
        images: Crops taken in so far.

    Raises:
        ValueError: See `ReferenceFeatures`.
    """

    def __init__(
        self,
        networks: Mapping[str, keras.Model],
        crop: int | tuple[int, int],
        *,
        base: keras.Model | None = None,
        seed: int = 0,
    ) -> None:
        if not networks:
            raise InputError("`networks` must hold at least one. Received: {}")
        if _REFERENCE in networks:
            raise InputError(
                f"{_REFERENCE!r} is the name of what networks are compared "
                "with. Received: `networks` with one of that name"
            )
        if base is None:
            base = next(iter(networks.values()))
        self.reference = ReferenceFeatures(base, crop)
        self._within = {
            name: self.reference.within(network)
            for name, network in networks.items()
        }
        # Some are made for pictures of another size.
        self._networks = {
            name: resized(
                network, (*self.reference.crop, network.inputs[0].shape[-1])
            )
            for name, network in networks.items()
        }
        self.images = 0
        self._pictures: set[int] = set()
        self._reset(np.random.default_rng(seed))
        self._step = PatternStep(
            self._networks, self.reference, self._within, self._units
        )

    @property
    def picture_shape(self) -> tuple[int, int]:
        """Height and width of the pictures that it takes."""
        return self.reference.picture_shape

    @property
    def pictures(self) -> int:
        """How many different pictures the crops are from."""
        return len(self._pictures)

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks."""
        return tuple(self._networks)

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages."""
        return tuple(self.reference.fields)

    def update(
        self, pictures: np.ndarray, numbers: Iterable[int] | None = None
    ) -> None:
        """Take in a batch.

        Args:
            pictures: `(batch, *picture_shape, channels)`; their middle is the
                crop. All batches should be of one size but the last, which is
                filled up.
            numbers: `(batch,)`, from which picture each was cut: crops of one
                resemble each other, and are left out together where intervals
                are computed. `None`: each from one of its own, counted from
                0; measurements that are to be merged need numbers, or their
                pictures are taken for the same.

        Raises:
            ValueError: If the pictures are of another size or not finite, or
                there are not as many numbers.
        """
        if np.ndim(pictures) != 4 or (
            tuple(pictures.shape[1:3]) != self.picture_shape
        ):
            raise InputError(
                "`pictures` must be (batch, height, width, channels) of "
                f"{self.picture_shape} pixels. Received: shape "
                f"{tuple(np.shape(pictures))}"
            )
        if not np.isfinite(pictures).all():
            raise InputError(
                "`pictures` must be finite. Received: NaN or infinite values"
            )
        count = len(pictures)
        if not count:
            return
        if numbers is None:
            numbers = range(self.images, self.images + count)
        numbers = np.array(list(numbers), "int64")
        if numbers.shape != (count,):
            raise InputError(
                f"`numbers` must be one for each of {count} pictures. "
                f"Received: {numbers.size}"
            )
        added = self._step.run(pictures, numbers)
        for stages in added.values():
            for stage, sums in stages.items():
                if not np.isfinite(sums["squares"]).all():
                    raise InputError(
                        f"The network's features must be finite; those of "
                        f"{stage} are not."
                    )
        halves = np.bincount(numbers % HALVES, minlength=HALVES)
        for stage, sums in added["reference"].items():
            statistics = self._reference[stage]
            statistics.moments.merge(
                SplitMoments([count], sums["mean"][None], sums["squares"])
            )
            units = sums["units"].astype("float64")
            statistics.groups.update(
                numbers, np.stack([units, units**2], axis=1)
            )
            add_features(statistics, sums["features"], self.images)
        for name in self._networks:
            for stage, sums in added[name].items():
                statistics = self._statistics[name][stage]
                statistics.difference.merge(
                    SplitMoments(halves, sums["means"], sums["squares"])
                )
                statistics.groups.update(numbers, sums["units"][:, None])
                statistics.absolute += sums["absolute"].sum(
                    axis=0, dtype="float64"
                )
                add_features(statistics, sums["features"], self.images)
        self.images += count
        self._pictures.update(numbers.tolist())

    def merge(self, other: "PatternMeasurement") -> None:
        """Take in what another measurement added up on other crops.

        Args:
            other: Of the same networks, crop and seed; left alone. Its crops
                come after one's own, and its mean features after the first
                few are not taken over. Random padding has drawn other numbers
                there than it would have here.

        Raises:
            ValueError: If it is of other networks or stages.
        """
        if other is self:
            raise InputError(
                "`other` must be of other crops. Received: the measurement "
                "itself"
            )
        if (self.networks, self.stages, self.reference.crop) != (
            other.networks,
            other.stages,
            other.reference.crop,
        ):
            raise InputError(
                "`other` must be of the same networks, stages and crop. "
                f"Received: {other.networks}, {other.stages}, "
                f"{other.reference.crop}"
            )
        if any(
            not np.array_equal(units, other._units[stage])
            for stage, units in self._units.items()
        ):
            raise InputError(
                "`other` must be of the same `seed`, or its intervals come "
                "from other units. Received: one of another"
            )
        both = zip(self._all(), other._all(), strict=True)
        for (_, statistics), (_, theirs) in both:
            merge_statistics(statistics, theirs)
        self.images += other.images
        self._pictures |= other._pictures

    def state(self) -> dict[str, np.ndarray]:
        """Everything that was added up, as arrays by name.

        With what random padding needs to go on where it is. The arrays are
        copies.
        """
        state = flat_state(
            {
                "images": np.array(self.images),
                "batch_size": np.array(self._step.batch_size),
                "signature": self._signature(),
                "pictures": np.array(sorted(self._pictures), "int64"),
                **{key: statistics_state(each) for key, each in self._all()},
                "random": variable_state(self._step.random_states()),
            }
        )
        return {name: array.copy() for name, array in state.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned.

        Args:
            state: Of a measurement of the same networks, crop and seed.

        Raises:
            ValueError: If it is of other ones; nothing is changed then. That
                the networks have the same weights is not looked at.
        """
        signature = state.get("signature", ())
        if not np.array_equal(signature, self._signature()):
            raise InputError(
                "`state` must be that of a measurement of the same networks, "
                f"stages, crop and seed: {', '.join(self.networks)}; "
                f"{', '.join(self.stages)}; {self.reference.crop}. Received: "
                "another's, or none"
            )
        self.images = int(state["images"])
        self._step.batch_size = int(state["batch_size"])
        self._pictures = set(state["pictures"].tolist())
        for key, statistics in self._all():
            restore_statistics(statistics, sub_state(state, key))
        restore_variables(
            self._step.random_states(), sub_state(state, "random")
        )

    def pattern(self, network: str, stage: str) -> np.ndarray:
        """The pattern itself: the mean of D.

        Args:
            network: Name of the network.
            stage: Name of the stage.

        Returns:
            `(height, width, channels)`, float64.

        Raises:
            ValueError: If there is no such network or stage.
        """
        check_choices(
            network=(network, self.networks),
            stage=(stage, self.stages),
        )
        return self._statistics[network][stage].difference.mean

    def rows(self) -> list[dict[str, Any]]:
        """What was measured, one row for each network and stage.

        Returns:
            Dicts with `network`, `layer`, `stride`, `images`, `pictures`, and
            what `pattern_metrics` gives.

        Raises:
            ValueError: If fewer than 2 crops were taken in.
        """
        if self.images < 2:
            raise InputError(
                f"A pattern takes at least 2 crops. Received: {self.images}"
            )
        rows = []
        for name in self._networks:
            for stage, field in self.reference.fields.items():
                numbers = field.numbers()
                rows.append(
                    {
                        "network": name,
                        "layer": stage,
                        "stride": numbers["stride"],
                        "margin": numbers["margin"],
                        "images": self.images,
                        "pictures": self.pictures,
                        **pattern_metrics(
                            self._statistics[name][stage],
                            self._reference[stage],
                            self._within[name][stage],
                            self._shared_units(name, stage),
                        ),
                    }
                )
        return rows

    def arrays(self) -> dict[str, np.ndarray]:
        """Maps of what was measured, without their channels.

        Returns:
            Under `NETWORK/STAGE/`: `pattern`, the channel mean of `|E[D]|`;
            `signed`, that of E[D]; `per_image`, that of E|D|; `profile`, the
            pattern against the distance to the border; and `features_N`, the
            channel mean of A, mean over the first N crops. Under
            `reference/STAGE/`: `features_N` of O, which reaches beyond the
            crop, and `place`, rows and columns of the crop in it.
        """
        maps: dict[str, dict[str, np.ndarray]] = {
            f"reference/{stage}": {
                **mean_features(statistics, self.images),
                "place": np.array(self.reference.positions[stage]),
            }
            for stage, statistics in self._reference.items()
        }
        for name, stages in self._statistics.items():
            for stage, statistics in stages.items():
                maps[f"{name}/{stage}"] = {
                    **mean_features(statistics, self.images),
                    **pattern_maps(statistics),
                }
        return flat_state(maps)

    def _reset(self, rng):
        """Draw the units of intervals, and begin with no crops."""
        self._units, self._reference = {}, {}
        self._statistics = {name: {} for name in self._networks}
        larger = self.reference.model.compute_output_shape(
            (None, *self.picture_shape, self.reference.model.input_shape[-1])
        )
        for stage, field in self.reference.fields.items():
            channels = larger[stage][-1]
            shape = (*field.positions, channels)
            size = int(np.prod(shape))
            drawn = rng.choice(size, min(UNITS, size), replace=False)
            units = np.stack(np.unravel_index(np.sort(drawn), shape), axis=1)
            self._units[stage] = units
            self._reference[stage] = ReferenceStatistics.empty(
                shape, len(units), tuple(larger[stage][1:3])
            )
            for name, within in self._within.items():
                sizes = [stop - start for start, stop in within[stage]]
                units = int(self._shared_units(name, stage).sum())
                self._statistics[name][stage] = PatternStatistics.empty(
                    (*sizes, channels), units
                )

    def _signature(self):
        """What a state must fit, as an array of numbers."""
        about = {
            "crop": self.reference.crop,
            "networks": {
                name: list(positions.items())
                for name, positions in self._within.items()
            },
        }
        digest = hashlib.sha256(json.dumps(about).encode())
        for units in self._units.values():
            digest.update(units.astype("int64").tobytes())
        return np.frombuffer(digest.digest(), "uint8")

    def _shared_units(self, name, stage):
        """Which of the units drawn a network's own map holds."""
        positions = self._units[stage][:, :2]
        starts, stops = zip(*self._within[name][stage], strict=True)
        return ((positions >= starts) & (positions < stops)).all(axis=1)

    def _all(self):
        for stage, statistics in self._reference.items():
            yield f"reference/{stage}", statistics
        for name, stages in self._statistics.items():
            for stage, statistics in stages.items():
                yield f"networks/{name}/{stage}", statistics
