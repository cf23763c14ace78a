"""Folders of stripes that are fine or coarse."""

import numpy as np
from PIL import Image


def write_textures(folder, counts, size=24):
    """Sub-folders of a split each, with a sub-folder a class each.

    Args:
        folder: Where they go.
        counts: From a split to pictures a class.
        size: Height and width of the pictures.
    """
    rng = np.random.default_rng(0)
    columns = np.arange(size)
    for split, count in counts.items():
        for name, width in (("coarse", 6), ("fine", 2)):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                # The stripes begin anywhere: only their width tells.
                bright = (columns + rng.integers(0, 12)) // width % 2
                pixels = rng.integers(0, 60, (size, size, 3))
                pixels += 150 * bright[None, :, None]
                Image.fromarray(pixels.astype("uint8")).save(
                    folder / split / name / f"{number}.png"
                )
