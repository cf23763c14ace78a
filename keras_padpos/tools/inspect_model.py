"""Where a saved model pads, and how far that reaches.

    keras-padpos inspect_model model.keras --input_shape=224,224,3

PATH is a .keras file or the folder of a SavedModel. Of a SavedModel that
export_saved_model wrote, the Keras model is rebuilt; of others, the
graph's operations are listed. --workdir keeps the tables as results.json, and
padding's reach as a figure.
"""

import functools
import hashlib
import math
from pathlib import Path

from keras_padpos import files
from keras_padpos import report
from keras_padpos import runs
from keras_padpos.errors import printable
from keras_padpos.runs import Flag
from keras_padpos.runs import Program

# A GiB, as float32; maps inside take more.
_MOST_NUMBERS = 2**28

_FLAGS = {
    "input_shape": Flag(
        None,
        "Shape of the input without the batch, such as 224,224,3: "
        "height and width in pixels, channels; at most "
        f"{_MOST_NUMBERS} numbers in all. If not given: the "
        "model's own, with 224 for sizes that it leaves open.",
        type=list,
    ),
    "all_layers": Flag(
        False,
        "List the receptive field of every layer, not just of the last "
        "at each stride and of the outputs.",
    ),
    "workdir": Flag(
        None,
        "Directory for results and figure. If not given: none are written.",
    ),
}


def _main(settings, path):
    """Inspect the model, print the tables, and keep them if asked."""
    provenance = runs.Provenance()
    shape = _input_shape(settings.input_shape)
    config = {
        "model": str(path),
        "sha256": _digest(path),
        "input_shape": shape,
        "all_layers": settings.all_layers,
    }
    work = None
    if settings.workdir is not None:
        work = runs.WorkDirectory(settings.workdir, "inspect_model", config)
    if work is not None and work.finished:
        saved = work.load_results()
        rows, about = saved["rows"], saved["provenance"]["told"]
    else:
        with report.Progress() as progress:
            rows, about = files.inspect_file(
                path,
                shape,
                all_layers=settings.all_layers,
                start=functools.partial(
                    progress.unit,
                    "sizes at which padding is even",
                    noun="sizes",
                ),
            )
        if work is not None:
            report.draw_inspection(work, about, rows)
            work.write_results(rows, {**provenance.as_dict(), "told": about})
    report.print_inspection(
        about["title"], rows, about["shape"], about["notes"]
    )
    if work is not None:
        print(f"\nResults in {printable(str(work.path))}")


def _check(settings, path):
    """Refuse a path where there is no model, and a shape that is none."""
    _model_file(path)
    _input_shape(settings.input_shape)


def _digest(path):
    """The SHA-256 of a `.keras` file, or of a SavedModel's graph."""
    with open(_model_file(path), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _model_file(path):
    """The `.keras` file, or the file of a SavedModel's graph."""
    path = Path(path).expanduser()
    file = path / "saved_model.pb" if path.is_dir() else path
    if not file.is_file():
        raise runs.InputError(
            "PATH must be a .keras file or the folder of a SavedModel, which "
            f"holds saved_model.pb. There is no file at {str(file)!r}"
        )
    return file


def _input_shape(parts):
    if parts is None:
        return None
    if not parts or not all(part.isdecimal() and int(part) for part in parts):
        raise runs.InputError(
            "--input_shape must be whole numbers from 1 with commas between "
            f"them, such as 224,224,3. Received: {','.join(parts)}"
        )
    shape = [int(part) for part in parts]
    if math.prod(shape) > _MOST_NUMBERS:
        raise runs.InputError(
            f"--input_shape must be at most {_MOST_NUMBERS} numbers in all. "
            f"Received: {','.join(parts)}, {math.prod(shape)}"
        )
    return shape


TOOL = Program(
    name="inspect_model",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    check=_check,
    arguments=["PATH"],
)
