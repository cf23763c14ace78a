"""Where a training stands, and how it is taken up again."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from keras_padpos.training.state import Part
from keras_padpos.training.state import flat_state
from keras_padpos.training.state import sub_state

_POSITION = "position"


class Checkpoint(Protocol):
    """Where the state of a training is kept; see `runs.RollingCheckpoint`."""

    def load(self) -> tuple[Mapping, Mapping[str, np.ndarray]] | None:
        """What was saved last: a JSON object and arrays; `None` if nothing."""

    def offer(self, state: Callable[[], tuple[Mapping, Mapping]]) -> None:
        """Save what `state()` returns, if it is time."""


class TrainingPosition:
    """Epoch and step of a training, and the parts that it changes.

    A training that asks it where to begin, tells it of every step, and draws
    whatever it draws from the epoch's number and the parts alone, ends the
    same whether it was interrupted or not.

    Example: a "training" that counts, killed in its second epoch.

    >>> class Count:
    ...     value = 0
    ...     def state(self):
    ...         return {"value": np.array(self.value)}
    ...     def restore(self, state):
    ...         self.value = int(state["value"])
    >>> class Kept:
    ...     saved = None
    ...     def load(self):
    ...         return self.saved
    ...     def offer(self, state):
    ...         self.saved = state()
    >>> def train(checkpoint, kill_after=None):
    ...     count = Count()
    ...     at = TrainingPosition({"count": count}, checkpoint)
    ...     while at.epoch < 3:
    ...         for step in range(at.step, 4):
    ...             count.value += 1
    ...             at.next_step()
    ...             if count.value == kill_after:
    ...                 return
    ...         at.next_epoch()
    ...     return count.value
    >>> kept = Kept()
    >>> train(kept, kill_after=6)
    >>> kept.saved[1]["position"].tolist(), train(kept)
    ([1, 2], 12)

    Args:
        parts: From a name to what has a state.
        checkpoint: Where to go on from, and where states go. `None`: nowhere.

    Attributes:
        epoch: Epochs that are over.
        step: Steps that are over of the epoch under way.
        resumed: Whether there was something to go on from.
    """

    def __init__(
        self,
        parts: Mapping[str, Part],
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.epoch = 0
        self.step = 0
        self._parts = dict(parts)
        self._checkpoint = checkpoint
        saved = checkpoint.load() if checkpoint is not None else None
        self.resumed = saved is not None
        if saved is not None:
            self._restore(saved[1])

    def next_step(self) -> None:
        """Count a step, and save the state if it is time."""
        self.step += 1
        self.offer()

    def next_epoch(self) -> None:
        """Begin the next epoch."""
        self.epoch += 1
        self.step = 0

    def offer(self) -> None:
        """Save the state if it is time."""
        if self._checkpoint is not None:
            self._checkpoint.offer(lambda: ({}, self.state()))

    def state(self) -> dict[str, np.ndarray]:
        """Everything that resuming needs, as arrays by name."""
        return flat_state(
            {
                _POSITION: np.array([self.epoch, self.step]),
                **{name: part.state() for name, part in self._parts.items()},
            }
        )

    def _restore(self, state):
        self.epoch, self.step = state[_POSITION].tolist()
        for name, part in self._parts.items():
            part.restore(sub_state(state, name))
