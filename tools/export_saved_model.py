r"""Write a network for use without Keras: as SavedModel, ONNX or LiteRT.

Either a backbone, from raw RGB in [0, 255] of any size to the maps of its
stages, with the position maps of fitted heads if --read_outs is given:

    python -m tools.export_saved_model --backbone=vgg16 --weights=bundled \
        --padding_mode=reflect --out=exported/vgg16

or any functional or Sequential Keras model as it is: --model=FILE.keras
--out=DIR. With --backbone=FILE.keras --stages=LAYER,... a file is a backbone.
What was written is opened again and compared with the Keras model.
"""

import os

from absl import flags

from keras_padpos import files
from keras_padpos import report
from keras_padpos import runs
from keras_padpos.errors import extra_hint
from keras_padpos.studies import networks
from keras_padpos.studies import position_network

_BACKBONE = flags.DEFINE_string(
    "backbone",
    None,
    "Network: vgg16, vgg19, resnet18, resnet50, resnet152, mobilenet, "
    "efficientnetb0, densenet121, rgb for the bare picture, or the path of a "
    ".keras file that takes raw RGB (with --stages).",
)
_WEIGHTS = flags.DEFINE_string(
    "weights",
    "bundled",
    "Weights of the backbone: imagenet (downloaded by Keras), bundled (VGG16 "
    "fine-tuned for edges, HED), random, or the path of a weights file. A "
    ".keras file brings its own, file; only random changes them.",
)
_PADDING_MODE = flags.DEFINE_string(
    "padding_mode",
    "zeros",
    "Padding of the backbone: zeros, constant, reflect, symmetric, replicate, "
    "circular, distribution, randn, random_sides, partial, interpolate, "
    "none, or own: as the network has it, what a .keras file is left with if "
    "this is not given.",
)
_STAGES = flags.DEFINE_list(
    "stages",
    ["all"],
    "Stages of the backbone to put out: all, or numbers from 1, or names of "
    "layers, which alone a .keras file has.",
)
_READ_OUTS = flags.DEFINE_string(
    "read_outs",
    None,
    "Work directory of a finished experiments.position_probe that fitted "
    "heads on this very backbone; their predicted maps become outputs.",
)
_SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Seed of random weights, and of the pictures that are compared.",
    lower_bound=0,
    upper_bound=2**32 - 1,
)
_MODEL = flags.DEFINE_string(
    "model", None, "A .keras file to export as it is, instead of a backbone."
)
_OUT = flags.DEFINE_string("out", None, "Folder to write.")
_FORMAT = flags.DEFINE_enum(
    "format",
    "tf_saved_model",
    list(files.EXPORT_FORMATS),
    "tf_saved_model; onnx, which needs the extra onnx; or litert.",
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "Replace an earlier export in --out."
)

_OF_BACKBONES = ("weights", "padding_mode", "stages", "read_outs")


def main(argv):
    """Make the network, write it, and print how near the two come."""
    del argv
    _check_before_work()
    name, made_from = _name(), _made_from()
    failure = None
    with report.Progress(units=2) as progress:
        with progress.unit(name):
            model = _network()
        with progress.unit(f"{_FORMAT.value} in {_OUT.value}, compared"):
            try:
                rows = files.export_model(
                    model,
                    _OUT.value,
                    _FORMAT.value,
                    overwrite=_OVERWRITE.value,
                    made_from=made_from,
                    seed=_SEED.value,
                )
            except files.ExportMismatch as error:
                rows, failure = error.rows, error
    if rows:
        _report(name, rows)
    if failure:
        raise failure


def _check_before_work():
    """Refuse what cannot work before anything is computed or written."""
    from keras_padpos import models

    if (_BACKBONE.value is None) == (_MODEL.value is None):
        raise runs.InputError(
            "Give either --backbone or --model, the network to export. "
            f"Received: {'both' if _MODEL.value else 'neither'}"
        )
    if not _OUT.value:
        raise runs.InputError(
            "--out must name the folder to write. Received: nothing"
        )
    if _MODEL.value is not None:
        for name in _OF_BACKBONES:
            if flags.FLAGS[name].present:
                raise runs.InputError(
                    f"--{name} belongs to --backbone; a --model is exported "
                    f"as it is. Received: --{name} and --model"
                )
    files.check_export(_OUT.value, _FORMAT.value, _OVERWRITE.value)
    if _BACKBONE.value is not None:
        models.check_weights(_BACKBONE.value, _weights())
        networks.stage_layers(_BACKBONE.value, _STAGES.value)


def _network():
    if _MODEL.value is not None:
        return files.load_keras_model(_MODEL.value)
    return position_network(
        _BACKBONE.value,
        _weights(),
        _padding_mode(),
        stages=networks.stage_layers(_BACKBONE.value, _STAGES.value),
        seed=_SEED.value,
        read_outs=_READ_OUTS.value,
    )


def _weights():
    return _unless_given(_WEIGHTS, "file")


def _padding_mode():
    return _unless_given(_PADDING_MODE, "own")


def _unless_given(flag, of_file):
    """A flag's value; one that was not given has another default for files."""
    from keras_padpos import models

    if models.is_model_file(_BACKBONE.value) and not flag.present:
        return of_file
    return flag.value


def _name():
    if _MODEL.value is not None:
        return os.path.basename(_MODEL.value)
    if _BACKBONE.value == "rgb":
        return "rgb"
    names = map(os.path.basename, (_BACKBONE.value, _weights()))
    return "-".join([*names, _padding_mode()])


def _made_from():
    """What model.json tells of the flags."""
    if _MODEL.value is not None:
        return {"model": _MODEL.value}
    names = ("backbone", *_OF_BACKBONES, "seed")
    return {name: flags.FLAGS[name].value for name in names} | {
        "weights": _weights(),
        "padding_mode": _padding_mode(),
    }


def _report(name, rows):
    report.print_table(
        f"{name} as {_FORMAT.value}, against the Keras model on random inputs",
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


if __name__ == "__main__":
    runs.run(main)
