"""What one output of a call does with maps of one size or another."""

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from keras_padpos.models._call import Call
from keras_padpos.models.trials._call_key import Key
from keras_padpos.models.trials.cell_changes import CellChanges
from keras_padpos.models.trials.cell_changes import Seen
from keras_padpos.models.trials.far_cells import border_reads_far
from keras_padpos.models.trials.far_cells import reach_beyond
from keras_padpos.models.trials.far_cells import reaches_far
from keras_padpos.models.trials.seen_axis import Axis
from keras_padpos.models.trials.trial_run import TrialError
from keras_padpos.models.trials.trial_run import TrialRun

Sizes = tuple[int, ...]

# Numbers in one map, at most: larger maps take too long.
_LARGEST = 2**18
# Multiplications of all copies at the call's own size, at most; a number in
# a map counts as 2**11.
_MOST_WORK = 2**35
UNCLEAR = "its positions see the map in no way that is the same for all"


@dataclass(frozen=True)
class SizeResult:
    """What one output of a call does with a map of one size.

    Attributes:
        sizes: Spatial sizes of the map.
        seen: What changing its cells has shown; without axes if nothing.
        reason: Why the axes are unknown, as the end of a sentence; else `""`.
        failed: Whether the call could not be run, or not twice alike.
    """

    sizes: Sizes = ()
    seen: Seen = Seen(())
    reason: str = ""
    failed: bool = False

    @property
    def axes(self) -> tuple[Axis, ...] | None:
        """What positions see; `None` if that is unknown."""
        return self.seen.axes

    @property
    def gated(self) -> bool:
        """Whether the output is scaled by something of the whole map."""
        return self.seen.gated

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Cells past the ends that positions see, if the axes are known."""
        return tuple(
            (-axis.cells(0)[0], axis.after(n, m))
            for axis, n, m in zip(
                self.axes or (), self.sizes, self.seen.positions, strict=True
            )
        )

    def expected_at(self, sizes: Sizes) -> Seen:
        """What a map of other sizes shows if the axes are the same there."""
        positions = tuple(
            count + (n - size) * axis.factor // axis.stride
            for count, n, size, axis in zip(
                self.seen.positions,
                sizes,
                self.sizes,
                self.axes or (),
                strict=True,
            )
        )
        return Seen(positions, self.axes, self.gated)


@dataclass(frozen=True)
class SizeTrials:
    """Tries one output of a call on maps of several sizes, each once.

    Calls of one class that behave alike share what was tried; of those that
    cannot be compared each is tried.

    Attributes:
        call: The call.
        tensor: Number of the tensor that is changed.
        rank: Number of its spatial axes.
        first: The first of them: 1, or 2 where channels come first.
        output: Number of the output that is looked at.
        input_sizes: Spatial sizes of the tensor in the network; `None` where
            they are open.
        output_sizes: Those of the output.
        key: What the behaviour of the call hangs on; see `call_key`.
    """

    call: Call
    tensor: int
    rank: int
    first: int
    output: int
    input_sizes: tuple[int | None, ...]
    output_sizes: tuple[int | None, ...]
    key: Key | None = field(repr=False)

    def tried(self, sizes: Sizes, draws: int = 2) -> SizeResult:
        """What the output does at some size."""

        def make():
            result = self._result(sizes, CellChanges.seen, draws)
            for seed in (1, 2):
                if result.axes is not None or not result.seen.far:
                    break
                # A gate that a ReLU has closed may be open with other weights.
                again = self._result(sizes, CellChanges.seen, draws, seed)
                if again.gated:
                    return again
            return result

        return self._once((sizes, draws), make)

    def confirmed(
        self, sizes: Sizes, expected: Seen, copies: int = 8
    ) -> SizeResult:
        """Whether positions see what is expected, and no more.

        Args:
            sizes: Sizes of the map.
            expected: What is to be seen there.
            copies: How many copies to run at most, four or more.

        Returns:
            A result without axes if they do not.
        """
        return self._once(
            (sizes, expected, copies),
            lambda: self._result(
                sizes, lambda changes: changes.confirmed(expected, copies), 1
            ),
        )

    def reaches_far(self, sizes: Sizes) -> bool:
        """Whether a gate is one on a larger map too, if that can be tried."""

        def make():
            try:
                return reaches_far(self._run(sizes))
            except TrialError:
                return True  # it takes no other size

        return self._once((sizes, "far"), make)

    def reach(self, sizes: Sizes, expected: Seen, axis: int) -> int | str:
        """How far cells are seen beyond a window; why, if it cannot be run."""

        def make():
            try:
                return reach_beyond(self._run(sizes), expected, axis)
            except TrialError as error:
                return str(error)

        return self._once((sizes, axis, expected, "reach"), make)

    def border_reads_far(self, sizes: Sizes) -> bool:
        """Whether an end sees the other half, or that cannot be tried."""

        def make():
            try:
                return border_reads_far(self._run(sizes))
            except TrialError:
                return True

        return self._once((sizes, "border"), make)

    @property
    def ratio(self) -> Sizes:
        """Cells of the map for one of the output, one number an axis."""
        return tuple(
            1 if n is None or m is None else max(round(n / max(m, 1)), 1)
            for n, m in zip(self.input_sizes, self.output_sizes, strict=True)
        )

    @property
    def channels(self) -> int:
        """Channels of the widest of its maps."""
        shapes = self.call.input_shapes + self.call.output_shapes
        return max(
            size or 1 for shape in shapes for size in (*shape[1:2], *shape[-1:])
        )

    @property
    def weights(self) -> int:
        """Numbers in the weights of the call."""
        weights = getattr(self.call.operation, "variables", [])
        return sum(math.prod(each.shape) for each in weights)

    def fits(self, sizes: Sizes, times: int = 1) -> bool:
        """Whether maps of these sizes are small enough to be tried."""
        numbers = math.prod(sizes) * min(self.channels, 512)
        return numbers <= times * _LARGEST

    def fits_itself(self, copies: int) -> bool:
        """Whether as many copies of its own size are."""
        shapes = self.call.input_shapes + self.call.output_shapes
        largest = max(
            math.prod(size or 1 for size in shape[1:]) for shape in shapes
        )
        work = self.weights * math.prod(size or 1 for size in self.output_sizes)
        return max(copies * largest * 2**11, copies * work) <= _MOST_WORK

    def _once(self, part: Any, make: Callable[[], Any]) -> Any:
        """Ask once, of all calls of one class that behave alike."""
        if self.key is None:
            return make()
        call = self.call
        key = (
            self.key,
            self.rank,
            self.first,
            self.output,
            tuple(n == self.tensor for n in call.inputs),
            tuple(shape[1:] for shape in call.input_shapes),
            tuple(shape[1:] for shape in call.output_shapes),
            part,
        )
        results = _RESULTS.setdefault(type(call.operation), {})
        if key not in results:
            results[key] = make()
        return results[key]

    def _result(self, sizes, look, draws, seed=0):
        count = 2 * max(self.ratio)
        try:
            seen = look(CellChanges(self._run(sizes, seed), count, draws))
        except TrialError as error:
            return SizeResult(reason=str(error), failed=True)
        seen = seen or Seen(())
        return SizeResult(sizes, seen, "" if seen.axes else UNCLEAR)

    def _run(self, sizes, seed=0):
        return TrialRun(
            self.call,
            self.tensor,
            self.rank,
            self.first,
            sizes,
            self.output,
            seed,
        )


# Kept with the class of the operation.
_RESULTS: weakref.WeakKeyDictionary[type, dict[Key, Any]] = (
    weakref.WeakKeyDictionary()
)
