"""What a call does with a map, found by running it on small ones."""

import math
import weakref
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any

import numpy as np

from keras_padpos.models.graph._call_key import Key
from keras_padpos.models.graph._call_key import call_key
from keras_padpos.models.graph._model_graph import Call
from keras_padpos.models.graph.cell_changes import CellChanges
from keras_padpos.models.graph.cell_changes import Seen
from keras_padpos.models.graph.seen_axis import Axis
from keras_padpos.models.graph.trial_run import TrialError
from keras_padpos.models.graph.trial_run import TrialRun

Cells = tuple[int, ...]

# Sizes of the maps that are tried, by the number of spatial axes: first small
# ones, then larger ones for windows that fill these.
_SMALL = {1: 24, 2: 12, 3: 8}
_LARGE = {1: 96, 2: 28, 3: 16}
# Numbers in one map, at most: larger maps take too long.
_LARGEST = 2**18
# Multiplications of all copies at the call's own size, at most; a number in
# a map counts as 2**11.
_MOST_WORK = 2**35
# Cells of one axis, at most, on which windows with taps far apart are looked
# for, while the others stay short; numbers in such a map, positions of it
# beside a gate, which may compare all with all, and multiplications.
_LONG = {1: 1024, 2: 1024, 3: 128}
_LONG_NUMBERS = 2**18
_LONG_GATED = 2**11
_LONG_WORK = 2**29
_UNCLEAR = "its positions see the map in no way that is the same for all"


@dataclass(frozen=True)
class Behaviour:
    """What one output of a call does with one map that comes in.

    Attributes:
        axes: What its positions see, one entry a spatial axis; `None` if that
            is unknown, or if the output is no map.
        pads: Cells past the ends that they see, one pair an axis, negative
            where cells of the map are left out; `None` for an axis of which
            they depend on a size that is open.
        gated: Whether something computed from the whole map acts alike on all
            positions besides.
        positional: Whether the same cells give something else at another
            position.
        fixed: Whether this holds for the call's own size alone.
        pads_somewhere: Whether positions see cells past an end, at this size
            or, if it is open, at some.
        is_map: Whether the output is a map of as many axes.
        reason: Why it is unknown, as the end of a sentence; else `""`.
    """

    axes: tuple[Axis, ...] | None = None
    pads: tuple[tuple[int, int] | None, ...] = ()
    gated: bool = False
    positional: bool = False
    fixed: bool = False
    pads_somewhere: bool = False
    is_map: bool = True
    reason: str = ""

    @property
    def enlarges(self) -> bool:
        """Whether the map comes out enlarged."""
        return any(axis.factor > 1 for axis in self.axes or ())

    @property
    def plain(self) -> bool:
        """Whether each position sees the cell of the same number alone."""
        return self.axes is not None and all(
            axis == Axis() for axis in self.axes
        )


def behaviour_of(
    call: Call, tensor: int, rank: int, first: int = 1
) -> tuple[Behaviour, ...]:
    """Find out what a call does, from its outputs alone.

    Some cells of a map are changed, and the positions of the output that move
    are those that see them. Weights are sampled for it, so that none that is
    0 hides a path; the layer and its state stay as they are.

    Example:

    >>> import keras
    >>> from keras_padpos.models.graph._model_graph import model_graph
    >>> inputs = keras.Input((32, 32, 3))
    >>> outputs = keras.ops.max_pool(inputs, 3, 2)
    >>> call = model_graph(keras.Model(inputs, outputs)).calls[-1]
    >>> (behaviour,) = behaviour_of(call, call.inputs[0], rank=2)
    >>> behaviour.axes[0]
    Axis(stride=2, before=0, extent=3, factor=1)

    Args:
        call: The call.
        tensor: Number of the tensor that is changed; a map.
        rank: Number of its spatial axes.
        first: The first of them: 1, or 2 where channels come first.

    Returns:
        One for each output. Nothing is raised: what is unknown has a reason.
    """
    shape = call.input_shapes[call.inputs.index(tensor)]
    start = first if len(shape) == rank + 2 else 1
    own = shape[start : start + rank]
    results: list[Behaviour] = []
    key = call_key(call)
    for output, made in enumerate(call.output_shapes):
        plain = len(made) == rank + 1 and made[1:] == own
        empty = made[:1] == (0,)  # left out, as what is returned on demand
        if empty or (len(made) != rank + 2 and not plain):
            results.append(Behaviour(is_map=False))
            continue
        begin = first if len(made) == rank + 2 else 1
        results.append(
            _at_its_size(
                _Question(
                    call,
                    tensor,
                    rank,
                    first,
                    output,
                    own,
                    made[begin : begin + rank],
                    key,
                )
            )
        )
    return tuple(results)


@dataclass(frozen=True)
class _Question:
    """One output of a call, and the map that is changed."""

    call: Call
    tensor: int
    rank: int
    first: int
    output: int
    own: tuple[int | None, ...]
    made: tuple[int | None, ...]
    key: Key | None = field(repr=False)

    @property
    def ratio(self):
        """Cells of the map for one of the output, one number an axis."""
        return tuple(
            1 if None in (n, m) else max(round(n / max(m, 1)), 1)
            for n, m in zip(self.own, self.made, strict=True)
        )

    @property
    def channels(self):
        """Channels of the widest of its maps."""
        shapes = self.call.input_shapes + self.call.output_shapes
        return max(
            size or 1 for shape in shapes for size in (*shape[1:2], *shape[-1:])
        )

    @property
    def weights(self):
        """Numbers in the weights of the call."""
        weights = getattr(self.call.operation, "variables", [])
        return sum(math.prod(each.shape) for each in weights)

    def fits(self, sizes):
        """Whether maps of these sizes are small enough to be tried."""
        channels = min(self.channels, 512)
        return bool(np.prod(sizes) * channels <= _LARGEST)

    def fits_itself(self, copies):
        """Whether as many copies of its own size are."""
        shapes = self.call.input_shapes + self.call.output_shapes
        largest = max(
            math.prod(size or 1 for size in shape[1:]) for shape in shapes
        )
        work = self.weights * math.prod(self.made)
        return max(copies * largest * 2**11, copies * work) <= _MOST_WORK

    def run(self, sizes, seed=0):
        """What runs the call at some size."""
        return TrialRun(
            self.call,
            self.tensor,
            self.rank,
            self.first,
            sizes,
            self.output,
            seed,
        )


@dataclass(frozen=True)
class _Result:
    """A behaviour at one size, and the size of the output there."""

    behaviour: Behaviour
    sizes: Cells = ()
    positions: Cells = ()
    far: bool = False  # whether most positions moved with each cell
    failed: bool = False  # whether it could not be run, or not twice alike

    @property
    def known(self):
        """Whether the behaviour is."""
        return self.behaviour.axes is not None

    @property
    def pads(self):
        """Cells past the ends at this size."""
        return tuple(
            (-axis.cells(0)[0], axis.after(n, m))
            for axis, n, m in zip(
                self.behaviour.axes, self.sizes, self.positions, strict=True
            )
        )


def _at_its_size(question):
    small = _congruent(question, _SMALL[question.rank])
    large = _congruent(question, _LARGE[question.rank])
    result = _tried(question, small)
    if result.failed and question.fits(large):
        # Nothing may be left of a map that is smaller than the window.
        larger = _tried(question, large)
        result = larger if larger.known else result
    if not result.failed:
        unsure = not result.known and result.sizes != large
        if result.behaviour.gated and question.fits(large):
            unsure = not _reaches_far(question, large)
        if unsure and question.fits(large):
            larger = _tried(question, large)
            result = larger if larger.known else _unknown(result)
        if result.known:
            result = _seen_far(question, result)
        if result.known:
            behaviour = _carried_over(question, result)
            if behaviour is not None:
                return behaviour
    if None not in question.own and (
        result.failed or question.fits(question.own)
    ):
        result = _tried_itself(question) or result
        if result.known:
            return replace(_padded(result, question), fixed=True)
    if result.known:
        return Behaviour(
            reason="what it sees of a map depends on the map's size"
        )
    return result.behaviour


def _unknown(result):
    return replace(result, behaviour=Behaviour(reason=_UNCLEAR))


def _remembered(question, part, make):
    """Ask once, of all calls of one class that behave alike.

    Of those that cannot be compared each is asked, and once at each size.
    """
    call = question.call
    key = (
        question.rank,
        question.first,
        question.output,
        tuple(n == question.tensor for n in call.inputs),
        tuple(shape[1:] for shape in call.input_shapes),
        tuple(shape[1:] for shape in call.output_shapes),
        part,
    )
    if question.key is None:
        return make()
    results = _RESULTS.setdefault(type(call.operation), {})
    key = (question.key, key)
    if key not in results:
        results[key] = make()
    return results[key]


def _reaches_far(question, sizes):
    """Whether a gate is one on a larger map too, if that can be tried."""

    def make():
        try:
            return CellChanges(question.run(sizes), draws=1).reaches_far()
        except TrialError:
            return True  # it takes no other size

    return _remembered(question, (sizes, "far"), make)


def _seen_far(question, result):
    """The result, if it holds on long maps too; else one that does.

    On a small map taps far apart fall past its ends, and seem not to be.
    """
    for _ in range(2):
        reaches = _reaches(question, result)
        if isinstance(reaches, str):
            return _Result(Behaviour(reason=reaches))
        if not any(reaches):
            return result
        # As many positions whose windows lie inside as before.
        sizes = tuple(
            size + 4 * axis.stride * -(-reach // (2 * axis.stride))
            for size, reach, axis in zip(
                result.sizes, reaches, result.behaviour.axes, strict=True
            )
        )
        numbers = math.prod(sizes) * min(question.channels, 512)
        if numbers > 16 * _LARGEST or max(reaches) >= _LONG[question.rank]:
            return _unknown(result)
        result = _tried(question, sizes)
        if not result.known:
            return _unknown(result)
    return _unknown(result) if any(_reaches(question, result)) else result


def _reaches(question, result):
    """How far beyond its windows each axis is seen; why, if that is unknown."""
    reaches = []
    for axis in range(question.rank):
        reason, reach = "", 0
        for sizes in _long_sizes(question, result, axis):
            reach = _reach(question, result, sizes, axis)
            reason = reach if isinstance(reach, str) else ""
            if not reason:
                break
        if reason:
            return reason
        reaches.append(reach)
    return tuple(reaches)


def _long_sizes(question, result, axis):
    """Sizes with one long axis, first the ones to try first."""
    size, own = result.sizes[axis], question.own[axis]
    stride = result.behaviour.axes[axis].stride
    across = math.prod(result.sizes) // size
    most = _LONG_NUMBERS // (across * min(question.channels, 2**11))
    most = min(most, _LONG_WORK // max(question.weights * across, 1))
    if result.behaviour.gated:
        most = min(most, max(_LONG_GATED // across, 4 * size))
    longest = max(min(most, _LONG[question.rank]), own or 4 * size)
    for length in (longest, own or 4 * size):
        length = size + max(-(-(length - size) // stride), 0) * stride
        if length > size:
            yield (*result.sizes[:axis], length, *result.sizes[axis + 1 :])
    if own is not None and own > size:
        yield question.own


def _reach(question, result, sizes, axis):
    """How far cells are seen beyond a window; why, if it cannot be run."""
    behaviour = result.behaviour
    expected = Seen(
        tuple(
            count + (n - size) * each.factor // each.stride
            for count, n, size, each in zip(
                result.positions,
                sizes,
                result.sizes,
                behaviour.axes,
                strict=True,
            )
        ),
        behaviour.axes,
        behaviour.gated,
    )

    def make():
        try:
            run = question.run(sizes)
            return CellChanges(run).reach_beyond(expected, axis)
        except TrialError as error:
            return str(error)

    return _remembered(question, (sizes, axis, expected, "reach"), make)


def _tried_itself(question):
    """The behaviour at the call's own size; `None` if that is too large."""
    own, ratio = question.own, question.ratio
    # Each cell of an axis may have to be changed, in four copies.
    if question.fits_itself(4 * sum(own)):
        return _tried(question, own)
    if not question.fits_itself(4):
        return None

    def make():
        # Patches side by side are all that is tried.
        patches = tuple(Axis(step, 0, step) for step in ratio)
        expected = Seen(question.made, patches)
        return _try(
            question, own, lambda changes: changes.confirmed(expected, 4), 1
        )

    return _remembered(question, (own, "patches"), make)


def _congruent(question, least):
    """Sizes to try that leave the same remainder as the call's own.

    There are three windows of a stride at least, if that is not too large.
    """
    sizes = []
    for size, ratio in zip(question.own, question.ratio, strict=True):
        step = ratio if 4 % ratio else 4
        first = least
        if ratio > 1:
            first = max(least + 2 * ratio, 3 * ratio + 1)
        sizes.append(first if size is None else first + (size - first) % step)
    if max(sizes) > least and not question.fits(sizes):
        return tuple(min(size, least) for size in sizes)
    return tuple(sizes)


def _carried_over(question, result):
    """The behaviour at the call's own size; `None` if it is another."""
    own, made = question.own, question.made
    strides = [axis.stride for axis in result.behaviour.axes]
    sizes = tuple(
        size if n is None else size + (n - size) % stride
        for size, n, stride in zip(result.sizes, own, strides, strict=True)
    )
    if sizes != result.sizes:
        result = _tried(question, sizes)
        if not result.known or strides != [
            axis.stride for axis in result.behaviour.axes
        ]:
            return None
    axes = result.behaviour.axes
    somewhere = result.pads
    if not result.behaviour.plain or result.sizes != result.positions:
        # What is counted from an end, or is always as large, shows at another
        # size.
        other = tuple(
            size + 2 * stride
            for size, stride in zip(sizes, strides, strict=True)
        )
        if not _is_same(question, result, other):
            return None
        if None in own and max(strides) > 1:
            odd = _tried(question, tuple(size + 1 for size in sizes), 1)
            if not odd.known:
                return None
            somewhere += odd.pads
    for axis, n, m, size, count in zip(
        axes, own, made, result.sizes, result.positions, strict=True
    ):
        if None in (n, m):
            continue
        if m != count + (n - size) * axis.factor // axis.stride:
            return None
    behaviour = _padded(result, question)
    if None not in own:
        return behaviour
    return replace(behaviour, pads_somewhere=_any_added(somewhere))


def _is_same(question, result, sizes):
    """Whether the behaviour is the same at sizes two strides larger."""
    axes = result.behaviour.axes
    expected = Seen(
        tuple(
            count + 2 * axis.factor
            for count, axis in zip(result.positions, axes, strict=True)
        ),
        axes,
        result.behaviour.gated,
    )
    again = _remembered(
        question,
        (sizes, expected),
        lambda: _try(
            question, sizes, lambda changes: changes.confirmed(expected), 1
        ),
    )
    if not again.known:
        again = _tried(question, sizes, 1)
    return again.behaviour.axes == axes and again.pads == result.pads


def _padded(result, question):
    """The behaviour with its pads at the call's own size."""
    own, made = question.own, question.made
    axes = result.behaviour.axes
    pads: list[Any] = []
    for axis, n, m, pair in zip(axes, own, made, result.pads, strict=True):
        if n is None and axis.stride > 1:
            pads.append(None)
        elif None in (n, m):
            pads.append(pair)
        else:
            pads.append((-axis.cells(0)[0], axis.after(n, m)))
    return replace(
        result.behaviour,
        pads=tuple(pads),
        pads_somewhere=_any_added(pair for pair in pads if pair),
    )


def _any_added(pads):
    return any(max(pair) > 0 for pair in pads)


_RESULTS: weakref.WeakKeyDictionary[type, dict[Key, Any]] = (
    weakref.WeakKeyDictionary()
)


def _tried(question, sizes, draws=2):
    """The behaviour at some size."""

    def make():
        result = _try(question, sizes, CellChanges.seen, draws)
        for seed in (1, 2):
            if result.known or not result.far:
                break
            # A gate that a ReLU has closed may be open with other weights.
            again = _try(question, sizes, CellChanges.seen, draws, seed)
            if again.behaviour.gated:
                return again
        return result

    return _remembered(question, (sizes, draws), make)


def _try(question, sizes, look, draws, seed=0):
    try:
        changes = CellChanges(
            question.run(sizes, seed), 2 * max(question.ratio), draws
        )
        seen = look(changes)
    except TrialError as error:
        return _Result(Behaviour(reason=str(error)), failed=True)
    if seen is None:
        return _Result(Behaviour(reason=_UNCLEAR), sizes)
    behaviour = Behaviour(
        seen.axes,
        gated=seen.gated,
        positional=seen.positional,
        reason="" if seen.axes else _UNCLEAR,
    )
    return _Result(behaviour, sizes, seen.positions, seen.far)
