"""BatchNorm's statistics of a network that has been trained."""

from collections.abc import Callable
from typing import Any


def calibrated_at_end(
    network: Any, inputs: Any, calibrate: Callable[[], Any] | None = None
) -> str | None:
    """Calibrate a network, unless its training has diverged.

    Args:
        network: On one device; changed in place.
        inputs: A batch of what it takes; see `training.divergence`.
        calibrate: Takes the statistics of `network` again; `None`: they stay
            as they are.

    Returns:
        Why it cannot be scored, in words; `None` if it can.

    Raises:
        ValueError: What `calibrate` raises, if the network's answers are
            finite.
    """
    from keras_padpos import training

    reason = training.divergence(network)
    if calibrate is None or reason:
        return reason or training.divergence(network, inputs)
    try:
        calibrate()
    except ValueError:
        # It refuses numbers that are not finite, and other things.
        reason = training.divergence(network, inputs)
        if not reason:
            raise
        return reason
    return training.divergence(network, inputs)
