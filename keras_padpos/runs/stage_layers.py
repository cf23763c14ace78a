"""What --stages means."""

from collections.abc import Sequence

from keras_padpos.runs.user_error import UserError


def stage_layers(backbone: str, stages: Sequence[str]) -> list[str]:
    """The layers that the flag --stages names in one network.

    Example:
        >>> stage_layers("vgg16", ["1", "block3_conv1"])
        ['block1_conv2', 'block3_conv1']

    Args:
        backbone: A name out of `models.backbone_names`.
        stages: `["all"]`, or numbers from 1 and names of layers. The bare
            picture (`"rgb"`) has one stage, whatever is asked for.

    Returns:
        Names of layers; that there are such layers is not checked.

    Raises:
        UserError: If a number is out of range.
        ValueError: If there is no such backbone.
    """
    from keras_padpos import models

    known = models.stage_names(backbone)
    if list(stages) == ["all"] or backbone == "rgb":
        return list(known)
    layers = []
    for stage in stages:
        if stage.isdigit():
            if not 1 <= int(stage) <= len(known):
                raise UserError(
                    f"--stages of {backbone} go from 1 to {len(known)}. "
                    f"Received: {stage}"
                )
            stage = known[int(stage) - 1]
        layers.append(stage)
    return layers
