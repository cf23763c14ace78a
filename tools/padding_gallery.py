"""Draw what padding modes put around a photograph."""

import math

from keras_padpos import files
from keras_padpos.choices import FURTHER_MODES
from keras_padpos.choices import PADDING_MODES
from keras_padpos.report.figure import empty_figure
from keras_padpos.report.style import figure_style
from keras_padpos.report.style import mode_label
from keras_padpos.runs import Flag
from keras_padpos.runs import Program

_FLAGS = {
    "image": Flag(
        "samples:test",
        "Photograph: a set of pictures, its first is used.",
    ),
    "out": Flag("padding_modes.png", "PNG file to write."),
    "size": Flag(96, "Side of the photograph, in cells.", least=8),
    "pad": Flag(32, "Cells added on each side.", least=1),
}
_COLUMNS = 5
_PER_AXIS = "replicate+circular"


@figure_style()
def _main(settings):
    """Pad one photograph in every mode and save one picture."""
    import keras
    import numpy as np
    from matplotlib.patches import Rectangle

    from keras_padpos import data
    from keras_padpos import padding

    keras.utils.set_random_seed(0)
    size, pad = settings.size, settings.pad
    images = data.open_images(settings.image, count=1)
    photograph = next(images.batches(1)) / 255
    photograph = keras.ops.image.resize(
        photograph, (size, size), antialias=True, data_format="channels_last"
    )
    width = [(0, 0), (pad, pad), (pad, pad), (0, 0)]
    names = [*PADDING_MODES, *FURTHER_MODES, _PER_AXIS]
    rows = math.ceil(len(names) / _COLUMNS)
    figure = empty_figure((2 * _COLUMNS, 2.25 * rows))
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, name in zip(axes, names, strict=False):
        mode = padding.get(name)
        if name == "constant":
            mode = padding.Constant(0.5)
        framed = mode.pad(photograph, width, training=True)
        axis.imshow(np.clip(keras.ops.convert_to_numpy(framed)[0], 0, 1))
        axis.add_patch(
            Rectangle(
                (pad - 0.5, pad - 0.5), size, size, fill=False, color="white"
            )
        )
        axis.set_title(mode_label(name))
    with files.atomic_file(settings.out) as file:
        figure.savefig(file, format="png", dpi=110)


TOOL = Program(name="padding_gallery", about=__doc__, flags=_FLAGS, main=_main)

if __name__ == "__main__":
    TOOL.run()
