"""What a call does with a map, found by running it on small ones."""

import math
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from keras_padpos.models._call import Call
from keras_padpos.models.trials._call_key import call_key
from keras_padpos.models.trials.cell_changes import Seen
from keras_padpos.models.trials.seen_axis import Axis
from keras_padpos.models.trials.size_trials import UNCLEAR
from keras_padpos.models.trials.size_trials import SizeResult
from keras_padpos.models.trials.size_trials import SizeTrials

# Sizes of the maps that are tried, by the number of spatial axes: first small
# ones, then larger ones for windows that fill these.
_SMALL = {1: 24, 2: 12, 3: 8}
_LARGE = {1: 96, 2: 28, 3: 16}
# Cells of one axis, at most, on which windows with taps far apart are looked
# for, while the others stay short; numbers in such a map, positions of it
# beside a gate, which may compare all with all, and multiplications.
_LONG = {1: 1024, 2: 1024, 3: 128}
_LONG_NUMBERS = 2**18
_LONG_GATED = 2**11
_LONG_WORK = 2**29


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
    return tuple(
        Behaviour(is_map=False) if trials is None else _at_its_size(trials)
        for trials in _trials(call, tensor, rank, first)
    )


def border_reads_far(
    call: Call, tensor: int, rank: int, first: int = 1
) -> bool:
    """Whether what a call gives near an end of a map depends on the far half.

    As where it goes round by its own code. Whatever cannot be tried may.

    Args:
        call: The call.
        tensor: Number of the tensor that is changed; a map.
        rank: Number of its spatial axes.
        first: The first of them.
    """
    for trials, behaviour in zip(
        _trials(call, tensor, rank, first),
        behaviour_of(call, tensor, rank, first),
        strict=True,
    ):
        if trials is None or not behaviour.pads_somewhere:
            continue
        # Windows must be short beside the map.
        sizes = tuple(
            size + 4 * axis.stride * -(-6 * _length(axis) // axis.stride)
            for size, axis in zip(
                _congruent(trials, _SMALL[rank]),
                behaviour.axes or (),
                strict=True,
            )
        )
        if not trials.fits(sizes, times=16) or trials.border_reads_far(sizes):
            return True
    return False


def _length(axis):
    return axis.extent + abs(axis.before)


def _trials(call, tensor, rank, first):
    """What tries each output; `None` for one that is no map."""
    shape = call.input_shapes[call.inputs.index(tensor)]
    start = first if len(shape) == rank + 2 else 1
    input_sizes = shape[start : start + rank]
    key = call_key(call)
    results: list[SizeTrials | None] = []
    for output, made in enumerate(call.output_shapes):
        plain = len(made) == rank + 1 and made[1:] == input_sizes
        empty = made[:1] == (0,)  # left out, as what is returned on demand
        if empty or (len(made) != rank + 2 and not plain):
            results.append(None)
            continue
        begin = first if len(made) == rank + 2 else 1
        results.append(
            SizeTrials(
                call,
                tensor,
                rank,
                first,
                output,
                input_sizes,
                made[begin : begin + rank],
                key,
            )
        )
    return results


def _at_its_size(trials):
    """The behaviour at the call's own size, from maps of other sizes."""
    small = _congruent(trials, _SMALL[trials.rank])
    large = _congruent(trials, _LARGE[trials.rank])
    result = trials.tried(small)
    if result.failed and trials.fits(large):
        # Nothing may be left of a map that is smaller than the window.
        larger = trials.tried(large)
        result = larger if larger.axes is not None else result
    if not result.failed:
        unsure = result.axes is None and result.sizes != large
        if result.gated and trials.fits(large):
            unsure = not trials.reaches_far(large)
        if unsure and trials.fits(large):
            larger = trials.tried(large)
            result = larger if larger.axes is not None else _unknown(result)
        if result.axes is not None:
            result = _seen_far(trials, result)
        if result.axes is not None:
            behaviour = _carried_over(trials, result)
            if behaviour is not None:
                return behaviour
    if None not in trials.input_sizes and (
        result.failed or trials.fits(trials.input_sizes)
    ):
        result = _tried_itself(trials) or result
        if result.axes is not None:
            return replace(_padded(trials, result), fixed=True)
    if result.axes is not None:
        return Behaviour(
            reason="what it sees of a map depends on the map's size"
        )
    return Behaviour(reason=result.reason)


def _unknown(result):
    return replace(result, seen=Seen(()), reason=UNCLEAR)


def _seen_far(trials, result):
    """The result, if it holds on long maps too; else one that does.

    On a small map taps far apart fall past its ends, and seem not to be.
    """
    for _ in range(2):
        reaches = _reaches(trials, result)
        if isinstance(reaches, str):
            return SizeResult(reason=reaches)
        if not any(reaches):
            return result
        # As many positions whose windows lie inside as before.
        sizes = tuple(
            size + 4 * axis.stride * -(-reach // (2 * axis.stride))
            for size, reach, axis in zip(
                result.sizes, reaches, result.axes, strict=True
            )
        )
        too_large = not trials.fits(sizes, times=16)
        if too_large or max(reaches) >= _LONG[trials.rank]:
            return _unknown(result)
        result = trials.tried(sizes)
        if result.axes is None:
            return _unknown(result)
    return _unknown(result) if any(_reaches(trials, result)) else result


def _reaches(trials, result):
    """How far beyond its windows each axis is seen; why, if that is unknown."""
    reaches = []
    for axis in range(trials.rank):
        reach: int | str = 0
        for sizes in _long_sizes(trials, result, axis):
            reach = trials.reach(sizes, result.expected_at(sizes), axis)
            if not isinstance(reach, str):
                break
        if isinstance(reach, str):
            return reach
        reaches.append(reach)
    return tuple(reaches)


def _long_sizes(trials, result, axis):
    """Sizes with one long axis, first the ones to try first."""
    size, own_size = result.sizes[axis], trials.input_sizes[axis]
    stride = result.axes[axis].stride
    across = math.prod(result.sizes) // size
    most = _LONG_NUMBERS // (across * min(trials.channels, 2**11))
    most = min(most, _LONG_WORK // max(trials.weights * across, 1))
    if result.gated:
        most = min(most, max(_LONG_GATED // across, 4 * size))
    longest = max(min(most, _LONG[trials.rank]), own_size or 4 * size)
    for length in (longest, own_size or 4 * size):
        length = size + max(-(-(length - size) // stride), 0) * stride
        if length > size:
            yield (*result.sizes[:axis], length, *result.sizes[axis + 1 :])
    if own_size is not None and own_size > size:
        yield trials.input_sizes


def _tried_itself(trials):
    """The result at the call's own size; `None` if that is too large."""
    # Each cell of an axis may have to be changed, in four copies.
    if trials.fits_itself(4 * sum(trials.input_sizes)):
        return trials.tried(trials.input_sizes)
    if not trials.fits_itself(4):
        return None
    # Patches side by side are all that is tried.
    patches = tuple(Axis(step, 0, step) for step in trials.ratio)
    expected = Seen(trials.output_sizes, patches)
    return trials.confirmed(trials.input_sizes, expected, copies=4)


def _congruent(trials, least):
    """Sizes to try that leave the same remainder as the call's own.

    There are three windows of a stride at least, if that is not too large.
    """
    sizes = []
    for size, ratio in zip(trials.input_sizes, trials.ratio, strict=True):
        step = ratio if 4 % ratio else 4
        first = least
        if ratio > 1:
            first = max(least + 2 * ratio, 3 * ratio + 1)
        sizes.append(first if size is None else first + (size - first) % step)
    if max(sizes) > least and not trials.fits(sizes):
        return tuple(min(size, least) for size in sizes)
    return tuple(sizes)


def _carried_over(trials, result):
    """The behaviour at the call's own size; `None` if it is another."""
    own_sizes = trials.input_sizes
    strides = [axis.stride for axis in result.axes]
    sizes = tuple(
        size if n is None else size + (n - size) % stride
        for size, n, stride in zip(
            result.sizes, own_sizes, strides, strict=True
        )
    )
    if sizes != result.sizes:
        result = trials.tried(sizes)
        if result.axes is None or strides != [
            axis.stride for axis in result.axes
        ]:
            return None
    somewhere = result.pads
    plain = all(axis == Axis() for axis in result.axes)
    if not plain or result.sizes != result.seen.positions:
        # What is counted from an end, or is always as large, shows at another
        # size.
        larger = tuple(
            size + 2 * stride
            for size, stride in zip(sizes, strides, strict=True)
        )
        if not _is_same(trials, result, larger):
            return None
        if None in own_sizes and max(strides) > 1:
            odd = trials.tried(tuple(size + 1 for size in sizes), 1)
            if odd.axes is None:
                return None
            somewhere += odd.pads
    compared = tuple(
        size if None in (n, m) else n
        for n, m, size in zip(
            own_sizes, trials.output_sizes, result.sizes, strict=True
        )
    )
    for n, m, count in zip(
        own_sizes,
        trials.output_sizes,
        result.expected_at(compared).positions,
        strict=True,
    ):
        if None not in (n, m) and m != count:
            return None
    behaviour = _padded(trials, result)
    if None not in own_sizes:
        return behaviour
    return replace(behaviour, pads_somewhere=_any_added(somewhere))


def _is_same(trials, result, sizes):
    """Whether the result is the same at some larger sizes."""
    again = trials.confirmed(sizes, result.expected_at(sizes))
    if again.axes is None:
        again = trials.tried(sizes, 1)
    return again.axes == result.axes and again.pads == result.pads


def _padded(trials, result):
    """The behaviour with its pads at the call's own size."""
    pads: list[Any] = []
    for axis, n, m, pair in zip(
        result.axes,
        trials.input_sizes,
        trials.output_sizes,
        result.pads,
        strict=True,
    ):
        if n is None and axis.stride > 1:
            pads.append(None)
        elif None in (n, m):
            pads.append(pair)
        else:
            pads.append((-axis.cells(0)[0], axis.after(n, m)))
    return Behaviour(
        axes=result.axes,
        pads=tuple(pads),
        gated=result.gated,
        positional=result.seen.positional,
        pads_somewhere=_any_added(pair for pair in pads if pair),
    )


def _any_added(pads):
    return any(max(pair) > 0 for pair in pads)
