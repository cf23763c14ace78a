"""Run a saved network on pictures of any size, in tiles.

    keras-padpos predict_tiles --model=net.keras --images=DIR --out=DIR

Each picture gives a file of what the network gives for the whole of it:
--format=npy its numbers, --format=png the number of the largest channel.
Pictures are read as RGB in [0, 255] at their own size, and .npy files as they
are, without loading them whole. The same command goes on after an
interruption; what is there already is kept.
"""

import collections
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from keras_padpos import files
from keras_padpos import report
from keras_padpos import runs
from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.data.decoding import opened_picture
from keras_padpos.data.folders import EXTENSIONS
from keras_padpos.files.disk import atomic_file
from keras_padpos.runs import Flag
from keras_padpos.runs import Program

_SETTINGS = "predict_tiles.json"
_COLOURS = {1: "L", 3: "RGB", 4: "RGBA"}
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
    "out": Flag(None, "Folder for the predictions; it is made.", required=True),
    "tile": Flag(
        None,
        "Largest height and width of a window in pixels, halo included; or "
        "both with a comma between them, 0 for the whole side. If not given: "
        "by memory.",
        type=list,
    ),
    "batch_size": Flag(1, "Windows that are run at once.", least=1),
    "border": Flag(
        "model",
        "model, if the network is to pad; or how the picture is continued in "
        "place of padding: zeros, reflect, symmetric, replicate, circular, or "
        "two joined by a plus, that of height first.",
    ),
    "format": Flag(
        "npy",
        "npy, or png for a map of the largest channel's number (at most 256 "
        "channels).",
        choices=["npy", "png"],
    ),
}


def _main(settings):
    """Predict every picture that has no prediction yet."""
    from keras_padpos import tiling

    settings.check()
    for name in ("model", "images", "out"):
        if not getattr(settings, name):
            raise runs.InputError(f"--{name} must be given")
    model = files.load_keras_model(settings.model)
    pictures = _pictures(Path(settings.images).expanduser())
    folder = Path(settings.out).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    _check_settings(folder, settings)
    tiled = {}  # for pictures of the latest size
    left_out = 0
    with report.Progress(units=len(pictures)) as progress:
        for path, name in pictures.items():
            target = folder / f"{name}.{settings.format}"
            if target.exists():
                progress.done_before(path.name)
                continue
            try:
                picture = _read(path, model)
            except (BrokenPictureError, ValueError) as error:
                print(f"Left out: {path.name}: {error}")
                left_out += 1
                continue
            if picture.shape not in tiled:
                tiled = {
                    picture.shape: tiling.TiledModel(
                        model,
                        picture.shape,
                        _tile(settings.tile),
                        batch_size=settings.batch_size,
                        border=settings.border,
                    )
                }
            with progress.unit(path.name, noun="windows") as advance:
                _predict(tiled[picture.shape], picture, target, advance)
    plan = next(iter(tiled.values())).plan if tiled else None
    if plan is not None:
        print(f"Last size: {plan}")
    print(f"Predictions of {len(pictures) - left_out} pictures in {folder}.")
    return 1 if left_out else 0


def _pictures(folder):
    """From the paths of the pictures to the names of their predictions."""
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
    stems = collections.Counter(path.stem for path in paths)
    return {
        path: path.stem if stems[path.stem] == 1 else path.name
        for path in paths
    }


def _check_settings(folder, settings):
    """Refuse a folder of predictions that were made otherwise."""
    with open(Path(settings.model).expanduser(), "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    now = {"model": digest, "border": settings.border}
    path = folder / _SETTINGS
    if not path.exists():
        with atomic_file(path) as stream:
            stream.write(json.dumps(now).encode())
        return
    there = json.loads(path.read_text(encoding="utf-8"))
    for name, value in now.items():
        if there.get(name) != value:
            raise runs.InputError(
                f"--out holds predictions with another --{name}: choose "
                f"another folder. Received: {os.fspath(folder)!r}"
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


def _read(path, model):
    """A picture at its own size; a memmap of a `.npy` file."""
    if path.suffix.lower() == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)
    channels = model.inputs[0].shape[-1]
    if channels not in _COLOURS:
        raise runs.InputError(
            f"--images must be .npy files for a model of {channels} channels. "
            f"Received: {path.name}"
        )
    with opened_picture(path, path.name) as image:
        return np.array(image.convert(_COLOURS[channels])).reshape(
            image.height, image.width, channels
        )


def _predict(tiled, picture, target, advance):
    """Predict one picture to a file, which appears once it is complete."""
    steps = [0]

    def progress(done, total):
        advance(done - steps[0])
        steps[0] = done

    outputs = tiled.plan.outputs
    if len(outputs) > 1:
        raise runs.InputError(
            "--model must have one output. It has "
            f"{', '.join(output.name for output in outputs)}"
        )
    if target.suffix == ".npy":
        tiled.predict(picture, out=target, progress=progress)
        return
    *_, height, width, channels = outputs[0].shape
    if len(outputs[0].shape) != 3 or not 2 <= channels <= 256:
        raise runs.InputError(
            "--format=png is for maps of 2 to 256 channels. The model gives "
            f"{outputs[0].shape}"
        )
    from PIL import Image

    numbers = target.with_name(f".{target.stem}.npy")
    if numbers.exists():  # a run was stopped between the two files
        scores = np.load(numbers, mmap_mode="r")
    else:
        scores = tiled.predict(picture, out=numbers, progress=progress)
    classes = np.empty((height, width), np.uint8)
    for start in range(0, height, _ROWS):
        classes[start : start + _ROWS] = scores[start : start + _ROWS].argmax(
            -1
        )
    with atomic_file(target) as stream:
        Image.fromarray(classes).save(stream, format="PNG")
    del scores
    numbers.unlink()


TOOL = Program(
    name="predict_tiles",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
)
