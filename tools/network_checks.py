"""Whether the package keeps its promises on one network."""

import functools
import math
import tempfile
import time
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_padpos import models
from keras_padpos.errors import InputError
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import inputs_of_call
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.models.graph.graph_walk import walk
from keras_padpos.models.trials.layer_trial import sampled_weight

CHECKS = ("converts", "zeros", "constant", "roll", "field", "saved")
"""The checks of `examine`, in their order."""

# Of a map's largest value: differences of rounding, and a cell that moved.
_TOLERANCE, _MOVED = 1e-3, 1e-5
_AMPLITUDE = 20.0


class _Failed(Exception):
    """A promise that is not kept; the message says how."""


class _NotApplicable(Exception):
    """A check that says nothing of this network; the message says why."""


def examine(
    build: Callable[[], keras.Model],
    learns_positions: bool = False,
    grid: int = 1,
) -> dict[str, Any]:
    """Build a network and check what the package does with it.

    * `converts`: every site is converted, to `reflect` and to `circular`.
    * `zeros`: converted back, the outputs are those of the network, bit for
      bit.
    * `constant`: with `reflect` every map of a constant picture is constant.
    * `roll`: with `circular` every map of a rolled picture is rolled.
    * `field`: where one cell of the picture changes, no position of a map
      changes that does not see it by `receptive_field`. Of maps behind a gate,
      which moves all positions, see `unchecked`.
    * `saved`: the converted network is saved and loaded, gives the same bits
      and pads the same way.

    Args:
        build: Makes the network, channels last, one input of a fixed size.
        learns_positions: Whether it learns positions by design, so that
            `constant` and `roll` say nothing.
        grid: Cells of the picture by a multiple of which to roll it.

    Returns:
        A row: for each of `CHECKS` `"yes"`, or the kind of answer and the
        reason: `"no: ..."` (a promise broken), `"refused: ..."`,
        `"crashed: ..."`, or `"n/a: ..."`; besides `layers`, `sites`,
        `unknown` (sites with a reason), `maps` and `fields` (maps, and those
        whose field is told), `unchecked` (fields of maps behind a gate that
        could not be checked beside it), `convert_seconds` of processor time
        and `seconds`.
    """
    started = time.perf_counter()
    row: dict[str, Any] = {}
    try:
        net = build()
    except Exception as error:  # of another package, which may be too old
        reason = f"not built: {type(error).__name__}: {_line(error)}"
        return dict.fromkeys(CHECKS, f"n/a: {reason}")
    _sample_weights(net)
    row["layers"] = len(net.layers)
    checks = _Checks(net, learns_positions, grid, row)
    for name in CHECKS:
        row[name] = _verdict(getattr(checks, name))
    row["seconds"] = time.perf_counter() - started
    return row


def _verdict(check):
    try:
        check()
    except _NotApplicable as error:
        return f"n/a: {error}"
    except _Failed as error:
        return f"no: {error}"
    except InputError as error:
        return f"refused: {_line(error)}"
    except Exception as error:  # whatever it is, the next check goes on
        return f"crashed: {type(error).__name__}: {_line(error)}"
    return "yes"


def _line(error):
    return " ".join(str(error).split())[:400]


def _sample_weights(net):
    """Let nothing be switched off, as zeros and tiny scales would do it."""
    random = np.random.default_rng(0)
    for variable in net.weights:
        value = keras.ops.convert_to_numpy(variable)
        state = variable.name in ("mean", "variance", "count", "seed")
        if state or value.dtype.kind != "f" or np.ptp(value) > 0:
            continue
        biases = value.size and value.flat[0] == 0
        drawn = sampled_weight(value.shape, random, signed=bool(biases))
        variable.assign(drawn.astype(value.dtype))


class _Checks:
    """The checks; each may use what those before it made."""

    def __init__(self, net, learns_positions, grid, row):
        self.net = net
        self.grid = grid
        self.learns_positions = learns_positions
        self.row = row
        self.shape = tuple(net.inputs[0].shape[1:])
        self.rank = len(self.shape) - 1
        random = np.random.default_rng(1)
        picture = random.uniform(-_AMPLITUDE, _AMPLITUDE, (1, *self.shape))
        self.picture = picture.astype("float32")
        self.sites = []
        self.reflect = self.circular = None

    def converts(self):
        self.sites = models.find_padding_sites(self.net)
        self.row["sites"] = len(self.sites)
        self.row["unknown"] = sum(bool(site.reason) for site in self.sites)
        if not self.sites:
            raise _NotApplicable("it does not pad")
        start = time.process_time()
        self.reflect = models.convert_padding(self.net, "reflect")
        self.row["convert_seconds"] = time.process_time() - start
        self.circular = models.convert_padding(self.net, "circular")

    def zeros(self):
        self._needs(self.reflect)
        back = models.convert_padding(self.reflect, "zeros")
        _check_equal(
            _outputs(self.net, self.picture), _outputs(back, self.picture)
        )

    def constant(self):
        self._needs(self.reflect, positions=True)
        if any(site.kind == "transposed" for site in self.sites):
            raise _NotApplicable("transposed convolutions leave a grid")
        picture = _constant(self.picture, self.rank)
        for name, array in self._maps(self.reflect, picture).items():
            _check_near(name, array, _constant(array, self.rank))

    def roll(self):
        self._needs(self.circular, positions=True)
        before = self._periodic_maps(self.picture)
        steps = self._steps(before)
        axes = tuple(range(1, self.rank + 1))
        rolled = np.roll(self.picture, steps, axes)
        after = self._maps(self.circular, rolled)
        for name, array in before.items():
            shifts = [
                step * array.shape[axis] // self.shape[axis - 1]
                for step, axis in zip(steps, axes, strict=True)
            ]
            _check_near(name, after[name], np.roll(array, shifts, axes))

    def field(self):
        fields = models.receptive_field(self.net, self.shape)
        random = np.random.default_rng(2)
        cells = [tuple(size // 2 for size in self.shape[:-1])]
        cells.append((0,) * self.rank)
        cells.append(tuple(random.integers(self.shape[:-1]).tolist()))
        pictures = np.repeat(self.picture, 1 + len(cells), axis=0)
        for number, cell in enumerate(cells, start=1):
            pictures[number, *cell] += 5 * _AMPLITUDE
        maps = self._maps(self.net, pictures)
        self.row["maps"] = len(maps)
        compared = {name: fields[name] for name in maps.keys() & fields.keys()}
        self.row["fields"] = len(compared)
        if not compared:
            raise _NotApplicable("no map has a known field")
        gated = {name: field for name, field in compared.items() if field.gated}
        for name in compared.keys() - gated.keys():
            for number, cell in enumerate(cells, start=1):
                _check_field(
                    name, compared[name], [cell], maps[name][[0, number]]
                )
        self.row["unchecked"] = len(gated)
        if gated and self.circular is not None and not self.learns_positions:
            self._check_beside_gates(gated)

    def _check_beside_gates(self, fields):
        """Check what positions see besides what looks at the whole map.

        With circular borders, a gate of a constant picture in which one cell
        is changed is the same wherever that cell is. So where two such
        pictures differ in the cell, only positions that see one of the two
        may differ.
        """
        picture = _constant(self.picture, self.rank)
        try:
            steps = self._steps(self._periodic_maps(picture))
        except _NotApplicable:
            return  # no grid on which maps are rolled as the picture is
        one = tuple(size // 2 for size in self.shape[:-1])
        other = tuple(
            (cell + step) % size
            for cell, step, size in zip(
                one, steps, self.shape[:-1], strict=True
            )
        )
        pictures = np.repeat(picture, 2, axis=0)
        for number, cell in enumerate((one, other)):
            pictures[number, *cell] += 5 * _AMPLITUDE
        maps = self._periodic_maps(pictures)
        for name in fields.keys() & maps.keys():
            _check_field(
                name, fields[name], (one, other), maps[name], self.shape[:-1]
            )
            self.row["unchecked"] -= 1

    def _periodic_maps(self, pictures):
        """Maps of the circular network that hold no frame."""
        frames = {site.padding_layer for site in self.sites}
        frames |= {site.name for site in self.sites if site.kind == "padding"}
        maps = self._maps(self.circular, pictures)
        return {name: each for name, each in maps.items() if name not in frames}

    def _steps(self, maps):
        """Cells by which to roll the picture, so that all maps are rolled."""
        steps = [self.grid] * self.rank
        for name, array in maps.items():
            for axis, size in enumerate(self.shape[:-1]):
                if size % array.shape[1 + axis]:
                    raise _NotApplicable(
                        f"{name} gives {array.shape[1 + axis]} of {size}"
                    )
                step = size // array.shape[1 + axis]
                steps[axis] = math.lcm(steps[axis], step)
        return steps

    def saved(self):
        self._needs(self.reflect)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "copy.keras"
            self.reflect.save(path)
            loaded = keras.saving.load_model(path)
        _check_equal(
            _outputs(self.reflect, self.picture),
            _outputs(loaded, self.picture),
        )
        before, after = map(_modes, (self.reflect, loaded))
        if before != after:
            raise _Failed("the loaded network pads another way")

    def _needs(self, copy, positions=False):
        if copy is None:
            raise _NotApplicable("not converted")
        if positions and self.learns_positions:
            raise _NotApplicable("it learns positions")

    def _maps(self, model, pictures):
        """The result of every layer that is a map of several positions."""
        return {
            name: array
            for name, array in _results(model, pictures).items()
            if array.ndim == self.rank + 2
            and len(array) == len(pictures)
            and min(array.shape[1:-1]) > 1
        }


def _results(model, pictures) -> Mapping[str, np.ndarray]:
    """What every layer gives, by name; of several calls the last."""
    results = {}

    def visitor(prefix):
        def visit(operation, args, kwargs):
            name = prefix + operation.name
            if has_graph(operation):
                inputs = packed(operation, inputs_of_call(args, kwargs))
                return walk(operation, inputs, visitor(f"{name}/"))
            made = operation(*args, **kwargs)
            first = next(iter(keras.tree.flatten(made)), None)
            if keras.ops.is_tensor(first):
                results[name] = keras.ops.convert_to_numpy(first)
            return made

        return visit

    inputs = packed(model, [keras.ops.convert_to_tensor(pictures)])
    walk(model, inputs, visitor(""))
    return results


def _outputs(model, picture):
    structure = packed(model, [keras.ops.convert_to_tensor(picture)])
    outputs = model(structure, training=False)
    return list(map(keras.ops.convert_to_numpy, keras.tree.flatten(outputs)))


def _modes(model):
    # Loading may number layers anew that have no name of their own.
    return [
        (site.kind, site.pads, repr(site.padding_mode))
        for site in models.find_padding_sites(model)
    ]


def _check_equal(expected, arrays):
    for one, other in zip(expected, arrays, strict=True):
        if not np.isfinite(one).all():
            raise _Failed("the network's own outputs are not finite")
        if one.shape != other.shape:
            raise _Failed(f"outputs are {other.shape}, not {one.shape}")
        difference = float(np.abs(one - other).max(initial=0))
        if difference:
            raise _Failed(f"outputs differ by {difference:.1e}")


def _check_near(name, array, expected):
    largest = max(np.abs(array).max(), np.abs(expected).max())
    difference = np.abs(array - expected).max()
    if not difference <= _TOLERANCE * largest:
        raise _Failed(f"{name} differs by {difference / largest:.1e}")


def _constant(maps, rank):
    """Maps whose first cell is everywhere."""
    first = maps[:, *(slice(1) for _ in range(rank))]
    return np.broadcast_to(first, maps.shape)


def _check_field(name, field, cells, maps, period=None):
    """Every position at which two maps differ must see one of the cells.

    With circular borders the picture goes on from period to period.
    """
    before, after = maps
    moved = np.abs(after - before).max(-1) > _MOVED * np.abs(maps).max()
    seen = np.zeros(moved.shape, bool)
    for cell in cells:
        by_axis = [
            _sees(field, axis, cell, period) for axis in range(len(cell))
        ]
        seen |= functools.reduce(np.logical_and.outer, by_axis)
    wrong = np.argwhere(moved & ~seen)
    if len(wrong):
        raise _Failed(
            f"{name}: position {tuple(wrong[0].tolist())} moves with cell "
            f"{' or '.join(map(str, cells))}, which its field does not hold"
        )


def _sees(field, axis, cell, period):
    """Whether each position of an axis sees a cell of the picture."""
    rank = len(field.positions)
    cells = [
        field.cells((i,) * rank)[axis] for i in range(field.positions[axis])
    ]
    low, high = np.array(cells).T
    beyond = cell[axis] - low
    if period is not None:
        beyond %= period[axis]
    return (beyond >= 0) & (beyond <= high - low)
