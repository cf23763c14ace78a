"""Small sets of pictures with masks, written by hand."""

import numpy as np
from PIL import Image

CLASSES = 3


def write_voc(folder, counts, size=(40, 48), void=True):
    """Rectangles in the layout of Pascal VOC; a class is a colour."""
    for inner in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / inner).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in counts.items():
        names = [f"{split}{number}" for number in range(count)]
        for name in names:
            picture, mask = _rectangles(rng, size)
            if void:
                mask[:2] = 255
            Image.fromarray(picture).save(folder / "JPEGImages" / f"{name}.png")
            Image.fromarray(mask).save(
                folder / "SegmentationClass" / f"{name}.png"
            )
        listed = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
        listed.write_text("\n".join(names))


def write_duts(folder, train, test, size=(40, 48)):
    """Bright rectangles in the layout of DUTS."""
    rng = np.random.default_rng(1)
    for outer, count in (("DUTS-TR", train), ("DUTS-TE", test)):
        for kind in ("Image", "Mask"):
            (folder / outer / f"{outer}-{kind}").mkdir(parents=True)
        for number in range(count):
            picture, mask = _rectangles(rng, size)
            for kind, values in (
                ("Image", picture),
                ("Mask", np.uint8(255) * (mask > 0)),
            ):
                file = folder / outer / f"{outer}-{kind}" / f"{number}.png"
                Image.fromarray(values).save(file)


def _rectangles(rng, size):
    mask = np.zeros(size, "uint8")
    for each in range(1, CLASSES):
        top, left = rng.integers(2, size[0] - 14), rng.integers(size[1] - 14)
        mask[top : top + 12, left : left + 12] = each
    colours = np.array([[60, 60, 60], [220, 60, 60], [60, 60, 220]])
    noise = rng.integers(0, 30, (*size, 3))
    return (colours[mask] + noise).astype("uint8"), mask
