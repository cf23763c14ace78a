"""How pictures were cut to see whether answers depend on the cut.

Mukai and Yamanaka, *Improving Translation Invariance in Convolutional Neural
Networks with Peripheral Prediction Padding* (ICIP 2023), as in the program that
was released later.
"""

PATCH_PIXELS = 475
"""Height and width of a patch."""

PATCH_STRIDE = 47
"""Pixels from one patch to the next."""

ENLARGED_PIXELS = 1050
"""The smaller side of the pictures that patches are cut out of."""
