"""What is to be seen of a saved model."""

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.runs.inspection_rows import inspection_rows
from keras_padpos.runs.inspection_rows import resolved_input_shape
from keras_padpos.runs.load_keras_model import load_keras_model
from keras_padpos.runs.progress import Progress
from keras_padpos.runs.saved_model_padding import saved_model_padding


def inspect_file(
    path: str | os.PathLike,
    input_shape: Sequence[int] | None = None,
    *,
    all_layers: bool = False,
    progress: Progress | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Look at a `.keras` file or a SavedModel.

    Example:
        >>> import tempfile
        >>> import keras
        >>> path = f"{tempfile.mkdtemp()}/model.keras"
        >>> pool = keras.layers.MaxPooling2D(2)
        >>> keras.Sequential([keras.Input((None, None, 3)), pool]).save(path)
        >>> rows, told = inspect_file(path)
        >>> told["shape"], told["notes"]
        ('224x224x3', ['The model leaves sizes open: looked at with 224.'])

    Args:
        path: The file, or the SavedModel's folder. If a Keras model lies
            beside the graph, as `export_model` leaves it, it is looked at.
        input_shape: Shape of the input without the batch, where another than
            the model's own is meant.
        all_layers: Whether to tell of every layer's receptive field.
        progress: Where to show how far the search for even sizes is.

    Returns:
        Rows, see `inspection_rows`; of a graph without its Keras model those
        of the tables `signature` and `operations`, see `saved_model_padding`.
        And what to tell with them: `title`, `shape` (the shape looked at, in
        words), `picture` (its height and width, or `None`), `notes`.

    Raises:
        UserError: If there is no model, or the shape does not fit.
        ValueError: If the Keras model's graph cannot be read.
    """
    path = Path(path).expanduser()
    notes = []
    signature = None
    if path.is_dir():
        signature, operations = saved_model_padding(path)
        model, reason = _beside(path)
        if model is None:
            rows = [{"table": "signature", **row} for row in signature]
            rows += [{"table": "operations", **row} for row in operations]
            return rows, {
                "title": path.name,
                "shape": "",
                "picture": None,
                "notes": list(_graph_notes(signature, operations, reason)),
            }
        notes.append("The Keras model is that of assets.extra/model.json.")
    else:
        model = load_keras_model(path, "PATH")
    shape, usual = resolved_input_shape(model, input_shape)
    if usual:
        notes.append("The model leaves sizes open: looked at with 224.")
    with contextlib.ExitStack() as stack:

        def start(count):
            return stack.enter_context(
                progress.unit("sizes at which padding is even", count, "sizes")
            )

        rows = inspection_rows(
            model,
            shape,
            all_layers=all_layers,
            start=start if progress is not None else None,
        )
    if signature is not None:
        # That of the files themselves.
        rows = [
            *({"table": "signature", **row} for row in signature),
            *(row for row in rows if row["table"] != "signature"),
        ]
    drawn = isinstance(shape, tuple) and len(shape) == 3
    return rows, {
        "title": path.name,
        "shape": _words(shape),
        "picture": list(shape[:2]) if drawn else None,
        "notes": notes,
    }


def _beside(folder):
    """The Keras model that `export_model` left beside a graph, or why not."""
    import keras

    # They register their layers.
    from keras_padpos import layers  # noqa: F401
    from keras_padpos import tasks  # noqa: F401
    from keras_padpos.models.plain_reason import plain_reason

    file = folder / "assets.extra" / "model.json"
    if not file.is_file():
        return None, ""
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        return keras.models.model_from_json(json.dumps(about["model"])), ""
    except Exception as error:
        # A foreign file of that name, or classes that are not known here.
        return None, plain_reason(error)


def _graph_notes(signature, operations, reason):
    if reason:
        yield f"assets.extra/model.json is no Keras model to load: {reason}"
    if not signature:
        yield "It has no signature: all its functions were looked at."
    if not operations:
        yield "No operation pads that TensorFlow has a name for."
    yield (
        "A .keras file would tell padding sites and receptive fields exactly."
    )


def _words(shape):
    if isinstance(shape, dict):
        # A number a picture has no size.
        return ", ".join(
            f"{name} {_words(one)}".rstrip() for name, one in shape.items()
        )
    return "x".join(map(str, shape))
