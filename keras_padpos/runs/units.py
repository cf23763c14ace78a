"""One network of a run, trained and then scored."""

import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_padpos.files.disk import strict_json
from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.work_directory import WorkDirectory

if TYPE_CHECKING:
    from keras_padpos.training import OneDevice


class StopRows:
    """Rows and arrays that a training found at its stops, with a state.

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
        """Add what was found at one stop."""
        self._keys.append(key)
        self.rows += strict_json(list(rows))
        for name, array in (arrays or {}).items():
            self.arrays[f"{key}/{name}"] = array

    def state(self) -> dict[str, np.ndarray]:
        """Everything, as arrays by name."""
        from keras_padpos import training

        rows = np.array(json.dumps([self._keys, self.rows]))
        return training.flat_state({"rows": rows, "arrays": self.arrays})

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        from keras_padpos import training

        self._keys, self.rows = json.loads(str(state["rows"]))
        self.arrays = training.sub_state(state, "arrays")


class TrainingUnit:
    """A unit of work whose training is kept when its scoring is killed.

    Args:
        work: The run's directory.
        label: Names the unit.
        seconds: Time between two checkpoints.
        advance: Called with numbers of what progress counts, 1 if without.
        per_step: How many of these a training step is.

    Attributes:
        label: As above; `advance` likewise.
        rolling: Where states and lines of its training go.
        scoring: Where states of its scoring go, if that takes long.
        skipped: Pictures that could not be read, by the name of their set.
    """

    def __init__(
        self,
        work: WorkDirectory,
        label: str,
        seconds: float = 60.0,
        advance: Callable[..., Any] = lambda count=1: None,
        per_step: int = 1,
    ) -> None:
        self.label = label
        self.skipped: dict[str, list[str]] = {}
        self.rolling = RollingCheckpoint(work, label, seconds)
        self.scoring = RollingCheckpoint(
            work, f"{label} scores", seconds, unit=label
        )
        self._work = work
        # As of a rolling checkpoint: a report does not take it for finished.
        self._trained_key = f"{label} under way network"
        self.advance = advance
        self._per_step = per_step
        self._steps = 0

    def log(self, **metrics: Any) -> None:
        """Log a line of the training, and count its steps."""
        self.rolling.log(**metrics)
        self.advance((metrics["step"] - self._steps) * self._per_step)
        self._steps = metrics["step"]

    def trained(
        self,
        make: Callable[[], Any],
        train: Callable[[Any], Any],
        devices: "OneDevice",
        *,
        example: Any,
        calibrate: Callable[[Any], Any] | None = None,
        prepare: Callable[[Any], Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Train a network, or take the one that was trained before.

        It is a unit of work of its own: a run that is killed while it scores
        need not train again.

        Args:
            make: Makes the network, the same at every call.
            train: Trains it, made in the scope of `devices`. It logs with
                `log` at least once, and gives `rolling` to what trains.
            devices: What to train on.
            example: A batch of what the network takes; see
                `training.divergence`.
            calibrate: Takes the statistics of the trained network, on one
                device, from pictures again.
            prepare: Changes the network, on one device, before it is trained;
                returns what is to be kept of that, as JSON holds it.

        Returns:
            The trained network on one device, and a dict: `"steps"`, how many
            there were; `"reason"`, why it cannot be scored, or `None`;
            `"prepared"`, what `prepare` returned.
        """
        from keras_padpos import training

        saved = self._work.checkpoint(self._trained_key)
        if saved:
            (about, *lines), state = saved
            network = make()
            if devices.devices == 1:
                # As `train` leaves it, so that answers agree in each digit.
                network.compile(jit_compile=training.suits_xla(devices))
            training.restore_variables(network.variables, state)
            for line in lines:
                self.log(**line)
            self._work.mark_resumed(self.label)
            return network, about
        with devices.scope():
            network = make()
        local = training.LocalModel(network, devices)
        prepared = None
        if prepare is not None:
            single = local.now()
            prepared = prepare(single)
            if single is not network:
                with devices.scope():
                    network.set_weights(single.get_weights())
        train(network)
        network = local.now()
        about = {
            "steps": self._steps,
            "reason": _calibrated(network, example, calibrate),
            "prepared": prepared,
        }
        (about, *_), _ = self._work.save_checkpoint(
            self._trained_key,
            [about, *self.rolling.lines],
            training.variable_state(network.variables),
        )
        self.rolling.remove()
        return network, about

    def remove(self) -> None:
        """Remove what was saved, once the unit is finished."""
        self.rolling.remove()
        self.scoring.remove()
        self._work.remove_checkpoint(self._trained_key)


def _calibrated(network, example, calibrate):
    """Calibrate a network; why it cannot be scored, if it has diverged."""
    from keras_padpos import training

    if calibrate is not None:
        reason = training.divergence(network)
        if reason:
            return reason
        try:
            calibrate(network)
        except ValueError:
            # It refuses numbers that are not finite, and other things.
            reason = training.divergence(network, example)
            if not reason:
                raise
            return reason
    return training.divergence(network, example)
