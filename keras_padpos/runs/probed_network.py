"""A network that a run reads position out of."""

import os
from typing import NamedTuple


class ProbedNetwork(NamedTuple):
    """What tells one network of a run from another.

    Example:

    >>> ProbedNetwork("vgg16", "weights/mine.h5", "reflect", 3).label
    'vgg16-mine.h5-reflect-seed3'

    Attributes:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        weights: See `models.backbone`.
        padding_mode: See `models.backbone`.
        seed: Of random weights and of trained heads.
    """

    backbone: str
    weights: str
    padding_mode: str
    seed: int

    @property
    def label(self) -> str:
        """What it is called in progress and checkpoints."""
        if self.backbone == "rgb":
            return "rgb"
        words = (self.backbone, self.weights, self.padding_mode)
        return f"{'-'.join(map(os.path.basename, words))}-seed{self.seed}"
