"""A window of a picture that can be sliced, continued past its border."""

import itertools
import math
import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_padpos.padding import PaddingMode

Cells = tuple[int, ...]
_Run = tuple[slice, slice, bool]
# Strips that are read of a picture of more numbers than `_SMALL`.
_STRIPS = 16
_SMALL = 2**20


def read_window(
    picture: Any,
    before: tuple[int, ...],
    start: Cells,
    modes: tuple[PaddingMode | None, ...],
    window: np.ndarray,
    first: int,
) -> None:
    """Read a window into an array.

    Example:

    >>> from keras_padpos import padding
    >>> window = np.zeros((4, 1))
    >>> picture = np.array([[1], [2], [3]])
    >>> read_window(picture, (), (-2,), (padding.get("reflect"),), window, 0)
    >>> print(window[:, 0])
    [3. 2. 1. 2.]

    Args:
        picture: What can be sliced: an array, a memmap, a data set of zarr or
            HDF5.
        before: Indices of the axes before those of one picture.
        start: Where the window starts along each spatial axis, in cells.
        modes: How the picture is continued along each; `None`: it is not.
        window: The array, which gives the window's size. All of it is written.
        first: Its first spatial axis.
    """
    rank = len(start)
    sizes = picture.shape[len(before) + first :][:rank]
    axes = [
        list(_runs(begin, count, size, mode))
        for begin, count, size, mode in zip(
            start, window.shape[first:][:rank], sizes, modes, strict=True
        )
    ]
    for runs in itertools.product(*axes):
        everything = (slice(None),) * first
        source = (*before, *everything, *(run[0] for run in runs))
        target = (*everything, *(run[1] for run in runs))
        flips = [first + n for n, run in enumerate(runs) if run[2]]
        part = np.asarray(picture[source])
        window[target] = np.flip(part, flips) if flips else part
    for axis, mode in enumerate(modes):
        if mode is not None and not mode.copies:
            for outside in _outside(
                start[axis], window.shape[first + axis], sizes[axis]
            ):
                frame = (slice(None),) * (first + axis) + (outside,)
                # Of the modes allowed here only `constant` has a value.
                window[frame] = getattr(mode, "value", 0)


def _outside(start, count, size):
    """Cells of a window before the picture, and those behind it."""
    return (
        slice(0, min(max(-start, 0), count)),
        slice(max(min(size - start, count), 0), count),
    )


def _runs(
    start: int, count: int, size: int, mode: PaddingMode | None
) -> Iterator[_Run]:
    """Cells of the picture in a row, the cells they fill, and if backwards."""
    cells = np.arange(start, start + count)
    inside = (cells >= 0) & (cells < size)
    if mode is None or not mode.copies:
        numbers = np.flatnonzero(inside)
        if numbers.size:
            low, high = int(numbers[0]), int(numbers[-1]) + 1
            yield slice(start + low, start + high), slice(low, high), False
        return
    source = mode.source(cells, size)  # type: ignore[attr-defined]
    steps = np.diff(source)
    begin = 0
    while begin < count:
        step = int(steps[begin]) if begin < count - 1 else 1
        if step not in (1, -1):
            step = 1
        end = begin + 1
        while end < count and steps[end - 1] == step:
            end += 1
        ends = int(source[begin]), int(source[end - 1])
        yield slice(min(ends), max(ends) + 1), slice(begin, end), step < 0
        begin = end


def sample_strips(picture: Any, batch: int, axis: int) -> Iterator[np.ndarray]:
    """Read strips of a picture, evenly spaced; a small one whole.

    Args:
        picture: What can be sliced.
        batch: Number of batch axes, 0 or 1.
        axis: The first spatial axis.
    """
    shape = tuple(picture.shape)
    if math.prod(shape) <= _SMALL:
        yield np.asarray(picture[()])
        return
    row = math.prod(shape[axis + 1 :])
    rows = min(max(_SMALL // _STRIPS // row, 1), shape[axis])
    places = (*shape[:batch], shape[axis] - rows + 1)
    numbers = np.linspace(0, math.prod(places) - 1, _STRIPS).astype(int)
    for number in numbers.tolist():
        *before, start = map(int, np.unravel_index(number, places))
        between = [slice(None)] * (axis - batch)
        strip = picture[(*before, *between, slice(start, start + rows))]
        yield np.asarray(strip)


def release(array: Any) -> None:
    """Give the pages of a memmap back, whose file keeps them.

    Else a process seems to hold all that it has read or written. What is
    private to a process, such as changes of a memmap of mode `"c"`, stays.
    """
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    if array is None or array.mode == "c":
        return
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    if array is not None and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)
