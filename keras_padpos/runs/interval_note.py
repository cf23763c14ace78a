"""What an interval over pictures does not cover."""

from collections.abc import Iterable

_CROPS = "samples:"


def interval_note(test_sets: Iterable[str]) -> str:
    """Say how far the intervals of scores and differences can be trusted.

    Example:

    >>> interval_note(["photos/test"])
    'Intervals resample pictures: with random weights they cover pictures, \
not seeds. No correction is made for the number of comparisons.'

    Args:
        test_sets: Names of the sets of pictures that were scored.

    Returns:
        Two sentences, three if pictures are crops of a few photographs.
    """
    note = (
        "Intervals resample pictures: with random weights they cover "
        "pictures, not seeds. No correction is made for the number of "
        "comparisons."
    )
    if any(test_set.startswith(_CROPS) for test_set in test_sets):
        note += (
            f" Pictures of {_CROPS}* that are crops of one photograph are not "
            "independent: their intervals are too narrow."
        )
    return note
