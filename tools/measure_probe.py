"""What position probes cost, beside the original recipe."""

import math
import statistics
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos import probes
from tools.held_images import HeldImages
from tools.interleaved_times import interleaved_times


def exact_pass_over_forward(
    network: keras.Model,
    images: Any,
    *,
    targets: Sequence[str],
    batch_size: int,
    rounds: int,
) -> dict[str, Any]:
    """Time one pass that fits 1x1 heads beside a bare forward pass.

    Args:
        network: A backbone: from pictures to a dict of stage maps.
        images: An `ImageSet`; its pictures are held in memory meanwhile.
        targets: Names of targets to fit.
        batch_size: Pictures that go in together.
        rounds: Rounds of both; see `interleaved_times`.

    Returns:
        `forward_seconds` and `exact_seconds`, medians, and their `ratio`. The
        bare pass computes the last stage's map and nothing more; the other
        puts all stages on the grid, sums up and solves.
    """
    last = keras.Model(network.input, list(network.output.values())[-1])
    features = probes.probe_features(network)
    held = HeldImages(images)

    def forward():
        for batch in held.batches(batch_size):
            last.predict_on_batch(batch)

    def exact():
        probes.position_probe(
            features, held, {}, targets=targets, batch_size=batch_size
        )

    times = interleaved_times({"forward": forward, "exact": exact}, rounds)
    seconds = {
        name: statistics.median(each.tolist()) for name, each in times.items()
    }
    return {
        "forward_seconds": seconds["forward"],
        "exact_seconds": seconds["exact"],
        "ratio": seconds["exact"] / seconds["forward"],
    }


def fit_all(
    network: keras.Model,
    images: Any,
    heads: Sequence[probes.Head],
    *,
    targets: Sequence[str],
    batch_size: int,
    ridge: float,
    positions: int | str,
    advance: Callable[[int], None] | None = None,
) -> float:
    """Fit all heads and targets exactly, on one pass.

    Args:
        network: A backbone.
        images: An `ImageSet`.
        heads: Shapes of heads, linear, of one layer.
        targets: Names of targets.
        batch_size: Pictures that go in together.
        ridge: See `probes.ExactSolver`.
        positions: See `probes.position_budget`.
        advance: Called with the number of pictures that went through.

    Returns:
        Seconds, reading the pictures and solving included.
    """
    start = time.perf_counter()
    probes.position_probe(
        probes.probe_features(network),
        images,
        {},
        targets=targets,
        heads=heads,
        ridge=ridge,
        positions_per_image=positions,
        batch_size=batch_size,
        advance=advance,
    )
    return time.perf_counter() - start


def recipe_seconds(
    network: keras.Model,
    images: Any,
    head: probes.Head,
    *,
    target: str,
    steps: int,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Time the original recipe for one head and one target.

    As in the code released with Islam et al. (ICLR 2020): 15 epochs over the
    pictures in batches of 32, and in every step the frozen backbone's forward
    pass, then a step of SGD for one head and one target. A few steps are run
    and the rest is extrapolated by their number.

    Args:
        network: A backbone.
        images: An `ImageSet`.
        head: The head's shape.
        target: Name of the target.
        steps: Steps to time, after one that is not timed.
        advance: Called after each step.

    Returns:
        `step_seconds` (median), `steps` (of the whole recipe) and `seconds`
        (their product).
    """
    features = probes.probe_features(network)
    grid, channels = 0, 0
    for name in head.sees(tuple(features.output)):
        _, grid, _, width = features.output[name].shape
        channels += width
    solver = probes.GradientSolver(
        {target: probes.position_target(target, images.size)},
        (grid, grid, channels),
        head,
    )
    times = []
    batches = _endless(images)
    for _ in range(steps + 1):
        start = time.perf_counter()
        batch = next(batches)
        maps = features.predict_on_batch(batch)
        solver.step(head.joined({n: maps[n] for n in features.output}), 0)
        times.append(time.perf_counter() - start)
        advance()
    step = statistics.median(times[1:])
    whole = probes.EPOCHS * math.ceil(len(images) / probes.BATCH)
    return {"step_seconds": step, "steps": whole, "seconds": step * whole}


def _endless(images):
    # A last, smaller batch would be a step like the others.
    whole = len(images) >= probes.BATCH
    while True:
        yield from images.batches(probes.BATCH, drop_remainder=whole)
