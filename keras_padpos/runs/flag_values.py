"""What the texts of flags mean that several binaries have."""

from collections.abc import Sequence

from keras_padpos.runs.user_error import UserError


def whole_numbers(
    name: str, values: Sequence[str], least: int = 0
) -> list[int]:
    """Numbers of a flag that is a list.

    Example:

    >>> whole_numbers("kernel_sizes", ["1", "3"])
    [1, 3]

    Args:
        name: The flag's, without dashes.
        values: Its value.
        least: The smallest number allowed.

    Raises:
        UserError: If there is none, or one is not such a number.
    """
    if not values or not all(
        value.isdigit() and int(value) >= least for value in values
    ):
        raise UserError(
            f"--{name} must be whole numbers from {least} with commas between "
            f"them. Received: {','.join(values)}"
        )
    return [int(value) for value in values]


def ridge_value(text: str) -> float | str:
    """What `--ridge` says: a number, or `"auto"`.

    Example:

    >>> ridge_value("0.01"), ridge_value("auto")
    (0.01, 'auto')

    Args:
        text: The flag's value.

    Raises:
        UserError: If it is neither.
    """
    if text == "auto":
        return text
    try:
        ridge = float(text)
    except ValueError:
        ridge = -1.0
    if not 0 <= ridge < float("inf"):
        raise UserError(
            f"--ridge must be a number of 0 or more, or auto. Received: {text}"
        )
    return ridge


def positions_value(text: str) -> int | str:
    """What `--positions_per_image` says: a number, `"auto"` or `"all"`.

    Example:

    >>> positions_value("100"), positions_value("all")
    (100, 'all')

    Args:
        text: The flag's value.

    Raises:
        UserError: If it is none of these.
    """
    if text in ("auto", "all"):
        return text
    if not text.isdigit() or int(text) < 1:
        raise UserError(
            "--positions_per_image must be a number from 1 on, auto or all. "
            f"Received: {text}"
        )
    return int(text)


def picture_sets(specs: Sequence[str]) -> str | list[str]:
    """What to open for a flag that lists sets of pictures to be joined.

    A set alone keeps its own number of pictures, where it has one.

    Example:

    >>> picture_sets(["samples:train"]), picture_sets(["a", "b"])
    ('samples:train', ['a', 'b'])

    Args:
        specs: The flag's value.
    """
    return specs[0] if len(specs) == 1 else list(specs)
