"""Names to choose from, for flags that are checked without Keras."""

PADDING_MODES = (
    "zeros",
    "constant",
    "reflect",
    "symmetric",
    "replicate",
    "circular",
    "distribution",
    "randn",
    "random_sides",
    "partial",
)
"""Padding modes for pictures of any size."""

FURTHER_MODES = ("earth", "extrapolate")
"""Padding modes that a flag which lists all modes leaves out by default.

`earth` needs even widths; `extrapolate` leaves the range of pixels.
"""

PER_AXIS = (
    *(mode for mode in PADDING_MODES if mode not in ("distribution", "randn")),
    "extrapolate",
)
"""Padding modes that can be the mode of one axis alone."""

BORDERS = PADDING_MODES[:6]
"""Padding modes by which a picture can be continued past its border."""

BACKBONES = (
    "vgg16",
    "vgg19",
    "resnet18",
    "vgg5",
    "resnet50",
    "resnet152",
    "mobilenet",
    "efficientnetb0",
    "densenet121",
)
"""Backbones, apart from the bare picture."""

WEIGHTS = ("imagenet", "bundled", "random", "file")
"""Weights of networks; else they are the path of a file."""

TARGETS = (
    "horizontal",
    "vertical",
    "gaussian",
    "horizontal_stripes",
    "vertical_stripes",
)
"""Maps that a position probe can predict, in the papers' order."""

DEFAULT_TARGETS = TARGETS[:4]
"""Those that are predicted if nothing else is said."""

RESIZES = ("area", "bilinear")
"""How maps can be brought to a position probe's grid."""

SEMANTIC_HEADS = ("fcn", "fcn_skips")
"""Heads of segmentation on any backbone."""

ENLARGEMENTS = ("places", "stretch")
"""Where scores of a map come to lie in the picture."""

LOCATION_NETS = ("vgg5", "resnet18", "bagnet9", "bagnet17", "bagnet33")
"""Small networks."""

LOCATION_TASKS = ("classification", "location", "both", "segmentation")
"""What is asked: the class, the cell, both, or the class of each pixel."""

FILLS = ("black", "white", "mean")
"""Colours of a canvas; the last is CIFAR-10's mean."""

CUTOUT_FILLS = (*FILLS, "random")
"""What squares that are cut out may be filled with."""

ATTACKS = ("noise", "pgd", "universal")
"""Random signs, each picture attacked by itself, and all of them alike."""
