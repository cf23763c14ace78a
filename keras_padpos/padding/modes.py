"""The table of modes, and how a user's argument becomes a mode."""

from typing import Any

import keras

from keras_padpos.choices import PADDING_MODES
from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.padding.copy_mode import Circular
from keras_padpos.padding.copy_mode import Reflect
from keras_padpos.padding.copy_mode import Replicate
from keras_padpos.padding.copy_mode import Symmetric
from keras_padpos.padding.distribution import Distribution
from keras_padpos.padding.earth import Earth
from keras_padpos.padding.extrapolate import Extrapolate
from keras_padpos.padding.interpolate import Interpolate
from keras_padpos.padding.padding_mode import PaddingMode
from keras_padpos.padding.partial import Partial
from keras_padpos.padding.per_axis import PerAxis
from keras_padpos.padding.per_axis import wrong_count
from keras_padpos.padding.randn import Randn
from keras_padpos.padding.random_sides import RandomSides
from keras_padpos.padding.zeros import Constant
from keras_padpos.padding.zeros import Zeros

_CLASSES = {
    mode.name: mode
    for mode in (
        Zeros,
        Constant,
        Reflect,
        Symmetric,
        Replicate,
        Circular,
        Distribution,
        Randn,
        RandomSides,
        Partial,
        Earth,
        Extrapolate,
        # No border: it changes what is inside as well.
        Interpolate,
    )
}


def names() -> tuple[str, ...]:
    """The names of the padding modes for pictures of any size.

    `get` also knows `earth`, `extrapolate` and `interpolate`.

    Example:

    >>> "reflect" in names()
    True
    """
    return PADDING_MODES


def get(identifier: Any, rank: int | None = None) -> PaddingMode:
    """Find a padding mode, as `keras.initializers.get` finds an initializer.

    Example:

    >>> get("reflect")
    Reflect()
    >>> get(Constant(0.5))
    Constant(value=0.5)
    >>> get(("replicate", "circular")).name
    'replicate+circular'

    Args:
        identifier: A name out of `names()`, `"earth"`, `"extrapolate"`,
            `"interpolate"`, a `PaddingMode`, what `serialize` gave, or several
            of these, one for each spatial axis: a tuple or list, or names
            joined by a plus.
        rank: Number of spatial axes, if it is known: so many must be given
            where several are.

    Returns:
        A `PaddingMode`. Of several equal ones that one.

    Raises:
        ValueError: If there is no such mode.
    """
    return _mode(identifier, rank)


def get_or_none(
    identifier: Any, argument: str = "padding_mode"
) -> PaddingMode | None:
    """As `get`, and `None` for `"none"`: without padding.

    Args:
        identifier: As of `get`, or `"none"`.
        argument: Its name, for messages.
    """
    if isinstance(identifier, str) and identifier == "none":
        return None
    return _mode(identifier, argument=argument, further=("none",))


def _mode(identifier, rank=None, *, argument="padding_mode", further=()):
    if isinstance(identifier, PaddingMode):
        return identifier
    if isinstance(identifier, str) and "+" in identifier:
        identifier = identifier.split("+")
    if isinstance(identifier, (tuple, list)) and identifier:
        several = [_mode(mode, argument=argument) for mode in identifier]
        if rank not in (None, len(several)):
            raise wrong_count(rank, f"padding_mode={identifier!r}")
        return several[0] if len(set(several)) == 1 else PerAxis(several)
    if isinstance(identifier, str):
        mode_class = _CLASSES.get(identifier.lower())
        if mode_class is not None:
            return mode_class()
    if isinstance(identifier, dict):
        mode = keras.saving.deserialize_keras_object(identifier)
        if isinstance(mode, PaddingMode):
            return mode
    choices = [*_CLASSES, *further]
    hint = did_you_mean(identifier, choices)
    if isinstance(identifier, str) and "," in identifier:
        axes = [mode.strip() for mode in identifier.split(",")]
        if set(axes) <= {*_CLASSES}:
            hint = f' Join one mode for each axis with "+": {"+".join(axes)}.'
    if identifier in ("valid", "same", "full", "causal"):
        hint = f' That is where cells are added: padding="{identifier}".'
    raise InputError(
        f"`{argument}` must be one of {', '.join(choices)}, a "
        "`PaddingMode`, or one of these for each spatial axis. "
        f"Received: {argument}={identifier!r}"
        f"{hint and f'.{hint}'}"
    )


def serialize(mode: PaddingMode) -> Any:
    """The JSON-able value from which `get` makes an equal mode.

    Example:

    >>> serialize(get("circular"))
    'circular'
    >>> serialize(get("zeros+circular"))
    ['zeros', 'circular']

    Args:
        mode: A `PaddingMode`.

    Returns:
        The mode's name where that says it all, else a dict; a list of these
        for a mode per axis.
    """
    if isinstance(mode, PerAxis):
        return [serialize(each) for each in mode.modes]
    named = _CLASSES.get(mode.name)
    if named is type(mode) and mode == named():
        return mode.name
    return keras.saving.serialize_keras_object(mode)
