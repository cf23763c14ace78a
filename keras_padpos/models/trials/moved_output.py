"""By how much the output of a call moves when maps are changed."""

from typing import Any

import numpy as np

from keras_padpos.models.trials.trial_run import TrialError
from keras_padpos.models.trials.trial_run import TrialRun


class MovedOutput:
    """Runs a call on two maps and on changed copies of them.

    Args:
        run: What runs the call.

    Attributes:
        run: The same.
        maps: The two maps: one the same at all positions, one another at
            each.
        bases: What they give, by the draw of weights.
        noisy: Whether copies give the same in batches of one size alone.
    """

    def __init__(self, run: TrialRun) -> None:
        self.run = run
        self.maps, self._others = run.make([True, False])
        self._weights: dict[int, Any] = {}
        self.bases: dict[int, np.ndarray] = {}
        self.noisy = False

    def by(
        self, changed: np.ndarray, kinds: np.ndarray | list[int], draw: int
    ) -> np.ndarray:
        """By how much the output moves, channels last, a row a copy.

        The maps themselves are in each batch, and must give the same in all.

        Args:
            changed: Changed copies of the maps.
            kinds: Of which map each is a copy.
            draw: Number of the draw of weights.

        Raises:
            TrialError: If the call cannot be run, or not twice alike.
        """
        every = np.array([0, 0, 1, *kinds])
        rows = np.concatenate([self.maps[every[:3]], changed])
        made = self.outputs(rows, every, draw)
        same = made[:3]
        if draw not in self.bases:
            self.bases[draw] = same
            noise = np.abs(same[0] - same[1]).max()
            self.noisy = self.noisy or bool(noise > self.rounding(draw))
        base = self.bases[draw]
        if self.noisy:
            # Alike in batches of one size alone.
            whole = self.outputs(self.maps[every], every, draw)
            base = whole[:3]
        if np.abs(same - base).max() > self.rounding(draw):
            raise TrialError(
                "it gives another result each time it runs, or mixes the "
                "examples of a batch"
            )
        if self.noisy:
            return made[3:] - whole[3:]
        return made[3:] - base[every[3:] + 1]

    def outputs(self, x: np.ndarray, kinds: np.ndarray, draw: int) -> Any:
        """The output for copies of the maps, channels last."""
        if draw not in self._weights:
            self._weights[draw] = self.run.weights(draw)
        others = [
            None if each is None else each[kinds] for each in self._others
        ]
        made = self.run.output(x, others, self._weights[draw])
        if made.ndim == len(self.run.sizes) + 1:
            return made[..., None]
        return np.moveaxis(made, 1, -1) if self.run.first == 2 else made

    @property
    def positions(self) -> tuple[int, ...]:
        """Sizes of the output, after the first run."""
        return self.bases[0].shape[1:-1]

    def rounding(self, draw: int) -> float:
        """The largest difference that rounding may make."""
        largest = float(np.abs(self.bases[draw]).max())
        return self.run.epsilon * max(largest, 1e-30)
