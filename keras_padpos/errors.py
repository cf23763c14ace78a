"""Errors that are the caller's fault, and what an error says."""

import difflib
import importlib
import re
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """What was given cannot work; the message says what would.

    All that this package refuses is refused with it: an argument, a flag, a
    file's content. A binary prints its message as one line, without a
    traceback. Any other exception is a mistake in code.

    Example:
        >>> raise InputError("`seed` must be at least 0. Received: -1")
        Traceback (most recent call last):
        ...
        keras_padpos.errors.InputError: `seed` must be at least 0. Received: -1
    """

    # Else what is raised inside a `tf.function` becomes another error, which
    # is no ValueError: AutoGraph raises again what is made from a message.
    __init__ = Exception.__init__


class MissingPackageError(InputError, ImportError):
    """An optional package is not installed; the message says which extra."""


# Colours and moves of the cursor, as terminals take them.
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?)")


def printable(text: str, keep: str = "") -> str:
    """A name, which is anybody's, with ? for what cannot be printed."""
    return "".join(
        each if each.isprintable() or each in keep else "?" for each in text
    )


def one_line(text: str) -> str:
    r"""A message without line breaks, colours and control characters.

    Example:
        >>> one_line("\x1b[1mtwo\x1b[0m\n  lines\x07")
        'two lines?'
    """
    return printable(" ".join(_ESCAPES.sub("", text).split()))


def extra_hint(extra: str) -> str:
    """The command that installs an extra, to be pasted into any shell.

    Example:
        >>> extra_hint("samples")
        'pip install "keras-padpos[samples]"'
    """
    return f'pip install "keras-padpos[{extra}]"'


def optional_import(module: str, extra: str, user: str) -> Any:
    """Import a package that only an extra of this package brings.

    Example:
        >>> optional_import("nowhere", "samples", "The example")
        Traceback (most recent call last):
        ...
        keras_padpos.errors.MissingPackageError: The example needs nowhere, \
which cannot be imported (No module named 'nowhere'): \
pip install "keras-padpos[samples]"

    Args:
        module: What to import.
        extra: The extra that installs it.
        user: What needs it, to begin the message.

    Returns:
        The module.

    Raises:
        MissingPackageError: If it cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"{user} needs {module}, which cannot be imported ({error}): "
            f"{extra_hint(extra)}"
        ) from error


def error_text(error: BaseException) -> str:
    """Say why something failed, without the parts that only Python needs.

    Example:
        >>> import errno
        >>> import os
        >>> error_text(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        'No space left on device'
        >>> error_text(KeyError("rows"))
        "'rows' is missing"

    Args:
        error: What was raised.

    Returns:
        Its message; the name of its class if it has none.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return str(error) or type(error).__name__


# What NumPy, SciPy, Keras' augmentation and OpenCV call padding modes.
_OTHER_WORDS = {
    "border_reflect_101": "reflect",
    "edge": "replicate",
    "mirror": "reflect",
    "nearest": "replicate",
    "periodic": "circular",
    "wrap": "circular",
    "zero": "zeros",
}


def did_you_mean(word: object, names: Iterable[str]) -> str:
    """A hint at the nearest name, to end a message; `""` if none is near.

    Example:
        >>> did_you_mean("reflekt", ["zeros", "reflect"])
        ' Did you mean reflect?'
        >>> did_you_mean("wrap", ["zeros", "circular"])
        ' Did you mean circular?'

    Args:
        word: What was given.
        names: What can be given. Words that other libraries have for padding
            modes are known too.
    """
    names, word = list(names), str(word).lower()
    near = difflib.get_close_matches(word, names, n=1)
    other = _OTHER_WORDS.get(word)
    if other in names:
        near = [other]
    return f" Did you mean {near[0]}?" if near else ""
