"""Whose code a layer, a class or a function is."""

from typing import Any

PACKAGES = ("keras", "keras_padpos")
"""Packages whose code is known: Keras and this one."""


def package_of(described: Any) -> str:
    """The package of a class or a function: `"keras"` of `keras.layers.Add`."""
    return (described.__module__ or "").partition(".")[0]


def is_foreign(layer: Any) -> bool:
    """Whether a layer's class is neither of Keras nor of this package.

    A converted layer counts as one of the class that it had before.
    """
    kind = getattr(layer, "plain_class", type(layer))
    return package_of(kind) not in PACKAGES
