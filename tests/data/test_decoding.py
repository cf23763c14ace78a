"""Pictures of every kind of pixel become 8 bit RGB, or are left out."""

import numpy as np
import pytest
from PIL import Image

from keras_padpos.data import open_crops
from keras_padpos.data import open_images

RAMP = np.arange(256, dtype="uint8").reshape(16, 16)
COLOURS = np.stack([RAMP, RAMP[::-1], 255 - RAMP], axis=-1)


def opened(folder, image, ending="png"):
    """The picture as the two ways of reading it give it."""
    image.save(folder / f"one.{ending}")
    sets = open_images(str(folder), size=16), open_crops(str(folder), 16)
    first, second = (next(iter(images)) for images in sets)
    np.testing.assert_array_equal(first, second)
    return first


def grey(values):
    return np.repeat(np.asarray(values)[..., None], 3, axis=-1)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bits_are_scaled_to_8(tmp_path, ending):
    # 257 times as much: the 8 bits twice.
    image = Image.fromarray(RAMP.astype("uint16") * 257)
    np.testing.assert_array_equal(opened(tmp_path, image, ending), grey(RAMP))


def test_16_bits_are_rounded(tmp_path):
    values = np.linspace(0, 65535, 256).reshape(16, 16).astype("uint16")
    pixels = opened(tmp_path, Image.fromarray(values))
    np.testing.assert_array_equal(pixels, grey(np.rint(values / 257)))


def test_colours_of_a_palette(tmp_path):
    image = Image.fromarray(RAMP // 16, "P")
    palette = np.random.default_rng(0).integers(0, 256, (16, 3))
    image.putpalette(palette.astype("uint8").tobytes())
    pixels = opened(tmp_path, image)
    np.testing.assert_array_equal(pixels, palette[RAMP // 16])
    # Partly transparent ones too.
    image.info["transparency"] = bytes(range(16))
    pixels = opened(tmp_path, image)
    np.testing.assert_array_equal(pixels, palette[RAMP // 16])


def test_alpha_is_dropped(tmp_path):
    rgba = np.concatenate([COLOURS, RAMP[..., None]], axis=-1)
    np.testing.assert_array_equal(
        opened(tmp_path, Image.fromarray(rgba)), COLOURS
    )


def test_one_bit_is_black_and_white(tmp_path):
    image = Image.fromarray(RAMP > 99)
    np.testing.assert_array_equal(
        opened(tmp_path, image), grey(255 * (RAMP > 99))
    )


def test_cmyk_becomes_colours(tmp_path):
    # Without black ink, each colour is what its ink leaves of white.
    inks = np.concatenate([255 - COLOURS, 0 * RAMP[..., None]], axis=-1)
    image = Image.fromarray(inks, "CMYK")
    np.testing.assert_array_equal(opened(tmp_path, image, "tif"), COLOURS)


@pytest.mark.parametrize(
    ("dtype", "kind"), [("float32", "floats"), ("int32", "32 bit integers")]
)
def test_what_has_no_known_range_is_left_out_and_counted(tmp_path, dtype, kind):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    Image.fromarray(RAMP.astype(dtype)).save(tmp_path / "b.tif")
    for images in (
        open_images(str(tmp_path), size=16),
        open_crops(str(tmp_path), 16),
    ):
        assert len([*images]) == 1
        (line,) = images.broken
        assert line.startswith("b.tif: ") and f"its pixels are {kind}" in line
    (tmp_path / "a.png").unlink()
    with pytest.raises(ValueError, match="not one could be; the first: b.tif"):
        open_images(str(tmp_path))
