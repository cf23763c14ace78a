"""What padding leaves in a network's features, in one call."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos import data
from keras_padpos import ppp
from keras_padpos.errors import InputError
from keras_padpos.measure._position import OWN
from keras_padpos.measure._position import progress
from keras_padpos.measure._result import Result
from keras_padpos.measure._result import Row
from keras_padpos.measure._source import IMAGES
from keras_padpos.measure._source import Network
from keras_padpos.measure._source import Pictures
from keras_padpos.measure._source import open_network
from keras_padpos.measure._source import open_pictures


class PatternResult(Result):
    """What `measure_pattern` gives; see `Result`.

    `plot()` draws the relative pattern against the stages, and the pattern's
    map at the last stage.
    """

    experiment = "padding_pattern"

    def tables(self) -> list[dict[str, Any]]:
        """One line for each stage and kind of border."""
        shown = [
            ("layer", "stage"),
            ("padding_mode", "padding"),
            ("mae", "|E[D]|"),
            ("mae_noise", "of noise"),
            ("relative", "/ std(O)"),
            ("relative_ci95", "95 %"),
            ("snr", "SNR"),
            ("snr_ci95", "95 %"),
            ("border", "border"),
            ("centre", "centre"),
        ]
        # Few pictures have no intervals.
        columns = [
            (key, heading)
            for key, heading in shown
            if heading != "95 %" or any(row[key] for row in self.rows)
        ]
        return [
            {
                "title": f"Pattern of padding in {self.rows[0]['backbone']}",
                "columns": columns,
                "rows": self.rows,
            }
        ]

    def plot(self) -> Any:
        """Draw the pattern against the stages, and the last stage's map."""
        from keras_padpos.measure._plots import plot_patterns

        return plot_patterns(self.rows, self.arrays)


def measure_pattern(
    model: Any,
    images: Any,
    *,
    stages: Sequence[str] | None = None,
    size: int | tuple[int, int] | None = None,
    preprocess: Callable[[np.ndarray], Any] | None = None,
    weights: str = "imagenet",
    max_images: int | None = IMAGES,
    batch_size: int = 8,
    seed: int = 0,
    verbose: bool = True,
) -> PatternResult:
    """Measure the pattern that a network's padding leaves in its features.

    `A` are the features of the network's input, `O` the same features computed
    from what the larger picture holds around it. `D = A - O` is what padding
    did; its mean over pictures, position by position, is the pattern (PPP).

    Example:

    >>> import keras
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((16, 16, 3)),
    ...         keras.layers.Conv2D(4, 3, padding="same", name="conv"),
    ...     ]
    ... )
    >>> images = np.random.default_rng(0).uniform(1, 2, (8, 16, 16, 3))
    >>> pattern = measure_pattern(model, images, verbose=False)
    >>> (row,) = pattern.rows
    >>> row["border"] > row["centre"], pattern.plot() is not None
    (True, True)

    Args:
        model: See `measure_position`.
        images: See `measure_position`. They are resized to the network's input
            and as much around it as the reference needs.
        stages: See `measure_position`.
        size: See `measure_position`.
        preprocess: See `measure_position`.
        weights: See `measure_position`.
        max_images: See `measure_position`.
        batch_size: Pictures that go through the network at once.
        seed: Seed of the draw of units that intervals come from.
        verbose: Whether to show the progress on standard error.

    Returns:
        A `PatternResult`. Its rows have, for each stage, the figures of
        `ppp.PatternMeasurement`; `arrays` the pattern's maps.

    Raises:
        InputError: If an argument does not fit, or a stage has no reference:
            it looks at the whole map, or what it sees cannot be told.

    Source:
        After Lin et al., *Position-information Pattern from Padding* (ICML
        2023); the definitions are those of `ppp.PatternMeasurement`.
    """
    network = open_network(model, stages, weights)
    pictures = open_pictures(
        network, images, size, True, count=max_images, preprocess=preprocess
    )
    if pictures.reason:
        raise InputError(pictures.reason)
    rows, arrays = network_patterns(
        {OWN: network.staged},
        network,
        pictures,
        batch_size=batch_size,
        seed=seed,
        verbose=verbose,
    )
    last = rows[-1]
    conclusion = (
        f"At {last['layer']} padding leaves a pattern of "
        f"{last['relative'] or 0:.2f} standard deviations of the features, "
        f"{last['border']:.3g} at the border and {last['centre']:.3g} in the "
        "middle."
    )
    return PatternResult(
        rows, arrays, conclusion, [PATTERN_NOTE, pictures.text]
    )


PATTERN_NOTE = (
    "D: features with padding less those from real neighbours, O; E: mean over "
    "pictures; |.|: mean over positions and channels; of noise: what |E[D]| "
    "would be if E[D] were 0; border, centre: |E[D]| of the outermost and the "
    "innermost ring of positions. SNR: mean of E[D]² / mean of Var(O). "
    "Intervals: 95 %, jackknife over pictures."
)
"""What the figures of a pattern are."""


def network_patterns(
    networks: Mapping[str, keras.Model],
    network: Network,
    pictures: Pictures,
    *,
    batch_size: int,
    seed: int,
    verbose: bool,
) -> tuple[list[Row], dict[str, np.ndarray]]:
    """Measure the patterns of several borders, by name, on one crop."""
    measurement = ppp.PatternMeasurement(
        networks, pictures.crop, base=network.staged, seed=seed
    )
    with (
        progress(verbose, 1) as unit,
        unit(f"{network.name}, pattern", len(pictures.images)) as advance,
    ):
        for batch, numbers in pictures.images.numbered_batches(batch_size):
            measurement.update(batch, numbers)
            advance(len(batch))
    identity = {
        "backbone": network.name,
        "weights": network.weights,
        "seed": seed,
    }
    rows = pattern_rows(
        measurement,
        pictures.images,
        identity=identity,
        crop=list(pictures.crop),
    )
    return rows, measurement.arrays()


def pattern_rows(
    measurement: ppp.PatternMeasurement,
    images: data.ImageSet,
    *,
    identity: Mapping[str, Any],
    crop: int | Sequence[int],
    activation: str = "after",
    label: str = "",
) -> list[Row]:
    """Rows of a pattern, for a notebook and the study `padding_pattern`.

    Args:
        measurement: What has seen all pictures; its networks are named by
            their padding modes.
        images: The pictures.
        identity: What says in rows which network it is.
        crop: What the network sees of the pictures, in pixels.
        activation: Whether the layers were read `"after"` their activation or
            `"before"`.
        label: What the names of the arrays begin with in rows.
    """
    rows = []
    for row in measurement.rows():
        mode, layer = row.pop("network"), row["layer"]
        rows.append(
            {
                **identity,
                "padding_mode": mode,
                "crop": crop,
                "activation": activation,
                "image_set": images.name,
                **row,
                "arrays": f"{label}{mode}/{layer}",
                "reference": f"{label}reference/{layer}",
            }
        )
    return rows
