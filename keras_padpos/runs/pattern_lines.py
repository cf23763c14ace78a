"""How padding modes are drawn where several share a panel."""

from collections.abc import Sequence
from typing import Any

_DASHES = ("-", "--", ":")


def mode_lines(modes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A line for each mode, the same in every panel and figure of a run.

    Example:

    >>> mode_lines(["zeros", "reflect"])["reflect"]["color"]
    'C1'

    Args:
        modes: In order.

    Returns:
        From a mode to what Matplotlib's `plot` takes: colour, dashes, label.
    """
    return {
        mode: {
            "color": f"C{number % 10}",
            "linestyle": _DASHES[number // 4 % len(_DASHES)],
            "linewidth": 1.4,
            "label": mode,
        }
        for number, mode in enumerate(modes)
    }
