"""One network of a run, trained and then scored."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.work_directory import WorkDirectory


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
