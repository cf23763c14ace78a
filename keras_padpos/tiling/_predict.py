"""Run a network on a picture in tiles."""

import contextlib
import hashlib
import math
import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos import models
from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.tiling._input_pictures import common_size
from keras_padpos.tiling._input_pictures import input_pictures
from keras_padpos.tiling._plan import plan_network
from keras_padpos.tiling.dense_network import DenseNetwork
from keras_padpos.tiling.dense_network import PictureError
from keras_padpos.tiling.picture_window import read_window
from keras_padpos.tiling.picture_window import release
from keras_padpos.tiling.picture_window import sample_strips
from keras_padpos.tiling.progress_file import ProgressFile
from keras_padpos.training import suits_xla

Progress = Callable[[int, int], Any]
# Windows after which pages of memmaps that were read are given back.
_RELEASE = 16


def predict_tiles(
    model: keras.Model,
    picture: Any,
    tile: int | Sequence[int | None] | None = None,
    *,
    batch_size: int = 1,
    out: Any = None,
    border: Any = "model",
    progress: bool | Progress = False,
) -> Any:
    """Give what `model(picture)` gives, in tiles.

    The maps in memory have the size of a window, whatever that of the picture.
    Only a new output array (`out=None`) grows with the picture. No seam shows
    where tiles meet: the difference from the whole is that of rounding.

    Example:

    >>> conv = keras.layers.Conv2D(4, 3, padding="same", activation="relu")
    >>> model = keras.Sequential([keras.Input((None, None, 1)), conv])
    >>> picture = np.random.default_rng(0).normal(size=(100, 90, 1))
    >>> tiled = predict_tiles(model, picture, tile=32)
    >>> tiled.shape
    (100, 90, 4)
    >>> whole = model.predict(picture[None], verbose=0)[0]
    >>> bool(np.allclose(tiled, whole, atol=1e-6))
    True

    Args:
        model: A functional or Sequential model from pictures, lines or
            volumes to maps. One that was built for another size is rebuilt
            for that of the windows, with the same weights.
        picture: What can be sliced and has a shape, such as an array, a
            memmap, a data set of zarr or of h5py: `(height, width, channels)`,
            or with a batch axis before them. In the model's own unit; any
            dtype. For several inputs a list in their order, or a dict by their
            names; all pictures have one size.
        tile: See `plan`.
        batch_size: Windows that are run at once.
        out: What the prediction is written to: anything of the right shape
            to whose slices arrays can be assigned, for several outputs in
            their structure, and not the picture itself; or the path of a
            `.npy` file, which is there once it is complete. If a prediction to
            a path was stopped, the same call resumes it; with another `tile`
            it begins anew. Another model or picture is refused; of a picture
            of more than a million numbers only 16 strips are compared, evenly
            spaced, so a change between them is not noticed. `None`: a new
            array.
        border: See `plan`.
        progress: Whether to show a bar, or what is called after each batch
            with the number of windows that are done and that of all; first
            when a prediction is resumed.

    Returns:
        `out`, or the new arrays: the structure of the model's output, with a
        batch axis if the picture has one. Of a path, a memmap to read.

    Raises:
        ValueError: If an argument is none of these, or as `plan` says.
        OSError: If the file cannot be written, such as on a full disk.
    """
    check_ints(batch_size=batch_size)
    network = DenseNetwork(model)
    pictures, batch = input_pictures(picture, network)
    sizes = common_size(pictures, network, batch)
    tiled = TiledModel(model, sizes, tile, batch_size=batch_size, border=border)
    return tiled.predict(picture, out=out, progress=progress)


class TiledModel:
    """A network made ready for pictures of one size.

    For many pictures: a network is looked at and compiled once. Each
    prediction uses the weights that `model` has when it starts.

    Example:

    >>> conv = keras.layers.Conv2D(4, 3, padding="same", activation="relu")
    >>> model = keras.Sequential([keras.Input((None, None, 1)), conv])
    >>> tiled = TiledModel(model, (40, 50), tile=32)
    >>> tiled.plan.grid
    (2, 2)
    >>> tiled.predict(np.ones((40, 50, 1))).shape
    (40, 50, 4)

    Args:
        model: As for `predict_tiles`, and so are the others.
        picture_shape: As for `plan`.
        tile: As for `plan`.
        batch_size: Windows that are run at once.
        border: As for `plan`.

    Attributes:
        plan: The `TilingPlan`.
        batch_size: Windows that are run at once.
    """

    def __init__(
        self,
        model: keras.Model,
        picture_shape: Sequence[int],
        tile: int | Sequence[int | None] | None = None,
        *,
        batch_size: int = 1,
        border: Any = "model",
    ) -> None:
        check_ints(batch_size=batch_size)
        self.batch_size = batch_size
        self._model = model
        self._network = DenseNetwork(model)
        self.plan = plan_network(
            self._network, picture_shape, tile, batch_size, border
        )
        shapes = [*self._network.shapes(self.plan.window).values()]
        watched = self._network.model
        fixed = models.resized(
            watched, shapes if len(shapes) > 1 else shapes[0]
        )
        # A copy has weights of its own.
        self._copy = None if fixed is watched else fixed
        # Keras' bilinear `UpSampling2D` and others fail where sizes are open.
        inputs = [
            keras.Input(batch_shape=(batch_size, *shape), dtype=tensor.dtype)
            for shape, tensor in zip(shapes, model.inputs, strict=True)
        ]
        outputs = keras.tree.flatten(fixed(packed(fixed, inputs)))
        self._run = keras.Model(inputs, outputs)
        self._run.compile(jit_compile=suits_xla())
        self._batch = [
            np.zeros(tensor.shape, _numpy_dtype(tensor.dtype))
            for tensor in inputs
        ]

    def __repr__(self) -> str:
        return f"<TiledModel {self._model.name!r}: {self.plan}>"

    def predict(
        self, picture: Any, out: Any = None, progress: bool | Progress = False
    ) -> Any:
        """Give what the model gives; see `predict_tiles`."""
        pictures, batch = input_pictures(picture, self._network)
        sizes = common_size(pictures, self._network, batch)
        if sizes != self.plan.picture:
            raise PictureError(
                f"`picture` must be of {self.plan.picture} cells, as planned. "
                f"Received: {sizes}"
            )
        if self._copy is not None:
            self._copy.set_weights(self._network.model.get_weights())
        total = math.prod((*batch, *self.plan.grid))
        file = None
        if isinstance(out, (str, os.PathLike)):
            file = self._file(out, pictures, batch)
            targets = [file.array]
        else:
            targets = self._targets(out, batch, pictures)
        report = _reporter(progress, total)
        done = file.done if file else 0
        try:
            if done:
                report(done)
            while done < total:
                end = min(done + len(self._batch[0]), total)
                some = self._windows(range(done, end), batch)
                self._read(pictures, some)
                results = self._run.predict_on_batch(self._batch)
                self._write(keras.tree.flatten(results), targets, some)
                done += len(some)
                if done // _RELEASE > (done - len(some)) // _RELEASE:
                    for each in (*pictures, *targets):
                        release(each)
                if file:
                    file.save(done)
                report(done)
        except BaseException:  # an interrupt among them
            if file:
                with contextlib.suppress(OSError):  # such as this error
                    if done:
                        file.save(done, now=True)
                file.close()
            raise
        if file:
            del targets
            return file.finish()
        if out is not None:
            return out
        return keras.tree.pack_sequence_as(_structure(self._model), targets)

    def _windows(self, numbers, batch):
        """The picture in the batch, if there is one, and the window in it."""
        grid = (*batch, *self.plan.grid)
        indices = np.transpose(np.unravel_index(numbers, grid)).tolist()
        return [
            (tuple(index[: len(batch)]), tuple(index[len(batch) :]))
            for index in indices
        ]

    def _read(self, pictures, windows):
        """Read windows into the batch; in the last one older ones stay."""
        for row, (before, index) in enumerate(windows):
            for picture, batch, is_picture in zip(
                pictures, self._batch, self._network.pictures, strict=True
            ):
                if not is_picture:
                    batch[row] = picture[before]
                    continue
                read_window(
                    picture,
                    before,
                    self.plan.start(index),
                    self.plan.border,
                    batch[row],
                    self._network.first - 1,
                )

    def _write(self, results, targets, windows):
        """Write what windows give to their places."""
        for row, (before, index) in enumerate(windows):
            for output, result, target in zip(
                self.plan.outputs, results, targets, strict=True
            ):
                source, place = output.slices(index)
                target[(*before, *place)] = result[(row, *source)]

    def _file(self, path, pictures, batch):
        if len(self.plan.outputs) > 1:
            raise InputError(
                "`out` must be arrays in the structure of the model's "
                f"{len(self.plan.outputs)} outputs. Received: the path "
                f"{os.fspath(path)!r}"
            )
        (output,) = self.plan.outputs
        dtype = _numpy_dtype(output.dtype)
        # What the output depends on.
        config = {
            "model": _digest([_architecture(self._model).encode()]),
            "weights": _digest(self._model.get_weights()),
            "pictures": [[*each.shape, str(each.dtype)] for each in pictures],
            "samples": _digest(self._samples(pictures, batch)),
            "border": [repr(mode) for mode in self.plan.border],
            "dtype": dtype,
            "backend": keras.backend.backend(),
        }
        windows = [self.plan.window, self.plan.starts]
        shape = (*batch, *output.shape)
        return ProgressFile(path, shape, dtype, config, windows)

    def _samples(self, pictures, batch):
        """What the inputs are recognised by when a prediction is resumed."""
        for each, is_picture in zip(
            pictures, self._network.pictures, strict=True
        ):
            if is_picture:
                axis = len(batch) + self._network.first - 1
                yield from sample_strips(each, len(batch), axis)
            else:
                yield np.asarray(each[()])

    def _targets(self, out, batch, pictures):
        """What each output is written to."""
        shapes = [(*batch, *output.shape) for output in self.plan.outputs]
        if out is None:
            return [
                np.empty(shape, _numpy_dtype(output.dtype))
                for shape, output in zip(shapes, self.plan.outputs, strict=True)
            ]
        structure = _structure(self._model)
        targets = {}
        if len(shapes) == 1 and hasattr(out, "shape"):
            targets[0] = out
        else:
            # By the names, since those of `out` may have another order.
            numbers = keras.tree.pack_sequence_as(
                structure, list(range(len(shapes)))
            )
            with contextlib.suppress(ValueError, TypeError):
                keras.tree.map_structure_up_to(
                    numbers, targets.__setitem__, numbers, out
                )
        targets = [targets[number] for number in sorted(targets)]
        if [tuple(getattr(each, "shape", ())) for each in targets] != shapes:
            expected = shapes[0]
            if len(shapes) > 1:
                expected = keras.tree.pack_sequence_as(structure, shapes)
            received = keras.tree.map_structure(
                lambda each: getattr(each, "shape", type(each).__name__), out
            )
            raise InputError(
                f"`out` must have the shapes {expected}. Received: {received}"
            )
        for target in targets:
            if any(_share(each, target) for each in pictures):
                raise InputError(
                    "`out` must not share memory with `picture`: windows "
                    "overlap, so what is written would be read again. Give "
                    "another array."
                )
        return targets


def _share(picture, target):
    """Whether a picture changes where the target is written to."""
    if not isinstance(picture, np.ndarray):
        # Data sets of a file are new objects each time.
        return picture is target or (picture == target) is True
    if not isinstance(target, np.ndarray):
        return False
    files = [
        (each.filename, each.offset)
        for each in (picture, target)
        if isinstance(each, np.memmap) and each.filename
    ]
    twice = len(files) == 2 and files[0] == files[1]
    return twice or np.may_share_memory(picture, target)


def _digest(parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.tobytes())
    return digest.hexdigest()


def _architecture(model):
    """A model's layers and their arguments, as text."""
    try:
        return model.to_json()
    except Exception:
        # A layer may be written so that it cannot be saved.
        return repr([(type(each), each.name) for each in model.layers])


def _structure(model):
    """The outputs in the structure that the model gives."""
    if isinstance(model, keras.Sequential):
        return model.outputs[0]  # one that was never called has no `output`
    return model.output


def _numpy_dtype(dtype):
    """A dtype that NumPy has."""
    name = keras.backend.standardize_dtype(dtype)
    return "float32" if name == "bfloat16" else name


def _reporter(progress, total):
    if callable(progress):
        return lambda done: progress(done, total)
    if not progress:
        return lambda done: None
    bar = keras.utils.Progbar(total, unit_name="window")
    return bar.update
