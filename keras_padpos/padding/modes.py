"""The table of modes, and how a user's argument becomes a mode."""

from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.padding.copy_mode import Circular
from keras_padpos.padding.copy_mode import Reflect
from keras_padpos.padding.copy_mode import Replicate
from keras_padpos.padding.copy_mode import Symmetric
from keras_padpos.padding.distribution import Distribution
from keras_padpos.padding.interpolate import Interpolate
from keras_padpos.padding.padding_mode import PaddingMode
from keras_padpos.padding.partial import Partial
from keras_padpos.padding.randn import Randn
from keras_padpos.padding.random_sides import RandomSides
from keras_padpos.padding.zeros import Constant
from keras_padpos.padding.zeros import Zeros

MODES = {
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
    )
}

# Known by name, but no border: it changes what is inside as well.
_OTHERS = {Interpolate.name: Interpolate}


def names() -> tuple[str, ...]:
    """The names of all padding modes.

    Example:

    >>> "reflect" in names()
    True
    """
    return tuple(MODES)


def get(identifier: Any) -> PaddingMode:
    """Find a padding mode, as `keras.initializers.get` finds an initializer.

    Example:

    >>> get("reflect")
    Reflect()
    >>> get(Constant(0.5))
    Constant(value=0.5)

    Args:
        identifier: A name out of `names()`, `"interpolate"`, a `PaddingMode`,
            or what `serialize` gave.

    Returns:
        A `PaddingMode`.

    Raises:
        ValueError: If there is no such mode.
    """
    if isinstance(identifier, PaddingMode):
        return identifier
    if isinstance(identifier, str):
        mode_class = {**MODES, **_OTHERS}.get(identifier.lower())
        if mode_class is not None:
            return mode_class()
    if isinstance(identifier, dict):
        mode = keras.saving.deserialize_keras_object(identifier)
        if isinstance(mode, PaddingMode):
            return mode
    hint = did_you_mean(identifier, MODES)
    raise InputError(
        f"`padding_mode` must be one of {', '.join(MODES)}, interpolate, or a "
        f"`PaddingMode`. Received: padding_mode={identifier!r}"
        f"{hint and f'.{hint}'}"
    )


def serialize(mode: PaddingMode) -> Any:
    """The JSON-able value from which `get` makes an equal mode.

    Example:

    >>> serialize(get("circular"))
    'circular'

    Args:
        mode: A `PaddingMode`.

    Returns:
        The mode's name where that says it all, else a dict.
    """
    if MODES.get(mode.name) is type(mode) and mode == MODES[mode.name]():
        return mode.name
    return keras.saving.serialize_keras_object(mode)
