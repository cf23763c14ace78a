r"""Write a network for use without Keras: as SavedModel, ONNX or LiteRT.

Either a backbone, from raw RGB in [0, 255] of any size to the maps of its
stages, with the position maps of fitted heads if --read_outs is given:

    keras-padpos export_saved_model --backbone=vgg16 --weights=bundled \
        --padding_mode=reflect --out=exported/vgg16

or any functional or Sequential Keras model as it is: --model=FILE.keras
--out=DIR. With --backbone=FILE.keras --stages=LAYER,... a file is a backbone.
What was written is opened again and compared with the Keras model.
"""

import os

from keras_padpos import files
from keras_padpos import report
from keras_padpos import runs
from keras_padpos.choices import BACKBONES
from keras_padpos.choices import WEIGHTS
from keras_padpos.errors import extra_hint
from keras_padpos.runs import Flag
from keras_padpos.runs import Program
from keras_padpos.studies import networks
from keras_padpos.studies import position_network

_FLAGS = {
    "backbone": Flag(
        None,
        f"Network: {', '.join(BACKBONES)}, rgb for the bare picture, or the "
        "path of a .keras file that takes raw RGB (with --stages).",
        choices=[*BACKBONES, "rgb"],
        ending=".keras",
    ),
    "weights": Flag(
        "bundled",
        "Weights of the backbone: imagenet (downloaded by Keras), "
        "bundled (VGG16 fine-tuned for edges, HED), random, or the path"
        " of a weights file. A .keras file brings its own, file; only "
        "random changes them.",
        choices=WEIGHTS,
        ending="",
    ),
    "padding_mode": Flag(
        "zeros",
        f"Padding of the backbone: {networks.MODE_TEXT}, interpolate, none, "
        "or own: as the network has it, what a .keras file is left with if "
        "this is not given.",
        choices=[*networks.padding_modes(own=True), *networks.FURTHER_MODES],
        per_axis=networks.PER_AXIS,
    ),
    "stages": Flag(
        ["all"],
        "Stages of the backbone to put out: all, or numbers from 1, or "
        "names of layers, which alone a .keras file has.",
    ),
    "read_outs": Flag(
        None,
        "Work directory of a finished position_probe that "
        "fitted heads on this very backbone; their predicted maps "
        "become outputs.",
    ),
    "seed": Flag(
        0,
        "Seed of random weights, and of the pictures that are compared.",
        least=0,
        most=2**32 - 1,
    ),
    "model": Flag(
        None, "A .keras file to export as it is, instead of a backbone."
    ),
    "out": Flag(None, "Folder to write.", required=True),
    "format": Flag(
        "tf_saved_model",
        "tf_saved_model; onnx, which needs the extra onnx; or litert.",
        choices=list(files.EXPORT_FORMATS),
    ),
    "overwrite": Flag(False, "Replace an earlier export in --out."),
}

_OF_BACKBONES = ("weights", "padding_mode", "stages", "read_outs")


def _main(settings):
    """Make the network, write it, and print how near the two come."""
    _check_before_work(settings)
    name, made_from = _name(settings), _made_from(settings)
    failure = None
    with report.Progress(units=2) as progress:
        with progress.unit(name):
            model = _network(settings)
        with progress.unit(f"{settings.format} in {settings.out}, compared"):
            try:
                rows = files.export_model(
                    model,
                    settings.out,
                    settings.format,
                    overwrite=settings.overwrite,
                    made_from=made_from,
                    seed=settings.seed,
                )
            except files.ExportMismatch as error:
                rows, failure = error.rows, error
    if rows:
        _report(name, settings.format, rows)
    if failure:
        raise failure


def _check_flags(settings):
    """Refuse flags that do not go together, and files that cannot be."""
    if (settings.backbone is None) == (settings.model is None):
        raise runs.InputError(
            "Give either --backbone or --model, the network to export. "
            f"Received: {'both' if settings.model else 'neither'}"
        )
    if settings.model is not None:
        for name in _OF_BACKBONES:
            if settings.present(name):
                raise runs.InputError(
                    f"--{name} belongs to --backbone; a --model is exported "
                    f"as it is. Received: --{name} and --model"
                )
        files.existing_file(settings.model, ".keras", "--model")
    files.check_export(settings.out, settings.format, settings.overwrite)


def _check_before_work(settings):
    """Refuse what cannot work before anything is computed or written."""
    from keras_padpos import models

    files.check_export_backend()
    if settings.backbone is not None:
        models.check_weights(settings.backbone, _weights(settings))
        networks.stage_layers(settings.backbone, settings.stages)


def _network(settings):
    if settings.model is not None:
        return files.load_keras_model(settings.model)
    return position_network(
        settings.backbone,
        _weights(settings),
        _padding_mode(settings),
        stages=networks.stage_layers(settings.backbone, settings.stages),
        seed=settings.seed,
        read_outs=settings.read_outs,
    )


def _weights(settings):
    return _unless_given(settings, "weights", "file")


def _padding_mode(settings):
    return _unless_given(settings, "padding_mode", "own")


def _unless_given(settings, name, of_file):
    """A flag's value; one that was not given has another default for files."""
    from keras_padpos import models

    if models.is_model_file(settings.backbone) and not settings.present(name):
        return of_file
    return getattr(settings, name)


def _name(settings):
    if settings.model is not None:
        return os.path.basename(settings.model)
    if settings.backbone == "rgb":
        return "rgb"
    names = map(os.path.basename, (settings.backbone, _weights(settings)))
    return "-".join([*names, _padding_mode(settings)])


def _made_from(settings):
    """What model.json tells of the flags."""
    if settings.model is not None:
        return {"model": settings.model}
    names = ("backbone", *_OF_BACKBONES, "seed")
    return {name: getattr(settings, name) for name in names} | {
        "weights": _weights(settings),
        "padding_mode": _padding_mode(settings),
    }


def _report(name, format, rows):
    report.print_table(
        f"{name} as {format}, against the Keras model on random inputs",
        [
            "output",
            "input",
            "shape",
            ("difference", "largest difference"),
            ("relative", "of the largest value"),
            "compared",
        ],
        [{**row, "shape": "x".join(map(str, row["shape"]))} for row in rows],
        _notes(rows),
    )


def _notes(rows):
    compared = {row["compared"] for row in rows}
    notes = []
    if "shapes only" in compared:
        notes.append(
            "shapes only: outputs that the Keras model itself draws anew at "
            "every call."
        )
    if "nothing" in compared:
        notes.append(f"nothing: to compare ONNX models, {extra_hint('onnx')}.")
    return notes


TOOL = Program(
    name="export_saved_model",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    check=_check_flags,
)
