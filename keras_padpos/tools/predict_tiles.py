"""Run a saved network on pictures of any size, in tiles.

    keras-padpos predict_tiles --model=net.keras --images=DIR --out=DIR

Each picture a.jpg gives a file of what the network gives for the whole of it:
a.jpg.npy its numbers, or with --format=png a.jpg.png the number of the largest
channel. Pictures are read as RGB in [0, 255] (see --scale) at their own size,
without EXIF rotation (grey or RGBA for a network of 1 or 4 channels), and .npy
files as they are, without loading them whole. After an interruption the same
command resumes. Predictions are kept, unless their picture has changed.
"""

import hashlib
import json
import math
from pathlib import Path

import numpy as np

from keras_padpos import files
from keras_padpos import report
from keras_padpos import runs
from keras_padpos.choices import BORDERS
from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.data.decoding import as_rgb
from keras_padpos.data.decoding import opened_picture
from keras_padpos.data.folders import EXTENSIONS
from keras_padpos.errors import did_you_mean
from keras_padpos.errors import printable
from keras_padpos.files.disk import atomic_file
from keras_padpos.files.disk import json_bytes
from keras_padpos.path_lock import PathLock
from keras_padpos.report.cells import counted
from keras_padpos.runs import Flag
from keras_padpos.runs import Program
from keras_padpos.runs.flags import MOST_AT_ONCE

_RECORD = "predict_tiles.json"
_COLOURS = {1: "L", 3: "RGB", 4: "RGBA"}
# A constant needs its value.
_BORDERS = [name for name in BORDERS if name != "constant"]
# What a pixel is multiplied by, and what is added then.
_SCALES = {"bytes": (1.0, 0.0), "unit": (1 / 255, 0.0), "signed": (2 / 255, -1)}
_ROWS = 256  # of a class map, that are computed at once

_FLAGS = {
    "model": Flag(
        None, "The network: a .keras file.", ending=".keras", required=True
    ),
    "images": Flag(
        None,
        "Folder of pictures, and of .npy files.",
        directory=True,
        required=True,
    ),
    "out": Flag(
        None,
        "Folder for the predictions, another than --images; it is made.",
        required=True,
    ),
    "tile": Flag(
        None,
        "Largest height and width of a window in pixels, halo included; or "
        "both with a comma between them, 0 for the whole side. If not given: "
        "windows whose maps take about 256 MiB.",
        type=list,
    ),
    "batch_size": Flag(
        1, "Windows that are run at once.", least=1, most=MOST_AT_ONCE
    ),
    "border": Flag(
        "model",
        "model, if the network is to pad; or how the picture is continued in "
        "place of padding: zeros, reflect, symmetric, replicate, circular, or "
        "two joined by a plus, that of height first.",
        choices=["model", *_BORDERS],
        per_axis=_BORDERS,
        axes=3,
    ),
    "scale": Flag(
        "bytes",
        "Range of the pixels that the network takes: bytes for [0, 255], unit "
        "for [0, 1], signed for [-1, 1]. .npy files are read as they are.",
        choices=list(_SCALES),
    ),
    "output": Flag(
        None, "Name of the output to predict, of a network of several."
    ),
    "format": Flag(
        "npy",
        "npy, or png for a map of the largest channel's number (of 2 to 256 "
        "channels; a mask of one channel needs npy and a threshold).",
        choices=["npy", "png"],
    ),
}


def _main(settings):
    """Predict every picture that has no prediction yet."""
    from keras_padpos import tiling
    from keras_padpos.tiling.dense_network import PictureError

    folder = Path(settings.out).expanduser()
    pictures = _pictures(Path(settings.images).expanduser(), folder)
    tile = _tile(settings.tile)
    model = _one_output(files.load_keras_model(settings.model), settings.output)
    record = _Record(folder, settings)
    targets = {
        path: folder / f"{path.name}.{settings.format}" for path in pictures
    }
    for target in targets.values():
        record.check(target)
    _check_model(model, settings.format)
    tiled, planned = None, ()  # for pictures of the latest shape
    left_out = 0
    with report.Progress(units=len(pictures)) as progress:
        for path, target in targets.items():
            if record.is_done(path, target):
                progress.done_before(path.name)
                continue
            try:
                picture = _read(path, model, settings.scale)
                if picture.shape != planned:
                    tiled = tiling.TiledModel(
                        model,
                        picture.shape,
                        tile,
                        batch_size=settings.batch_size,
                        border=settings.border,
                    )
                    planned = picture.shape
                windows = math.prod(tiled.plan.grid)
                with progress.unit(path.name, windows, "windows") as advance:
                    record.begin(path, target)
                    _predict(tiled, picture, target, advance)
            except BrokenPictureError as error:
                print(printable(f"Left out: {error}"))
                left_out += 1
            except PictureError as error:
                print(printable(f"Left out: {path.name}: {error}"))
                left_out += 1
    if tiled is not None:
        print(f"Windows of the last picture: {tiled.plan}")
    done = counted(len(pictures) - left_out, "picture")
    without = f", {left_out} left out" if left_out else ""
    print(printable(f"Predictions of {done} in {folder}{without}."))
    return 1 if left_out else 0


def _check(settings):
    """Refuse folders and sizes of windows before Keras is imported."""
    _pictures(
        Path(settings.images).expanduser(), Path(settings.out).expanduser()
    )
    _tile(settings.tile)


def _pictures(folder, out):
    """The paths of the pictures."""
    if out.exists() and not out.is_dir():
        raise runs.InputError(
            f"--out must be a folder. Received: {str(out)!r}, a file"
        )
    if out.exists() and out.samefile(folder):
        raise runs.InputError(
            "--out must be another folder than --images, whose files it would "
            f"be mixed with. Received: {str(out)!r}"
        )
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in (*EXTENSIONS, ".npy") and path.is_file()
    )
    if not paths:
        raise runs.InputError(
            f"--images must hold pictures ({', '.join(EXTENSIONS)}) or .npy "
            f"files. Received: {str(folder)!r}"
        )
    return paths


class _Record:
    """Of what the predictions in a folder were made: a file among them.

    It is written with the first prediction. Of each prediction it has the
    size and the time of its picture, which decide whether it is kept. One
    process at a time works in the folder.
    """

    def __init__(self, folder, settings):
        with open(Path(settings.model).expanduser(), "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self._config = {
            "model": digest,
            "border": settings.border,
            "scale": settings.scale,
            "output": settings.output,
        }
        self._state = {**self._config, "pictures": {}}
        self._path = folder / _RECORD
        self._lock = None
        if folder.exists():
            self._open()

    def _open(self):
        """Keep other processes out of the folder, and read what is there."""
        folder = self._path.parent
        self._lock = PathLock.take(folder, "--out")
        if not self._path.exists():
            return
        try:
            self._state = json.loads(self._path.read_text(encoding="utf-8"))
            dict.items(self._state.setdefault("pictures", {}))
        except (ValueError, AttributeError, TypeError) as error:
            raise runs.InputError(
                f"--out: {_RECORD} is damaged ({error}); choose another folder"
            ) from error
        for name, value in self._config.items():
            if self._state.get(name) != value:
                raise runs.InputError(
                    f"--out holds predictions with another --{name}: choose "
                    f"another folder. Received: {str(folder)!r}"
                )

    def check(self, target):
        """Refuse a file in the place of a prediction."""
        if target.exists() and target.name not in self._state["pictures"]:
            raise runs.InputError(
                f"--out holds {target.name}, which this command did not "
                "write: choose another folder. Received: "
                f"{str(target.parent)!r}"
            )

    def is_done(self, path, target):
        """Whether a prediction is there, of the picture as it is now."""
        return target.exists() and self._is_recorded(path, target)

    def begin(self, path, target):
        """Note a picture; what there is of an earlier one is removed."""
        if self._is_recorded(path, target):
            return
        from keras_padpos.tiling.progress_file import hidden_files

        if self._lock is None:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._open()
        for each in (target, _scores(target)):
            for file in (each, *hidden_files(each)):
                file.unlink(missing_ok=True)
        self._state["pictures"][target.name] = _signature(path)
        with atomic_file(self._path) as stream:
            stream.write(json_bytes(self._state))

    def _is_recorded(self, path, target):
        return self._state["pictures"].get(target.name) == _signature(path)


def _signature(path):
    """What shows that a file was changed."""
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


def _scores(target):
    """Where the numbers are of which a class map is made."""
    return target.with_name(f".{target.stem}.npy")


def _one_output(model, name):
    """The model, cut to the output of a name if it has several."""
    import keras

    names = getattr(model, "output_names", [model.layers[-1].name])
    if len(names) > 1:
        numbers = [*range(len(names))]
        keys = keras.tree.pack_sequence_as(model.output, numbers)
        if isinstance(keys, dict) and len(keys) == len(names):
            names = sorted(keys, key=keys.get)
        if name is None:
            raise runs.InputError(
                f"--output must be given: the model has {len(names)} outputs, "
                f"{', '.join(names)}"
            )
    if name is None:
        return model
    if names.count(name) != 1:
        raise runs.InputError(
            f"--output must be one of {', '.join(names)}. Received: {name}."
            f"{did_you_mean(name, names)}"
        )
    return keras.Model(model.inputs, model.outputs[names.index(name)])


def _check_model(model, form):
    """Refuse a model of several pictures, or whose output is no `form`."""
    if len(model.inputs) > 1:
        raise runs.InputError(
            f"--model must have one input. It has {len(model.inputs)}"
        )
    shape = tuple(model.outputs[0].shape[1:])
    if form == "png" and (len(shape) != 3 or not 2 <= (shape[-1] or 2) <= 256):
        raise runs.InputError(
            "--format=png is for maps of 2 to 256 channels. The model gives "
            f"{shape}"
        )


def _tile(sides):
    if sides is None:
        return None
    if not sides or not all(side.isdecimal() for side in sides):
        raise runs.InputError(
            "--tile must be a number of pixels, or several with commas "
            f"between them. Received: {','.join(sides)}"
        )
    numbers = [int(side) or None for side in sides]
    return numbers[0] if len(numbers) == 1 else numbers


class _Scaled:
    """Pixels in another range, of which parts are made when they are read."""

    def __init__(self, pixels, scale):
        self._pixels = pixels
        self._factor, self._offset = _SCALES[scale]
        self.shape, self.dtype = pixels.shape, np.dtype("float32")

    def __getitem__(self, key):
        part = self._pixels[key].astype("float32")
        return part * self._factor + self._offset


def _read(path, model, scale):
    """A picture at its own size; a memmap of a `.npy` file."""
    if path.suffix.lower() == ".npy":
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise BrokenPictureError(f"{path.name}: {error}") from error
    channels = model.inputs[0].shape[-1]
    if channels not in _COLOURS:
        raise BrokenPictureError(
            f"{path.name}: a network of {channels} channels takes .npy files"
        )
    with opened_picture(path, path.name) as image:
        pixels = np.array(as_rgb(image, _COLOURS[channels]))
    pixels = pixels.reshape(*pixels.shape[:2], channels)
    return pixels if scale == "bytes" else _Scaled(pixels, scale)


def _predict(tiled, picture, target, advance):
    """Predict one picture to a file, which appears once it is complete."""
    steps = 0

    def progress(done, total):
        nonlocal steps
        if not steps and done > tiled.batch_size:
            print(f"Resumed: window {done:,} of {total:,} is done.")
        advance(done - steps)
        steps = done

    if target.suffix == ".npy":
        tiled.predict(picture, out=target, progress=progress)
        return
    from PIL import Image

    from keras_padpos.tiling.dense_network import PictureError

    numbers = _scores(target)
    if numbers.exists():  # a run was stopped between the two files
        scores = np.load(numbers, mmap_mode="r")
    else:
        scores = tiled.predict(picture, out=numbers, progress=progress)
    height, width, _ = scores.shape
    classes = np.empty((height, width), np.uint8)
    for start in range(0, height, _ROWS):
        part = scores[start : start + _ROWS]
        if np.isnan(part).any():
            numbers.unlink()
            raise PictureError("the network gives NaN, which is no class")
        classes[start : start + _ROWS] = part.argmax(-1)
    with atomic_file(target) as stream:
        Image.fromarray(classes).save(stream, format="PNG")
    del scores
    numbers.unlink()


TOOL = Program(
    name="predict_tiles",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    check=_check,
)
