"""Run a network on a picture in tiles."""

import hashlib
import itertools
import os
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos import models
from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.models.graph.graph_walk import input_names
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.tiling._plan import plan
from keras_padpos.tiling.dense_network import DenseNetwork
from keras_padpos.tiling.picture_window import read_window
from keras_padpos.tiling.picture_window import release
from keras_padpos.tiling.progress_file import ProgressFile
from keras_padpos.tiling.tiling_plan import TilingPlan
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

    Neither the memory nor the largest map grows with the picture, and no seam
    shows where tiles meet: the difference from the whole is that of rounding.

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
            their structure; or the path of a `.npy` file, which is there once
            it is complete. Begun anew after it was killed, a prediction to a
            path goes on where it was. `None`: a new array.
        border: See `plan`.
        progress: Whether to show a bar, or what is called after each batch
            with the number of windows that are done and that of all.

    Returns:
        `out`, or the new arrays: the structure of the model's output, with a
        batch axis if the picture has one. Of a path, a memmap to read.

    Raises:
        ValueError: If an argument is none of these, or as `plan` says.
    """
    check_ints(batch_size=batch_size)
    network = DenseNetwork(model)
    pictures, batch = _pictures(picture, network)
    sizes = _common_size(pictures, network, batch)
    tiling = plan(model, sizes, tile, batch_size=batch_size, border=border)
    count = batch[0] if batch else 1
    windows = list(itertools.product(range(count), tiling.windows()))
    file = None
    if isinstance(out, (str, os.PathLike)):
        if len(tiling.outputs) > 1:
            raise InputError(
                "`out` must be arrays in the structure of the model's "
                f"{len(tiling.outputs)} outputs. Received: the path {out!r}"
            )
        (output,) = tiling.outputs
        file = ProgressFile(
            out,
            (*batch, *output.shape),
            _numpy_dtype(output.dtype),
            _identity(model, pictures, tiling),
        )
        targets = [file.array]
    else:
        targets = _targets(out, tiling, batch, model)
    run = _Run(model, network, tiling, batch_size)
    report = _reporter(progress, len(windows))
    done = file.done if file else 0
    while done < len(windows):
        some = windows[done : done + batch_size]
        run.read(pictures, some, bool(batch))
        results = run.results()
        for row, (number, index) in enumerate(some):
            before = (number,) if batch else ()
            for output, result, target in zip(
                tiling.outputs, results, targets, strict=True
            ):
                source, place = output.slices(index)
                target[(*before, *place)] = result[(row, *source)]
        if (done + len(some)) // _RELEASE > done // _RELEASE:
            for each in (*pictures, *targets):
                release(each)
        done += len(some)
        if file:
            file.save(done)
        report(done)
    if file:
        del targets
        return file.finish()
    if out is not None:
        return out
    return keras.tree.pack_sequence_as(_structure(model), targets)


class _Run:
    """A network for batches of windows of one static size.

    Keras' bilinear `UpSampling2D` and others fail where sizes are open.
    """

    def __init__(self, model, network, tiling, batch_size):
        self._tiling = tiling
        self._first = network.first
        self._is_picture = network.pictures
        shapes = [*network.shapes(tiling.window).values()]
        fixed = models.resized(model, shapes if len(shapes) > 1 else shapes[0])
        inputs = [
            keras.Input(batch_shape=(batch_size, *shape), dtype=tensor.dtype)
            for shape, tensor in zip(shapes, model.inputs, strict=True)
        ]
        outputs = keras.tree.flatten(fixed(packed(fixed, inputs)))
        self._model = keras.Model(inputs, outputs)
        self._model.compile(jit_compile=suits_xla())
        self._batch = [
            np.zeros((batch_size, *shape), _numpy_dtype(tensor.dtype))
            for shape, tensor in zip(shapes, model.inputs, strict=True)
        ]

    def read(self, pictures, windows, batched):
        """Read windows into the batch; those of the last batch stay."""
        for row, (number, index) in enumerate(windows):
            before = (number,) if batched else ()
            for picture, batch, is_picture in zip(
                pictures, self._batch, self._is_picture, strict=True
            ):
                if not is_picture:
                    batch[row] = picture[before] if before else picture
                    continue
                read_window(
                    picture,
                    before,
                    self._tiling.start(index),
                    self._tiling.border,
                    batch[row],
                    self._first - 1,
                )

    def results(self):
        """The outputs for the batch."""
        results = self._model.predict_on_batch(self._batch)
        return keras.tree.flatten(results)


def _pictures(picture, network):
    """The inputs in order, and the batch axis if they have one."""
    names = input_names(network.model)
    if len(names) == 1 and not isinstance(picture, (Mapping, list, tuple)):
        pictures = [picture]
    elif isinstance(picture, Mapping):
        for name in picture:
            if name not in names:
                raise InputError(
                    "`picture` must name the model's inputs "
                    f"{', '.join(names)}. Received: {name!r}."
                    f"{did_you_mean(name, names)}"
                )
        pictures = [picture[name] for name in names if name in picture]
    else:
        pictures = list(picture)
    if len(pictures) != len(names):
        raise InputError(
            f"`picture` must hold one for each of the model's {len(names)} "
            f"inputs {', '.join(names)}. Received: {len(pictures)}"
        )
    pictures = [_sliceable(each) for each in pictures]
    batches = set()
    for each, tensor, name in zip(
        pictures, network.model.inputs, names, strict=True
    ):
        axes = len(tensor.shape)
        if len(each.shape) not in (axes - 1, axes):
            raise InputError(
                f"`picture` must have the {axes - 1} axes "
                f"{tuple(tensor.shape[1:])} of input {name!r}, or these and a "
                f"batch axis before. Received: shape {tuple(each.shape)}"
            )
        batches.add(tuple(each.shape[: len(each.shape) - axes + 1]))
    if len(batches) > 1:
        raise InputError(
            "`picture` must hold as many pictures for each input. Received: "
            f"batches of {sorted(batches)}"
        )
    return pictures, batches.pop()


def _sliceable(picture):
    if keras.ops.is_tensor(picture):
        return keras.ops.convert_to_numpy(picture)
    if not hasattr(picture, "shape") or not hasattr(picture, "__getitem__"):
        return np.asarray(picture)
    return picture


def _common_size(pictures, network, batch):
    """Spatial sizes of all pictures, whose other axes fit the model."""
    own = [*network.shapes((None,) * network.rank).values()]
    sizes = set()
    for each, expected, is_picture in zip(
        pictures, own, network.pictures, strict=True
    ):
        shape = tuple(each.shape[len(batch) :])
        if any(
            size not in (None, there)
            for size, there in zip(expected, shape, strict=True)
        ):
            raise InputError(
                "`picture` must have the shape "
                f"{tuple('?' if n is None else n for n in expected)}. "
                f"Received: shape {shape}"
            )
        if is_picture:
            sizes.add(shape[network.first - 1 :][: network.rank])
    if len(sizes) > 1:
        raise InputError(
            "`picture` must hold pictures of one size. Received: "
            f"{sorted(sizes)}"
        )
    return tuple(map(int, sizes.pop()))


def _targets(out, tiling, batch, model):
    """What each output is written to."""
    shapes = [(*batch, *output.shape) for output in tiling.outputs]
    if out is None:
        return [
            np.empty(shape, _numpy_dtype(output.dtype))
            for shape, output in zip(shapes, tiling.outputs, strict=True)
        ]
    structure = _structure(model)
    if isinstance(structure, Mapping):
        targets = [out[name] for name in sorted(structure)]
    elif len(shapes) == 1 and hasattr(out, "shape"):
        targets = [out]
    else:
        targets = list(out)
    if [tuple(each.shape) for each in targets] != shapes:
        raise InputError(
            f"`out` must have the shapes {shapes}. Received: "
            f"{[tuple(each.shape) for each in targets]}"
        )
    return targets


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


def _identity(model: Any, pictures: Sequence[Any], tiling: TilingPlan) -> Any:
    """What the output depends on, short of all numbers of the pictures."""
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return {
        "weights": digest.hexdigest(),
        "pictures": [[*each.shape, str(each.dtype)] for each in pictures],
        "window": tiling.window,
        "starts": tiling.starts,
        "border": [repr(mode) for mode in tiling.border],
        "backend": keras.backend.backend(),
    }
