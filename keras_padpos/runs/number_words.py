"""Numbers in as few digits as tell them from all others."""


def number_words(number: float) -> str:
    """A number in the fewest digits that are no other number's.

    Example:

    >>> number_words(4.0), number_words(4.00000001), number_words(0.1)
    ('4', '4.00000001', '0.1')

    Args:
        number: A number.

    Returns:
        Words without blanks; other ones for another number.
    """
    return repr(float(number)).removesuffix(".0")
