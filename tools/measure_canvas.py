"""What it costs a training step to make its canvases."""

import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_padpos import data
from keras_padpos import tasks
from tools.interleaved_times import interleaved_times
from tools.training_in_turns import TrainingInTurns

MEMORY = "canvases in memory"
LAYER = "layer"
DATASET = "tf.data"
DATASET_BYTES = "tf.data, uint8"
DATASET_ALONE = "tf.data, no training"

_SIZE = 32


def measure_canvas(
    name: str,
    task: str,
    grid: int,
    *,
    canvas: str = "black",
    padding_mode: str = "zeros",
    batch_size: int = 48,
    steps: int = 8,
    rounds: int = 5,
    jit: bool | None = None,
    size: int = _SIZE,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Time training steps by where their canvases come from.

    All train the same network: `MEMORY`, without its `Canvas`, on one batch of
    canvases that is ready in memory, as a tf.data data set with TensorFlow;
    `LAYER`, whole, as `tasks.train_location` does, with all that it draws and
    copies; `DATASET` and `DATASET_BYTES`, without its `Canvas`, from
    `data.location_canvases`. `DATASET_ALONE` is that data set and no
    training. Without TensorFlow there are only the first two.

    Args:
        name: The network; see `tasks.location_net`.
        task: What is asked of it.
        grid: Cells in a row and in a column of the canvas.
        canvas: Its colour.
        padding_mode: Of the network.
        batch_size: Canvases a step.
        steps: Steps between two looks at the clock. A call of `fit` takes
            them, and they carry what it costs to begin.
        rounds: Rounds of all; see `interleaved_times`.
        jit: Whether to compile with XLA; see `tasks.train_location`.
        size: Height and width of the pictures.
        seed: Seed of the pictures (noise), the cells and the first weights.

    Returns:
        A row for each, under `"feed"`: `milliseconds` a step, the median of
        the rounds; `ratio` to that of `MEMORY`; `ratio_low` and `ratio_high`,
        quartiles of the ratios within a round; and `cpu_milliseconds` and
        `cpu_ratio`, the same of processor time, all cores together, which
        other jobs on the machine disturb less.
    """
    rng = np.random.default_rng(seed)
    pictures = rng.integers(
        0, 256, (batch_size * steps, size, size, 3), "uint8"
    )
    labels = rng.integers(0, 10, len(pictures))
    keras.utils.set_random_seed(seed)
    net = tasks.location_net(
        name, task, grid, canvas=canvas, padding_mode=padding_mode, size=size
    )
    layer = net.get_layer("canvas")
    bare = keras.Model(layer.output, net.output)
    heads = list(net.output)

    def train(log):
        tasks.train_location(
            net,
            pictures,
            labels,
            grid,
            epochs=2 * (rounds + 2),
            batch_size=batch_size,
            seed=seed,
            jit=jit,
            log_steps=steps,
            log=log,
        )

    with TrainingInTurns(train) as whole:
        # Compiles the network, whose settings the other one takes over.
        whole()
        bare.compile(
            net.optimizer.from_config(net.optimizer.get_config()),
            dict.fromkeys(
                heads,
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            ),
            metrics={head: ["accuracy"] for head in heads},
            jit_compile=net.jit_compile,
        )

        def fit(batches):
            bare.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

        ready = _ready(layer, pictures, labels, heads, grid, batch_size)
        contenders = {MEMORY: lambda: fit(ready), LAYER: whole}
        if importlib.util.find_spec("tensorflow"):
            floats, small = (
                data.location_canvases(
                    pictures,
                    labels,
                    grid,
                    batch_size,
                    heads=heads,
                    fill=canvas,
                    seed=seed,
                    dtype=dtype,
                )
                for dtype in ("float32", "uint8")
            )
            contenders[DATASET] = lambda: fit(floats)
            contenders[DATASET_BYTES] = lambda: fit(small)
            contenders[DATASET_ALONE] = lambda: list(
                map(len, floats.take(steps))
            )
        watched = {feed: _Watched(run) for feed, run in contenders.items()}
        times = interleaved_times(watched, rounds)
    rows = []
    for feed, seconds in times.items():
        low, high = np.quantile(seconds / times[MEMORY], (0.25, 0.75)).tolist()
        wall, cpu = (
            statistics.median(each.tolist())
            for each in (seconds, watched[feed].cpu_seconds(rounds))
        )
        if feed == MEMORY:
            least, least_cpu = wall, cpu
        rows.append(
            {
                "feed": feed,
                "milliseconds": 1e3 * wall / steps,
                "ratio": wall / least,
                "ratio_low": low,
                "ratio_high": high,
                "cpu_milliseconds": 1e3 * cpu / steps,
                "cpu_ratio": cpu / least_cpu,
            }
        )
    return rows


class _Watched:
    """A function whose processor time is looked at too."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._seconds: list[float] = []

    def __call__(self) -> None:
        start = time.process_time()
        self._function()
        self._seconds.append(time.process_time() - start)

    def cpu_seconds(self, rounds):
        """Of the last calls: those before have warmed up."""
        return np.array(self._seconds[-rounds:])


def _ready(layer, pictures, labels, heads, grid, batch_size):
    """One batch of canvases, again and again."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, grid**2, batch_size)
    chosen, classes = pictures[:batch_size], labels[:batch_size]
    wanted = {"class": classes, "cell": cells}
    if "pixels" in heads:
        wanted["pixels"] = tasks.canvas_labels(
            classes, cells, grid, pictures.shape[1]
        )
    batch = (
        keras.ops.convert_to_numpy(layer({"picture": chosen, "cell": cells})),
        {head: wanted[head] for head in heads},
    )
    if keras.backend.backend() != "tensorflow":
        return _Same(batch)
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(batch).cache().repeat()


class _Same(keras.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self._batch = batch

    def __len__(self):
        return 1 << 30

    def __getitem__(self, number):
        return self._batch
