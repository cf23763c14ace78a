"""The stages of a row, in short."""

from collections.abc import Sequence


def stage_words(layers: Sequence[str], known: Sequence[str]) -> str:
    """What a row's `stages` says of the layers that were read.

    Example:
        >>> known = ["block1_conv2", "block2_conv2", "block3_conv3"]
        >>> stage_words(known, known), stage_words(known[1:], known)
        ('all', '2,3')
        >>> stage_words(["block1_conv1", "block2_conv2"], known)
        'block1_conv1,2'

    Args:
        layers: Names of the layers that were read.
        known: Names of all the network's stages.

    Returns:
        `"all"`, or numbers of stages, and names of layers that are none,
        with commas between them.
    """
    if list(layers) == list(known):
        return "all"
    return ",".join(
        str(known.index(layer) + 1) if layer in known else layer
        for layer in layers
    )
