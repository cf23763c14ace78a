"""Sums over features from which linear probes are solved."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from keras import ops

from keras_padpos.training import flat_state

# Columns multiplied at once within a stage, whose product is symmetric.
_STEP = 2048


class Moments:
    """Sums and products of features, added up batch by batch.

    Products are taken stage by stage, so what is summed up for two stages is
    the same, to the last bit, whatever other stages are asked for. A batch is
    multiplied by Keras' backend, on its device, in float32; batches are added
    up in float64 on the host. Memory does not depend on the number of pictures.
    (On a GPU, backends may multiply float32 with fewer digits, TF32: ask them
    for all, JAX by `JAX_DEFAULT_MATMUL_PRECISION=highest`.)

    Features are shifted by a fixed vector before they are multiplied, which
    keeps the sums well conditioned; any rough mean will do.

    Example:

    >>> rows = {"stage": np.ones((2, 784, 5), "float32")}
    >>> moments = Moments([("stage",)], 784, {"stage": np.zeros(5)})
    >>> moments.update(rows)
    >>> moments.number, moments.products(["stage"])[0, 0].item()
    (1568, 1568.0)

    Args:
        subsets: The groups of stages that will be asked for together.
        cells: Number of positions in a picture.
        shift: From a stage's name to `(columns,)`.
    """

    def __init__(
        self,
        subsets: Iterable[Sequence[str]],
        cells: int,
        shift: Mapping[str, np.ndarray],
    ) -> None:
        self._shift = {
            name: np.asarray(values, "float32")
            for name, values in shift.items()
        }
        self._pairs = {
            (one, other): None
            for subset in subsets
            for index, one in enumerate(subset)
            for other in subset[index:]
        }
        self._visits = np.zeros(cells)
        self._sums = {
            name: np.zeros((cells, len(values)))
            for name, values in shift.items()
        }

    def update(
        self, rows: Mapping[str, np.ndarray], cells: np.ndarray | None = None
    ) -> None:
        """Take in some pictures.

        Args:
            rows: From a stage's name to `(pictures, positions, columns)`.
            cells: `(pictures, positions)`, which cells they are, each one once
                a picture. `None`: all, in order.
        """
        shifted = {}
        for name, values in rows.items():
            values = np.subtract(values, self._shift[name], dtype="float32")
            if cells is None:
                self._sums[name] += values.sum(axis=0, dtype="float64")
            else:
                for picture, positions in zip(values, cells, strict=True):
                    self._sums[name][positions] += picture
            shifted[name] = ops.convert_to_tensor(
                values.reshape(-1, values.shape[-1])
            )
        if cells is None:
            self._visits += len(values)
        else:
            np.add.at(self._visits, cells, 1)
        turned = {name: ops.transpose(each) for name, each in shifted.items()}
        for one, other in self._pairs:
            block = self._block(one, other)
            if one != other:
                block += _product(turned[one], shifted[other])
                continue
            for start in range(0, len(block), _STEP):
                step = slice(start, start + _STEP)
                # Only what lies right of the diagonal.
                block[step, start:] += _product(
                    turned[one][step], shifted[one][:, start:]
                )

    def state(self) -> dict[str, np.ndarray]:
        """All sums, as arrays by name."""
        products = {
            number: self._block(*pair)
            for number, pair in enumerate(self._pairs)
        }
        return flat_state(
            {
                "visits": self._visits,
                "shift": self._shift,
                "sums": self._sums,
                "products": products,
            }
        )

    def merge(self, state: Mapping[str, np.ndarray]) -> None:
        """Take in the sums of other pictures.

        Args:
            state: What `state` of moments of the same stages and cells
                returned, whatever their shift.
        """
        visits = state["visits"]
        apart, totals = {}, {}
        for name, sums in self._sums.items():
            theirs = state[f"sums/{name}"]
            totals[name] = theirs.sum(axis=0)
            apart[name] = np.subtract(
                state[f"shift/{name}"], self._shift[name], dtype="float64"
            )
            sums += theirs + visits[:, None] * apart[name]
        self._visits += visits
        for number, (one, other) in enumerate(self._pairs):
            block = self._block(one, other)
            block += state[f"products/{number}"]
            block += np.outer(totals[one], apart[other])
            block += np.outer(
                apart[one], totals[other] + visits.sum() * apart[other]
            )

    def _block(self, one, other):
        if self._pairs[one, other] is None:
            self._pairs[one, other] = np.zeros(
                (len(self._shift[one]), len(self._shift[other]))
            )
        return self._pairs[one, other]

    @property
    def number(self) -> int:
        """How many positions of pictures were taken in."""
        return int(self._visits.sum())

    @property
    def visits(self) -> np.ndarray:
        """`(cells,)`, how often each position was taken in."""
        return self._visits

    def shift(self, subset: Sequence[str]) -> np.ndarray:
        """`(columns,)`, what is subtracted from the features."""
        return np.concatenate([self._shift[name] for name in subset])

    def sums(self, subset: Sequence[str]) -> np.ndarray:
        """`(cells, columns)`, the shifted features' sum at each position."""
        return np.concatenate([self._sums[name] for name in subset], axis=1)

    def products(self, subset: Sequence[str]) -> np.ndarray:
        """`(columns, columns)`, sum of the shifted features' outer products.

        A new array; of a group of stages that was announced at the start.
        """
        ends = np.cumsum([0, *(len(self._shift[name]) for name in subset)])
        whole = np.empty((ends[-1], ends[-1]))
        for i, one in enumerate(subset):
            for j, other in enumerate(subset[i:], start=i):
                rows, columns = (slice(ends[n], ends[n + 1]) for n in (i, j))
                whole[rows, columns] = self._block(one, other)
        for start in range(0, len(whole), _STEP):
            rows = slice(start, start + _STEP)
            _mirror(whole[rows, rows])
            whole[start + _STEP :, rows] = whole[rows, start + _STEP :].T
        return whole


def _product(one, other):
    return ops.convert_to_numpy(ops.matmul(one, other))


def _mirror(square):
    """Put what is above the diagonal below it too."""
    below = np.tril_indices_from(square, -1)
    square[below] = square.T[below]
