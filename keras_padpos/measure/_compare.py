"""One network with several borders, in one call."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos import data
from keras_padpos import metrics
from keras_padpos import models
from keras_padpos import padding
from keras_padpos.checks import as_list
from keras_padpos.choices import DEFAULT_TARGETS
from keras_padpos.errors import InputError
from keras_padpos.measure._pattern import network_patterns
from keras_padpos.measure._position import REFERENCE
from keras_padpos.measure._position import few_pictures
from keras_padpos.measure._position import interval_text
from keras_padpos.measure._position import last_scores
from keras_padpos.measure._position import padding_part
from keras_padpos.measure._position import position_note
from keras_padpos.measure._position import probe_networks
from keras_padpos.measure._result import Result
from keras_padpos.measure._result import Row
from keras_padpos.measure._source import IMAGES
from keras_padpos.measure._source import at_size
from keras_padpos.measure._source import open_network
from keras_padpos.measure._source import open_pictures
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.padding import PaddingMode
from keras_padpos.report.table import values_of

_NONE = "none"


class PaddingComparison(Result):
    """What `compare_padding` gives; see `Result`.

    `rows` has one row for each padding mode; `position` and `pattern` hold the
    rows of all stages, as `measure_position` and `measure_pattern` give them.
    `plot()` draws scores and pattern against the stages, a line a mode, and
    bars of the agreement.
    """

    experiment = "position_probe"

    def __init__(
        self,
        position: Sequence[Row],
        pattern: Sequence[Row],
        agreement: Mapping[str, float],
        arrays: Mapping[str, np.ndarray],
        conclusion: str,
        notes: Sequence[str],
    ) -> None:
        self.position, self.pattern = list(position), list(pattern)
        last = self.position[-1]["stages"]
        relative = {
            row["padding_mode"]: row["relative"]
            for row in self.pattern
            if row["layer"] == last
        }
        rows = []
        for mode in values_of(self.position, "padding_mode"):
            row: Row = {
                "padding_mode": _NONE if mode == REFERENCE else mode,
                "stage": last,
                **last_scores(self.position, mode),
            }
            if self.pattern:
                row["relative_pattern"] = relative.get(row["padding_mode"])
            if agreement:
                row["top1_agreement"] = agreement.get(row["padding_mode"])
            rows.append(row)
        super().__init__(rows, arrays, conclusion, notes)

    def tables(self) -> list[dict[str, Any]]:
        """One line for each padding mode; intervals where there are some."""
        titles = {
            "relative_pattern": "pattern / std(O)",
            "top1_agreement": "same class",
        }
        last = self.rows[0]["stage"]
        intervals: dict[str, Row] = {}
        for row in self.position:
            if row["stages"] == last and row["spearman_ci95"]:
                mode = row["padding_mode"]
                mode = _NONE if mode == REFERENCE else mode
                line = intervals.setdefault(mode, {"padding_mode": mode})
                line[row["target"]] = interval_text(row["spearman_ci95"])
        return [
            {
                "title": title,
                "columns": [
                    (key, titles.get(key, key.replace("_", " ")))
                    for key in rows[0]
                    if key != "stage"
                ],
                "rows": rows,
            }
            for title, rows in (
                (
                    f"{self.position[0]['backbone']}: position at {last} "
                    "(SPC) by padding mode",
                    self.rows,
                ),
                ("95 % intervals of the SPC", [*intervals.values()]),
            )
            if rows
        ]

    def plot(self) -> Any:
        """Draw scores and pattern against the stages, and the agreement."""
        from keras_padpos.measure._plots import plot_comparison

        return plot_comparison(self.position, self.pattern, self.rows)

    def save(self, workdir: Any) -> None:
        """Write the rows of all stages as a run of `position_probe`."""
        summary, self.rows = self.rows, self.position
        try:
            super().save(workdir)
        finally:
            self.rows = summary


_PATTERN_NOTE = (
    "Pattern: mean over pictures of features with padding less those from real "
    "neighbours; its mean size over their standard deviation."
)
_AGREEMENT_NOTE = (
    "Same class: share of test pictures whose first class is that of the "
    "network's own borders."
)


def compare_padding(
    model: Any,
    padding_modes: Sequence[Any],
    images: Any,
    *,
    stages: Sequence[str] | None = None,
    targets: Sequence[str] = DEFAULT_TARGETS,
    size: int | tuple[int, int] | None = None,
    preprocess: Callable[[np.ndarray], Any] | None = None,
    weights: str = "imagenet",
    max_images: int | None = IMAGES,
    batch_size: int = 8,
    seed: int = 0,
    verbose: bool = True,
) -> PaddingComparison:
    """Measure one network with several padding modes, weights kept.

    Position probes and the padding's pattern are measured on the same
    pictures; of a classifier also how often it says the same class as with its
    own borders.

    Example:

    >>> import keras
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((16, 16, 3)),
    ...         keras.layers.Conv2D(4, 3, padding="same", name="conv"),
    ...     ]
    ... )
    >>> images = np.random.default_rng(0).uniform(1, 2, (12, 16, 16, 3))
    >>> table = compare_padding(
    ...     model, ["zeros", "reflect", "none"], images, verbose=False
    ... )
    >>> [row["padding_mode"] for row in table.rows]
    ['zeros', 'reflect', 'none']

    Args:
        model: See `measure_position`.
        padding_modes: Names or `padding.PaddingMode`s, or one of these for
            each axis, such as `"zeros+circular"`. `"none"` is the network on
            real neighbours, the control.
        images: See `measure_position`; every third is for testing.
        stages: See `measure_position`.
        targets: See `measure_position`.
        size: See `measure_position`.
        preprocess: See `measure_position`.
        weights: See `measure_position`.
        max_images: See `measure_position`.
        batch_size: Pictures that go through a network at once.
        seed: See `measure_position`.
        verbose: Whether to show the progress on standard error.

    Returns:
        A `PaddingComparison`.

    Raises:
        InputError: If an argument does not fit, a mode does not fit the
            network, or `"none"` is asked for and the network has no reference.
    """
    padding_modes = as_list("padding_modes", padding_modes, (str, PaddingMode))
    if not padding_modes:
        raise InputError("`padding_modes` must name one or more. Received: []")
    modes = {_mode_label(mode): mode for mode in padding_modes}
    network = open_network(model, stages, weights)
    pictures = open_pictures(
        network, images, size, True, count=max_images, preprocess=preprocess
    )
    shape = (*pictures.crop, network.channels)
    if _NONE in modes and pictures.reason:
        raise InputError(pictures.reason)
    networks = {
        REFERENCE if name == _NONE else name: network.staged
        if name == _NONE
        else models.convert_padding(network.staged, mode, input_shape=shape)
        for name, mode in modes.items()
    }
    train, test = data.split_images(pictures.images)
    options: dict[str, Any] = {
        "batch_size": batch_size,
        "seed": seed,
        "verbose": verbose,
    }
    position, arrays = probe_networks(
        networks,
        network,
        pictures,
        train,
        test,
        targets=targets,
        kernel_size=1,
        ridge=1e-3,
        **options,
    )
    notes = [position_note(position), pictures.text]
    pattern: list[Row] = []
    if pictures.reason:
        notes.append(f"No pattern: {pictures.reason}")
    else:
        padded = {k: v for k, v in networks.items() if k != REFERENCE}
        if padded:
            pattern, _ = network_patterns(padded, network, pictures, **options)
            notes.append(_PATTERN_NOTE)
    agreement = _agreement(network.whole, modes, test, pictures.crop)
    if agreement:
        notes.append(_AGREEMENT_NOTE)
    return PaddingComparison(
        position,
        pattern,
        agreement,
        arrays,
        comparison_conclusion(position),
        notes,
    )


def _agreement(model, modes, images, crop):
    """From each mode to how often a classifier says the same class."""
    shape = model.output_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[-1] < 2:
        return {}
    size = (*crop, model.inputs[0].shape[-1])
    networks = {"": at_size(model, crop)} | {
        name: models.convert_padding(model, mode, input_shape=size)
        for name, mode in modes.items()
        if name != _NONE
    }
    (height, width), (rows, columns) = images.shape, crop
    top, left = (height - rows) // 2, (width - columns) // 2
    answers: dict[str, list[np.ndarray]] = {name: [] for name in networks}
    for batch in images.batches(8):
        seen = batch[:, top : top + rows, left : left + columns]
        for name, each in networks.items():
            answers[name].append(
                np.asarray(each.predict_on_batch(packed(each, [seen])))
            )
    own = np.concatenate(answers.pop(""))
    return {
        name: float(metrics.top_k_overlap(own, np.concatenate(parts)).mean())
        for name, parts in answers.items()
    }


def _mode_label(mode):
    """A mode's name, with its arguments if it has other than the usual."""
    chosen = padding.get_or_none(mode, "padding_modes")
    if chosen is None:
        return _NONE
    parts = padding.serialize(chosen)
    if isinstance(parts, list):
        return "+".join(map(_mode_label, parts))
    return parts if isinstance(parts, str) else repr(chosen)


def comparison_conclusion(rows: Sequence[Row]) -> str:
    """The scores that borders change most, and the first border's part."""
    if few := few_pictures(rows):
        return few
    last = rows[-1]["stages"]
    modes = values_of(rows, "padding_mode")
    scores = {mode: last_scores(rows, mode) for mode in modes}
    first = scores[modes[0]]
    # The target that borders change most; of one mode the one it knows best.
    target = max(
        first,
        key=lambda name: (
            max(abs(first[name] - own[name]) for own in scores.values()),
            first[name],
        ),
    )
    parts = [
        f"{'real neighbours' if mode == REFERENCE else mode} {own[target]:.2f}"
        for mode, own in scores.items()
    ]
    text = f"SPC of the {target.replace('_', ' ')} position at {last}: "
    text += f"{', '.join(parts)}."
    control = scores.get(REFERENCE)
    if control and modes[0] != REFERENCE:
        text += (
            f" Of {first[target]:.2f}, {modes[0]} padding accounts for "
            f"{padding_part(first[target], control[target])}."
        )
    return text
