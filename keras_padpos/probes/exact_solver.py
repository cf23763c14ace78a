"""The best linear probe there is, in one pass."""

import math
import numbers
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.checks import as_floats
from keras_padpos.checks import check_ints
from keras_padpos.checks import is_int
from keras_padpos.errors import InputError
from keras_padpos.probes._windows import windows
from keras_padpos.probes.linear_probe import LinearProbe
from keras_padpos.probes.moments import Moments
from keras_padpos.probes.regression import DualRegression
from keras_padpos.probes.regression import PrimalRegression
from keras_padpos.probes.regression import StandardRows
from keras_padpos.training import flat_state
from keras_padpos.training import sub_state

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""What `ridge="auto"` chooses from."""

# One picture in five chooses the ridge, where one is to be chosen.
_FOLD = 5

# Windows laid out at once, so that they take little memory.
_PICTURES = 8


class ExactSolver:
    """Ridge regression of position on features, streamed.

    A linear head with a squared loss has a closed form, so there is no
    learning rate and no number of epochs to choose, and no initial weights. One
    pass over the pictures accumulates the normal equations; memory does not
    depend on the number of pictures. The ridge is added to the correlation
    matrix of the features, so it does not depend on their units or on the
    number of pictures. Where not all positions of a picture are used, a seed
    decides which.

    Heads of one kernel size that see different stages share the pass and the
    products, and each is what it would be alone, to the last bit.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> ramp = np.broadcast_to(np.arange(8.0), (8, 8))
    >>> solver = ExactSolver(ramp[..., None], ridge=1e-9)
    >>> for _ in range(4):
    ...     noise = rng.normal(size=(2, 8, 8))
    ...     solver.update(np.stack([ramp + noise, noise], axis=-1))
    >>> probe = solver.solve()
    >>> noise = rng.normal(size=(1, 8, 8))
    >>> predicted = probe.predict(np.stack([ramp + noise, noise], -1))
    >>> bool(np.allclose(predicted[0, :, :, 0], ramp, atol=1e-4))
    True

    Args:
        targets: `(height, width, targets)` on the head's output grid.
        kernel_size: Cells a side of the head's kernel.
        padding: Zeros that the head adds on each side.
        ridge: Added to the diagonal of the correlation matrix, 0 or more; or
            `"auto"`: for each target the one of `RIDGES` with the least
            squared error on every fifth picture when fitted on the others
            (standardised, and centred on the targets' mean, over all). The
            probe is then fitted on all. Where pictures are crops of few
            photographs, as in `samples:train`, those held out are no strangers
            to the others, and the choice tends to be too small.
        subsets: Groups of names of stages to solve for. `None`: a single
            group of all that `update` is given.
        positions: How many positions of each picture to use, drawn at random.
            `None`: all.
        dual: Hold the rows and solve the dual problem, in as many unknowns
            as there are rows. The same solution; see `needs_dual`. Memory
            grows with `positions` times the number of pictures.
        seed: Of the sample of positions.

    Raises:
        ValueError: If `ridge`, `subsets` or `positions` is none of these.
    """

    def __init__(
        self,
        targets: np.ndarray,
        *,
        kernel_size: int = 1,
        padding: int = 0,
        ridge: float | str = 1e-3,
        subsets: Sequence[Sequence[str]] | None = None,
        positions: int | None = None,
        dual: bool = False,
        seed: int = 0,
    ) -> None:
        if ridge != "auto" and not (
            isinstance(ridge, numbers.Real) and 0 <= ridge < math.inf
        ):
            raise InputError(
                f'`ridge` must be 0 or more, or "auto". Received: {ridge!r}'
            )
        check_ints(kernel_size=kernel_size)
        check_ints(0, padding=padding, seed=seed)
        if subsets is not None and not all([subsets, *subsets]):
            raise InputError(
                "`subsets` must be groups of names of stages, none of them "
                f"empty. Received: {subsets!r}"
            )
        self.kernel_size = kernel_size
        self.padding = padding
        self.ridge = ridge
        targets = as_floats("targets", targets, "(height, width, targets)")
        self._grid = targets.shape[:2]
        self._targets = targets.reshape(-1, targets.shape[-1])
        self._subsets = [tuple(subset) for subset in subsets or ()]
        cells = len(self._targets)
        if positions is not None and not (
            is_int(positions, 1) and positions <= cells
        ):
            raise InputError(
                f"`positions` must be from 1 to {cells}, the cells of a "
                f"picture. Received: {positions}"
            )
        self._positions = None if positions == cells else positions
        self._dual = dual
        self._seed = seed
        self._pictures = 0
        self._folds: list[Moments] = []
        self._rows: dict[str, list[np.ndarray]] = {}
        self._cells: list[np.ndarray] = []
        self._held: list[np.ndarray] = []
        self._standard = None

    def update(self, features: Any, first: int | None = None) -> None:
        """Take in the features of some pictures.

        Args:
            features: `(batch, height, width, channels)`, or, with `subsets`,
                a dict from a stage's name to such an array.
            first: The number of the first picture; it decides about the
                sample of positions, and about what is held out for `"auto"`.
                `None`: they follow those taken in before.

        Raises:
            ValueError: If the features do not fit the targets' grid, or are
                not finite.
        """
        if not isinstance(features, Mapping):
            features = {"features": features}
        if not self._subsets:
            self._subsets = [tuple(features)]
        seen = dict.fromkeys(name for group in self._subsets for name in group)
        features = {name: np.asarray(features[name]) for name in seen}
        for name, values in features.items():
            if values.ndim != 4 or not values.size:
                raise InputError(
                    "`features` must be of shape (batch, height, width, "
                    f"channels), at least one. Received: {name} of shape "
                    f"{values.shape}"
                )
            if not np.isfinite(values).all():
                raise InputError(
                    f"`features` must be finite; those of {name} are not."
                )
        pictures = len(next(iter(features.values())))
        first = self._pictures if first is None else first
        for start in range(0, pictures, _PICTURES):
            self._update(
                {
                    name: values[start : start + _PICTURES]
                    for name, values in features.items()
                },
                first + start,
            )

    def state(self) -> dict[str, np.ndarray]:
        """Everything that was added up, as arrays by name."""
        state: dict[str, Any] = {"pictures": np.array(self._pictures)}
        for fold, moments in enumerate(self._folds):
            state[f"folds/{fold}"] = moments.state()
        if self._cells:
            state["cells"] = np.concatenate(self._cells)
            state["held"] = np.concatenate(self._held)
            for name, parts in self._rows.items():
                state[f"rows/{name}"] = np.concatenate(parts)
        return flat_state(state)

    def merge(self, *states: Mapping[str, np.ndarray]) -> None:
        """Be what solvers are together that took in one part each.

        Args:
            *states: What their `state` returned; what was taken in before is
                forgotten. The solvers were made alike, and were told the
                numbers of their pictures.
        """
        self._pictures = sum(int(state["pictures"]) for state in states)
        self._folds = []
        self._rows, self._cells, self._held = {}, [], []
        for state in states:
            if not int(state["pictures"]):
                continue
            if self._dual:
                self._cells.append(state["cells"])
                self._held.append(state["held"])
                for name, rows in sub_state(state, "rows").items():
                    self._rows.setdefault(name, []).append(rows)
                continue
            folds = [
                sub_state(state, f"folds/{fold}")
                for fold in range(1 + (self.ridge == "auto"))
            ]
            if not self._folds:
                self._folds = [
                    Moments(
                        self._subsets,
                        len(self._targets),
                        sub_state(fold, "shift"),
                    )
                    for fold in folds
                ]
            for moments, fold in zip(self._folds, folds, strict=True):
                moments.merge(fold)

    def _update(self, features, first):
        for values in features.values():
            grid = tuple(
                size + 2 * self.padding - self.kernel_size + 1
                for size in values.shape[1:3]
            )
            if grid != self._grid:
                raise InputError(
                    "`features` must give a grid of the targets' size "
                    f"{self._grid}. Received: {grid}"
                )
        batch = len(values)
        numbers = np.arange(first, first + batch)
        self._pictures += batch
        cells = self._sampled(numbers)
        rows = {
            name: windows(values, self.kernel_size, self.padding, cells)
            for name, values in features.items()
        }
        held = (numbers % _FOLD == _FOLD - 1) & (self.ridge == "auto")
        if self._dual:
            self._keep(rows, cells, held)
            return
        if not self._folds:
            # Any shift will do; this one keeps the sums well conditioned.
            shift = {
                name: values.mean(axis=(0, 1), dtype="float64")
                for name, values in rows.items()
            }
            self._folds = [
                Moments(self._subsets, len(self._targets), shift)
                for _ in range(1 + (self.ridge == "auto"))
            ]
        for fold, moments in enumerate(self._folds):
            chosen = np.flatnonzero(held == fold)
            if len(chosen):
                moments.update(
                    # A batch that is whole need not be copied.
                    rows
                    if len(chosen) == batch
                    else {name: rows[name][chosen] for name in rows},
                    None if cells is None else cells[chosen],
                )

    def _sampled(self, numbers):
        """Places of each picture, by its number alone; `None` for all."""
        if self._positions is None:
            return None
        cells = len(self._targets)
        return np.stack(
            [
                np.sort(
                    np.random.default_rng((self._seed, number)).choice(
                        cells, self._positions, replace=False
                    )
                )
                for number in numbers
            ]
        )

    def _keep(self, rows, cells, held):
        if cells is None:
            every = np.arange(len(self._targets))
            cells = np.broadcast_to(every, (len(held), len(every)))
        self._cells.append(cells.ravel())
        self._held.append(np.repeat(held, cells.shape[1]))
        for name, values in rows.items():
            # A copy: features may be a view of the caller's array.
            values = np.array(values, "float32")
            self._rows.setdefault(name, []).append(
                values.reshape(-1, values.shape[-1])
            )

    def solve(self, subset: Sequence[str] | None = None) -> LinearProbe:
        """The probe with the least squared error on what was taken in.

        Args:
            subset: One of the `subsets`. Not needed where there is only one.

        Raises:
            ValueError: If nothing was taken in, or too few pictures to choose
                a ridge, or the probe is not unique.
        """
        if not self._pictures:
            raise InputError("There are no features yet: call `update` first.")
        subset = self._subsets[0] if subset is None else tuple(subset)
        if subset not in self._subsets:
            raise InputError(
                f"`subset` must be one of {self._subsets}. Received: {subset}"
            )
        regression = self._regression(subset)
        try:
            kernel, ridges = self._weights(regression)
        except np.linalg.LinAlgError:
            raise InputError(
                "`ridge` must be larger: the features are linearly dependent, "
                "and the probe is not unique. "
                f"Received: ridge={self.ridge}"
            ) from None
        order = self._kernel_order(subset, len(kernel))
        return LinearProbe(
            mean=regression.mean[order],
            scale=regression.scale[order],
            kernel=kernel[order],
            bias=regression.bias,
            kernel_size=self.kernel_size,
            padding=self.padding,
            ridge=ridges,
        )

    def _regression(self, subset):
        if not self._dual:
            return PrimalRegression(self._folds, subset, self._targets)
        if self._standard is None:
            self._standard = {
                # The parts go as the whole comes: they are large.
                name: StandardRows(np.concatenate(self._rows.pop(name)))
                for name in list(self._rows)
            }
        return DualRegression(
            self._standard,
            subset,
            self._targets[np.concatenate(self._cells)],
            np.concatenate(self._held),
        )

    def _weights(self, regression):
        """The weights, and the ridge of each target."""
        if self.ridge != "auto":
            weights = regression.weights(self.ridge)
            return weights, np.full(weights.shape[1], self.ridge)
        check_folds(self._pictures)
        errors = []
        for ridge in RIDGES:
            try:
                weights = regression.weights(ridge, held_out=False)
            except np.linalg.LinAlgError:
                errors.append(np.full(self._targets.shape[1], np.inf))
            else:
                errors.append(regression.held_out_error(weights))
        ridges = np.array(RIDGES)[np.argmin(errors, axis=0)]
        weights = np.empty((len(regression.mean), len(ridges)))
        for ridge in set(ridges):
            solved = regression.weights(ridge)
            weights[:, ridges == ridge] = solved[:, ridges == ridge]
        return weights, ridges

    def _kernel_order(self, subset, columns):
        """From columns stage by stage to those of a reshaped kernel."""
        taps = self.kernel_size**2
        widths = [self._width(name) for name in subset]
        starts = np.cumsum([0, *widths[:-1]])
        return np.concatenate(
            [
                np.arange(start, start + width).reshape(taps, -1)
                for start, width in zip(starts, widths, strict=True)
            ],
            axis=1,
        ).reshape(columns)

    def _width(self, name):
        if self._dual:
            return len(self._standard[name].mean)
        return len(self._folds[0].shift([name]))


def check_folds(pictures: int) -> None:
    """Tell whether there are pictures enough to choose a ridge."""
    if pictures < _FOLD:
        raise InputError(
            f'`ridge="auto"` holds out every {_FOLD}th picture, and needs '
            f"{_FOLD} or more. Received: {pictures} pictures"
        )
