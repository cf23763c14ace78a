"""What --stages means."""

from collections.abc import Sequence

from keras_padpos.runs.user_error import UserError


def stage_layers(
    backbone: str, stages: Sequence[str], flag: str = "stages"
) -> list[str]:
    """The layers that a flag such as --stages names in one network.

    Example:
        >>> stage_layers("vgg16", ["1", "block3_conv1"])
        ['block1_conv2', 'block3_conv1']

    Args:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        stages: `["all"]`, or numbers from 1 and names of layers; of a file,
            names alone. The bare picture (`"rgb"`) has one stage, whatever is
            asked for.
        flag: What the flag is called, without dashes.

    Returns:
        Names of layers; that there are such layers is not checked.

    Raises:
        UserError: If a number is out of range, or a file's stages are no
            names: the message proposes some.
        ValueError: If there is no such backbone, or a file whose stages have
            to be proposed holds none.
        FileNotFoundError: If that file is not there.
    """
    from keras_padpos import models

    if models.is_model_file(backbone):
        numbers = [stage for stage in stages if stage.isdigit()]
        if numbers or not stages or list(stages) == ["all"]:
            candidates = models.stage_candidates(
                models.load_model_file(backbone)
            )
            raise UserError(
                f"--{flag} of {backbone!r} must name layers, such as "
                f"{','.join(candidates)}. "
                f"Received: {','.join(stages) or 'nothing'}"
            )
        return list(stages)
    known = models.stage_names(backbone)
    if list(stages) == ["all"] or backbone == "rgb":
        return list(known)
    layers = []
    for stage in stages:
        if stage.isdigit():
            if not 1 <= int(stage) <= len(known):
                raise UserError(
                    f"--{flag} of {backbone} go from 1 to {len(known)}. "
                    f"Received: {stage}"
                )
            stage = known[int(stage) - 1]
        layers.append(stage)
    return layers
