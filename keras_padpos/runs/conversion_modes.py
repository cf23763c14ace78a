"""What `--padding_mode` may be where a whole network is converted."""

from collections.abc import Sequence

from keras_padpos.runs.user_error import UserError


def conversion_modes(
    asked: Sequence[str] | None = None, *, own: bool = False
) -> list[str]:
    """Check the modes that a flag names.

    Example:
        >>> conversion_modes(["reflect", "none"])
        ['reflect', 'none']
        >>> conversion_modes()[-2:]
        ['interpolate', 'none']

    Args:
        asked: What `--padding_mode` says; all that there are if not given.
        own: Whether `own`, a network's padding as it is, is one.

    Returns:
        The modes.

    Raises:
        UserError: If one is unknown.
    """
    from keras_padpos import padding

    known = [*padding.names(), "interpolate", "none", *["own"] * own]
    if asked is None:
        return known
    unknown = [mode for mode in asked if mode not in known]
    if unknown or not asked:
        raise UserError(
            f"--padding_mode must be among {', '.join(known)}. "
            f"Received: {', '.join(unknown) or 'nothing'}"
        )
    return list(asked)
