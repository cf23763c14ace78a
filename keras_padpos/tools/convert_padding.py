"""Make a copy of a saved Keras model that pads another way, weights kept.

    keras-padpos convert_padding IN.keras OUT.keras --padding_mode=reflect

IN.keras is any functional or Sequential model. What changed is printed. The
new file is opened and run before it takes its place.
"""

import os
from pathlib import Path

from keras_padpos import files
from keras_padpos import runs
from keras_padpos.errors import printable
from keras_padpos.runs import Flag
from keras_padpos.runs import Program
from keras_padpos.studies import networks

_FLAGS = {
    "padding_mode": Flag(
        None,
        f"New padding mode: {networks.MODE_TEXT}; interpolate, which enlarges "
        "maps instead; or none, without padding.",
        choices=[*networks.padding_modes(), *networks.FURTHER_MODES],
        per_axis=networks.PER_AXIS,
        axes=3,
        required=True,
    ),
    "geometry": Flag(
        "keep",
        "Where cells are added: keep, or torch for as many on both "
        "sides of odd windows, as PyTorch's padding=k//2.",
        choices=["keep", "torch"],
    ),
    "only": Flag(
        None,
        "Names of the layers to convert, * for any characters. If not "
        "given: all.",
        type=list,
    ),
    "skip": Flag(
        None, "Names of layers to leave as they are, likewise.", type=list
    ),
    "pooling": Flag(True, "Whether to convert what pooling layers pad."),
    "overwrite": Flag(False, "Replace OUT.keras if it is there."),
}


def _main(settings, source, target):
    """Load, convert and save, and print what changed."""
    from keras_padpos import models

    target = Path(target).expanduser()
    model = files.load_keras_model(source, "IN.keras", compiled=True)
    converted = models.convert_padding(
        model,
        settings.padding_mode,
        geometry=settings.geometry,
        only=settings.only,
        skip=settings.skip,
        pooling=settings.pooling,
        verbose=1,
    )
    with files.atomic_path(target) as hidden:
        converted.save(hidden)
        _check_file(hidden, converted)
    print(f"Saved in {printable(str(target))}.")


def _check(settings, source, target):
    """Refuse paths that cannot be read or written."""
    files.existing_file(source, ".keras", "IN.keras")
    _check_target(Path(target).expanduser(), settings.overwrite)


def _check_file(path, model):
    """Refuse a file that Keras does not open again as what was saved."""
    import keras

    from keras_padpos.models import model_difference
    from keras_padpos.models import plain_reason

    try:
        opened = keras.saving.load_model(path, compile=False)
        problem = model_difference(model, opened)
    except Exception as error:
        # Classes of layers raise what they like.
        problem = plain_reason(error)
    if problem:
        raise runs.InputError(
            "OUT.keras is not written, since the file would not open as the "
            f"model that was to be saved: {problem}"
        )


def _check_target(path, overwrite):
    """Refuse a file that cannot be written."""
    if path.suffix != ".keras":
        problem = "must have the ending .keras"
    elif path.exists() and not path.is_file():
        problem = "must be a file, no folder and no device"
    elif path.exists() and not overwrite:
        problem = "is there already: choose another, or add --overwrite"
    elif not path.parent.is_dir():
        problem = "must lie in a folder that is there"
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        problem = "must lie in a folder that can be written"
    else:
        return
    raise runs.InputError(f"OUT.keras {problem}. Received: {str(path)!r}")


TOOL = Program(
    name="convert_padding",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    check=_check,
    arguments=["IN.keras", "OUT.keras"],
)
