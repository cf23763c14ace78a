"""Timing things that are to be compared."""

import gc
import math
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np

# What `rounds=None` aims at.
_SECONDS = 0.3
_ROUNDS = 5
_MOST_ROUNDS = 60
# A call that takes longer than this is slow, and fewer of them must do.
_SLOW_SECONDS = 0.4
_SLOW_ROUNDS = 3
# Where calls are slow, whoever takes that many times longer than the fastest
# runs once: a ratio so large needs no more.
_LAGGING = 2


def interleaved_times(
    contenders: Mapping[str, Callable[[], Any]], rounds: int | None = None
) -> dict[str, np.ndarray]:
    """Time contenders side by side.

    In each round every contender runs once, so that what slows the machine
    down for a while slows all of them down. The order is drawn anew for each
    round (always the same draws): nobody always comes first, or always after
    the neighbour that leaves the input in the cache. Python's garbage
    collector is off meanwhile.

    A first call of each is not timed: it may trace and compile. A second one,
    unless it is slow, warms up and is dropped too.

    Example:

    >>> times = interleaved_times({"a": list, "b": dict}, rounds=3)
    >>> times["a"].shape
    (3,)

    Args:
        contenders: From a name to a function that returns once its work is
            done.
        rounds: Number of rounds to keep. If not given: as many as bring the
            fastest contender to 0.3 seconds, at least 5 and at most 60, and 3
            where that one takes more than 0.4 seconds. In the last case those
            who take more than twice as long run in the first round only.

    Returns:
        Seconds of each contender, one a round, the first rounds first.
    """
    names = list(contenders)
    for name in names:
        contenders[name]()
    times = []
    rng = np.random.default_rng(0)
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        times.append(_round(contenders, names))
        fastest = min(times[0].values())
        slow = fastest > _SLOW_SECONDS
        racing = names
        if rounds is None:
            if slow:
                limit = _LAGGING * fastest
                racing = [name for name in names if times[0][name] <= limit]
            enough = max(_ROUNDS, math.ceil(_SECONDS / fastest))
            rounds = _SLOW_ROUNDS if slow else min(enough, _MOST_ROUNDS)
        if not slow:
            times.clear()
        while len(times) < rounds:
            order = [racing[place] for place in rng.permutation(len(racing))]
            times.append(_round(contenders, order))
    finally:
        if collecting:
            gc.enable()
    return {
        name: np.array([seconds[name] for seconds in times if name in seconds])
        for name in names
    }


def _round(contenders, order):
    seconds = {}
    for name in order:
        start = time.perf_counter()
        result = contenders[name]()
        seconds[name] = time.perf_counter() - start
        # Freed after the clock has stopped.
        del result
    return seconds
