"""One network of a run, trained and then scored."""

import functools
import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import TypeVar

import numpy as np
from absl import flags

from keras_padpos.errors import InputError
from keras_padpos.files.disk import strict_json
from keras_padpos.report.progress import Progress
from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.work_directory import WorkDirectory


def calibrated_at_end(
    network: Any, inputs: Any, calibrate: Callable[[], Any] | None = None
) -> str | None:
    """Calibrate a network, unless its training has diverged.

    Args:
        network: On one device; changed in place.
        inputs: A batch of what it takes; see `training.divergence`.
        calibrate: Takes the statistics of `network` again; `None`: they stay
            as they are.

    Returns:
        Why it cannot be scored, in words; `None` if it can.

    Raises:
        ValueError: What `calibrate` raises, if the network's answers are
            finite.
    """
    from keras_padpos import training

    reason = training.divergence(network)
    if calibrate is None or reason:
        return reason or training.divergence(network, inputs)
    try:
        calibrate()
    except ValueError:
        # It refuses numbers that are not finite, and other things.
        reason = training.divergence(network, inputs)
        if not reason:
            raise
        return reason
    return training.divergence(network, inputs)


def calibrated_at_first(
    network: Any,
    pictures: np.ndarray,
    spread: Any,
    *,
    batch_size: int,
    seed: int,
) -> int:
    """Calibrate a network that may be spread over devices.

    Args:
        network: Changed in place; made in the scope of `spread`.
        pictures: See `tasks.calibrate_classifier`.
        spread: What it is trained on.
        batch_size: Pictures that are normalised together.
        seed: Seed of the draw.

    Returns:
        How many pictures there were.
    """
    from keras_padpos import tasks
    from keras_padpos import training

    local = training.LocalModel(network, spread).now()
    count = tasks.calibrate_classifier(
        local, pictures, batch_size=batch_size, seed=seed
    )
    if local is not network:
        with spread.scope():
            network.set_weights(local.get_weights())
    return count


class FoundRows:
    """Rows and arrays that a training found at its stops, with a state.

    Example:

    >>> found = FoundRows()
    >>> found.add("step10", [{"loss": 0.5}], {"map": np.eye(2)})
    >>> again = FoundRows()
    >>> again.restore(found.state())
    >>> again.rows, list(again.arrays), again.has("step10")
    ([{'loss': 0.5}], ['step10/map'], True)

    Attributes:
        rows: All rows, in their order.
        arrays: All arrays, under `KEY/NAME`.
    """

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.arrays: dict[str, np.ndarray] = {}
        self._keys: list[str] = []

    def has(self, key: str) -> bool:
        """Whether something was added under a key."""
        return key in self._keys

    def add(
        self,
        key: str,
        rows: Iterable[Any],
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Add what was found at one stop.

        Args:
            key: Names the stop.
            rows: What JSON holds.
            arrays: Arrays of numbers by name.
        """
        self._keys.append(key)
        self.rows += strict_json(list(rows))
        for name, array in (arrays or {}).items():
            self.arrays[f"{key}/{name}"] = array

    def state(self) -> dict[str, np.ndarray]:
        """Everything, as arrays by name."""
        return {
            "rows": np.array(json.dumps([self._keys, self.rows])),
            **{f"arrays/{name}": each for name, each in self.arrays.items()},
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        self._keys, self.rows = json.loads(str(state["rows"]))
        self.arrays = {
            name.removeprefix("arrays/"): array
            for name, array in state.items()
            if name.startswith("arrays/")
        }


class TrainingUnit:
    """A unit of work whose training is kept when its scoring is killed.

    `train_units` makes it.

    Args:
        work: The run's directory.
        label: Names the unit.
        seconds: Time between two checkpoints.
        advance: Called with numbers of what progress counts.
        per_step: How many of these a training step is.

    Attributes:
        label: As above.
        rolling: Where states and lines of its training go.
        scoring: Where states of its scoring go, if that takes long.
    """

    def __init__(
        self,
        work: WorkDirectory,
        label: str,
        seconds: float = 60.0,
        advance: Callable[[int], Any] = lambda count: None,
        per_step: int = 1,
    ) -> None:
        self.label = label
        self.rolling = RollingCheckpoint(work, label, seconds)
        self.scoring = RollingCheckpoint(
            work, f"{label} scores", seconds, unit=label
        )
        self._work = work
        # As of a rolling checkpoint: a report does not take it for finished.
        self._trained_key = f"{label} under way network"
        self._advance = advance
        self._per_step = per_step
        self._steps = 0

    def advance(self, count: int = 1) -> None:
        """Count what was done besides training steps.

        Args:
            count: How many more, of what progress counts.
        """
        self._advance(count)

    def log(self, **metrics: Any) -> None:
        """Log a line of the training, and count its steps.

        The first line of a training that goes on counts all steps before, too.

        Args:
            **metrics: Names and values; `step` is how many steps there were.
        """
        self.rolling.log(**metrics)
        self._advance((metrics["step"] - self._steps) * self._per_step)
        self._steps = metrics["step"]

    def curves(self) -> dict[str, np.ndarray]:
        """What was logged; see `RollingCheckpoint.curves`."""
        return self.rolling.curves()

    def trained(
        self,
        make: Callable[[], Any],
        train: Callable[[Any], tuple[Any, Mapping[str, Any]]],
        spread: "OneDevice",  # noqa: F821
    ) -> tuple[Any, dict[str, Any]]:
        """Train a network, or take the one that was trained before.

        It is a unit of work of its own: a run that is killed while it scores
        need not train again.

        Args:
            make: Makes the network, the same at every call.
            train: From the network, made in the scope of `spread`, to the
                trained one on one device, and what else is to be known of the
                training, as JSON holds it. It logs with `log` at least once,
                and gives `rolling` to what trains.
            spread: What to train on.

        Returns:
            The trained network on one device, and what else `train` returned.
        """
        from keras_padpos import training

        found = self._work.checkpoint(self._trained_key)
        if found:
            (note, *lines), state = found
            network = make()
            if spread.devices == 1:
                # As `train` leaves it, so that answers agree in each digit.
                network.compile(jit_compile=training.suits_xla(spread))
            training.restore_variables(network.variables, state)
            for line in lines:
                self.log(**line)
            self._work.mark_resumed(self.label)
            return network, note
        with spread.scope():
            network = make()
        network, note = train(network)
        (note, *_), _ = self._work.save_checkpoint(
            self._trained_key,
            [note, *self.rolling.lines],
            training.variable_state(network.variables),
        )
        self.rolling.remove()
        return network, note

    def remove(self) -> None:
        """Remove what was saved, once the unit is finished."""
        self.rolling.remove()
        self.scoring.remove()
        self._work.remove_checkpoint(self._trained_key)


_Plan = TypeVar("_Plan")
_Found = tuple[Sequence[Any], Mapping[str, Any]]


def train_units(
    work: WorkDirectory,
    plans: Sequence[tuple[str, _Plan]],
    compute: Callable[[_Plan, TrainingUnit], _Found],
    *,
    total: Callable[[_Plan], int | None],
    noun: str = "pictures",
    per_step: int = 1,
) -> tuple[list[Any], dict[str, np.ndarray]]:
    """Train and score networks, but for those that were finished before.

    A run that is killed goes on where it was: `--checkpoint_seconds` of a
    training are lost at most, and a network that is being scored is not
    trained again.

    Example:

    >>> import tempfile
    >>> from keras_padpos.runs.flags import define_common_flags
    >>> define_common_flags(spreads=True)
    >>> _ = flags.FLAGS(["count"])
    >>> work = WorkDirectory(tempfile.mkdtemp(), "count", {})
    >>> rows, arrays = train_units(
    ...     work, [("one", 1), ("two", 2)],
    ...     lambda plan, unit: ([{"n": plan}], {"curve": [plan] * plan}),
    ...     total=lambda plan: None,
    ... )
    >>> rows, list(arrays)
    ([{'n': 1}, {'n': 2}], ['one/curve', 'two/curve'])

    Args:
        work: The run's directory.
        plans: What each network is called, all different, and what `compute`
            gets. The first need not be a network.
        compute: From a plan and its unit to rows and arrays; see
            `TrainingUnit.trained`. Not called for what was finished before.
        total: From a plan to what there is to do, training and scoring, in
            `noun`; `None` if unknown. Not called for what was finished before.
        noun: What progress counts, in the plural.
        per_step: How many of these a training step is.

    Returns:
        All rows, and all arrays under `LABEL/NAME`.

    Raises:
        ValueError: If two are called the same.
    """
    labels = [label for label, _ in plans]
    if len(set(labels)) < len(labels):
        raise InputError(
            f"`plans` must be called differently. Received: {labels}"
        )
    seconds = flags.FLAGS.checkpoint_seconds
    rows, arrays = [], {}
    with Progress(units=len(plans)) as progress:
        for label, plan in plans:
            found = work.checkpoint(label)
            if found:
                progress.done_before(label)
            else:
                with progress.unit(label, total(plan), noun) as advance:
                    unit = TrainingUnit(work, label, seconds, advance, per_step)
                    found = work.save_checkpoint(label, *compute(plan, unit))
            # Also left over if it was killed between these two steps.
            TrainingUnit(work, label).remove()
            rows += found[0]
            arrays |= {
                f"{label}/{name}": each for name, each in found[1].items()
            }
    return rows, arrays


def trained_classifier(
    work: WorkDirectory,
    unit: TrainingUnit,
    make: Callable[[], Any],
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    spread: "OneDevice",  # noqa: F821
    calibrates: bool,
    batch_size: int,
    seed: int,
    prepare: Callable[[Any], Mapping[str, Any]] = lambda network: {},
    **options: Any,
) -> tuple[Any, dict[str, Any]]:
    """Train a network from where it was interrupted, calibrate and save it.

    One that has diverged is neither calibrated nor saved.

    Args:
        work: The run's directory, which gets the model.
        unit: The unit, which names the model and gets the curve.
        make: Makes the network, to logits; see `TrainingUnit.trained`.
        pictures: See `tasks.train_classifier`.
        labels: See `tasks.train_classifier`.
        spread: What to train on.
        calibrates: Whether to take BatchNorm's statistics again at the end.
        batch_size: Pictures a step.
        seed: Seed of what is drawn.
        prepare: Changes the network before it is trained, and tells what is
            to be known of that.
        **options: Of `tasks.train_classifier`.

    Returns:
        The network on one device, and a dict: `"steps"`, how many there were,
        `"reason"`, why it cannot be scored, or `None`, and what `prepare` told.
    """
    from keras_padpos import tasks
    from keras_padpos import training

    def train(network):
        note = dict(prepare(network))
        note["steps"] = tasks.train_classifier(
            network,
            pictures,
            labels,
            batch_size=batch_size,
            seed=seed,
            log=unit.log,
            checkpoint=unit.rolling,
            spread=spread,
            **options,
        )
        local = training.LocalModel(network, spread).now()
        calibrate = functools.partial(
            tasks.calibrate_classifier,
            local,
            pictures,
            batch_size=batch_size,
            seed=seed,
        )
        note["reason"] = calibrated_at_end(
            local,
            pictures[:batch_size].astype("float32"),
            calibrate if calibrates else None,
        )
        if not note["reason"]:
            work.save_model(unit.label, local)
        return local, note

    return unit.trained(make, train, spread)
