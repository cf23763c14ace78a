import base64
import io

import numpy as np
import pytest
from PIL import Image

from keras_padpos.report.page import embed_figure


def noise(width, height, kind="PNG"):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    file = io.BytesIO()
    Image.fromarray(pixels.astype("uint8")).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("size", "embedded"),
    [
        ((30, 20), (30, 20)),
        # More than 1 MB.
        ((2000, 200), (1600, 160)),
        ((1600, 260), (1600, 260)),
    ],
)
def test_a_large_file_is_drawn_smaller(size, embedded):
    content = noise(*size)
    figure = embed_figure(content)
    head, _, uri = figure["uri"].partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(uri))) as image:
        assert (figure["width"], figure["height"]) == image.size == embedded
    if size == embedded:
        assert figure["note"] == ""
        assert base64.b64decode(uri) == content
    else:
        assert "2000x200" in figure["note"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: (
            content[:60] + bytes([content[60] ^ 255]) + content[61:]
        ),
        lambda content: b"",
        lambda content: b"<script>alert(1)</script>",
        lambda content: b"GIF89a" + bytes(20),
        lambda content: noise(3, 2, "BMP"),
    ],
)
def test_what_is_no_picture_is_refused(damage):
    with pytest.raises(ValueError, match="no PNG picture, or damaged"):
        embed_figure(damage(noise(30, 20)))
