"""How many positions of each picture an exact head is fitted on."""

from keras_padpos.checks import is_int
from keras_padpos.errors import InputError

EVERY_PLACE = 5_000
"""Columns up to which every position is used: the network takes longer."""

MOST_COLUMNS = 20_000
"""Columns up to which matrices of columns**2 are held.

Each of that size takes 3 GiB, and there are three while a head is solved, five
where its ridge is chosen.
"""

MOST_ROWS = 12_000
"""Rows that are held, beyond that many columns, if they fit into 4 GiB."""

_MOST_BYTES = 4 * 2**30

ROWS_A_COLUMN = 4


def needs_dual(columns: int, rows: int | None = None) -> bool:
    """Whether a head is better solved by its rows than by its columns.

    It is where it has too many columns for matrices of columns**2, or fewer
    rows than columns.
    """
    if columns > MOST_COLUMNS:
        return True
    # Small heads are quick by columns too, and take no memory for rows.
    return (
        rows is not None
        and columns > EVERY_PLACE
        and rows <= min(columns, MOST_ROWS)
    )


def position_budget(
    columns: int,
    cells: int,
    pictures: int | None,
    asked: int | str = "auto",
) -> int:
    """Places of each picture to fit an exact head on.

    Neighbouring positions of a picture say much the same, so a head with many
    columns loses little by a sample of them, and its cost grows with the cube
    of its columns instead of with the pictures.

    Example: a 3x3 head on all stages of VGG16, fitted on 300 pictures.

    >>> position_budget(9 * 1472, 26 * 26, 300)
    177
    >>> position_budget(1472, 28 * 28, 300)
    784
    >>> position_budget(49 * 1472, 22 * 22, 300)
    40

    Args:
        columns: Inputs of the head: its taps times the channels that it sees.
        cells: Places of a picture that the head has.
        pictures: How many pictures there are; `None` if that is not known.
        asked: A number; `"all"`; or `"auto"`: every position up to 5,000
            columns, beyond that four rows a column. Whatever is asked for,
            heads of more than 20,000 columns are fitted on 12,000 rows at
            most, fewer where those would take more than 4 GiB.

    Returns:
        A number from 1 to `cells`.

    Raises:
        ValueError: If `asked` is none of these, there are more pictures than
            rows that can be held, or their number is needed and not known.
    """
    if is_int(asked, 1):
        limit = min(asked, cells)
    elif asked in ("auto", "all"):
        limit = cells
    else:
        raise InputError(
            '`positions_per_image` must be 1 or more, "auto" or "all". '
            f"Received: {asked!r}"
        )
    if needs_dual(columns):
        pictures = _checked(pictures, columns)
        most = min(MOST_ROWS, _MOST_BYTES // (4 * columns))
        if pictures > most:
            raise InputError(
                f"A head of {columns} columns is fitted on {most} positions at "
                f"most, and there are {pictures} training pictures. Use fewer "
                'pictures, fewer stages, a smaller kernel, or `solver="sgd"`.'
            )
        return min(limit, most // pictures)
    if asked != "auto" or columns <= EVERY_PLACE:
        return limit
    pictures = _checked(pictures, columns)
    return min(limit, -(-ROWS_A_COLUMN * columns // pictures))


def _checked(pictures, columns):
    if pictures is None:
        raise InputError(
            f"A head of {columns} columns is fitted on a sample of positions, "
            "and the number of training pictures is not known beforehand. "
            "Give `positions_per_image` or a number of pictures."
        )
    return pictures
