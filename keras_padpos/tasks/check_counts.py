"""Numbers that must be counts."""


def check_counts(**counts: int | None) -> None:
    """Raise unless all are at least 1.

    Example:

    >>> check_counts(epochs=3, max_steps=None)

    Args:
        **counts: Numbers by the name of their argument; `None` is passed
            over.

    Raises:
        ValueError: If one is less than 1.
    """
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {count}")
