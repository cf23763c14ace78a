"""A tiny run of `padding_pattern`, as its report and figures see it."""

import numpy as np


def example_run():
    row = {
        "backbone": "vgg16",
        "weights": "bundled",
        "seed": 0,
        "padding_mode": "zeros",
        "layer": "conv",
        "images": 2,
        "pictures": 2,
        "relative": 0.5,
        "relative_ci95": [0.4, 0.6],
        "snr": 0.5,
        "snr_ci95": [0.3, 0.7],
        "arrays": "1/zeros/conv",
        "reference": "1/reference/conv",
    }
    arrays = {
        "1/zeros/conv/features_1": np.eye(6),
        "1/zeros/conv/features_2": np.eye(6),
        "1/zeros/conv/pattern": np.eye(6),
        "1/zeros/conv/profile": np.array([3.0, 2.0, 1.0]),
        "1/reference/conv/features_1": np.eye(10),
        "1/reference/conv/features_2": np.eye(10),
        "1/reference/conv/place": np.array([[2, 8], [2, 8]]),
    }
    return [row], arrays
