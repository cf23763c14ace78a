"""Where a saved model pads, and how far that reaches.

    python -m tools.inspect_model model.keras --input_shape=224,224,3

PATH is a .keras file or the folder of a SavedModel. Of a SavedModel that
tools.export_saved_model wrote, the Keras model is rebuilt; of others, the
graph's operations are listed. --workdir keeps the tables as results.json, and
padding's reach as a figure.
"""

import functools
import hashlib
from pathlib import Path

from absl import flags

from keras_padpos import files
from keras_padpos import report
from keras_padpos import runs

_INPUT_SHAPE = flags.DEFINE_list(
    "input_shape",
    None,
    "Shape of the input without the batch, such as 224,224,3: height and "
    "width in pixels, channels. If not given: "
    "the model's own, with 224 for sizes that it leaves open.",
)
_ALL_LAYERS = flags.DEFINE_bool(
    "all_layers",
    False,
    "List the receptive field of every layer, not just of the last at each "
    "stride and of the outputs.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Directory for results and figure. If not given: none are written.",
)


def main(argv):
    """Inspect the model, print the tables, and keep them if asked."""
    path = argv[1]
    provenance = runs.Provenance()
    shape = _input_shape()
    config = {
        "model": str(path),
        "sha256": _digest(path),
        "input_shape": shape,
        "all_layers": _ALL_LAYERS.value,
    }
    work = None
    if _WORKDIR.value is not None:
        work = runs.WorkDirectory(_WORKDIR.value, "inspect_model", config)
    if work is not None and work.finished:
        saved = work.load_results()
        rows, about = saved["rows"], saved["provenance"]["told"]
    else:
        with report.Progress() as progress:
            rows, about = files.inspect_file(
                path,
                shape,
                all_layers=_ALL_LAYERS.value,
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
        print(f"\nResults in {work.path}")


def _digest(path):
    """The SHA-256 of a `.keras` file, or of a SavedModel's graph."""
    path = Path(path).expanduser()
    file = path / "saved_model.pb" if path.is_dir() else path
    if not file.is_file():
        raise runs.InputError(
            "PATH must be a .keras file or the folder of a SavedModel, which "
            f"holds saved_model.pb. There is no file at {str(file)!r}"
        )
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _input_shape():
    parts = _INPUT_SHAPE.value
    if parts is None:
        return None
    if not parts or not all(part.isdecimal() and int(part) for part in parts):
        raise runs.InputError(
            "--input_shape must be whole numbers from 1 with commas between "
            f"them, such as 224,224,3. Received: {','.join(parts)}"
        )
    return [int(part) for part in parts]


if __name__ == "__main__":
    runs.run(main, arguments=["PATH"])
