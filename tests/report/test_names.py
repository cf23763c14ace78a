import itertools

import pytest
from finished_probe import probe_row

from keras_padpos.report import names

FIELDS = ("backbone", "weights", "padding_mode", "seed", "calibration_images")

# Networks by their fields, and their labels.
NETWORKS = {
    "rgb none none": ["head only (RGB)"],
    "vgg16 bundled none": ["vgg16 (HED), no padding"],
    "a/n.keras file": ["n.keras (file), zeros padding"],
    "vgg16 random reflect": ["vgg16 (random), reflect padding"],
    "vgg16 imagenet zeros 3": ["vgg16 (imagenet), zeros padding"],
    "vgg16 a/n.h5, vgg16 b/m.h5": [
        "vgg16 (n.h5), zeros padding",
        "vgg16 (m.h5), zeros padding",
    ],
    # As many folders as it takes, and one that has none.
    "vgg16 x/a/n.h5, vgg16 y/a/n.h5": [
        "vgg16 (x/a/n.h5), zeros padding",
        "vgg16 (y/a/n.h5), zeros padding",
    ],
    "vgg16 n.h5, vgg16 /n.h5": [
        "vgg16 (n.h5), zeros padding",
        "vgg16 (/n.h5), zeros padding",
    ],
    "a/n.keras file, b/n.keras file, b/n.keras random zeros 1": [
        "a/n.keras (file), zeros padding",
        "b/n.keras (file), zeros padding",
        # No other random one.
        "n.keras (random, seed 1), zeros padding",
    ],
    # Another padding or seed does not make files another network.
    "vgg16 a/n.h5, vgg16 b/n.h5 none": [
        "vgg16 (a/n.h5), zeros padding",
        "vgg16 (b/n.h5), no padding",
    ],
    "vgg16 random zeros 0 8, vgg16 random": [
        "vgg16 (random, seed 0, calibrated), zeros padding",
        "vgg16 (random), zeros padding",
    ],
    "vgg16 random zeros 0 8, vgg16 random zeros 1 16": [
        "vgg16 (random, seed 0, calibrated on 8), zeros padding",
        "vgg16 (random, seed 1, calibrated on 16), zeros padding",
    ],
    # The same file, spelt in two ways, and seeds: one network.
    "vgg16 ./a/n.h5, vgg16 a/n.h5 zeros 1": ["vgg16 (n.h5), zeros padding"],
}


@pytest.mark.parametrize("networks", NETWORKS)
def test_networks_are_told_apart_in_few_words(networks):
    rows = []
    for network in networks.split(", "):
        row = probe_row(seed=None, calibration_images=None)
        row |= dict(zip(FIELDS, network.split(), strict=False))
        rows.append(row)
    assert list(names.network_labels(rows).values()) == NETWORKS[networks]


def test_no_two_networks_have_one_name():
    networks = itertools.product(
        ("vgg16", "a/n.keras", "b/n.keras", "b/a/n.keras"),
        ("random", "a/w.h5", "c/a/w.h5"),
        ("zeros", "none"),
        (None,),
        (0, 8, 16),
    )
    rows = [
        probe_row(**dict(zip(FIELDS, network, strict=True)))
        for network in networks
        # Only networks with random weights are calibrated.
        if network[1] == "random" or not network[-1]
    ]
    labels = names.network_labels(rows)
    assert set(labels) == {names.network_identity(row) for row in rows}
    assert len(set(labels.values())) == len(labels) == len(rows)


def test_heads():
    fields = ("kernel_size", "head_layers", "head_padding", "stages")
    for head, label in {
        (1, 1, 0, None): "1x1",
        (3, 1, 2, "all"): "3x3, pad 2",
        (3, 3, 0, "5"): "3x3 x 3, stage 5",
        (7, 2, 1, "conv,2"): "7x7 x 2, pad 1, stages conv,2",
    }.items():
        assert names.head_label(dict(zip(fields, head, strict=True))) == label


def test_sets():
    for name, label in {
        "samples:test[:4]": "samples:test[:4]",
        "/a/b/c/d[:3]": "c/d[:3]",
        "a/b/c,d/e/f": "b/c,e/f",
        "/photos": "/photos",
        "": "",
    }.items():
        assert names.set_label(name) == label
