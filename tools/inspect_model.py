"""Where a saved model pads, and how far that reaches.

    python -m tools.inspect_model model.keras --input_shape=224,224,3

PATH is a .keras file or the folder of a SavedModel. Of a SavedModel that
tools.export_saved_model wrote, the Keras model is rebuilt; of others, the
graph's operations are told. With --workdir the tables stay as results.json,
and padding's reach as a figure.
"""

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
    "Tell the receptive field of every layer, not just of the last at each "
    "stride and of the outputs.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Directory for results and figure. If not given: none are written.",
)


def main(argv):
    """Look at the model, print what is seen, and keep it if asked."""
    path = argv[1]
    provenance = runs.Provenance()
    shape = _input_shape()
    config = {
        "model": str(path),
        "sha256": files.model_digest(path),
        "input_shape": shape,
        "all_layers": _ALL_LAYERS.value,
    }
    work = None
    if _WORKDIR.value is not None:
        work = runs.WorkDirectory(_WORKDIR.value, "inspect_model", config)
    if work is not None and work.finished:
        saved = work.load_results()
        rows, told = saved["rows"], saved["provenance"]["told"]
    else:
        with report.Progress() as progress:
            rows, told = files.inspect_file(
                path,
                shape,
                all_layers=_ALL_LAYERS.value,
                progress=progress,
            )
        if work is not None:
            report.draw_inspection(work, told, rows)
            work.write_results(rows, {**provenance.as_dict(), "told": told})
    report.print_inspection(told["title"], rows, told["shape"], told["notes"])
    if work is not None:
        print(f"\nResults in {work.path}")


def _input_shape():
    given = _INPUT_SHAPE.value
    if given is None:
        return None
    if not given or not all(part.isdecimal() and int(part) for part in given):
        raise runs.InputError(
            "--input_shape must be whole numbers from 1 with commas between "
            f"them, such as 224,224,3. Received: {','.join(given)}"
        )
    return [int(part) for part in given]


if __name__ == "__main__":
    runs.run(main, arguments=["PATH"])
