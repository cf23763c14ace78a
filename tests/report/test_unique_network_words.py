import itertools

import pytest
from finished_probe import probe_row

from keras_padpos.report.identity import network_identity
from keras_padpos.report.names import unique_network_words


def _words(*changes):
    return list(unique_network_words(probe_row(**c) for c in changes).values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            [{"weights": "a/n.h5"}, {"weights": "b/m.h5"}],
            ["vgg16 (n.h5), zeros padding", "vgg16 (m.h5), zeros padding"],
        ),
        # As many folders as it takes, and one that has none.
        (
            [{"weights": "x/a/n.h5"}, {"weights": "y/a/n.h5"}],
            [
                "vgg16 (x/a/n.h5), zeros padding",
                "vgg16 (y/a/n.h5), zeros padding",
            ],
        ),
        (
            [{"weights": "n.h5"}, {"weights": "/n.h5"}],
            ["vgg16 (n.h5), zeros padding", "vgg16 (/n.h5), zeros padding"],
        ),
        (
            [
                {"backbone": "a/n.keras", "weights": "file"},
                {"backbone": "b/n.keras", "weights": "file"},
                {"backbone": "b/n.keras", "weights": "random", "seed": 1},
            ],
            [
                "a/n.keras (file), zeros padding",
                "b/n.keras (file), zeros padding",
                # No other random one.
                "n.keras (random, seed 1), zeros padding",
            ],
        ),
        # Another padding or seed does not make files another network.
        (
            [
                {"weights": "a/n.h5"},
                {"weights": "b/n.h5", "padding_mode": "none"},
            ],
            ["vgg16 (a/n.h5), zeros padding", "vgg16 (b/n.h5), no padding"],
        ),
        (
            [
                {"weights": "random", "calibration_images": 8},
                {"weights": "random", "seed": None},
            ],
            [
                "vgg16 (random, seed 0, calibrated), zeros padding",
                "vgg16 (random), zeros padding",
            ],
        ),
        (
            [
                {"weights": "random", "calibration_images": count, "seed": seed}
                for count, seed in ((8, 0), (16, 1))
            ],
            [
                "vgg16 (random, seed 0, calibrated on 8), zeros padding",
                "vgg16 (random, seed 1, calibrated on 16), zeros padding",
            ],
        ),
        # The same file, spelt in two ways, and seeds: one network.
        (
            [{"weights": "./a/n.h5"}, {"weights": "a/n.h5", "seed": 1}],
            ["vgg16 (n.h5), zeros padding"],
        ),
    ],
)
def test_only_what_would_be_confused_is_told_in_more_words(changes, words):
    assert _words(*changes) == words


def test_no_two_networks_have_one_name():
    rows = [
        probe_row(
            backbone=backbone,
            weights=weights,
            padding_mode=mode,
            calibration_images=count,
            seed=None,
        )
        for backbone, weights, mode, count in itertools.product(
            ("vgg16", "a/n.keras", "b/n.keras", "b/a/n.keras"),
            ("random", "a/w.h5", "c/a/w.h5"),
            ("zeros", "none"),
            (0, 8, 16),
        )
        # Only networks with random weights are calibrated.
        if weights == "random" or not count
    ]
    words = unique_network_words(rows)
    assert set(words) == {network_identity(row) for row in rows}
    assert len(set(words.values())) == len(words) == len(rows)
