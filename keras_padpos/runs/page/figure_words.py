"""What a figure shows, for those who do not see it."""

import re

# From the experiment and the beginning of a figure's name.
_FIGURES = {
    ("position_probe", "predicted_maps"): (
        "Position maps that read-outs predict, a column a target and a row a "
        "network, beside the true maps"
    ),
    ("position_probe", "error_maps"): (
        "Where in the picture read-outs err, a column a target and a row a "
        "network"
    ),
    ("position_probe", "spc_per_stage"): (
        "SPC of read-outs from single stages and from all together, a line a "
        "network"
    ),
    ("padding_pattern", "surface"): (
        "Mean features of a layer over one crop and over more and more, and "
        "the pattern that padding leaves, as surfaces over the crop"
    ),
    ("padding_pattern", "modes"): (
        "The pattern of each padding mode at each layer, as maps"
    ),
    ("padding_pattern", "profile"): (
        "The pattern against the distance to the border, a line a padding mode"
    ),
    ("padding_pattern", "depth"): (
        "Relative size and signal-to-noise ratio of the pattern at each "
        "layer, a line a padding mode"
    ),
    ("pattern_formation", "formation"): (
        "Size and signal-to-noise ratio of the pattern against training "
        "steps, a panel a layer and a line a padding mode"
    ),
    ("pattern_formation", "first_patterns"): (
        "The pattern of each padding mode at each layer before training"
    ),
    ("pattern_formation", "last_patterns"): (
        "The pattern of each padding mode at each layer after training"
    ),
    ("fconv_tests", "red_green_examples"): (
        "Pictures of both classes of the red-green test, at their places and "
        "at the other's"
    ),
    ("fconv_tests", "accuracy_by_border"): (
        "Accuracy of the four-quadrant test against the width of the border, "
        "a line a network"
    ),
    ("location_task", "cells"): (
        "Score in each cell of the canvas, a map a padding mode"
    ),
    ("location_task", "distance"): (
        "Score against the distance of the cell to the border, a line a "
        "padding mode"
    ),
    ("location_task", "learning"): (
        "Accuracy while training, a line a padding mode"
    ),
    ("semantic_head", "bands"): (
        "Score by distance to the border, a line a padding mode, baselines "
        "dashed"
    ),
    ("semantic_head", "learning"): (
        "Loss while training, a line a padding mode"
    ),
    ("semantic_head", "examples"): (
        "Pictures, their masks, and what networks of each padding mode answer"
    ),
    ("robustness", "learning"): (
        "Accuracy while training, a line a padding mode"
    ),
    ("robustness", "fraction"): (
        "Accuracy against the share of pixels that are attacked, at the "
        "border and in the interior, a line a padding mode"
    ),
    ("robustness", "cutout"): (
        "Accuracy with squares cut out, a row a fill in training and a column "
        "a fill in test"
    ),
    ("robustness", "perturbations"): (
        "Universal perturbations, a column a region and a row a padding mode"
    ),
    ("texture", "learning"): ("Accuracy while training, a line a padding mode"),
    ("texture", "confusion"): (
        "Share of each class's pictures that is taken for each class, a map a "
        "padding mode"
    ),
    ("benchmark_padding", "padding_"): (
        "Time of padded convolutions over Keras' own, for each padding mode"
    ),
    ("inspect_model", "reach"): (
        "Positions that padding reaches at the end of each stage"
    ),
}


def figure_words(experiment: str, name: str) -> str:
    """Say what a figure shows.

    Example:

    >>> figure_words("padding_pattern", "1_surface_block1_conv2")
    'Mean features of a layer over one crop and over more and more, and the \
pattern that padding leaves, as surfaces over the crop (1 surface block1 conv2)'
    >>> figure_words("my_task", "per_cell")
    'Figure of my_task: per cell'

    Args:
        experiment: Name of the experiment.
        name: Name of the figure, without its ending.

    Returns:
        A phrase; the figure's name alone if nothing is known of it.
    """
    words = name.replace("_", " ")
    # Of several networks in one run, each has its number in front.
    plain = re.sub(r"^\d+_", "", name)
    for (known, beginning), phrase in _FIGURES.items():
        if known == experiment and plain.startswith(beginning):
            return phrase + ("" if name == beginning else f" ({words})")
    return f"Figure of {experiment}: {words}"
