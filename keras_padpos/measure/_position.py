"""How much position a network carries, in one call."""

import contextlib
import logging
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos import data
from keras_padpos import probes
from keras_padpos.checks import as_list
from keras_padpos.choices import DEFAULT_TARGETS
from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.measure._result import Result
from keras_padpos.measure._result import Row
from keras_padpos.measure._source import IMAGES
from keras_padpos.measure._source import Network
from keras_padpos.measure._source import Pictures
from keras_padpos.measure._source import at_size
from keras_padpos.measure._source import open_network
from keras_padpos.measure._source import open_pictures
from keras_padpos.report.cells import counted
from keras_padpos.report.progress import Progress
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

OWN, REFERENCE = "own", "reference"
# Fewer photographs have no interval either.
_ENOUGH = 8
_INTERVALS = " Intervals: 95 %, bootstrap over pictures."
_FEW = " So few pictures say little: give more."
_HEADINGS = {OWN: "as it pads", REFERENCE: "real neighbours"}


class PositionResult(Result):
    """What `measure_position` gives; see `Result`.

    `plot()` draws the score of each target against the stages, from real
    neighbours dashed; `plot("maps")` the maps that the probes of the last
    stage predict, their median over pictures.
    """

    experiment = "position_probe"

    def tables(self) -> list[dict[str, Any]]:
        """One line for each stage and target, columns for each border."""
        modes = values_of(self.rows, "padding_mode")
        lines = []
        for (stage, target), rows in grouped(
            self.rows, ["stages", "target"]
        ).items():
            line = {"stage": stage, "target": target.replace("_", " ")}
            for row in rows:
                mode = row["padding_mode"]
                interval = interval_text(row["spearman_ci95"])
                line[mode] = f"{row['spearman']:.3f} {interval}".rstrip()
                line[f"{mode} mae"] = row["mae"]
            lines.append(line)
        headings = [(mode, _HEADINGS.get(mode, mode)) for mode in modes]
        return [
            {
                "title": f"Position probe of {self.rows[0]['backbone']}: "
                "SPC [95 %], and MAE",
                "columns": [
                    "stage",
                    "target",
                    *headings,
                    *(
                        (f"{mode} mae", f"MAE {name}")
                        for mode, name in headings
                    ),
                ],
                "rows": lines,
            }
        ]

    def plot(self, kind: str = "stages") -> Any:
        """Draw the scores (`"stages"`) or the predicted maps (`"maps"`)."""
        from keras_padpos.measure._plots import plot_maps
        from keras_padpos.measure._plots import plot_stages

        kinds = {"stages": plot_stages, "maps": plot_maps}
        if kind not in kinds:
            raise InputError(
                f"`kind` must be one of {', '.join(kinds)}. Received: {kind!r}"
            )
        return kinds[kind](self.rows, self.arrays)


def measure_position(
    model: Any,
    images: Any,
    *,
    test_images: Any = None,
    stages: Sequence[str] | None = None,
    targets: Sequence[str] = DEFAULT_TARGETS,
    reference: bool = True,
    size: int | tuple[int, int] | None = None,
    preprocess: Callable[[np.ndarray], Any] | None = None,
    weights: str = "imagenet",
    max_images: int | None = IMAGES,
    kernel_size: int = 1,
    ridge: float = 1e-3,
    batch_size: int = 8,
    seed: int = 0,
    verbose: bool = True,
) -> PositionResult:
    """Measure how much absolute position a network's features hold.

    A linear head on the frozen features of each stage predicts a map that
    depends on the position alone (a position probe, PosENet). It succeeds on
    new pictures only if the features tell where they are. The control,
    `reference`, is the same probe on features that are computed from what
    the larger picture holds around the network's input: same weights, same
    positions, no padding. What the first scores above the second comes from
    the padding.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((32, 32, 3)),
    ...         keras.layers.Conv2D(4, 3, padding="same", name="first"),
    ...         keras.layers.Conv2D(4, 3, 2, padding="same", name="last"),
    ...     ]
    ... )
    >>> images = np.random.default_rng(0).uniform(size=(12, 32, 32, 3))
    >>> position = measure_position(model, images, verbose=False)
    >>> sorted({row["padding_mode"] for row in position.rows})
    ['own', 'reference']
    >>> figure = position.plot()

    Args:
        model: A built functional or Sequential model with one input `(batch,
            height, width, channels)`, the path of a `.keras` file, or the name
            of a backbone (`models.backbone_names()`).
        images: Pictures as `data.as_images` takes them: an array, a
            `tf.data.Dataset`, a `keras.utils.PyDataset`, a PyTorch
            `DataLoader`, an `ImageSet`, a folder. Labels are ignored; values
            are in the range that the model takes.
        test_images: Likewise, the pictures to score on. `None`: every third
            of `images`, which the probes are not fitted on.
        stages: Names of layers. `None`: the last layer at each size of the map
            (`models.stage_candidates`).
        targets: Names out of `probes.TARGETS`.
        reference: Whether to measure the control too.
        size: Height and width of what the network sees. `None`: its own; that
            of the pictures if it takes any.
        preprocess: Called with each batch of pictures as they are; gives what
            the network takes.
        weights: Of a backbone by name: see `models.backbone`.
        max_images: Take so many pictures at most. `None`: all, in memory.
        kernel_size: Cells a side of the head's kernel.
        ridge: See `probes.ExactSolver`.
        batch_size: Pictures that go through the network at once.
        seed: Seed of the bootstrap and of the positions that are drawn.
        verbose: Whether to show the progress on standard error.

    Returns:
        A `PositionResult`. Its rows have, for each stage, target and kind of
        border, `spearman` (SPC, in [-1, 1]), its interval over pictures, and
        `mae`, as those of the binary `position_probe`.

    Raises:
        InputError: If an argument does not fit.

    Source:
        Islam et al., *How much position information do convolutional neural
        networks encode?* (ICLR 2020), sections 3 and 4. The control is ours.
    """
    network = open_network(model, stages, weights)
    options: dict[str, Any] = {"count": max_images, "preprocess": preprocess}
    pictures = open_pictures(network, images, size, reference, **options)
    if test_images is None:
        train, test = data.split_images(pictures.images)
    else:
        train = pictures.images
        test = data.as_images(
            test_images,
            channels=network.channels,
            shape=pictures.shape,
            **options,
        )
    networks = {OWN: network.staged}
    if reference and not pictures.reason:
        networks[REFERENCE] = network.staged
    rows, arrays = probe_networks(
        networks,
        network,
        pictures,
        train,
        test,
        targets=targets,
        kernel_size=kernel_size,
        ridge=ridge,
        batch_size=batch_size,
        seed=seed,
        verbose=verbose,
    )
    notes = [position_note(rows), pictures.text]
    if pictures.reason:
        notes.append(f"No control from real neighbours: {pictures.reason}")
    return PositionResult(rows, arrays, position_conclusion(rows), notes)


def probe_networks(
    networks: Mapping[str, keras.Model],
    network: Network,
    pictures: Pictures,
    train: data.ImageSet,
    test: data.ImageSet,
    *,
    targets: Sequence[str],
    kernel_size: int,
    ridge: float,
    batch_size: int,
    seed: int,
    verbose: bool,
) -> tuple[list[Row], dict[str, np.ndarray]]:
    """Probe several networks, by the name of their border, on one crop."""
    targets = as_list("targets", targets)
    for target in targets:
        if target not in probes.TARGETS:
            raise InputError(
                f"`targets` must be among {', '.join(probes.TARGETS)}. "
                f"Received: {target!r}.{did_you_mean(target, probes.TARGETS)}"
            )
    heads = [
        probes.Head(kernel_size, stages=(stage,)) for stage in network.stages
    ]
    rows: list[Row] = []
    arrays: dict[str, np.ndarray] = {}
    with progress(verbose, len(networks)) as unit:
        for name, each in networks.items():
            identity = {
                "backbone": network.name,
                "weights": network.weights,
                "padding_mode": name,
                "seed": seed,
                "calibration_images": 0,
            }
            with unit(
                f"{network.name}, {_HEADINGS.get(name, name)}",
                len(train) + len(test),
            ) as advance:
                measured, maps = probe_network(
                    each,
                    pictures.crop,
                    train,
                    {"test": test},
                    identity=identity,
                    label=name,
                    targets=targets,
                    heads=heads,
                    ridge=ridge,
                    batch_size=batch_size,
                    seed=seed,
                    advance=advance,
                )
            rows += measured
            arrays |= {f"{name}/{key}": value for key, value in maps.items()}
    return rows, arrays


def probe_network(
    network: keras.Model,
    crop: tuple[int, int],
    train: data.ImageSet,
    tests: Mapping[str, data.ImageSet],
    *,
    identity: Mapping[str, Any],
    label: str,
    resize: str = "area",
    **options: Any,
) -> tuple[list[Row], dict[str, np.ndarray]]:
    """Probe one network; what a notebook and the study `position_probe` call.

    Args:
        network: From pictures to a dict with a map for each stage.
        crop: Height and width of what the network sees of the pictures, their
            middle.
        train: Pictures to fit on, `crop` or, for the control, what lies
            around it too.
        tests: From a name to pictures to score on.
        identity: What says in rows which network it is; with
            `"padding_mode"` `"reference"` it is the control.
        label: What the names of the arrays begin with in rows.
        resize: See `probes.probe_features`.
        **options: Those of `probes.position_probe`.

    Returns:
        Rows and arrays as of `probes.position_probe`.
    """
    shape = None if train.shape == crop else train.shape
    if identity["padding_mode"] == REFERENCE:
        features = probes.reference_features(
            network, crop, resize=resize, picture_shape=shape
        )
    else:
        features = probes.probe_features(
            at_size(network, crop), resize=resize, picture_shape=shape
        )
    rows, arrays = probes.position_probe(features, train, tests, **options)
    return [
        {**identity, **row, "arrays": f"{label}/{row['arrays']}"}
        for row in rows
    ], arrays


@contextlib.contextmanager
def progress(verbose: bool, units: int) -> Any:
    """Yields what shows one unit of work: `Progress.unit`, or nothing."""
    with _without_retracing_warnings():
        if not verbose:
            yield lambda name, total: contextlib.nullcontext(lambda count: None)
            return
        with Progress(units=units) as shown:
            yield shown.unit


@contextlib.contextmanager
def _without_retracing_warnings():
    """Without TensorFlow's advice on functions that are traced once each.

    Every measurement makes models of its own, which TensorFlow takes for one
    function that is traced again and again.
    """

    def is_other(record):
        return "retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)


def position_note(rows: Sequence[Row]) -> str:
    """What the scores of rows are."""
    row = rows[0]
    return (
        f"SPC: rank correlation of predicted and true map, mean over "
        f"{counted(row['images'], 'picture')} the probes were not fitted on "
        f"({row['train_images']} to fit on); 0: no position. MAE: mean "
        f"absolute error, maps in [0, 1]; chance: {row['chance_mae']:.2f} "
        f"({row['target'].replace('_', ' ')})."
        f"{_INTERVALS if row['spearman_ci95'] else ''}"
        f"{_FEW if row['images'] < _ENOUGH else ''}"
    )


def last_scores(rows: Sequence[Row], mode: str) -> dict[str, float]:
    """From each target to the score of a border's last stage."""
    last = rows[-1]["stages"]
    return {
        row["target"]: row["spearman"]
        for row in rows
        if row["stages"] == last and row["padding_mode"] == mode
    }


def interval_text(interval: Sequence[float] | None) -> str:
    """An interval of SPC; of few pictures there is none."""
    # Plus 0, since what rounds to -0 is 0.
    ends = [f"{round(end, 2) + 0.0:.2f}" for end in interval or ()]
    return f"[{', '.join(ends)}]" if ends else ""


def position_conclusion(rows: Sequence[Row]) -> str:
    """The position that depends on padding most, and how much of it does."""
    if few := few_pictures(rows):
        return few
    last, own = rows[-1]["stages"], last_scores(rows, OWN)
    control = last_scores(rows, REFERENCE)
    target = max(own, key=lambda name: own[name] - control.get(name, 0.0))
    text = (
        f"At {last} the probe reads the {target.replace('_', ' ')} position "
        f"with SPC {own[target]:.2f}"
    )
    if not control:
        return f"{text}; without a control, the padding's part is not known."
    return (
        f"{text}, from real neighbours {control[target]:.2f}: the padding "
        f"accounts for {padding_part(own[target], control[target])} of it."
    )


def few_pictures(rows: Sequence[Row]) -> str:
    """Why there is no conclusion; nothing if there are enough pictures."""
    count = rows[-1]["images"]
    if count >= _ENOUGH:
        return ""
    return (
        f"{counted(count, 'test picture')}: too few for a conclusion, which "
        f"needs {_ENOUGH} or more."
    )


def padding_part(score: float, control: float) -> str:
    """How much of a score is missing with real neighbours: at most all."""
    part = min(score, score - control)
    if part <= 0:
        return "none"
    return "all" if part == score else f"{part:.2f}"
