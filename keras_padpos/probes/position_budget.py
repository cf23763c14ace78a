"""How many places of each picture an exact head is fitted on."""

EVERY_PLACE = 5_000
"""Columns up to which every place is used: the network takes longer."""

MOST_COLUMNS = 20_000
"""Columns up to which a matrix of columns**2 is held (3 GiB)."""

MOST_ROWS = 12_000
"""Rows that are held, beyond that many columns."""

ROWS_A_COLUMN = 4


def in_rows(columns: int) -> bool:
    """Whether a head has too many columns for a matrix of columns**2.

    Example:

    >>> in_rows(9 * 1472), in_rows(49 * 1472)
    (False, True)
    """
    return columns > MOST_COLUMNS


def position_budget(
    columns: int,
    cells: int,
    pictures: int | None,
    asked: int | str = "auto",
) -> int:
    """Places of each picture to fit an exact head on.

    Neighbouring places of a picture say much the same, so a head with many
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
        asked: A number, `"all"`, or `"auto"`: every place up to 5,000
            columns; beyond, four rows a column, or 12,000 rows where there are
            more than 20,000 columns.

    Returns:
        A number from 1 to `cells`.

    Raises:
        ValueError: If `asked` is none of these or more than can be held, or
            the number of pictures is needed and not known.
    """
    few = in_rows(columns)
    if asked == "all":
        positions = cells
    elif asked != "auto":
        if not isinstance(asked, int) or asked < 1:
            raise ValueError(
                '`positions_per_image` must be 1 or more, "auto" or '
                f'"all". Received: {asked!r}'
            )
        positions = min(asked, cells)
    elif columns <= EVERY_PLACE:
        return cells
    else:
        _check_known(pictures, columns)
        rows = MOST_ROWS if few else ROWS_A_COLUMN * columns
        enough = rows // pictures if few else -(-rows // pictures)
        positions = min(max(enough, 1), cells)
    if few:
        _check_known(pictures, columns)
        if positions * pictures > MOST_ROWS:
            raise ValueError(
                f"A head of {columns} columns is fitted on {MOST_ROWS} places "
                f"at most; {pictures} pictures with {positions} places each "
                "are more. Use fewer pictures, a smaller "
                '`positions_per_image`, or `solver="sgd"`.'
            )
    return positions


def _check_known(pictures, columns):
    if pictures is None:
        raise ValueError(
            f"A head of {columns} columns is fitted on a sample of places, "
            "and the number of training pictures is not known beforehand. "
            "Give `positions_per_image` or a number of pictures."
        )
