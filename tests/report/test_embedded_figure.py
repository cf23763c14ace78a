import base64
import io

import numpy as np
import pytest
from PIL import Image

from keras_padpos.report.page import embed_figure


def noise(path, width, height):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3)).astype("uint8")
    Image.fromarray(pixels).save(path)
    return path


def opened(figure):
    head, _, content = figure.uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_small_figure_stays_as_it_is(tmp_path):
    file = noise(tmp_path / "a.png", 30, 20)
    figure = embed_figure(file)
    assert (figure.width, figure.height, figure.note) == (30, 20, "")
    assert base64.b64decode(figure.uri.partition(",")[2]) == file.read_bytes()


def test_a_large_file_is_drawn_smaller(tmp_path):
    file = noise(tmp_path / "a.png", 2000, 200)
    assert file.stat().st_size > 1_000_000
    figure = embed_figure(file)
    assert (figure.width, figure.height) == opened(figure).size == (1600, 160)
    assert "2000x200" in figure.note


def test_a_large_file_of_few_pixels_across_stays(tmp_path):
    figure = embed_figure(noise(tmp_path / "a.png", 1600, 260))
    assert figure.note == ""


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    return content[:60] + bytes([content[60] ^ 255]) + content[61:]


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        flipped,
        lambda content: b"",
        lambda content: b"<script>alert(1)</script>",
        lambda content: b"GIF89a" + bytes(20),
    ],
)
def test_what_is_no_picture_is_refused(damage, tmp_path):
    file = noise(tmp_path / "a.png", 30, 20)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match="no PNG picture, or damaged"):
        embed_figure(file)


def test_another_format_is_no_png(tmp_path):
    file = tmp_path / "a.png"
    Image.new("RGB", (3, 2)).save(file, "BMP")
    with pytest.raises(ValueError, match="no PNG"):
        embed_figure(file)
